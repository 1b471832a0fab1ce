"""The command `rnn-tui reproduce`: the report rerun in the shell."""
