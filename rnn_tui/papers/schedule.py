"""Schedules the runs that a plan still needs."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from rnn_tui.archive.run_record import RunRecord
from rnn_tui.engine.config import RunConfig, Variant
from rnn_tui.engine.counts import count_of
from rnn_tui.papers.inventory import Inventory, family
from rnn_tui.papers.paper import Experiment
from rnn_tui.papers.plan import Plan, PlannedNetwork
from rnn_tui.tasks import TASKS


@dataclass(frozen=True)
class PlannedRun:
    """A run that is to be trained."""

    config: RunConfig
    networks: tuple[PlannedNetwork, ...]  #: the networks that it trains.
    run: RunRecord | None = None  #: the run to resume, or None for a new one.

    @property
    def progress(self) -> float:
        """The share of its steps that is done already, 0 … 1."""
        return 0.0 if self.run is None else self.run.progress

    @property
    def label(self) -> str:
        """The run's networks, such as `Adder, 6 networks × 20 seeds` or `MNIST, LSTM, seed 2`."""
        first = self.networks[0]
        label = first.experiment.label
        if not self.config.replicas:
            return f"{label}, seed {first.seed}"
        experiments = {network.experiment for network in self.networks}
        seeds = {network.seed for network in self.networks}
        if len(experiments) > 1:
            label = f"{TASKS[self.config.task].label}, {len(experiments)} networks"
        return f"{label} × {count_of(len(seeds), 'seed')}"


def planned_runs(
    inventory: Inventory,
    *,
    tried: Collection[PlannedNetwork] = (),
    unusable: Collection[str] = (),
) -> list[PlannedRun]:
    """Return the runs that a plan still needs, in the order in which to train them.

    A stopped run is resumed if all its networks are missing. Of the other networks, the small ones
    with consecutive seeds are trained together.

    Args:
        inventory: the networks of the plan that are trained, in training or unfinished.
        tried: networks that were tried, and are not to be trained again.
        unusable: the ids of runs that can't be resumed.
    """
    plan = inventory.plan
    not_missing = {*inventory.done, *inventory.active, *tried}
    missing = [network for network in plan.networks if network not in not_missing]
    runs: list[PlannedRun] = []
    unscheduled = set(missing)
    for run, networks in inventory.unfinished:
        if run.run_id not in unusable and unscheduled.issuperset(networks):
            runs.append(PlannedRun(run.config, networks, run))
            unscheduled.difference_update(networks)
    for alike in _alike_networks(plan, [each for each in missing if each in unscheduled]):
        if TASKS[alike[0].experiment.task].reads_images:
            runs += [_single_run(plan, network) for network in alike]
        else:
            runs += _joint_runs(plan, alike)
    place = {network: number for number, network in enumerate(plan.networks)}
    return sorted(runs, key=lambda run: min(place[network] for network in run.networks))


def _alike_networks(
    plan: Plan, networks: Sequence[PlannedNetwork]
) -> Iterator[list[PlannedNetwork]]:
    """Yield networks that differ in seed, hidden size and loss alone, which one run may train."""
    families = {
        experiment: family(plan.config(experiment, plan.first_seed))
        for experiment in plan.experiments
    }
    alike: dict[RunConfig, list[PlannedNetwork]] = {}
    for network in networks:
        alike.setdefault(families[network.experiment], []).append(network)
    yield from alike.values()


def _single_run(plan: Plan, network: PlannedNetwork) -> PlannedRun:
    """Make a run that trains one network."""
    return PlannedRun(plan.config(network.experiment, network.seed), (network,))


def _joint_runs(plan: Plan, networks: Sequence[PlannedNetwork]) -> list[PlannedRun]:
    """Make runs for networks that one run may train, as few as possible.

    A run trains each of its variants with each of its seeds, and its seeds are consecutive. So one
    run gets consecutive seeds that miss the same networks. And as its variants are all pairs of its
    sizes and losses, it gets the losses that miss the same sizes.

    Args:
        plan: the plan.
        networks: the missing ones among networks that are alike, in the order of their seeds.
    """
    runs: list[PlannedRun] = []
    for experiments, seeds in _stretches(networks):
        for variants in _products([plan.variant_of(experiment) for experiment in experiments]):
            config = plan.config(experiments[0], seeds[0], seeds=len(seeds), variants=variants)
            trained = tuple(
                PlannedNetwork(experiment, seed)
                for seed in seeds
                for experiment in experiments
                if plan.variant_of(experiment) in variants
            )
            runs.append(PlannedRun(config, trained))
    return runs


def _stretches(
    networks: Sequence[PlannedNetwork],
) -> list[tuple[list[Experiment], list[int]]]:
    """Group networks into stretches of consecutive seeds that miss the same experiments.

    Returns:
        the experiments and the seeds of each stretch.
    """
    by_seed: dict[int, list[Experiment]] = {}
    for network in networks:
        by_seed.setdefault(network.seed, []).append(network.experiment)
    stretches: list[tuple[list[Experiment], list[int]]] = []
    for seed, experiments in by_seed.items():
        if stretches:
            previous_experiments, previous_seeds = stretches[-1]
            if seed == previous_seeds[-1] + 1 and experiments == previous_experiments:
                previous_seeds.append(seed)
                continue
        stretches.append((experiments, [seed]))
    return stretches


def _products(some_variants: Sequence[Variant | None]) -> list[list[Variant]]:
    """Return variants in groups that have each of their sizes with each of their losses."""
    variants = [variant for variant in some_variants if variant is not None]
    sizes_of_loss: dict[str, set[int]] = {}
    for variant in variants:
        sizes_of_loss.setdefault(variant.loss, set()).add(variant.hidden_size)
    groups: dict[frozenset[int], list[Variant]] = {}
    for variant in variants:
        sizes = frozenset(sizes_of_loss[variant.loss])
        groups.setdefault(sizes, []).append(variant)
    return list(groups.values())
