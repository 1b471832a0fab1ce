"""All figures of a test are scikit-learn's, computed from the answers of one network at a time."""

import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import (
    balanced_accuracy_score,
    f1_score,
    mean_absolute_error,
    mean_squared_error,
    r2_score,
    roc_auc_score,
)
from sklearn.utils.class_weight import compute_class_weight

from rnn_tui.data.data_set import TEST, TRAINING, UNKNOWN, DataSet
from rnn_tui.data.options import Goal
from rnn_tui.engine.training.parallel import Workers
from rnn_tui.engine.training.problem import generator
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.data_sets.problem import DataSetProblem
from rnn_tui.tasks.data_sets.task import task_of
from tests.data.examples import data_set_of, rising_or_falling, walks
from tests.data.reading import Read
from tests.tasks.data_sets.conftest import SmallOn
from tests.tasks.data_sets.test_problem import known_answers, modules_of, problem_on

PAIRS = (("p", "q"), ("p", "q", "r"))


def rare_classes(names: tuple[str, ...], *, every_step: bool) -> DataSet:
    """Return walks of mixed lengths with a rare last class, and answers that are not known."""
    random = np.random.default_rng(4)
    lines = [random.normal(size=(length, 2)) for length in random.integers(3, 12, 90)]
    size = sum(map(len, lines)) if every_step else len(lines)
    classes = random.choice(len(names) - 1, size)
    classes[random.random(size) < 0.15] = len(names) - 1
    classes[random.random(size) < 0.1] = UNKNOWN
    goal = Goal.STEP_CLASS if every_step else Goal.CLASS
    return data_set_of("rare", goal, lines, classes, outputs=names)


def with_answers(build: Any, config: SequenceConfig) -> DataSetProblem:
    """Return a problem whose networks answer something."""
    problem = problem_on(build, config)
    problem.model.readout.data.normal_(generator=generator(1, "readout"))
    return problem


@pytest.mark.parametrize("names", PAIRS)
@pytest.mark.parametrize("every_step", [False, True])
def test_figures_of_classes_are_scikit_learns(
    names: tuple[str, ...], every_step: bool, small_on: SmallOn, build_double: Any
) -> None:
    data_set = rare_classes(names, every_step=every_step)
    problem = with_answers(build_double, small_on(data_set, seeds=2))
    figures = problem.test(problem.model, Workers(1))
    for replica, temperature in enumerate(figures["test_temperature"]):
        modules = modules_of(problem, replica)
        with torch.no_grad():
            outputs, true = known_answers(modules, data_set, data_set.of_part(TEST).tolist())
        answers = outputs.argmax(1)
        probabilities = (outputs / temperature).softmax(1).numpy()
        several = {"multi_class": "ovr", "average": "macro"}
        area = roc_auc_score(
            true,
            probabilities if len(names) > 2 else probabilities[:, 1],
            **several if len(names) > 2 else {},
        )
        confidence, right = probabilities.max(1), (answers == true).numpy()
        bins = np.ceil(confidence * 10).astype(int)
        errors = [
            abs(confidence[bins == each].mean() - right[bins == each].mean()) * (bins == each).sum()
            for each in set(bins)
        ]
        expected = {
            "test_accuracy": 100 * right.mean(),
            "test_balanced_accuracy": 100 * balanced_accuracy_score(true, answers),
            "test_macro_f1": 100 * f1_score(true, answers, average="macro", zero_division=0),
            "test_auc": area,
            "test_ece": 100 * sum(errors) / len(true),
        }
        for name, value in expected.items():
            assert figures[name][replica] == pytest.approx(value, rel=1e-6), name


@pytest.mark.parametrize("goal", [Goal.NEXT, Goal.STEP_NUMBER, Goal.NUMBER])
@pytest.mark.parametrize("columns", [1, 2])
def test_figures_of_numbers_are_scikit_learns(
    goal: Goal, columns: int, small_on: SmallOn, build_double: Any
) -> None:
    random = np.random.default_rng(4)
    lines = [100 + 7 * line for line in walks(30, columns=columns)]
    count = sum(map(len, lines)) if goal is Goal.STEP_NUMBER else len(lines)
    numbers = (50 + 9 * random.normal(size=(count, columns))).astype(np.float32)
    numbers[random.random(count) < 0.1] = np.nan
    is_next = goal is Goal.NEXT
    data_set = data_set_of(
        "numbers",
        goal,
        lines,
        None if is_next else numbers,
        outputs=() if is_next else ("height", "width")[:columns],
        horizon=2 if is_next else 0,
    )
    problem = with_answers(build_double, small_on(data_set, hidden_sizes=(4,), seeds=2))
    figures = problem.test(problem.model, Workers(1))
    description = data_set.description
    deviations = np.array(description.output_deviations)
    for replica in range(2):
        with torch.no_grad():
            pairs = [
                known_rows(modules_of(problem, replica), data_set, index)
                for index in data_set.of_part(TEST).tolist()
            ]
        outputs, targets = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
        known = ~np.isnan(targets)
        units = deviations if columns == 1 else np.ones(len(deviations))
        answered, true = (outputs * units)[known], (targets * units)[known]
        expected = {
            "test_rmse": math.sqrt(mean_squared_error(true, answered)),
            "test_mae": mean_absolute_error(true, answered),
        }
        if columns == 1 and not is_next:
            expected["test_r2"] = r2_score(true, answered)
        if goal.every_step:
            scales = naive_scales(data_set)
            expected["test_mase"] = np.mean(
                [
                    mean_absolute_error(
                        (targets[:, at] * deviations[at])[known[:, at]],
                        (outputs[:, at] * deviations[at])[known[:, at]],
                    )
                    / scales[at % len(scales)]
                    for at in range(targets.shape[1])
                ]
            )
        for name, value in expected.items():
            assert figures[name][replica] == pytest.approx(value, rel=1e-5), name


def known_rows(modules: Any, data_set: DataSet, index: int) -> tuple[Any, Any]:
    """Return outputs and targets (n, O) of a sequence, standardised, NaN where none is known."""
    from tests.tasks.data_sets.test_problem import answers_of  # noqa: PLC0415 - beside the others

    outputs, targets = answers_of(modules, data_set, index)
    return outputs.numpy(), targets.numpy()


def naive_scales(data_set: DataSet) -> list[float]:
    """Return the mean step of each series over the training sequences, one by one."""
    series = []
    for index in data_set.of_part(TRAINING).tolist():
        target = data_set.target(index)
        values = data_set.sequence(index) if target is None else target
        series.append(np.abs(np.diff(values.astype(np.float64), axis=0)))
    scales: list[float] = np.nanmean(np.concatenate(series), axis=0).tolist()
    return scales


def test_rare_classes_make_balanced_accuracy_the_headline(read: Read) -> None:
    rows = "".join(
        f"{number},{number % 7},{'rare' if number < 6 else 'usual'}\n" for number in range(60)
    )
    task = task_of(read("a,b,label\n" + rows, layout="wide", label="label").data_set.description)
    assert task.headline == "test_balanced_accuracy"
    assert task.headline_reason == (
        "headline balanced accuracy: the rarest class has 10 % of the sequences"
    )
    assert task.objective.name == "val_balanced_accuracy"
    rows = rows.replace("usual", "rare", 20)
    task = task_of(read("a,b,label\n" + rows, layout="wide", label="label").data_set.description)
    assert task.headline == "test_accuracy"
    assert task.headline_reason.startswith("headline accuracy: the rarest class has 43 %")


def test_a_data_set_of_an_earlier_version_keeps_its_headline() -> None:
    task = task_of(rising_or_falling().description)  # without counts
    assert task.headline == "test_accuracy"
    assert not task.headline_reason


@pytest.mark.parametrize(("every_step", "smoothing"), [(False, 0.0), (True, 0.0), (True, 0.2)])
def test_weights_of_classes_are_scikit_learns_in_the_loss_of_pytorch(
    every_step: bool, smoothing: float, small_on: SmallOn, build_double: Any
) -> None:
    data_set = rare_classes(PAIRS[1], every_step=every_step)
    config = small_on(
        data_set, seeds=2, class_weights="balanced", noise=0.0, label_smoothing=smoothing
    )
    problem = with_answers(build_double, config)
    problem.begin_epoch(1)
    training = data_set.of_part(TRAINING)
    targets = np.concatenate([np.atleast_1d(data_set.target(at)) for at in training.tolist()])
    known = targets[targets >= 0]
    weights = torch.from_numpy(
        compute_class_weight("balanced", classes=np.arange(3), y=known)
    ).double()
    [loss] = problem.losses(0, 1)
    values = loss()
    figures = problem.test(problem.model, Workers(1))
    for at, replica in enumerate(problem.replicas):
        modules = modules_of(problem, at)
        order = torch.randperm(len(training), generator=generator(replica.seed, "order", 1))
        batch = training[order.numpy()][:7].tolist()
        for indices, value in (
            (batch, values[at].item()),
            (data_set.of_part(TEST).tolist(), figures["test_loss"][at]),
        ):
            with torch.no_grad():
                outputs, true = known_answers(modules, data_set, indices)
                expected = F.cross_entropy(outputs, true, weight=weights, label_smoothing=smoothing)
            assert value == pytest.approx(expected.item(), rel=1e-7)
