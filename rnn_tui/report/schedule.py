"""Schedules the runs that a report still needs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rnn_tui.engine.config import RunConfig, Variant
from rnn_tui.engine.counts import count_of
from rnn_tui.report.inventory import Inventory
from rnn_tui.report.paper import Experiment
from rnn_tui.report.plan import TRAINING_ORDER, Plan, PlannedNetwork
from rnn_tui.runs.run_record import RunRecord


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
        if first.experiment.variant is None:
            return f"{label}, seed {first.seed}"
        experiments = {network.experiment for network in self.networks}
        seeds = {network.seed for network in self.networks}
        if len(experiments) > 1:
            task_label = label.partition(",")[0]
            label = f"{task_label}, {len(experiments)} networks"
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
    for task in TRAINING_ORDER:
        of_task = [
            network
            for network in missing
            if network in unscheduled and network.experiment.task == task
        ]
        if task == "mnist":
            runs += [_single_run(plan, network) for network in of_task]
        else:
            runs += _joint_runs(plan, of_task)
    place = {network: number for number, network in enumerate(plan.networks)}
    return sorted(runs, key=lambda run: min(place[network] for network in run.networks))


def _single_run(plan: Plan, network: PlannedNetwork) -> PlannedRun:
    """Make a run that trains one network."""
    experiment = network.experiment
    return PlannedRun(plan.config(experiment.task, experiment.cell, network.seed), (network,))


def _joint_runs(plan: Plan, networks: Sequence[PlannedNetwork]) -> list[PlannedRun]:
    """Make runs for the small networks of one task, as few as possible.

    A run trains each of its variants with each of its seeds, and its seeds are consecutive. So one
    run gets consecutive seeds that miss the same networks. And as its variants are all pairs of its
    sizes and losses, it gets the losses that miss the same sizes.

    Args:
        plan: the plan of the report.
        networks: the missing networks of the task, in the order of their seeds.
    """
    runs: list[PlannedRun] = []
    for experiments, seeds in _stretches(networks):
        task = experiments[0].task
        cell = experiments[0].cell
        for variants in _alike(experiments):
            config = plan.config(task, cell, seeds[0], seeds=len(seeds), variants=variants)
            trained = tuple(
                PlannedNetwork(experiment, seed)
                for seed in seeds
                for experiment in experiments
                if experiment.variant in variants
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


def _alike(experiments: Sequence[Experiment]) -> list[list[Variant]]:
    """Return the variants of experiments in groups that have each of their sizes with each loss."""
    variants = [experiment.variant for experiment in experiments if experiment.variant is not None]
    sizes_of_loss: dict[str, set[int]] = {}
    for variant in variants:
        sizes_of_loss.setdefault(variant.loss, set()).add(variant.hidden_size)
    groups: dict[frozenset[int], list[Variant]] = {}
    for variant in variants:
        sizes = frozenset(sizes_of_loss[variant.loss])
        groups.setdefault(sizes, []).append(variant)
    return list(groups.values())
