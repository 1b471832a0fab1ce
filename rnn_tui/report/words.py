"""How a report is put into words, for the app, the command line and documents alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rnn_tui.engine.errors import printable
from rnn_tui.report.plan import DECIMALS
from rnn_tui.runs.export.formats import ExportFormat, table_of
from rnn_tui.runs.words import NOTHING, duration

if TYPE_CHECKING:
    from rnn_tui.report.rows import Row

# What a report can be written to: each is a function of `report.document` and a line here.
DOCUMENTS = table_of(
    ExportFormat("html", "one page with its charts inside, HTML",
                 "rnn_tui.report.document:as_html", suffix=".html", extra="plots"),
    ExportFormat("md", "text with its charts inside, Markdown",
                 "rnn_tui.report.document:as_markdown", suffix=".md", extra="plots"),
)  # fmt: skip
HEADS = ("experiment", "published", "here, mean ± sd [min, max]", "n", "the published figure is",
         "time")  # fmt: skip
LONGEST_TEXT, LONGEST_CELL = 4000, 300
# Brackets alone are text; a link or an image takes something behind the closing one.
_MARKDOWN = re.compile(r"([\\`*_<>|~&$]|\](?=[(\[:]))")


def cells(row: Row) -> tuple[str, ...]:
    """A row of the table under `HEADS`; accuracies in percent."""
    return (
        row.experiment.label,
        f"{row.experiment.published:.{DECIMALS}f}",
        figures(row),
        str(row.n) if row.n == row.wanted else f"{row.n} of {row.wanted}",
        row.place or NOTHING,
        duration(row.seconds) if row.n else NOTHING,
    )


def figures(row: Row) -> str:
    """Mean ± standard deviation [smallest, largest]; a single value as it is."""
    spread = row.spread
    if spread is None:
        return NOTHING
    mean, low, high = (f"{value:.{DECIMALS}f}" for value in (spread.mean, spread.low, spread.high))
    return mean if spread.sd is None else f"{mean} ± {spread.sd:.{DECIMALS}f} [{low}, {high}]"


def markdown_text(text: str) -> str:
    """Text that means itself in Markdown, on one line."""
    return _MARKDOWN.sub(r"\\\1", printable(text, LONGEST_TEXT))


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown, its cells on one line each."""
    lines = [heads, ["---"] * len(heads)]
    shown = [[markdown_text(printable(cell, LONGEST_CELL)) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in [*lines, *shown])
