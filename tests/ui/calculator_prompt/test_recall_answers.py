"""What is said of a recalled digit, as a function of sequences and weights."""

import numpy as np
import pytest

from rnn_tui.archive.weights import shipped
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.tasks.recall.questions import RecallNetwork
from rnn_tui.ui.calculator_prompt.recall_answers import RecallAnswers, RecallNetworks


def answers_to(text: str, position: int) -> RecallAnswers:
    return RecallNetworks().answer(tuple(int(digit) for digit in text), position)


@pytest.mark.parametrize("position", [1, 2, 3])
def test_each_position_has_its_own_weights(position: int) -> None:
    answers = answers_to("90817", position)
    assert answers.source_text == f"pretrained: position {position}, 5 seeds, ce"
    assert answers.notes == ""
    assert answers.truth.tolist() == [(9, 0, 8)[position - 1]]
    (source,) = [source for source in shipped("recall") if source.position == position]
    network = RecallNetwork(read_weights(source.path))
    expected = network.probabilities([(9, 0, 8, 1, 7)])
    assert np.array_equal(answers.probabilities, expected)
    by_variant = expected[:, 0].reshape(-1, 5, 10)
    for variant, replicas in enumerate(by_variant):
        right = int((replicas.argmax(axis=1) == answers.truth[0]).sum())
        assert answers.seeds_right(variant) == right
        assert np.allclose(answers.of(variant, None)[0], replicas.mean(axis=0))
        assert np.array_equal(answers.of(variant, 3)[0], replicas[3])
    assert [answers.seed_label(seed) for seed in (0, None)] == ["seed 0", "mean of 5"]


@pytest.mark.parametrize(
    ("digits", "note"),
    [
        ("12345678901", ""),
        ("123456789012", "⚠ 12 digits; the network was trained on 3–11."),
        ("12", "⚠ 2 digits; the network was trained on 3–11."),
        ("9", "⚠ 1 digit; the network was trained on 3–11."),
    ],
)
def test_lengths_that_were_not_in_training_are_said(digits: str, note: str) -> None:
    assert answers_to(digits, 1).notes == note


def test_a_position_that_nothing_was_trained_for_is_said() -> None:
    assert answers_to("1234567890", 7).notes == (
        "⚠ No network was trained for position 7; the one for position 3 answers."
    )
