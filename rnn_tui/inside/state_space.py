"""State space: where the states of many inputs lie, on the plane that shows most of them; fixed
points among them.

The plane is that of the two principal components, found by scikit-learn's PCA. One input's states
are a path through it.

A fixed point is a state at which a network stays while it reads the same input again and again; at
a slow point it nearly does. With F one step of the cell under a constant input and z all that it
carries on (the state h, and the memory c if there is one), q(z) = ½‖F(z) − z‖² is 0 at a fixed
point, and small but not 0 at a slow point (Sussillo & Barak 2013, “Opening the black box:
low-dimensional dynamics in high-dimensional recurrent neural networks”; Golub & Sussillo 2018,
“FixedPointFinder”). It is minimised from states that the network visits, by the Levenberg–Marquardt
method (Marquardt 1963): it knows that q is a sum of squares, takes some ten steps where gradient
descent takes thousands, and finds fixed points that repel as well.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.progress import UNWATCHED, Progress
from rnn_tui.inside.network import UNKNOWN, InsideNetwork
from rnn_tui.inside.probes import Analysis, Labels, share
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.stack_trace import layer_name
from rnn_tui.inside.trace import Record, Trace
from rnn_tui.networks.cell import Step
from rnn_tui.networks.stepwise import Activations, Array, CellWeights, require_finite

if TYPE_CHECKING:
    from torch import Tensor

INPUTS = 2000
BATCH = 250  # read at a time, unless they hold too much
MOST_NUMBERS = 100_000_000  # that layers hold of all that is read at a time
#: in place of a layer's name: layers that read each other's states carry on what all of them hold.
ALL_LAYERS = "all layers"
#: what a fixed or a slow point is: see `FixedPoint.kind`.
KINDS = STABLE, SADDLE, SLOW = "stable", "saddle", "slow"
#: below it, q is that of a fixed point: in double precision it falls to 1e-30 there, to 1e-20 where
#: it converges slowly.
FIXED_BELOW = 1e-20
#: below it, q is that of a slow point: a step ‖F(z) − z‖ of 0.014.
SLOW_BELOW = 1e-4
#: nearer than this to each other, two fixed points are one, as in FixedPointFinder.
SAME_WITHIN = 1e-3
#: slow points often fill a line or a plane. Of those nearer to each other than this share of the
#: starts' mean distance from their middle, the slowest is enough to show it.
SLOW_SHARE = 0.1
#: farther from the middle than so many times that distance, a point that draws no states to it is
#: left out, as in FixedPointFinder.
FAR_TIMES = 10
#: a search ends where rounding is all that is left of q.
CONVERGED_BELOW = 1e-26
#: a search that has not ended by then goes along a valley that hardly falls.
MOST_ITERATIONS = 100
FIRST_DAMPING, LEAST_DAMPING, MOST_DAMPING = 1e-2, 1e-14, 1e10
SEARCHES, FEWEST_SEARCHES = 64, 8  # side by side
JACOBIAN_NUMBERS = 4_000_000  # numbers in all their Jacobians

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
        """Its kind, the directions in which states leave it, and how fast."""
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

    layer: str  #: whose states they are, as `Trace.layers` call it, or `ALL_LAYERS`.
    points: Array  #: (N, 2), the states on the plane.
    labels: Labels  #: (N,), which of `label_names` each is.
    label_names: tuple[str, ...]
    coloured_by: str  #: what the labels are, such as `carry` or `class`.
    #: (2,), the share of the variance of the states, 0 … 1, that each component shows.
    explained: npt.NDArray[np.float64]
    #: (2, H), the directions of the plane, of length 1; 0 where H is 1.
    components: npt.NDArray[np.float64]
    mean: npt.NDArray[np.float64]  #: (H,), the state in its middle.
    #: fixed and slow points under constant inputs; none of readers of images.
    fixed_points: tuple[FixedPoint, ...] = ()
    #: (P,), the label of the state, by all its units, that is nearest to each of these.
    nearest_labels: tuple[int, ...] = ()

    def states_in(self, trace: Trace) -> Array:
        """Return the states (T, H) of this layer, or of all side by side, in a trace."""
        layers = [layer.states for layer in trace.layers if self.layer in (layer.name, ALL_LAYERS)]
        return np.concatenate(layers, axis=1)

    def path(self, states: npt.NDArray[Any]) -> Array:
        """Return the places (T, 2) on the plane of states (T, H), such as those of one input."""
        return ((states - self.mean) @ self.components.T).astype(np.float32)

    @property
    def fixed_point_places(self) -> Array:
        """The places (P, 2) of the fixed and slow points on the plane."""
        states = np.array([point.state for point in self.fixed_points])
        return self.path(states.reshape(-1, len(self.mean)))

    @property
    def summary(self) -> str:
        """A sentence on how much the plane shows, and how many fixed and slow points there are."""
        variance = (
            f"Two components show {share(float(self.explained.sum()))} of the variance of "
            f"{len(self.points):,} states"
        )
        if not self.fixed_points:
            return f"{variance}."
        counts = Counter(point.kind for point in self.fixed_points)
        kinds = ", ".join(f"{counts[kind]} {kind}" for kind in KINDS if counts[kind])
        return f"{variance}; fixed and slow points: {kinds}."

    @property
    def findings(self) -> list[str]:
        """The summary, and a line for each fixed point, and for each constant input's slow ones."""
        if not self.fixed_points:
            return [self.summary]
        labels = [
            f"nearest to {self.coloured_by} {self.label_names[label]}"
            for label in self.nearest_labels
        ]
        lines = [
            self.summary,
            "Reading the same input again and again, states near a stable point end there;",
            "at a slow point they hardly move.",
        ]
        for point, label in zip(self.fixed_points, labels, strict=True):
            if point.kind != SLOW:
                lines.append(f"{point.input}: {point.in_words}, {label}")
        slow = Counter(point.input for point in self.fixed_points if point.kind == SLOW)
        lines += [f"{name}: {count} slow" for name, count in slow.items()]
        return lines

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays, with those of the fixed points but without their memory.

        Not all cells have a memory.
        """
        arrays = super().arrays()
        for name in FixedPoint.in_json:
            if name != "memory":
                values = [getattr(point, name) for point in self.fixed_points]
                arrays[f"state_space_fixed_point_{name}"] = np.array(values)
        return arrays


def state_space(
    layer: str, states: Array, labels: Labels, label_names: tuple[str, ...], coloured_by: str
) -> StateSpaceAnalysis:
    """Return the analysis, without fixed points, of a layer's states.

    Args:
        layer: the layer's name.
        states: (N, H), N ≥ 2.
        labels: (N,), from 0.
        label_names: what each label stands for.
        coloured_by: what the labels are.

    Raises:
        CheckpointError: if states are not finite.
    """
    from sklearn.decomposition import PCA  # a second, on use only

    require_finite(states)
    with np.errstate(invalid="ignore"):  # states that are all the same have no variance to share
        model = PCA(min(2, *states.shape), svd_solver="full").fit(states.astype(np.float64))
    missing = 2 - model.n_components_  # where H is 1
    points = np.pad(model.transform(states), ((0, 0), (0, missing))).astype(np.float32)  # (N, 2)
    explained = np.pad(np.nan_to_num(model.explained_variance_ratio_), (0, missing))  # (2,)
    components = np.pad(model.components_, ((0, missing), (0, 0)))  # (2, H)
    return StateSpaceAnalysis(
        layer, points, labels, label_names, coloured_by, explained, components, model.mean_
    )


def analyse_state_space(
    reading: NetworkReading,
    progress: Progress = UNWATCHED,
    *,
    inputs: int = INPUTS,
    seed: int = 0,
) -> StateSpaceAnalysis | None:
    """Analyse a network's states, and its fixed points; None if it was stopped.

    They are the states after the last step of sequences by chance, or where each step has an
    answer, after one by chance: those of all layers side by side, or of a network that has no fixed
    points, those of the top layer read forward. Their colour is what `InsideNetwork.colouring`
    says.

    Raises:
        CheckpointError: if the weights are too large to compute with.
        DataError: if a set of data can't be read.
        TaskError: if the task can't be loaded, or is not of sequences.
    """
    network: InsideNetwork = reading.network
    stack = network.stack
    drawn = network.draw(inputs, seed, reading.trace.steps)
    steps, count, _ = drawn.inputs.shape
    random_steps = np.random.default_rng(seed).integers(0, drawn.lengths)  # (N,)
    chosen_steps = random_steps if stack.every_step else drawn.lengths - 1  # (N,)
    constant = network.constant_inputs(drawn)
    at_once = max(1, min(BATCH, MOST_NUMBERS // (steps * stack.numbers_a_step)))
    batches = np.array_split(np.arange(count), -(-count // at_once))
    total = len(batches) + len(constant or ())
    states, answers, starts = [], [], []
    progress.advance(0, total)
    for done, part in enumerate(batches, start=1):
        if progress.stopping:
            return None
        layers, logits = _read(network, drawn.inputs[:, part], top=constant is None)
        sequences = np.arange(len(part))
        held = np.concatenate([layer.states for layer in layers], axis=2)  # (T, n, H)
        states.append(held[chosen_steps[part], sequences])  # (n, H)
        answers.append(logits[chosen_steps[part] if len(logits) > 1 else 0, sequences])  # (n, O)
        memories = [layer.cells for layer in layers if layer.cells is not None]
        carried = np.concatenate([held, *memories], axis=2) if memories else held  # (T, n, D)
        starts.append(carried[random_steps[part], sequences])
        progress.advance(done, total)
    colouring = network.colouring(drawn, chosen_steps, np.concatenate(answers))
    known = colouring.labels != UNKNOWN
    known_states = np.concatenate(states)[known]
    name = ALL_LAYERS
    if constant is None or len(stack.layers) == 1:
        name = layer_name(stack.layers, len(stack.layers) - 1)
    analysis = state_space(
        name, known_states, colouring.labels[known], colouring.names, colouring.coloured_by
    )
    points = find_fixed_points(
        [layer.forward for layer in stack.layers],
        {name: stack.let_in(step) for name, step in (constant or {}).items()},
        np.concatenate(starts),
        progress.after(len(batches)),
    )
    if points is None:
        return None
    return with_fixed_points(analysis, points, known_states) if points else analysis


def _read(
    network: InsideNetwork, inputs: Array, *, top: bool
) -> tuple[Sequence[Activations], Array]:
    """Return what layers hold (T, N, H) while `inputs` (T, N, F) are read, and the answers.

    Args:
        network: what reads.
        inputs: what it reads.
        top: whether to return the top layer read forward alone, in place of all.

    Returns:
        the answers as `Stack.read_out` has them; (1, N, 0) if it is known what is right.
    """
    stack = network.stack
    logits = np.empty((1, inputs.shape[1], 0), np.float32)
    with np.errstate(all="ignore"):
        if top and network.knows_right:
            layers = [stack.layers[-1].forward.run(stack.read_below(inputs))]
        else:
            activations = stack.read(inputs)
            layers = [activations[-1][0]] if top else [forward for [forward] in activations]
            if not network.knows_right:
                logits = stack.read_out([direction.states for direction in activations[-1]])
    for layer in layers:
        require_finite(layer.states, *([] if layer.cells is None else [layer.cells]))
    require_finite(logits)
    return layers, logits


def with_fixed_points(
    analysis: StateSpaceAnalysis, points: tuple[FixedPoint, ...], states: Array
) -> StateSpaceAnalysis:
    """Return the analysis with fixed points, each labelled like the nearest state (N, H)."""
    from scipy.spatial.distance import cdist  # on use only

    distances = cdist(np.array([point.state for point in points]), states)  # (P, N)
    nearest_labels = analysis.labels[distances.argmin(axis=1)].tolist()
    return replace(analysis, fixed_points=points, nearest_labels=tuple(nearest_labels))


def find_fixed_points(
    layers: Sequence[CellWeights],
    inputs: Mapping[str, Array],
    starts: Array,
    progress: Progress = UNWATCHED,
) -> tuple[FixedPoint, ...] | None:
    """Find the fixed and slow points of layers that read each other's states, from `starts`.

    Returns None if it was stopped.

    There may be other points: a search ends at one near its start. States may also go round in a
    cycle, or drift for ever.

    Args:
        layers: from the input up.
        inputs: (F,) each, which are read at every step, by what to call them.
        starts: states (N, H) of all layers side by side, then their memories (N, 2·H) if they have
            some. Of large networks the first few are searched from: the Jacobians take their square
            in memory.
        progress: in inputs.
    """
    import torch  # seconds, on use only

    from rnn_tui.engine.training.parallel import cpu_workers  # torch

    carried = starts.shape[1]  # D
    searches = max(FEWEST_SEARCHES, min(SEARCHES, JACOBIAN_NUMBERS // carried**2))
    chosen = starts[:searches]
    fixed_points: list[FixedPoint] = []
    size = sum(weights.hidden_size for weights in layers)
    progress.advance(0, len(inputs))
    # operations this small are slower on two threads than on one
    with cpu_workers(1), torch.no_grad():
        for done, (name, read) in enumerate(inputs.items(), start=1):
            update = update_of(layers, read)
            points = _minimised(update, torch.tensor(chosen, dtype=torch.float64), progress)
            if points is None:
                return None
            fixed_points += _distinct_points(name, update, points, chosen, size)
            progress.advance(done, len(inputs))
    return tuple(fixed_points)


@dataclass(frozen=True, eq=False)
class StackUpdate:
    """F of layers that read each other's states: one more step of all that they carry.

    That is the states of all layers side by side, then their memories, if they have some.
    """

    layers: Sequence[CellWeights]  #: tensors, in double precision, from the input up.
    sums: "Tensor"  #: W·x + b (G·H,) of what the first one reads.

    def __call__(self, carried: "Tensor") -> "Tensor":
        """Return F(z) (N, D) of `carried` z (N, D), D the sum of H, or of 2·H, of all layers."""
        import torch  # seconds, on use only

        from rnn_tui.networks.layers import TORCH  # torch

        sizes = [weights.hidden_size for weights in self.layers]
        has_memory = self.layers[0].cell.has_memory
        parts = torch.split(carried, [*sizes, *sizes] if has_memory else sizes, 1)  # (N, H) each
        sums = self.sums.expand(len(carried), -1)  # (N, G·H)
        states: list[Tensor] = []
        memories: list[Tensor] = []
        for at, weights in enumerate(self.layers):
            if at:
                sums = weights.read(states[-1])
            last = Step(parts[at], parts[len(sizes) + at] if has_memory else None)
            after = weights.step(TORCH, sums, last)
            states.append(after.state)
            memories += [after.memory] if has_memory else []
        return torch.cat([*states, *memories], 1)


def update_of(layers: Sequence[CellWeights], read: Array) -> StackUpdate:
    """Return F of layers that read `read` (F,) at every step, in double precision."""
    import torch  # seconds, on use only

    doubles = [
        weights.mapped(lambda weight: torch.tensor(weight, dtype=torch.float64))
        for weights in layers
    ]
    return StackUpdate(doubles, doubles[0].read(torch.tensor(read, dtype=torch.float64)))


def jacobians(update: Update, points: "Tensor") -> "Tensor":
    """Return ∂F/∂z (N, D, D) at `points` (N, D): a row for each number that F returns."""
    import torch  # seconds, on use only

    count, width = points.shape
    # each point once for each number of the result: all rows come from one pass back
    with torch.enable_grad():
        repeated = points.detach().repeat_interleave(width, 0).requires_grad_()  # (N·D, D)
        # (N·D, D): of each copy of a point, one number of the result
        numbers = update(repeated) * torch.eye(width).to(points).repeat(count, 1)
        # from a sum: else PyTorch would load SymPy
        [rows] = torch.autograd.grad(numbers.sum(), repeated)
    return rows.view(count, width, width)


def _minimised(update: Update, points: "Tensor", progress: Progress) -> "Tensor | None":
    """Search from `points` for minima (N, D) of q = ½‖F(z) − z‖²; return None if it was stopped.

    By Levenberg and Marquardt's method: with J the Jacobian of F(z) − z and λ a damping that falls
    where a step makes q smaller, and rises if it does not, a step is

        −(JᵀJ + λI)⁻¹ · Jᵀ · (F(z) − z)
    """
    import torch  # seconds, on use only

    going = torch.arange(len(points))  # (n,), the searches that have not ended
    eye = torch.eye(points.shape[1]).to(points)  # (D, D)
    damping = torch.full_like(points[:, :1], FIRST_DAMPING)  # (N, 1)
    for _ in range(MOST_ITERATIONS):
        if progress.stopping:
            return None
        current, damped = points[going], damping[going]  # (n, D), (n, 1)
        difference = update(current) - current  # (n, D)
        slope = jacobians(update, current) - eye  # (n, D, D)
        transposed = slope.transpose(1, 2)
        step, _ = torch.linalg.solve_ex(  # (n, D, 1)
            transposed @ slope + damped[:, :, None] * eye, transposed @ difference[:, :, None]
        )
        tried = current - step[:, :, 0]  # (n, D)
        q_before = _half_squares(difference)  # (n, 1)
        q_after = _half_squares(update(tried) - tried)
        better = q_after < q_before  # which a step that is not finite never is
        points[going] = torch.where(better, tried, current)
        damping[going] = torch.where(better, damped / 10, damped * 10).clamp(min=LEAST_DAMPING)
        # Damped more and more without a better place: it is as near as numbers can say.
        stuck = damping[going] > MOST_DAMPING
        converged = torch.minimum(q_before, q_after) < CONVERGED_BELOW
        going = going[~(stuck | converged)[:, 0]]
        if not len(going):
            break
    return points


def _half_squares(differences: "Tensor") -> "Tensor":
    """Return ½‖d‖² (n, 1) of `differences` (n, D)."""
    return differences.square().sum(1, keepdim=True) / 2


def _distinct_points(
    name: str, update: Update, points: "Tensor", starts: Array, size: int
) -> list[FixedPoint]:
    """Return the fixed and slow points among `points` (N, D), each once.

    The stable ones come first, then those with the fewest unstable directions.

    Args:
        name: of the input that is read.
        update: F.
        points: where the searches ended.
        starts: (N, D), where they began.
        size: units H.
    """
    places = points.numpy()
    speeds = _half_squares(update(points) - points)[:, 0].numpy()  # (N,): q
    slopes = jacobians(update, points).numpy()  # (N, D, D)
    middle = starts.mean(axis=0)  # (D,)
    spread = np.linalg.norm(starts - middle, axis=1).mean()
    chosen: list[int] = []
    fixed_points: list[FixedPoint] = []
    for at in np.argsort(speeds, kind="stable"):
        if not speeds[at] < SLOW_BELOW:
            break
        fixed = speeds[at] < FIXED_BELOW
        least_distance = SAME_WITHIN if fixed else max(SAME_WITHIN, SLOW_SHARE * spread)
        distances = np.linalg.norm(places[chosen] - places[at], axis=1)
        if (distances < least_distance).any():
            continue
        moduli = np.abs(np.linalg.eigvals(slopes[at]))
        unstable = int((moduli > 1).sum())
        kind = SLOW
        if fixed:
            kind = SADDLE if unstable else STABLE
        if kind != STABLE and np.linalg.norm(places[at] - middle) > FAR_TIMES * spread:
            continue
        chosen.append(at)
        fixed_points.append(
            FixedPoint(
                input=name,
                kind=kind,
                state=places[at, :size],
                memory=places[at, size:] if places.shape[1] > size else None,
                speed=float(speeds[at]),
                spectral_radius=float(moduli.max()),
                unstable_directions=unstable,
            )
        )
    return sorted(fixed_points, key=_stable_first)


def _stable_first(point: FixedPoint) -> tuple[int, int]:
    return KINDS.index(point.kind), point.unstable_directions
