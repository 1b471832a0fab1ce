"""Sums asked of `rnn-tui add` on stdin against the same sums one by one through `nn.LSTM`.

Pairs a second: ours from the text of the lines to the text of the answers, through the function
that the command calls; PyTorch's from numbers to numbers with the same weights, as one asks a model
in a notebook. Both must answer alike. Nothing to import is counted, though PyTorch takes seconds.
"""

import io
import os
import sys
import time
from contextlib import redirect_stdout
from unittest import mock

import numpy as np
import torch
from _common import machine, median, parser, spread, take_turns, temporary_home, verdict
from torch import nn

from rnn_tui.archive.weights import NETWORKS, choose
from rnn_tui.cli.questions import AskRequest, ask
from rnn_tui.tasks.adder.questions import AdderNetwork, AdderQuestions, Addition, number_of
from rnn_tui.tasks.sequences.inference import ReplicaChoice

TARGET = 3.0


def draw(count: int) -> list[Addition]:
    """Pairs of up to 19 bits, as in training."""
    random = np.random.default_rng(0)
    return [
        Addition(*map(int, random.integers(0, 2**bits, 2)))
        for bits in random.integers(1, 20, count).tolist()
    ]


def pretrained() -> AdderQuestions:
    """The network that answers by default, of those that ship."""
    source = choose("adder", only_pretrained=True)
    network = NETWORKS.get(source.path, AdderNetwork)
    return AdderQuestions(network, source.label, source.path, ReplicaChoice())


def ours(pairs: list[Addition]) -> list[str]:
    """The lines that the command prints."""
    stdin = io.StringIO("".join(f"{pair.a:b} {pair.b:b}\n" for pair in pairs))
    questions = pretrained()
    with mock.patch.object(sys, "stdin", stdin), redirect_stdout(io.StringIO()) as out:
        ask(questions, AskRequest(question=None, as_json=False, quiet=True))
    return out.getvalue().splitlines()


class Notebook(nn.Module):
    """One replica as PyTorch's own modules."""

    def __init__(self, network: AdderNetwork) -> None:
        super().__init__()
        [gates], [readout] = network._gates["l0"], network._readout
        hidden = readout.shape[1] - 1
        # Ours are candidate, input, forget, output; PyTorch's input, forget, candidate, output.
        order = [n * hidden + unit for n in (1, 2, 0, 3) for unit in range(hidden)]
        rows = torch.from_numpy(gates[order])
        self.lstm = nn.LSTM(2, hidden)
        self.readout = nn.Linear(hidden, 1)
        with torch.no_grad():
            self.lstm.weight_hh_l0.copy_(rows[:, :hidden])
            self.lstm.weight_ih_l0.copy_(rows[:, hidden:-2])
            self.lstm.bias_ih_l0.copy_(rows[:, -2])
            self.lstm.bias_hh_l0.copy_(rows[:, -1])
            self.readout.weight.copy_(torch.from_numpy(readout[:, :-1]))
            self.readout.bias.copy_(torch.from_numpy(readout[:, -1]))

    def add(self, pair: Addition) -> int:
        """The sum of one pair."""
        bits = np.stack([pair.bits(pair.a), pair.bits(pair.b)], axis=1)
        with torch.inference_mode():
            states, _ = self.lstm(torch.from_numpy(bits).float())  # (L, H)
            return number_of((self.readout(states)[:, 0] >= 0).numpy())


def rate(count: int, began: float) -> float:
    """Pairs a second since `began`."""
    return count / (time.perf_counter() - began)


def main() -> None:
    """Measure and print."""
    options = parser(__doc__, rounds=7)
    options.add_argument("--pairs", type=int, default=5000, help="pairs a turn (%(default)s)")
    arguments = options.parse_args()
    pairs = draw(arguments.pairs)
    with temporary_home():
        print(machine(), f"{os.cpu_count()} cores", sep=", ")
        [network] = pretrained().networks
        notebook = Notebook(network)
        torch.set_num_threads(1)  # the faster for it: nothing here is worth a second thread
        our_sums = [int(line.split()[4], 2) for line in ours(pairs)]
        their_sums = [notebook.add(pair) for pair in pairs]
        if our_sums != their_sums:
            raise SystemExit("the two do not answer alike")

        def our_turn() -> float:
            began = time.perf_counter()
            ours(pairs)
            return rate(len(pairs), began)

        def their_turn() -> float:
            began = time.perf_counter()
            for pair in pairs:
                notebook.add(pair)
            return rate(len(pairs), began)

        rates = take_turns({"ours": our_turn, "one by one": their_turn}, arguments.rounds)
        for name, values in rates.items():
            print(f"{name:10} {median(values):8,.0f} pairs/s ({spread(values)})")
        ratio = median(rates["ours"]) / median(rates["one by one"])
        print(f"ours / one by one = {verdict(ratio, TARGET)}")


if __name__ == "__main__":
    main()
