"""Train one task with many settings from a script or a notebook, as `rnn-tui sweep` does."""

import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

from rnn_tui import networks, tasks
from rnn_tui.api.arguments import checked, plain, taking
from rnn_tui.api.frames import pandas
from rnn_tui.api.progress import ActionProgress, say
from rnn_tui.api.run import Run
from rnn_tui.api.sequences import SequenceData
from rnn_tui.api.training import setting_of
from rnn_tui.engine import waits
from rnn_tui.engine.errors import ArgumentError, ClusterError, SettingError, printable
from rnn_tui.engine.events import Control, LogLine
from rnn_tui.engine.options import options_of, record_of
from rnn_tui.engine.process.preparing import prepare_process
from rnn_tui.engine.process.signals import stopping_on_signals
from rnn_tui.engine.progress import Progress
from rnn_tui.engine.settings import check_choice
from rnn_tui.sweeps.jobs import ClusterState
from rnn_tui.sweeps.options import SweepOptions
from rnn_tui.sweeps.places import LOCAL, TrainingPlace, read_place
from rnn_tui.sweeps.plan import SweepPlan, check_sweep_name
from rnn_tui.sweeps.progress import SweepPace
from rnn_tui.sweeps.store import Sweep, SweepStore, Trial
from rnn_tui.sweeps.trials import TrialEnded, Trials, importance, require_extras
from rnn_tui.tasks import TASKS

if TYPE_CHECKING:
    import pandas as pd

SECONDS_BETWEEN_LOOKS = 1.0  # at the thread that trains; a signal comes at once
#: arguments that a sweep that is resumed has already.
TYPED = ("grid", "ranges")


@checked
class TrainedSweep(Sequence[dict[str, Any]]):
    """The trials of a sweep as records, the best first. `sweep` makes it.

    A record has `trial`, the number of the trial; a value for each setting that is varied; the
    mean of the metric over the seeds under the metric's name, with its sample deviation `sd` and
    the `values` of the seeds; the `status`, and the ids of its `runs`.
    """

    def __init__(self, stored: Sweep) -> None:
        self._sweep = stored
        self._records = [
            _record(trial, stored.plan) for trial in sorted(stored.trials, key=stored.rank)
        ]

    def __repr__(self) -> str:
        """The sweep in a line."""
        count = f"{self._sweep.done_count} of {self._sweep.plan.trial_count} trials"
        return f"<TrainedSweep {self.name}: {self.status}, {count}>"

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, place: Any) -> Any:
        """Return the record of a trial by its place, from 0 for the best."""
        return self._records[place]

    @property
    def name(self) -> str:
        """Its name, by which it can be resumed."""
        return self._sweep.name

    @property
    def status(self) -> str:
        """`finished`, `failed` if all trials were tried and some failed, or `interrupted`."""
        return self._sweep.status

    @property
    def metric(self) -> str:
        """The name of the metric that ranks the trials."""
        return self._sweep.plan.metric

    @property
    def best(self) -> dict[str, Any] | None:
        """The record of the best trial that was trained to its end; None before one was."""
        best = self._sweep.best
        return None if best is None else _record(best, self._sweep.plan)

    @property
    def importance(self) -> dict[str, float] | None:
        """By setting, how much it matters for the metric: shares that sum to 1.

        Empty for fewer than four trials; None without the extra `search`.
        """
        try:
            return importance(self._sweep.plan, self._sweep.trials)
        except ClusterError:
            return None

    def runs(self, trial: int) -> list[Run]:
        """Return the runs of a trial, by the number of the trial."""
        by_number = {each.number: each for each in self._sweep.trials}
        if trial not in by_number:
            raise SettingError(f"Sweep {self.name} has no trial {trial} yet.")
        return [Run(run.run_id) for run in by_number[trial].runs]

    def frame(self) -> "pd.DataFrame":
        """Return the records as a table of pandas.

        Raises:
            UserError: pandas is not installed.
        """
        return pandas().DataFrame(self._records)


def _record(trial: Trial, plan: SweepPlan) -> dict[str, Any]:
    spread = trial.spread
    return {
        "trial": trial.number,
        **{name: trial.point.get(name) for name in plan.varied},
        plan.metric: None if spread is None else spread.mean,
        "sd": None if spread is None else spread.sd,
        "values": trial.values,
        "status": trial.status,
        "runs": tuple(run.run_id for run in trial.runs),
    }


@checked
@taking(SweepOptions, but=TYPED, more=True)
def sweep(
    task: str | SequenceData | None = None,
    *,
    grid: Mapping[str, Any] | None = None,
    ranges: Mapping[str, Any] | None = None,
    resume: str | None = None,
    place: str = LOCAL,
    progress: bool = True,
    **options: Any,
) -> TrainedSweep:
    """Train one task with many settings, each over several seeds, on the cores of this machine.

    The runs are stored like all others. It needs the extra `cluster`, a search also `search`.
    Ctrl-C, or the interruption of a notebook's kernel, stops it and keeps what is done; then
    `KeyboardInterrupt` is raised, and `sweep(resume=NAME)` goes on.

    Args:
        task: the name of a task, or sequences of your own; None with `resume`.
        grid: by setting, the values to try, such as `{"hidden_size": [8, 32]}`: every combination
            is tried. `cell` and `preset` can be varied as well.
        ranges: for a search: by setting, the range to choose from, as `(LOW, HIGH)`, or
            `(LOW, HIGH, "log")` for a logarithmic scale.
        resume: the name of a sweep, whose missing trials are trained; failed ones are tried again.
        place: where to train, as `rnn-tui sweep --on` has it: `local` for all cores, `local:2`, or
            the address of a Dask scheduler.
        progress: whether to show a bar.
        options: {options}

    Others are settings of all trials, by their names as `train` has them, such as `epochs=3`.

    Returns:
        the trials, the best first, as a list of records: `pandas.DataFrame` takes it.

    Raises:
        UserError: a setting can't be varied or has no such value, the objective is measured on the
            test, a package is missing, or there is no such sweep.

    Examples:
        >>> trained = rnn_tui.sweep(
        ...     "adder", grid={"hidden_size": [2, 3]}, preset="fast", epochs=1, place="local:1"
        ... )
        >>> sorted(record["hidden_size"] for record in trained)
        [2, 3]
        >>> [record["status"] for record in trained]
        ['finished', 'finished']
    """
    prepare_process()
    where = read_place(place)
    if resume is not None:
        if task is not None or grid or ranges or options:
            raise ArgumentError("A sweep that is resumed has its task and settings already.")
        with SweepStore() as store:
            stored = store.sweep(resume)
    else:
        if task is None:
            raise ArgumentError("task is the name of a task or sequences of your own, not None.")
        plan = _plan(task, grid or {}, ranges or {}, options)
        require_extras(plan)
        name = options.get("name")
        with SweepStore() as store:
            stored = store.add_sweep("" if name is None else check_sweep_name(name), plan)
    if stored.status != "finished":
        require_extras(stored.plan)
        _WatchedSweep(stored, where, progress=progress).run()
        with SweepStore() as store:
            stored = store.sweep(stored.name)
    return TrainedSweep(stored)


def _plan(
    task: str | SequenceData,
    grid: Mapping[str, Any],
    ranges: Mapping[str, Any],
    options: Mapping[str, Any],
) -> SweepPlan:
    """Return the plan of a sweep, from what Python has."""
    known = options_of(SweepOptions)
    values = {name: plain(value) for name, value in options.items() if name in known}
    typed = record_of(
        SweepOptions,
        {
            **values,
            "grid": tuple(f"{name}={_values(name, value)}" for name, value in grid.items()),
            "ranges": tuple(f"{name}={_range(name, value)}" for name, value in ranges.items()),
        },
    )
    if isinstance(task, SequenceData):
        task = task.keep().name
    if task not in TASKS:
        check_choice("Task", task, tuple(TASKS))
    definition = TASKS[task]
    fixed: dict[str, Any] = {}
    for name, value in options.items():
        if name in ("cell", "preset"):
            fixed[name] = value
        elif name not in known:
            field, fixed_value = setting_of(definition, name, value)
            fixed[field] = fixed_value
    _check_known_to_workers(task, [fixed.get("cell"), *grid.get("cell", ())])
    return typed.plan(definition, fixed)


def _check_known_to_workers(task: str, cells: Sequence[Any]) -> None:
    """Refuse what only this process knows: workers are processes of their own."""
    of_script = [
        cell for cell in cells if cell in networks.CELLS and cell not in networks.SHIPPED_CELLS
    ]
    if task in tasks.TASKS.data and task not in tasks.INSTALLED:
        of_script.insert(0, task)
    if of_script:
        raise SettingError(
            f"{printable(of_script[0])} is known in this process alone, and a sweep trains in "
            "others; make a package of it, or train its settings one after another."
        )


def _values(name: str, values: Any) -> str:
    """Return the values of a setting as one types them."""
    values = plain(values)
    if isinstance(values, str) or not isinstance(values, Sequence):
        values = [values]
    words = [str(plain(value)) for value in values]
    if any("," in word for word in words):
        raise ArgumentError(f"grid has one number or word of {printable(name)} for each trial.")
    return ",".join(words)


def _range(name: str, limits: Any) -> str:
    """Return the range of a setting as one types it."""
    limits = plain(limits)
    scales = {(): "", ("log",): ":log"}
    if not isinstance(limits, tuple | list) or tuple(limits[2:]) not in scales:
        raise ArgumentError(f'The range of {printable(name)} is (LOW, HIGH) or (LOW, HIGH, "log").')
    low, high = (str(plain(limit)) for limit in limits[:2])
    return f"{low}..{high}{scales[tuple(limits[2:])]}"


class _WatchedSweep:
    """The training of what a sweep lacks, watched until it ends.

    A thread trains, since notebooks have an event loop in the main one.
    """

    def __init__(self, stored: Sweep, place: TrainingPlace, *, progress: bool) -> None:
        self._sweep = stored
        self._place = place
        self._control = Control()
        self._bar = ActionProgress(stored.name, shown=progress)
        self._progress = SweepPace(stored, Progress(self._bar.show, self._control))
        self._error: Exception | None = None
        self._sentences: list[str] = []  #: said once the bar is gone.

    def run(self) -> None:
        """Train until the end.

        Raises:
            UserError: there are no workers, or the store can't be used.
            KeyboardInterrupt: Ctrl-C, once what is done is stored.
        """
        thread = threading.Thread(target=self._train, name="sweep", daemon=True)
        interrupts = [signal.SIGINT]
        with stopping_on_signals(self._control.stop_by_signal, interrupts) as received, self._bar:
            self._progress.begin()
            with _without_script():
                thread.start()
                while not waits.join(thread, SECONDS_BETWEEN_LOOKS):
                    pass
        for sentence in dict.fromkeys(self._sentences):
            say(sentence)
        if self._error is not None:
            raise self._error
        if received:
            name = self._sweep.name
            say(f'Sweep {name} is stopped and stored; rnn_tui.sweep(resume="{name}") goes on.')
            raise KeyboardInterrupt

    def _train(self) -> None:
        """Train; runs in the thread."""
        from rnn_tui.sweeps.dispatch import train_on_workers  # Dask, on use only

        try:
            with Trials(self._sweep, self._trial_ended) as trials:
                train_on_workers(self._place, self._sweep.name, trials, self._control, self._take)
        except Exception as error:  # noqa: BLE001 - raised in the thread that asked
            self._error = error

    def _trial_ended(self, trial: TrialEnded) -> None:
        self._progress.trial_ended(trial)
        if trial.failure:
            self._sentences.append(f"trial {trial.number}: {trial.failure}")

    def _take(self, news: ClusterState | LogLine) -> None:
        match news:
            case LogLine():
                self._sentences.append(news.text)
            case ClusterState():
                self._progress.show(news)


@contextmanager
def _without_script() -> Iterator[None]:
    """Hide the script that runs, which each worker would else run again as it starts.

    They are spawned, and Python prepares a spawned process with the main module.
    """
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script
