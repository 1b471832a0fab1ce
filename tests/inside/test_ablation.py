"""What the ablate of units costs is what zero weights cost where they are read."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rnn_tui.engine.files.weights_file import WeightsFile
from rnn_tui.inside.ablation import (
    AblationAnalysis,
    analyse_ablations,
    analyse_digit_ablations,
)
from rnn_tui.inside.task_network import draw_examples, trace_inputs
from rnn_tui.tasks.mnist.data import load_mnist
from tests.inside.made import reader, reading_of, sequences
from tests.watched import Watched, after

INPUTS = 150


def without(network: Any, *units: int) -> Any:
    """The same network with zeros for what is read of these units' states."""
    gates, readout = network._gates["l0"].copy(), network._readout.copy()
    gates[:, :, list(units)] = readout[:, :, list(units)] = 0
    return type(network)(
        WeightsFile(network.config, {"gates": gates, "readout": readout}, 1, {}), network.task
    )


def accuracy_of(network: Any) -> float:
    """The share of right answers, sequence by sequence."""
    drawn = draw_examples(network.task, network.config, INPUTS, 0)
    right = []
    for at, length in enumerate(drawn.lengths):
        answers = trace_inputs(network, drawn.inputs[:length, at]).answers
        every = network.shape.every_step
        right += (
            list(answers == drawn.targets[at, :length])
            if every
            else [answers[-1] == drawn.targets[at, 0]]
        )
    return float(np.mean(right))


@pytest.mark.parametrize(
    ("task", "cell"), [("adder", "lstm"), ("adder", "rnn"), ("recall", "gru"), ("recall", "lstm")]
)
def test_units_are_ranked_by_what_zero_weights_cost(task: str, cell: str) -> None:
    network, progress = sequences(task, cell, 5), Watched()
    analysis = analyse_ablations(reading_of(network), progress, inputs=INPUTS)
    assert analysis is not None
    assert analysis.accuracy == pytest.approx(accuracy_of(network))
    assert sorted(analysis.units) == list(range(5))
    assert analysis.alone == pytest.approx(
        [accuracy_of(without(network, unit)) for unit in analysis.units]
    )
    assert analysis.together == pytest.approx(
        [accuracy_of(without(network, *analysis.units[: at + 1])) for at in range(5)]
    )
    assert len({*analysis.together, analysis.accuracy}) > 2  # it does make a difference
    # Those that cost most first; of equals, the lower number.
    ranked = list(zip(analysis.alone, analysis.units, strict=True))
    assert ranked == sorted(ranked)
    assert analysis.alone[0] == analysis.together[0]
    assert progress.seen[0] == (0, 10)
    assert progress.seen[-1] == (10, 10)
    assert f"without unit {analysis.units[0]} " in analysis.summary
    free = (analysis.alone >= analysis.accuracy).sum()
    assert f"{free} of 5 units can be ablated alone without loss" in analysis.summary


@pytest.mark.parametrize(("model", "layers"), [("rnn", 2), ("bilstm", 1)])
def test_units_of_every_layer_and_direction_of_a_reader_are_ranked(model: str, layers: int) -> None:
    _, network = reader(model, layers, "fast", 0.6)
    analysis = analyse_digit_ablations(reading_of(network), inputs=INPUTS)
    assert analysis is not None
    data = load_mnist()
    digits, labels = (
        data.test_images[:INPUTS].numpy() / np.float32(255),
        data.test_labels[:INPUTS].numpy(),
    )
    arrays = network.arrays

    def right(*units: tuple[str, int]) -> float:
        changed = {name: array.copy() for name, array in arrays.items()}
        size = network.config.hidden_size
        for layer, unit in units:
            match layer:
                case "layer 1 forward":
                    changed["forward_direction.weight_hh_l0"][:, unit] = changed["readout.weight"][
                        :, unit
                    ] = 0
                case "layer 1 backward":
                    changed["readout.weight"][:, size + unit] = 0
                case "layer 1":
                    changed["recurrent.weight_hh_l0"][:, unit] = changed["recurrent.weight_ih_l1"][
                        :, unit
                    ] = 0
                case "layer 2":
                    changed["recurrent.weight_hh_l1"][:, unit] = changed["readout.weight"][
                        :, unit::size
                    ] = 0
        other = type(network)(WeightsFile(network.config, changed, 1, {}))
        return float((other.logits(digits).argmax(axis=1) == labels).mean())

    units = list(zip(analysis.layers, analysis.units, strict=True))
    assert len(set(units)) == 12
    assert analysis.accuracy == pytest.approx(right())
    assert analysis.alone == pytest.approx([right(unit) for unit in units])
    assert analysis.together == pytest.approx([right(*units[: at + 1]) for at in range(12)])
    assert (np.diff(analysis.alone) >= 0).all()
    assert analysis.names[0] == f"{analysis.layers[0]} {analysis.units[0]}"


def test_an_analysis_stops_between_two_units() -> None:
    for most in (2, 7):  # alone, together
        progress = after(most)
        reading = reading_of(sequences("adder", "lstm", 5))
        analysis = analyse_ablations(reading, progress, inputs=20)
        assert analysis is None
        assert len(progress.seen) == most


def test_a_seed_decides_which_sequences() -> None:
    network = sequences("adder", "lstm")
    reading = reading_of(network)
    first, same, other = (analyse_ablations(reading, inputs=40, seed=seed) for seed in (1, 1, 2))
    assert first is not None
    assert same is not None
    assert other is not None
    assert replace(first, units=()).to_dict() == replace(same, units=()).to_dict()
    assert first.accuracy != other.accuracy


@pytest.mark.parametrize(
    ("together", "clause"),
    [
        (
            (0.5, 0.4, 0.2),
            "ablating unit 3 loses half of what exceeds the 20.0 % without all units.",
        ),
        ((0.9, 0.6, 0.2), "ablating the first 2 loses half of what exceeds the 20.0 % without all"),
        ((0.9, 1.0, 1.0), "3 units can be ablated alone without loss; without all units 100.0 %."),
    ],
)
def test_the_summary_says_what_half_is_lost_of(together: tuple[float, ...], clause: str) -> None:
    analysis = AblationAnalysis(
        inputs=10,
        accuracy=1.0,
        layers=("layer 1",) * 3,
        units=(3, 0, 1),
        alone=np.array([together[0], 1.0, 1.0]),
        together=np.array(together),
    )
    assert clause in analysis.summary
