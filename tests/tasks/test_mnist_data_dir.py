"""A folder of the user's own: read as torchvision would, or refused by the name of the file."""

import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from rnn_tui.engine.errors import DataError
from rnn_tui.tasks.mnist.data import FILES, load_mnist

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


@pytest.fixture
def root(mnist_slice: Path, tmp_path: Path) -> Path:
    """A torchvision root to damage."""
    shutil.copytree(mnist_slice, tmp_path / "mine")
    return tmp_path / "mine"


def raw(root: Path) -> Path:
    return root / "MNIST" / "raw"


def refusal(root: Path | str) -> str:
    with pytest.raises(DataError) as refused:
        load_mnist(str(root))
    message = str(refused.value)
    assert message.isprintable()
    assert message.endswith(".")
    assert "--data-dir" in message
    return message


def test_a_good_folder_is_read(root: Path) -> None:
    images = load_mnist(str(root))
    assert images.train_images.shape == (1200, 28, 28)
    assert images.test_images.shape == (200, 28, 28)
    assert images.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert images.test_labels.dtype == torch.int64


def test_a_folder_may_be_below_home(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(root.parent))
    monkeypatch.setenv("USERPROFILE", str(root.parent))
    assert len(load_mnist("~/mine").train_labels) == 1200


def test_nothing_is_written_to_the_users_folder(root: Path) -> None:
    before = sorted(path for path in root.rglob("*"))
    load_mnist(str(root))
    assert sorted(path for path in root.rglob("*")) == before


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(root: Path, name: str) -> None:
    (raw(root) / name).unlink()
    assert str(raw(root) / name) in refusal(root)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_cannot_be_read_is_named(root: Path, name: str) -> None:
    # A folder cannot be read as a file, not even by root, whom permissions do not stop.
    (raw(root) / name).unlink()
    (raw(root) / name).mkdir()
    assert str(raw(root) / name) in refusal(root)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda data: data[:-1],
    "longer": lambda data: data + b"\0",
    "header only half there": lambda data: data[:6],
    "empty": lambda _: b"",
    "wrong magic": lambda data: b"\0\0\x09" + data[3:],
    "wrong number of dimensions": lambda data: data[:3] + b"\x02" + data[4:],
    "still compressed": lambda data: b"\x1f\x8b" + data[2:],
    "count beyond the file": lambda data: data[:4] + b"\xff\xff\xff\xff" + data[8:],
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_named(root: Path, name: str, damage: str) -> None:
    path = raw(root) / name
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    assert str(path) in refusal(root)


def test_images_of_another_size_are_named(root: Path) -> None:
    path = raw(root) / IMAGES
    path.write_bytes(struct.pack(">4I", 0x803, 1200, 14, 56) + path.read_bytes()[16:])
    message = refusal(root)
    assert str(path) in message
    assert "56×14" in message


def shorten_labels(root: Path) -> None:
    path = raw(root) / LABELS
    path.write_bytes(struct.pack(">2I", 0x801, 1199) + path.read_bytes()[8:-1])


def label_ten(root: Path) -> None:
    path = raw(root) / LABELS
    path.write_bytes(path.read_bytes()[:-1] + b"\x0a")


def nothing_at_all(root: Path) -> None:
    (raw(root) / IMAGES).write_bytes(struct.pack(">4I", 0x803, 0, 28, 28))
    (raw(root) / LABELS).write_bytes(struct.pack(">2I", 0x801, 0))


@pytest.mark.parametrize("damage", [shorten_labels, label_ten, nothing_at_all])
def test_files_that_do_not_belong_together_are_refused(
    root: Path, damage: Callable[[Path], None]
) -> None:
    damage(root)
    assert str(raw(root)) in refusal(root)


@pytest.mark.parametrize("where", ["", "nowhere", "file"])
def test_a_folder_without_data_is_refused(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").touch()
    assert str(tmp_path / where) in refusal(tmp_path / where)


@pytest.mark.parametrize("name", ["~no-such-user-here/mnist", "nul\0byte"])
def test_a_folder_that_cannot_exist_is_refused(name: str) -> None:
    refusal(name)


def test_control_characters_of_a_folder_stay_out_of_the_message(tmp_path: Path) -> None:
    refusal(tmp_path / "a\x1b[2J\nb")


def test_an_old_processed_folder_does_not_take_the_place_of_the_files(root: Path) -> None:
    # What torchvision before 0.9 left beside raw/: it would be read unchecked instead.
    processed = root / "MNIST" / "processed"
    processed.mkdir()
    for name in ("training.pt", "test.pt"):
        (processed / name).write_bytes(b"not a tensor")
    try:
        told = str(len(load_mnist(str(root)).train_labels))
    except DataError as refused:
        told = str(refused)
    assert told == "1200" or str(root) in told


def test_files_that_change_are_read_again(root: Path) -> None:
    before = load_mnist(str(root))
    assert load_mnist(str(root)) is before
    labels = raw(root) / "t10k-labels-idx1-ubyte"
    contents = bytearray(labels.read_bytes())
    contents[8] = 9 - contents[8]
    labels.write_bytes(bytes(contents))
    os.utime(labels, ns=(1, 1))
    after = load_mnist(str(root))
    assert after.test_labels[0] == 9 - before.test_labels[0]
    assert after.test_labels[1:].tolist() == before.test_labels[1:].tolist()
