"""What is exported is read back: as a table, as numpy's arrays, as MNIST's own files."""

import csv
import os
import struct
from pathlib import Path

import numpy as np
import pytest

from rnn_tui.engine.errors import DataError
from rnn_tui.engine.tables import cells_of
from rnn_tui.photos import export
from rnn_tui.photos.export import (
    HEAD,
    IDX_IMAGES,
    IDX_LABELS,
    files_to_replace,
    labelled_images,
    write_idx,
    write_npz,
    write_table,
)
from rnn_tui.photos.reading import Reading


def reading(name: str, best: int, label: int | None = None, doubt: str = "") -> Reading:
    random = np.random.default_rng(best)
    digit = random.random((28, 28), np.float32)
    probabilities = np.full(10, 0.02, np.float32)
    probabilities[best] = 0.82
    return Reading(Path(name), digit, probabilities, confidence=0.82, doubt=doubt, label=label)


READINGS = [
    reading("a.png", 3, label=3),
    reading("b.png", 4),
    reading("c.png", 5, label=7),
    reading("d.png", 6, doubt="Unsure: 6 (40 %) or 5 (30 %)"),
    Reading(Path("e.png"), error="not an image", label=8),
]


def test_only_photos_with_a_label_are_exported_unless_predictions_count() -> None:
    assert labelled_images(READINGS).labels.tolist() == [3, 7]
    data = labelled_images(READINGS, predicted=True)
    assert data.labels.tolist() == [3, 4, 7]
    assert data.images.shape == (3, 28, 28)
    assert data.images.dtype == data.labels.dtype == np.uint8
    digit = READINGS[1].digit
    assert digit is not None
    np.testing.assert_array_equal(data.images[1], np.rint(digit * 255))
    assert labelled_images([]).images.shape == (0, 28, 28)


def test_of_a_number_each_digit_is_exported_once_predictions_count() -> None:
    digits = [reading("19.png", 1), reading("19.png", 9), reading("19.png", 4, doubt="Unsure")]
    number = Reading(Path("19.png")).with_rows([digits])
    assert labelled_images([number, READINGS[0]]).labels.tolist() == [3]
    assert labelled_images([number], predicted=True).labels.tolist() == [1, 9]


def test_npz_is_read_back_under_the_name_that_was_typed(tmp_path: Path) -> None:
    data = labelled_images(READINGS, predicted=True)
    write_npz(tmp_path / "photos", data)
    assert os.listdir(tmp_path) == ["photos"]
    with np.load(tmp_path / "photos", allow_pickle=False) as file:
        assert sorted(file) == ["images", "labels"]
        np.testing.assert_array_equal(file["images"], data.images)
        np.testing.assert_array_equal(file["labels"], data.labels)


def test_idx_is_what_mnist_has(tmp_path: Path) -> None:
    data = labelled_images(READINGS, predicted=True)
    write_idx(tmp_path / "new" / "folder", data)
    folder = tmp_path / "new" / "folder"
    images = (folder / IDX_IMAGES).read_bytes()
    assert struct.unpack(">4I", images[:16]) == (0x803, 3, 28, 28)
    assert images[16:] == data.images.tobytes()
    labels = (folder / IDX_LABELS).read_bytes()
    assert struct.unpack(">2I", labels[:8]) == (0x801, 3)
    assert labels[8:] == bytes([3, 4, 7])


def test_torchvision_reads_idx(tmp_path: Path) -> None:
    mnist = pytest.importorskip("torchvision.datasets.mnist")
    data = labelled_images(READINGS)
    write_idx(tmp_path, data)
    images = mnist.read_image_file(str(tmp_path / IDX_IMAGES))
    np.testing.assert_array_equal(images.numpy(), data.images)
    assert mnist.read_label_file(str(tmp_path / IDX_LABELS)).tolist() == [3, 7]


def test_the_table_has_a_row_a_photo_whatever_the_names(tmp_path: Path) -> None:
    odd = os.fsdecode(b"\xff\xfe.png")
    hostile = ['a,b\n"c".png', "=1+1", "\x1b[2J", "[red]x[/red]", odd, "é.png"]
    rows = [*READINGS, *(reading(name, 1) for name in hostile)]
    write_table(tmp_path / "t.csv", rows)
    path = tmp_path / "t.csv"
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        table = list(csv.DictReader(file))
    assert list(table[0]) == HEAD
    assert [row["path"] for row in table] == [
        *(str(photo.path) for photo in READINGS),
        'a,b�"c".png',
        "'=1+1",
        "�[2J",
        *hostile[3:],
    ]
    assert [row["prediction"] for row in table[:5]] == ["3", "4", "5", "", ""]
    assert [row["label"] for row in table[:5]] == ["3", "", "7", "", "8"]
    assert float(table[0]["confidence"]) == pytest.approx(0.82)
    assert float(table[0]["p3"]) == pytest.approx(0.82)
    assert table[3]["doubt"].startswith("Unsure")
    assert table[4]["error"] == "not an image"


def test_the_table_is_the_same_as_predict_prints(capsys: pytest.CaptureFixture[str]) -> None:
    import sys  # noqa: PLC0415 - its stdout is captured by now

    from rnn_tui.cli.predict import _Table as Table  # noqa: PLC0415

    Table(sys.stdout).show(READINGS)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split(",") == HEAD
    assert [line.split(",") for line in printed[1:]] == [
        list(cells_of(photo, export.TABLE_COLUMNS)) for photo in READINGS
    ]


def test_a_file_that_is_there_is_named_beforehand(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    assert files_to_replace(path, idx=False) == []
    path.touch()
    assert files_to_replace(path, idx=False) == [path]
    assert files_to_replace(tmp_path, idx=True) == []
    (tmp_path / IDX_LABELS).touch()
    assert files_to_replace(tmp_path, idx=True) == [tmp_path / IDX_LABELS]


@pytest.mark.parametrize("name", ["missing/x.npz", ".", "a" * 300, "a\0b"])
def test_what_cant_be_written_is_a_sentence(tmp_path: Path, name: str) -> None:
    data = labelled_images(READINGS)
    with pytest.raises(DataError, match=r"can't be written: .*\.$"):
        write_npz(tmp_path / name, data)
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"can't be written: .*\.$"):
        write_idx(tmp_path / "file" / name, data)


def test_a_failure_keeps_the_old_file_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.npz"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(DataError, match="no space left"):
        write_npz(path, labelled_images(READINGS))
    assert os.listdir(tmp_path) == ["x.npz"]
    assert path.read_text() == "old"


def test_files_have_the_rights_of_others_and_links_stay(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.touch()
    link.symlink_to(target)
    write_npz(link, labelled_images(READINGS))
    assert link.is_symlink()
    assert target.stat().st_size > 0
    plain = tmp_path / "plain"
    plain.touch()
    assert target.stat().st_mode == plain.stat().st_mode
