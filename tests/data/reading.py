"""Write small files and read them as sequences."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rnn_tui.data.options import ReadingOptions
from rnn_tui.data.understanding import Role, Understanding, understand

Read = Callable[..., Understanding]


def reader_in(folder: Path) -> Read:
    """Return a function that writes a file of this content into a folder and reads it."""

    def read(content: str | bytes, name: str = "data.csv", **options: Any) -> Understanding:
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return understand(path, ReadingOptions(**options))

    return read


def text_of(header: str, rows: list[str], end: str = "\n") -> str:
    return end.join([header, *rows, ""])


def long_rows(count: int = 12, steps: int = 5) -> list[str]:
    """Return rows of sequences that count up from their number, odd ones labelled so."""
    return [
        f"{index},{step},{index + step / 10},{'odd' if index % 2 else 'even'}"
        for index in range(count)
        for step in range(steps)
    ]


LONG = text_of("id,t,x,label", long_rows())


def roles(understanding: Understanding) -> list[Role]:
    return [column.role for column in understanding.columns]


def notes(understanding: Understanding) -> str:
    return "\n".join(understanding.notes)
