"""What the networks of a run answer, measured for its document, and how naive answers compare.

Shapes: R replicas, V variants, C classes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from rnn_tui.archive.export.page.blocks import Block, MarkdownBlock, markdown_table, markdown_text
from rnn_tui.archive.export.page.drawn_sample import SHOWN, DrawnSample
from rnn_tui.archive.export.page.pictures import forecast_grid, image_grid, sequence_grid
from rnn_tui.archive.export.page.placed import placed_blocks
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.data import store as data_sets
from rnn_tui.data.conformal import INTERVAL
from rnn_tui.data.data_set import DataSet
from rnn_tui.data.origin import in_words
from rnn_tui.data.summary import figure_lines
from rnn_tui.data.time_axis import axis_of_each
from rnn_tui.data.typed import typed_symbols
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import printable
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.engine.metrics import Metric, accuracy_metric, by_variant
from rnn_tui.engine.progress import UNWATCHED
from rnn_tui.engine.tables import columns_of_cells
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.data_sets.applying import Voters
from rnn_tui.tasks.data_sets.baseline import Baseline
from rnn_tui.tasks.data_sets.baselines import BaselineVerdict, baselines_of, compared
from rnn_tui.tasks.data_sets.evaluation import LISTED, DataSetEvaluation
from rnn_tui.tasks.data_sets.forecast_curves import MOST_SERIES, forecast_curves
from rnn_tui.tasks.data_sets.task import unit_of_errors
from rnn_tui.tasks.sequences.inference import ReplicaChoice
from rnn_tui.tasks.task import ByLength, ImageEvaluation, Task

if TYPE_CHECKING:
    from torch import Tensor


Numbers = npt.NDArray[Any]
SAMPLE = 1_000  # drawn sequences that networks and naive answers are compared on
CAPTIONS = {
    "right": "those with the smallest errors",
    "wrong": "those with the largest errors, or the most confident wrong answers",
}
LONGEST_SYMBOLS = 80  # of a sequence that is written out
LONGEST_GROUP = 60  # characters of the name of a group
MOST_CURVES = 8  # numbers of series, in a chart each
LONGEST_UNIT = 60  # characters of the unit of errors
LONGEST_NAME = 26  # characters of the name of one, before its answer


@dataclass(frozen=True)
class MeasuredAnswers:
    """What a document says of the answers of a run's networks."""

    parts: Sequence[tuple[str, str]]  #: what was trained, validated and tested on.
    #: what else is known of the data, a sentence each.
    data: Sequence[str] = ()
    placed: Sequence[Block] = ()  #: which sequences are in which part.
    metric: Metric | None = None  #: what networks and baselines are compared by.
    values: tuple[float, ...] = ()  #: (R,) of that, or (1,) of a single network.
    baselines: Sequence[Baseline] = ()
    verdict: BaselineVerdict | None = None
    compared_on: str = ""  #: what they are compared on, in a sentence.
    forecasts: Sequence[Block] = ()  #: the ends of series, with what is forecast of them.
    by_length: Sequence[ByLength] = ()
    confusion: Numbers | None = None  #: (V, C, C) true classes in rows.
    classes: tuple[str, ...] = ()  #: their names.
    groups: Sequence[Block] = ()  #: how the test's groups are answered, the worst first.
    right: Sequence[Block] = field(default=())  #: examples that are answered right, or well.
    wrong: Sequence[Block] = field(default=())  #: examples that are answered wrong, or worst.


def answers_of(run: RunRecord) -> MeasuredAnswers:
    """Measure the answers of a run's networks; this takes seconds, and loads torch.

    Raises:
        CheckpointError: its weights can't be read.
        DataError: its data can't be read any more.
        TaskError: its task can't be loaded.
    """
    from rnn_tui.engine.training.checkpoint import load_checkpoint  # torch

    checkpoint = load_checkpoint(run.weights)
    task = TASKS[run.config.task]
    evaluation = task.load().evaluate(checkpoint.config, checkpoint.weights)
    if isinstance(evaluation, ImageEvaluation):
        return _of_images(run, task, evaluation)
    if isinstance(evaluation, DataSetEvaluation):
        return _of_data_set(run, task, evaluation)
    return _of_drawn(run, task, checkpoint.weights, evaluation)


# Images


def _of_images(run: RunRecord, task: Task, evaluation: ImageEvaluation) -> MeasuredAnswers:
    config = run.config
    count = len(evaluation.labels)
    metric = accuracy_metric("test_accuracy", "test accuracy")
    naive = Baseline(
        "most frequent class", {metric.name: 100 * float(evaluation.confusion.sum(1).max()) / count}
    )
    values = (100 * float(np.trace(evaluation.confusion)) / count,)
    chosen = np.random.default_rng(config.seed).permutation(count)
    are_right = evaluation.predictions[chosen] == evaluation.labels[chosen]
    right = chosen[are_right][: 2 * SHOWN]
    return MeasuredAnswers(
        parts=task.load().parts_in_words(config),
        metric=metric,
        values=values,
        baselines=[naive],
        verdict=compared(config, metric, values, [naive]),
        compared_on="Both answer the test images.",
        confusion=evaluation.confusion[None],
        classes=evaluation.classes,
        right=_images(evaluation, right, "right"),
        wrong=_images(evaluation, evaluation.misread[: 2 * SHOWN], "wrong"),
    )


def _images(evaluation: ImageEvaluation, chosen: Numbers, key: str) -> list[Block]:
    """Return a picture of test images by their indices, each with the answer below."""
    if not len(chosen):
        return []
    titles = []
    for index in chosen.tolist():
        answer = int(evaluation.predictions[index])
        sure = 100 * float(evaluation.probabilities[index, answer])
        true = evaluation.classes[int(evaluation.labels[index])]
        read = evaluation.classes[answer]
        words = true if read == true else f"{true}, read {read}"
        titles.append(f"{words} · {sure:.0f} %")
    what = "by chance" if key == "right" else "the most confident first"
    caption = f"Test images that are read {key}, {what}, with the probability of the answer."
    return [image_grid(evaluation.images[chosen], titles, key, caption)]


# A data set of a user's


def _of_data_set(run: RunRecord, task: Task, evaluation: DataSetEvaluation) -> MeasuredAnswers:
    data_set = data_sets.load(run.config.task)
    description = data_set.description
    metric = task.metric(task.headline)
    baselines = baselines_of(description.name)
    best = _best_variant(run, metric)
    right, wrong = _examples_of(data_set, evaluation, best)
    return MeasuredAnswers(
        parts=task.load().parts_in_words(run.config),
        data=[*map(_as_sentence, figure_lines(data_set)[:-1]), *description.notes],
        placed=placed_blocks(data_set),
        metric=metric,
        values=run.final_values if run.final_metric == metric.name else (),
        baselines=baselines,
        verdict=compared(run.config, metric, run.final_values, baselines),
        compared_on=f"All of them answer the same test {description.noun}s.",
        forecasts=_forecasts_of(run, task, data_set, best),
        by_length=evaluation.by_length,
        confusion=evaluation.confusion,
        classes=evaluation.outputs,
        groups=_groups_of(run, task, evaluation, best),
        right=right,
        wrong=wrong,
    )


def _groups_of(
    run: RunRecord, task: Task, evaluation: DataSetEvaluation, variant: int
) -> list[Block]:
    """Return a table of the groups of the test, such as subjects; nothing without groups."""
    if not evaluation.groups:
        return []
    groups = evaluation.groups[variant]
    metric = task.metric(f"test_{evaluation.figure_of_groups}")
    rows = [
        (
            printable(group.name, LONGEST_GROUP),
            f"{group.count:,}",
            metric.format_spread(group.figure),
        )
        for group in groups[:LISTED]
    ]
    numbers = ("sequences", metric.title)
    table = markdown_table(columns_of_cells(("group", *numbers), right=numbers), rows)
    which = (
        f"The worst {LISTED} of {len(groups):,} groups" if len(groups) > LISTED else "All groups"
    )
    seeds = ": mean ± sd over the seeds" if run.config.seed_count > 1 else ""
    network = run.config.variants[variant].label
    sentence = f"{which} of the test as {network} answers them, the worst first{seeds}."
    return [MarkdownBlock(table), MarkdownBlock(markdown_text(sentence))]


def _forecasts_of(run: RunRecord, task: Task, data_set: DataSet, variant: int) -> list[Block]:
    """Return a chart of the ends of series with forecasts by all seeds of a variant."""
    chosen = run.config.variants[variant]
    voters = Voters(
        task.network(read_weights(run.weights)),
        data_set,
        ReplicaChoice(chosen.hidden_size, chosen.loss),
        UNWATCHED,
    )
    curves = forecast_curves(voters, data_set)
    if not curves:
        return []
    horizon = data_set.description.horizon
    checked = f"the last {horizon} steps" if horizon > 1 else "the last steps, each"
    seeds = "Means of all seeds" if len(voters.seeds) > 1 else "The answers of one seed"
    shades = ""
    if voters.intervals is not None:
        shades = f" Shades are {100 * INTERVAL:.0f} % intervals, by the errors in the validation."
    caption = (
        f"{seeds} of {voters.label}: {checked} from what came before, beside what the file says, "
        f"and {count_of(horizon, 'step')} after the end of the file.{shades}"
    )
    total = len(np.unique(data_set.origin.places))
    if total > MOST_SERIES:
        caption += f" The first {MOST_SERIES} of {total:,} series."
    return [forecast_grid(curves[:MOST_CURVES], f"forecast-{run.run_id}", caption)]


def _as_sentence(line: str) -> str:
    return f"{line[:1].upper()}{line[1:]}."


def _best_variant(run: RunRecord, metric: Metric) -> int:
    """Return the number of the variant with the best mean over seeds."""
    spreads = list(by_variant(run.final_values, len(run.config.variants)))
    if not run.final_values:
        return 0
    choose = max if metric.higher_is_better else min
    return choose(range(len(spreads)), key=lambda variant: spreads[variant].mean)


@dataclass(frozen=True)
class _TestSequence:
    """A test sequence, with what is said of it."""

    index: int  #: its place in the data set.
    name: str  #: what the file calls it.
    remark: str


def _examples_of(
    data_set: DataSet, evaluation: DataSetEvaluation, variant: int
) -> tuple[list[Block], list[Block]]:
    """Return test sequences that a variant answers right or well, and those it answers worst."""
    wrong = [
        _TestSequence(
            misread.index,
            misread.name,
            _of_error(evaluation, misread.true, misread.answer, misread),
        )
        for misread in evaluation.misread(variant)
    ]
    worst = wrong[:SHOWN]
    errors = evaluation.errors[variant]
    listed = {example.index for example in worst}
    best: list[_TestSequence] = []
    for at in errors.argsort(kind="stable").tolist():
        index = int(evaluation.indices[at])
        if index not in listed and len(best) < SHOWN and _is_right(evaluation, variant, at):
            remark = _of_good(evaluation, variant, at)
            best.append(_TestSequence(index, evaluation.names[at], remark))
    unit = ""
    if evaluation.confusion is None:
        unit = f"; errors are {printable(unit_of_errors(data_set.description), LONGEST_UNIT)}"
    return (
        _drawn_or_written(data_set, best, "right", unit),
        _drawn_or_written(data_set, worst, "wrong", unit),
    )


def _is_right(evaluation: DataSetEvaluation, variant: int, at: int) -> bool:
    """Return whether the class of a test sequence is answered; True of what is no class."""
    if evaluation.targets is None or evaluation.probabilities is None:
        return True
    answer = int(evaluation.probabilities[variant, at].argmax())
    return answer == int(evaluation.targets[at])


def _of_error(evaluation: DataSetEvaluation, true: str, answer: str, misread: Any) -> str:
    if true:
        return f"{true}, answered {answer} ({100 * misread.confidence:.0f} %)"
    return _error_in_words(evaluation, misread.error)


def _of_good(evaluation: DataSetEvaluation, variant: int, at: int) -> str:
    if evaluation.targets is None or evaluation.probabilities is None:
        return _error_in_words(evaluation, float(evaluation.errors[variant, at]))
    answer = int(evaluation.probabilities[variant, at].argmax())
    confidence = float(evaluation.probabilities[variant, at].max())
    return f"{evaluation.outputs[answer]} ({100 * confidence:.0f} %)"


def _error_in_words(evaluation: DataSetEvaluation, error: float) -> str:
    if evaluation.confusion is not None:
        return f"{100 * error:.0f} % of its steps wrong"
    return f"RMSE {error:.3g}"


def _drawn_or_written(
    data_set: DataSet, examples: Sequence[_TestSequence], key: str, unit: str
) -> list[Block]:
    """Return sequences of numbers as charts, and those of symbols as a table.

    Args:
        data_set: where they are.
        examples: which they are, with what is said of each.
        key: `right` or `wrong`.
        unit: what is said of the unit of errors, after a caption.
    """
    if not examples:
        return []
    names = [printable(in_words(example.name), LONGEST_NAME) for example in examples]
    alphabet = data_set.description.alphabet
    if alphabet:
        rows = []
        for name, example in zip(names, examples, strict=True):
            places = data_set.sequence(example.index)[:, 0].astype(int).tolist()
            text = typed_symbols([alphabet[place] for place in places[:LONGEST_SYMBOLS]], alphabet)
            more = " …" if len(places) > LONGEST_SYMBOLS else ""
            rows.append((name, f"{text}{more}", example.remark))
        columns = columns_of_cells(("sequence", "symbols", "answer"))
        return [MarkdownBlock(markdown_table(columns, rows))]
    titles = [f"{name}: {example.remark}" for name, example in zip(names, examples, strict=True)]
    values = [data_set.sequence(example.index) for example in examples]
    caption = f"Test sequences: {CAPTIONS[key]}{unit}."
    features = data_set.description.features
    axis = axis_of_each(data_set, [example.index for example in examples])
    return [sequence_grid(values, titles, features, axis, key=key, caption=caption)]


# Sequences that are drawn


def _of_drawn(
    run: RunRecord, task: Task, weights: "Mapping[str, Tensor]", evaluation: Any
) -> MeasuredAnswers:
    from rnn_tui.engine.training.problem import generator  # torch
    from rnn_tui.tasks.sequences.problem import SequenceProblem

    config = cast("SequenceConfig", run.config)
    kind = task.load()
    if not issubclass(kind, SequenceProblem) or task.shape is None:
        return MeasuredAnswers(parts=kind.parts_in_words(config))
    problem = kind.with_weights(config, weights)
    drawn = problem.sample(SAMPLE, generator(config.seed, "document"))
    sample = DrawnSample(
        task,
        config,
        inputs=drawn.inputs[0].numpy(),
        targets=drawn.targets[0].numpy(),
        lengths=drawn.lengths[0].numpy().astype(int),
    )
    sample.answer(task.network(read_weights(run.weights)))
    metric, values, naive = sample.compare()
    right, wrong = sample.examples()
    return MeasuredAnswers(
        parts=kind.parts_in_words(config),
        metric=metric,
        values=values,
        baselines=[naive],
        verdict=compared(config, metric, values, [naive]),
        compared_on=f"All of them answer the same {SAMPLE:,} new {task.shape.sequences}, of the "
        "lengths in training.",
        by_length=evaluation.by_length if evaluation is not None else (),
        confusion=evaluation.confusion if evaluation is not None else None,
        classes=task.shape.answer_words,
        right=right,
        wrong=wrong,
    )
