"""The table of a rerun: each published figure beside ours, and where it would lie."""

import math
from dataclasses import dataclass, field

from rnn_tui.archive.run_record import RunRecord
from rnn_tui.engine.intervals import Interval, next_interval
from rnn_tui.engine.metrics import Spread
from rnn_tui.engine.seed_means import SeedMean, Solved
from rnn_tui.papers.best import best_interval
from rnn_tui.papers.inventory import Inventory
from rnn_tui.papers.paper import ONE_NETWORK, Experiment, Published, PublishedKind
from rnn_tui.papers.plan import DECIMALS, Plan
from rnn_tui.tasks import TASKS


@dataclass(frozen=True)
class Row:
    """A published figure and ours."""

    experiment: Experiment  #: what was published.
    seeds: tuple[int, ...]  #: those that are trained, ascending.
    values: tuple[float, ...]  #: a figure for each of them, in percent.
    run_ids: tuple[str, ...]  #: the run of each.
    #: the time of training; networks of one run have equal shares of its time, so that the sum over
    #: all rows is the time that passed.
    seconds: float
    wanted: int  #: how many seeds the plan asks for.
    #: whether ours were trained so that published figures can be compared with them.
    comparable: bool = True
    kind: Published = ONE_NETWORK  #: what the published figure is.
    #: the figure from which on a network has solved its task; None to count none.
    threshold: float | None = None
    #: the figure of each of them in validation, after the last epoch; empty if that is not known.
    validations: tuple[float, ...] = ()
    #: the 95 % interval in which the published figure would lie, if its networks were like ours:
    #: that of one more seed, of the best or of the mean of several; None for n < 2, and for the
    #: mean of several where ours has no interval either.
    expected: Interval | None = field(init=False)
    #: the mean over seeds, and its interval if it has one; None without any seed.
    over_seeds: SeedMean | None = field(init=False)

    def __post_init__(self) -> None:
        over_seeds = SeedMean(self.values, self.threshold) if self.values else None
        object.__setattr__(self, "over_seeds", over_seeds)
        object.__setattr__(self, "expected", self._expected() if self.n >= 2 else None)

    def _expected(self) -> Interval | None:
        if self.kind.kind is PublishedKind.BEST:
            return best_interval(self.values, self.kind.count)
        if self.kind.kind is PublishedKind.MEAN and self.mean_interval is None:
            return None
        return next_interval(self.values, self.kind.count)

    @property
    def mean_interval(self) -> Interval | None:
        """The 95 % interval of the mean; None where too few seeds tell it, see `SeedMean`."""
        return self.over_seeds.interval if self.over_seeds else None

    @property
    def no_interval(self) -> str:
        """Why the mean has no interval, in a sentence; empty if it has one, and without seeds."""
        return self.over_seeds.reason if self.over_seeds else ""

    @property
    def spread(self) -> Spread | None:
        """The values over seeds; None if there is none yet."""
        return Spread(self.values) if self.values else None

    @property
    def validation(self) -> float | None:
        """The mean in validation over seeds; None if that is not known."""
        return Spread(self.validations).mean if self.validations else None

    @property
    def n(self) -> int:
        """The number of trained seeds."""
        return len(self.values)

    @property
    def best(self) -> float | None:
        """The best of all seeds; None without any."""
        return max(self.values, default=None)

    @property
    def solved(self) -> Solved | None:
        """How many seeds have solved their task; None without any, or without a threshold."""
        return self.over_seeds.solved if self.over_seeds else None

    @property
    def side_means(self) -> tuple[float | None, float | None] | None:
        """The means of the seeds below the threshold, and of those from it on; None for none.

        None for both without any seed, or without a threshold.
        """
        if self.threshold is None or self.over_seeds is None:
            return None
        return self.over_seeds.failed_mean, self.over_seeds.solved_mean

    @property
    def runs(self) -> tuple[str, ...]:
        """The runs that the values are from, each once."""
        return tuple(dict.fromkeys(self.run_ids))

    @property
    def distance(self) -> float | None:
        """The points by which the published figure is below (negative) or above `expected`.

        0 within; None for n < 2, without a published figure, and where nothing is compared.
        """
        published = self.experiment.published
        if self.expected is None or published is None or not self.comparable:
            return None
        return self.expected.distance(published, DECIMALS)

    @property
    def inside(self) -> bool | None:
        """Whether the published figure is in that interval; None if unknown."""
        return None if self.distance is None else self.distance == 0

    @property
    def published_is(self) -> str:
        """The published figure's place relative to that interval; empty without one of them."""
        published = self.experiment.published
        if not self.values or published is None:
            return ""
        if not self.comparable:
            return "other recipe"
        if self.expected is None:
            return "one seed only" if self.n == 1 else "no interval"
        return self.expected.place(published, DECIMALS)


@dataclass(frozen=True)
class Results:
    """The results of a plan so far: a row for each experiment, in the paper's order."""

    plan: Plan
    rows: tuple[Row, ...]

    @property
    def complete(self) -> bool:
        """Whether every network is trained."""
        return all(row.n == row.wanted for row in self.rows)

    def missing_seeds(self, *tasks: str) -> str:
        """Return a sentence on the networks that lack seeds; empty if none does.

        Args:
            tasks: whose networks; by default all.
        """
        lacking = [
            f"{row.experiment.label} ({row.n} of {row.wanted})"
            for row in self.rows
            if row.n < row.wanted and (not tasks or row.experiment.task in tasks)
        ]
        return f"Not complete: seeds are missing for {'; '.join(lacking)}." if lacking else ""

    @property
    def run_ids(self) -> tuple[str, ...]:
        """The ids of all runs that values are from, each once."""
        return tuple(dict.fromkeys(run_id for row in self.rows for run_id in row.run_ids))


def results(inventory: Inventory) -> Results:
    """Return the table so far, quick enough to ask for whenever a run has ended.

    Raises:
        StoreError: if the store can't be read.
    """
    plan = inventory.plan
    return Results(plan, tuple(_row(inventory, experiment) for experiment in plan.experiments))


def _row(inventory: Inventory, experiment: Experiment) -> Row:
    """Return the row of an experiment: a value for each trained seed whose test is in the store."""
    plan = inventory.plan
    metric = TASKS[experiment.task].headline
    of_validation = metric.replace("test_", "val_", 1)
    values: dict[int, float] = {}
    validations: list[float] = []
    runs: list[RunRecord] = []
    for seed, network in inventory.trained(experiment).items():
        figures = list(inventory.figures(network, "test", metric).values())
        if figures and math.isfinite(figures[-1]):
            values[seed] = figures[-1]
            validations += list(inventory.figures(network, "epoch", of_validation).values())[-1:]
            runs.append(network.run)
    return Row(
        experiment,
        seeds=tuple(values),
        values=tuple(values.values()),
        run_ids=tuple(run.run_id for run in runs),
        seconds=sum(run.elapsed / max(1, len(run.config.replicas)) for run in runs),
        wanted=len(plan.seeds_of(experiment.task)),
        comparable=plan.recipe.compared,
        kind=plan.paper.published,
        validations=tuple(validations) if plan.paper.validated else (),
        threshold=plan.paper.solved,
    )
