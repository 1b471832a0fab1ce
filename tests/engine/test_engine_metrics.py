"""What a measure makes of logits and classes, against numbers worked out by hand."""

import math
from dataclasses import replace

import torch

from rnn_tui.engine.metrics import ACCURACY

LOGITS = torch.tensor([[2.0, 1.0, 0.0], [0.0, -1.0, 5.0], [-3.0, -2.0, -9.0]])


def test_accuracy_is_the_percentage_of_largest_logits_at_the_target() -> None:
    values = ACCURACY.values(LOGITS, torch.tensor([0, 2, 0]))
    assert values.tolist() == [True, True, False]
    assert float(ACCURACY.mean(values.sum(), 3)) == 100.0 * (2 / 3)
    assert math.isnan(float(ACCURACY.mean(torch.tensor(0), 0)))


def test_replicas_have_a_value_each() -> None:
    both = torch.stack([LOGITS, -LOGITS])  # (R, N, C)
    targets = torch.tensor([[0, 2, 0], [2, 1, 2]])
    values = ACCURACY.values(both, targets).sum(dim=1)
    assert ACCURACY.mean(values, 3).tolist() == [100.0 * (2 / 3), 100.0]


def test_its_metrics_say_of_what_they_are() -> None:
    validation, test = ACCURACY.metrics
    assert (validation.name, validation.label) == ("val_accuracy", "validation accuracy")
    assert (validation.stage, test.stage) == ("val", "test")
    assert (validation.unit, validation.upper, validation.chart) == ("%", 100.0, "accuracy")
    assert (test.name, test.chart) == ("test_accuracy", "")
    nothing = replace(ACCURACY, unit="", upper=None)
    assert float(nothing.mean(torch.tensor(3.0), 2)) == 1.5
