"""Describe tasks without torch, and what evaluations of their networks measure.

Known are presets, settings, metrics and published figures.
"""

import logging
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field, fields
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, cast

from rnn_tui.engine.config import NO_AUGMENTATION, RunConfig, Variant, with_recipe
from rnn_tui.engine.errors import SettingError, TaskError, printable
from rnn_tui.engine.files.paths import shipped_weights
from rnn_tui.engine.metrics import STAGES, Measure, Metric, Spread
from rnn_tui.engine.settings import SETTINGS, Setting, check_choice
from rnn_tui.networks import CELLS
from rnn_tui.tasks.config import ImageConfig, SequenceConfig, recipe_for
from rnn_tui.tasks.image_sets import DIGITS
from rnn_tui.tasks.shapes import HiddenVariable, Symbol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from rnn_tui.engine.files.weights_file import WeightsFile
    from rnn_tui.engine.training.problem import Problem

logger = logging.getLogger(__name__)
# Settings that networks of one recipe may differ in.
NO_PART_OF_RECIPE = {"seed", "seeds", "device", "workers", "hidden_sizes", "losses"}


@dataclass(frozen=True)
class Preset:
    """A named way to train."""

    name: str  #: as typed, such as `fast`.
    summary: str  #: the recipe in a sentence.
    values: Mapping[str, Any]  #: its settings, the recipe among them.
    #: settings that replace those, by cell.
    of_cells: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class SequenceShape:
    """The inputs and outputs of the networks of a task on sequences."""

    features: int  #: F numbers that are read at each step.
    #: what the O outputs mean, such as the ten digits; one output is a yes or no, unless it is a
    #: number.
    outputs: tuple[str, ...]
    every_step: bool = False  #: whether each step has an answer, in place of the last one only.
    inputs: str = "inputs"  #: the elements of a sequence, in the plural: `digits`.
    step: str = "step"  #: what a step is called: `step`, `place`.
    #: the number of the first one; places are counted from 0, as powers of two are.
    first_step: int = 1
    numbers: bool = False  #: whether the outputs are numbers, in place of classes.
    columns: tuple[str, ...] = ()  #: the names of the F numbers; empty if they have none.
    #: all inputs that a step may have, if they are few, each at any step.
    alphabet: tuple[Symbol, ...] = ()
    #: whether the alphabet is a vocabulary: then networks read the places of its F words.
    vocabulary: bool = False
    answer: str = "class"  #: what an answer is, in a word or two.
    verb: str = "answer"  #: what networks do with whole inputs, such as `add`.
    sequences: str = "sequences"  #: what whole inputs are called, in the plural: `additions`.
    #: whether sequences of any length can be drawn; a data set has those that it has.
    any_length: bool = True
    example: str = ""  #: a whole input as typed; empty for one of the first symbols.
    #: the symbols of a one-hot alphabet whose numbers decide, so that networks may count them.
    counted: tuple[str, ...] = ()

    @property
    def typed_example(self) -> str:
        """A whole input as one types it."""
        return self.example or " ".join(self.symbols[:4]) or "0.5 1"

    @property
    def element(self) -> str:
        """An element of a sequence, in the singular."""
        return self.inputs.removesuffix("s")

    @property
    def symbols(self) -> tuple[str, ...]:
        """The names of its alphabet."""
        return tuple(symbol.name for symbol in self.alphabet)

    @property
    def answer_words(self) -> tuple[str, ...]:
        """The words for all answers: the outputs, or a no and a yes where there is one output."""
        return self.outputs if len(self.outputs) > 1 else ("0", "1")


#: settings that decide which data a run is measured on, in validation and by default in the test.
TESTED_BY = ("dataset", "data_dir", "lengths", "position")


@dataclass(frozen=True)
class Task:
    """A task as the command line and the app know it before it runs."""

    name: str  #: as typed, such as `mnist`.
    label: str  #: as shown.
    #: the names of the settings that a user may change; a form has them in the order of `SETTINGS`.
    settings: tuple[str, ...]
    presets: tuple[Preset, ...]  #: the default first.
    metrics: tuple[Metric, ...]  #: what its problem measures besides, in order of display.
    headline: str  #: the name of the metric that sums up a finished run, such as `test_accuracy`.
    problem: str  #: `module:class` of the `engine.problem.Problem`, imported on use.
    #: why the headline is what it is, in words; empty where no data decide it.
    headline_reason: str = ""
    #: why its networks may not read from the last step back, in a sentence; empty if they may.
    one_way: str = ""
    #: measures of logits and classes, in validation and test; one can be added.
    measures: list[Measure] = field(default_factory=list)
    shape: SequenceShape | None = None  #: what its networks read and answer; None for images.
    #: the number of shipped images to train on, their rows and their columns; None without.
    images: tuple[int, int, int] | None = None
    #: `module:class` of what answers questions.
    inference: str = "rnn_tui.tasks.sequences.inference:SequenceNetwork"
    #: `module:function` of what is right: it takes inputs (T, N, F) and the settings of a run, and
    #: returns the right answer after each step (T, N), −1 where there is none; empty if no such
    #: function is there, and only sequences that the problem draws come with right answers.
    right: str = ""
    hidden: HiddenVariable | None = None  #: what its networks have to keep, if that has a name.
    #: `module:class` of the words that studies ask, if its sequences have an alphabet.
    words: str = "rnn_tui.tasks.sequences.words:TaskWords"
    #: `module:function` that returns test images (N, H, W), 0 … 255, and their classes (N,), of a
    #: task on images; empty if its networks are not looked into.
    test_images: str = ""
    #: `module:class` of the questions that its networks are asked.
    questions: str = "rnn_tui.tasks.sequences.questions:SequenceQuestions"
    #: the kind of its configuration.
    config_class: type[ImageConfig] | type[SequenceConfig] = SequenceConfig
    default_cell: str = "lstm"  #: the one to start with.
    training: str = ""  #: the command that trains on it; empty for `rnn-tui train NAME`.
    unit: str = "sequences"  #: what its samples are, in the plural.
    #: whether it has a tab of its own; others are opened from the tab Sequences.
    tab: bool = True
    level: str = ""  #: the class of languages that it is of, such as `regular`; empty for none.
    #: the kinds of `Recipe.augmentation` that a user may choose from.
    augmentations: tuple[str, ...] = ()
    help_text: str = ""  #: what the help of its tab says, in Markdown.
    #: a command that asks its networks something, such as `recall 31415`; empty if there is none.
    question: str = ""
    #: figures that were published, in percent: by metric, then by cell, or for the default cell by
    #: `Variant.label`.
    published: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    published_preset: str = "report"  #: the preset with the recipe of the published figures.
    #: the settings that decide what it is tested on: figures of runs that differ in one are of
    #: different tests.
    tested_by: tuple[str, ...] = TESTED_BY

    @property
    def training_command(self) -> str:
        """The command that trains on it."""
        return self.training or f"rnn-tui train {self.name}"

    @property
    def cells(self) -> tuple[str, ...]:
        """The names of the cells that it can be trained with, in order of display.

        Sequences are read in one direction, images in any.
        """
        return tuple(
            name for name, cell in CELLS.items() if self.reads_images or not cell.bidirectional
        )

    @property
    def shipped_cells(self) -> tuple[str, ...]:
        """The cells of which weights ship, as the names of files say; the default one first."""
        names = {path.stem.partition("-")[2] for path in shipped_weights(self.name)}
        shipped = [cell for cell in self.cells if cell in names]
        return tuple(sorted(shipped, key=lambda cell: cell != self.default_cell))

    @property
    def adjustable(self) -> tuple[Setting, ...]:
        """The settings that a user may change, in the order of the table of settings."""
        return tuple(setting for name, setting in SETTINGS.items() if name in self.settings)

    @property
    def reads_images(self) -> bool:
        """Whether its networks read images from files: each is a run, and may read both ways."""
        return self.config_class is ImageConfig

    @property
    def default_preset(self) -> str:
        """The preset if none is named."""
        return self.presets[0].name

    @property
    def metric_definitions(self) -> tuple[Metric, ...]:
        """All metrics in order of display: training, validation, test."""
        measured = [metric for measure in self.measures for metric in measure.metrics]
        metrics = [*self.metrics, *measured]
        return tuple(sorted(metrics, key=lambda metric: STAGES.index(metric.stage)))

    @property
    def objective(self) -> Metric:
        """The metric that trials of a sweep are compared by, unless another is chosen.

        It is the headline as validation measures it: the test is for what has been chosen. A task
        that measures it in the test alone is judged by that.
        """
        headline = self.metric(self.headline)
        for metric in self.metric_definitions:
            if metric.stage == "val" and metric.quantity == headline.quantity:
                return metric
        return headline

    @property
    def objectives(self) -> tuple[Metric, ...]:
        """The metrics that trials may be compared by; of the test only what nothing else tells."""
        return tuple(
            metric
            for metric in self.metric_definitions
            if metric.stage != "test" or metric == self.objective
        )

    def metric(self, name: str) -> Metric:
        """Return the metric of that name; a bare one if the task has none such."""
        by_name = {metric.name: metric for metric in self.metric_definitions}
        return by_name.get(name) or Metric(name, name)

    def preset(self, name: str) -> Preset:
        """Return the preset of that name; `SettingError` if there is none."""
        names = [preset.name for preset in self.presets]
        check_choice("Preset", name, names)
        return self.presets[names.index(name)]

    def config(
        self,
        cell: str,
        preset: str | None = None,
        *,
        augmentation: str | None = None,
        **overrides: Any,
    ) -> RunConfig:
        """Return the settings to train with.

        Args:
            cell: a name of `cells`.
            preset: a name of `presets`; None for the default one.
            augmentation: one of `augmentations` in place of the recipe's; None for the recipe's.
            overrides: settings in place of the preset's; those that are None are the preset's.

        Raises:
            SettingError: if any of these is wrong.
        """
        chosen = self.preset(preset or self.default_preset)
        check_choice("Cell", cell, self.cells)
        settings: dict[str, Any] = {**chosen.values, **chosen.of_cells.get(cell, {})}
        settings |= {name: value for name, value in overrides.items() if value is not None}
        if augmentation is not None:
            check_choice("Augmentation", augmentation, self.augmentations or (NO_AUGMENTATION,))
            settings["augmentation"] = augmentation
        settings = with_recipe(settings)
        if isinstance(settings.get("dataset"), str):
            settings["recipe"] = recipe_for(settings["recipe"], settings["dataset"])
        if self.one_way and settings.get("directions", "forward") != "forward":
            raise SettingError(self.one_way)
        return self.config_class(task=self.name, preset=chosen.name, cell=cell, **settings)

    def published_figure(
        self, metric: str, config: RunConfig, variant: Variant | None = None
    ) -> float | None:
        """Return the published figure that a network's figure can be compared with, in percent.

        Args:
            metric: the name of the figure.
            config: how the network was trained.
            variant: which one of a run's networks; None if there is one.

        Returns:
            None if there is none, and for a network that was trained by another recipe.
        """
        figures = self.published.get(metric, {})
        if not figures or not self._has_published_recipe(config):
            return None
        if variant is None:
            return figures.get(config.cell)
        # the figures of variants are those of the default cell
        return figures.get(variant.label) if config.cell == self.default_cell else None

    def _has_published_recipe(self, config: RunConfig) -> bool:
        """Return whether a run trains as the networks did whose figures were published."""
        if config.preset != self.published_preset:
            return False
        usual = self.config(config.cell, self.published_preset)
        names = {each.name for each in fields(usual)} - NO_PART_OF_RECIPE
        return all(getattr(config, name) == getattr(usual, name) for name in names)

    def load(self) -> "type[Problem]":
        """Import its problem, and torch with it.

        Raises:
            TaskError: if it can't be imported, as where a plug-in is broken.
        """
        # answers do without, and without all events
        from rnn_tui.engine.training.resources import heavy_imports

        try:
            # what a plug-in prints is no result of a command
            with heavy_imports(), redirect_stdout(sys.stderr):
                return cast("type[Problem]", resolve_name(self.problem))
        except Exception as error:
            raise self._not_loaded(error) from error

    def part(self, reference: str) -> Any:
        """Import a part that it names.

        Args:
            reference: `module:name`.

        Raises:
            TaskError: if it can't be imported, as where a plug-in is broken.
        """
        try:
            with redirect_stdout(sys.stderr):
                return resolve_name(reference)
        except Exception as error:
            raise self._not_loaded(error) from error

    def network(self, file: "WeightsFile") -> Any:
        """Make the networks in a file, which answer without torch.

        Returns:
            an object of the class that `inference` names, which this module must not import: a
            `tasks.sequences.inference.SequenceNetwork` for a task on sequences.

        Raises:
            CheckpointError: if the weights are another task's, or do not fit their settings.
            TaskError: if the class can't be imported, as where a plug-in is broken.
        """
        return self.part(self.inference)(file, self)

    def _not_loaded(self, error: Exception) -> TaskError:
        """Return the error that says that a part of it can't be imported."""
        logger.exception("task %s can't be loaded", self.name)
        reason = f"{type(error).__name__}: {printable(error, 120)}"
        return TaskError(
            f"The task {self.name} can't be loaded ({reason}); the log file has the details."
        )


@dataclass(frozen=True)
class ByLength:
    """A figure of every replica at several lengths."""

    name: str  #: as in JSON, such as `bit_accuracy`.
    lengths: tuple[int, ...]  #: (L,) time steps, ascending.
    values: "npt.NDArray[np.float64]"  #: (R, L) in percent.
    counts: tuple[int, ...]  #: (L,) sequences of each length that each replica was asked.

    def spread(self, variant: int, seeds: int) -> list[Spread]:
        """Return the spread over the seeds of a variant, one a length."""
        of_variant = self.values[variant * seeds : (variant + 1) * seeds]  # (seeds, L)
        return [Spread(tuple(column)) for column in of_variant.T.tolist()]


@dataclass(frozen=True)
class SequenceEvaluation:
    """The results of an evaluation of replicas."""

    config: SequenceConfig  #: the settings of the run.
    by_length: Sequence[ByLength]  #: figures at several lengths, some beyond those in training.
    #: (V, 10, 10) counts over all seeds of a variant, true classes in rows, answers in columns;
    #: None if nothing is classified.
    confusion: "npt.NDArray[np.int64] | None" = None

    def documents(self) -> list[dict[str, Any]]:
        """Return a JSON-ready form: one entry a variant."""
        return [self._document(variant) for variant in range(len(self.config.variants))]

    def _document(self, variant: int) -> dict[str, Any]:
        """Return the entry of a variant, by its number."""
        document: dict[str, Any] = {"by_length": {}}
        for figure in self.by_length:
            spreads = figure.spread(variant, self.config.seeds)
            rows = zip(figure.lengths, figure.counts, spreads, strict=True)
            document["by_length"][figure.name] = [
                {"length": length, "sequences": count, **spread.to_dict()}
                for length, count, spread in rows
            ]
        if self.confusion is not None:
            document["confusion"] = self.confusion[variant].tolist()
        return document


@dataclass(frozen=True)
class ImageEvaluation:
    """The test set with a model's answers."""

    images: "npt.NDArray[np.uint8]"  #: (N, 28, 28) uint8.
    labels: "npt.NDArray[np.int64]"  #: (N,) true classes.
    probabilities: "npt.NDArray[np.float32]"  #: (N, 10) softmax outputs.
    predictions: "npt.NDArray[np.int64]"  #: (N,) most probable classes.
    #: (10, 10) counts, true classes in rows, predicted ones in columns.
    confusion: "npt.NDArray[np.int64]"
    #: (M,) indices of the wrong answers, the most confident first.
    misread: "npt.NDArray[np.int64]"
    classes: tuple[str, ...] = DIGITS  #: (10,) the names of the classes.

    def of_cell(self, true: int, read: int) -> "npt.NDArray[np.int64]":
        """Return the indices of images of class `true` read as `read`.

        The most confident come first.

        They are indices.
        """
        chosen = ((self.labels == true) & (self.predictions == read)).nonzero()[0]
        confident_first = (-self.probabilities[chosen, read]).argsort(kind="stable")
        indices: npt.NDArray[np.int64] = chosen[confident_first]
        return indices
