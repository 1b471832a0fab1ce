"""The shared parts of tasks on sequences: many small networks at once, on random sequences."""

from rnn_tui.engine.metrics import Metric

#: The settings that a user may change of every task whose sequences are drawn by chance, beside
#: hidden sizes.
DRAWN_SETTINGS = (
    "lengths",
    "seeds",
    "seed",
    "epochs",
    "batch_size",
    "learning_rate",
    "clip",
    "weight_decay",
    "noise",
    "patience",
    "state_activation",
    "training_size",
    "test_size",
    "initialisation",
)

#: The metrics of a `classification.ClassificationProblem` besides its task's measures.
METRICS = (
    Metric("train_loss", "training loss", chart="loss"),
    Metric("val_loss", "validation loss"),
    Metric("test_loss", "test loss"),
)
