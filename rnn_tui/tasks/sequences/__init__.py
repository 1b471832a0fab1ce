"""What tasks on sequences share: small networks on sequences made by chance, many seeds at once."""

from rnn_tui.engine.metrics import Metric

# What `classification.ClassificationProblem` measures beside its task's measures.
METRICS = (
    Metric("train_loss", "training loss", chart="loss"),
    Metric("val_loss", "validation loss"),
    Metric("test_loss", "test loss"),
)
