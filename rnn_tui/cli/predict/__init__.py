"""`rnn-tui predict`: photos named on the command line, answers in lines, CSV or JSON."""
