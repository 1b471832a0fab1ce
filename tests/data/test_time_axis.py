"""The labels of an axis of dates: they have room, ascend and can be told apart."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.data.options import Goal, ReadingOptions
from rnn_tui.data.time_axis import GAP, TimeAxis, axis_of_each, step_times
from rnn_tui.data.understanding import understand
from rnn_tui.engine.errors import SafeText

DAY = 86_400.0
NEW_YEAR = 1_704_067_200.0  # 2024-01-01 00:00 UTC
SECONDS = st.floats(-3.0, 10.0).map(lambda exponent: 10.0**exponent)  # from a ms to 300 years


def dates(*times: float) -> TimeAxis:
    return TimeAxis(SafeText("time"), [np.array(times)], dated=True)


@given(st.floats(-3e9, 3e9), SECONDS, st.integers(0, 200))
def test_labels_fit_ascend_and_differ(first: float, span: float, room: int) -> None:
    times = (first, first + span)
    ticks = dates(*times).ticks(room)
    labels = list(ticks.values())
    assert sum(map(len, labels)) + GAP * len(labels) <= room
    assert all(before < after for before, after in pairwise(ticks))
    assert len(set(labels)) == len(labels)
    # a date has microseconds
    assert all(times[0] - 1e-5 <= tick <= times[1] + 1e-5 for tick in ticks)
    if room >= 28:
        assert len(labels) >= 2 or span < 0.002


@pytest.mark.parametrize(
    ("span", "room", "labels"),
    [
        (3 * 366 * DAY, 40, ["2024", "2025", "2026", "2027"]),
        (2 * DAY, 36, ["2024-01-01", "2024-01-02", "2024-01-03"]),
        (DAY, 24, ["2024-01-01", "2024-01-02"]),
        (DAY, 14, ["01-01", "01-02"]),
        (0.4, 44, ["00:00:00.000", "00:00:00.200", "00:00:00.400"]),
        (0.4, 16, ["00.000", "00.400"]),
        (0.0, 14, ["2024-01-01"]),
        (DAY, 5, []),
    ],
)
def test_labels_are_round_or_of_both_ends(span: float, room: int, labels: list[str]) -> None:
    assert list(dates(NEW_YEAR, NEW_YEAR + span).ticks(room).values()) == labels


def test_numbers_have_no_dates() -> None:
    assert TimeAxis(SafeText("tick"), [np.array([0.5, 1.0])]).ticks(80) == {}


def test_steps_have_the_times_of_their_file(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    rows = [f"{2015 + at // 12}-{1 + at % 12:02}-01,{at * 37 % 11}" for at in range(80)]
    file.write_text("\n".join(["month,sales", *rows]))
    data_set = understand(file, ReadingOptions(goal=Goal.NEXT)).data_set
    times = step_times(data_set, 1)
    assert times is not None
    name, words = times
    assert name == "month"
    assert len(words) == data_set.lengths[1]
    assert words[0] in data_set.sequence_name(1)
    assert set(words) <= {row[:10] for row in rows}
    last = len(data_set.lengths) - 1
    axis = axis_of_each(data_set, [0, last])
    assert (axis.name, axis.dated) == ("month", True)
    assert [len(positions) for positions in axis.positions] == data_set.lengths[[0, last]].tolist()
    assert axis.positions[0][0] < axis.positions[1][0]
    file.write_text("\n".join(["sales", *(row.split(",")[1] for row in rows)]))
    without = understand(file, ReadingOptions(goal=Goal.NEXT)).data_set
    assert step_times(without, 0) is None
    assert axis_of_each(without, [0, 1]).positions[1][:2].tolist() == [1.0, 2.0]
