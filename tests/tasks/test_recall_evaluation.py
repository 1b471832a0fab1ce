"""What the views show of trained recall networks is what the networks answer."""

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
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.recall.problem import RecallProblem
from rnn_tui.tasks.recall.questions import RecallNetwork
from rnn_tui.tasks.sequences.examples import Examples

Small = Callable[..., SequenceConfig]
RECALL = TASKS["recall"]


def asked(examples: Examples) -> tuple[list[list[int]], np.ndarray]:
    """Sequences and right answers."""
    sequences = [
        inputs[:length].argmax(dim=1).tolist()
        for inputs, length in zip(examples.inputs[0], examples.lengths[0].tolist(), strict=True)
    ]
    return sequences, examples.targets[0].numpy().astype(int)


def test_examination_agrees_with_a_direct_count(small: Small, train: Any) -> None:
    config = small(
        "recall",
        "fast",
        hidden_sizes=(3, 6),
        losses=("ce", "bce"),
        seeds=2,
        seed=5,
        lengths=(3, 5),
        training_size=6400,
        epochs=2,
        test_size=50,
    )
    run = train(config)
    evaluation = RECALL.load().evaluate(config, run.weights)
    assert evaluation.config == config
    (by_length,) = evaluation.by_length
    assert by_length.lengths == tuple(range(3, 11))  # up to twice the longest in training
    assert by_length.values.shape == (8, 8)

    arrays = {name: weight.numpy() for name, weight in run.weights.items()}
    network = RecallNetwork(WeightsFile(config, arrays, 1, {}))
    problem = RecallProblem(config, torch.device("cpu"), lambda _: None)
    assert isinstance(problem, RecallProblem)
    right, matrix = np.zeros((8, 8)), np.zeros((4, 10, 10), int)
    for seed in (5, 6):
        replicas = [at for at, replica in enumerate(config.replicas) if replica.seed == seed]
        for column, length in enumerate(by_length.lengths):
            drawn = problem.draw(
                torch.full((by_length.counts[column],), length), generator(seed, "test", length)
            )
            sequences, targets = asked(drawn)
            answers = network.probabilities(sequences)[replicas].argmax(axis=2)
            right[replicas, column] = 100 * (answers == targets).mean(axis=1)
        sequences, targets = asked(problem.draw_test(1000, generator(seed, "confusion")))
        answers = network.probabilities(sequences)[replicas].argmax(axis=2)
        for variant, answered in enumerate(answers):
            np.add.at(matrix[variant], (targets, answered), 1)
    # Neither all by chance nor all perfect: else it would show nothing.
    assert right.min() < 90
    assert right.max() > 40
    # Of two answers as good as each other, rounding may choose either.
    assert by_length.values == pytest.approx(right, abs=1.0)

    assert evaluation.confusion.shape == (4, 10, 10)
    assert evaluation.confusion.sum() == 4 * 2 * 1000
    assert np.array_equal(evaluation.confusion.sum(axis=2), matrix.sum(axis=2))
    assert np.abs(evaluation.confusion - matrix).sum() <= 8
    # Every digit is asked for, about as often.
    assert evaluation.confusion.sum(axis=2).min() > 120


def test_documents_have_an_entry_for_each_variant_and_survive_json(
    small: Small, train: Any
) -> None:
    config = small("recall", losses=("mse", "ce"), seeds=2)
    evaluation = RECALL.load().evaluate(config, train(config).weights)
    documents = json.loads(json.dumps(evaluation.documents()))
    assert len(documents) == len(config.variants) == 4
    for variant, document in enumerate(documents):
        assert document.keys() == {"by_length", "confusion"}
        assert np.array_equal(document["confusion"], evaluation.confusion[variant])
        entries = document["by_length"]["accuracy"]
        assert [entry["length"] for entry in entries] == list(range(3, 23))
        for at, entry in enumerate(entries):
            values = evaluation.by_length[0].values[2 * variant : 2 * variant + 2, at]
            assert entry["values"] == values.tolist()
            assert entry["mean"] == pytest.approx(values.mean())
            assert entry["sd"] == pytest.approx(values.std(ddof=1))
            assert (entry["min"], entry["max"], entry["n"]) == (values.min(), values.max(), 2)


def test_long_sequences_are_sampled_at_lengths_from_end_to_end(small: Small, train: Any) -> None:
    config = small("recall", hidden_sizes=(2,), lengths=(3, 150), training_size=2)
    (by_length,) = RECALL.load().evaluate(config, train(config).weights).by_length
    assert (by_length.lengths[0], by_length.lengths[-1]) == (3, 300)
    assert len(by_length.lengths) == by_length.values.shape[1] <= 40
    assert list(by_length.lengths) == sorted(set(by_length.lengths))


def test_examining_changes_no_weight_and_repeats_itself(small: Small, train: Any) -> None:
    config = small("recall", seeds=2)
    weights = train(config).weights
    copies = {name: weight.clone() for name, weight in weights.items()}
    first, again = RECALL.load().evaluate(config, weights), RECALL.load().evaluate(config, weights)
    assert first.documents() == again.documents()
    assert all(torch.equal(copies[name], weight) for name, weight in weights.items())


def test_weights_that_do_not_fit_are_refused(small: Small, train: Any) -> None:
    config = small("recall")
    weights = train(config).weights
    for settings, arrays in (
        (config.replace(hidden_sizes=(2, 4)), weights),
        (config.replace(seeds=2), weights),
        (config, {}),
        (config, {"gates": weights["gates"]}),
        (config, {**weights, "more": weights["gates"]}),
    ):
        with pytest.raises(CheckpointError):
            RECALL.load().evaluate(settings, arrays)
