"""A field for a number in any base."""

from __future__ import annotations

from dataclasses import dataclass

from rnn_tui.engine.errors import QueryError
from rnn_tui.tasks.adder.inference import MOST_BITS, Base, parse_number
from rnn_tui.ui.widgets.typed_input import TypedInput

# A binary number with as many zeros before it and spaces in it as it has digits.
MOST_CHARACTERS = 3 * MOST_BITS


@dataclass(frozen=True)
class _Cut:
    """A paste of which a part was left out.

    Attributes:
        value: what the field held right after it.
        note: a sentence on it.
    """

    value: str
    note: str


class NumberEntry(TypedInput):
    """An input for a number. All printable keys are typed text, since `2` or `x` is an answer too:
    a wrong one, which is said in a sentence.

    Args:
        label: what the number is called.
        value: what is typed at first.
    """

    def __init__(self, label: str, value: str) -> None:
        super().__init__(value, MOST_CHARACTERS, id=f"number-{label}")
        self.label = label
        self._cut: _Cut | None = None

    def on_typed_input_cut(self, event: TypedInput.Cut) -> None:
        """What is left of a paste is not the number that was meant."""
        event.stop()
        note = f"Only the first {event.kept:,} of {event.pasted:,} pasted characters fit."
        self._cut = _Cut(self.value, note)
        self.post_message(self.Changed(self, self.value))

    def read(self, base: Base) -> int:
        """The number typed.

        Raises:
            QueryError: with the sentence to show.
        """
        if self._cut is not None and self._cut.value == self.value:
            raise QueryError(f"{self._cut.note} A number may have at most {MOST_BITS:,} bits.")
        return parse_number(self.value, base)

    def convert(self, old: Base, new: Base) -> None:
        """Write the number in another base; what is none stays as typed."""
        try:
            self.value = new.format(self.read(old))
        except QueryError:
            return
        self.action_end()
