"""Of what the sequences of a task consist: what studies of its networks have to know.

It needs no NumPy. A task says no more than this, and every study that fits its shape works on its
networks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from rnn_tui.data.typed import visible

#: an alphabet of more symbols has too many words to ask all short ones.
MOST_SYMBOLS = 16


@dataclass(frozen=True)
class Symbol:
    """One of the few inputs that a step may have."""

    name: str  #: as typed, and as automata show it: `01`.
    features: tuple[int, ...]  #: (F,) the numbers that networks read.
    word: str = ""  #: as traces show it, such as `0 + 1`; empty for the name.

    @property
    def shown(self) -> str:
        """The symbol as traces show it."""
        return self.word or self.name


def one_hot(names: Iterable[str]) -> tuple[Symbol, ...]:
    """Return an alphabet of K symbols, of which networks read K numbers: one 1, the others 0."""
    listed = [*names]
    return tuple(
        Symbol(name, tuple(int(other == at) for other in range(len(listed))), visible(name))
        for at, name in enumerate(listed)
    )


def vocabulary(names: Iterable[str]) -> tuple[Symbol, ...]:
    """Return an alphabet of words, of which networks read one number: the place."""
    return tuple(Symbol(name, (place,), visible(name)) for place, name in enumerate(names))


def bits(count: int, separator: str = "") -> tuple[Symbol, ...]:
    """Return the alphabet of all values of some bits, in ascending order.

    Args:
        count: how many bits each step has.
        separator: stands between them in traces.
    """
    return tuple(
        Symbol("".join(map(str, values)), values, separator.join(map(str, values)))
        for values in product((0, 1), repeat=count)
    )


@dataclass(frozen=True)
class HiddenVariable:
    """A quantity of each step that networks have to keep, but never read or answer.

    Probes look for it in their states, and the states are sorted by it.
    """

    name: str  #: as shown: `carry`.
    #: `module:function`, imported on use: it takes inputs (T, N, F) and the settings of a run, and
    #: returns which of `values` there is after each step (T, N).
    of: str
    values: tuple[str, ...] = ("0", "1")  #: the names of its values; by default a no and a yes.

    @property
    def key(self) -> str:
        """Its name in documents, and with dashes on the command line."""
        return self.name.replace(" ", "_")

    @property
    def state_names(self) -> tuple[str, ...]:
        """The names of its values where they stand alone, as the states of an automaton do."""
        return (f"no {self.name}", self.name) if self.values == ("0", "1") else self.values
