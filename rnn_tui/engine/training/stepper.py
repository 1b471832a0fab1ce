"""Make optimisation steps, change their settings from step to step, and log an epoch's losses."""

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
from rnn_tui.engine.metrics import Figures
from rnn_tui.engine.training.parallel import Workers
from rnn_tui.engine.training.problem import Problem

AVERAGED = "average/count"


class Stepper:
    """Makes optimisation steps: gradients of the parts side by side, then the update."""

    def __init__(
        self,
        problem: Problem,
        optimiser: torch.optim.Optimizer,
        workers: Workers,
        config: RunConfig,
        total_steps: int,
    ) -> None:
        self._problem = problem
        self._optimiser = optimiser
        self._workers = workers
        #: None for a constant learning rate.
        self._schedule = make_schedule(optimiser, config, total_steps)
        #: the moving average of the weights; None if the recipe has none.
        self._average = make_average(problem.model, config)
        self._parameters = list(problem.model.parameters())
        self._most_norm = config.recipe.clip  #: the greatest norm of a gradient; 0 for any.
        #: the norm of the last step's gradient before it was shortened.
        self._whole_norm: Tensor | None = None
        self.learning_rate = config.learning_rate  #: of the last step.

    @property
    def kept(self) -> nn.Module:
        """The model that is validated, tested and kept: averaged if the recipe says so."""
        return self._problem.model if self._average is None else self._average

    def step(self, step: int) -> Tensor:
        """Do one step.

        Args:
            step: its place in the epoch, from 0.

        Returns:
            the mean loss of its batch, on the device: a scalar, or (R,) of R replicas.
        """
        parts = self._problem.losses(step, self._workers.count)
        results = self._workers.run([partial(self._loss_and_gradients, part) for part in parts])
        loss, gradients = results[0]
        for part_loss, part_gradients in results[1:]:
            loss = loss + part_loss
            gradients = _added(gradients, part_gradients)
        if self._most_norm:
            gradients = self._shortened(gradients)
        for parameter, gradient in zip(self._parameters, gradients, strict=True):
            parameter.grad = gradient
        self._optimiser.step()
        self.learning_rate = float(self._optimiser.param_groups[0]["lr"])
        if self._schedule is not None:
            self._schedule.step()
        if self._average is not None:
            self._update_average(self._average)
        return loss

    def _shortened(self, gradients: Sequence[Tensor | None]) -> list[Tensor | None]:
        """Return gradients whose norm, of each replica by itself, is at most the recipe's.

        Pascanu, Mikolov & Bengio 2013, “On the difficulty of training recurrent neural networks”.
        """
        norm = self._norm([gradient for gradient in gradients if gradient is not None])
        self._whole_norm = norm
        factor = (self._most_norm / norm.clamp(min=self._most_norm)).detach()  # () or (R,)
        shortened: list[Tensor | None] = []
        for gradient in gradients:
            if gradient is None:
                shortened.append(None)
                continue
            ones = [1] * (gradient.dim() - factor.dim())
            shortened.append(gradient * factor.view(*factor.shape, *ones))
        return shortened

    def gradient_norm(self) -> float | tuple[float, ...]:
        """Return the norm of the last step's gradient before it was shortened, of R replicas R.

        It waits for the device, so it is not for every step.
        """
        if self._whole_norm is not None:
            return _plain(self._whole_norm)
        gradients = [weight.grad for weight in self._parameters if weight.grad is not None]
        return _plain(self._norm(gradients))

    def layer_norms(self) -> dict[str, float]:
        """Return the norm of the last step's gradient in each layer, by the layer's name.

        With g the gradient of the loss by all weights of a layer, biases included, this is

            ‖g‖ = √(Σ gᵢ²)

        and of replicas the mean of theirs. It waits for the device, so it is not for every step.
        A problem that names no layers has none.
        """
        layers = self._problem.layer_gradients()
        if not layers:
            return {}
        norms = torch.stack([self._norm(gradients) for gradients in layers.values()])
        values = norms.cpu().double()  # (L,), or (L, R)
        if self._problem.replicas:
            values = values.mean(dim=1)
        return dict(zip(layers, values.tolist(), strict=True))

    def _norm(self, gradients: Sequence[Tensor]) -> Tensor:
        """Return the norm of these gradients together: a scalar, or (R,) of R replicas."""
        replicas = len(self._problem.replicas)
        norms = []  # of each: (R,), or a scalar
        for gradient in gradients:
            rows = gradient.reshape(replicas, -1) if replicas else gradient.flatten()
            norms.append(torch.linalg.vector_norm(rows, dim=-1))
        whole: Tensor = torch.linalg.vector_norm(torch.stack(norms), dim=0)
        return whole

    def state(self) -> tuple[dict[str, Tensor], list[float]]:
        """Return copies on the CPU of all that a step changes, apart from the kept weights.

        Returns:
            tensors by name: `optimiser/…` by parameter, and if weights are averaged, those that
            go into the average as `model/…`, and how often they did as `AVERAGED`; then the
            learning rate of every group of parameters.
        """
        tensors: dict[str, Tensor] = {}
        for index, parameter in enumerate(self._parameters):
            for name, value in self._optimiser.state.get(parameter, {}).items():
                tensors[f"optimiser/{index}/{name}"] = value
        if self._average is not None:
            for name, value in self._problem.model.state_dict().items():
                tensors[f"model/{name}"] = value
            tensors[AVERAGED] = self._average.n_averaged
        copies = {name: copied(value) for name, value in tensors.items()}
        learning_rates = [float(group["lr"]) for group in self._optimiser.param_groups]
        return copies, learning_rates

    def load(
        self,
        weights: Mapping[str, Tensor],
        tensors: Mapping[str, Tensor],
        learning_rates: Sequence[float],
        step: int,
    ) -> None:
        """Go on from what `state` returned after some steps. All is checked before any is changed.

        Args:
            weights: those that are kept: averaged ones if the recipe says so.
            tensors: what `state` returned.
            learning_rates: the same.
            step: steps done.

        Raises:
            ValueError: these are of another model, or incomplete.
        """
        model_weights = self._checked_weights(weights, tensors)
        optimiser_states = self._checked_optimiser_states(tensors)
        groups = self._optimiser.state_dict()["param_groups"]
        if len(learning_rates) != len(groups):
            raise ValueError("other groups of parameters")
        for group, rate in zip(groups, learning_rates, strict=True):
            group["lr"] = rate
        self._problem.model.load_state_dict(dict(model_weights))
        self._optimiser.load_state_dict(
            {"state": dict(enumerate(optimiser_states)), "param_groups": groups}
        )
        if self._average is not None:
            self._average.module.load_state_dict(dict(weights))
            self._average.n_averaged.copy_(tensors[AVERAGED])
        if self._schedule is not None:
            # A function of the number of steps; what else the schedule has is in the settings.
            self._schedule.load_state_dict(
                {"last_epoch": step, "_step_count": step + 1, "_last_lr": list(learning_rates)}
            )

    def _checked_weights(
        self, weights: Mapping[str, Tensor], tensors: Mapping[str, Tensor]
    ) -> Mapping[str, Tensor]:
        """Return the weights that a step changes: those that are kept, or averaged."""
        model_weights = weights
        if self._average is not None:
            model_weights = _below(tensors, "model/")
            check_like(weights, self._average.module.state_dict())
            if AVERAGED not in tensors or tensors[AVERAGED].shape:
                raise ValueError("no count of averaged weights")
        check_like(model_weights, self._problem.model.state_dict())
        return model_weights

    def _checked_optimiser_states(self, tensors: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
        """Return Adam's state of each parameter; empty for one that has had no gradient yet."""
        states = [_below(tensors, f"optimiser/{index}/") for index in range(len(self._parameters))]
        for parameter, state in zip(self._parameters, states, strict=True):
            if state or not any(states):
                check_like(
                    state, {"exp_avg": parameter, "exp_avg_sq": parameter, "step": torch.zeros(())}
                )
        return states

    def _update_average(self, average: AveragedModel) -> None:
        """Do what `AveragedModel.update_parameters` does, without waiting for the device.

        PyTorch's own would send the count of averaged weights there.
        """
        averaged = [weight.detach() for weight in average.module.parameters()]
        weights = [weight.detach() for weight in self._parameters]
        if average.n_averaged:  # on the CPU, wherever the model is
            average.multi_avg_fn(averaged, weights, average.n_averaged)  # type: ignore[misc]
        else:
            torch._foreach_copy_(averaged, weights)
        average.n_averaged += 1

    def _loss_and_gradients(
        self, part: Callable[[], Tensor]
    ) -> tuple[Tensor, Sequence[Tensor | None]]:
        """Return the loss of a part of a batch, and its gradient by each parameter."""
        loss = part()
        # Replicas share no weights: the gradient of their sum is each one's own. `grad` returns it
        # instead of adding it to `.grad`, which threads would share. Weights that have no part in
        # it have none, and stay as they are at no cost.
        return loss.detach(), torch.autograd.grad(loss.sum(), self._parameters, allow_unused=True)


class LossLog:
    """The losses of an epoch, fetched from the device many at a time.

    Of R replicas there are R losses a step. Methods that check them raise a `DivergedError` for
    one that is NaN or infinite, which names the first such step and replica.
    """

    def __init__(self, replicas: Sequence[Replica]) -> None:
        self._replicas = replicas
        #: losses of batches that are not fetched yet: scalars, or (R,).
        self.waiting: list[Tensor] = []
        #: how many samples each of those batches had.
        self._counts: list[int] = []
        #: over the samples fetched so far, the sum of their losses: () or (R,), in double.
        self._sums: Tensor | None = None
        #: how many samples were fetched so far.
        self._count = 0
        #: the loss of the last batch fetched.
        self.last: float | tuple[float, ...] = math.nan

    def add(self, loss: Tensor, samples: int) -> None:
        """Note a batch's mean loss, without waiting for the device."""
        self.waiting.append(loss)
        self._counts.append(samples)

    def check(self, step: int, epoch: int, config: RunConfig) -> Tensor:
        """Fetch the losses that wait, at least one, and check them.

        Args:
            step: the step of the last of them.
            epoch: its epoch.
            config: the run's settings.

        Returns:
            (steps,) or (steps, R), on the CPU, in double.
        """
        values = torch.stack(self.waiting).cpu().double()
        diverged = (~values.isfinite()).nonzero()  # (D, 1) or (D, 2): step, replica
        if len(diverged):
            step_waiting, *replica = diverged[0].tolist()
            first_step = step - len(values) + 1 + step_waiting
            whose = self._replicas[replica[0]] if replica else None
            raise DivergedError(_divergence("loss", first_step, epoch, config, whose))
        return values

    def check_validation(self, figures: Figures, step: int, epoch: int, config: RunConfig) -> None:
        """Check the loss of the model of this epoch in validation."""
        loss = figures.get("val_loss", 0.0)
        losses = loss if isinstance(loss, tuple) else (loss,)
        replicas = self._replicas or (None,)
        for value, whose in zip(losses, replicas, strict=False):
            if not math.isfinite(value):
                raise DivergedError(_divergence("validation loss", step, epoch, config, whose))

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return the whole state: tensors on the CPU, and JSON-ready values."""
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
        self, tensors: Mapping[str, Tensor], values: Mapping[str, Any], device: torch.device
    ) -> None:
        """Go on from what `state` returned.

        Args:
            tensors: its tensors.
            values: its values from JSON.
            device: where the losses of steps to come are.

        Raises:
            ValueError: they are of other replicas, or do not fit each other.
        """
        shape = (len(self._replicas),) if self._replicas else ()
        waiting = tensors.get("losses/waiting")
        sums = tensors.get("losses/sums")
        counts = [int(count) for count in values["counts"]]
        last = values["last"]
        sizes_fit = len(counts) == (0 if waiting is None else len(waiting))
        waiting_fits = waiting is None or waiting.shape[1:] == shape
        sums_fit = sums is None or (sums.shape, sums.dtype) == (shape, torch.double)
        if not (sizes_fit and waiting_fits and sums_fit) or (sums is None) != (last is None):
            raise ValueError("losses of other networks")
        self.waiting = [] if waiting is None else list(waiting.to(device).unbind())
        self._counts = counts
        self._sums = sums
        self._count = int(values["count"])
        if isinstance(last, list):
            self.last = tuple(map(float, last))
        elif last is not None:
            self.last = float(last)

    def flush(
        self, step: int, epoch: int, config: RunConfig
    ) -> tuple[float | tuple[float, ...], int]:
        """Fetch and check what waits; the arguments are those of `check`.

        Returns:
            its mean over samples, and their number.
        """
        values = self.check(step, epoch, config)
        samples = sum(self._counts)
        sums = torch.tensor(self._counts, dtype=torch.double) @ values  # () or (R,)
        self._sums = sums if self._sums is None else self._sums + sums
        self._count += samples
        self.last = _plain(values[-1])
        self.waiting = []
        self._counts = []
        return _plain(sums / samples), samples

    @property
    def mean(self) -> float | tuple[float, ...]:
        """The mean over the samples of the epoch that were fetched; NaN before any was."""
        if self._sums is None:
            return math.nan
        return _plain(self._sums / self._count)


def copied(tensor: Tensor) -> Tensor:
    """Return a copy on the CPU that later steps do not change."""
    return tensor.detach().to("cpu", copy=True).contiguous()


def _added(
    gradients: Sequence[Tensor | None], others: Sequence[Tensor | None]
) -> list[Tensor | None]:
    """Return the sums of gradients by parameter.

    Not in place: parameters that are added, such as a step's two biases, have one gradient in
    common.
    """
    sums: list[Tensor | None] = []
    for gradient, other in zip(gradients, others, strict=True):
        if gradient is None or other is None:
            sums.append(gradient)
        else:
            sums.append(gradient + other)
    return sums


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the copies of the tensors whose names begin with `prefix`, by the rest of the name."""
    return {
        name.removeprefix(prefix): tensor.clone()
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }


def check_like(tensors: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    """Raise a ValueError unless names, shapes and types are those expected."""
    if tensors.keys() != expected.keys():
        raise ValueError(f"no {sorted(tensors.keys() ^ expected.keys())[0]}")
    for name, tensor in tensors.items():
        model = expected[name]
        if (tensor.shape, tensor.dtype) != (model.shape, model.dtype):
            raise ValueError(f"{name} of another size")


def _plain(values: Tensor) -> float | tuple[float, ...]:
    """Return a number, or one for each replica."""
    return tuple(values.tolist()) if values.dim() else float(values)


def _divergence(
    loss: str, step: int, epoch: int, config: RunConfig, replica: Replica | None
) -> str:
    """Return the sentence for a loss that became NaN or infinite."""
    whose = f" of {replica.variant.label}, seed {replica.seed}," if replica else ""
    rate = config.learning_rate
    return (
        f"The {loss}{whose} became NaN or infinite at step {step} (epoch {epoch}) with learning "
        f"rate {rate:g}; try {rate / 10:.2g} or less."
    )


# PyTorch's AdamW, which without weight decay is Adam, without PyTorch's compiler. The first call of
# one of these methods would load that, which takes a second.
_WRAPPED = ("add_param_group", "load_state_dict", "state_dict", "step", "zero_grad")
_PLAIN = {name: torch.no_grad()(unwrap(getattr(torch.optim.AdamW, name))) for name in _WRAPPED}
BareAdamW: type[torch.optim.AdamW] = type("BareAdamW", (torch.optim.AdamW,), _PLAIN)


def make_optimiser(model: nn.Module, config: RunConfig, device: torch.device) -> torch.optim.AdamW:
    """Make Adam (Kingma & Ba 2015, arXiv:1412.6980), fused if the device supports it.

    Weight decay is apart from the gradient (Loshchilov & Hutter 2019, arXiv:1711.05101), and of all
    weights, biases among them.

    Its learning rate is a plain float, which schedules set.
    """
    return BareAdamW(
        model.parameters(),
        lr=config.learning_rate,
        betas=(config.recipe.beta1, config.recipe.beta2),
        weight_decay=config.recipe.weight_decay,
        fused=True if device.type in ("cpu", "cuda") else None,
    )


def make_schedule(
    optimiser: torch.optim.Optimizer, config: RunConfig, total_steps: int
) -> LRScheduler | None:
    """Return the recipe's learning-rate schedule over the whole run, or None for a constant rate.

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
    """Return an exponential moving average of the weights, or None if the recipe has none."""
    decay = config.recipe.average
    if not decay:
        return None
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay))  # type: ignore[no-untyped-call]
    for module in average.modules():
        # Copied weights are no longer in one block: cuDNN would make one at every call, and warn.
        if isinstance(module, nn.RNNBase):
            module.flatten_parameters()
    return average


def parameters_of(model: nn.Module) -> int:
    """Return the number of weights of a model."""
    return sum(weight.numel() for weight in model.parameters())
