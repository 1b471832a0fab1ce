"""The lines of an answer in the general prompt, and what it asks for."""

import pytest

from rnn_tui.tasks.hierarchy import TASKS_BY_NAME
from rnn_tui.tasks.sequences.inference import Answer
from rnn_tui.tasks.shapes import one_hot
from rnn_tui.tasks.task import SequenceShape
from rnn_tui.ui.calculator_prompt.prompt import request_of
from rnn_tui.ui.calculator_prompt.prompt_answer import answer_lines

COLUMNS = ("load", "wind", "sun", "rain", "a long name of a column")
NARROW = 76  # columns for text in a terminal of 80


def lines_of(ahead: int, columns: tuple[str, ...]) -> list[str]:
    """Return the lines of a forecast after four steps."""
    outputs = tuple(f"{column} +{step}" for step in range(1, ahead + 1) for column in columns)
    shape = SequenceShape(
        len(columns), outputs, every_step=True, numbers=True, columns=columns, any_length=False
    )
    numbers = [[100.5 + place for place in range(len(outputs))]] * 4
    read = [" ".join(["98.25"] * len(columns))] * 4
    document = {"read": read, "answer": numbers, "expected": None}
    answer = Answer("98.25 98.25 → +1 100.5; +2 101.5", None, "", document)
    lines = answer_lines(answer, "these", shape)
    return [line.plain for line in lines]


def test_the_forecast_stands_above_a_table_of_all_steps() -> None:
    headline, _, _, heads, *rows = lines_of(5, ("load",))
    assert headline == "+1 100.5; +2 101.5"
    assert heads.split("  ")[2:] == [f"load +{step}" for step in range(1, 6)]
    assert [row.split() for row in rows] == [
        [str(step), "98.25", "100.5", "101.5", "102.5", "103.5", "104.5"] for step in range(1, 5)
    ]


@pytest.mark.parametrize("ahead", [1, 3, 12])
def test_a_table_of_many_numbers_stays_within_a_narrow_terminal(ahead: int) -> None:
    table = lines_of(ahead, COLUMNS)[3:]
    assert max(map(len, table)) <= NARROW
    assert all(line.endswith("…") for line in table)
    assert "98.25 98.25 98.25 98.25…" in table[1]


def test_the_field_names_the_numbers_of_a_step_in_order() -> None:
    shape = SequenceShape(2, ("p", "q"), columns=("load [kW]", "wind"))
    assert request_of(shape).endswith("2 numbers: load [kW], wind")


def test_the_field_shows_a_space_of_the_alphabet() -> None:
    shape = SequenceShape(2, ("␣", "a"), inputs="symbols", alphabet=one_hot((" ", "a")))
    assert request_of(shape) == "A sequence of symbols: ␣ a"


def test_answers_that_come_after_a_word_stand_beside_what_is_right() -> None:
    task = TASKS_BY_NAME["reverse-string"]
    assert task.shape is not None
    document = {
        "read": ["0", "1", "_", "_"],
        "answer": ["1", "1"],
        "expected": ["1", "0"],
    }
    answer = Answer("01 → 11", False, "1 of 2 wrong", document)
    headline, who, _, *table = [line.plain for line in answer_lines(answer, "these", task.shape)]
    assert who == "these"
    assert headline == "11  ✗ 1 of 2 wrong"
    assert [line.split() for line in table] == [
        ["step", "answer", "right"],
        ["1", "1", "1"],
        ["2", "1", "0"],
    ]
    assert request_of(task.shape) == "A word such as 011010"
