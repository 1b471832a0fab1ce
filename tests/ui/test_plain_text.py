"""No text of the app is read as markup, wherever it comes from: the ways it takes are few.

Textual reads markup in what a `Static` shows, in cells, lists, titles and tabs, unless it is told
not to. Names of runs, files and plug-ins get there, so every place in the app has to.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import rnn_tui.ui
from rnn_tui.ui.app.app import RnnTuiApp
from tests.ui.helpers import notices, running, wait_until

ROOT = Path(rnn_tui.ui.__file__).parent
# Widgets that say with `markup=False` that they read none.
TOLD = {"Static", "Label", "OptionList"}
# Widgets of Textual's that can't be told, and what stands in for each.
REPLACED = {"DataTable": "PlainTable", "Select": "PlainSelect"}
# Widgets whose label is read, unless it is `Content`.
LABELLED = {"Button", "Checkbox", "TabPane"}
TITLES = {"border_title", "border_subtitle", "tooltip"}


def is_plain(node: ast.expr | None) -> bool:
    """Whether it is the program's own words, or content that is not read any more."""
    if node is None or isinstance(node, ast.Constant):
        return True
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Content", "with_key")


def faults(path: Path) -> Iterator[str]:
    """Places from which a text could be read as markup."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        where = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.ClassDef):
            if {"Static", "Label"} & {getattr(base, "id", "") for base in node.bases}:
                makers = [one for one in node.body if getattr(one, "name", "") == "__init__"]
                if not any("markup=False" in ast.unparse(one) for one in makers):
                    yield f"{where}: {node.name} passes markup=False on to its base"
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if getattr(target, "attr", "") in TITLES and not is_plain(node.value):
                    yield f"{where}: {ast.unparse(target)} needs Content(…)"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            first = node.args[0] if node.args else None
            options = {one.arg: ast.unparse(one.value) for one in node.keywords}
            own_words = isinstance(first, ast.Constant) and first.value != ""
            if name in TOLD and options.get("markup") != "False" and not own_words:
                yield f"{where}: {name} needs markup=False"
            if name in REPLACED:
                yield f"{where}: {REPLACED[name]} in place of {name}"
            if name in LABELLED and not is_plain(first):
                yield f"{where}: the label of {name} needs Content(…)"
            if name in ("with_tooltip", "from_markup"):
                yield f"{where}: no {name}"


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: path.stem)
def test_no_text_can_be_read_as_markup(path: Path) -> None:
    assert not list(faults(path))


async def test_notices_are_plain_whoever_gives_them() -> None:
    app = RnnTuiApp()
    async with running(app) as pilot:
        app.query_one("#tasks").notify("[red]a[/] [@click=app.quit]b[/]")
        await wait_until(pilot, lambda: bool(notices(app)))
        assert not any(one.markup for one in app._notifications._notifications.values())
    assert app.runs.close(10)
