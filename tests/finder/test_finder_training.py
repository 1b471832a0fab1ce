"""The made-up photos that the finder learns from, and that what is written is what was trained."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.photos.digit import finder
from tests.finder.compose import SIDE, photographed_twice, samples
from tests.finder.network import PLANES, Finder

SEEDS = range(40)


@pytest.fixture(scope="module")
def made() -> tuple[np.ndarray, np.ndarray]:
    return samples(SEEDS)


def test_the_same_seeds_make_the_same_photos(made: tuple[np.ndarray, np.ndarray]) -> None:
    planes, targets = samples(range(3, 5))
    assert np.array_equal(planes, made[0][6:10])
    assert np.array_equal(targets, made[1][6:10])


def test_photos_come_in_pairs_of_the_same_writing(made: tuple[np.ndarray, np.ndarray]) -> None:
    planes, targets = made
    assert planes.shape == (2 * len(SEEDS), PLANES, SIDE, SIDE)
    assert np.array_equal(targets[::2], targets[1::2])
    for first, second in zip(planes[::2], planes[1::2], strict=True):
        assert not np.array_equal(first, second)


def test_some_photos_show_nothing_and_every_middle_has_ink_near_it(
    made: tuple[np.ndarray, np.ndarray],
) -> None:
    ink, middle = made[1][:, 0], made[1][:, 1]
    blank = ~ink.any(axis=(1, 2))
    assert 0 < blank.mean() < 0.3
    assert not middle[blank].any()
    near = np.array([cv2.dilate(photo, np.ones((15, 15), np.uint8)) for photo in ink])
    assert (near[middle > 0] > 0).mean() > 0.9


def test_ink_can_be_seen() -> None:
    for seed in range(20):
        for photo in photographed_twice(np.random.default_rng(seed)):
            pen = photo.ink > 140
            if pen.any():
                grey = photo.picture.mean(axis=2)
                beside = (cv2.dilate(photo.ink, np.ones((5, 5), np.uint8)) > 60) & (photo.ink < 20)
                assert abs(grey[pen].mean() - grey[beside].mean()) > 2


def test_opencv_marks_what_the_trained_network_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    network = Finder()
    (tmp_path / "pretrained").mkdir()
    network.write(tmp_path / "pretrained" / finder.FILE)
    monkeypatch.setattr(finder, "asset_dir", lambda: tmp_path)
    monkeypatch.setattr(finder, "_of_thread", type("Own", (), {})())
    for shape in ((64, 64), (96, 64), (50, 96), (96, 96)):
        picture = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
        marks = finder.marks_in(picture)
        whole = cv2.copyMakeBorder(
            picture, 0, -shape[0] % 32, 0, -shape[1] % 32, cv2.BORDER_REPLICATE
        )
        planes = torch.from_numpy(finder.planes_of(whole).transpose(2, 0, 1)[None])
        with torch.no_grad():
            expected = torch.sigmoid(network(planes))[0, :, : shape[0], : shape[1]].numpy()
        assert np.abs(np.stack(marks) - expected).max() < 1e-4


def test_the_finder_that_ships_is_such_a_network() -> None:
    weights = sum(parameter.numel() for parameter in Finder().parameters())
    size = (asset_dir() / "pretrained" / finder.FILE).stat().st_size
    assert 4 * weights < size < 4.2 * weights + 20_000


def test_the_finder_finds_ink_in_photos_that_it_has_not_seen() -> None:
    unseen = range(10**9, 10**9 + 30)
    pairs = [photographed_twice(np.random.default_rng(seed)) for seed in unseen]
    photos = [photo for pair in pairs for photo in pair if photo.ink.max() > 127]
    found = []
    right = []
    for photo in photos:
        marks = finder.marks_in(photo.picture).ink > 0.5
        ink = photo.ink > 127
        found.append((marks & ink).sum() / ink.sum())
        right.append((marks & ink).sum() / max(marks.sum(), 1))
    # A few photos are too hard for anybody: in all together, those with most ink would decide.
    assert np.median(found) > 0.7
    assert np.median(right) > 0.7
