"""The grid of steps: lines shared out, columns that stand above each other, places picked."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from rnn_tui.ui.frame.sheets import SHEETS
from rnn_tui.ui.inside.bands import (
    BarBand,
    HeatBand,
    StepBand,
    WordBand,
    allot,
    lay_out,
    ruler_text,
    words_text,
)
from rnn_tui.ui.inside.colours import LEVELS, levels_of
from rnn_tui.ui.inside.step_grid import LABEL_WIDTH, StepGrid, StepPicked
from tests.ui.helpers import idle


def heat(
    rows: int, steps: int = 3, row: int | None = None, *, title: str = "", signed: bool = False
) -> HeatBand:
    values = np.arange(rows * steps, dtype=np.float32).reshape(rows, steps) / (rows * steps)
    names = [str(index) for index in range(rows)]
    return HeatBand(
        "units", names, values, row=row, form=".2f", prefix="unit ", title=title, signed=signed
    )


def curve(values: Sequence[float], low: float = -1.0, high: float = 1.0) -> BarBand:
    return BarBand("curve", np.array(values, np.float32), low, high)


bands = st.lists(
    st.one_of(
        st.builds(lambda: WordBand("word", "abc")),
        st.builds(lambda rows, title: heat(rows, title=title), st.integers(1, 300), st.text()),
        st.builds(lambda: curve([0, 0, 0])),
    ),
    max_size=8,
)


@given(st.integers(0, 120), bands, st.booleans())
def test_the_lines_given_out_are_those_that_there_are(
    height: int, many: list[StepBand], framed: bool
) -> None:
    lines = allot(height, many)
    assert len(lines) == len(many)
    assert all(count >= 0 for count in lines)
    assert sum(lines) <= height
    for band, count in zip(many, lines, strict=True):
        assert count <= (len(band.values) if isinstance(band, HeatBand) else 10)
    places = lay_out(height, many, framed=framed)
    assert len(places) <= max(height, 1 + 2 * framed)
    # Every panel that begins ends, and what begins a panel is there.
    kinds = [place.kind for place in places]
    assert kinds.count("bottom") == (kinds.count("top") if framed else 0)
    assert {place.band for place in places if place.kind == "top" and place.band} <= {
        place.band for place in places if place.kind == "band"
    }


def test_small_heatmaps_have_a_line_a_row_where_there_is_room() -> None:
    many = [WordBand("a", "abc"), heat(10), heat(128, title="b"), curve([0, 0, 0])]
    words, small, large, below = allot(60, many)
    assert (words, small) == (1, 10)
    assert large >= 30
    assert below >= 6
    # With little room two rows share a line, and the curve goes before heatmaps do.
    assert allot(12, many) == (1, 5, 5, 0)


def test_levels_are_of_the_values_and_no_number_is_nothing() -> None:
    values = np.array([[-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, np.nan]], np.float32)
    half = LEVELS // 2
    signed = [-LEVELS, -LEVELS, -half, 0, half, LEVELS, 0]
    assert levels_of(values, 1.0, signed=True).tolist() == [signed]
    shares = [0, 0, 0, 0, half, LEVELS, 0]
    assert levels_of(values, 1.0, signed=False).tolist() == [shares]
    assert not levels_of(values, 0.0, signed=True).any()


class Host(App[None]):
    CSS_PATH = [*SHEETS]

    def __init__(self) -> None:
        super().__init__()
        self.picked: list[tuple[int, str, int]] = []

    def compose(self) -> ComposeResult:
        yield StepGrid()

    def on_step_picked(self, event: StepPicked) -> None:
        self.picked.append((event.step, event.name, event.row))


@asynccontextmanager
async def grid(
    many: Sequence[StepBand],
    steps: int,
    step: int,
    size: tuple[int, int] = (60, 20),
    **options: Any,
) -> AsyncIterator[tuple[Host, StepGrid, Pilot[Any]]]:
    app = Host()
    async with app.run_test(size=size) as pilot:
        step_grid = app.query_one(StepGrid)
        step_grid.show(many, range(1, steps + 1), step, **options)
        await idle(pilot)
        yield app, step_grid, pilot


def lines(step_grid: StepGrid) -> list[str]:
    return [step_grid.render_line(y).text.rstrip() for y in range(step_grid.size.height)]


async def test_what_belongs_to_a_step_stands_in_one_column() -> None:
    many = [WordBand("read", "xyz"), WordBand("said", "123"), heat(3, row=1)]
    async with grid(many, 3, 1) as (_, step_grid, _pilot):
        ruler, words, answers, *rows = lines(step_grid)
        for column, (step, word, answer) in enumerate(zip("123", "xyz", "123", strict=True)):
            cell = LABEL_WIDTH + 10 * column
            assert (ruler[cell], words[cell], answers[cell]) == (step, word, answer)
        # The values of the present step, and the row with the cursor marked.
        assert [line.split()[-1] for line in rows[:3]] == ["0.11", "0.44", "0.78"]
        assert ["▸" in line for line in rows[:3]] == [False, True, False]


def words_of(band: WordBand, width: int, step: int = 0) -> str:
    return words_text(band, step, range(len(band.words)), width)


def test_an_answer_that_lasts_is_written_once_in_narrow_columns() -> None:
    answers = ["spinning"] * 4 + ["testing"] * 2 + ["walking"]
    band = WordBand("answer", answers, layout="lasting")
    assert words_of(band, 3) == "spinning─── testi wa "
    assert words_of(band, 1) == "spi t w"
    # where there is room each step has its own
    assert words_of(band, 10).split() == answers
    unknown = WordBand("true", ["", "", "testing"], layout="lasting")
    assert words_of(unknown, 4) == "        tes "


@given(
    st.lists(st.integers(0, 130).map(str), min_size=1, max_size=60), st.integers(1, 4), st.data()
)
def test_no_number_of_a_unit_is_cut_or_runs_into_another(
    units: list[str], width: int, data: st.DataObject
) -> None:
    step = data.draw(st.integers(0, len(units) - 1))
    text = words_of(WordBand("unit", units, layout="whole"), width, step)
    if max(map(len, units)) > 1 and len(units) * width >= 3:
        assert len(text) == len(units) * width
        written = _numbers(text)
        assert units[step] in [str(number) for _, number in written]
        for cell, number in written:
            if cell % width == 0 and cell // width != step:
                assert str(number) in (units[cell // width], units[step])


async def test_what_is_not_read_yet_is_fainter() -> None:
    async with grid([heat(2)], 3, 0) as (_, step_grid, _pilot):
        read, *later = [
            segment.style.bgcolor.triplet
            for segment in step_grid.render_line(2)
            if segment.style and segment.style.bgcolor and segment.text == " " * 10
        ][:3]
        # The values grow from step to step, but those to come are faded.
        assert max(read) > max(max(colour) for colour in later)


async def test_the_present_step_of_a_long_input_is_in_view() -> None:
    steps = 4096
    words = WordBand("bit", ["1" if at == 4000 else "0" for at in range(steps)])
    for step in (0, 4000, steps - 1):
        async with grid([words, heat(4, steps)], steps, step) as (_, step_grid, _pilot):
            ruler, bits, *_ = lines(step_grid)
            assert str(step + 1) in ruler
            assert ("1" in bits[LABEL_WIDTH:]) == (step == 4000)
            assert ("‹" in ruler, "›" in ruler) == (step > 0, step < steps - 1)


@settings(max_examples=10)
@given(st.integers(1, 300), st.data(), st.integers(20, 90))
def test_no_number_of_the_ruler_is_cut(steps: int, data: st.DataObject, width: int) -> None:
    step = data.draw(st.integers(0, steps - 1))

    async def draw() -> None:
        async with grid([heat(2, steps)], steps, step, (width, 6)) as (_, step_grid, _pilot):
            ruler = lines(step_grid)[0]
            visible, width_of_column = step_grid._columns
            for cell, number in _numbers(ruler[LABEL_WIDTH:]):
                if number != step + 1:  # the present one may have been moved into view
                    assert number == visible.start + cell // width_of_column + 1
            assert step + 1 in [number for _, number in _numbers(ruler[LABEL_WIDTH:])]

    asyncio.run(draw())


def _numbers(text: str) -> list[tuple[int, int]]:
    """Where each number begins, and which it is."""
    return [(match.start(), int(match[0])) for match in re.finditer(r"\d+", text)]


async def test_a_curve_has_bars_above_and_below_zero() -> None:
    async with grid([WordBand("read", "xyz"), curve([1.0, -1.0, 0.0])], 3, 1) as (
        _,
        step_grid,
        _pilot,
    ):
        drawn = [
            [step_grid.render_line(y).text[LABEL_WIDTH + 10 * column] for y in range(3, 13)]
            for column in range(3)
        ]
        assert drawn[0][:5] == ["█"] * 5
        assert set(drawn[0][5:]) == {" "}
        assert drawn[2] == [" "] * 10
        below = [next(iter(step_grid.render_line(y).crop(LABEL_WIDTH + 10))) for y in range(8, 13)]
        # Drawn from above, as the ground of the cells.
        assert all(
            segment.style and segment.style.bgcolor and segment.text.startswith(" ")
            for segment in below
        )
        assert lines(step_grid)[2].startswith("curve -1.00 ─")  # the name, the value, a rule


async def test_a_click_picks_step_and_row() -> None:
    async with grid([WordBand("read", "xyz"), heat(3)], 3, 0) as (app, _shown, pilot):
        await pilot.click(StepGrid, offset=(LABEL_WIDTH + 21, 1))
        await pilot.click(StepGrid, offset=(LABEL_WIDTH + 11, 3))
        await idle(pilot)
        assert app.picked == [(2, "", 0), (1, "units", 1)]


async def test_the_cursor_stays_in_view_of_many_rows() -> None:
    async with grid([heat(128, row=100)], 3, 0, (60, 12)) as (_, step_grid, _pilot):
        assert any(line.startswith("100,101") and "▸" in line for line in lines(step_grid))


async def test_it_draws_at_any_size() -> None:
    many = [WordBand("a", "abc"), heat(9, row=3, title="b" * 99), curve([0.3, -0.3, 1.0])]
    for framed in (False, True):
        for size in ((1, 1), (12, 3), (20, 6), (200, 50)):
            async with grid(many, 3, 2, size, framed=framed) as (_, step_grid, _pilot):
                widths = {step_grid.render_line(y).cell_length for y in range(size[1])}
                assert widths == {step_grid.size.width}


async def test_two_rows_in_a_line_are_both_named() -> None:
    async with grid([heat(10, row=3)], 3, 0, (60, 6)) as (_, step_grid, _pilot):
        rows = [line.split("▸")[0].strip() for line in lines(step_grid)[1:6]]
        assert [row.split("▀")[0].strip() for row in rows] == [
            f"unit {at},{at + 1}" for at in range(0, 10, 2)
        ]


async def test_panels_have_their_names_and_a_legend_of_colours() -> None:
    many = [WordBand("a", "abc"), heat(9, title="states", signed=True), curve([0.5, 0, 0])]
    async with grid(many, 3, 0, (60, 30), title="said", framed=True) as (_, step_grid, _pilot):
        tops = [line for line in lines(step_grid) if line.startswith("╭")]
        names = ("said", "states", "curve +0.50")
        assert [name in top for name, top in zip(names, tops, strict=True)] == [True] * 3
        assert ["-1 " in top and " +1" in top for top in tops] == [False, True, False]
        inner = [line for line in lines(step_grid) if line and line[0] not in "╭╰"]
        assert all(line.startswith("│") and line.endswith("│") for line in inner)


async def test_without_colours_signs_are_characters() -> None:
    values = np.array([[1.0, -1.0, 0.0]] * 4, np.float32)
    many = [HeatBand("units", list("abcd"), values, signed=True)]
    async with grid(many, 3, 2, (60, 4)) as (app, step_grid, _pilot):
        app.no_color = True
        for line in lines(step_grid)[1:3]:
            cells = line[LABEL_WIDTH:]
            assert (cells[0], cells[10], cells[20]) == ("+", "−", " ")


def test_a_ruler_names_steps_by_their_times() -> None:
    names = [f"2024-01-{day:02}" for day in range(1, 31)]
    text, start, end = ruler_text(range(1, 31), 3, range(30), 2, names)
    assert text[start:end] == "2024-01-04"
    written = text.split()
    assert len(written) == 3  # 10 and 20, and where it is
    assert set(written) <= set(names)
    for name in written:
        if name != names[3]:
            assert text.index(name) == 2 * names.index(name)
    assert ruler_text(range(1, 31), 3, range(2, 6), 1, names)[0] == "2024"
