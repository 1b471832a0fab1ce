"""`rnn-tui train` on tasks of the hierarchy: a few steps of each kind, and what is told of them."""

import json

import pytest

from tests.cli.command_line import run_inside

FEW_STEPS = (
    *("--preset", "fast", "--hidden-size", "3", "--seeds", "2", "--epochs", "1"),
    *("--training-size", "64", "--test-size", "60", "--quiet"),
)


# One with an answer at the end of a word, and one with an answer at each of some steps.
@pytest.mark.parametrize("task", ["parity-check", "reverse-string"])
def test_a_few_steps_are_trained_and_told_with_a_spread_over_seeds(task: str) -> None:
    code, out, err = run_inside(["train", task, *FEW_STEPS, "--json"])
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert (document["task"], document["status"]) == (task, "finished")
    [variant] = document["variants"]
    accuracy = variant["test_accuracy"]
    assert accuracy["n"] == len(accuracy["values"]) == 2
    assert all(0 <= value <= 100 for value in accuracy["values"])
    [lengths] = variant["by_length"].values()
    assert max(point["length"] for point in lengths) > 40  # longer than any it is trained on


def test_the_rate_at_which_the_loss_falls_is_found() -> None:
    more = ("--training-size", "3200", "--find-learning-rate")
    code, out, err = run_inside(["train", "parity-check", *FEW_STEPS, *more])
    assert (code, err) == (0, "")
    assert "rate" in out
