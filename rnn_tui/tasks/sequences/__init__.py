"""What tasks on sequences share: small networks on sequences made by chance, many seeds at once."""

from typing import Any

from rnn_tui.engine.metrics import Metric

METRICS = (  # what `classification.ClassificationProblem` measures beside its task's measures
    Metric("train_loss", "training loss", chart="loss"),
    Metric("val_loss", "validation loss"),
    Metric("test_loss", "test loss"),
)


def training(*values: Any) -> dict[str, Any]:
    """The settings that the presets of a task differ in, from their values in this order."""
    return dict(
        zip(
            ("epochs", "batch_size", "learning_rate", "training_size", "test_size", "recipe"),
            values,
            strict=True,
        )
    )
