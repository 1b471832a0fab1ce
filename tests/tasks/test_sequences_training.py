"""Recall and adder in the real loop: each replica is the run that its seed would give alone."""

import random
import re
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from torch import Tensor, nn

from rnn_tui.engine import events
from rnn_tui.engine.config import Recipe
from rnn_tui.engine.events import Control
from rnn_tui.engine.training.loop import fit
from rnn_tui.engine.training.parallel import Workers
from rnn_tui.engine.training.problem import generator
from rnn_tui.engine.training.stepper import Stepper, make_optimiser
from rnn_tui.networks import CELLS
from rnn_tui.networks.initialisations import INITIALISATIONS
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.adder.problem import AdderProblem
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.recall.problem import RecallProblem
from rnn_tui.tasks.sequences.examples import Examples
from rnn_tui.tasks.sequences.problem import SequenceProblem
from tests.networks.ordinary import pytorch_weights

LSTM = CELLS["lstm"]

Small = Callable[..., SequenceConfig]
LOSSES = ("mse", "ce", "bce")
PROBLEMS: dict[str, type[SequenceProblem]] = {"recall": RecallProblem, "adder": AdderProblem}
PRESETS = [(task, preset) for task in PROBLEMS for preset in ("report", "fast")]


def problem_of(config: SequenceConfig) -> SequenceProblem:
    """In double precision, on the CPU."""
    return PROBLEMS[config.task](config, torch.device("cpu"), lambda _: None, torch.float64)


def ordinary(problem: SequenceProblem, replica: int) -> nn.ModuleDict:
    """One replica as modules of PyTorch."""
    size = problem.replicas[replica].variant.hidden_size
    modules = nn.ModuleDict(
        {"recurrent": nn.LSTM(problem.features, size), "readout": nn.Linear(size, problem.outputs)}
    ).double()
    modules.load_state_dict(pytorch_weights(LSTM, problem.model.state_dict(), replica, size))
    return modules


def plain_loss(task: str, kind: str, modules: nn.ModuleDict, example: Examples) -> Tensor:
    """The loss of a single sequence, without padding, by PyTorch's own modules."""
    length = int(example.lengths)
    states, _ = modules["recurrent"](
        example.inputs.reshape(-1, example.inputs.shape[-1])[:length].double()
    )
    logits: Tensor = modules["readout"](states)
    if task == "recall":
        last, target = logits[-1], example.targets.reshape(()).long()
        one_hot = nn.functional.one_hot(target, 10).double()
        return {
            "ce": lambda: nn.CrossEntropyLoss()(last, target),
            "mse": lambda: nn.MSELoss()(last.softmax(0), one_hot),
            "bce": lambda: nn.BCEWithLogitsLoss()(last, one_hot),
        }[kind]()
    outputs, bits = logits[:, 0].sigmoid(), example.targets.reshape(-1)[:length].double()
    return {
        # The report's: outputs as logits of L classes, bits as the probabilities of the classes.
        "ce": lambda: nn.CrossEntropyLoss()(outputs, bits),
        "mse": lambda: nn.MSELoss()(outputs, bits),
        "bce": lambda: nn.BCELoss()(outputs, bits),
    }[kind]()


def training_set(problem: SequenceProblem, seed: int) -> list[Examples]:
    """The sequences of a training set that is used again in every epoch, one by one."""
    stream = generator(seed, "training")
    drawn = problem.draw_training(problem.training_lengths(stream), stream)
    return [drawn.part(at, at + 1) for at in range(drawn.count)]


def gradients(problem: SequenceProblem, step: int = 0) -> tuple[Tensor, dict[str, Tensor]]:
    (loss,) = problem.losses(step, 1)
    values = loss()
    names, weights = zip(*problem.model.named_parameters(), strict=True)
    of_weights = torch.autograd.grad(values.sum(), weights)
    return values.detach(), dict(zip(names, of_weights, strict=True))


@pytest.mark.parametrize("task", PROBLEMS)
@pytest.mark.parametrize("batch_size", [1, 7])
def test_losses_and_gradients_are_those_of_single_sequences_without_padding(
    small: Small, task: str, batch_size: int
) -> None:
    config = small(task, losses=LOSSES, seeds=2, seed=3, training_size=7, batch_size=batch_size)
    problem = problem_of(config)
    problem.begin_epoch(1)
    values, of_replicas = gradients(problem)
    sets = {seed: training_set(problem, seed)[:batch_size] for seed in (3, 4)}
    if batch_size > 1:
        # Otherwise nothing would be padded.
        assert len({int(example.lengths) for example in sets[3]}) > 1
    for at, replica in enumerate(config.replicas):
        modules = ordinary(problem, at)
        losses = [
            plain_loss(task, replica.variant.loss, modules, example)
            for example in sets[replica.seed]
        ]
        expected = torch.stack(losses).mean()
        torch.testing.assert_close(values[at], expected.detach(), rtol=1e-12, atol=1e-14)
        expected.backward()
        actual = pytorch_weights(LSTM, of_replicas, at, replica.variant.hidden_size)
        for name, weight in modules.named_parameters():
            assert weight.grad is not None
            assert weight.grad.any(), name
            torch.testing.assert_close(actual[name], weight.grad, rtol=1e-9, atol=1e-13, msg=name)


@pytest.mark.parametrize("decay", [0.0, 0.3])
@pytest.mark.parametrize("task", PROBLEMS)
def test_report_recipe_is_a_plain_loop_with_adam(
    small: Small, train: Any, task: str, decay: float
) -> None:
    several = {"losses": LOSSES, "seeds": 2, "seed": 3, "training_size": 9, "epochs": 2}
    config = small(task, weight_decay=decay, **several)
    run = train(config, double=True)
    problem = problem_of(config)
    for at, replica in enumerate(config.replicas):
        modules = ordinary(problem, at)
        adam = torch.optim.AdamW(modules.parameters(), lr=config.learning_rate, weight_decay=decay)
        for epoch in (0, 1):
            losses = []
            for example in training_set(problem, replica.seed):
                loss = plain_loss(task, replica.variant.loss, modules, example)
                adam.zero_grad()
                loss.backward()
                adam.step()
                losses.append(loss.item())
            logged = run.epochs[epoch].replicas["train_loss"][at]
            assert logged == pytest.approx(np.mean(losses), rel=1e-9)
        actual = pytorch_weights(LSTM, run.weights, at, replica.variant.hidden_size)
        for name, weight in modules.state_dict().items():
            torch.testing.assert_close(actual[name], weight, rtol=0, atol=1e-8, msg=name)


@pytest.mark.parametrize(
    ("task", "preset", "cell"), [(*chosen, cell) for chosen in PRESETS for cell in ("lstm", "gru")]
)
def test_a_replica_is_the_run_of_its_seed_alone(
    small: Small, train: Any, task: str, preset: str, cell: str
) -> None:
    size = {"report": 25, "fast": 200}[preset]
    losses = ("mse", "bce") if preset == "report" else ("ce",)
    together = small(task, preset, losses=losses, seeds=3, seed=8, training_size=size)
    together = together.replace(cell=cell)
    run = train(together, double=True)
    assert len(together.replicas) == 6 * len(losses)
    for at, replica in enumerate(together.replicas):
        variant = replica.variant
        alone = train(
            together.replace(
                hidden_sizes=(variant.hidden_size,),
                losses=(variant.loss,),
                seeds=1,
                seed=replica.seed,
            ),
            double=True,
        )
        actual = pytorch_weights(CELLS[cell], run.weights, at, variant.hidden_size)
        expected = pytorch_weights(CELLS[cell], alone.weights, 0, variant.hidden_size)
        for name, weight in expected.items():
            torch.testing.assert_close(actual[name], weight, rtol=0, atol=1e-8, msg=name)
        for of_set, single in (
            (run.metrics, alone.metrics),
            *zip(
                (epoch.replicas for epoch in run.epochs),
                (epoch.replicas for epoch in alone.epochs),
                strict=True,
            ),
        ):
            assert of_set.keys() == single.keys()
            for name, values in of_set.items():
                # Shares of right bits are summed in single precision.
                assert values[at] == pytest.approx(single[name][0], rel=1e-6), name


@pytest.mark.parametrize("initialisation", INITIALISATIONS)
def test_a_replica_is_the_run_of_its_seed_however_it_starts(
    small: Small, train: Any, initialisation: str
) -> None:
    of_set = small("adder", seeds=2, seed=8, hidden_sizes=(4,), losses=("bce",), training_size=20)
    of_set = of_set.replace(cell="rnn", initialisation=initialisation)
    together = train(of_set, double=True)
    for at in range(2):
        alone = train(of_set.replace(seeds=1, seed=8 + at), double=True)
        for name, weight in alone.weights.items():
            torch.testing.assert_close(
                together.weights[name][at], weight[0], rtol=0, atol=1e-8, msg=name
            )


@pytest.mark.parametrize(("task", "preset"), PRESETS)
def test_a_seed_gives_the_same_bits_and_another_seed_others(
    small: Small, train: Any, task: str, preset: str
) -> None:
    config = small(task, preset, seeds=2, seed=1, training_size=70)
    first, again = train(config), train(config)
    assert first.weights.keys() == again.weights.keys()
    assert all(torch.equal(weight, again.weights[name]) for name, weight in first.weights.items())
    assert first.metrics == again.metrics
    assert [e.replicas for e in first.epochs] == [e.replicas for e in again.epochs]
    gates = first.weights["gates"]
    assert not torch.equal(gates[0], gates[1])
    assert not torch.equal(gates[0], train(config.replace(seed=2)).weights["gates"][0])


@pytest.mark.parametrize("task", PROBLEMS)
def test_global_random_state_neither_matters_nor_changes(
    small: Small, train: Any, task: str
) -> None:
    config = small(task, "fast", training_size=70)
    expected = train(config)
    kept = torch.get_rng_state(), np.random.get_state(), random.getstate()
    try:
        torch.manual_seed(1)
        np.random.seed(2)
        random.seed(3)
        states = torch.get_rng_state(), repr(np.random.get_state()), random.getstate()
        run = train(config)
        assert torch.equal(torch.get_rng_state(), states[0])
        assert (repr(np.random.get_state()), random.getstate()) == states[1:]
    finally:
        torch.set_rng_state(kept[0])
        np.random.set_state(kept[1])
        random.setstate(kept[2])
    assert all(torch.equal(weight, run.weights[n]) for n, weight in expected.weights.items())


def same_weights_everywhere(problem: SequenceProblem) -> None:
    """Replicas that would answer alike; none of their weights is zero."""
    draw = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weights in problem.model.parameters():
            replica_weights = torch.randn(weights.shape[1:], generator=draw, dtype=weights.dtype)
            weights.copy_(replica_weights.expand_as(weights))


@pytest.mark.parametrize(("task", "preset"), PRESETS)
def test_every_seed_has_data_of_its_own(small: Small, task: str, preset: str) -> None:
    problem = problem_of(small(task, preset, hidden_sizes=(4,), seeds=4, batch_size=8))
    same_weights_everywhere(problem)
    problem.begin_epoch(1)
    losses, _ = gradients(problem)
    assert len(set(losses.tolist())) == 4
    validated = problem.validate(problem.model, Workers(1))["val_loss"]
    assert isinstance(validated, tuple)
    assert len(set(validated)) == 4


@pytest.mark.parametrize("task", PROBLEMS)
@pytest.mark.parametrize("preset", ["report", "fast"])
def test_seeds_whose_longest_sequences_differ_train_side_by_side(
    small: Small, train: Any, task: str, preset: str
) -> None:
    # Hardly any of these sets has a sequence of each of the 500 lengths.
    config = small(
        task,
        preset,
        lengths=(3, 503),
        hidden_sizes=(2,),
        seeds=3,
        training_size=4,
        test_size=4,
        batch_size=2,
    )
    run = train(config, double=True)
    alone = train(config.replace(seed=1, seeds=1), double=True)
    actual = pytorch_weights(LSTM, run.weights, 1, 2)
    expected = pytorch_weights(LSTM, alone.weights, 0, 2)
    for name, weight in expected.items():
        torch.testing.assert_close(actual[name], weight, rtol=0, atol=1e-8, msg=name)


@pytest.mark.parametrize("task", PROBLEMS)
def test_variants_of_a_seed_share_their_data_and_those_of_a_size_their_start(
    small: Small, task: str
) -> None:
    config = small(task, losses=("mse", "bce"), hidden_sizes=(2, 4), seeds=2, batch_size=8)
    problem = problem_of(config)
    weights = problem.model.state_dict()
    half = len(config.replicas) // 2
    for tensor in weights.values():
        assert torch.equal(tensor[:half], tensor[half:])
    problem.begin_epoch(1)
    # The same weights in all replicas: then the loss differs by seed and by kind alone.
    same_weights_everywhere(problem)
    losses, _ = gradients(problem)
    by_size = losses.reshape(2, 2, 2)  # loss, size, seed
    torch.testing.assert_close(by_size[:, 0], by_size[:, 1], rtol=1e-12, atol=0)
    assert len({round(value, 9) for value in losses.tolist()}) == 4


@pytest.mark.parametrize("task", PROBLEMS)
def test_fresh_data_differ_between_epochs_and_others_are_used_again(
    small: Small, task: str
) -> None:
    for preset, same in (("report", True), ("fast", False)):
        # Of one length, so that nothing but the sequences themselves can differ.
        problem = problem_of(small(task, preset, batch_size=6, lengths=(5, 5)))
        same_weights_everywhere(problem)
        seen = []
        for epoch in (1, 2, 1):
            problem.begin_epoch(epoch)
            seen.append([gradients(problem, step)[0] for step in range(2)])
        assert torch.equal(seen[0][0], seen[1][0]) is same
        assert torch.equal(seen[0][1], seen[1][1]) is same
        # An epoch can be had again without those before it.
        assert torch.equal(seen[0][0], seen[2][0])


@pytest.mark.parametrize("task", PROBLEMS)
def test_a_fresh_batch_has_one_length_within_the_limits(
    small: Small, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small(task, "fast", lengths=(4, 7), training_size=399, batch_size=4, seeds=2)
    problem = problem_of(config)
    drawn = []
    draw = problem.draw_training

    def recording(lengths: Tensor, stream: torch.Generator) -> Examples:
        drawn.append(lengths)
        return draw(lengths, stream)

    monkeypatch.setattr(problem, "draw_training", recording)
    for epoch in (1, 2):
        problem.begin_epoch(epoch)
    first, beside, later, _ = drawn
    assert [len(lengths) for lengths in drawn] == [399] * 4
    batches = [set(batch.tolist()) for batch in first.split(4)]
    assert all(len(batch) == 1 for batch in batches)
    assert set.union(*batches) == {4, 5, 6, 7}
    # All seeds alike, so that no replica waits for another's longer sequences.
    assert torch.equal(first, beside)
    assert not torch.equal(first, later)


@pytest.mark.parametrize("task", PROBLEMS)
@pytest.mark.parametrize("preset", ["report", "fast"])
def test_every_sequence_of_an_epoch_is_read_once(small: Small, task: str, preset: str) -> None:
    # 7 by three: the last batch has one, and a batch size beyond the set is the whole set.
    for batch_size, steps in ((3, 3), (100, 1)):
        problem = problem_of(small(task, preset, training_size=7, batch_size=batch_size))
        whole = problem_of(small(task, preset, training_size=7, batch_size=1, lengths=(5, 5)))
        assert problem.steps_per_epoch == steps
        assert sum(problem.samples_in(step) for step in range(steps)) == 7
        assert whole.steps_per_epoch == 7
    if preset == "report":
        batched = problem_of(small(task, training_size=7, batch_size=3))
        single = problem_of(small(task, training_size=7, batch_size=1))
        for problem in (batched, single):
            problem.begin_epoch(1)
        ones = torch.stack([gradients(single, step)[0] for step in range(7)])
        threes = torch.stack([gradients(batched, step)[0] for step in range(3)])
        expected = torch.stack([ones[0:3].mean(0), ones[3:6].mean(0), ones[6]])
        torch.testing.assert_close(threes, expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("task", PROBLEMS)
def test_recipes_start_as_they_say(small: Small, task: str) -> None:
    plain = problem_of(small(task, recipe=Recipe()))
    orthogonal = problem_of(small(task, recipe=Recipe(initialisation="orthogonal", forget_bias=2)))
    assert plain.model.readout.any()
    assert not orthogonal.model.readout.any()
    for at, replica in enumerate(orthogonal.replicas):
        size = replica.variant.hidden_size
        weights = pytorch_weights(LSTM, orthogonal.model.state_dict(), at, size)
        for gate in weights["recurrent.weight_hh_l0"].split(size):
            torch.testing.assert_close(
                gate @ gate.T, torch.eye(size, dtype=gate.dtype), rtol=0, atol=1e-6
            )
        forget = weights["recurrent.bias_ih_l0"][size : 2 * size]
        assert forget.tolist() == [2.0] * size
        # PyTorch draws from within 1/√H of zero.
        drawn = pytorch_weights(LSTM, plain.model.state_dict(), at, size)
        largest = max(float(weight.abs().max()) for weight in drawn.values())
        assert 0.5 / size**0.5 < largest <= 1 / size**0.5


def test_each_replicas_gradient_is_shortened_by_itself(small: Small) -> None:
    config = small("recall", seeds=3, batch_size=4)
    problem = problem_of(config)
    problem.model.readout.data.mul_(torch.tensor([1e-4, 1.0, 30.0]).repeat(2)[:, None, None])
    problem.begin_epoch(1)
    _, whole = gradients(problem)
    norms = sum(gradient.flatten(1).square().sum(1) for gradient in whole.values()) ** 0.5
    assert isinstance(norms, Tensor)
    most = float(norms.median())
    shorter = config.replace(recipe=Recipe(clip=most))
    optimiser = make_optimiser(problem.model, shorter, torch.device("cpu"))
    stepper = Stepper(problem, optimiser, Workers(1), shorter, 9)
    stepper.step(0)
    factor = (most / norms).clamp(max=1.0)
    assert (factor < 1).any()
    assert (factor == 1).any()
    for name, weight in problem.model.named_parameters():
        torch.testing.assert_close(weight.grad, whole[name] * factor[:, None, None])
    assert stepper.gradient_norm() == pytest.approx(tuple(norms.tolist()))


@pytest.mark.parametrize("task", PROBLEMS)
def test_averaged_weights_are_the_ones_measured_and_kept(
    small: Small, train: Any, task: str
) -> None:
    config = small(task, seeds=2, training_size=40)
    plain, averaged = train(config), train(config.replace(recipe=Recipe(average=0.9)))
    assert averaged.weights.keys() == plain.weights.keys()
    assert not torch.equal(averaged.weights["gates"], plain.weights["gates"])
    kind = {"recall": RecallProblem, "adder": AdderProblem}[task]
    for run in (plain, averaged):
        problem = kind.with_weights(run.config, run.weights)
        assert problem.test(problem.model, Workers(1)) == run.metrics
        assert problem.validate(problem.model, Workers(1)).items() <= (
            run.epochs[-1].replicas.items()
        )


@pytest.mark.parametrize("task", PROBLEMS)
def test_any_number_of_workers_gives_the_same_bits(small: Small, train: Any, task: str) -> None:
    # Too many sequences for one part of an evaluation.
    config = small(task, seeds=4, training_size=5, test_size=1200)
    runs = [train(config.replace(workers=workers)) for workers in (1, 3)]
    assert torch.equal(runs[0].weights["gates"], runs[1].weights["gates"])
    assert runs[0].metrics == runs[1].metrics


def failed(config: SequenceConfig) -> str:
    emitted: list[events.Event] = []
    fit(TASKS[config.task].load(), config, emitted.append, Control())
    assert isinstance(emitted[-1], events.RunFailed)
    message = emitted[-1].message
    assert message.isprintable()
    assert message.endswith(".")
    return message


def test_divergence_names_the_replica_and_a_smaller_rate(small: Small) -> None:
    config = small("recall", hidden_sizes=(6,), seed=30, seeds=2, learning_rate=1e38)
    message = failed(config)
    assert "The loss of H 6 ce, seed 3" in message
    assert "learning rate 1e+38; try 1e+37 or less." in message


@pytest.mark.parametrize("task", PROBLEMS)
def test_a_step_beyond_all_memory_is_refused(
    small: Small, train: Any, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A machine with a megabyte left; really using up this one's memory would end other programs.
    left = types.SimpleNamespace(available=2**20)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: left)
    config = small(task, hidden_sizes=(7, 32), seeds=2, training_size=64, batch_size=64)
    message = failed(config)
    assert "not enough memory for a batch of 64" in message
    assert "hidden sizes 7, 32" in message
    assert "2 seeds" in message
    suggested = re.search(r"try a batch size of (\d+) or less", message)
    assert suggested
    train(config.replace(batch_size=int(suggested[1])))
