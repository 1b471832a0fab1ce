"""A training history: what a network held and answered at each snapshot of its training, and how
far its gradient reached back.

Comments give shapes: M snapshots, S seeds, T time steps, N sequences, H units.
"""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import CheckpointError, QueryError
from rnn_tui.engine.files.weights_file import WeightsFile
from rnn_tui.engine.palette import DARK_PALETTE
from rnn_tui.engine.progress import Progress
from rnn_tui.engine.training.history import TrainingHistory
from rnn_tui.inside.gradients import sequence_norms
from rnn_tui.inside.image_network import ImageNetwork, read_test_image
from rnn_tui.inside.probes import Analysis
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.stack_trace import trace_of
from rnn_tui.inside.task_network import TaskNetwork, draw_examples
from rnn_tui.inside.trace import LayerTrace, Trace
from rnn_tui.networks.stepwise import Array
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.images.inference import CLASSES, HISTORY_IMAGE, RowReaderNetwork
from rnn_tui.tasks.sequences.inference import SequenceNetwork

if TYPE_CHECKING:
    from PIL.Image import Image

NO_HISTORY = (
    "This network has no training history: it ships with rnn-tui, is of an older version, or has "
    "too many weights to keep those of several epochs; train one with {}."
)
NO_GRADIENTS = (
    "This run kept no gradients; train one with 32 in “Gradients kept” (--gradient-inputs 32)."
)
KEPT_NOTE = (
    "The history has the states of the top layer and the answers for one test image; units are "
    "ranked by their mean state."
)
INPUTS = 100


def history_of(reading: NetworkReading) -> TrainingHistory:
    """Return the training history of the network that has read.

    Raises:
        QueryError: if there is none.
        CheckpointError: if it can't be read.
    """
    history = reading.history()
    if history is None:
        raise QueryError(NO_HISTORY.format(TASKS[reading.trace.task].training_command))
    return history


def snapshot(reading: NetworkReading, history: TrainingHistory, at: int) -> NetworkReading:
    """Return the network's reading at a snapshot of its training, counted from 0.

    Networks that read sequences read the input at hand. Of those that read images, states and
    answers are kept for one image.

    Raises:
        CheckpointError: if the training history fits another network.
    """
    network = reading.network.source
    if isinstance(network, RowReaderNetwork):
        digit, label = read_test_image(HISTORY_IMAGE, network.config)
        return replace(
            reading,
            trace=_kept_trace(reading.network, history, at),
            digit=digit,
            right=(label,),
            retraced=False,
        )
    then = network_at(network, history, at)
    replica = then.replicas.index(network.replicas[reading.network.replica])
    network_then = TaskNetwork(then, replica)
    trace = network_then.trace(reading.trace.task_inputs, reading.trace.read)
    return replace(reading, network=network_then, trace=trace)


def network_at(network: SequenceNetwork, history: TrainingHistory, at: int) -> Any:
    """Return all replicas of the run of `network` as they were at a snapshot, counted from 0.

    Raises:
        CheckpointError: if the training history fits other networks.
    """
    arrays = {name: values[at] for name, values in history.snapshots.items()}
    return type(network)(WeightsFile(network.config, arrays, 0, {}), network.task)


def _kept_trace(network: ImageNetwork, history: TrainingHistory, at: int) -> Trace:
    """Return the trace of a reader of images at a snapshot, as far as it was kept."""
    top = network.stack.layers[-1]
    directions = ["top layer"] if top.backward is None else ["forward", "backward"]
    width = len(directions) * top.forward.hidden_size  # D·H
    states = _kept_values(history, "states", (28, width), at)
    logits = _kept_values(history, "logits", (28, CLASSES), at)
    layers = [
        LayerTrace(name, part, None, {}, np.abs(part).mean(axis=0), note=KEPT_NOTE)
        for name, part in zip(directions, np.split(states, len(directions), axis=1), strict=True)
    ]
    inputs = np.zeros((28, 28), np.float32)
    return trace_of(
        network.wording,
        inputs,
        network.words(inputs),
        layers,
        logits,
        every_step=False,
        note=KEPT_NOTE,
    )


def _kept_values(history: TrainingHistory, name: str, shape: tuple[int, ...], at: int) -> Array:
    """Return the values kept under a name at a snapshot.

    Raises `CheckpointError` if they have another shape.
    """
    values = history.snapshots.get(name)  # (M, …)
    if values is None or values.shape[1:] != shape:
        raise CheckpointError(
            "This training history belongs to another network; train this one again."
        )
    at_snapshot: Array = values[at].astype(np.float32)
    return at_snapshot


@dataclass(frozen=True, eq=False)
class LearningAnalysis(Analysis):
    """‖∂loss/∂h_t‖ by epoch and step."""

    name = "learning"
    in_json = ("inputs", "epochs", "norms")
    in_arrays = ("epochs", "norms")

    inputs: int  #: how many each is the mean of; 0 if that is not known.
    epochs: tuple[float, ...]  #: (M,) when the snapshots were, in epochs.
    norms: npt.NDArray[np.float64]  #: (M, T).

    @property
    def summary(self) -> str:
        """A sentence on how far the gradient reached back at the start and at the end."""
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = np.nan_to_num(self.norms[:, 0] / self.norms[:, -1])  # (M,)
        # A readout of zeros lets no gradient through.
        has_gradient = bool(self.norms[0].any())
        at_first = f"{shares[0]:.2g}" if has_gradient else "no gradient"
        peak = int(shares.argmax())
        return (
            "Gradient at the first step, relative to the last step: "
            f"{at_first} before training, at most {shares[peak]:.2g} in epoch "
            f"{self.epochs[peak]:.3g}, {shares[-1]:.2g} at the end."
        )

    @property
    def findings(self) -> list[str]:
        """The summary, and the norms snapshot by snapshot."""
        lines = [self.summary, "epoch, and the norm step by step:"]
        for epoch, norms in zip(self.epochs, self.norms, strict=True):
            words = " ".join(f"{norm:.1e}" for norm in norms)
            lines.append(f"{epoch:8.3f}  {words}")
        return lines


def analyse_learning(
    reading: NetworkReading, progress: Progress, *, inputs: int = INPUTS
) -> LearningAnalysis | None:
    """Measure the gradient through time at each snapshot; None if it was stopped.

    It is that of sequences of the longest length, or was kept for a reader of images.

    Raises:
        QueryError: if there is no training history, or it has no gradients.
        CheckpointError: if it fits another network.
    """
    history, network = history_of(reading), reading.network.source
    if isinstance(network, RowReaderNetwork):
        if "gradients" not in history.snapshots:
            raise QueryError(NO_GRADIENTS)
        return LearningAnalysis(
            network.config.gradient_inputs,
            history.epochs,
            history.snapshots["gradients"].astype(np.float64),
        )
    longest = network.config.lengths[1]
    drawn = draw_examples(network.task, network.config, inputs, 0, length=longest)
    means = []
    progress.advance(0, len(history))
    for at in range(len(history)):
        if progress.stopping:
            return None
        then = snapshot(reading, history, at)
        read = then.network.embedded(drawn.inputs)
        norms = sequence_norms(then.network.stack, read, drawn.targets)  # (T, N)
        means.append(norms.mean(axis=1))
        progress.advance(at + 1, len(history))
    return LearningAnalysis(inputs, history.epochs, np.array(means))


Frame = tuple[float, Trace]  # when a snapshot was, in epochs, and what the network held then


def frames(reading: NetworkReading) -> Iterator[Frame]:
    """Yield a frame for each snapshot of the training history."""
    history = history_of(reading)
    for at, epoch in enumerate(history.epochs):
        yield epoch, snapshot(reading, history, at).trace


def _rgb(colour: str) -> npt.NDArray[np.int64]:
    """Return red, green and blue of a colour such as `#0178d4`."""
    return np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)])


BELOW, ABOVE = map(_rgb, DARK_PALETTE[:2])  # the colours of values below zero and above it
CELL, MARGIN = 14, 24  # pixels of a value, at most, and of the margin
LARGEST_SIDE, LEAST_WIDTH = 600, 240  # pixels of all values, and of the words
SECONDS, LAST_SECONDS = 0.5, 3.0  # how long a snapshot is shown, and the last one


def _coloured(trace: Trace) -> npt.NDArray[np.uint8]:
    """Return the colours (H, T, 3) of the states of the layer that is read out, a unit a row."""
    states = next(layer.states for layer in reversed(trace.layers) if layer.read_out)  # (T, H)
    values = states.T[:, :, None]  # (H, T, 1)
    brightness = np.abs(values).clip(0, 1)
    coloured: npt.NDArray[np.uint8] = (np.where(values < 0, BELOW, ABOVE) * brightness).astype(
        np.uint8
    )
    return coloured


def _caption(epoch: float, trace: Trace) -> str:
    """Return the epoch of a snapshot and the network's answer then."""
    if trace.every_step:
        answers = [trace.answer_word(step) for step in reversed(range(trace.steps))]
        return f"epoch {epoch:.3g}: {''.join(answers)}"
    last = trace.steps - 1
    return f"epoch {epoch:.3g}: {trace.answer_word(last)}, {100 * trace.confidence(last):.1f} %"


def as_gif(frames: Iterable[Frame]) -> bytes:
    """Return an animated GIF with a picture for each frame: a caption, and states over steps."""
    pictures = [_picture(epoch, trace) for epoch, trace in frames]
    durations = [round(1000 * SECONDS)] * (len(pictures) - 1) + [round(1000 * LAST_SECONDS)]
    buffer = io.BytesIO()
    pictures[0].save(
        buffer, "GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0
    )
    return buffer.getvalue()


def _picture(epoch: float, trace: Trace) -> "Image":
    """Return the states over steps, with a caption above them."""
    from PIL import Image, ImageDraw  # on use only

    states = _coloured(trace)  # (H, T, 3)
    units, steps, _ = states.shape
    cell = max(2, min(CELL, LARGEST_SIDE // steps, LARGEST_SIDE // units))
    width, height = steps * cell, units * cell
    size = max(width, LEAST_WIDTH) + 2 * MARGIN, height + 3 * MARGIN
    picture = Image.new("RGB", size, "black")
    enlarged = Image.fromarray(states).resize((width, height), Image.Resampling.NEAREST)
    picture.paste(enlarged, (MARGIN, 2 * MARGIN))
    ImageDraw.Draw(picture).text((MARGIN, MARGIN // 2), _caption(epoch, trace), "white")
    return picture
