"""Which lengths beyond those in training are tested: some, evenly spaced, or all of the paper's."""

import pytest
import torch

from rnn_tui.engine.config import config_from_dict
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.training.parallel import Workers
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.hierarchy.problem import HierarchyProblem
from tests.tasks.conftest import small_config


def problem_of(**overrides: object) -> HierarchyProblem:
    config = small_config("parity-check", "fast", test_size=2, **overrides)
    return HierarchyProblem(config, torch.device("cpu"), lambda _: None)


def test_all_lengths_are_those_of_the_paper() -> None:
    assert problem_of(test_lengths="all").test_lengths == tuple(range(41, 501))
    spaced = problem_of().test_lengths
    assert (len(spaced), spaced[0], spaced[-1]) == (24, 41, 500)


def test_the_test_is_the_mean_over_all_of_them() -> None:
    problem = problem_of(test_lengths="all", lengths=(1, 494))
    asked = problem.test_lengths
    assert asked == (495, 496, 497, 498, 499, 500)
    accuracies = problem.accuracies_at(problem.model, asked, 2, Workers(1))  # (R, lengths)
    figures = problem.test(problem.model, Workers(1))["test_accuracy"]
    assert figures == pytest.approx(accuracies.mean(dim=1).tolist())
    assert set(asked) <= set(problem.evaluated_lengths())
    assert " of each of 6 lengths, 495 to 500 symbols" in problem.tested_lengths(problem.config)


def test_runs_kept_before_the_setting_are_tested_as_they_were() -> None:
    document = small_config("parity-check", "fast").to_dict()
    del document["test_lengths"]
    assert config_from_dict(document).setting("test_lengths") == "spaced"


def test_other_words_are_refused_in_a_sentence() -> None:
    with pytest.raises(SettingError, match="Test lengths must be one of spaced, all"):
        TASKS["parity-check"].config("lstm", test_lengths="many")
