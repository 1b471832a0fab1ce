"""Networks on data sets: each replica is plain PyTorch on the sequences of its part, unpadded."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import r2_score
from torch import Tensor, nn

from rnn_tui.data import store
from rnn_tui.data.data_set import TEST, TRAINING, DataSet
from rnn_tui.data.options import Goal
from rnn_tui.engine import events
from rnn_tui.engine.errors import DataError, SettingError
from rnn_tui.engine.events import Control
from rnn_tui.engine.files.weights_file import WeightsFile
from rnn_tui.engine.training.loop import Outcome, fit
from rnn_tui.engine.training.parallel import Workers
from rnn_tui.engine.training.problem import generator
from rnn_tui.engine.training.training_state import load_resume_point
from rnn_tui.networks import CELLS
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.data_sets.problem import DataSetProblem
from rnn_tui.tasks.data_sets.task import stored_task
from rnn_tui.tasks.sequences.inference import SequenceNetwork
from tests.data.examples import data_set_of, every_goal, rising_or_falling, walks
from tests.networks.ordinary import pytorch_weights

GOALS = tuple(every_goal())
SmallOn = Callable[..., SequenceConfig]


def modules_of(problem: DataSetProblem, replica: int) -> nn.ModuleDict:
    """Return one replica as modules of PyTorch."""
    size = problem.replicas[replica].variant.hidden_size
    modules = nn.ModuleDict(
        {"recurrent": nn.LSTM(problem.features, size), "readout": nn.Linear(size, problem.outputs)}
    ).double()
    weights = pytorch_weights(CELLS["lstm"], problem.model.state_dict(), replica, size)
    modules.load_state_dict(weights)
    return modules


def standardised(values: Any, means: Any, deviations: Any) -> Tensor:
    return torch.from_numpy(((values - np.array(means)) / np.array(deviations)).astype(np.float32))


def answers_of(modules: nn.ModuleDict, data_set: DataSet, index: int) -> tuple[Tensor, Tensor]:
    """Return outputs (n, O) and targets (n,) or (n, O) of a sequence, in double precision."""
    description = data_set.description
    values = data_set.sequence(index)
    if description.alphabet:
        places = torch.from_numpy(values[:, 0]).long()
        inputs = F.one_hot(places, len(description.alphabet))
    else:
        inputs = standardised(values, description.means, description.deviations)
    states, _ = modules["recurrent"](inputs.double())
    outputs = modules["readout"](states)
    if description.goal is Goal.NEXT and description.alphabet:
        return outputs[:-1], places[1:]
    if description.goal is Goal.NEXT:
        steps, horizon = len(values), description.horizon
        targets = torch.full((steps, horizon, inputs.shape[1]), torch.nan).double()
        for ahead in range(1, horizon + 1):
            targets[: steps - ahead, ahead - 1] = inputs[ahead:].double()
        return outputs, targets.flatten(1)
    target = np.atleast_1d(data_set.target(index))
    if not description.goal.every_step:
        outputs = outputs[-1:]
        target = np.array(data_set.target(index))[None]
    if description.classifies:
        return outputs, torch.from_numpy(target)
    numbers = standardised(target, description.output_means, description.output_deviations)
    return outputs, numbers.double()


def known_answers(
    modules: nn.ModuleDict, data_set: DataSet, indices: list[int]
) -> tuple[Tensor, Tensor]:
    """Return all outputs with a known target, and these: (n, C) and (n,) or (n,) and (n,)."""
    pairs = [answers_of(modules, data_set, index) for index in indices]
    outputs = torch.cat([pair[0] for pair in pairs])
    targets = torch.cat([pair[1] for pair in pairs])
    if data_set.description.classifies:
        return outputs[targets >= 0], targets[targets >= 0]
    return outputs[~targets.isnan()], targets[~targets.isnan()]


def plain_loss(kind: str, outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the mean loss by PyTorch's own functions."""
    if outputs.dim() == 1:
        return F.mse_loss(outputs, targets)
    one_hot = F.one_hot(targets, outputs.shape[1]).double()
    if kind == "ce":
        return F.cross_entropy(outputs, targets)
    if kind == "mse":
        return F.mse_loss(outputs.softmax(1), one_hot)
    return F.binary_cross_entropy_with_logits(outputs, one_hot)


def problem_on(build: Any, config: SequenceConfig) -> DataSetProblem:
    problem: DataSetProblem = build(config, torch.device("cpu"), lambda _: None)
    return problem


@pytest.mark.parametrize("goal", GOALS)
def test_losses_and_gradients_are_pytorchs_without_padding(
    goal: str, small_on: SmallOn, build_double: Any
) -> None:
    data_set = every_goal()[goal]
    losses = ("mse", "ce", "bce") if data_set.description.classifies else ("mse",)
    config = small_on(data_set, losses=losses, seeds=2, seed=3)
    config = config.replace(recipe=replace(config.recipe, noise=0.0))
    problem = problem_on(build_double, config)
    problem.begin_epoch(2)
    problem.model.readout.data.normal_(generator=generator(1, "readout"))
    training = data_set.of_part(TRAINING)
    for step in range(problem.steps_per_epoch):
        [loss] = problem.losses(step, 1)
        values = loss()
        names, weights = zip(*problem.model.named_parameters(), strict=True)
        gradients = dict(zip(names, torch.autograd.grad(values.sum(), weights), strict=True))
        for at, replica in enumerate(problem.replicas):
            order = torch.randperm(
                len(training), generator=generator(replica.seed, "order", 2)
            ).numpy()
            indices = training[order][step * 7 : step * 7 + 7].tolist()
            modules = modules_of(problem, at)
            expected = plain_loss(replica.variant.loss, *known_answers(modules, data_set, indices))
            assert values[at].item() == pytest.approx(expected.item(), rel=1e-9)
            expected.backward()
            actual = pytorch_weights(CELLS["lstm"], gradients, at, replica.variant.hidden_size)
            for name, weight in modules.named_parameters():
                torch.testing.assert_close(actual[name], weight.grad, rtol=1e-7, atol=1e-10)


def test_an_embedding_has_pytorchs_losses_and_gradients_and_the_answers_of_numpy(
    small_on: SmallOn, build_double: Any
) -> None:
    data_set = every_goal()["next-symbol"]
    config = small_on(data_set, losses=("ce",), seeds=2).replace(noise=0.0, embedding=2)
    problem = problem_on(build_double, config)
    problem.begin_epoch(1)
    problem.model.readout.data.normal_(generator=generator(1, "readout"))
    [loss] = problem.losses(0, 1)
    loss().sum().backward()
    state = {name: tensor.numpy() for name, tensor in problem.snapshot(problem.model).items()}
    network = SequenceNetwork(WeightsFile(config, state, 0, {}), stored_task(config.task))
    assert problem.parameters == sum(
        3 * 2 + 4 * size * (size + 2 + 2) + 3 * (size + 1) for size in (3, 5) for _ in range(2)
    )
    training = data_set.of_part(TRAINING)
    for at, replica in enumerate(problem.replicas):
        order = torch.randperm(len(training), generator=generator(replica.seed, "order", 1))
        size = replica.variant.hidden_size
        recurrent, readout = nn.LSTM(2, size).double(), nn.Linear(size, 3).double()
        modules = nn.ModuleDict({"recurrent": recurrent, "readout": readout})
        weights = pytorch_weights(CELLS["lstm"], problem.model.state_dict(), at, size)
        modules.load_state_dict(weights)
        embedding = problem.model.state_dict()["embedding.weight"][at].clone().requires_grad_()
        outputs, targets = [], []
        for index in training[order.numpy()][:7]:
            places = torch.from_numpy(data_set.sequence(index)[:, 0]).long()
            answers = readout(recurrent(embedding[places])[0])
            outputs.append(answers[:-1])
            targets.append(places[1:])
            one_hot = np.eye(3, dtype=np.float32)[places.numpy()][:, :, None]
            in_numpy = [logits[at, :, 0] for logits in network.steps(one_hot, [len(places)])]
            assert np.stack(in_numpy) == pytest.approx(answers.detach().numpy(), abs=1e-5)
        F.cross_entropy(torch.cat(outputs), torch.cat(targets)).backward()
        assert problem.model.embedding is not None
        gradient = problem.model.embedding.weight.grad
        assert gradient is not None
        torch.testing.assert_close(gradient[at], embedding.grad, rtol=1e-7, atol=1e-10)


def test_a_run_with_an_embedding_is_that_of_each_seed_alone(
    small_on: SmallOn, build_double: Any
) -> None:
    config = small_on(every_goal()["next-symbol"], seeds=2, hidden_sizes=(4,), embedding=3)
    together = trained(build_double, config)
    alone = trained(build_double, config.replace(seeds=1, seed=1))
    assert together.weights is not None
    assert alone.weights is not None
    for name, weight in alone.weights.items():
        torch.testing.assert_close(together.weights[name][1:], weight, rtol=0, atol=1e-8)


def test_an_embedding_of_numbers_is_refused(small_on: SmallOn) -> None:
    config = small_on(rising_or_falling()).replace(embedding=2)
    with pytest.raises(SettingError, match="no alphabet to read by an embedding"):
        DataSetProblem(config, torch.device("cpu"), lambda _: None)


@pytest.mark.parametrize("goal", GOALS)
def test_figures_are_those_of_the_test_sequences_one_by_one(
    goal: str, small_on: SmallOn, build_double: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_set = every_goal()[goal]
    problem = problem_on(build_double, small_on(data_set, seeds=2))
    problem.model.readout.data.normal_(generator=generator(1, "readout"))
    description = data_set.description
    figures = problem.test(problem.model, Workers(1))
    monkeypatch.setattr(problem, "evaluation_size", lambda: 2)  # padded otherwise
    for name, values in problem.test(problem.model, Workers(1)).items():
        assert values == pytest.approx(figures[name], rel=1e-6), name
    for at, replica in enumerate(problem.replicas):
        modules = modules_of(problem, at)
        with torch.no_grad():
            outputs, targets = known_answers(modules, data_set, data_set.of_part(TEST).tolist())
        expected = {"test_loss": plain_loss(replica.variant.loss, outputs, targets).item()}
        if description.classifies:
            right = (outputs.argmax(1) == targets).double().mean()
            expected["test_accuracy"] = 100 * right.item()
            if description.goal is Goal.NEXT:
                expected["test_bits"] = F.cross_entropy(outputs, targets).item() / math.log(2)
        else:
            expected["test_rmse"] = math.sqrt(expected["test_loss"])
        for name, value in expected.items():
            assert figures[name][at] == pytest.approx(value, rel=1e-6), name


def test_errors_of_one_number_are_in_the_units_of_the_file_and_r2_is_scikit_learns(
    small_on: SmallOn, build_double: Any
) -> None:
    lines = walks(30, columns=1)
    targets = np.array([line.mean() for line in lines], np.float32)[:, None]
    data_set = data_set_of("mean", Goal.NUMBER, lines, targets, outputs=("mean",))
    problem = problem_on(build_double, small_on(data_set, hidden_sizes=(4,)))
    problem.model.readout.data.normal_(generator=generator(1, "readout"))
    figures = problem.test(problem.model, Workers(1))
    indices = data_set.of_part(TEST).tolist()
    with torch.no_grad():
        outputs, _ = known_answers(modules_of(problem, 0), data_set, indices)
    description = data_set.description
    answers = outputs.numpy() * description.output_deviations[0] + description.output_means[0]
    true = targets[indices, 0]
    assert figures["test_rmse"][0] == pytest.approx(np.sqrt(np.mean((answers - true) ** 2)), 1e-5)
    assert figures["test_r2"][0] == pytest.approx(r2_score(true, answers), 1e-5)


def trained(build: Any, config: SequenceConfig, **arguments: Any) -> Outcome:
    emitted: list[events.Event] = []
    outcome = fit(build, config, emitted.append, Control(), **arguments)
    assert isinstance(emitted[-1], events.RunFinished), emitted[-1]
    return outcome


@pytest.mark.parametrize("goal", GOALS)
def test_a_replica_is_the_run_of_its_seed_alone(
    goal: str, small_on: SmallOn, build_double: Any
) -> None:
    data_set = every_goal()[goal]
    together = small_on(data_set, seeds=2, seed=8)
    together = together.replace(recipe=replace(together.recipe, noise=0.2))
    outcome = trained(build_double, together)
    for at, replica in enumerate(together.replicas):
        alone = together.replace(
            hidden_sizes=(replica.variant.hidden_size,), seeds=1, seed=replica.seed
        )
        single = trained(build_double, alone)
        size = replica.variant.hidden_size
        assert outcome.weights is not None
        assert single.weights is not None
        actual = pytorch_weights(CELLS["lstm"], outcome.weights, at, size)
        for name, weight in pytorch_weights(CELLS["lstm"], single.weights, 0, size).items():
            torch.testing.assert_close(actual[name], weight, rtol=0, atol=1e-8)
        for name, values in single.metrics.items():
            assert outcome.metrics[name][at] == pytest.approx(values[0], rel=1e-6), name


def test_a_stopped_run_goes_on_to_the_same_bits(small_on: SmallOn, tmp_path: Path) -> None:
    config = small_on(rising_or_falling(), epochs=3, seeds=2)
    config = config.replace(recipe=replace(config.recipe, noise=0.2))
    whole = trained(DataSetProblem, config)
    path = tmp_path / "weights.safetensors"
    control = Control()

    def stop_in_second_epoch(event: events.Event) -> None:
        if isinstance(event, events.StepLogged) and event.step == 6:
            control.stop()

    fit(
        DataSetProblem,
        config,
        stop_in_second_epoch,
        control,
        run_id="run",
        checkpoint_path=path,
    )
    point = load_resume_point(path, "run", config)
    assert point.state.step_in_epoch > 0
    resumed = trained(DataSetProblem, config, resume=point)
    assert resumed.metrics == whole.metrics
    assert whole.weights is not None
    assert resumed.weights is not None
    for name, weight in whole.weights.items():
        assert torch.equal(weight, resumed.weights[name])


def test_all_seeds_read_the_same_sequences_each_in_an_order_of_its_own(small_on: SmallOn) -> None:
    data_set = rising_or_falling()
    problem = DataSetProblem(small_on(data_set, seeds=3), torch.device("cpu"), lambda _: None)
    problem.begin_epoch(1)
    orders = problem._order[:3].tolist()
    assert sorted(orders[0]) == sorted(orders[1]) == data_set.of_part(TRAINING).tolist()
    assert orders[0] != orders[1]
    problem.begin_epoch(2)
    assert problem._order[0].tolist() != orders[0]
    assert problem.samples_per_epoch == data_set.description.training


def test_noise_is_new_in_every_step_and_of_the_recipes_size(small_on: SmallOn) -> None:
    lines = [np.zeros((20, 3), np.float32)] * 40
    classes = np.arange(40) % 2
    config = small_on(data_set_of("z", Goal.CLASS, lines, classes, outputs=("p", "q")), seeds=2)
    config = config.replace(batch_size=12, recipe=replace(config.recipe, noise=0.3))
    problem = DataSetProblem(config, torch.device("cpu"), lambda _: None)
    problem.begin_epoch(1)
    inputs = []
    for step in range(2):
        [loss] = problem.losses(step, 1)
        assert isinstance(loss, partial)
        inputs.append(loss.args[0].inputs)
    assert inputs[0].std().item() == pytest.approx(0.3, rel=0.1)
    assert not torch.equal(inputs[0], inputs[1])
    of_first, of_second = inputs[0][:, 0], inputs[0][:, 1]  # of two seeds of a variant
    assert not torch.equal(of_first, of_second)
    assert torch.equal(inputs[0][:, :2], inputs[0][:, 2:])  # as another variant reads them


def test_numbers_are_trained_with_their_squared_error_alone(small_on: SmallOn) -> None:
    config = small_on(every_goal()["number"], losses=("ce",))
    with pytest.raises(SettingError, match="the loss is mse, not ce"):
        DataSetProblem(config, torch.device("cpu"), lambda _: None)


def test_a_run_on_a_data_set_that_is_gone_is_refused(small_on: SmallOn) -> None:
    config = small_on(rising_or_falling())
    store.remove(config.task)
    with pytest.raises(DataError, match="no longer on this machine"):
        DataSetProblem(config, torch.device("cpu"), lambda _: None)


def last_known(data_set: DataSet, index: int) -> int:
    """Return the steps of a sequence up to the last one whose answer is wholly known."""
    description, steps = data_set.description, int(data_set.lengths[index])
    if description.goal is Goal.NEXT:
        return steps - 1
    target = data_set.target(index)
    is_known = target >= 0 if description.classifies else ~np.isnan(target).any(axis=-1)
    if not description.goal.every_step:
        return steps if is_known else 0
    return int(np.flatnonzero(is_known)[-1]) + 1 if is_known.any() else 0


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("length", [None, 4])
def test_samples_are_test_sequences_up_to_the_last_known_answer(
    goal: str, length: int | None, small_on: SmallOn
) -> None:
    data_set = every_goal()[goal]
    problem = DataSetProblem(small_on(data_set), torch.device("cpu"), lambda _: None)
    sample = problem.sample(100, torch.Generator(), length)
    lengths = [last_known(data_set, index) for index in data_set.of_part(TEST).tolist()]
    expected = [4 for steps in lengths if steps >= 4]
    if length is None:
        expected = sorted(steps for steps in lengths if steps)
    assert sorted(sample.lengths[0].tolist()) == expected
    assert sample.inputs.shape == (1, len(expected), max(expected), problem.features)
    description = data_set.description
    steps = (max(expected),) if description.goal.every_step else ()
    numbers = () if description.classifies else (problem.outputs,)
    assert sorted(sample.targets.shape[2:]) == sorted(steps + numbers)
    for inputs, steps_read in zip(sample.inputs[0], sample.lengths[0].tolist(), strict=True):
        assert not inputs[steps_read:].any()
        assert inputs[:steps_read].any()
