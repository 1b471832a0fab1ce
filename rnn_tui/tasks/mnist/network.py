"""Answers of trained row readers at once, in numpy.

The forward pass of `models.recurrent` once more: whoever asks about a photo or a drawing must not
wait seconds for torch to load. A test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.config import ImageConfig
from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.weights_file import WeightsFile
from rnn_tui.tasks.sequences.network import sigmoid

Array = npt.NDArray[np.float32]

SIDE, CLASSES = 28, 10
# Mean and standard deviation of the training pixels, as in `training`.
PIXEL_MEAN, PIXEL_DEVIATION = 0.1307, 0.3081
GATES = {"rnn": 1, "lstm": 4, "bilstm": 4}


class RowReaderNetwork:
    """A trained RNN, LSTM or biLSTM, for answers only.

    Args:
        file: the weights.

    Raises:
        CheckpointError: if they are another task's, or do not fit their own settings.
    """

    def __init__(self, file: WeightsFile) -> None:
        config = file.config
        if not isinstance(config, ImageConfig):
            raise CheckpointError(f"These weights are not of mnist but of {config.task}.")
        self.config, self.metrics = config, file.metrics
        expected = _shapes(config)
        if {name: array.shape for name, array in file.arrays.items()} != expected:
            raise CheckpointError("These weights do not fit the settings that come with them.")
        if not all(np.isfinite(array).all() for array in file.arrays.values()):
            raise CheckpointError("Some of these weights are not finite numbers.")
        self._arrays = {name: array.astype(np.float32) for name, array in file.arrays.items()}

    def probabilities(self, digits: Array) -> Array:
        """Probabilities of the ten classes (N, 10).

        Args:
            digits: (N, 28, 28), 0 for background … 1 for ink, as MNIST has them.
        """
        logits = self.logits(digits)
        logits -= logits.max(axis=1, keepdims=True)
        powers = np.exp(logits)
        result: Array = powers / powers.sum(axis=1, keepdims=True)
        return result

    def logits(self, digits: Array) -> Array:
        """Logits (N, 10) of `digits` (N, 28, 28) in 0 … 1."""
        inputs = digits.astype(np.float32)
        if self.config.recipe.standardise:
            inputs = (inputs - np.float32(PIXEL_MEAN)) / np.float32(PIXEL_DEVIATION)
        rows = inputs.transpose(1, 0, 2)  # (T, N, F)
        read = self._at_last_step(rows) if self.config.model == "bilstm" else self._all(rows)
        result: Array = read @ self._arrays["readout.weight"].T + self._arrays["readout.bias"]
        return result

    def _all(self, rows: Array) -> Array:
        """The top layer's states at all steps, flattened: (N, T·H)."""
        for layer in range(self.config.layers):
            rows = self._layer("recurrent", f"_l{layer}", rows)
        return rows.transpose(1, 0, 2).reshape(rows.shape[1], -1)

    def _at_last_step(self, rows: Array) -> Array:
        """Both directions' outputs after the last step: (N, 2·H)."""
        for layer in range(self.config.layers - 1):
            ahead = self._layer("below", f"_l{layer}", rows)
            back = self._layer("below", f"_l{layer}_reverse", rows[::-1])[::-1]
            rows = np.concatenate([ahead, back], axis=2)
        ahead = self._layer("forward_direction", "_l0", rows)[-1]
        back = self._layer("backward_direction", "", rows[-1:])[0]
        return np.concatenate([ahead, back], axis=1)

    def _layer(self, module: str, suffix: str, inputs: Array) -> Array:
        """States (T, N, H) of one layer in one direction over `inputs` (T, N, F).

        Gates lie in PyTorch's order: input, forget, candidate, output.
        """
        of_input, of_state, *biases = (
            self._arrays[f"{module}.{kind}{suffix}"]
            for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        steps, count, features = inputs.shape
        width = of_state.shape[1]
        sums = inputs.reshape(-1, features) @ of_input.T + (biases[0] + biases[1])
        sums = sums.reshape(steps, count, -1)
        states = np.empty((steps, count, width), np.float32)
        state = cell = np.zeros((count, width), np.float32)
        for step in range(steps):
            total = sums[step] + state @ of_state.T
            if self.config.model == "rnn":
                state = np.tanh(total)
            else:
                write, keep, candidate, show = np.split(total, 4, axis=1)
                cell = sigmoid(keep) * cell + sigmoid(write) * np.tanh(candidate)
                state = sigmoid(show) * np.tanh(cell)
            states[step] = state
        return states


def _shapes(config: ImageConfig) -> Mapping[str, tuple[int, ...]]:
    """Names and shapes of the parameters that `models.recurrent` has for `config`."""
    size, rows = config.hidden_size, GATES[config.model] * config.hidden_size
    shapes: dict[str, tuple[int, ...]] = {}

    def add(module: str, suffix: str, features: int) -> None:
        shapes[f"{module}.weight_ih{suffix}"] = (rows, features)
        shapes[f"{module}.weight_hh{suffix}"] = (rows, size)
        shapes[f"{module}.bias_ih{suffix}"] = (rows,)
        shapes[f"{module}.bias_hh{suffix}"] = (rows,)

    if config.model != "bilstm":
        for layer in range(config.layers):
            add("recurrent", f"_l{layer}", size if layer else SIDE)
        return shapes | {"readout.weight": (CLASSES, SIDE * size), "readout.bias": (CLASSES,)}
    for layer in range(config.layers - 1):
        for direction in ("", "_reverse"):
            add("below", f"_l{layer}{direction}", 2 * size if layer else SIDE)
    features = 2 * size if config.layers > 1 else SIDE
    add("forward_direction", "_l0", features)
    add("backward_direction", "", features)
    return shapes | {"readout.weight": (CLASSES, 2 * size), "readout.bias": (CLASSES,)}
