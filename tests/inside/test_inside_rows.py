"""Accuracy by rows read, and the gradient on the image."""

import numpy as np
import pytest
import torch

from rnn_tui.engine.paths import asset_dir
from rnn_tui.engine.weights_file import WeightsFile, read_weights
from rnn_tui.inside.mnist import BATCH, logits_after_rows, saliency, study_rows
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import ImageConfig
from rnn_tui.tasks.mnist.data import load_mnist
from rnn_tui.tasks.mnist.inference import PIXEL_DEVIATION, PIXEL_MEAN, RowReaderNetwork
from rnn_tui.tasks.mnist.problem import build_model


def shipped(model: str) -> RowReaderNetwork:
    return RowReaderNetwork(read_weights(asset_dir() / "pretrained" / f"mnist-{model}.safetensors"))


@pytest.mark.parametrize("model", ["rnn", "lstm", "bilstm"])
def test_accuracy_by_rows_is_that_of_answers_after_each_row(model: str) -> None:
    network, data = shipped(model), load_mnist()
    count = BATCH + 50
    images, labels = data.test_images[:count].numpy(), data.test_labels[:count].numpy()
    told: list[tuple[int, int]] = []
    study = study_rows(network, images, labels, progress=lambda *n: told.append(n))
    assert study is not None
    assert told == [(BATCH, count), (count, count)]
    digits = images.astype(np.float32) / 255
    answers = logits_after_rows(network, network.rows(digits)).argmax(axis=2)
    assert study.accuracy == pytest.approx((answers == labels).mean(axis=1))
    predictions = network.logits(digits).argmax(axis=1)
    assert study.accuracy[-1] == (predictions == labels).mean() > 0.97
    assert study.accuracy[0] < 0.3
    settled = [(answers[row:] == answers[-1]).all(axis=0).mean() for row in range(28)]
    assert study.settled == pytest.approx(settled)
    assert (np.diff(study.settled) >= 0).all()
    assert study.chance == np.bincount(labels).max() / count
    assert study.prefix_note in study.to_dict().values()


def test_a_study_of_rows_stops_between_batches() -> None:
    images, labels = np.zeros((600, 28, 28), np.uint8), np.zeros(600, np.int64)
    told: list[int] = []
    study = study_rows(
        shipped("rnn"), images, labels,
        progress=lambda done, _: told.append(done), stopping=lambda: bool(told),
    )  # fmt: skip
    assert study is None
    assert told == [BATCH]


@pytest.mark.parametrize("preset", ["report", "fast"])
@pytest.mark.parametrize(("model", "layers"), [("rnn", 1), ("lstm", 2), ("bilstm", 1)])
def test_saliency_is_the_slope_of_the_winning_logit(model: str, layers: int, preset: str) -> None:
    config = TASKS["mnist"].config(model, preset, hidden_size=5, layers=layers)
    assert isinstance(config, ImageConfig)
    module = build_model(config)
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_(-0.5, 0.5, generator=random)
    arrays = {name: tensor.numpy().copy() for name, tensor in module.state_dict().items()}
    digit = np.random.default_rng(0).random((28, 28)).astype(np.float32)
    found = saliency(RowReaderNetwork(WeightsFile(config, arrays, 1, {})), digit)
    assert found.shape == (28, 28)
    assert np.isfinite(found).all()
    module.double()

    def winning(pixels: torch.Tensor) -> torch.Tensor:
        if preset == "fast":
            pixels = (pixels - PIXEL_MEAN) / PIXEL_DEVIATION
        with torch.no_grad():
            return module(pixels)  # type: ignore[no-any-return]

    pixels = torch.from_numpy(digit).double()
    answer = int(winning(pixels[None])[0].argmax())
    places = [(0, 0), (3, 14), (13, 7), (20, 27), (27, 13)]
    for row, column in places:
        nudge = torch.zeros(28, 28, dtype=torch.float64)
        nudge[row, column] = 1e-5
        up, down = winning(torch.stack([pixels + nudge, pixels - nudge]))[:, answer]
        slope = float((up - down) / 2e-5)
        assert found[row, column] == pytest.approx(slope, rel=1e-3, abs=1e-6)


def test_saliency_leaves_gradients_off_where_they_were_off() -> None:
    with torch.no_grad():
        assert saliency(shipped("rnn"), np.zeros((28, 28), np.float32)).any()
        assert not torch.is_grad_enabled()
