"""What tasks on sequences share: many small networks at once, on sequences drawn by chance."""

from rnn_tui.engine.metrics import Metric

#: What a `classification.ClassificationProblem` measures beside its task's measures.
METRICS = (
    Metric("train_loss", "training loss", chart="loss"),
    Metric("val_loss", "validation loss"),
    Metric("test_loss", "test loss"),
)
