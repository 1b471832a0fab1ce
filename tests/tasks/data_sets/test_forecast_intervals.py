"""The answers of forecasts have intervals, made of the errors of the networks that are asked."""

from pathlib import Path

import numpy as np
import pytest
import torch

from rnn_tui.data.conformal import half_widths
from rnn_tui.data.data_set import VALIDATION
from rnn_tui.data.forecast import Transform
from rnn_tui.data.options import Goal
from rnn_tui.engine.files.weights_file import WeightsFile
from rnn_tui.engine.training.parallel import Workers
from rnn_tui.tasks.data_sets.forecast_questions import ForecastQuestions
from rnn_tui.tasks.data_sets.forecasts import ForecastProblem
from rnn_tui.tasks.data_sets.task import stored_task
from rnn_tui.tasks.sequences.inference import ReplicaChoice, SequenceNetwork
from tests.data.reading import Read
from tests.tasks.data_sets.conftest import SmallOn

STEPS = np.arange(120)
NOISE = np.random.default_rng(0).normal(0, 3, 120)
TABLE = "level\n" + "".join(f"{90 + 20 * np.sin(step) + NOISE[step]:.3f}\n" for step in STEPS)


@pytest.mark.parametrize("vote", [False, True])
def test_intervals_are_those_of_the_mean_of_the_networks_that_answer(
    read: Read, small_on: SmallOn, vote: bool
) -> None:
    data_set = read(TABLE, goal=Goal.NEXT, horizon=2, transform=Transform.RATIO).data_set
    config = small_on(data_set, hidden_sizes=(3,), seeds=3)
    problem = ForecastProblem(config, torch.device("cpu"), lambda _: None)
    weights = {name: tensor.numpy() for name, tensor in problem.snapshot(problem.model).items()}
    network = SequenceNetwork(WeightsFile(config, weights, 0, {}), stored_task(config.task))
    choice = ReplicaChoice(vote=vote)
    questions = ForecastQuestions(network, "level", Path("level.safetensors"), choice)
    numbers = [100.0, 90.0, 80.0] * 4
    [answer] = questions.answers([questions.read(" ".join(map(str, numbers)))])

    of_replicas = problem._errors(problem.model, VALIDATION, Workers(1))  # (R, n, O)
    errors = of_replicas.mean(axis=0) if vote else of_replicas[0]
    widths = half_widths(errors) * data_set.description.output_deviations * numbers[-1]
    [forecast] = answer.document["answer"]
    assert answer.document["low"] == pytest.approx(forecast - widths, rel=1e-4)
    assert answer.document["high"] == pytest.approx(forecast + widths, rel=1e-4)
    assert answer.document["level"] == 0.9
    assert f"level +1 {forecast[0] - widths[0]:.4g} …" in answer.remark


def test_too_few_steps_of_validation_make_no_intervals(read: Read, small_on: SmallOn) -> None:
    table = "".join(TABLE.splitlines(keepends=True)[:35])  # 7 steps of validation
    config = small_on(read(table, goal=Goal.NEXT, season=0).data_set, hidden_sizes=(3,))
    problem = ForecastProblem(config, torch.device("cpu"), lambda _: None)
    weights = {name: tensor.numpy() for name, tensor in problem.snapshot(problem.model).items()}
    network = SequenceNetwork(WeightsFile(config, weights, 0, {}), stored_task(config.task))
    questions = ForecastQuestions(network, "level", Path("level.safetensors"), ReplicaChoice())
    [answer] = questions.answers([questions.read("100 90 80 " * 10)])
    assert answer.document["low"] == [None]
    assert "too few validation steps" in answer.remark
