"""State what a user says of a file of sequences; what is left out is guessed."""

from dataclasses import dataclass
from enum import StrEnum


class Layout(StrEnum):
    """How a table holds sequences."""

    LONG = "long"  #: a row a step; a column names the sequence.
    WIDE = "wide"  #: a row a sequence; a column a step.
    TEXT = "text"  #: no table: every character is a step.


class Goal(StrEnum):
    """What networks learn to answer."""

    CLASS = "class"  #: the class of a sequence, after its last step.
    NUMBER = "number"  #: a number for a sequence, after its last step.
    STEP_CLASS = "step-class"  #: a class at every step.
    STEP_NUMBER = "step-number"  #: a number at every step.
    NEXT = "next"  #: at every step, the inputs of the steps that follow.

    @property
    def every_step(self) -> bool:
        """Whether every step has an answer, in place of the last one only."""
        return self in (Goal.STEP_CLASS, Goal.STEP_NUMBER, Goal.NEXT)


class Fill(StrEnum):
    """What stands in for missing numbers."""

    #: a straight line between the neighbours in time; beyond the ends, the nearest. Where it would
    #: look at what is predicted, or at another part, it is `PREVIOUS`.
    LINE = "line"
    #: the last number before; at the start, the first one after, or the mean where that is to come.
    PREVIOUS = "previous"
    ZERO = "zero"
    MEAN = "mean"  #: the mean of the column over the training sequences.
    DROP = "drop"  #: nothing: steps without all numbers are left out.


class Split(StrEnum):
    """How sequences are shared out to training, validation and test."""

    CHANCE = "chance"  #: by chance, with equal shares of each class.
    TIME = "time"  #: in the order of the file: training first, test last.
    FILES = "files"  #: the test as a second file has it.


@dataclass(frozen=True, kw_only=True)
class ReadingOptions:
    """How to read a file of sequences. None leaves a part to be guessed.

    Columns are named as in the header, or by their number from 1.
    """

    layout: Layout | None = None
    header: bool | None = None  #: whether the first row has names.
    delimiter: str | None = None  #: one character.
    decimal: str | None = None  #: `.` or `,`.
    encoding: str | None = None  #: such as `utf-8`.
    sequence: str | None = None  #: the column that says which sequence a row belongs to.
    step: str | None = None  #: the column that orders the steps, numbers or dates.
    label: str | None = None  #: the column of what is to be answered.
    inputs: tuple[str, ...] | None = None  #: the columns that are read at each step.
    ignored: tuple[str, ...] = ()  #: columns that are not used.
    goal: Goal | None = None
    horizon: int = 1  #: how many steps ahead `Goal.NEXT` answers.
    window: int | None = None  #: steps of the pieces that longer sequences are cut into.
    fill: Fill | None = None
    split: Split | None = None
