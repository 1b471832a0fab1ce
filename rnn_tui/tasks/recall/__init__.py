"""Recall: which digit stood at a position? The second experiment of the report, without torch."""

from dataclasses import replace
from pathlib import Path

from rnn_tui.engine.config import Recipe
from rnn_tui.engine.metrics import ACCURACY
from rnn_tui.tasks.sequences import DRAWN_SETTINGS, METRICS
from rnn_tui.tasks.shapes import one_hot
from rnn_tui.tasks.task import (
    Preset,
    SequenceShape,
    Task,
)

DIGITS = 10

# Some units keep what they read from the start, others forget it: with 5 units, 99 % are right
# in place of 91 %.
_BEST = Recipe(
    initialisation="orthogonal",
    forget_bias=3.0,
    last_forget_bias=-1.5,
    beta2=0.99,
    schedule="one-cycle",
    fresh=True,
)
_FAST = replace(_BEST, beta1=0.7, rise=0.6)
_NETWORKS = {"hidden_sizes": (2, 5, 10), "losses": ("ce",), "position": 3, "lengths": (3, 11)}

RECALL = Task(
    name="recall",
    label="Recall",
    metrics=METRICS,
    measures=[ACCURACY],
    headline="test_accuracy",
    settings=(
        "hidden_sizes",
        "losses",
        "position",
        *DRAWN_SETTINGS,
        "label_smoothing",
    ),
    presets=(
        Preset(
            "report",
            "The report's recipe: Adam at 0.002, one sequence a step, 20 epochs of the same 900 "
            "sequences.",
            {
                **_NETWORKS,
                "epochs": 20,
                "batch_size": 1,
                "learning_rate": 2e-3,
                "training_size": 900,
                "test_size": 100,
                "recipe": Recipe(),
            },
        ),
        Preset(
            "fast",
            "Every answer right with 10 units in a third of a second: fresh sequences in every "
            "batch, short and long memories from the start, one-cycle learning rate.",
            {
                **_NETWORKS,
                "epochs": 2,
                "batch_size": 96,
                "learning_rate": 0.08,
                "training_size": 27_840,
                "test_size": 10_000,
                "recipe": _FAST,
            },
            # An RNN has no gates to keep for long or short: a lower rate for longer.
            {
                "rnn": {
                    "epochs": 5,
                    "batch_size": 64,
                    "learning_rate": 0.03,
                    "training_size": 12_800,
                    "test_size": 10_000,
                    "recipe": _BEST,
                }
            },
        ),
        Preset(
            "best",
            "The best that the smaller sizes can do: as fast, for 14 times as many steps.",
            {
                **_NETWORKS,
                "epochs": 20,
                "batch_size": 64,
                "learning_rate": 0.05,
                "training_size": 25_600,
                "test_size": 10_000,
                "recipe": _BEST,
            },
        ),
    ),
    published={"test_accuracy": {"H 2 ce": 24.0, "H 5 ce": 31.0, "H 10 ce": 100.0}},
    problem="rnn_tui.tasks.recall.problem:RecallProblem",
    inference="rnn_tui.tasks.recall.questions:RecallNetwork",
    shape=SequenceShape(
        DIGITS,
        tuple(map(str, range(DIGITS))),
        inputs="digits",
        alphabet=one_hot(map(str, range(DIGITS))),
        answer="digit kept",
    ),
    questions="rnn_tui.tasks.recall.questions:RecallQuestions",
    right="rnn_tui.tasks.recall.questions:kept_digits",
    question="recall 31415",
    help_text=Path(__file__).with_name("help.md").read_text(encoding="utf-8"),
)
