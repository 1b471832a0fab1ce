"""The bar of time steps; words, heatmaps and curves over them, read at one step and in one row.

All bands share their columns, so that what a network read, held and said at a step stand above each
other. What lies after the present step is faded: the network has not read it yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import ClassVar

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from rnn_tui.ui.chart.axes import nice_step
from rnn_tui.ui.inside.bands import (
    LEVELS,
    BarBand,
    HeadingBand,
    HeatBand,
    Heatscale,
    Levels,
    StepBand,
    WordBand,
    allot,
    bar_cell,
    levels_of,
    rows_at,
)

# The widest bar of steps.
WIDEST_BAR = 40
# Cells beside the columns: labels at the left, values at the right.
LABEL_WIDTH, VALUE_WIDTH = 10, 7
WIDEST_COLUMN = 6
# More than any screen has.
MOST_LINES = 10_000
GREY = Color(128, 128, 128)


class Scrubber(Widget):
    """One line: step, bar, sentence. A click on the bar goes there."""

    ALLOW_SELECT = False

    @dataclass
    class Moved(Message):
        """A step was chosen, from 0."""

        step: int

    _steps, _step = 0, 0
    _name, _text, _playing = "", "", False

    def show(self, step: int, steps: int, name: str, text: str, *, playing: bool) -> None:
        """Draw that `step` of `steps`, called `name`, is the present one, and `text` beside it."""
        self._step, self._steps, self._name = step, steps, name
        self._text, self._playing = text, playing
        self.refresh()

    @property
    def _head(self) -> str:
        return f"{'▶ ' if self._playing else ''}{self._name} "

    @property
    def _width(self) -> int:
        room = self.size.width - len(self._head) - len(self._text) - 2
        return max(0, min(WIDEST_BAR, room, max(8, self._steps)))

    def render(self) -> Content:
        """Draw at the present width."""
        if not self._steps:
            return Content("")
        width = self._width
        at = round(self._step / max(1, self._steps - 1) * (width - 1)) if width > 1 else 0
        bar = Content("━" * at).stylize("$text-accent") + Content("●").stylize("bold $text-accent")
        bar += Content("─" * (width - at - 1)).stylize("$foreground 40%")
        head = Content(self._head).stylize("bold")
        return head + (bar if width > 1 else Content("")) + Content(f"  {self._text}")

    def on_click(self, event: events.Click) -> None:
        """Go to the step that lies there."""
        width, x = self._width, event.x - len(self._head)
        if self._steps and width > 1 and 0 <= x < width:
            self.post_message(self.Moved(round(x / (width - 1) * (self._steps - 1))))


class StepGrid(Widget, can_focus=True):
    """A ruler, and below it whatever bands it is given."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "step-grid--label", "step-grid--word", "step-grid--strong", "step-grid--faint",
        "step-grid--wrong", "step-grid--here", "step-grid--cursor", "step-grid--ground",
        "step-grid--chosen",
    }  # fmt: skip

    @dataclass
    class Picked(Message):
        """A place was clicked.

        Attributes:
            grid: in which.
            step: from 0.
            name: of the heatmap; empty elsewhere.
            row: in it.
        """

        grid: StepGrid
        step: int
        name: str = ""
        row: int = 0

        @property
        def control(self) -> StepGrid:
            """The grid."""
            return self.grid

    def __init__(self, *, ruler: str = "step", id: str | None = None) -> None:
        super().__init__(id=id)
        self.ruler = ruler
        self.bands: tuple[StepBand, ...] = ()
        self._levels: dict[int, Levels] = {}
        self._numbers: Sequence[int] = ()
        self.step = 0

    def show(self, bands: Sequence[StepBand], numbers: Sequence[int], step: int) -> None:
        """Draw `bands` over steps, up to the present one.

        Args:
            bands: from top to bottom.
            numbers: (T) what the ruler calls the steps.
            step: the present one, from 0.
        """
        self.bands, self._numbers, self.step = tuple(bands), numbers, step
        self._levels = {
            at: levels_of(band.values, band.limit, signed=band.signed)
            for at, band in enumerate(bands)
            if isinstance(band, HeatBand)
        }
        self.refresh(layout=self.styles.is_auto_height)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """A line for the ruler and each row, and for curves what they profit from."""
        return 1 + sum(allot(MOST_LINES, self.bands)) if self.bands else 1

    # Where things are

    @property
    def _columns(self) -> tuple[range, int]:
        """Which steps are visible, and how wide each is."""
        steps, room = len(self._numbers), max(1, self.size.width - LABEL_WIDTH - VALUE_WIDTH)
        width = max(1, min(WIDEST_COLUMN, room // max(1, steps)))
        count = min(steps, room // width)
        # The present step in the middle, but no room wasted at the ends.
        first = max(0, min(self.step - count // 2, steps - count))
        return range(first, first + count), width

    def _place(self, y: int) -> tuple[int, int, int] | None:
        """The band at a line of the widget, the line in it, and how many lines it has."""
        lines = allot(max(0, self.size.height - 1), self.bands)
        for at, end in enumerate(accumulate(lines)):
            if y - 1 < end:
                return at, y - 1 - (end - lines[at]), lines[at]
        return None

    def on_click(self, event: events.Click) -> None:
        """Go to the step, and the row, that was clicked."""
        if not self._numbers:
            return
        steps, width = self._columns
        column = (event.x - LABEL_WIDTH) // width
        inside = 0 <= column < len(steps)
        step = steps[column] if inside else self.step
        name, row, place = "", 0, self._place(event.y) if event.y else None
        if place is not None and isinstance(band := self.bands[place[0]], HeatBand):
            rows = rows_at(band, place[2], place[1])
            if rows:
                name, row = band.name, rows[0]
        if inside or name:
            self.post_message(self.Picked(self, step, name, row))

    # Drawing

    def render_line(self, y: int) -> Strip:
        """Draw a line."""
        width = self.size.width
        if not self._numbers:
            return Strip.blank(width, self.rich_style)
        if y == 0:
            segments = self._draw_ruler()
        else:
            place = self._place(y)
            segments = [] if place is None else self._draw(*place)
        return Strip(segments).apply_style(self.rich_style).adjust_cell_length(
            width, self.rich_style
        )  # fmt: skip

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"step-grid--{name}")

    def _label(self, text: str, *, cursor: bool = False) -> Segment:
        text = text[: LABEL_WIDTH - 2].ljust(LABEL_WIDTH - 2)
        mark = "▸" if cursor else " "
        return Segment(f"{text}{mark} ", self._style("cursor" if cursor else "label"))

    def _draw(self, at: int, line: int, lines: int) -> list[Segment]:
        band = self.bands[at]
        match band:
            case HeadingBand():
                return [Segment(band.text, self._style("faint"))]
            case WordBand():
                return self._draw_words(band)
            case HeatBand():
                return self._draw_heat(band, self._levels[at], line, lines)
            case BarBand():
                return self._draw_curve(band, line, lines)

    def _draw_ruler(self) -> list[Segment]:
        steps, width = self._columns
        longest = len(str(self._numbers[-1]))
        every = max(1, int(nice_step(longest + 1, width)))
        room = len(steps) * width
        here = str(self._numbers[self.step])
        start = max(0, min((self.step - steps.start) * width, room - len(here)))
        end = start + len(here)
        more_left, more_right = steps.start > 0, steps.stop < len(self._numbers)
        text = [" "] * room
        for column, step in enumerate(steps):
            number = self._numbers[step]
            written, at = str(number), column * width
            # A number that is cut would be another number.
            free = at + len(written) < start or at > end
            inside = at >= 2 * more_left and at + len(written) <= room - 2 * more_right
            if number % every == 0 and free and inside:
                text[at : at + len(written)] = written
        if more_left:
            text[0] = "‹"
        if more_right:
            text[-1] = "›"
        faint = self._style("faint")
        return [
            self._label(self.ruler),
            Segment("".join(text[:start]), faint),
            Segment(here, self._style("here")),
            Segment("".join(text[end:]), faint),
        ]

    def _draw_words(self, band: WordBand) -> list[Segment]:
        steps, width = self._columns
        segments = [self._label(band.label)]
        for step in steps:
            word = band.words[step][:width].ljust(width)
            style = self._style("strong" if band.strong else "word")
            if step > self.step:
                style = self._style("faint")
            if band.chosen and band.chosen[step]:
                style = style + self._style("chosen")
            if band.wrong and band.wrong[step]:
                style = self._style("wrong")
            if step == self.step:
                style = style + self._style("here")
            end = len(word.rstrip()) or 1
            segments += Segment(word[:end], style), Segment(word[end:])
        return segments

    @property
    def _scale(self) -> Heatscale:
        ground: Color = self.get_component_styles("step-grid--ground").background
        return Heatscale(self.app.current_theme, ground)

    def _draw_heat(self, band: HeatBand, levels: Levels, line: int, lines: int) -> list[Segment]:
        rows = rows_at(band, lines, line)
        if not rows:
            return []
        (steps, width), scale = self._columns, self._scale
        whole = lines >= len(band.values)
        levels = levels[:, steps.start : steps.stop]
        row = band.row if band.row in rows else rows[0]
        marked = row == band.row
        segments = [self._label(band.labels[row], cursor=marked)]
        for step, upper, lower in zip(
            steps, levels[rows[0]].tolist(), levels[rows[-1]].tolist(), strict=True
        ):
            faded = step > self.step
            above = scale.colour(upper, signed=band.signed, faded=faded)
            if len(rows) == 1:
                text = self._written(band, rows[0], step, width) if whole else " " * width
                ink = scale.ground if abs(upper) > LEVELS // 2 else GREY
                style = Style(color=ink.rich_color if text.strip() else None, bgcolor=above)
                segments.append(Segment(text, style))
            else:
                below = scale.colour(lower, signed=band.signed, faded=faded)
                segments.append(Segment("▀" * width, Style(color=above, bgcolor=below)))
        if (len(rows) == 1 and not band.written) or marked:
            value = f"{band.values[row, self.step]:{band.form}}"
            segments.append(Segment(f" {value}", self._style("cursor" if marked else "faint")))
        return segments

    def _written(self, band: HeatBand, row: int, step: int, width: int) -> str:
        value = band.values[row, step]
        if not band.written or width < 4 or np.isnan(value):
            return " " * width
        return f"{value:{band.form}}"[: width - 1].rjust(width - 1) + " "

    def _draw_curve(self, band: BarBand, line: int, lines: int) -> list[Segment]:
        (steps, width), scale = self._columns, self._scale
        if band.low < 0 < band.high:
            lines -= lines % 2  # so that zero lies between two lines
            if line == lines:
                return []
        height = (band.high - band.low) / lines
        top = band.high - line * height
        segments = [self._curve_label(band, line)]
        for step in steps:
            value = float(band.values[step])
            if np.isnan(value):
                segments.append(Segment(" " * width))
                continue
            level = -LEVELS if value < 0 else LEVELS
            colour = scale.colour(level, signed=True, faded=step > self.step)
            glyph, style = bar_cell(value, top, height, colour, scale.ground.rich_color)
            # A gap between bars, where there is room for it.
            bar = width - (width > 1)
            segments += Segment(glyph * bar, style), Segment(" " * (width - bar))
        edge = band.high if line == 0 else band.low if line == lines - 1 else None
        if edge is not None:
            segments.append(Segment(f" {edge:{band.form}}", self._style("faint")))
        return segments

    def _curve_label(self, band: BarBand, line: int) -> Segment:
        if line == 0:
            return self._label(band.label)
        value = float(band.values[self.step])
        if line == 1 and not np.isnan(value):
            text = f"{value:{band.form}}"[: LABEL_WIDTH - 2].ljust(LABEL_WIDTH)
            return Segment(text, self._style("cursor"))
        return self._label("")
