"""Attacks on the program: hostile inputs, keys, ends and kills, each repeatable from its seed.

`python -m tests.attack` runs them for as long as one likes; the suite runs a short share of each.
"""

from rnn_tui.engine.process.preparing import prepare_process

prepare_process()  # as in a process of a user, before an attack loads OpenCV
