"""Which runs a report still needs, in the order to train them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rnn_tui.engine.config import RunConfig, Variant
from rnn_tui.report.inventory import Inventory
from rnn_tui.report.plan import TRAINING_ORDER, Experiment, Plan, PlannedNetwork
from rnn_tui.runs.run_record import RunRecord
from rnn_tui.runs.words import count_of


@dataclass(frozen=True)
class PlannedRun:
    """A run to train."""

    config: RunConfig
    networks: tuple[PlannedNetwork, ...]  #: that it trains.
    run: RunRecord | None = None  #: the run to resume, or None for a new one.

    @property
    def progress(self) -> float:
        """The share of its steps that is done already, 0 … 1."""
        return 0.0 if self.run is None else self.run.progress

    @property
    def label(self) -> str:
        """What it trains, such as `Adder, 6 networks × 20 seeds` or `MNIST, LSTM, seed 2`."""
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
    """The runs that a plan still needs, in the order to train them.

    A run that was stopped is resumed if all its networks are lacking. The other small networks of
    consecutive seeds are trained together.

    Args:
        inventory: what the store has of the plan.
        tried: networks that are not to be trained again.
        unusable: runs, by id, that can't be resumed.
    """
    plan = inventory.plan
    not_lacking = {*inventory.done, *inventory.active, *tried}
    lacking = [network for network in plan.networks if network not in not_lacking]
    runs: list[PlannedRun] = []
    left = set(lacking)
    for run, networks in inventory.unfinished:
        if run.run_id not in unusable and left.issuperset(networks):
            runs.append(PlannedRun(run.config, networks, run))
            left.difference_update(networks)
    for task in TRAINING_ORDER:
        of_task = [
            network for network in lacking if network in left and network.experiment.task == task
        ]
        if task == "mnist":
            runs += [_single_run(plan, network) for network in of_task]
        else:
            runs += _joint_runs(plan, of_task)
    place = {network: number for number, network in enumerate(plan.networks)}
    return sorted(runs, key=lambda run: min(place[network] for network in run.networks))


def _single_run(plan: Plan, network: PlannedNetwork) -> PlannedRun:
    """A run that trains one network."""
    experiment = network.experiment
    return PlannedRun(plan.config(experiment.task, experiment.cell, network.seed), (network,))


def _joint_runs(plan: Plan, networks: Sequence[PlannedNetwork]) -> list[PlannedRun]:
    """As few runs as can train these small networks of one task, which go seed by seed.

    A run trains consecutive seeds, each size with each loss, so that seeds go together which lack
    the same networks, and of these networks the losses which lack the same sizes.
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
    """Stretches of consecutive seeds that lack the same experiments, with these experiments."""
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
    """The variants of experiments in groups that have each of their sizes with each loss."""
    variants = [experiment.variant for experiment in experiments if experiment.variant is not None]
    sizes_of_loss: dict[str, set[int]] = {}
    for variant in variants:
        sizes_of_loss.setdefault(variant.loss, set()).add(variant.hidden_size)
    groups: dict[frozenset[int], list[Variant]] = {}
    for variant in variants:
        sizes = frozenset(sizes_of_loss[variant.loss])
        groups.setdefault(sizes, []).append(variant)
    return list(groups.values())
