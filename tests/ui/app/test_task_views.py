"""Which views a task has: the table, the general ones, and what other packages say."""

import subprocess
import sys
from pathlib import Path

import pytest

from rnn_tui.engine.errors import SettingError
from rnn_tui.tasks import TASKS
from rnn_tui.ui.app.task_views import VIEWS, check_views, views_of
from rnn_tui.ui.frame.task_view import View
from tests.extension.toy_task import MAJORITY
from tests.tasks.plugins import install

GOOD = """
from rnn_tui.ui.frame.task_view import View

def views(usual):
    return (*usual[:2], View("bits", "Bits", "toy:BitsView"))
"""
BAD_VIEWS: dict[str, tuple[object, ...]] = {
    "there is no view": (),
    "5 is no View": (5,),
    "training is no View": ("training",),
    "id of a view": (View("a b", "A", "a:b"),),
    "title of the view a must be text": (View("a", "[b]", "a:b"),),
    "title of the view a must be short": (View("a", "\x1b", "a:b"),),
    "factory as module:function": (View("a", "A", "a"),),
    "needs c": (View("a", "A", "a:b", needs="c"),),
    "view a is there twice": (View("a", "A", "a:b"), View("a", "B", "a:b")),
}
BROKEN = {
    "RuntimeError: boom": "raise RuntimeError('boom')",
    "views is no function": "views = 5",
    "TypeError": "def views(): return ()",
    "5 is no View": "def views(usual): return (5,)",
    "AttributeError": "other = 5",
    "SystemExit": "def views(usual): raise SystemExit(3)",
}
ASK = """
from rnn_tui.tasks import TASKS
from rnn_tui.ui.app.task_views import plugin_views, views_of
print(*(view.id for view in views_of(TASKS["recall"])))
print(*plugin_views().problems, sep="\\n")
"""


def told(site: Path) -> tuple[str, list[str]]:
    """The views of recall, and what is said of plug-ins, where a folder is on the path."""
    ran = subprocess.run(
        [sys.executable, "-c", ASK],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={"PYTHONPATH": f"{Path.cwd()}:{site}", "PATH": "", "RNN_TUI_HOME": str(site / "home")},
    )
    views, *sentences = ran.stdout.splitlines()
    return views, [sentence for sentence in sentences if sentence]


def test_every_view_of_the_table_fits_and_can_be_imported() -> None:
    assert set(VIEWS) <= set(TASKS)
    for views in VIEWS.values():
        check_views(views)
        for view in views:
            assert callable(view.load())


def test_a_task_without_views_of_its_own_has_the_general_ones() -> None:
    views = [view.id for view in views_of(MAJORITY)]
    assert views == ["training", "results", "confusion-tab", "prompt", "inside"]


@pytest.mark.parametrize("words", BAD_VIEWS)
def test_views_that_do_not_fit_are_refused(words: str) -> None:
    with pytest.raises(SettingError, match=words):
        check_views(BAD_VIEWS[words])


@pytest.mark.process
def test_a_package_says_which_views_a_task_has(tmp_path: Path) -> None:
    install(tmp_path, "good", GOOD, entry="[rnn_tui.views]\nrecall = good:views\n")
    assert told(tmp_path) == ("training results bits", [])


@pytest.mark.process
def test_a_broken_one_costs_a_sentence_and_the_task_keeps_its_views(tmp_path: Path) -> None:
    for at, code in enumerate(BROKEN.values()):
        entry = f"[rnn_tui.views]\nrecall = broken_{at}:views\n"
        install(tmp_path, f"broken_{at}", code, entry=entry)
    install(tmp_path, "unknown", GOOD, entry="[rnn_tui.views]\nqubit = unknown:views\n")
    views, sentences = told(tmp_path)
    assert views == "training results confusion-tab prompt inside"
    assert len(sentences) == len(BROKEN) + 1
    for at, words in enumerate(BROKEN):
        (sentence,) = (one for one in sentences if f"broken_{at}:" in one)
        assert "can't be used" in sentence
        assert words in sentence
    assert any("no task called qubit" in sentence for sentence in sentences)
