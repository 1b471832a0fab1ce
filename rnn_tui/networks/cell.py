"""What a recurrent cell is: its equations, written once for NumPy and PyTorch alike.

A cell is a small class in a file of its own and a line in `networks.CELLS`. From `step` alone come
the answers in NumPy, the look inside, and training: stacked layers for images, and sets of replicas
for sequences. A cell that PyTorch or ONNX has as well says so, and is then as fast as theirs.
Neither NumPy nor PyTorch is loaded before something is computed.

Shapes: R replicas, T time steps, N sequences, F features, H units, G blocks of H rows of weights.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, cast

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from torch import nn

    from rnn_tui.networks.replicas import Replicas
    from rnn_tui.networks.stepwise import Activations, Array, CellWeights


# What edits and records call the second value that some cells carry from step to step; and the
# first.
MEMORY, STATE = "cell", "state"
Blocks = Sequence[Any]  # an array or a tensor for each block of rows


class Operations(NamedTuple):
    """What `Cell.step` may use beside arithmetic: of NumPy arrays or of PyTorch tensors."""

    sigmoid: Callable[[Any], Any]  #: the logistic function.
    tanh: Callable[[Any], Any]  #: the hyperbolic tangent.
    #: takes the name of a gate, or `MEMORY`, and its values; returns those to go on with. A step
    #: passes all of them through it, so that a look inside can set them.
    edited: Callable[[str, Any], Any] = lambda _, values: values


class Step(NamedTuple):
    """A cell after a step."""

    state: Any  #: h, what the readout and the next step read.
    memory: Any  #: c, what the next step reads besides; None where there is no such thing.
    gates: tuple[Any, ...] = ()  #: in the order of `Cell.gates`; none before the first step.


@dataclass(frozen=True)
class OnnxOperator:
    """The operator of ONNX that computes the same."""

    name: str  #: such as `LSTM`.
    rows: tuple[int, ...]  #: which of our blocks of rows stands at each place of ONNX's weights.
    attributes: Mapping[str, int] = field(default_factory=dict)  #: of the operator.


class Cell(ABC):
    """A kind of recurrent cell. Where all weights of a unit are zero, its state must stay zero:
    sets of replicas rely on it.
    """

    name: ClassVar[str]  #: as typed, such as `lstm`.
    label: ClassVar[str]  #: as shown.
    #: the names of the blocks of H rows of its weights, in order; empty where there is one block,
    #: which is no gate.
    gates: ClassVar[tuple[str, ...]] = ()
    has_memory: ClassVar[bool] = False  #: whether it carries a second value, c, from step to step.
    #: the gate that decides how much of the last step stays; `Recipe.forget_bias` is its bias in
    #: the `orthogonal` initialisation. None where there is no such gate.
    keep_gate: ClassVar[str | None] = None
    #: whether a second direction reads the sequence from its end.
    bidirectional: ClassVar[bool] = False
    #: bytes that training keeps for the backward pass, per sequence, time step and unit: float32 on
    #: the CPU, rounded down.
    step_bytes: ClassVar[int] = 12
    #: the module that computes the same, such as `torch.nn:LSTM`; empty where there is none.
    pytorch: ClassVar[str] = ""
    #: the operator of ONNX that computes the same, or None.
    onnx: ClassVar[OnnxOperator | None] = None
    #: which block of PyTorch's rows stands at each place of a set of replicas.
    replica_rows: ClassVar[tuple[int, ...]] = ()
    #: `module:class` of its sets of replicas, a `Replicas`; imported on use, and torch with it.
    replica_class: ClassVar[str] = "rnn_tui.networks.replicas:Replicas"

    @abstractmethod
    def step(self, operations: Operations, read: Blocks, recurrent: Blocks, last: Step) -> Step:
        """One step from the `last`, of each block's W·x + b (`read`) and U·h + b (`recurrent`), all
        of the state's shape.
        """

    def start(self, state: Any) -> Step:
        """What comes before the first step, with a state of zeros."""
        return Step(state, state if self.has_memory else None)

    @property
    def blocks(self) -> int:
        """Blocks G of H rows in the weights."""
        return max(1, len(self.gates))

    @property
    def rows_to_pytorch(self) -> list[int]:
        """At which place of a set of replicas each block of PyTorch's rows stands."""
        return sorted(range(self.blocks), key=(self.replica_rows or range(self.blocks)).__getitem__)

    # In PyTorch.

    def layers(self, features: int, hidden_size: int, layers: int) -> "nn.Module":
        """Stacked layers, from sequences (N, T, F) to states (N, T, H) and more; parameters are
        called as in `nn.LSTM`.
        """
        from rnn_tui.networks.layers import StackedLayers  # noqa: PLC0415 - torch, on use only

        if not self.pytorch:
            return StackedLayers(self, features, hidden_size, layers)
        module: nn.Module = resolve_name(self.pytorch)(
            features, hidden_size, layers, batch_first=True
        )
        return module

    def replicas(self, hidden_sizes: Sequence[int], features: int, outputs: int) -> "Replicas":
        """Many small networks side by side, with weights of zero."""
        return cast(
            "Replicas", resolve_name(self.replica_class)(self, hidden_sizes, features, outputs)
        )

    # In NumPy.

    def run(self, weights: "CellWeights", inputs: "Array") -> "Activations":
        """Read `inputs` (T, N, F) with one layer's weights, from states of zero."""
        from rnn_tui.networks.stepwise import run  # noqa: PLC0415 - numpy, on use only

        return run(weights, inputs)

    def replica_states(
        self, weights: "Array", inputs: "npt.NDArray[np.uint8]", lengths: Sequence[int]
    ) -> "Iterator[Array]":
        """The states (R, H, n) after each step, of the n sequences that have not ended.

        Of `weights` (R, G·H, H + F + 2), as `networks.replicas.Replicas` has them, and `inputs` (T,
        F, B), the longest sequence first; `lengths` are B steps, descending, the first of them T.
        """
        from rnn_tui.networks.stepwise import replica_states  # noqa: PLC0415 - numpy, on use only

        return replica_states(self, weights, inputs, lengths)
