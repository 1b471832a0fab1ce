"""Guided experiments as their files have them: `experiments/NAME.md`, in another language `experiments/NAME.de.md`.

A file is Markdown: a heading, a line such as `5 min · what it is about`, then steps. A step has a heading, text to read,
maybe a fenced block `guess` with a question, maybe one `keys` with what is pressed, and where it has either, what to look at.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from rnn_tui.engine.errors import DataError

FOLDER = Path(__file__).with_name("experiments")
WAIT = "wait"  # among keys: until nothing trains any more
_HEAD = re.compile(r"# (?P<title>\S.*)\n+(?P<minutes>\d+) min · (?P<about>\S.*)\n+(?=## )")
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ORDERS: tuple[list[str], ...] = ([], ["guess"], ["keys"], ["guess", "keys"])


@dataclass(frozen=True)
class ExperimentStep:
    """A step: read, guess, have keys pressed, look."""

    title: str
    text: str  #: what to read first, as Markdown.
    guess: str  #: a question to answer before the keys are pressed; empty where there is none.
    keys: tuple[str, ...]  #: that are pressed, as Textual calls them, or `WAIT`.
    look: str  #: what to look at then, the answer; empty where there is neither guess nor key.


@dataclass(frozen=True)
class Experiment:
    """A guided experiment: `about` says in a line what it shows, `minutes` how long it takes."""

    name: str
    title: str
    minutes: int
    about: str
    steps: tuple[ExperimentStep, ...]


def language() -> str:
    """The two letters of the user's language, as the environment has it; empty where that says nothing."""
    said = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return next(filter(None, said), "")[:2].lower()


def experiment_names(folder: Path = FOLDER) -> list[str]:
    """What the experiments are called, in their order."""
    return sorted(path.stem for path in folder.glob("*.md") if "." not in path.stem)


def read_experiment(name: str, language: str = "", folder: Path = FOLDER) -> Experiment:
    """Read an experiment, in a language if it is there in that; a `DataError` says what is wrong with a file."""
    path = folder / f"{name}.{language}.md"
    path = path if language and path.is_file() else folder / f"{name}.md"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise DataError(f"The experiment {path.name} can't be read: {type(error).__name__}.") from None
    head = _HEAD.match(text)
    if head is None:
        raise DataError(f"{path.name} must begin with '# TITLE', then 'N min · WHAT IT IS ABOUT', then a step '## TITLE'.")
    parts = re.split(r"^## +", text[head.end() :], flags=re.MULTILINE)[1:]
    steps = tuple(_step(part, f"Step {number} of {path.name}") for number, part in enumerate(parts, 1))
    return Experiment(name, head["title"].strip(), int(head["minutes"]), head["about"].strip(), steps)


def _step(part: str, where: str) -> ExperimentStep:
    title, _, rest = part.partition("\n")
    pieces = [piece.strip() for piece in _BLOCK.split(rest)]
    kinds, between = pieces[1::3], pieces[3:-1:3]
    if kinds not in _ORDERS or any(between):
        raise DataError(f"{where} must have at most a block 'guess' and right behind it a block 'keys'.")
    blocks = dict(zip(kinds, pieces[2::3], strict=True))
    if not all([title.strip(), pieces[0], pieces[-1], *blocks.values()]):
        raise DataError(f"{where} needs a title, text, something in its blocks, and behind them what to look at.")
    look = pieces[-1] if kinds else ""
    return ExperimentStep(title.strip(), pieces[0], blocks.get("guess", ""), tuple(blocks.get("keys", "").split()), look)
