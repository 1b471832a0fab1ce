"""Judge from a script or a notebook which runs are better, as `rnn-tui runs compare` does."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rnn_tui.api import html
from rnn_tui.api.arguments import checked, in_words
from rnn_tui.api.frames import pandas
from rnn_tui.api.run import Run
from rnn_tui.archive.run_comparison import RunComparison
from rnn_tui.archive.run_verdicts import RunVerdicts, verdicts_of
from rnn_tui.engine.errors import ArgumentError

if TYPE_CHECKING:
    import pandas as pd


@checked
class ComparedRuns(Sequence[dict[str, Any]]):
    """What is judged of some runs, a record for each network of two of them. `compare` makes it.

    A record has the names of the `first` run and of the `second`, the `network`, the `verdict` on
    whether the first is better (`supported`, `contradicted` or `open`), the `metric`, by how much
    it is better (`mean_difference`), its `interval_95`, the number of `seeds`, and more, as in the
    JSON document of `rnn-tui runs compare`.
    """

    def __init__(self, verdicts: RunVerdicts) -> None:
        self._verdicts = verdicts
        self._records = [comparison.to_dict() for comparison in verdicts.comparisons]

    def __repr__(self) -> str:
        """Every claim with its verdict."""
        return "\n".join(map(_headline, self._verdicts.comparisons)) or "<ComparedRuns: nothing>"

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, place: Any) -> Any:
        """Return a record by its place."""
        return self._records[place]

    @property
    def notes(self) -> tuple[str, ...]:
        """What differs, what is not compared and why, and the rule, a sentence each."""
        return self._verdicts.explanations

    def frame(self) -> "pd.DataFrame":
        """Return the records as a table of pandas.

        Raises:
            UserError: pandas is not installed.
        """
        return pandas().DataFrame(self._records)

    def _repr_html_(self) -> str:
        """Every claim with its verdict and what is behind it, then the notes."""
        comparisons = [
            html.paragraph(" ".join(comparison.sentences), f"{_headline(comparison)}.")
            for comparison in self._verdicts.comparisons
        ]
        return "".join([*comparisons, *map(html.paragraph, self.notes)])


def _headline(comparison: RunComparison) -> str:
    return f"{comparison.claim}: {comparison.verdict}"


@checked
def compare(runs: Sequence[Run | str]) -> ComparedRuns:
    """Judge which of some runs are better, over their seeds.

    Figures are those of the test, or of the last epoch where a run has no test yet, paired by seed
    where both runs have the same seeds. Runs that differ in their seeds only count as one. The rule
    is that for claims of papers, of which a verdict needs at least six seeds.

    Args:
        runs: two or more, or their names, the one first that may be better.

    Returns:
        a record for each network of two runs, which print as sentences.

    Raises:
        UserError: these are no runs, or one is damaged.

    Examples:
        >>> run = rnn_tui.Run("last")
        >>> other = rnn_tui.train("adder", preset="fast", hidden_size=5, seeds=2, cell="rnn")
        >>> rnn_tui.compare([run, other])[0]["verdict"]  # of two seeds
        'open'
    """
    records = []
    for run in runs:
        if not isinstance(run, Run | str):
            raise ArgumentError(f"runs has runs or names of runs, not {in_words(run)}.")
        found = Run(run) if isinstance(run, str) else run
        records.append(found._record.undamaged)  # noqa: SLF001 - of this package
    return ComparedRuns(verdicts_of(records))
