"""Collect what is to be said of a new file while it is read."""

from collections.abc import Callable
from dataclasses import dataclass, field

from rnn_tui.engine.counts import count_of

MOST_FAULTS = 10  # sentences on what is left out; the rest is counted


@dataclass
class Remarks:
    """What is said of a new file: each sentence once, and of many faults the first ones."""

    say: Callable[[str], object]  #: takes sentences as they come.
    rows: int = 0  #: that can't be read and are left out.
    sequences: int = 0  #: that can't be read and are left out.
    notes: list[str] = field(default_factory=list)  #: all that was said, faults not included.
    faults: list[str] = field(default_factory=list)  #: the first faults.

    def note(self, sentence: str) -> None:
        """Say a sentence, unless it was said."""
        if sentence not in self.notes:
            self.notes.append(sentence)
            self.say(sentence)

    def row(self, sentence: str) -> None:
        """Say why a row is left out."""
        self.rows += 1
        self._fault(sentence)

    def sequence(self, sentence: str) -> None:
        """Say why a sequence is left out."""
        self.sequences += 1
        self._fault(sentence)

    def _fault(self, sentence: str) -> None:
        if self.rows + self.sequences <= MOST_FAULTS:
            self.faults.append(sentence)
            self.say(sentence)

    def left_out(self) -> str:
        """Return how much is left out, in a sentence; empty if nothing is."""
        counts = {"row": self.rows, "sequence": self.sequences}
        parts = [count_of(count, noun) for noun, count in counts.items() if count]
        return f"Left out: {' and '.join(parts)} that can't be read." if parts else ""
