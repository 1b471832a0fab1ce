"""A small run that several tests look at."""

from collections.abc import Iterator
from typing import Any

import pytest

import rnn_tui
from rnn_tui.networks import CELLS
from rnn_tui.tasks import TASKS

#: settings with which a training takes a tenth of a second.
SMALL: dict[str, Any] = {
    "preset": "fast",
    "hidden_size": [3, 2],
    "loss": "bce",
    "seeds": 3,
    "epochs": 2,
    "training_size": 640,
    "test_size": 50,
}


@pytest.fixture
def run() -> rnn_tui.Run:
    """Two sizes with three seeds each, trained on additions."""
    return rnn_tui.train("adder", name="small", **SMALL)


@pytest.fixture(autouse=True)
def registries() -> Iterator[None]:
    """Take out again what a test registers."""
    tasks, cells = dict(TASKS), dict(CELLS)
    yield
    for registry, before in ((TASKS, tasks), (CELLS, cells)):
        registry.clear()
        registry.update(before)  # type: ignore[arg-type]
