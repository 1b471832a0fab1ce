"""Say what the columns of a table are for."""

from dataclasses import dataclass, field

from rnn_tui.data.columns import Role
from rnn_tui.data.options import Layout


@dataclass
class Roles:
    """What the columns of a table are for."""

    layout: Layout
    sequence: int | None = None
    step: int | None = None
    label: int | None = None
    group: int | None = None
    split: int | None = None
    counted: tuple[int, ...] = ()  #: columns within each value of which sequences are counted anew.
    named: tuple[int, ...] = ()  #: more columns that look like names of groups, and are not read.
    inputs: tuple[int, ...] = ()
    clock: int | None = None  #: times of day that are added to the dates of `step`.
    constant: tuple[int, ...] = ()  #: that are always the same, and not read.
    by_blocks: bool = False  #: whether blank lines part the sequences.
    notes: list[str] = field(default_factory=list)

    def of(self, place: int) -> Role:
        """Return the role of a column."""
        if place == self.sequence:
            return Role.SEQUENCE
        if place in (self.step, self.clock):
            return Role.STEP
        if place == self.label:
            return Role.LABEL
        if place == self.group:
            return Role.GROUP
        if place == self.split:
            return Role.SPLIT
        return Role.INPUT if place in self.inputs else Role.IGNORED
