"""The options that say what a network from elsewhere is, which `--help` lists without NumPy."""

#: the hints, as options of the shell, of a line in the app, and of `load_network`.
HINTS = (
    "nonlinearity",
    "answers",
    "recurrent",
    "readout",
    "unused",
    "before",
    "embedding",
    "activations",
)
#: which states of the top layer the readout takes: those of each step for an answer of its own;
#: those of the last step; those that each direction ends with, which are the last step's forward
#: and the first step's backward; or all of a fixed number of steps side by side.
ANSWERS = ("every-step", "last-step", "final-states", "all-states")
NONLINEARITY_NAMES = ("tanh", "relu")  #: of a simple recurrent network.
