"""A document in one self-contained file, as Markdown or as HTML.

Its words are written once, as Markdown, and HTML is rendered from that. Charts alone have a form
for each: see `charts.ReportChart`.
"""

import html
import re
import string
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from rnn_tui.archive.export.formats import ExportFormat
from rnn_tui.engine.errors import printable
from rnn_tui.engine.tables import Column, cells_of

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict

PAGE = Path(__file__).with_name("page.html")
STYLESHEET = Path(__file__).with_name("page.css")
# All the Markdown that a document has. HTML, links and pictures are not among it: in the name
# of a run they stay text, even if nobody escaped them.
MARKDOWN_RULES = ("heading", "table", "emphasis", "backticks", "escape")

Item = TypeVar("Item")

DOCUMENTS = {
    document.name: document
    for document in (  # each is a function below and an entry here
        ExportFormat(
            "html",
            "one page with its charts inside, HTML",
            "rnn_tui.archive.export.page.blocks:as_html",
            ".html",
            "plots",
        ),
        ExportFormat(
            "md",
            "text with its charts inside, Markdown",
            "rnn_tui.archive.export.page.blocks:as_markdown",
            ".md",
            "plots",
        ),
    )
}
LONGEST_TEXT = 4000  # characters of a paragraph
LONGEST_CELL = 300
# Markdown's special characters. Brackets alone are text; in links and images more follows.
_MARKDOWN = re.compile(r"([\\`*_<>|~&$]|\](?=[(\[:]))")


class Block(Protocol):
    """A part of a document that is written in both of its formats."""

    @property
    def markdown(self) -> str:
        """The block in a Markdown document."""

    @property
    def html(self) -> str:
        """The block in a page."""


class MarkdownBlock:
    """A heading, a paragraph or a table, of which the HTML is rendered."""

    def __init__(self, markdown: str) -> None:
        self.markdown = markdown

    @property
    def html(self) -> str:
        """The block in a page; all HTML in it stays text."""
        return str(_renderer().render(self.markdown))


def as_markdown(blocks: Iterable[Block], title: str = "") -> str:  # noqa: ARG001
    """Return the document as Markdown, whose title is its first head."""
    return "\n\n".join(block.markdown for block in blocks) + "\n"


def as_html(blocks: Iterable[Block], title: str = "") -> str:
    """Return the document as one page of HTML."""
    page = string.Template(PAGE.read_text(encoding="utf-8"))
    return page.substitute(
        title=html.escape(title),
        style=STYLESHEET.read_text(encoding="utf-8"),
        parts="\n".join(block.html for block in blocks),
    )


@cache
def _renderer() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # on use only

    renderer = MarkdownIt("zero").enable(list(MARKDOWN_RULES))
    renderer.add_render_rule("table_open", _open_table)
    renderer.add_render_rule("table_close", _close_table)
    return renderer


# A wide table scrolls sideways within the page. markdown-it calls these as methods of its renderer.
def _open_table(
    renderer: "RendererHTML",
    tokens: "Sequence[Token]",
    index: int,
    options: "OptionsDict",
    env: "EnvType",
) -> str:
    return f'<div class="wide">{renderer.renderToken(tokens, index, options, env)}'


def _close_table(
    renderer: "RendererHTML",
    tokens: "Sequence[Token]",
    index: int,
    options: "OptionsDict",
    env: "EnvType",
) -> str:
    return f"{renderer.renderToken(tokens, index, options, env).rstrip()}</div>\n"


def as_code(text: str) -> str:
    """Return a text as code in Markdown, with a longer fence than any that it has."""
    runs = re.findall("`+", text)
    if not runs:
        return f"`{text}`"
    fence = "`" * (max(map(len, runs)) + 1)
    return f"{fence} {text} {fence}"


def markdown_text(text: str) -> str:
    """Escape a text so that it means itself in Markdown, on one line."""
    return _MARKDOWN.sub(r"\\\1", printable(text, LONGEST_TEXT))


def markdown_table(columns: Sequence[Column[Item]], items: Iterable[Item]) -> str:
    """Return a table in Markdown, its cells on one line each."""
    lines = [_markdown_row([column.head for column in columns]), _markdown_rule(len(columns))]
    lines += [_markdown_row(cells_of(item, columns)) for item in items]
    return "\n".join(lines)


def _markdown_row(cells: Sequence[str]) -> str:
    texts = [markdown_text(printable(cell, LONGEST_CELL)) for cell in cells]
    return f"| {' | '.join(texts)} |"


def _markdown_rule(columns: int) -> str:
    """Return the line between the heads of a table and its rows."""
    return f"| {' | '.join(['---'] * columns)} |"
