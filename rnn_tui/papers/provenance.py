"""Record how a rerun was made: settings, versions, machine and runs."""

import platform
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rnn_tui.archive.database_rows import versions
from rnn_tui.archive.export.page.machine import machine
from rnn_tui.archive.run_record import RunRecord, Session
from rnn_tui.archive.store import RunStore
from rnn_tui.archive.words import NOTHING
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.json_values import date
from rnn_tui.engine.pace import duration
from rnn_tui.engine.tables import Column, document_of
from rnn_tui.papers.plan import Plan
from rnn_tui.papers.rows import Results
from rnn_tui.tasks import TASKS

TIMES = "Where networks train side by side, each counts with an equal share of their time."


@dataclass(frozen=True)
class UsedRun:
    """A run that figures of the table are from."""

    run: RunRecord
    networks: int  #: how many of its networks have figures in the table.
    sessions: tuple[Session, ...]  #: in order.

    @property
    def here(self) -> bool:
        """Whether everything was trained on a machine of this name."""
        return all(session.host == platform.node() for session in self.sessions)

    @property
    def versions(self) -> dict[str, str]:
        """The versions of the packages that trained it last, by name."""
        return dict(self.sessions[-1].versions) if self.sessions else {}

    @property
    def workers(self) -> int | None:
        """How many threads shared a batch when it was trained last; None if that is not known."""
        return self.sessions[-1].workers if self.sessions else None


#: the fields of the document of such a run.
USED_RUN_COLUMNS: tuple[Column[UsedRun], ...] = (
    Column("id", lambda used: used.run.run_id),  #: unique among all runs on all machines.
    Column("name", lambda used: used.run.name, name="run"),  #: its name.
    Column("networks", lambda used: used.networks),  #: number of its networks that are used.
    Column("finished", lambda used: date(used.run.updated), name="ended"),  #: when it ended.
    Column(
        "seconds",  #: training time.
        lambda used: used.run.elapsed,
        lambda used: duration(used.run.elapsed),
        name="trained",
    ),
    #: the device that it ran on.
    Column("device", lambda used: used.run.device or None, lambda used: used.run.device or NOTHING),
    Column("workers", lambda used: used.workers),  #: threads that shared a batch.
    Column("on_this_machine", lambda used: used.here),  #: whether it was trained here.
    Column(
        "versions",  #: versions of Python, rnn-tui and the packages that compute.
        lambda used: used.versions,
        lambda used: used.versions.get("torch") or NOTHING,
        name="PyTorch",
    ),
)


@dataclass(frozen=True)
class Provenance:
    """The origin of a rerun's results: plan, versions, machines and runs."""

    plan: Plan
    written: float  #: when, in seconds since 1970.
    machine: Mapping[str, str | int | float]
    versions: Mapping[str, str]  #: the versions of this program, Python and packages.
    settings: Mapping[str, RunConfig]  #: the settings of each experiment, by its name.
    runs: tuple[UsedRun, ...]  #: the runs that figures are from.

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices on which the runs were trained, each once."""
        return tuple(dict.fromkeys(used.run.device for used in self.runs if used.run.device))

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        plan = self.plan
        return {
            "command": plan.command,  #: a command that gives the same.
            "date": date(self.written),  #: when this was made.
            "preset": plan.preset,  #: the preset's name.
            "notes": [*plan.notes, TIMES],  #: remarks on the figures.
            #: the seeds of each task.
            "seeds": {task: list(plan.seeds_of(task)) for task in plan.tasks},
            #: of each experiment.
            "settings": {name: config.to_dict() for name, config in self.settings.items()},
            #: versions of Python, rnn-tui and the packages that compute.
            "versions": dict(self.versions),
            #: the machine of this document.
            "machine": {
                **self.machine,
                "devices": list(self.devices),  #: what the runs ran on.
            },
            #: the runs that the figures are from.
            "runs": [document_of(used, USED_RUN_COLUMNS) for used in self.runs],
        }


def gather_provenance(results: Results, store: RunStore | None) -> Provenance:
    """Gather what must be known of a table; raises `StoreError` if the store can't be read."""
    plan = results.plan
    used_runs = () if store is None else tuple(_used_runs(results, store))
    return Provenance(plan, time.time(), machine(), versions(), _settings(plan), used_runs)


def _used_runs(results: Results, store: RunStore) -> Iterator[UsedRun]:
    """Yield the runs that a table's values are from, sorted by their ids."""
    networks = Counter(run_id for row in results.rows for run_id in row.run_ids)
    for run_id in sorted(networks):
        run = store.get(run_id)
        if run is not None:
            yield UsedRun(run, networks[run_id], tuple(store.sessions(run_id)))


def _settings(plan: Plan) -> dict[str, RunConfig]:
    """Return the settings of experiments that differ in more than seed, hidden size and loss.

    All seeds, sizes and losses are in one run's settings. The label is that of the task where all
    of its networks share them.
    """
    configs = {
        experiment.key: plan.config(
            experiment, plan.first_seed, seeds=len(plan.seeds_of(experiment.task))
        )
        for experiment in plan.experiments
    }
    of_tasks: dict[str, list[RunConfig]] = {}
    for experiment in plan.experiments:
        of_tasks.setdefault(experiment.task, []).append(configs[experiment.key])
    shared = {task for task, all_of_it in of_tasks.items() if len(set(all_of_it)) == 1}
    settings: dict[RunConfig, str] = {}  # the labels
    for experiment in plan.experiments:
        task = experiment.task
        label = experiment.label
        if task in shared and len(of_tasks[task]) > 1:
            label = TASKS[task].label
        settings.setdefault(configs[experiment.key], label)
    return {label: config for config, label in settings.items()}
