"""What the views show of trained adders is what the networks answer."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.files.weights_file import WeightsFile
from rnn_tui.engine.training.problem import generator
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.adder.problem import draw_pairs
from rnn_tui.tasks.adder.questions import AdderNetwork, Addition, number_of
from rnn_tui.tasks.config import SequenceConfig

Small = Callable[..., SequenceConfig]
ADDER = TASKS["adder"]
SHORT, LONG = tuple(range(1, 21)), (32, 64, 128, 256, 512, 1024)


class Padded(Addition):
    """An addition asked with as many time steps as in training, zeros above included."""

    steps = 0

    @property
    def length(self) -> int:
        return self.steps


def asked(length: int, seed: int, count: int) -> list[Addition]:
    drawn = draw_pairs(torch.full((count,), length), generator(seed, "test", length))
    result: list[Addition] = []
    for pair in drawn.inputs[0].numpy():
        addition = Padded(number_of(pair[:, 0]), number_of(pair[:, 1]))
        object.__setattr__(addition, "steps", length)
        result.append(addition)
    return result


def test_examination_agrees_with_the_run_and_with_a_direct_count(small: Small, train: Any) -> None:
    config = small(
        "adder",
        "fast",
        hidden_sizes=(3, 8),
        losses=("bce",),
        seeds=2,
        seed=5,
        training_size=1500,
        test_size=20,
    )
    run = train(config)
    evaluation = ADDER.load().evaluate(config, run.weights)
    assert (evaluation.config, evaluation.confusion) == (config, None)
    bits, numbers = evaluation.by_length
    assert [(figure.name, figure.lengths) for figure in evaluation.by_length] == [
        ("bit_accuracy", SHORT + LONG),
        ("number_accuracy", SHORT + LONG),
    ]
    assert bits.values.shape == numbers.values.shape == (4, 26)
    # The run's own figures are the means over 1 … 20.
    for name, by_length in (("test_bit_accuracy", bits), ("test_number_accuracy", numbers)):
        expected = by_length.values[:, :20].mean(axis=1)
        assert run.metrics[name] == pytest.approx(expected, abs=1e-3)

    arrays = {name: weight.numpy() for name, weight in run.weights.items()}
    network = AdderNetwork(WeightsFile(config, arrays, 1, {}))
    for column, length in enumerate(bits.lengths):
        for at, replica in enumerate(config.replicas):
            pairs = asked(length, replica.seed, 20 if length <= 20 else 100)
            outputs = network.only(at).outputs_of(pairs)
            right = [
                (output[0] >= 0.5) == pair.bits(pair.total).astype(bool)
                for output, pair in zip(outputs, pairs, strict=True)
            ]
            assert bits.values[at, column] == pytest.approx(100 * np.mean(right), abs=0.1)
            whole = 100 * np.mean([is_right.all() for is_right in right])
            assert numbers.values[at, column] == pytest.approx(whole, abs=1.0)
    assert 55 < bits.values.mean() < 99.9  # else it would show nothing
    assert (numbers.values <= bits.values + 1e-6).all()


def test_documents_have_an_entry_for_each_variant_and_survive_json(
    small: Small, train: Any
) -> None:
    config = small("adder", losses=("mse", "ce"), seeds=2, test_size=3)
    evaluation = ADDER.load().evaluate(config, train(config).weights)
    documents = json.loads(json.dumps(evaluation.documents()))
    assert len(documents) == len(config.variants) == 4
    for variant, document in enumerate(documents):
        assert document.keys() == {"by_length"}
        assert document["by_length"].keys() == {"bit_accuracy", "number_accuracy"}
        for figure in evaluation.by_length:
            entries = document["by_length"][figure.name]
            assert [entry["length"] for entry in entries] == list(SHORT + LONG)
            values = figure.values[2 * variant : 2 * variant + 2]
            assert [entry["values"] for entry in entries] == values.T.tolist()
            assert all(entry["n"] == 2 and entry["min"] <= entry["mean"] for entry in entries)


def test_one_bit_is_only_zero_plus_zero(small: Small, train: Any) -> None:
    config = small("adder", seeds=3)
    bits, numbers = ADDER.load().evaluate(config, train(config).weights).by_length
    assert set(bits.values[:, 0].tolist()) <= {0.0, 100.0}
    assert np.array_equal(bits.values[:, 0], numbers.values[:, 0])


def test_examining_changes_no_weight_and_repeats_itself(small: Small, train: Any) -> None:
    config = small("adder", seeds=2)
    weights = train(config).weights
    copies = {name: weight.clone() for name, weight in weights.items()}
    first, again = ADDER.load().evaluate(config, weights), ADDER.load().evaluate(config, weights)
    assert first.documents() == again.documents()
    assert all(torch.equal(copies[name], weight) for name, weight in weights.items())


def test_weights_that_do_not_fit_are_refused(small: Small, train: Any) -> None:
    config = small("adder")
    weights = train(config).weights
    for other, some in (
        (config.replace(hidden_sizes=(2, 4)), weights),
        (config.replace(losses=("ce", "mse")), weights),
        (config, {}),
    ):
        with pytest.raises(CheckpointError):
            ADDER.load().evaluate(other, some)
