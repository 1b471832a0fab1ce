"""What the silence of units costs is what zero weights cost where they are read."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rnn_tui.engine.weights_file import WeightsFile
from rnn_tui.inside.silence import study_digit_silence, study_silence
from rnn_tui.inside.trace import draw_examples, trace_inputs
from rnn_tui.tasks.mnist.data import load_mnist
from tests.inside.made import reader, sequences
from tests.watched import Watched, after

INPUTS = 150


def without(network: Any, *units: int) -> Any:
    """The same network with zeros for what is read of these units' states."""
    gates, readout = network._gates.copy(), network._readout.copy()
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
    study = study_silence(network, progress=progress, inputs=INPUTS)
    assert study is not None
    assert study.accuracy == pytest.approx(accuracy_of(network))
    assert sorted(study.units) == list(range(5))
    assert study.alone == pytest.approx(
        [accuracy_of(without(network, unit)) for unit in study.units]
    )
    assert study.together == pytest.approx(
        [accuracy_of(without(network, *study.units[: at + 1])) for at in range(5)]
    )
    assert len({*study.together, study.accuracy}) > 2  # it does make a difference
    # Those that cost most first; of equals, the lower number.
    ranked = list(zip(study.alone, study.units, strict=True))
    assert ranked == sorted(ranked)
    assert study.alone[0] == study.together[0]
    assert progress.seen[0] == (0, 10)
    assert progress.seen[-1] == (10, 10)
    assert f"without unit {study.units[0]} " in study.summary
    assert f"{(study.alone >= study.accuracy).sum()} of 5 units cost nothing alone" in study.summary


@pytest.mark.parametrize(("model", "layers"), [("rnn", 2), ("bilstm", 1)])
def test_units_of_every_layer_and_direction_of_a_reader_are_ranked(model: str, layers: int) -> None:
    _, network = reader(model, layers, "fast", 0.6)
    study = study_digit_silence(network, inputs=INPUTS)
    assert study is not None
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

    units = list(zip(study.layers, study.units, strict=True))
    assert len(set(units)) == 12
    assert study.accuracy == pytest.approx(right())
    assert study.alone == pytest.approx([right(unit) for unit in units])
    assert study.together == pytest.approx([right(*units[: at + 1]) for at in range(12)])
    assert (np.diff(study.alone) >= 0).all()
    assert study.names[0] == f"{study.layers[0]} {study.units[0]}"


def test_a_study_stops_between_two_units() -> None:
    for most in (2, 7):  # alone, together
        progress = after(most)
        study = study_silence(sequences("adder", "lstm", 5), progress=progress, inputs=20)
        assert study is None
        assert len(progress.seen) == most


def test_a_seed_decides_which_sequences() -> None:
    network = sequences("adder", "lstm")
    one, same, other = (study_silence(network, inputs=40, seed=seed) for seed in (1, 1, 2))
    assert one is not None
    assert same is not None
    assert other is not None
    assert replace(one, units=()).to_dict() == replace(same, units=()).to_dict()
    assert one.accuracy != other.accuracy
