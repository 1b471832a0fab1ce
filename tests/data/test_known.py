"""What is known ahead is read for the steps to come, and nothing else of the future is."""

from pathlib import Path

import numpy as np
import pytest

from rnn_tui.data import store
from rnn_tui.data.applying.new_file import NewFile
from rnn_tui.data.applying.preparing import NewSequences
from rnn_tui.data.applying.remarks import Remarks
from rnn_tui.data.columns import Role
from rnn_tui.data.data_set import DataSet
from rnn_tui.data.options import Fill, Goal, Split
from rnn_tui.data.typed_known import read_with_known, typed_with_known
from rnn_tui.engine.errors import DataError, QueryError
from rnn_tui.engine.progress import UNWATCHED
from rnn_tui.tasks.data_sets.naive import naive_answers
from tests.data.reading import Read, notes, roles

STEPS = 60
RANDOM = np.random.default_rng(0)
SALES = RANDOM.normal(50, 5, STEPS).round(2)
PRICES = RANDOM.normal(10, 2, STEPS + 3).round(2)
FORECAST = {"goal": Goal.NEXT, "label": "sales", "horizon": 2, "season": 0, "context": 6}


def table(sales: np.ndarray = SALES, prices: np.ndarray = PRICES, future: int = 3) -> str:
    cells = [f"{number}" for number in sales] + [""] * future
    rows = [f"{step},{price},{cells[step]}" for step, price in enumerate(prices[: len(cells)])]
    return "t,price,sales\n" + "\n".join(rows) + "\n"


def by_step(data_set: DataSet) -> dict[int, np.ndarray]:
    """Return what is read at each step of the file, the same in all windows."""
    return {int(time): data_set.values[row] for row, time in enumerate(data_set.origin.times)}


def test_a_step_reads_what_is_known_of_the_steps_that_it_forecasts(read: Read) -> None:
    understanding = read(table(), known=("price",), **FORECAST)
    data_set = understanding.data_set
    assert data_set.description.features == ("price", "sales", "price +1", "price +2")
    assert data_set.description.outputs == ("sales +1", "sales +2")
    assert roles(understanding) == [Role.STEP, Role.KNOWN, Role.LABEL]
    assert "3 rows after the last number that is predicted are the future" in notes(understanding)
    steps = by_step(data_set)
    assert max(steps) == STEPS - 1  # the future is nowhere read but ahead
    for step, values in steps.items():
        expected = [PRICES[step], SALES[step], PRICES[step + 1], PRICES[step + 2]]
        assert values.tolist() == pytest.approx(expected, rel=1e-6)
    store.keep(data_set)
    assert store.load(data_set.description.name).description == data_set.description


def test_no_label_of_the_future_is_read_and_what_is_known_where_it_reaches(read: Read) -> None:
    first = by_step(read(table(), known=("price",), **FORECAST).data_set)
    for changed in (20, 45, STEPS - 1):
        sales = SALES.copy()
        sales[changed] += 9
        prices = PRICES.copy()
        prices[changed] += 9
        other = by_step(read(table(sales), known=("price",), **FORECAST).data_set)
        assert [step for step in first if (first[step] != other[step]).any()] == [changed]
        other = by_step(read(table(prices=prices), known=("price",), **FORECAST).data_set)
        unlike = [step for step in sorted(first) if (first[step] != other[step]).any()]
        assert unlike == [changed - 2, changed - 1, changed]


def test_without_rows_of_the_future_only_steps_whose_future_is_known_are_asked(read: Read) -> None:
    data_set = read(table(future=0), known=("price",), **FORECAST).data_set
    steps = by_step(data_set)
    assert max(steps) == STEPS - 3
    assert all(steps[step][3] == np.float32(PRICES[step + 2]) for step in steps)


def test_ridge_regression_reads_what_is_known_and_finds_the_rule(read: Read) -> None:
    rule = 100 - 3 * PRICES[:STEPS]
    data_set = read(table(rule), known=("price",), **FORECAST).data_set
    figures = {
        answer.name: answer.figures.get("test_r2", -9.0) for answer in naive_answers(data_set)
    }
    ridge = next(r2 for name, r2 in figures.items() if name.startswith("ridge"))
    assert ridge > 0.9 > figures["last value"]


def test_all_that_is_not_known_is_forecast_without_a_label_and_words_are_known_too(
    read: Read,
) -> None:
    rows = [f"{step},{SALES[step]},{'yes' if step % 3 else 'no'}" for step in range(STEPS)]
    rows += [f"{STEPS},,no"]
    content = "t,load,promo\n" + "\n".join(rows)
    data_set = read(content, goal=Goal.NEXT, known=("promo",), season=0).data_set
    assert data_set.description.outputs == ("load +1",)
    assert data_set.description.known == ("promo=no", "promo=yes")
    for step, values in by_step(data_set).items():
        assert values[-2:].tolist() == [float((step + 1) % 3 == 0), float((step + 1) % 3 > 0)]


def applied(read: Read, folder: Path, content: str) -> tuple[NewSequences, list[str]]:
    description = read(table(), known=("price",), **FORECAST).data_set.description
    path = folder / "new.csv"
    path.write_text(content)
    said: list[str] = []
    [sequences] = NewFile(path, description, Remarks(said.append), UNWATCHED).sequences()
    return sequences, said


def test_a_new_file_gives_what_is_known_in_rows_after_its_last_number(
    read: Read, tmp_path: Path
) -> None:
    sequences, said = applied(read, tmp_path, table(SALES[:20], future=4))
    assert len(sequences.values) == 20
    assert sequences.values[-1].tolist() == pytest.approx([PRICES[19], SALES[19], *PRICES[20:22]])
    assert any("more than 2 steps ahead are not used" in sentence for sentence in said)
    with pytest.raises(DataError, match="1 row of the future is missing"):
        applied(read, tmp_path, table(SALES[:20], future=1))
    with pytest.raises(DataError, match="2 rows of the future are missing"):
        applied(read, tmp_path, table(SALES[:20], future=0))


def test_rows_of_the_future_are_no_past_where_nothing_is_known(read: Read, tmp_path: Path) -> None:
    understanding = read(table(), ignored=("price",), **FORECAST)
    assert "--known names columns" in notes(understanding)
    assert max(by_step(understanding.data_set)) == STEPS - 1
    path = tmp_path / "new.csv"
    path.write_text(table(SALES[:20]))
    remarks = Remarks(lambda _sentence: None)
    [sequences] = NewFile(path, understanding.data_set.description, remarks, UNWATCHED).sequences()
    assert len(sequences.values) == 20
    assert any("3 rows after the last number" in note for note in remarks.notes)


def test_steps_are_typed_with_the_future_at_their_end(read: Read) -> None:
    description = read(table(), known=("price",), **FORECAST).data_set.description
    rows = read_with_known("9 50; 8 51; 7; 6", description)
    assert rows == [[9, 50, 8, 7], [8, 51, 7, 6]]
    assert typed_with_known(rows, description) == "9 50; 8 51; 7; 6"
    with pytest.raises(QueryError, match="The last 2 steps must have what is known ahead, price"):
        read_with_known("9 50; 8 51; 7", description)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"known": ("cost",)}, "There is no column cost"),
        ({"known": ("sales",)}, "given two roles"),
        ({"known": ("price",), "goal": Goal.STEP_NUMBER}, "The option --known is of forecasts"),
        ({"known": ("price",), "window": 10}, "The option --known is of forecasts"),
        ({"known": ("price",), "split": Split.CHANCE}, "The option --known is of forecasts"),
        ({"known": ("price",), "fill": Fill.DROP}, "can't be left out"),
        ({"known": ("price", "sales"), "label": None}, "none is left to forecast"),
    ],
)
def test_what_can_not_be_known_is_refused(
    read: Read, options: dict[str, object], sentence: str
) -> None:
    options = {**FORECAST, "context": None, "season": None, **options}
    with pytest.raises(DataError, match=sentence):
        read(table(), **options)
