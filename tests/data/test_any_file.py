"""Whatever lies in a file, it is read as written, or refused in a sentence."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnn_tui.data.options import Fill, Goal, Layout, ReadingOptions, Split
from rnn_tui.data.understanding import understand
from rnn_tui.engine.errors import DataError, printable

ENDINGS = (".csv", ".tsv", ".txt", ".ts", ".arff", ".npy", ".npz", "")
HEADS = (
    b"",
    b"id,t,x,label\n0,0,1,a\n",
    b"@classLabel true a b\n@data\n",
    b"@relation x\n@attribute a numeric\n@attribute b {u,v}\n@data\n",
    b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (4, 5), }",
    b"PK\x03\x04",
)
ANY_FILE = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
TABLE_TEXT = st.text(
    st.sampled_from("0123456789.,;\t|\n\r\" -+eE:/?#@%'{}()NaTabü=\0"), max_size=300
)


@pytest.fixture(autouse=True)
def _home() -> None:
    """Need no home."""


def understood(path: Path, options: ReadingOptions) -> None:
    """Read a file and show all of it, or be refused in a sentence."""
    try:
        understanding = understand(path, options)
    except DataError as refusal:
        sentence = str(refusal)
    else:
        assert all(line == printable(line, 400) for line in understanding.lines())
        json.dumps(understanding.document())
        again = understand(path, understanding.chosen)
        assert again.data_set.description.name == understanding.data_set.description.name
        return
    assert sentence == printable(sentence, 1000)
    assert sentence.endswith(".")


@ANY_FILE
@given(
    content=st.one_of(st.binary(max_size=400), TABLE_TEXT.map(str.encode)),
    head=st.sampled_from(HEADS),
    ending=st.sampled_from(ENDINGS),
    options=st.builds(
        ReadingOptions,
        layout=st.sampled_from([None, *Layout]),
        goal=st.sampled_from([None, *Goal]),
        fill=st.sampled_from([None, *Fill]),
    ),
)
def test_any_bytes_are_read_or_refused(
    tmp_path: Path,
    content: bytes,
    head: bytes,
    ending: str,
    options: ReadingOptions,
) -> None:
    path = tmp_path / f"any{ending}"
    path.write_bytes(head + content)
    understood(path, options)


NUMBERS = st.floats(-1e6, 1e6, width=32).map(lambda number: round(number, 4))


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[list[float]]], str, str, str, str, bool]:
    """Draw sequences of two numbers a step, and a way to write them."""
    count = draw(st.integers(10, 12))
    lengths = draw(st.lists(st.integers(2, 4), min_size=count, max_size=count))
    sequences = [[[draw(NUMBERS), draw(NUMBERS)] for _ in range(length)] for length in lengths]
    delimiter = draw(st.sampled_from([",", ";", "\t", "|"]))
    decimal = draw(st.sampled_from([".", ","]))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]))
    return sequences, delimiter, decimal, end, encoding, draw(st.booleans())


@ANY_FILE
@given(table=tables())
def test_tables_come_back_whatever_their_dialect(
    tmp_path: Path, table: tuple[list[list[list[float]]], str, str, str, str, bool]
) -> None:
    sequences, delimiter, decimal, end, encoding, quoted = table
    buffer = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerow(["series", "step", "größe", "x,y;z"])
    for index, steps in enumerate(sequences):
        for step, numbers in enumerate(steps):
            cells = [f"{number:.4f}".replace(".", decimal) for number in numbers]
            writer.writerow([f"s{index}", step, *cells])
    path = tmp_path / "table.csv"
    path.write_bytes(buffer.getvalue().encode(encoding))
    understanding = understand(path, ReadingOptions(decimal=decimal))
    data_set = understanding.data_set
    assert data_set.description.features == ("größe", "x,y;z")
    assert data_set.lengths.tolist() == [*map(len, sequences)]
    expected = np.array([numbers for steps in sequences for numbers in steps], np.float32)
    assert np.array_equal(data_set.values, expected)


NAMES = ("id", "t", "date", "x", "x0", "x1", "x2", "label", "y", "", "x", "1", "a b", "t (s)")
CELLS = (
    "",
    "0",
    "1",
    "2",
    "-3.5",
    "1,5",
    "NA",
    "a",
    "b",
    "2024-01-02",
    "31.12.2024",
    "12:30",
    "ACGT",
)
OPTIONS = st.builds(
    ReadingOptions,
    layout=st.sampled_from([None, Layout.LONG, Layout.WIDE]),
    goal=st.sampled_from([None, *Goal]),
    fill=st.sampled_from([None, *Fill]),
    split=st.sampled_from([None, Split.CHANCE, Split.TIME]),
    window=st.sampled_from([None, 2, 5]),
    horizon=st.sampled_from([1, 3]),
    header=st.sampled_from([None, True, False]),
)


@st.composite
def odd_tables(draw: st.DrawFn) -> str:
    """Draw a table whose columns are mostly of one sort each, as those of people are."""
    width = draw(st.integers(1, 6))
    header = draw(st.lists(st.sampled_from(NAMES), min_size=width, max_size=width))
    sorts = [draw(st.lists(st.sampled_from(CELLS), min_size=1, max_size=3)) for _ in range(width)]
    counting = [draw(st.booleans()) for _ in range(width)]
    rows = []
    for row in range(draw(st.integers(0, 40))):
        cells = [
            str(row // 3) if counts else draw(st.sampled_from(sort))
            for counts, sort in zip(counting, sorts, strict=True)
        ]
        rows.append(";".join(cells))
    return "\n".join([";".join(header), *rows])


@ANY_FILE
@given(table=odd_tables(), options=OPTIONS)
def test_any_table_is_read_or_refused(tmp_path: Path, table: str, options: ReadingOptions) -> None:
    path = tmp_path / "table.csv"
    path.write_text(table, encoding="utf-8")
    understood(path, options)
