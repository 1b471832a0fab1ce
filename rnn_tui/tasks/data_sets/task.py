"""Make a task of a user's data set, without torch."""

import math
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from rnn_tui.data import store
from rnn_tui.data.description import Description
from rnn_tui.data.options import Goal
from rnn_tui.data.typed import visible
from rnn_tui.engine.config import Recipe
from rnn_tui.engine.metrics import ACCURACY, Measure, Metric
from rnn_tui.tasks.sequences import METRICS
from rnn_tui.tasks.shapes import one_hot
from rnn_tui.tasks.task import Preset, SequenceShape, Task

if TYPE_CHECKING:
    from torch import Tensor

#: the word for all of them in commands and for their tab.
SEQUENCES = "sequences"
SETTINGS = (
    *("hidden_sizes", "seeds", "seed", "epochs", "batch_size", "learning_rate"),
    *("clip", "weight_decay", "noise", "patience"),
)
BATCH_SIZE = 32
LEARNING_RATE = 0.01
STEPS = 600  # of training
UNITS = 32
ABOUT_NOISE = (
    "Noise is added to what is read in training, so the training loss may lie above the validation "
    "loss."
)
#: validation sequences by which the best weights are chosen, where each has one answer.
FEWEST_TO_CHOOSE_BY = 12
LEAST_PATIENCE = 5  # epochs
MOST_EPOCHS = 10_000
MOST_TEST_SIZE = 100_000


def _bits(logits: "Tensor", targets: "Tensor") -> "Tensor":
    """Return the surprise in bits (…) at the target classes (…), by logits (…, C)."""
    of_targets = logits.log_softmax(-1).gather(-1, targets.unsqueeze(-1)).squeeze(-1)
    return -of_targets / math.log(2)


BITS = Measure("bits", "bits per symbol", _bits, unit="", higher_is_better=False, upper=None)


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
    measures = [ACCURACY] if classifies else []
    if description.goal is Goal.NEXT and classifies:
        measures.append(BITS)
    return Task(
        name=description.name,
        label=description.label,
        settings=(*SETTINGS, "losses", "label_smoothing") if classifies else SETTINGS,
        presets=_presets(description),
        metrics=METRICS if classifies else (*METRICS, *_error_metrics(description)),
        measures=measures,
        headline="test_accuracy" if classifies else "test_rmse",
        problem="rnn_tui.tasks.data_sets.problem:DataSetProblem",
        questions="rnn_tui.tasks.data_sets.questions:DataSetQuestions",
        training=f"rnn-tui train {SEQUENCES} {description.name}",
        shape=SequenceShape(
            description.input_size,
            tuple(map(visible, description.outputs)),
            every_step=description.goal.every_step,
            inputs="symbols" if description.alphabet else "steps",
            numbers=not classifies,
            columns=description.features,
            alphabet=one_hot(description.alphabet),
            any_length=False,
        ),
    )


def has_own_unit(description: Description) -> bool:
    """Return whether all numbers that are answered have one unit, that of a column in the file."""
    if description.goal is Goal.NEXT:
        return len(description.features) == 1
    return len(description.outputs) == 1


def unit_of_error(description: Description) -> float:
    """Return what an error in standard deviations is multiplied by: 1 if it stays in them."""
    return description.output_deviations[0] if has_own_unit(description) else 1.0


def _error_metrics(description: Description) -> tuple[Metric, ...]:
    """Return the metrics of answers that are numbers."""
    in_deviations = "" if has_own_unit(description) else " in standard deviations"
    return (
        Metric("val_rmse", f"validation RMSE{in_deviations}", chart="accuracy"),
        Metric("test_rmse", f"test RMSE{in_deviations}"),
        Metric("val_r2", "validation R²", higher_is_better=True, lower=None, upper=1.0),
        Metric("test_r2", "test R²", higher_is_better=True, lower=None, upper=1.0),
    )


def _presets(description: Description) -> tuple[Preset, ...]:
    """Return the preset, which takes the same number of steps whatever the size of the data."""
    steps_per_epoch = max(1, round(description.training / BATCH_SIZE))
    epochs = min(MOST_EPOCHS, max(1, -(-STEPS // steps_per_epoch)))
    values: dict[str, Any] = {
        "hidden_sizes": (UNITS,),
        "epochs": epochs,
        "losses": ("ce",) if description.classifies else ("mse",),
        "lengths": (description.shortest, description.longest),
        # as even as can be: a small last batch is as long as another, and makes little of it
        "batch_size": -(-description.training // steps_per_epoch),
        "learning_rate": LEARNING_RATE,
        "training_size": description.training,
        "test_size": min(description.test, MOST_TEST_SIZE),
        "recipe": replace(_recipe(description), patience=_patience(description, epochs)),
    }
    described = f"{STEPS:,} steps of Adam with a one-cycle learning rate, {UNITS} units."
    return (Preset("fast", f"{described} {ABOUT_NOISE}", values),)


def _patience(description: Description, epochs: int) -> int:
    """Return half of the epochs, so that a one-cycle rate has fallen before a network stops.

    A few answers choose badly: of ArrowHead's 6 validation sequences the lowest loss left 47.7 % of
    the test right, and the last weights 62.0 (6 seeds). Then all epochs are trained, and the last
    weights are kept.
    """
    if description.validation < FEWEST_TO_CHOOSE_BY and not description.goal.every_step:
        return 0
    return max(LEAST_PATIENCE, epochs // 2)


def _recipe(description: Description) -> Recipe:
    """Return the recipe of the preset, apart from its patience.

    Sequences of a hundred steps are learnt in a few hundred steps of training, where the usual
    initialisation learns nothing: input weights four times as large, units whose memories last for
    one step up to the longest sequence (as in Tallec & Ollivier 2018), and gradients that are
    shortened.

    Noise keeps networks from learning a few sequences by heart.
    """
    return Recipe(
        initialisation="orthogonal",
        input_gain=2.0,
        forget_bias=0.0,
        last_forget_bias=math.log(max(3, description.longest)),
        clip=0.5,
        schedule="one-cycle",
        noise=_noise(description),
    )


def _noise(description: Description) -> float:
    """Return the noise on inputs; of a kind of data sets, what left the fewest mistakes."""
    if description.alphabet:
        return 0.5
    return 0.3 if description.classifies else 0.1
