"""The description of a kind of analysis; `analyses` lists all kinds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:  # the help of the command line knows the kinds, and must not load NumPy
    from rnn_tui.engine.progress import Progress
    from rnn_tui.inside.probes import Analysis
    from rnn_tui.inside.reading import NetworkReading

Make: TypeAlias = "Callable[[NetworkReading, Progress], Analysis | None]"


@dataclass(frozen=True)
class AnalysisKind:
    """A kind of analysis."""

    name: str  #: as typed and in JSON: `Analysis.name`.
    label: str  #: as shown.
    help: str  #: what it does, in a few words that begin with a verb.
    make: Make  #: makes it; None if it was stopped.
    #: whether the analysis depends on the input, and not on the network alone.
    of_input: bool = False
