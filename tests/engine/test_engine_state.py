"""What a run's events add up to, the same for app and command line."""

import copy
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rnn_tui.engine import events
from rnn_tui.engine.metrics import Metric
from rnn_tui.engine.state import LOG_CAPACITY, SERIES_CAPACITY, RunState, Series, Status
from rnn_tui.tasks.config import ImageConfig

CONFIG = ImageConfig(
    task="mnist", cell="lstm", preset="report", epochs=2, batch_size=100, learning_rate=1e-3
)
SPECS = (Metric("train_loss", "training loss"), Metric("val_loss", "validation loss"))
ID = "run"

START = events.RunStarted(ID, CONFIG.replace(seed=5), SPECS, 8, 4, 400, 1234, "cpu")
STORY: list[events.Event] = [
    events.LogLine(ID, "400 images."),
    START,
    events.StepLogged(ID, 2, {"train_loss": 2.0}, 1000.0, 0.5),
    events.RunPaused(ID, 3),
    events.RunResumed(ID, 3),
    events.StepLogged(ID, 4, {"train_loss": 1.0}, 2000.0, 1.0),
    events.CheckpointSaved(ID, 4, "/tmp/x"),
    events.EpochEnded(ID, 1, 4, {"train_loss": 1.5, "val_loss": 0.75}, 1.25, 1.25),
    events.LogLine(ID, "Careful.", "warning"),
    events.StepLogged(ID, 8, {"train_loss": 0.5}, 3000.0, 2.0),
    events.EpochEnded(ID, 2, 8, {"train_loss": 0.6, "val_loss": 0.5}, 1.0, 2.25),
]


def state_after(*run_events: events.Event) -> RunState:
    state = RunState(ID, CONFIG)
    for event in run_events:
        state = state.apply(event)
    return state


def test_a_new_run_is_loading_and_knows_nothing() -> None:
    state = state_after()
    assert state.status is Status.LOADING
    assert state.status.active
    assert state.progress == 0.0
    assert state.remaining is None


def test_a_whole_run() -> None:
    state = state_after(*STORY, events.RunFinished(ID, 8, {"test_accuracy": 99.0}, 2.5))
    assert state.status is Status.FINISHED
    assert not state.status.active
    assert state.config == START.config
    assert (state.metric_definitions, state.device, state.parameters) == (SPECS, "cpu", 1234)
    assert (state.step, state.total_steps, state.steps_per_epoch) == (8, 8, 4)
    assert state.progress == 1.0
    assert state.remaining is None
    assert (state.rate, state.elapsed) == (3000.0, 2.5)
    # By fractions of an epoch; an epoch's mean training loss is in its row, not in the curve.
    assert state.series == {
        "train_loss": Series((0.5, 1.0, 2.0), (2.0, 1.0, 0.5)),
        "val_loss": Series((1.0, 2.0), (0.75, 0.5)),
    }
    assert [(row.epoch, row.seconds) for row in state.epochs] == [(1, 1.25), (2, 1.0)]
    assert state.epochs[0].metrics == {"train_loss": 1.5, "val_loss": 0.75}
    assert state.results == {"test_accuracy": 99.0}
    assert [line.text for line in state.log] == ["400 images.", "Careful."]
    assert state.message == "Careful."
    assert state.checkpoint == "/tmp/x"


@pytest.mark.parametrize(
    ("length", "status", "step"),
    [
        (1, Status.LOADING, 0),
        (2, Status.TRAINING, 0),
        (3, Status.TRAINING, 2),
        (4, Status.PAUSED, 3),
        (5, Status.TRAINING, 3),
        (6, Status.TRAINING, 4),
        (11, Status.TRAINING, 8),
    ],
)
def test_status_on_the_way(length: int, status: Status, step: int) -> None:
    state = state_after(*STORY[:length])
    assert (state.status, state.step) == (status, step)
    assert state.status.active
    assert state.progress == step / 8


def test_remaining_time_goes_by_the_pace_so_far() -> None:
    assert state_after(*STORY[:6]).remaining == pytest.approx(1.0 / 4 * 4)


def test_a_stopped_run() -> None:
    state = state_after(*STORY[:4], events.RunStopped(ID, 3, 0.75))
    assert (state.status, state.step, state.elapsed) == (Status.STOPPED, 3, 0.75)
    assert not state.status.active
    assert state.results == {}


def test_a_failed_run() -> None:
    state = state_after(*STORY, events.RunFailed(ID, 7, "It broke."))
    assert (state.status, state.message, state.step) == (Status.FAILED, "It broke.", 7)
    assert not state.status.active
    assert len(state.epochs) == 2
    assert state_after(events.RunFailed(ID, 0, "No data.")).status is Status.FAILED


def test_apply_leaves_the_state_before_it_as_it_was() -> None:
    state = RunState(ID, CONFIG)
    for event in [*STORY, events.RunFinished(ID, 8, {}, 1.0)]:
        before = copy.deepcopy(state)
        after = state.apply(event)
        assert state == before
        state = after


def test_other_runs_change_nothing() -> None:
    state = state_after(*STORY[:5])
    for event in STORY:
        other = copy.copy(event)
        object.__setattr__(other, "run_id", "another")
        assert state.apply(other) is state


def test_log_keeps_its_latest_lines() -> None:
    lines = [events.LogLine(ID, str(index)) for index in range(LOG_CAPACITY + 20)]
    state = state_after(*lines)
    assert state.log == tuple(lines[-LOG_CAPACITY:])


@settings(max_examples=5)
@given(st.integers(1, 2 * SERIES_CAPACITY), st.randoms(use_true_random=False), st.floats(1, 1e6))
@example(3 * SERIES_CAPACITY + 1, Random(0), 7.0)
def test_series_is_bounded_and_keeps_extremes_and_ends(
    count: int, random: Random, height: float
) -> None:
    values = [random.uniform(-1.0, 1.0) for _ in range(count)]
    values[random.randrange(count)] = height
    values[random.randrange(count)] = -height
    series = Series()
    for index, value in enumerate(values):
        series = series.append(float(index), value)
        assert len(series.x) == len(series.y) <= SERIES_CAPACITY
    assert (min(series.y), max(series.y)) == (min(values), max(values))
    assert (series.x[0], series.x[-1]) == (0.0, count - 1.0)
    assert list(series.x) == sorted(set(series.x))
    assert all(values[int(x)] == y for x, y in zip(series.x, series.y, strict=True))
    assert len(series.x) >= min(count, SERIES_CAPACITY // 4)


def test_series_append_is_pure() -> None:
    series = Series((1.0,), (2.0,))
    assert series.append(3.0, 4.0) == Series((1.0, 3.0), (2.0, 4.0))
    assert series == Series((1.0,), (2.0,))


def test_a_resumed_run_is_as_fast_as_this_session_is() -> None:
    """Whatever the sessions before took, on another machine perhaps."""
    resumed = events.RunStarted(ID, CONFIG, SPECS, 8, 4, 400, 1234, "cpu", first_step=4)
    state = state_after(resumed, events.StepLogged(ID, 5, {}, 1000.0, 5000.0))
    assert state.remaining is None
    state = state.apply(events.StepLogged(ID, 6, {}, 1000.0, 5001.0))
    assert state.remaining == pytest.approx(2.0)
    # of a run that was followed until it stopped, too, and went back to its checkpoint
    state = state_after(
        *STORY[:10], resumed, *(events.StepLogged(ID, n, {}, 1.0, 2.0 * n) for n in (5, 6))
    )
    assert state.remaining == pytest.approx(4.0)
