"""An earlier version's database becomes this one's, wholly or not at all; others are refused."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from rnn_tui.archive import database as schema
from rnn_tui.archive.database import connect
from rnn_tui.archive.store import RunStore
from rnn_tui.engine.errors import StoreError
from rnn_tui.engine.files.paths import run_database
from rnn_tui.engine.state import Status
from tests.archive.kept_runs import train

# A database as the first version wrote it: three small runs with tags, notes and all values.
FIRST_VERSION = Path(__file__).parent / "runs_version_1.sql"


def restored(dump: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript(dump.read_text())
    connection.close()


def test_what_the_first_version_wrote_is_read(home: Path) -> None:
    restored(FIRST_VERSION, run_database())
    with RunStore() as store:
        runs = {run.name: run for run in store.runs()}
        assert list(runs) == ["adder-first", "mnist-first", "recall-first"]
        statuses = [run.status for run in runs.values()]
        assert statuses == [Status.INTERRUPTED, Status.STOPPED, Status.FINISHED]
        recall = runs["recall-first"]
        assert (recall.tags, recall.note) == (("good", "old"), "the first run")
        assert recall.config.seeds == 2  # type: ignore[attr-defined]
        assert recall.final is not None
        moments = store.logged_values(recall.run_id)
        assert [m.step for m in moments if m.kind == "step"] == list(range(1, 11))
        assert [m.epoch for m in moments if m.kind == "epoch"] == [1, 2]
        assert len(moments[-1].replicas["test_accuracy"]) == 2
        assert len(store.state(recall).epochs) == 2
        session = store.sessions(recall.run_id)[0]
        assert session.versions["rnn-tui"] == "0.1.0"
        assert session.load == {}  # which it knew nothing of
        assert store.rename(recall, "renamed") == "renamed"
    connection = sqlite3.connect(run_database())
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    assert version == len(schema.MIGRATIONS)
    connection.close()


def test_a_next_version_keeps_everything(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    restored(FIRST_VERSION, run_database())
    with RunStore() as store:
        before = store.runs()
        values = [store.logged_values(run.run_id) for run in before]
    more = ("ALTER TABLE runs ADD COLUMN colour INTEGER", "UPDATE runs SET colour = 3")
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, more))
    for _ in range(2):  # done once
        with RunStore() as store:
            assert store.runs() == before
            assert [store.logged_values(run.run_id) for run in before] == values
            rows = store._connection.execute("SELECT DISTINCT colour FROM runs").fetchall()
            assert [tuple(row) for row in rows] == [(3,)]


def test_a_migration_that_fails_changes_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    restored(FIRST_VERSION, run_database())
    with RunStore() as store:
        before = store.runs()
    broken = ("DELETE FROM runs", "ALTER TABLE nowhere ADD COLUMN x")
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
        with pytest.raises(StoreError):
            RunStore()
    with RunStore() as store:
        assert store.runs() == before


def of_a_later_version(path: Path) -> None:
    train()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def of_another_program(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.close()


def not_a_database(path: Path) -> None:
    path.write_bytes(b"\xff" * 5000)


def overwritten(path: Path) -> None:
    train()
    data = bytearray(path.read_bytes())
    data[100:4000] = b"\xaa" * 3900
    path.write_bytes(data)


def a_folder(path: Path) -> None:
    path.mkdir()


BROKEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "of a later version": (of_a_later_version, "update rnn-tui"),
    "of another program": (of_another_program, "another program's"),
    "not a database": (not_a_database, "move it away"),
    "overwritten": (overwritten, "move it away"),
    "a folder": (a_folder, "can't be used"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_what_can_not_be_used_is_refused_by_name_and_left_alone(how: str, home: Path) -> None:
    spoil, hint = BROKEN[how]
    path = run_database()
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreError) as refused, RunStore() as store:
        store.runs()
    message = str(refused.value)
    assert str(path) in message
    assert hint in message
    assert message.endswith(".")
    assert message.isprintable()
    assert before is None or path.read_bytes() == before


def test_a_file_where_the_folder_should_be(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "file").touch()
    monkeypatch.setenv("RNN_TUI_HOME", str(home / "file"))
    with pytest.raises(StoreError, match="RNN_TUI_HOME"):
        RunStore()


OPEN = """
import sys
from pathlib import Path
from rnn_tui.archive.database import connect
for number in range(100):
    print(connect(Path(sys.argv[1], str(number), "runs.db"))[1])
"""


@pytest.mark.process
def test_processes_that_make_it_at_once_make_it_once(tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", OPEN, str(tmp_path)]
    processes = [
        subprocess.Popen(arguments, stdout=subprocess.PIPE, encoding="utf-8") for _ in range(3)
    ]
    outputs = [process.communicate(timeout=60)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    for made in zip(*outputs, strict=True):  # one database after the other
        assert sorted(made) == ["False", "False", "True"]
    connection, _ = connect(tmp_path / "0" / "runs.db")
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    connection.close()


def test_a_new_database_that_another_program_holds_is_waited_for(home: Path) -> None:
    run_database().parent.mkdir(parents=True, exist_ok=True)
    other = sqlite3.connect(run_database(), isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")  # others may read meanwhile
    release = threading.Timer(0.3, other.execute, ["ROLLBACK"])
    release.start()
    connection, created = connect(run_database())
    assert created
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    for each in (connection, other):
        each.close()
