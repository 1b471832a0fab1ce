"""A run that was stopped anywhere and resumed is, bit for bit, the run that was never stopped."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.events import Control
from rnn_tui.engine.training import loop
from rnn_tui.engine.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from rnn_tui.engine.training.history import read_history
from rnn_tui.engine.training.training_state import load_resume_point
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.mnist import problem

SameWeights = Callable[[dict[str, Tensor], dict[str, Tensor]], None]
SMALL = {
    "mnist": {"epochs": 2, "batch_size": 50, "hidden_size": 6, "workers": 2},
    "recall": {
        "epochs": 2,
        "batch_size": 4,
        "training_size": 62,
        "test_size": 20,
        "seeds": 2,
        "hidden_sizes": (2, 3),
    },
    "adder": {
        "epochs": 2,
        "batch_size": 4,
        "training_size": 62,
        "test_size": 20,
        "seeds": 2,
        "hidden_sizes": (2, 3),
        "losses": ("mse", "ce"),
    },
}
STEPS = {"mnist": 20, "recall": 16, "adder": 16}
AVERAGED = "averaged"


def small(task: str, preset: str, data: Path) -> RunConfig:
    spec, changes = TASKS[task], dict(SMALL[task])
    if task == "mnist":
        changes["data_dir"] = str(data)
    if task == "adder":
        del changes["losses"]
    averaged = preset == AVERAGED
    model = "bilstm" if preset == "best" else spec.default_cell
    config = spec.config(model, None if averaged else preset, device="cpu", **changes)
    if averaged:
        config = config.replace(recipe=type(config.recipe)(average=0.9, schedule="one-cycle"))
    return config


class Recording:
    """Runs `fit` and keeps what was logged, as a database of runs would."""

    def __init__(self, config: RunConfig, path: Path) -> None:
        self.config, self.path = config, path
        self.steps: list[tuple[int, Any, Any]] = []
        self.epochs: list[tuple[int, Any, Any]] = []
        self.end: events.Event | None = None
        self.first_step = -1

    def fit(self, *, until: int | None = None, resume: bool = False) -> Any:
        control = Control()
        point = load_resume_point(self.path, "run", self.config) if resume else None
        done = point.step if point else 0
        self.steps = [row for row in self.steps if row[0] <= done]
        problem: Any = None

        class Counting:
            """The task, with a look at every step, as a signal may come between any two."""

            def __init__(self, build: Any) -> None:
                self.build = build

            def __call__(self, *arguments: Any) -> Any:
                nonlocal problem
                problem = self.build(*arguments)
                losses, taken = problem.losses, done

                def watched(step: int, parts: int) -> Any:
                    nonlocal taken
                    taken += 1
                    if taken == until:
                        control.stop()
                    return losses(step, parts)

                problem.losses = watched
                return problem

        outcome = loop.fit(
            Counting(TASKS[self.config.task].load()),
            self.config,
            self._emit,
            control,
            run_id="run",
            checkpoint_path=self.path,
            resume=point,
        )
        assert self.end is not None
        return outcome

    def _emit(self, event: events.Event) -> None:
        match event:
            case events.RunStarted():
                self.first_step = event.first_step
            case events.StepLogged():
                self.steps.append((event.step, event.metrics, event.replicas))
            case events.EpochEnded():
                self.epochs.append((event.epoch, event.metrics, event.replicas))
            case events.RunFinished() | events.RunStopped() | events.RunFailed():
                self.end = event


@pytest.fixture(autouse=True)
def no_drawings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing as many pictures as preset `photos` trains with would take seconds."""
    monkeypatch.setattr(problem, "DRAWN", 0)


CASES = [
    *(("mnist", preset) for preset in ("report", "fast", "best", "photos", AVERAGED)),
    *(("recall", preset) for preset in ("report", "fast", AVERAGED)),
    *(("adder", preset) for preset in ("report", "fast")),
]


@pytest.mark.parametrize(("task", "preset"), CASES)
def test_resumed_runs_end_with_the_same_bits_and_the_same_curve(
    task: str, preset: str, mnist_slice: Path, tmp_path: Path, same_weights: SameWeights
) -> None:
    config, steps = small(task, preset, mnist_slice), STEPS[task]
    whole = Recording(config, tmp_path / "whole.safetensors")
    expected = whole.fit()
    assert isinstance(whole.end, events.RunFinished)
    assert [step for step, _, _ in whole.steps] == list(range(1, 2 * steps + 1))

    # Stopped in the middle of an epoch, at the end of one before it is validated, and soon again.
    broken = Recording(config, tmp_path / "broken.safetensors")
    broken.fit(until=7)
    for stop in (steps, steps + 1, 2 * steps - 2):
        broken.fit(until=stop, resume=True)
        assert isinstance(broken.end, events.RunStopped)
        assert load_checkpoint(broken.path).step == broken.end.step == stop
    outcome = broken.fit(resume=True)
    assert broken.first_step == 2 * steps - 2
    same_weights(dict(outcome.weights), dict(expected.weights))
    assert outcome.metrics == expected.metrics
    assert broken.steps == whole.steps
    assert broken.epochs == whole.epochs
    assert_same_film(broken.path, whole.path)


def assert_same_film(left: Path, right: Path) -> None:
    """Bit for bit, of the same moments."""
    ours, theirs = read_history(left), read_history(right)
    assert ours is not None
    assert theirs is not None
    assert ours.epochs == theirs.epochs
    assert len(ours) > 4
    assert ours.snapshots.keys() == theirs.snapshots.keys()
    for name, moments in ours.snapshots.items():
        assert moments.tobytes() == theirs.snapshots[name].tobytes(), name


def test_between_two_logs_no_loss_is_lost(
    mnist_slice: Path, tmp_path: Path, same_weights: SameWeights
) -> None:
    # 112 steps an epoch, two to a log.
    config = small("mnist", "report", mnist_slice).replace(batch_size=9, epochs=1)
    whole = Recording(config, tmp_path / "whole.safetensors")
    expected = whole.fit()
    broken = Recording(config, tmp_path / "broken.safetensors")
    broken.fit(until=31)
    outcome = broken.fit(resume=True)
    same_weights(dict(outcome.weights), dict(expected.weights))
    assert (broken.steps, broken.epochs) == (whole.steps, whole.epochs)


def test_a_long_epoch_is_kept_in_between(
    trainer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, same_weights: SameWeights
) -> None:
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    path, kept = tmp_path / "run.safetensors", tmp_path / "kept.safetensors"

    def copy(event: events.Event, _: Control) -> None:
        # What a crash after this step would leave.
        if isinstance(event, events.CheckpointSaved) and event.step == 5:
            shutil.copy(path, kept)

    run = trainer(path=path, watch=copy)
    assert {event.step for event in run.of(events.CheckpointSaved)} == set(range(1, 17))
    assert 4 < load_checkpoint(kept).step < 9
    config = run.config
    shutil.copy(kept, path)
    resumed = Recording(config, path)
    outcome = resumed.fit(resume=True)
    same_weights(dict(outcome.weights), run.weights)


def test_time_goes_on_where_it_was(mnist_slice: Path, tmp_path: Path) -> None:
    run = Recording(small("mnist", "report", mnist_slice), tmp_path / "run.safetensors")
    run.fit(until=30)
    assert isinstance(run.end, events.RunStopped)
    before = load_resume_point(run.path, "run").state
    assert 0 < before.epoch_seconds < before.elapsed <= run.end.seconds
    run.fit(resume=True)
    assert isinstance(run.end, events.RunFinished)
    assert run.end.seconds > before.elapsed


# --- refused --------------------------------------------------------------------------------


@pytest.fixture
def stopped(mnist_slice: Path, tmp_path: Path) -> Recording:
    run = Recording(small("mnist", "fast", mnist_slice), tmp_path / "run.safetensors")
    run.fit(until=7)
    return run


def rewritten(path: Path, change: Callable[[dict[str, Any], dict[str, Tensor]], None]) -> None:
    """Change metadata and tensors; the digest with them, as in a file of an earlier version."""
    from rnn_tui.engine.files.seal import digest_of  # noqa: PLC0415

    with safe_open(path, framework="pt") as file:
        about = json.loads(file.metadata()["rnn_tui"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    change(about, tensors)
    del about["sealed"], about["seal"]
    about["digest"] = digest_of(tensors)
    save_file(tensors, path, metadata={"rnn_tui": json.dumps(about)})


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def finish(path: Path) -> None:
    kept = load_checkpoint(path)
    save_checkpoint(path, Checkpoint(kept.config, kept.weights, kept.step, {"test_accuracy": 9.0}))


def weights_only(path: Path) -> None:
    save_checkpoint(path, load_checkpoint(path))


def changed(**changes: Any) -> Callable[[Path], None]:
    return lambda path: rewritten(path, lambda about, _: about["training"].update(changes))


def of_other_settings(path: Path) -> None:
    rewritten(path, lambda about, _: about["config"].update(seed=5))


UNREADABLE: Mapping[str, Callable[[Path], None]] = {
    "missing": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("not a checkpoint, but long enough to look at"),
    "truncated": truncate,
    "damaged": flip_a_bit,
    "of a finished run": finish,
    "without state": weights_only,
    "of other settings": of_other_settings,
    "of another run": changed(run="other"),
    "of no epoch": changed(epoch=0),
    "of an epoch in words": changed(epoch="one"),
    "without losses": changed(losses=None),
    "with a crowd": changed(workers=10**9),
}


@pytest.mark.parametrize("how", UNREADABLE)
def test_what_can_not_be_resumed_is_refused_by_name(how: str, stopped: Recording) -> None:
    UNREADABLE[how](stopped.path)
    with pytest.raises(CheckpointError) as refused:
        load_resume_point(stopped.path, "run", stopped.config)
    message = str(refused.value)
    assert str(stopped.path) in message
    assert message.endswith(".")
    assert message.isprintable()


def without(prefix: str) -> Callable[[dict[str, Any], dict[str, Tensor]], None]:
    def change(_: dict[str, Any], tensors: dict[str, Tensor]) -> None:
        for name in [name for name in tensors if name.startswith(prefix)]:
            del tensors[name]

    return change


def resized(name: str) -> Callable[[dict[str, Any], dict[str, Tensor]], None]:
    def change(_: dict[str, Any], tensors: dict[str, Tensor]) -> None:
        tensors[name] = torch.zeros(2, 2)

    return change


MISFITS: Mapping[str, Callable[[dict[str, Any], dict[str, Tensor]], Any]] = {
    "no optimiser": without("training/optimiser"),
    "no moment": without("training/optimiser/1/exp_avg_sq"),
    "moment of another size": resized("training/optimiser/1/exp_avg"),
    "weight missing": without("readout"),
    "weight of another size": resized("readout.weight"),
    "weight too many": resized("more"),
    "no distortions": without("training/random"),
    "distortions of another size": resized("training/random/augmentation"),
    "losses of replicas": resized("training/losses/sums"),
    "another step": lambda about, _: about.update(step=8),
    "another epoch": lambda about, _: about["training"].update(epoch=9),
    "no rate": lambda about, _: about["training"].update(learning_rates=[]),
    "no counts": lambda about, _: about["training"].update(losses={}),
}


@pytest.mark.parametrize("how", MISFITS)
def test_what_does_not_fit_is_refused_before_anything_is_written(
    how: str, stopped: Recording
) -> None:
    rewritten(stopped.path, MISFITS[how])
    before = stopped.path.read_bytes()
    stopped.first_step = -1
    stopped.fit(resume=True)
    assert isinstance(stopped.end, events.RunFailed)
    assert str(stopped.path) in stopped.end.message
    assert stopped.first_step == -1
    assert stopped.path.read_bytes() == before


def test_images_that_changed_meanwhile_are_said_and_not_trained_on(
    mnist_slice: Path, tmp_path: Path
) -> None:
    data = shutil.copytree(mnist_slice, tmp_path / "data")
    extra = tmp_path / "mine.npz"
    images = np.zeros((3, 28, 28), np.uint8)
    np.savez(extra, images=images, labels=np.arange(3, dtype=np.uint8))
    config = small("mnist", "fast", data).replace(extra_data=str(extra))
    run = Recording(config, tmp_path / "run.safetensors")
    run.fit(until=7)
    before = run.path.read_bytes()
    pixels = data / "MNIST" / "raw" / "train-images-idx3-ubyte"
    whole = pixels.read_bytes()
    pixels.write_bytes(whole[:5000] + bytes(255 - byte for byte in whole[5000:5004]) + whole[5004:])
    images[1, 4, 4] = 9
    np.savez(extra, images=images, labels=np.arange(3, dtype=np.uint8))
    run.first_step = -1
    run.fit(resume=True)
    assert isinstance(run.end, events.RunFailed)
    assert f"MNIST in {data} and the extra data in {extra} changed" in run.end.message
    assert run.first_step == -1
    assert run.path.read_bytes() == before


def test_sequences_that_are_drawn_otherwise_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a version whose generator draws others."""
    from rnn_tui.tasks.recall.problem import RecallProblem  # noqa: PLC0415 - torch

    run = Recording(small("recall", "fast", tmp_path), tmp_path / "run.safetensors")
    run.fit(until=7)
    draw = RecallProblem.draw

    def draw_other(self: Any, lengths: Tensor, random: torch.Generator) -> Any:
        return draw(self, lengths.flip(0), random)

    monkeypatch.setattr(RecallProblem, "draw", draw_other)
    run.fit(resume=True)
    assert isinstance(run.end, events.RunFailed)
    assert "sequences that are drawn changed since it began" in run.end.message
