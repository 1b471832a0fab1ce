"""The description of a kind of analysis; `analyses` lists all kinds."""

from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the help of the command line knows the kinds, and must not load NumPy
    from rnn_tui.engine.progress import Progress
    from rnn_tui.inside.probes import Analysis
    from rnn_tui.inside.reading import NetworkReading


@dataclass(frozen=True)
class AnalysisKind:
    """A kind of analysis."""

    name: str  #: as typed and in JSON: `Analysis.name`.
    label: str  #: as shown.
    help: str  #: what it does, in a few words that begin with a verb.
    #: the function that makes it of a `NetworkReading` and a `Progress`, as `module:name`.
    function: str
    #: whether the analysis depends on the input, and not on the network alone.
    of_input: bool = False

    def make(self, reading: "NetworkReading", progress: "Progress") -> "Analysis | None":
        """Make the analysis; None if it was stopped."""
        analysis: Analysis | None = resolve_name(self.function)(reading, progress)
        return analysis
