"""Tables of sequences are read as they were meant."""

import numpy as np
import pytest

from rnn_tui.data.options import Fill, Goal, Layout, Split
from rnn_tui.data.understanding import Role, understand
from rnn_tui.engine.errors import DataError
from tests.data.reading import LONG, Read, notes, roles, text_of


def test_a_row_a_step(read: Read) -> None:
    understanding = read(LONG)
    data_set = understanding.data_set
    assert understanding.layout is Layout.LONG
    assert roles(understanding) == [Role.SEQUENCE, Role.STEP, Role.INPUT, Role.LABEL]
    assert data_set.description.goal is Goal.CLASS
    assert data_set.description.outputs == ("even", "odd")
    assert data_set.lengths.tolist() == [5] * 12
    np.testing.assert_allclose(data_set.sequence(3)[:, 0], [3, 3.1, 3.2, 3.3, 3.4], rtol=1e-6)
    assert data_set.targets.tolist() == [0, 1] * 6


def test_every_part_has_each_class(read: Read) -> None:
    data_set = read(LONG).data_set
    for part, count in enumerate([8, 2, 2]):
        members = data_set.of_part(part)
        assert len(members) == count
        assert set(data_set.targets[members].tolist()) == {0, 1}


def test_statistics_are_those_of_the_training_part(read: Read) -> None:
    data_set = read(LONG).data_set
    training = np.concatenate([data_set.sequence(index) for index in data_set.of_part(0)])
    assert data_set.description.means[0] == pytest.approx(training.mean(), rel=1e-5)
    assert data_set.description.deviations[0] == pytest.approx(training.std(), rel=1e-5)


def test_what_was_chosen_reads_the_same_again(read: Read) -> None:
    understanding = read(LONG)
    again = understand(understanding.path, understanding.chosen)
    assert again.data_set.description.name == understanding.data_set.description.name
    assert again.chosen == understanding.chosen


def test_a_row_a_sequence_with_the_label_last_or_first(read: Read) -> None:
    rows = [f"{index},{index + 0.5},{index + 1},{'ab'[index % 2]}" for index in range(10)]
    last = read(text_of("x0,x1,x2,kind", rows))
    first = read("\n".join(f"{row[-1]},{row[:-2]},1.5" for row in rows))
    for understanding in (last, first):
        assert understanding.layout is Layout.WIDE
        assert understanding.data_set.description.outputs == ("a", "b")
    assert last.data_set.sequence(4)[:, 0].tolist() == [4, 4.5, 5]
    assert first.data_set.sequence(4)[:, 0].tolist() == [4, 4.5, 5, 1.5]


def test_a_label_is_no_step_if_the_next_one_is_predicted(read: Read) -> None:
    rows = [f"{index % 2},{index + 0.5},{index + 1},{index + 1.5},a" for index in range(12)]
    understanding = read("\n".join(rows), goal=Goal.NEXT, layout=Layout.WIDE, ignored=("5",))
    assert understanding.data_set.description.goal is Goal.NEXT
    assert understanding.data_set.sequence(3)[:, 0].tolist() == [3.5, 4, 4.5]


def test_rows_of_several_features(read: Read) -> None:
    rows = [
        ",".join(str(index + cell / 8) for cell in range(6)) + f",{index}.5" for index in range(9)
    ]
    data_set = read(text_of("a_0,a_1,a_2,b_0,b_1,b_2,target", rows)).data_set
    assert data_set.description.features == ("a", "b")
    assert data_set.description.goal is Goal.NUMBER
    assert data_set.sequence(2).tolist() == [[2, 2.375], [2.125, 2.5], [2.25, 2.625]]
    assert data_set.targets[2].tolist() == [2.5]


def test_rows_end_where_their_cells_do(read: Read) -> None:
    rows = [f"{'ab'[index % 2]}," + ",".join("1.5" for _ in range(3 + index)) for index in range(8)]
    data_set = read("\n".join(rows), name="ragged.csv").data_set
    assert data_set.lengths.tolist() == [3, 4, 5, 6, 7, 8, 9, 10]
    assert data_set.description.filled == 0


def test_characters_of_a_column(read: Read) -> None:
    rows = [f"{'ACGT' * (1 + index)},{index % 2}" for index in range(10)]
    data_set = read(text_of("sequence,label", rows)).data_set
    assert data_set.description.alphabet == ("A", "C", "G", "T")
    assert data_set.lengths.tolist() == [4 * (1 + index) for index in range(10)]
    assert data_set.sequence(1)[:, 0].tolist() == [0, 1, 2, 3] * 2


def test_one_series_is_cut_and_shared_out_by_time(read: Read) -> None:
    series = "\n".join(f"{index / 2}" for index in range(1000))
    assert read(series).data_set.description.forecast is not None  # in windows that overlap
    understanding = read(series, window=16)
    description = understanding.data_set.description
    assert description.goal is Goal.NEXT
    assert description.forecast is None
    assert description.split is Split.TIME
    assert understanding.chosen.window == 16
    assert (description.training, description.validation, description.test) == (37, 13, 13)
    assert understanding.data_set.values[:, 0].tolist() == [index / 2 for index in range(1000)]
    assert understanding.data_set.parts.tolist() == sorted(understanding.data_set.parts.tolist())


def test_a_horizon_names_each_step_ahead(read: Read) -> None:
    rows = [f"{index},{index * index}" for index in range(200)]
    names = ("load +1", "price +1", "load +2", "price +2")
    windows = read(text_of("load,price", rows), horizon=2).data_set.description
    assert windows.outputs == names
    assert windows.forecast is not None
    assert windows.forecast.columns == ("load", "price")
    pieces = read(text_of("load,price", rows), horizon=2, window=20).data_set.description
    assert pieces.outputs == names
    assert pieces.output_means == pieces.means * 2


def test_pieces_are_longer_than_the_horizon(read: Read) -> None:
    rows = [f"{series},{step},{step}" for series in range(4) for step in range(100)]
    options = {"goal": Goal.NEXT, "split": Split.CHANCE}  # series by chance have no past to read
    understanding = read(text_of("id,t,x", rows), horizon=12, **options)
    assert understanding.chosen.window == 32
    assert understanding.data_set.description.longest == 32


@pytest.mark.parametrize(
    ("fill", "expected"),
    [
        (Fill.LINE, [0, 1, 1, 1, 4]),  # a line would know what is to come
        (Fill.PREVIOUS, [0, 1, 1, 1, 4]),
        (Fill.ZERO, [0, 1, 0, 0, 4]),
        (Fill.DROP, [0, 1, 4]),
    ],
)
def test_missing_numbers_are_filled_as_said(read: Read, fill: Fill, expected: list[float]) -> None:
    rows = [
        f"{index},{step},{'' if step in (2, 3) else step}"
        for index in range(10)
        for step in range(5)
    ]
    understanding = read(text_of("id,t,x", rows), fill=fill)
    assert understanding.data_set.sequence(0)[:, 0].tolist() == expected
    assert any("Missing: 20 numbers" in note for note in understanding.notes)
    assert understanding.data_set.description.filled == (0 if fill is Fill.DROP else 20)


def test_a_column_that_is_not_there_is_refused(read: Read) -> None:
    with pytest.raises(DataError, match=r"no column foo \(--label\); the columns are id, t, x"):
        read(LONG, label="foo")


def test_columns_go_by_number_too(read: Read) -> None:
    description = read(LONG, label="3", ignored=("label",), inputs=("2",)).data_set.description
    assert description.goal is Goal.STEP_NUMBER
    assert description.features == ("t",)


def test_the_note_on_a_split_by_time_says_what_is_split(read: Read) -> None:
    rows = [f"s{row // 12},{row % 12},{row * row % 17}" for row in range(12 * 12)]
    whole = read(text_of("id,t,x", rows), split=Split.TIME)
    assert whole.data_set.parts.tolist() == [0] * 8 + [1] * 2 + [2] * 2
    assert "shared out whole, in the order of the file" in notes(whole)
    cut = read(text_of("id,t,x", rows), split=Split.TIME, window=3)
    assert cut.data_set.parts[:4].tolist() == [0, 0, 1, 2]
    assert "shared out by time, the pieces of each" in notes(cut)


def months_of(stem: str) -> str:
    """A table of 36 months with twelve numbered columns, as a pivot of pandas is written."""
    rows = [
        f"{2021 + month // 12}-{month % 12 + 1:02}-01,"
        + ",".join(f"{month + shop / 100}" for shop in range(12))
        for month in range(36)
    ]
    return text_of("month," + ",".join(f"{stem}_{shop:02}" for shop in range(12)), rows)


def test_a_column_a_series_is_not_read_lying_on_its_side(read: Read) -> None:
    understanding = read(months_of("store"))
    description = understanding.data_set.description
    assert understanding.layout is Layout.LONG
    assert description.features == ("value",)
    assert description.outputs == ("value +1",)
    assert understanding.data_set.origin.ids == tuple(f"store_{shop:02}" for shop in range(12))
    [third, *_] = np.flatnonzero(understanding.data_set.origin.places == 3)
    first = understanding.data_set.sequence(int(third))
    assert first[:2, 0].tolist() == pytest.approx([0.03, 1.03])
    assert "Each column from store_00 to store_11 is a series" in notes(understanding)
    pieces = read(months_of("store"), window=12).data_set  # read together, without a context
    assert pieces.description.goal is Goal.NEXT
    assert pieces.description.features == tuple(f"store_{shop:02}" for shop in range(12))
    assert pieces.sequence(0)[:2, 3].tolist() == pytest.approx([0.03, 1.03])
    assert read(months_of("store"), layout=Layout.WIDE).layout is Layout.WIDE


def test_it_is_said_where_columns_may_be_steps_or_series(read: Read) -> None:
    understanding = read(months_of("load"))
    assert understanding.layout is Layout.WIDE
    assert "--layout long if each column is a series over month" in notes(understanding)
    long = read(months_of("load"), layout=Layout.LONG)
    assert long.layout is Layout.LONG
    assert "--layout" not in notes(long)
