"""MNIST that ships: intact, whole, split as the report splits it; a damaged file is named."""

import gzip
import hashlib
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from rnn_tui.engine.errors import DataError
from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.tasks.images.inference import PIXEL_DEVIATION, PIXEL_MEAN
from rnn_tui.tasks.mnist import data
from rnn_tui.tasks.mnist.data import FILES, MnistImages, load_mnist, split_indices

# Of the files as published on yann.lecun.com, by several mirrors' checksums.
PUBLISHED = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
SMALLEST = "t10k-labels-idx1-ubyte"


@pytest.fixture(scope="module")
def full() -> MnistImages:
    return load_mnist()


@pytest.fixture
def assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Assets to damage: the real ones stay as they are."""
    real = asset_dir() / "mnist"
    folder = tmp_path / "assets" / "mnist"
    folder.mkdir(parents=True)
    for name in FILES:
        (folder / f"{name}.gz").symlink_to(real / f"{name}.gz")
    monkeypatch.setattr(data, "asset_dir", lambda: folder.parent)
    return folder


def published(name: str) -> bytes:
    """A shipped file's contents."""
    return gzip.decompress((asset_dir() / "mnist" / f"{name}.gz").read_bytes())


def test_shipped_files_are_the_published_ones() -> None:
    assert FILES == PUBLISHED
    assert {
        name: hashlib.md5(published(name), usedforsecurity=False).hexdigest() for name in FILES
    } == PUBLISHED


def test_shipped_data_reaches_the_caller_whole(full: MnistImages) -> None:
    for images, labels, count, part in (
        (full.train_images, full.train_labels, 60_000, "train"),
        (full.test_images, full.test_labels, 10_000, "t10k"),
    ):
        assert images.shape == (count, 28, 28)
        assert images.dtype == torch.uint8
        assert labels.dtype == torch.int64
        assert images.numpy().tobytes() == published(f"{part}-images-idx3-ubyte")[16:]
        assert bytes(labels.tolist()) == published(f"{part}-labels-idx1-ubyte")[8:]
    assert full.train_labels[:5].tolist() == [5, 0, 4, 1, 9]


def test_no_network_is_needed_and_nothing_is_written(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("the network was touched")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    before = sorted(home.rglob("*"))
    assert len(load_mnist().test_labels) == 10_000
    assert sorted(home.rglob("*")) == before


def test_data_is_read_once_for_many_runs() -> None:
    assert load_mnist() is load_mnist()


@pytest.mark.parametrize(
    "damage", ["flipped byte", "truncated", "missing", "other", "empty", "text"]
)
def test_a_damaged_asset_is_named_with_a_remedy(assets: Path, damage: str) -> None:
    asset = assets / f"{SMALLEST}.gz"
    good = asset.read_bytes()
    asset.unlink()
    if damage == "flipped byte":
        middle = len(good) // 2
        asset.write_bytes(good[:middle] + bytes([good[middle] ^ 255]) + good[middle + 1 :])
    elif damage == "truncated":
        asset.write_bytes(good[: len(good) // 2])
    elif damage == "other":
        asset.write_bytes(gzip.compress(b"something else"))
    elif damage == "empty":
        asset.touch()
    elif damage == "text":
        asset.write_text("<html>404</html>")
    with pytest.raises(DataError) as refused:
        load_mnist()
    message = str(refused.value)
    assert str(asset) in message
    assert "install rnn-tui again" in message
    assert message.isprintable()


def test_standardising_constants_are_those_of_the_training_pixels(full: MnistImages) -> None:
    counts = full.train_images.flatten().bincount(minlength=256).double()
    levels = torch.arange(256, dtype=torch.float64) / 255
    mean = (counts * levels).sum() / counts.sum()
    deviation = ((counts * (levels - mean) ** 2).sum() / counts.sum()).sqrt()
    assert pytest.approx(float(mean), abs=1e-4) == PIXEL_MEAN
    assert pytest.approx(float(deviation), abs=1e-4) == PIXEL_DEVIATION


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_split_is_the_reports(full: MnistImages, seed: int) -> None:
    labels = full.train_labels
    train, validation = split_indices(labels, seed)
    assert (len(train), len(validation)) == (50_000, 10_000)
    assert torch.cat([train, validation]).sort().values.equal(torch.arange(60_000))
    counts = labels.bincount()
    assert ((labels[validation].bincount() - counts / 6).abs() <= 1).all()
    assert ((labels[train].bincount() - counts * 5 / 6).abs() <= 1).all()
    expected = train_test_split(
        np.arange(60_000), test_size=1 / 6, stratify=labels.numpy(), random_state=seed
    )
    assert train.tolist() == expected[0].tolist()
    assert validation.tolist() == expected[1].tolist()


@given(
    st.lists(st.integers(0, 99), min_size=1, max_size=200),
    st.integers(1, 10),
    st.integers(0, 2**32 - 1),
)
def test_any_labels_are_split_as_by_scikit_learn(drawn: list[int], classes: int, seed: int) -> None:
    labels = np.array(drawn) % classes
    try:
        expected = train_test_split(
            np.arange(len(labels)), test_size=1 / 6, stratify=labels, random_state=seed
        )
    except ValueError:
        with pytest.raises(DataError, match=f"{len(labels)} training images are too few"):
            split_indices(torch.tensor(labels), seed)
    else:
        parts = split_indices(torch.tensor(labels), seed)
        assert [part.tolist() for part in parts] == [part.tolist() for part in expected]


def test_split_depends_on_the_seed_alone(full: MnistImages) -> None:
    first, again = split_indices(full.train_labels, 1), split_indices(full.train_labels, 1)
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[1], split_indices(full.train_labels, 2)[1])


@settings(max_examples=30)
@given(st.lists(st.integers(0, 9), max_size=200), st.integers(0, 2**32 - 1))
def test_split_of_anything_is_complete_or_refused(labels: list[int], seed: int) -> None:
    try:
        train, validation = split_indices(torch.tensor(labels, dtype=torch.int64), seed)
    except DataError as refused:
        message = str(refused)
    else:
        message = f"{len(labels)}."
        together = torch.cat([train, validation])
        assert together.sort().values.tolist() == list(range(len(labels)))
        assert len(validation) == -(-len(labels) // 6)
    assert str(len(labels)) in message
    assert message.endswith(".")
