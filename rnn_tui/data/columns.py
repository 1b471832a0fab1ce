"""State what the columns of a table hold and what they are for."""

from dataclasses import dataclass
from enum import StrEnum

from rnn_tui.engine.errors import SafeText


class Role(StrEnum):
    """What a column of a table is for."""

    SEQUENCE = "sequence"  #: it says which sequence a row belongs to.
    GROUP = "group"  #: it names what sequences have in common, such as a subject.
    SPLIT = "split"  #: it says which part a row belongs to.
    STEP = "step"  #: it orders the steps.
    INPUT = "input"  #: it is read at each step.
    KNOWN = "known"  #: it is read at each step, and ahead: its numbers to come are known.
    LABEL = "label"  #: it is what is to be answered.
    IGNORED = "ignored"


class ColumnKind(StrEnum):
    """What a column holds."""

    NUMBER = "number"
    DATE = "date"
    WORD = "word"  #: text of few different values.
    TEXT = "text"  #: text that is different nearly everywhere.
    EMPTY = "empty"


@dataclass(frozen=True)
class FileColumn:
    """A column of a table as it was understood."""

    name: SafeText  #: its heading, or its number.
    kind: ColumnKind  #: `number`, `date`, `word`, `text` or `empty`.
    role: Role  #: `sequence`, `group`, `split`, `step`, `input`, `known`, `label` or `ignored`.
    missing: int  #: cells without a value.
    examples: tuple[SafeText, ...]  #: the first values, at most three.
