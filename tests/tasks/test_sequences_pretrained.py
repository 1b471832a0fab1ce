"""The weights that ship do what is said of them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.files.weights_file import WeightsFile, read_weights
from rnn_tui.engine.training.parallel import Workers
from rnn_tui.engine.training.problem import generator
from rnn_tui.tasks.adder.problem import TEST_LENGTHS, AdderProblem, draw_pairs
from rnn_tui.tasks.adder.questions import AdderNetwork, Addition, number_of
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.recall.problem import RecallProblem, draw_digits
from rnn_tui.tasks.recall.questions import RecallNetwork

FILES = {
    "adder": "adder.safetensors",
    **{f"recall {at}": f"recall-position-{at}.safetensors" for at in (1, 2, 3)},
}
# One sequence of 10,000 more or less, where rounding decides between two answers.
TOLERANCE = 0.0101
FRESH_SEED = 777_777


def shipped(name: str) -> tuple[WeightsFile, SequenceConfig]:
    path: Path = asset_dir() / "pretrained" / FILES[name]
    assert path.is_file(), f"{path} is missing; train and put it there before a release"
    file = read_weights(path)
    assert isinstance(file.config, SequenceConfig)
    return file, file.config


def test_nothing_else_ships() -> None:
    there = {path.name for path in (asset_dir() / "pretrained").glob("*.safetensors")}
    row_readers = {f"mnist-{model}.safetensors" for model in ("rnn", "lstm", "bilstm")}
    assert there == {*FILES.values(), *row_readers}


@pytest.mark.parametrize("name", FILES)
def test_files_say_what_they_are(name: str) -> None:
    file, config = shipped(name)
    task, _, position = name.partition(" ")
    assert config.task == task
    assert config.position == (int(position) if position else None)
    assert file.step > 0
    expected = {"recall": "test_accuracy", "adder": "test_bit_accuracy"}[task]
    values = file.metrics[expected]
    assert isinstance(values, tuple)
    assert len(values) == len(config.replicas)
    assert 10 in config.hidden_sizes


@pytest.mark.long
@pytest.mark.parametrize("name", FILES)
def test_the_figures_that_come_with_them_are_reached_again(name: str) -> None:
    file, config = shipped(name)
    kind = RecallProblem if config.task == "recall" else AdderProblem
    weights = {name: torch.from_numpy(array) for name, array in file.arrays.items()}
    problem = kind.with_weights(config, weights)
    figures = problem.test(problem.model, Workers(1))
    assert figures.keys() == file.metrics.keys()
    for metric, values in figures.items():
        if not metric.endswith("accuracy"):
            continue
        assert values == pytest.approx(file.metrics[metric], abs=TOLERANCE), metric


@pytest.mark.parametrize("name", [name for name in FILES if name != "adder"])
def test_recall_reaches_them_in_numpy_too(name: str) -> None:
    file, config = shipped(name)
    network = RecallNetwork(file)
    shortest, longest = config.lengths
    for at, replica in enumerate(config.replicas):
        stream = generator(replica.seed, "test")
        lengths = torch.randint(shortest, longest, (config.test_size,), generator=stream)
        drawn = draw_digits(lengths, config.position or 0, stream)
        digits = drawn.inputs[0].argmax(dim=2).tolist()
        asked = [row[:length] for row, length in zip(digits, lengths.tolist(), strict=True)]
        answers = network.only(at).probabilities(asked)[0].argmax(axis=1)
        accuracy = 100 * float((answers == drawn.targets[0].numpy()).mean())
        kept = file.metrics["test_accuracy"]
        assert isinstance(kept, tuple)
        assert accuracy == pytest.approx(kept[at], abs=TOLERANCE), replica


def test_adder_reaches_them_in_numpy_too() -> None:
    file, config = shipped("adder")
    networks = [AdderNetwork(file).only(at) for at in range(len(config.replicas))]
    right = np.zeros((len(networks), len(TEST_LENGTHS)))
    for seed in range(config.seed, config.seed + config.seeds):
        for column, length in enumerate(TEST_LENGTHS):
            lengths = torch.full((config.test_size,), length)
            drawn = draw_pairs(lengths, generator(seed, "test", length))
            inputs = drawn.inputs[0].permute(1, 2, 0).numpy()  # (T, 2, N)
            targets = drawn.targets[0].T.bool().numpy()  # (T, N)
            for at, network in enumerate(networks):
                if config.replicas[at].seed == seed:
                    logits = [at_step[0, 0] for at_step in network.steps(inputs, lengths.tolist())]
                    right[at, column] = 100 * ((np.stack(logits) >= 0) == targets).mean()
    assert right.mean(axis=1) == pytest.approx(file.metrics["test_bit_accuracy"], abs=TOLERANCE)


@pytest.mark.parametrize("name", [name for name in FILES if name != "adder"])
def test_ten_units_recall_everything_of_what_they_have_never_seen(name: str) -> None:
    file, config = shipped(name)
    stream = generator(FRESH_SEED, "fresh")
    shortest, longest = config.lengths
    lengths = torch.randint(shortest, longest + 1, (2000,), generator=stream)
    drawn = draw_digits(lengths, config.position or 0, stream)
    digits = drawn.inputs[0].argmax(dim=2).tolist()
    asked = [row[:length] for row, length in zip(digits, lengths.tolist(), strict=True)]
    perfect = [
        at for at, replica in enumerate(config.replicas) if replica.variant.label == "H 10 ce"
    ]
    assert len(perfect) == config.seeds
    for at in perfect:
        answers = RecallNetwork(file).only(at).probabilities(asked)[0].argmax(axis=1)
        assert (answers == drawn.targets[0].numpy()).all(), config.replicas[at]


def test_ten_units_add_everything_of_what_they_have_never_seen() -> None:
    file, config = shipped("adder")
    network = AdderNetwork(file)
    perfect = [
        at for at, replica in enumerate(config.replicas) if replica.variant.label == "H 10 bce"
    ]
    assert len(perfect) == config.seeds
    stream = generator(FRESH_SEED, "fresh")
    lengths = torch.randint(1, 21, (2000,), generator=stream)
    pairs = [
        Addition(number_of(pair[:, 0]), number_of(pair[:, 1]))
        for pair in draw_pairs(lengths, stream).inputs[0].numpy()
    ]
    # The longest carry that there is, and none at all.
    pairs += [Addition(2**19 - 1, 1), Addition(0, 0), Addition(2**19 - 1, 2**19 - 1)]
    for at in perfect:
        for pair, outputs in zip(pairs, network.only(at).outputs_of(pairs), strict=True):
            assert number_of(outputs[0] >= 0.5) == pair.total, (config.replicas[at], pair)
