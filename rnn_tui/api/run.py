"""Stored runs for scripts and notebooks: settings, figures as arrays and frames, charts."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from rnn_tui.api import html
from rnn_tui.api.arguments import checked
from rnn_tui.api.frames import check_axes, pandas, pyplot
from rnn_tui.api.watched_training import WatchedTraining
from rnn_tui.archive import LAST
from rnn_tui.archive.curves import AGAINST, Against, Line
from rnn_tui.archive.export.formats import FORMATS, Export, write
from rnn_tui.archive.run_record import RunRecord, is_id
from rnn_tui.archive.store import RunStore, existing_store
from rnn_tui.archive.words import spread_figure
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import ExportError, printable
from rnn_tui.engine.files.paths import is_unstored, unstored
from rnn_tui.engine.metrics import Spread
from rnn_tui.engine.pace import duration
from rnn_tui.engine.palette import curve_colour
from rnn_tui.engine.process.preparing import prepare_process
from rnn_tui.engine.settings import check_choice
from rnn_tui.engine.state import Status
from rnn_tui.engine.suggestions import did_you_mean
from rnn_tui.engine.tables import Column
from rnn_tui.tasks import TASKS

if TYPE_CHECKING:
    import pandas as pd

    from rnn_tui.api.predictions import Predictions
    from rnn_tui.tasks.task import ImageEvaluation, SequenceEvaluation

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RunHistory:
    """The values of a metric over a training, P of them for each of N networks and S seeds."""

    metric: str  #: its name, such as `val_loss`.
    steps: npt.NDArray[np.int64]  #: (P,) when, in steps.
    epochs: Array  #: (P,) when, in epochs, fractions included.
    seconds: Array  #: (P,) when, in seconds of training.
    values: Array  #: (P, N, S).

    @property
    def mean(self) -> Array:
        """The mean over the seeds, (P, N)."""
        mean: Array = self.values.mean(axis=2)
        return mean

    @property
    def sd(self) -> Array:
        """The sample standard deviation over the seeds, (P, N); zero for one seed."""
        if self.values.shape[2] < 2:
            return np.zeros(self.values.shape[:2])
        deviations: Array = self.values.std(axis=2, ddof=1)
        return deviations


@checked
class Run:
    """A stored run: one or more networks, each trained with one or more seeds.

    A run of `train(…, store=False)` is known until the process ends: by its id, and by nothing
    else.

    Args:
        name: the name of the run, its id, the beginning of its id, or `last` for the newest one.

    Raises:
        UserError: there is no such run, or several.

    Examples:
        >>> run = rnn_tui.Run("last")
        >>> run.task, run.status, run.networks, run.seeds
        ('adder', 'finished', ('H 5 bce',), (0, 1))
        >>> bool(run.results["test_bit_accuracy"].mean() > 50)
        True
    """

    def __init__(self, name: str = LAST) -> None:
        self._is_unstored = is_id(name) and is_unstored(name)
        with self._open() as store:
            self._record = store.find(name)

    @contextmanager
    def _open(self) -> Iterator[RunStore]:
        """Open the store that it is in: the user's, or that of this process."""
        with unstored(self._is_unstored), RunStore() as store:
            yield store

    @classmethod
    def _of(cls, record: RunRecord) -> Self:
        run = cls.__new__(cls)
        run._is_unstored = False  # noqa: SLF001 - of this class
        run._record = record  # noqa: SLF001
        return run

    def __repr__(self) -> str:
        """The run in a line: name, status, main figure."""
        return f"<Run {self.name}: {', '.join((self.status, *self._figures_in_words()))}>"

    def _figures_in_words(self) -> Iterator[str]:
        """Yield the last known figure of each network."""
        record = self._record
        for network in record.networks:
            metric, spread = record.final_metric, network.final
            if spread is None:
                metric, spread = record.metric, network.last
            if spread is not None:
                figure = f"{record.spec(metric).label} {spread_figure(record, metric, spread)}"
                yield f"{network.label} {figure}".strip()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def id(self) -> str:
        """Its id, which never changes."""
        return self._record.run_id

    @property
    def name(self) -> str:
        """Its name, which a user may change."""
        return self._record.name

    @property
    def settings(self) -> RunConfig:
        """All settings that it was trained with."""
        return self._record.config

    @property
    def task(self) -> str:
        """The name of its task."""
        return self.settings.task

    @property
    def cell(self) -> str:
        """The name of its recurrent cell."""
        return self.settings.cell

    @property
    def preset(self) -> str:
        """The name of the preset that its settings started from."""
        return self.settings.preset

    @property
    def status(self) -> str:
        """`finished`, `stopped`, `interrupted`, `failed`, `training` and so on."""
        return str(self._record.status)

    @property
    def created(self) -> datetime:
        """When it began, in UTC."""
        return datetime.fromtimestamp(self._record.created, UTC)

    @property
    def seconds(self) -> float:
        """How long it trained, in seconds, pauses left out."""
        return self._record.elapsed

    @property
    def parameters(self) -> int:
        """The number of trainable weights of all its networks."""
        return self._record.parameters

    @property
    def message(self) -> str:
        """Why it failed; mostly empty."""
        return self._record.message

    @property
    def weights(self) -> Path:
        """The file of its weights, whether or not there are any yet."""
        return self._record.weights

    @property
    def networks(self) -> tuple[str, ...]:
        """What its N networks are called, such as `H 5 bce`; the cell's name for a single one."""
        variants = self.settings.variants
        if not variants:
            return (self.settings.name,)
        return tuple(variant.label for variant in variants)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The S seeds that each of its networks was trained with."""
        replicas = self.settings.replicas
        return tuple(dict.fromkeys(replica.seed for replica in replicas)) or (self.settings.seed,)

    @property
    def headline(self) -> str:
        """The name of the metric that sums it up; `headline_reason` says why that one."""
        return TASKS[self.task].headline

    @property
    def headline_reason(self) -> str:
        """Why the headline is what it is, in words; empty where no data decide it."""
        return TASKS[self.task].headline_reason

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of everything that was measured, for `history`, `frame` and `plot`."""
        with self._open() as store:
            return tuple(store.metrics(self.id))

    @cached_property
    def results(self) -> dict[str, Array]:
        """Every metric of the test, (N, S): each network with each seed. Empty before the test.

        Accuracies are in percent.
        """
        with self._open() as store:
            logged = store.logged_values(self.id, "test")
        figures = logged[-1].figures if logged else {}
        return {name: self._by_network([value])[0] for name, value in figures.items()}

    def _by_network(self, values: Sequence[float | tuple[float, ...]]) -> Array:
        """Return P values as (P, N, S), each a number for all networks or one for each."""
        networks, seeds = len(self.networks), len(self.seeds)
        points = np.array(values, np.float64).reshape(len(values), -1)  # (P, N·S), or (P, 1)
        whole = np.broadcast_to(points, (len(values), networks * seeds))
        return whole.reshape(-1, networks, seeds).copy()

    def history(self, metric: str | None = None) -> RunHistory:
        """Return the values of a metric over the training.

        Args:
            metric: one of `metrics`; by default the main one in validation.

        Raises:
            UserError: it was not measured.

        Examples:
            >>> losses = rnn_tui.Run("last").history("val_loss")
            >>> losses.values.shape == (len(losses.epochs), 1, 2)  # points, networks, seeds
            True
        """
        metric = self._metric(metric)
        with self._open() as store:
            curve = store.curve(self._record, metric)
        return RunHistory(
            metric,
            np.array(curve.steps, np.int64),
            np.array(curve.epochs, np.float64),
            np.array(curve.elapsed, np.float64),
            self._by_network(curve.values),
        )

    def _metric(self, metric: str | None) -> str:
        """Return the name of a metric that was measured; the main one for None."""
        measured = self.metrics
        name = metric or self._record.metric or (measured[0] if measured else "")
        if not measured:
            raise ExportError(f"Nothing has been measured of run {self.name} yet.")
        if name not in measured:
            raise ExportError(
                f"Run {self.name} has no metric “{printable(name)}”{did_you_mean(name, measured)}, "
                f"only {', '.join(measured)}."
            )
        return name

    def frame(self, metric: str | None = None) -> "pd.DataFrame":
        """Return figures as a table of pandas.

        Args:
            metric: one of `metrics`, for its values over the training: a row for each moment and
                network. By default the results of the test, a row for each network.

        Raises:
            UserError: pandas is not installed, or the metric was not measured.

        Examples:
            >>> rnn_tui.Run("last").frame()[["network", "seed"]]
               network  seed
            0  H 5 bce     0
            1  H 5 bce     1
        """
        library = pandas()
        if metric is None:
            networks = np.repeat(self.networks, len(self.seeds))
            seeds = np.tile(self.seeds, len(self.networks))
            figures = {name: values.ravel() for name, values in self.results.items()}
            return library.DataFrame({"network": networks, "seed": seeds, **figures})
        history = self.history(metric)
        points, networks, seeds = np.indices(history.values.shape).reshape(3, -1)
        return library.DataFrame(
            {
                "step": history.steps[points],
                "epoch": history.epochs[points],
                "seconds": history.seconds[points],
                "network": np.array(self.networks)[networks],
                "seed": np.array(self.seeds)[seeds],
                metric: history.values.ravel(),
            }
        )

    def plot(self, metric: str | None = None, *, against: Against = "epoch", ax: Any = None) -> Any:
        """Draw a metric over the training by matplotlib: the mean over seeds ± one deviation.

        Args:
            metric: one of `metrics`; by default the main one in validation.
            against: what x is: `step`, `epoch` or `time`.
            ax: matplotlib's axes to draw on, as to compare runs; by default those of a new figure.

        Returns:
            the axes.

        Raises:
            UserError: matplotlib is not installed, or the metric was not measured.

        Examples:
            >>> axes = rnn_tui.Run("last").plot("val_loss")
            >>> axes.get_ylabel()
            'validation loss'
        """
        from rnn_tui.archive.export import plots  # on use only

        check_choice("Axis", against, tuple(plots.AXES))
        name = self._metric(metric)
        library = pyplot()
        with self._open() as store:
            lines = plots.lines_of(store, [self._record], name, against)
            kept = plots.kept_of(store, [self._record], name, against)
        if ax is not None:
            check_axes(ax)
        if ax is None:
            with library.style.context(plots.STYLE):
                size = (plots.WIDTH, plots.HEIGHT)
                _, ax = library.subplots(figsize=size, layout="constrained")
                self._draw(ax, lines, kept, name, against)
            return ax
        if len(self.networks) > 1:
            lines, kept = (
                [replace(line, label=f"{self.name} {line.label}") for line in of_networks]
                for of_networks in (lines, kept)
            )
        self._draw(ax, lines, kept, name, against)
        return ax

    def _draw(
        self, ax: Any, lines: Sequence[Line], kept: Sequence[Line], metric: str, against: Against
    ) -> None:
        """Draw lines beside those that the axes have already, with the epochs that are kept."""
        from rnn_tui.archive.export import plots  # on use only

        first = len(ax.get_lines())
        colours = {
            line.label: curve_colour(first + number, dark=False)
            for number, line in enumerate(lines)
        }
        panel = plots.Panel(self._record.spec(metric), lines, kept=kept)
        plots.draw_panel(ax, panel, colours)
        ax.set_xlabel(plots.AXES[against])
        ax.legend(fontsize="small", frameon=False)

    def _repr_html_(self) -> str:
        """The run as a notebook shows it: results of each network, and the chart of `plot`."""
        from rnn_tui.archive.export import plots  # on use only

        words = [f"{self.task}, {self.cell}, preset {self.preset}", self.status]
        if self.seconds:
            words.append(duration(self.seconds))
        parts = [html.paragraph(" · ".join(words), self.name)]
        if self.message:
            parts.append(html.paragraph(self.message))
        if self.results:
            parts.append(self._table_of_results())
        metric = self._record.metric
        if metric:
            with self._open() as store:
                lines = plots.lines_of(store, [self._record], metric, "epoch")
                kept = plots.kept_of(store, [self._record], metric, "epoch")
            title = self._record.spec(metric).title
            chart = html.chart(lambda ax: self._draw(ax, lines, kept, metric, "epoch"), title)
            parts.append(chart)
        return "".join(parts)

    def _table_of_results(self) -> str:
        """Return a row for each network with its figures over the seeds."""
        count = f", n = {len(self.seeds)}" if len(self.seeds) > 1 else ""

        def column(name: str) -> Column[int]:
            spec = self._record.spec(name)
            values = self.results[name]

            def spread(network: int) -> str:
                return spec.format_spread(Spread(tuple(values[network].tolist())))

            return Column(name, spread, name=f"{spec.title}{count}")

        network = Column[int]("network", lambda number: self.networks[number])
        columns = (network, *map(column, self.results))
        return html.table(columns, range(len(self.networks)))

    def evaluate(self) -> "SequenceEvaluation | ImageEvaluation | None":
        """Measure its networks on the test set in more detail, which takes a few seconds.

        Returns:
            of sequences, an object with `by_length`, figures of each seed at several lengths, and
            `confusion`, an array (N, classes, classes) or None; of images, one with `confusion`,
            `predictions`, `labels` and `misread`; None if there is no more to measure.

        Raises:
            UserError: it has no weights, or its data can't be read.

        Examples:
            >>> [bits, numbers] = rnn_tui.Run("last").evaluate().by_length
            >>> bits.name, bits.values.shape == (2, len(bits.lengths))  # seeds, lengths
            ('bit_accuracy', True)
        """
        prepare_process()
        from rnn_tui.engine.training.checkpoint import load_checkpoint  # torch, on use only

        checkpoint = load_checkpoint(self.weights)
        problem = TASKS[self.task].load()
        evaluation: SequenceEvaluation | ImageEvaluation | None = problem.evaluate(
            checkpoint.config, checkpoint.weights
        )
        return evaluation

    def predict(
        self,
        data: Any,
        *,
        hidden_size: int | None = None,
        loss: str | None = None,
        seed: int | None = None,
        progress: bool = True,
    ) -> "Predictions":
        """Have its networks answer new sequences, which are read as those of training were.

        Args:
            data: the path of a file in any format that training reads, with the columns of the
                file that was trained on, in any order; a frame of pandas or polars with these
                columns; or numbers in the units of that file, as an array (N, T, F), (T, F) or, of
                one number, (N, T) or (T,), or a list of arrays (T, F), one for each sequence. NaN
                is missing. To networks that read words or other symbols give a list of texts, one
                for each sequence. Labels are not needed; of a file or frame with labels, answers
                are measured.
            hidden_size: of several sizes, ask networks of this one; by default the largest.
            loss: of several losses, ask networks trained with this one.
            seed: ask the network of this seed alone; by default all seeds vote.
            progress: whether to show a bar.

        Returns:
            an object with, for each of n sequences, or steps where these are answered: `ids`,
            `steps`, `answers` and `outputs`, an array (n, O) of the probabilities of the classes
            in `names`, or of numbers in the units of the file, means over the seeds; `spread`, the
            share (n,) of seeds that agree, or the deviation (n, O) of numbers; `figures` by name
            where right answers are known; `notes` on what is unlike training or left out; and
            `frame()`, all of it as a table of pandas.

        Raises:
            UserError: the run is not on sequences of your own, or the data can't be read as these.

        Examples:
            >>> data = rnn_tui.read_sequences("swings.csv", sequence="swing", label="pendulum")
            >>> run = rnn_tui.train(data, hidden_size=5, epochs=1, seeds=2)
            >>> answers = run.predict("swings.csv")
            >>> len(answers), answers.outputs.shape
            (240, (240, 3))
            >>> answers.answers[0] in data.classes
            True
            >>> [*run.predict([data[0], data[1]])] == [*answers][:2]
            True
        """
        from rnn_tui.api.predictions import predicted  # on use only
        from rnn_tui.tasks.sequences.inference import ReplicaChoice

        choice = ReplicaChoice(hidden_size, loss, seed)
        return predicted(self.name, self.weights, data, choice, progress=progress)

    def resume(self, *, progress: bool = True) -> "Run":
        """Go on with the training from the last checkpoint, up to the end that was planned.

        The result is that of a run without interruption.

        Args:
            progress: whether to show a bar.

        Returns:
            the run as it is then.

        Raises:
            UserError: it has ended, or its checkpoint can't be read.
        """
        prepare_process()
        with self._open() as store:
            record = store.find(self.id)
            state = store.state(record)
        with unstored(self._is_unstored):
            WatchedTraining(state, resumed=record, progress=progress).run()
        return Run(self.id)

    def export(
        self,
        path: str | PathLike[str],
        to: str | None = None,
        *,
        metrics: Sequence[str] | None = None,
        against: Against = "epoch",
    ) -> Path:
        """Write it to a file, as `rnn-tui runs export` does; what is there already is replaced.

        Args:
            path: the file to write; for `tensorboard`, and for several networks as `onnx`, a
                folder.
            to: the format: `html` or `md`, a document that prints, with verdict, charts, answers
                and settings; `csv` or `json`, every value; `png` or `svg`, the chart; `onnx` or
                `safetensors`, the networks; `tensorboard`. By default the path's ending says it.
            metrics: what a chart shows, such as `["val_loss"]`; by default loss and accuracy.
            against: what its x is: `step`, `epoch` or `time`.

        Returns:
            the path of what was written.

        Raises:
            UserError: there is no such format or metric, something is missing that it needs, or it
                can't be written.

        Examples:
            >>> import tempfile
            >>> folder = tempfile.mkdtemp()
            >>> rnn_tui.Run("last").export(f"{folder}/values.csv").name
            'values.csv'
            >>> rnn_tui.Run("last").export(f"{folder}/net", to="safetensors").name
            'net'
        """
        file = Path(path)
        if to is None:
            to = file.suffix.lower().removeprefix(".")
        check_choice("Format", to, tuple(FORMATS))
        check_choice("Axis", against, tuple(AGAINST))
        names = None if metrics is None else tuple(map(self._metric, metrics))
        with self._open() as store:
            run = store.find(self.id).undamaged
            options = Export(FORMATS[to], store, [run], file, sys.stdout, names, against)
            [written] = write(options)
        return written

    def refresh(self) -> None:
        """Read again what is stored, as of a run that another process trains."""
        with self._open() as store:
            self._record = store.find(self.id)
        self.__dict__.pop("results", None)

    def rename(self, name: str) -> None:
        """Call it something else.

        Raises:
            UserError: it can't be a name, or another run has it.
        """
        with self._open() as store:
            store.rename(self._record, name)
        self.refresh()

    def delete(self) -> None:
        """Delete it; for 30 days `rnn-tui runs restore` brings it back.

        A run of `train(…, store=False)` is gone at once.

        Raises:
            UserError: it is in training.
        """
        with self._open() as store:
            store.delete(self._record)
            if self._is_unstored:
                store.purge(0)


@checked
def runs(
    task: str | None = None,
    *,
    status: str | None = None,
    cell: str | None = None,
    preset: str | None = None,
    tag: str | None = None,
    most: int | None = None,
) -> list[Run]:
    """Return stored runs, the newest first: those of scripts, the command line and the app.

    Args:
        task: only those of this task.
        status: only those with this status, such as `finished`.
        cell: only those with this recurrent cell.
        preset: only those with this preset.
        tag: only those with this tag.
        most: how many at most.

    Raises:
        UserError: there is no such status, or the store can't be read.

    Examples:
        >>> [run.task for run in rnn_tui.runs("adder", status="finished")]
        ['adder']
    """
    if status is not None:
        check_choice("Status", status, [choice.value for choice in Status])
    wanted = {"status": status, "cell": cell, "preset": preset}
    with existing_store() as store:
        records = [] if store is None else store.runs(task)
    chosen = []
    for record in records:
        run = Run._of(record)  # noqa: SLF001 - of this module
        fits = all(value is None or getattr(run, name) == value for name, value in wanted.items())
        if fits and (tag is None or tag in record.tags):
            chosen.append(run)
    return chosen if most is None else chosen[: max(0, most)]
