"""Data sets of sequences that users bring, each a task of its own.

`rnn_tui.data` reads and keeps them; here is what makes a task of one: its problem, questions,
evaluation and baselines.
"""
