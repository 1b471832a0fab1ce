"""The pages in docs/reference say what the code does."""

import argparse

import pytest

from rnn_tui.cli.commands import build_parser
from rnn_tui.tasks import TASKS
from tests.reference_pages import FOLDER, PAGES, documents
from tests.reference_pages.commands import parsers

MADE_BY = "python -m tests.reference_pages makes it anew"


@pytest.mark.parametrize("name", [name for name in PAGES if name != "json.md"])
def test_a_page_is_what_is_made_of_the_code(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), MADE_BY


def test_the_page_of_documents_is_what_the_commands_print() -> None:
    found = documents.fields_of_all()
    assert (FOLDER / "json.md").read_text(encoding="utf-8") == documents.page_of(found), MADE_BY
    assert list(documents.unexplained(found)) == []


def test_every_command_with_json_has_its_document_on_the_page() -> None:
    def has_json(parser: argparse.ArgumentParser) -> bool:
        return any("--json" in one.option_strings for one in parser._actions)

    with_json = {one.prog.removeprefix("rnn-tui ") for one in parsers(build_parser()) if has_json(one)}
    with_json -= {"train", "sweep"}  # their option is for --resume, and prints what the task's prints
    with_json -= {f"sweep {task}" for task in TASKS}  # alike: `sweep task` on the page
    assert with_json - {one.title for one in documents.DOCUMENTS} == set()
