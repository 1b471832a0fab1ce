"""Pages quote measured figures as they stand in `docs/figures.json`, and these are not stale."""

import re
from pathlib import Path

import pytest

from tests.documents.pages import CHECKOUT, all_pages
from tests.figures.book import BOOK, read_book, write_book
from tests.figures.pages import (
    blocks_named,
    filled,
    known_numbers,
    named_entries,
    numbers,
    quoting_pages,
    sections,
)
from tests.figures.settings import misread, staleness, trainings_of

FIGURES = read_book()
PAGES = [page.relative_to(CHECKOUT).as_posix() for page in quoting_pages()]


def commands() -> list[str]:
    return [command for entry in FIGURES.values() for command in (*entry.commands, *entry.trains)]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_quotes_no_number_that_its_entries_do_not_have(name: str) -> None:
    wrong = []
    for section in sections(CHECKOUT / name):
        known = set().union(*(known_numbers(FIGURES[entry]) for entry in section.entries))
        unknown = [number for number in numbers(section.text) if number not in known]
        if unknown:
            entries = ", ".join(section.entries) or "no entry"
            wrong.append(f"{section}: {', '.join(unknown)} not in {entries}")
    assert wrong == []


@pytest.mark.parametrize("name", PAGES)
def test_tables_are_as_the_file_makes_them(name: str) -> None:
    text = (CHECKOUT / name).read_text(encoding="utf-8")
    assert filled(text, FIGURES) == text, "python -m tests.figures --pages writes them anew"


@pytest.mark.parametrize("name", FIGURES)
def test_settings_of_a_measurement_are_those_of_today(name: str) -> None:
    again = f"measure again: python -m tests.figures {name}"
    assert staleness(FIGURES[name]) == [], again


@pytest.mark.parametrize("command", commands())
def test_a_command_can_be_run_as_it_stands(command: str) -> None:
    assert misread(command) == ""


@pytest.mark.parametrize("name", FIGURES)
def test_an_entry_says_when_and_where_its_figures_were_measured(name: str) -> None:
    entry = FIGURES[name]
    if entry.says or entry.blocks or entry.rows:
        assert re.match(r"\d{4}-\d\d-\d\d", entry.measured)
        assert entry.machine
        assert entry.commands
    assert set(entry.settings) == set(trainings_of(entry))


def test_no_entry_and_no_figure_is_unused() -> None:
    used = {entry for page in quoting_pages() for entry in named_entries(page)}
    assert set(FIGURES) == used
    unused = []
    for name, entry in FIGURES.items():
        quoted = " ".join(
            section.text
            for page in quoting_pages()
            for section in sections(page)
            if name in section.entries
        )
        there = set(numbers(quoted))
        values = [
            number for value in (*entry.says.values(), *entry.given) for number in numbers(value)
        ]
        unused += [f"{name}: {value}" for value in values if value not in there]
        shown = {
            block
            for page in quoting_pages()
            for owner, block in blocks_named(page)
            if owner == name
        }
        unused += [f"{name}: block {block}" for block in set(entry.blocks) - shown]
    assert unused == []


def test_the_file_is_as_it_would_be_written(tmp_path: Path) -> None:
    write_book(FIGURES, tmp_path / "figures.json")
    assert (tmp_path / "figures.json").read_text(encoding="utf-8") == BOOK.read_text(
        encoding="utf-8"
    )


def test_pages_that_print_a_measured_mean_name_an_entry() -> None:
    """On another page it would stand until somebody remembers it."""
    measured = re.compile(r"[0-9] ± [0-9]|^Measured (?:on|with) ", re.MULTILINE)
    for page in all_pages():
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        if measured.search(text) and page.name not in ("automaton.md", "CONTRIBUTING.md"):
            assert page in quoting_pages(), page
