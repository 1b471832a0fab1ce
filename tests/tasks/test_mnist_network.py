"""The numpy row readers answer as the torch models do."""

from pathlib import Path

import numpy as np
import pytest
import torch

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.files.weights_file import WeightsFile, read_weights
from rnn_tui.engine.training.checkpoint import Checkpoint, save_checkpoint
from rnn_tui.engine.training.problem import generator
from rnn_tui.networks import CELLS
from rnn_tui.networks.layers import initialise
from rnn_tui.networks.stepwise import softmax
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.images.model import build_model
from rnn_tui.tasks.mnist.problem import to_pixels


def made(
    folder: Path, model: str, layers: int, preset: str = "report"
) -> tuple[torch.nn.Module, Path]:
    config = TASKS["mnist"].config(model, preset, hidden_size=7, layers=layers)
    network = build_model(config)  # type: ignore[arg-type]
    initialise(network, CELLS[config.cell], "pytorch", generator(3, "weights"), 1.0)
    path = folder / "weights.safetensors"
    save_checkpoint(path, Checkpoint(config, network.state_dict(), 1, {"test_accuracy": 9.0}))
    return network, path


@pytest.mark.parametrize("preset", ["report", "fast"])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("model", TASKS["mnist"].cells)
def test_logits_are_those_of_the_trained_model(
    model: str, layers: int, preset: str, tmp_path: Path
) -> None:
    network, path = made(tmp_path, model, layers, preset)
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)
    pixels = to_pixels(torch.from_numpy(images), preset == "fast")
    with torch.no_grad():
        expected = network(pixels)
    reader = RowReaderNetwork(read_weights(path))
    digits = images.astype(np.float32) / 255
    assert reader.logits(digits) == pytest.approx(expected.numpy(), abs=2e-5)
    said = softmax(reader.logits(digits))
    assert said == pytest.approx(torch.softmax(expected, 1).numpy(), abs=1e-5)
    assert said.sum(axis=1) == pytest.approx(np.ones(5), abs=1e-5)


def test_weights_that_fit_nothing_are_refused(tmp_path: Path) -> None:
    _, path = made(tmp_path, "lstm", 1)
    file = read_weights(path)
    wider = file.config.replace(hidden_size=8)
    with pytest.raises(CheckpointError, match="do not fit"):
        RowReaderNetwork(WeightsFile(wider, file.arrays, 1, {}))
    holes = {name: array * np.float32("nan") for name, array in file.arrays.items()}
    with pytest.raises(CheckpointError, match="finite"):
        RowReaderNetwork(WeightsFile(file.config, holes, 1, {}))
    adder = read_weights(asset_dir() / "pretrained" / "adder.safetensors")
    with pytest.raises(CheckpointError, match="for adder, not for mnist"):
        RowReaderNetwork(adder)
