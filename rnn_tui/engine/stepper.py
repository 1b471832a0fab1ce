"""One optimisation step, what it changes from step to step, and the losses of an epoch."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from inspect import unwrap
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from rnn_tui.engine.config import Replica, RunConfig
from rnn_tui.engine.errors import DivergedError
from rnn_tui.engine.metrics import Figures, split_figures
from rnn_tui.engine.parallel import Workers
from rnn_tui.engine.problem import Problem

AVERAGED = "average/count"


class Stepper:
    """One optimisation step: gradients of the parts side by side, then the update."""

    def __init__(
        self,
        problem: Problem,
        optimiser: torch.optim.Optimizer,
        workers: Workers,
        config: RunConfig,
        total_steps: int,
    ) -> None:
        self._problem, self._optimiser, self._workers = problem, optimiser, workers
        self._schedule = make_schedule(optimiser, config, total_steps)
        self._average = make_average(problem.model, config)
        self._parameters = list(problem.model.parameters())
        self.learning_rate = config.learning_rate  #: of the last step.

    @property
    def kept(self) -> nn.Module:
        """The model that is validated, tested and kept: averaged where the recipe says so."""
        return self._problem.model if self._average is None else self._average

    def step(self, step: int) -> Tensor:
        """Do a step of an epoch (from 0); returns the batch's mean loss on the device: a scalar, or
        (R,) of R replicas.
        """
        parts = self._problem.losses(step, self._workers.count)
        results = self._workers.run([partial(self._gradients, loss) for loss in parts])
        total, gradients = results[0]
        for loss, more in results[1:]:
            total = total + loss
            # Not in place: parameters that are added, such as a step's two biases, have one
            # gradient in common.
            gradients = [
                one if one is None or other is None else one + other
                for one, other in zip(gradients, more, strict=True)
            ]
        for parameter, gradient in zip(self._parameters, gradients, strict=True):
            parameter.grad = gradient
        self._optimiser.step()
        self.learning_rate = float(self._optimiser.param_groups[0]["lr"])
        if self._schedule is not None:
            self._schedule.step()
        if self._average is not None:
            self._update_average(self._average)
        return total

    def gradient_norm(self) -> float | tuple[float, ...]:
        """The length of the last step's gradient; of R replicas, R. Waits for the device: not for
        every step.
        """
        rows = (len(self._problem.replicas), -1) if self._problem.replicas else (-1,)
        gradients = [one.grad.reshape(rows) for one in self._parameters if one.grad is not None]
        norms = torch.stack([torch.linalg.vector_norm(one, dim=-1) for one in gradients])
        return _plain(torch.linalg.vector_norm(norms, dim=0))

    def state(self) -> tuple[dict[str, Tensor], list[float]]:
        """Copies on the CPU of all that a step changes, apart from the weights that are kept.

        Tensors by name (the optimiser's by parameter; of averaged weights those that are averaged,
        and how often), and the learning rate of every group of parameters.
        """
        tensors: dict[str, Tensor] = {}
        for at, parameter in enumerate(self._parameters):
            tensors |= {
                f"optimiser/{at}/{name}": value
                for name, value in self._optimiser.state.get(parameter, {}).items()
            }
        if self._average is not None:
            tensors |= {
                f"model/{name}": value for name, value in self._problem.model.state_dict().items()
            }
            tensors[AVERAGED] = self._average.n_averaged
        copies = {name: copied(value) for name, value in tensors.items()}
        return copies, [float(group["lr"]) for group in self._optimiser.param_groups]

    def load(
        self,
        weights: Mapping[str, Tensor],
        tensors: Mapping[str, Tensor],
        learning_rates: Sequence[float],
        step: int,
    ) -> None:
        """Go on from what `state` returned after `step` steps, once checked; `ValueError` if it is
        another model's.
        """
        model, raw = self._problem.model, weights
        if self._average is not None:
            raw = _below(tensors, "model/")
            _check(weights, self._average.module.state_dict())
            if AVERAGED not in tensors or tensors[AVERAGED].shape:
                raise ValueError("no count of averaged weights")
        _check(raw, model.state_dict())
        states = [_below(tensors, f"optimiser/{at}/") for at in range(len(self._parameters))]
        for parameter, state in zip(self._parameters, states, strict=True):
            if state or not any(states):  # a weight has one once it has a gradient
                _check(
                    state, {"exp_avg": parameter, "exp_avg_sq": parameter, "step": torch.zeros(())}
                )
        groups = self._optimiser.state_dict()["param_groups"]
        if len(learning_rates) != len(groups):
            raise ValueError("other groups of parameters")
        for group, rate in zip(groups, learning_rates, strict=True):
            group["lr"] = rate
        model.load_state_dict(dict(raw))
        self._optimiser.load_state_dict({"state": dict(enumerate(states)), "param_groups": groups})
        if self._average is not None:
            self._average.module.load_state_dict(dict(weights))
            self._average.n_averaged.copy_(tensors[AVERAGED])
        if self._schedule is not None:
            # A function of the number of steps; what else the schedule has is in the settings.
            self._schedule.load_state_dict(
                {"last_epoch": step, "_step_count": step + 1, "_last_lr": list(learning_rates)}
            )

    def _update_average(self, average: AveragedModel) -> None:
        """As `AveragedModel.update_parameters` does, which would send the count to the device and
        wait for that.
        """
        averaged = [weight.detach() for weight in average.module.parameters()]
        weights = [weight.detach() for weight in self._parameters]
        if average.n_averaged:  # on the CPU, wherever the model is
            average.multi_avg_fn(averaged, weights, average.n_averaged)  # type: ignore[misc]
        else:
            torch._foreach_copy_(averaged, weights)
        average.n_averaged += 1

    def _gradients(self, loss_of: Callable[[], Tensor]) -> tuple[Tensor, Sequence[Tensor | None]]:
        loss = loss_of()
        # Replicas share no weights: the gradient of their sum is each one's own. `grad` returns it
        # instead of adding it to `.grad`, which threads would share. Weights that have no part in
        # it have none, and stay as they are at no cost.
        return loss.detach(), torch.autograd.grad(loss.sum(), self._parameters, allow_unused=True)


class LossLog:
    """The losses of an epoch, fetched many at a time: where there are `replicas`, one of each.

    What checks them raises `DivergedError` for one that is NaN or infinite, and names the first
    such step or replica.
    """

    def __init__(self, replicas: Sequence[Replica]) -> None:
        self._replicas = replicas
        self.waiting: list[Tensor] = []  #: losses that are not fetched yet.
        self._counts: list[int] = []
        self._sums: Tensor | None = None
        self._count = 0
        self.last: float | tuple[float, ...] = math.nan

    def add(self, loss: Tensor, samples: int) -> None:
        """Note a batch's mean loss, without waiting for the device."""
        self.waiting.append(loss)
        self._counts.append(samples)

    def check(self, step: int, epoch: int, config: RunConfig) -> Tensor:
        """The losses that wait, at least one, checked: (steps,) or (steps, R) on the CPU, in
        double.
        """
        values = torch.stack(self.waiting).cpu().double()
        if not bool(values.isfinite().all()):
            first, *replica = (~values.isfinite()).nonzero()[0].tolist()
            at, whose = (
                step - len(values) + 1 + first,
                self._replicas[replica[0]] if replica else None,
            )
            raise DivergedError(_divergence("loss", at, epoch, config, whose))
        return values

    def check_validation(self, figures: Figures, step: int, epoch: int, config: RunConfig) -> None:
        """Check what the model of this epoch was validated with."""
        single, replicas = split_figures(figures)
        losses = [single.get("val_loss", 0.0), *replicas.get("val_loss", ())]
        for loss, whose in zip(losses, (None, *self._replicas), strict=False):
            if not math.isfinite(loss):
                raise DivergedError(_divergence("validation loss", step, epoch, config, whose))

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """All that is known, as tensors on the CPU and as JSON has it."""
        tensors: dict[str, Tensor] = {}
        if self.waiting:
            tensors["losses/waiting"] = copied(torch.stack(self.waiting))
        if self._sums is not None:
            tensors["losses/sums"] = copied(self._sums)
        return tensors, {
            "counts": [*self._counts],
            "count": self._count,
            "last": None if self._sums is None else self.last,
        }

    def load(
        self, tensors: Mapping[str, Tensor], about: Mapping[str, Any], device: torch.device
    ) -> None:
        """Go on from what `state` returned; `ValueError` if it is of other replicas, or fits
        nothing.
        """
        shape = (len(self._replicas),) if self._replicas else ()
        waiting, sums = tensors.get("losses/waiting"), tensors.get("losses/sums")
        counts, last = list(map(int, about["counts"])), about["last"]
        waited = 0 if waiting is None else len(waiting)
        wrong = waiting is not None and waiting.shape != (waited, *shape)
        wrong |= sums is not None and (sums.shape, sums.dtype) != (shape, torch.double)
        if wrong or waited != len(counts) or (sums is None) != (last is None):
            raise ValueError("losses of other networks")
        self.waiting = [] if waiting is None else list(waiting.to(device).unbind())
        self._counts, self._sums, self._count = counts, sums, int(about["count"])
        if last is not None:
            self.last = tuple(map(float, last)) if isinstance(last, list) else float(last)

    def flush(
        self, step: int, epoch: int, config: RunConfig
    ) -> tuple[float | tuple[float, ...], int]:
        """Fetch and check what waits; returns its mean over samples, and their number."""
        values = self.check(step, epoch, config)
        sums, samples = torch.tensor(self._counts, dtype=torch.double) @ values, sum(self._counts)
        self._sums = sums if self._sums is None else self._sums + sums
        self._count += samples
        self.last = _plain(values[-1])
        self.waiting, self._counts = [], []
        return _plain(sums / samples), samples

    @property
    def mean(self) -> float | tuple[float, ...]:
        """The mean over the samples of the epoch so far."""
        return math.nan if self._sums is None else _plain(self._sums / self._count)


def copied(tensor: Tensor) -> Tensor:
    """A copy on the CPU that later steps do not change."""
    return tensor.detach().to("cpu", copy=True).contiguous()


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor.clone()
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }


def _check(given: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    if given.keys() != expected.keys():
        raise ValueError(f"no {sorted(given.keys() ^ expected.keys())[0]}")
    for name, tensor in given.items():
        like = expected[name]
        if (tensor.shape, tensor.dtype) != (like.shape, like.dtype):
            raise ValueError(f"{name} of another size")


def _plain(values: Tensor) -> float | tuple[float, ...]:
    """A number, or one for each replica."""
    return tuple(values.tolist()) if values.dim() else float(values)


def _divergence(
    what: str, step: int, epoch: int, config: RunConfig, replica: Replica | None
) -> str:
    """The sentence for a loss that became NaN or infinite."""
    whose = f" of {replica.variant.label}, seed {replica.seed}," if replica else ""
    told = (
        f"The {what}{whose} became NaN or infinite at step {step} (epoch {epoch}) with learning "
        "rate"
    )
    return f"{told} {config.learning_rate:g}; try {config.learning_rate / 10:.2g} or less."


# PyTorch's Adam without PyTorch's compiler, which the first call of one of these methods would
# load: that takes a second.
_WRAPPED = ("add_param_group", "load_state_dict", "state_dict", "step", "zero_grad")
_PLAIN = {name: torch.no_grad()(unwrap(getattr(torch.optim.Adam, name))) for name in _WRAPPED}
BareAdam: type[torch.optim.Adam] = type("BareAdam", (torch.optim.Adam,), _PLAIN)


def make_optimiser(model: nn.Module, config: RunConfig, device: torch.device) -> torch.optim.Adam:
    """Adam (Kingma & Ba 2015), fused where the device can; its rate is a plain float, which
    schedules set.
    """
    return BareAdam(
        model.parameters(),
        lr=config.learning_rate,
        betas=(config.recipe.beta1, config.recipe.beta2),
        fused=True if device.type in ("cpu", "cuda") else None,
    )


def make_schedule(
    optimiser: torch.optim.Optimizer, config: RunConfig, total_steps: int
) -> LRScheduler | None:
    """The recipe's learning-rate schedule over the whole run, or None for a constant rate.

    One-cycle is Smith's (2018, arXiv:1708.07120), linear and without its momentum cycle.
    """
    if config.recipe.schedule == "constant" or total_steps < 2:
        return None
    rise = config.recipe.rise
    if math.isclose(rise * total_steps, 1.0):
        rise *= 1.01  # OneCycleLR divides by the length of the rise less one step
    return OneCycleLR(
        optimiser,
        max_lr=config.learning_rate,
        total_steps=total_steps,
        pct_start=rise,
        anneal_strategy="linear",
        cycle_momentum=False,
    )


def make_average(model: nn.Module, config: RunConfig) -> AveragedModel | None:
    """An exponential moving average of the weights, or None where the recipe has none."""
    decay = config.recipe.average
    if not decay:
        return None
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay))  # type: ignore[no-untyped-call]
    for module in average.modules():
        # of whose copied weights cuDNN would else make one block at every call, and warn
        if isinstance(module, nn.RNNBase):
            module.flatten_parameters()
    return average


def parameters_of(model: nn.Module) -> int:
    """How many weights it has."""
    return sum(weight.numel() for weight in model.parameters())
