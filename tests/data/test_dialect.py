"""The delimiter of a file is found, in files as people have them."""

import json

import pytest

from rnn_tui.data.files.dialect import sniff
from rnn_tui.data.options import ReadingOptions

SENTENCES = [f"first, second{', third' * (row % 3)};{row % 2}" for row in range(30)]


def guess(lines: list[str]) -> str:
    return sniff("\n".join(lines) + "\n", ReadingOptions(), whole=True).delimiter


# `csv.Sniffer`, which counts characters, finds another one in each, or none.
@pytest.mark.parametrize(
    ("delimiter", "lines"),
    [
        (";", [f"{row},5;{row * 2},25" for row in range(40)]),
        ("|", ["id | load | name", *(f"{row} | {row * 2} | n{row % 3}" for row in range(20))]),
        (",", ["a," + ",".join(map(str, range(3 + row % 6))) for row in range(30)]),
        (",", ["value", *(f"{row / 7:.4f}" for row in range(40))]),
        (",", ["word", *["apple", "banana", "cherry", "data"] * 10]),
        (",", ["time", *(f"2024-01-02 10:{row:02}:00" for row in range(40))]),
    ],
    ids=["German numbers", "aligned columns", "unequal rows", "numbers", "words", "times"],
)
def test_a_delimiter_is_what_parts_rows_into_cells(delimiter: str, lines: list[str]) -> None:
    assert guess(lines) == delimiter


@pytest.mark.parametrize(
    ("delimiter", "lines"),
    [
        (";", ["date;load;cold", *(f"0{row}.03.2024;{row},5;-{row},25" for row in range(1, 9))]),
        (";", ["text;label", *SENTENCES]),
        (",", ["id,note", *(f'{row},"one\nline two, with a comma; and more"' for row in range(9))]),
        (",", ["a,b,c", "1,2,3"]),
        (";", ["a;b", "1,5;2,5"]),
        (",", ["text,label", *(f"it's {row} o'clock,{row % 2}" for row in range(9))]),
        (";", ["id;tags", *(f"{row};{json.dumps(['a', 'b'])}" for row in range(9))]),
        ("\t", ["text\tlabel", *(f"well, {'so ' * row}really\t{row % 2}" for row in range(9))]),
        (" ", [f"   {row}.0e+00  {row / 3:.7e}  {row / 7:.7e}" for row in range(9)]),
    ],
    ids=[
        "German",
        "sentences",
        "line ends",
        "short",
        "short German",
        "quotes",
        "lists",
        "tabs",
        "spaces",
    ],
)
def test_other_delimiters_may_stand_in_cells(delimiter: str, lines: list[str]) -> None:
    assert guess(lines) == delimiter
