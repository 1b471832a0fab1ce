"""What goes wrong in training ends in one sentence for the user, never in an exception."""

import logging
import re
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from torch import Tensor

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.training.checkpoint import load_checkpoint
from rnn_tui.engine.training.problem import Log, Problem
from rnn_tui.tasks.mnist.problem import MnistProblem


class BuildBroken:
    """Real MNIST, until `fail` is called where `where` says."""

    def __init__(self, where: str, fail: Callable[[], Any]) -> None:
        self.where, self.fail = where, fail

    def __call__(self, config: RunConfig, device: torch.device, log: Log) -> Problem:
        if self.where == "build":
            self.fail()
        where, fail = self.where, self.fail

        class Broken(MnistProblem):
            def losses(self, step: int, parts: int) -> Sequence[Callable[[], Tensor]]:
                calls = list(super().losses(step, parts))
                if where == "step" and step == 3:
                    calls[-1] = fail
                return calls

            def validate(self, *args: Any) -> Any:
                return fail() if where == "validate" else super().validate(*args)

            def test(self, *args: Any) -> Any:
                return fail() if where == "test" else super().test(*args)

        return Broken(config, device, log)


def raising(error: BaseException) -> Callable[[], Any]:
    def fail() -> Any:
        raise error

    return fail


def huge() -> Tensor:
    return torch.empty(2**50)


def sentence(run: Any) -> str:
    assert isinstance(run.end, events.RunFailed)
    message = run.end.message
    assert message.isprintable()
    assert message.endswith((".", ")."))
    assert "Traceback" not in message
    assert len(message) < 400
    return str(message)


@pytest.mark.parametrize(
    ("model", "preset", "rate"),
    [
        ("rnn", "report", 1e38),
        ("lstm", "fast", 1e30),
        ("bilstm", "best", 1e30),
        ("lstm", "report", 1e38),
    ],
)
def test_divergence_names_the_step_and_a_smaller_rate(
    trainer: Any, tmp_path: Path, model: str, preset: str, rate: float
) -> None:
    path = tmp_path / "run.safetensors"
    run = trainer(trainer.config(model, preset, learning_rate=rate), path=path)
    message = sentence(run)
    good = [event.step for event in run.of(events.StepLogged)]
    assert f"step {len(good) + 1} " in message
    assert f"{rate:g}" in message
    assert f"try {rate / 10:.2g} or less" in message
    assert run.end.step == len(good) + 1
    assert not path.exists()


def test_divergence_is_found_where_it_began_though_losses_are_read_in_portions(
    trainer: Any,
) -> None:
    config = trainer.config("rnn", batch_size=4, hidden_size=4, learning_rate=1e38)
    run = trainer(config)
    # Five steps to a log: the first loss is finite, the second isn't.
    assert run.end.step == 5
    assert "step 2 (epoch 1)" in sentence(run)


def test_earlier_weights_survive_divergence_on_disk(trainer: Any, tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    trainer(path=path)
    before = path.read_bytes()
    trainer(trainer.config("rnn", learning_rate=1e38), path=path)
    assert path.read_bytes() == before


@pytest.mark.long
def test_a_model_beyond_all_memory_is_refused(
    trainer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A machine with a gigabyte left; really using up this one's memory would end other programs.
    left = types.SimpleNamespace(available=2**30)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: left)
    run = trainer(trainer.config(batch_size=50_000, hidden_size=4096, layers=4))
    message = sentence(run)
    assert "not enough memory for a batch of 50000 at hidden size 4096" in message
    # its weights alone take more
    assert "no batch is small enough: try smaller or fewer networks" in message
    assert run.outcome.weights is None


def test_a_batch_beyond_all_memory_is_refused_with_one_that_fits(
    trainer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: types.SimpleNamespace(available=2**30))
    config = trainer.config(batch_size=1000, hidden_size=1024)
    found = re.search(
        r"try a batch size of (\d+) or less, or smaller or fewer networks",
        sentence(trainer(config)),
    )
    assert found
    fits = int(found[1])
    assert 300 < fits < 1000
    # not refused
    MnistProblem(config.replace(batch_size=fits), torch.device("cpu"), lambda _: None)


@pytest.mark.parametrize(
    ("room", "fits"), [(2**20, 52), (100_000, 4), (2**40, 16), (0, 0), (None, 16)]
)
def test_a_gpu_out_of_memory_suggests_a_batch_by_what_was_free(
    trainer: Any, monkeypatch: pytest.MonkeyPatch, room: int | None, fits: int
) -> None:
    # Hidden size 12 takes at least 16,128 bytes an image; a quarter where that says that it fits,
    # which it did not.
    config, weights = trainer.config(), 12 * sum(w.numel() for w in trainer().weights.values())
    monkeypatch.setattr(
        "rnn_tui.engine.training.loop.free_memory",
        lambda _: None if room is None else room + weights,
    )
    fail = raising(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."))
    message = sentence(trainer(config, build=BuildBroken("step", fail)))
    assert (
        f"try a batch size of {fits} or less" if fits else "no batch is small enough"
    ) in message


@pytest.mark.parametrize("where", ["build", "step", "validate", "test"])
@pytest.mark.parametrize("fail", [huge, raising(MemoryError())])
def test_running_out_of_memory_suggests_a_smaller_batch(
    trainer: Any, where: str, fail: Callable[[], Any]
) -> None:
    message = sentence(trainer(build=BuildBroken(where, fail)))
    assert "not enough memory for a batch of 64 at hidden size 12" in message
    assert "batch size of 16" in message


@pytest.mark.parametrize("where", ["build", "step", "validate", "test"])
def test_an_unknown_exception_goes_to_the_log_and_not_to_the_user(
    trainer: Any, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    fail = raising(ZeroDivisionError("secret\nline two"))
    with caplog.at_level(logging.ERROR):
        run = trainer(build=BuildBroken(where, fail))
    message = sentence(run)
    assert "ZeroDivisionError" in message
    assert "log" in message
    assert "line two" not in message
    assert "secret" in caplog.text
    assert "Traceback" in caplog.text
    assert run.end.step == {"build": 0, "step": 3, "validate": 16, "test": 16}[where]
    assert (run.outcome.weights is None) is (where == "build")
    assert run.outcome.metrics == {}


def test_a_failed_test_leaves_the_trained_weights(
    trainer: Any, tmp_path: Path, same_weights: Any
) -> None:
    path = tmp_path / "run.safetensors"
    run = trainer(build=BuildBroken("test", raising(KeyError("x"))), path=path)
    same_weights(dict(load_checkpoint(path).weights), run.weights)
    same_weights(run.weights, trainer().weights)


def test_a_failure_puts_pytorchs_threads_back(trainer: Any) -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        trainer(build=BuildBroken("step", raising(KeyError("x"))))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_missing_data_is_told_as_the_data_error_says(trainer: Any, tmp_path: Path) -> None:
    run = trainer(trainer.config(data_dir=str(tmp_path)))
    message = sentence(run)
    assert str(tmp_path) in message
    assert "--data-dir" in message
    assert not run.of(events.RunStarted)


def test_a_missing_device_is_told(trainer: Any) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device here")
    assert "cuda" in sentence(trainer(trainer.config(device="cuda")))


def test_weights_that_cannot_be_written_cost_no_training(
    trainer: Any, tmp_path: Path, same_weights: Any
) -> None:
    (tmp_path / "runs").write_text("a file where the folder should be")
    path = tmp_path / "runs" / "run.safetensors"
    run = trainer(trainer.config(epochs=2), path=path)
    assert isinstance(run.end, events.RunFinished)
    assert not run.of(events.CheckpointSaved)
    warnings = [line for line in run.of(events.LogLine) if line.level == "warning"]
    assert len(warnings) == 1
    assert str(path) in warnings[0].text
    same_weights(run.weights, trainer(trainer.config(epochs=2)).weights)
