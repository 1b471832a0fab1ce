"""Machines learned by asking a network: Angluin's L* (1987), for Mealy machines as Shahbaz & Groz (2009) have it, by AALpy.

As Weiss et al. (2018, “Extracting automata from recurrent neural networks using queries and counterexamples”) do it,
the network answers what it puts out at any word, and what it is known to put out at many words decides whether a
machine is the network's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from rnn_tui.engine.errors import UserError
from rnn_tui.inside.mealy import CARRY_MACHINE, SYMBOLS, Bits, MealyMachine, Words
from rnn_tui.inside.probes import Stopping
from rnn_tui.networks.cell import Step
from rnn_tui.networks.stepwise import NUMPY, Array, sigmoid
from rnn_tui.tasks.adder.questions import AdderNetwork

# A machine of more states says little; a network that cannot add may have no machine at all.
MOST_STATES = 40
# Places that the network reads for L*, in all, before it is given up: some seconds.
MOST_READ = 200_000
MOST_TRIED = 20  # words on which a machine is seen to fail, of which one must hold when asked alone


def require_aalpy() -> tuple[Any, Any, Any]:
    """What is used of AALpy: its systems under learning, its equivalence oracles, and L*.

    Raises:
        UserError: if it is not installed.
    """
    try:
        from aalpy.base import SUL, Oracle  # noqa: PLC0415 - an extra
        from aalpy.learning_algs import run_Lstar  # noqa: PLC0415
    except ImportError as error:
        need = "Learning a machine needs aalpy, which is not installed"
        raise UserError(f"{need}; pip install 'rnn-tui[automata]' installs it.") from error
    return SUL, Oracle, run_Lstar


class _StoppedError(Exception):
    """Learning was to be left."""


class _TooLargeError(Exception):
    """There is no machine of at most `MOST_STATES` states, as far as it was looked for."""


@dataclass
class _Node:
    """The network after it has read a word."""

    step: Step  #: of (1, H).
    bit: int  #: put out at the last symbol.
    following: dict[int, "_Node"] = field(default_factory=dict)  #: what comes after one more symbol, as far as read.


class MachineLearner:
    """Learns a machine by L*, of the network symbol by symbol, each word read once.

    Args:
        network: of one replica.
        known: words (T, N) and what the network puts out at them, the short ones first.
        progress: told of how many states the machine is so far.
        stopping: asked whether to leave the rest.
    """

    def __init__(
        self, network: AdderNetwork, known: Sequence[tuple[Words, Bits]],
        progress: Callable[[int], object], stopping: Stopping,
    ) -> None:  # fmt: skip
        self._weights, self._readout = network.cell(0), network.readout(0)
        self._known, self._progress, self._stopping = known, progress, stopping
        start = self._weights.cell.start(np.zeros((1, self._weights.hidden_size), np.float32))
        self._root = self._at = _Node(start, 0)
        self._read = 0
        self._agreed: MealyMachine | None = None

    def learn(self) -> tuple[MealyMachine | None, bool] | None:
        """A machine that agrees on the short words, if one was found, and whether on the long ones, too; None if stopped."""
        system, oracle, run_lstar = require_aalpy()
        learner = self

        class Asked(system):  # type: ignore[misc, valid-type]
            def pre(self) -> None:
                learner.begin()

            def post(self) -> None:
                """Nothing is left to do."""

            def step(self, letter: int) -> int:
                return learner.step(letter)

        class Compared(oracle):  # type: ignore[misc, valid-type]
            def find_cex(self, hypothesis: Any) -> tuple[int, ...] | None:
                return learner.counterexample(_machine_of(hypothesis))

        alphabet, asked = [*range(len(SYMBOLS))], Asked()
        try:
            found = run_lstar(alphabet, asked, Compared(alphabet, asked), "mealy", cache_and_non_det_check=False, print_level=0)
        except _TooLargeError:
            return self._agreed, False
        except _StoppedError:
            return None
        return _machine_of(found), True

    def begin(self) -> None:
        """Go back to before the first symbol."""
        if self._stopping():
            raise _StoppedError
        self._at = self._root

    def step(self, symbol: int) -> int:
        """Read one more symbol; returns the bit put out."""
        if symbol not in self._at.following:
            self._read += 1
            if self._read > MOST_READ:
                raise _TooLargeError
            weights, cell, last = self._weights, self._weights.cell, self._at.step
            with np.errstate(all="ignore"):
                recurrent = last.state @ weights.of_state.T + weights.state_bias
                step = cell.step(NUMPY, self._of_input[symbol], np.split(recurrent, cell.blocks, axis=1), last)
                logit = step.state @ self._readout[0].T + self._readout[1]
            self._at.following[symbol] = _Node(step, int(sigmoid(logit)[0, 0] >= 0.5))
        self._at = self._at.following[symbol]
        return self._at.bit

    @cached_property
    def _of_input(self) -> list[list[Array]]:
        """What comes of each symbol to each block (1, H) of the cell's sums."""
        bits = np.array([[symbol >> 1, symbol & 1] for symbol in range(len(SYMBOLS))], np.float32)
        sums = bits @ self._weights.of_input.T + self._weights.input_bias
        return [np.split(one[None], self._weights.cell.blocks, axis=1) for one in sums]

    def counterexample(self, machine: MealyMachine) -> tuple[int, ...] | None:
        """A word on which `machine` is not what the network is; None where it agrees on all that are known."""
        self._progress(min(len(machine.states), MOST_STATES))
        if len(machine.states) > MOST_STATES:
            raise _TooLargeError
        odd = machine.difference(CARRY_MACHINE)  # the first thing that will be said of it
        if odd is not None and self._differs(machine, odd):
            return odd
        for words, outputs in self._known:
            differs = machine.run(words) != outputs
            columns, first = np.flatnonzero(differs.any(axis=0)), differs.argmax(axis=0)
            for column in columns[np.argsort(first[columns], kind="stable")][:MOST_TRIED]:
                word = tuple(words[: first[column] + 1, column].tolist())
                if self._differs(machine, word):  # alone the network may round otherwise than in a batch
                    return word
            self._agreed = self._agreed or machine  # the first: with the short words only
        return None

    def _differs(self, machine: MealyMachine, word: tuple[int, ...]) -> bool:
        self.begin()
        said = [self.step(symbol) for symbol in word]
        return bool(said != machine.run(np.array(word, np.uint8)[:, None])[:, 0].tolist())


def _machine_of(hypothesis: Any) -> MealyMachine:
    """AALpy's machine as ours: states in the order in which they are reached, called as the true one's if it is that."""
    order = [hypothesis.initial_state]
    for state in order:  # which grows
        for symbol in range(len(SYMBOLS)):
            if state.transitions[symbol] not in order:
                order.append(state.transitions[symbol])
    symbols = range(len(SYMBOLS))
    machine = MealyMachine(
        tuple(f"q{at}" for at in range(len(order))),
        np.array([[state.output_fun[symbol] for symbol in symbols] for state in order], np.uint8),
        np.array([[order.index(state.transitions[symbol]) for symbol in symbols] for state in order]),
    )
    if len(order) == len(CARRY_MACHINE.states) and machine.difference(CARRY_MACHINE) is None:
        return replace(machine, states=CARRY_MACHINE.states)
    return machine
