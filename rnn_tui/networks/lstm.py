"""LSTM (Hochreiter & Schmidhuber 1997; Gers' forget gate): c = f·c₋₁ + i·g, h = o·tanh c, of gates
i, f, o and candidate g.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rnn_tui.networks.cell import MEMORY, Blocks, Cell, OnnxOperator, Operations, Step

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from rnn_tui.networks.stepwise import Activations, Array, CellWeights


class LSTMCell(Cell):
    """A memory that gates write, keep and show."""

    name, label = "lstm", "LSTM"
    pytorch = "torch.nn:LSTM"
    gates = ("input", "forget", "candidate", "output")
    has_memory = True
    keep_gate = "forget"
    step_bytes = 48
    peak_bytes = 112
    onnx = OnnxOperator("LSTM", (0, 3, 1, 2))
    # The candidate first, so that the three that go through a sigmoid lie together, and likewise
    # the three that the gradient of the memory reaches.
    replica_rows = (2, 0, 1, 3)
    replica_class = "rnn_tui.networks.lstm_replicas:ReplicaLSTM"  # its backward pass is by hand

    def step(self, operations: Operations, read: Blocks, recurrent: Blocks, last: Step) -> Step:
        """Return c = f·c₋₁ + i·g and h = o·tanh c."""
        sums = [x + h for x, h in zip(read, recurrent, strict=True)]
        write, keep, show = (
            operations.edited(self.gates[at], operations.sigmoid(sums[at])) for at in (0, 1, 3)
        )
        candidate = operations.edited("candidate", operations.tanh(sums[2]))
        memory = operations.edited(MEMORY, keep * last.memory + write * candidate)
        return Step(show * operations.tanh(memory), memory, (write, keep, candidate, show))

    # In NumPy, twice as fast as by the equations of its step alone.

    def run_faster(self, weights: "CellWeights", inputs: "Array") -> "Activations":
        """Run the layer with all gates of a step in one product, and in place."""
        import numpy as np  # on use only

        from rnn_tui.networks.stepwise import Activations, sigmoid  # numpy

        steps, count, features = inputs.shape
        bias = weights.input_bias + weights.state_bias  # (4·H,)
        flat: Array = (
            inputs.reshape(steps * count, features) @ weights.of_input.T + bias
        )  # (T·N, 4·H)
        sums = flat.reshape(steps, count, -1)  # (T, N, 4·H), which become the gates in place
        write, keep, candidate, show = np.split(sums, 4, axis=2)  # (T, N, H) each
        both = sums[:, :, : 2 * weights.hidden_size]  # write and keep
        states, cells = np.empty_like(write), np.empty_like(write)
        of_state = weights.state_columns
        for step in range(steps):
            if step:
                sums[step] += states[step - 1] @ of_state
            both[step] = sigmoid(both[step])
            np.tanh(candidate[step], out=candidate[step])
            show[step] = sigmoid(show[step])
            np.multiply(write[step], candidate[step], out=cells[step])
            if step:
                cells[step] += keep[step] * cells[step - 1]
            np.multiply(show[step], np.tanh(cells[step]), out=states[step])
        gates = (write, keep, candidate, show)
        return Activations(states, cells, dict(zip(self.gates, gates, strict=True)))

    def replica_states_faster(
        self, weights: "Array", inputs: "npt.NDArray[np.uint8]", lengths: Sequence[int]
    ) -> "Iterator[Array]":
        """Yield the states of replicas, with one product a step."""
        import numpy as np  # on use only

        from rnn_tui.networks.stepwise import sigmoid, still_going  # numpy

        replicas, rows, columns = weights.shape
        width, active = rows // 4, len(lengths)
        # What the weights are multiplied by: states, inputs, ones.
        joined = np.zeros((replicas, columns, active), np.float32)  # (R, H + F + 2, n)
        joined[:, -2:] = 1
        cell = joined[:, :width].copy()  # (R, H, n)
        for step, at_step in enumerate(inputs):
            going = still_going(lengths, step)
            if going < active:
                active = going
                joined = joined[:, :, :active].copy()
                cell = cell[:, :, :active].copy()
            joined[:, width:-2] = at_step[..., :active]
            sums = weights @ joined  # (R, 4·H, n)
            gates = sigmoid(sums[:, width:])  # (R, 3·H, n): i, f, o
            cell = gates[:, width : 2 * width] * cell + gates[:, :width] * np.tanh(sums[:, :width])
            joined[:, :width] = gates[:, 2 * width :] * np.tanh(cell)
            yield joined[:, :width]


class BiLSTMCell(LSTMCell):
    """A bidirectional LSTM: two LSTMs, one of which reads the sequence from its end."""

    name, label = "bilstm", "biLSTM"
    bidirectional = True
