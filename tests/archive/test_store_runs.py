"""Finding, renaming, tagging and deleting runs, and who holds one."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnn_tui.archive import locks, training
from rnn_tui.archive.database_rows import insert_run, update_run
from rnn_tui.archive.locks import RunLock, is_held
from rnn_tui.archive.logged_values import pack, value_of
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from rnn_tui.engine import events
from rnn_tui.engine.errors import SettingError, StoreError
from rnn_tui.engine.events import Control
from rnn_tui.engine.files.paths import run_database, run_dir
from rnn_tui.engine.metrics import best_mean, best_seeds
from rnn_tui.tasks import TASKS
from tests.archive.kept_runs import damage, small, train

Only = Callable[[], RunRecord]
IDS = ("20250101-000000-aaaaaa", "20250101-000000-bbbbbb", "20250202-000000-cccccc")


@pytest.fixture
def store(home: Path) -> RunStore:
    """Three runs that were never trained."""
    made = RunStore()
    for at, run_id in enumerate(IDS):
        insert_run(made._connection, run_id, small(), "same", 1000.0 + at)
        update_run(made._connection, run_id, status="stopped")
    return made


def test_runs_are_listed_newest_first_with_names_of_their_own(store: RunStore) -> None:
    assert [run.run_id for run in store.runs()] == list(IDS[::-1])
    assert [run.name for run in store.runs()] == ["same-3", "same-2", "same"]
    assert store.runs("mnist") == []


def test_a_run_is_found_by_id_beginning_name_and_last(store: RunStore) -> None:
    for run_id in IDS:
        assert store.find(run_id).run_id == run_id
    assert store.find("20250101-000000-b").run_id == IDS[1]
    assert store.find("same-3").run_id == store.find("last").run_id == IDS[2]
    # A name goes before a beginning.
    store.rename(store.find(IDS[0]), "20250202")
    assert store.find("20250202").run_id == IDS[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("20250101", r"2 runs begin with .20250101.: 20250101-000000-bbbbbb, 20250101-000000-aa"),
        ("nobody", "There is no run .nobody."),
        ("", "There is no run"),
        ("\x1b[2J", "There is no run"),
        ("' OR 1=1 --", "There is no run"),
    ],
)
def test_what_is_no_run_is_said(text: str, says: str, store: RunStore) -> None:
    with pytest.raises(StoreError, match=says) as refused:
        store.find(text)
    assert str(refused.value).isprintable()


def test_renamed_tagged_and_noted(store: RunStore) -> None:
    run = store.find("last")
    assert store.rename(run, "  the best  ") == "the best"
    store.set_tags(run, ["b", " a ", "b"])
    store.set_note(run, "two\nlines \x1b[31m")
    with RunStore() as other:
        seen = other.find("the best")
    assert (seen.tags, seen.note) == (("a", "b"), "two\nlines �[31m")
    store.set_tags(run, [])
    assert store.find("last").tags == ()


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\nb", "a\x1bb", "last", "--json", "same"])
def test_what_is_no_name_is_refused(name: str, store: RunStore) -> None:
    run = store.find("last")
    with pytest.raises(SettingError, match=r"\.$"):
        store.rename(run, name)
    assert store.find("last") == run


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=90))
def test_any_text_is_a_name_that_finds_its_run_or_is_refused(name: str, store: RunStore) -> None:
    run = store.find(IDS[2])
    try:
        kept = store.rename(run, name)
    except SettingError:
        return
    assert store.find(kept).run_id == IDS[2]


def test_deleted_runs_can_be_had_back_until_they_are_old(only: Only) -> None:
    train()
    run = only()
    with RunStore() as store:
        store.delete(run)
        assert store.runs() == []
        with pytest.raises(StoreError):
            store.find(run.run_id)
        assert store.find("last", deleted=True).run_id == run.run_id
        assert store.purge() == 0
        store.restore(run)
        assert only() == run
        store.delete(run)
        assert store.purge(days=-1) == 1
        assert store.get(run.run_id) is None
        assert store.logged_values(run.run_id) == []
    assert not (run_dir() / run.run_id).exists()


def test_deleted_weights_do_not_answer(only: Only) -> None:
    from rnn_tui.archive.weights import finished_runs, run_weights  # noqa: PLC0415

    train()
    run = only()
    assert run_weights("recall", run.name).path == run.weights
    assert [source.path for source in finished_runs("recall")] == [run.weights]
    with RunStore() as store:
        store.delete(run)
    assert list(finished_runs("recall")) == []


def test_changes_are_noticed_whichever_connection_makes_them(store: RunStore) -> None:
    before = store.version()
    assert store.version() == before
    with RunStore() as other:
        other.set_note(other.find("last"), "new")
    after = store.version()
    assert after != before
    store.set_note(store.find("last"), "newer")
    assert store.version() != after


HOLD = """
import sys, time
from rnn_tui.archive.locks import RunLock
lock = RunLock.acquire(sys.argv[1])
print("held", flush=True)
time.sleep(60)
"""


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_killed_process_holds_nothing(home: Path) -> None:
    assert not is_held("run")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, "run"], stdout=subprocess.PIPE, encoding="utf-8"
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert is_held("run") is True
        with pytest.raises(StoreError, match="in training already"):
            RunLock.acquire("run")
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert is_held("run") is False
    finally:
        holder.kill()
        holder.communicate()
    lock = RunLock.acquire("run")
    assert is_held("run") is True
    lock.release()
    assert is_held("run") is False


def test_looking_does_not_pass_for_training(home: Path) -> None:
    lock = RunLock.acquire("run")
    lock.release()
    file = locks._path("run").open("ab")
    assert locks.try_lock(file)
    threading.Timer(0.1, file.close).start()  # whoever looks lets go at once
    again = RunLock.acquire("run")
    assert again is not None
    again.release()


@given(st.lists(st.floats()))
def test_packed_values_are_the_same_bits(values: list[float]) -> None:
    packed = pack(values)
    unpacked = value_of(None, packed)
    assert isinstance(unpacked, tuple)
    assert pack(unpacked) == packed
    with pytest.raises(TypeError):
        value_of(None, packed + b"abc")


def test_one_number_stands_for_several_networks() -> None:
    config = small()
    assert best_mean(config, (1.0, 3.0, 5.0, 6.0), True) == 5.5
    assert best_mean(config, (1.0, 3.0, 5.0, 6.0), False) == 2.0
    assert best_mean(config, 4.0, True) == 4.0


def test_no_database_is_made_by_looking_for_weights(home: Path) -> None:
    from rnn_tui.archive.weights import choose  # noqa: PLC0415

    assert choose("recall").label == "pretrained"
    assert not run_database().exists()


def test_a_run_that_goes_on_is_in_training_until_its_end(only: Only) -> None:
    train(stop_at=13)
    run, held = only(), []

    def watch(event: events.Event) -> None:
        if isinstance(event, events.EpochEnded):
            held.append(is_held(run.run_id))

    training.resume(run, watch, Control())
    assert held
    assert all(held)
    assert is_held(run.run_id) is False


def test_a_deleted_run_stays_for_thirty_days(only: Only) -> None:
    train()
    run, day, hour = only(), 86_400.0, 3600.0
    with RunStore() as store:
        for seconds, purged in ((30 * day - hour, 0), (30 * day + hour, 1)):
            store.delete(run)
            damage(run_database(), f"UPDATE runs SET deleted = {time.time() - seconds}")
            assert store.purge() == purged
            assert run.weights.is_file() is not purged
            if not purged:
                store.restore(run)
                assert only() == run


def test_seeds_of_a_single_network_are_those_of_the_best() -> None:
    single = TASKS["mnist"].config("lstm", "report")
    assert best_seeds(single, (90.0, 94.0), True) == (90.0, 94.0)
    assert best_seeds(single, 90.0, True) == (90.0,)
    several = small(hidden_sizes=(2, 3), seeds=2)
    assert best_seeds(several, (1.0, 3.0, 5.0, 6.0), True) == (5.0, 6.0)
    assert best_seeds(several, (1.0, 3.0, 5.0, 6.0), False) == (1.0, 3.0)
    assert best_seeds(several, (), True) == ()
