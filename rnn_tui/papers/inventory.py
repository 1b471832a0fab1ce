"""Finds the runs of a plan in the store, each time anew, so that a rerun can be resumed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Any

from rnn_tui.archive.logged_values import Kind, LoggedValues
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from rnn_tui.engine.config import RunConfig, Variant
from rnn_tui.engine.state import Status
from rnn_tui.papers.paper import Experiment
from rnn_tui.papers.plan import Plan, PlannedNetwork
from rnn_tui.tasks.config import SequenceConfig

MOST_REMEMBERED = 1 << 15  # runs whose family is: whenever a rerun has news, all are looked at
RESUMABLE = (Status.STOPPED, Status.INTERRUPTED)
NetworkKey = tuple[RunConfig, Variant | None, int]  # family, variant, seed


@dataclass(frozen=True)
class TrainedNetwork:
    """The place of a trained network: its run, and the number of its replica; 0 if it is alone."""

    run: RunRecord
    replica: int


@dataclass(frozen=True)
class Inventory:
    """The networks of a plan that are in the store."""

    plan: Plan  #: the plan.
    #: networks trained to the end; of several the first, so that no figure changes.
    done: Mapping[PlannedNetwork, TrainedNetwork]
    #: networks that some process trains now, and in which run.
    active: Mapping[PlannedNetwork, RunRecord]
    #: runs that were interrupted or stopped, the furthest first, with networks all in the plan.
    unfinished: tuple[tuple[RunRecord, tuple[PlannedNetwork, ...]], ...]
    #: every run that ended with networks like those of the plan, the newest first.
    finished: tuple[RunRecord, ...]
    #: returns the logged values of a run by id and kind, while the store is open.
    logged_values: Callable[[str, Kind], Sequence[LoggedValues]]

    def trained(self, experiment: Experiment) -> dict[int, TrainedNetwork]:
        """Return the trained networks of an experiment, by seed, ascending."""
        return dict(sorted(self._trained.get(experiment.key, {}).items()))

    @cached_property
    def _trained(self) -> Mapping[str, Mapping[int, TrainedNetwork]]:
        """The trained networks by seed, by key of their experiment."""
        by_experiment: dict[str, dict[int, TrainedNetwork]] = {}
        for planned, trained in self.done.items():
            by_experiment.setdefault(planned.experiment.key, {})[planned.seed] = trained
        return by_experiment

    def figures(self, network: TrainedNetwork, kind: Kind, metric: str) -> dict[int, float]:
        """Return a network's figures by epoch; those of the test are at the last one."""
        figures: dict[int, float] = {}
        for logged in self.logged_values(network.run.run_id, kind):
            value = logged.figures.get(metric)
            if isinstance(value, tuple):
                value = value[network.replica] if network.replica < len(value) else None
            if value is not None and logged.epoch is not None:
                figures[logged.epoch] = value
        return figures


def take_inventory(plan: Plan, store: RunStore | None) -> Inventory:
    """Look up what a store, if there is one yet, has of a plan; deleted runs do not count.

    Raises:
        StoreError: if the store can't be read.
    """
    families = {experiment: family(plan.config(experiment, 0)) for experiment in plan.experiments}
    wanted = {
        (
            families[network.experiment],
            plan.variant_of(network.experiment),
            network.seed,
        ): network
        for network in plan.networks
    }
    like_the_plan = set(families.values())
    done: dict[PlannedNetwork, TrainedNetwork] = {}
    active: dict[PlannedNetwork, RunRecord] = {}
    unfinished: list[tuple[RunRecord, tuple[PlannedNetwork, ...]]] = []
    finished: list[RunRecord] = []
    for run in store.runs() if store is not None else ():
        if family(run.config) not in like_the_plan:
            continue
        of_replicas = [wanted.get(key) for key in network_keys(run.config)]
        networks = [network for network in of_replicas if network is not None]
        if run.status is Status.FINISHED:
            finished.append(run)
            for replica, network in enumerate(of_replicas):
                if network is not None:  # runs come newest first: an older one takes its place
                    done[network] = TrainedNetwork(run, replica)
        elif run.status.active:
            active |= dict.fromkeys(networks, run)
        elif run.status in RESUMABLE and len(networks) == len(of_replicas):
            unfinished.append((run, tuple(networks)))
    unfinished.sort(key=lambda entry: entry[0].progress, reverse=True)
    logged_values = _logs_nothing if store is None else cache(store.logged_values)
    return Inventory(plan, done, active, tuple(unfinished), tuple(finished), logged_values)


def _logs_nothing(_run_id: str, _kind: Kind) -> Sequence[LoggedValues]:
    return ()


@lru_cache(MOST_REMEMBERED)
def family(config: RunConfig) -> RunConfig:
    """Return the settings that networks share which differ in seed, hidden size and loss alone.

    Device, workers and the preset's name do not count either.
    """
    settings: dict[str, Any] = {"seed": 0, "device": "auto", "workers": 0, "preset": ""}
    if isinstance(config, SequenceConfig):
        settings |= {"seeds": 1, "hidden_sizes": (1,), "losses": ("mse",)}
    return config.replace(**settings)


def network_keys(config: RunConfig) -> list[NetworkKey]:
    """Return the keys of the networks of a run, in the order of its values."""
    common = family(config)
    if not config.replicas:
        return [(common, None, config.seed)]
    return [(common, replica.variant, replica.seed) for replica in config.replicas]
