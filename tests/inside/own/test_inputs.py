"""Files of inputs for own networks are read as they were meant, or refused in a sentence."""

import io
from pathlib import Path

import numpy as np
import pytest

from rnn_tui.engine.errors import QueryError
from rnn_tui.inside.own.inputs import read_alphabet, read_sequence_file

PAIRS = read_alphabet("00,01,10,11", 4)
DIGITS = read_alphabet("01", 2)


def test_symbols_on_several_lines_stay_apart(tmp_path: Path) -> None:
    path = tmp_path / "pairs.txt"
    path.write_text("00 01\n10 11\n", encoding="utf-8")
    assert read_sequence_file(path, 4, PAIRS).words == ("00", "01", "10", "11")
    path.write_text("01\n10\n", encoding="utf-8")
    assert read_sequence_file(path, 2, DIGITS).words == ("0", "1", "1", "0")


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("a;b\n0,1;0,2\n1,5;2\n", [[0.1, 0.2], [1.5, 2]]),
        ("0,25\t-1e3\n", [[0.25, -1000]]),
        ("sep=;\n1.234,5;2\n", [[1234.5, 2]]),
        ("0;1\n2;3\n", [[0, 1], [2, 3]]),
        ("0,1\n2,3\n", [[0, 1], [2, 3]]),
        ("0.5 1\n 2  3\n", [[0.5, 1], [2, 3]]),
    ],
)
def test_a_table_is_read_by_its_own_delimiter_and_decimal_mark(
    text: str, steps: list[list[float]], tmp_path: Path
) -> None:
    path = tmp_path / "steps.csv"
    path.write_text(text, encoding="utf-8")
    assert read_sequence_file(path, 2, None).numbers == pytest.approx(np.array(steps))


def test_a_field_that_is_too_long_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("1" * 200_000 + ",2\n", encoding="utf-8")
    with pytest.raises(QueryError, match=r"long\.csv is no table of numbers"):
        read_sequence_file(path, 2, None)


def test_an_array_that_claims_to_be_larger_than_memory_is_refused(tmp_path: Path) -> None:
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "<f4", "fortran_order": False, "shape": (10**13,)}
    )
    path = tmp_path / "huge.npy"
    path.write_bytes(head.getvalue() + bytes(8))
    with pytest.raises(QueryError, match=r"huge\.npy is no array of numbers"):
        read_sequence_file(path, 1, None)
