"""A home for data sets, files that become some, and runs on them."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rnn_tui.data import store
from rnn_tui.data.data_set import DataSet
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.data_sets.task import stored_task
from tests.data.reading import Read, reader_in

SmallOn = Callable[..., SequenceConfig]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNN_TUI_HOME", str(tmp_path))


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return a function that writes a file of this content and reads it."""
    return reader_in(tmp_path)


@pytest.fixture
def small_on() -> SmallOn:
    """Keep a data set, and return settings of a small run on it."""
    return _small_on


def _small_on(data_set: DataSet, cell: str = "lstm", **overrides: Any) -> SequenceConfig:
    store.keep(data_set)
    small = {"hidden_sizes": (3, 5), "epochs": 2, "seeds": 1, "batch_size": 7}
    config = stored_task(data_set.description.name).config(cell, **small | overrides)
    assert isinstance(config, SequenceConfig)
    return config.replace(workers=1)


@pytest.fixture
def build_double() -> Any:
    """Return the problem's class in double precision."""
    import torch  # noqa: PLC0415 - not before tests/conftest.py has set its threads

    from rnn_tui.tasks.data_sets.problem import DataSetProblem  # noqa: PLC0415

    return partial(DataSetProblem, dtype=torch.float64)
