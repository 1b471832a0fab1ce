"""From a table, an array or a text of a user's to sequences.

`files/` reads formats, `understanding.py` guesses what the columns are, `assembling.py` cuts
sequences and splits them, and `store.py` keeps the data set that comes of it. Nothing here imports
torch; `tasks/data_sets/` makes a task of a data set.
"""
