"""Recall: which digit stood at a position? The second experiment of the report, without torch."""

from pathlib import Path

from rnn_tui.engine.config import Recipe
from rnn_tui.engine.metrics import ACCURACY
from rnn_tui.tasks.sequences import METRICS, training
from rnn_tui.tasks.task import CONFUSION, LENGTHS, RESULTS, TRAINING, Preset, SequenceShape, Task, View

DIGITS = 10

_FAST = Recipe(initialisation="orthogonal", forget_bias=2.0, beta2=0.99, schedule="one-cycle", fresh=True)
_NETWORKS = {"hidden_sizes": (2, 5, 10), "losses": ("ce",), "position": 3, "lengths": (3, 11)}

RECALL = Task(
    name="recall", label="Recall", metrics=METRICS, measures=[ACCURACY], headline="test_accuracy",
    settings=(
        "hidden_sizes", "losses", "position", "lengths", "seeds", "seed", "epochs", "batch_size",
        "learning_rate", "training_size", "test_size",
    ),
    presets=(
        Preset(
            "report", "The report's recipe: Adam at 0.002, one sequence a step, 20 epochs of the same 900 sequences.",
            {**_NETWORKS, **training(20, 1, 2e-3, 900, 100, Recipe())},
        ),
        Preset(
            "fast", "Every answer right with 10 units in under a second: fresh sequences in every batch, "
            "one-cycle learning rate.",
            {**_NETWORKS, **training(5, 64, 0.03, 12_800, 10_000, _FAST)},
        ),
        Preset(
            "best", "The best that the smaller sizes can do: the fast recipe for eight times as many steps.",
            {**_NETWORKS, **training(20, 64, 0.05, 25_600, 10_000, _FAST)},
        ),
    ),
    published={"test_accuracy": {"H 2 ce": 24.0, "H 5 ce": 31.0, "H 10 ce": 100.0}},
    problem="rnn_tui.tasks.recall.problem:RecallProblem",
    inference="rnn_tui.tasks.recall.questions:RecallNetwork",
    shape=SequenceShape(DIGITS, tuple(map(str, range(DIGITS))), inputs="digits"),
    help_text=Path(__file__).with_name("help.md").read_text(encoding="utf-8"),
    views=(
        TRAINING, RESULTS, LENGTHS, CONFUSION,
        View("prompt", "Prompt", "rnn_tui.ui.ask.recall_prompt:RecallPromptPanel", answers=True),
        View("inside", "Inside", "rnn_tui.ui.inside.recall:RecallInside"),
    ),
)  # fmt: skip
