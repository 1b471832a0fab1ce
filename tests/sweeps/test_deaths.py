"""Whatever dies, nothing that came home is lost, and a run ends as if nothing had happened."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from rnn_tui.archive.training import train
from rnn_tui.engine.events import Control, new_run_id
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.engine.state import Status
from rnn_tui.sweeps.store import Sweep, SweepStore
from tests.cli.command_line import environment, rnn_tui
from tests.program import start_program
from tests.sweeps.machines import Machines, Wire, kill, machines, wait_for

pytestmark = pytest.mark.long

# A few seconds of training, in many epochs.
SETTINGS = (
    "--preset",
    "fast",
    "--training-size",
    "2000",
    "--batch-size",
    "20",
    "--test-size",
    "50",
    "--epochs",
    "12",
)


def sweep_of(name: str) -> Sweep:
    with SweepStore() as store:
        return store.sweep(name)


def runs() -> list[RunRecord]:
    with RunStore() as store:
        return store.runs()


def begin(*arguments: str) -> "subprocess.Popen[str]":
    return start_program(
        "sweep",
        *arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment(),
        start_new_session=True,
    )


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Machines]:
    with machines(tmp_path, 2) as fleet:
        yield fleet


def check_like_undisturbed(run: RunRecord) -> None:
    """The weights are bit for bit those of the same settings trained here; nothing was logged
    twice.
    """
    undisturbed = new_run_id()
    train(run.config, lambda _event: None, Control(), undisturbed)
    with RunStore() as store:
        alone = store.get(undisturbed)
        assert alone is not None
        arrays = read_weights(run.weights).arrays
        arrays_alone = read_weights(alone.weights).arrays
        assert arrays.keys() == arrays_alone.keys()
        for name, array in arrays_alone.items():
            np.testing.assert_array_equal(arrays[name], array)
        logged = [
            [(m.kind, m.step, m.metrics, m.replicas) for m in store.logged_values(one.run_id)]
            for one in (run, alone)
        ]
        for mine, other in zip(*logged, strict=True):
            assert mine[:2] == other[:2]
            np.testing.assert_equal(mine[3], other[3])
        assert run.final == alone.final


def test_a_run_goes_on_elsewhere_when_its_worker_is_killed(two: Machines) -> None:
    process = begin(
        "recall",
        *SETTINGS,
        "--grid",
        "learning_rate=0.01",
        "--seeds",
        "2",
        "--on",
        two.address,
        "--name",
        "killed",
    )
    wait_for(lambda: any(run.step > run.steps_per_epoch * 3 for run in runs()))
    # Which of the two trains it is not known here: both go, one after the other, and another comes.
    two.add_worker()
    kill(two.workers[0])
    (run_before,) = runs()
    wait_for(
        lambda: (
            runs()[0].step > run_before.step + 3 * run_before.steps_per_epoch
            or process.poll() is not None
        )
    )
    kill(two.workers[1])
    out, err = process.communicate(timeout=180)
    assert process.returncode == 0, err
    (run,) = runs()
    assert run.status is Status.FINISHED
    assert "another one resumes it from its last checkpoint" in err
    assert out.splitlines()[1].endswith("finished")
    check_like_undisturbed(run)


def test_a_run_goes_on_elsewhere_when_its_worker_has_to_go(two: Machines) -> None:
    process = begin(
        "recall",
        *SETTINGS,
        "--grid",
        "learning_rate=0.01",
        "--on",
        two.address,
        "--name",
        "retired",
    )
    wait_for_run()
    terminated = whoever_trains(two)
    terminated.terminate()
    _, err = process.communicate(timeout=180)
    assert process.returncode == 0, err
    (run,) = runs()
    with RunStore() as store:
        assert len(store.sessions(run.run_id)) == 2
    check_like_undisturbed(run)


def test_a_sweep_goes_on_when_its_connection_was_cut_for_a_moment(two: Machines) -> None:
    wire = Wire(two.address)
    process = begin(
        "recall",
        *SETTINGS,
        "--grid",
        "learning_rate=0.01,0.02",
        "--on",
        wire.address,
        "--name",
        "asleep",
    )
    wait_for(lambda: sum(run.step > run.steps_per_epoch * 3 for run in runs()) == 2)
    wire.cut()
    time.sleep(2)
    wire.mend()
    _, err = process.communicate(timeout=180)
    assert process.returncode == 0, err
    assert sweep_of("asleep").status == "finished"
    check_like_undisturbed(runs()[0])


def test_a_sweep_goes_on_when_its_scheduler_was_killed(two: Machines, tmp_path: Path) -> None:
    process = begin(
        "recall", *SETTINGS, "--grid", "learning_rate=0.01", "--on", two.address, "--name", "orphan"
    )
    wait_for(lambda: any(run.step > run.steps_per_epoch * 3 for run in runs()))
    kill(two.scheduler)
    _, err = process.communicate(timeout=180)
    assert process.returncode == 1
    assert "scheduler is gone" in err
    assert "Traceback" not in err
    assert sweep_of("orphan").status == "interrupted"
    assert {run.status for run in runs()} == {Status.INTERRUPTED}
    done = rnn_tui("sweep", "--resume", "orphan", "--on", "local:1")
    assert done.returncode == 0, done.stderr
    assert sweep_of("orphan").status == "finished"
    check_like_undisturbed(runs()[0])


def test_a_sweep_goes_on_when_its_process_was_killed(two: Machines) -> None:
    process = begin(
        "recall",
        *SETTINGS,
        "--grid",
        "learning_rate=0.01,0.02",
        "--on",
        two.address,
        "--name",
        "left",
    )
    wait_for(lambda: sum(run.step > run.steps_per_epoch * 3 for run in runs()) == 2)
    process.kill()
    process.communicate()
    assert sweep_of("left").status == "interrupted"
    assert Status.TRAINING not in {run.status for run in runs()}
    done = rnn_tui("sweep", "--resume", "left", "--on", two.address)
    assert done.returncode == 0, done.stderr
    assert [trial.status for trial in sweep_of("left").trials] == ["finished"] * 2
    check_like_undisturbed(runs()[0])


@pytest.mark.parametrize("where", ["local:2", "elsewhere"])
def test_ctrl_c_keeps_what_was_trained(where: str, request: pytest.FixtureRequest) -> None:
    on = where if where == "local:2" else request.getfixturevalue("two").address
    process = begin(
        "recall",
        *SETTINGS,
        *("--epochs", "500"),  # none is at its end before Ctrl-C comes, however busy the machine
        "--grid",
        "learning_rate=0.01,0.02,0.03",
        "--on",
        on,
        "--name",
        "stopped",
    )
    wait_for(lambda: sum(run.step > run.steps_per_epoch * 3 for run in runs()) == 2)
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to the workers as well
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "--resume stopped" in err
    assert "Traceback" not in err
    sweep = sweep_of("stopped")
    assert sweep.status == "interrupted"
    assert all(run.weights.is_file() and run.status is Status.STOPPED for run in runs() if run.step)


def test_a_run_that_kills_workers_is_failed(tmp_path: Path) -> None:
    with machines(tmp_path, 0) as fleet:
        for _ in range(3):
            fleet.add_worker()
        process = begin(
            "recall",
            *SETTINGS,
            "--grid",
            "learning_rate=0.01",
            "--on",
            fleet.address,
            "--name",
            "deadly",
        )
        for _ in range(3):
            (run,) = wait_for_run()
            reached = run.step
            wait_for(lambda at=reached: runs()[0].status is Status.FAILED or runs()[0].step > at)
            kill(whoever_trains(fleet))
            fleet.add_worker()
        _, err = process.communicate(timeout=180)
        assert process.returncode == 1, err
        (run,) = runs()
        assert run.status is Status.FAILED
        assert run.message == "3 workers died while they trained it."


def wait_for_run() -> list[RunRecord]:
    wait_for(lambda: runs() and runs()[0].step)
    return runs()


def whoever_trains(fleet: Machines) -> "subprocess.Popen[bytes]":
    """The worker whose folder has a run that has not ended."""
    for process, folder in zip(fleet.workers, sorted(fleet.folder.glob("machine-*")), strict=True):
        if process.poll() is None and list(folder.rglob("rnn-tui/*/*")):
            return process
    raise AssertionError("nobody trains")


@pytest.fixture
def network() -> Iterator[tuple[str, str, str]]:
    """A machine of its own, as far as the network goes: its name, our end of the wire to it, our
    address on that.
    """
    name, ours, theirs = (f"{kind}{os.getpid() % 100_000}" for kind in ("rnntui", "here", "there"))
    net = f"10.{os.getpid() % 200 + 20}.7"
    commands = [
        f"netns add {name}",
        f"link add {ours} type veth peer name {theirs}",
        f"link set {theirs} netns {name}",
        f"addr add {net}.1/24 dev {ours}",
        f"link set {ours} up",
        f"-n {name} addr add {net}.2/24 dev {theirs}",
        f"-n {name} link set {theirs} up",
        f"-n {name} link set lo up",
    ]
    try:
        for command in commands:
            made = (
                subprocess.run(["ip", *command.split()], capture_output=True, check=False)
                if shutil.which("ip")
                else None
            )
            if made is None or made.returncode:
                pytest.skip("no network namespaces may be made here")
        yield name, ours, f"{net}.1"
    finally:
        if shutil.which("ip"):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)
            subprocess.run(["ip", "link", "delete", ours], capture_output=True, check=False)


def test_a_run_goes_on_elsewhere_when_the_wire_to_its_machine_is_cut(
    tmp_path: Path, network: tuple[str, str, str]
) -> None:
    name, wire, address = network
    with machines(tmp_path, 0, host=address, DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL="5s") as fleet:
        fleet.add_worker(within=("ip", "netns", "exec", name))
        process = begin(
            "recall",
            *SETTINGS,
            "--grid",
            "learning_rate=0.01",
            "--on",
            fleet.address,
            "--name",
            "unwired",
        )
        wait_for_run()
        subprocess.run(["ip", "link", "set", wire, "down"], check=True)
        fleet.add_worker()
        _, err = process.communicate(timeout=240)
        assert process.returncode == 0, err
        (run,) = runs()
        with RunStore() as store:
            assert len(store.sessions(run.run_id)) == 2
        check_like_undisturbed(run)


def test_a_worker_of_another_version_is_refused_before_anything_runs(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "older.py").write_text("import rnn_tui\nrnn_tui.__version__ = '0.0.1'\n")
    with machines(tmp_path, 0) as fleet:
        fleet.add_worker(
            "--preload", "older", PYTHONPATH=f"{other}:{environment().get('PYTHONPATH', '')}"
        )
        done = rnn_tui(
            "sweep", "recall", *SETTINGS, "--grid", "learning_rate=0.01", "--on", fleet.address
        )
        assert done.returncode == 1
        assert "it has rnn-tui 0.0.1, and here it is" in done.stderr
        assert not any(run.step for run in runs())
