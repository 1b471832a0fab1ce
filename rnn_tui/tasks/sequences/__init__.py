"""What tasks on sequences share: small networks on sequences made by chance, many seeds at once."""

from rnn_tui.engine.metrics import accuracy_metric, loss_metric

# What `classification.ClassificationProblem` measures.
METRICS = (
    loss_metric("train_loss", "training loss", "loss"),
    loss_metric("val_loss", "validation loss"),
    accuracy_metric("val_accuracy", "validation accuracy", "accuracy"),
    loss_metric("test_loss", "test loss"),
    accuracy_metric("test_accuracy", "test accuracy"),
)
