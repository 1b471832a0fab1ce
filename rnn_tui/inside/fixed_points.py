"""Fixed and slow points: the states at which a network stays, or nearly stays, while it reads the same input again and again.

With F one step of the cell under a constant input and z all that it carries on (the state h, and the memory c where there is
one), q(z) = ½‖F(z) − z‖² is 0 at a fixed point, and small but not 0 at a slow point (Sussillo & Barak 2013, “Opening the
black box: low-dimensional dynamics in high-dimensional recurrent neural networks”; Golub & Sussillo 2018, “FixedPointFinder”).
It is minimised from states that the network visits, by the Levenberg–Marquardt method (Marquardt 1963): it knows that q is a
sum of squares, takes some ten steps where gradient descent takes thousands, and finds fixed points that repel as well.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from rnn_tui.inside.probes import Progress, Stopping
from rnn_tui.inside.trace import Record
from rnn_tui.networks.cell import Step
from rnn_tui.networks.stepwise import Array, CellWeights

if TYPE_CHECKING:
    from torch import Tensor

# What a fixed or a slow point is: see `FixedPoint.kind`.
KINDS = STABLE, SADDLE, SLOW = "stable", "saddle", "slow"
# In double precision q falls to about 1e-30 at a fixed point, and to 1e-20 even where the search converges slowly; the second
# is a step ‖F(z) − z‖ of 0.014.
FIXED_BELOW, SLOW_BELOW = 1e-20, 1e-4
# Nearer than this to each other, two fixed points are one, as in FixedPointFinder. Slow ones often fill a line or a plane: of
# those nearer to each other than this share of the starts' mean distance from their middle, the slowest is enough to show it.
# Farther from the middle than so many times that distance, a point that draws no states to it is left out, as there.
SAME_WITHIN, SLOW_SHARE, FAR_TIMES = 1e-3, 0.1, 10
# A search ends where rounding is all that is left of q; one that is not there by then goes along a valley that hardly falls.
FOUND_BELOW, MOST_ITERATIONS = 1e-26, 100
FIRST_DAMPING, LEAST_DAMPING, MOST_DAMPING = 1e-2, 1e-14, 1e10
# Searches that go on side by side, and numbers that all their Jacobians may take.
SEARCHES, FEWEST_SEARCHES, JACOBIAN_NUMBERS = 64, 8, 4_000_000

Update: TypeAlias = Callable[["Tensor"], "Tensor"]


@dataclass(frozen=True, eq=False)
class FixedPoint(Record):
    """A fixed or a slow point of a layer under a constant input."""

    in_json = ("input", "kind", "speed", "spectral_radius", "unstable_directions", "state", "memory")

    input: str  #: what is read again and again, in a word or two.
    #: `stable`, a fixed point to which the states near it come; `saddle`, a fixed point that they leave in some directions;
    #: `slow`, where a step changes little and no fixed point is near enough for the search to get there.
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
        leaving = f" with {count} unstable direction{'s' if count > 1 else ''}" if count else ""
        return f"{self.kind}{leaving} (spectral radius {self.spectral_radius:.2f})"


def find_fixed_points(
    weights: CellWeights, inputs: Mapping[str, Array], starts: Array,
    progress: Progress = lambda *_: None, stopping: Stopping = lambda: False,
) -> tuple[FixedPoint, ...] | None:  # fmt: skip
    """The fixed and slow points of a layer that are found from `starts`, input by input; None where it was stopped.

    `inputs` (F,) are read at every step, by what to call them; `starts` are states (N, H), or states and memories (N, 2·H) for
    a cell with a memory: of large networks the first few, since the Jacobians take their square in memory. There may be other
    points: a search ends at one near its start. States may also go round in a cycle, or drift for ever.
    """
    import torch  # noqa: PLC0415 - seconds, on use only

    from rnn_tui.engine.parallel import cpu_workers  # noqa: PLC0415 - torch

    searches = max(FEWEST_SEARCHES, min(SEARCHES, JACOBIAN_NUMBERS // starts.shape[1] ** 2))
    found: list[FixedPoint] = []
    with cpu_workers(1), torch.no_grad():  # operations this small are slower on two threads than on one
        for done, (name, read) in enumerate(inputs.items(), start=1):
            update = update_of(weights, read)
            points = _minimised(update, torch.tensor(starts[:searches], dtype=torch.float64), stopping)
            if points is None:
                return None
            found += _told_apart(name, update, points, starts[:searches], weights.hidden_size)
            progress(done, len(inputs))
    return tuple(found)


def update_of(weights: CellWeights, read: Array) -> Update:
    """F: all that a layer carries on (N, D) after one more step that reads `read` (F,); in double precision, D = H or 2·H."""
    import torch  # noqa: PLC0415 - seconds, on use only

    from rnn_tui.networks.layers import TORCH  # noqa: PLC0415 - torch

    cell, size = weights.cell, weights.hidden_size
    of_read = weights.of_input.astype(np.float64) @ read + weights.input_bias  # (G·H,)
    arrays = (of_read, weights.of_state, weights.state_bias)
    constant, of_state, bias = (torch.tensor(array, dtype=torch.float64) for array in arrays)

    def update(carried: "Tensor") -> "Tensor":
        last = Step(carried[:, :size], carried[:, size:] if cell.has_memory else None)
        recurrent = last.state @ of_state.T + bias  # (N, G·H)
        blocks = constant.expand_as(recurrent).chunk(cell.blocks, 1)
        after = cell.step(TORCH, blocks, recurrent.chunk(cell.blocks, 1), last)
        return torch.cat([after.state, after.memory], 1) if cell.has_memory else after.state

    return update


def jacobians(update: Update, points: "Tensor") -> "Tensor":
    """∂F/∂z (N, D, D) at `points` (N, D): a row for each number that F returns."""
    import torch  # noqa: PLC0415 - seconds, on use only

    count, width = points.shape
    with torch.enable_grad():  # each point once for each number of the result: all rows come from one pass back
        repeated = points.detach().repeat_interleave(width, 0).requires_grad_()
        [rows] = torch.autograd.grad(update(repeated), repeated, torch.eye(width, dtype=points.dtype).repeat(count, 1))
    return rows.view(count, width, width)


def _minimised(update: Update, points: "Tensor", stopping: Stopping) -> "Tensor | None":
    """Where q has a minimum (N, D), searched from `points`; None where it was stopped."""
    import torch  # noqa: PLC0415 - seconds, on use only

    going, eye = torch.arange(len(points)), torch.eye(points.shape[1]).to(points)
    damping = torch.full_like(points[:, :1], FIRST_DAMPING)
    for _ in range(MOST_ITERATIONS):
        if stopping():
            return None
        at, damped = points[going], damping[going]
        apart, slope = update(at) - at, jacobians(update, at) - eye
        transposed = slope.transpose(1, 2)
        step, _ = torch.linalg.solve_ex(transposed @ slope + damped[:, :, None] * eye, transposed @ apart[:, :, None])
        tried = at - step[:, :, 0]
        before, after = (one.square().sum(1, keepdim=True) / 2 for one in (apart, update(tried) - tried))  # q
        better = after < before  # which a step that is not finite never is
        points[going] = torch.where(better, tried, at)
        damping[going] = torch.where(better, damped / 10, damped * 10).clamp(min=LEAST_DAMPING)
        # Damped more and more without a better place: it is as near as numbers can say.
        ended = (damping[going] > MOST_DAMPING) | (torch.minimum(before, after) < FOUND_BELOW)
        going = going[~ended[:, 0]]
        if not len(going):
            break
    return points


def _told_apart(name: str, update: Update, points: "Tensor", starts: Array, size: int) -> list[FixedPoint]:
    """The fixed and slow ones among `points` (N, D), each once: the stable ones first, then those of fewest directions out."""
    apart, slopes, places = (update(points) - points).numpy(), jacobians(update, points).numpy(), points.numpy()
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
        found.append(FixedPoint(name, kind, place[:size], memory, float(speeds[at]), float(moduli.max()), unstable))
    return sorted(found, key=lambda one: (KINDS.index(one.kind), one.unstable_directions))
