"""Sum up the networks of all folds: figures, naive answers beside them, a verdict over folds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rnn_tui.engine.counts import count_of
from rnn_tui.engine.metrics import Metric, Spread
from rnn_tui.engine.student import students_t
from rnn_tui.tasks.data_sets.baseline import Baseline

LEAST_FOLDS = 3  # below which no lead is called one


@dataclass(frozen=True, kw_only=True)
class FoldResult:
    """The networks that were tested on one fold, and the naive answers to it."""

    number: int  #: of the fold, from 1.
    task: str  #: the data set of which the fold is the test.
    run: str  #: the id of the run.
    name: str  #: its name.
    groups: tuple[str, ...]  #: those in the test; empty without groups.
    test: int  #: sequences in the test.
    values: Mapping[str, tuple[float, ...]]  #: of each test metric, one for each seed.
    baselines: tuple[Baseline, ...]

    @property
    def tested(self) -> str:
        """What the test is, in words: its group, if it has one, or how many sequences."""
        if len(self.groups) == 1:
            return self.groups[0]
        of_groups = f" of {count_of(len(self.groups), 'group')}" if self.groups else ""
        return f"{count_of(self.test, 'sequence')}{of_groups}"


@dataclass(frozen=True)
class FoldsVerdict:
    """Whether networks beat the best naive answer over the folds."""

    beats: bool  #: whether the whole interval of the lead is above 0.
    sentence: str  #: the comparison in a sentence.
    lead: float  #: how much better the networks are, as the mean over the folds.
    low: float  #: the lower end of the 95 % interval of the lead, over the folds.
    high: float  #: its upper end.


@dataclass(frozen=True)
class CrossValidation:
    """The results of all folds of a data set."""

    folds: Sequence[FoldResult]  #: in their order.
    metrics: Sequence[Metric]  #: those of the test that were measured in a fold.
    headline: Metric

    def spread(self, metric: Metric) -> Spread | None:
        """Return a figure over folds and seeds, without folds in which there is none."""
        values = [value for fold in self.folds for value in fold.values.get(metric.name, ())]
        known = tuple(value for value in values if not math.isnan(value))
        return Spread(known) if known else None

    @property
    def baselines(self) -> dict[str, dict[str, Spread]]:
        """The figures of each naive answer over the folds, by its name and by metric."""
        figures: dict[str, dict[str, list[float]]] = {}
        for fold in self.folds:
            for baseline in fold.baselines:
                of_name = figures.setdefault(baseline.name, {})
                for metric, figure in baseline.figures.items():
                    of_name.setdefault(metric, []).append(figure)
        return {
            name: {metric: Spread(tuple(values)) for metric, values in of_name.items()}
            for name, of_name in figures.items()
            if of_name
        }

    def verdict(self) -> FoldsVerdict | None:
        """Compare the networks with the best naive answer in the same folds.

        The lead in a fold is that of the mean over its seeds. With mean m and standard deviation s
        of the leads in K folds, the interval of the lead is

            m ± t s √(1/K + 1/(K − 1)),

        with t of Student's distribution with K − 1 degrees of freedom. The second term stands for
        training sequences that folds have in common (Nadeau & Bengio, Inference for the
        Generalization Error, 2003): 1/(K − 1) is the size of a test over that of the rest.

        Returns:
            None if there is nothing to compare.
        """
        best = self._best_baseline()
        if best is None:
            return None
        leads = Spread(tuple(self._lead(fold, best) for fold in self.folds))
        margin = _margin(leads)
        low, high = leads.mean - margin, leads.mean + margin
        beats = leads.n >= LEAST_FOLDS and low > 0
        if beats:
            words = "The networks beat the best baseline"
        elif not leads.mean > 0:  # nor does a network that answers NaN
            words = "The networks do not beat the best baseline"
        elif leads.n < LEAST_FOLDS:
            words = "The networks are better than the best baseline in two folds, too few to tell"
        else:
            words = "The networks may be no better than the best baseline, so much do folds differ"
        metric = self.headline
        unit = f" {metric.unit}" if metric.unit else ""
        spread = self.spread(metric)
        assert spread is not None
        naive = metric.format_spread(self.baselines[best][metric.name])
        sentence = (
            f"{words}: {metric.label} {metric.format_spread(spread)}{unit} over {self.in_words}, "
            f"{best} {naive}{unit}; the lead is {leads.mean:.3g}, 95 % interval over "
            f"{self._units} {low:.3g} … {high:.3g}."
        )
        return FoldsVerdict(beats, sentence, leads.mean, low, high)

    @property
    def in_words(self) -> str:
        """How many folds, or groups, and seeds there are."""
        seeds = len(self.folds[0].values[self.headline.name])
        return f"{len(self.folds)} {self._units} and {count_of(seeds, 'seed')} of each"

    @property
    def _units(self) -> str:
        return "groups" if all(len(fold.groups) == 1 for fold in self.folds) else "folds"

    def _best_baseline(self) -> str | None:
        """Return the naive answer with the best headline over the folds, of those in all folds."""
        means = {
            name: figures[self.headline.name].mean
            for name, figures in self.baselines.items()
            if self.headline.name in figures and figures[self.headline.name].n == len(self.folds)
        }
        if not means:
            return None
        choose = max if self.headline.higher_is_better else min
        return choose(means, key=means.__getitem__)

    def _lead(self, fold: FoldResult, name: str) -> float:
        """Return how much better the networks of a fold are than a naive answer to it."""
        [baseline] = [each for each in fold.baselines if each.name == name]
        mean = Spread(fold.values[self.headline.name]).mean
        difference = mean - baseline.figures[self.headline.name]
        return difference if self.headline.higher_is_better else -difference

    def document(self) -> dict[str, Any]:
        """Return all of it, JSON-ready."""
        verdict = self.verdict()
        spreads = {metric.name: self.spread(metric) for metric in self.metrics}
        return {
            "headline": self.headline.name,  #: the metric that sums up a run.
            #: by test metric, the figure over folds and seeds.
            "figures": {name: spread.to_dict() for name, spread in spreads.items() if spread},
            #: the naive answers, with their figures over the folds.
            "baselines": [
                {"name": name, **{metric: spread.to_dict() for metric, spread in figures.items()}}
                for name, figures in self.baselines.items()
            ],
            #: whether the networks beat the best baseline; null if there is nothing to compare.
            "verdict": None
            if verdict is None
            else {
                #: whether the whole 95 % interval of the lead over the folds is above 0.
                "beats": verdict.beats,
                "sentence": verdict.sentence,  #: the comparison in a sentence.
                "lead": verdict.lead,  #: how much better, as the mean over the folds.
                "low": verdict.low,  #: the lower end of the interval of the lead.
                "high": verdict.high,  #: its upper end.
            },
            #: an entry for each fold.
            "folds": [
                {
                    "fold": fold.number,  #: its number, from 1.
                    "data_set": fold.task,  #: the data set of which it is the test.
                    "run": fold.run,  #: the id of the run.
                    "name": fold.name,  #: the run's name.
                    "groups": list(fold.groups),  #: those in the test; empty without groups.
                    "test": fold.test,  #: sequences in the test.
                    #: by test metric, the figure over the seeds.
                    "figures": {
                        name: Spread(values).to_dict() for name, values in fold.values.items()
                    },
                    #: how well naive answers do on the same test.
                    "baselines": [
                        {"name": baseline.name, **baseline.figures} for baseline in fold.baselines
                    ],
                }
                for fold in self.folds
            ],
        }


def _margin(leads: Spread) -> float:
    """Return half the width of the interval of the mean lead, see `CrossValidation.verdict`."""
    if leads.sd is None:
        return math.inf
    return students_t(leads.n) * leads.sd * math.sqrt(1 / leads.n + 1 / (leads.n - 1))
