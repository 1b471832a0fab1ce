"""The adding problem: the sum of two marked numbers."""

import json
from typing import Any

import pytest
import torch

from rnn_tui.engine.training.problem import generator
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.adding import NAIVE_ERROR
from rnn_tui.tasks.adding.problem import AddingProblem
from rnn_tui.ui.app.task_views import views_of
from tests.cli.command_line import run_inside

CPU = torch.device("cpu")
SMALL: dict[str, Any] = {"hidden_sizes": (4,), "seeds": 2, "training_size": 64, "epochs": 1}


def problem_of(**settings: Any) -> AddingProblem:
    config = TASKS["adding"].config("gru", device="cpu", **{**SMALL, **settings})
    return AddingProblem(config, CPU, lambda _: None)


def test_the_target_is_the_sum_of_the_two_marked_numbers() -> None:
    problem = problem_of(lengths=(2, 9))
    lengths = torch.tensor([2, 9, 5])
    examples = problem.draw(lengths, generator(0, "test"))
    for sequence, target, length in zip(
        examples.inputs[0], examples.targets[0], lengths.tolist(), strict=True
    ):
        assert not sequence[length:].any()
        numbers = [number for number, mark in sequence.tolist() if mark == 1]
        assert len(numbers) == 2
        assert target.item() == pytest.approx(sum(numbers))
    assert examples.inputs[..., 0].amin() >= 0
    assert examples.inputs[..., 0].amax() <= 1


def test_always_answering_one_has_the_naive_error() -> None:
    problem = problem_of()
    with torch.no_grad():
        problem.model.readout.zero_()
        problem.model.readout[:, 0, -1] = 1
    sums = problem.draw_at(50, 4000).targets
    assert (sums - 1).square().mean().item() == pytest.approx(NAIVE_ERROR, rel=0.1)
    problem.begin_epoch(1)
    [loss] = problem.losses(0, 1)
    expected = (problem._batches[0].targets - 1).square().mean(dim=1)
    torch.testing.assert_close(loss().detach(), expected)


def test_its_answers_are_numbers_which_have_no_table_of_confusions() -> None:
    assert "Confusion" not in [view.title for view in views_of(TASKS["adding"])]


@pytest.mark.usefixtures("home")
def test_it_is_trained_by_its_name_and_beats_the_naive_answer() -> None:
    words = ("--cell", "gru", "--lengths", "2-4", "--hidden-size", "8", "--learning-rate", "0.03")
    more = ("--epochs", "1", "--training-size", "6400", "--seeds", "2", "--test-size", "100")
    code, out, err = run_inside(["train", "adding", *words, *more, "--quiet", "--json"])
    assert code == 0, err
    [variant] = json.loads(out)["variants"]
    assert variant["test_error"]["mean"] < NAIVE_ERROR / 4
    assert variant["test_accuracy"]["n"] == 2
