"""Looking into MNIST's networks: a digit row by row, what of it speaks for the answer, how early many could be told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from rnn_tui.inside.inspection import Column, Inspection, share, verdict
from rnn_tui.inside.probes import Labels, Progress, Stopping, Study, chance_level
from rnn_tui.inside.trace import LayerTrace, Trace, against_the_mean, layer_trace
from rnn_tui.networks.stepwise import Activations, Array, CellWeights, require_finite
from rnn_tui.tasks.mnist.inference import CLASSES, PIXEL_DEVIATION, RowReaderNetwork

ALL_STATES_NOTE = (
    "This readout needs the states of all 28 rows: an answer after fewer is the readout with the rest of the states zero."
)
LAST_STEP_NOTE = (
    "This network answers after the last row: an answer after an earlier one is what it would say if the image ended there."
)
BACKWARD_NOTE = "The backward direction after its first step, with only this row read; the readout takes it at the last row."
WHOLE_NOTE = "Here the whole image is read: the backward directions already know all rows below."


def trace_digit(network: RowReaderNetwork, digit: Array) -> Trace:
    """What `network` holds while it reads `digit` (28, 28), 0 for background … 1 for ink.

    Raises:
        CheckpointError: if its weights are too large to compute with.
    """
    with np.errstate(all="ignore"):
        rows = network.rows(digit[None])  # (T, 1, F)
        logits = logits_after_rows(network, rows)[:, 0]  # (T, 10)
        answers = logits.argmax(axis=1)
        answer = int(answers[-1])
        layers = _layers(network, rows, answer)
        chances = network.chances_of(logits)[:, :CLASSES]
        probabilities = chances / chances.sum(axis=1, keepdims=True)
    return Trace(
        task=network.config.task, read=tuple(f"row {row}" for row in range(1, len(rows) + 1)),
        inputs=rows[:, 0], layers=tuple(layers), outputs=tuple(map(str, range(CLASSES))), every_step=False,
        logits=logits, probabilities=probabilities, answers=answers.astype(np.int64),
        prefix_note=prefix_note(network),
    )  # fmt: skip


def prefix_note(network: RowReaderNetwork) -> str:
    """What an answer before the last row means, in a sentence."""
    return LAST_STEP_NOTE if network.cell.bidirectional else ALL_STATES_NOTE


def logits_after_rows(network: RowReaderNetwork, rows: Array) -> Array:
    """Logits (T, N, 10) after each of the `rows` (T, N, 28), as `prefix_note` says."""
    weight, bias = network.readout
    if not network.cell.bidirectional:
        for layer in network.layers:
            rows = layer.forward.run(rows).states
        by_row = weight.reshape(CLASSES, len(rows), -1).transpose(1, 2, 0)  # (T, H, 10)
        # Of the first 1 … T states (T, N, H), with zero for the rest.
        logits: Array = np.cumsum(rows @ by_row, axis=0) + bias
        return logits
    if len(network.layers) > 1:
        # Below the top, the backward direction starts from the last row: all of it differs by the number of rows.
        return np.stack([network.logits_of_rows(rows[: row + 1]) for row in range(len(rows))])
    [layer] = network.layers
    assert layer.backward is not None
    states = [layer.forward.run(rows).states, _on_each_row(layer.backward, rows).states]
    result: Array = np.concatenate(states, axis=2) @ weight.T + bias
    return result


def _on_each_row(cell: CellWeights, rows: Array) -> Activations:
    """A layer's activations (T, N, H) after one step, from zero, on each of the `rows` alone."""
    steps, count, features = rows.shape
    found = cell.run(rows.reshape(1, steps * count, features))
    return found.mapped(lambda values: values.reshape(steps, count, -1))


def _layers(network: RowReaderNetwork, rows: Array, answer: int) -> list[LayerTrace]:
    """The layers, from the input up, that read `rows` (T, 1, 28)."""
    ways, note = ((" forward", " backward"), WHOLE_NOTE) if network.cell.bidirectional else (("",), "")
    traces: list[LayerTrace] = []
    for at, (layer, above) in enumerate(pairwise(network.layers), start=1):
        read = layer.read(rows)
        rows = np.concatenate([one.states for one in read], axis=2)
        # How strongly each unit drives the layer above.
        drive = np.abs(rows[:, 0]).mean(axis=0) * np.abs(above.forward.of_input).sum(axis=0)  # (H,), or (2·H,)
        for way, one, part in zip(ways, read, np.split(drive, len(read)), strict=True):
            traces.append(layer_trace(f"layer {at}{way}", one, part, read_out=False, note=note))
    top, name = network.layers[-1], f"layer {len(network.layers)}"
    weight, ahead = against_the_mean(network.readout[0])[answer], top.forward.run(rows)
    if top.backward is None:  # the readout takes the states of all rows
        adds = ahead.states[:, 0] * weight.reshape(len(rows), -1)  # (T, H)
        return [*traces, layer_trace(name, ahead, adds.sum(axis=0))]
    back, weights = _on_each_row(top.backward, rows), np.split(weight, 2)  # (H,) each
    adds_ahead, adds_back = ahead.states[-1, 0] * weights[0], back.states[-1, 0] * weights[1]
    traces.append(layer_trace(f"{name} forward", ahead, adds_ahead, note=note if traces else ""))
    return [*traces, layer_trace(f"{name} backward", back, adds_back, note=BACKWARD_NOTE)]


def saliency(network: RowReaderNetwork, digit: Array) -> Array:
    """The gradient (28, 28) of the winning logit on the pixels of `digit` (28, 28) in 0 … 1.

    Where it is positive, more ink would speak for the answer (Simonyan et al. 2014, “Deep inside
    convolutional networks”). By PyTorch's autograd, in double precision.

    Raises:
        CheckpointError: if the weights are too large to compute with.
    """
    import torch  # noqa: PLC0415 - seconds, on use only

    from rnn_tui.tasks.mnist.problem import build_model  # noqa: PLC0415

    model = build_model(network.config).double()
    model.load_state_dict({name: torch.from_numpy(array).double() for name, array in network.arrays.items()})
    model.requires_grad_(False)
    rows = torch.from_numpy(network.rows(digit[None])[:, 0]).double().requires_grad_()
    with torch.enable_grad():
        winning = model(rows[None])[0].max()
        [gradient] = torch.autograd.grad(winning, rows)
    if network.config.recipe.standardise:
        gradient = gradient / PIXEL_DEVIATION
    with np.errstate(over="ignore"):
        result: Array = gradient.numpy().astype(np.float32)
    require_finite(result)
    return result


# Images read at a time: enough to keep a core busy, few enough for its cache.
BATCH = 250
# From no ink to all of it.
INK = " .:*#"


@dataclass(frozen=True, eq=False)
class RowsStudy(Study):
    """How early a network could have decided, over labelled images."""

    name = "rows"
    in_json = ("images", "accuracy", "settled", "chance", "prefix_note")
    in_arrays = ("accuracy", "settled", "chance")

    images: int  #: how many.
    accuracy: npt.NDArray[np.float64]  #: (28,), the share of right answers, 0 … 1, after 1 … 28 rows.
    settled: npt.NDArray[np.float64]  #: (28,), the share of images whose answer stays the same from there on.
    chance: float  #: the share of the most frequent class.
    prefix_note: str  #: what an answer before the last row means, in a sentence.

    @property
    def summary(self) -> str:
        """When it gets near to its final accuracy, in a sentence."""
        final = self.accuracy[-1]
        near = int(np.argmax(self.accuracy >= final - 0.01)) + 1
        return (
            f"{100 * final:.2f} % of {self.images:,} images are right after all rows; after row {near}, "
            f"it is within a point of that. Chance {100 * self.chance:.1f} %."
        )


def study_rows(
    network: RowReaderNetwork, images: npt.NDArray[np.uint8], labels: Labels, *,
    progress: Progress = lambda *_: None, stopping: Stopping = lambda: False,
) -> RowsStudy | None:  # fmt: skip
    """Answers after each row, over images (N, 28, 28), 0 for background … 255 for ink, with labels (N,).

    `progress` is told after every batch, in images, and `stopping` asked before it; None where it was stopped.
    """
    count = len(images)
    right, settled = np.zeros((2, images.shape[1]), np.int64)
    for start in range(0, count, BATCH):
        if stopping():
            return None
        digits = images[start : start + BATCH].astype(np.float32) / np.float32(255)
        with np.errstate(all="ignore"):
            answers = logits_after_rows(network, network.rows(digits)).argmax(axis=2)  # (T, N)
        right += (answers == labels[start : start + BATCH]).sum(axis=1)
        settled += np.logical_and.accumulate((answers == answers[-1])[::-1])[::-1].sum(axis=1)
        progress(min(start + BATCH, count), count)
    return RowsStudy(count, right / count, settled / count, chance_level(labels), prefix_note(network))


def read_test_image(number: int) -> tuple[Array, int]:
    """A test image by its number, from 0, as networks read it; and its label."""
    from rnn_tui.tasks.mnist.data import load_mnist  # noqa: PLC0415 - torch, on use only

    data = load_mnist()
    digit = data.test_images[number].numpy().astype(np.float32) / np.float32(255)
    return digit, int(data.test_labels[number])


def study_test_images(network: RowReaderNetwork, progress: Progress, stopping: Stopping) -> RowsStudy | None:
    """Read all test images; None where that was stopped."""
    from rnn_tui.tasks.mnist.data import load_mnist  # noqa: PLC0415 - torch, on use only

    data = load_mnist()
    return study_rows(network, data.test_images.numpy(), data.test_labels.numpy(), progress=progress, stopping=stopping)


@dataclass(eq=False)
class DigitInspection(Inspection[RowsStudy]):
    """A digit that a row reader reads."""

    network: RowReaderNetwork  #: what reads it.
    weights: Mapping[str, Any]  #: what is known of it for JSON; their `source` is what to call it.
    digit: Array  #: (28, 28), 0 for background … 1 for ink.
    about: Mapping[str, Any]  #: what it is, for JSON.
    name: str  #: what it is, in a few words.
    truth: int | None = None  #: which digit it is, where that is known.
    notices: Sequence[str] = ()  #: sentences on what to keep in mind.

    def __post_init__(self) -> None:
        self.label, self.trace = self.weights["source"], trace_digit(self.network, self.digit)
        self.notices = [*self.notices, self.trace.prefix_note]

    @classmethod
    def of_test_image(cls, network: RowReaderNetwork, weights: Mapping[str, Any], number: int) -> Self:
        """A test image by its number, from 0."""
        digit, truth = read_test_image(number)
        return cls(network, weights, digit, {"test_image": number}, f"test image {number}", truth=truth)

    def _made_study(self, progress: Progress, stopping: Stopping) -> RowsStudy | None:
        return study_test_images(self.network, progress, stopping)

    @property
    def title(self) -> str:
        """The answer, and from when on it stands."""
        answer, truth = self.trace.answer, self.truth
        judged = "" if truth is None else f"  {verdict(answer == truth, truth)}"
        return f"{self.name}: {answer}{judged}; settled after row {self.trace.settled}"

    def _columns(self) -> list[Column]:
        levels = np.rint(self.digit.clip(0, 1) * (len(INK) - 1)).astype(int)
        columns: list[Column] = [
            ("row", range(1, self.trace.steps + 1)),
            ("", ["".join(INK[level] for level in row) for row in levels]),
            *self._answer_columns(),
        ]
        if self._study is not None:
            columns.append(("accuracy", [share(part, 2) for part in self._study.accuracy]))
        return columns

    @property
    def asked(self) -> dict[str, Any]:
        """What was read."""
        about: dict[str, Any] = {**self.about, "answer": self.trace.answer}
        if self.truth is not None:
            about |= {"label": self.truth, "correct": self.trace.answer == self.truth}
        return {**about, "digit": self.digit.tolist()}

    @cached_property
    def beside_trace(self) -> dict[str, npt.NDArray[Any]]:
        """Which pixels speak for the answer."""
        return {"saliency": saliency(self.network, self.digit)}

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The digit, too."""
        return {"digit": self.digit, **super().arrays()}
