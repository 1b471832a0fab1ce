"""The analyses of networks, by the shape of their task.

Each kind is an entry here, and a function that returns an `Analysis`, in a module of its own. The
function is named in text: the help of the command line knows the kinds, and must not load NumPy.
"""

from collections.abc import Mapping
from dataclasses import replace

from rnn_tui.inside.analysis_kind import AnalysisKind
from rnn_tui.tasks.shapes import MOST_SYMBOLS, HiddenVariable
from rnn_tui.tasks.task import SequenceShape, Task

ABLATION = AnalysisKind(
    "silence",
    "Ablated units",
    "rank the units by the accuracy that is lost without them",
    "rnn_tui.inside.ablation:analyse_ablations",
)
GRADIENTS = AnalysisKind(
    "gradients",
    "Gradient through time",
    "show how far the gradient reaches back, here and in other cell types",
    "rnn_tui.inside.gradients:analyse_beside_others",
    of_input=True,
)
SENSITIVITY = AnalysisKind(
    "sensitivity",
    "Sensitivity",
    "show how strongly each output depends on each input",
    "rnn_tui.inside.attribution:analyse_sensitivity",
    of_input=True,
)
STATE_SPACE = AnalysisKind(
    "state_space",
    "State space",
    "draw the states of 2,000 inputs on a plane, with fixed and slow points",
    "rnn_tui.inside.state_space:analyse_state_space",
)
AUTOMATON = AnalysisKind(
    "automaton",
    "Automaton",
    "extract a finite automaton from the network, and search for wrong answers",
    "rnn_tui.inside.automaton:analyse_automaton",
)
SURVIVAL = AnalysisKind(
    "survival",
    "Probes",
    "probe the state after each step for every earlier input",
    "rnn_tui.inside.survival:analyse_survival",
)
COUNTERS = AnalysisKind(
    "counters",
    "Counters",
    "search the units for those that count symbols",
    "rnn_tui.inside.counters:analyse_counters",
)
ROWS = AnalysisKind(
    "rows",
    "Rows",
    "measure the accuracy on all test images after each number of rows",
    "rnn_tui.inside.images:analyse_test_images",
)
LEARNING = AnalysisKind(
    "learning",
    "Gradient by epoch",
    "show how far the gradient reached back in each epoch",
    "rnn_tui.inside.history:analyse_learning",
)
CLICKS = AnalysisKind(
    "clicks",
    "When it clicks",
    "show when each seed first makes no error with long inputs, and clusters of its states",
    "rnn_tui.inside.clicks:analyse_clicks",
)

ATTRIBUTION = AnalysisKind(
    "attribution",
    "Attribution",
    "show what each step adds to the answer: integrated gradients",
    "rnn_tui.inside.attribution:analyse_attribution",
    of_input=True,
)
OWN_AUTOMATON = replace(
    AUTOMATON,
    help="extract a finite automaton from a network that reads a small alphabet",
)

#: the analyses of all networks that read sequences.
OF_SEQUENCES = (ABLATION, GRADIENTS, SENSITIVITY, STATE_SPACE, LEARNING)
#: those of networks that answer numbers, which are neither right nor wrong.
OF_NUMBERS = (SENSITIVITY,)
#: the analyses of readers of images.
OF_IMAGES = (
    ROWS,
    replace(ABLATION, function="rnn_tui.inside.ablation:analyse_digit_ablations"),
    GRADIENTS,
    STATE_SPACE,
    LEARNING,
)
#: the analyses of networks that were trained elsewhere.
OF_OWN = (
    replace(
        ABLATION,
        help="rank the units by the answers that change without them",
    ),
    replace(GRADIENTS, function="rnn_tui.inside.gradients:analyse_beside_untrained"),
    SENSITIVITY,
    ATTRIBUTION,
    replace(
        STATE_SPACE,
        help="draw the states of 2,000 random inputs on a plane, with fixed and slow points",
    ),
    OWN_AUTOMATON,
)
#: the analyses of these that read random inputs beside the one at hand, by name.
OF_RANDOM_INPUTS = (ABLATION.name, GRADIENTS.name, STATE_SPACE.name)
#: an automaton with more kinds of answers says little.
MOST_ANSWERS = 16


def _hidden_kind(variable: HiddenVariable, shape: SequenceShape) -> AnalysisKind:
    """Return the analysis that looks for a hidden variable."""
    return AnalysisKind(
        variable.key,
        variable.name.capitalize(),
        f"search the units for the {variable.name} over 1,000 random {shape.sequences}",
        "rnn_tui.inside.hidden:analyse_hidden",
    )


def analyses_of(task: Task) -> tuple[AnalysisKind, ...]:
    """Return the kinds of analyses of a task's networks, probes first."""
    if task.test_images:
        return OF_IMAGES
    shape = task.shape
    if shape is None or task.reads_images:
        return ()
    if shape.numbers:
        return OF_NUMBERS
    kinds: list[AnalysisKind] = []
    if task.hidden is not None:
        kinds.append(_hidden_kind(task.hidden, shape))
    if shape.alphabet and not shape.vocabulary and not shape.every_step:
        kinds.append(SURVIVAL)
    kinds += OF_SEQUENCES
    if shape.counted:
        kinds.append(COUNTERS)
    if _may_be_automaton(shape):
        kinds.append(AUTOMATON)
    if shape.vocabulary and not shape.every_step:
        kinds.append(ATTRIBUTION)
    if shape.any_length:
        kinds.append(CLICKS)
    return tuple(kinds)


def _may_be_automaton(shape: SequenceShape) -> bool:
    """Return whether both what is read and what is answered is one of a few."""
    return 1 < len(shape.alphabet) <= MOST_SYMBOLS and len(shape.outputs) <= MOST_ANSWERS


def options_of(task: Task) -> Mapping[str, AnalysisKind]:
    """Return the analyses by the names of their options, without dashes before these.

    The first one that is not of all networks is called `probes`.
    """
    kinds = analyses_of(task)
    options = {kind.name.replace("_", "-"): kind for kind in kinds}
    if kinds and kinds[0] not in OF_SEQUENCES:
        options = {"probes": kinds[0]} | {
            name: kind for name, kind in options.items() if kind is not kinds[0]
        }
    return options
