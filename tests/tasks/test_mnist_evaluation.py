"""What the views show of a trained model is what training measured."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import CheckpointError, DataError
from rnn_tui.engine.events import Control
from rnn_tui.engine.training.loop import Outcome, fit
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.mnist.data import load_mnist

MNIST = TASKS["mnist"]


def trained(mnist_slice: Path, model: str, preset: str = "report", **more: Any) -> Outcome:
    config = MNIST.config(
        model,
        preset,
        epochs=2,
        batch_size=50,
        hidden_size=16,
        workers=2,
        device="cpu",
        data_dir=str(mnist_slice),
        **more,
    )
    emitted: list[events.Event] = []
    outcome = fit(MNIST.load(), config, emitted.append, Control())
    assert isinstance(emitted[-1], events.RunFinished)
    return outcome


@pytest.mark.parametrize("model", MNIST.cells)
def test_examination_agrees_with_the_run_and_with_itself(mnist_slice: Path, model: str) -> None:
    outcome = trained(mnist_slice, model)
    assert outcome.weights is not None
    evaluation = MNIST.load().evaluate(outcome.config, outcome.weights)
    data = load_mnist(str(mnist_slice))

    assert np.array_equal(evaluation.images, data.test_images.numpy())
    assert evaluation.labels.tolist() == data.test_labels.tolist()
    assert evaluation.probabilities.shape == (200, 10)
    assert evaluation.probabilities.sum(1) == pytest.approx(1.0, abs=1e-5)
    assert evaluation.probabilities.min() >= 0
    assert np.array_equal(evaluation.predictions, evaluation.probabilities.argmax(1))

    right = int((evaluation.predictions == evaluation.labels).sum())
    assert 0 < right < 200
    assert 100 * right / 200 == pytest.approx(outcome.metrics["test_accuracy"], abs=1e-9)

    assert evaluation.confusion.shape == (10, 10)
    assert evaluation.confusion.sum() == 200
    assert np.trace(evaluation.confusion) == right
    assert (
        evaluation.confusion.sum(1).tolist()
        == np.bincount(evaluation.labels, minlength=10).tolist()
    )
    for truth, answer in ((0, 0), (3, 5), (7, 9)):
        both = (evaluation.labels == truth) & (evaluation.predictions == answer)
        assert evaluation.confusion[truth, answer] == both.sum()

    assert (
        sorted(evaluation.misread)
        == np.flatnonzero(evaluation.predictions != evaluation.labels).tolist()
    )
    confidence = evaluation.probabilities.max(1)[evaluation.misread]
    assert (np.diff(confidence) <= 0).all()


@pytest.mark.parametrize("preset", ["fast", "best"])
def test_standardised_recipes_are_examined_with_their_own_pixels(
    mnist_slice: Path, preset: str
) -> None:
    outcome = trained(mnist_slice, "lstm", preset)
    assert outcome.weights is not None
    evaluation = MNIST.load().evaluate(outcome.config, outcome.weights)
    accuracy = 100 * float((evaluation.predictions == evaluation.labels).mean())
    # Trained with products in bfloat16 where there are instructions for it: nearly the same.
    assert accuracy == pytest.approx(outcome.metrics["test_accuracy"], abs=2.0)


def test_a_model_of_one_answer_misreads_all_others(mnist_slice: Path) -> None:
    outcome = trained(mnist_slice, "rnn")
    assert outcome.weights is not None
    always = {name: torch.zeros_like(w) for name, w in outcome.weights.items()}
    always["readout.bias"][7] = 30.0
    evaluation = MNIST.load().evaluate(outcome.config, always)
    assert set(evaluation.predictions.tolist()) == {7}
    assert len(evaluation.misread) == 200 - evaluation.confusion[7, 7]


def test_examining_changes_no_weight(mnist_slice: Path) -> None:
    outcome = trained(mnist_slice, "lstm")
    assert outcome.weights is not None
    copies = {name: weight.clone() for name, weight in outcome.weights.items()}
    MNIST.load().evaluate(outcome.config, outcome.weights)
    assert all(torch.equal(copies[name], weight) for name, weight in outcome.weights.items())


def test_what_does_not_fit_is_refused(mnist_slice: Path, tmp_path: Path) -> None:
    outcome = trained(mnist_slice, "lstm")
    config: RunConfig = outcome.config
    with pytest.raises(CheckpointError):
        MNIST.load().evaluate(config.replace(hidden_size=17), outcome.weights or {})
    with pytest.raises(CheckpointError):
        MNIST.load().evaluate(config.replace(cell="bilstm"), outcome.weights or {})
    with pytest.raises(DataError):
        MNIST.load().evaluate(config.replace(data_dir=str(tmp_path)), outcome.weights or {})
