"""A network of one's own is opened by the palette, and looked into like those of tasks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from textual.pilot import Pilot
from textual.widgets import Input
from torch import nn

from rnn_tui.inside.edits import ablated
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.inside.own import OwnInside, OwnNetworkScreen
from rnn_tui.ui.widgets.prompts import AskTextScreen
from tests.networks.foreign import Classifier, parity, saved, seeded
from tests.ui.helpers import AT_SIZES, busy, press, running, screen_text, wait_until
from tests.ui.inside.looking import band, settled, text


def of_symbols(path: Path) -> Path:
    """A network by chance that reads two symbols through an embedding."""
    torch.manual_seed(1)
    module = nn.Module()
    module.embed = nn.Embedding(2, 3)
    module.gru = nn.GRU(3, 5)
    module.out = nn.Linear(5, 2)
    for parameter in module.parameters():
        nn.init.normal_(parameter)
    return saved(module, path)


async def type_line(pilot: Pilot[Any], line: str) -> None:
    """Ask for a network, and type a line."""
    app = pilot.app
    if not isinstance(app.screen, AskTextScreen):
        await press(pilot, "palette:own-network")
        assert isinstance(app.screen, AskTextScreen)
    app.screen.query_one(Input).value = line
    await press(pilot, "enter")


@asynccontextmanager
async def opened(
    line: str, size: tuple[int, int] = (120, 50)
) -> AsyncIterator[tuple[RnnTuiApp, OwnInside, Pilot[Any]]]:
    app = RnnTuiApp()
    async with running(app, "home", size=size) as pilot:
        await type_line(pilot, line)
        await wait_until(pilot, lambda: isinstance(app.screen, OwnNetworkScreen))
        view = app.screen.query_one(OwnInside)
        await wait_until(pilot, lambda: view.subject is not None and not busy(view))
        yield app, view, pilot
    assert app.runs.close(10)


@pytest.mark.parametrize("size", AT_SIZES)
async def test_a_sequence_of_symbols_is_typed_and_edited(
    size: tuple[int, int], tmp_path: Path
) -> None:
    path = of_symbols(tmp_path / "net.safetensors")
    line = f"'{path}' --answers last-step --alphabet ab --classes even,odd"
    async with opened(line, size) as (app, view, pilot):
        assert "net.safetensors" in screen_text(app)
        field = view.query_one(Input)
        assert len(field.value) == 20  # a random one, to be changed
        await press(pilot, "slash")
        assert field.has_focus
        field.value = "abba"
        await press(pilot, "enter")
        await settled(pilot, view)
        assert view.subject is not None
        trace = view.subject.trace
        assert band(view, "symbol").words == ("a", "b", "b", "a")
        await press(pilot, "x")
        unit = view.look.unit
        assert unit is not None
        reading = view.subject.reading
        expected = reading.traced([ablated("layer 1", unit)])
        assert view.subject.trace.logits == pytest.approx(expected.logits)
        await press(pilot, "u")
        assert view.subject.trace is trace
        await press(pilot, "i")
        await settled(pilot, view)
        assert field.value != "abba"
        assert view.subject.trace.steps == 20
        await press(pilot, "escape")
        assert not isinstance(app.screen, OwnNetworkScreen)


def sentences(app: RnnTuiApp) -> str:
    """The text on the screen without frames and line ends: a long path moves these."""
    return " ".join(screen_text(app).replace("│", " ").split())


async def test_what_is_missing_is_asked_for_where_it_is_typed(tmp_path: Path) -> None:
    path = of_symbols(tmp_path / "net.safetensors")
    app = RnnTuiApp()
    async with running(app, "home", size=(80, 24)) as pilot:
        await type_line(pilot, "")
        assert "Name the file" in sentences(app)
        await type_line(pilot, f"'{path}'")
        await wait_until(pilot, lambda: "--answers last-step" in sentences(app))
        await type_line(pilot, f"'{path}' --answer last-step")
        assert "--answers" in sentences(app)
        await type_line(pilot, f"'{path}' --answers sometimes")
        assert "last-step, final-states or all-states" in sentences(app)
        await type_line(pilot, f"'{path}")
        assert "quotation mark" in sentences(app)
        await press(pilot, "escape")
    assert app.runs.close(10)


async def test_numbers_are_typed_or_come_from_a_file(tmp_path: Path) -> None:
    path = saved(seeded(Classifier, layers=2, both=True), tmp_path / "net.safetensors")
    steps = tmp_path / "steps.csv"
    steps.write_text("1,2,3\n-1,0,1\n", encoding="utf-8")
    async with opened(f"{path} --answers final-states") as (app, view, pilot):
        field = view.query_one(Input)
        for typed in ("1 2 3; -1 0 1", str(steps)):
            field.value = typed
            field.focus()
            await press(pilot, "enter")
            await settled(pilot, view)
            assert view.subject is not None
            assert view.subject.trace.inputs.tolist() == [[1, 2, 3], [-1, 0, 1]]
            assert len(view.subject.trace.layers) == 4
        field.value = "1 2; 3"
        field.focus()
        await press(pilot, "enter")
        await settled(pilot, view)
        assert "has 2 numbers and must have 3" in screen_text(app)
        # It is mended where it was typed; what was read before stays on the screen.
        assert field.has_focus
        assert field.value == "1 2; 3"
        assert view.subject is not None
        assert view.subject.trace.inputs.tolist() == [[1, 2, 3], [-1, 0, 1]]
        field.value = "1 2 3"
        await press(pilot, "enter")
        await settled(pilot, view)
        assert not field.has_focus
        assert "must have 3" not in screen_text(app)
        assert view.subject.trace.inputs.tolist() == [[1, 2, 3]]


async def test_escape_hides_the_analysis_and_then_leaves(tmp_path: Path) -> None:
    path = of_symbols(tmp_path / "net.safetensors")
    line = f"'{path}' --answers last-step --alphabet ab --classes even,odd"
    async with opened(line) as (app, view, pilot):
        await press(pilot, "a")
        await settled(pilot, view)
        assert view.analysis is not None
        assert view.analysis_shown
        await press(pilot, "escape")
        assert not view.analysis_shown
        assert isinstance(app.screen, OwnNetworkScreen)
        await press(pilot, "escape")
        assert not isinstance(app.screen, OwnNetworkScreen)


async def test_answers_that_are_numbers_are_drawn_as_bars(tmp_path: Path) -> None:
    path = parity(tmp_path / "net.safetensors")
    line = f"{path} --numbers --nonlinearity relu --answers last-step --alphabet 01"
    async with opened(line) as (app, view, pilot):
        field = view.query_one(Input)
        field.value = "0110"
        field.focus()
        await press(pilot, "enter")
        await settled(pilot, view)
        assert band(view, "output 1").values.tolist() == [-0.5, 0.5, -0.5, -0.5]
        assert "predicts -0.5" in screen_text(app)
        await press(pilot, "x")
        assert band(view, "unedited output 1").values.tolist() == [-0.5, 0.5, -0.5, -0.5]
        assert "unedited -0.5" in screen_text(app)


async def test_every_analysis_is_made_and_drawn(tmp_path: Path) -> None:
    path = of_symbols(tmp_path / "net.safetensors")
    line = f"{path} --answers every-step --alphabet ab"
    async with opened(line, (80, 24)) as (_, view, pilot):
        for kind in view.kinds:
            view.choose_kind(kind.name)
            await press(pilot, "a")
            await wait_until(pilot, lambda: view.analysis is not None and not busy(view))
            assert text(view, "analysis") == view.analysis_text(view.analysis)
            # its keys hold although a picture may hide the grid
            step = view.step
            await press(pilot, "left")
            assert view.step == step - 1
