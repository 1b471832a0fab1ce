"""Pages that quote figures: their sections, the numbers in them, and the blocks made for them.

`<!-- figures: NAME … -->` below a heading names the entries of all that follows, up to the next
such comment or the end of the part that the heading begins. Between `<!-- from NAME: BLOCK -->`
and `<!-- end -->` stands a block of an entry, which is made and not typed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.figures import papers, trainings
from tests.figures.book import CHECKOUT, Book, Entry
from tests.figures.short import SHORT, short_table

#: each number on these has its entry.
WHOLE_PAGES = (CHECKOUT / "README.md", CHECKOUT / "docs" / "results.md")
MARKER = re.compile(r"<!-- figures: ([^>]*?) -->")
BLOCK = re.compile(
    r"(<!-- from (?P<entry>[\w-]+): (?P<block>[^>]+?) -->\n)(?P<lines>.*?)(\n<!-- end -->)",
    re.DOTALL,
)
HEADING = re.compile(r"(#+) (.*)")
_PLAIN = r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,3}(?:,[0-9]{3})++|[0-9]++)(?:\.[0-9]++)?+"
_NUMBER = rf"(?<![\w.])(?<![A-Za-z]-){_PLAIN}(?![0-9A-Za-z_]|-[A-Za-z])"
#: a number, alone or with its deviation or the other end of its range.
FIGURE = re.compile(rf"{_NUMBER}(?: (?:±|…) [+−]?{_NUMBER})?")
PART = re.compile(_NUMBER)
# What has numbers that are no figures: commands, code, addresses, comments.
SKIPPED = re.compile(
    r"```.*?```|^ *[0-9]+\. |`[^`]*`|\]\([^)]*\)|https?://\S+|<!--.*?-->", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True)
class Section:
    """A part of a page to which the same entries belong."""

    page: Path
    line: int  #: its first one, from 1 on.
    heading: str
    entries: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(CHECKOUT)}:{self.line} ({self.heading})"


def quoting_pages() -> list[Path]:
    """Return the pages that name an entry, and those that must."""
    below = sorted((CHECKOUT / "docs").rglob("*.md"))
    naming = [page for page in below if _names_entries(page)]
    return list(dict.fromkeys([*WHOLE_PAGES, *naming]))


def _names_entries(page: Path) -> bool:
    text = page.read_text(encoding="utf-8")
    return bool(MARKER.search(text) or BLOCK.search(text))


def sections(page: Path) -> Iterator[Section]:
    """Yield the sections of a page; on most pages those alone that name an entry."""
    found = _all_sections(page)
    if page in WHOLE_PAGES:
        return found
    return (section for section in found if section.entries)


def _all_sections(page: Path) -> Iterator[Section]:
    text = _without_skipped(page.read_text(encoding="utf-8"))
    heading, first, level = "", 1, 0
    named: list[tuple[int, tuple[str, ...]]] = [(0, ())]  # the level of a heading, and its entries
    lines: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        marker = MARKER.match(line)
        begins = HEADING.match(line)
        if marker or begins:
            yield Section(page, first, heading, named[-1][1], "\n".join(lines))
            first, lines = number, []
        if begins:
            level, heading = len(begins[1]), begins[2]
            named = [each for each in named if each[0] < level]
        elif marker:
            named = [each for each in named if each[0] < level]
            named.append((level, tuple(marker[1].split())))
        else:
            lines.append(line)
    yield Section(page, first, heading, named[-1][1], "\n".join(lines))


def _without_skipped(text: str) -> str:
    """Return a page without code, comments and blocks; markers and the count of lines remain."""
    text = BLOCK.sub(lambda found: "\n" * found[0].count("\n"), text)

    def blank(found: re.Match[str]) -> str:
        return found[0] if MARKER.fullmatch(found[0]) else " `" + "\n" * found[0].count("\n")

    return SKIPPED.sub(blank, text)


def numbers(text: str) -> list[str]:
    """Return the figures of a text, in its order."""
    return [" ".join(found.split()) for found in FIGURE.findall(" ".join(text.split()))]


def known_numbers(entry: Entry, name: str = "") -> set[str]:
    """Return all figures that an entry has, and of those with a deviation or a range its parts."""
    texts = [*entry.says.values(), *entry.given, entry.measured, entry.machine, entry.seeds]
    texts += [line for lines in all_blocks(entry).values() for line in lines]
    found = {number for text in texts for number in numbers(text)}
    return found | {part for number in found for part in PART.findall(number)}


def all_blocks(entry: Entry) -> dict[str, list[str]]:
    """Return the blocks of an entry, those included that are made of figures by seed."""
    made = papers.blocks_of(entry) if entry.rows else {}
    return {**made, **trainings.blocks_of(entry), **entry.blocks}


def block_lines(book: Book, name: str, block: str) -> list[str]:
    """Return the lines of a block.

    Raises:
        KeyError: there is no such entry or block.
    """
    entry = book[name]
    blocks = all_blocks(entry)
    if block in SHORT:
        means = papers.means_of(entry) if entry.rows else {}
        return short_table(block, blocks["table"], means)
    if block not in blocks:
        raise KeyError(f"The entry {name} has no block “{block}”, which a page shows.")
    return blocks[block]


def filled(text: str, book: Book) -> str:
    """Return a page with its blocks as the file has them."""

    def fill(found: re.Match[str]) -> str:
        lines = block_lines(book, found["entry"], found["block"])
        return found[1] + "\n" + "\n".join(lines) + "\n" + found[5]

    return BLOCK.sub(fill, text)


def named_entries(page: Path) -> set[str]:
    """Return the names of all entries that a page names."""
    text = page.read_text(encoding="utf-8")
    names = {name for found in MARKER.finditer(text) for name in found[1].split()}
    return names | {found["entry"] for found in BLOCK.finditer(text)}


def renamed(text: str, old: str, new: str) -> str:
    """Return a page that names an entry by another name."""

    def rename(found: re.Match[str]) -> str:
        names = [new if name == old else name for name in found[1].split()]
        return f"<!-- figures: {' '.join(names)} -->"

    text = MARKER.sub(rename, text)
    return text.replace(f"<!-- from {old}: ", f"<!-- from {new}: ")


def blocks_named(page: Path) -> Mapping[tuple[str, str], str]:
    """Return the text of each block on a page, by the names of its entry and its own."""
    text = page.read_text(encoding="utf-8")
    return {(found["entry"], found["block"]): found["lines"] for found in BLOCK.finditer(text)}
