"""Where training stands, complete: what a run needs to go on as if it had never been cut off.

It lies in the same file as the weights, under names of its own, so that weights and state are
always those of the same step. A digest over all tensors tells damage that the format would not.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.devices import devices_here, resolve_device
from rnn_tui.engine.errors import CheckpointError, printable
from rnn_tui.engine.problem import Problem
from rnn_tui.engine.stepper import LossLog, Stepper
from rnn_tui.engine.weights_file import FILM_PREFIX, TRAINING_PREFIX, contents, described


@dataclass(frozen=True)
class TrainingState:
    """What is kept beside the weights."""

    run_id: str  #: the run that it belongs to.
    epoch: int  #: the epoch in hand, from 1; one more than the last where only the test is left.
    step_in_epoch: int  #: steps done in that epoch; all of them where it is not validated yet.
    elapsed: float  #: seconds of training so far, pauses left out.
    epoch_seconds: float  #: the same of the epoch in hand.
    workers: int  #: threads that share a batch.
    device: str  #: where it trained, such as `cuda:0`.
    versions: Mapping[str, str]  #: of the packages whose arithmetic it depends on.
    learning_rates: list[float]  #: of every group of parameters.
    losses: Mapping[str, Any]  #: the part of the epoch's losses that is not in `tensors`.
    #: on CPU: `optimiser/…`, `model/…`, `losses/…`, `random/…`.
    tensors: Mapping[str, Tensor] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """All but the tensors, ready for JSON."""
        about = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "tensors"}
        return {"run": about.pop("run_id"), **about}


@dataclass(frozen=True)
class ResumePoint:
    """A run's weights with the state of its training, read back and checked."""

    path: Path  #: the file.
    config: RunConfig  #: the run's settings.
    weights: Mapping[str, Tensor]  #: those that are kept: averaged ones where the recipe says so.
    step: int  #: steps done.
    state: TrainingState  #: all else.
    film: Mapping[str, Tensor]  #: moments of the training up to here.


def digest(tensors: Mapping[str, Tensor]) -> str:
    """A checksum over names, shapes, types and values."""
    result = hashlib.blake2b(digest_size=16)
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        result.update(f"{name} {tuple(tensor.shape)} {tensor.dtype} ".encode())
        result.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return result.hexdigest()


def load_resume_point(path: Path, run_id: str, config: RunConfig | None = None) -> ResumePoint:
    """Read what run `run_id` needs to go on, with these settings or any; nothing is changed.

    `CheckpointError` if the file is missing, damaged, another run's, or has no such state, as that
    of a finished run.
    """
    shown, refusal = (
        printable(path, 200),
        "The checkpoint {} can't be read ({}), so the run can't be resumed; train it again.",
    )
    about, tensors = contents(path, lambda _: True, "pt", refusal)
    theirs, step, metrics = described(about, shown)
    if about.get("training") is None:
        what = "is of a finished run" if metrics else "has weights only"
        raise CheckpointError(f"The checkpoint {shown} {what}: there is nothing to resume.")
    try:
        state = _state(about["training"], tensors)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise CheckpointError(f"The checkpoint {shown} does not say where the run was.") from error
    if about.get("digest") != digest(tensors):
        raise CheckpointError(
            f"The checkpoint {shown} is damaged: its checksum is wrong; train the run again."
        )
    if state.run_id != run_id or (config is not None and config != theirs):
        raise CheckpointError(
            f"The checkpoint {shown} belongs to another run; train this one again."
        )
    weights = {
        n: tensor
        for n, tensor in tensors.items()
        if not n.startswith((TRAINING_PREFIX, FILM_PREFIX))
    }
    film = {
        n.removeprefix(FILM_PREFIX): tensor
        for n, tensor in tensors.items()
        if n.startswith(FILM_PREFIX)
    }
    return ResumePoint(path, theirs, weights, step, state, film)


def _state(about: Any, tensors: Mapping[str, Tensor]) -> TrainingState:
    kinds = {
        "epoch": int,
        "step_in_epoch": int,
        "elapsed": float,
        "epoch_seconds": float,
        "workers": int,
        "device": str,
    }
    plain: dict[str, Any] = {name: kind(about[name]) for name, kind in kinds.items()}
    if plain["epoch"] < 1 or plain["step_in_epoch"] < 0 or not 1 <= plain["workers"] <= 1024:
        raise ValueError("out of range")
    return TrainingState(
        **plain,
        run_id=str(about["run"]),
        learning_rates=list(map(float, about["learning_rates"])),
        versions={str(name): str(version) for name, version in about["versions"].items()},
        losses=dict(about["losses"]),
        tensors={
            n.removeprefix(TRAINING_PREFIX): one
            for n, one in tensors.items()
            if n.startswith(TRAINING_PREFIX)
        },
    )


Log = Callable[[str, Literal["info", "warning"]], None]


def device_for(config: RunConfig, resume: ResumePoint | None, log: Log) -> torch.device:
    """Where to train: a resumed run where it began, or on another of its kind; `DeviceError` if not
    here, or failed before.
    """
    if resume is None:
        return resolve_device(
            config.automatic_device if config.device == "auto" else config.device, to_compute=True
        )
    before, here = resume.state.device, devices_here()
    alike = [before] * (before in here) or [
        name for name in here if name.partition(":")[0] == before.partition(":")[0]
    ]
    device = resolve_device((alike or here)[0], to_compute=True)
    if before not in here:
        told = f"The run began on {printable(before, 24)}, which is not here"
        log(f"{told}; it goes on with {device} and rounds differently.", "warning")
    return device


def go_back_to(
    resume: ResumePoint,
    problem: Problem,
    stepper: Stepper,
    losses: LossLog,
    *,
    device: torch.device,
    log: Log,
) -> None:
    """Put weights, optimiser, losses, chance back, warn of other versions; `CheckpointError` if
    they fit no such settings.
    """
    state, per_epoch = resume.state, problem.steps_per_epoch
    done = (state.epoch - 1) * per_epoch + state.step_in_epoch
    try:
        if (
            done != resume.step
            or state.step_in_epoch > per_epoch
            or done > resume.config.epochs * per_epoch
        ):
            raise ValueError("it has other steps; has the data changed?")
        stepper.load(resume.weights, state.tensors, state.learning_rates, resume.step)
        if state.step_in_epoch:
            losses.load(state.tensors, state.losses, device)
            problem.begin_epoch(state.epoch)
            problem.set_random_states(
                {name: state.tensors[f"random/{name}"].clone() for name in problem.random_states()}
            )
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f"The checkpoint {printable(resume.path, 200)} does not fit its run "
            f"({printable(error, 100)}); train it again."
        ) from error
    now = versions()
    for name, version in resume.state.versions.items():
        if now.get(name, version) != version:
            what = f"The run began with {name} {version} and goes on with {now[name]}"
            log(f"{what}: the last bits may differ from those of a run without a break.", "warning")


def versions() -> dict[str, str]:
    """What the last bits of a result depend on, apart from the settings."""
    return {"PyTorch": torch.__version__, "CPU": torch.backends.cpu.get_cpu_capability()}
