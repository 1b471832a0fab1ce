"""State what a user says of a file of sequences; what is left out is guessed."""

from dataclasses import dataclass
from enum import StrEnum
from string import ascii_letters, digits
from typing import Any

from rnn_tui.data.columns import Role
from rnn_tui.data.forecast import Transform
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.options import (
    FlagSetting,
    NamesSetting,
    Option,
    TextSetting,
    check_options,
    option_field,
)
from rnn_tui.engine.settings import ChoiceSetting, NumberSetting

MOST_STEPS = 1000  # steps of a sequence
MOST_HORIZON = 64  # steps ahead that are predicted
MOST_FOLDS = 1000
ALL_GROUPS = "groups"  # as folds: each group is the test once


class Layout(StrEnum):
    """How a table holds sequences."""

    LONG = "long"  #: a row a step; a column names the sequence.
    WIDE = "wide"  #: a row a sequence; a column a step.
    TEXT = "text"  #: no table: every character is a step.


class Tokens(StrEnum):
    """What a step of a text is."""

    CHARACTERS = "characters"  #: a character; in a table with a row a step, a word as it stands.
    WORDS = "words"  #: a word in lower case, those that are rare in training as one unknown.


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
    COLUMN = "column"  #: as a column says.
    FROM = "from"  #: by time: the test is what comes from a date or step on.


@dataclass(frozen=True)
class DelimiterSetting(TextSetting):
    """The character between cells, which may be typed as a word."""

    placeholder = "CHARACTER"
    allowed_words = "one character such as ; or |, or the word tab"

    def allowed(self, value: Any) -> Any:
        """Return the character."""
        if not isinstance(value, str):
            return None
        character = {"tab": "\t", "\\t": "\t", "space": " "}.get(value, value)
        is_one = len(character) == 1 and character not in '"\r\n' and not character.isalnum()
        return character if is_one else None


@dataclass(frozen=True)
class DateOrStepSetting(TextSetting):
    """A date, or the number of a step."""

    characters = f"{ascii_letters}{digits}-/.,: +_"
    placeholder = "DATE_OR_STEP"
    allowed_words = "a date such as “2024-06-30”, or a step such as “120”"


@dataclass(frozen=True)
class FoldsSetting(TextSetting):
    """How many folds there are, or a word for one for each group."""

    kind = int | str
    characters = f"{digits}{ALL_GROUPS}"
    placeholder = "K"
    allowed_words = f"a whole number from 2 to {MOST_FOLDS}, or the word groups"

    def allowed(self, value: Any) -> Any:
        """Return the number as a text, or the word."""
        text = str(value)
        if text == ALL_GROUPS:
            return text
        is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(MOST_FOLDS))
        return str(int(text)) if is_number and 2 <= int(text) <= MOST_FOLDS else None


@dataclass(frozen=True)
class MarkSetting(ChoiceSetting):
    """The mark before decimals."""

    @property
    def range_text(self) -> str:
        """The allowed values in words, without commas between them."""
        return " or ".join(self.choices)


@dataclass(frozen=True)
class ColumnSetting(TextSetting):
    """A column by its name, or by its number from 1."""

    role: Role = Role.IGNORED  #: what the column is for.

    placeholder = "COLUMN"


@dataclass(frozen=True)
class ColumnsSetting(NamesSetting):
    """Columns by their names, or by their numbers from 1."""

    role: Role = Role.IGNORED  #: what the columns are for.

    placeholder = "COLUMN,…"
    allowed_words = "a list of columns, such as [“load”]"


IN_SHELL = ", by its name or its number from 1"  # of a column


def _of_tables(options: "ReadingOptions") -> bool:
    return options.layout in (Layout.LONG, Layout.WIDE)


def _of_texts(options: "ReadingOptions") -> bool:
    return options.layout is not None


def _with_gaps(options: "ReadingOptions") -> bool:
    return options.layout is not Layout.TEXT


def _has_folds(options: "ReadingOptions") -> bool:
    return options.folds is not None


def _predicts(options: "ReadingOptions") -> bool:
    return options.goal is Goal.NEXT


@dataclass(frozen=True, kw_only=True)
class ReadingOptions:
    """How to read a file of sequences. None leaves a part to be guessed.

    Columns are named as in the header, or by their number from 1.

    Raises:
        SettingError: for a value that is not allowed.
    """

    layout: Layout | None = option_field(
        ChoiceSetting(
            "layout",
            "Layout",
            "a row a step (long), a row a sequence (wide), or a text character by character",
            {Layout.LONG: "steps", Layout.WIDE: "sequences", Layout.TEXT: "text"},
        ),
        in_form="Rows are",
        rank=2,
        applies=_of_texts,
    )
    tokens: Tokens | None = option_field(
        ChoiceSetting(
            "tokens",
            "Tokens",
            "what a step of a text is; words are in lower case, those rare in training unknown",
            {Tokens.CHARACTERS: "characters", Tokens.WORDS: "words"},
        ),
        in_shell=" (default: characters)",
        in_form="Text by",
        applies=_of_texts,
    )
    header: bool | None = option_field(
        FlagSetting(
            "header",
            "Header",
            "whether the first row has the names of columns",
            {True: "names", False: "values"},
        ),
        in_form="First row",
        applies=_of_tables,
    )
    delimiter: str | None = option_field(
        DelimiterSetting(
            "delimiter",
            "Delimiter",
            "what stands between cells",
            {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "blank"},
        ),
        in_shell="; tab for a tab",
        in_form="Between",
        applies=_of_tables,
    )
    decimal: str | None = option_field(
        MarkSetting(
            "decimal",
            "Decimal mark",
            "what stands before decimals, . or ,",
            {".": "point", ",": "comma"},
        ),
        metavar="MARK",
        in_form="Decimal",
        applies=_of_tables,
    )
    encoding: str | None = option_field(
        TextSetting(
            "encoding",
            "Encoding",
            "of the characters, such as utf-8",
            {name: name for name in ("utf-8", "utf-16", "latin-1", "cp1252")},
        ),
        metavar="NAME",
        applies=_of_texts,
    )
    sequence: str | None = option_field(
        ColumnSetting(
            "sequence", "Sequence", "the column that names the sequence", role=Role.SEQUENCE
        ),
        in_shell=IN_SHELL,
    )
    step: str | None = option_field(
        ColumnSetting("step", "Step", "the column that orders steps", role=Role.STEP),
        in_shell=IN_SHELL,
    )
    label: str | None = option_field(
        ColumnSetting("label", "Label", "the column to learn", role=Role.LABEL),
        in_shell=IN_SHELL,
    )
    group: str | None = option_field(
        ColumnSetting(
            "group",
            "Group",
            "the column of groups, such as subjects: none has sequences in two parts",
            role=Role.GROUP,
        ),
        in_shell=IN_SHELL,
    )
    split_column: str | None = option_field(
        ColumnSetting(
            "split_column",
            "Split column",
            "the column that says the part: train, val or test",
            role=Role.SPLIT,
        ),
        in_shell=IN_SHELL,
    )
    inputs: tuple[str, ...] | None = option_field(
        ColumnsSetting(
            "inputs", "Inputs", "the columns that are read at each step", role=Role.INPUT
        )
    )
    ignored: tuple[str, ...] = option_field(
        ColumnsSetting("ignored", "Ignored", "columns not to use", role=Role.IGNORED),
        default=(),
        shell="--ignore",
    )
    known: tuple[str, ...] = option_field(
        ColumnsSetting(
            "known",
            "Known",
            "inputs that are known ahead, such as prices: forecasts read them for the steps to "
            "come",
            role=Role.KNOWN,
        ),
        default=(),
        in_shell=", with --goal next",
    )
    goal: Goal | None = option_field(
        ChoiceSetting(
            "goal",
            "Goal",
            "what is learnt: a class or a number for each sequence, one for each step, or the "
            "next steps",
            {
                Goal.CLASS: "class",
                Goal.NUMBER: "number",
                Goal.STEP_CLASS: "step class",
                Goal.STEP_NUMBER: "step number",
                Goal.NEXT: "next steps",
            },
        ),
        in_form="Answer",
        rank=1,
    )
    horizon: int = option_field(
        NumberSetting("horizon", "Horizon", "how many steps ahead are predicted", 1, MOST_HORIZON),
        default=1,
        in_shell=", with --goal next (default: 1)",
        in_form="Ahead",
        unit="steps",
        applies=_predicts,
    )
    window: int | None = option_field(
        NumberSetting(
            "window",
            "Window",
            "the steps of the pieces that long sequences are cut into",
            2,
            MOST_STEPS,
        ),
        in_form="Pieces of",
        unit="steps",
    )
    context: int | None = option_field(
        NumberSetting(
            "context",
            "Context",
            "the steps that are read before one is forecast",
            2,
            MOST_STEPS // 2,
        ),
        in_shell=", with --goal next",
        in_form="Context",
        unit="steps",
        applies=_predicts,
    )
    season: int | None = option_field(
        NumberSetting("season", "Season", "the steps of a season; 0 for none", 0, MOST_STEPS // 2),
        in_shell=", with --goal next",
        in_form="Season",
        unit="steps",
        applies=_predicts,
    )
    transform: Transform | None = option_field(
        ChoiceSetting(
            "transform",
            "Transform",
            "what the numbers that are forecast are read and answered as",
            {
                Transform.PLAIN: "plain",
                Transform.DIFFERENCE: "difference",
                Transform.RATIO: "ratio",
                Transform.SEASONAL_DIFFERENCE: "seasonal difference",
                Transform.SEASONAL_RATIO: "seasonal ratio",
            },
        ),
        in_form="Read as",
        applies=_predicts,
    )
    fill: Fill | None = option_field(
        ChoiceSetting(
            "fill",
            "Fill",
            "what stands in for missing numbers",
            {
                Fill.LINE: "line",
                Fill.PREVIOUS: "previous",
                Fill.ZERO: "zero",
                Fill.MEAN: "mean",
                Fill.DROP: "drop step",
            },
        ),
        in_form="Gaps",
        rank=4,
        applies=_with_gaps,
    )
    split: Split | None = option_field(
        ChoiceSetting(
            "split",
            "Split",
            "how sequences are shared out to training, validation and test",
            {
                Split.CHANCE: "by chance",
                Split.TIME: "in order",
                Split.FILES: "by file",
                Split.COLUMN: "by column",
                Split.FROM: "from a date",
            },
        ),
        rank=3,
    )
    test_from: str | None = option_field(
        DateOrStepSetting(
            "test_from",
            "Test from",
            "the date or step from which on the test comes, in each sequence; the validation is "
            "what comes last before it",
        ),
        in_form="Test from",
    )
    folds: str | None = option_field(
        FoldsSetting(
            "folds",
            "Folds",
            "share out to so many folds, each of which is the test once; of groups where there are "
            "groups, and groups for leaving out each of them in turn",
        ),
        in_shell="; train makes a run of each",
    )
    fold: int | None = option_field(
        NumberSetting("fold", "Fold", "which of the folds is the test", 1, MOST_FOLDS),
        in_shell=" (default: the first; for train, all in turn)",
        applies=_has_folds,
    )

    def __post_init__(self) -> None:
        check_options(self)
        if self.fold is not None and self.folds is None:
            raise SettingError("A fold is one of several (--fold): say how many too (--folds 5).")


def role_of(option: Option) -> Role | None:
    """Return what the columns are for that an option names; None if it names none."""
    setting = option.setting
    return setting.role if isinstance(setting, ColumnSetting | ColumnsSetting) else None
