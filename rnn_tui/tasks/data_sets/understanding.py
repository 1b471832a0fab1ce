"""State what was understood of a file of sequences, before anything is trained."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rnn_tui.engine.errors import SafeText
from rnn_tui.tasks.data_sets.data_set import DataSet
from rnn_tui.tasks.data_sets.options import Layout, ReadingOptions


class Role(StrEnum):
    """What a column of a table is for."""

    SEQUENCE = "sequence"  #: it says which sequence a row belongs to.
    STEP = "step"  #: it orders the steps.
    INPUT = "input"  #: it is read at each step.
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

    name: SafeText
    kind: ColumnKind
    role: Role
    missing: int  #: cells without a value.
    examples: tuple[SafeText, ...]  #: the first values, at most three.


@dataclass(frozen=True, eq=False)
class Understanding:
    """A file as it was understood."""

    path: Path
    options: ReadingOptions  #: with which it was read, guesses not included.
    chosen: ReadingOptions  #: all of it as it was read, guesses included.
    format: SafeText  #: such as `CSV, UTF-8, semicolons, decimal commas, with a header`.
    layout: Layout | None  #: None of a format that holds sequences, and no table.
    columns: tuple[FileColumn, ...]  #: of a table; empty for others.
    #: what the user should know, a sentence each: what was filled, cut, left out or translated.
    notes: tuple[SafeText, ...]
    data_set: DataSet  #: named, and not kept yet.
