"""Words are trained in batches of one length, so that no step is spent on padding."""

import pytest
import torch

from rnn_tui.tasks import TASKS
from rnn_tui.tasks.hierarchy import TASKS_BY_NAME
from rnn_tui.tasks.hierarchy.problem import HierarchyProblem


@pytest.mark.parametrize("task", TASKS_BY_NAME)
def test_at_most_a_fifth_of_the_steps_of_training_is_padding(task: str) -> None:
    config = TASKS[task].config(
        "rnn",
        "fast",
        device="cpu",
        hidden_sizes=(1,),
        seeds=2,
        batch_size=4,
        training_size=40,
    )
    problem = HierarchyProblem(config, torch.device("cpu"), lambda _: None)
    problem.begin_epoch(1)
    batches = [batch.inputs for batch in problem._batches]  # (T, S, F, B) each
    assert len(batches) == 10
    read = sum(int(inputs.any(dim=2).sum()) for inputs in batches)
    assert read >= 0.8 * sum(inputs[:, :, 0].numel() for inputs in batches)
