"""Words, heatmaps and curves over time steps, in the same columns, read at one step and in one row;
the bar of these steps. What lies after the present step is faded: the network has not read it yet.
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
    HeatBand,
    Place,
    StepBand,
    WordBand,
    laid_out,
    rows_at,
    ruler_text,
    title_of,
)
from rnn_tui.ui.inside.colours import LEVELS, Heatscale, Levels, bar_cell, levels_of

# Cells beside the columns: labels at the left, values at the right; of the widest column, and of a
# frame at the left.
LABEL_WIDTH, VALUE_WIDTH, WIDEST_COLUMN, SIDE_WIDTH = 10, 7, 10, 2
MOST_LINES = 10_000  # more than any screen has
WIDEST_BAR = 40


@dataclass
class StepPicked(Message):
    """A step was chosen by a click, from 0, and where that is in a heatmap, its name and row."""

    widget: Widget
    step: int
    name: str = ""
    row: int = 0

    @property
    def control(self) -> Widget:
        return self.widget


class StepGrid(Widget, can_focus=True):
    """A ruler, and below it whatever bands it is given."""

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
        self.ruler = ruler
        self.bands: tuple[StepBand, ...] = ()
        self._title, self._framed = "", False
        self._label_width = LABEL_WIDTH
        self._places: list[Place] = []
        self._laid_out = -1  # for so many lines; a size can come without a word of it
        self._levels: dict[int, Levels] = {}
        self._numbers: Sequence[int] = ()
        self.step = 0

    def show(
        self,
        bands: Sequence[StepBand],
        numbers: Sequence[int],
        step: int,
        *,
        title: str = "",
        framed: bool = False,
    ) -> None:
        """Draw `bands`, from top to bottom, over steps, of which the ruler says the `numbers` (T)
        and `step`, from 0, is the present one; `title` is that of the first panel; panels are
        `framed`, or have a rule above all but the first.
        """
        self.bands, self._numbers, self.step = tuple(bands), numbers, step
        self._title, self._framed = title, framed
        heats = {at: band for at, band in enumerate(bands) if isinstance(band, HeatBand)}
        labels = [one.label for one in bands if isinstance(one, WordBand)]
        labels += (one.what + label for one in heats.values() for label in one.labels)
        self._label_width = max(LABEL_WIDTH, 2 + max(map(len, labels), default=0))
        self._levels = {
            at: levels_of(band.values, band.limit, signed=band.signed) for at, band in heats.items()
        }
        self._laid_out = -1
        self.refresh(layout=self.styles.is_auto_height)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """A line for the ruler and each row, and for curves what they profit from."""
        return len(laid_out(MOST_LINES, self.bands, framed=self._framed)) if self.bands else 1

    # Where things are

    @property
    def _columns(self) -> tuple[range, int]:
        """Which steps are visible, and how wide each is."""
        steps, room = len(self._numbers), max(1, self.size.width - self._left - VALUE_WIDTH)
        width = max(1, min(WIDEST_COLUMN, room // max(1, steps)))
        count = min(steps, room // width)
        # The present step in the middle, but no room wasted at the ends.
        first = max(0, min(self.step - count // 2, steps - count))
        return range(first, first + count), width

    @property
    def _left(self) -> int:
        """Cells before the first column."""
        return self._label_width + SIDE_WIDTH * self._framed

    def _place(self, y: int) -> Place:
        if self._laid_out != self.size.height:
            self._laid_out = self.size.height
            self._places = laid_out(self._laid_out, self.bands, framed=self._framed)
        return self._places[y] if y < len(self._places) else Place("")

    def on_click(self, event: events.Click) -> None:
        if not self._numbers:
            return
        steps, width = self._columns
        column = (event.x - self._left) // width
        inside = 0 <= column < len(steps)
        step = steps[column] if inside else self.step
        name, row, place = "", 0, self._place(event.y)
        if place.kind == "band" and isinstance(band := self.bands[place.at], HeatBand):
            rows = self._rows(band, place.lines, place.line)
            if rows:
                name, row = band.name, rows[0]
        if inside or name:
            self.post_message(StepPicked(self, step, name, row))

    # Drawing

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if not self._numbers:
            return Strip.blank(width, self.rich_style)
        place, frame, segments = self._place(y), self._style("frame"), []
        match place.kind, *self.bands[place.at : place.at + 1]:
            case "top", *_:
                segments = self._draw_rule(place.at)
            case "bottom", *_:
                segments = [Segment(f"╰{'─' * (width - 2)}╯", frame)]
            case "ruler", *_:
                segments = self._draw_ruler()
            case "band", WordBand() as band:
                segments = self._draw_words(band)
            case "band", HeatBand() as band:
                segments = self._draw_heat(band, self._levels[place.at], place.line, place.lines)
            case "band", BarBand() as band:
                segments = self._draw_curve(band, place.line, place.lines)
        if self._framed and place.kind in ("ruler", "band"):
            inner = Strip(segments).adjust_cell_length(max(0, width - SIDE_WIDTH - 1))
            segments = [Segment("│ ", frame), *inner, Segment("│", frame)]
        return (
            Strip(segments).apply_style(self.rich_style).adjust_cell_length(width, self.rich_style)
        )

    def _draw_rule(self, at: int) -> list[Segment]:
        """The upper edge of the panel that a band begins: its name, what its colours mean."""
        band, frame, title = self.bands[at], self._style("frame"), self._style("title")
        if self.has_focus and isinstance(band, HeatBand) and band.row is not None:
            title, frame = self._style("label"), self._style("frame-lit")
        left, right = ("╭─ ", "─╮") if self._framed else ("", "")
        name, legend = f"{title_of(band, self.step) or self._title} ", self._legend(at)
        room, needed = (
            self.size.width - len(left + name + right),
            sum(part.cell_length for part in legend),
        )
        if room < needed:
            legend, needed = [], 0
        rule = Segment(f"{'─' * (room - needed)}", frame)
        return [Segment(left, frame), Segment(name, title), rule, *legend, Segment(right, frame)]

    def _legend(self, at: int) -> list[Segment]:
        """Which colours the values of a panel's heatmap have."""
        band = next((one for one in self.bands[at:] if isinstance(one, HeatBand)), None)
        if band is None or (band.title and band is not self.bands[at]):
            return []
        lowest, form = (-1, "+.3g") if band.signed else (0, ".3g")
        levels = np.linspace(lowest * LEVELS, LEVELS, 5).astype(int).tolist()
        blocks = [self._scale.cell(level, 1, signed=band.signed) for level in levels]
        low, high = f" {lowest * band.limit:{form}} ", f" {band.limit:{form}}"
        faint, end = self._style("faint"), " " * self._framed
        return [Segment(low, faint), *blocks, Segment(high + end, faint)]

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"step-grid--{name}")

    def _label(self, text: str, *, cursor: bool = False) -> Segment:
        text = text[: self._label_width - 2].ljust(self._label_width - 2)
        return Segment(
            f"{text}{'▸' if cursor else ' '} ", self._style("cursor" if cursor else "label")
        )

    def _rows(self, band: HeatBand, lines: int, line: int) -> tuple[int, ...]:
        """The rows that a line of a heatmap shows; one where a sign has to be read in each."""
        return rows_at(band, lines, line, alone=band.signed and self.app.no_color)

    def _row_label(self, band: HeatBand, rows: Sequence[int]) -> list[Segment]:
        """The names of the rows of a line; of two, the one with the cursor stands out."""
        names = [band.labels[row] for row in rows]
        longest = max(map(len, band.labels)) * len(rows) + len(rows) - 1
        what = band.what if len(band.what) + longest <= self._label_width - 2 else ""
        label = self._label(what + ",".join(names), cursor=band.row in rows)
        if len(rows) == 1 or band.row not in rows:
            return [label]
        which = rows.index(band.row)
        start = len(what) + which * (len(names[0]) + 1)
        (before, own), other = label.split_cells(start), self._style("label")
        own, after = own.split_cells(len(names[which]))
        return [Segment(before.text, other), own, Segment(after.text, other)]

    def _draw_ruler(self) -> list[Segment]:
        text, start, end = ruler_text(self._numbers, self.step, *self._columns)
        faint, here = self._style("faint"), Segment(text[start:end], self._style("here"))
        return [
            self._label(self.ruler),
            Segment(text[:start], faint),
            here,
            Segment(text[end:], faint),
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
        return Heatscale(self.app.current_theme, ground, plain=self.app.no_color)

    def _draw_heat(self, band: HeatBand, levels: Levels, line: int, lines: int) -> list[Segment]:
        rows = self._rows(band, lines, line)
        if not rows:
            return []
        (steps, width), scale = self._columns, self._scale
        whole, levels = lines >= len(band.values), levels[:, steps.start : steps.stop]
        row = band.row if band.row in rows else rows[0]
        marked, segments = row == band.row, self._row_label(band, rows)
        for step, upper, lower in zip(
            steps, levels[rows[0]].tolist(), levels[rows[-1]].tolist(), strict=True
        ):
            faded = step > self.step
            if len(rows) == 1:
                text = self._written(band, rows[0], step, width) if whole else ""
                segments.append(scale.cell(upper, width, text, signed=band.signed, faded=faded))
            else:
                above, below = (
                    scale.colour(level, signed=band.signed, faded=faded) for level in (upper, lower)
                )
                segments.append(Segment("▀" * width, Style(color=above, bgcolor=below)))
        if (len(rows) == 1 and not band.written) or marked:
            value = f"{band.values[row, self.step]:{band.form}}"
            segments.append(Segment(f" {value}", self._style("cursor" if marked else "faint")))
        return segments

    def _written(self, band: HeatBand, row: int, step: int, width: int) -> str:
        value = band.values[row, step]
        if not band.written or width < 4 or np.isnan(value):
            return ""
        return f"{value:{band.form}}"[: width - 1].rjust(width - 1) + " "

    def _draw_curve(self, band: BarBand, line: int, lines: int) -> list[Segment]:
        (steps, width), scale = self._columns, self._scale
        if band.low < 0 < band.high:
            lines -= lines % 2  # so that zero lies between two lines
            if line == lines:
                return []
        height = (band.high - band.low) / lines
        top, segments = band.high - line * height, [self._label("")]
        for step in steps:
            value = float(band.values[step])
            if np.isnan(value):
                segments.append(Segment(" " * width))
                continue
            colour = scale.colour(
                -LEVELS if value < 0 else LEVELS, signed=True, faded=step > self.step
            )
            glyph, style = bar_cell(value, top, height, colour, scale.ground.rich_color)
            bar = width - (width > 1)  # a gap between bars, where there is room for it
            segments += Segment(glyph * bar, style), Segment(" " * (width - bar))
        edge = band.high if line == 0 else band.low if line == lines - 1 else None
        if edge is not None:
            segments.append(Segment(f" {edge:{band.form}}", self._style("faint")))
        return segments


class Scrubber(Widget):
    """One line: step, bar, sentence. A click on the bar goes there."""

    ALLOW_SELECT = False

    _step, _steps, _head, _text = 0, 0, "", ""

    def show(self, step: int, steps: int, name: str, text: str, *, playing: bool) -> None:
        """Draw that `step` of `steps`, called `name`, is the present one, and `text` beside it."""
        self._step, self._steps, self._text = step, steps, text
        self._head = f"{'▶ ' if playing else ''}{name} "
        self.refresh()

    @property
    def _width(self) -> int:
        return max(
            0,
            min(
                WIDEST_BAR,
                self.size.width - len(self._head) - len(self._text) - 2,
                max(8, self._steps),
            ),
        )

    def render(self) -> Content:
        if not self._steps:
            return Content("")
        line, width = Content.styled(self._head, "bold"), self._width
        if width > 1:
            at = round(self._step / max(1, self._steps - 1) * (width - 1))
            line += Content.styled("━" * at, "$text-accent") + Content.styled(
                "●", "bold $text-accent"
            )
            line += Content.styled("─" * (width - at - 1), "$foreground 40%")
        return line + Content(f"  {self._text}")

    def on_click(self, event: events.Click) -> None:
        width, x = self._width, event.x - len(self._head)
        if self._steps and width > 1 and 0 <= x < width:
            self.post_message(StepPicked(self, round(x / (width - 1) * (self._steps - 1))))
