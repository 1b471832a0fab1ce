"""The actions of guided experiments: what the app can be asked to do, and how a file says it.

A line of a file is the word for an action and its values, such as

    train adder preset=fast seeds=20 name=twenty

Values without a name fill the fields in their order. Each action brings the state that it needs, so
it does not depend on what was done before.
"""

import re
import shlex
from dataclasses import MISSING, dataclass, fields
from typing import Any, TypeAlias

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import DataError, SettingError, printable
from rnn_tui.engine.settings import SETTINGS
from rnn_tui.inside.analyses import analyses_of
from rnn_tui.photos import METHODS
from rnn_tui.tasks import TASKS

MOST_SEEDS = 100
LONGEST_LINE = 500
FIRST_SEED = -1
#: by the words for them, the seeds that are known only once a run has ended.
SEEDS_BY_WORD = {"best": -2, "worst": -3}
NAME = re.compile(r"[a-z][a-z0-9-]{0,29}")


@dataclass(frozen=True)
class OpenView:
    """Open a view of a task's tab, or the tab `home`, `runs`, `papers` or `sweeps`."""

    tab: str
    view: str = ""


@dataclass(frozen=True)
class TrainRun:
    """Train a run, with the settings of a preset but for those given here, and wait for its end."""

    task: str
    preset: str
    cell: str = ""  #: by default that of the task.
    seeds: int = 1
    name: str = ""  #: what later texts call its figures.
    #: other settings as on the command line, such as `epochs=8 lengths=1-10`.
    settings: str = ""

    @property
    def values(self) -> dict[str, Any]:
        """The other settings, by name.

        Raises:
            SettingError: if one is no setting, or its value is not allowed.
        """
        values: dict[str, Any] = {}
        for text in self.settings.split():
            name, _, value = text.partition("=")
            if name not in SETTINGS:
                raise SettingError(f"There is no setting “{printable(name)}”.")
            values[name] = SETTINGS[name].parse(value)
        return values

    def config(self) -> RunConfig:
        """Return the settings of the run.

        Raises:
            SettingError: if one is wrong.
        """
        task = TASKS[self.task]
        values = self.values
        if "seeds" in task.settings:
            values["seeds"] = self.seeds
        return task.config(self.cell or task.default_cell, self.preset, **values)


@dataclass(frozen=True)
class AskQuestion:
    """Type a question in the task's own view, and have a network answer."""

    task: str
    question: str  #: as it is typed there.
    network: str = ""  #: a cell whose network ships, or the name of a run; empty: what ships.
    variant: str = ""  #: the label of a network of that file; empty for the largest.
    seed: int = FIRST_SEED  #: of a run also `best` or `worst`, if the variant is named.


@dataclass(frozen=True)
class LookInside:
    """Open Inside: a network reads an input there, without edits; show an analysis of it."""

    task: str
    input: str  #: what is typed in the task's own view, or the number of a test image.
    network: str = ""  #: as of a question.
    variant: str = ""
    seed: int = FIRST_SEED
    analysis: str = ""  #: its name; empty to show the units.
    name: str = ""


@dataclass(frozen=True)
class AblateUnit:
    """Ablate the unit at the cursor of Inside."""

    task: str
    name: str = ""


@dataclass(frozen=True)
class PlaySteps:
    """Play the steps in Inside from the first to the last."""

    task: str
    name: str = ""


@dataclass(frozen=True)
class ReadSamples:
    """Read the photos that ship, with their names as labels."""

    task: str
    method: str  #: how they are prepared, of `photos.METHODS`.
    name: str = ""


Action: TypeAlias = (
    OpenView | TrainRun | AskQuestion | LookInside | AblateUnit | PlaySteps | ReadSamples
)
ACTIONS: dict[str, type[Action]] = {
    "open": OpenView,
    "train": TrainRun,
    "ask": AskQuestion,
    "inside": LookInside,
    "ablate": AblateUnit,
    "play": PlaySteps,
    "photos": ReadSamples,
}


def read_action(line: str) -> Action:
    """Read a line of a file.

    Raises:
        DataError: if it is no action, or one that can't be done. The sentence has no full stop.
    """
    try:
        words = shlex.split(line[:LONGEST_LINE])
    except ValueError:
        raise DataError(f"“{printable(line)}” has a quotation mark without its pair") from None
    kind = ACTIONS.get(words[0])
    if kind is None:
        raise DataError(
            f"“{printable(words[0])}” is no action; the actions are {', '.join(ACTIONS)}"
        )
    action = kind(**_values(words[0], kind, words[1:]))
    _check(action)
    return action


def _values(word: str, kind: type[Action], written: list[str]) -> dict[str, Any]:
    """Read the values of an action, by the names of its fields."""
    names = [field.name for field in fields(kind)]
    numbers = {field.name for field in fields(kind) if field.type is int}
    values: dict[str, Any] = {}
    for place, text in enumerate(written):
        name, equals, value = text.partition("=")
        if not (equals and NAME.fullmatch(name)):  # a value without a name
            name = names[place] if place < len(names) else ""
            value = text
        if name not in names:
            raise DataError(f"{word} does not take “{printable(text)}”, only {', '.join(names)}")
        if name in values:
            raise DataError(f"{word} has {name} twice")
        if name == "seed" and value in SEEDS_BY_WORD:
            values[name] = SEEDS_BY_WORD[value]
        else:
            values[name] = _number(word, name, value) if name in numbers else value
    missing = [
        field.name
        for field in fields(kind)
        if field.default is MISSING and not values.get(field.name)
    ]
    if missing:
        raise DataError(f"{word} lacks {', '.join(missing)}")
    return values


def _number(word: str, name: str, text: str) -> int:
    if not re.fullmatch(r"\d{1,6}", text):
        raise DataError(f"{name} of {word} must be a whole number, not “{printable(text)}”")
    return int(text)


def seed_path(action: AskQuestion | LookInside) -> str:
    """Return the path of the figure that is the action's seed; empty if a number says it."""
    for word, seed in SEEDS_BY_WORD.items():
        if action.seed == seed:
            return f"{action.network}.{action.variant}.{word}-seed"
    return ""


def _check(action: Action) -> None:
    """Check what can be known before it is done."""
    name = getattr(action, "name", "")
    if name and not NAME.fullmatch(name):
        raise DataError(
            f"“{printable(name)}” is no name: small letters, digits and dashes, at most 30"
        )
    if isinstance(action, OpenView):
        return  # the app knows its tabs
    _check_among("task", action.task, TASKS)
    task = TASKS[action.task]
    match action:
        case TrainRun():
            _check_among("preset", action.preset, [preset.name for preset in task.presets])
            _check_among("cell", action.cell or task.default_cell, task.cells)
            if not 1 <= action.seeds <= MOST_SEEDS:
                raise DataError(f"seeds must be from 1 to {MOST_SEEDS}")
            try:
                action.config()
            except SettingError as error:
                raise DataError(str(error).removesuffix(".")) from None
        case AskQuestion() | LookInside() if seed_path(action) and not action.variant:
            raise DataError("the best or worst seed needs the name of a variant")
        case LookInside(analysis=analysis) if analysis:
            _check_among("analysis", analysis, [kind.name for kind in analyses_of(task)])
        case ReadSamples():
            _check_among("method", action.method, METHODS)


def _check_among(noun: str, value: str, allowed: Any) -> None:
    if value not in allowed:
        raise DataError(f"there is no {noun} “{printable(value)}”, only {', '.join(allowed)}")
