"""Losses and measures of answers of which some are unknown, computed once more with NumPy."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.api.training import config_of
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.metrics import ACCURACY
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.adder.problem import loss_across_positions
from rnn_tui.tasks.sequences.objective import (
    BIT_LOSSES,
    CLASS_LOSSES,
    NUMBER_LOSSES,
    AnsweredBatch,
    Objective,
)
from tests.cli.command_line import run_inside
from tests.tasks.conftest import Small, Train

T, R, C, B = 3, 2, 4, 5
cases = given(
    seed=st.integers(0, 2**32 - 1),
    share=st.floats(0, 1),
    smoothing=st.floats(0, 0.9),
)


def class_loss(kind: str, logits: Any, target: int, smoothing: float) -> float:
    """The loss of one answer (C,), by the formula on paper."""
    one_hot = np.eye(len(logits))[target]
    exponentials = np.exp(logits - logits.max())
    softmax = exponentials / exponentials.sum()
    sigmoid = 1 / (1 + np.exp(-logits))
    if kind == "mse":
        return float(np.mean((softmax - one_hot) ** 2))
    if kind == "ce":
        spread = one_hot * (1 - smoothing) + smoothing / len(logits)
        return float(-(spread * np.log(softmax)).sum())
    yes = one_hot * (1 - smoothing) + smoothing / 2
    return float(-np.mean(yes * np.log(sigmoid) + (1 - yes) * np.log(1 - sigmoid)))


@pytest.mark.parametrize("kind", CLASS_LOSSES)
@settings(max_examples=20)
@cases
def test_the_mean_is_over_known_classes_alone(
    kind: str, seed: int, share: float, smoothing: float
) -> None:
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (T, R, C, B))
    targets = random.integers(C, size=(T, R, B))
    known = random.random((T, R, B)) < share
    batch = AnsweredBatch(*map(torch.from_numpy, (logits, targets, known)))
    objective = Objective(CLASS_LOSSES, {kind: slice(0, R)}, smoothing)
    means = objective.mean(batch)
    sums = objective.sums(batch, [ACCURACY])
    for replica in range(R):
        places = [place for place in np.ndindex(T, B) if known[place[0], replica, place[1]]]
        answers = [(logits[t, replica, :, b], targets[t, replica, b]) for t, b in places]
        losses = [class_loss(kind, *answer, smoothing) for answer in answers]
        assert means[replica].item() == pytest.approx(np.mean(losses or [0]), abs=1e-12)
        assert sums["count"][replica] == len(answers)
        right = [outputs.argmax() == target for outputs, target in answers]
        assert sums["accuracy"][replica] == sum(right)


@settings(max_examples=20)
@cases
def test_each_replica_has_the_loss_of_its_own(seed: int, share: float, smoothing: float) -> None:
    random = np.random.default_rng(seed)
    logits = torch.from_numpy(random.normal(0, 2, (T, R, C, B)))
    targets = torch.from_numpy(random.integers(C, size=(T, R, B)))
    batch = AnsweredBatch(logits, targets, torch.from_numpy(random.random((T, R, B)) < share))
    both = Objective(CLASS_LOSSES, {"ce": slice(0, 1), "bce": slice(1, 2)}, smoothing).mean(batch)
    for replica, kind in enumerate(("ce", "bce")):
        alone = Objective(CLASS_LOSSES, {kind: slice(0, R)}, smoothing).mean(batch)
        assert torch.equal(both[replica], alone[replica])


@pytest.mark.parametrize("kind", ["mse", "bce", "ce"])
@settings(max_examples=20)
@cases
def test_sequences_of_bits_count_the_same_whatever_their_length(
    kind: str, seed: int, share: float, smoothing: float
) -> None:
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (T, R, 1, B))
    lengths = np.maximum(1, (random.random((R, B)) * share * (T + 1)).astype(int))
    known = np.arange(T)[:, None, None] < lengths
    bits = random.integers(2, size=(T, R, B)) * known
    batch = AnsweredBatch(*map(torch.from_numpy, (logits, bits, known)))
    own = {"ce": loss_across_positions}
    objective = Objective(
        BIT_LOSSES, {kind: slice(0, R)}, smoothing, sequence_losses=own, by_sequence=True
    )
    for replica, mean in enumerate(objective.mean(batch).tolist()):
        losses = []
        for column in range(B):
            length = lengths[replica, column]
            yes = bits[:length, replica, column]
            outputs = 1 / (1 + np.exp(-logits[:length, replica, 0, column]))
            if kind == "mse":
                losses.append(np.mean((outputs - yes) ** 2))
            elif kind == "bce":
                yes = yes * (1 - smoothing) + smoothing / 2
                losses.append(-np.mean(yes * np.log(outputs) + (1 - yes) * np.log(1 - outputs)))
            else:
                module = torch.nn.CrossEntropyLoss(label_smoothing=smoothing)
                losses.append(module(torch.from_numpy(outputs), torch.from_numpy(yes * 1.0)).item())
        assert mean == pytest.approx(np.mean(losses), rel=1e-9)


def test_unknown_numbers_have_neither_loss_nor_gradient() -> None:
    outputs = torch.tensor([[[3.0, 1.0]], [[2.0, 5.0]]], requires_grad=True)  # (R, O, B)
    known = torch.tensor([[[True, False]], [[True, True]]])
    batch = AnsweredBatch(outputs, torch.tensor([[[1.0, 0.0]], [[2.0, 1.0]]]), known)
    means = Objective(NUMBER_LOSSES, {"mse": slice(0, 2)}).mean(batch)
    assert means.tolist() == [4.0, 8.0]
    [gradient] = torch.autograd.grad(means.sum(), outputs)
    assert gradient.tolist() == [[[4.0, 0.0]], [[0.0, 4.0]]]


def test_a_loss_that_does_not_suit_the_answers_is_refused() -> None:
    with pytest.raises(SettingError, match="the loss is mse, not ce"):
        Objective(NUMBER_LOSSES, {"ce": slice(0, 1)})


@pytest.mark.parametrize("preset", ["report", "fast"])
def test_noise_is_drawn_by_each_seed_for_itself(preset: str, small: Small, train: Train) -> None:
    together = small("recall", preset, seeds=2, seed=6, noise=0.3, batch_size=4)
    alone = together.replace(hidden_sizes=(3,), seeds=1, seed=7)
    both, single = train(together, double=True), train(alone, double=True)
    assert both.metrics["test_loss"][3] == pytest.approx(single.metrics["test_loss"][0], rel=1e-9)
    still = train(alone.replace(noise=0.0), double=True)
    assert still.metrics["test_loss"] != single.metrics["test_loss"]


SETTINGS = {"label_smoothing": 0.1, "noise": 0.05, "clip": 0.5, "weight_decay": 0.01}


@pytest.mark.usefixtures("home")
def test_what_the_recipe_has_is_changed_in_the_shell_and_in_python() -> None:
    options = [f"--{name.replace('_', '-')}={value}" for name, value in SETTINGS.items()]
    small = ["--preset", "fast", "--hidden-size", "2", "--epochs", "1", "--training-size", "64"]
    command = ["train", "adder", *small, "--test-size", "5", *options, "--json", "--quiet"]
    code, out, err = run_inside(command)
    assert code == 0, err
    recipe = json.loads(out)["settings"]["recipe"]
    assert {name: recipe[name] for name in SETTINGS} == SETTINGS
    config = config_of("adder", preset="fast", settings=SETTINGS)
    assert config.recipe == replace(TASKS["adder"].config("lstm", "fast").recipe, **SETTINGS)
