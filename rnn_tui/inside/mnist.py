"""Looking into MNIST's networks: a digit row by row, what of it speaks for the answer, how early
many could be told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.progress import UNWATCHED, Progress
from rnn_tui.inside.analyses import FindHistory, NetworkReading, Trained
from rnn_tui.inside.attribution import Attribution, attribution
from rnn_tui.inside.edits import Edit, change_of
from rnn_tui.inside.inspection import Column, Inspection, verdict
from rnn_tui.inside.probes import Analysis, Labels, chance_level, share
from rnn_tui.inside.trace import LayerTrace, Trace, against_the_mean, layer_trace
from rnn_tui.networks.stepwise import Array
from rnn_tui.tasks.mnist.inference import CLASSES, Changing, RowReaderNetwork, digit_probabilities

ALL_STATES_NOTE = (
    "This readout needs the states of all 28 rows: an answer after fewer is the readout with the "
    "rest of the states zero."
)
LAST_STEP_NOTE = (
    "This network answers after the last row: an answer after an earlier one is what it would "
    "say if the image ended there."
)
BACKWARD_NOTE = (
    "The backward direction after its first step, with only this row read; the readout takes it "
    "at the last row."
)
WHOLE_NOTE = "Here the whole image is read: the backward directions already know all rows below."


def trace_digit(network: RowReaderNetwork, digit: Array, edits: Sequence[Edit] = ()) -> Trace:
    """What `network` holds while it reads `digit` (28, 28), 0 … 1 for ink, edited;
    `CheckpointError` at too large weights.
    """
    changing = changing_of(network, edits)
    with np.errstate(all="ignore"):
        rows = network.rows(digit[None])  # (T, 1, F)
        logits = network.logits_after_rows(rows, changing)[:, 0]  # (T, 10)
        layers = _layers(network, rows, int(logits[-1].argmax()), changing)
        return trace_of_rows(network, rows[:, 0], layers, logits, prefix_note(network))


def trace_of_rows(
    network: RowReaderNetwork, rows: Array, layers: Sequence[LayerTrace], logits: Array, note: str
) -> Trace:
    """What a reader of images holds, and its answers by its logits (28, 10)."""
    return Trace(
        task=network.config.task,
        read=tuple(f"row {row}" for row in range(1, len(rows) + 1)),
        inputs=rows,
        layers=tuple(layers),
        outputs=tuple(map(str, range(CLASSES))),
        every_step=False,
        logits=logits,
        probabilities=digit_probabilities(network.chances_of(logits)),
        answers=logits.argmax(axis=1),
        prefix_note=note,
    )


def prefix_note(network: RowReaderNetwork) -> str:
    """What an answer before the last row means, in a sentence."""
    return LAST_STEP_NOTE if network.cell.bidirectional else ALL_STATES_NOTE


def changing_of(network: RowReaderNetwork, edits: Sequence[Edit]) -> Changing:
    """What edits change in the layers of a reader of images."""
    return lambda at, backward: change_of(edits, layer_name(network, at, backward=backward))


def layer_name(network: RowReaderNetwork, at: int, *, backward: bool = False) -> str:
    """What traces call a layer, from 0, in one of its directions."""
    way = "backward" if backward else "forward"
    return f"layer {at + 1} {way}" if network.cell.bidirectional else f"layer {at + 1}"


def _layers(
    network: RowReaderNetwork, rows: Array, answer: int, changing: Changing
) -> list[LayerTrace]:
    """The layers, from the input up, that read `rows` (T, 1, 28)."""
    both = network.cell.bidirectional
    traces: list[LayerTrace] = []
    for at, (layer, above) in enumerate(pairwise(network.layers)):
        read = layer.read(rows, changing(at, False), changing(at, True))
        rows = np.concatenate([one.states for one in read], axis=2)
        # How strongly each unit drives the layer above.
        # (H,), or (2·H,)
        drive = np.abs(rows[:, 0]).mean(axis=0) * np.abs(above.forward.of_input).sum(axis=0)
        for way, (one, part) in enumerate(zip(read, np.split(drive, len(read)), strict=True)):
            name = layer_name(network, at, backward=bool(way))
            traces.append(
                layer_trace(name, network.cell, one, part, read_out=False, note=WHOLE_NOTE * both)
            )
    last, read = len(network.layers) - 1, network.read_top(rows, changing)
    weight = against_the_mean(network.readout[0])[answer]
    if not both:  # the readout takes the states of all rows
        adds = read[0].states[:, 0] * weight.reshape(len(rows), -1)  # (T, H)
        return [
            *traces,
            layer_trace(layer_name(network, last), network.cell, read[0], adds.sum(axis=0)),
        ]
    notes = (WHOLE_NOTE if traces else "", BACKWARD_NOTE)
    for way, (one, part) in enumerate(zip(read, np.split(weight, 2), strict=True)):  # (H,) each
        name = layer_name(network, last, backward=bool(way))
        traces.append(
            layer_trace(name, network.cell, one, one.states[-1, 0] * part, note=notes[way])
        )
    return traces


BATCH = 250  # images read at a time: enough to keep a core busy, few enough for its cache
INK = " .:*#"  # from no ink to all of it


@dataclass(frozen=True, eq=False)
class RowsAnalysis(Analysis):
    """How early a network could have decided, over labelled images."""

    name = "rows"
    in_json = ("images", "accuracy", "settled", "chance", "prefix_note")
    in_arrays = ("accuracy", "settled", "chance")

    images: int  #: how many.
    #: (28,), the share of right answers, 0 … 1, after 1 … 28 rows.
    accuracy: npt.NDArray[np.float64]
    #: (28,), the share of images whose answer stays the same from there on.
    settled: npt.NDArray[np.float64]
    chance: float  #: the share of the most frequent class.
    prefix_note: str  #: what an answer before the last row means, in a sentence.

    @property
    def summary(self) -> str:
        """When it gets near to its final accuracy, in a sentence."""
        final = self.accuracy[-1]
        near = int(np.argmax(self.accuracy >= final - 0.01)) + 1
        told = (
            f"{100 * final:.2f} % of {self.images:,} images are right after all rows; after row "
            f"{near}, it is within a point"
        )
        return f"{told} of that. Chance {100 * self.chance:.1f} %."


def analyse_rows(
    network: RowReaderNetwork,
    images: npt.NDArray[np.uint8],
    labels: Labels,
    *,
    progress: Progress = UNWATCHED,
) -> RowsAnalysis | None:
    """Answers after each row, over images (N, 28, 28), 0 … 255 for ink, with labels (N,); None
    where it was stopped.
    """
    count = len(images)
    right, settled = np.zeros((2, images.shape[1]), np.int64)
    progress.advance(0, count)
    for start in range(0, count, BATCH):
        if progress.stopping:
            return None
        digits = images[start : start + BATCH].astype(np.float32) / np.float32(255)
        with np.errstate(all="ignore"):
            answers = network.logits_after_rows(network.rows(digits)).argmax(axis=2)  # (T, N)
        right += (answers == labels[start : start + BATCH]).sum(axis=1)
        settled += np.logical_and.accumulate((answers == answers[-1])[::-1])[::-1].sum(axis=1)
        progress.advance(min(start + BATCH, count), count)
    return RowsAnalysis(
        count, right / count, settled / count, chance_level(labels), prefix_note(network)
    )


def read_test_images(chosen: Any) -> tuple[Array, Labels]:
    """Those test images (…, 28, 28) that an index chooses, as networks read them, 0 … 1; and their
    labels (…).
    """
    from rnn_tui.tasks.mnist.data import load_mnist  # noqa: PLC0415 - torch, on use only

    data = load_mnist()
    return data.test_images.numpy()[chosen].astype(np.float32) / np.float32(
        255
    ), data.test_labels.numpy()[chosen]


def read_test_image(number: int) -> tuple[Array, int]:
    """A test image by its number, from 0, as networks read it; and its label."""
    digits, labels = read_test_images([number])
    return digits[0], int(labels[0])


def analyse_test_images(network: RowReaderNetwork, progress: Progress) -> RowsAnalysis | None:
    """Read all test images; None where that was stopped."""
    from rnn_tui.tasks.mnist.data import load_mnist  # noqa: PLC0415 - torch, on use only

    data = load_mnist()
    return analyse_rows(
        network,
        data.test_images.numpy(),
        data.test_labels.numpy(),
        progress=progress,
    )


@dataclass(eq=False)
class DigitInspection(Inspection):
    """A digit that a row reader reads."""

    network: RowReaderNetwork  #: what reads it.
    weights: Mapping[str, Any]  #: what is known of it for JSON; their `source` is what to call it.
    digit: Array  #: (28, 28), 0 for background … 1 for ink.
    about: Mapping[str, Any]  #: what it is, for JSON.
    name: str  #: what it is, in a few words.
    truth: int | None = None  #: which digit it is, where that is known.
    notices: Sequence[str] = ()  #: sentences on what to keep in mind.
    trained: Trained = dict  #: as `NetworkReading` has it; and likewise:
    history: FindHistory = lambda: None

    def __post_init__(self) -> None:
        self.label, trace = self.weights["source"], trace_digit(self.network, self.digit)
        right = () if self.truth is None else (self.truth,)
        self.reading = NetworkReading(
            self.network, trace, right, digit=self.digit, trained=self.trained, history=self.history
        )
        self.notices = [*self.notices, trace.prefix_note]

    @property
    def title(self) -> str:
        """The answer, and from when on it stands."""
        trace, truth = self.reading.trace, self.truth
        judged = "" if truth is None else f"  {verdict(trace.answer == truth, truth)}"
        return f"{self.name}: {trace.answer}{judged}; settled after row {trace.settled}"

    def _columns(self) -> list[Column]:
        levels = np.rint(self.digit.clip(0, 1) * (len(INK) - 1)).astype(int)
        ink = ["".join(INK[level] for level in row) for row in levels]
        columns: list[Column] = [
            ("row", range(1, self.trace.steps + 1)),
            ("", ink),
            *self._answer_columns(),
        ]
        if RowsAnalysis.name in self.analyses:
            columns.append(
                ("accuracy", [share(part, 2) for part in self.analyses[RowsAnalysis.name].accuracy])
            )
        return columns

    @property
    def asked(self) -> dict[str, Any]:
        """What was read."""
        about: dict[str, Any] = {**self.about, "answer": self.reading.trace.answer}
        if self.truth is not None:
            about |= {"label": self.truth, "correct": about["answer"] == self.truth}
        return {**about, "digit": self.digit.tolist()}

    @cached_property
    def _attribution(self) -> Attribution:
        return attribution(self.network, self.digit, self.reading.trace.answer)

    @property
    def beside_trace(self) -> dict[str, Any]:
        """What each pixel adds to the answer."""
        return {"attribution": self._attribution.to_dict()}

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The digit, and what each pixel adds, too."""
        return {"digit": self.digit, "attribution": self._attribution.pixels, **super().arrays()}
