"""Recall's data and losses: the report's sequences, and the digit that is asked for."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rnn_tui.engine.training.parallel import Workers
from rnn_tui.engine.training.problem import generator
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.recall.problem import RecallProblem, draw_digits
from rnn_tui.tasks.sequences.examples import Examples
from rnn_tui.tasks.sequences.objective import CLASS_LOSSES

Small = Callable[..., SequenceConfig]


def problem_of(config: SequenceConfig) -> RecallProblem:
    problem = RecallProblem(config, torch.device("cpu"), lambda _: None, torch.float64)
    assert isinstance(problem, RecallProblem)
    return problem


def default_problem(**overrides: Any) -> RecallProblem:
    config = TASKS["recall"].config("lstm", "report", **overrides)
    assert isinstance(config, SequenceConfig)
    return problem_of(config)


def read(examples: Examples) -> list[tuple[list[int], int]]:
    """Digits and target of each sequence of a single seed."""
    assert len(examples.inputs) == len(examples.targets) == len(examples.lengths) == 1
    result = []
    for inputs, target, length in zip(
        examples.inputs[0], examples.targets[0], examples.lengths[0].tolist(), strict=True
    ):
        # One-hot to the end, nothing after it.
        assert inputs.dtype == torch.uint8
        assert inputs[:length].sum(dim=1).eq(1).all()
        assert not inputs[length:].any()
        result.append((inputs[:length].argmax(dim=1).tolist(), int(target)))
    return result


@settings(max_examples=50)
@given(
    st.lists(st.integers(3, 40), min_size=1, max_size=20), st.integers(1, 3), st.integers(0, 2**32)
)
def test_the_target_is_the_digit_at_the_position(
    lengths: list[int], position: int, seed: int
) -> None:
    stream = torch.Generator().manual_seed(seed)
    sequences = read(draw_digits(torch.tensor(lengths), position, stream))
    assert [len(digits) for digits, _ in sequences] == lengths
    assert all(target == digits[position - 1] for digits, target in sequences)


def test_training_set_is_100_of_each_length_the_shortest_first() -> None:
    problem = default_problem()
    stream = generator(0, "training")
    lengths = problem.training_lengths(stream)
    assert lengths.tolist() == [length for length in range(3, 12) for _ in range(100)]
    sequences = read(problem.draw_training(lengths, stream))
    assert [len(digits) for digits, _ in sequences] == lengths.tolist()
    assert all(target == digits[2] for digits, target in sequences)
    # 900 sequences by chance: hardly any two alike, every digit about as often.
    assert len({tuple(digits) for digits, _ in sequences[200:]}) > 690
    counts = np.bincount([target for _, target in sequences], minlength=10)
    assert counts.min() > 50
    assert counts.max() < 140


@pytest.mark.parametrize("count", [1, 8, 9, 10, 100])
def test_a_training_set_of_any_size_has_all_lengths_about_as_often(count: int) -> None:
    lengths = default_problem(training_size=count).training_lengths(generator(0, "training"))
    counts = np.bincount(lengths.numpy(), minlength=12)
    assert len(lengths) == count
    assert lengths.tolist() == sorted(lengths.tolist())
    assert counts[:3].sum() == 0
    assert counts[3:].max() - counts[3:].min() <= 1


def test_test_lengths_are_3_to_10_and_validation_lengths_those_in_training() -> None:
    problem = default_problem()
    test = problem.draw_test(2000, generator(0, "test"))
    assert set(test.lengths.flatten().tolist()) == set(range(3, 11))
    read(test)
    validation = torch.cat(
        [problem.draw_validation(generator(seed, "validation")).lengths for seed in range(20)], 1
    )
    assert set(validation.flatten().tolist()) == set(range(3, 12))
    # Where there is only one length, it is the one to test on.
    only = default_problem(lengths=(5, 5)).draw_test(20, generator(0, "test"))
    assert set(only.lengths.flatten().tolist()) == {5}


def test_training_validation_and_test_sequences_are_not_the_same() -> None:
    problem = default_problem()
    stream = generator(0, "training")
    sets = [
        {tuple(digits) for digits, _ in read(drawn) if len(digits) > 7}
        for drawn in (
            problem.draw_training(problem.training_lengths(stream), stream),
            problem.draw_validation(generator(0, "validation")),
            problem.draw_test(100, generator(0, "test")),
            problem.draw_test(100, generator(1, "test")),
        )
    ]
    assert min(map(len, sets)) > 20
    assert len(set.union(*sets)) == sum(map(len, sets))


@pytest.mark.parametrize("kind", ["ce", "mse", "bce"])
def test_losses_are_those_of_pytorchs_modules(kind: str) -> None:
    draw = torch.Generator().manual_seed(0)
    logits = 5 * torch.randn(3, 10, 4, generator=draw, dtype=torch.float64)
    targets = torch.randint(10, (3, 4), generator=draw)
    losses = CLASS_LOSSES[kind](logits, targets, 0.0)
    assert losses.shape == (3, 4)
    for replica in range(3):
        for column in range(4):
            one, target = logits[replica, :, column], targets[replica, column]
            one_hot = nn.functional.one_hot(target, 10).double()
            expected = {
                "ce": nn.CrossEntropyLoss()(one, target),
                "mse": nn.MSELoss()(one.softmax(0), one_hot),
                "bce": nn.BCELoss()(one.sigmoid(), one_hot),
            }[kind]
            torch.testing.assert_close(losses[replica, column], expected, rtol=1e-9, atol=1e-12)


def test_the_digits_loss_on_paper() -> None:
    # Two of ten are likely, the right one three times as likely as the other.
    logits = torch.full((1, 10, 1), -1e4, dtype=torch.float64)
    logits[0, 4], logits[0, 7] = np.log(3), 0.0
    targets = torch.tensor([[4]])
    assert float(CLASS_LOSSES["ce"](logits, targets, 0.0)) == pytest.approx(-np.log(0.75))
    assert float(CLASS_LOSSES["mse"](logits, targets, 0.0)) == pytest.approx(2 * 0.25**2 / 10)
    expected = -(np.log(0.75) + np.log(0.5)) / 10  # σ(ln 3) = 3/4, σ(0) = 1/2
    assert float(CLASS_LOSSES["bce"](logits, targets, 0.0)) == pytest.approx(expected)


def test_figures_are_those_of_the_weights_handed_over(small: Small, train: Any) -> None:
    config = small("recall", losses=("ce", "mse"), seeds=2, seed=4, training_size=60, test_size=70)
    run = train(config, double=True)
    problem = problem_of(config)
    problem.model.load_state_dict(run.weights)
    for at, replica in enumerate(config.replicas):
        kind = replica.variant.loss
        for name, examples in (
            ("test", problem.draw_test(70, generator(replica.seed, "test"))),
            ("val", problem.draw_validation(generator(replica.seed, "validation"))),
        ):
            losses, right = [], 0
            for digits, target in read(examples):
                inputs = nn.functional.one_hot(torch.tensor(digits), 10)[:, None, :, None]
                with torch.no_grad():
                    logits = problem.model.at_end(inputs.expand(-1, 8, -1, -1))[at, :, 0]
                loss = CLASS_LOSSES[kind](logits[None, :, None], torch.tensor([[target]]), 0.0)
                losses.append(float(loss))
                right += int(logits.argmax()) == target
            told = run.metrics if name == "test" else run.epochs[-1].replicas
            assert told[f"{name}_loss"][at] == pytest.approx(np.mean(losses), rel=1e-9)
            assert told[f"{name}_accuracy"][at] == pytest.approx(100 * right / len(losses))


@pytest.mark.parametrize("position", [1, 2, 4])
def test_another_position_is_learnt_as_well(train: Any, position: int) -> None:
    config = TASKS["recall"].config(
        "lstm",
        "fast",
        hidden_sizes=(10,),
        position=position,
        lengths=(4, 5),
        epochs=2,
        training_size=9600,
        test_size=200,
    )
    run = train(config)
    assert run.metrics["test_accuracy"][0] > 80  # by chance: 10
    # Training asked for that position and no other.
    problem = problem_of(run.config)
    problem.model.load_state_dict(run.weights)
    drawn = draw_digits(torch.full((200,), 5), 3, generator(9, "test"))
    targets, answers = problem.predictions(problem.model, drawn, Workers(1))
    assert 100 * int((answers[0] == targets[0]).sum()) / 200 < 30
