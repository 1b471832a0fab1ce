"""The options of a record that a user fills in: all that any place shows of one is its row.

A row stands at its field, so that neither is there without the other:

    header: bool | None = option_field(FlagSetting("header", …), in_form="First row")

From the rows come the options of the command line (`cli/options.py`), the fields of a form, the
arguments of a Python function (`api/arguments.py`), what a record refuses, and the reference. The
settings of runs have their rows in `settings.py`, since a task chooses among them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, fields, replace
from typing import Any, ClassVar, TypeVar

from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.settings import (
    DEVICES,
    SEVERAL_GPUS,
    ChoiceSetting,
    NumberSetting,
    Setting,
)
from rnn_tui.engine.suggestions import did_you_mean

ROW = "row"  # the key of a row in the metadata of its field
Record = TypeVar("Record")


@dataclass(frozen=True)
class _SettingAsTyped(Setting):
    """A setting whose values are what is typed; a form offers some of them."""

    choices: Mapping[Any, str] = field(default_factory=dict)  #: by value, the label in a form.

    characters = ""
    placeholder = "TEXT"

    def read(self, text: str) -> Any:
        """Return the text."""
        return text

    def format(self, value: Any) -> str:
        """Return the text."""
        return str(value)


@dataclass(frozen=True)
class TextSetting(_SettingAsTyped):
    """A setting of any text."""

    kind: ClassVar[Any] = str  #: of the argument of a Python function.

    allowed_words = "text"

    def allowed(self, value: Any) -> Any:
        """Return the text, if it is one."""
        return value if isinstance(value, str) else None


@dataclass(frozen=True)
class FlagSetting(_SettingAsTyped):
    """A setting that is on or off."""

    allowed_words = "True or False"

    def allowed(self, value: Any) -> Any:
        """Return the truth value, if it is one."""
        return value if isinstance(value, bool) else None


@dataclass(frozen=True)
class NamesSetting(Setting):
    """A setting of any number of names."""

    characters = ""
    placeholder = "NAME,…"
    allowed_words = "names in a list"

    def read(self, text: str) -> Any:
        """Read names with commas between them."""
        return tuple(name.strip() for name in text.split(",") if name.strip())

    def allowed(self, value: Any) -> Any:
        """Return a tuple; None for a single text, which would be taken for its letters."""
        is_list = isinstance(value, Sequence) and not isinstance(value, str)
        return tuple(value) if is_list and all(isinstance(name, str) for name in value) else None


@dataclass(frozen=True)
class TextsSetting(NamesSetting):
    """A setting of any number of texts, each typed by itself."""

    placeholder = "TEXT"
    allowed_words = "a list of texts"

    def read(self, text: str) -> Any:
        """Read texts with blanks between them."""
        return tuple(text.split())


@dataclass(frozen=True)
class DeviceSetting(ChoiceSetting):
    """A device to train on; one of several GPUs is among them, and not listed."""

    def allowed(self, value: Any) -> Any:
        """Return the name of a device."""
        return value if isinstance(value, str) and value in DEVICES else None


def _always(_record: Any) -> bool:
    return True


@dataclass(frozen=True)
class Option:
    """A field that a user fills in, and what the places show of it."""

    setting: Setting  #: its values, and its words; it has the name of the field.
    default: Any = None  #: what holds if nothing is said; None for a guess, or for nothing.
    _: KW_ONLY
    shell: str = ""  #: the option of the command line; empty for that of the setting.
    in_shell: str = ""  #: what stands behind the help there.
    metavar: str = ""  #: what stands for a value there; empty for that of the setting.
    in_form: str = ""  #: the label in the form; empty for that of the setting.
    unit: str = ""  #: what stands behind a number in the form.
    empty: str = ""  #: what an empty field of the form stands for, in words.
    hint: str = ""  #: what to type, shown below the form; empty for the help.
    rank: int = 9  #: the place in a form, the lowest first; equal ones in the fields' order.
    #: whether it means something beside the values of the others.
    applies: Callable[[Any], bool] = _always

    @property
    def name(self) -> str:
        """The name of the field."""
        return self.setting.name

    @property
    def shell_name(self) -> str:
        """The option of the command line, such as `--label`."""
        return self.shell or self.setting.option_names[0]

    @property
    def label(self) -> str:
        """The label in the form."""
        return self.in_form or self.setting.label

    @property
    def choices(self) -> Mapping[Any, str]:
        """What a form offers: by value, its label; empty where one types."""
        setting = self.setting
        return setting.choices if isinstance(setting, ChoiceSetting | _SettingAsTyped) else {}

    @property
    def form_setting(self) -> Setting:
        """The setting under the label of the form, by which sentences call it there."""
        return replace(self.setting, label=self.label)

    @property
    def in_python(self) -> str:
        """What it is, for a docstring: the help, and the values that it does not name."""
        setting = self.setting
        unnamed = [word for word in self.choices if str(word) not in setting.help]
        if not isinstance(setting, ChoiceSetting) or not unnamed:
            return f"{setting.help}."
        *first, last = (f"`{word}`" for word in setting.choices)
        return f"{setting.help}: {', '.join(first)} or {last}."

    @property
    def python_type(self) -> Any:
        """The type of the argument of a Python function, for an annotation."""
        match self.setting:
            case NumberSetting(whole=whole):
                kind: Any = int if whole else float
            case FlagSetting():
                kind = bool
            case NamesSetting():
                kind = Sequence[str]
            case TextSetting():
                kind = self.setting.kind
            case _:
                kind = str
        return kind | None if self.default is None else kind


#: where to train, which every command is told that trains.
DEVICE = Option(
    DeviceSetting(
        "device",
        "Device",
        f"the device to train on; {SEVERAL_GPUS}",
        {name: name for name in DEVICES},
    ),
    default="auto",
    in_shell=" (default: auto)",
)


def option_field(setting: Setting, default: Any = None, **shown: Any) -> Any:
    """Return the field of a dataclass that a user fills in; `shown` as `Option` has it."""
    return field(default=default, metadata={ROW: Option(setting, default, **shown)})


def in_form_order(record: type) -> list[Option]:
    """Return the rows of a record as a form has them."""
    return sorted(options_of(record).values(), key=lambda option: option.rank)


def options_of(record: type) -> Mapping[str, Option]:
    """Return the rows of a record, by the names of its fields."""
    rows = {each.name: each.metadata.get(ROW) for each in fields(record)}
    return {name: row for name, row in rows.items() if row is not None}


def check_options(record: Any) -> None:
    """Check the options of a record that say something, and bring them into their form.

    Raises:
        SettingError: if one is not allowed.
    """
    for name, option in options_of(type(record)).items():
        value = getattr(record, name)
        if value != option.default:
            object.__setattr__(record, name, option.setting.check(value))


def record_of(kind: type[Record], values: Mapping[str, Any]) -> Record:
    """Return a record with options as a script names them.

    Raises:
        SettingError: if there is no such option, or a value is not allowed.
    """
    options = options_of(kind)
    for name in values:
        if name not in options:
            raise SettingError(
                f"There is no option “{printable(name)}”{did_you_mean(name, options)}; there are "
                f"{', '.join(options)}."
            )
    return kind(**values)
