"""A few processes train side by side, first come first served."""

from pathlib import Path

import pytest

from rnn_tui.archive.store import RunStore
from rnn_tui.archive.training import train
from rnn_tui.archive.turns import Turn
from rnn_tui.engine import events
from rnn_tui.engine.events import Control
from rnn_tui.engine.page import TRAININGS_VARIABLE, TURNS_VARIABLE
from rnn_tui.engine.state import Status
from tests.archive.kept_runs import small


@pytest.fixture(params=[1, 2, 3])
def places(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many may train at once."""
    monkeypatch.setenv(TURNS_VARIABLE, str(tmp_path / "turns"))
    monkeypatch.setenv(TRAININGS_VARIABLE, str(request.param))
    return int(request.param)


def try_to_take(turn: Turn) -> tuple[bool, list[int]]:
    """Whether the turn has come, and how many have to end first, as reported."""
    reported: list[int] = []
    stopped = Control()
    stopped.stop()
    return turn.take(stopped, reported.append), reported


def test_who_comes_when_all_places_are_taken_waits_for_the_first_to_end(places: int) -> None:
    training = [Turn() for _ in range(places)]
    for turn in training:
        assert try_to_take(turn) == (True, [])
    late = Turn()
    assert try_to_take(late) == (False, [1])
    # who was stopped while it waited keeps nobody else waiting
    assert try_to_take(Turn()) == (False, [1])
    with training[-1]:
        assert try_to_take(training[-1]) == (True, [])
    assert try_to_take(late) == (True, [])
    assert try_to_take(Turn()) == (False, [1])


def test_without_a_folder_to_queue_in_everybody_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TURNS_VARIABLE, raising=False)
    for _ in range(5):
        assert try_to_take(Turn()) == (True, [])


def test_a_run_that_is_stopped_before_its_turn_comes_was_never_trained(places: int) -> None:
    training = [Turn() for _ in range(places)]
    for turn in training:
        assert try_to_take(turn) == (True, [])
    emitted: list[events.Event] = []
    control = Control()
    control.stop()
    assert train(small(), emitted.append, control, "20250101-000000-aaaaaa") is None
    assert emitted[-1] == events.RunStopped("20250101-000000-aaaaaa", 0, 0.0)
    with RunStore() as store:
        (run,) = store.runs()
    assert (run.status, run.step) == (Status.STOPPED, 0)
