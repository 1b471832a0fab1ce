"""What is no readable photo is refused in a few words, and never waited for."""

import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.photos.files import ImageError, read_header, read_image
from tests.measured import operations

PHOTO = np.random.default_rng(0).integers(0, 256, (80, 90, 3)).astype(np.uint8)


def encoded(kind: str) -> bytes:
    return cv2.imencode(f".{kind}", PHOTO)[1].tobytes()


def png_of(width: int, height: int) -> bytes:
    """A PNG that claims a size, with hardly any data."""

    def chunk(name: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"x") + chunk(b"IEND", b"")
    )


FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty file"),
    "text": (b"no photo at all", "not an image"),
    "heic": (b"\x00\x00\x00\x18ftypheic" + bytes(20), "HEIC photo; save it as JPEG"),
    "truncated JPEG": (encoded("jpg")[:-400], "cut off before its end"),
    "truncated PNG": (encoded("png")[:-400], "cut off before its end"),
    "truncated BMP": (encoded("bmp")[:-400], "cut off before its end"),
    "truncated WebP": (encoded("webp")[:-400], "cut off before its end"),
    "JPEG's beginning": (encoded("jpg")[:30], "not an image"),
    "enormous": (png_of(2**31 - 1, 2**31 - 1), "larger than 50 megapixels"),
    "too large": (png_of(10_000, 5_001), "larger than 50 megapixels"),
    "no data": (png_of(20, 20), "damaged"),
}


LONG = {
    "padding of a JPEG": b"\xff\xd8" + b"\xff" * 200_000 + b"\xff\xd9",
    "segments of a JPEG": b"\xff\xd8" + b"\xff\xe5\0\x02" * 50_000 + b"\xff\xd9",
    "junk in a JPEG": b"\xff\xd8\xff\xe5\0\x02" + bytes(2_000_000) + b"\xff\xd9",
    "junk behind a JPEG's segment": b"\xff\xd8\xff\xe5\0\x02" + bytes(2_000_000),
    "chunks of a PNG": b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0IHDR\xa8\xa1\xae\x0a" * 150_000,
    "chunks of a WebP": b"RIFF\xff\xff\xff\0WEBP" + b"ABCD\0\0\0\0" * 150_000,
}


@pytest.mark.parametrize("kind", LONG)
def test_a_beginning_without_end_is_not_gone_through(kind: str) -> None:
    assert operations(lambda: read_header(LONG[kind])) < 600_000


def test_a_jpeg_with_large_descriptions_is_read(tmp_path: Path) -> None:
    photo = encoded("jpg")
    described = photo[:2] + b"\xff\xe1\xff\xff" * 1 + bytes(65_533) + photo[2:]
    path = tmp_path / "described.jpg"
    path.write_bytes(described)
    assert read_image(path).shape == PHOTO.shape


def test_a_long_strip_of_one_row_is_read(tmp_path: Path) -> None:
    path = tmp_path / "strip.jpg"
    cv2.imwrite(str(path), np.full((1, 3000, 3), 200, np.uint8))
    assert read_image(path).shape[1] >= 750  # reduced, and not to nothing


@pytest.mark.parametrize("name", FILES)
def test_bytes_that_are_no_photo_say_why(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    data, reason = FILES[name]
    path = tmp_path / "x.jpg"
    path.write_bytes(data)
    with pytest.raises(ImageError) as caught:
        read_image(path)
    assert str(caught.value) == reason
    assert capfd.readouterr() == ("", "")


def test_damage_inside_a_jpeg_leaves_no_words_on_the_screen(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.jpg"
    for at in range(700, 3000, 100):
        data = bytearray(encoded("jpg"))
        data[at : at + 8] = bytes(range(1, 9))
        path.write_bytes(bytes(data))
        assert read_image(path).shape == PHOTO.shape
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_is_the_same_picture(tmp_path: Path, mode: str) -> None:
    image = pytest.importorskip("PIL.Image")
    plane = np.kron(np.array([[0, 255], [255, 0]], np.uint8), np.ones((9, 9), np.uint8))
    if mode == "I;16":
        picture = image.fromarray(plane.astype(np.uint16) * 257)
    else:
        picture = image.fromarray(plane).convert(mode)
    picture.save(tmp_path / "x.png")
    assert np.array_equal(read_image(tmp_path / "x.png"), np.repeat(plane[:, :, None], 3, axis=2))


def circle(path: Path) -> None:
    path.symlink_to(path)


def dangling(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def nothing(path: Path) -> None:
    path.unlink(missing_ok=True)


PLACES: dict[str, tuple[Callable[[Path], None], str]] = {
    "folder": (Path.mkdir, "a folder, not a file"),
    "pipe": (os.mkfifo, "not a regular file"),
    "link in a circle": (circle, "a circular link"),
    "link to nowhere": (dangling, "a link that leads nowhere"),
    "nothing": (nothing, "no such file"),
}


@pytest.mark.parametrize("name", PLACES)
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, name: str) -> None:
    make, reason = PLACES[name]
    path = tmp_path / "x.jpg"
    make(path)
    with pytest.raises(ImageError) as caught:
        read_image(path)
    assert str(caught.value) == reason


def test_devices_and_odd_names_are_refused() -> None:
    for path in ("/dev/zero", "/dev/tty", "a\0b.jpg", "x" * 5000, "/etc/passwd/x.jpg"):
        with pytest.raises(ImageError):
            read_image(path)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_turns_are_those_of_others(tmp_path: Path, kind: str, orientation: int) -> None:
    image = pytest.importorskip("PIL.Image")
    operations = pytest.importorskip("PIL.ImageOps")
    blocks = np.kron(PHOTO[:3, :4], np.ones((16, 16, 1), np.uint8))
    picture = image.fromarray(blocks)
    exif = picture.getexif()
    exif[0x0112] = orientation
    path = tmp_path / "x"
    options = {"quality": 98} if kind in ("JPEG", "WEBP") else {}
    picture.save(path, kind, exif=exif, **options)
    expected = np.asarray(operations.exif_transpose(image.open(path)).convert("RGB"), np.int16)
    found = read_image(path)[:, :, ::-1].astype(np.int16)
    assert found.shape == expected.shape
    assert np.abs(found - expected).mean() < 8


def test_a_large_photo_is_reduced(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    rows, columns = np.mgrid[:3000, :2200]
    plane = ((rows // 40 + columns // 40) % 2 * 200).astype(np.uint8)
    cv2.imwrite(str(path), np.repeat(plane[:, :, None], 3, axis=2))
    assert read_image(path).shape == (1500, 1100, 3)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("jpg", []),
        ("png", []),
        ("bmp", []),
        ("tiff", []),
        ("webp", [cv2.IMWRITE_WEBP_QUALITY, 80]),
        ("webp", [cv2.IMWRITE_WEBP_QUALITY, 101]),  # without loss
    ],
)
@settings(max_examples=20)
@given(st.integers(1, 300), st.integers(1, 300))
def test_a_header_tells_how_large_a_picture_is(
    kind: str, options: list[int], width: int, height: int
) -> None:
    picture = np.full((height, width, 3), 200, np.uint8)
    header = read_header(cv2.imencode(f".{kind}", picture, options)[1].tobytes())
    assert header is not None
    assert (header.width, header.height) == (width, height)
    assert header.complete
    assert header.intact
