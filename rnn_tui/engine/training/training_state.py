"""The whole state of training: what a run needs to be resumed as if it had never been cut off.

It lies in the same file as the weights, under names of its own, so that weights and state are
always those of the same step. A seal finds damage that the format would not; in files of earlier
versions, which have none, a digest over all tensors does.

All random numbers come from generators that are seeded by seed, purpose and epoch. Any use of the
global generator would break the resume.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import CheckpointError, DataError, printable
from rnn_tui.engine.files.seal import digest_of
from rnn_tui.engine.files.weights_file import (
    HISTORY_PREFIX,
    TRAINING_PREFIX,
    is_sealed,
    parse_metadata,
    read_tensors,
)
from rnn_tui.engine.training.devices import devices_here, resolve_device
from rnn_tui.engine.training.early_stopping import EarlyStopping
from rnn_tui.engine.training.problem import Problem
from rnn_tui.engine.training.stepper import LossLog, Stepper, check_like

LATEST = "latest/"  #: of tensors: the last weights, where those that are kept are earlier ones.


@dataclass(frozen=True)
class TrainingState:
    """The state of training that a checkpoint keeps beside the weights."""

    run_id: str  #: the run that it belongs to.
    epoch: int  #: the epoch in hand, from 1; one more than the last where only the test is left.
    step_in_epoch: int  #: steps done in that epoch; all of them if it is not validated yet.
    elapsed: float  #: seconds of training so far, pauses left out.
    epoch_seconds: float  #: the same of the epoch in hand.
    workers: int  #: threads that share a batch.
    device: str  #: where it trained, such as `cuda:0`.
    versions: Mapping[str, str]  #: of the packages whose arithmetic it depends on.
    learning_rates: list[float]  #: of every group of parameters.
    losses: Mapping[str, Any]  #: the part of the epoch's losses that is not in `tensors`.
    #: on CPU: `optimiser/…`, `model/…`, `losses/…`, `random/…`; where the best weights are kept,
    #: `stopping/…` and the last weights as `latest/…`.
    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)  #: `Problem.data_digests`.

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the tensors, ready for JSON."""
        names = [each.name for each in fields(self) if each.name not in ("run_id", "tensors")]
        return {"run": self.run_id, **{name: getattr(self, name) for name in names}}


@dataclass(frozen=True)
class ResumePoint:
    """A run's weights with the state of its training, read back and checked."""

    path: Path  #: the file.
    config: RunConfig  #: the run's settings.
    #: those that are kept: averaged ones if the recipe says so, or those of the best epochs.
    weights: Mapping[str, Tensor]
    step: int  #: steps done.
    state: TrainingState  #: all else.
    snapshots: Mapping[str, Tensor]  #: snapshots of the training up to here.


def load_resume_point(path: Path, run_id: str, config: RunConfig | None = None) -> ResumePoint:
    """Read what a run needs to be resumed; nothing is changed.

    Args:
        path: the file.
        run_id: the run.
        config: the settings that it must have; None for any.

    Raises:
        CheckpointError: if the file is missing, damaged, another run's, or has no such state, as
            that of a finished run.
    """
    file_name = printable(path, 200)
    refusal = "The checkpoint {} can't be read ({}), so the run can't be resumed; train it again."
    metadata, tensors = read_tensors(path, lambda _: True, "pt", refusal)
    config_in_file, step, metrics = parse_metadata(metadata, file_name)
    if metadata.get("training") is None:
        content = "is of a finished run" if metrics else "has weights only"
        raise CheckpointError(f"The checkpoint {file_name} {content}: there is nothing to resume.")
    try:
        state = _parse_state(metadata["training"], _with_prefix(tensors, TRAINING_PREFIX))
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise CheckpointError(
            f"The checkpoint {file_name} does not say where the run was."
        ) from error
    if not is_sealed(metadata) and metadata.get("digest") != digest_of(tensors):
        raise CheckpointError(
            f"The checkpoint {file_name} is damaged: its checksum is wrong; train the run again."
        )
    if state.run_id != run_id or (config is not None and config != config_in_file):
        raise CheckpointError(
            f"The checkpoint {file_name} belongs to another run; train this one again."
        )
    weights = {
        name: tensor
        for name, tensor in tensors.items()
        if not name.startswith((TRAINING_PREFIX, HISTORY_PREFIX))
    }
    snapshots = _with_prefix(tensors, HISTORY_PREFIX)
    return ResumePoint(path, config_in_file, weights, step, state, snapshots)


def _with_prefix(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose names begin with a prefix, by the rest of their names."""
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }


def _parse_state(document: Any, tensors: Mapping[str, Tensor]) -> TrainingState:
    """Read the state of training from JSON and its tensors.

    Raises various errors for a wrong document.
    """
    kinds = {
        "epoch": int,
        "step_in_epoch": int,
        "elapsed": float,
        "epoch_seconds": float,
        "workers": int,
        "device": str,
    }
    plain: dict[str, Any] = {name: kind(document[name]) for name, kind in kinds.items()}
    if plain["epoch"] < 1 or plain["step_in_epoch"] < 0 or not 1 <= plain["workers"] <= 1024:
        raise ValueError("out of range")
    return TrainingState(
        **plain,
        run_id=str(document["run"]),
        learning_rates=[float(rate) for rate in document["learning_rates"]],
        versions={str(name): str(version) for name, version in document["versions"].items()},
        losses=dict(document["losses"]),
        tensors=tensors,
        data={printable(name, 200): str(each) for name, each in document.get("data", {}).items()},
    )


Log = Callable[[str, Literal["info", "warning"]], None]


def device_for(config: RunConfig, resume: ResumePoint | None, log: Log) -> torch.device:
    """Return the device to train on: a resumed run's own, or another of that kind.

    Args:
        config: the run's settings.
        resume: where it stands; None for a new run.
        log: called with a warning if a resumed run can't be trained where it began.

    Raises:
        DeviceError: if the device is not here, or failed before.
    """
    if resume is None:
        name = config.automatic_device if config.device == "auto" else config.device
        return resolve_device(name, to_compute=True)
    first_device = resume.state.device
    here = devices_here()
    if first_device in here:
        return resolve_device(first_device, to_compute=True)
    kind = first_device.partition(":")[0]
    same_kind = [name for name in here if name.partition(":")[0] == kind]
    device = resolve_device(same_kind[0] if same_kind else here[0], to_compute=True)
    log(
        f"The run began on {printable(first_device, 24)}, which is not here; it is resumed on "
        f"{device} and rounds differently.",
        "warning",
    )
    return device


def restore(
    resume: ResumePoint,
    problem: Problem,
    stepper: Stepper,
    losses: LossLog,
    stopping: EarlyStopping | None,
    *,
    device: torch.device,
    log: Log,
) -> None:
    """Put weights, optimiser, losses and generators back to where a run was.

    Args:
        resume: where it was.
        problem: of a model that is not trained yet.
        stepper: has the optimiser.
        losses: of the epoch in hand.
        stopping: has the best weights; None if the last ones are kept.
        device: where it trains now.
        log: called with a warning if versions differ from those that the run began with.

    Raises:
        CheckpointError: if they do not fit the run's settings.
        DataError: if the data are not those that it began with.
    """
    state = resume.state
    _check_data(state.data, problem.data_digests())
    per_epoch = problem.steps_per_epoch
    done = (state.epoch - 1) * per_epoch + state.step_in_epoch
    fits_steps = (
        done == resume.step
        and state.step_in_epoch <= per_epoch
        and done <= resume.config.epochs * per_epoch
    )
    try:
        if not fits_steps:
            raise ValueError("it has other steps; has the data changed?")
        last_weights = _with_prefix(state.tensors, LATEST) or resume.weights
        stepper.load(last_weights, state.tensors, state.learning_rates, resume.step)
        if stopping is not None and state.epoch > 1:
            check_like(resume.weights, last_weights)
            stopping.load(resume.weights, state.tensors)
        if state.step_in_epoch:
            losses.load(state.tensors, state.losses, device)
            problem.begin_epoch(state.epoch)
            random_states = {
                name: state.tensors[f"random/{name}"].clone() for name in problem.random_states()
            }
            problem.set_random_states(random_states)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f"The checkpoint {printable(resume.path, 200)} does not fit its run "
            f"({printable(error, 100)}); train it again."
        ) from error
    versions_here = versions()
    for name, version in state.versions.items():
        if versions_here.get(name, version) != version:
            log(
                f"The run began with {name} {version} and is resumed with {versions_here[name]}: "
                "the last bits may differ from those of a run without a break.",
                "warning",
            )


def _check_data(before: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Do nothing if the data are those that a run began with, as far as it is known.

    Raises:
        DataError: if they differ.
    """
    changed = [name for name in before if now.get(name, before[name]) != before[name]]
    if changed:
        raise DataError(
            f"The run can't be resumed: {' and '.join(changed)} changed since it began; put back "
            "what it began with, or train a new run."
        )


def versions() -> dict[str, str]:
    """Return the versions on which the last bits of a result depend, beside the settings."""
    return {"PyTorch": torch.__version__, "CPU": torch.backends.cpu.get_cpu_capability()}
