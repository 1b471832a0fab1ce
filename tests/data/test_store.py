"""Data sets are kept whole, and each is a task."""

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
from safetensors.numpy import save_file

from rnn_tui.data import store
from rnn_tui.data.data_set import DataSet
from rnn_tui.data.options import ReadingOptions
from rnn_tui.data.sketches import sketch
from rnn_tui.data.understanding import understand
from rnn_tui.engine.errors import DataError
from rnn_tui.engine.files.weights_file import METADATA_KEY
from rnn_tui.tasks import TASKS
from tests.data.examples import rising_or_falling


@pytest.fixture
def lines() -> DataSet:
    return rising_or_falling()


def test_a_data_set_comes_back_as_it_was(lines: DataSet) -> None:
    store.keep(lines)
    again = store.load(lines.description.name)
    assert again.description == lines.description
    for name in store.ARRAYS:
        assert np.array_equal(getattr(again, name), getattr(lines, name))


def test_the_words_of_the_file_come_back(tmp_path: Path) -> None:
    path = tmp_path / "shops.csv"
    rows = [
        f"Shop {shop},2020-{month:02}-01,{shop * month}" for shop in "12" for month in range(1, 9)
    ]
    path.write_text("\n".join(["shop,month,sales", *rows]))
    data_set = understand(path, ReadingOptions(window=4)).data_set
    store.keep(data_set)
    again = store.load(data_set.description.name)
    assert [again.sequence_name(index) for index in (0, 3)] == [
        "Shop 1 from 2020-01-01",
        "Shop 2 from 2020-05-01",
    ]
    assert again.origin.time_text(7) == "2020-08-01"
    assert sketch(again, 3).title.startswith("Shop 2 from 2020-05-01: 4 steps")
    reading = again.description.reading
    assert reading is not None
    assert (reading.sequence, reading.step, reading.inputs) == ("shop", "month", ("sales",))


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


def test_no_other_byte_of_a_kept_file_goes_unnoticed(lines: DataSet) -> None:
    """Arrays, labels, parts, scaling, names: nothing else is trained on than what was kept."""
    store.keep(lines)
    name = lines.description.name
    path = store.path_of(name)
    data = path.read_bytes()
    random = Random(1)
    for place in random.sample(range(len(data)), 400):
        changed = bytearray(data)
        changed[place] ^= random.randrange(1, 256)
        path.write_bytes(changed)
        try:
            again = store.load(name)
        except DataError:
            continue
        assert again.description == lines.description
        for array in store.ARRAYS:
            assert np.array_equal(getattr(again, array), getattr(lines, array))


def _keep_as_before(data_set: DataSet) -> None:
    """Keep a data set as earlier versions did, without a seal."""
    description = data_set.description
    metadata = {"format": store.FORMAT, "data_set": description.to_dict()}
    arrays = {name: getattr(data_set, name) for name in store.ARRAYS}
    path = store.path_of(description.name)
    path.parent.mkdir(exist_ok=True)
    save_file(arrays, path, {METADATA_KEY: json.dumps(metadata)})


def test_data_sets_of_earlier_versions_open_unless_they_were_changed(lines: DataSet) -> None:
    _keep_as_before(lines)
    name = lines.description.name
    assert np.array_equal(store.load(name).values, lines.values)
    values = lines.values.copy()
    values[3] += 1
    _keep_as_before(replace(lines, values=values))
    with pytest.raises(DataError, match="changed since it was written"):
        store.load(name)


def test_the_first_digests_were_made_of_the_statistics_too(lines: DataSet) -> None:
    # with these statistics, which another NumPy may round otherwise; by the first version
    name = "lines-e50b42"
    description = replace(lines.description, name=name, means=(100.0,), deviations=(1.0,))
    first = replace(lines, description=description)
    _keep_as_before(first)
    assert np.array_equal(store.load(name).values, lines.values)
    scaled = replace(first.description, deviations=(2.0,))
    _keep_as_before(replace(first, description=scaled))
    with pytest.raises(DataError, match="changed since"):
        store.load(name)


def test_a_removed_data_set_is_gone(lines: DataSet) -> None:
    store.keep(lines)
    assert store.names() == [lines.description.name]
    store.remove(lines.description.name)
    assert store.names() == []
    with pytest.raises(DataError, match="no longer on this machine"):
        store.describe(lines.description.name)


def test_a_label_changes_and_the_name_stays(lines: DataSet) -> None:
    store.keep(lines)
    name = lines.description.name
    store.rename(name, " Swings of March ")
    kept = store.load(name)
    assert kept.description.label == "Swings of March"
    assert kept.description == replace(lines.description, label="Swings of March")
    for refused in ("", "two\nlines", "x" * 61, "\x1b[31mred"):
        with pytest.raises(DataError, match="1 to 60 characters in one line"):
            store.rename(name, refused)
    with pytest.raises(DataError, match="no longer on this machine"):
        store.rename("other-000000", "label")
