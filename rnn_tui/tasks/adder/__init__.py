"""The adder: the sum of two binary numbers. The third experiment of the report, without torch."""

from pathlib import Path

from rnn_tui.engine.config import Recipe
from rnn_tui.engine.metrics import Metric, accuracy_metric
from rnn_tui.tasks.sequences import DRAWN_SETTINGS
from rnn_tui.tasks.shapes import HiddenVariable, bits
from rnn_tui.tasks.task import Preset, SequenceShape, Task

# Short memories in Adam let the last thousandths of error still move the weights.
_FAST = Recipe(
    initialisation="orthogonal",
    forget_bias=0.0,
    last_forget_bias=-2.0,
    beta1=0.5,
    beta2=0.8,
    schedule="one-cycle",
    rise=0.5,
    fresh=True,
    augmentation="carry",
)
# Without long carries: the softmax across positions of ce does not learn from them.
_BEST = Recipe(beta1=0.7, beta2=0.97, schedule="one-cycle", fresh=True)
_NETWORKS = {"hidden_sizes": (3, 5, 10), "losses": ("mse", "ce", "bce"), "lengths": (1, 20)}

ADDER = Task(
    name="adder",
    label="Adder",
    headline="test_bit_accuracy",
    tested_by=(),  # lengths of its own
    settings=(
        "hidden_sizes",
        "losses",
        *DRAWN_SETTINGS,
        "label_smoothing",
    ),
    presets=(
        Preset(
            "report",
            "The report's recipe: Adam at 0.002, one pair a step, 10 epochs of the same 500 pairs; "
            "ce is a softmax across positions.",
            {
                **_NETWORKS,
                "losses": ("mse", "ce"),
                "epochs": 10,
                "batch_size": 1,
                "learning_rate": 2e-3,
                "training_size": 500,
                "test_size": 100,
                "recipe": Recipe(),
            },
        ),
        Preset(
            "fast",
            "Every sum right with 10 units in an eighth of a second: fresh pairs in every batch, "
            "half of them with long carries, the cross-entropy of each bit, one-cycle learning "
            "rate.",
            {
                **_NETWORKS,
                "losses": ("bce",),
                "epochs": 2,
                "batch_size": 32,
                "learning_rate": 0.14,
                "training_size": 3_520,
                "test_size": 1_000,
                "recipe": _FAST,
            },
        ),
        Preset(
            "best",
            "The best that smaller sizes and all three losses can do: fresh pairs as in fast, "
            "a lower learning rate and 18 times as many steps.",
            {
                **_NETWORKS,
                "epochs": 8,
                "batch_size": 32,
                "learning_rate": 0.03,
                "training_size": 16_000,
                "test_size": 1_000,
                "recipe": _BEST,
            },
        ),
    ),
    metrics=(
        Metric("train_loss", "training loss", chart="loss"),
        Metric("val_loss", "validation loss"),
        accuracy_metric("val_bit_accuracy", "validation bit accuracy", "accuracy"),
        accuracy_metric("test_bit_accuracy", "test bit accuracy"),
        accuracy_metric("test_number_accuracy", "whole numbers right"),
    ),
    published={
        "test_bit_accuracy": {
            "H 3 mse": 92.10,
            "H 5 mse": 99.99,
            "H 10 mse": 100.0,
            "H 3 ce": 91.88,
            "H 5 ce": 95.64,
            "H 10 ce": 100.0,
        }
    },
    problem="rnn_tui.tasks.adder.problem:AdderProblem",
    inference="rnn_tui.tasks.adder.questions:AdderNetwork",
    shape=SequenceShape(
        2,
        ("1",),
        every_step=True,
        inputs="bits",
        step="place",
        first_step=0,
        alphabet=bits(2, separator=" + "),
        verb="add",
        sequences="additions",
    ),
    right="rnn_tui.tasks.adder.sums:sums_of",
    hidden=HiddenVariable("carry", "rnn_tui.tasks.adder.sums:carries_of"),
    questions="rnn_tui.tasks.adder.questions:AdderQuestions",
    words="rnn_tui.tasks.adder.sums:Sums",
    question="add 1011 110",
    help_text=Path(__file__).with_name("help.md").read_text(encoding="utf-8"),
)
