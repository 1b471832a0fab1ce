"""What was read, looked at as a person does: moved through, sorted, filtered, labelled, studied."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import Checkbox, Select, Static

from rnn_tui.archive.weights import NETWORKS, choose_shipped
from rnn_tui.photos.digit.prepare import proposals
from rnn_tui.photos.files import read_image
from rnn_tui.photos.reading import Reading
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.ui.photos.detail import DigitBox, PhotoDetail, Stages, StageView
from rnn_tui.ui.photos.grid import LEAST_SIDE, SMALLEST_SIDE, PhotoCard, PhotoGrid, card_text
from rnn_tui.ui.photos.pictures import small
from rnn_tui.ui.widgets.digits import DigitColumn
from rnn_tui.ui.widgets.setting_input import SettingInput
from tests.ui.helpers import busy, press, resize, screen_text, settled
from tests.ui.photos.photos_host import (
    SAMPLES,
    Host,
    all_read,
    cards,
    copy_samples,
    names,
    photos_app,
    readings,
    says,
    selected,
    without_samples,
    write_blank,
    write_strokes,
)

DIGITS = ("0-ballpoint.jpg", "3-blackboard.jpg", "5-small.jpg", "7-ruled.jpg")


def network_of(cell: str) -> RowReaderNetwork:
    """The network of a cell that ships."""
    return NETWORKS.get(choose_shipped("mnist", cell).path, RowReaderNetwork)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    return without_samples(tmp_path, monkeypatch)


@pytest.fixture
def mixed(folder: Path) -> Path:
    """Four digits, a sheet without one, and a file that is no photo."""
    copy_samples(folder / "mixed", DIGITS)
    write_blank(folder / "mixed" / "10 blank.png")
    (folder / "mixed" / "8.png").write_text("no photo")
    return folder / "mixed"


def errors_last(value: Callable[[Reading], object]) -> Callable[[Reading], object]:
    return lambda reading: (bool(reading.error), None if reading.error else value(reading))


async def set_threshold(pilot: Pilot[Any], text: str) -> None:
    field = pilot.app.query_one(SettingInput)
    field.focus()
    field.value = ""
    await press(pilot, *text, "escape")
    await all_read(pilot)


# Moving


@pytest.mark.long
async def test_moving_through_more_photos_than_fit(folder: Path) -> None:
    many = write_strokes(folder / "many", [f"{at}.png" for at in range(30)])
    async with photos_app(many) as (app, pilot):
        assert names(app) == [f"{at}.png" for at in range(30)]  # 2 before 10
        assert says(app, "shown") == "by name · 1–4 of 30"
        for keys, expected, shown in (
            ("right", "1.png", "1–4"),
            ("down", "3.png", "1–4"),
            ("down", "5.png", "3–6"),
            ("pagedown", "9.png", "7–10"),
            ("end", "29.png", "27–30"),
            ("right", "29.png", "27–30"),
            ("down", "29.png", "27–30"),
            ("up", "27.png", "27–30"),
            ("pageup", "23.png", "23–26"),
            ("home", "0.png", "1–4"),
            ("left", "0.png", "1–4"),
        ):
            await press(pilot, keys)
            assert selected(app) == expected, keys
            assert says(app, "shown") == f"by name · {shown} of 30", keys
        assert list(cards(app)) == [f"{at}.png" for at in range(4)]
        # The selected one stays in view whatever the size.
        await press(pilot, "end", "left")
        for size in ((30, 12), (100, 24)):
            await resize(pilot, *size)
            await all_read(pilot)
            assert selected(app) == "28.png"
            assert "28.png" in cards(app)
        # By mouse: a click selects, a double click opens, the wheel moves.
        await press(pilot, "home")
        third = [card for card in app.query(PhotoCard) if card.visible][2]
        await pilot.click(third)
        assert selected(app) == "2.png"
        await pilot.click(third, times=2)
        await all_read(pilot)
        assert says(app, "headline").startswith("3 of 30  2.png")


async def test_sorting_and_filtering(mixed: Path) -> None:
    async with photos_app(mixed) as (app, pilot):
        by_name = [*DIGITS, "8.png", "10 blank.png"]
        assert names(app) == by_name
        await press(pilot, "b")
        confidences = [
            reading.confidence for reading in readings(app)[:-1] if reading.confidence is not None
        ]
        assert confidences == sorted(confidences)
        assert len(confidences) == 5
        assert names(app)[-1] == "8.png"  # what could not be read comes last
        assert says(app, "shown") == "by confidence · 1–4 of 6"
        await press(pilot, "b")
        best = [reading.best for reading in readings(app)]
        assert best[:-1] == sorted(digit for digit in best if digit is not None)
        assert says(app, "shown") == "by prediction · 1–4 of 6"
        await press(pilot, "b")
        assert names(app) == by_name
        await press(pilot, "w")
        assert names(app) == ["8.png", "10 blank.png"]
        assert "no digit" in card_text(readings(app)[-1], 2 * SMALLEST_SIDE).plain
        assert says(app, "shown") == "unsure · by name · 1–2 of 2"
        await press(pilot, "w")
        assert names(app) == []
        assert says(app, "shown").startswith("no photo is wrong")
        # nothing to do it with
        await press(pilot, "enter", "right", "number_sign", "7", "backspace", "e")
        assert len(app.screen_stack) == 1
        assert says(app, "shown").startswith("no photo is wrong")
        await press(pilot, "w", "w")  # the matrix is between
        assert names(app) == by_name


@pytest.mark.long
async def test_the_threshold_decides_what_is_unsure(mixed: Path) -> None:
    async with photos_app(mixed) as (app, pilot):
        assert says(app, "count") == "6 photos · 1 unsure · 1 unreadable"
        await set_threshold(pilot, "100")
        unsure = [
            reading
            for reading in readings(app)
            if reading.confidence is not None and reading.confidence < 1
        ]
        assert says(app, "count") == f"6 photos · {len(unsure)} unsure · 1 unreadable"
        assert cards(app)[DIGITS[0]].startswith("0?")
        await press(pilot, "w")
        assert len(names(app)) == len(unsure) + 1
        app.query_one(SettingInput).value = "101"
        await all_read(pilot)
        assert "100" in says(app, "message")
        assert says(app, "message") in " ".join(screen_text(app).split())
        assert len(names(app)) == len(unsure) + 1  # as before
        await set_threshold(pilot, "0")
        assert says(app, "message") == ""
        assert names(app) == ["8.png", "10 blank.png"]  # no threshold makes a digit of blank paper
        await set_threshold(pilot, "")
        assert says(app, "count") == "6 photos · 1 unsure · 1 unreadable"


@pytest.mark.long
@pytest.mark.parametrize(("size", "least"), [((80, 24), 4), ((120, 40), 12), ((200, 50), 12)])
async def test_cards_fill_the_screen(folder: Path, size: tuple[int, int], least: int) -> None:
    many = write_strokes(folder / "many", [f"{at}.png" for at in range(30)])
    async with photos_app(many, size=size) as (app, _):
        shown = [card.region for card in app.query(PhotoCard) if card.visible]
        gallery = app.panel._grid.region
        assert len(shown) >= least
        assert gallery.height >= size[1] - 11
        assert gallery.bottom - max(card.bottom for card in shown) <= 1
        assert gallery.right - max(card.right for card in shown) <= 1
        side = app.panel._grid._shape[0]
        assert side >= LEAST_SIDE or size[0] < 100
        assert size[0] < 200 or side >= 20


# Labels


def matrix_row(app: Host, digit: int) -> list[str]:
    """Counts of a true digit, and the share that is right."""
    lines = screen_text(app).splitlines()
    lines = [line.strip("│ ") for line in lines]
    head = next(y for y, line in enumerate(lines) if line.split()[:3] == ["0", "1", "2"])
    return lines[head + 1 + digit].split()[1:]


async def test_labels_by_key_and_by_name_give_accuracy_and_confusion(mixed: Path) -> None:
    async with photos_app(mixed) as (app, pilot):
        # A digit labels, and backspace takes it back.
        await press(pilot, "number_sign")
        assert "Which digit is this?" in screen_text(app)
        assert f"{DIGITS[0]} · read as 0 · no label yet" in screen_text(app)
        await press(pilot, "0")
        assert f"{DIGITS[1]} · read as 3 · no label yet" in screen_text(app)
        await press(pilot, "4", "left")
        assert f"{DIGITS[1]} · read as 3 · labelled 4" in screen_text(app)
        await press(pilot, "escape")
        assert [reading.label for reading in readings(app)] == [0, 4, None, None, None, None]
        assert says(app, "count").endswith("1 of 2 right (50.0 %)")
        assert cards(app)[DIGITS[0]].startswith("0 ✓✎")
        assert cards(app)[DIGITS[1]].startswith("3 ✗ 4✎")
        await press(pilot, "number_sign", "3", "left", "escape")
        assert cards(app)[DIGITS[1]].startswith("3 ✓✎")
        await press(pilot, "number_sign", "3", "left", "backspace", "escape")
        assert [reading.label for reading in readings(app)] == [0, None, None, None, None, None]
        # What is unsure or can't be read has a label like any other, but the latter counts not.
        await press(pilot, "end", "number_sign", "1", "left", "8", "escape")
        assert says(app, "count").endswith("1 of 2 right (50.0 %)")
        for key in ("home", "end", "left"):
            await press(pilot, key, "number_sign", "backspace", "escape")
        assert [reading.label for reading in readings(app)] == [None] * 6

        await press(pilot, *"www")
        assert "No photo has a label yet." in screen_text(app)
        box = app.query_one("#photos-named", Checkbox)
        box.focus()
        await press(pilot, "space")
        await all_read(pilot)
        assert says(app, "count").endswith("4 of 4 right (100.0 %)")
        assert "4 of 4 right (100.0 %) · rows: true digit" in screen_text(app)
        await settled(pilot, lambda: re.search(r"\b0 +1 +2 +3", screen_text(app)))
        assert matrix_row(app, 3) == [*"···1·······", "100.00"]
        assert matrix_row(app, 1) == [*"···········", "–"]
        await press(pilot, "escape", "escape")  # to the gallery, out of the field
        assert cards(app)[DIGITS[0]].startswith("0 ✓ ")
        # A press corrects what the name says, and is not lost when names no longer count.
        await press(pilot, "home", "number_sign", "9", "escape")
        assert cards(app)[DIGITS[0]].startswith("0 ✗ 9✎")
        assert says(app, "count").endswith("3 of 4 right (75.0 %)")
        await press(pilot, "w", "w")
        assert names(app) == [DIGITS[0]]
        await press(pilot, "w")
        await all_read(pilot)
        assert matrix_row(app, 9) == [*"1··········", "0.00"]
        box.focus()
        await press(pilot, "space")
        await all_read(pilot)
        assert says(app, "count").endswith("0 of 1 right (0.0 %)")


@pytest.mark.long
async def test_another_network_or_preprocessing_reads_again_and_keeps_labels(mixed: Path) -> None:
    async with photos_app(mixed) as (app, pilot):
        await press(pilot, "right", "number_sign", "4", "escape")
        for place, value in (("network", "RNN"), ("method", "report"), ("network", "biLSTM")):
            before = readings(app)
            app.query_one(f"#photos-{place}", Select).value = value
            await all_read(pilot)
            reader = app.panel._shown_job.reader
            chosen, method = (
                str(app.query_one(f"#photos-{name}", Select).value)
                for name in ("network", "method")
            )
            model = chosen.lower()
            assert (reader.network.config.cell, reader.method) == (model, method)
            assert not {map(id, before)} & {map(id, readings(app))}
            assert names(app) == [*DIGITS, "8.png", "10 blank.png"]
            assert readings(app)[1].label == 4
            digit = next(proposals(read_image(mixed / DIGITS[0]), method)).digit
            expected = network_of(model).chances(digit[None])[0, :10]
            expected /= expected.sum()
            assert readings(app)[0].probabilities == pytest.approx(expected, abs=1e-5)


# One photo in full


def headline(app: Host) -> str:
    return says(app, "headline")


def bars(app: Host) -> list[str]:
    """The heads of the answers."""
    return [str(column.border_title) for column in app.query(DigitColumn) if column.display]


@pytest.mark.long
async def test_the_detail_view_shows_stages_and_every_networks_answer(mixed: Path) -> None:
    async with photos_app(mixed, size=(120, 40)) as (app, pilot):
        await press(pilot, "enter")
        await all_read(pilot)
        assert headline(app).startswith(f"1 of 6  {DIGITS[0]}  0  ")
        heads = bars(app)
        assert [head.split(":")[0] for head in heads] == [
            "LSTM",
            "RNN",
            "biLSTM",
            "LSTM · report",
        ]
        assert heads[0] == "LSTM: 0"
        picture = read_image(mixed / DIGITS[0])
        ways = {
            method: next(proposals(picture, method, stages=True)) for method in ("mnist", "report")
        }
        examination = app.query_one(PhotoDetail)._examination
        assert examination is not None
        asked = (("lstm", "mnist"), ("rnn", "mnist"), ("bilstm", "mnist"), ("lstm", "report"))
        for (_, answer), (model, method) in zip(examination.answers, asked, strict=True):
            network = network_of(model)
            expected = network.chances(ways[method].digit[None])[0, :-1]
            assert answer.probabilities == pytest.approx(expected.tolist(), abs=1e-5)
            best = f"{100 * max(answer.probabilities):.1f} %"
            assert best in screen_text(app)
        captions = [
            str(view.query_one(".name", Static).content)
            for view in app.query(StageView)
            if view.display
        ]
        stages = [
            (number, stage.name)
            for way in ways.values()
            for number, stage in enumerate(way.stages, 1)
        ]
        assert captions == [f"{number} {name}" for number, name in stages]
        assert np.array_equal(examination.prepared[0][1].digit, ways["mnist"].digit)
        await press(pilot, "end")
        await all_read(pilot)
        assert captions[-1].rpartition(" ")[0] in screen_text(app)  # its last word may wrap
        # A digit corrects here too.
        await press(pilot, "home", "number_sign", "9", "left", "escape")
        await all_read(pilot)
        assert "  0 ✗ 9✎  " in headline(app)
        assert bars(app)[0] == "LSTM: 0 ✗"
        await press(pilot, "backspace")
        await all_read(pilot)
        assert "✗" not in headline(app) + bars(app)[0]


@pytest.mark.long
async def test_arrow_keys_step_through_photos_good_and_bad(mixed: Path) -> None:
    for name in DIGITS[1:]:
        (mixed / name).unlink()
    async with photos_app(mixed) as (app, pilot):
        await press(pilot, "enter")
        for key, expected in (
            ("left", f"1 of 3  {DIGITS[0]}"),
            ("right", "2 of 3  8.png  not an image"),
            ("right", "3 of 3  10 blank.png"),
            ("right", "3 of 3  10 blank.png"),
            ("left", "2 of 3  8.png"),
        ):
            await press(pilot, key)
            await all_read(pilot)
            assert headline(app).startswith(expected), key
            assert bool(bars(app)) == ("8.png" not in expected)
            assert ("No digit found" in headline(app)) == ("blank" in expected)
        await press(pilot, "escape")
        await settled(pilot, lambda: isinstance(app.focused, PhotoGrid))
        assert selected(app) == "8.png"
        # Through the filter alone, and back to the gallery when nothing is left.
        await press(pilot, "home", "number_sign", "9", "escape", "w", "w", "enter")
        await all_read(pilot)
        assert headline(app).startswith(f"1 of 1  {DIGITS[0]}")
        await press(pilot, "number_sign", "0")
        await settled(pilot, lambda: isinstance(app.focused, PhotoGrid))
        assert says(app, "shown").startswith("no photo is wrong")


# Several digits in one photo


@pytest.mark.long
async def test_the_digits_of_a_number_have_boxes_and_one_of_them_is_looked_at(folder: Path) -> None:
    async with photos_app(SAMPLES / "numbers" / "1984.jpg", size=(120, 40)) as (app, pilot):
        assert cards(app)["1984.jpg"].startswith("1984 ")
        card = next(card for card in app.query(PhotoCard) if card.visible)
        plain = small(SAMPLES / "numbers" / "1984.jpg")
        await settled(pilot, lambda: card._photo._picture is not None)
        framed = card._photo._picture
        assert plain is not None
        assert framed is not None
        # Four frames of one pixel; what is within them stays.
        changed = (framed != plain).any(axis=2)
        assert 4 * 2 * 40 < changed.sum() < 0.1 * changed.size
        await press(pilot, "enter")
        await all_read(pilot)
        assert "1984" in headline(app)
        boxes = [box for box in app.query(DigitBox) if box.display]
        assert [str(box.content).split()[0] for box in boxes] == list("1984")
        for at, digit in enumerate("1984"):
            await press(pilot, "tab")
            await settled(pilot, lambda at=at: app.focused is boxes[at] and not busy(app.panel))
            assert bars(app)[0] == f"LSTM: {digit}"
            given = app.panel.digit_at_hand
            assert given is not None
            assert given.digit is readings(app)[0].digits[at].digit
        assert [stages.display for stages in app.query(Stages)] == [True, False]
        await press(pilot, "escape")
        await settled(pilot, lambda: isinstance(app.focused, PhotoGrid))


@pytest.mark.long
async def test_how_many_digits_photos_show_is_chosen_in_the_form(folder: Path) -> None:
    async with photos_app(SAMPLES / "numbers" / "1984.jpg", size=(120, 40)) as (app, pilot):
        assert readings(app)[0].rows
        app.query_one("#photos-number", Select).value = "one"
        await all_read(pilot)
        assert not readings(app)[0].rows
