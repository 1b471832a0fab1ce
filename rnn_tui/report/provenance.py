"""How a report was made: settings, versions, machine and runs."""

import platform
import re
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import printable
from rnn_tui.engine.resources import usable_cores
from rnn_tui.report.plan import Plan
from rnn_tui.report.rows import Results
from rnn_tui.runs.export.documents import date
from rnn_tui.runs.records import RunRecord, Session
from rnn_tui.runs.rows import versions
from rnn_tui.runs.store import RunStore
from rnn_tui.tasks import TASKS

TIMES = "Where networks train side by side, each counts with an equal share of their time."
CPU_FILE = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class UsedRun:
    """A run that figures are from, how many of its networks are, and its sessions in order."""

    run: RunRecord
    networks: int
    sessions: tuple[Session, ...]

    @property
    def here(self) -> bool:
        """Whether all of it was trained on a machine of this name."""
        return all(session.host == platform.node() for session in self.sessions)

    @property
    def versions(self) -> dict[str, str]:
        """Those of what trained it last, by name."""
        return dict(self.sessions[-1].versions) if self.sessions else {}

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form."""
        run, workers = self.run, self.sessions[-1].workers if self.sessions else None
        return {
            "id": run.run_id,
            "name": run.name,
            "networks": self.networks,
            "finished": date(run.updated),
            "seconds": run.elapsed,
            "device": run.device or None,
            "workers": workers,
            "on_this_machine": self.here,
            "versions": self.versions,
        }


@dataclass(frozen=True)
class About:
    """All that must be known of figures."""

    plan: Plan
    written: float  #: when, in seconds since 1970.
    machine: Mapping[str, str | int | float]
    versions: Mapping[str, str]  #: of this program, Python and packages.
    settings: Mapping[str, RunConfig]  #: of each experiment by what it is called.
    runs: tuple[UsedRun, ...]  #: that figures are from.

    @property
    def devices(self) -> tuple[str, ...]:
        """What the runs were trained on, each once."""
        return tuple(dict.fromkeys(one.run.device for one in self.runs if one.run.device))

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form."""
        plan = self.plan
        return {
            "command": plan.command,
            "date": date(self.written),
            "preset": plan.preset,
            "notes": [*plan.notes, TIMES],
            "seeds": {task: list(plan.seeds_of(task)) for task in plan.tasks},
            "settings": {name: config.to_dict() for name, config in self.settings.items()},
            "versions": dict(self.versions),
            "machine": {**self.machine, "devices": list(self.devices)},
            "runs": [one.to_dict() for one in self.runs],
        }


def about(results: Results, store: RunStore | None) -> About:
    """Gather what must be known of a table; raises `StoreError` if the store can't be read."""
    plan, counts = results.plan, Counter(run_id for row in results.rows for run_id in row.run_ids)
    used = []
    for run_id in sorted(counts):
        if store is not None and (run := store.get(run_id)) is not None:
            used.append(UsedRun(run, counts[run_id], tuple(store.sessions(run_id))))
    settings = {}  # of every task, of MNIST by model, all seeds together where a run has several
    for one in plan.experiments:
        label = one.label if one.task == "mnist" else TASKS[one.task].label
        settings[label] = plan.config(
            one.task, one.cell, plan.first_seed, seeds=len(plan.seeds_of(one.task))
        )
    return About(plan, time.time(), machine(), versions(), settings, tuple(used))


def machine() -> dict[str, str | int | float]:
    """This computer: the name of its processor, the cores that this process may run on, memory."""
    import psutil  # noqa: PLC0415 - on use only

    model = None  # what Python calls `processor` is on Linux the architecture, or nothing
    with suppress(OSError):
        told = CPU_FILE.read_text(encoding="utf-8", errors="replace")
        model = re.search(r"^model name[ \t]*:[ \t]*(.*\S)", told, re.MULTILINE)
    name = printable(
        model[1] if model else platform.processor() or platform.machine() or "unknown", 80
    )
    memory = round(psutil.virtual_memory().total / 2**30, 1)
    return {
        "processor": name,
        "cores": usable_cores(),
        "memory_gib": memory,
        "system": platform.platform(),
    }
