"""The report's three conclusions on the adder, each held against the measured figures."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rnn_tui.engine.replicas import Variant
from rnn_tui.report.curves import AccuracyByLength
from rnn_tui.report.rows import Results

SIZES, LOSSES = (3, 5, 10), ("mse", "ce")
SMALL_SIZES = SIZES[:-1]
SHORT, LONG = (1, 5), (16, 20)
Figures = Mapping[Variant, Mapping[int, float]]  # by network, then by seed


class Verdict(StrEnum):
    """What the seeds say of a conclusion."""

    SUPPORTED = "supported by these seeds"
    PARTLY = "partly supported by these seeds"
    NOT_SUPPORTED = "not supported by these seeds"
    OPEN = "open"


@dataclass(frozen=True)
class Comparison:
    """Two figures of which the conclusion says that the first is the higher one.

    Attributes:
        group: what is compared, in words.
        subject: of which networks.
        differences: by seed that has both, the figure that is to be higher less the other one.
    """

    group: str
    subject: str
    differences: Mapping[int, float]

    @property
    def n(self) -> int:
        """How many seeds have both figures."""
        return len(self.differences)

    @property
    def seeds_for(self) -> int:
        """In how many seeds it is as claimed."""
        return sum(value > 0 for value in self.differences.values())

    @property
    def seeds_against(self) -> int:
        """In how many seeds it is the other way round; in the others both are equal."""
        return sum(value < 0 for value in self.differences.values())

    @property
    def difference(self) -> float | None:
        """The mean over seeds of the first figure less the second, in points; None without any."""
        return _mean(self.differences) if self.differences else None

    @property
    def holds(self) -> bool | None:
        """Whether mean and majority of the seeds are as claimed; None if equal in every seed, or
        without any.
        """
        if not self.seeds_for and not self.seeds_against:
            return None
        return _mean(self.differences) > 0 and self.seeds_for > self.seeds_against

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {
            "claim": f"{self.group}: {self.subject}",
            "holds": self.holds,
            "mean_difference": self.difference,
            "seeds": self.n,
            "seeds_for": self.seeds_for,
            "seeds_against": self.seeds_against,
        }


@dataclass(frozen=True)
class Conclusion:
    """A conclusion of the report, and what our seeds say of it.

    Attributes:
        claim: the report's words.
        verdict: what the comparisons say together.
        sentences: the figures, the comparisons, and the verdict with its rule.
        comparisons: what was compared.
        missing: the networks that there are no figures of.
    """

    claim: str
    verdict: Verdict
    sentences: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    missing: tuple[str, ...]

    @property
    def text(self) -> str:
        """All sentences."""
        return " ".join(self.sentences)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {
            "claim": self.claim,
            "verdict": self.verdict.value,
            "text": self.text,
            "comparisons": [one.to_dict() for one in self.comparisons],
            "missing": list(self.missing),
        }


def conclusions(results: Results, by_length: Sequence[AccuracyByLength] = ()) -> tuple[Conclusion, ...]:
    """The three conclusions, held against what is trained so far; none without the adder.

    Each is taken apart into comparisons of two figures, seed by seed (a seed has the same data in
    all networks). A comparison holds if the mean difference is as claimed, and more seeds are as
    claimed than the other way round; where both figures are equal in every seed (both all right,
    as a rule) it says nothing and is left out. All hold: supported. None: not supported. Else:
    partly. While a network has no figures, the verdict is open, and what is missing is said. The
    third needs `by_length`, from `accuracy_by_length`.
    """
    figures: dict[Variant, dict[int, float]] = {
        row.experiment.variant: dict(zip(row.seeds, row.values, strict=True))
        for row in results.rows
        if row.experiment.task == "adder" and row.experiment.variant is not None
    }
    if not figures:
        return ()
    lengths = {one.experiment.variant: one for one in by_length if one.experiment.variant is not None}
    short = {variant: one.between(*SHORT) for variant, one in lengths.items()}
    long = {variant: one.between(*LONG) for variant, one in lengths.items()}
    return (_on_size(figures), _on_loss(figures), _on_length(short, long))


def _on_size(figures: Figures) -> Conclusion:
    comparisons = _size_by_size("higher at the larger state", figures, rising=True)
    means = "; ".join(_means(figures, loss) for loss in LOSSES if _means(figures, loss))
    return _concluded(
        "A larger state gives higher bit accuracy.",
        f"Mean bit accuracy over seeds: {means}." if means else "",
        comparisons,
        _missing(figures),
    )


def _on_loss(figures: Figures) -> Conclusion:
    gaps = {size: _less(_of(figures, size, "mse"), _of(figures, size, "ce")) for size in SIZES}
    small = {
        seed: math.fsum(gaps[size][seed] for size in SMALL_SIZES) / len(SMALL_SIZES)
        for seed in gaps[SMALL_SIZES[0]]
        if all(seed in gaps[size] for size in SMALL_SIZES)
    }
    above = f"mean gap at H {' and '.join(map(str, SMALL_SIZES))} larger than the gap at H {SIZES[-1]}"
    comparisons = [
        *(Comparison("higher with mse than with ce", f"H {n}", gaps[n]) for n in SMALL_SIZES),
        Comparison(above, "mse minus ce", _less(small, _in_size(gaps[SIZES[-1]]))),
    ]
    shown = ", ".join(f"{_signed(_mean(gap))} points at H {size}" for size, gap in gaps.items() if gap)
    return _concluded(
        "MSE beats CE at small states, and the gap closes as the state grows.",
        f"Mean bit accuracy with mse minus that with ce: {shown}." if shown else "",
        comparisons,
        _missing(figures),
    )


def _on_length(short: Figures, long: Figures) -> Conclusion:
    falls = {variant: _less(short[variant], long[variant]) for variant in short}
    names = f"{SHORT[0]}–{SHORT[1]} bits", f"{LONG[0]}–{LONG[1]} bits"
    comparisons = [
        Comparison(f"higher at {names[0]} than at {names[1]}", f"H {size} {loss}", _of(falls, size, loss))
        for loss in LOSSES
        for size in SIZES
    ]
    comparisons += _size_by_size("larger fall at the smaller state", falls, rising=False)
    shown = "; ".join(
        f"H {variant.hidden_size} {variant.loss} {_mean(short[variant]):.2f} → {_mean(long[variant]):.2f} %"
        for variant in short
        if short[variant]
    )
    return _concluded(
        "Bit accuracy falls with length, most at small states.",
        f"Mean bit accuracy at {names[0]} → at {names[1]}: {shown}." if shown else "",
        comparisons,
        _missing(short),
    )


def _size_by_size(group: str, figures: Figures, *, rising: bool) -> list[Comparison]:
    """From each size to the next, for each loss: a figure that is to rise, or to fall."""
    result = []
    for loss in LOSSES:
        for smaller, larger in itertools.pairwise(SIZES):
            low, high = _of(figures, smaller, loss), _of(figures, larger, loss)
            differences = _less(high, low) if rising else _less(low, high)
            result.append(Comparison(group, f"H {smaller} → H {larger} {loss}", differences))
    return result


def _concluded(claim: str, figures: str, comparisons: Sequence[Comparison], missing: tuple[str, ...]) -> Conclusion:
    possible = [one for one in comparisons if one.n]
    clear = [one for one in possible if one.holds is not None]
    right = [one for one in clear if one.holds]
    sentences = [figures] if figures else []
    if possible:
        sentences.append(f"How many seeds agree. {_seed_by_seed(possible)}.")
    if missing:
        verdict = Verdict.OPEN
        sentences.append(f"Open: there are no figures yet for {', '.join(missing)}.")
    elif not clear:
        verdict = Verdict.OPEN
        why = "all figures are equal in every seed" if possible else "no seed has all figures"
        sentences.append(f"Open: {why}.")
    else:
        verdict = Verdict.PARTLY
        if len(right) in (0, len(clear)):
            verdict = Verdict.SUPPORTED if right else Verdict.NOT_SUPPORTED
        equal = len(possible) - len(clear)
        aside = f" (not counting {equal} equal in every seed)" if equal else ""
        sentences.append(
            f"In {len(right)} of {len(clear)} comparisons{aside} the mean is as the report says, "
            f"and more seeds agree with it than disagree: {verdict} (“supported” needs all "
            "comparisons, “partly” at least one)."
        )
    return Conclusion(claim, verdict, tuple(sentences), tuple(comparisons), missing)


def _in_seeds(one: Comparison) -> str:
    equal = one.n - one.seeds_for - one.seeds_against
    return f"{one.seeds_for} of {one.n}" + (f" ({equal} equal)" if equal else "")


def _seed_by_seed(comparisons: Sequence[Comparison]) -> str:
    """Of each kind of comparison, in how many seeds it is as claimed."""
    groups: dict[str, list[str]] = {}
    for one in comparisons:
        groups.setdefault(one.group, []).append(f"{one.subject} in {_in_seeds(one)}")
    return ". ".join(f"{group[:1].upper()}{group[1:]}: {', '.join(told)}" for group, told in groups.items())


def _less(first: Mapping[int, float], second: Mapping[int, float]) -> dict[int, float]:
    """The first figure less the second, over the seeds that have both."""
    return {seed: first[seed] - second[seed] for seed in first if seed in second}


def _in_size(gap: Mapping[int, float]) -> Mapping[int, float]:
    """A gap as a positive one: of either sign, it is a gap that has not closed."""
    return {seed: -value for seed, value in gap.items()} if gap and _mean(gap) < 0 else gap


def _of(figures: Figures, size: int, loss: str) -> Mapping[int, float]:
    return figures.get(Variant(size, loss), {})


def _mean(values: Mapping[int, float]) -> float:
    return math.fsum(values.values()) / len(values)


def _signed(points: float) -> str:
    return f"{points:+.2f}".replace("-", "−")


def _means(figures: Figures, loss: str) -> str:
    known = [(size, _of(figures, size, loss)) for size in SIZES]
    shown = ", ".join(f"H {size} {_mean(values):.2f} %" for size, values in known if values)
    return f"{loss} {shown}" if shown else ""


def _missing(figures: Figures) -> tuple[str, ...]:
    wanted = [Variant(size, loss) for loss in LOSSES for size in SIZES]
    return tuple(variant.label for variant in wanted if not figures.get(variant))
