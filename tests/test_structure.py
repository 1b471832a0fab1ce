"""Rules of the house that a reader relies on: one name for one thing, knowledge in one place."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import rnn_tui
from rnn_tui.networks import CELLS
from rnn_tui.tasks import TASKS

PACKAGE = Path(rnn_tui.__file__).parent
# Who may name a task, a cell or an augmentation.
KNOWING = ("tasks", "networks", "report")
# Where a word is one of these and means something else.
OTHER_MEANINGS = {
    "none": None,  # everywhere
    "carry": ("inside", "ui"),  # of an addition on paper
    "shift": ("ui",),  # the key
    "recall": ("cli",),  # the command
    "photo": ("photos", "ui", "cli"),  # what is read
    "mnist": ("photos",),  # the preparation of a photo that is called so on the command line
}


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE), ast.parse(path.read_text(encoding="utf-8"))


def test_no_two_public_classes_share_a_name() -> None:
    places = defaultdict(list)
    for path, module in modules():
        for node in module.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(str(path))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_tasks_cells_and_augmentations_are_named_where_they_are_known() -> None:
    augmentations = {name for task in TASKS.values() for name in task.augmentations}
    names = {*TASKS, *CELLS, *augmentations, "carry"}
    found = []
    for path, module in modules():
        room = path.parts[0]
        if room in KNOWING:
            continue
        for node in ast.walk(module):
            if not isinstance(node, ast.Constant) or node.value not in names:
                continue
            elsewhere = OTHER_MEANINGS.get(node.value, ())
            if elsewhere is not None and room not in elsewhere:
                found.append(f"{path}:{node.lineno}: {node.value}")
    assert found == []


def test_the_pages_for_developers_name_what_is_there() -> None:
    top = PACKAGE.parent
    pages = [top / "CONTRIBUTING.md", *sorted((top / "docs").glob("*.md"))]
    named = {
        name
        for page in pages
        for name in re.findall(r"`((?:[\w-]+/)+[\w-]+\.py)`", page.read_text(encoding="utf-8"))
        if not name.startswith("rnn_parity/")
    }
    assert len(named) > 20
    there = [top, PACKAGE]
    assert [name for name in sorted(named) if not any((at / name).is_file() for at in there)] == []
