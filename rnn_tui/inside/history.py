"""Learning as a training history: what a network held and said, and how far its gradient reached
back, at each snapshot that was kept.
"""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import CheckpointError, QueryError
from rnn_tui.engine.history import TrainingHistory
from rnn_tui.engine.palette import DARK_PALETTE
from rnn_tui.engine.progress import Progress
from rnn_tui.engine.weights_file import WeightsFile
from rnn_tui.inside.digit_trace import read_test_image, trace_of_rows
from rnn_tui.inside.gradients import sequence_norms
from rnn_tui.inside.probes import Analysis
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.trace import LayerTrace, Trace, draw_examples, trace_inputs
from rnn_tui.networks.stepwise import Array
from rnn_tui.tasks.adder.questions import AdderNetwork, Addition
from rnn_tui.tasks.mnist.inference import CLASSES, HISTORY_IMAGE, RowReaderNetwork
from rnn_tui.tasks.sequences.inference import SequenceNetwork

NO_HISTORY = (
    "This network has no training history: it ships with rnn-tui, or is older than these; train "
    "one with rnn-tui train {}."
)
NO_GRADIENTS = "This run kept no gradients; train one with --gradient-inputs 32."
KEPT_NOTE = (
    "The history has the states of the top layer and the answers for one test image; units are "
    "ranked by their mean state."
)
INPUTS = 100


def history_of(reading: NetworkReading) -> TrainingHistory:
    """The training history of the network that has read; `QueryError` if there is none,
    `CheckpointError` if it can't be read.
    """
    history = reading.history()
    if history is None:
        raise QueryError(NO_HISTORY.format(reading.trace.task))
    return history


def snapshot(reading: NetworkReading, history: TrainingHistory, at: int) -> NetworkReading:
    """The same network at a snapshot, from 0, of its training, and what it held and said then.

    Networks that read sequences read the input at hand. Of those that read images states and
    answers are kept for one image. `CheckpointError` if the training history fits another network.
    """
    if isinstance(reading.network, RowReaderNetwork):
        digit, label = read_test_image(HISTORY_IMAGE)
        return replace(
            reading,
            trace=_kept_trace(reading.network, history, at),
            digit=digit,
            right=(label,),
            retraced=False,
        )
    network = network_at(reading.network, history, at)
    replica = network.replicas.index(reading.network.replicas[reading.replica])
    trace = trace_inputs(network, reading.trace.inputs, replica, read=reading.trace.read)
    return replace(reading, network=network, trace=trace, replica=replica)


def network_at(network: SequenceNetwork, history: TrainingHistory, at: int) -> Any:
    """All replicas of the run of `network` at a snapshot; a `CheckpointError` where the training
    history fits others.
    """
    arrays = {name: kept[at] for name, kept in history.snapshots.items()}
    return type(network)(WeightsFile(network.config, arrays, 0, {}), network.task)


def _kept_trace(network: RowReaderNetwork, history: TrainingHistory, at: int) -> Trace:
    ways, size = 1 + network.cell.bidirectional, network.config.hidden_size
    shapes = {"states": (28, ways * size), "logits": (28, CLASSES)}
    if any(
        name not in history.snapshots or history.snapshots[name].shape[1:] != shape
        for name, shape in shapes.items()
    ):
        raise CheckpointError(
            "This training history belongs to another network; train this one again."
        )
    states, logits = (history.snapshots[name][at].astype(np.float32) for name in shapes)
    parts = zip(
        ("forward", "backward") if ways > 1 else ("top layer",),
        np.split(states, ways, axis=1),
        strict=True,
    )
    layers = [
        LayerTrace(name, part, None, {}, np.abs(part).mean(axis=0), note=KEPT_NOTE)
        for name, part in parts
    ]
    return trace_of_rows(network, np.zeros((28, 28), np.float32), layers, logits, KEPT_NOTE)


@dataclass(frozen=True, eq=False)
class LearningAnalysis(Analysis):
    """‖∂loss/∂h_t‖ by epoch and step."""

    name = "learning"
    in_json = ("inputs", "epochs", "norms")
    in_arrays = ("epochs", "norms")

    inputs: int  #: how many each is the mean of; 0 where that is not known.
    epochs: tuple[float, ...]  #: (F,) the snapshots.
    norms: npt.NDArray[np.float64]  #: (F, T).

    @property
    def summary(self) -> str:
        """How far the gradient reached back at first and at last, in a sentence."""
        with np.errstate(invalid="ignore", divide="ignore"):
            left = np.nan_to_num(self.norms[:, 0] / self.norms[:, -1])
        # A readout of zeros lets no gradient through.
        begun = (
            f"{left[0]:.2g} before training"
            if self.norms[0].any()
            else "no gradient before training"
        )
        most = (
            f"at most {left.max():.2g} in epoch {self.epochs[int(left.argmax())]:.3g}, "
            f"{left[-1]:.2g} at the end."
        )
        return f"The gradient at the first step, in parts of that at the last: {begun}, {most}"

    @property
    def findings(self) -> list[str]:
        """The summary, and the norms snapshot by snapshot."""
        rows = zip(self.epochs, self.norms, strict=True)
        return [
            self.summary,
            "epoch, and the norm step by step:",
            *(f"{at:8.3f}  {_words(norms)}" for at, norms in rows),
        ]


def _words(values: npt.NDArray[np.float64]) -> str:
    return " ".join(f"{value:.1e}" for value in values)


def analyse_learning(
    reading: NetworkReading, progress: Progress, *, inputs: int = INPUTS
) -> LearningAnalysis | None:
    """The gradient through time at each snapshot: over sequences of the longest length, or as a
    reader of images kept it.

    `QueryError` if there is no training history, or it has no gradients; `CheckpointError` if it
    fits another network.
    """
    history, network = history_of(reading), reading.network
    if isinstance(network, RowReaderNetwork):
        if "gradients" not in history.snapshots:
            raise QueryError(NO_GRADIENTS)
        return LearningAnalysis(
            network.config.gradient_inputs,
            history.epochs,
            history.snapshots["gradients"].astype(np.float64),
        )
    drawn, norms = (
        draw_examples(network.task, network.config, inputs, 0, length=network.config.lengths[1]),
        [],
    )
    progress.advance(0, len(history))
    for at in range(len(history)):
        if progress.stopping:
            return None
        then = snapshot(reading, history, at)
        norms.append(
            sequence_norms(then.network, then.replica, drawn.inputs, drawn.targets).mean(axis=1)
        )
        progress.advance(at + 1, len(history))
    return LearningAnalysis(inputs, history.epochs, np.array(norms))


BITS, PAIRS = 64, 100  # numbers of 64 bits: pairs by chance, and the longest carry
# States of short additions; two are of one cluster where they lie within this distance, a share of
# the cube's diagonal.
STATES, STEPS, APART = 200, 8, 0.15


@dataclass(frozen=True, eq=False)
class ClickAnalysis(Analysis):
    """When each seed of an adder first adds long numbers without error, and how many clusters its
    states form by then.
    """

    name = "clicks"
    in_json = ("variant", "seeds", "epochs", "right", "clusters", "first")
    in_arrays = ("seeds", "epochs", "right", "clusters")

    variant: str  #: of which networks.
    seeds: tuple[int, ...]  #: (S,) those that click first before the others.
    epochs: tuple[float, ...]  #: (F,) the snapshots.
    right: npt.NDArray[np.float64]  #: (S, F), the share of sums of 64 bits that are right, 0 … 1.
    clusters: npt.NDArray[np.int64]  #: (S, F), of the states after each place of random additions.

    @property
    def first(self) -> tuple[float | None, ...]:
        """(S,) the epoch at which each seed first adds without error; None where it never does."""
        return tuple(
            self.epochs[int(row.argmax())] if row.max() == 1 else None for row in self.right
        )

    @property
    def summary(self) -> str:
        """How many seeds get there, and when, in a sentence."""
        there = [one for one in self.first if one is not None]
        when = (
            f", the first in epoch {min(there):.3g}, the last in epoch {max(there):.3g}"
            if there
            else ""
        )
        groups = {
            "these": self.clusters[: len(there), -1],
            "the others": self.clusters[len(there) :, -1],
        }
        means = ", ".join(
            f"of {who} {counts.mean():.1f}" for who, counts in groups.items() if len(counts)
        )
        told = (
            f"{len(there)} of {len(self.seeds)} seeds of {self.variant} come to add {BITS} bits "
            f"without error{when}."
        )
        return f"{told} Clusters of states at the end: {means} on average."

    @property
    def findings(self) -> list[str]:
        """The summary, and a line for each seed."""
        rows = zip(self.seeds, self.first, self.right[:, -1], self.clusters, strict=True)
        return [
            self.summary,
            f"seed  adds {BITS} bits from epoch  right at the end  clusters by snapshot",
        ] + [
            f"{seed:4}  {'never' if first is None else f'{first:.3g}':>23}  {100 * right:14.1f} "
            f"%  {' '.join(map(str, row))}"
            for seed, first, right, row in rows
        ]


def analyse_clicks(reading: NetworkReading, progress: Progress) -> ClickAnalysis | None:
    """Ask all seeds of the variant at hand for long sums at each snapshot, and count clusters of
    their states.

    Clusters: average linkage (Sokal & Michener 1958) of the states, cut at a distance of `APART` of
    the diagonal of the cube in which they lie. `QueryError` if there is no training history,
    `CheckpointError` if it fits another network.
    """
    history, network = history_of(reading), reading.network
    variant, random = network.replicas[reading.replica].variant, np.random.default_rng(0)
    sums = [
        Addition(*(int.from_bytes(random.bytes(BITS // 8)) for _ in range(2))) for _ in range(PAIRS)
    ]
    sums.append(Addition(2**BITS - 1, 1))
    inputs = random.integers(0, 2, (STEPS, STATES // STEPS, 2)).astype(np.float32)
    right, clusters, seeds = [], [], []
    progress.advance(0, len(history))
    for at in range(len(history)):
        if progress.stopping:
            return None
        whole: AdderNetwork = network_at(network, history, at)
        chosen = [place for place, one in enumerate(whole.replicas) if one.variant == variant]
        seeds = [whole.replicas[place].seed for place in chosen]
        whole_right = np.zeros(len(whole.replicas))
        for asked, outputs in zip(sums, whole.outputs_of(sums), strict=True):
            whole_right += ((outputs >= 0.5) == asked.bits(asked.total)).all(axis=1)
        right.append(whole_right[chosen] / len(sums))
        clusters.append([_clusters(whole.cell(place).run(inputs).states) for place in chosen])
        progress.advance(at + 1, len(history))
    shares, counts = np.array(right).T, np.array(clusters).T
    # Those that never click, last.
    order = sorted(
        range(len(seeds)),
        key=lambda row: int(shares[row].argmax()) if shares[row].max() == 1 else len(history),
    )
    return ClickAnalysis(
        variant.label,
        tuple(seeds[row] for row in order),
        history.epochs,
        shares[order],
        counts[order],
    )


def _clusters(states: Array) -> int:
    """Clusters of states (T, N, H), as `analyse_clicks` says."""
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415 - on use only

    points = states.reshape(-1, states.shape[2]).astype(np.float64)
    threshold = APART * 2 * np.sqrt(points.shape[1])  # states are from −1 to 1
    return int(fcluster(linkage(points, "average"), threshold, "distance").max())


def frames(reading: NetworkReading) -> Iterator[tuple[float, Trace]]:
    """Each snapshot's epoch, and what the network held then."""
    history = history_of(reading)
    yield from (
        (epoch, snapshot(reading, history, at).trace) for at, epoch in enumerate(history.epochs)
    )


# Below zero, above it; pixels of a value and of the margin; seconds of a snapshot, and of the last
# one.
BELOW, ABOVE = (
    np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) for colour in DARK_PALETTE[:2]
)
CELL, MARGIN, SECONDS, LAST_SECONDS = 14, 24, 0.5, 3.0
Frame = tuple[float, Trace]


def _states(trace: Trace) -> npt.NDArray[np.uint8]:
    """The colours (H, T, 3) of the states of the layer that is read out, a unit a row in the order
    of its number.
    """
    values = next(layer.states for layer in reversed(trace.layers) if layer.read_out).T[:, :, None]
    coloured: npt.NDArray[np.uint8] = (
        np.where(values < 0, BELOW, ABOVE) * np.abs(values).clip(0, 1)
    ).astype(np.uint8)
    return coloured


def _told(epoch: float, trace: Trace) -> str:
    """Of a snapshot: when it is, and what the network says."""
    if trace.every_step:
        return (
            f"epoch {epoch:.3g}: "
            f"{''.join(trace.answer_word(step) for step in reversed(range(trace.steps)))}"
        )
    return (
        f"epoch {epoch:.3g}: {trace.answer_word(trace.steps - 1)}, "
        f"{100 * trace.confidence(trace.steps - 1):.1f} %"
    )


def as_gif(frames: Iterable[Frame]) -> bytes:
    """A moving picture (GIF), of a snapshot each: states over steps, and in words when it is and
    what the network says.
    """
    from PIL import Image, ImageDraw  # noqa: PLC0415 - on use only

    pictures = []
    for epoch, trace in frames:
        cell = max(2, min(CELL, 600 // trace.steps, 600 // len(states := _states(trace))))
        height, width = len(states) * cell, trace.steps * cell
        picture = Image.new("RGB", (max(width, 240) + 2 * MARGIN, height + 3 * MARGIN), "black")
        picture.paste(
            Image.fromarray(states).resize((width, height), Image.Resampling.NEAREST),
            (MARGIN, 2 * MARGIN),
        )
        ImageDraw.Draw(picture).text((MARGIN, MARGIN // 2), _told(epoch, trace), "white")
        pictures.append(picture)
    buffer, durations = (
        io.BytesIO(),
        [round(1000 * SECONDS)] * (len(pictures) - 1) + [round(1000 * LAST_SECONDS)],
    )
    pictures[0].save(
        buffer, "GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0
    )
    return buffer.getvalue()
