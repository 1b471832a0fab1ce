"""The view Inside in front, and what it shows."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Static

from rnn_tui.engine.progress import Progress
from rnn_tui.inside.analysis_kind import AnalysisKind
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.calculator_prompt.calculator_answer import NumberEntry
from rnn_tui.ui.inside.bands import BarBand, StepBand, WordBand
from rnn_tui.ui.inside.view import InsideView
from rnn_tui.ui.training.pane import TaskPane
from tests.ui.helpers import busy, idle, running, wait_until


@asynccontextmanager
async def inside(
    task: str,
    size: tuple[int, int] = (120, 50),
    before: Callable[[RnnTuiApp], object] = lambda _app: None,
) -> AsyncIterator[tuple[RnnTuiApp, Any, Pilot[Any]]]:
    """The app with Inside in front, and something looked at."""
    app = RnnTuiApp()
    async with running(app, task, size=size) as pilot:
        assert isinstance(app.pane, TaskPane)
        await app.pane.filled("inside")  # and with it where one asks
        before(app)
        app.pane.show_tab("inside")
        await wait_until(pilot, lambda: bool(app.pane.query(InsideView)))
        view = app.pane.query_one(InsideView)
        await wait_until(pilot, lambda: view.subject is not None and not busy(view))
        app.pane.focus_view()
        await idle(pilot)
        yield app, view, pilot
    assert app.runs.close(10)


async def settled(pilot: Pilot[Any], view: InsideView) -> None:
    await idle(pilot)
    await wait_until(pilot, lambda: not busy(view))
    await idle(pilot)


def band(view: InsideView, label: str) -> Any:
    """What is drawn under a label."""
    [labelled] = [drawn for drawn in view.grid.bands if _name(drawn) == label]
    return labelled


def _name(drawn: StepBand) -> str:
    return drawn.label if isinstance(drawn, WordBand | BarBand) else drawn.name


def text(view: InsideView, place: str) -> str:
    return str(view.query_one(f".inside-{place}", Static).content)


def addition(app: RnnTuiApp, a: str, b: str) -> None:
    for entry, number in zip(app.query(NumberEntry), (a, b), strict=True):
        entry.value = number


@dataclass(frozen=True, kw_only=True)
class KindMadeBy(AnalysisKind):
    """A kind of analysis that a test makes in its own way."""

    maker: Callable[[Any, Progress], Any]  #: makes it in place of its function.

    def make(self, reading: Any, progress: Progress) -> Any:
        return self.maker(reading, progress)


def made_by(kind: AnalysisKind, maker: Callable[[Any, Progress], Any]) -> KindMadeBy:
    """The same kind of analysis, made by `maker`."""
    return KindMadeBy(**vars(kind), maker=maker)
