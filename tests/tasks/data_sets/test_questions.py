"""Networks are asked about sequences as these stand in their file."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rnn_tui.data.data_set import TEST, DataSet
from rnn_tui.data.inputs import network_inputs
from rnn_tui.data.options import Goal
from rnn_tui.engine.errors import QueryError
from rnn_tui.engine.files.weights_file import WeightsFile
from rnn_tui.networks import CELLS
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.data_sets.questions import DataSetQuestions
from rnn_tui.tasks.data_sets.task import stored_task, task_of
from rnn_tui.tasks.sequences.inference import ReplicaChoice, SequenceNetwork
from tests.data.examples import data_set_of, walks, words
from tests.data.reading import Read
from tests.tasks.data_sets.conftest import SmallOn


@pytest.fixture
def far_from_zero() -> DataSet:
    """Numbers of nine digits that differ in the last ones."""
    sequences = [np.float32(123_456_000) + 64 * np.round(walk) for walk in walks(20)]
    return data_set_of("far", Goal.NEXT, sequences, horizon=1)


@pytest.fixture
def questions(far_from_zero: DataSet, small_on: SmallOn) -> DataSetQuestions:
    """Questions to networks of random weights."""
    return questions_on(small_on(far_from_zero, "gru", hidden_sizes=(3,)))


def questions_on(config: SequenceConfig) -> DataSetQuestions:
    """Return questions to a GRU of 3 units with random weights."""
    task = stored_task(config.task)
    assert task.shape is not None
    random = np.random.default_rng(0)
    kind = CELLS["gru"]
    columns = kind.replica_columns(task.shape.features, 3).count
    gates = random.normal(size=(1, 3 * kind.blocks, columns)).astype(np.float32)
    readout = random.normal(size=(1, len(task.shape.outputs), 4)).astype(np.float32)
    file = WeightsFile(config, {"gates": gates, "readout": readout}, 0, {})
    network = SequenceNetwork(file, task)
    return DataSetQuestions(network, "far", Path("far.safetensors"), ReplicaChoice())


def test_a_sequence_by_chance_is_read_as_it_is_kept(
    questions: DataSetQuestions, far_from_zero: DataSet
) -> None:
    typed = questions.read(questions.random(np.random.default_rng(0)))
    of_test = [
        network_inputs(far_from_zero.description, far_from_zero.sequence(index))
        for index in far_from_zero.of_part(TEST)
    ]
    assert any(np.array_equal(typed.inputs, inputs) for inputs in of_test)


def test_numbers_that_no_file_may_have_are_refused(questions: DataSetQuestions) -> None:
    with pytest.raises(QueryError, match=r"no number of at most 1e\+38"):
        questions.read("1e39 0")


def test_a_forecast_is_that_after_the_last_step_each_step_ahead_by_name(
    small_on: SmallOn,
) -> None:
    data_set = data_set_of("pairs", Goal.NEXT, walks(20), horizon=3)
    questions = questions_on(small_on(data_set, "gru", hidden_sizes=(3,)))
    [answer] = questions.answers([questions.read("90 95; 100 105; 110 115")])
    last = answer.document["answer"][-1]
    expected = "; ".join(
        f"+{ahead + 1} x0 {last[2 * ahead]:.4g}, x1 {last[2 * ahead + 1]:.4g}" for ahead in range(3)
    )
    assert answer.text == f"90 95; 100 105; 110 115 → {expected}"
    assert np.shape(answer.document["answer"]) == (3, 6)  # of every step


def test_a_forecast_of_one_column_needs_no_name(small_on: SmallOn) -> None:
    data_set = data_set_of("single", Goal.NEXT, walks(20, columns=1), horizon=2)
    questions = questions_on(small_on(data_set, "gru", hidden_sizes=(3,)))
    [answer] = questions.answers([questions.read("90 95")])
    first, second = answer.document["answer"][-1]
    assert answer.text == f"90 95 → +1 {first:.4g}; +2 {second:.4g}"


@pytest.fixture
def of_letters(small_on: SmallOn) -> DataSetQuestions:
    """Questions to networks on text of two letters and spaces."""
    data_set = data_set_of("letters", Goal.NEXT, words(20), alphabet=(" ", "a", "b"), horizon=1)
    return questions_on(small_on(data_set, "gru", hidden_sizes=(3,)))


def test_the_next_symbol_comes_after_the_last_step_with_its_probability(
    of_letters: DataSetQuestions,
) -> None:
    texts = ["ab a", "ab", "a bb", "bba", "  a", "b  "]
    answers = [*of_letters.answers([of_letters.read(text) for text in texts])]
    for text, answer in zip(texts, answers, strict=True):
        probabilities = answer.document["probabilities"]
        assert len(probabilities) == len(text)
        best = int(np.argmax(probabilities[-1]))
        assert answer.text == f"{text} → {'␣ab'[best]}"
        assert answer.remark == f"{100 * probabilities[-1][best]:.1f} %"


def test_a_space_has_a_visible_name_and_is_read_by_it(of_letters: DataSetQuestions) -> None:
    by_name, as_it_is = of_letters.read("a␣b"), of_letters.read("a b")
    assert np.array_equal(by_name.inputs, as_it_is.inputs)
    [answer] = of_letters.answers([as_it_is])
    assert answer.document["read"] == ["a", "␣", "b"]
    assert answer.document["outputs"] == ["␣", "a", "b"]
    assert of_letters.request.endswith(": ␣ a b")
    with pytest.raises(QueryError, match=r"“x”, number 2 of the sequence, is none of ␣ a b\."):
        of_letters.read("ax")


@pytest.mark.parametrize("gap", ["NA", "nan", "?", "None"])
def test_a_typed_sequence_may_have_no_gaps(questions: DataSetQuestions, gap: str) -> None:
    with pytest.raises(QueryError, match="a typed sequence may have no gaps"):
        questions.read(f"1 2; {gap} 3")


@pytest.mark.parametrize("text", ["1 2; 3", "1 -", "1 x"])
def test_what_refuses_numbers_names_the_columns_in_order(
    questions: DataSetQuestions, text: str
) -> None:
    assert "(x0, x1)" in questions.request
    with pytest.raises(QueryError, match=r"The numbers of a step are, in order: x0, x1\.$"):
        questions.read(text)


def test_the_preset_says_why_the_training_loss_is_high(far_from_zero: DataSet) -> None:
    [preset] = task_of(far_from_zero.description).presets
    assert preset.values["recipe"].noise > 0
    assert "Noise is added to what is read in training" in preset.summary


def test_the_best_weights_are_kept_where_enough_sequences_choose_them(
    far_from_zero: DataSet,
) -> None:
    described = replace(far_from_zero.description, goal=Goal.NUMBER)
    many = replace(described, validation=12)
    [preset] = task_of(many).presets
    assert preset.values["recipe"].patience == max(5, preset.values["epochs"] // 2)
    few = replace(described, validation=11)
    assert task_of(few).presets[0].values["recipe"].patience == 0


def test_the_rows_of_a_table_are_no_short_sequences(questions: DataSetQuestions) -> None:
    rows = [questions.read(text) for text in ("1 2", "3 4", "5 6")]
    with pytest.raises(QueryError, match="as the rows of a table are"):
        questions.check_lines(rows, "")
    questions.check_lines(rows[:1], "")
    questions.check_lines([*rows, questions.read("1 2; 3 4")], "")
    pairs = [questions.read(text) for text in ("1 2; 3 4", "5 6; 7 8")]
    questions.check_lines(pairs, "")
    with pytest.raises(QueryError, match="as the rows of a table are"):
        questions.check_lines(pairs, "time,x,y,z")


def test_words_are_typed_as_a_text_and_shown_as_they_are_read(
    small_on: SmallOn, read: Read
) -> None:
    rows = [f"A {'Fine' if index % 2 else 'dull'} film,{index % 2}x" for index in range(40)]
    data_set = read("\n".join(["text,label", *rows, ""]), layout="wide", tokens="words").data_set
    config = small_on(data_set, "gru", hidden_sizes=(3,))
    assert config.recipe.embedding > 0
    questions = questions_on(config.replace(embedding=0))
    typed = questions.read("a FINE zzz")
    assert typed.words == ("a", "fine", "<unknown>")
    assert [*questions.notices(typed)] == ["1 of 3 words is unknown, and read as <unknown>."]
    assert questions.read(" ".join(typed.words)).words == typed.words
    with pytest.raises(QueryError, match="no sequence to answer"):
        questions.read(" ")
