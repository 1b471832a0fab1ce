"""Answers in numpy are those of the networks as they were trained, for weights that fit only."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.files.weights_file import WeightsFile, read_weights
from rnn_tui.networks import CELLS
from rnn_tui.networks.stepwise import sigmoid
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.adder.questions import AdderNetwork, Addition
from rnn_tui.tasks.config import ImageConfig, SequenceConfig
from rnn_tui.tasks.recall.questions import RecallNetwork
from rnn_tui.tasks.sequences.inference import SequenceNetwork
from tests.networks.ordinary import pytorch_weights

LSTM = CELLS["lstm"]
# Sums taken in another order round otherwise: our error may be this many times PyTorch's own.
ROUNDINGS = 4

Small = Callable[..., SequenceConfig]
KINDS: dict[str, type[SequenceNetwork]] = {"recall": RecallNetwork, "adder": AdderNetwork}


def file_of(task: str, scale: float = 2.0, **overrides: Any) -> WeightsFile:
    """Weights by chance, so large that answers are anything but even; none of them trained."""
    chosen = {"hidden_sizes": (2, 5), "losses": ("mse", "ce", "bce"), "seeds": 2}
    config = TASKS[task].config("lstm", **chosen | overrides)
    assert isinstance(config, SequenceConfig)
    shape, width = TASKS[task].shape, max(config.hidden_sizes)
    assert shape is not None
    draw = np.random.default_rng(0)
    count = len(config.replicas)
    gates = draw.uniform(-scale, scale, (count, 4, width, width + shape.features + 2))
    readout = draw.uniform(-scale, scale, (count, len(shape.outputs), width + 1))
    for at, replica in enumerate(config.replicas):
        size = replica.variant.hidden_size
        gates[at, :, size:] = 0
        gates[at, :, :, size:width] = 0
        readout[at, :, size:width] = 0
    arrays = {
        "gates": gates.reshape(count, 4 * width, -1).astype(np.float32),
        "readout": readout.astype(np.float32),
    }
    return WeightsFile(config, arrays, 1, {"test_accuracy": (50.0,) * count})


def plain_logits(
    file: WeightsFile, replica: int, inputs: Tensor, dtype: torch.dtype = torch.float64
) -> Tensor:
    """What PyTorch's modules make of inputs (T, F): logits (T, O)."""
    assert isinstance(file.config, SequenceConfig)
    size = file.config.replicas[replica].variant.hidden_size
    weights = {name: torch.from_numpy(array).to(dtype) for name, array in file.arrays.items()}
    outputs, features = weights["readout"].shape[1], inputs.shape[1]
    modules = nn.ModuleDict(
        {"recurrent": nn.LSTM(features, size), "readout": nn.Linear(size, outputs)}
    ).to(dtype)
    modules.load_state_dict(pytorch_weights(LSTM, weights, replica, size))
    with torch.no_grad():
        logits: Tensor = modules["readout"](modules["recurrent"](inputs.to(dtype))[0])
    return logits


def rounding(file: WeightsFile, replica: int, inputs: Tensor) -> float:
    """How far PyTorch's own logits in single precision are from those in double, at most.

    Weights this large multiply the rounding of each step, so it says what may be asked of any
    pass in single precision.
    """
    single = plain_logits(file, replica, inputs, torch.float32)
    return float((single - plain_logits(file, replica, inputs)).abs().max())


RECALL, ADDER = file_of("recall"), file_of("adder")


@settings(max_examples=15)
@given(st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=25), min_size=1, max_size=5))
def test_recall_answers_as_pytorch_does(sequences: list[list[int]]) -> None:
    probabilities = RecallNetwork(RECALL).probabilities(sequences)
    assert isinstance(RECALL.config, SequenceConfig)
    assert probabilities.shape == (12, len(sequences), 10)
    for at, replica in enumerate(RECALL.config.replicas):
        for index, digits in enumerate(sequences):
            one_hot = nn.functional.one_hot(torch.tensor(digits), 10)
            last = plain_logits(RECALL, at, one_hot)[-1]
            expected = last.sigmoid() if replica.variant.loss == "bce" else last.softmax(0)
            bound = 1e-5 + ROUNDINGS * rounding(RECALL, at, one_hot)
            assert probabilities[at, index] == pytest.approx(expected.numpy(), abs=bound)


additions = st.tuples(st.integers(0, 2**40), st.integers(0, 2**40)) | st.tuples(
    st.integers(0, 7), st.integers(0, 7)
)


@settings(max_examples=15)
@given(st.lists(additions, min_size=1, max_size=5))
def test_adder_answers_as_pytorch_does(pairs: list[tuple[int, int]]) -> None:
    asked = [Addition(a, b) for a, b in pairs]
    answers = AdderNetwork(ADDER).outputs_of(asked)
    for addition, outputs in zip(asked, answers, strict=True):
        assert outputs.shape == (12, addition.length)
        inputs = torch.tensor(
            [[addition.a >> at & 1, addition.b >> at & 1] for at in range(addition.length)]
        )
        for at in range(12):
            expected = plain_logits(ADDER, at, inputs)[:, 0].sigmoid()
            bound = 1e-5 + ROUNDINGS * rounding(ADDER, at, inputs)
            assert outputs[at] == pytest.approx(expected.numpy(), abs=bound)


def test_an_answer_does_not_depend_on_what_else_is_asked() -> None:
    recall = RecallNetwork(RECALL)
    sequences = [[3, 1, 4], [1], [5, 9, 2, 6, 5], [3, 5, 8], [9] * 40]
    together = recall.probabilities(sequences)
    for at, digits in enumerate(sequences):
        assert recall.probabilities([digits])[:, 0] == pytest.approx(together[:, at], abs=1e-6)
    adder = AdderNetwork(ADDER)
    asked = [Addition(5, 9), Addition(0, 0), Addition(2**90, 1), Addition(7, 9)]
    for addition, outputs in zip(asked, adder.outputs_of(asked), strict=True):
        assert adder.outputs_of([addition])[0] == pytest.approx(outputs, abs=1e-6)


def test_one_replica_alone_answers_as_it_does_among_the_others() -> None:
    recall, adder = RecallNetwork(RECALL), AdderNetwork(ADDER)
    sequences, asked = [[3, 1, 4], [2, 7, 1, 8, 2]], [Addition(5, 9), Addition(123, 45)]
    for at, replica in enumerate(recall.replicas):
        alone = recall.only(at)
        assert alone.replicas == (replica,)
        assert alone.probabilities(sequences)[0] == pytest.approx(
            recall.probabilities(sequences)[at], abs=1e-6
        )
    for at, replica in enumerate(adder.replicas):
        alone = adder.only(at)
        assert alone.replicas == (replica,)
        for outputs, expected in zip(alone.outputs_of(asked), adder.outputs_of(asked), strict=True):
            assert outputs.shape[0] == 1
            assert outputs[0] == pytest.approx(expected[at], abs=1e-6)
    # The whole stays whole.
    assert len(recall.replicas) == len(adder.replicas) == 12


def test_probabilities_are_a_softmax_or_ten_answers_of_their_own() -> None:
    network = RecallNetwork(RECALL)
    sums = network.probabilities([[3, 1, 4], [1, 5, 9]]).sum(axis=2)
    for replica, row in zip(network.replicas, sums, strict=True):
        sums_to_one = row == pytest.approx(1.0, abs=1e-5)
        assert sums_to_one is (replica.variant.loss != "bce")


def test_very_large_weights_give_probabilities_all_the_same() -> None:
    recall = RecallNetwork(file_of("recall", scale=1e4))
    probabilities = recall.probabilities([[3, 1, 4, 1, 5], [9]])
    assert np.isfinite(probabilities).all()
    assert probabilities.min() >= 0
    assert probabilities.max() <= 1
    (outputs,) = AdderNetwork(file_of("adder", scale=1e4)).outputs_of([Addition(77, 99)])
    assert np.isfinite(outputs).all()
    with np.errstate(all="raise"):
        assert sigmoid(np.array([-1e30, -100, 0, 100, 1e30], np.float32)).tolist() == [
            0.0,
            0.0,
            0.5,
            1.0,
            1.0,
        ]


@pytest.mark.parametrize("task", KINDS)
def test_weights_of_a_run_answer(small: Small, train: Any, tmp_path: Path, task: str) -> None:
    path = tmp_path / "run.safetensors"
    run = train(small(task, losses=("ce", "bce"), seeds=2), path=path)
    network = KINDS[task](read_weights(path))
    assert network.config == run.config
    assert network.replicas == run.config.replicas
    assert network.metrics == run.metrics
    # The figures have a value for each replica.
    assert all(len(values) == 8 for values in run.metrics.values())


@pytest.mark.parametrize("task", KINDS)
def test_weights_of_another_task_are_refused(task: str) -> None:
    other = {"recall": ADDER, "adder": RECALL}[task]
    with pytest.raises(CheckpointError, match=f"for {other.config.task}, not for {task}"):
        KINDS[task](other)
    image = ImageConfig(
        task=task, cell="lstm", preset="report", epochs=1, batch_size=1, learning_rate=0.1
    )
    with pytest.raises(CheckpointError):
        KINDS[task](replace(other, config=image))


def cut(arrays: Mapping[str, Any], name: str, where: Any) -> dict[str, Any]:
    return {**arrays, name: arrays[name][where]}


@pytest.mark.parametrize("file", [RECALL, ADDER], ids=["recall", "adder"])
def test_weights_that_do_not_fit_their_settings_are_refused(file: WeightsFile) -> None:
    kind, arrays = KINDS[file.config.task], file.arrays
    broken: list[Mapping[str, Any]] = [
        {},
        {"gates": arrays["gates"]},
        {"readout": arrays["readout"]},
        {name.upper(): array for name, array in arrays.items()},
        cut(arrays, "gates", np.s_[1:]),
        cut(arrays, "gates", np.s_[:, 1:]),
        cut(arrays, "gates", np.s_[:, :, 1:]),
        cut(arrays, "gates", np.s_[0]),
        cut(arrays, "readout", np.s_[1:]),
        cut(arrays, "readout", np.s_[:, :, 1:]),
        cut(arrays, "readout", np.s_[:, 0]),
        {"gates": arrays["readout"], "readout": arrays["gates"]},
    ]
    for some in broken:
        with pytest.raises(CheckpointError, match="do not fit"):
            kind(replace(file, arrays=some))
    for config in (
        file.config.replace(seeds=3),
        file.config.replace(hidden_sizes=(2, 6)),
        file.config.replace(losses=("ce",)),
    ):
        with pytest.raises(CheckpointError, match="do not fit"):
            kind(replace(file, config=config))


@pytest.mark.parametrize("file", [RECALL, ADDER], ids=["recall", "adder"])
@pytest.mark.parametrize("name", ["gates", "readout"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_numbers_are_refused(file: WeightsFile, name: str, bad: float) -> None:
    arrays = {name: array.copy() for name, array in file.arrays.items()}
    arrays[name].flat[3] = bad
    with pytest.raises(CheckpointError, match="finite"):
        KINDS[file.config.task](replace(file, arrays=arrays))


def test_weights_of_any_precision_answer() -> None:
    wide = {name: array.astype(np.float64) for name, array in RECALL.arrays.items()}
    probabilities = RecallNetwork(replace(RECALL, arrays=wide)).probabilities([[1, 2, 3]])
    assert probabilities.dtype == np.float32
    assert np.array_equal(probabilities, RecallNetwork(RECALL).probabilities([[1, 2, 3]]))
