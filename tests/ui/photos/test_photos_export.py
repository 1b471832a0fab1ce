"""Photos written to files: read back with what will read them, and nothing replaced unasked."""

import csv
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import Checkbox, Static

from rnn_tui.tasks.mnist.data import load_extra
from rnn_tui.ui.photos.screens import PhotosExportScreen
from rnn_tui.ui.widgets.path_input import PathInput
from tests.ui.helpers import idle, notices, press, settled
from tests.ui.photos.photos_host import Host, photos_app, readings, without_samples, write_strokes


@pytest.fixture
def four(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four small photos, beside which one writes."""
    return write_strokes(without_samples(tmp_path, monkeypatch) / "photos")


def note(app: Host) -> str:
    return str(app.screen.query_one(".prompt-note", Static).content)


async def enter(pilot: Pilot[Any], path: str) -> None:
    """Type a path and press Enter, and wait for an answer."""
    screen = pilot.app.screen
    assert isinstance(screen, PhotosExportScreen)
    screen.query_one(PathInput).value = path
    await idle(pilot)
    await answer(pilot)


async def answer(pilot: Pilot[Any]) -> None:
    screen = pilot.app.screen
    assert isinstance(screen, PhotosExportScreen)
    await press(pilot, "enter")
    await settled(pilot, lambda: not screen._writing)


async def test_a_table_of_the_photos_that_are_shown(four: Path) -> None:
    (four / "bad.png").write_text("no photo")
    async with photos_app(four) as (app, pilot):
        await press(pilot, "number_sign", "0", "1", "escape", "e")
        assert note(app) == "5 photos, one per line."
        assert app.screen.query_one(PathInput).value == "photos.csv"
        await answer(pilot)
        assert notices(app) == ["5 photos written to photos.csv."]
        with Path("photos.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        for row, reading in zip(rows, readings(app), strict=True):
            assert row["path"] == str(reading.path)
            assert row["label"] == ("" if reading.label is None else str(reading.label))
            assert row["error"] == reading.error
            if not reading.error:
                assert float(row["confidence"]) == pytest.approx(reading.confidence, abs=1e-6)
                total = sum(float(row[f"p{digit}"]) for digit in range(10))
                assert total == pytest.approx(1, abs=1e-4)
        assert [row["label"] for row in rows] == ["0", "1", "", "", ""]
        # Only those that the filter lets through.
        await press(pilot, "w", "w", "e")
        await enter(pilot, "wrong ones.csv")
        with Path("wrong ones.csv").open(newline="") as file:
            assert [row["path"] for row in csv.DictReader(file)] == [str(four / "0-a.png")]


async def test_images_with_labels_are_what_training_takes(four: Path) -> None:
    async with photos_app(four) as (app, pilot):
        await press(pilot, "e", "down")
        assert app.screen.query_one(PathInput).value == "photos.npz"
        assert note(app) == "0 photos; 4 without a label are left out."
        await answer(pilot)
        assert note(app) == "No photo has a label: press # on a photo to label it."
        assert not Path("photos.npz").exists()
        await press(pilot, "escape", "number_sign", "7", "4", "escape", "e")
        for downs, path, images in (
            (1, "my.npz", "my.npz"),
            (2, "new/my photos", "new/my photos/images-idx3-ubyte"),
        ):
            await press(pilot, *["down"] * downs)
            await idle(pilot)
            assert note(app) == "2 photos; 2 without a label are left out."
            await enter(pilot, path)
            assert notices(app)[-1] == f"2 photos with labels written to {path}."
            loaded, labels = load_extra(images)
            assert labels.tolist() == [7, 4]
            for image, reading in zip(loaded.numpy(), readings(app), strict=False):
                assert reading.digit is not None
                assert np.array_equal(image, np.rint(255 * reading.digit).astype(np.uint8))
            await press(pilot, "e")
        # A prediction counts where there is no label, if that is wanted.
        await press(pilot, "down")
        app.screen.query_one(Checkbox).value = True
        await idle(pilot)
        assert note(app) == "4 photos."
        await enter(pilot, "all.npz")
        predicted = [reading.prediction for reading in readings(app)[2:]]
        assert load_extra("all.npz")[1].tolist() == [7, 4, *predicted]


@pytest.mark.long
async def test_nothing_is_replaced_before_a_second_enter(four: Path) -> None:
    table = Path("mine.csv")
    table.write_text("precious")
    Path("table too.csv").write_text("precious")
    async with photos_app(four) as (app, pilot):
        await press(pilot, "e")
        await enter(pilot, "mine.csv")
        assert note(app) == "Already there: mine.csv. Press Enter again to replace."
        # Another path has to be confirmed by itself.
        await enter(pilot, "table too.csv")
        assert note(app) == "Already there: table too.csv. Press Enter again to replace."
        await enter(pilot, "mine.csv")
        assert table.read_text() == Path("table too.csv").read_text() == "precious"
        await answer(pilot)
        assert notices(app) == ["4 photos written to mine.csv."]
        assert table.read_text().startswith("path,")
        assert Path("table too.csv").read_text() == "precious"
        os.mkdir("idx")
        Path("idx/labels-idx1-ubyte").write_text("precious")
        await press(pilot, "number_sign", "5", "escape", "e", "up")
        await enter(pilot, "idx")
        assert note(app).startswith("Already there: labels-idx1-ubyte.")
        await press(pilot, "escape")
        assert os.listdir("idx") == ["labels-idx1-ubyte"]


@pytest.mark.long
async def test_a_path_that_cant_be_written_is_a_sentence(four: Path) -> None:
    async with photos_app(four) as (app, pilot):
        await press(pilot, "e")
        for path, sentence in (
            ("nowhere/photos.csv", "nowhere/photos.csv"),
            ("/proc/photos.csv", "/proc/photos.csv"),
            ("photos/0-a.png/x.csv", "photos/0-a.png/x.csv"),
            ("n" * 300 + ".csv", "nnnn"),
            ("", "Type the path of the file to write."),
        ):
            await enter(pilot, path)
            assert sentence in note(app)
            assert note(app).endswith(".")
            assert app.screen.query_one(".prompt-note").has_class("-wrong")
            assert app.screen.query_one(PathInput).value == path
        await enter(pilot, "photos")
        await answer(pilot)
        assert "folder" in note(app)
        before = sorted(os.listdir())
        await press(pilot, "escape")
        assert not isinstance(app.screen, PhotosExportScreen)
        assert sorted(os.listdir()) == before
        assert notices(app) == []
