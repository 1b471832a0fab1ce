"""Putting everything where it was when a run's checkpoint was written."""

from collections.abc import Callable, Mapping
from typing import Literal

import torch

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.devices import resolve_device
from rnn_tui.engine.errors import DeviceError
from rnn_tui.engine.loss_log import LossLog
from rnn_tui.engine.problem import Problem
from rnn_tui.engine.stepper import Stepper
from rnn_tui.engine.training_state import ResumePoint

Log = Callable[[str, Literal["info", "warning"]], None]


def device_for(config: RunConfig, resume: ResumePoint | None, log: Log) -> torch.device:
    """Where to train: where the run began, if it is resumed and that device is here.

    Raises:
        DeviceError: if a device was named that is not here.
    """
    if resume is None:
        auto = config.device == "auto"
        return resolve_device(config.automatic_device if auto else config.device)
    before = resume.state.device.partition(":")[0]
    try:
        return resolve_device(before)
    except DeviceError:
        device = resolve_device("auto")
        log(
            f"The run began on {before}, which is not here; it goes on on {device.type}, with "
            "other rounding.",
            "warning",
        )
        return device


def go_back_to(
    resume: ResumePoint,
    problem: Problem,
    stepper: Stepper,
    losses: LossLog,
    device: torch.device,
) -> None:
    """Put weights, optimiser, schedule, losses and chance where they were.

    Raises:
        CheckpointError: if the checkpoint does not fit what its settings make.
    """
    state, per_epoch = resume.state, problem.steps_per_epoch
    done = (state.epoch - 1) * per_epoch + state.step_in_epoch
    too_far = state.step_in_epoch > per_epoch or done > resume.config.epochs * per_epoch
    if done != resume.step or too_far:
        raise resume.mismatch("it has other steps; has the data changed?")
    try:
        stepper.load(resume.weights, state.tensors, state.learning_rates, resume.step)
        if state.step_in_epoch:
            losses.load(state.tensors, state.losses, device)
            problem.begin_epoch(state.epoch)
            names = problem.random_states()
            problem.set_random_states(
                {name: state.tensors[f"random/{name}"].clone() for name in names}
            )
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise resume.mismatch(error) from error


def versions() -> dict[str, str]:
    """What the last bits of a result depend on, apart from the settings."""
    return {"PyTorch": torch.__version__, "CPU": torch.backends.cpu.get_cpu_capability()}


def tell_changes(before: Mapping[str, str], log: Log) -> None:
    """Warn where a run goes on with other versions than it began with."""
    now = versions()
    for name, version in before.items():
        if now.get(name, version) != version:
            log(
                f"The run began with {name} {version} and goes on with {now[name]}: the last bits "
                "may differ from those of a run without a break.",
                "warning",
            )
