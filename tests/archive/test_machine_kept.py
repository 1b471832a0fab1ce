"""The load of the machine is stored and shown with a run; where it is unknown, training goes on.

What is measured is this machine's: only bounds are asked for.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
import torch

from rnn_tui.archive.store import RunStore
from rnn_tui.archive.words import machine as in_words
from rnn_tui.engine import events
from rnn_tui.engine.training import resources
from rnn_tui.engine.training.resources import MachineWatch
from rnn_tui.ui.runs.views import RunDetailsScreen
from tests.archive.kept_runs import small, train
from tests.cli.command_line import run_inside

STEP = events.StepLogged("a", 1, {}, 1.0, 1.0)


def started(device: str = "cpu") -> events.RunStarted:
    return events.RunStarted("a", small(), (), 10, 5, 20, 100, device)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "SECONDS_BETWEEN", 0.0)


@pytest.mark.usefixtures("at_once")
def test_a_run_keeps_how_busy_the_machine_was(home: Path) -> None:
    emitted = train()
    seen = emitted.of(events.MachineSeen)
    assert seen
    with RunStore() as store:
        [session] = store.sessions(emitted.run_id)
        run = store.find(emitted.run_id)
    page = RunDetailsScreen(run, [session], [])._text().plain
    assert in_words(session.load) in page
    assert session.load == pytest.approx(seen[-1].whole)
    assert 0 < session.load["memory"] < psutil.virtual_memory().total
    assert 0 <= session.load["process"] <= 110  # of all cores; both counts are rounded
    assert 0 <= session.load["cpu"] <= 100
    _, out, _ = run_inside(["runs", "show", emitted.run_id])
    assert f"machine\t{in_words(session.load)}" in out.splitlines()
    _, out, _ = run_inside(["runs", "show", emitted.run_id, "--json"])
    assert json.loads(out)["sessions"][0]["load"] == pytest.approx(session.load)


def test_nothing_is_told_more_often_than_every_two_seconds(home: Path) -> None:
    emitted = train()  # which takes a tenth of a second
    assert emitted.of(events.MachineSeen) == []
    with RunStore() as store:
        assert store.sessions(emitted.run_id)[0].load == {}


def test_means_are_of_all_looks_and_of_memory_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    looks = iter([{"cpu": 80.0, "memory": 7.0}, {"cpu": 20.0, "memory": 5.0}])
    monkeypatch.setattr(resources.time, "monotonic", lambda: clock[0])
    meter = SimpleNamespace(read=lambda: next(looks))
    monkeypatch.setattr(resources, "_LoadMeter", lambda _device: meter)
    watch = MachineWatch()
    seen = []
    for at, event in ((0, started()), (1, STEP), (2, STEP), (8, STEP), (9, STEP)):
        clock[0] = at
        seen.append(watch.after(event))
    reports = [report for report in seen if report is not None]
    assert [report.now["cpu"] for report in reports] == [80.0, 20.0]
    assert reports[-1].whole == {"cpu": pytest.approx(50.0), "memory": 7.0}


@pytest.mark.usefixtures("at_once")
def test_a_machine_that_tells_nothing_costs_no_training(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "cpu_percent", refuse)
    emitted = train()
    assert emitted.of(events.RunFinished)
    assert emitted.of(events.MachineSeen) == []
    assert emitted.warnings == []


def test_a_gpu_is_asked_through_the_driver_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, at_once: None
) -> None:
    # In place of the driver's library, as machines without a GPU have none.
    driver = SimpleNamespace(
        nvmlInit=lambda: None,
        nvmlDeviceGetHandleByUUID={"GPU-1-2": "handle"}.__getitem__,
        nvmlDeviceGetUtilizationRates=lambda _: SimpleNamespace(gpu=45),
        nvmlDeviceGetMemoryInfo=lambda _: SimpleNamespace(used=3 * 10**9),
    )
    monkeypatch.setitem(sys.modules, "pynvml", driver)
    properties = SimpleNamespace(uuid="1-2")
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: properties)
    seen = watched(started("cuda:0"), STEP)
    assert seen is not None
    assert (seen.now["gpu"], seen.now["gpu_memory"]) == (45.0, 3e9)
    properties.uuid = "of another driver's"
    other = watched(started("cuda:0"), STEP)
    assert other is not None
    assert other.now.keys() == {"cpu", "process", "memory"}


def watched(*run_events: events.Event) -> events.MachineSeen | None:
    """The report of the machine after the last of a run's events."""
    watch = MachineWatch()
    return [watch.after(event) for event in run_events][-1]


def test_what_a_database_says_of_it_is_shown_as_far_as_it_can_be() -> None:
    load = {"cpu": 97.4, "process": 51.0, "memory": 1.23e9}
    assert in_words(load) == "CPU 97 % busy, 51 % by this run, at most 1.2 GB of memory"
    assert in_words(load, short=True) == "CPU 97 % 1.2 GB"
    gpu = {"gpu": 45.0, "gpu_memory": 3.14e9}
    assert in_words(load | gpu, short=True) == "CPU 97 % 1.2 GB GPU 45 % 3.1 GB"
    assert in_words({}) == in_words({"other": 3.0}) == ""
