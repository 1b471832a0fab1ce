"""The answers of forecasts have intervals, made of the errors of the networks that are asked."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
import torch

from rnn_tui.data.conformal import Intervals
from rnn_tui.data.data_set import VALIDATION
from rnn_tui.data.forecast import Transform
from rnn_tui.data.options import Goal
from rnn_tui.engine.files.weights_file import WeightsFile
from rnn_tui.engine.progress import UNWATCHED
from rnn_tui.engine.training.parallel import Workers
from rnn_tui.tasks.data_sets.answer_files import csv_parts, npz_parts, write_answers
from rnn_tui.tasks.data_sets.application import Application
from rnn_tui.tasks.data_sets.applying import Voters
from rnn_tui.tasks.data_sets.forecast_questions import ForecastQuestions
from rnn_tui.tasks.data_sets.forecasts import ForecastProblem
from rnn_tui.tasks.data_sets.task import stored_task
from rnn_tui.tasks.sequences.inference import ReplicaChoice, SequenceNetwork
from tests.data.reading import Read
from tests.tasks.data_sets.conftest import SmallOn
from tests.tasks.data_sets.test_applying import every_goal, networks, test_part

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
    ratios = np.sort(np.abs(errors) / problem._scales(VALIDATION), axis=0)  # NaN last
    counts = (~np.isnan(ratios)).sum(axis=0)
    assert counts.tolist() == [24, 23]
    places = np.ceil((counts + 1) * 0.9).astype(int) - 1
    moves = np.abs(np.diff(numbers))
    widths = ratios[places, [0, 1]] * moves.mean()
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


def test_predict_and_ask_give_the_same_intervals(
    read: Read, small_on: SmallOn, tmp_path: Path
) -> None:
    data_set = read(TABLE, goal=Goal.NEXT, horizon=2, season=0, context=20).data_set
    config = small_on(data_set, hidden_sizes=(3,), seeds=2)
    problem = ForecastProblem(config, torch.device("cpu"), lambda _: None)
    weights = {name: tensor.numpy() for name, tensor in problem.snapshot(problem.model).items()}
    network = SequenceNetwork(WeightsFile(config, weights, 0, {}), stored_task(config.task))
    path = tmp_path / "new.csv"
    path.write_text(TABLE)

    def application_of() -> Application:
        return Application(network, path, ReplicaChoice(), lambda _sentence: None, UNWATCHED)

    application = application_of()
    documents = [
        document for answers in application.answers() for document in application.documents(answers)
    ]
    questions = ForecastQuestions(network, "level", path, ReplicaChoice(vote=True))
    [answer] = questions.answers([questions.read(" ".join(TABLE.split()[1:]))])
    last = documents[-1]
    for key in ("low", "high"):
        assert [*last[key].values()] == pytest.approx(answer.document[key], rel=1e-6)
    assert application.level == answer.document["level"]
    assert all(np.isnan(list(documents[0][key].values())).all() for key in ("low", "high"))

    table = tmp_path / "answers.csv"
    write_answers(table, csv_parts(application_of()))
    rows = list(csv.DictReader(table.open()))
    assert float(rows[-1]["low level +2"]) == pytest.approx(answer.document["low"][1], rel=1e-6)
    assert rows[0]["high level +1"] == ""
    arrays = np.load(io.BytesIO(b"".join(npz_parts(application_of()))))
    assert arrays["high"][-1] == pytest.approx(answer.document["high"], rel=1e-6)
    assert arrays["level"] == 0.9


def test_intervals_follow_how_far_a_series_moves() -> None:
    random = np.random.default_rng(0)
    scales = np.exp(random.normal(0, 1, (4000, 1)))
    errors = random.normal(0, 1, (4000, 1)) * scales
    calm = scales < 1
    earlier = np.where(calm, errors, np.nan)  # the validation is calm
    intervals = Intervals.of_errors(earlier, scales)
    assert intervals.coverage(np.where(calm, np.nan, errors), scales) == pytest.approx(
        0.9, abs=0.02
    )
    flat = np.ones_like(scales)
    assert Intervals.of_errors(earlier, flat).coverage(errors, flat) < 0.8


def test_a_series_that_stands_still_has_intervals_of_some_width() -> None:
    scales = np.ones((100, 1))
    intervals = Intervals.of_errors(np.arange(100.0)[:, None], scales)
    assert intervals.half_widths(np.zeros((1, 1))) == pytest.approx(9.0)
    still = Intervals.of_errors(np.ones((100, 1)), np.zeros((100, 1)))
    assert still.half_widths(np.zeros((1, 1))) == pytest.approx(1.0)


def test_numbers_of_whole_sequences_have_intervals_where_validation_is_large(
    small_on: SmallOn,
) -> None:
    data_set = every_goal()["number"]
    config = small_on(data_set, seeds=2, hidden_sizes=(3,))
    _, network = networks(config)
    [answers] = Voters(network, data_set, ReplicaChoice(), UNWATCHED).answers(test_part(data_set))
    assert len(data_set.of_part(VALIDATION)) < 9
    assert answers.ends is None
