"""Recall: which digit stood at a position? The second experiment of the report, without torch."""

from pathlib import Path

from rnn_tui.engine.config import Recipe
from rnn_tui.engine.metrics import ACCURACY
from rnn_tui.tasks.sequences import METRICS
from rnn_tui.tasks.task import CONFUSION, LENGTHS, RESULTS, TRAINING, Preset, SequenceShape, Task, View

DIGITS = 10

_FAST = Recipe(initialisation="orthogonal", forget_bias=2.0, beta2=0.99, schedule="one-cycle", fresh=True)

_NETWORKS = {"hidden_sizes": (2, 5, 10), "losses": ("ce",), "position": 3, "lengths": (3, 11)}

RECALL = Task(
    name="recall",
    label="Recall",
    settings=(
        "hidden_sizes", "losses", "position", "lengths", "seeds", "seed", "epochs", "batch_size",
        "learning_rate", "training_size", "test_size",
    ),
    presets=(
        Preset(
            "report",
            "The report's recipe: Adam at 0.002, one sequence a step, 20 epochs of the same "
            "900 sequences.",
            {
                **_NETWORKS, "epochs": 20, "batch_size": 1, "learning_rate": 2e-3,
                "training_size": 900, "test_size": 100, "recipe": Recipe(),
            },
        ),
        Preset(
            "fast",
            "Every answer right with 10 units in under a second: fresh sequences in every batch, "
            "one-cycle learning rate.",
            {
                **_NETWORKS, "epochs": 5, "batch_size": 64, "learning_rate": 0.03,
                "training_size": 12_800, "test_size": 10_000, "recipe": _FAST,
            },
        ),
        Preset(
            "best",
            "The best that the smaller sizes can do: the fast recipe for eight times as many steps.",
            {
                **_NETWORKS, "epochs": 20, "batch_size": 64, "learning_rate": 0.05,
                "training_size": 25_600, "test_size": 10_000, "recipe": _FAST,
            },
        ),
    ),
    metrics=METRICS,
    measures=[ACCURACY],
    headline="test_accuracy",
    published={"test_accuracy": {"H 2 ce": 24.0, "H 5 ce": 31.0, "H 10 ce": 100.0}},
    problem="rnn_tui.tasks.recall.problem:RecallProblem",
    inference="rnn_tui.tasks.recall.questions:RecallNetwork",
    shape=SequenceShape(DIGITS, tuple(map(str, range(DIGITS))), inputs="digits"),
    help_text=Path(__file__).with_name("help.md").read_text(encoding="utf-8"),
    views=(
        TRAINING,
        RESULTS,
        LENGTHS,
        CONFUSION,
        View("prompt", "Prompt", "rnn_tui.ui.ask.recall_prompt:RecallPromptPanel", answers=True),
        View("inside", "Inside", "rnn_tui.ui.inside.recall:RecallInside"),
    ),
)  # fmt: skip
