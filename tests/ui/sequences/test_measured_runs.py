"""What the views of a data set show of a measured run, also once that data set is gone."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from rnn_tui.data import store
from rnn_tui.data.data_set import DataSet
from rnn_tui.data.options import Goal
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.app.data_sets import DataSetPane
from rnn_tui.ui.chart.chart import Chart
from rnn_tui.ui.sequences.answer_table import AnswerTable
from rnn_tui.ui.sequences.forecast_view import ForecastView
from tests.data.examples import rising_or_falling
from tests.data.reading import reader_in
from tests.ui.helpers import (
    idle,
    last_notice,
    press,
    resize,
    running,
    screen_lines,
    screen_text,
    wait_until,
)

CLASSES = ("rising as slowly as can be", "falling as slowly as can be")


def keep_lines() -> str:
    """Keep a data set whose classes have long names; returns its name."""
    lines = rising_or_falling()
    description = replace(lines.description, outputs=CLASSES)
    data_set = DataSet(description, lines.values, lines.starts, lines.targets, lines.parts)
    data_set = data_set.named("lines")
    store.keep(data_set)
    return data_set.description.name


@asynccontextmanager
async def measured(
    size: tuple[int, int], keep: Callable[[], str] = keep_lines
) -> AsyncIterator[tuple[RnnTuiApp, Pilot[Any], DataSetPane]]:
    """Show a run of three seeds in the tab of a data set, which is kept first."""
    name = keep()
    app = RnnTuiApp()
    async with running(app, "sequences", size=size) as pilot:
        await wait_until(pilot, lambda: name in screen_text(app))
        await press(pilot, "enter")
        await wait_until(pilot, lambda: isinstance(app.pane, DataSetPane) and app.pane.complete)
        await idle(pilot)
        pane = app.pane
        assert isinstance(pane, DataSetPane)
        assert pane.form is not None
        app.begin_training([replace(pane.form.configs()[0], epochs=1, seeds=3, hidden_sizes=(3,))])
        await wait_until(pilot, lambda: app.runs.evaluations and not app.runs.anything_to_come, 120)
        yield app, pilot, pane


async def go_to(pilot: Pilot[Any], pane: DataSetPane, view: str) -> None:
    app: Any = pilot.app
    await press(pilot, str([other.id for other in pane._all_views].index(view) + 1))
    await wait_until(pilot, app.takes_keys)
    await idle(pilot)


async def test_titles_tell_of_several_seeds_and_labels_are_cut_before_probabilities(
    home: Path,
) -> None:
    async with measured((120, 40)) as (app, pilot, pane):
        await go_to(pilot, pane, "confusion-tab")
        assert "3 seeds together" in screen_text(app)
        await go_to(pilot, pane, "test")
        assert "vote of 3 seeds" in screen_text(app)
        while "All" not in screen_text(app):
            await press(pilot, "w")
        table = pane.query_one(AnswerTable)
        for width in (80, 100, 200):
            await resize(pilot, width, 30)
            lines = screen_lines(app)[table.region.y : table.region.bottom]
            rows = [line[table.region.x : table.region.right].rstrip() for line in lines]
            assert "sure" in rows[0], width
            assert table.row_count > 2
            assert all(row.endswith(" %") for row in rows[1 : 1 + table.row_count]), width
            assert ("…" in rows[1]) == (width < 200), width
        await resize(pilot, 80, 24)
        await press(pilot, "w")
        screen = screen_text(app)
        for words in ("Test accuracy", "recall %", "precision %", "confidence", "right %"):
            assert words in screen, words
        assert CLASSES[0] in screen


async def test_forecasts_have_bands_and_the_dates_of_the_file(home: Path) -> None:
    def keep_sales() -> str:
        months = [f"{2015 + step // 12}-{step % 12 + 1:02}-01" for step in range(96)]
        sales = [100 + step % 12 * 5 + step * 7 % 5 for step in range(96)]
        rows = [f"{month},{number}" for month, number in zip(months, sales, strict=True)]
        table = "\n".join(["month,sales", *rows])
        data_set = reader_in(home)(table, goal=Goal.NEXT, horizon=6).data_set
        store.keep(data_set)
        return data_set.description.name

    async with measured((120, 40), keep_sales) as (app, pilot, pane):
        await go_to(pilot, pane, "forecast")
        await wait_until(pilot, lambda: "as a check" in screen_text(app))
        screen = screen_text(app)
        for words in ("6 steps to come", "90 % bands", "mean of 3 seeds", "2019", "2023"):
            assert words in screen, words
        [past, checked, to_come] = pane.query_one(ForecastView).query_one(Chart)._series
        assert (len(past.x), len(checked.x), len(to_come.x)) == (48, 6, 6)
        assert to_come.x[0] > past.x[-1]
        for line in (checked, to_come):
            ends = zip(line.low, line.y, line.high, strict=True)
            assert all(low < number < high for low, number, high in ends)


def damage(name: str) -> None:
    store.path_of(name).write_bytes(b"no tensors")


@pytest.mark.parametrize(
    ("lose", "sentence"),
    [
        (store.remove, "is no longer on this machine"),
        pytest.param(damage, "can't be read", marks=pytest.mark.long),
    ],
)
async def test_every_view_outlives_the_data_set(
    home: Path, lose: Callable[[str], None], sentence: str
) -> None:
    async with measured((120, 40)) as (app, pilot, pane):
        lose(pane.spec.name)
        assert pane.form is not None
        pane.form.show_cost()
        await idle(pilot)
        await go_to(pilot, pane, "test")
        await wait_until(pilot, lambda: sentence in screen_text(app))
        await go_to(pilot, pane, "prompt")
        pane.query_one("#prompt-sequence", Input).value = "1 2 3"
        await wait_until(pilot, lambda: sentence in screen_text(app))
        await press(pilot, "escape")
        await go_to(pilot, pane, "inside")
        await wait_until(pilot, lambda: sentence in screen_text(app))
        await go_to(pilot, pane, "training")
        await press(pilot, "t")
        await wait_until(pilot, lambda: sentence in last_notice(app))
        await press(pilot, "f6")
        await wait_until(pilot, lambda: pane.spec.name in screen_text(app))
