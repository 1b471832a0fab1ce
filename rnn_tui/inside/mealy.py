"""Mealy machines: finite automata that put out a bit at each symbol, and the one that adds (Mealy 1955)."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from rnn_tui.inside.trace import Indices, Record

Bits = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint8]  # (T, N): N words of T symbols, the lowest place first.

# What is read at a place: the bits of a and b there. A symbol is its index, 2·a + b.
SYMBOLS = ("00", "01", "10", "11")


@dataclass(frozen=True, eq=False)
class MealyMachine(Record):
    """A finite automaton that puts out a bit at each symbol; it begins in its first state."""

    in_json = ("states", "outputs", "next_states")

    states: tuple[str, ...]  #: (S,) their names.
    outputs: Bits  #: (S, 4), the bit that is put out in each state at each of `SYMBOLS`.
    next_states: Indices  #: (S, 4), the state that follows, from 0.

    def run(self, words: Words) -> Bits:
        """The bits (T, N) put out while it reads words (T, N) of symbols."""
        said, state = np.empty(words.shape, np.uint8), np.zeros(words.shape[1], np.intp)
        for place, read in enumerate(words):
            said[place], state = self.outputs[state, read], self.next_states[state, read]
        return said

    def difference(self, other: "MealyMachine") -> tuple[int, ...] | None:
        """A shortest word after whose last symbol the two put out different bits; None where there is none.

        By a walk, breadth first, through the pairs of states that both reach by the same word.
        """
        words: dict[tuple[int, int], tuple[int, ...]] = {(0, 0): ()}
        waiting = deque(words)
        while waiting:
            own, others = pair = waiting.popleft()
            for symbol in range(len(SYMBOLS)):
                word = (*words[pair], symbol)
                if self.outputs[own, symbol] != other.outputs[others, symbol]:
                    return word
                reached = int(self.next_states[own, symbol]), int(other.next_states[others, symbol])
                if reached not in words:
                    words[reached] = word
                    waiting.append(reached)
        return None

    def table(self, title: str) -> list[str]:
        """For each state `bit/next state` at each symbol, in lines of one width; 01 and 10 together where they do the same."""
        heads = [*enumerate(SYMBOLS)]
        if (self.outputs[:, 1] == self.outputs[:, 2]).all() and (self.next_states[:, 1] == self.next_states[:, 2]).all():
            heads[1:3] = [(1, "01, 10")]
        rows = [["state", *(head for _, head in heads)]]
        for name, bits, following in zip(self.states, self.outputs, self.next_states, strict=True):
            rows.append([name, *(f"{bits[at]}/{self.states[following[at]]}" for at, _ in heads)])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [title, *("│".join(map(str.ljust, row, widths)) for row in rows)]
        return [line.ljust(max(map(len, lines))) for line in lines]

    def dot(self, name: str, title: str) -> Iterator[str]:
        """Lines of a cluster in Graphviz's language: an edge from state to state, with `symbol/bit` of all that lead there."""
        yield f"  subgraph {_quoted(f'cluster {name}')} {{"
        yield f"    label={_quoted(title)};"
        nodes = [_quoted(f"{name} {at}") for at in range(len(self.states))]
        for at, (node, state) in enumerate(zip(nodes, self.states, strict=True)):
            yield f"    {node} [label={_quoted(state)}{', shape=doublecircle' * (at == 0)}];"
            following = self.next_states[at]
            for to, symbols in groupby(np.argsort(following, kind="stable").tolist(), key=following.__getitem__):
                edge = ", ".join(f"{SYMBOLS[symbol]}/{self.outputs[at, symbol]}" for symbol in symbols)
                yield f"    {node} -> {nodes[to]} [label={_quoted(edge)}];"
        yield "  }"


# What adding on paper is: the state is the carry into the place.
CARRY_MACHINE = MealyMachine(
    ("no carry", "carry"), np.array([[0, 1, 1, 0], [1, 0, 0, 1]], np.uint8), np.array([[0, 0, 0, 1], [0, 1, 1, 1]])
)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
