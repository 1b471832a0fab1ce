"""Data sets of torchvision: read from its root in MNIST's form, or refused in a sentence."""

import bz2
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.testing import assert_close

from rnn_tui.archive.cost import workload
from rnn_tui.archive.footprint import footprint
from rnn_tui.archive.words import automatic_name, settings_of
from rnn_tui.engine import events
from rnn_tui.engine.config import config_from_dict
from rnn_tui.engine.errors import DataError, SettingError
from rnn_tui.engine.events import Control
from rnn_tui.engine.training.loop import fit
from rnn_tui.tasks.config import ImageConfig
from rnn_tui.tasks.image_sets import IMAGE_SETS, SHIPPED_SET, default_root
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.mnist.augmentation import NOT_PLAIN
from rnn_tui.tasks.mnist.data import MnistImages, load_images, load_mnist, load_set
from tests.made_up_sets import COUNTS, MARK, images_of, labels_of, write_set

OTHERS = [name for name in IMAGE_SETS if name != SHIPPED_SET.name]
IDX_SETS = [name for name in OTHERS if name != "usps"]


def load(root: Path, name: str) -> MnistImages:
    return load_set(IMAGE_SETS[name], str(root))


def settings(root: Path | None, name: str, **overrides: Any) -> ImageConfig:
    small: dict[str, Any] = {
        "hidden_size": 4,
        "epochs": 2,
        "batch_size": 20,
        "device": "cpu",
        "workers": 1,
    }
    folder = None if root is None else str(root)
    values = {**small, **overrides}
    preset = values.pop("preset", "report")
    config = MNIST.config("rnn", preset, dataset=name, data_dir=folder, **values)
    assert isinstance(config, ImageConfig)
    return config


def refusal(root: Path, name: str) -> str:
    with pytest.raises(DataError) as refused:
        load(root, name)
    sentence = str(refused.value)
    assert sentence.isprintable()
    assert sentence.endswith(".")
    return sentence


@pytest.mark.parametrize("name", OTHERS)
def test_names_classes_and_files_are_those_of_torchvision(name: str, tmp_path: Path) -> None:
    from torchvision import datasets  # noqa: PLC0415 - a second

    image_set = IMAGE_SETS[name]
    root = write_set(tmp_path, name)
    options = {"split": "digits"} if name == "emnist-digits" else {}
    dataset = getattr(datasets, image_set.torchvision_name)(root, **options)  # finds the files
    if image_set.shows_digits:
        names = getattr(dataset, "classes", image_set.classes)  # USPS does not name them
        assert [word[0] for word in names] == list(image_set.classes)
    else:
        assert tuple(dataset.classes) == image_set.classes


@pytest.mark.parametrize("name", IDX_SETS)
def test_images_are_read_upright_with_their_labels(name: str, tmp_path: Path) -> None:
    data = load(write_set(tmp_path, name), name)
    for images, labels, count in (
        (data.train_images, data.train_labels, COUNTS[0]),
        (data.test_images, data.test_labels, COUNTS[1]),
    ):
        assert labels.tolist() == labels_of(count).tolist()
        assert labels.dtype == torch.int64
        assert torch.equal(images, torch.from_numpy(images_of(labels_of(count))))
        assert images.is_contiguous()


def test_digits_of_usps_lie_as_those_of_mnist_do(tmp_path: Path) -> None:
    data = load(write_set(tmp_path, "usps"), "usps")
    images = data.train_images
    assert images.shape == (COUNTS[0], 28, 28)
    assert images.dtype == torch.uint8
    assert data.train_labels.tolist() == labels_of(COUNTS[0]).tolist()
    border = images.clone()
    border[:, 4:24, 4:24] = 0
    assert not border.any()
    # enlarged by 20 / 16, upright: the centre of the square stays where it was
    original = images_of(labels_of(COUNTS[0]), side=16)
    original[:, MARK[0], MARK[1]] = 0
    inner = images[:, 4:24, 4:24].clone()
    inner[:, :3, :6] = 0  # the mark
    for image, enlarged in zip(original, inner, strict=True):
        ours, theirs = (torch.as_tensor(part, dtype=torch.float64) for part in (image, enlarged))
        for axis in (0, 1):
            places = [
                float((part.sum(1 - axis) * (torch.arange(len(part)) + 0.5)).sum() / part.sum())
                / len(part)
                for part in (ours, theirs)
            ]
            assert_close(places[0], places[1], atol=0.01, rtol=0)


def test_the_default_folder_is_below_the_programs_own(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--download"):
        load_images(settings(None, "fashion"))
    write_set(default_root(), "fashion")
    assert len(load_images(settings(None, "fashion")).test_labels) == COUNTS[1]


def test_the_usual_data_are_those_that_ship() -> None:
    config = MNIST.config("lstm")
    assert isinstance(config, ImageConfig)
    assert config.image_set is SHIPPED_SET
    assert load_images(config) is load_mnist()


@pytest.mark.parametrize("name", OTHERS)
def test_a_missing_file_is_named_with_what_to_do(name: str, tmp_path: Path) -> None:
    write_set(tmp_path, name)
    (tmp_path / IMAGE_SETS[name].files[-1]).unlink()
    sentence = refusal(tmp_path, name)
    assert IMAGE_SETS[name].files[-1] in sentence
    assert f"--dataset {name} --download" in sentence


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def noise(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 3)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


DAMAGES: list[Callable[[Path], None]] = [truncated, emptied, noise, folder]
if hasattr(os, "mkfifo"):
    DAMAGES.append(pipe)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["fashion", "emnist-digits", "qmnist", "usps"])
@pytest.mark.parametrize("file", [0, 1])
def test_a_damaged_file_is_refused(
    name: str, file: int, damage: Callable[[Path], None], tmp_path: Path
) -> None:
    write_set(tmp_path, name)
    damage(tmp_path / IMAGE_SETS[name].files[file])
    assert str(tmp_path) in refusal(tmp_path, name)


def test_labels_beyond_the_classes_are_refused(tmp_path: Path) -> None:
    path = write_set(tmp_path, "kmnist") / IMAGE_SETS["kmnist"].files[1]
    path.write_bytes(path.read_bytes()[:-1] + b"\x0a")
    assert "10 classes" in refusal(tmp_path, "kmnist")


def test_images_of_another_size_are_refused(tmp_path: Path) -> None:
    path = write_set(tmp_path, "fashion") / IMAGE_SETS["fashion"].files[0]
    data = path.read_bytes()
    path.write_bytes(struct.pack(">4I", 0x803, COUNTS[0], 14, 56) + data[16:])
    assert "(120, 14, 56)" in refusal(tmp_path, "fashion")


def test_a_small_file_that_unpacks_to_a_large_one_is_refused(tmp_path: Path) -> None:
    path = write_set(tmp_path, "usps") / "usps.bz2"
    path.write_bytes(bz2.compress(bytes(120_000_000)))
    assert path.stat().st_size < 1000
    assert "too large" in refusal(tmp_path, "usps")


def test_pickles_of_an_old_torchvision_are_not_read(tmp_path: Path) -> None:
    processed = write_set(tmp_path, "fashion") / "FashionMNIST" / "processed"
    processed.mkdir()
    for name in ("training.pt", "test.pt"):
        (processed / name).write_bytes(b"a pickle")
    assert str(processed) in refusal(tmp_path, "fashion")


def test_files_that_change_are_read_again(tmp_path: Path) -> None:
    write_set(tmp_path, "fashion")
    before = load(tmp_path, "fashion")
    assert load(tmp_path, "fashion") is before
    os.utime(tmp_path / IMAGE_SETS["fashion"].files[1], ns=(1, 1))
    assert load(tmp_path, "fashion") is not before


def test_the_data_set_is_among_the_settings() -> None:
    config = settings(None, "fashion")
    assert config.label == "RNN report fashion"
    assert "fashion" in automatic_name(config)
    assert ("data set", "fashion") in settings_of(config)
    assert config_from_dict(config.to_dict()) == config
    assert MNIST.published_figure("test_accuracy", MNIST.config("rnn")) is not None
    assert MNIST.published_figure("test_accuracy", MNIST.config("rnn", dataset="kmnist")) is None


def test_images_without_a_border_are_read_whole_from_the_start() -> None:
    """Of the digits of a preset that reads inner rows first, all have blank rows around them."""
    for name, image_set in IMAGE_SETS.items():
        recipe = MNIST.config("lstm", "fast", dataset=name).recipe
        usual = MNIST.config("lstm", "fast").recipe
        assert (recipe == usual) == image_set.has_border
        assert (recipe.inner_rows, recipe.row_pairs) == ((0.9, 0.6) if recipe == usual else (0, 0))


def test_settings_of_before_are_those_of_mnist() -> None:
    stored = MNIST.config("lstm").to_dict()
    del stored["dataset"]
    assert config_from_dict(stored) == MNIST.config("lstm")


def test_a_larger_set_takes_more_time_and_memory() -> None:
    usual, larger = settings(None, "mnist"), settings(None, "emnist-digits")
    counted, of_larger = workload(usual), workload(larger)
    assert counted is not None
    assert of_larger is not None
    assert of_larger.steps == 4 * counted.steps
    sizes = [footprint(config) for config in (usual, larger)]
    memories = [size.memory for size in sizes if size is not None and size.memory is not None]
    assert memories[1] - memories[0] > 2 * 150_000 * 28 * 28


@pytest.mark.parametrize("name", ["cifar10", "", "Fashion", 7])
def test_another_data_set_is_refused(name: Any) -> None:
    with pytest.raises(SettingError, match="Data set must be one of mnist, fashion"):
        MNIST.config("lstm", dataset=name)


@pytest.mark.parametrize("name", OTHERS)
def test_drawn_digits_are_added_to_digits_only(name: str) -> None:
    if IMAGE_SETS[name].shows_digits:
        assert MNIST.config("lstm", "photos", dataset=name)
    else:
        with pytest.raises(SettingError, match="drawings of digits"):
            MNIST.config("lstm", "photos", dataset=name)


def test_training_resumes_exactly_and_is_evaluated_on_the_same_data(tmp_path: Path) -> None:
    """Interrupted in its second epoch, and read back from the file of weights."""
    from rnn_tui.engine.training.training_state import load_resume_point  # noqa: PLC0415 - torch

    root = write_set(tmp_path, "fashion")
    config = settings(root, "fashion", augmentation="elastic")
    problem = MNIST.load()
    whole = fit(problem, config, lambda _: None, Control())
    path = tmp_path / "stopped.safetensors"
    control = Control()

    def stop(event: events.Event) -> None:
        if isinstance(event, events.EpochEnded):
            control.stop()

    fit(problem, config, stop, control, run_id="run", checkpoint_path=path)
    point = load_resume_point(path, "run")
    assert point.config == config
    resumed = fit(problem, point.config, lambda _: None, Control(), resume=point)
    assert whole.weights is not None
    assert resumed.weights is not None
    assert all(torch.equal(whole.weights[name], resumed.weights[name]) for name in whole.weights)
    assert resumed.metrics == whole.metrics
    evaluation = problem.evaluate(config, resumed.weights)
    assert evaluation.classes == IMAGE_SETS["fashion"].classes
    assert len(evaluation.labels) == COUNTS[1]
    right = 100 * (evaluation.predictions == evaluation.labels).mean()
    assert_close(right, whole.metrics["test_accuracy"], atol=1e-3, rtol=0)


@pytest.mark.parametrize("name", ["fashion", "usps"])
def test_only_ones_and_sevens_keep_limits_of_distortion(name: str, tmp_path: Path) -> None:
    config = settings(write_set(tmp_path, name), name)
    problem: Any = MNIST.load()(config, torch.device("cpu"), lambda _: None)
    plain = {int(label) for label in problem._plain}
    assert plain == ({NOT_PLAIN, 7} if name == "usps" else {NOT_PLAIN})
