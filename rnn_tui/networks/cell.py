"""The recurrent cell: its equations, written once for NumPy, PyTorch and ONNX alike.

A cell is a small class in a file of its own and a line in `networks.CELLS`. From `step` alone come
the answers in NumPy, Inside, training (stacked layers for images, sets of replicas for
sequences) and the ONNX model. A cell that PyTorch or ONNX has as well says so, and is then as fast
as theirs. Neither NumPy nor PyTorch is loaded before something is computed.

Shapes: R replicas, T time steps, N sequences, F features, H units, G blocks of H rows of weights.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


#: the name, in edits and records, of the second value that some cells carry from step to step.
MEMORY = "cell"
#: their name of the first value.
STATE = "state"
#: an array or a tensor for each block of rows.
Blocks = Sequence[Any]


def _unedited(_name: str, values: Any) -> Any:
    return values


class Operations(NamedTuple):
    """The functions that `Cell.step` may use beside arithmetic.

    They take NumPy arrays, PyTorch tensors, or values of an ONNX graph under construction.
    """

    sigmoid: Callable[[Any], Any]  #: the logistic function.
    tanh: Callable[[Any], Any]  #: the hyperbolic tangent.
    relu: Callable[[Any], Any]  #: max(0, x).
    #: cuts (N, G·H, …) into so many blocks (N, H, …).
    split: Callable[[Any, int], Blocks]
    #: called with the name of a gate, or `MEMORY`, and its values; returns the values to use in
    #: their place. A step passes all gates and the memory through it, so that Inside can set them.
    edited: Callable[[str, Any], Any] = _unedited


class Step(NamedTuple):
    """A cell after a step."""

    state: Any  #: h, what the readout and the next step read.
    memory: Any  #: c, what the next step reads besides; None if there is no such thing.
    #: the gates in the order of `Cell.gates`; none before the first step.
    gates: tuple[Any, ...] = ()


@dataclass(frozen=True)
class OnnxOperator:
    """The operator of ONNX that computes the same."""

    name: str  #: such as `LSTM`.
    rows: tuple[int, ...]  #: for each block of rows of ONNX's weights, the number of our block.
    attributes: Mapping[str, int] = field(default_factory=dict)  #: the operator's attributes.
    activation: str = ""  #: the operator's activation, such as `Relu`; empty for its usual ones.


@dataclass(frozen=True)
class ReplicaColumns:
    """The columns of a set's weights (R, G·H, columns), by what they are multiplied by."""

    state: slice  #: by the last state; empty for a cell without recurrent weights.
    input: slice  #: by what is read.
    input_bias: int  #: by 1: the bias b of W·x + b.
    state_bias: int | None  #: by 1: the bias b′ of U·h + b′, if there is such a product.
    count: int  #: how many there are.


class Cell(ABC):
    """A kind of recurrent cell. If all weights of a unit are zero, its state must stay zero:
    sets of replicas rely on it.
    """

    name: ClassVar[str]  #: as typed, such as `lstm`.
    label: ClassVar[str]  #: as shown.
    #: the names of the blocks of H rows of its weights, in order; empty if there is one block,
    #: which is no gate.
    gates: ClassVar[tuple[str, ...]] = ()
    #: those of `gates` that are no gates but values that a gate lets in.
    candidates: ClassVar[tuple[str, ...]] = ("candidate",)
    has_memory: ClassVar[bool] = False  #: whether it carries a second value, c, from step to step.
    #: whether it multiplies the last state by weights U, with a bias b′. Without them, `step` gets
    #: no `recurrent` blocks, and the last state acts through `last` alone.
    has_recurrent_weights: ClassVar[bool] = True
    #: the gate that decides how much of the last step stays, whose bias `Recipe.forget_bias` sets
    #: in the `orthogonal` initialisation. None if there is no such gate.
    keep_gate: ClassVar[str | None] = None
    #: whether the last step stays while that gate is open (1). If False, it stays while the gate
    #: is shut (0), and a positive `Recipe.forget_bias` gives that gate a negative bias.
    open_gate_keeps: ClassVar[bool] = True
    #: whether a second direction reads the sequence from its end.
    bidirectional: ClassVar[bool] = False
    #: bytes that training keeps for the backward pass, per sequence, time step and unit: float32 on
    #: the CPU, rounded down.
    step_bytes: ClassVar[int] = 12
    #: bytes that a training step takes at its peak, per sequence, time step and unit: in float32 on
    #: the CPU, rounded up. 0 stands for `20 + 14·G`, which holds for all cells trained by `step`.
    peak_bytes: ClassVar[int] = 0
    #: the module that computes the same, such as `torch.nn:LSTM`; empty if there is none.
    pytorch: ClassVar[str] = ""
    #: the operator of ONNX that computes the same; None if its model is made from `step`.
    onnx: ClassVar[OnnxOperator | None] = None
    #: for each block of a set of replicas, the number of PyTorch's block of rows.
    replica_rows: ClassVar[tuple[int, ...]] = ()
    #: `module:class` of its sets of replicas, a `Replicas`; imported on use, and torch with it.
    replica_class: ClassVar[str] = "rnn_tui.networks.replicas:Replicas"

    @abstractmethod
    def step(self, operations: Operations, read: Blocks, recurrent: Blocks, last: Step) -> Step:
        """Return the step after `last`.

        Args:
            operations: all that may be done with the values, beside + − · / and powers.
            read: each block's W·x + b, of the state's shape.
            recurrent: each block's U·h + b′, of the state's shape; none for a cell without
                recurrent weights.
            last: the step before.
        """

    def step_of_sums(self, operations: Operations, read: Any, recurrent: Any, last: Step) -> Step:
        """Return `step` of the sums (N, G·H, …) of all blocks.

        `recurrent` is None if there is none.
        """
        return self.step(
            operations,
            operations.split(read, self.blocks),
            () if recurrent is None else operations.split(recurrent, self.blocks),
            last,
        )

    def start(self, state: Any) -> Step:
        """Return the step before the first one, with a state of zeros."""
        return Step(state, state if self.has_memory else None)

    @property
    def blocks(self) -> int:
        """Blocks G of H rows in the weights."""
        return max(1, len(self.gates))

    @property
    def most_step_bytes(self) -> int:
        """The bytes of a training step at its peak: `peak_bytes`, or what stands for 0."""
        return self.peak_bytes or 20 + 14 * self.blocks

    # Its weights.

    def layer_shapes(self, features: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes of one layer's weights, by their names in `nn.LSTM` and in its order.

        Weights that the cell does not have are left out.
        """
        rows = self.blocks * hidden_size
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, features)}
        if self.has_recurrent_weights:
            shapes["weight_hh"] = (rows, hidden_size)
        shapes["bias_ih"] = (rows,)
        if self.has_recurrent_weights:
            shapes["bias_hh"] = (rows,)
        return shapes

    def weights_of_layer(self, features: int, hidden_size: int) -> int:
        """Return the number of weights of one layer in one direction."""
        return sum(prod(shape) for shape in self.layer_shapes(features, hidden_size).values())

    def replica_columns(self, features: int, hidden_size: int) -> ReplicaColumns:
        """Return the columns of a set's weights (R, G·H, columns).

        H is that of the largest replica.
        """
        if self.has_recurrent_weights:
            end = hidden_size + features
            return ReplicaColumns(
                slice(0, hidden_size), slice(hidden_size, end), end, end + 1, end + 2
            )
        return ReplicaColumns(slice(0, 0), slice(0, features), features, None, features + 1)

    def is_in_use(self, name: str) -> bool:
        """Return whether the cell has a parameter of that name, such as `recurrent.weight_hh_l0`.

        Earlier versions kept recurrent weights and their bias, all unused, for a cell without them.
        """
        return self.has_recurrent_weights or not any(
            unused in name for unused in ("weight_hh", "bias_hh")
        )

    def columns_in_use(self, count: int, features: int, hidden_size: int) -> slice:
        """Return which of the `count` columns of a set's weights in a file are in use.

        See `is_in_use`.
        """
        unused = count == hidden_size + features + 2 and not self.has_recurrent_weights
        return slice(hidden_size, -1) if unused else slice(None)

    @property
    def rows_to_pytorch(self) -> list[int]:
        """The place in a set of replicas of each of PyTorch's blocks of rows."""
        return sorted(range(self.blocks), key=(self.replica_rows or range(self.blocks)).__getitem__)

    # Faster ways than `step` in NumPy, for a cell that has them. `networks.stepwise` has the types
    # of what goes in and comes out.

    def run_faster(self, weights: Any, inputs: "npt.NDArray[np.float32]") -> Any:  # noqa: ARG002
        """Return what `stepwise.run` returns, computed faster; None if there is no faster way.

        Args:
            weights: the `CellWeights` of a layer.
            inputs: (T, N, F).

        Returns:
            `Activations`.
        """
        return None

    def replica_states_faster(
        self,
        weights: "npt.NDArray[np.float32]",  # noqa: ARG002
        inputs: "npt.NDArray[np.uint8]",  # noqa: ARG002
        lengths: Sequence[int],  # noqa: ARG002
    ) -> "Iterator[npt.NDArray[np.float32]] | None":
        """Return what `stepwise.replica_states` does, but faster, or None."""
        return None
