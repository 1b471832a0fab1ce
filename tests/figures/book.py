"""The file of all measured figures: entries by name."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
BOOK = CHECKOUT / "docs" / "figures.json"


@dataclass(kw_only=True)
class Entry:
    """What was measured at one time: the commands, and the figures that pages may quote."""

    measured: str = ""  #: the day, as 2026-11-30, or the first and the last one.
    machine: str = ""  #: in words.
    seeds: str = ""  #: in words, such as `20` or `0 … 9`.
    commands: list[str] = field(
        default_factory=list
    )  #: the first one is that of a new measurement.
    #: trainings of a benchmark, as commands of `rnn-tui`, since its own command names no settings.
    trains: list[str] = field(default_factory=list)
    #: by command, what `settings_of` said of it when it was run.
    settings: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    says: dict[str, str] = field(default_factory=dict)  #: measured figures as pages print them.
    #: other numbers beside them: published figures, settings, sizes.
    given: list[str] = field(default_factory=list)
    #: parts of pages by name, mostly tables, in lines of Markdown.
    blocks: dict[str, list[str]] = field(default_factory=dict)
    #: the figures of each experiment of a paper, by seed; `papers.py` makes blocks of them.
    rows: list[dict[str, Any]] = field(default_factory=list)
    #: by command of a training, the figure of each network by seed; for `trainings.py`.
    networks: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


Book = dict[str, Entry]


def read_book(path: Path = BOOK) -> Book:
    """Read all entries, in the order of the file."""
    entries = json.loads(path.read_text(encoding="utf-8"))
    return {name: Entry(**entry) for name, entry in entries.items()}


def write_book(book: Mapping[str, Entry], path: Path = BOOK) -> None:
    """Write all entries; fields that say nothing are left out."""
    entries = {
        name: {key: value for key, value in asdict(entry).items() if value}
        for name, entry in book.items()
    }
    path.write_text(_as_json(entries) + "\n", encoding="utf-8")


def _as_json(value: Any, indent: str = "") -> str:
    """Return JSON with a line for each text, and for each list or record of plain values."""
    inner = indent + "  "
    if isinstance(value, dict) and not _is_record(value):
        items = [
            f"{json.dumps(key, ensure_ascii=False)}: {_as_json(item, inner)}"
            for key, item in value.items()
        ]
        return _in_lines("{", items, "}", indent)
    if isinstance(value, list) and any(isinstance(item, str | dict) for item in value):
        return _in_lines("[", [_as_json(item, inner) for item in value], "]", indent)
    return json.dumps(value, ensure_ascii=False)


def _is_record(value: dict[str, Any]) -> bool:
    """Return whether a dictionary fits in a line: settings do, and the figures of an experiment."""
    return not value or any(not isinstance(item, str | list | dict) for item in value.values())


def _in_lines(first: str, items: list[str], last: str, indent: str) -> str:
    lines = f",\n{indent}  ".join(items)
    return f"{first}\n{indent}  {lines}\n{indent}{last}"
