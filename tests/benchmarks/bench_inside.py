"""A look inside one digit: states, cells, gates and an answer after every row, all in numpy.

Against one forward pass of the same network in PyTorch, which keeps the states only, on one
thread: more would only get in each other's way on one image. Target: at most 5 ms, so that a digit
is there long before 100 ms after a key; the ratio is told as well.

And the same once more with an edit, by the equations of the cell's step. Target: at most 50 ms.
"""

import time
from collections.abc import Callable

import torch
from _common import add_models, machine, median, parser, spread, take_turns, verdict

from rnn_tui.archive.weights import NETWORKS, choose_shipped
from rnn_tui.inside.edits import Edit
from rnn_tui.inside.image_network import layer_name, trace_digit
from rnn_tui.networks.cell import STATE
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.images.model import build_model
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.mnist.data import load_mnist

REPEATS = 50
MOST_MILLISECONDS, MOST_EDITED_MILLISECONDS = 5.0, 50.0


def timed(call: Callable[[], object]) -> Callable[[], float]:
    """Milliseconds a call."""

    def measure() -> float:
        began = time.perf_counter()
        for _ in range(REPEATS):
            call()
        return 1e3 * (time.perf_counter() - began) / REPEATS

    return measure


def contenders(model: str) -> dict[str, Callable[[], float]]:
    """A trace by us, one with an edit, a forward pass by PyTorch, of the same digit and weights."""
    network = NETWORKS.get(choose_shipped("mnist", model).path, RowReaderNetwork)
    digit = load_mnist().test_images[7].float().div(255)
    module = build_model(network.config)
    module.load_state_dict({name: torch.from_numpy(a) for name, a in network.arrays.items()})
    rows = torch.from_numpy(network.rows(digit.numpy()[None]).transpose(1, 0, 2).copy())

    @torch.inference_mode()
    def forward() -> object:
        return module(rows)

    # From the middle on, a unit of the first layer is silent; before that, all is computed anew
    # just as well.
    edits = [Edit(layer_name(network.layers, 0), STATE, (0,), 14, None, 0.0)]
    return {
        "trace": timed(lambda: trace_digit(network, digit.numpy())),
        "trace with an edit": timed(lambda: trace_digit(network, digit.numpy(), edits)),
        "PyTorch's forward pass": timed(forward),
    }


def main() -> None:
    """Measure and print."""
    options = parser(__doc__, rounds=9)
    add_models(options)
    arguments = options.parse_args()
    print(machine())
    torch.set_num_threads(1)
    for model in (one for one in arguments.models if one in MNIST.shipped_cells):
        taking = contenders(model)
        for call in taking.values():
            call()  # warm-up
        times = take_turns(taking, arguments.rounds)
        for name, values in times.items():
            print(f"{model}: {name:24} {median(values):.3f} ms ({spread(values)})")
        ours, edited, theirs = map(median, times.values())
        print(f"{model}: trace, ms = {verdict(ours, MOST_MILLISECONDS, at_most=True)}")
        print(
            f"{model}: trace with an edit, ms = "
            f"{verdict(edited, MOST_EDITED_MILLISECONDS, at_most=True)}"
        )
        print(f"{model}: trace / forward pass = {ours / theirs:.2f}", flush=True)


if __name__ == "__main__":
    main()
