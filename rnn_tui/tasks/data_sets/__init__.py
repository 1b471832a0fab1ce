"""Data sets of sequences that users bring, each a task of its own.

`files/` reads formats, `understanding.py` guesses what the columns are, `store.py` keeps what comes
of it, and `task.py` makes a task of that.
"""
