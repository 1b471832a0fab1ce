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
from rnn_tui.engine.metrics import ACCURACY, Measure, Metric, accuracy_metric
from rnn_tui.tasks.sequences import METRICS
from rnn_tui.tasks.shapes import one_hot, vocabulary
from rnn_tui.tasks.task import Preset, SequenceShape, Task

if TYPE_CHECKING:
    from torch import Tensor

#: the word for all of them in commands and for their tab.
SEQUENCES = "sequences"
SETTINGS = (
    *("hidden_sizes", "seeds", "seed", "epochs", "batch_size", "learning_rate"),
    *("layers", "directions", "state_activation"),
    *("clip", "weight_decay", "noise", "dropout", "patience"),
    "initialisation",
)
PROBLEM = "rnn_tui.tasks.data_sets.problem:DataSetProblem"
QUESTIONS = "rnn_tui.tasks.data_sets.questions:DataSetQuestions"
FORECAST_PROBLEM = "rnn_tui.tasks.data_sets.forecasts:ForecastProblem"
FORECAST_QUESTIONS = "rnn_tui.tasks.data_sets.forecast_questions:ForecastQuestions"
BATCH_SIZE = 32
LEARNING_RATE = 0.01
STEPS = 600  # of training
WORD_NUMBERS = 32  # of the embedding of words
UNITS = 32
UNITS_OF_SHORT_SERIES = 8  # that are forecast
STEPS_OF_SHORT_SERIES = 10_000  # in all training windows
ABOUT_NOISE = (
    "Noise is added to what is read in training, so the training loss may lie above the validation "
    "loss."
)
#: validation sequences by which the best weights are chosen, where each has one answer.
FEWEST_TO_CHOOSE_BY = 12
LEAST_PATIENCE = 5  # epochs
MOST_EPOCHS = 10_000
RARE = 0.5  # of an even share: a class with less is rare
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
    alphabet_of = vocabulary if description.words else one_hot
    balanced, reason = _headline(description)
    measures = []
    if classifies:
        # of two accuracies, the headline is drawn
        measures = [replace(ACCURACY, chart="") if balanced else ACCURACY]
    if description.goal is Goal.NEXT and classifies:
        measures.append(BITS)
    headline = "test_rmse"
    if classifies:
        headline = "test_balanced_accuracy" if balanced else "test_accuracy"
    return Task(
        name=description.name,
        label=description.label,
        settings=_settings(description),
        one_way=_one_way(description),
        presets=_presets(description),
        metrics=(*METRICS, *_metrics(description, balanced=balanced)),
        measures=measures,
        headline=headline,
        headline_reason=reason,
        problem=PROBLEM if description.forecast is None else FORECAST_PROBLEM,
        questions=QUESTIONS if description.forecast is None else FORECAST_QUESTIONS,
        training=f"rnn-tui train {SEQUENCES} {description.name}",
        shape=SequenceShape(
            description.input_size,
            tuple(map(visible, description.outputs)),
            every_step=description.goal.every_step,
            inputs=_inputs_of(description),
            numbers=not classifies,
            columns=description.features,
            alphabet=alphabet_of(description.alphabet),
            vocabulary=description.words,
            any_length=False,
        ),
    )


def _inputs_of(description: Description) -> str:
    """Return what the elements of a sequence are called."""
    if description.words:
        return "words"
    return "symbols" if description.alphabet else "steps"


def _settings(description: Description) -> tuple[str, ...]:
    """Return the settings that a user may change."""
    settings = (*SETTINGS, "embedding") if description.alphabet else SETTINGS
    if not description.classifies:
        return settings
    weights = ("class_weights",) if has_classes(description) else ()
    return (*settings, "losses", "label_smoothing", *weights)


def _one_way(description: Description) -> str:
    """Return why networks may not read from the last step back; empty if they may."""
    if description.goal is not Goal.NEXT and not description.horizon:
        return ""
    return (
        "What is predicted here stands in later steps, which the backward direction would have "
        "read; choose the directions forward."
    )


def has_classes(description: Description) -> bool:
    """Return whether sequences or steps have a class, in place of a number or a next symbol."""
    return description.goal in (Goal.CLASS, Goal.STEP_CLASS)


def _headline(description: Description) -> tuple[bool, str]:
    """Return whether balanced accuracy sums up a run, in place of accuracy, and why.

    It does where a class is rare: with less than half of an even share. A network that never
    answers that class could seem good by its accuracy.
    """
    counts = [count for count in description.class_counts if count]
    if not counts:
        return False, ""
    share = min(counts) / sum(counts)
    balanced = share * len(counts) < RARE
    name = "balanced accuracy" if balanced else "accuracy"
    unit = "steps" if description.goal.every_step else "sequences"
    percent = f"{100 * share:.0f}" if share >= 0.01 else f"{100 * share:.1g}"
    return balanced, f"headline {name}: the rarest class has {percent} % of the {unit}"


def has_own_unit(description: Description) -> bool:
    """Return whether all numbers that are answered have one unit, that of a column in the file."""
    return not description.classifies and len(_answered_columns(description)) == 1


def _answered_columns(description: Description) -> tuple[str, ...]:
    """Return the columns of the file whose numbers are answered, each once."""
    if description.forecast is not None:
        return description.forecast.columns
    if description.goal is Goal.NEXT:
        return description.features
    if description.horizon:  # of a label that is predicted ahead, such as `sales +2`
        return tuple(dict.fromkeys(name.rpartition(" +")[0] for name in description.outputs))
    return description.outputs


def unit_of_errors(description: Description) -> str:
    """Return what errors are measured in, such as `in units of height`."""
    columns = _answered_columns(description)
    if has_own_unit(description):
        return f"in units of {columns[0]}"
    return f"in standard deviations, mean of {len(columns)} columns"


def _metrics(description: Description, *, balanced: bool) -> tuple[Metric, ...]:
    """Return the metrics beside losses and measures."""
    if has_classes(description):
        chart = "accuracy" if balanced else ""
        return (
            accuracy_metric("val_balanced_accuracy", "validation balanced accuracy", chart),
            accuracy_metric("test_balanced_accuracy", "test balanced accuracy"),
            accuracy_metric("val_macro_f1", "validation macro F1"),
            accuracy_metric("test_macro_f1", "test macro F1"),
            Metric("test_auc", "test AUC", higher_is_better=True, upper=1.0),
            Metric("test_ece", "test calibration error", "%", upper=100.0),
            Metric("test_temperature", "test temperature (fitted on validation)"),
        )
    return () if description.classifies else _error_metrics(description)


def _error_metrics(description: Description) -> tuple[Metric, ...]:
    """Return the metrics of answers that are numbers."""
    unit = unit_of_errors(description)
    errors = (
        Metric("val_rmse", f"validation RMSE {unit}", chart="accuracy"),
        Metric("test_rmse", f"test RMSE {unit}"),
        Metric("val_mae", f"validation MAE {unit}"),
        Metric("test_mae", f"test MAE {unit}"),
        Metric("val_r2", "validation R²", higher_is_better=True, lower=None, upper=1.0),
        Metric("test_r2", "test R²", higher_is_better=True, lower=None, upper=1.0),
    )
    if not description.goal.every_step:
        return errors
    in_series = (
        *errors,
        Metric("val_mase", "validation MASE"),
        Metric("test_mase", "test MASE"),
    )
    if description.forecast is None:
        return in_series
    name = "test numbers in 90 % intervals"
    coverage = Metric("test_coverage", name, "%", higher_is_better=True, upper=100.0)
    return (*in_series, coverage)


def _presets(description: Description) -> tuple[Preset, ...]:
    """Return the preset, which takes the same number of steps whatever the size of the data."""
    steps_per_epoch = max(1, round(description.training / BATCH_SIZE))
    epochs = min(MOST_EPOCHS, max(1, -(-STEPS // steps_per_epoch)))
    units = _units(description)
    values: dict[str, Any] = {
        "hidden_sizes": (units,),
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
    described = f"{STEPS:,} steps of Adam with a one-cycle learning rate, {units} units."
    return (Preset("fast", f"{described} {ABOUT_NOISE}", values),)


def _units(description: Description) -> int:
    """Return the units of a network.

    A short series is soon learned by heart: of 309 yearly sunspots, forecast by 5 seeds, 32 units
    left an error of 28.5 in the test, 16 of 28.0 and 8 of 23.1.
    """
    short = description.training * description.longest <= STEPS_OF_SHORT_SERIES
    return UNITS_OF_SHORT_SERIES if description.forecast is not None and short else UNITS


def _patience(description: Description, epochs: int) -> int:
    """Return half of the epochs, so that a one-cycle rate has fallen before a network stops.

    Words are learned by heart so soon that the lowest loss comes while answers are alike: of 2,000
    short reviews it left 53.6 % of the test right (2 seeds), and the last weights 67.5 (3 seeds).

    A few answers choose badly: of ArrowHead's 6 validation sequences the lowest loss left 47.7 % of
    the test right, and the last weights 62.0 (6 seeds). Then all epochs are trained, and the last
    weights are kept.
    """
    if description.words and not description.goal.every_step:
        return 0
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
        embedding=WORD_NUMBERS if description.words else 0,
    )


def _noise(description: Description) -> float:
    """Return the noise on inputs; of a kind of data sets, what left the fewest mistakes."""
    if description.alphabet:
        return 0.5
    return 0.3 if description.classifies else 0.1
