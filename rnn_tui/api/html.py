"""Runs and traces as a notebook shows them: small tables in HTML, and charts of matplotlib.

Text comes from files and databases, so all of it is escaped.
"""

import base64
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any, TypeVar

from rnn_tui.api.frames import EXTRA
from rnn_tui.archive.export.formats import imported
from rnn_tui.engine.errors import ExportError
from rnn_tui.engine.tables import Column, cells_of

Item = TypeVar("Item")


def table(columns: Sequence[Column[Item]], items: Iterable[Item]) -> str:
    """Return a table: the heads of its columns, then a row for each item."""
    head = "".join(f"<th>{escape(column.head)}</th>" for column in columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells_of(item, columns))}</tr>"
        for item in items
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def paragraph(text: str, title: str = "") -> str:
    """Return a paragraph, with a title in bold before it."""
    bold = f"<b>{escape(title)}</b> " if title else ""
    return f"<p>{bold}{escape(text)}</p>"


def preformatted(text: str) -> str:
    """Return lines of text whose columns stay below each other."""
    return f"<pre>{escape(text)}</pre>"


def chart(draw: Callable[[Any], object], title: str) -> str:
    """Return a chart as a picture, or how to install matplotlib where that is missing.

    Args:
        draw: draws it on matplotlib's axes.
        title: its words for those who can't see it.
    """
    from rnn_tui.archive.export import plots  # on use only

    try:
        figures = imported("matplotlib.figure", EXTRA, "Charts")
        styles = imported("matplotlib.style", EXTRA, "Charts")
    except ExportError as error:
        return paragraph(str(error))
    with styles.context(plots.STYLE):
        figure = figures.Figure(figsize=(plots.WIDTH, plots.HEIGHT), layout="constrained")
        draw(figure.subplots())
        drawing = plots.figure_bytes(figure, "svg")
    # Each drawing is a file of its own: the ids in several of a page must not meet.
    data = base64.b64encode(drawing).decode()
    return f'<img alt="{escape(title)}" src="data:image/svg+xml;base64,{data}"/>'
