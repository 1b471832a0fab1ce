"""Several layers, both directions and dropout on data sets: answers, seeds, resuming, export."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from rnn_tui.archive.export.onnx_models import models_of
from rnn_tui.data.data_set import TEST
from rnn_tui.data.inputs import network_inputs
from rnn_tui.engine import events
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.events import Control
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.engine.training.loop import fit
from rnn_tui.engine.training.parallel import Workers
from rnn_tui.engine.training.problem import generator
from rnn_tui.engine.training.training_state import load_resume_point
from rnn_tui.networks.stack import Stack
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.data_sets.problem import DataSetProblem
from rnn_tui.tasks.data_sets.task import stored_task
from rnn_tui.tasks.sequences.inference import longest_first
from tests.data.examples import every_goal
from tests.tasks.data_sets.conftest import SmallOn
from tests.tasks.data_sets.test_problem import trained

STACKED = {"layers": 2, "directions": "both", "dropout": 0.3}
FORECASTS = [name for name, each in every_goal().items() if each.description.goal == "next"]
GOALS = [name for name in every_goal() if name not in FORECASTS]


def stacked_on(small_on: SmallOn, goal: str, **overrides: Any) -> SequenceConfig:
    return small_on(every_goal()[goal], **STACKED | overrides)


def module_of(stack: Stack) -> nn.LSTM:
    """A network's layers as PyTorch has them."""
    size = stack.layers[0].forward.hidden_size
    module = nn.LSTM(stack.features, size, len(stack.layers), bidirectional=True)
    weights = {}
    for number, layer in enumerate(stack.layers):
        for suffix, cell in zip(("", "_reverse"), layer.directions, strict=True):
            weights[f"weight_ih_l{number}{suffix}"] = cell.of_input
            weights[f"weight_hh_l{number}{suffix}"] = cell.of_state
            weights[f"bias_ih_l{number}{suffix}"] = cell.input_bias
            weights[f"bias_hh_l{number}{suffix}"] = cell.state_bias
    module.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    return module


@pytest.mark.parametrize("goal", GOALS)
def test_answers_and_figures_are_those_of_pytorchs_network_without_padding(
    goal: str, small_on: SmallOn, tmp_path: Path
) -> None:
    data_set = every_goal()[goal]
    config = stacked_on(small_on, goal)
    path = tmp_path / "weights.safetensors"
    outcome = trained(DataSetProblem, config, checkpoint_path=path)
    network = stored_task(config.task).network(read_weights(path))
    description = data_set.description
    sequences = [
        network_inputs(description, data_set.sequence(index)).astype(np.float32)
        for index in data_set.of_part(TEST)
    ]
    order, lengths, read = longest_first(sequences)
    assert len(set(lengths)) > 1, "padding is what this is about"
    steps = list(network.steps(read, lengths))  # (R, O, n)
    for replica in range(len(config.replicas)):
        stack = network.stack(replica)
        module = module_of(stack)
        weight, bias = map(torch.from_numpy, network.readout(replica))
        for place, index in enumerate(order):
            with torch.no_grad():
                states, (last, _) = module(torch.from_numpy(sequences[index]))
            top = states if description.goal.every_step else last[-2:].flatten()[None]
            expected = (top @ weight.T + bias).numpy()
            taken = steps[: lengths[place]] if len(expected) > 1 else [steps[lengths[place] - 1]]
            answers = np.stack([logits[replica, :, place] for logits in taken])
            assert answers == pytest.approx(expected, abs=2e-5)
            assert stack.logits(sequences[index][:, None])[:, 0] == pytest.approx(
                expected, abs=2e-5
            )
    assert outcome.weights is not None
    problem = DataSetProblem.with_weights(config, outcome.weights)
    figures = problem.test(problem.model, Workers(1))
    problem.evaluation_size = lambda: 1  # type: ignore[method-assign] - nothing is padded
    for name, values in problem.test(problem.model, Workers(1)).items():
        assert figures[name] == pytest.approx(values, rel=1e-4, abs=1e-5), name


def test_a_replica_is_the_run_of_its_seed_alone(small_on: SmallOn, build_double: Any) -> None:
    together = stacked_on(small_on, GOALS[0], seeds=2, seed=8)
    outcome = trained(build_double, together)
    for at, replica in enumerate(together.replicas):
        size = replica.variant.hidden_size
        single = trained(
            build_double, together.replace(hidden_sizes=(size,), seeds=1, seed=replica.seed)
        )
        for name, values in single.metrics.items():
            assert outcome.metrics[name][at] == pytest.approx(values[0], rel=1e-6), name


def test_a_stopped_run_goes_on_to_the_same_bits(small_on: SmallOn, tmp_path: Path) -> None:
    config = stacked_on(small_on, GOALS[0], epochs=3, seeds=2)
    whole = trained(DataSetProblem, config)
    path = tmp_path / "weights.safetensors"
    control = Control()

    def stop_in_second_epoch(event: events.Event) -> None:
        if isinstance(event, events.StepLogged) and event.step == 6:
            control.stop()

    fit(DataSetProblem, config, stop_in_second_epoch, control, run_id="run", checkpoint_path=path)
    point = load_resume_point(path, "run", config)
    assert point.state.step_in_epoch > 0
    resumed = trained(DataSetProblem, config, resume=point)
    assert whole.weights is not None
    assert resumed.weights is not None
    for name, weight in whole.weights.items():
        assert torch.equal(weight, resumed.weights[name]), name


def test_dropout_leaves_out_its_share_of_units_at_all_steps(small_on: SmallOn) -> None:
    config = stacked_on(small_on, GOALS[0], hidden_sizes=(50,), dropout=0.4)
    problem = DataSetProblem(config, torch.device("cpu"), lambda _: None)
    problem.begin_epoch(1)
    masks = torch.stack([*problem.dropout.masks(200)])  # (L, R, D·H, B)
    assert masks.shape == (2, 1, 100, 200)
    assert masks.unique().tolist() == pytest.approx([0.0, 1 / 0.6])
    assert (masks == 0).float().mean().item() == pytest.approx(0.4, abs=0.01)
    # one layer, all of whose units are left out: its readout is the bias
    alone = small_on(every_goal()[GOALS[0]], dropout=0.4)
    one_layer = DataSetProblem(alone, torch.device("cpu"), lambda _: None).model
    draw = generator(1, "readout")
    one_layer.readout.data.normal_(generator=draw)
    nothing = torch.zeros(2, 5, 3)
    answers = one_layer.at_end(torch.ones(4, 2, one_layer.features, 3), None, [nothing])
    assert torch.equal(answers, one_layer.readout[:, :, -1:].expand_as(answers))


@pytest.mark.parametrize("cell", ["lstm", "mingru"])
@pytest.mark.parametrize("goal", GOALS)
def test_models_for_others_answer_alike(
    goal: str, cell: str, small_on: SmallOn, tmp_path: Path
) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    path = tmp_path / "weights.safetensors"
    config = small_on(every_goal()[goal], cell, hidden_sizes=(4,), **STACKED)
    trained(DataSetProblem, config, checkpoint_path=path)
    [model] = models_of(path)  # compares answers
    assert model.difference < 1e-3


@pytest.mark.parametrize("goal", FORECASTS)
def test_what_is_to_come_is_not_read(goal: str, small_on: SmallOn) -> None:
    with pytest.raises(SettingError, match="choose the directions forward"):
        small_on(every_goal()[goal], directions="both")
    config = small_on(every_goal()[goal], layers=3)
    with pytest.raises(SettingError, match="choose the directions forward"):
        DataSetProblem(replace(config, directions="both"), torch.device("cpu"), lambda _: None)
