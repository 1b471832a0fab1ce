"""Optimiser, schedule and averaged weights do what the recipe says, step by step."""

import pytest
import torch
from torch import nn

from rnn_tui.engine.config import Recipe
from rnn_tui.engine.errors import DeviceError
from rnn_tui.engine.training.devices import fast_bfloat16, require_memory, resolve_device
from rnn_tui.engine.training.stepper import make_average, make_optimiser, make_schedule
from rnn_tui.tasks.config import ImageConfig

CPU = torch.device("cpu")
CONFIG = ImageConfig(
    task="mnist", cell="lstm", preset="report", epochs=1, batch_size=100, learning_rate=0.1
)


def rates(recipe: Recipe, total: int) -> list[float]:
    model = nn.Linear(1, 1)
    optimiser = make_optimiser(model, CONFIG.replace(recipe=recipe), CPU)
    schedule = make_schedule(optimiser, CONFIG.replace(recipe=recipe), total)
    used = []
    for _ in range(total):
        used.append(optimiser.param_groups[0]["lr"])
        model.weight.grad = torch.ones_like(model.weight)
        optimiser.step()
        if schedule is not None:
            schedule.step()
    return used


def test_adam_takes_the_recipes_rates() -> None:
    config = CONFIG.replace(recipe=Recipe(beta1=0.8, beta2=0.9))
    model = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        model.weight.fill_(1.0)
    optimiser = make_optimiser(model, config, CPU)
    # Kingma & Ba's algorithm 1 by hand, for the gradients 1 and -3.
    weight, m, v = 1.0, 0.0, 0.0
    for step, gradient in enumerate((1.0, -3.0), 1):
        m, v = 0.8 * m + 0.2 * gradient, 0.9 * v + 0.1 * gradient**2
        weight -= 0.1 * (m / (1 - 0.8**step)) / ((v / (1 - 0.9**step)) ** 0.5 + 1e-8)
        model.weight.grad = torch.full((1, 1), gradient)
        optimiser.step()
        assert model.weight.item() == pytest.approx(weight, rel=1e-5)


def test_constant_schedule_is_constant() -> None:
    assert rates(Recipe(), 7) == [0.1] * 7


def test_one_cycle_rises_to_the_rate_and_falls_to_almost_nothing() -> None:
    used = rates(Recipe(schedule="one-cycle", rise=0.25), 40)
    top = used.index(max(used))
    assert used[0] == pytest.approx(0.1 / 25)
    assert max(used) == pytest.approx(0.1)
    assert top == 0.25 * 40 - 1
    assert used[-1] < 1e-4
    assert used[: top + 1] == sorted(used[: top + 1])
    assert used[top:] == sorted(used[top:], reverse=True)


@pytest.mark.parametrize("total", range(1, 22))
@pytest.mark.parametrize("rise", [0.15, 0.2])
def test_one_cycle_works_for_runs_of_any_length(total: int, rise: float) -> None:
    used = rates(Recipe(schedule="one-cycle", rise=rise), total)
    assert len(used) == total
    assert all(0 < rate <= 0.1 * 1.0001 for rate in used)


def test_average_is_the_exponential_moving_average_of_the_weights() -> None:
    model = nn.Linear(1, 1)
    assert make_average(model, CONFIG) is None
    average = make_average(model, CONFIG.replace(recipe=Recipe(average=0.5)))
    assert average is not None
    for value in (1.0, 3.0, 5.0):
        with torch.no_grad():
            model.weight.fill_(value)
        average.update_parameters(model)
    # The first update copies: 1, then (1 + 3)/2 = 2, then (2 + 5)/2.
    assert average.module.weight.item() == 3.5


def test_device_cpu_is_always_there_and_auto_finds_one() -> None:
    assert resolve_device("cpu") == CPU
    assert resolve_device("auto").type in ("cpu", "cuda", "mps")
    assert isinstance(fast_bfloat16(CPU), bool)


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_a_device_that_is_missing_is_named(name: str) -> None:
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}[name]
    if there:
        assert resolve_device(name).type == name
    else:
        with pytest.raises(DeviceError, match=name) as refused:
            resolve_device(name)
        assert "choose auto or cpu" in str(refused.value)


def test_memory_is_refused_only_where_there_is_none() -> None:
    require_memory(CPU, 1, 1)
    with pytest.raises(MemoryError):
        require_memory(CPU, 2, 2**60)
    # A GPU's own allocator says no by itself.
    require_memory(torch.device("cuda"), 2, 2**60)
