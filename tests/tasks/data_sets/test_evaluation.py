"""An evaluation says of each test sequence what was answered, and agrees with the figures."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import precision_recall_fscore_support

from rnn_tui.data.data_set import TEST, DataSet
from rnn_tui.data.options import Goal
from rnn_tui.data.origin import Origin
from rnn_tui.engine.training.parallel import Workers
from rnn_tui.engine.training.problem import generator
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.data_sets.evaluation import (
    DataSetEvaluation,
    accuracy_by_length,
    figures_of_groups,
)
from rnn_tui.tasks.data_sets.problem import DataSetProblem
from rnn_tui.ui.sequences.figures import figure_rows
from tests.data.examples import every_goal, rising_or_falling
from tests.tasks.data_sets.conftest import SmallOn
from tests.tasks.data_sets.test_problem import known_answers, modules_of


def evaluated(
    config: SequenceConfig,
) -> tuple[DataSetEvaluation, dict[str, tuple[float, ...]]]:
    """Evaluate networks with weights by chance; return their figures as well."""
    problem = DataSetProblem(config, torch.device("cpu"), lambda _: None)
    problem.model.readout.data.normal_(generator=generator(1, "readout"))
    evaluation = DataSetProblem.evaluate(config, problem.model.state_dict())
    figures = problem.test(problem.model, Workers(1))
    return evaluation, {name: tuple(np.atleast_1d(value)) for name, value in figures.items()}


@pytest.mark.parametrize("goal", every_goal())
def test_it_agrees_with_the_figures_of_the_test(goal: str, small_on: SmallOn) -> None:
    data_set = every_goal()[goal]
    evaluation, figures = evaluated(small_on(data_set, seeds=3))
    assert sorted(evaluation.indices) == data_set.of_part(TEST).tolist()
    assert evaluation.errors.shape == (2, len(evaluation.indices))
    json.dumps(evaluation.documents())
    if not data_set.description.classifies:
        assert evaluation.confusion is None
        assert not evaluation.by_length
        assert (evaluation.errors > 0).all()
        return
    assert evaluation.confusion is not None
    for variant, counts in enumerate(evaluation.confusion):
        share = 100 * np.trace(counts) / counts.sum()
        of_seeds = figures["test_accuracy"][variant * 3 : variant * 3 + 3]
        assert share == pytest.approx(np.mean(of_seeds), rel=1e-5)
    [accuracy] = evaluation.by_length
    assert sum(accuracy.counts) == len(evaluation.indices)
    if data_set.description.goal is Goal.CLASS:
        weighted = (accuracy.values * np.array(accuracy.counts)).sum(axis=1)
        assert weighted / sum(accuracy.counts) == pytest.approx(figures["test_accuracy"], rel=1e-5)


def test_misread_sequences_are_those_that_the_seeds_answer_wrong_in_the_mean(
    small_on: SmallOn,
) -> None:
    data_set = every_goal(60)["class"]
    evaluation, _ = evaluated(small_on(data_set, seeds=3, losses=("ce", "bce")))
    assert evaluation.probabilities is not None
    names = data_set.description.outputs
    for variant in range(4):
        misread = evaluation.misread(variant)
        assert misread
        assert [sequence.confidence for sequence in misread] == sorted(
            (sequence.confidence for sequence in misread), reverse=True
        )
        for sequence in misread:
            assert sequence.true == names[int(data_set.target(sequence.index))]
            assert sequence.answer != sequence.true
            assert sequence.name == data_set.sequence_name(sequence.index)
            place = evaluation.indices.tolist().index(sequence.index)
            assert sequence.confidence == evaluation.probabilities[variant, place].max()
        wrong = {sequence.index for sequence in misread}
        for place, index in enumerate(evaluation.indices.tolist()):
            answer = int(evaluation.probabilities[variant, place].argmax())
            assert (answer != int(data_set.target(index))) == (index in wrong)
    softmax_sums = evaluation.probabilities[:2].sum(axis=2)
    assert softmax_sums == pytest.approx(np.ones_like(softmax_sums), abs=1e-5)


def test_where_steps_are_answered_the_worst_sequences_come_first(small_on: SmallOn) -> None:
    evaluation, _ = evaluated(small_on(every_goal()["step-number"], seeds=2))
    errors = [sequence.error for sequence in evaluation.misread(1)]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] == evaluation.errors[1].max()
    assert set(evaluation.misread(1)[0].to_dict()) == {"index", "name", "error"}


def test_there_is_no_accuracy_by_length_if_all_are_as_long() -> None:
    ones = np.ones((2, 3))
    assert not accuracy_by_length(np.array([5, 5, 5]), 0 * ones, ones)


def test_many_lengths_are_put_together() -> None:
    lengths = np.arange(1, 101)
    wrong = np.zeros((1, 100))
    wrong[0, :50] = 1
    [accuracy] = accuracy_by_length(lengths, wrong, np.ones((1, 100)))
    assert 8 <= len(accuracy.lengths) <= 12
    assert accuracy.lengths[-1] == 100
    assert sum(accuracy.counts) == 100
    assert accuracy.values[0, 0] == 0
    assert accuracy.values[0, -1] == 100


def test_a_document_has_the_misread(small_on: SmallOn) -> None:
    lines: DataSet = rising_or_falling()
    evaluation, _ = evaluated(small_on(lines, hidden_sizes=(4,)))
    [document] = evaluation.documents()
    assert set(document) == {"by_length", "confusion", "misread", "classes", "reliability"}
    assert sum(each["count"] for each in document["reliability"]) == len(evaluation.indices)
    assert len(document["misread"]) == len(evaluation.misread(0))


@pytest.mark.parametrize("every_step", [False, True])
def test_recall_and_precision_of_each_class_are_scikit_learns(
    every_step: bool, small_on: SmallOn, build_double: Any
) -> None:
    data_set = every_goal(60)["step-class" if every_step else "class"]
    problem = build_double(small_on(data_set, seeds=2), torch.device("cpu"), lambda _: None)
    problem.model.readout.data.normal_(generator=generator(1, "readout"))
    evaluation = problem.evaluated(problem.model, Workers(1))
    classes = range(len(data_set.description.outputs))
    for replica in range(len(problem.replicas)):
        variant, seed = divmod(replica, 2)
        with torch.no_grad():
            outputs, true = known_answers(
                modules_of(problem, replica), data_set, data_set.of_part(TEST).tolist()
            )
        precision, recall, _, counts = precision_recall_fscore_support(
            true, outputs.argmax(1), labels=classes, zero_division=0
        )
        figures = evaluation.class_figures(variant)
        assert [each.count for each in figures] == counts.tolist()
        assert [each.recall.values[seed] for each in figures] == pytest.approx(100 * recall)
        assert [each.precision.values[seed] for each in figures] == pytest.approx(100 * precision)


def test_errors_of_several_numbers_are_in_their_units(small_on: SmallOn) -> None:
    data_set = every_goal()["step-number"]
    evaluation, figures = evaluated(small_on(data_set, hidden_sizes=(4,), seeds=2))
    [errors] = evaluation.errors_of_outputs
    assert [each.name for each in errors] == list(data_set.description.outputs)
    scaled = [
        np.array(each.rmse.values) / deviation
        for each, deviation in zip(errors, data_set.description.output_deviations, strict=True)
    ]
    counts = np.array([each.count for each in errors])
    total = (np.square(scaled) * counts[:, None]).sum(axis=0) / counts.sum()
    units = data_set.description.output_deviations[0] if len(errors) == 1 else 1
    assert np.sqrt(total) * units == pytest.approx(np.array(figures["test_rmse"]), rel=1e-5)


# --- groups ---


def test_figures_of_groups_are_those_of_a_sheet_of_paper() -> None:
    # five of the six sequences, the last of which has no known answer
    origin = Origin(groups=("ann", "bob", "eve"), members=np.array([2, 1, 0, 1, 0, 2]))
    indices = np.array([1, 2, 3, 4, 5])  # bob, ann, bob, ann, eve
    counts = np.array([[[4.0, 1, 6, 3, 0]] * 2])
    wrong = np.array([[[1.0, 1, 4, 0, 0], [0.0, 1, 3, 2, 0]]])
    [figures] = figures_of_groups(origin, indices, wrong, counts, are_numbers=False)
    assert [(group.name, group.count) for group in figures] == [("ann", 2), ("bob", 2)]
    assert figures[0].figure.values == pytest.approx((75, 25))  # 1 and 3 of 4 are wrong
    assert figures[1].figure.values == pytest.approx((50, 70))  # 5 and 3 of 10
    [figures] = figures_of_groups(origin, indices, wrong, counts, are_numbers=True)
    assert [group.name for group in figures] == ["ann", "bob"]  # means 0.683 and 0.627
    assert figures[0].figure.values == pytest.approx((0.5, 0.8660254))  # √¼ and √¾
    assert not figures_of_groups(Origin(), indices, wrong, counts, are_numbers=True)


@pytest.mark.parametrize("goal", every_goal())
def test_the_figure_of_a_group_with_all_sequences_is_that_of_the_test(
    goal: str, small_on: SmallOn
) -> None:
    data_set = every_goal()[goal]
    members = np.zeros(data_set.count, np.int64)
    grouped = replace(data_set, origin=Origin(groups=("all",), members=members))
    evaluation, figures = evaluated(small_on(grouped.named("grouped"), seeds=2))
    for variant, groups in enumerate(evaluation.groups):
        [group] = groups
        of_seeds = figures[f"test_{evaluation.figure_of_groups}"][2 * variant : 2 * variant + 2]
        assert group.figure.values == pytest.approx(of_seeds, rel=1e-5)
        assert evaluation.documents()[variant]["groups"][0]["name"] == "all"
        rows = list(figure_rows(evaluation, variant))
        heading = [row.name for row in rows].index("group, worst first")
        assert rows[heading + 1].name == "all"
        assert rows[heading + 1].number == f"{group.count}"
