"""Judge which of some runs are better: what their curves alone can't say.

Runs that differ in their seeds only stand for one way to train. Two such ways are compared network
by network, by the figure that stands for a run. Figures of the same seed are paired, since the same
seed draws the same data. The verdict is by the rule that claims of papers are judged by.

Loads SciPy: not for the thread of a face.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from rnn_tui.archive.curves import SeedGroup, seed_groups
from rnn_tui.archive.run_comparison import RunComparison
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.training_command import training_command
from rnn_tui.archive.verdicts import (
    FEWEST,
    LARGEST,
    Comparison,
    ComparisonOutcome,
    UnpairedComparison,
)
from rnn_tui.archive.words import differing, label_of
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.metrics import Metric, by_variant
from rnn_tui.engine.two_samples import holm
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.task import TESTED_BY

# up to so many ways to train each is compared with each; of more, each with the first one
EACH_WITH_EACH = 4
MOST_COMPARISONS = 60
#: labels of settings that explain no difference: which draws, how fast, from where settings are.
NO_CAUSES = frozenset({"seed", "seeds", "device", "workers", "preset", "task"})
ONLY_SEEDS = (
    "There is nothing to judge: these runs differ in their seeds only, so they are draws of one "
    "network."
)
RUN_RULE = (
    f"“Better” is supported if at least {FEWEST} seeds differ and the whole 95 % interval of the "
    "mean difference is above zero, contradicted if all of it is below, and open otherwise. Where "
    "nearly all seeds have the same difference it has no interval, and the sign test decides (6 of "
    "6, 15 of 20). Claims of papers are judged by the same rule."
)


@dataclass(frozen=True)
class RunVerdicts:
    """What is judged of some runs."""

    comparisons: tuple[RunComparison, ...]
    #: which settings differ, how many comparisons these are, what is not compared, in sentences.
    notes: tuple[str, ...]

    @property
    def explanations(self) -> tuple[str, ...]:
        """The notes, and the rule if something is judged by it."""
        return (*self.notes, RUN_RULE) if self.comparisons else self.notes

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {
            #: whether runs are better than others, network by network.
            "comparisons": [comparison.to_dict() for comparison in self.comparisons],
            "rule": RUN_RULE,  #: by which they are judged.
            #: which settings differ, how many comparisons these are, and why some runs are not
            #: compared.
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class _Network:
    """A network of a way to train, with the runs that trained it."""

    group: SeedGroup
    variant: int  #: its place among those of each run.

    @property
    def config(self) -> RunConfig:
        """The settings of the first of the runs."""
        return self.group.runs[0].config

    @property
    def label(self) -> str:
        """Which network of a run it is; empty if a run trains no other."""
        return self.config.variants[self.variant].label if self.config.variants else ""

    def values(self, stage: str) -> dict[int, float]:
        """Return its figure by seed, as far as it is known.

        Args:
            stage: `test`, or `val` for the last epoch.
        """
        by_seed: dict[int, float] = {}
        for run in self.group.runs:
            values: Sequence[float] = run.final_values if stage == "test" else run.last_values
            single = run.final if stage == "test" else run.last
            if run.config.variants and values:
                spread = list(by_variant(values, len(run.config.variants)))[self.variant]
                first = run.config.seed
                by_seed.update(enumerate(spread.values, first))
            elif not run.config.variants and single is not None:
                by_seed[run.config.seed] = single
        return dict(sorted(by_seed.items()))


def verdicts_of(runs: Sequence[RunRecord]) -> RunVerdicts:
    """Judge which of some runs are better.

    Of up to `EACH_WITH_EACH` ways to train each is compared with each, of more the first with each
    of the others. What can't be compared is said in `notes`.
    """
    runs = list({run.run_id: run for run in runs}.values())
    groups = seed_groups(runs)
    if len(groups) < 2:
        return RunVerdicts((), (ONLY_SEEDS,) if len(runs) > 1 else ())
    notes: list[str] = []
    networks: list[tuple[_Network, _Network]] = []
    for first, second in _pairs(groups):
        reason = _why_not(first, second)
        if reason:
            notes.append(f"{first.label} and {second.label} can't be compared: {reason}.")
        else:
            networks += _same_networks(first, second)
    if len(groups) > EACH_WITH_EACH:
        notes.append(f"There are more than {EACH_WITH_EACH} runs: each is compared with the first.")
    if len(networks) > MOST_COMPARISONS:
        notes.append(f"Of {len(networks):,} comparisons, these are the first {MOST_COMPARISONS}.")
    comparisons = [_comparison(*pair) for pair in networks[:MOST_COMPARISONS]]
    if comparisons:
        of_pairs = dict.fromkeys(note for judged in comparisons for note in judged.notes)
        notes = [*of_pairs, *notes]
    return RunVerdicts(*_corrected(comparisons, notes))


def _pairs(groups: Sequence[SeedGroup]) -> list[tuple[SeedGroup, SeedGroup]]:
    """Return each with each, or of many the first with each of the others."""
    if len(groups) > EACH_WITH_EACH:
        return [(groups[0], other) for other in groups[1:]]
    return list(combinations(groups, 2))


def _corrected(
    comparisons: Sequence[RunComparison], notes: Sequence[str]
) -> tuple[tuple[RunComparison, ...], tuple[str, ...]]:
    """Return comparisons with p corrected for their number, and notes with one that says so."""
    if len(comparisons) < 2:
        return tuple(comparisons), tuple(notes)
    tested = [comparison for comparison in comparisons if comparison.p is not None]
    corrected = iter(holm([comparison.p for comparison in tested if comparison.p is not None]))
    judged = tuple(
        comparison if comparison.p is None else replace(comparison, p_holm=next(corrected))
        for comparison in comparisons
    )
    by_chance = len(comparisons) * 0.05
    note = (
        f"These are {len(comparisons)} comparisons, each judged for itself. If nothing differed, "
        f"one in twenty would still be decided by chance, {by_chance:.2g} of these on average; p "
        "by Holm is corrected for that."
    )
    return judged, (*notes, note)


def _metric_of(first: SeedGroup, second: SeedGroup) -> Metric | None:
    """Return the metric that both are judged by: of the test, or else of the last epoch."""
    runs = [*first.runs, *second.runs]
    for name in ("final_metric", "metric"):
        names = {getattr(run, name) for run in runs}
        if len(names) == 1 and all(names):
            return runs[0].spec(names.pop())
    return None


def _why_not(first: SeedGroup, second: SeedGroup) -> str:
    """Return why two can't be compared; empty if they can."""
    configs = [group.runs[0].config for group in (first, second)]
    if configs[0].task != configs[1].task:
        return f"they are of two tasks, {configs[0].task} and {configs[1].task}"
    metric = _metric_of(first, second)
    if metric is None:
        return "there is no figure that both have been measured by yet"
    tested_by: tuple[str, ...] = TESTED_BY
    if metric.stage == "test" and configs[0].task in TASKS:
        tested_by = TASKS[configs[0].task].tested_by
    for name in tested_by:
        if configs[0].setting(name) != configs[1].setting(name):
            data = "test" if metric.stage == "test" else "validation"
            return f"their {data} data are not the same, since {label_of(name)} differs"
    if not _same_networks(first, second):
        return "they have no network in common; compare runs of one network each"
    return ""


def _networks(group: SeedGroup) -> list[_Network]:
    return [_Network(group, place) for place in range(max(1, len(group.runs[0].config.variants)))]


def _same_networks(first: SeedGroup, second: SeedGroup) -> list[tuple[_Network, _Network]]:
    """Pair networks of the same label; those of runs of a single network each in any case."""
    of_first, of_second = _networks(first), _networks(second)
    if len(of_first) == len(of_second) == 1:
        return [(of_first[0], of_second[0])]
    by_label = {network.label: network for network in of_second}
    return [(network, by_label[network.label]) for network in of_first if network.label in by_label]


def _comparison(first: _Network, second: _Network) -> RunComparison:
    metric = _metric_of(first.group, second.group)
    assert metric is not None
    labels = [label for label, _ in differing([first.group.runs[0], second.group.runs[0]])]
    of_both = [network.values(metric.stage) for network in (first, second)]
    finite = [
        {seed: value for seed, value in values.items() if abs(value) <= LARGEST}
        for values in of_both
    ]
    undefined = len(
        {seed for values in of_both for seed, value in values.items() if not abs(value) <= LARGEST}
    )
    shared = [seed for seed in finite[0] if seed in finite[1]]
    sign = 1 if metric.higher_is_better else -1
    several = max(len(network.config.variants) for network in (first, second)) > 1
    network = first.label if several else ""
    subject = f"{first.group.label} − {second.group.label}"
    enough_of_each = min(map(len, finite)) >= FEWEST
    comparison: Comparison
    if len(shared) < FEWEST and (enough_of_each or not shared):
        groups = [tuple(sign * value for value in values.values()) for values in finite]
        comparison = UnpairedComparison(subject, {}, *groups, undefined=undefined)
    else:
        differences = {seed: sign * (finite[0][seed] - finite[1][seed]) for seed in shared}
        comparison = Comparison(subject, differences, undefined=undefined)
    return RunComparison(
        first.group.label,
        second.group.label,
        network,
        metric,
        tuple(finite[0].values()),
        tuple(finite[1].values()),
        comparison,
        tuple(label for label in labels if label not in NO_CAUSES),
        _commands(first, second) if comparison.outcome is ComparisonOutcome.FEW else (),
    )


def _commands(first: _Network, second: _Network) -> tuple[str, ...]:
    """Return what trains enough seeds that both have: from the first seed of the larger one."""
    seeds = [_trained_seeds(network.group) for network in (first, second)]
    start = min(seeds[0] if len(seeds[0]) >= len(seeds[1]) else seeds[1])
    wanted = range(start, start + FEWEST)
    commands: list[str] = []
    for network, trained in zip((first, second), seeds, strict=True):
        missing = [seed for seed in wanted if seed not in trained]
        if not missing:
            continue
        if network.config.variants:
            config = network.config.replace(seed=start, seeds=FEWEST)
        else:  # each seed is a run of its own
            config = network.config.replace(seed=missing[0])
        command = training_command(config)
        if command and not network.config.variants and len(missing) > 1:
            command += f" (and with the seeds up to {missing[-1]})"
        if command:
            commands.append(command)
    return tuple(dict.fromkeys(commands))


def _trained_seeds(group: SeedGroup) -> set[int]:
    return {
        seed
        for run in group.runs
        for seed in range(run.config.seed, run.config.seed + run.config.seed_count)
    }
