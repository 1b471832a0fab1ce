"""Streams that are closed, full, or have no bytes for a character: one sentence, the right code."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rnn_tui.cli.main import prepare_streams
from rnn_tui.cli.output import Lines
from tests.archive.kept_runs import train
from tests.cli.command_line import (
    COMMAND,
    EXIT_FAILURE,
    EXIT_USAGE,
    PATIENCE,
    assert_one_sentence,
    environment,
    rnn_tui,
)
from tests.tasks.plugins import GOOD, install

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
# Each prints less than what Python keeps back before it writes.
SMALL = [
    ["--help"],
    ["runs", "--json"],
    ["add", "1", "1", "--quiet"],
    *(
        pytest.param(arguments.split(), marks=pytest.mark.long)
        for arguments in (
            "--version",
            "add --help",
            "runs",
            "runs show last",
            "runs export last --to csv",
            "inspect adder 1 1 --quiet",
            "recall 314 --json --quiet",
            "report --only recall --no-training",
        )
    ),
]
ANSWER = "1 + 1 = 10 → ✓ – …"


@pytest.fixture(scope="module")
def with_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a run in it."""
    path = tmp_path_factory.mktemp("with-run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RNN_TUI_HOME", str(path))
        train()
    return path


@contextmanager
def _closed_pipe() -> Iterator[int]:
    ours, theirs = os.pipe()
    os.close(ours)
    yield theirs
    os.close(theirs)


def started(arguments: list[str], home: Path, **streams_of: Any) -> tuple[int, str, str]:
    """Exit code, stdout and stderr; without what would hide that stdout is not flushed."""
    variables = environment(RNN_TUI_HOME=str(home))
    variables.pop("PYTHONUNBUFFERED", None)
    result = subprocess.run(
        [*COMMAND, *arguments],
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams_of},
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        env=variables,
        timeout=PATIENCE,
        check=False,
    )
    return result.returncode, result.stdout, result.stderr


@pytest.mark.process
@pytest.mark.parametrize("arguments", SMALL, ids=" ".join)
def test_small_output_that_nobody_reads_is_a_quiet_failure(
    arguments: list[str], with_run: Path
) -> None:
    with _closed_pipe() as theirs:
        code, _, err = started(arguments, with_run, stdout=theirs)
    assert (code, err) == (EXIT_FAILURE, "")


@pytest.mark.process
@needs_full
@pytest.mark.parametrize("arguments", SMALL, ids=" ".join)
def test_small_output_to_a_full_device_is_said_of_stdout(
    arguments: list[str], with_run: Path
) -> None:
    with FULL.open("w") as full:
        code, _, err = started(arguments, with_run, stdout=full)
    assert code == EXIT_FAILURE
    assert "stdout can't be written (No space left on device)" in assert_one_sentence(err)


@pytest.mark.process
@needs_full
@pytest.mark.parametrize(("arguments", "expected"), [(["add", "1", "1"], 0), (["no"], EXIT_USAGE)])
def test_messages_that_can_not_be_written_change_nothing(
    arguments: list[str], expected: int, home: Path
) -> None:
    with FULL.open("w") as full, _closed_pipe() as nobody:
        for stream in (full, nobody):
            code, out, _ = started(arguments, home, stderr=stream)
            assert code == expected
            assert out == ("1 + 1 = 10  ✓\n" if not expected else "")


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")
@pytest.mark.parametrize(
    ("closed", "code", "out"),
    [("add 1 1 2>&-", 0, "1 + 1 = 10  ✓\n"), ("add 1 1 >&-", 0, ""), ("<&-", EXIT_USAGE, "")],
)
def test_nothing_else_gets_into_the_place_of_a_closed_stream(
    closed: str, code: int, out: str, home: Path
) -> None:
    result = subprocess.run(
        ["sh", "-c", f'"{sys.executable}" -m rnn_tui {closed}'],
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        timeout=PATIENCE,
        check=False,
    )
    assert (result.returncode, result.stdout) == (code, out)
    assert "Traceback" not in result.stderr
    assert "fault" not in result.stderr


# A locale without UTF-8, which Python then takes at its word.
ASCII: Mapping[str, str] = {
    "LANG": "C",
    "LC_ALL": "C",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
}


@pytest.mark.process
@pytest.mark.parametrize("arguments", [*SMALL, ["train", "mnist", "--help"]], ids=" ".join)
def test_a_locale_without_utf_8_is_no_fault(arguments: list[str], with_run: Path) -> None:
    result = rnn_tui(*arguments, RNN_TUI_HOME=str(with_run), **ASCII)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.isascii()
    assert "\\u" not in result.stdout or json.loads(result.stdout)


@pytest.mark.process
def test_what_was_typed_wrong_is_said_in_such_a_locale() -> None:
    result = rnn_tui("runs", "show", "no…run", **ASCII)
    assert result.returncode == EXIT_FAILURE
    assert assert_one_sentence(result.stderr).isascii()


@pytest.mark.process
def test_the_home_of_nobody_is_said_in_a_sentence() -> None:
    for arguments in (["runs"], ["--help"], ["add", "1", "1"], []):
        result = rnn_tui(*arguments, RNN_TUI_HOME="~no-such-user/x")
        assert (result.returncode, result.stdout) == (EXIT_USAGE, "")
        assert "RNN_TUI_HOME" in assert_one_sentence(result.stderr)


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", ANSWER),
        ("ascii", "1 + 1 = 10 -> right - ..."),
        ("cp1252", "1 + 1 = 10 -> right – …"),  # what it has of its own stays
    ],
)
def test_what_a_stream_can_not_write_gets_a_substitute(
    encoding: str, shown: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with (tmp_path / "out").open("w", encoding=encoding) as file:
        monkeypatch.setattr(sys, "stdout", file)
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        prepare_streams()
        Lines(sys.stdout).print([(ANSWER, "")], [("日\udcff", "")])
        sys.stdout.flush()
    first, second = (tmp_path / "out").read_text(encoding).splitlines()
    assert first == shown
    assert second == ("日?" if encoding == "utf-8" else "??")


#: A plug-in that, once it is imported, does what prints on stderr wherever nobody listens.
LOUD = """
class Loud:
    def __del__(self):
        raise ValueError("an object's end")

def warn_and_fail():
    time.sleep(0.3)
    warnings.warn("a warning of a library", RuntimeWarning)
    Loud()
    raise ZeroDivisionError("a thread's end")

threading.Thread(target=warn_and_fail).start()
"""


@pytest.mark.process
def test_what_a_library_says_on_stderr_is_logged(tmp_path: Path) -> None:
    install(tmp_path, "loud", f"import threading, time, warnings\n{GOOD}{LOUD}")
    path = os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", "")))
    result = rnn_tui("papers", PYTHONPATH=path, RNN_TUI_HOME=str(tmp_path / "home"))
    assert (result.returncode, result.stderr) == (0, "")
    log = (tmp_path / "home" / "log" / "rnn-tui.log").read_text()
    for words in ("a warning of a library", "an object's end", "a thread's end"):
        assert words in log
