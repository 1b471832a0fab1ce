"""A grid of words, heatmaps and bars in a column for each time step, and a bar to go through steps.

What lies after the present step is faded: the network has not read it yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
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

from rnn_tui.ui.inside.bands import (
    BarBand,
    GridLine,
    HeatBand,
    StepBand,
    WordBand,
    lay_out,
    rows_at,
    ruler_text,
    title_of,
    words_text,
)
from rnn_tui.ui.inside.colours import LEVELS, Heatscale, Levels, bar_cell, levels_of

LABEL_WIDTH = 10  # cells of the labels at the left, at least
VALUE_WIDTH = 7  # cells of the values at the right
WIDEST_COLUMN = 10
SIDE_WIDTH = 2  # cells of a frame at the left
NARROWEST_WRITTEN = 4  # cells of a column from which on values are written into its cells
MOST_LINES = 10_000  # more than any screen has
WIDEST_BAR = 40


@dataclass
class StepPicked(Message):
    """A step was picked by a click."""

    widget: Widget
    step: int  #: from 0.
    name: str = ""  #: the name of the clicked heatmap; empty outside one.
    row: int = 0  #: the row of that heatmap, from 0.

    @property
    def control(self) -> Widget:
        return self.widget


class StepGrid(Widget, can_focus=True):
    """Draws a ruler, and bands below it."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "step-grid--label",
        "step-grid--word",
        "step-grid--strong",
        "step-grid--faint",
        "step-grid--wrong",
        "step-grid--here",
        "step-grid--cursor",
        "step-grid--ground",
        "step-grid--chosen",
        "step-grid--frame",
        "step-grid--frame-lit",
        "step-grid--title",
    }

    def __init__(self, *, ruler: str = "step", id: str | None = None) -> None:
        super().__init__(id=id)
        self.ruler = ruler  #: What a step is called.
        self.bands: tuple[StepBand, ...] = ()  #: What is drawn, from top to bottom.
        self.step = 0  #: The present step.
        self._title = ""
        self._framed = False
        self._label_width = LABEL_WIDTH
        self._places: list[GridLine] = []  #: What is on each line.
        #: The number of lines that these fit; Textual does not report every new size.
        self._height = -1
        self._levels: dict[int, Levels] = {}  #: Of each heatmap, by its index among the bands.
        self._numbers: Sequence[int] = ()
        self._names: Sequence[str] = ()

    def show(
        self,
        bands: Sequence[StepBand],
        numbers: Sequence[int],
        step: int,
        *,
        names: Sequence[str] = (),
        title: str = "",
        framed: bool = False,
    ) -> None:
        """Draw bands over T steps.

        Args:
            bands: From top to bottom.
            numbers: (T,) How the ruler numbers the steps.
            step: The present step, from 0.
            names: (T,) What the ruler says in place of numbers; none for these.
            title: Of the first panel.
            framed: Whether panels have frames; otherwise all but the first have a rule above.
        """
        self.bands = tuple(bands)
        self._numbers = numbers
        self._names = names
        self.step = step
        self._title = title
        self._framed = framed
        labels: list[str] = []
        self._levels = {}
        for index, band in enumerate(bands):
            if isinstance(band, WordBand):
                labels.append(band.label)
            elif isinstance(band, HeatBand):
                labels += [band.prefix + label for label in band.labels]
                self._levels[index] = levels_of(band.values, band.limit, signed=band.signed)
        self._label_width = max(LABEL_WIDTH, 2 + max(map(len, labels), default=0))
        self._height = -1
        self.refresh(layout=self.styles.is_auto_height)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """Return the height: lines for the ruler and each row, and more for legible bars."""
        return len(lay_out(MOST_LINES, self.bands, framed=self._framed)) if self.bands else 1

    # Where things are

    @property
    def _columns(self) -> tuple[range, int]:
        """The visible steps, and how wide each column is."""
        steps = len(self._numbers)
        room = max(1, self.size.width - self._left - VALUE_WIDTH)
        width = max(1, min(WIDEST_COLUMN, room // max(1, steps)))
        count = min(steps, room // width)
        # The present step is in the middle, but no room is wasted at the ends.
        first = max(0, min(self.step - count // 2, steps - count))
        return range(first, first + count), width

    @property
    def _left(self) -> int:
        """Cells before the first column."""
        return self._label_width + (SIDE_WIDTH if self._framed else 0)

    def _place(self, y: int) -> GridLine:
        """Return the contents of a line."""
        if self._height != self.size.height:
            self._height = self.size.height
            self._places = lay_out(self._height, self.bands, framed=self._framed)
        return self._places[y] if y < len(self._places) else GridLine("")

    def on_click(self, event: events.Click) -> None:
        """Pick the step of the column, and in a heatmap the row too."""
        if not self._numbers:
            return
        steps, width = self._columns
        column = (event.x - self._left) // width
        on_column = 0 <= column < len(steps)
        step = steps[column] if on_column else self.step
        place = self._place(event.y)
        band = self.bands[place.band] if place.kind == "band" else None
        if isinstance(band, HeatBand):
            rows = self._rows(band, place.lines, place.line)
            if rows and (on_column or band.name):
                self.post_message(StepPicked(self, step, band.name, rows[0]))
                return
        if on_column:
            self.post_message(StepPicked(self, step))

    # Drawing

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if not self._numbers:
            return Strip.blank(width, self.rich_style)
        place, frame = self._place(y), self._style("frame")
        segments: list[Segment] = []
        match place.kind:
            case "top":
                segments = self._draw_rule(place.band)
            case "bottom":
                segments = [Segment(f"╰{'─' * (width - 2)}╯", frame)]
            case "ruler":
                segments = self._draw_ruler()
            case "band":
                segments = self._draw_band(place)
        if self._framed and place.kind in ("ruler", "band"):
            inner = Strip(segments).adjust_cell_length(max(0, width - SIDE_WIDTH - 1))
            segments = [Segment("│ ", frame), *inner, Segment("│", frame)]
        strip = Strip(segments).apply_style(self.rich_style)
        return strip.adjust_cell_length(width, self.rich_style)

    def _draw_band(self, place: GridLine) -> list[Segment]:
        match self.bands[place.band]:
            case WordBand() as band:
                return self._draw_words(band)
            case HeatBand() as band:
                return self._draw_heat(band, self._levels[place.band], place.line, place.lines)
            case BarBand() as band:
                return self._draw_bars(band, place.line, place.lines)

    def _draw_rule(self, index: int) -> list[Segment]:
        """Draw the upper edge of a band's panel: its name, and the meaning of its colours."""
        band, frame, title = self.bands[index], self._style("frame"), self._style("title")
        if self.has_focus and isinstance(band, HeatBand) and band.row is not None:
            title, frame = self._style("label"), self._style("frame-lit")
        left, right = ("╭─ ", "─╮") if self._framed else ("", "")
        name = f"{title_of(band, self.step) or self._title} "
        legend = self._legend(index)
        room = self.size.width - len(left + name + right)
        rule_width = room - sum(segment.cell_length for segment in legend)
        if rule_width < 0:
            legend = []
            rule_width = room
        rule = Segment("─" * rule_width, frame)
        return [Segment(left, frame), Segment(name, title), rule, *legend, Segment(right, frame)]

    def _legend(self, index: int) -> list[Segment]:
        """Return the colours of the heatmap in the panel that a band begins, and their values."""
        first = self.bands[index]
        heat = next((band for band in self.bands[index:] if isinstance(band, HeatBand)), None)
        if heat is None or (heat.title and heat is not first):
            return []  # the panel has none
        lowest, form = (-1, "+.3g") if heat.signed else (0, ".3g")
        levels = np.linspace(lowest * LEVELS, LEVELS, 5).astype(int).tolist()
        blocks = [self._scale.cell(level, 1, signed=heat.signed) for level in levels]
        low, high = f" {lowest * heat.limit:{form}} ", f" {heat.limit:{form}}"
        if self._framed:
            high += " "
        faint = self._style("faint")
        return [Segment(low, faint), *blocks, Segment(high, faint)]

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"step-grid--{name}")

    def _label(self, text: str, *, cursor: bool = False) -> Segment:
        """Return a label at the left, with a sign where the cursor is."""
        width = self._label_width - 2
        sign, style = ("▸", "cursor") if cursor else (" ", "label")
        return Segment(f"{text[:width].ljust(width)}{sign} ", self._style(style))

    def _rows(self, band: HeatBand, lines: int, line: int) -> tuple[int, ...]:
        """Return the rows that a line of a heatmap shows; one row if signs must be legible."""
        return rows_at(band, lines, line, alone=band.signed and self.app.no_color)

    def _row_label(self, band: HeatBand, rows: Sequence[int]) -> list[Segment]:
        """Return the names of the rows of a line; of two, the one at the cursor stands out."""
        names = [band.labels[row] for row in rows]
        longest = max(map(len, band.labels)) * len(rows) + len(rows) - 1
        has_room = len(band.prefix) + longest <= self._label_width - 2
        prefix = band.prefix if has_room else ""
        label = self._label(prefix + ",".join(names), cursor=band.row in rows)
        if len(rows) == 1 or band.row not in rows:
            return [label]
        index = rows.index(band.row)
        start = len(prefix) + index * (len(names[0]) + 1)
        left, at_cursor = label.split_cells(start)
        at_cursor, right = at_cursor.split_cells(len(names[index]))
        style = self._style("label")
        return [Segment(left.text, style), at_cursor, Segment(right.text, style)]

    def _draw_ruler(self) -> list[Segment]:
        text, start, end = ruler_text(self._numbers, self.step, *self._columns, self._names)
        faint = self._style("faint")
        return [
            self._label(self.ruler),
            Segment(text[:start], faint),
            Segment(text[start:end], self._style("here")),
            Segment(text[end:], faint),
        ]

    def _draw_words(self, band: WordBand) -> list[Segment]:
        steps, width = self._columns
        text = words_text(band, self.step, steps, width)
        segments = [self._label(band.label)]
        for column, step in enumerate(steps):
            word = text[column * width : (column + 1) * width]
            end = len(word.rstrip()) or 1
            segments += [Segment(word[:end], self._word_style(band, step)), Segment(word[end:])]
        return segments

    def _word_style(self, band: WordBand, step: int) -> Style:
        if band.wrong and band.wrong[step]:
            style = self._style("wrong")
        else:
            style = self._style("strong" if band.strong else "word")
            if step > self.step:
                style = self._style("faint")
            if band.chosen and band.chosen[step]:
                style = style + self._style("chosen")
        return style + self._style("here") if step == self.step else style

    @property
    def _scale(self) -> Heatscale:
        ground: Color = self.get_component_styles("step-grid--ground").background
        return Heatscale(self.app.current_theme, ground, plain=self.app.no_color)

    def _draw_heat(self, band: HeatBand, levels: Levels, line: int, lines: int) -> list[Segment]:
        """Return a line of a heatmap: one row, or two rows in the halves of its cells.

        `levels` (R, T) are those of the whole heatmap.
        """
        rows = self._rows(band, lines, line)
        if not rows:
            return []
        steps, width = self._columns
        scale = self._scale
        has_all_rows = lines >= len(band.values)
        upper_levels = levels[rows[0], steps.start : steps.stop].tolist()
        lower_levels = levels[rows[-1], steps.start : steps.stop].tolist()
        segments = self._row_label(band, rows)
        for step, upper, lower in zip(steps, upper_levels, lower_levels, strict=True):
            faded = step > self.step
            if len(rows) == 1:
                text = self._written(band, rows[0], step, width) if has_all_rows else ""
                segments.append(scale.cell(upper, width, text, signed=band.signed, faded=faded))
            else:
                above = scale.colour(upper, signed=band.signed, faded=faded)
                below = scale.colour(lower, signed=band.signed, faded=faded)
                segments.append(Segment("▀" * width, Style(color=above, bgcolor=below)))
        at_cursor = band.row in rows
        if at_cursor or (len(rows) == 1 and not band.written):
            row = band.row if band.row in rows else rows[0]
            value = f" {band.values[row, self.step]:{band.form}}"
            segments.append(Segment(value, self._style("cursor" if at_cursor else "faint")))
        return segments

    def _written(self, band: HeatBand, row: int, step: int, width: int) -> str:
        """Return the value to write into a cell; empty for none."""
        value = band.values[row, step]
        if not band.written or width < NARROWEST_WRITTEN or np.isnan(value):
            return ""
        return f"{value:{band.form}}"[: width - 1].rjust(width - 1) + " "

    def _draw_bars(self, band: BarBand, line: int, lines: int) -> list[Segment]:
        steps, width = self._columns
        scale = self._scale
        if band.low < 0 < band.high:
            lines -= lines % 2  # so that zero lies between two lines
            if line == lines:
                return []
        height = (band.high - band.low) / lines
        top = band.high - line * height
        bar_width = width - 1 if width > 1 else width  # a gap between bars, if there is room
        gap = Segment(" " * (width - bar_width))
        segments = [self._label("")]
        for step in steps:
            value = float(band.values[step])
            if np.isnan(value):
                segments.append(Segment(" " * width))
                continue
            level = -LEVELS if value < 0 else LEVELS
            colour = scale.colour(level, signed=True, faded=step > self.step)
            glyph, style = bar_cell(value, top, height, colour, scale.ground.rich_color)
            segments += [Segment(glyph * bar_width, style), gap]
        faint = self._style("faint")
        if line == 0:
            segments.append(Segment(f" {band.high:{band.form}}", faint))
        elif line == lines - 1:
            segments.append(Segment(f" {band.low:{band.form}}", faint))
        return segments


class Scrubber(Widget):
    """Shows the present step, a bar and a sentence in a line. A click on the bar goes there."""

    ALLOW_SELECT = False

    _step = 0
    _steps = 0
    _head = ""  #: The text before the bar.
    _text = ""  #: The text after the bar.

    def show(self, step: int, steps: int, name: str, text: str, *, playing: bool) -> None:
        """Show a step.

        Args:
            step: The present one, from 0.
            steps: How many there are; with 0 the line is empty.
            name: Of the step.
            text: The sentence.
            playing: Whether the next step follows without a key.
        """
        self._step = step
        self._steps = steps
        self._text = text
        self._head = f"▶ {name} " if playing else f"{name} "
        self.refresh()

    @property
    def _bar_width(self) -> int:
        room = self.size.width - len(self._head) - len(self._text) - 2
        return max(0, min(WIDEST_BAR, room, max(8, self._steps)))

    def render(self) -> Content:
        if not self._steps:
            return Content("")
        line, width = Content.styled(self._head, "bold"), self._bar_width
        if width > 1:
            cell = round(self._step / max(1, self._steps - 1) * (width - 1))
            line += Content.styled("━" * cell, "$text-accent")
            line += Content.styled("●", "bold $text-accent")
            line += Content.styled("─" * (width - cell - 1), "$foreground 40%")
        return line + Content(f"  {self._text}")

    def on_click(self, event: events.Click) -> None:
        width, cell = self._bar_width, event.x - len(self._head)
        if self._steps and width > 1 and 0 <= cell < width:
            self.post_message(StepPicked(self, round(cell / (width - 1) * (self._steps - 1))))
