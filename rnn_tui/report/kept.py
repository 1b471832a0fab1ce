"""What the store of runs has of a plan, asked anew each time: so a report can stop and go on."""

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from rnn_tui.engine.config import RunConfig, Variant
from rnn_tui.engine.state import Status
from rnn_tui.report.plan import TRAINING_ORDER, Experiment, Part, Plan, family
from rnn_tui.runs.records import Kind, Moment, RunRecord
from rnn_tui.runs.store import RunStore
from rnn_tui.runs.words import how_many

Network = tuple[RunConfig, Variant | None, int]  # family, variant, seed


@dataclass(frozen=True)
class Found:
    """Where a network is: its run, and which of the run's replicas it is; 0 where it is alone."""

    run: RunRecord
    at: int


@dataclass(frozen=True)
class Kept:
    """What the store has of a plan."""

    plan: Plan  #: what is wanted.
    done: Mapping[Part, Found]  #: networks trained to the end, and where; of several the first, so that no figure changes.
    active: Mapping[Part, RunRecord]  #: those that some process trains now, and in which run.
    unfinished: tuple[tuple[RunRecord, tuple[Part, ...]], ...]  #: interrupted or stopped, the furthest first, all in the plan.
    finished: tuple[RunRecord, ...]  #: every run that ended with networks like those of the plan, the newest first.
    moments: Callable[[str, Kind], Sequence[Moment]]  #: what was logged of a run, by id and kind, while the store is open.

    def found(self, experiment: Experiment) -> dict[int, Found]:
        """Where the trained networks of an experiment are, by seed, ascending."""
        mine = {part.seed: one for part, one in self.done.items() if part.experiment == experiment}
        return dict(sorted(mine.items()))

    def figures(self, found: Found, kind: Kind, metric: str) -> dict[int, float]:
        """A network's figures by epoch: of each one, or of the test, which is at the last."""
        result = {}
        for moment in self.moments(found.run.run_id, kind):
            value = moment.figures.get(metric)
            if isinstance(value, tuple):
                value = value[found.at] if found.at < len(value) else None
            if value is not None and moment.epoch is not None:
                result[moment.epoch] = value
        return result


def kept(plan: Plan, store: RunStore | None) -> Kept:
    """What a store, if there is one yet, has of a plan but for deleted runs; raises `StoreError` if it can't be read."""
    families = {one: family(plan.config(one.task, one.cell, 0)) for one in plan.experiments}
    known = set(families.values())
    wanted = {(families[part.experiment], part.experiment.variant, part.seed): part for part in plan.parts}
    done: dict[Part, Found] = {}
    active: dict[Part, RunRecord] = {}
    unfinished: list[tuple[RunRecord, tuple[Part, ...]]] = []
    finished: list[RunRecord] = []
    for run in store.runs() if store is not None else []:
        if family(run.config) not in known:
            continue
        parts = [wanted.get(network) for network in networks(run.config)]
        mine = [part for part in parts if part is not None]
        if run.status is Status.FINISHED:
            finished.append(run)
            # The newest run comes first: an older one takes its place.
            done |= {part: Found(run, at) for at, part in enumerate(parts) if part is not None}
        elif run.status.active:
            active |= dict.fromkeys(mine, run)
        elif run.status in (Status.STOPPED, Status.INTERRUPTED) and len(mine) == len(parts):
            unfinished.append((run, tuple(mine)))
    unfinished.sort(key=lambda one: -one[0].progress)
    # A run may have many of the networks; without a store there is none.
    moments: Callable[[str, Kind], Sequence[Moment]] = cache(store.moments) if store is not None else lambda *_: ()
    return Kept(plan, done, active, tuple(unfinished), tuple(finished), moments)


def networks(config: RunConfig) -> Iterator[Network]:
    """The networks of a run, in the order of its figures."""
    common = family(config)
    if not config.variants:
        yield common, None, config.seed
    for replica in config.replicas:
        yield common, replica.variant, replica.seed


@dataclass(frozen=True)
class Work:
    """A run to train: settings, networks, and the run to go on with, or None for a new one."""

    config: RunConfig
    parts: tuple[Part, ...]
    run: RunRecord | None = None

    @property
    def progress(self) -> float:
        """The share of its steps that is done already."""
        return 0.0 if self.run is None else self.run.progress

    @property
    def label(self) -> str:
        """What it trains, such as `Adder, 6 networks × 20 seeds` or `MNIST, LSTM, seed 2`."""
        first, networks = self.parts[0], len({part.experiment for part in self.parts})
        what = first.experiment.label
        if first.experiment.variant is None:
            return f"{what}, seed {first.seed}"
        if networks > 1:
            what = f"{what.partition(',')[0]}, {networks} networks"
        return f"{what} × {how_many(len({part.seed for part in self.parts}), 'seed')}"


def work_for(kept: Kept, *, tried: Collection[Part] = (), unusable: Collection[str] = ()) -> list[Work]:
    """The runs that its plan still needs, in the order in which to train them.

    A run that was stopped is gone on with where all of its networks are still lacking, so that nothing is trained twice. The
    others are trained anew: of the small networks, those of one task together, as far as they are every combination of some
    sizes, losses and consecutive seeds. Networks that were `tried` are left out, and `unusable` runs (by id).
    """
    plan = kept.plan
    missing = [part for part in plan.parts if part not in kept.done and part not in kept.active and part not in tried]
    lacking = set(missing)
    works: list[Work] = []
    for run, parts in kept.unfinished:
        if run.run_id not in unusable and lacking.issuperset(parts):
            works.append(Work(run.config, parts, run))
            lacking.difference_update(parts)
    for task in TRAINING_ORDER:
        rest = [part for part in missing if part in lacking and part.experiment.task == task]
        if task == "mnist":
            works += [Work(plan.config(task, part.experiment.cell, part.seed), (part,)) for part in rest]
        else:
            works += _together(plan, rest)
    place = {part: at for at, part in enumerate(plan.parts)}
    return sorted(works, key=lambda work: min(place[part] for part in work.parts))


def _together(plan: Plan, parts: Sequence[Part]) -> list[Work]:
    """As few runs as there are stretches of seeds that lack the same networks; `parts` are in the order of their seeds."""
    works = []
    by_seed = [list(some) for _, some in itertools.groupby(parts, lambda part: part.seed)]
    # Consecutive seeds are all as far ahead of their places.
    found = itertools.groupby(enumerate(by_seed), lambda one: (one[1][0].seed - one[0], [part.experiment for part in one[1]]))
    for (_, experiments), some in found:
        stretch = [part for _, mine in some for part in mine]
        first, count = stretch[0].seed, len(stretch) // len(experiments)
        wanted = [one.variant for one in experiments if one.variant is not None]
        alike: dict[frozenset[int], list[Variant]] = {}  # each all combinations of some sizes and losses
        for variant in wanted:
            sizes = frozenset(one.hidden_size for one in wanted if one.loss == variant.loss)
            alike.setdefault(sizes, []).append(variant)
        for variants in alike.values():
            config = plan.config(experiments[0].task, experiments[0].cell, first, seeds=count, variants=variants)
            works.append(Work(config, tuple(part for part in stretch if part.experiment.variant in variants)))
    return works
