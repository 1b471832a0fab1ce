"""Reading photos in the MNIST tab as a person does: by keys, with weights and photos that ship."""

import itertools
import shlex
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Checkbox, TabbedContent

from rnn_tui.photos import reader as reading
from rnn_tui.ui.photos.panel import PhotosPanel
from rnn_tui.ui.photos.screens import PhotoTree
from rnn_tui.ui.widgets.path_input import PathInput
from rnn_tui.ui.widgets.setting_input import SettingInput
from tests.ui.helpers import APP_KEYS, SIZES, idle, press, resize, screen_text, settled
from tests.ui.photos.photos_host import (
    STROKES,
    all_read,
    cards,
    names,
    paste,
    photos_app,
    readings,
    says,
    type_path,
    without_samples,
    write_strokes,
)

THREADS = ("reading photos", "counting photos", "thumbnails", "photos_")


@pytest.fixture
def no_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    return without_samples(tmp_path, monkeypatch)


@pytest.fixture
def four(no_samples: Path) -> Path:
    """A folder with four small photos."""
    return write_strokes(no_samples / "photos")


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Photos whose names begin with 3 or more are not read before this is set."""
    go_on, read = threading.Event(), reading.read_image

    def waiting(path: Path, *stopping: Any) -> Any:
        if path.name >= "3":
            go_on.wait(60)
        return read(path, *stopping)

    monkeypatch.setattr(reading, "read_image", waiting)
    yield go_on
    go_on.set()


def active_timers(panel: PhotosPanel) -> list[Any]:
    widgets = [panel, *panel.walk_children()]
    timers = itertools.chain.from_iterable(widget._timers for widget in widgets)
    return [timer for timer in timers if timer._active.is_set()]


def left_over() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(THREADS)]


# At first look


async def test_the_samples_are_there_at_first_look_and_then_nothing_wakes_up() -> None:
    async with photos_app(size=(120, 40)) as (app, pilot):
        assert len(names(app)) == 12
        for name in names(app):
            best = cards(app)[name].split()[0]
            assert best == name[0], name
        assert says(app, "count") == "12 photos"
        assert says(app, "shown") == "by name · 1–12 of 12"
        assert app.query_one(PathInput).value == ""
        assert not active_timers(app.panel)
        # A look elsewhere and back reads nothing anew.
        before = readings(app)
        app.screen.set_focus(None)
        app.query_one(TabbedContent).active = "other"
        await all_read(pilot)
        app.query_one(TabbedContent).active = "panel"
        await all_read(pilot)
        assert all(one is other for one, other in zip(before, readings(app), strict=True))


@pytest.mark.long
async def test_every_size_draws_every_view_in_the_light_theme_too(four: Path) -> None:
    async with photos_app(four) as (app, pilot):
        app.theme = "textual-light"
        for size in SIZES:
            await resize(pilot, *size)
            for view, key, expected in (
                ("gallery", "escape", "0-a.png"),
                ("detail", "enter", "1 of 4"),
                ("matrix", "w", "No photo has a label"),
                ("export", "e", "Enter writes"),
            ):
                await press(pilot, *[key] * (3 if view == "matrix" else 1))
                await all_read(pilot)
                lines = screen_text(app).splitlines()
                assert len(lines) == size[1]
                assert expected in "\n".join(lines), (size, view)
                for word in ("Open", "Show", "Sort", "Export"):
                    assert word in lines[-1] or view == "export", (size, view)
                assert ("# Label" in lines[-1]) == (view in ("gallery", "detail"))
                assert ("Enter Detail" in lines[-1]) == (view == "gallery")
                assert ("←→ More" in lines[-1]) == (view == "detail")
            await press(pilot, "escape", "escape")
        await resize(pilot, 10, 3)
        await all_read(pilot)


# Paths


async def test_a_typed_folder_is_completed_with_tab_and_read_with_enter(four: Path) -> None:
    write_strokes(four / "more", ["9.png"])
    write_strokes(four, [".hidden.png"])
    (four / "notes.txt").touch()
    async with photos_app() as (app, pilot):
        assert "type the path of a photo" in screen_text(app)
        field = app.query_one(PathInput)
        await press(pilot, "slash", *"ph")
        await settled(pilot, lambda: field._suggestion)
        await press(pilot, "tab")
        assert (field.value, app.focused) == ("photos/", field)
        await press(pilot, "enter")
        await all_read(pilot)
        assert names(app) == list(STROKES)
        assert says(app, "count") == "4 photos"
        assert not app.focused or field not in app.focused.ancestors_with_self
        box = app.query_one("#photos-recursive", Checkbox)
        box.focus()
        await press(pilot, "space")
        await all_read(pilot)
        assert names(app) == [*STROKES, "9.png"]
        await press(pilot, "space")
        await all_read(pilot)
        assert names(app) == list(STROKES)
        # Where there is nothing to complete, Tab goes on.
        field.focus()
        field.value = "nothing-like-that"
        await press(pilot, "tab")
        assert app.focused is app.query_one("#photos-number")


@pytest.mark.long
async def test_pasted_paths_are_read_at_once(four: Path) -> None:
    zero, three, *_ = (four / name for name in STROKES)
    odd = zero.rename(four / "it's “my” \N{MAN}\u200d\N{WOMAN} [b]0[bold.jpg")
    escaped = "".join(f"\\{letter}" if letter in " '“”[]" else letter for letter in str(odd))
    async with photos_app() as (app, pilot):
        for text, expected in (
            (f"{three}", [three]),
            (shlex.quote(str(odd)), [odd]),
            (escaped, [odd]),
            (odd.as_uri(), [odd]),
            (f"{odd.as_uri()}\r\n{three.as_uri()}\r\n", [odd, three]),
            (f"{escaped} '{three}'", [odd, three]),
            (f"{four}", [four / STROKES[1], four / STROKES[2], four / STROKES[3], odd]),
        ):
            await paste(pilot, text)
            assert says(app, "message") == ""
            assert sorted(reading.path for reading in readings(app)) == sorted(expected), text
        # What the field has then is as good, for Enter.
        field = app.query_one(PathInput)
        await paste(pilot, f"{three}\n{odd}\n")
        await type_path(pilot, field.value)
        assert sorted(reading.path for reading in readings(app)) == sorted([three, odd])
        # In the field, a paste may be the beginning of something longer: it waits for Enter.
        field.value = ""
        field.focus()
        await paste(pilot, str(three))
        assert field.value == str(three)
        assert len(readings(app)) == 2
        # Half a character, which a terminal does not send, is in no file's name.
        field.value = ""
        await paste(pilot, "\ud800\n\ud800")
        assert field.value
        assert "\ud800" not in field.value


async def test_a_bad_path_is_a_sentence_and_the_apps_keys_stay_the_apps(four: Path) -> None:
    (four / "empty").mkdir()
    async with photos_app(four) as (app, pilot):
        keys = [key for key in APP_KEYS if key != "n"]
        await press(pilot, *keys, "plus")
        assert app.commands == [*keys, "plus"]
        before = len(app.commands)
        field = app.query_one(PathInput)
        field.value = ""
        await press(pilot, "slash", *"tqbwe0", "plus")
        assert field.value == "tqbwe0+"
        app.query_one(SettingInput).focus()
        await press(pilot, "t", "7")
        assert app.commands[before:] == ["t"]
        assert app.query_one(SettingInput).value == "7"
        # Esc leaves the field; at the end it is left to the app.
        await press(pilot, "escape", "t")
        assert app.focused is app.panel._grid
        assert readings(app)[0].label is None

        for text, sentence in (
            ("nowhere.png", "There is no file or folder nowhere.png."),
            ("a.png [b].png", "There is no file or folder a.png; 1 more missing."),
            ("  ", "Type the path of a photo, or of a folder of photos."),
            ("file://[x", "There is no file or folder file:/[x."),
            (
                "photos/empty",
                "No JPEG, PNG, BMP, TIFF or WebP here; tick “subfolders” to look deeper.",
            ),
        ):
            await type_path(pilot, text)
            assert says(app, "message") == sentence
            assert field.value == text
            assert names(app) == list(STROKES)
            assert sentence in " ".join(screen_text(app).split())
        # The tree opens all the same, whatever is in the field.
        await type_path(pilot, "file://[x")
        await press(pilot, "o")
        await idle(pilot)
        assert app.screen.query(PhotoTree)
        await press(pilot, "escape")
        await type_path(pilot, "photos")
        assert says(app, "message") == ""


@pytest.mark.long
async def test_a_single_file_of_several_that_is_missing_costs_one_card(four: Path) -> None:
    async with photos_app(four / STROKES[0], four / "gone.png") as (app, _):
        assert names(app) == [STROKES[0], "gone.png"]
        assert "no such file" in cards(app)["gone.png"]
        assert says(app, "count") == "2 photos · 1 unreadable"


@pytest.mark.long
async def test_pictures_of_other_kinds_in_a_folder_are_counted(four: Path) -> None:
    (four / "IMG_1.HEIC").touch()
    async with photos_app(four) as (app, _):
        assert names(app) == list(STROKES)
        sentence = "1 picture was not read (.heic): convert them to JPEG or PNG."
        assert says(app, "message") == sentence


# In mid-reading


async def test_what_was_read_stays_when_reading_is_stopped_and_quitting_leaves_no_thread(
    four: Path, gate: threading.Event
) -> None:
    write_strokes(four, ["1.png", "2.png"])
    async with photos_app() as (app, pilot):
        app.panel.read([four])
        await settled(pilot, lambda: len(names(app)) == 3)
        assert names(app) == [STROKES[0], "1.png", "2.png"]
        assert says(app, "count").startswith("Reading: 3 of 6")
        assert "Esc stops" in says(app, "count")
        assert active_timers(app.panel)
        # What was read can be looked at meanwhile.
        await press(pilot, "right", "number_sign", "7", "escape")
        assert says(app, "count").startswith("Reading: 3 of 6")
        await press(pilot, "escape")
        gate.set()
        await all_read(pilot)
        await settled(pilot, lambda: set(left_over()) <= {"thumbnails"})
        assert names(app) == [STROKES[0], "1.png", "2.png"]
        assert says(app, "count").startswith("3 photos")
        assert not active_timers(app.panel)
        # And reading goes on, if told to.
        await type_path(pilot, str(four))
        assert len(names(app)) == 6
        assert readings(app)[1].label == 7

        gate.clear()
        app.panel.read([write_strokes(four.parent / "other", ["0.png", "3.png"])])
        await settled(pilot, lambda: names(app) == ["0.png"])
        assert "reading photos" in left_over()
        app.exit()
    gate.set()
    end = time.monotonic() + 60
    while left_over():
        assert time.monotonic() < end, left_over()
        time.sleep(0.01)


@pytest.mark.long
async def test_another_folder_takes_the_place_of_what_is_being_read(
    four: Path, gate: threading.Event
) -> None:
    other = write_strokes(four.parent / "other", ["1.png"])
    async with photos_app() as (app, pilot):
        app.panel.read([four])
        await settled(pilot, lambda: names(app) == [STROKES[0]])
        app.panel.read([other])
        await settled(pilot, lambda: names(app) == ["1.png"])
        gate.set()
        await all_read(pilot)
        await settled(pilot, lambda: "reading photos" not in left_over())
        assert names(app) == ["1.png"]
        assert says(app, "count").startswith("1 photo")


# Keys
