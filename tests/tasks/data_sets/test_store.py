"""Data sets are kept whole, and each is a task."""

from dataclasses import replace

import numpy as np
import pytest

from rnn_tui.engine.errors import DataError
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.data_sets import store
from rnn_tui.tasks.data_sets.data_set import DataSet
from tests.tasks.data_sets.examples import rising_or_falling


@pytest.fixture
def lines() -> DataSet:
    return rising_or_falling()


def test_a_data_set_comes_back_as_it_was(lines: DataSet) -> None:
    store.keep(lines)
    again = store.load(lines.description.name)
    assert again.description == lines.description
    for name in store.ARRAYS:
        assert np.array_equal(getattr(again, name), getattr(lines, name))


def test_arrays_in_another_order_of_memory_come_back_as_they_were(lines: DataSet) -> None:
    two_columns = np.hstack([lines.values, -lines.values])
    description = replace(
        lines.description, features=("up", "down"), means=(0.0, 0.0), deviations=(1.0, 1.0)
    )
    columns_first = replace(
        lines, description=description, values=np.asfortranarray(two_columns)
    ).named("lines")
    store.keep(columns_first)
    assert np.array_equal(store.load(columns_first.description.name).values, two_columns)


def test_a_kept_data_set_is_a_task(lines: DataSet) -> None:
    name = lines.description.name
    assert name not in TASKS
    store.keep(lines)
    assert name in TASKS
    task = TASKS[name]
    assert task.shape is not None
    assert task.shape.outputs == ("rising", "falling")
    assert task.config("lstm").task == name
    assert name not in list(TASKS)  # no tab of its own


def test_names_differ_where_contents_do(lines: DataSet) -> None:
    other = replace(lines, values=lines.values + 1).named("lines")
    assert other.description.name != lines.description.name
    assert lines.named("lines").description.name == lines.description.name


def test_a_damaged_file_is_refused_in_a_sentence(lines: DataSet) -> None:
    store.keep(lines)
    path = store.path_of(lines.description.name)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DataError, match="can't be read"):
        store.load(lines.description.name)


def test_a_damaged_file_is_written_anew(lines: DataSet) -> None:
    store.keep(lines)
    path = store.path_of(lines.description.name)
    path.write_bytes(path.read_bytes()[:100])
    store.keep(lines)
    assert np.array_equal(store.load(lines.description.name).values, lines.values)


def test_a_removed_data_set_is_gone(lines: DataSet) -> None:
    store.keep(lines)
    assert store.names() == [lines.description.name]
    store.remove(lines.description.name)
    assert store.names() == []
    with pytest.raises(DataError, match="no longer on this machine"):
        store.describe(lines.description.name)
