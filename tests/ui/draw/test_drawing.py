"""The drawing pad as a person uses it: by mouse and keys, with weights that were really trained."""

import json
import shutil
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file
from textual import events
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Select, Static, TabbedContent

from rnn_tui.archive.weights import Source, choose_shipped
from rnn_tui.engine.files import paths
from rnn_tui.engine.files.paths import weights_of
from rnn_tui.engine.files.weights_file import FORMAT, METADATA_KEY, read_weights
from rnn_tui.photos.drawing import SIDE
from rnn_tui.tasks.config import ImageConfig
from rnn_tui.tasks.images.inference import RowReaderNetwork, _shapes
from rnn_tui.tasks.mnist.centre import centre
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.draw import panel as drawing_panel
from rnn_tui.ui.draw.answers import HINT, DrawingView
from rnn_tui.ui.draw.panel import DrawingPanel
from rnn_tui.ui.widgets.digits import BigDigit, DigitColumn
from rnn_tui.ui.widgets.drawing_pad import STRIDE, DrawingPad
from rnn_tui.ui.widgets.ink_image import HUGE, LARGE, PLAIN, SMALL, ZOOM, InkImage
from tests.ui.helpers import (
    APP_KEYS,
    AT_SIZES,
    SIZES,
    PanelApp,
    busy,
    idle,
    press,
    resize,
    running,
    screen_text,
    settled,
    wait_until,
)

SHIPPED = choose_shipped("mnist", "lstm")
ONE = [(14, 4), (14, 24)]
ZERO = [(14, 4), (9, 8), (8, 14), (9, 20), (14, 24), (19, 20), (20, 14), (19, 8), (14, 4)]
SEVEN = [(7, 6), (20, 6), (12, 23)]

Places = Sequence[tuple[float, float]]
Host = PanelApp[DrawingPanel]


def pretend(monkeypatch: pytest.MonkeyPatch, folder: Path, **files: Path) -> None:
    """Only these weights ship."""
    (folder / "pretrained").mkdir()
    for cell, path in files.items():
        shutil.copy(path, folder / "pretrained" / f"mnist-{cell}.safetensors")
    monkeypatch.setattr(paths, "asset_dir", lambda: folder)


def untrained(path: Path, model: str, width: float, **metrics: float) -> Path:
    """Weights by chance: the less wide their distribution, the less sure the answers."""
    config = read_weights(SHIPPED.path).config
    assert isinstance(config, ImageConfig)
    config = replace(config, cell=model, hidden_size=8)
    random = np.random.default_rng(3)
    arrays = {
        name: (width * random.normal(size=shape)).astype(np.float32)
        for name, shape in _shapes(config).items()
    }
    about = {"format": FORMAT, "config": config.to_dict(), "step": 1, "metrics": metrics}
    save_file(arrays, path, {METADATA_KEY: json.dumps(about)})
    return path


@pytest.fixture
def lstm_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend(monkeypatch, tmp_path, lstm=SHIPPED.path)


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A trained LSTM, an RNN and a biLSTM that know nothing."""
    pretend(
        monkeypatch,
        tmp_path,
        lstm=SHIPPED.path,
        rnn=untrained(tmp_path / "rnn.safetensors", "rnn", 0.01),
        bilstm=untrained(tmp_path / "bilstm.safetensors", "bilstm", 0.01),
    )


def pad_lines(app: App[Any]) -> list[str]:
    """The characters on the pad."""
    region = app.query_one(DrawingPad).region
    lines = [strip.text for strip in app.screen._compositor.render_strips()]
    return [line[region.x : region.right] for line in lines[region.y : region.bottom]]


def says(app: App[Any], place: str) -> str:
    if place in ("by", "words"):
        column = app.query(DigitColumn).first()
        return str(
            column.border_title if place == "by" else column.query_one(".words", Static).content
        )
    return str(app.query_one(f"#drawing-{place}", Static).content)


def is_empty(app: App[Any]) -> bool:
    return app.query_one(DrawingView).has_class("-empty")


def large_answer(app: App[Any]) -> int | None:
    return app.query(DigitColumn).first().query_one(BigDigit).digit


def pad(app: App[Any]) -> DrawingPad:
    return app.query_one(DrawingPad)


def under_way(app: App[Any]) -> bool:
    """Whether a stroke is being drawn."""
    return pad(app).drawing._start is not None


async def answered(pilot: Pilot[Any]) -> None:
    """Wait until everything that was drawn is answered and shown."""
    panel = pilot.app.query_one(DrawingPanel)
    await settled(pilot, lambda: not busy(panel))


@asynccontextmanager
async def drawing(size: tuple[int, int] = (80, 24)) -> AsyncIterator[tuple[Host, Pilot[Any]]]:
    """The panel in front, with the focus."""
    app = Host(DrawingPanel())
    async with app.run_test(size=size) as pilot:
        app.panel.focus_view()
        await answered(pilot)
        yield app, pilot


def cell(app: App[Any], place: tuple[float, float]) -> tuple[int, int]:
    """The cell of the pad that a place of the drawing lies in."""
    x, y = place
    zoom = ZOOM[pad(app).scale]
    return int(zoom * x), int(zoom * y / 2)


async def move(pilot: Pilot[Any], to: tuple[int, int], button: int = 1) -> None:
    """Move the mouse with a button held, which Pilot's `hover` can't."""
    await pilot._post_mouse_events([events.MouseMove], DrawingPad, to, button=button)


async def drag(pilot: Pilot[Any], places: Places, *, button: int = 1, shift: bool = False) -> None:
    """Draw a line through places of the drawing."""
    cells = [cell(pilot.app, place) for place in places]
    held = {"button": button, "shift": shift}
    await pilot._post_mouse_events([events.MouseDown], DrawingPad, cells[0], **held)
    for to in cells[1:]:
        await move(pilot, to, button)
    await pilot._post_mouse_events([events.MouseUp], DrawingPad, cells[-1], **held)
    await answered(pilot)


# Answers


@pytest.mark.parametrize("size", AT_SIZES)
async def test_what_is_drawn_with_the_mouse_is_read(
    size: tuple[int, int], lstm_alone: None
) -> None:
    network = RowReaderNetwork(read_weights(SHIPPED.path))
    async with drawing(size) as (app, pilot):
        assert "Draw a digit:" in screen_text(app)
        assert is_empty(app)
        for digit, places in ((1, ONE), (0, ZERO), (7, SEVEN)):
            await drag(pilot, places)
            assert "Draw a digit:" not in screen_text(app)
            assert large_answer(app) == digit
            assert not is_empty(app)
            assert "confidence" in screen_text(app)
            assert "pretrained LSTM" in says(app, "by")
            # The answer is the network's to what it sees.
            seen = centre(pad(app).drawing.ink)
            expected = network.chances(seen[None])[0, :-1]
            shown = app.panel.query_one(DrawingView).drawing
            assert shown is not None
            assert np.array_equal(shown.digit, seen)
            assert shown.answers[0].probabilities == pytest.approx(expected.tolist())
            assert f"confidence {100 * expected.max():.1f} %" == says(app, "words").strip()
            await press(pilot, "d")
            await answered(pilot)
            assert is_empty(app)
            assert says(app, "hint") == HINT
            assert not any(map(any, app.query_one(DrawingView).query_one(InkImage)._levels))


async def test_what_is_drawn_with_keys_is_read(lstm_alone: None) -> None:
    async with drawing() as (app, pilot):
        keys = [key for key in APP_KEYS if key not in "nx"]
        await press(pilot, *keys)
        assert app.commands == keys  # they stay the app's
        assert pad(app).drawing.empty
        await press(pilot, *["shift+up"] * 3, "space", *["down"] * 3, *["shift+down"] * 4, "escape")
        await answered(pilot)
        assert large_answer(app) == 1
        assert not pad(app).pen_down
        await press(pilot, "down", "right")
        assert pad(app).drawing.ink[-1].max() < 1  # the pen was up


async def test_a_guess_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend(monkeypatch, tmp_path, rnn=untrained(tmp_path / "rnn.safetensors", "rnn", 0.01))
    async with drawing() as (app, pilot):
        await drag(pilot, ONE)
        assert says(app, "words").startswith("Unsure: ")
        assert app.query(DigitColumn).first().has_class("-unsure")


@pytest.mark.long
async def test_the_last_drawing_wins(lstm_alone: None, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, asked = threading.Event(), []
    answer = drawing_panel.answer_drawing

    def slow(ink: Any, of: Any) -> Any:
        asked.append(ink)
        go_on.wait(30)
        return answer(ink, of)

    async with drawing() as (app, pilot):
        monkeypatch.setattr(drawing_panel, "answer_drawing", slow)
        cells = [cell(app, place) for place in ZERO]
        await pilot.mouse_down(DrawingPad, offset=cells[0])
        for to in cells:
            await move(pilot, to)
        await pilot.mouse_up(DrawingPad, offset=cells[-1])
        go_on.set()
        await answered(pilot)
        assert len(asked) == 2  # the first and the last, none of those between
        assert np.array_equal(asked[-1], pad(app).drawing.ink)
        assert large_answer(app) == 0


# Strokes


@pytest.mark.long
@pytest.mark.parametrize("size", AT_SIZES)
async def test_a_quick_drag_leaves_no_gaps(size: tuple[int, int], lstm_alone: None) -> None:
    async with drawing(size) as (app, pilot):
        await drag(pilot, [(3, 3), (24, 24)])
        ink = pad(app).drawing.ink
        assert all(ink[at, at] > 0.5 for at in range(4, 24))
        pad(app).action_undo()
        assert pad(app).drawing.empty  # one stroke, one step


async def test_strokes_are_erased_undone_and_done_again(lstm_alone: None) -> None:
    async with drawing() as (app, pilot):
        for erasing in ({"button": 3}, {"shift": True}):
            await drag(pilot, ONE)
            await drag(pilot, [(14, 1), (14, 27)], **erasing)  # type: ignore[arg-type]
            assert pad(app).drawing.empty
        await drag(pilot, ONE)
        one = pad(app).drawing.ink
        await drag(pilot, SEVEN)
        both = pad(app).drawing.ink
        for keys, expected in (
            ("u", one),
            ("ctrl+y", both),
            ("ctrl+z", one),
            ("ctrl+y", both),
            ("d", None),
            ("u", both),
            ("u", one),
        ):
            await press(pilot, keys)
            wanted = np.zeros_like(both) if expected is None else expected
            assert np.array_equal(pad(app).drawing.ink, wanted)
        await press(pilot, "palette:eraser")
        assert "eraser" in screen_text(app)
        await drag(pilot, [(14, 1), (14, 27)])
        assert pad(app).drawing.empty
        assert is_empty(app)


@pytest.mark.long
async def test_a_drag_goes_on_outside_and_ends_there(lstm_alone: None) -> None:
    async with drawing() as (app, pilot):
        await pilot.mouse_down(DrawingPad, offset=(14, 2))
        await move(pilot, (14, 10))
        await move(pilot, (40, 10))
        await pilot.mouse_up(DrawingPad, offset=(40, 10))
        assert pad(app).drawing.ink[20, 27] > 0.5
        assert app.mouse_captured is None
        before = pad(app).drawing.ink
        await move(pilot, (5, 3))
        assert pad(app).drawing.ink is before


@pytest.mark.long
async def test_a_button_let_go_unseen_ends_the_stroke(lstm_alone: None) -> None:
    async with drawing() as (app, pilot):
        await pilot.mouse_down(DrawingPad, offset=(5, 5))
        await pilot.hover(DrawingPad, offset=(20, 5))
        assert not under_way(app)
        assert app.mouse_captured is None


@pytest.mark.long
async def test_leaving_in_mid_stroke_ends_it(lstm_alone: None) -> None:
    async with drawing() as (app, pilot):
        await pilot.mouse_down(DrawingPad, offset=(5, 5))
        app.screen.set_focus(None)
        app.query_one(TabbedContent).active = "other"
        await answered(pilot)
        assert not under_way(app)
        assert app.mouse_captured is None
        assert not pad(app).drawing.empty


@pytest.mark.long
async def test_brushes_change_while_the_pen_is_down(lstm_alone: None) -> None:
    async with drawing() as (app, pilot):
        assert pad(app).brush == 1
        await press(pilot, "space", "right", "plus", "right")
        assert pad(app).brush == 2
        assert "broad brush · pen down" in screen_text(app)
        assert under_way(app)
        await press(pilot, "u", "u")
        assert pad(app).drawing.empty
        assert "pen up" in screen_text(app)
        await press(pilot, "plus", "plus", *["minus"] * 3)
        assert pad(app).brush == 0


@pytest.mark.long
async def test_the_cursor_stays_on_the_pad(lstm_alone: None) -> None:
    async with drawing() as (app, pilot):
        await press(pilot, *["shift+left"] * (SIDE // STRIDE), *["shift+up"] * (SIDE // STRIDE))
        assert pad(app).cursor == (0, 0)
        await press(pilot, *["shift+right"] * (SIDE // STRIDE), *["shift+down"] * (SIDE // STRIDE))
        assert pad(app).cursor == (SIDE - 1, SIDE - 1)


# On the screen


@pytest.mark.long
async def test_ink_can_be_seen_without_colours(lstm_alone: None) -> None:
    for size, row in (((80, 24), 7), ((120, 40), 14)):
        async with drawing(size) as (app, pilot):
            app.screen.set_focus(None)
            await idle(pilot)
            assert not "".join(pad_lines(app)).strip()
            await drag(pilot, [(4, 14), (24, 14)])
            line = pad_lines(app)[row]
            assert line.strip()
            assert not pad_lines(app)[0].strip()


async def test_networks_stand_side_by_side_where_there_is_room(three: None) -> None:
    async with drawing((200, 50)) as (app, pilot):
        await drag(pilot, ONE)
        names = [str(column.border_title) for column in app.query(DigitColumn)]
        assert names == ["pretrained LSTM", "pretrained RNN"]
        assert "of 3 networks: 1" in says(app, "words")
        assert says(app, "others").split()[0] == "biLSTM"
        for size in reversed(SIZES):
            await resize(pilot, *size)
            await answered(pilot)
            text = screen_text(app)
            for expected in (
                "Draw here",
                "medium brush · pen up",
                "LSTM",
                "RNN",
                "biLSTM",
                "confidence",
            ):
                assert expected in text, size
            lines = [line.rstrip(" │") for line in text.splitlines()]
            assert all(
                any(line.endswith((" %", "read")) and f"{d} " in line for line in lines)
                for d in range(10)
            ), size
        assert [column.display for column in app.query(DigitColumn)] == [True, False]
        assert [line.split()[0] for line in says(app, "others").splitlines()] == ["RNN", "biLSTM"]
        # The next network answers.
        for title in ("pretrained RNN", "pretrained biLSTM", "pretrained LSTM"):
            await press(pilot, "n")
            await answered(pilot)
            assert says(app, "by") == title
            assert app.query_one("#drawing-network", Select).value == title


@pytest.mark.long
async def test_resizing_keeps_the_drawing(three: None) -> None:
    async with drawing((200, 50)) as (app, pilot):
        await drag(pilot, ZERO)
        ink = pad(app).drawing.ink
        sees = app.query_one(DrawingView).query_one(InkImage)
        for size, scale, seen in (
            ((80, 24), PLAIN, SMALL),
            ((30, 10), PLAIN, SMALL),
            ((120, 40), LARGE, SMALL),
            ((200, 50), HUGE, PLAIN),
        ):
            await resize(pilot, *size)
            await answered(pilot)
            assert (pad(app).scale, sees.scale) == (scale, seen)
            assert pad(app).drawing.ink is ink
            assert large_answer(app) == 0


@pytest.mark.long
async def test_the_pad_has_its_full_size_when_it_is_first_seen() -> None:
    app = RnnTuiApp()
    async with running(app, size=(120, 40)) as pilot:
        sizes = []
        really = DrawingPad.render_line

        def render_line(self: DrawingPad, y: int) -> Any:
            sizes.append(self.scale)
            return really(self, y)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(DrawingPad, "render_line", render_line)
            app.pane.show_tab("draw")
            await wait_until(pilot, lambda: len(app.query(DrawingPad)) and sizes)
        assert set(sizes) == {LARGE}
        # A click on the tab leaves the focus where keys draw.
        app.pane.show_tab("training")
        await idle(pilot)
        await pilot.click("#--content-tab-draw")
        await wait_until(pilot, lambda: app.focused is app.query_one(DrawingPad))
    app.runs.close(1)


# Weights


async def test_missing_weights_are_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pretend(monkeypatch, tmp_path)
    async with drawing((120, 40)) as (app, pilot):
        assert "No weights to read digits" in says(app, "hint")
        await drag(pilot, ONE)
        await press(pilot, "n")
        await answered(pilot)
        assert "No weights" in says(app, "hint")


@pytest.mark.long
async def test_damaged_weights_are_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(b"no weights at all")
    pretend(monkeypatch, tmp_path, lstm=SHIPPED.path, rnn=damaged)
    async with drawing() as (app, pilot):
        await drag(pilot, ONE)
        assert says(app, "others").startswith("RNN ✗")
        await press(pilot, "n")
        await answered(pilot)
        assert app.query_one("#drawing-hint").has_class("-wrong")
        assert says(app, "hint")
        await press(pilot, "n")
        await answered(pilot)
        assert large_answer(app) == 1


@pytest.mark.long
async def test_a_runs_weights_can_answer(lstm_alone: None) -> None:
    run = weights_of("20250101-120000-abc")
    async with drawing() as (app, pilot):
        await drag(pilot, ONE)
        run.parent.mkdir(parents=True)
        untrained(run, "rnn", 0.01, val_accuracy=10.0)
        # As when one comes back after training.
        app.query_one(TabbedContent).active = "other"
        app.screen.set_focus(None)
        await answered(pilot)
        app.query_one(TabbedContent).active = "panel"
        await answered(pilot)
        app.panel.focus_view()
        await press(pilot, "n")
        await answered(pilot)
        assert says(app, "by") == "RNN · run 20250101-120000-abc"
        assert says(app, "others").startswith("LSTM")


@pytest.mark.long
async def test_named_weights_answer(three: None, tmp_path: Path) -> None:
    source = Source(untrained(tmp_path / "mine.safetensors", "lstm", 0.01), "mine")
    async with drawing() as (app, pilot):
        await drag(pilot, ONE)
        app.panel.use(source)
        await answered(pilot)
        assert says(app, "by") == "LSTM · mine"
        app.panel.use(choose_shipped("mnist", "lstm"))
        await answered(pilot)
        assert says(app, "by") == "pretrained LSTM"
