"""Guided experiments as their files have them, whose format `docs/how-to/guided-experiments.md`
describes.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from rnn_tui.engine.errors import DataError

FOLDER = Path(__file__).with_name("experiments")
WAIT = "wait"  # among keys: until nothing trains any more
_HEAD = re.compile(r"# (\S.*)\n+(\d+ min · \S.*)\n+(?=## )")
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class ExperimentStep:
    """A step: `text` to read and a question to `guess`, `keys` that are pressed, at what to `look`
    then; texts in Markdown.
    """

    title: str
    text: str
    guess: str  #: empty where there is none.
    keys: list[str]  #: as Textual calls them, and words as in the files.
    look: str  #: empty where there is neither guess nor key.


@dataclass(frozen=True)
class GuidedExperiment:
    """An experiment: `about` says in a line how long it takes and what it shows."""

    title: str
    about: str
    steps: tuple[ExperimentStep, ...]


def experiment_names(folder: Path = FOLDER) -> list[str]:
    """What the experiments are called, in their order."""
    return sorted(path.stem for path in folder.glob("*.md") if "." not in path.stem)


def read_experiment(name: str, language: str = "", folder: Path = FOLDER) -> GuidedExperiment:
    """Read an experiment, in a language if it is there in that; a `DataError` says what is wrong
    with a file.
    """
    path = folder / f"{name}.{language}.md"
    path = path if path.is_file() else folder / f"{name}.md"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise DataError(
            f"The experiment {path.name} can't be read: {type(error).__name__}."
        ) from None
    if (head := _HEAD.match(text)) is None:
        raise DataError(
            f"{path.name} must begin with '# TITLE', then 'N min · WHAT IT IS ABOUT', then a "
            "step '## TITLE'."
        )
    parts = re.split(r"^## +", text[head.end() :], flags=re.MULTILINE)[1:]
    steps = tuple(
        _step(part, f"Step {number} of {path.name}") for number, part in enumerate(parts, 1)
    )
    return GuidedExperiment(head[1], head[2], steps)


def _step(part: str, where: str) -> ExperimentStep:
    title, _, rest = part.partition("\n")
    pieces = [piece.strip() for piece in _BLOCK.split(rest)]
    kinds = pieces[1::3]
    if kinds not in ([], ["guess"], ["keys"], ["guess", "keys"]) or any(pieces[3:-1:3]):
        raise DataError(
            f"{where} must have at most a block 'guess' and right behind it a block 'keys'."
        )
    if not all([title.strip(), pieces[0], pieces[-1], *pieces[2::3]]):
        raise DataError(
            f"{where} needs a title, text, something in its blocks, and behind them what to look "
            "at."
        )
    said = dict(zip(kinds, pieces[2::3], strict=True))
    return ExperimentStep(
        title,
        pieces[0],
        said.get("guess", ""),
        said.get("keys", "").split(),
        pieces[-1] if kinds else "",
    )
