"""What tasks on sequences share: small networks on sequences made by chance, many seeds at once."""

from rnn_tui.engine.metrics import loss_metric

# What `classification.ClassificationProblem` measures beside its task's measures.
METRICS = (
    loss_metric("train_loss", "training loss", "loss"),
    loss_metric("val_loss", "validation loss"),
    loss_metric("test_loss", "test loss"),
)
