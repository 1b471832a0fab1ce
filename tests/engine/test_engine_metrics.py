"""What a measure makes of logits and classes, against numbers worked out by hand."""

import math
from dataclasses import replace

import pytest
import torch

from rnn_tui.engine.metrics import ACCURACY, Metric, accuracy_metric, as_heading, main_metric

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


OTHER = replace(ACCURACY, name="top3", label="accuracy of three answers")
MEASURED = [
    Metric("train_loss", "training loss"),
    Metric("val_loss", "validation loss"),
    OTHER.metrics[0],
    ACCURACY.metrics[0],
    OTHER.metrics[1],
    ACCURACY.metrics[1],
]


@pytest.mark.parametrize("metrics", [MEASURED, MEASURED[::-1]], ids=["as listed", "reversed"])
@pytest.mark.parametrize(
    ("headline", "stages", "stands"),
    [
        ("test_accuracy", {"train", "val", "test"}, "test_accuracy"),
        ("test_accuracy", {"train", "val"}, "val_accuracy"),
        ("test_top3", {"train", "val", "test"}, "test_top3"),
        ("test_top3", {"val"}, "val_top3"),
        ("val_top3", {"val", "test"}, "val_top3"),
        ("test_loss", {"train", "val", "test"}, "val_loss"),
        ("test_accuracy", {"train"}, "train_loss"),
    ],
)
def test_the_headline_stands_for_a_network_wherever_other_measures_are_listed(
    metrics: list[Metric], headline: str, stages: set[str], stands: str
) -> None:
    metric = main_metric([one for one in metrics if one.stage in stages], headline)
    assert metric is not None
    assert metric.name == stands


def test_a_run_of_a_task_that_is_gone_is_known_by_an_accuracy_or_its_last_metric() -> None:
    losses = MEASURED[:2]
    accuracies = [accuracy_metric("val_right", "right"), accuracy_metric("test_right", "right")]
    assert main_metric([*losses, *accuracies], "") is accuracies[0]
    assert main_metric(losses, "") is losses[1]
    assert main_metric([], "test_accuracy") is None


def test_a_heading_keeps_the_capitals_of_its_words() -> None:
    assert as_heading("validation RMSE in km") == "Validation RMSE in km"
    assert as_heading("") == ""
