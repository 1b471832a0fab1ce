"""What each pixel adds sums to the answer's logit; how outputs depend on inputs is what small
differences say.
"""

from typing import Any

import numpy as np
import pytest
import torch

from rnn_tui.engine.errors import QueryError
from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.inside.attribution import MOST_STEPS, analyse_sensitivity, attribution
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.images.inference import PIXEL_DEVIATION, PIXEL_MEAN, RowReaderNetwork
from rnn_tui.tasks.mnist.data import load_mnist
from tests.inside.made import held, reader, reading_of, sequences
from tests.watched import Watched, after


def shipped(model: str) -> RowReaderNetwork:
    return RowReaderNetwork(read_weights(asset_dir() / "pretrained" / f"mnist-{model}.safetensors"))


@pytest.mark.parametrize("model", TASKS["mnist"].shipped_cells)
def test_pixels_of_shipped_networks_sum_to_the_logit_over_a_blank_image(model: str) -> None:
    network, images = shipped(model), load_mnist().test_images.numpy()
    for number in (7, 18, 247):
        digit = images[number].astype(np.float32) / np.float32(255)
        logits = network.logits(np.stack([digit, np.zeros_like(digit)]))
        answer = int(logits[0].argmax())
        found = attribution(network, digit, answer)
        assert found.answer == answer
        assert found.difference == pytest.approx(logits[0, answer] - logits[1, answer], rel=1e-3)
        assert found.total == pytest.approx(found.difference, rel=0.01)
        assert found.pixels.sum(dtype=np.float64) == pytest.approx(found.total, rel=1e-4)
        assert not found.pixels[digit == 0].any()
        assert found.pixels[digit > 0].any()


@pytest.mark.parametrize("preset", ["report", "fast"])
@pytest.mark.parametrize(("model", "layers"), [("rnn", 1), ("lstm", 2), ("bilstm", 1)])
def test_a_pixel_adds_its_ink_times_the_mean_slope_on_the_way_from_a_blank_image(
    model: str, layers: int, preset: str
) -> None:
    module, network = reader(model, layers, preset)
    digit = np.random.default_rng(0).random((28, 28)).astype(np.float32)
    digit[:, :4] = 0
    answer = int(network.logits(digit[None])[0].argmax())
    found = attribution(network, digit, answer)
    assert found.pixels.shape == (28, 28)
    assert not found.pixels[:, :4].any()
    module.double()

    def logits(pixels: torch.Tensor) -> torch.Tensor:
        if preset == "fast":
            pixels = (pixels - PIXEL_MEAN) / PIXEL_DEVIATION
        with torch.no_grad():
            return module(pixels)[:, answer]  # type: ignore[no-any-return]

    # The midpoint rule, and slopes from small differences.
    along = (
        torch.from_numpy(digit).double() * ((torch.arange(400).double() + 0.5) / 400)[:, None, None]
    )
    for row, column in [(0, 4), (3, 14), (13, 7), (20, 27), (27, 13)]:
        nudge = torch.zeros(28, 28, dtype=torch.float64)
        nudge[row, column] = 1e-5
        slope = float((logits(along + nudge) - logits(along - nudge)).mean() / 2e-5)
        assert found.pixels[row, column] == pytest.approx(
            digit[row, column] * slope, rel=2e-3, abs=1e-6
        )


def test_attribution_leaves_gradients_off_where_they_were_off() -> None:
    with torch.no_grad():
        assert attribution(reader("rnn", 1)[1], np.ones((28, 28), np.float32), 3).pixels.any()
        assert not torch.is_grad_enabled()


@pytest.mark.parametrize("cell", TASKS["adder"].cells)
@pytest.mark.parametrize("task", ["adder", "recall"])
def test_sensitivity_is_the_norm_of_small_differences(task: str, cell: str) -> None:
    network, progress = sequences(task, cell), Watched()
    inputs = np.random.default_rng(2).integers(0, 2, (6, network.features)).astype(np.float32)
    reading = reading_of(network, inputs=inputs)
    trace = reading.trace
    analysis = analyse_sensitivity(reading, progress)
    assert analysis is not None
    weights, (weight, bias) = network.cell(0), network.readout(0)

    def outputs(read: Any) -> Any:
        logits = held(weights, read)["state"] @ np.float64(weight).T + bias
        return logits[:, 0] if trace.every_step else logits[-1]

    small, slopes = 1e-5, np.zeros((len(outputs(inputs)), *inputs.shape))
    for at in np.ndindex(inputs.shape):
        up, down = np.float64(inputs), np.float64(inputs)
        up[at] += small
        down[at] -= small
        slopes[:, *at] = (outputs(up) - outputs(down)) / (2 * small)
    assert analysis.norms == pytest.approx(np.linalg.norm(slopes, axis=2), rel=1e-4, abs=1e-8)
    assert progress.seen[-1] == (len(analysis.norms), len(analysis.norms))
    output, step = np.unravel_index(analysis.norms.argmax(), analysis.norms.shape)
    name, first = analysis.outputs[int(output)], {"adder": 0, "recall": 1}[task]
    assert f"output {name} depends on the input at step {step + first} " in analysis.summary
    if task == "adder":
        # What is read later can't matter.
        assert not np.triu(analysis.norms, 1).any()
        assert np.diagonal(analysis.norms).all()
        assert analysis.outputs == tuple(map(str, range(6)))
    else:
        assert analysis.outputs == tuple(map(str, range(10)))


def test_sensitivity_stops_and_refuses_what_takes_too_long() -> None:
    network = sequences("adder", "lstm")
    inputs = np.zeros((MOST_STEPS + 1, 2), np.float32)
    with pytest.raises(QueryError, match=r"at most 128 steps; this input has 129\."):
        analyse_sensitivity(reading_of(network, inputs=inputs))
    assert analyse_sensitivity(reading_of(network, inputs=inputs[:-1]), after(0)) is None
