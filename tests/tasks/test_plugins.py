"""Tasks of other packages: found where they are installed; a broken one costs a sentence."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rnn_tui.tasks import RESERVED, TASKS
from tests.tasks.plugins import BROKEN, GOOD, LISTS, PRINTING, install, install_list

pytestmark = pytest.mark.process

SHIPPED = " ".join(TASKS)  # their names


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
        == f"{SHIPPED} other []\nother\n"
    )


def sentences_of(site: Path) -> tuple[str, list[str]]:
    """The names of tasks that there are, and what is said of plug-ins."""
    code = (
        "from rnn_tui.tasks import BROKEN_PLUGINS, TASKS; print(*TASKS);"
        "print(*BROKEN_PLUGINS, sep='\\n')"
    )
    names, *sentences = told(site, code).splitlines()
    return names, sentences


def test_broken_ones_cost_a_sentence_each_and_nothing_else(tmp_path: Path) -> None:
    kinds = list(BROKEN.items())
    for at, (code, _) in enumerate(kinds):
        install(tmp_path, f"plugin_{at}", code)
    install(tmp_path, "good_plugin", GOOD)
    names, sentences = sentences_of(tmp_path)
    assert names == f"{SHIPPED} other"
    assert len(sentences) == len(kinds)
    for at, (code, words) in enumerate(kinds):
        (sentence,) = (one for one in sentences if f"plugin_{at} " in one)
        assert words in sentence, code
        assert sentence.isprintable(), code
        assert sentence.endswith("."), code
        assert "can't be used" in sentence, code
        assert len(sentence) < 400, code


@pytest.mark.parametrize(("words", "kind"), LISTS, ids=[kind for _, kind in LISTS])
def test_a_list_of_entry_points_that_is_none_costs_a_sentence(
    tmp_path: Path, words: str, kind: str
) -> None:
    install_list(tmp_path, "a_package", kind)
    install(tmp_path, "good_plugin", GOOD)
    names, (sentence,) = sentences_of(tmp_path)
    assert names == f"{SHIPPED} other"
    assert words in sentence
    assert sentence.isprintable()


def test_a_package_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    install(tmp_path, "good_plugin", GOOD)
    install(tmp_path / "second", "good_plugin", "TASK = 5")
    code = (
        f"import sys; sys.path.append({str(tmp_path / 'second')!r});"
        "from rnn_tui.tasks import BROKEN_PLUGINS, TASKS; print(*TASKS, BROKEN_PLUGINS)"
    )
    assert told(tmp_path, code) == f"{SHIPPED} other []\n"


@pytest.mark.parametrize("code", PRINTING, ids=PRINTING.values())
def test_what_one_prints_is_a_sentence_and_no_result(tmp_path: Path, code: str) -> None:
    install(tmp_path, "plugin", code)
    ran = shell(tmp_path, "runs", "--json")
    assert json.loads(ran.stdout) == {"runs": []}
    (sentence,) = ran.stderr.splitlines()
    assert PRINTING[code] in sentence
    assert sentence.isprintable()
    assert "prints when it is imported" in sentence


def test_what_its_problem_prints_is_no_result(tmp_path: Path) -> None:
    install(tmp_path, "plugin", GOOD + "TASK = replace(TASK, problem='plugin_problem:Problem')")
    (tmp_path / "plugin_problem.py").write_text("print('loaded')\nraise RuntimeError('gone')\n")
    ran = shell(tmp_path, "train", "other", "--json", code=1)
    assert ran.stdout == ""
    assert "RuntimeError: gone" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_no_task_is_called_as_a_command_says(tmp_path: Path) -> None:
    words = shell(tmp_path, "sweep", "--help").stdout
    assert all(f"    {word} " in words for word in RESERVED)


def shell(site: Path, *words: str, code: int = 0) -> "subprocess.CompletedProcess[str]":
    """Run a command with the plug-ins of a folder; it ends with `code`."""
    ran = subprocess.run(
        [sys.executable, "-m", "rnn_tui", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"PYTHONPATH": f"{Path.cwd()}:{site}", "RNN_TUI_HOME": str(site / "home")},
    )
    assert ran.returncode == code, ran.stderr
    return ran


@pytest.mark.parametrize("words", [["runs"], ["train", "recall", "--help"]])
def test_the_shell_tells_of_a_broken_one_and_works(tmp_path: Path, words: list[str]) -> None:
    install(tmp_path, "plugin", "TASK = 5")
    ran = shell(tmp_path, *words)
    assert "The task plug-in plugin (plugin:TASK) can't be used: TASK is no Task." in ran.stderr
