"""One bad value costs one run: it says that it is damaged, and all others are as they were."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rnn_tui.archive import recorder, training
from rnn_tui.archive.curves import lines
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from rnn_tui.engine.errors import StoreError, printable
from rnn_tui.engine.events import Control
from rnn_tui.engine.files.paths import run_database
from rnn_tui.engine.state import Status
from tests.archive.kept_runs import METRIC, damage, keep, small

GOOD, BAD = "20250101-000000-aaaaaa", "20250101-000000-bbbbbb"


@pytest.fixture
def two(home: Path) -> Path:
    """A run, and another that is to be damaged."""
    keep(GOOD, small())
    keep(BAD, small(seed=5))
    return run_database()


def both() -> tuple[RunRecord, RunRecord]:
    """The run, and the one that was damaged."""
    with RunStore() as store:
        runs = store.runs()
    assert len(runs) == 2
    (good,) = (run for run in runs if run.run_id == GOOD)
    (bad,) = (run for run in runs if run.run_id != GOOD)
    return good, bad


ROWS = {
    "final": "'x'",
    "note": "x'00ff'",
    "created": "'abc'",
    "updated": "1e300",
    "step": "-3",
    "total_steps": "9223372036854775807",
    "steps_per_epoch": "0.5",
    "parameters": "'many'",
    "device": "x'01'",
    "elapsed": "9e999",
    "specs": "5",
    "metric": "x'41'",
    "best": "'high'",
    "status": "'dancing'",
    "config": "'[]'",
    "name": "x'ff'",
    "message": "x''",
}


@pytest.mark.parametrize("column", ROWS)
def test_a_bad_value_in_a_row_of_a_run(column: str, two: Path) -> None:
    damage(two, f"UPDATE runs SET {column} = {ROWS[column]} WHERE id = '{BAD}'")
    good, bad = both()
    assert good.status is Status.FINISHED
    assert bad.status is Status.DAMAGED
    assert column in bad.message
    with pytest.raises(StoreError, match=rf"is damaged: .*{column}.*deleted"):
        _ = bad.undamaged
    with RunStore() as store:
        store.delete(bad)
        assert [run.run_id for run in store.runs()] == [GOOD]
        store.restore(bad)
        store.delete(bad)
        assert store.purge(days=-1) == 1
        assert [run.run_id for run in store.runs()] == [GOOD]


SPECS = json.dumps([{"name": "a", "label": ["b"]}])
CONFIG = json.dumps({**small().to_dict(), "preset": "\x1b[31m"})


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE runs SET specs = '{SPECS}'",
        f"UPDATE runs SET config = '{CONFIG}'",
        f"UPDATE runs SET config = '{'[' * 9000}'",
        "UPDATE runs SET id = '../../etc'",
        "UPDATE runs SET id = NULL",
        "UPDATE runs SET id = x'2e2e'",
        "UPDATE runs SET deleted = 'x', deleted = NULL, name = CAST(x'ff' AS BLOB)",
    ],
)
def test_what_is_damaged_in_other_ways_is_listed_and_can_be_deleted(
    statement: str, two: Path
) -> None:
    damage(two, f"{statement} WHERE id = '{BAD}'")
    good, bad = both()
    assert (good.status, bad.status) == (Status.FINISHED, Status.DAMAGED)
    with RunStore() as store:
        assert store.get(bad.run_id) == bad
        store.delete(bad)
        assert [run.run_id for run in store.runs()] == [GOOD]


def test_text_that_is_no_utf_8_costs_no_run(two: Path) -> None:
    damage(two, f"UPDATE runs SET name = CAST(x'61ff62' AS TEXT) WHERE id = '{BAD}'")
    good, bad = both()
    assert (good.status, bad.status, bad.name) == (Status.FINISHED, Status.FINISHED, "a�b")


def test_a_tag_that_is_none_is_its_run_s_damage(two: Path) -> None:
    damage(two, f"INSERT INTO tags VALUES ('{BAD}', x'ff'), ('{GOOD}', 'fine')")
    good, bad = both()
    assert (good.tags, bad.status) == (("fine",), Status.DAMAGED)


def read_moments(store: RunStore, run: RunRecord) -> object:
    return store.logged_values(run.run_id)


def read_curve(store: RunStore, run: RunRecord) -> object:
    return lines(store.outlines([run], METRIC), "step")


def read_state(store: RunStore, run: RunRecord) -> object:
    return store.state(run)


@pytest.mark.parametrize(
    ("statement", "questions"),
    [
        ("UPDATE points SET replicas = x'00'", [read_moments, read_curve, read_state]),
        ("UPDATE points SET replicas = NULL, value = 'x'", [read_moments, read_curve, read_state]),
        ("UPDATE points SET replicas = x''", [read_state]),
        ("UPDATE moments SET elapsed = 'x'", [read_moments, read_curve, read_state]),
        ("UPDATE moments SET seconds = -1 WHERE kind = 'epoch'", [read_moments, read_state]),
    ],
)
def test_values_that_are_none_are_told_of_their_run_alone(
    statement: str, questions: list[Callable[[RunStore, RunRecord], object]], two: Path
) -> None:
    damage(two, statement + (" AND" if "WHERE" in statement else " WHERE") + f" run_id = '{BAD}'")
    good, bad = both()
    with RunStore() as store:
        for question in (read_moments, read_curve, read_state):
            question(store, good)
        for question in questions:
            with pytest.raises(StoreError, match=rf"{BAD} is damaged .*delete {BAD} removes it"):
                question(store, bad)
        assert store.metrics(bad.run_id) == [METRIC]


def test_sessions_and_lines_stay_to_be_looked_at(two: Path) -> None:
    damage(
        two,
        "UPDATE sessions SET host = x'00', workers = 'x', versions = '[1]', device = char(27)",
        "UPDATE lines SET text = x'41', at = 'now'",
    )
    good, _ = both()
    with RunStore() as store:
        (session,) = store.sessions(good.run_id)
        ((at, _, text),) = store.log(good.run_id)
    assert (session.host, session.workers, session.versions) == ("?", 0, {})
    assert (session.device, at, text) == ("�", 0.0, "?")


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE runs RENAME COLUMN final TO last_one",
        "ALTER TABLE tags RENAME COLUMN tag TO label",
        "ALTER TABLE runs RENAME TO walks",
        "DROP TABLE tags",
        "CREATE TRIGGER t BEFORE UPDATE ON runs BEGIN SELECT RAISE(ABORT, 'boo'); END",
        "CREATE VIEW v AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c) SELECT x "
        "FROM c",
    ],
)
def test_another_shape_of_the_database_is_one_sentence(statement: str, two: Path) -> None:
    damage(two, statement)
    with pytest.raises(StoreError, match=r"database of runs .*move it away") as refused:
        RunStore().runs()
    assert printable(refused.value, 1000) == str(refused.value)


def test_a_damaged_run_does_not_go_on(two: Path) -> None:
    damage(two, f"UPDATE runs SET note = x'00', status = 'stopped' WHERE id = '{BAD}'")
    _, bad = both()
    with pytest.raises(StoreError, match=r"is damaged: .*note"):
        training.resume(bad, lambda _: None, Control())


@pytest.mark.parametrize(
    "change",
    [
        {
            "events": [
                {
                    "kind": "StepLogged",
                    "step": "x",
                    "metrics": {},
                    "rate": 1.0,
                    "elapsed": 1.0,
                    "replicas": {},
                }
            ]
        },
        {
            "events": [
                {
                    "kind": "EpochEnded",
                    "epoch": 1,
                    "step": 2**80,
                    "metrics": {},
                    "seconds": 1,
                    "elapsed": 1.0,
                    "replicas": {},
                }
            ]
        },
        {
            "events": [
                {
                    "kind": "RunFinished",
                    "step": 1,
                    "metrics": {},
                    "seconds": 1.0,
                    "replicas": {METRIC: []},
                }
            ]
        },
        {"events": [{"kind": "LogLine", "text": None, "level": "info", "topic": ""}]},
        {"created": float("nan")},
        {"name": ["x"]},
    ],
)
def test_a_file_beside_the_database_with_a_bad_value_costs_nothing(
    change: dict[str, object], two: Path
) -> None:
    run_id = "20250101-000000-cccccc"
    path = recorder.write_spill(recorder.Spill(run_id, "spilled", 3.0, small(), None, []))
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert both()
    assert path.exists()


def test_names_that_are_no_text_are_one_sentence(two: Path) -> None:
    damage(
        two,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET name = CAST(x'ff' AS TEXT), sql = 'bad' WHERE name = 'lines'",
    )
    with pytest.raises(StoreError, match=r"is damaged .*move it away"):
        RunStore().runs()
