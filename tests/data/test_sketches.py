"""Sequences are drawn small, as they run."""

import numpy as np

from rnn_tui.data.data_set import TRAINING
from rnn_tui.data.options import Layout
from rnn_tui.data.sketches import curve, first_sequences, sketch, sketches
from tests.data.examples import rising_or_falling
from tests.data.reading import LONG, Read


def dots(lines: tuple[str, ...]) -> np.ndarray:
    """Return the dots (rows, columns) of braille lines."""
    bits = ((0, 3), (1, 4), (2, 5), (6, 7))
    cells = np.array([[ord(character) - 0x2800 for character in line] for line in lines])
    rows = [[cells >> bit & 1 for bit in row] for row in bits]
    height, width = cells.shape
    return np.array(rows).transpose(2, 0, 3, 1).reshape(4 * height, 2 * width)


def test_a_line_that_rises_is_drawn_rising() -> None:
    drawn = dots(curve(np.arange(8, dtype=np.float32), 4, 2))
    assert drawn.shape == (8, 8)
    assert np.array_equal(drawn, np.eye(8)[::-1])


def test_a_flat_line_is_drawn_flat() -> None:
    drawn = dots(curve(np.full(10, 3.0, np.float32), 5, 2))
    assert drawn.any(0).all()
    assert drawn.any(1).sum() == 1


def test_a_jump_is_joined() -> None:
    drawn = dots(curve(np.repeat([0, 1], 10).astype(np.float32), 10, 2))
    assert drawn.any(1).all()


def test_three_sequences_of_both_classes_are_drawn() -> None:
    data_set = rising_or_falling()
    indices = first_sequences(data_set, 3)
    assert len(indices) == 3
    assert {int(data_set.targets[index]) for index in indices} == {0, 1}
    assert all(data_set.parts[index] == TRAINING for index in indices)
    titles = [drawing.title for drawing in sketches(data_set)]
    assert titles[0].endswith(("class rising", "class falling"))


def test_symbols_are_written_out(read: Read) -> None:
    text = read("abc" * 100, name="x.txt", layout=Layout.TEXT).data_set
    assert sketches(text)[0].lines()[1].strip() == "abca"


def test_what_was_understood_ends_in_the_drawings(read: Read) -> None:
    lines = read(LONG).lines()
    assert lines[0] == "data.csv: CSV, UTF-8, commas, with a header; a row a step"
    assert "12 sequences of 5 steps" in lines
    assert "answers: the class of each sequence: even (6), odd (6)" in lines
    assert "parts: 8 training, 2 validation, 2 test" in lines
    assert sum(line.startswith("id ") for line in lines) == 4  # the column, and three drawings


def test_numbers_for_names_have_the_name_of_their_column(read: Read) -> None:
    rows = [
        f"{patient},{step},{step * patient},{'ab'[patient % 2]}"
        for patient in range(11, 31)
        for step in range(1, 5)
    ]
    patients = read("\n".join(["patient,time,load,label", *rows])).data_set
    assert sketch(patients, 6).title == "patient 17: 4 steps, class b"
