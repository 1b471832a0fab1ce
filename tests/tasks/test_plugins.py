"""Tasks of other packages: found where they are installed; a broken one costs a sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

GOOD = """
from dataclasses import replace
from rnn_tui.tasks.recall import RECALL
TASK = replace(RECALL, name="other", label="Other", published={})
"""
BROKEN = {
    "raise RuntimeError('\\x1b[2Jboom')": "RuntimeError",
    "raise SystemExit(3)": "SystemExit",
    "import a_module_that_is_not_there": "ModuleNotFoundError",
    "TASK = 5": "TASK is no Task",
    "OTHER = 5": "AttributeError",
    GOOD + "TASK = replace(TASK, name='recall')": "called recall already",
    GOOD + "TASK = replace(TASK, name='../x')": "its name must be short",
    GOOD + "TASK = replace(TASK, label='[red]\\x1b[31m')": "printable text",
    GOOD + "TASK = replace(TASK, settings=('colour',))": "no setting called colour",
    GOOD + "TASK = replace(TASK, headline='test_beauty')": "not one of its metrics",
    GOOD + "TASK = replace(TASK, presets=())": "no preset",
    GOOD + "TASK = replace(TASK, presets=(replace(TASK.presets[0], values={}),))": "preset report",
}


def install(site: Path, name: str, code: str) -> None:
    (site / f"{name}.py").write_text(code, encoding="utf-8")
    about = site / f"{name}-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (about / "entry_points.txt").write_text(f"[rnn_tui.tasks]\n{name} = {name}:TASK\n")


def told(site: Path, code: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={"PYTHONPATH": f"{Path.cwd()}:{site}", "PATH": "", "RNN_TUI_HOME": str(site / "home")},
    )
    return ran.stdout


def test_a_good_one_is_a_task_like_any_other(tmp_path: Path) -> None:
    install(tmp_path, "good_plugin", GOOD)
    assert (
        told(
            tmp_path,
            "from rnn_tui.tasks import BROKEN_PLUGINS, TASKS; print(*TASKS, BROKEN_PLUGINS); "
            "print(TASKS['other'].config('gru').task)",
        )
        == "mnist recall adder other []\nother\n"
    )


def test_broken_ones_cost_a_sentence_each_and_nothing_else(tmp_path: Path) -> None:
    for at, code in enumerate(BROKEN):
        install(tmp_path, f"plugin_{at}", code)
    install(tmp_path, "good_plugin", GOOD)
    names, *sentences = told(
        tmp_path,
        "from rnn_tui.tasks import BROKEN_PLUGINS, TASKS; print(*TASKS); print(*BROKEN_PLUGINS, "
        "sep='\\n')",
    ).splitlines()
    assert names == "mnist recall adder other"
    assert len(sentences) == len(BROKEN)
    for at, word in enumerate(BROKEN.values()):
        (sentence,) = (one for one in sentences if f"plugin_{at} " in one)
        assert word in sentence
        assert sentence.isprintable()
        assert sentence.endswith(".")
        assert "can't be used" in sentence


@pytest.mark.parametrize("words", [["runs"], ["train", "recall", "--help"]])
def test_the_shell_tells_of_a_broken_one_and_works(tmp_path: Path, words: list[str]) -> None:
    install(tmp_path, "plugin", "TASK = 5")
    ran = subprocess.run(
        [sys.executable, "-m", "rnn_tui", *words],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={"PYTHONPATH": f"{Path.cwd()}:{tmp_path}", "RNN_TUI_HOME": str(tmp_path / "home")},
    )
    assert "The task plug-in plugin (plugin:TASK) can't be used: TASK is no Task." in ran.stderr
