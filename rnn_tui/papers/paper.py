"""A paper as data: its experiments, what it published of them, and what it claims.

`paper_file` reads one from a file. Nothing here loads torch or NumPy.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from rnn_tui.engine.config import RunConfig, Variant
from rnn_tui.papers.expression import Expression
from rnn_tui.tasks import TASKS

SOLVED = 90.0  # percent from which on a network has solved its task, of which a best is published


@dataclass(frozen=True)
class Experiment:
    """A network of a paper, trained with several seeds, with its published figures."""

    key: str  #: a name for JSON and claims, such as `mnist-rnn` or `adder-h3-mse`.
    short_label: str  #: the network, such as `LSTM`, `H 5` or `H 3 mse`.
    task: str  #: a key of `TASKS`.
    cell: str  #: the network's cell, a key of `CELLS`.
    #: hidden size and loss, if the paper has networks of several; None if the preset says them.
    variant: Variant | None = None
    published: float | None = None  #: the paper's figure, in percent; None without one.
    #: figures of others in the paper that are only shown, such as a transformer's, by name.
    others: Mapping[str, float] = field(default_factory=dict, hash=False)
    #: settings in place of the preset's.
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def label(self) -> str:
        """Task and network."""
        return f"{TASKS[self.task].label}, {self.short_label}"


class PublishedKind(StrEnum):
    """What a paper published of the networks that it trained."""

    ONE = "one network"
    BEST = "best"
    MEAN = "mean"


@dataclass(frozen=True)
class Published:
    """What the published figures of a paper are, and where they stand."""

    kind: PublishedKind = PublishedKind.ONE
    count: int = 1  #: of how many networks a best or a mean is.
    place: str = ""  #: such as `Table 1`; empty if the paper does not say.

    @property
    def words(self) -> str:
        """What a figure is, such as `one network` or `best of 10`."""
        return self.kind.value if self.kind is PublishedKind.ONE else f"{self.kind} of {self.count}"


ONE_NETWORK = Published()


@dataclass(frozen=True)
class PaperPreset:
    """A way to train the experiments of a paper."""

    name: str  #: as typed.
    summary: str  #: what it is, in words.
    start: str  #: the name of the tasks' preset that it starts from.
    own: bool = False  #: whether it is the paper's own recipe.
    compared: bool = False  #: whether published figures are compared with its figures.
    note: str = ""  #: what it scales down, in a sentence or more.
    #: sentences that hold if a task is among those that are trained, by task.
    task_notes: Mapping[str, str] = field(default_factory=dict, hash=False)
    #: what still differs from the paper's own way to train, in a sentence each.
    differs: tuple[str, ...] = ()
    #: the cells that are trained in place of the experiments', by these.
    cells: Mapping[str, str] = field(default_factory=dict, hash=False)
    #: settings in place of the tasks' preset's, of all tasks.
    all_settings: Mapping[str, Any] = field(default_factory=dict, hash=False)
    #: the same by task.
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)
    tasks: tuple[str, ...] = ()  #: the tasks that it has; empty for all.


@dataclass(frozen=True)
class PaperComparison:
    """A comparison that speaks for a claim if its value is above zero."""

    subject: str  #: what is compared, in words.
    expression: Expression


@dataclass(frozen=True)
class PaperClause:
    """A part of a claim, with the comparisons that it rests on."""

    holds: str  #: what is measured if it is right, in words.
    opposite: str  #: what is measured if the reverse is right.
    question: str  #: what is open if no comparison decides, beginning with “whether”.
    comparisons: tuple[PaperComparison, ...]


@dataclass(frozen=True)
class Claim:
    """What a paper claims."""

    says: str  #: the claim, in the paper's words.
    measured: str  #: which points are compared, in a sentence.
    clauses: tuple[PaperClause, ...]


@dataclass(frozen=True)
class PaperFigure:
    """A plot of a paper: a metric of a task's networks over epochs, or accuracy by length."""

    task: str  #: of whose networks it has lines.
    metric: str = ""  #: over epochs; empty for accuracy by length.
    loss: str = ""  #: of networks that were trained with this loss alone; empty for all.
    note: str = ""  #: further remarks.
    #: published points by key of the experiment: one an epoch, from 1 on; None where unknown.
    published: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict, hash=False)

    @property
    def key(self) -> str:
        """Its name, such as `mnist-val_accuracy` or `adder-by-length-mse`."""
        over = self.metric or "by-length"
        return "-".join(part for part in (self.task, over, self.loss) if part)

    def shows(self, experiment: Experiment) -> bool:
        """Return whether it has a line of an experiment."""
        loss = experiment.variant.loss if experiment.variant else ""
        return experiment.task == self.task and self.loss in ("", loss)


def variants_together(experiments: Sequence[Experiment]) -> dict[str, list[Variant]]:
    """Return by key of an experiment the variants that one run trains with it.

    They are those of all experiments with the same task, cell and settings.
    """
    groups: dict[tuple[str, str, str], list[Experiment]] = {}
    for experiment in experiments:
        settings = repr(sorted(experiment.settings.items()))
        groups.setdefault((experiment.task, experiment.cell, settings), []).append(experiment)
    together: dict[str, list[Variant]] = {}
    for group in groups.values():
        variants = [each.variant for each in group if each.variant is not None]
        together |= {each.key: variants for each in group}
    return together


@dataclass(frozen=True)
class Paper:
    """A paper whose experiments can be trained again."""

    name: str  #: as typed, such as `course-report`.
    kind: str  #: what it is called in sentences, such as `paper` or `report`.
    title: str
    authors: tuple[str, ...]
    year: int
    address: str  #: where it can be read; empty if nowhere.
    summary: str  #: what was trained and published, in a sentence or two.
    measured: str  #: what the figures are, in a sentence or two.
    published: Published
    presets: Mapping[str, PaperPreset] = field(hash=False)  #: by name; the default first.
    experiments: tuple[Experiment, ...]
    seeds: int  #: networks of each experiment, unless another number is asked for.
    #: the same by task, where one differs.
    task_seeds: Mapping[str, int] = field(default_factory=dict, hash=False)
    claims: tuple[Claim, ...] = ()
    claims_title: str = ""  #: the head over the claims.
    figures: tuple[PaperFigure, ...] = ()
    path: str = ""  #: the path of its file as it was typed, if it is named by that.
    #: the figure from which on a network has solved its task, in percent; None to count none.
    solved: float | None = None
    #: whether the table also has the figures of validation, on sequences like those in training.
    validated: bool = False

    @property
    def has_published(self) -> bool:
        """Whether there is a published figure that ours are put beside."""
        return any(experiment.published is not None for experiment in self.experiments)

    @property
    def default_preset(self) -> str:
        """The preset if none is named."""
        return next(iter(self.presets))

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks of its experiments, in its order."""
        return tuple(dict.fromkeys(experiment.task for experiment in self.experiments))

    @property
    def others(self) -> tuple[str, ...]:
        """The names of the other published figures, which are only shown."""
        names = (name for experiment in self.experiments for name in experiment.others)
        return tuple(dict.fromkeys(names))

    @property
    def claim_tasks(self) -> tuple[str, ...]:
        """The tasks on which its claims rest, in its order."""
        keys = {
            key
            for claim in self.claims
            for clause in claim.clauses
            for comparison in clause.comparisons
            for key in comparison.expression.keys.values()
        }
        return tuple(dict.fromkeys(each.task for each in self.experiments if each.key in keys))

    @property
    def by_length(self) -> frozenset[str]:
        """The keys of experiments whose accuracy by length its claims or figures need."""
        keys = {
            key
            for claim in self.claims
            for clause in claim.clauses
            for comparison in clause.comparisons
            for key in comparison.expression.by_length
        }
        for figure in self.figures:
            if not figure.metric:
                keys.update(each.key for each in self.experiments if figure.shows(each))
        return frozenset(keys)

    def tasks_of(self, preset: str) -> tuple[str, ...]:
        """Return the tasks that a preset has, in the paper's order."""
        some = self.presets[preset].tasks
        return tuple(task for task in self.tasks if not some or task in some)

    def config(
        self,
        experiment: Experiment,
        preset: str,
        *,
        variants: Sequence[Variant] = (),
        **overrides: Any,
    ) -> RunConfig:
        """Return the settings of a run that trains networks like those of an experiment.

        Args:
            experiment: whose task, cell (or what the preset has in its place) and settings it has.
            preset: a name of `presets`.
            variants: whose sizes and losses it has, each with each; by default the experiment's.
            overrides: further settings in place of the preset's.

        Raises:
            SettingError: for a wrong setting.
        """
        recipe = self.presets[preset]
        settings: dict[str, Any] = {**recipe.all_settings}
        settings |= recipe.settings.get(experiment.task, {})
        settings |= experiment.settings
        if not variants and experiment.variant is not None:
            variants = (experiment.variant,)
        if variants:
            settings["hidden_sizes"] = sorted({variant.hidden_size for variant in variants})
            settings["losses"] = list(dict.fromkeys(variant.loss for variant in variants))
        settings |= overrides
        cell = recipe.cells.get(experiment.cell, experiment.cell)
        return TASKS[experiment.task].config(cell, recipe.start, **settings)
