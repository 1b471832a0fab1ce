"""The pages of the documentation, and what is in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

CHECKOUT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
# A file that a page has: its name in a line of its own, and then its contents.
FILE = re.compile(r"^`([\w./-]+)`\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Before a block, why it is treated in another way.
MARK = re.compile(r"<!-- (not run|numbers differ|output differs): ([^>]+?) -->\n\n? *$")


def all_pages() -> list[Path]:
    """README, the pages below `docs/`, and the one for developers."""
    return [
        CHECKOUT / "README.md",
        *sorted((CHECKOUT / "docs").rglob("*.md")),
        CHECKOUT / "CONTRIBUTING.md",
    ]


@dataclass(frozen=True)
class Block:
    """Commands of a page.

    Attributes:
        page: where they stand; None for an example of `--help`.
        line: the first one's.
        commands: as they stand there.
        not_run: why they are not run in a test; empty where they are.
        output: what the page says comes out; None where it says nothing.
        compared: `numbers differ` where they may, `output differs` where all may; else empty.
    """

    page: Path | None
    line: int
    commands: str
    not_run: str
    output: str | None
    compared: str

    def __str__(self) -> str:
        if self.page is None:
            return self.commands
        return f"{self.page.relative_to(CHECKOUT)}:{self.line}"


def files(page: Path) -> dict[str, str]:
    """The files that a page has, by name."""
    return dict(FILE.findall(page.read_text(encoding="utf-8")))


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of commands on a page, in their order."""
    text = page.read_text(encoding="utf-8")
    found = list(FENCE.finditer(text))
    for at, fence in enumerate(found):
        if fence[2] != "sh":
            continue
        mark = MARK.search(text[: fence.start()])
        following = found[at + 1] if at + 1 < len(found) else None
        output, compared = None, ""
        if following is not None and following[2] == "text":
            between = text[fence.end() : following.start()].strip()
            note = MARK.search(text[: following.start()]) if between else None
            if not between or (note is not None and note[0].strip() == between):
                output, compared = dedent(following[3]), note[1] if note else ""
        reason = mark[2] if mark and mark[1] == "not run" else ""
        line = text[: fence.start()].count("\n") + 2
        yield Block(page, line, dedent(fence[3]), reason, output, compared)
