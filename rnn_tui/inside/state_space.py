"""State space: where the states of many inputs lie, on the plane that shows most of them; fixed points among them.

The plane is that of the two principal components, found by scikit-learn's PCA. One input's states are a path through it.
"""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.inside.adder import carries_of
from rnn_tui.inside.fixed_points import KINDS, SLOW, FixedPoint, find_fixed_points
from rnn_tui.inside.mnist import layer_name
from rnn_tui.inside.probes import Labels, Progress, Stopping, Study, activations_of, share
from rnn_tui.inside.trace import ONLY_LAYER, Examples, draw_examples, words_of
from rnn_tui.networks.stepwise import Array, require_finite
from rnn_tui.tasks.adder.questions import AdderNetwork
from rnn_tui.tasks.mnist.inference import CLASSES, RowReaderNetwork
from rnn_tui.tasks.recall.questions import RecallNetwork
from rnn_tui.tasks.sequences.inference import SequenceNetwork

INPUTS = 2000
BATCH = 250  # read at a time: states of a thousand steps of all would take gigabytes
MOST_CONSTANT_INPUTS = 16  # with more kinds of steps, a constant input is none that the network meets
# What the states are coloured by.
CARRY, DIGIT_KEPT, CLASS = "carry", "digit kept", "class"


@dataclass(frozen=True, eq=False)
class StateSpaceStudy(Study):
    """States of a layer, one of each input, on the plane of their two principal components."""

    name = "state_space"
    in_json = (
        "layer", "coloured_by", "label_names", "explained", "points", "labels", "mean", "components",
        "fixed_points", "fixed_point_places",
    )  # fmt: skip
    in_arrays = ("points", "labels", "label_names", "explained", "mean", "components", "fixed_point_places")

    layer: str  #: whose states they are, as `Trace.layers` call it.
    points: Array  #: (N, 2), the states on the plane.
    labels: Labels  #: (N,), which of `label_names` each is.
    label_names: tuple[str, ...]
    coloured_by: str  #: what the labels are: `carry`, `digit kept` or `class`.
    explained: npt.NDArray[np.float64]  #: (2,), the share of the variance of the states, 0 … 1, that each component shows.
    components: npt.NDArray[np.float64]  #: (2, H), the directions of the plane, of length 1; 0 where H is 1.
    mean: npt.NDArray[np.float64]  #: (H,), the state in its middle.
    #: fixed and slow points under constant inputs; none of networks that read images.
    fixed_points: tuple[FixedPoint, ...] = ()

    def path(self, states: npt.NDArray[Any]) -> Array:
        """The places (T, 2) of states (T, H) on the plane, such as one input's, step by step."""
        return ((states - self.mean) @ self.components.T).astype(np.float32)

    @property
    def fixed_point_places(self) -> Array:
        """The places (P, 2) of the fixed and slow points on the plane."""
        return self.path(np.array([one.state for one in self.fixed_points]).reshape(-1, len(self.mean)))

    @property
    def summary(self) -> str:
        """How much the plane shows, and how many fixed and slow points there are."""
        shown = f"Two components show {share(float(self.explained.sum()))} of the variance of {len(self.points):,} states"
        if not self.fixed_points:
            return f"{shown}."
        kinds = [one.kind for one in self.fixed_points]
        counted = [f"{kinds.count(kind)} {kind}" for kind in KINDS if kind in kinds]
        return f"{shown}; fixed and slow points: {', '.join(counted)}."

    @property
    def findings(self) -> list[str]:
        """The summary, and a line for each fixed point, and for each constant input's slow ones."""
        if not self.fixed_points:
            return [self.summary]
        nearest = np.square(self.points[:, None] - self.fixed_point_places).sum(axis=2).argmin(axis=0)  # (P,)
        labels = [f"nearest to {self.coloured_by} {self.label_names[label]}" for label in self.labels[nearest]]
        points = list(zip(self.fixed_points, labels, strict=True))
        slow = Counter(one.input for one in self.fixed_points if one.kind == SLOW)
        return [
            self.summary,
            "Reading the same input again and again, states near a stable point end there;",
            "at a slow point they hardly move.",
            *(f"{one.input}: {one.in_words}, {label}" for one, label in points if one.kind != SLOW),
            *(f"{name}: {count} slow" for name, count in slow.items()),
        ]

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Those of the fixed points, too, but for the memory: not all cells have one."""
        points = {name: np.array([getattr(one, name) for one in self.fixed_points]) for name in FixedPoint.in_json[:-1]}
        return {**super().arrays(), **{f"state_space_fixed_point_{name}": values for name, values in points.items()}}


def state_space(layer: str, states: Array, labels: Labels, label_names: tuple[str, ...], coloured_by: str) -> StateSpaceStudy:
    """The study, without fixed points, of states (N, H), N ≥ 2, with labels (N,); `CheckpointError` if they are not finite."""
    from sklearn.decomposition import PCA  # noqa: PLC0415 - a second, on use only

    require_finite(states)
    with np.errstate(invalid="ignore"):  # states that are all the same have no variance to share
        model = PCA(min(2, *states.shape), svd_solver="full").fit(states.astype(np.float64))
    missing = 2 - model.n_components_
    points = np.pad(model.transform(states), ((0, 0), (0, missing))).astype(np.float32)
    explained = np.pad(np.nan_to_num(model.explained_variance_ratio_), (0, missing))
    components = np.pad(model.components_, ((0, missing), (0, 0)))
    return StateSpaceStudy(layer, points, labels, label_names, coloured_by, explained, components, model.mean_)


def study_state_space(
    network: SequenceNetwork, replica: int = 0, progress: Progress = lambda *_: None,
    stopping: Stopping = lambda: False, *, inputs: int = INPUTS, seed: int = 0,
) -> StateSpaceStudy | None:  # fmt: skip
    """States of a replica over random inputs of the lengths in training, and its fixed points; None where it was stopped.

    They are those after the last step, or where each step has an answer, after one by chance: coloured by what is to be
    carried from there in an addition, else by what is right. `CheckpointError` if the weights are too large to compute with,
    `TaskError` if the task can't be loaded, or is not of sequences.
    """
    drawn = draw_examples(network.task, network.config, inputs, seed)
    by_chance = np.random.default_rng(seed).integers(0, drawn.lengths)
    asked = by_chance if network.shape.every_step else drawn.lengths - 1
    constant, batches = _constant_inputs(network, drawn), -(-inputs // BATCH)
    states, starts = [], []
    for done, part in enumerate(np.array_split(np.arange(inputs), batches), start=1):
        if stopping():
            return None
        held, column = activations_of(network, drawn.inputs[:, part], replica), np.arange(len(part))
        states.append(held.states[asked[part], column])
        carried = [one[by_chance[part], column] for one in (held.states, held.cells) if one is not None]
        starts.append(np.concatenate(carried, axis=1))
        progress(done, batches + len(constant))
    study = state_space(ONLY_LAYER, np.concatenate(states), *_labelled(network, drawn, asked))
    points = find_fixed_points(
        network.cell(replica), constant, np.concatenate(starts),
        lambda done, total: progress(batches + done, batches + total), stopping,
    )  # fmt: skip
    return None if points is None else replace(study, fixed_points=points)


def _labelled(network: SequenceNetwork, drawn: Examples, asked: Labels) -> tuple[Labels, tuple[str, ...], str]:
    """The label (N,) of each sequence's state after the step `asked` (N,), from 0; the labels' names; what they are."""
    everyone = np.arange(len(asked))
    if isinstance(network, AdderNetwork):
        return carries_of(drawn.inputs.astype(np.uint8))[asked, everyone].astype(np.int64), ("0", "1"), CARRY
    right = drawn.targets[everyone, asked if network.shape.every_step else 0].astype(np.int64)
    names = network.shape.outputs if network.outputs > 1 else ("0", "1")
    return right, names, DIGIT_KEPT if isinstance(network, RecallNetwork) else CLASS


def _constant_inputs(network: SequenceNetwork, drawn: Examples) -> dict[str, Array]:
    """All that can be read at a step (F,), by what to call it, as sequences by chance show it."""
    steps = drawn.inputs[np.arange(len(drawn.inputs))[:, None] < drawn.lengths]  # (steps of all, F)
    kinds = np.unique(steps, axis=0)
    if len(kinds) > MOST_CONSTANT_INPUTS:
        return {}
    # As `trace_addition` writes the two bits.
    words = [f"{a:g} + {b:g}" for a, b in kinds] if isinstance(network, AdderNetwork) else words_of(kinds)
    return dict(sorted(zip(words, kinds, strict=True), key=lambda one: (len(one[0]), one[0])))


def study_digit_states(
    network: RowReaderNetwork, progress: Progress = lambda *_: None, stopping: Stopping = lambda: False,
    *, inputs: int = INPUTS, seed: int = 0,
) -> StateSpaceStudy | None:  # fmt: skip
    """States of the top layer, of its forward direction where there are two, after the last row of test images by chance.

    `progress` is told after every batch, in images, and `stopping` asked before it; None where it was stopped.
    `CheckpointError` if the weights are too large to compute with.
    """
    from rnn_tui.tasks.mnist.data import load_mnist  # noqa: PLC0415 - torch, on use only

    data = load_mnist()
    chosen = np.random.default_rng(seed).permutation(len(data.test_labels))[:inputs]
    images, states = data.test_images.numpy()[chosen], []
    for start in range(0, len(chosen), BATCH):
        if stopping():
            return None
        with np.errstate(all="ignore"):
            rows = network.rows(images[start : start + BATCH].astype(np.float32) / np.float32(255))
            states.append(network.layers[-1].forward.run(network.read_below(rows)).states[-1])
        progress(min(start + BATCH, len(chosen)), len(chosen))
    layer, names = layer_name(network, len(network.layers) - 1), tuple(map(str, range(CLASSES)))
    return state_space(layer, np.concatenate(states), data.test_labels.numpy()[chosen], names, CLASS)
