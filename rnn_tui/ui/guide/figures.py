"""The figures of a guided experiment, which its texts quote and guesses are compared with."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rnn_tui.engine.errors import printable
from rnn_tui.engine.metrics import Spread, main_metric
from rnn_tui.engine.seed_means import solved_share
from rnn_tui.engine.state import RunState
from rnn_tui.papers.best import expected_best
from rnn_tui.tasks import TASKS

UNKNOWN = "–"
SOLVED = 90.0  # from this figure on, in percent, a seed has solved its task
SOME_BEST = 10  # of how many networks a best is told
#: `{name.part.part}`, maybe with `:` and the decimals to write; `%` makes a share a percentage.
QUOTE = re.compile(r"\{([a-z][a-z0-9-]*(?:\.[^{}.:]+)*)(?::\.(\d)([f%]))?\}")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+|<>~])")
_NUMBER = re.compile(r"[+−-]?\d+(?:[.,]\d+)?")


def quoted_paths(texts: Iterable[str]) -> set[str]:
    """Return the paths of all figures that texts quote."""
    return {quote[1] for text in texts for quote in QUOTE.finditer(text)}


@dataclass(frozen=True)
class Guess:
    """A question, and what its answer is compared with."""

    question: str
    outcome: str  #: with paths of figures in braces.
    unit: str = ""  #: of a number, such as `%`.
    choices: tuple[str, ...] = ()  #: answers to choose from; none to ask for a number.
    #: `=` or `<`: the outcome is the first choice if that holds, else the second; empty for none.
    relation: str = ""
    compared: str = ""  #: what the outcome is compared with then.


@dataclass
class Figures:
    """The figures by the names that actions have given them, as nested documents."""

    documents: dict[str, Any]  #: by name, of what was done in this session.
    kept: dict[str, Any]  #: by path, of what was done before.
    decimal: str = "."  #: the decimal sign of the language.

    def value(self, path: str) -> Any:
        """Return a number or a word; None if there is none at this path."""
        name, *parts = path.split(".")
        found: Any = self.documents.get(name)
        for part in parts:
            found = _part_of(found, part)
        if isinstance(found, bool | int | float | str):
            return found
        return self.kept.get(path)

    def keep(self, paths: Iterable[str]) -> None:
        """Keep the values at these paths."""
        values = {path: self.value(path) for path in paths}
        self.kept.update({path: value for path, value in values.items() if value is not None})

    def fill(self, text: str, *, markdown: bool = False) -> str:
        """Return a text with its figures in place of their paths.

        Args:
            text: with paths in braces.
            markdown: whether it is Markdown, in which words of figures must not be marks.
        """

        def written(quote: re.Match[str]) -> str:
            word = self._written(self.value(quote[1]), quote[2], quote[3])
            return _MARKDOWN.sub(r"\\\1", word) if markdown else word

        return QUOTE.sub(written, text)

    def _written(self, value: Any, decimals: str | None, kind: str | None) -> str:
        if value is None:
            return UNKNOWN
        if isinstance(value, str) or decimals is None:
            return printable(value, 60)
        if kind == "%":
            value *= 100
        return f"{value:.{decimals}f}".replace("-", "−").replace(".", self.decimal)


def _part_of(document: Any, part: str) -> Any:
    """Return a part of a document: an entry, or an item counted from 0; None if it has none."""
    if isinstance(document, Mapping):
        return document.get(part)
    if isinstance(document, Sequence) and not isinstance(document, str):
        place = int(part) if re.fullmatch(r"-?\d{1,4}", part) else len(document)
        return document[place] if -len(document) <= place < len(document) else None
    return None


def number_in(text: str) -> float | None:
    """Return the number with which a text begins, with a decimal point or comma; None without."""
    match = _NUMBER.match(text.strip())
    return None if match is None else float(match[0].replace(",", ".").replace("−", "-"))


def run_figures(state: RunState, earlier: Mapping[str, RunState]) -> dict[str, Any]:
    """Return the figures of a finished run: those of its main metric over seeds, a variant each.

    Args:
        state: the run.
        earlier: the runs before it by name, of which it is counted how many figures differ.
    """
    metrics = [metric for metric in state.metric_definitions if state.spreads(metric.name)]
    metric = main_metric(metrics, TASKS[state.config.task].headline)
    document: dict[str, Any] = {"run": state.run_id}
    if metric is None:
        return document
    values = state.replica_results.get(metric.name, ())
    variants = [variant.label for variant in state.config.variants]
    seeds = len(values) // len(variants)
    by_variant = {
        label: values[place * seeds : (place + 1) * seeds] for place, label in enumerate(variants)
    }
    for label, spread in zip(variants, state.spreads(metric.name), strict=True):
        document[label] = {
            **_spread_figures(spread),
            **_seeds_of(by_variant[label], state.config.seed),
            "above": _seeds_above(by_variant, label),
        }
    document["differing"] = {name: _differing(state, other) for name, other in earlier.items()}
    return document


def _spread_figures(spread: Spread) -> dict[str, Any]:
    return {
        "mean": spread.mean,
        "sd": spread.sd or 0.0,
        "min": spread.low,
        "max": spread.high,
        "range": spread.high - spread.low,
        "n": spread.n,
        "solved": solved_share(spread.values, SOLVED).count,
        "best-of-ten": expected_best(spread.values, SOME_BEST),
    }


def _seeds_of(values: Sequence[float], first_seed: int) -> dict[str, int]:
    """Return the seeds of the best and the worst of values of consecutive seeds."""
    places = range(len(values))
    return {
        "best-seed": first_seed + max(places, key=values.__getitem__),
        "worst-seed": first_seed + min(places, key=values.__getitem__),
    }


def _seeds_above(by_variant: Mapping[str, Sequence[float]], label: str) -> dict[str, int]:
    """Return with how many seeds a variant is better than each other one."""
    own = by_variant[label]
    return {
        other: sum(mine > theirs for mine, theirs in zip(own, values, strict=True))
        for other, values in by_variant.items()
    }


def _differing(state: RunState, other: RunState) -> int:
    """Count the test figures in which two runs differ."""
    return sum(
        mine != theirs
        for name, values in state.replica_results.items()
        for mine, theirs in zip(values, other.replica_results.get(name, ()), strict=False)
    )


def outcome_of(guess: Guess, figures: Figures) -> str:
    """Return what a guess is compared with, as it is shown, without the unit."""
    outcome = figures.fill(guess.outcome)
    if not guess.relation:
        return outcome
    compared = figures.fill(guess.compared)
    if UNKNOWN in (outcome, compared):
        return UNKNOWN
    if guess.relation == "=":
        holds = outcome == compared
    else:
        holds = (number_in(outcome) or 0.0) < (number_in(compared) or 0.0)
    return guess.choices[0 if holds else 1]
