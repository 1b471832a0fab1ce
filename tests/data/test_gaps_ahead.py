"""Where the inputs to come are answered, gaps tell nothing of them, and are not asked for."""

import numpy as np
import numpy.typing as npt
import pytest

from rnn_tui.data import store
from rnn_tui.data.data_set import TEST, TRAINING, DataSet
from rnn_tui.data.options import Fill, Goal
from rnn_tui.engine.errors import DataError
from rnn_tui.tasks.data_sets.naive import naive_answers
from rnn_tui.tasks.data_sets.task import stored_task
from tests.data.reading import Read, notes
from tests.tasks.data_sets.test_problem import trained

STEPS = 2400
NOISE = np.random.default_rng(7)
NUMBERS = NOISE.normal(50, 10, STEPS).round(3)
MISSING = NOISE.random(STEPS) < 0.4


def text_of_noise() -> str:
    rows = ["x"]
    for number, missing in zip(NUMBERS, MISSING, strict=True):
        rows.append("NA" if missing else f"{number}")
    return "\n".join(rows) + "\n"


def r2_of_next(data_set: DataSet) -> float:
    """Return the R² on the test of a line from the last three inputs, by NumPy alone."""
    targets: dict[int, list[float]] = {TRAINING: [], TEST: []}
    rows: dict[int, list[npt.NDArray[np.float64]]] = {TRAINING: [], TEST: []}
    for index, part in enumerate(data_set.parts.tolist()):
        begin, first = data_set.starts[index], data_set.origin.firsts[index]
        for place in range(2, data_set.lengths[index]):
            target = data_set.targets[begin + place, 0]
            if part in targets and not np.isnan(target):
                assert not MISSING[first + place + 1]
                assert target == np.float32(NUMBERS[first + place + 1])
                read_last = data_set.values[begin + place - 2 : begin + place + 1, 0]
                rows[part].append(np.append(read_last.astype(np.float64), 1.0))
                targets[part].append(float(target))
    line, *_ = np.linalg.lstsq(np.array(rows[TRAINING]), np.array(targets[TRAINING]), rcond=None)
    true = np.array(targets[TEST])
    errors = np.square(true - np.array(rows[TEST]) @ line).sum()
    return float(1 - errors / np.square(true - true.mean()).sum())


def test_noise_with_gaps_can_not_be_predicted(read: Read) -> None:
    data_set = read(text_of_noise(), goal=Goal.NEXT).data_set
    assert abs(r2_of_next(data_set)) < 0.03
    for baseline in naive_answers(data_set):
        assert baseline.figures.get("test_r2", 0.0) < 0.03
    store.keep(data_set)
    task = stored_task(data_set.description.name)
    config = task.config("lstm", "fast", epochs=40, seeds=1).replace(workers=1)
    figures = trained(task.load(), config).metrics
    assert float(np.array(figures["test_r2"])[0]) < 0.03


def test_gaps_are_filled_from_the_past_and_never_asked_for(read: Read) -> None:
    understanding = read(text_of_noise(), goal=Goal.NEXT)
    data_set = understanding.data_set
    last = np.nan
    expected = []
    for number, missing in zip(NUMBERS, MISSING, strict=True):
        last = last if missing else number
        expected.append(last)
    test = np.repeat(data_set.parts == TEST, data_set.lengths)
    begins = np.repeat(data_set.starts[:-1] - data_set.origin.firsts, data_set.lengths)
    steps = np.arange(len(data_set.values)) - begins
    assert np.array_equal(data_set.values[test, 0], np.float32(expected)[steps[test]])
    known = ~np.isnan(data_set.targets[:, 0])
    assert not MISSING[steps[known] + 1].any()
    asked = steps[known & test] + 1
    assert np.array_equal(asked, np.flatnonzero(~MISSING[1920:]) + 1920)  # each once
    assert data_set.description.fill is Fill.PREVIOUS
    assert "filled by the number before" in notes(understanding)
    store.keep(data_set)
    again = store.load(data_set.description.name)
    assert np.array_equal(again.targets, data_set.targets, equal_nan=True)


def test_a_line_that_is_asked_for_is_not_drawn_to_what_follows(read: Read) -> None:
    understanding = read(text_of_noise(), goal=Goal.NEXT, fill=Fill.LINE)
    assert understanding.data_set.description.fill is Fill.PREVIOUS
    assert "Gaps are filled from the past" in notes(understanding)


@pytest.mark.parametrize("first", [0, 1])
def test_the_figures_leave_gaps_out(read: Read, first: int) -> None:
    rows = [f"s{row // 8},{row % 8},{row % 5 + row // 8},{row * row % 11}" for row in range(160)]
    for row in range(first, 160, 3):
        rows[row] = rows[row].rsplit(",", 2)[0] + f",,{row % 4}"
    data_set = read("id,t,x,y\n" + "\n".join(rows), goal=Goal.NEXT).data_set
    description = data_set.description
    [last] = [answer for answer in naive_answers(data_set) if answer.name == "last value"]
    errors, targets = [], []
    for index in data_set.of_part(TEST).tolist():
        steps = slice(data_set.starts[index], data_set.starts[index + 1])
        read_numbers = data_set.values[steps].astype(np.float64)
        to_come = np.array(data_set.targets[steps], np.float64)
        scale = np.array(description.deviations)
        errors.append((read_numbers[:-1] - to_come[1:]) / scale)
        targets.append((to_come[1:] - np.array(description.means)) / scale)
    error = np.nansum(np.square(np.concatenate(errors)))
    true = np.concatenate(targets)
    expected = 1 - error / np.nansum(np.square(true - np.nanmean(true, axis=0)))
    assert last.figures["test_r2"] == pytest.approx(expected, rel=1e-4)


def test_a_part_without_any_number_to_predict_is_refused(read: Read) -> None:
    rows = [f"{row}" if row < 60 or row >= 80 else "" for row in range(100)]
    content = "t,x\n" + "".join(f"{row},{number}\n" for row, number in enumerate(rows))
    with pytest.raises(DataError, match="part has none to predict"):
        read(content, goal=Goal.NEXT, step="t", inputs=("x",))


def test_without_gaps_a_data_set_is_as_it_was(read: Read) -> None:
    rows = "".join(f"{number}\n" for number in NUMBERS[:200])
    data_set = read("x\n" + rows, goal=Goal.NEXT, window=20).data_set
    assert len(data_set.targets) == 0
