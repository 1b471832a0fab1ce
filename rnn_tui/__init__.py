"""rnn-tui: train, watch and question small recurrent networks in the terminal."""

__version__ = "0.1.0"
