"""From files to pictures, and from pictures to what a network reads, on constructed photos."""

import contextlib
import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from rnn_tui.archive.weights import choose_shipped
from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.photos.digit.prepare import proposals
from rnn_tui.photos.files import ImageError, read_image
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.mnist.centre import centre

SIDE = 240


def seven(paper: int = 225, ink: int = 40, thick: int = 14) -> np.ndarray:
    """A seven off the middle of a photo (240, 320, 3)."""
    photo = np.full((SIDE, 320, 3), paper, np.uint8)
    corners = np.array([[120, 60], [200, 60], [150, 180]], np.int32)
    cv2.polylines(photo, [corners], False, (ink, ink, ink), thick, cv2.LINE_AA)
    return photo


@pytest.fixture(scope="module")
def network() -> RowReaderNetwork:
    return RowReaderNetwork(read_weights(choose_shipped("mnist", "lstm").path))


def answer(network: RowReaderNetwork, photo: np.ndarray) -> int:
    prepared = next(proposals(photo, "mnist"))
    assert not prepared.doubt
    assert prepared.digit.shape == (28, 28)
    assert 0 <= prepared.digit.min() <= prepared.digit.max() <= 1
    return int(network.logits(prepared.digit[None])[0].argmax())


def encoded(kind: str, photo: np.ndarray) -> bytes:
    done, data = cv2.imencode(f".{kind}", photo)
    assert done
    return data.tobytes()


# Preparing


def test_the_longer_side_becomes_20_and_the_centre_of_mass_the_middle() -> None:
    ink = np.zeros((100, 140), np.float32)
    ink[10:90, 30:42] = 1.0
    digit = centre(ink)
    rows, _ = np.nonzero(digit > 0.3)
    assert rows.max() - rows.min() + 1 == pytest.approx(20, abs=1)
    mass = digit / digit.sum()
    assert (mass.sum(axis=1) @ (np.arange(28) + 0.5)) == pytest.approx(14, abs=0.2)
    assert (mass.sum(axis=0) @ (np.arange(28) + 0.5)) == pytest.approx(14, abs=0.2)
    # Its strokes have MNIST's width.
    assert 2.0 <= (digit[14] > 0.5).sum() <= 3
    assert not centre(np.zeros((9, 9), np.float32)).any()


def shaded(photo: np.ndarray) -> np.ndarray:
    light = np.linspace(0.45, 1.0, photo.shape[1])[None, :, None]
    return np.rint(photo * light).astype(np.uint8)


def ruled(photo: np.ndarray) -> np.ndarray:
    lined = photo.copy()
    for y in range(20, SIDE, 40):
        cv2.line(lined, (0, y), (319, y + 6), (150, 120, 110), 2, cv2.LINE_AA)
    return np.minimum(lined, photo + np.uint8(0)) if photo.mean() > 127 else lined


def specked(photo: np.ndarray) -> np.ndarray:
    dirty = photo.copy()
    for x, y in np.random.default_rng(0).integers(5, (315, SIDE - 5), (12, 2)):
        cv2.circle(dirty, (int(x), int(y)), 1, (70, 70, 70), -1)
    return dirty


def grained(photo: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(1).normal(0, 6, photo.shape)
    return np.clip(photo + noise, 0, 255).astype(np.uint8)


def shadowed(photo: np.ndarray) -> np.ndarray:
    dark = photo.copy()
    dark[:, :150] //= 2
    return dark


@pytest.mark.parametrize("spoil", [lambda p: p, shaded, ruled, specked, grained, shadowed])
def test_a_digit_is_read_whatever_the_paper(network: RowReaderNetwork, spoil: object) -> None:
    assert answer(network, spoil(seven())) == 7  # type: ignore[operator]


@pytest.mark.parametrize("spoil", [lambda p: p, grained])
def test_chalk_is_read_as_ink_is(network: RowReaderNetwork, spoil: object) -> None:
    assert answer(network, spoil(seven(paper=40, ink=220))) == 7  # type: ignore[operator]


def test_every_stage_is_kept_when_asked_for() -> None:
    prepared = next(proposals(seven(), "mnist", stages=True))
    assert len(prepared.stages) >= 4
    for stage in prepared.stages:
        assert stage.name
        assert stage.picture.dtype == np.uint8
    plain = next(proposals(seven(), "mnist"))
    assert plain.stages == ()
    assert np.array_equal(plain.digit, prepared.digit)


def test_blank_paper_is_doubted() -> None:
    assert next(proposals(np.full((SIDE, 320, 3), 220, np.uint8), "mnist")).doubt


def test_the_reports_steps_by_hand() -> None:
    # Blocks of 2 × 2, so that resizing to 28 × 28 takes each block's own grey.
    blocks = np.full((28, 28), 200, np.uint8)
    blocks[3, 4], blocks[5, 6], blocks[7, 8] = 0, 127, 128
    photo = np.kron(blocks, np.ones((2, 2), np.uint8))
    digit = next(proposals(cv2.cvtColor(photo, cv2.COLOR_GRAY2BGR), "report")).digit
    expected = np.zeros((28, 28), np.float32)
    expected[3, 4] = 1  # 255 - 0 = 255 > 127
    expected[5, 6] = 1  # 255 - 127 = 128 > 127
    assert np.array_equal(digit, expected)  # 255 - 128 = 127 is not above 127


# Reading


def test_alpha_is_put_on_white(tmp_path: Path) -> None:
    pixels = np.zeros((10, 12, 4), np.uint8)  # all transparent
    pixels[2:5, 2:5] = (0, 0, 200, 255)
    (tmp_path / "a.png").write_bytes(encoded("png", pixels))
    picture = read_image(tmp_path / "a.png")
    assert picture[0, 0].tolist() == [255, 255, 255]
    assert picture[3, 3].tolist() == [0, 0, 200]


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    pixels = np.full((10, 12), 0x8080, np.uint16)
    pixels[0, 0] = 0xFFFF
    (tmp_path / "a.png").write_bytes(encoded("png", pixels))
    picture = read_image(tmp_path / "a.png")
    assert picture.shape == (10, 12, 3)
    assert picture[0, 0].tolist() == [255] * 3
    assert picture[5, 5].tolist() == [128] * 3


def test_a_camera_held_upright_is_turned_back(tmp_path: Path) -> None:
    lying = Image.fromarray(np.full((20, 40, 3), 200, np.uint8))
    lying.paste((0, 0, 0), (0, 0, 10, 10))  # at the left, above
    exif = lying.getexif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    buffer = io.BytesIO()
    lying.save(buffer, "JPEG", exif=exif, quality=95)
    (tmp_path / "a.jpg").write_bytes(buffer.getvalue())
    picture = read_image(tmp_path / "a.jpg")
    assert picture.shape == (40, 20, 3)
    assert picture[4, 15].max() < 60  # now at the right, above
    assert picture[35, 4].min() > 150


@pytest.mark.parametrize("kind", ["jpg", "png", "bmp", "tiff", "webp"])
def test_what_opencv_writes_is_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    path.write_bytes(encoded(kind, seven()))
    assert np.abs(read_image(path).astype(int) - seven()).mean() < 3


KINDS = {
    kind: encoded(kind, seven()[40:200:4, 100:220:4])
    for kind in ("jpg", "png", "bmp", "tiff", "webp")
}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_files_are_pictures_or_sentences(
    tmp_path: Path, kind: str, data: st.DataObject, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = bytearray(KINDS[kind])
    for _ in range(data.draw(st.integers(0, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / f"a.{kind}"
    path.write_bytes(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
    with contextlib.suppress(ImageError):
        picture = read_image(path)
        assert picture.ndim == 3
        assert picture.dtype == np.uint8
        next(proposals(picture, "mnist"))
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err == ""


def test_all_samples_are_read(network: RowReaderNetwork) -> None:
    for path in sorted((asset_dir() / "samples").glob("*.jpg")):
        assert answer(network, read_image(path)) == int(path.name[0]), path.name
