"""Training images of the user's own: what is accepted, what is refused, how often it is used."""

import io
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch

from rnn_tui.engine.errors import CheckpointError, DataError
from rnn_tui.engine.training.checkpoint import Checkpoint, save_checkpoint
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import ImageConfig
from rnn_tui.tasks.images.model import build_model
from rnn_tui.tasks.mnist.data import load_extra, repeats
from rnn_tui.tasks.mnist.problem import MnistProblem

COUNT = 12
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (COUNT, 28, 28), np.uint8)
LABELS = RANDOM.integers(0, 10, COUNT).astype(np.uint8)


def idx(values: np.ndarray) -> bytes:  # type: ignore[type-arg]
    sizes = np.array(values.shape, ">u4").tobytes()
    return bytes((0, 0, 8, values.ndim)) + sizes + values.tobytes()


@pytest.fixture
def npz(tmp_path: Path) -> Path:
    path = tmp_path / "mine.npz"
    np.savez(path, images=IMAGES, labels=LABELS)
    return path


def problem(folder: Path, **settings: object) -> MnistProblem:
    config = TASKS["mnist"].config("lstm", "fast", data_dir=str(folder), **settings)
    assert isinstance(config, ImageConfig)
    return MnistProblem(config, torch.device("cpu"), lambda _: None)


def test_npz_gives_images_and_labels(npz: Path) -> None:
    images, labels = load_extra(str(npz))
    assert images.numpy() == pytest.approx(IMAGES)
    assert labels.tolist() == LABELS.tolist()
    assert (images.dtype, labels.dtype) == (torch.uint8, torch.int64)


def test_idx_finds_the_labels_beside_it(tmp_path: Path) -> None:
    (tmp_path / "mine-images-idx3-ubyte").write_bytes(idx(IMAGES))
    (tmp_path / "mine-labels-idx1-ubyte").write_bytes(idx(LABELS))
    images, labels = load_extra(str(tmp_path / "mine-images-idx3-ubyte"))
    assert images.numpy() == pytest.approx(IMAGES)
    assert labels.tolist() == LABELS.tolist()


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"images": IMAGES}, "labels"),
        ({"images": IMAGES, "labels": LABELS[:3]}, "must be images"),
        ({"images": IMAGES[:, :27], "labels": LABELS}, "must be images"),
        ({"images": IMAGES / 255, "labels": LABELS}, "uint8"),
        ({"images": IMAGES, "labels": LABELS + 10}, "labels 0 … 9"),
        ({"images": IMAGES[:0], "labels": LABELS[:0]}, "1 to"),
        ({"images": IMAGES, "labels": np.array([object()] * COUNT)}, "can't be read"),
    ],
)
def test_what_is_no_data_set_is_refused(
    tmp_path: Path,
    arrays: dict[str, np.ndarray],
    said: str,  # type: ignore[type-arg]
) -> None:
    path = tmp_path / "[red]bad\x1b.npz"
    np.savez(path, allow_pickle=True, **arrays)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=said) as raised:
        load_extra(str(path))
    assert "\x1b" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "contents"),
    [
        ("mine.npz", b""),
        ("mine.npz", b"PK\x03\x04 and no more"),
        ("mine.txt", b"hello"),
        ("mine-images-idx3-ubyte", idx(IMAGES)),  # without labels
        ("mine-images-idx3-ubyte", b"\0\0\x08"),
    ],
)
def test_damaged_files_are_refused_by_name(tmp_path: Path, name: str, contents: bytes) -> None:
    (tmp_path / name).write_bytes(contents)
    with pytest.raises(DataError, match=name):
        load_extra(str(tmp_path / name))


def test_truncated_idx_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a-images-idx3-ubyte").write_bytes(idx(IMAGES)[:-1])
    (tmp_path / "a-labels-idx1-ubyte").write_bytes(idx(LABELS))
    with pytest.raises(DataError, match="can't be read"):
        load_extra(str(tmp_path / "a-images-idx3-ubyte"))


def test_a_missing_file_is_named() -> None:
    with pytest.raises(DataError, match=r"/nowhere/x\.npz .*No such file"):
        load_extra("/nowhere/x.npz")


@pytest.mark.parametrize(("extra", "expected"), [(1, 100), (100, 56), (5_556, 1), (50_000, 1)])
def test_a_few_images_are_used_again_until_they_count(extra: int, expected: int) -> None:
    assert repeats(extra, 50_000) == expected


def test_extra_images_are_trained_on_and_not_validated(mnist_slice: Path, npz: Path) -> None:
    without, with_them = problem(mnist_slice), problem(mnist_slice, extra_data=str(npz))
    times = repeats(COUNT, without.samples_per_epoch)
    assert with_them.samples_per_epoch == without.samples_per_epoch + times * COUNT
    assert torch.equal(with_them._validation[1], without._validation[1])
    assert torch.equal(with_them._test[0], without._test[0])
    last = with_them._train[1][-COUNT:]
    assert last.tolist() == LABELS.tolist()


# Starting from weights


def kept(folder: Path, preset: str = "fast", **settings: object) -> Path:
    config = TASKS["mnist"].config("lstm", preset, **settings)
    assert isinstance(config, ImageConfig)
    model = build_model(config)
    for parameter in model.parameters():
        torch.nn.init.constant_(parameter, 0.25)
    path = folder / "start.safetensors"
    save_checkpoint(path, Checkpoint(config, model.state_dict(), 1, {}))
    return path


def test_training_starts_from_the_weights_named(mnist_slice: Path, tmp_path: Path) -> None:
    made = problem(mnist_slice, start_from=str(kept(tmp_path)))
    assert all((value == 0.25).all() for value in made.model.parameters())


def test_weights_of_another_network_are_refused(mnist_slice: Path, tmp_path: Path) -> None:
    path = kept(tmp_path, hidden_size=64)
    wrong = r"hidden size 64 .* not for LSTM with hidden size 128"
    with pytest.raises(CheckpointError, match=wrong):
        problem(mnist_slice, start_from=str(path))


def test_weights_of_other_pixels_are_refused(mnist_slice: Path, tmp_path: Path) -> None:
    path = kept(tmp_path, preset="report")
    with pytest.raises(CheckpointError, match="not standardised; choose preset report"):
        problem(mnist_slice, start_from=str(path))


def test_any_damaged_archive_is_read_or_refused(tmp_path: Path) -> None:
    whole = io.BytesIO()
    np.savez_compressed(whole, images=IMAGES, labels=LABELS)
    path = tmp_path / "damaged.npz"
    for place in range(0, len(whole.getvalue()), 61):
        damaged = bytearray(whole.getvalue())
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        with suppress(DataError):  # anything else fails
            load_extra(str(path))
