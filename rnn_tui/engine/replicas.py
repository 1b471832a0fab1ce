"""Seeds as first-class: which networks a run trains side by side, and figures over their seeds.

A *variant* is a network as one would describe it (hidden size, loss); a *replica* is a variant
with a seed, one draw. A run over V variants and S seeds has V·S replicas, variant by variant.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Variant:
    """A network apart from its seed."""

    hidden_size: int
    loss: str

    @property
    def label(self) -> str:
        """How a legend calls it."""
        return f"H {self.hidden_size} {self.loss}"


@dataclass(frozen=True)
class Replica:
    """One network of a run."""

    variant: Variant
    seed: int


@dataclass(frozen=True)
class Spread:
    """A figure over seeds."""

    values: tuple[float, ...]  #: one for each seed, in the order of the seeds.

    @property
    def n(self) -> int:
        """How many seeds."""
        return len(self.values)

    @property
    def mean(self) -> float:
        """The arithmetic mean."""
        return math.fsum(self.values) / self.n

    @property
    def sd(self) -> float | None:
        """The sample standard deviation (n − 1 below the sum); None for one seed."""
        if self.n < 2:
            return None
        mean = self.mean
        return math.sqrt(math.fsum((value - mean) ** 2 for value in self.values) / (self.n - 1))

    @property
    def low(self) -> float:
        """The smallest value."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The largest value."""
        return max(self.values)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form: `mean, sd, min, max, n, values`."""
        return {"mean": self.mean, "sd": self.sd, "min": self.low, "max": self.high, "n": self.n, "values": list(self.values)}


def by_variant(values: Sequence[float], variants: int) -> Iterator[Spread]:
    """Cut one value a replica into one spread a variant."""
    seeds = len(values) // variants
    for at in range(variants):
        yield Spread(tuple(values[at * seeds : (at + 1) * seeds]))
