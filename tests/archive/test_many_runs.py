"""Lists of very many runs: of what is known already, only what is new is read."""

import time
from collections.abc import Callable

import pytest

from rnn_tui.archive import database_rows
from rnn_tui.archive.database import connect, transaction
from rnn_tui.archive.database_rows import insert_run, update_run
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from rnn_tui.cli.main import main
from rnn_tui.engine.errors import StoreError
from rnn_tui.engine.files.paths import run_database
from rnn_tui.engine.state import Status
from tests.archive.kept_runs import small

MANY = 300


@pytest.fixture
def store(home: object) -> RunStore:
    """Many runs, the newest with the highest number, all finished."""
    connection, _ = connect(run_database())
    with transaction(connection):
        for number in range(MANY):
            run_id = f"20260101-0000{number // 60:02}-{number:04}"
            insert_run(connection, run_id, small(seed=number), f"run{number}", float(number))
            update_run(connection, run_id, status=Status.FINISHED)
    connection.close()
    return RunStore()


def test_of_runs_that_are_known_only_what_changed_is_read_again(store: RunStore) -> None:
    old_runs = {run.run_id: run for run in store.runs()}
    assert len(old_runs) == MANY
    with RunStore() as other:  # as another process would
        other.rename(other.find("run7"), "renamed")
        other.set_note(other.find("run8"), "a note")
        other.set_tags(other.find("run9"), ["tagged"])
        other.delete(other.find("run10"))
        run = other.find("run11")
    connection, _ = connect(run_database())
    update_run(connection, run.run_id, updated=time.time(), step=5, best=0.5)
    connection.close()
    new_runs = {run.run_id: run for run in store.runs()}
    read_again = [run for run_id, run in new_runs.items() if run is not old_runs[run_id]]
    assert {(run.name, run.note, run.tags, run.step, run.best) for run in read_again} == {
        ("renamed", "", (), 0, None),
        ("run8", "a note", (), 0, None),
        ("run9", "", ("tagged",), 0, None),
        ("run11", "", (), 5, 0.5),
    }
    assert [run.name for run in store.runs(deleted=True)] == ["run10"]
    assert old_runs.keys() - new_runs.keys() == {store.runs(deleted=True)[0].run_id}


def test_a_run_is_found_without_reading_the_others(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[RunRecord | None] = []

    def counting(make: Callable[..., RunRecord | None]) -> Callable[..., RunRecord | None]:
        def counted(*arguments: object) -> RunRecord | None:
            read.append(make(*arguments))
            return read[-1]

        return counted

    monkeypatch.setattr(database_rows, "record_from_row", counting(database_rows.record_from_row))
    assert store.find("run123").name == "run123"
    assert store.find("20260101-000002-0123").name == "run123"
    assert store.find("20260101-000002-0124").name == "run124"
    assert store.find("last").name == f"run{MANY - 1}"
    assert len(store.runs(most=5)) == 5
    with pytest.raises(StoreError, match="300 runs begin with"):
        store.find("2026")
    with pytest.raises(StoreError, match="There is no run"):
        store.find("other")
    assert store.interrupted() == []
    assert len(read) < 10


def test_all_of_a_long_list_are_printed_in_a_pipe(
    store: RunStore, capsys: pytest.CaptureFixture[str]
) -> None:
    store.close()
    assert main(["runs"]) == 0
    printed = capsys.readouterr().out.splitlines()
    names = dict.fromkeys(line.split("\t")[0] for line in printed[1:])
    assert list(names) == [f"run{number}" for number in reversed(range(MANY))]
