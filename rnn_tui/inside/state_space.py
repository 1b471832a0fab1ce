"""State space: where the states of many inputs lie, on the plane that shows most of them; fixed
points among them.

The plane is that of the two principal components, found by scikit-learn's PCA. One input's states
are a path through it.

A fixed point is a state at which a network stays while it reads the same input again and again; at
a slow point it nearly does. With F one step of the cell under a constant input and z all that it
carries on (the state h, and the memory c where there is one), q(z) = ½‖F(z) − z‖² is 0 at a fixed
point, and small but not 0 at a slow point (Sussillo & Barak 2013, “Opening the black box:
low-dimensional dynamics in high-dimensional recurrent neural networks”; Golub & Sussillo 2018,
“FixedPointFinder”). It is minimised from states that the network visits, by the Levenberg–Marquardt
method (Marquardt 1963): it knows that q is a sum of squares, takes some ten steps where gradient
descent takes thousands, and finds fixed points that repel as well.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.progress import UNWATCHED, Progress
from rnn_tui.inside.adder import carries_of
from rnn_tui.inside.digit_trace import layer_name, read_test_images
from rnn_tui.inside.probes import Analysis, Labels, activations_of, share
from rnn_tui.inside.trace import ONLY_LAYER, DrawnSequences, Record, draw_examples, words_of
from rnn_tui.networks.cell import Step
from rnn_tui.networks.stepwise import Array, CellWeights, require_finite
from rnn_tui.tasks.adder.questions import AdderNetwork
from rnn_tui.tasks.mnist.inference import CLASSES, RowReaderNetwork
from rnn_tui.tasks.recall.questions import RecallNetwork
from rnn_tui.tasks.sequences.inference import SequenceNetwork

if TYPE_CHECKING:
    from torch import Tensor

INPUTS = 2000
BATCH = 250  # read at a time: states of a thousand steps of all would take gigabytes
# with more kinds of steps, a constant input is none that the network meets
MOST_CONSTANT_INPUTS = 16
CARRY, DIGIT_KEPT, CLASS = "carry", "digit kept", "class"  # what the states are coloured by
# what a fixed or a slow point is: see `FixedPoint.kind`
KINDS = STABLE, SADDLE, SLOW = "stable", "saddle", "slow"
# In double precision q falls to 1e-30 at a fixed point, 1e-20 where it converges slowly; 1e-4 is a
# step ‖F(z) − z‖ of 0.014.
FIXED_BELOW, SLOW_BELOW = 1e-20, 1e-4
# Nearer than this to each other, two fixed points are one, as in FixedPointFinder. Slow ones often
# fill a line or a plane: of those nearer to each other than this share of the starts' mean distance
# from their middle, the slowest is enough to show it. Farther from the middle than so many times
# that distance, a point that draws no states to it is left out, as there.
SAME_WITHIN, SLOW_SHARE, FAR_TIMES = 1e-3, 0.1, 10
# A search ends where rounding is all that is left of q; one that is not there by then goes along a
# valley that hardly falls.
FOUND_BELOW, MOST_ITERATIONS = 1e-26, 100
FIRST_DAMPING, LEAST_DAMPING, MOST_DAMPING = 1e-2, 1e-14, 1e10
# side by side; and numbers that all their Jacobians may take
SEARCHES, FEWEST_SEARCHES, JACOBIAN_NUMBERS = 64, 8, 4_000_000

Update: TypeAlias = Callable[["Tensor"], "Tensor"]


@dataclass(frozen=True, eq=False)
class FixedPoint(Record):
    """A fixed or a slow point of a layer under a constant input."""

    in_json = (
        "input",
        "kind",
        "speed",
        "spectral_radius",
        "unstable_directions",
        "state",
        "memory",
    )

    input: str  #: what is read again and again, in a word or two.
    #: `stable`, a fixed point to which the states near it come; `saddle`, a fixed point that they
    #: leave in some directions; `slow`, where a step changes little and no fixed point is near
    #: enough for the search to get there.
    kind: str
    state: npt.NDArray[np.float64]  #: (H,), h.
    memory: npt.NDArray[np.float64] | None  #: (H,), c; None for a cell without one.
    speed: float  #: q = ½‖F(z) − z‖².
    spectral_radius: float  #: the largest modulus of the eigenvalues of the Jacobian ∂F/∂z there.
    unstable_directions: int  #: how many eigenvalues have a modulus above 1.

    @property
    def in_words(self) -> str:
        """Its kind, in which directions states leave it, and how fast."""
        count = self.unstable_directions
        leaving = f" with {count} unstable direction{'s' * (count > 1)}" if count else ""
        return f"{self.kind}{leaving} (spectral radius {self.spectral_radius:.2f})"


@dataclass(frozen=True, eq=False)
class StateSpaceAnalysis(Analysis):
    """States of a layer, one of each input, on the plane of their two principal components."""

    name = "state_space"
    in_json = (
        "layer",
        "coloured_by",
        "label_names",
        "explained",
        "points",
        "labels",
        "mean",
        "components",
        "fixed_points",
        "fixed_point_places",
    )
    in_arrays = (
        "points",
        "labels",
        "label_names",
        "explained",
        "mean",
        "components",
        "fixed_point_places",
    )

    layer: str  #: whose states they are, as `Trace.layers` call it.
    points: Array  #: (N, 2), the states on the plane.
    labels: Labels  #: (N,), which of `label_names` each is.
    label_names: tuple[str, ...]
    coloured_by: str  #: what the labels are: `carry`, `digit kept` or `class`.
    #: (2,), the share of the variance of the states, 0 … 1, that each component shows.
    explained: npt.NDArray[np.float64]
    #: (2, H), the directions of the plane, of length 1; 0 where H is 1.
    components: npt.NDArray[np.float64]
    mean: npt.NDArray[np.float64]  #: (H,), the state in its middle.
    #: fixed and slow points under constant inputs; none of readers of images.
    fixed_points: tuple[FixedPoint, ...] = ()
    #: (P,), the label of the state, by all its units, that is nearest to each of these.
    nearest_labels: tuple[int, ...] = ()

    def path(self, states: npt.NDArray[Any]) -> Array:
        """The places (T, 2) of states (T, H) on the plane, such as one input's, step by step."""
        return ((states - self.mean) @ self.components.T).astype(np.float32)

    @property
    def fixed_point_places(self) -> Array:
        """The places (P, 2) of the fixed and slow points on the plane."""
        return self.path(
            np.array([one.state for one in self.fixed_points]).reshape(-1, len(self.mean))
        )

    @property
    def summary(self) -> str:
        """How much the plane shows, and how many fixed and slow points there are."""
        shown = (
            f"Two components show {share(float(self.explained.sum()))} of the variance of "
            f"{len(self.points):,} states"
        )
        if not self.fixed_points:
            return f"{shown}."
        kinds = Counter(one.kind for one in self.fixed_points)
        return (
            f"{shown}; fixed and slow points: "
            f"{', '.join(f'{kinds[kind]} {kind}' for kind in KINDS if kinds[kind])}."
        )

    @property
    def findings(self) -> list[str]:
        """The summary, and a line for each fixed point, and for each constant input's slow ones."""
        if not self.fixed_points:
            return [self.summary]
        labels = [
            f"nearest to {self.coloured_by} {self.label_names[label]}"
            for label in self.nearest_labels
        ]
        points = list(zip(self.fixed_points, labels, strict=True))
        slow = Counter(one.input for one in self.fixed_points if one.kind == SLOW)
        told = "Reading the same input again and again, states near a stable point end there;"
        lines = [
            f"{one.input}: {one.in_words}, {label}" for one, label in points if one.kind != SLOW
        ]
        lines += [f"{name}: {count} slow" for name, count in slow.items()]
        return [self.summary, told, "at a slow point they hardly move.", *lines]

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Those of the fixed points, too, but for the memory: not all cells have one."""
        points = {
            name: np.array([getattr(one, name) for one in self.fixed_points])
            for name in FixedPoint.in_json[:-1]
        }
        return {
            **super().arrays(),
            **{f"state_space_fixed_point_{name}": values for name, values in points.items()},
        }


def state_space(
    layer: str, states: Array, labels: Labels, label_names: tuple[str, ...], coloured_by: str
) -> StateSpaceAnalysis:
    """The analysis, without fixed points, of states (N, H), N ≥ 2, with labels (N,);
    `CheckpointError` if they are not finite.
    """
    from sklearn.decomposition import PCA  # noqa: PLC0415 - a second, on use only

    require_finite(states)
    with np.errstate(invalid="ignore"):  # states that are all the same have no variance to share
        model = PCA(min(2, *states.shape), svd_solver="full").fit(states.astype(np.float64))
    missing = 2 - model.n_components_
    points = np.pad(model.transform(states), ((0, 0), (0, missing))).astype(np.float32)
    explained = np.pad(np.nan_to_num(model.explained_variance_ratio_), (0, missing))
    components = np.pad(model.components_, ((0, missing), (0, 0)))
    return StateSpaceAnalysis(
        layer, points, labels, label_names, coloured_by, explained, components, model.mean_
    )


def analyse_state_space(
    network: SequenceNetwork,
    replica: int = 0,
    progress: Progress = UNWATCHED,
    *,
    inputs: int = INPUTS,
    seed: int = 0,
) -> StateSpaceAnalysis | None:
    """States of a replica over random inputs of the lengths in training, and its fixed points; None
    where it was stopped.

    They are those after the last step, or where each step has an answer, after one by chance:
    coloured by what is to be carried from there in an addition, else by what is right.
    `CheckpointError` if the weights are too large to compute with, `TaskError` if the task can't be
    loaded, or is not of sequences.
    """
    drawn = draw_examples(network.task, network.config, inputs, seed)
    by_chance = np.random.default_rng(seed).integers(0, drawn.lengths)
    asked = by_chance if network.shape.every_step else drawn.lengths - 1
    constant, batches = _constant_inputs(network, drawn), -(-inputs // BATCH)
    states, starts = [], []
    progress.advance(0, batches + len(constant))
    for done, part in enumerate(np.array_split(np.arange(inputs), batches), start=1):
        if progress.stopping:
            return None
        held, column = activations_of(network, drawn.inputs[:, part], replica), np.arange(len(part))
        states.append(held.states[asked[part], column])
        carried = [
            one[by_chance[part], column] for one in (held.states, held.cells) if one is not None
        ]
        starts.append(np.concatenate(carried, axis=1))
        progress.advance(done, batches + len(constant))
    analysis = state_space(ONLY_LAYER, np.concatenate(states), *_labelled(network, drawn, asked))
    points = find_fixed_points(
        network.cell(replica),
        constant,
        np.concatenate(starts),
        progress.after(batches),
    )
    if not points:
        return None if points is None else analysis
    from scipy.spatial.distance import cdist  # noqa: PLC0415 - on use only

    nearest = cdist(np.array([one.state for one in points]), np.concatenate(states)).argmin(axis=1)
    return replace(
        analysis, fixed_points=points, nearest_labels=tuple(analysis.labels[nearest].tolist())
    )


def _labelled(
    network: SequenceNetwork, drawn: DrawnSequences, asked: Labels
) -> tuple[Labels, tuple[str, ...], str]:
    """The label (N,) of each sequence's state after the step `asked` (N,), from 0; the labels'
    names; what they are.
    """
    everyone = np.arange(len(asked))
    if isinstance(network, AdderNetwork):
        return (
            carries_of(drawn.inputs.astype(np.uint8))[asked, everyone].astype(np.int64),
            ("0", "1"),
            CARRY,
        )
    right = drawn.targets[everyone, asked if network.shape.every_step else 0].astype(np.int64)
    names = network.shape.outputs if network.outputs > 1 else ("0", "1")
    return right, names, DIGIT_KEPT if isinstance(network, RecallNetwork) else CLASS


def _constant_inputs(network: SequenceNetwork, drawn: DrawnSequences) -> dict[str, Array]:
    """All that can be read at a step (F,), by what to call it, as sequences by chance show it."""
    # of all steps of all
    kinds = np.unique(drawn.inputs[np.arange(len(drawn.inputs))[:, None] < drawn.lengths], axis=0)
    if len(kinds) > MOST_CONSTANT_INPUTS:
        return {}
    # As `trace_addition` writes the two bits.
    words = (
        [f"{a:g} + {b:g}" for a, b in kinds]
        if isinstance(network, AdderNetwork)
        else words_of(kinds)
    )
    return dict(sorted(zip(words, kinds, strict=True), key=lambda one: (len(one[0]), one[0])))


def analyse_digit_states(
    network: RowReaderNetwork,
    progress: Progress = UNWATCHED,
    *,
    inputs: int = INPUTS,
    seed: int = 0,
) -> StateSpaceAnalysis | None:
    """States of the top layer, of its forward direction where there are two, after the last row of
    test images by chance.

    The progress is in images; None where it was stopped. `CheckpointError` if the weights are too
    large to compute with.
    """
    digits, labels = read_test_images(np.random.default_rng(seed).permutation(10_000)[:inputs])
    states = []
    progress.advance(0, len(labels))
    for start in range(0, len(labels), BATCH):
        if progress.stopping:
            return None
        with np.errstate(all="ignore"):
            below = network.read_below(network.rows(digits[start : start + BATCH]))
            states.append(network.layers[-1].forward.run(below).states[-1])
        progress.advance(min(start + BATCH, len(labels)), len(labels))
    layer, names = layer_name(network, len(network.layers) - 1), tuple(map(str, range(CLASSES)))
    return state_space(layer, np.concatenate(states), labels, names, CLASS)


def find_fixed_points(
    weights: CellWeights,
    inputs: Mapping[str, Array],
    starts: Array,
    progress: Progress = UNWATCHED,
) -> tuple[FixedPoint, ...] | None:
    """The fixed and slow points of a layer that are found from `starts`, input by input; None where
    it was stopped.

    `inputs` (F,) are read at every step, by what to call them; `starts` are states (N, H), or
    states and memories (N, 2·H) for a cell with a memory: of large networks the first few, since
    the Jacobians take their square in memory. There may be other points: a search ends at one near
    its start. States may also go round in a cycle, or drift for ever.
    """
    import torch  # noqa: PLC0415 - seconds, on use only

    from rnn_tui.engine.parallel import cpu_workers  # noqa: PLC0415 - torch

    searches = max(FEWEST_SEARCHES, min(SEARCHES, JACOBIAN_NUMBERS // starts.shape[1] ** 2))
    found: list[FixedPoint] = []
    progress.advance(0, len(inputs))
    # operations this small are slower on two threads than on one
    with cpu_workers(1), torch.no_grad():
        for done, (name, read) in enumerate(inputs.items(), start=1):
            update = update_of(weights, read)
            points = _minimised(
                update, torch.tensor(starts[:searches], dtype=torch.float64), progress
            )
            if points is None:
                return None
            found += _told_apart(name, update, points, starts[:searches], weights.hidden_size)
            progress.advance(done, len(inputs))
    return tuple(found)


def update_of(weights: CellWeights, read: Array) -> Update:
    """F: all that a layer carries on (N, D) after one more step that reads `read` (F,); in double
    precision, D = H or 2·H.
    """
    import torch  # noqa: PLC0415 - seconds, on use only

    from rnn_tui.networks.layers import TORCH  # noqa: PLC0415 - torch

    size, has_memory = weights.hidden_size, weights.cell.has_memory
    tensors = weights.mapped(lambda weight: torch.tensor(weight, dtype=torch.float64))
    sums = tensors.read(torch.tensor(read, dtype=torch.float64))  # (G·H,): W·x + b

    def update(carried: "Tensor") -> "Tensor":
        last = Step(carried[:, :size], carried[:, size:] if has_memory else None)
        after = tensors.step(TORCH, sums.expand(len(carried), -1), last)
        if not has_memory:
            return cast("Tensor", after.state)
        return torch.cat([after.state, after.memory], 1)

    return update


def jacobians(update: Update, points: "Tensor") -> "Tensor":
    """∂F/∂z (N, D, D) at `points` (N, D): a row for each number that F returns."""
    import torch  # noqa: PLC0415 - seconds, on use only

    count, width = points.shape
    # each point once for each number of the result: all rows come from one pass back
    with torch.enable_grad():
        # from a sum: else PyTorch would load SymPy
        repeated = points.detach().repeat_interleave(width, 0).requires_grad_()
        [rows] = torch.autograd.grad(
            (update(repeated) * torch.eye(width).to(points).repeat(count, 1)).sum(), repeated
        )
    return rows.view(count, width, width)


def _minimised(update: Update, points: "Tensor", progress: Progress) -> "Tensor | None":
    """Where q has a minimum (N, D), searched from `points`; None where it was stopped."""
    import torch  # noqa: PLC0415 - seconds, on use only

    going, eye = torch.arange(len(points)), torch.eye(points.shape[1]).to(points)
    damping = torch.full_like(points[:, :1], FIRST_DAMPING)
    for _ in range(MOST_ITERATIONS):
        if progress.stopping:
            return None
        at, damped = points[going], damping[going]
        apart, slope = update(at) - at, jacobians(update, at) - eye
        transposed = slope.transpose(1, 2)
        step, _ = torch.linalg.solve_ex(
            transposed @ slope + damped[:, :, None] * eye, transposed @ apart[:, :, None]
        )
        tried = at - step[:, :, 0]
        # q
        before, after = (
            one.square().sum(1, keepdim=True) / 2 for one in (apart, update(tried) - tried)
        )
        better = after < before  # which a step that is not finite never is
        points[going] = torch.where(better, tried, at)
        damping[going] = torch.where(better, damped / 10, damped * 10).clamp(min=LEAST_DAMPING)
        # Damped more and more without a better place: it is as near as numbers can say.
        ended = (damping[going] > MOST_DAMPING) | (torch.minimum(before, after) < FOUND_BELOW)
        going = going[~ended[:, 0]]
        if not len(going):
            break
    return points


def _told_apart(
    name: str, update: Update, points: "Tensor", starts: Array, size: int
) -> list[FixedPoint]:
    """The fixed and slow ones among `points` (N, D), each once: the stable ones first, then those
    of fewest directions out.
    """
    apart, slopes, places = (
        (update(points) - points).numpy(),
        jacobians(update, points).numpy(),
        points.numpy(),
    )
    speeds, middle = np.square(apart).sum(axis=1) / 2, starts.mean(axis=0)
    spread = np.linalg.norm(starts - middle, axis=1).mean()
    kept: list[int] = []
    found: list[FixedPoint] = []
    for at in np.argsort(speeds, kind="stable"):
        if not speeds[at] < SLOW_BELOW:
            break
        fixed, place = speeds[at] < FIXED_BELOW, places[at]
        apart_by = SAME_WITHIN if fixed else max(SAME_WITHIN, SLOW_SHARE * spread)
        if (np.linalg.norm(places[kept] - place, axis=1) < apart_by).any():
            continue
        moduli = np.abs(np.linalg.eigvals(slopes[at]))
        unstable = int((moduli > 1).sum())
        kind = (SADDLE if unstable else STABLE) if fixed else SLOW
        if kind != STABLE and np.linalg.norm(place - middle) > FAR_TIMES * spread:
            continue
        kept.append(at)
        memory = place[size:] if len(place) > size else None
        found.append(
            FixedPoint(
                name, kind, place[:size], memory, float(speeds[at]), float(moduli.max()), unstable
            )
        )
    return sorted(found, key=lambda one: (KINDS.index(one.kind), one.unstable_directions))
