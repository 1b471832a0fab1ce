"""On one device the same run ends with the same bits, cut off and resumed or not; a failed device is reported."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from rnn_tui.engine.training.training_state import load_resume_point
from tests.gpu.device import CHOICES, REPEATS, assert_same, small, trained

PATIENCE = 300.0
# A device that has failed is lost to its process: hence another one.
FAILING = """
import torch
from rnn_tui.engine import events
from rnn_tui.engine.events import Control
from rnn_tui.engine.training.loop import fit
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.mnist.problem import MnistProblem

class Failing(MnistProblem):
    def losses(self, step, parts):
        if step == 5:
            torch.zeros(2, device=self._device)[torch.tensor([7], device=self._device)]
        return super().losses(step, parts)

config = TASKS["mnist"].config("lstm", "report", epochs=1, batch_size=20, data_dir={data!r}, device="cuda")
for build in (Failing, MnistProblem):
    seen = []
    fit(build, config, seen.append, Control())
    print(type(seen[-1]).__name__, seen[-1].message)
"""


@pytest.mark.parametrize(("task", "cell", "preset"), CHOICES)
def test_the_same_run_twice_is_the_same(
    mnist_slice: Path, task: str, cell: str, preset: str
) -> None:
    config = small(mnist_slice, task, cell, preset)
    first = trained(config)
    second = trained(config)
    assert_same(first.weights, second.weights)
    if REPEATS:
        assert first.losses == second.losses


@pytest.mark.parametrize("stop_at", [20, 59])  # within the first epoch, or the second
@pytest.mark.parametrize(("task", "cell", "preset"), CHOICES)
def test_a_resumed_run_ends_as_one_without_a_break(  # noqa: PLR0917
    mnist_slice: Path, tmp_path: Path, task: str, cell: str, preset: str, stop_at: int
) -> None:
    config = small(mnist_slice, task, cell, preset, epochs=2)
    path = tmp_path / "run.safetensors"
    stopped = trained(config, path, stop_at=stop_at if task == "mnist" else 100)
    rest = trained(config, path, resume=load_resume_point(path, "run", config))
    whole = trained(config)
    assert_same(rest.weights, whole.weights)
    assert rest.started.device == stopped.started.device
    losses = np.array([*stopped.losses, *rest.losses])
    assert losses == pytest.approx(np.array(whole.losses), abs=0.0 if REPEATS else 0.02)


def test_a_run_goes_on_with_the_cpu_where_the_device_is_gone(
    mnist_slice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small(mnist_slice, "mnist", "lstm", "report")
    path = tmp_path / "run.safetensors"
    trained(config, path, stop_at=20)
    monkeypatch.setattr("rnn_tui.engine.training.devices.devices_here", lambda: ["cpu"])
    monkeypatch.setattr("rnn_tui.engine.training.training_state.devices_here", lambda: ["cpu"])
    resumed = trained(config, path, resume=load_resume_point(path, "run", config))
    assert resumed.started.device == "cpu"


def test_a_device_assert_says_restart_and_so_does_the_next_run(mnist_slice: Path) -> None:
    if not torch.cuda.is_available():
        pytest.skip("only CUDA has assertions on the device")
    process = subprocess.run(
        [sys.executable, "-c", FAILING.format(data=str(mnist_slice))],
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=True,
    )
    first, second = process.stdout.splitlines()
    assert first.startswith("RunFailed The GPU cuda:0 has failed (device-side assert)")
    assert "restart rnn-tui, then resume the run" in first
    assert second == first
