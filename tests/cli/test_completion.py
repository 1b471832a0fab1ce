"""Completion as a user meets it: a real shell in a terminal, keys typed, Tab, and what the command then got.

Where a shell is not installed, its tests are skipped. Names of runs are anybody's text: whatever a
name looks like, the command gets exactly that, and nothing of it is run.
"""

import contextlib
import fcntl
import os
import select
import shutil
import sqlite3
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rnn_tui.archive.database import connect, names_to_type
from rnn_tui.cli.completion import SHELLS
from rnn_tui.engine.files.paths import run_database
from tests.cli.command_line import environment, run_inside

pty = pytest.importorskip("pty")

PATIENCE = 60.0
# By what is typed of them. What is in them would be run, cut or left out by a shell that does not quote.
NAMES = {
    "my": "my first run",
    "sub": "sub$(touch ran)",
    "tick": "tick`touch ran`; touch ran & touch ran",
    "quote": "quote 'single' and \"double\"",
    "star": "star * ? [a] {b,c} ~",
    "back": "back\\slash \\$HOME $HOME ${HOME} %d",
    "colon": "colon:and=equals,comma@at",
    "bang": "bang !! !$ #hash",
    "pipe": "pipe | < > ( )",
    "ünï": "ünïcode ✓ 数字",
    "recall-": "recall-fast",
    "\\$": "$(touch ran)",
    "\\~": "~root",
    "\\'": "'",
    "\\*": "*",
}
# Those that no command would take for a name go by their ids.
BY_ID = {"7a7a": "-rf", "7b7b": "two\nlines", "7c7c": "\x1b[31mred", "7d7d": "", "7e7e": "last"}
STARTS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
    "tcsh": ["tcsh", "-f"],
}
PREPARE = {
    "bash": "PS1='ready> '; source {script}",
    "zsh": "PS1='ready> '; unsetopt beep; fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -D",
    "fish": "function fish_prompt; echo 'ready> '; end; source {script}",
    "tcsh": "set prompt='ready> '; source {script}",
}
# Stands on the path as rnn-tui: writes down what it got, unless a shell asks for names.
RECORDER = """#!/bin/sh
[ "$3" = --names ] && exec {program} "$@"
printf '%s\\0' "$@" > got.tmp
mv got.tmp got
"""


class Shell:
    """A shell in a terminal, in the folder `place`, with completion switched on."""

    def __init__(self, name: str, place: Path) -> None:
        self.place = place
        code, script, _ = run_inside(["completion", name])
        assert code == 0
        path = place / "scripts" / ("_rnn-tui" if name == "zsh" else "rnn-tui")
        path.parent.mkdir()
        path.write_text(script, encoding="utf-8")
        recorder = place / "bin" / "rnn-tui"
        recorder.parent.mkdir()
        recorder.write_text(RECORDER.format(program=Path(sys.executable).with_name("rnn-tui")))
        recorder.chmod(0o755)
        ours, theirs = pty.openpty()
        self._ours = ours
        variables = {"HOME": str(place), "TERM": "xterm", "LC_ALL": "C.UTF-8", "HISTFILE": ""}
        variables["PATH"] = f"{recorder.parent}{os.pathsep}{os.environ['PATH']}"
        self._process = subprocess.Popen(
            STARTS[name],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=place,
            start_new_session=True,
            env=environment(**variables),
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - one thread
        )
        os.close(theirs)
        self.output = ""

    def prepare(self, name: str) -> None:
        """Switch completion on."""
        path = next((self.place / "scripts").iterdir())
        self.type(PREPARE[name].format(script=path, folder=path.parent) + "\r")
        self.wait(lambda: self.output.count("ready> ") >= 2)

    def type(self, keys: str) -> None:
        """Type."""
        os.write(self._ours, keys.encode())

    def wait(self, until: object) -> None:
        """Take what is drawn until something holds."""
        give_up = time.monotonic() + PATIENCE
        while not until():  # type: ignore[operator]
            assert time.monotonic() < give_up, self.output[-2000:]
            if select.select([self._ours], [], [], 0.05)[0]:
                with contextlib.suppress(OSError):
                    self.output += os.read(self._ours, 65536).decode(errors="replace")

    def got(self, typed: str) -> list[str]:
        """What the command gets once this was typed, and Enter."""
        prompts = self.output.count("ready> ")
        self.type(f"{typed}\r")  # a shell takes the next key when it has done with Tab
        result = self.place / "got"
        self.wait(result.exists)
        arguments = result.read_text(encoding="utf-8").split("\0")[:-1]
        result.unlink()
        self.wait(lambda: self.output.count("ready> ") > prompts)
        return arguments

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        os.close(self._ours)


def name_runs() -> None:
    """Runs with all of those names, as a program that does not care may have written them."""
    connection, _ = connect(run_database())
    with contextlib.closing(connection):
        rows = [
            (f"20260101-000000-{number:06x}", name) for number, name in enumerate(NAMES.values())
        ]
        rows += [(f"20260102-000000-{tail}00", name) for tail, name in BY_ID.items()]
        connection.executemany(
            "INSERT INTO runs (id, name, task, model, preset, config, created, updated, status)"
            " VALUES (?, ?, 'recall', 'lstm', 'fast', '{}', 1, 1, 'finished')",
            rows,
        )


@pytest.fixture
def place(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a few files, in a home with runs."""
    name_runs()
    (tmp_path / "my photos").mkdir()
    (tmp_path / "my photos" / "3 a.jpg").touch()
    (tmp_path / "my photos" / "paper.toml").touch()
    (tmp_path / "weights $(touch ran).safetensors").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def shell(request: pytest.FixtureRequest, place: Path) -> Iterator[Shell]:
    """The shell that a test names."""
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    shell = Shell(request.param, place)
    try:
        shell.prepare(request.param)
        yield shell
    finally:  # a shell whose terminal is gone may turn in circles for ever
        shell.close()


def in_shells(*names: str) -> pytest.MarkDecorator:
    """Run a test in each of these shells."""
    return pytest.mark.parametrize("shell", names, indirect=True)


@pytest.mark.long
@in_shells("bash", "zsh", "fish")
def test_names_of_runs_come_as_they_are_and_nothing_in_them_is_run(shell: Shell) -> None:
    for typed, name in NAMES.items():
        assert shell.got(f"rnn-tui runs show {typed}\t") == ["runs", "show", name]
    for tail in BY_ID:
        run_id = f"20260102-000000-{tail}00"
        assert shell.got(f"rnn-tui runs show {run_id[:-2]}\t") == ["runs", "show", run_id]
    for quote in "'\"":
        assert shell.got(f"rnn-tui runs show {quote}my f\t") == ["runs", "show", "my first run"]
    assert shell.got("rnn-tui runs show other\t") == ["runs", "show", "other"]
    assert not list(shell.place.rglob("ran"))


@pytest.mark.long
@in_shells("tcsh")
def test_tcsh_is_told_of_names_that_need_no_quotes(shell: Shell) -> None:
    assert shell.got("rnn-tui runs show recall-\t") == ["runs", "show", "recall-fast"]
    assert shell.got("rnn-tui runs show sub\t") == ["runs", "show", "sub"]
    assert not list(shell.place.rglob("ran"))


@pytest.mark.long
@in_shells(*SHELLS)
def test_what_completes(shell: Shell) -> None:
    for typed, words in {
        "pred\twe\t": "predict|weights $(touch ran).safetensors",  # a command, a file
        "inspect mn\t--npz my\t": "inspect|mnist|--npz|my photos",
        "runs comp\t": "runs|compare",
        "train rec\t": "train|recall",
        "train recall --learning-r\t0.1": "train|recall|--learning-rate|0.1",
        "train mnist --preset pho\t": "train|mnist|--preset|photos",
        "train mnist --cell bil\t": "train|mnist|--cell|bilstm",
        "train mnist --data-dir my\t": "train|mnist|--data-dir|my photos",
        "train --resume recall-\t": "train|--resume|recall-fast",
        "recall 1 2 3 --run recall-\t": "recall|1|2|3|--run|recall-fast",
        "runs --task adde\t": "runs|--task|adder",
        "runs export recall-\t--to tens\t": "runs|export|recall-fast|--to|tensorboard",
        "runs export recall-fast --metric val_bit\t": "runs|export|recall-fast|--metric|val_bit_accuracy",
        "add 1 1 --loss ms\t": "add|1|1|--loss|mse",
        "train adder --loss ms\t": "train|adder|--loss|mse",
        "rerun course-\t": "rerun|course-report",
        "completion tc\t": "completion|tcsh",
    }.items():
        # Where a value can come behind = too, zsh and fish put it there; zsh takes a / away at the end.
        got = "|".join(shell.got(f"rnn-tui {typed}")).replace("learning-rate=", "learning-rate|")
        assert got.replace("my photos/", "my photos") == words


@pytest.mark.long
@in_shells("bash", "zsh", "fish")
def test_what_completes_in_shells_that_know_more(shell: Shell) -> None:
    for typed, words in {
        "predict my\t3\t": "predict|my photos/3 a.jpg",
        "runs compare recall-\tcol\t": "runs|compare|recall-fast|colon:and=equals,comma@at",
        "runs rename recall-\t": "runs|rename|recall-fast",
        "train mnist --preset=pho\t": "train|mnist|--preset=photos",
        "train adder --loss mse,b\t": "train|adder|--loss|mse,bce",
        "report --only mnist,rec\t": "report|--only|mnist,recall",
        "rerun my\tpa\t": "rerun|my photos/paper.toml",
    }.items():
        assert shell.got(f"rnn-tui {typed}") == words.split("|")


@pytest.mark.long
@in_shells("bash", "zsh", "fish")
def test_restore_completes_deleted_runs_and_nothing_else_does(shell: Shell) -> None:
    with contextlib.closing(sqlite3.connect(run_database())) as connection, connection:
        connection.execute("UPDATE runs SET deleted = 1 WHERE name = 'my first run'")
    assert shell.got("rnn-tui runs restore my\t") == ["runs", "restore", "my first run"]
    assert shell.got("rnn-tui runs restore recall-\t") == ["runs", "restore", "recall-"]
    assert shell.got("rnn-tui runs show my\t") == ["runs", "show", "my"]


# --- the names that a shell asks for --------------------------------------------------------------


def test_names_begin_with_the_last_run_and_are_the_newest_first(home: Path) -> None:
    assert names_to_type() == []
    assert not run_database().exists()  # a question makes no database
    name_runs()
    names = names_to_type()
    assert names[0] == "last"
    assert set(names[1:]) == {*NAMES.values(), *(f"20260102-000000-{tail}00" for tail in BY_ID)}
    assert names_to_type(deleted=True) == []


@pytest.mark.parametrize("damage", ["bytes", "folder", "foreign", "locked", "view"])
def test_without_a_database_that_can_be_read_there_are_no_names_and_no_words(
    damage: str, home: Path
) -> None:
    path = run_database()
    match damage:
        case "bytes":
            path.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)
        case "folder":
            path.mkdir()
        case "foreign":
            with contextlib.closing(sqlite3.connect(path)) as connection, connection:
                connection.execute("CREATE TABLE runs (id, name, deleted, created)")
        case _:
            name_runs()
    with (
        contextlib.closing(sqlite3.connect(path))
        if damage in ("locked", "view")
        else contextlib.nullcontext() as other
    ):
        if damage == "locked":
            other.execute("PRAGMA journal_mode = DELETE")
            other.execute("BEGIN EXCLUSIVE")
        elif damage == "view":  # that would never end
            other.execute("ALTER TABLE runs RENAME TO old")
            other.execute(
                "CREATE VIEW runs AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
                " SELECT i AS id, i AS name, NULL AS deleted, i AS created FROM n"
            )
            other.commit()
        assert run_inside(["completion", "bash", "--names", "runs"]) == (0, "", "")


@pytest.mark.process
def test_a_shell_asks_without_loading_what_is_heavy(home: Path) -> None:
    name_runs()
    snippet = "import sys; from rnn_tui.cli.main import main; main(['completion', 'bash', '--names', 'runs']); print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", snippet], capture_output=True, encoding="utf-8", check=True
    )
    *names, modules = result.stdout.splitlines()
    assert "recall-fast" in names
    wanted = {
        name
        for name in modules.split()
        if name.startswith(("rnn_tui.", "numpy", "torch", "textual", "rich", "shtab"))
    }
    assert "rnn_tui.archive.database" in wanted
    assert not wanted & {
        "numpy",
        "torch",
        "textual",
        "rich",
        "shtab",
        "rnn_tui.tasks",
        "rnn_tui.archive.store",
    }


@pytest.mark.process
@pytest.mark.parametrize("arguments", [[], ["ksh"]])
def test_another_shell_is_refused(arguments: list[str]) -> None:
    code, out, err = run_inside(["completion", *arguments])
    assert (code, out) == (2, "")
    assert "shell" in err or "ksh" in err
