"""Optimiser, schedule and averaged weights, as a recipe asks for them."""

import math

import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from rnn_tui.engine.config import RunConfig


def make_optimiser(model: nn.Module, config: RunConfig, device: torch.device) -> torch.optim.Adam:
    """Adam (Kingma & Ba 2015) in PyTorch's fused form where the device has one.

    The learning rate is a tensor-free float: schedules set it between steps.
    """
    return torch.optim.Adam(
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
    if not config.recipe.average:
        return None
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(config.recipe.average))  # type: ignore[no-untyped-call]
