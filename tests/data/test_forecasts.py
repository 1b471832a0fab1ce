"""Series are forecast from windows of their past, each step of the test once."""

import numpy as np
import pytest

from rnn_tui.data import store
from rnn_tui.data.data_set import TEST, TRAINING, VALIDATION
from rnn_tui.data.forecast import IN_WORDS, Transform
from rnn_tui.data.inputs import anchors, in_units, standardised_targets
from rnn_tui.data.options import Goal
from rnn_tui.data.seasons import season_of
from rnn_tui.engine.errors import DataError
from rnn_tui.tasks.data_sets.naive import naive_answers
from tests.data.reading import Read, notes

MONTHS = np.arange(144)
SALES = 100 + 2 * MONTHS + 30 * np.sin(MONTHS * 2 * np.pi / 12)
SALES = (SALES + np.random.default_rng(0).normal(0, 2, 144)).round(3)
TABLE = "sales\n" + "".join(f"{number}\n" for number in SALES)


@pytest.mark.parametrize("horizon", [1, 3])
def test_each_step_of_the_test_is_asked_once_and_training_knows_nothing_of_it(
    read: Read, horizon: int
) -> None:
    data_set = read(TABLE, goal=Goal.NEXT, horizon=horizon).data_set
    description = data_set.description
    assert description.forecast is not None
    assert description.forecast.season == 12
    asked = []
    for index, part in enumerate(data_set.parts.tolist()):
        first = int(data_set.origin.firsts[index])
        targets = data_set.target(index)
        for place, row in enumerate(targets):
            for ahead, number in enumerate(row, start=1):
                if np.isnan(number):
                    continue
                assert number == np.float32(SALES[first + place + ahead])
                if part == TRAINING:
                    assert first + place + ahead < 86
                if part == TEST and ahead == 1:
                    asked.append(first + place + 1)
                    assert place + 1 >= min(description.forecast.context, first + place + 1)
    assert asked == list(range(115, 144))
    assert len(data_set.values) < 8 * 144 + 8 * description.forecast.context


def test_the_transform_is_chosen_told_and_undone(read: Read) -> None:
    understanding = read(TABLE, goal=Goal.NEXT, horizon=2)
    data_set = understanding.data_set
    forecast = data_set.description.forecast
    assert forecast is not None
    assert forecast.transform is not Transform.PLAIN
    assert IN_WORDS[forecast.transform] in notes(understanding)
    index = int(data_set.of_part(TEST)[0])
    values, targets = data_set.sequence(index), data_set.target(index)
    relative = standardised_targets(
        data_set.description, targets, anchors(data_set.description, values)
    )
    again = in_units(data_set.description, relative, values)
    known = ~np.isnan(targets)
    assert again[known] == pytest.approx(targets[known], rel=1e-5)


def test_baselines_are_those_of_the_whole_series(read: Read) -> None:
    data_set = read(TABLE, goal=Goal.NEXT).data_set
    figures = {
        answer.name: answer.figures["test_rmse"]
        for answer in naive_answers(data_set)
        if answer.figures
    }
    test = SALES[115:]

    def rmse(answers: object) -> float:
        return float(np.sqrt(np.mean(np.square(test - answers))))

    assert figures["last value"] == pytest.approx(rmse(SALES[114:-1]), rel=1e-4)
    seasonal = figures["the value a season of 12 steps before"]
    assert seasonal == pytest.approx(rmse(SALES[103:-12]), rel=1e-4)


def test_each_column_of_a_pivot_is_a_series_and_the_data_set_is_kept(read: Read) -> None:
    rows = [f"2000-{1 + row % 12:02},{SALES[row]},{10 * SALES[row]},{7 + row}" for row in range(48)]
    rows = [row.replace("2000", f"{2000 + at // 12}") for at, row in enumerate(rows)]
    table = "month,store_1,store_2,store_3\n" + "\n".join(rows)
    data_set = read(table, goal=Goal.NEXT).data_set
    assert data_set.origin.ids == ("store_1", "store_2", "store_3")
    assert data_set.description.outputs == ("value +1",)
    store.keep(data_set)
    again = store.load(data_set.description.name)
    assert again.description == data_set.description


def test_columns_called_like_series_are_steps_downwards_without_dates_too(read: Read) -> None:
    names = ",".join(f"store_{place:02}" for place in range(5))
    rows = [",".join(f"{100 * place + step % 7}" for place in range(5)) for step in range(40)]
    data_set = read("\n".join([names, *rows]) + "\n", goal=Goal.NEXT).data_set
    assert sorted(set(data_set.origin.ids)) == [f"store_{place:02}" for place in range(5)]
    assert data_set.description.outputs == ("value +1",)


def test_series_of_other_lengths_are_split_at_one_date(read: Read) -> None:
    months = {"a": range(60), "b": range(18, 60), "c": range(40)}  # from January 2015; c ends early
    rows = [
        f"{2015 + month // 12}-{month % 12 + 1:02}-01,{store},{1000 * place + month}"
        for place, (store, its_months) in enumerate(months.items())
        for month in its_months
    ]
    table = "\n".join(["month,store,sales", *rows]) + "\n"
    data_set = read(table, test_from="2019-01-01", goal=Goal.NEXT, label="sales").data_set
    assert data_set.description.forecast is not None
    asked: dict[int, list[int]] = {TRAINING: [], VALIDATION: [], TEST: []}
    for index, part in enumerate(data_set.parts.tolist()):
        answers = data_set.target(index)[:, 0]
        asked[part] += [int(number) for number in answers[~np.isnan(answers)]]
    assert sorted(asked[TEST]) == [*range(48, 60), *range(1048, 1060)]
    # the last fifth of 48, 30 and 40 steps
    assert sorted(asked[VALIDATION]) == [*range(38, 48), *range(1042, 1048), *range(2032, 2040)]
    assert not {*asked[TRAINING]} & {*asked[TEST], *asked[VALIDATION]}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"horizon": 60}, "ask for at most 29"),
        ({"horizon": 12, "test_from": "140"}, "begin the test earlier"),
        ({"test_from": "9"}, "has 6 steps to train on"),
        ({"context": 90}, "the longest is 85"),
        ({"season": 60}, "needs a context of 62 steps"),
        ({"season": 0, "transform": Transform.SEASONAL_RATIO}, "needs a season"),
        ({"context": 12, "window": 20}, "which need --goal next"),
    ],
)
def test_what_can_not_be_forecast_is_refused(
    read: Read, options: dict[str, object], sentence: str
) -> None:
    with pytest.raises(DataError, match=sentence):
        read(TABLE, goal=Goal.NEXT, **options)


def test_the_first_high_peak_is_the_season_where_a_multiple_is_a_little_higher() -> None:
    steps = np.arange(120)
    # a cycle of 9.5 steps: two of them are a whole number
    assert season_of([np.sin(2 * np.pi * steps / 9.5)], 30) in (9, 10)
    assert season_of([np.sin(2 * np.pi * steps / 12) + np.sin(2 * np.pi * steps / 6)], 30) == 12
