"""Make a task of a user's data set, without torch."""

from functools import cache
from typing import Any

from rnn_tui.engine.config import Recipe
from rnn_tui.engine.metrics import ACCURACY, Metric
from rnn_tui.tasks.data_sets import store
from rnn_tui.tasks.data_sets.description import Description
from rnn_tui.tasks.sequences import METRICS
from rnn_tui.tasks.task import Preset, SequenceShape, Task

#: the word for all of them in commands and for their tab.
SEQUENCES = "sequences"
SETTINGS = ("hidden_sizes", "losses", "seeds", "seed", "epochs", "batch_size", "learning_rate")
BATCH_SIZE = 32
STEPS_OF_PRESETS = {"fast": 1_000, "best": 6_000}
MOST_EPOCHS = 10_000
ERROR_METRICS = (
    Metric("val_error", "validation error", chart="accuracy"),
    Metric("test_error", "test error"),
)


@cache
def stored_task(name: str) -> Task:
    """Return the task of a data set that is kept.

    Raises:
        DataError: if there is none such, or it is damaged.
    """
    return task_of(store.describe(name))


def task_of(description: Description) -> Task:
    """Return the task of a data set."""
    classifies = description.classifies
    return Task(
        name=description.name,
        label=description.label,
        settings=SETTINGS,
        presets=_presets(description),
        metrics=METRICS if classifies else (*METRICS, *ERROR_METRICS),
        measures=[ACCURACY] if classifies else [],
        headline="test_accuracy" if classifies else "test_error",
        problem="rnn_tui.tasks.data_sets.problem:DataSetProblem",
        shape=SequenceShape(
            description.input_size,
            description.outputs,
            every_step=description.goal.every_step,
            inputs="symbols" if description.alphabet else "steps",
        ),
    )


def _presets(description: Description) -> tuple[Preset, ...]:
    """Return the presets, which take the same number of steps whatever the size of the data."""
    batch_size = min(BATCH_SIZE, description.training)
    steps_per_epoch = -(-description.training // batch_size)
    recipe = Recipe(initialisation="orthogonal", schedule="one-cycle")
    common: dict[str, Any] = {
        "hidden_sizes": (32,),
        "losses": ("ce",) if description.classifies else ("mse",),
        "lengths": (description.shortest, description.longest),
        "batch_size": batch_size,
        "learning_rate": 0.01,
        "training_size": description.training,
        "test_size": description.test,
        "recipe": recipe,
    }
    return tuple(
        Preset(
            name,
            f"{steps:,} steps of Adam with a one-cycle learning rate.",
            {**common, "epochs": min(MOST_EPOCHS, max(1, -(-steps // steps_per_epoch)))},
        )
        for name, steps in STEPS_OF_PRESETS.items()
    )
