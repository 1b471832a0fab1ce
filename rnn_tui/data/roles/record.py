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
    known: tuple[int, ...] = ()  #: inputs that are known ahead.
    clock: int | None = None  #: times of day that are added to the dates of `step`.
    constant: tuple[int, ...] = ()  #: that are always the same, and not read.
    by_blocks: bool = False  #: whether blank lines part the sequences.
    notes: list[str] = field(default_factory=list)

    def of(self, place: int) -> Role:
        """Return the role of a column."""
        roles = {
            Role.SEQUENCE: (self.sequence,),
            Role.STEP: (self.step, self.clock),
            Role.LABEL: (self.label,),
            Role.GROUP: (self.group,),
            Role.SPLIT: (self.split,),
            Role.KNOWN: self.known,
            Role.INPUT: self.inputs,
        }
        return next((role for role, places in roles.items() if place in places), Role.IGNORED)
