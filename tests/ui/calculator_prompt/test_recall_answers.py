"""What is said of recalled digits, as functions of sequences and weights."""

from dataclasses import replace

import numpy as np
import pytest

from rnn_tui.archive.weights import shipped
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.tasks.recall import RECALL
from rnn_tui.tasks.recall.questions import RecallNetwork
from rnn_tui.ui.calculator_prompt.asking import AskedNetworks
from rnn_tui.ui.calculator_prompt.recall_answers import (
    draw_within,
    headline_of,
    marked,
    seed_label,
    source_text,
    table_of,
    table_texts,
    variant_label,
)
from tests.ui.calculator_prompt.conftest import recalled


def network(position: int) -> RecallNetwork:
    """The network that ships for a position, read apart from the panel."""
    (source,) = [source for source in shipped("recall") if source.position == position]
    return RecallNetwork(read_weights(source.path))


@pytest.mark.parametrize("position", [1, 2, 3])
def test_each_position_has_its_own_weights(position: int) -> None:
    answers = recalled("90817", position)
    assert source_text(answers) == f"pretrained: position {position}, 5 seeds, ce"
    assert answers.notes == ""
    true = (9, 0, 8)[position - 1]
    by_variant = network(position).probabilities([(9, 0, 8, 1, 7)])[:, 0].reshape(-1, 5, 10)
    for variant, replicas in enumerate(by_variant):
        right = int((replicas.argmax(axis=1) == true).sum())
        assert answers.seeds_right[variant] == right
        for seed, probabilities in ((None, replicas.mean(axis=0)), (3, replicas[3])):
            answer = answers.of(answers.of_variant(variant, seed))
            assert answer.document["probabilities"] == pytest.approx(probabilities.tolist())
            assert answer.document["answer"] == probabilities.argmax()
            assert answer.document["expected"] == true
            assert answer.correct == (probabilities.argmax() == true)


def test_headings_name_the_seed_and_the_loss_only_where_there_are_several() -> None:
    config = RECALL.config("lstm", seeds=5)
    assert [seed_label(config, seed) for seed in (0, 4, None)] == ["seed 0", "seed 4", "mean of 5"]
    assert [variant_label(config, variant) for variant in range(3)] == ["H 2", "H 5", "H 10"]
    assert variant_label(replace(config, losses=("ce", "bce")), 0) == "H 2 ce"


@pytest.mark.parametrize(
    ("digits", "position", "note"),
    [
        ("12345678901", 1, ""),
        ("123456789012", 1, "3 to 11 digits"),
        ("12", 1, "3 to 11 digits"),
        ("1234567890", 7, "trained for position 3, not for 7"),
    ],
)
def test_what_was_not_in_training_is_said(digits: str, position: int, note: str) -> None:
    notes = recalled(digits, position).notes
    assert note in notes
    assert bool(notes) == bool(note)


def test_the_table_has_the_networks_answers_and_their_accuracy() -> None:
    random = np.random.default_rng(1)
    networks = AskedNetworks(RECALL)
    answers = networks.ask_drawn(lambda config: table_texts(config, random), 3)
    headings, rows = table_of(answers, 0)
    assert [int(row[0]) for row in rows] == [n for n in range(3, 12) for _ in range(5)]
    sequences = [tuple(int(c) for c in row[1] if c.isdigit()) for row in rows]
    assert [len(digits) for digits in sequences] == [int(row[0]) for row in rows]
    truth = np.array([digits[2] for digits in sequences])
    said = network(3).probabilities(sequences)[::5].argmax(axis=2)  # (variants, N)
    for at, row in enumerate(rows):
        assert int(row[2]) == truth[at]
        assert f"[{truth[at]}]" in row[1]
        marks = ["✓" if digit == truth[at] else "✗" for digit in said[:, at]]
        assert row[3:] == [f"{m} {s}" for m, s in zip(marks, said[:, at], strict=True)]
    assert headings[3:] == [
        f"H {size}\n{100 * (digits == truth).mean():.0f} % right"
        for size, digits in zip((2, 5, 10), said, strict=True)
    ]
    assert " ".join(headline_of(answers, 0).split()) == (
        "45 random sequences, 5 of each of 9 lengths, 3 … 11; answers of seed 0. pretrained: "
        "position 3, 5 seeds, ce"
    )
    assert table_of(answers, 1)[1] != rows
    assert "answers of mean of 5" in headline_of(answers, None)


def test_the_table_of_a_position_that_nothing_was_trained_for_is_of_another() -> None:
    answers = AskedNetworks(RECALL).ask_drawn(lambda _: ["1234567", "7654321"], 7)
    assert [row[2] for row in table_of(answers, 0)[1]] == ["3", "5"]
    assert headline_of(answers, 0).startswith("2 random sequences, 5 of length 7; ")


def test_the_digit_at_the_position_is_marked_and_the_width_kept() -> None:
    assert marked((3, 1, 4), 1, 80) == "[3]1 4 "
    assert marked((3, 1, 4), 3, 80) == " 3 1[4]"
    digits = tuple(n % 10 for n in range(1000))
    for position in (1, 2, 500, 999, 1000):
        for width in (9, 10, 21, 60):
            line = marked(digits, position, width)
            assert f"[{digits[position - 1]}]" in line
            assert len(line) <= width
            assert ("…" in line[:2]) == (position > 2)


def test_random_digits_reach_the_position_within_what_can_be_asked() -> None:
    random = np.random.default_rng(0)
    assert len(draw_within((3, 3), 1, random)) == 3
    assert len(draw_within((3, 11), 20, random)) == 20
    assert len(draw_within((3, 11), 10**6, random)) == 1000
    assert {len(draw_within((3, 11), 1, random)) for _ in range(200)} == {*range(3, 12)}
