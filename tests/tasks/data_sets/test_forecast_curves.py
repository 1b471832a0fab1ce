"""The end of each series with its forecasts, as documents and the app draw it."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from rnn_tui.data.options import Goal
from rnn_tui.data.origin import time_in_words
from rnn_tui.data.times_ahead import times_after
from rnn_tui.engine.progress import UNWATCHED
from rnn_tui.tasks.data_sets.application import Application
from rnn_tui.tasks.data_sets.applying import Voters
from rnn_tui.tasks.data_sets.forecast_curves import forecast_curves
from rnn_tui.tasks.sequences.inference import ReplicaChoice
from tests.data.reading import Read
from tests.tasks.data_sets.conftest import SmallOn
from tests.tasks.data_sets.test_applying import networks

STEPS = np.arange(100)
SALES = (
    100 + 30 * np.sin(STEPS * 2 * np.pi / 12) + np.random.default_rng(0).normal(0, 3, 100)
).round(3)
MONTHS = [date(2015 + step // 12, step % 12 + 1, 1).isoformat() for step in STEPS.tolist()]
TABLE = "month,sales\n" + "".join(
    f"{month},{number}\n" for month, number in zip(MONTHS, SALES.tolist(), strict=True)
)


@pytest.mark.parametrize("horizon", [1, 6])
def test_forecasts_after_the_file_are_those_of_predict(
    read: Read, small_on: SmallOn, tmp_path: Path, horizon: int
) -> None:
    data_set = read(TABLE, goal=Goal.NEXT, horizon=horizon).data_set
    _, network = networks(small_on(data_set, seeds=2, hidden_sizes=(3,)))
    path = tmp_path / "new.csv"
    path.write_text(TABLE)
    application = Application(network, path, ReplicaChoice(), lambda _sentence: None, UNWATCHED)
    [answers] = application.answers()
    ends = answers.ends
    assert ends is not None

    voters = Voters(network, data_set, ReplicaChoice(), UNWATCHED)
    [curve] = forecast_curves(voters, data_set)
    assert curve.title == "sales"
    assert curve.numbers == pytest.approx(SALES[-48:])
    assert [time_in_words(x, dated=True) for x in curve.x[-2:]] == MONTHS[-2:]
    ahead = curve.to_come
    assert ahead.numbers == pytest.approx(answers.outputs[-1], rel=1e-5)
    assert ahead.low == pytest.approx(ends[0][-1], rel=1e-5)
    assert ahead.high == pytest.approx(ends[1][-1], rel=1e-5)
    assert time_in_words(ahead.x[0], dated=True) == "2023-05-01"

    checked = curve.checked
    assert checked is not None
    if horizon == 1:
        assert checked.numbers == pytest.approx(answers.outputs[-13:-1, 0], rel=1e-5)
        assert checked.x == pytest.approx(curve.x[-12:])
    else:
        assert checked.numbers == pytest.approx(answers.outputs[-7], rel=1e-5)
        assert checked.x == pytest.approx(curve.x[-6:])


def test_times_go_on_by_months_weeks_and_numbers() -> None:
    def after(*days: str) -> list[str]:
        times = np.array([np.datetime64(day, "s").astype(float) for day in days])
        return [time_in_words(time, dated=True) for time in times_after(times, 2, dated=True)]

    assert after("2023-10-01", "2023-11-01", "2023-12-01") == ["2024-01-01", "2024-02-01"]
    assert after("2023-04-15", "2023-07-15") == ["2023-10-15", "2024-01-15"]
    assert after("2023-10-31", "2023-11-30", "2023-12-31") == ["2024-01-31", "2024-02-29"]
    assert after("2023-12-18", "2023-12-25") == ["2024-01-01", "2024-01-08"]
    assert times_after(np.array([3.0, 5.0, 7.0]), 2, dated=False).tolist() == [9.0, 11.0]
    assert times_after(np.array([3.0]), 2, dated=False).tolist() == [4.0, 5.0]
