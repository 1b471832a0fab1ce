"""Questions by the shape of a task: read as typed, answered as networks answer otherwise."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.data.typed import MOST_STEPS, read_numbers, read_symbols, typed_numbers
from rnn_tui.engine.errors import QueryError
from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.files.weights_file import WeightsFile, read_weights
from rnn_tui.inside.inspection import QuestionInspection
from rnn_tui.inside.task_network import trace_inputs
from rnn_tui.networks import CELLS
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.adder.questions import AdderNetwork, Addition
from rnn_tui.tasks.recall import RECALL
from rnn_tui.tasks.recall.questions import RecallNetwork, RecallQuestions
from rnn_tui.tasks.sequences.inference import ReplicaChoice, SequenceNetwork
from rnn_tui.tasks.sequences.questions import SequenceQuestions
from rnn_tui.tasks.shapes import bits
from rnn_tui.tasks.task import SequenceShape

HERE = Path("weights.safetensors")
ADDERS = AdderNetwork(read_weights(asset_dir() / "pretrained" / "adder.safetensors"))
RECALLERS = RecallNetwork(
    read_weights(asset_dir() / "pretrained" / "recall-position-3.safetensors")
)
DIGITS = "0123456789"
PAIRS = [symbol.name for symbol in bits(2)]


def asked(network: SequenceNetwork, **choice: Any) -> SequenceQuestions:
    return SequenceQuestions(network, "these", HERE, ReplicaChoice(**choice))


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.sampled_from(["", " ", ", ", ";"]))
def test_symbols_of_one_character_are_read_with_or_without_space(
    digits: list[int], between: str
) -> None:
    assert read_symbols(between.join(map(str, digits)), DIGITS) == digits


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30), st.sampled_from([" ", ", ", " ; "]))
def test_longer_symbols_stand_apart(places: list[int], between: str) -> None:
    assert read_symbols(between.join(PAIRS[place] for place in places), PAIRS) == places


def test_space_is_a_symbol_where_the_alphabet_has_it() -> None:
    assert read_symbols("a b,", "ab ,") == [0, 2, 1, 3]


@given(
    st.integers(1, 4).flatmap(
        lambda features: st.lists(
            st.lists(st.floats(-1e6, 1e6, width=32), min_size=features, max_size=features),
            min_size=1,
            max_size=8,
        )
    )
)
def test_numbers_are_read_step_by_step(rows: list[list[float]]) -> None:
    text = " ; ".join(" ".join(map(repr, row)) for row in rows)
    assert read_numbers(text, len(rows[0])) == rows


@given(st.floats(-(2.0**126), 2.0**126, width=32))
def test_numbers_of_single_precision_come_back_as_they_were(value: float) -> None:
    [[again]] = read_numbers(typed_numbers([[value]]), 1, largest=1e38)
    assert np.float32(again) == np.float32(value)


def test_numbers_are_typed_in_few_digits() -> None:
    values = np.array([[0.1, 3, -2.5e-7], [1234567.75, 1e30, 0]], np.float32).tolist()
    assert typed_numbers(values) == "0.1 3 -2.5e-07; 1234567.8 1e+30 0"


def test_numbers_of_one_a_step_need_no_semicolon() -> None:
    assert read_numbers("0.5, -1 2e-1;3", 1) == [[0.5], [-1.0], [0.2], [3.0]]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("8,51 9,34 -1", [[8.51], [9.34], [-1.0]]),
        ("8,51;9,34\n7", [[8.51], [9.34], [7.0]]),
        ("1,5 2;3,5 4", [[1.5, 2.0], [3.5, 4.0]]),
        ("1,2,3", [[1.0], [2.0], [3.0]]),
        ("1, 2, 3", [[1.0], [2.0], [3.0]]),
        ("1.5,2 3", [[1.5], [2.0], [3.0]]),
        ("1,2;3,4", [[1.0, 2.0], [3.0, 4.0]]),
    ],
)
def test_commas_inside_numbers_are_decimal_ones(text: str, numbers: list[list[float]]) -> None:
    assert read_numbers(text, len(numbers[0])) == numbers


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("01x", "“x”, number 3 of the sequence, is none of 0 1 2"),
        ("0\x1b[31m", "number 2 of the sequence, is none of"),
        ("", "There is no sequence to answer"),
        (" , ", "There is no sequence to answer"),
        ("1" * (MOST_STEPS + 1), "may have at most 10,000 steps; this has 10,001"),
    ],
)
def test_what_is_no_sequence_of_symbols_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(QueryError) as refusal:
        read_symbols(text, DIGITS)
    assert sentence in str(refusal.value)
    assert "\x1b" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "1 2; 3",
            "Step 2 has 1 number and must have 2; a semicolon or a new line parts two steps.",
        ),
        ("1 2 3", "Step 1 has 3 numbers and must have 2"),
        ("1 a", "“a” in step 1 is no number."),
        ("abc", "“abc” in step 1 is no number."),
        ("1 nan", "“nan” in step 1 is no number of at most 1,000,000."),
        ("1 1e7", "is no number of at most 1,000,000."),
        ("", "There is no sequence to answer"),
    ],
)
def test_what_are_no_numbers_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(QueryError) as refusal:
        read_numbers(text, 2)
    assert sentence in str(refusal.value)


def test_recall_asked_by_its_shape_answers_as_its_own_questions_do() -> None:
    choice = ReplicaChoice(hidden_size=5, seed=1)
    own = RecallQuestions(RECALLERS, "these", HERE, choice)
    general = SequenceQuestions(RECALLERS, "these", HERE, choice)
    texts = ["31415", "999", "12345678901", "000100"]
    answers = zip(
        own.answers([own.read(text) for text in texts]),
        general.answers([general.read(text) for text in texts]),
        strict=True,
    )
    for expected, answer in answers:
        assert answer.document["probabilities"] == pytest.approx(expected.document["probabilities"])
        assert answer.document["answer"] == str(expected.document["answer"])
        assert answer.document["expected"] == str(expected.document["expected"])
        assert answer.correct == expected.correct


def test_before_anything_is_to_be_answered_nobody_knows_what_is_right() -> None:
    questions = asked(RECALLERS)
    [answer] = questions.answers([questions.read("31")])
    assert (answer.correct, answer.document["expected"], answer.expected) == (None, None, "")
    assert answer.text.startswith("31 → ")


def test_every_step_is_answered_where_every_step_has_an_answer() -> None:
    addition = Addition(0b1011, 0b110)
    symbols = " ".join(f"{a}{b}" for a, b in addition.pairs)
    questions = asked(ADDERS)
    [answer] = questions.answers([questions.read(symbols)])
    bits_of_sum = [str(bit) for bit in addition.bits(addition.total)]
    assert answer.document["answer"] == answer.document["expected"] == bits_of_sum
    assert answer.correct
    assert answer.text == "10 11 01 10 00 → 10001"
    place = next(
        place for place, replica in enumerate(ADDERS.replicas) if replica == questions.replicas[0]
    )
    outputs = ADDERS.outputs_of([addition])[0][place]
    assert np.array(answer.document["probabilities"])[:, 0] == pytest.approx(outputs)


def test_a_vote_takes_the_average_of_all() -> None:
    everybody = asked(RECALLERS, vote=True)
    [answer] = everybody.answers([everybody.read("31415")])
    each = [
        RECALLERS.only(place).probabilities([(3, 1, 4, 1, 5)])[0, 0]
        for place in range(len(RECALLERS.replicas))
    ]
    assert answer.document["probabilities"] == pytest.approx(np.mean(each, axis=0), abs=1e-6)


def made(shape: SequenceShape, cell: str, sizes: tuple[int, ...]) -> SequenceNetwork:
    """Networks of random weights of a task that differs from recall in its shape."""
    task = replace(RECALL, shape=shape, right="")
    config: Any = task.config(cell, hidden_sizes=sizes, losses=("ce",), seeds=2, lengths=(3, 9))
    kind, width, random = CELLS[cell], max(sizes), np.random.default_rng(0)
    count = len(config.replicas)
    columns = kind.replica_columns(shape.features, width).count
    gates = random.normal(size=(count, kind.blocks * width, columns)).astype(np.float32)
    readout = random.normal(size=(count, len(shape.outputs), width + 1)).astype(np.float32)
    return SequenceNetwork(WeightsFile(config, {"gates": gates, "readout": readout}, 0, {}), task)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("every_step", [False, True])
def test_numbers_are_answered_as_they_are_whatever_is_asked_beside_them(
    cell: str, every_step: bool
) -> None:
    shape = SequenceShape(2, ("load", "wind"), every_step=every_step, numbers=True)
    network = made(shape, cell, (4,))
    questions = asked(network, seed=1)
    texts = ["0.5 -1.25; 3 0.125", "1 2", "0 0; 1 1; -0.5 0.25"]
    answers = questions.answers([questions.read(text) for text in texts])
    for text, answer in zip(texts, answers, strict=True):
        inputs = np.array(read_numbers(text, 2), np.float32)
        logits = trace_inputs(network, inputs, 1).logits
        assert np.array(answer.document["answer"]) == pytest.approx(
            logits if every_step else logits[-1], abs=1e-5
        )
        assert answer.correct is None
        assert answer.document["outputs"] == ["load", "wind"]


def test_a_question_of_any_shape_can_be_looked_into() -> None:
    network = made(SequenceShape(1, ("a", "b", "c")), "gru", (3,))
    inspection = QuestionInspection(asked(network, seed=0), "0.5 1 2")
    heads, rows = inspection.table()
    assert [*heads[:4]] == ["step", "input", "answer", "probability"]
    assert [row[1] for row in rows] == ["0.5", "1", "2"]
    assert inspection.title.startswith("0.5 1 2 → ")
    assert inspection.reading.right == ()
    assert ADDER.shape is not None


def test_the_request_says_what_to_type() -> None:
    assert asked(RECALLERS).request == "Type a sequence of digits: 0 1 2 3 4 5 6 7 8 9"
    assert "such as 0.5 1" in asked(made(SequenceShape(1, ("a", "b")), "rnn", (2,))).request
    assert "the 3 numbers" in asked(made(SequenceShape(3, ("a", "b")), "rnn", (2,))).request
