"""Whether one network of a run does better than another: the figures behind it, and the words."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rnn_tui.archive.verdicts import (
    COMPARISON_COLUMNS,
    FEWEST,
    LARGEST,
    Comparison,
    ComparisonOutcome,
    UnpairedComparison,
    Verdict,
    verdict_of,
)
from rnn_tui.engine.averages import deviation_of
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.metrics import Metric, as_heading
from rnn_tui.engine.tables import Column, chosen, document_of
from rnn_tui.engine.two_samples import exchange_p, sign_flip_p


@dataclass(frozen=True)
class RunComparison:
    """Whether one network does better than another, over their seeds."""

    first: str  #: the name of the run of which it is said.
    second: str  #: the name of the other.
    network: str  #: which network of both, such as `H 5 bce`; empty for runs of a single one.
    metric: Metric  #: that both are judged by.
    first_values: tuple[float, ...]  #: of each seed of the first, in the order of the seeds.
    second_values: tuple[float, ...]
    #: by how much the first is better: of the seeds that both have, if these are enough.
    comparison: Comparison
    #: labels of the settings that differ, except those of seeds and devices.
    settings: tuple[str, ...]
    commands: tuple[str, ...]  #: that train the seeds that are missing for a verdict.
    p_holm: float | None = None  #: `p`, corrected for the number of comparisons.

    @property
    def claim(self) -> str:
        """What is judged, in words."""
        claim = f"{self.first} better than {self.second}"
        return f"{claim} ({self.network})" if self.network else claim

    @property
    def paired(self) -> bool:
        """Whether figures of the same seed are compared."""
        return not isinstance(self.comparison, UnpairedComparison)

    @property
    def verdict(self) -> Verdict:
        """The verdict on the claim."""
        return verdict_of([self.comparison.outcome])

    @property
    def _compared(self) -> list[tuple[float, ...]]:
        """The figures that have a deviation over seeds."""
        return [values for values in (self.first_values, self.second_values) if len(values) > 1]

    @property
    def noise(self) -> float | None:
        """The standard deviation over seeds of both networks, √((sd₁² + sd₂²) / 2).

        None where a network has one seed.
        """
        if len(self._compared) < 2:
            return None
        first, second = map(deviation_of, self._compared)
        return math.hypot(first, second) / math.sqrt(2)

    @property
    def effect(self) -> float | None:
        """The difference in units of `noise`; None without noise, or without difference."""
        noise = self.noise
        if not noise or self.comparison.difference is None:
            return None
        return self.comparison.difference / noise

    @cached_property
    def p(self) -> float | None:
        """The two-sided p of a permutation test; None below two seeds."""
        if self.comparison.n < 2:
            return None
        if self.paired:
            return sign_flip_p(tuple(self.comparison.differences.values()))
        return exchange_p(self.first_values, self.second_values)

    @property
    def sentences(self) -> Iterator[str]:
        """Yield what is behind the verdict, a sentence each."""
        yield f"{self._difference_in_words}."
        if self.comparison.outcome is ComparisonOutcome.FEW:
            yield self._too_few
        elif self.comparison.outcome is ComparisonOutcome.EQUAL:
            yield "All seeds are equal."
        elif self.comparison.no_interval:
            yield f"No interval of the mean: {self.comparison.no_interval}"
        if self.p is not None:
            yield f"{self._beside_noise}."
        if self.comparison.undefined:
            left_out = count_of(self.comparison.undefined, "seed")
            yield f"Left out: {left_out} whose figures are no numbers, or beyond {LARGEST:g}."

    @property
    def notes(self) -> Iterator[str]:
        """Yield what is the same for all networks of the two runs, a sentence each."""
        runs = f"{self.first} and {self.second}"
        if len(self.settings) > 1:
            yield (
                f"{runs} differ in {len(self.settings)} settings ({', '.join(self.settings)}), so "
                "no difference can be put down to one of them."
            )
        elif self.settings:
            yield f"{runs} differ in one setting: {self.settings[0]}."
        for command in self.commands:
            yield f"The seeds that are missing for a verdict come by: {command}"

    def _signed(self, value: float) -> str:
        sign = "−" if value < 0 else "+"
        return f"{sign}{self.metric.format(abs(value))}"

    @property
    def _unit(self) -> str:
        return " points" if self.metric.unit == "%" else ""

    @property
    def _difference_in_words(self) -> str:
        comparison = self.comparison
        if comparison.difference is None:
            return f"No seed of both has a {self.metric.label}"
        direction = "higher" if self.metric.higher_is_better else "lower"
        words = f"{self.metric.label}, {direction} is better: {self._signed(comparison.difference)}"
        words = f"{as_heading(words)}{self._unit}"
        if comparison.interval is not None:
            low, high = map(self._signed, comparison.interval.ends)
            words += f" (95 % interval {low} … {high})"
        if comparison.seeds is None:
            first, second = len(self.first_values), len(self.second_values)
            return f"{words}, unpaired, over {first} and {second} seeds"
        right, wrong, equal = comparison.seeds
        signs = f"{right} for, {wrong} against, {equal} equal"
        return f"{words}, paired over {count_of(comparison.n, 'seed')}: {signs}"

    @property
    def _too_few(self) -> str:
        shared = " that both have" if self.paired else ""
        return f"A verdict needs at least {FEWEST} seeds{shared}, not {self.comparison.n}."

    @property
    def _beside_noise(self) -> str:
        """The effect and the permutation test in words."""
        test = f"permutation test p = {self.p:.2g}"
        if self.p_holm is not None:
            test += f" ({self.p_holm:.2g} by Holm)"
        if self.effect is None or self.noise is None:
            return f"No seed differs from another; {test}"
        noise = f"{self.metric.format(self.noise)}{self._unit}"
        effect = f"{abs(self.effect):.2g} times the deviation over seeds, {noise}"
        return f"The difference is {effect}; {test}"

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return document_of(self, RUN_COMPARISON_COLUMNS)


#: fields that a comparison of a paper's claims has as well.
_OF_SEEDS = ("seeds_for", "seeds_against", "seeds_equal", "seeds_without_number", "says")


def _comparison_of(judged: RunComparison) -> Comparison:
    return judged.comparison


def _ends_of_interval(judged: RunComparison) -> list[float] | None:
    interval = judged.comparison.interval
    return None if interval is None else interval.ends


#: the fields of the document of two runs compared.
RUN_COMPARISON_COLUMNS: tuple[Column[RunComparison], ...] = (
    Column("first", lambda judged: judged.first),  #: the run that may be the better one.
    Column("second", lambda judged: judged.second),  #: the run that it is compared with.
    #: which network of both; null for runs of a single one.
    Column("network", lambda judged: judged.network or None),
    #: `supported`, `contradicted` or `open`: whether the first is better.
    Column("verdict", lambda judged: judged.verdict.value),
    Column("metric", lambda judged: judged.metric.name),  #: the metric that they are judged by.
    #: whether figures of the same seed are compared; else the means of other seeds.
    Column("paired", lambda judged: judged.paired),
    #: by how much the first is better, a mean over seeds: higher, or lower where lower is better.
    Column("mean_difference", lambda judged: judged.comparison.difference),
    #: its 95 % interval, lower and upper end: bootstrap of pairs, or Welch's; null without one.
    Column("interval_95", _ends_of_interval),
    #: number of seeds that both have; of unpaired ones, that of the run with fewer.
    Column("seeds", lambda judged: judged.comparison.n),
    *chosen([column.of(_comparison_of) for column in COMPARISON_COLUMNS], _OF_SEEDS),
    Column("noise", lambda judged: judged.noise),  #: the standard deviation over seeds of both.
    Column("effect", lambda judged: judged.effect),  #: the difference, divided by `noise`.
    #: two-sided p of a permutation test: signs of the differences flipped, or seeds exchanged.
    Column("p", lambda judged: judged.p),
    #: `p`, corrected for the number of comparisons (Holm); null for a single one.
    Column("p_holm", lambda judged: judged.p_holm),
    #: the settings that differ, except seeds and devices.
    Column("settings", lambda judged: list(judged.settings)),
    #: the commands that train the seeds which are missing for a verdict.
    Column("commands", lambda judged: list(judged.commands)),
    Column("text", lambda judged: list(judged.sentences)),  #: all of this, in sentences.
)
