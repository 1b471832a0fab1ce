"""What comes from workers: in any order, twice, with gaps, or made up; the database has each event
once.
"""

import dataclasses
import json
import sqlite3
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnn_tui.archive.event_json import event_from, to_document
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import CheckpointError, StoreError
from rnn_tui.engine.events import new_run_id
from rnn_tui.engine.files.paths import run_database, weights_of
from rnn_tui.engine.state import Status
from rnn_tui.sweeps.cluster import ClusterWorkers
from rnn_tui.sweeps.importer import Attempt, EventBatch, Importer, store_checkpoint, unpack_events
from rnn_tui.sweeps.store import SweepStore
from rnn_tui.sweeps.worker import pack
from rnn_tui.tasks import TASKS
from tests.harmless import is_one_harmless_line

HELLO = {"host": "there", "versions": {"torch": "2.0"}}
EPOCHS = 4


def config() -> RunConfig:
    return TASKS["mnist"].config("rnn", "fast", epochs=EPOCHS, workers=1)


def all_events(run_id: str) -> list[events.Event]:
    """All events of a run of two steps an epoch."""
    run_events: list[events.Event] = [
        events.RunStarted(
            run_id, config(), TASKS["mnist"].metric_definitions, 2 * EPOCHS, 2, 100, 10, "cpu"
        )
    ]
    for epoch in range(1, EPOCHS + 1):
        for step in (2 * epoch - 1, 2 * epoch):
            run_events.append(
                events.StepLogged(run_id, step, {"train_loss": 1.0 / step}, 10.0, 0.1 * step)
            )
        run_events.append(
            events.EpochEnded(
                run_id, epoch, 2 * epoch, {"val_accuracy": 90.0 + epoch}, 0.1, 0.2 * epoch
            )
        )
        run_events.append(events.LogLine(run_id, f"epoch {epoch}"))
    run_events.append(events.RunFinished(run_id, 2 * EPOCHS, {"test_accuracy": 97.0}, 1.0))
    return run_events


def new_run() -> str:
    run_id = new_run_id()
    with SweepStore() as store:
        record = RunRecord(run_id, run_id, config(), Status.LOADING, 0.0, 0.0)  # type: ignore[arg-type]
        store.add_runs("some", 0, {}, [record])
    return run_id


def documents(run_events: list[events.Event]) -> list[Any]:
    """Events as JSON has them, which is how they come."""
    received: list[Any] = json.loads(json.dumps([to_document(event) for event in run_events]))
    return received


@pytest.mark.parametrize("event", all_events("a"), ids=lambda event: type(event).__name__)
def test_an_event_is_the_same_after_its_way(event: events.Event) -> None:
    assert event_from(documents([event])[0], "a", config()) == event


def test_the_gradient_norms_of_layers_are_not_sent() -> None:
    event = events.StepLogged("a", 1, {"train_loss": 1.0}, 10.0, 0.1)
    with_norms = dataclasses.replace(event, layer_norms={"readout": 0.5})
    assert event_from(documents([with_norms])[0], "a", config()) == event


# where each begins, and how many events it has
PIECES = st.lists(st.tuples(st.integers(0, 18), st.integers(0, 18)), max_size=20)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PIECES)
def test_whatever_comes_late_twice_or_never_each_event_is_there_once(
    pieces: list[tuple[int, int]],
) -> None:
    run_id = new_run()
    sent = documents(all_events(run_id))
    with Importer() as importer:
        attempt = importer.begin(run_id, config(), "token", HELLO)
        new: list[events.Event] = []

        def write(first: int, count: int) -> None:
            batch = EventBatch(attempt, first, sent[first : first + count])
            for _, new_events in importer.write([batch]):
                new.extend(new_events)

        for first, count in pieces:
            write(first, count)
        while attempt.end is None:  # what is lacking is asked for
            write(attempt.next_number, 5)
        assert new == all_events(run_id)[:-1]
        importer.record([(attempt, [attempt.end])])
    with RunStore() as store:
        record = store.get(run_id)
        assert record is not None
        assert (record.status, record.final, record.best) == (Status.FINISHED, 97.0, 94.0)
        assert [logged.epoch for logged in store.logged_values(run_id, "epoch")] == [1, 2, 3, 4]
        assert [logged.step for logged in store.logged_values(run_id, "step")] == list(range(1, 9))
        assert [text for _, _, text in store.log(run_id)] == [
            f"epoch {epoch}" for epoch in range(1, 5)
        ]
        (session,) = store.sessions(run_id)
        assert (session.host, session.versions) == ("there", {"torch": "2.0"})


def test_a_batch_behind_a_gap_waits() -> None:
    run_id = new_run()
    sent = documents(all_events(run_id))
    with Importer() as importer:
        attempt = importer.begin(run_id, config(), "token", HELLO)
        assert importer.write([EventBatch(attempt, 3, sent[3:])]) == []
        assert attempt.next_number == 0


def test_another_attempt_forgets_what_came_after_its_checkpoint() -> None:
    run_id = new_run()
    sent = documents(all_events(run_id))
    with Importer() as importer:
        first = importer.begin(run_id, config(), "first", HELLO)
        importer.write([EventBatch(first, 0, sent[:10])])
        second_start = events.RunStarted(
            run_id,
            config(),
            TASKS["mnist"].metric_definitions,
            2 * EPOCHS,
            2,
            100,
            10,
            "cpu",
            first_step=2,
        )
        resent = documents([second_start, *all_events(run_id)[5:]])
        second = importer.begin(run_id, config(), "second", HELLO)
        importer.write([EventBatch(second, 0, resent)])
    with RunStore() as store:
        assert [logged.epoch for logged in store.logged_values(run_id, "epoch")] == [1, 2, 3, 4]
        assert [logged.step for logged in store.logged_values(run_id, "step")] == list(range(1, 9))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=8,
)
FIELDS = [*{name for event in all_events("a") for name in to_document(event)}]
made_up = st.fixed_dictionaries({}, optional={name: anything for name in FIELDS if name != "kind"})


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([type(event).__name__ for event in all_events("a")]) | anything, made_up)
def test_made_up_events_break_nothing(kind: Any, rest: Mapping[str, Any]) -> None:
    run_id = new_run()
    sent = documents(all_events(run_id))[:1]
    with Importer() as importer:
        attempt = importer.begin(run_id, config(), "token", HELLO)
        importer.write([EventBatch(attempt, 0, [*sent, {"kind": kind, **rest}])])
    with RunStore() as store:
        record = store.get(run_id)
        assert record is not None
        assert record.status is not Status.DAMAGED
        store.state(record)


@pytest.mark.parametrize(
    "hello",
    [{}, {"host": 3, "versions": []}, {"host": "\x1b[31mred" * 99, "versions": {"a\n": "\x1b"}}],
)
def test_a_worker_may_say_anything_of_itself(hello: Mapping[str, Any]) -> None:
    run_id = new_run()
    with Importer() as importer:
        attempt = importer.begin(run_id, config(), "token", hello)
        importer.write([EventBatch(attempt, 0, documents(all_events(run_id))[:3])])
    with RunStore() as store:
        (session,) = store.sessions(run_id)
        assert session.host.isprintable()
        assert all(f"{name}{version}".isprintable() for name, version in session.versions.items())


@given(anything | st.fixed_dictionaries({"host": anything, "versions": anything}))
def test_a_worker_that_says_what_can_not_be_is_refused_in_a_sentence(description: Any) -> None:
    workers = ClusterWorkers(None, print)  # type: ignore[arg-type]  # nobody is asked
    misfit = workers.admit("tcp://there", description)
    assert misfit.endswith(".")
    assert is_one_harmless_line(misfit)
    assert not workers.usable


def test_nothing_is_written_where_the_database_is_locked() -> None:
    run_id = new_run()
    with Importer() as importer:
        attempt = importer.begin(run_id, config(), "token", HELLO)
        other = sqlite3.connect(run_database(), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        importer._connection.execute("PRAGMA busy_timeout = 10")
        with pytest.raises(StoreError, match="locked"):
            importer.write([EventBatch(attempt, 0, documents(all_events(run_id)))])
        assert attempt.next_number == 0
        other.execute("ROLLBACK")
        other.close()
        importer.write([EventBatch(attempt, 0, documents(all_events(run_id)))])
        assert attempt.next_number == len(all_events(run_id)) - 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no zlib",
        zlib.compress(b"{}"),
        zlib.compress(b"[" * 10**6),
        zlib.compress(b"[0" + b",0" * 30_000 + b"]"),
    ],
)
def test_an_answer_without_events_is_refused(data: bytes) -> None:
    with pytest.raises(StoreError, match="worker's answer"):
        unpack_events(data)


def test_what_is_no_checkpoint_of_the_run_replaces_none(tmp_path: Path) -> None:
    run_id = new_run()
    attempt = Attempt(run_id, config(), "token", None)  # type: ignore[arg-type]
    kept = weights_of(run_id)
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"what was there")
    junk = tmp_path / "junk"
    junk.write_bytes(b"junk")
    for data, error in ((pack(junk), CheckpointError), (b"no zlib", zlib.error)):
        with pytest.raises(error):
            store_checkpoint(attempt, data, None)
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]
    assert kept.read_bytes() == b"what was there"


def test_the_traceback_of_a_failure_comes_home_for_the_log() -> None:
    """A sentence for the user points to the log file here, not to one on another machine."""
    run_id = new_run_id()
    failed = events.RunFailed(run_id, 3, "It failed; see the log.", "File “x”\n  line 1\x1b[31m")
    document = json.loads(json.dumps(to_document(failed)))
    again = event_from(document, run_id, config())
    assert again == failed
    assert isinstance(again, events.RunFailed)
    assert again.traceback.splitlines()[0] == "File “x”"
    assert "\x1b" not in again.traceback
    del document["traceback"]  # of a worker of an earlier version
    assert event_from(document, run_id, config()) == dataclasses.replace(failed, traceback="")
