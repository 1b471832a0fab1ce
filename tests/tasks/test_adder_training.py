"""The adder's data and losses: two numbers, the bits of their sum, least significant first."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from rnn_tui.engine.training.problem import generator
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.adder.problem import (
    TEST_LENGTHS,
    AdderProblem,
    add_bits,
    draw_pairs,
    loss_across_positions,
)
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.sequences.examples import Examples
from rnn_tui.tasks.sequences.objective import BIT_LOSSES, AnsweredBatch, Objective

Small = Callable[..., SequenceConfig]
numbers = st.integers(0, 2**64 - 1) | st.integers(0, 64).map(lambda bits: 2**bits - 1)


def bits_of(value: int, length: int) -> list[int]:
    """The slow way."""
    assert 0 <= value < 2**length
    return [int(digit) for digit in reversed(f"{value:0{length}b}")]


def value_of(bits: torch.Tensor) -> int:
    return sum(int(bit) << place for place, bit in enumerate(bits.tolist()))


def problem_of(config: SequenceConfig) -> AdderProblem:
    problem = AdderProblem(config, torch.device("cpu"), lambda _: None, torch.float64)
    assert isinstance(problem, AdderProblem)
    return problem


def default_problem(preset: str = "report", **overrides: Any) -> AdderProblem:
    config = TASKS["adder"].config("lstm", preset, **overrides)
    assert isinstance(config, SequenceConfig)
    return problem_of(config)


def read(examples: Examples) -> list[tuple[int, int]]:
    """The pairs of a single seed, after a look at everything else about them."""
    assert len(examples.inputs) == len(examples.targets) == len(examples.lengths) == 1
    pairs = []
    for inputs, targets, length in zip(
        examples.inputs[0], examples.targets[0], examples.lengths[0].tolist(), strict=True
    ):
        a, b = (value_of(inputs[:, column]) for column in (0, 1))
        # Both fit into one bit less than there are, so that their sum fits.
        assert max(a, b) < 2 ** (length - 1)
        assert inputs.max() <= 1
        assert targets[:length].tolist() == bits_of(a + b, length)
        assert not targets[length:].any()
        pairs.append((a, b))
    return pairs


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=5))
def test_any_numbers_of_up_to_64_bits_add_up(pairs: list[tuple[int, int]]) -> None:
    bits = torch.tensor([[bits_of(number, 65) for number in pair] for pair in pairs])
    sums = add_bits(bits.transpose(1, 2).to(torch.uint8))  # (N, 65)
    assert sums.dtype == torch.uint8
    assert [value_of(one) for one in sums] == [a + b for a, b in pairs]


def test_least_significant_first_on_paper() -> None:
    # 6 + 3 = 9: 011 + 110 = 1001, read backwards.
    pair = torch.tensor([[[0, 1], [1, 1], [1, 0], [0, 0]]], dtype=torch.uint8)
    assert add_bits(pair).tolist() == [[1, 0, 0, 1]]


@settings(max_examples=50)
@given(st.lists(st.integers(1, 64), min_size=1, max_size=20), st.integers(0, 2**32), st.booleans())
def test_pairs_fit_their_length_and_come_with_their_sum(
    lengths: list[int], seed: int, runs: bool
) -> None:
    drawn = draw_pairs(torch.tensor(lengths), torch.Generator().manual_seed(seed), runs)
    assert drawn.lengths.tolist() == [lengths]
    pairs = read(drawn)
    assert all(pair == (0, 0) for pair, n in zip(pairs, lengths, strict=True) if n == 1)


def test_all_numbers_of_a_length_are_as_likely() -> None:
    drawn = draw_pairs(torch.full((6400,), 4), torch.Generator().manual_seed(0))
    pairs, counts = np.unique(read(drawn), axis=0, return_counts=True)
    assert len(pairs) == 64
    # Chi-square of 63 degrees of freedom: 1 in 1,000 lies above 104.
    assert ((counts - 100) ** 2 / 100).sum() < 104


def test_lengths_are_those_of_the_report() -> None:
    problem = default_problem(training_size=2000)
    stream = generator(0, "training")
    lengths = problem.training_lengths(stream)
    counts = np.bincount(lengths.numpy(), minlength=21)
    assert len(lengths) == 2000
    assert counts[0] == 0
    assert counts[1:].min() > 60
    assert counts[1:].max() < 140
    read(problem.draw_training(lengths, stream))
    assert list(TEST_LENGTHS) == list(range(1, 21))
    validation = problem.draw_validation(generator(0, "validation"))
    assert validation.count == 100
    assert len(set(validation.lengths.flatten().tolist())) > 10


def longest_carries(pairs: list[tuple[int, int]]) -> list[int]:
    """Through how many places in a row a carry passes, at most, for each pair."""
    # It comes in, and of the two bits one alone is set: it goes out again.
    return [max(map(len, f"{(a ^ b) & (a ^ b ^ (a + b)):b}".split("0"))) for a, b in pairs]


def test_augmented_pairs_carry_far_and_those_to_test_on_are_as_ever() -> None:
    recipe = TASKS["adder"].preset("report").values["recipe"]
    lengths = torch.full((1000,), 20)
    carries, tests = {}, {}
    for augmentation in ("none", "carry"):
        problem = default_problem(recipe=type(recipe)(augmentation=augmentation))
        drawn = read(problem.draw_training(lengths, generator(0, "training")))
        carries[augmentation] = sum(longest >= 10 for longest in longest_carries(drawn))
        tests[augmentation] = read(problem.draw(lengths, generator(0, "test", 20)))
    assert carries["none"] < 10
    assert carries["carry"] > 30
    assert tests["none"] == tests["carry"]


def loss_of(kind: str, logits: Tensor, targets: Tensor, lengths: Tensor | None) -> Tensor:
    """Return the losses (R, B) of logits and bits (T, R, B) of sequences of lengths (R, B)."""
    objective = Objective(
        BIT_LOSSES,
        {kind: slice(None)},
        sequence_losses={"ce": loss_across_positions},
        by_sequence=True,
    )
    known = None if lengths is None else torch.arange(len(logits))[:, None, None] < lengths
    return objective.losses(AnsweredBatch(logits[:, :, None], targets, known))


@pytest.mark.parametrize("kind", ["ce", "mse", "bce"])
@pytest.mark.parametrize("equal", [True, False])
def test_losses_are_those_of_pytorchs_modules_on_single_sequences(kind: str, equal: bool) -> None:
    draw = torch.Generator().manual_seed(0)
    logits = 4 * torch.randn(6, 3, 4, generator=draw, dtype=torch.float64)
    lengths = torch.randint(1, 7, (3, 4), generator=draw)
    lengths[0, 0], lengths[1, 1] = 1, 6
    if equal:
        lengths[:] = 6
    within = torch.arange(6)[:, None, None] < lengths
    targets = torch.randint(2, (6, 3, 4), generator=draw).double() * within
    losses = loss_of(kind, logits, targets, None if equal else lengths)
    assert losses.shape == (3, 4)
    for replica in range(3):
        for column in range(4):
            length = int(lengths[replica, column])
            outputs = logits[:length, replica, column].sigmoid()
            bits = targets[:length, replica, column]
            expected = {
                "ce": nn.CrossEntropyLoss()(outputs, bits),
                "mse": nn.MSELoss()(outputs, bits),
                "bce": nn.BCELoss()(outputs, bits),
            }[kind]
            torch.testing.assert_close(losses[replica, column], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", ["ce", "mse", "bce"])
def test_what_lies_after_the_end_has_neither_loss_nor_gradient(kind: str) -> None:
    logits = torch.zeros(5, 1, 2, dtype=torch.float64, requires_grad=True)
    targets = torch.zeros(5, 1, 2, dtype=torch.float64)
    targets[:3] = 1
    lengths = torch.tensor([[3, 5]])
    losses = loss_of(kind, logits, targets, lengths)
    (gradient,) = torch.autograd.grad(losses.sum(), logits)
    assert not gradient[3:, 0, 0].any()
    changed = logits.detach().clone()
    changed[3:, 0, 0] = 50.0
    again = loss_of(kind, changed, targets, lengths)
    assert torch.equal(again[0, 0], losses[0, 0].detach())


def test_the_reports_cross_entropy_on_paper() -> None:
    # Outputs ½, ½, ½, ½: a softmax of four equal numbers is ¼ each; three bits are set.
    logits = torch.zeros(4, 1, 1, dtype=torch.float64)
    targets = torch.tensor([1.0, 1.0, 0.0, 1.0], dtype=torch.float64).view(4, 1, 1)
    assert float(loss_of("ce", logits, targets, None)) == pytest.approx(3 * np.log(4))
    assert float(loss_of("bce", logits, targets, None)) == pytest.approx(np.log(2))
    assert float(loss_of("mse", logits, targets, None)) == 0.25
    # Of one bit, the softmax is 1 whatever the output: nothing to learn.
    assert float(loss_of("ce", logits[:1], targets[:1], None)) == 0.0


def test_figures_are_those_of_the_weights_handed_over(small: Small, train: Any) -> None:
    config = small("adder", losses=("mse", "ce"), seeds=2, seed=4, training_size=300, test_size=6)
    run = train(config, double=True)
    problem = problem_of(config)
    problem.model.load_state_dict(run.weights)
    for at, replica in enumerate(config.replicas):
        kind, seed = replica.variant.loss, replica.seed

        def measured(examples: Examples, at: int = at, kind: str = kind) -> tuple[float, ...]:
            """Mean loss, share of right bits, share of right sums; one sequence at a time."""
            losses, bits, sums = [], [], []
            for index in range(examples.count):
                one = examples.part(index, index + 1)
                inputs = one.inputs[0, 0].double()[:, None, :, None].expand(-1, 8, -1, -1)
                with torch.no_grad():
                    logits = problem.model(inputs)[:, at : at + 1]
                length = len(logits)
                targets = one.targets[0, 0, :length].double()
                losses.append(float(loss_of(kind, logits, targets.view(length, 1, 1), None)))
                right = (logits.sigmoid().flatten() >= 0.5) == targets.bool()
                bits.append(float(right.double().mean()))
                sums.append(float(right.all()))
            return tuple(float(np.mean(values)) for values in (losses, bits, sums))

        loss, bits, _ = measured(problem.draw_validation(generator(seed, "validation")))
        told = run.epochs[-1].replicas
        assert told["val_loss"][at] == pytest.approx(loss, rel=1e-9)
        assert told["val_bit_accuracy"][at] == pytest.approx(100 * bits, abs=1e-4)
        found = [
            measured(problem.draw(torch.full((6,), length), generator(seed, "test", length)))
            for length in TEST_LENGTHS
        ]
        _, bits, sums = np.mean(found, axis=0)
        assert run.metrics["test_bit_accuracy"][at] == pytest.approx(100 * bits, abs=1e-4)
        assert run.metrics["test_number_accuracy"][at] == pytest.approx(100 * sums, abs=1e-9)


def test_some_training_adds_better_than_chance(train: Any) -> None:
    config = TASKS["adder"].config("lstm", "fast", hidden_sizes=(8,), test_size=50)
    run = train(config)
    assert run.metrics["test_bit_accuracy"][0] > 90
