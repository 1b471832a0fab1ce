"""Reads the files of guided experiments.

`docs/how-to/guided-experiments.md` describes their format.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from rnn_tui.engine.errors import DataError

FOLDER = Path(__file__).with_name("experiments")
WAIT = "wait"  # among keys: until nothing trains any more
_HEAD = re.compile(r"# (\S.*)\n+(\d+ min · \S.*)\n+(?=## )")
# A block: its kind, the rest of that line, and its contents.
_BLOCK = re.compile(r"^```(\w*)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class ExperimentStep:
    """A step; its texts are Markdown."""

    title: str
    text: str  #: to be read first.
    guess: str  #: a question; empty if there is none.
    keys: list[str]  #: that are pressed: as Textual calls them, and words as in the files.
    look: str  #: what to look at then; empty if there is neither a guess nor a key.
    action: str = ""  #: what the keys do, in a few words; empty if the file does not say.


@dataclass(frozen=True)
class GuidedExperiment:
    """An experiment."""

    title: str
    about: str  #: how long it takes and what it shows, in a line.
    steps: tuple[ExperimentStep, ...]


def experiment_names(folder: Path = FOLDER) -> list[str]:
    """Return the names of the experiments, in their order."""
    return sorted(path.stem for path in folder.glob("*.md") if "." not in path.stem)


def read_experiment(name: str, language: str = "", folder: Path = FOLDER) -> GuidedExperiment:
    """Read an experiment.

    Args:
        name: its name.
        language: two letters; if there is no such translation, it is read in English.
        folder: where the files are.

    Raises:
        DataError: if the file can't be read, or has another format.
    """
    path = folder / f"{name}.{language}.md"
    if not path.is_file():
        path = folder / f"{name}.md"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise DataError(
            f"The experiment {path.name} can't be read: {type(error).__name__}."
        ) from None
    head = _HEAD.match(text)
    if head is None:
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
    """Read a step; `where` says which step of which file that is."""
    title, _, rest = part.partition("\n")
    # text, then for each block its kind, the rest of that line, its contents, the text after it
    text, *pieces = (piece.strip() for piece in _BLOCK.split(rest))
    kinds, infos, contents, texts = (pieces[start::4] for start in range(4))
    allowed = kinds in ([], ["guess"], ["keys"], ["guess", "keys"])
    if not allowed or any(texts[:-1]) or any(_infos_of_others(kinds, infos)):
        raise DataError(
            f"{where} must have at most a block 'guess' and right after it a block 'keys'."
        )
    look = texts[-1] if texts else ""
    if not all([title.strip(), text, *contents, look or not kinds]):
        raise DataError(
            f"{where} needs a title, text, something in its blocks, and after them what to look at."
        )
    blocks = dict(zip(kinds, contents, strict=True))
    return ExperimentStep(
        title=title,
        text=text,
        guess=blocks.get("guess", ""),
        keys=blocks.get("keys", "").split(),
        look=look,
        action=infos[kinds.index("keys")] if "keys" in kinds else "",
    )


def _infos_of_others(kinds: list[str], infos: list[str]) -> list[str]:
    """Return the rest of the first line of blocks other than `keys`, where it must be empty."""
    return [info for kind, info in zip(kinds, infos, strict=True) if kind != "keys"]
