"""The losses of an epoch, fetched from the device many at a time, and checked."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import DivergedError
from rnn_tui.engine.metrics import Figures, split_figures
from rnn_tui.engine.replicas import Replica
from rnn_tui.engine.stepper import copied


class LossLog:
    """The losses of an epoch, fetched many at a time: where there are `replicas`, one of each."""

    def __init__(self, replicas: Sequence[Replica]) -> None:
        self._replicas = replicas
        self._waiting: list[Tensor] = []
        self._counts: list[int] = []
        self._sums: Tensor | None = None
        self._count = 0
        self.last: float | tuple[float, ...] = math.nan

    def add(self, loss: Tensor, samples: int) -> None:
        """Note a batch's mean loss, without waiting for the device."""
        self._waiting.append(loss)
        self._counts.append(samples)

    def check(self, step: int, epoch: int, config: RunConfig) -> Tensor:
        """The losses that wait, at least one: (steps,) or (steps, R) on the CPU, in double.

        Raises:
            DivergedError: if a loss is NaN or infinite, naming the first such step.
        """
        values = torch.stack(self._waiting).cpu().double()
        if not bool(values.isfinite().all()):
            first, *replica = (~values.isfinite()).nonzero()[0].tolist()
            at = step - len(values) + 1 + first
            whose = self._replicas[replica[0]] if replica else None
            raise DivergedError(_divergence("loss", at, epoch, config, whose))
        return values

    def check_validation(self, figures: Figures, step: int, epoch: int, config: RunConfig) -> None:
        """Look at what the model of this epoch was validated with.

        Raises:
            DivergedError: if a validation loss is NaN or infinite, naming the first such replica.
        """
        single, replicas = split_figures(figures)
        losses = [single.get("val_loss", 0.0), *replicas.get("val_loss", ())]
        for loss, whose in zip(losses, (None, *self._replicas), strict=False):
            if not math.isfinite(loss):
                raise DivergedError(_divergence("validation loss", step, epoch, config, whose))

    @property
    def waiting(self) -> int:
        """How many losses are not fetched yet."""
        return len(self._waiting)

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """All that is known, as tensors on the CPU and as JSON has it."""
        tensors: dict[str, Tensor] = {}
        if self._waiting:
            tensors["losses/waiting"] = copied(torch.stack(self._waiting))
        if self._sums is not None:
            tensors["losses/sums"] = copied(self._sums)
        last = None if self._sums is None else self.last
        return tensors, {"counts": list(self._counts), "count": self._count, "last": last}

    def load(self, tensors: Mapping[str, Tensor], about: Mapping[str, Any], device: torch.device) -> None:
        """Go on from what `state` returned.

        Raises:
            ValueError: if it belongs to other replicas, or fits nothing.
        """
        shape = (len(self._replicas),) if self._replicas else ()
        waiting, sums = tensors.get("losses/waiting"), tensors.get("losses/sums")
        counts, last = list(map(int, about["counts"])), about["last"]
        waited = 0 if waiting is None else len(waiting)
        wrong = waiting is not None and waiting.shape != (waited, *shape)
        wrong |= sums is not None and (sums.shape, sums.dtype) != (shape, torch.double)
        if wrong or waited != len(counts) or (sums is None) != (last is None):
            raise ValueError("losses of other networks")
        self._waiting = [] if waiting is None else list(waiting.to(device).unbind())
        self._counts, self._sums, self._count = counts, sums, int(about["count"])
        if last is not None:
            self.last = tuple(map(float, last)) if isinstance(last, list) else float(last)

    def flush(self, step: int, epoch: int, config: RunConfig) -> tuple[float | tuple[float, ...], int]:
        """Fetch what waits; returns its mean over samples, and their number.

        Raises:
            DivergedError: if a loss is NaN or infinite, naming the first such step.
        """
        values = self.check(step, epoch, config)
        counts = torch.tensor(self._counts, dtype=torch.double)
        sums = counts @ values
        samples = sum(self._counts)
        self._sums = sums if self._sums is None else self._sums + sums
        self._count += samples
        self.last = _plain(values[-1])
        self._waiting, self._counts = [], []
        return _plain(sums / samples), samples

    @property
    def mean(self) -> float | tuple[float, ...]:
        """The mean over the samples of the epoch so far."""
        return math.nan if self._sums is None else _plain(self._sums / self._count)


def _plain(values: Tensor) -> float | tuple[float, ...]:
    """A number, or one for each replica."""
    return tuple(values.tolist()) if values.dim() else float(values)


def _divergence(what: str, step: int, epoch: int, config: RunConfig, replica: Replica | None = None) -> str:
    """The sentence for a loss that became NaN or infinite."""
    whose = f" of {replica.variant.label}, seed {replica.seed}," if replica else ""
    return (
        f"The {what}{whose} became NaN or infinite at step {step} (epoch {epoch}) with learning "
        f"rate {config.learning_rate:g}; try {config.learning_rate / 10:.2g} or less."
    )
