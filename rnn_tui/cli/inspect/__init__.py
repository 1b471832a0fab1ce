"""`rnn-tui inspect`: what a network holds while it reads one input, as a table, JSON or NPZ."""
