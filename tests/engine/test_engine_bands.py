"""What a run's events add up to where it trains several replicas."""

from collections.abc import Mapping
from random import Random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rnn_tui.engine import events
from rnn_tui.engine.metrics import Metric, Spread
from rnn_tui.engine.state import SERIES_CAPACITY, RunState, SpreadSeries
from rnn_tui.tasks.config import ImageConfig, SequenceConfig

ID = "run"
CONFIG = SequenceConfig(
    task="recall",
    preset="report",
    epochs=2,
    batch_size=1,
    learning_rate=2e-3,
    hidden_sizes=(2, 5),
    losses=("ce",),
    lengths=(3, 11),
    training_size=8,
    test_size=10,
    seeds=3,
)
SPECS = (Metric("train_loss", "training loss"), Metric("val_loss", "validation loss"))
START = events.RunStarted(ID, CONFIG, SPECS, 16, 8, 8, 100, "cpu")
FIRST = (1.0, 2.0, 3.0, 10.0, 20.0, 60.0)
SECOND = (0.5, 1.0, 1.5, 7.0, 7.0, 7.0)


def logged(step: int, **replicas: tuple[float, ...]) -> events.StepLogged:
    return events.StepLogged(ID, step, {}, 1.0, float(step), replicas)


def ended(epoch: int, **replicas: tuple[float, ...]) -> events.EpochEnded:
    return events.EpochEnded(ID, epoch, 8 * epoch, {}, 1.0, float(epoch), replicas)


def state_after(*run_events: events.Event) -> RunState:
    # What is known before the run starts may be another configuration: its own is in `RunStarted`.
    state = RunState(ID, CONFIG.replace(seeds=1, hidden_sizes=(3,)))
    for event in (START, *run_events):
        state = state.apply(event)
    return state


def assert_band(band: SpreadSeries, x: tuple[float, ...], rows: list[tuple[float, ...]]) -> None:
    assert band.x == x
    assert band.mean == pytest.approx(np.mean(rows, axis=1))
    assert band.sd == pytest.approx(np.std(rows, axis=1, ddof=1))
    assert band.low == tuple(map(min, rows))
    assert band.high == tuple(map(max, rows))


def test_steps_become_one_band_a_variant() -> None:
    state = state_after(logged(4, train_loss=FIRST), logged(8, train_loss=SECOND))
    small, large = state.bands["train_loss"]
    assert_band(small, (0.5, 1.0), [FIRST[:3], SECOND[:3]])
    assert_band(large, (0.5, 1.0), [FIRST[3:], SECOND[3:]])
    assert state.series == {}


def test_epochs_add_to_the_bands_and_keep_a_row() -> None:
    state = state_after(
        logged(8, train_loss=FIRST),
        ended(1, train_loss=FIRST, val_loss=FIRST),
        ended(2, train_loss=SECOND, val_loss=SECOND),
    )
    # An epoch's mean training loss is in its row, not in the curve.
    assert state.bands["train_loss"][0].x == (1.0,)
    assert_band(state.bands["val_loss"][1], (1.0, 2.0), [FIRST[3:], SECOND[3:]])
    assert [row.replicas for row in state.epochs] == [
        {"train_loss": FIRST, "val_loss": FIRST},
        {"train_loss": SECOND, "val_loss": SECOND},
    ]


def test_spreads_are_the_latest_figures_over_seeds() -> None:
    state = state_after(ended(1, val_loss=FIRST))
    assert state.spreads("val_loss") == (Spread(FIRST[:3]), Spread(FIRST[3:]))
    assert state.spreads("test_loss") == ()
    state = state.apply(ended(2, val_loss=SECOND))
    assert state.spreads("val_loss") == (Spread(SECOND[:3]), Spread(SECOND[3:]))
    state = state.apply(events.RunFinished(ID, 16, {}, 2.0, {"test_loss": FIRST}))
    assert state.replica_results == {"test_loss": FIRST}
    assert state.spreads("test_loss") == (Spread(FIRST[:3]), Spread(FIRST[3:]))
    assert state.spreads("val_loss") == (Spread(SECOND[:3]), Spread(SECOND[3:]))


def test_nothing_is_known_before_the_first_epoch() -> None:
    assert state_after().spreads("val_loss") == ()
    assert state_after(logged(4, train_loss=FIRST)).spreads("train_loss") == ()


def test_one_seed_is_a_band_of_no_width() -> None:
    state = RunState(ID, CONFIG.replace(seeds=1)).apply(logged(1, train_loss=(4.0, 5.0)))
    for band, value in zip(state.bands["train_loss"], (4.0, 5.0), strict=True):
        assert band.mean == band.low == band.high == (value,)
        assert band.sd == (0.0,)
    assert state_after(ended(1, val_loss=FIRST)).spreads("val_loss")[0].sd == 1.0


def test_a_single_network_has_no_bands() -> None:
    image = ImageConfig(
        task="mnist", cell="lstm", preset="report", epochs=1, batch_size=1, learning_rate=0.1
    )
    state = RunState(ID, image)
    state = state.apply(events.StepLogged(ID, 1, {"train_loss": 1.0}, 1.0, 1.0))
    state = state.apply(events.EpochEnded(ID, 1, 1, {"val_loss": 1.0}, 1.0, 1.0))
    assert state.bands == {}
    assert state.spreads("val_loss") == ()
    assert state.series.keys() == {"train_loss", "val_loss"}


def test_apply_leaves_the_bands_before_it_as_they_were() -> None:
    state = state_after(logged(4, train_loss=FIRST))
    bands: Mapping[str, tuple[SpreadSeries, ...]] = dict(state.bands)
    state.apply(logged(8, train_loss=SECOND, val_loss=SECOND))
    assert state.bands == bands
    assert state.bands["train_loss"][0].x == (0.5,)


@settings(max_examples=4)
@given(st.integers(1, 2 * SERIES_CAPACITY), st.randoms(use_true_random=False))
@example(3 * SERIES_CAPACITY + 1, Random(0))
def test_a_band_is_bounded_and_each_of_its_points_is_true(count: int, random: Random) -> None:
    spreads = [Spread((random.uniform(0, 1), random.uniform(0, 1))) for _ in range(count)]
    band = SpreadSeries()
    for x, spread in enumerate(spreads):
        band = band.append(float(x), spread)
        assert len(band.x) <= SERIES_CAPACITY
    assert (band.x[0], band.x[-1]) == (0.0, count - 1.0)
    assert list(band.x) == sorted(set(band.x))
    assert len(band.x) >= min(count, SERIES_CAPACITY // 2)
    for x, mean, sd, low, high in zip(band.x, band.mean, band.sd, band.low, band.high, strict=True):
        spread = spreads[int(x)]
        assert (mean, sd, low, high) == (spread.mean, spread.sd, spread.low, spread.high)
