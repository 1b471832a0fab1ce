"""The pages in docs/reference say what the code does."""

import argparse
from dataclasses import asdict

import pytest

from rnn_tui.cli.commands import build_parser
from rnn_tui.engine.config import Recipe
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.data_sets.task import SEQUENCES
from rnn_tui.tasks.task import Preset, Task
from tests.reference_pages import FOLDER, PAGES, documents, records
from tests.reference_pages.commands import parsers
from tests.reference_pages.settings import columns_of

MADE_BY = "python -m tests.reference_pages makes it anew"


@pytest.mark.parametrize("name", [name for name in PAGES if name != "json.md"])
def test_a_page_is_what_is_made_of_the_code(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), MADE_BY


@pytest.mark.parametrize(
    ("task", "preset", "cell"),
    [
        (task, preset, cell)
        for task in TASKS.values()
        for preset in task.presets
        for cell in preset.of_cells
    ],
    ids=lambda one: getattr(one, "name", one),
)
def test_the_table_of_presets_says_what_a_run_of_that_cell_has(
    task: Task, preset: Preset, cell: str
) -> None:
    said, usual = dict(columns_of(task, preset))[f"{preset.name} ({cell})"], asdict(Recipe())
    has = asdict(task.config(cell, preset.name))
    recipe = {name: value for name, value in has["recipe"].items() if value != usual[name]}
    assert {name: value for name, value in said.items() if name in usual} == recipe
    assert {name: value for name, value in said.items() if name in has} == {
        name: has[name] for name in said if name in has
    }


@pytest.mark.long
def test_the_page_of_documents_is_what_the_commands_print() -> None:
    found = documents.fields_of_all()
    assert (FOLDER / "json.md").read_text(encoding="utf-8") == documents.page_of(found), MADE_BY
    assert list(documents.unexplained(found)) == []
    assert documents.unused(found) == set()


def test_the_records_of_documents_say_what_their_fields_mean() -> None:
    for _, names in records.RECORDS:
        for name in names:
            assert records.meanings_of(name), name


def test_every_command_with_json_has_its_document_on_the_page() -> None:
    def has_json(parser: argparse.ArgumentParser) -> bool:
        return any("--json" in one.option_strings for one in parser._actions)

    with_json = {
        one.prog.removeprefix("rnn-tui ") for one in parsers(build_parser()) if has_json(one)
    }
    # their option is for --resume, and prints what the task's prints
    with_json -= {"train", "sweep"}
    with_json -= {
        f"sweep {task}" for task in (*TASKS, SEQUENCES)
    }  # alike: `sweep task` on the page
    with_json -= {f"ask {task}" for task in TASKS}  # prints what the task's own command prints
    # print what those of recall print
    without_tab = [task.name for task in TASKS.values() if not task.tab]
    with_json -= {f"{command} {task}" for command in ("train", "inspect") for task in without_tab}
    with_json -= {"runs list"}  # prints what `runs` prints
    with_json -= {"report"}  # prints what `rerun` prints
    assert with_json - {one.title for one in documents.DOCUMENTS} == set()
