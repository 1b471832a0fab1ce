"""Every link of README and docs/ leads somewhere, and every page is reached."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from tests.documents.pages import CHECKOUT, all_pages

LINK = re.compile(r"(!?)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
LARGEST_README, LARGEST_PICTURE = 10_000, 2_000_000


def prose(page: Path) -> str:
    """A page without its code."""
    return CODE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """What a link to a heading of the page may say, as code hosts make it."""
    text = re.sub(
        r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    counts: defaultdict[str, int] = defaultdict(int)
    found = set()
    for heading in HEADING.findall(text):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        name = re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")
        found.add(f"{name}-{counts[name]}" if counts[name] else name)
        counts[name] += 1
    return found


def links(page: Path) -> list[tuple[Path, str, bool]]:
    """Files that a page refers to, with the anchor, and whether it is a picture; addresses are left
    out.
    """
    result = []
    for picture, target in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        result.append(((page.parent / path).resolve() if path else page, anchor, bool(picture)))
    return result


@pytest.mark.parametrize(
    "page", all_pages(), ids=lambda page: page.relative_to(CHECKOUT).as_posix()
)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target, anchor, _ in links(page):
        if not target.exists():
            broken.append(str(target))
        elif anchor and target.suffix == ".md" and anchor not in anchors(target):
            broken.append(f"{target}#{anchor}")
    assert broken == []


def test_every_page_and_picture_is_reached_from_the_readme() -> None:
    reached, waiting = set(), [CHECKOUT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        if page.suffix == ".md":
            waiting += [target for target, _, _ in links(page) if target.exists()]
    assert [str(page) for page in all_pages() if page not in reached] == []
    pictures = (CHECKOUT / "docs" / "pictures").iterdir()
    assert [str(one) for one in pictures if one not in reached] == []


def test_the_index_has_every_page() -> None:
    index = CHECKOUT / "docs" / "README.md"
    named = {target for target, _, _ in links(index)}
    assert [
        str(page) for page in (CHECKOUT / "docs").rglob("*.md") if page not in {*named, index}
    ] == []


def test_the_readme_is_short_and_begins_with_the_two_commands() -> None:
    text = (CHECKOUT / "README.md").read_bytes()
    assert len(text) <= LARGEST_README
    first, second = re.findall(r"^```\w*\n(.*?)^```$", text.decode(), re.MULTILINE | re.DOTALL)[:2]
    assert first.endswith(".venv/bin/rnn-tui\n")
    assert second.endswith("-m pytest -n auto\n")
    assert all(command.count("\n") == 1 for command in (first, second))


def test_no_picture_is_large() -> None:
    sizes = {one.name: one.stat().st_size for one in (CHECKOUT / "docs" / "pictures").iterdir()}
    assert {name: size for name, size in sizes.items() if size >= LARGEST_PICTURE} == {}
