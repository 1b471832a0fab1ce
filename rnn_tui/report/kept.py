"""What the store of runs has of a plan, asked anew each time: so a report can stop and go on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.replicas import Variant
from rnn_tui.report.plan import Part, Plan, family
from rnn_tui.runs.records import RunRecord, RunStatus
from rnn_tui.runs.store import RunStore

Network = tuple[RunConfig, Variant | None, int]  # family, variant, seed


@dataclass(frozen=True)
class Found:
    """Where a network is.

    Attributes:
        run: the run that trained it.
        at: which of the run's replicas it is; 0 where it is the only network.
    """

    run: RunRecord
    at: int


@dataclass(frozen=True)
class Kept:
    """What the store has of a plan.

    Attributes:
        done: the networks that are trained to the end, and where they are; of several, the one
            that was trained first, so that a figure does not change once it is there.
        active: those that some process trains now, and in which run.
        unfinished: runs that were interrupted or stopped, the furthest first, each with its
            networks, all of which are in the plan.
        finished: every run that ended with networks like those of the plan, the newest first.
    """

    done: Mapping[Part, Found]
    active: Mapping[Part, RunRecord]
    unfinished: tuple[tuple[RunRecord, tuple[Part, ...]], ...]
    finished: tuple[RunRecord, ...]


def kept(plan: Plan, store: RunStore | None) -> Kept:
    """Look through the store, deleted runs left out.

    Args:
        plan: what is wanted.
        store: the runs; None where there are none yet.

    Raises:
        StoreError: if the store can't be read.
    """
    wanted: dict[Network, Part] = {}
    for one in plan.experiments:
        common = family(plan.config(one.task, one.cell, 0))
        for seed in plan.seeds_of(one.task):
            wanted[common, one.variant, seed] = Part(one, seed)
    families = {network[0] for network in wanted}
    done: dict[Part, Found] = {}
    active: dict[Part, RunRecord] = {}
    unfinished: list[tuple[RunRecord, tuple[Part, ...]]] = []
    finished: list[RunRecord] = []
    for run in store.runs() if store is not None else []:
        if family(run.config) not in families:
            continue
        parts = [wanted.get(network) for network in networks(run.config)]
        mine = [part for part in parts if part is not None]
        if run.status is RunStatus.FINISHED:
            finished.append(run)
            # The newest run comes first: an older one takes its place.
            done |= {part: Found(run, at) for at, part in enumerate(parts) if part is not None}
        elif run.status.active:
            active |= dict.fromkeys(mine, run)
        elif run.status in (RunStatus.STOPPED, RunStatus.INTERRUPTED) and len(mine) == len(parts):
            unfinished.append((run, tuple(mine)))
    unfinished.sort(key=lambda one: -one[0].progress)
    return Kept(done, active, tuple(unfinished), tuple(finished))


def networks(config: RunConfig) -> Iterator[Network]:
    """The networks of a run, in the order of its figures."""
    common = family(config)
    if not config.variants:
        yield common, None, config.seed
    for replica in config.replicas:
        yield common, replica.variant, replica.seed
