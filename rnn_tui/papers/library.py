"""Finds papers: those that ship, the user's own, and those of other packages.

A paper is a file in TOML, which `paper_file` reads. It is found by its name, in this order:

1. `papers/shipped/NAME.toml` ships.
2. `papers/NAME.toml` beside the user's `config.toml` is the user's own.
3. An entry point NAME in the group `rnn_tui.papers` of an installed package names a package that
   has the file NAME.toml, or an attribute that is the path of such a file, or a `Paper`.

Or by its path, wherever it is. One that is broken costs a sentence, and hides no other.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import ModuleType

from rnn_tui.engine.errors import DataError, SettingError, UserError, printable, why
from rnn_tui.engine.files import outside
from rnn_tui.engine.files.paths import config_file
from rnn_tui.engine.plugins import load_plugins, plugin_names
from rnn_tui.engine.suggestions import did_you_mean
from rnn_tui.papers.paper import Paper
from rnn_tui.papers.paper_experiments import NAME
from rnn_tui.papers.paper_file import MOST_BYTES, paper_from, read_paper
from rnn_tui.papers.shipped import paper_named, paper_names

GROUP = "rnn_tui.papers"
ENDING = ".toml"
MOST_OWN = 100  # files of the user's folder that are looked at


@dataclass(frozen=True)
class Library:
    """Papers by name, those that ship first."""

    papers: Mapping[str, Paper]
    problems: tuple[str, ...] = ()  #: a sentence for each paper that can't be used.


def own_folder() -> Path:
    """Return the folder of the user's own papers; it may not exist."""
    return config_file().parent / "papers"


def all_names() -> list[str]:
    """Return the names of all papers, of broken ones too, without reading any."""
    names = [*paper_names(), *_own_names(), *plugin_names(GROUP)]
    return [name for name in dict.fromkeys(names) if NAME.fullmatch(name)]


def read_library() -> Library:
    """Read all papers; it takes too long for the thread of the app."""
    papers = {name: paper_named(name) for name in paper_names()}
    problems: list[str] = []
    of_packages = _papers_of_packages()
    for name in _own_names():
        try:
            _add(papers, read_paper(_own_path(name)))
        except UserError as error:
            problems.append(str(error))
    for paper in of_packages.papers.values():
        try:
            _add(papers, paper)
        except UserError as error:
            problems.append(str(error))
    return Library(papers, (*problems, *of_packages.problems))


def _add(papers: dict[str, Paper], paper: Paper) -> None:
    """Add a paper; a `SettingError` if there is one of its name."""
    if paper.name in papers:
        raise SettingError(
            f"There are two papers called {paper.name}; the one that is found first is used."
        )
    papers[paper.name] = paper


def find_paper(text: str) -> Paper:
    """Return the paper that a user names.

    Args:
        text: a name; or a path, which has a folder in it or ends in `.toml`.

    Raises:
        DataError: if the file can't be read.
        SettingError: if something in it is wrong, or there is no paper of this name.
    """
    if text.endswith(ENDING) or "/" in text or os.sep in text:
        return replace(read_paper(Path(outside.expanded(text))), path=printable(text, 500))
    if text in paper_names():
        return paper_named(text)
    if text in _own_names():
        return read_paper(_own_path(text))
    if text in plugin_names(GROUP):
        of_packages = _papers_of_packages()
        if text in of_packages.papers:
            return of_packages.papers[text]
        raise DataError(" ".join(of_packages.problems))
    raise SettingError(
        f"There is no paper called “{printable(text)}”{did_you_mean(text, all_names())}; rnn-tui "
        "papers lists them, and a path such as ./paper.toml is read as well."
    )


def _own_path(name: str) -> Path:
    return own_folder() / f"{name}{ENDING}"


def _own_names() -> list[str]:
    """Return the names of the files in the user's folder; none if it can't be read."""
    try:
        with outside.entries(own_folder()) as entries:
            names = sorted(entry.name for entry in entries if entry.name.endswith(ENDING))
    except OSError:
        return []
    return [name.removesuffix(ENDING) for name in names[:MOST_OWN]]


@cache
def _papers_of_packages() -> Library:
    """Return the papers that installed packages name."""
    papers: dict[str, Paper] = {}

    def add(named: object, name: str, _reference: str) -> None:
        papers[name] = _named_paper(named, name)

    problems = load_plugins(GROUP, "paper", add)
    return Library(papers, tuple(problems))


def _named_paper(named: object, name: str) -> Paper:
    """Return the paper that an entry point names.

    Raises:
        SettingError: it names none, or one that can't be used; without a full stop.
    """
    match named:
        case Paper():
            return replace(named, name=name)
        case ModuleType():
            source: Traversable = files(named) / f"{name}{ENDING}"
        case str():
            source = Path(named)
        case Traversable():
            source = named
        case _:
            raise SettingError("it names neither a package, nor the path of a file, nor a Paper")
    try:
        with source.open("rb") as file:
            return paper_from(file.read(MOST_BYTES + 1), name, source.name)
    except OSError as error:
        raise SettingError(f"{source.name} can't be read ({why(error)})") from None
    except UserError as error:
        raise SettingError(str(error).rstrip(".")) from None
