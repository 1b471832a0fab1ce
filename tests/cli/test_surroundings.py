"""What is around the program when it starts: variables, a home, a working folder."""

import os
from pathlib import Path

import pytest

from rnn_tui.engine.errors import SettingError
from rnn_tui.ui.terminal.textual_variables import check_variables
from tests.cli.command_line import run_inside
from tests.program import start_program
from tests.terminal import Terminal


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("TEXTUAL_DRIVER", "os:path", "its own driver"),
        ("TEXTUAL_DRIVER", "", "is empty"),
        ("TEXTUAL_COLOR_SYSTEM", "purple\x1b[31m", "one of auto, standard"),
        ("TEXTUAL_COLOR_SYSTEM", "", "is empty"),
        ("ESCDELAY", "9" * 400, "at most 6 digits"),
        ("TEXTUAL_FPS", "1000000000", "at most 6 digits"),
        ("TEXTUAL_PRESS", "a,wait:long", "milliseconds"),
        ("TEXTUAL_LOG", "/nowhere/at/all", "can't be written"),
        ("TEXTUAL_LOG", "/", "can't be written"),
    ],
)
def test_a_wrong_variable_of_textuals_is_one_sentence(name: str, value: str, words: str) -> None:
    with pytest.raises(SettingError, match=words) as refused:
        check_variables({name: value})
    assert str(refused.value).startswith(f"{name} is ")
    assert "\x1b" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TEXTUAL_DRIVER", "textual.drivers.web_driver:WebDriver"),
        ("TEXTUAL_COLOR_SYSTEM", "truecolor"),
        ("ESCDELAY", "25"),
        ("TEXTUAL_FPS", "many"),
        ("TEXTUAL_PRESS", "a,wait:100"),
        ("PATH", "/bin"),
    ],
)
def test_other_variables_are_none_of_its_business(name: str, value: str) -> None:
    check_variables({name: value})


@pytest.mark.process
@pytest.mark.parametrize(
    ("name", "value"),
    [("TEXTUAL_COLOR_SYSTEM", "purple"), ("TEXTUAL_DRIVER", "x"), ("RNN_TUI_HOME", "x" * 300)],
)
def test_the_app_says_so_before_it_takes_the_terminal(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    terminal = Terminal()
    try:
        assert terminal.wait_for_end() == 2
        assert not terminal.taken
        assert not terminal.not_restored()
        [line] = terminal.output.splitlines()
        assert line.startswith("rnn-tui: ")
    finally:
        terminal.close()


def test_a_home_that_no_folder_can_be_is_said_and_one_with_escapes_is_printed_without(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RNN_TUI_HOME", str(tmp_path / ("x" * 300)))
    code, out, err = run_inside(["runs"])
    assert (code, out) == (2, "")
    assert "RNN_TUI_HOME" in err
    assert len(err.splitlines()) == 1
    monkeypatch.setenv("RNN_TUI_HOME", f"{tmp_path}/a\x1b[31mb")
    code, out, err = run_inside(["--help"])
    assert code == 0
    assert "\x1b" not in out + err
    assert "a\N{REPLACEMENT CHARACTER}[31mb" in out.replace("\n", "")


@pytest.mark.process
@pytest.mark.parametrize("arguments", [["runs"], ["train", "recall", "--preset", "fast"]])
def test_from_a_folder_that_was_removed_nothing_begins(
    tmp_path: Path, arguments: list[str]
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    program = start_program(
        code=f"import os; os.rmdir({str(folder)!r}); import sys\n"
        f"from rnn_tui.cli.main import main; sys.exit(main({arguments!r}))",
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        stdout=-1,
        stderr=-1,
        text=True,
    )
    out, err = program.communicate(timeout=120)
    assert (program.returncode, out) == (2, "")
    assert err == "rnn-tui: the working folder has been removed; go to another one (cd) first.\n"
