"""Means and accuracies, against numbers worked out by hand."""

import math

import pytest
import torch

from rnn_tui.engine.metrics import Accuracy, Mean


def test_mean_weighs_batches_by_their_size() -> None:
    mean = Mean()
    assert math.isnan(mean.value())
    mean.update(torch.tensor(6.0), 3)
    mean.update(10.0, 1)
    assert mean.value() == 4.0
    mean.reset()
    assert math.isnan(mean.value())
    mean.update(torch.tensor(0.5), 2)
    assert mean.value() == 0.25


def test_accuracy_is_the_percentage_of_largest_logits_at_the_target() -> None:
    accuracy = Accuracy()
    assert math.isnan(accuracy.value())
    logits = torch.tensor([[2.0, 1.0, 0.0], [0.0, -1.0, 5.0], [-3.0, -2.0, -9.0]])
    accuracy.update(logits, torch.tensor([0, 2, 0]))
    assert accuracy.value() == pytest.approx(200 / 3)
    accuracy.update(torch.tensor([[0.0, 1.0]]), torch.tensor([0]))
    assert accuracy.value() == 50.0
    accuracy.reset()
    accuracy.update(torch.tensor([[0.0, 1.0]]), torch.tensor([1]))
    assert accuracy.value() == 100.0
