"""The papers that ship: a TOML file each in this folder, found by its name."""

from functools import cache
from pathlib import Path

from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.suggestions import did_you_mean
from rnn_tui.papers.paper import Paper
from rnn_tui.papers.paper_file import paper_from

FOLDER = Path(__file__).parent
FIRST = "course-report"  # the paper of `rnn-tui report`


@cache
def paper_names() -> tuple[str, ...]:
    """Return the names of the papers that ship, the first one first."""
    names = sorted(path.stem for path in FOLDER.glob("*.toml"))
    return tuple(sorted(names, key=lambda name: name != FIRST))


@cache
def paper_named(name: str = FIRST) -> Paper:
    """Return a paper that ships.

    Raises:
        SettingError: there is none of that name.
    """
    if name not in paper_names():
        raise SettingError(
            f"There is no paper “{printable(name)}”{did_you_mean(name, paper_names())}; the papers "
            f"are {', '.join(paper_names())}."
        )
    path = FOLDER / f"{name}.toml"
    return paper_from(path.read_bytes(), name, path.name)
