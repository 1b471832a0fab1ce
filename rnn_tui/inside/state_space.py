"""State space: where the states of many inputs lie, on the plane that shows most of them; fixed points among them.

The plane is that of the two principal components, found by scikit-learn's PCA. One input's states are a path through it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import TaskError
from rnn_tui.inside.adder import carries_of
from rnn_tui.inside.fixed_points import KINDS, SLOW, FixedPoint, find_fixed_points
from rnn_tui.inside.probes import Progress, Stopping, Study, activations_of, share
from rnn_tui.inside.trace import words_of
from rnn_tui.networks.stepwise import Array, require_finite
from rnn_tui.tasks.adder.questions import AdderNetwork
from rnn_tui.tasks.mnist.inference import CLASSES, RowReaderNetwork
from rnn_tui.tasks.recall.questions import RecallNetwork
from rnn_tui.tasks.sequences.inference import SequenceNetwork

if TYPE_CHECKING:
    from rnn_tui.tasks.sequences.problem import Examples

INPUTS = 2000
# Read at a time: states of a thousand steps of all would take gigabytes.
BATCH = 250
# With more kinds of steps than this, a constant input is none that the network meets.
MOST_CONSTANT_INPUTS = 16
# What the states are coloured by.
CARRY, DIGIT_KEPT, CLASS = "carry", "digit kept", "class"
# What an NPZ file has of each fixed point.
OF_POINTS = ("input", "kind", "state", "speed", "spectral_radius", "unstable_directions")
Labels = npt.NDArray[np.int64]


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
        """The summary, and a line for each constant input that has a fixed or a slow point."""
        if not self.fixed_points:
            return [self.summary]
        meaning = (
            "Reading the same input again and again, states near a stable point end there; at a slow point they hardly move."
        )
        lines = [self.summary, meaning]
        for name in dict.fromkeys(one.input for one in self.fixed_points):
            several = [*zip(self.fixed_points, self.fixed_point_places, strict=True)]
            told = [self._told(one, place) for one, place in several if one.input == name and one.kind != SLOW]
            slow = sum(one.input == name and one.kind == SLOW for one in self.fixed_points)
            lines.append(f"{name}: {'; '.join(told + [f'{slow} slow'] * bool(slow))}")
        return lines

    def _told(self, point: FixedPoint, place: Array) -> str:
        """A point, and what the state nearest to its place on the plane is labelled."""
        nearest = int(np.square(self.points - place).sum(axis=1).argmin())
        return f"{point.in_words}, nearest to {self.coloured_by} {self.label_names[self.labels[nearest]]}"

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Those of the fixed points, too."""
        of_points = {
            f"{self.name}_fixed_point_{one}": np.array([getattr(p, one) for p in self.fixed_points]) for one in OF_POINTS
        }
        return {**super().arrays(), **of_points}


def state_space(layer: str, states: Array, labels: Labels, label_names: tuple[str, ...], coloured_by: str) -> StateSpaceStudy:
    """The study, without fixed points, of states (N, H), N ≥ 2, with labels (N,).

    Raises:
        CheckpointError: if states are no finite numbers, since weights are too large to compute with.
    """
    from sklearn.decomposition import PCA  # noqa: PLC0415 - a second, on use only

    require_finite(states)
    shown = min(2, *states.shape)
    model = PCA(shown, svd_solver="full")
    with np.errstate(invalid="ignore"):  # states that are all the same have no variance to share
        model.fit(states.astype(np.float64))
    points, explained, components = np.zeros((len(states), 2), np.float32), np.zeros(2), np.zeros((2, states.shape[1]))
    explained[:shown], components[:shown] = np.nan_to_num(model.explained_variance_ratio_), model.components_
    points[:, :shown] = model.transform(states)
    return StateSpaceStudy(layer, points, labels, label_names, coloured_by, explained, components, model.mean_)


def study_state_space(
    network: SequenceNetwork, replica: int = 0, progress: Progress = lambda *_: None,
    stopping: Stopping = lambda: False, *, inputs: int = INPUTS, seed: int = 0,
) -> StateSpaceStudy | None:  # fmt: skip
    """States of a replica over random inputs of the lengths in training, and its fixed points; None where it was stopped.

    They are those after the last step, or where each step has an answer, after one by chance: coloured by what is to be
    carried from there in an addition, else by what is right.

    Raises:
        CheckpointError: if the weights are too large to compute with.
        TaskError: if the task can't be loaded, or is not of sequences.
    """
    examples = _drawn(network, inputs, seed)
    sequences, lengths = examples.inputs[0].numpy(), examples.lengths[0].numpy().astype(np.int64)  # (N, T, F), (N,)
    everyone, batches = np.arange(inputs), -(-inputs // BATCH)
    by_chance = np.random.default_rng(seed).integers(0, lengths)
    asked = by_chance if network.shape.every_step else lengths - 1
    constant = _constant_inputs(network, sequences[:BATCH], lengths[:BATCH])
    states, starts = [], []
    for done, part in enumerate(np.array_split(everyone, batches), start=1):
        if stopping():
            return None
        activations = activations_of(network, sequences[part].transpose(1, 0, 2).astype(np.float32), replica)
        column = np.arange(len(part))
        states.append(activations.states[asked[part], column])
        held = [activations.states] if activations.cells is None else [activations.states, activations.cells]
        starts.append(np.concatenate([one[by_chance[part], column] for one in held], axis=1))
        progress(done, batches + len(constant))
    study = state_space("layer 1", np.concatenate(states), *_labelled(network, examples, asked))
    points = find_fixed_points(
        network.cell(replica), constant, np.concatenate(starts),
        lambda done, total: progress(batches + done, batches + total), stopping,
    )  # fmt: skip
    return None if points is None else replace(study, fixed_points=points)


def _drawn(network: SequenceNetwork, count: int, seed: int) -> "Examples":
    """Sequences of the task by chance, of lengths in training."""
    import torch  # noqa: PLC0415 - seconds, on use only

    from rnn_tui.engine.problem import generator  # noqa: PLC0415 - torch
    from rnn_tui.tasks.sequences.problem import SequenceProblem  # noqa: PLC0415 - torch

    config, kind = network.config, network.task.load()
    if not issubclass(kind, SequenceProblem):
        raise TaskError(f"The task {network.task.name} has no sequences to look into.")
    # One small network: only the data is wanted.
    small = replace(config, hidden_sizes=config.hidden_sizes[:1], losses=config.losses[:1], seeds=1)
    problem, random = kind(small, torch.device("cpu"), lambda _: None), generator(seed, "state space")
    return problem.draw(problem.random_lengths(count, random), random)


def _labelled(network: SequenceNetwork, examples: "Examples", asked: Labels) -> tuple[Labels, tuple[str, ...], str]:
    """The label (N,) of each sequence's state after the step `asked` (N,), from 0; the labels' names; what they are."""
    everyone = np.arange(len(asked))
    if isinstance(network, AdderNetwork):
        carries = carries_of(examples.inputs[0].numpy().transpose(1, 0, 2))  # (T, N)
        return carries[asked, everyone].astype(np.int64), ("0", "1"), CARRY
    targets = examples.targets[0].numpy().astype(np.int64)  # (N,) or (N, T)
    right = targets[everyone, asked] if targets.ndim > 1 else targets
    names = network.shape.outputs if network.outputs > 1 else ("0", "1")
    return right, names, DIGIT_KEPT if isinstance(network, RecallNetwork) else CLASS


def _constant_inputs(network: SequenceNetwork, sequences: npt.NDArray[np.uint8], lengths: Labels) -> Mapping[str, Array]:
    """All that can be read at a step (F,), by what to call it, as sequences (N, T, F) of these lengths (N,) show it."""
    read = sequences[np.arange(sequences.shape[1]) < lengths[:, None]]  # (steps of all, F)
    kinds = np.unique(read, axis=0).astype(np.float32)
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

    Raises:
        CheckpointError: if the weights are too large to compute with.
    """
    from rnn_tui.tasks.mnist.data import load_mnist  # noqa: PLC0415 - torch, on use only

    data = load_mnist()
    images, labels = data.test_images.numpy(), data.test_labels.numpy()
    chosen = np.random.default_rng(seed).permutation(len(images))[:inputs]
    *below, top = network.layers
    states = []
    for start in range(0, len(chosen), BATCH):
        if stopping():
            return None
        with np.errstate(all="ignore"):
            rows = network.rows(images[chosen[start : start + BATCH]].astype(np.float32) / np.float32(255))
            for layer in below:
                rows = np.concatenate([one.states for one in layer.read(rows)], axis=2)
            states.append(top.forward.run(rows).states[-1])
        progress(min(start + BATCH, len(chosen)), len(chosen))
    layer_name = f"layer {len(network.layers)}{' forward' if top.backward else ''}"
    return state_space(layer_name, np.concatenate(states), labels[chosen], tuple(map(str, range(CLASSES))), CLASS)
