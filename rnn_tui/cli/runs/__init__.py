"""The command `rnn-tui runs`: runs listed, shown, compared, exported, renamed, deleted."""
