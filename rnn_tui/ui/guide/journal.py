"""What the user has done of the guided experiments: guesses and outcomes, kept on the disk."""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rnn_tui.engine.errors import DataError, printable, why
from rnn_tui.engine.files.atomic import make_folder, read_small, write_file
from rnn_tui.engine.files.paths import data_dir

MOST_BYTES = 1_000_000
MOST_ENTRIES = 200  # of any part of the file
LONGEST_WORD = 200
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class GuessResult:
    """A guess, and the outcome that it was set beside; as they are shown."""

    guess: str
    outcome: str


@dataclass
class ExperimentProgress:
    """How far an experiment was played."""

    step: int = 0  #: the index of the step; after the last one comes the summary.
    looking: bool = False  #: whether what the step does was done.
    done: bool = False  #: whether it was ever played to its end.
    answers: dict[int, GuessResult] = field(default_factory=dict)  #: by the index of their step.
    figures: dict[str, Any] = field(default_factory=dict)  #: by path, of the texts to come.

    @property
    def begun(self) -> bool:
        """Whether it is to be continued."""
        return self.step > 0 or self.looking

    def begin_anew(self) -> None:
        """Forget guesses and figures of an earlier play."""
        self.step = 0
        self.looking = False
        self.answers = {}
        self.figures = {}


def journal_file() -> Path:
    """Return the file of the journal."""
    return data_dir() / "experiments.json"


def read_journal() -> dict[str, ExperimentProgress]:
    """Read what was played, by the experiments' names; what can't be used is left out."""
    try:
        document = json.loads(read_small(journal_file(), MOST_BYTES))
        entries = list(document.items())[:MOST_ENTRIES]
        return {printable(name): _progress(entry) for name, entry in entries}
    except FileNotFoundError:
        return {}
    except (
        *(OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError),
        OverflowError,  # of a number that is infinite, or of thousands of digits
    ):
        logger.warning("the journal of experiments can't be read", exc_info=True)
        return {}


def keep_progress(name: str, progress: ExperimentProgress) -> None:
    """Keep how far an experiment was played, beside the others in the file.

    Raises:
        DataError: if the file can't be written.
    """
    path = journal_file()
    journal = read_journal() | {name: progress}
    document = {name: asdict(entry) for name, entry in journal.items()}
    try:
        make_folder(path.parent)
        write_file(path, json.dumps(document, indent=1).encode())
    except OSError as error:
        raise DataError(
            f"What you guessed can't be kept in {printable(path, 200)} ({why(error)})."
        ) from None


def _progress(entry: Mapping[str, Any]) -> ExperimentProgress:
    """Read an entry of the file, which anything may have written."""
    answers = {
        int(step): GuessResult(_word(answer["guess"]), _word(answer["outcome"]))
        for step, answer in list(entry["answers"].items())[:MOST_ENTRIES]
    }
    figures = {
        _word(path): _word(value) if isinstance(value, str) else float(value)
        for path, value in list(entry["figures"].items())[:MOST_ENTRIES]
    }
    return ExperimentProgress(
        step=max(0, int(entry["step"])),
        looking=bool(entry["looking"]),
        done=bool(entry["done"]),
        answers=answers,
        figures=figures,
    )


def _word(text: object) -> str:
    return printable(text, LONGEST_WORD)
