"""The mark and the colour of a verdict, wherever one is shown."""

from rnn_tui.archive.verdicts import Verdict

MARKS = {  # a mark and a word; colour only repeats them
    Verdict.SUPPORTED: ("✓", "$text-success"),
    Verdict.PARTLY: ("≈", "$text-warning"),
    Verdict.CONTRADICTED: ("✗", "$text-error"),
    Verdict.OPEN: ("?", "$text-accent"),
}
