"""Inside a row reader: one digit, row by row, and the pixels that speak for its answer."""

from __future__ import annotations

import numpy as np

from rnn_tui.inside.trace import LayerTrace, Trace, against_the_mean, checked, layer_trace, mapped
from rnn_tui.networks.stepwise import Activations, Array, CellWeights, softmax
from rnn_tui.tasks.mnist.inference import CLASSES, PIXEL_DEVIATION, Layer, RowReaderNetwork

ALL_STATES_NOTE = (
    "This readout needs the states of all 28 rows: an answer after fewer is the readout with the "
    "rest of the states zero."
)
LAST_STEP_NOTE = (
    "This network answers after the last row: an answer after an earlier one is what it would say "
    "if the image ended there."
)
BACKWARD_NOTE = (
    "The backward direction as it is after its first step, on each row alone; the readout takes it "
    "at the last row."
)
WHOLE_NOTE = "As it reads the whole image, with all rows below known to the backward directions."


def trace_digit(network: RowReaderNetwork, digit: Array) -> Trace:
    """What `network` holds while it reads `digit` (28, 28), 0 for background … 1 for ink.

    Raises:
        CheckpointError: if its weights are too large to compute with.
    """
    with np.errstate(all="ignore"):
        rows = network.rows(digit[None])  # (T, 1, F)
        logits = logits_after_rows(network, rows)[:, 0]  # (T, 10)
        answers = logits.argmax(axis=1)
        answer = int(answers[-1])
        read = _two_ways if network.cell.bidirectional else _one_way
        layers = read(network, rows, answer)
        probabilities = softmax(logits)
    return checked(
        Trace(
            task=network.config.task,
            read=tuple(f"row {row}" for row in range(1, len(rows) + 1)),
            inputs=rows[:, 0],
            layers=tuple(layers),
            outputs=tuple(map(str, range(CLASSES))),
            every_step=False,
            logits=logits,
            probabilities=probabilities,
            answers=answers.astype(np.int64),
            prefix_note=prefix_note(network),
        )
    )


def prefix_note(network: RowReaderNetwork) -> str:
    """What an answer before the last row means, in a sentence."""
    return LAST_STEP_NOTE if network.cell.bidirectional else ALL_STATES_NOTE


def logits_after_rows(network: RowReaderNetwork, rows: Array) -> Array:
    """Logits (T, N, 10) after each of the `rows` (T, N, 28), as `prefix_note` says."""
    if not network.cell.bidirectional:
        for layer in network.layers:
            rows = layer.forward.run(rows).states
        return _logits_of_states(network, rows)
    if len(network.layers) > 1:
        # Below the top, the backward direction starts from the last row: all of it is different
        # for every number of rows.
        return np.stack([network.logits_of_rows(rows[: row + 1]) for row in range(len(rows))])
    [layer] = network.layers
    assert layer.backward is not None
    ahead, back = layer.forward.run(rows), _on_each_row(layer.backward, rows)
    weight, bias = network.readout
    result: Array = np.concatenate([ahead.states, back.states], axis=2) @ weight.T + bias
    return result


def _logits_of_states(network: RowReaderNetwork, states: Array) -> Array:
    """Logits (T, N, 10) of the top layer's first 1 … T states (T, N, H), the rest of them zero."""
    weight, bias = network.readout
    by_row = weight.reshape(CLASSES, len(states), -1).transpose(1, 2, 0)  # (T, H, 10)
    result: Array = np.cumsum(states @ by_row, axis=0) + bias
    return result


def _on_each_row(cell: CellWeights, rows: Array) -> Activations:
    """A layer's activations (T, N, H) after one step, from zero, on each of the `rows` alone."""
    steps, count, features = rows.shape
    found = cell.run(rows.reshape(1, steps * count, features))
    return mapped(found, lambda values: values.reshape(steps, count, -1))


def _one_way(network: RowReaderNetwork, rows: Array, answer: int) -> list[LayerTrace]:
    """The layers of a cell that reads one way, down `rows` (T, 1, 28)."""
    weight = against_the_mean(network.readout[0], answer).reshape(len(rows), -1)  # (T, H)
    *below, top = network.layers
    traces: list[LayerTrace] = []
    for at, layer in enumerate(below):
        read = layer.forward.run(rows)
        rows = read.states
        importance = _drive(rows, network.layers[at + 1])
        traces.append(layer_trace(f"layer {at + 1}", read, importance, read_out=False))
    read = top.forward.run(rows)
    importance = (read.states[:, 0] * weight).sum(axis=0)
    return [*traces, layer_trace(f"layer {len(network.layers)}", read, importance)]


def _two_ways(network: RowReaderNetwork, rows: Array, answer: int) -> list[LayerTrace]:
    """The layers of a bidirectional cell that reads `rows` (T, 1, 28)."""
    weights = np.split(against_the_mean(network.readout[0], answer), 2)  # (H,) each
    *below, top = network.layers
    traces: list[LayerTrace] = []
    for at, layer in enumerate(below):
        assert layer.backward is not None
        ahead, back = layer.forward.run(rows), layer.backward.run(rows[::-1])
        back = mapped(back, lambda values: values[::-1])  # in the order of the rows again
        rows = np.concatenate([ahead.states, back.states], axis=2)
        drives = np.split(_drive(rows, network.layers[at + 1]), 2)
        for way, read, drive in zip(("forward", "backward"), (ahead, back), drives, strict=True):
            name = f"layer {at + 1} {way}"
            traces.append(layer_trace(name, read, drive, read_out=False, note=WHOLE_NOTE))
    assert top.backward is not None
    ahead, back = top.forward.run(rows), _on_each_row(top.backward, rows)
    adds = [
        read.states[-1, 0] * weight for read, weight in zip((ahead, back), weights, strict=True)
    ]
    name, note = f"layer {len(network.layers)}", WHOLE_NOTE if below else ""
    traces.append(layer_trace(f"{name} forward", ahead, adds[0], note=note))
    traces.append(layer_trace(f"{name} backward", back, adds[1], note=BACKWARD_NOTE))
    return traces


def _drive(states: Array, above: Layer) -> Array:
    """How strongly each unit (H,) of states (T, 1, H) drives the layer above."""
    weights = np.abs(above.forward.of_input).sum(axis=0)
    result: Array = np.abs(states[:, 0]).mean(axis=0) * weights
    return result


def saliency(network: RowReaderNetwork, digit: Array) -> Array:
    """The gradient (28, 28) of the winning logit on the pixels of `digit` (28, 28) in 0 … 1.

    Where it is positive, more ink would speak for the answer (Simonyan et al. 2014, “Deep inside
    convolutional networks”). By PyTorch's autograd, in double precision.
    """
    import torch  # noqa: PLC0415 - seconds, on use only

    from rnn_tui.networks.row_reader import build_row_reader  # noqa: PLC0415

    config = network.config
    side = len(digit)
    model = build_row_reader(
        network.cell,
        features=side,
        time_steps=side,
        classes=CLASSES,
        hidden_size=config.hidden_size,
        layers=config.layers,
    ).double()
    model.load_state_dict(
        {name: torch.from_numpy(array).double() for name, array in network.arrays.items()}
    )
    model.requires_grad_(False)
    rows = torch.from_numpy(network.rows(digit[None])[:, 0]).double().requires_grad_()
    with torch.enable_grad():
        winning = model(rows[None])[0].max()
        [gradient] = torch.autograd.grad(winning, rows)
    if config.recipe.standardise:
        gradient = gradient / PIXEL_DEVIATION
    result: Array = gradient.numpy().astype(np.float32)
    return result
