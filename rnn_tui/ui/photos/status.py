"""Which digit in photos was read as which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.color import Color
from textual.containers import VerticalScroll
from textual.widgets import Static

if TYPE_CHECKING:
    from rnn_tui.photos.collection import ReadingSummary


NONE_YET = (
    "No photo has a label yet. Tick “labels by name” where names tell the digit (7/img.jpg, "
    "7_2.png), or press a digit on a photo to say what it shows."
)


class PhotoConfusion(VerticalScroll, can_focus=True):
    """Accuracy and confusion matrix of the photos with a label."""

    _summary: ReadingSummary | None = None

    def compose(self) -> ComposeResult:
        """One table."""
        yield Static("", markup=False)

    def on_mount(self) -> None:
        """Follow the theme, whose colours are in the cells."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw())

    def show(self, summary: ReadingSummary) -> None:
        """Draw it."""
        self._summary = summary
        self._draw()

    def _draw(self) -> None:
        if self._summary is not None:
            labelled = self._summary.labelled
            self.query_one(Static).update(self._table(self._summary) if labelled else NONE_YET)

    def _table(self, summary: ReadingSummary) -> Table:
        theme = self.app.theme_variables
        good, bad = Color.parse(theme["success"]), Color.parse(theme["error"])
        unsure, ground = Color.parse(theme["warning"]), Color.parse(theme["background"])
        table = Table(
            title=f"{summary.right:,} of {summary.labelled:,} right "
            f"({summary.accuracy:.1f} %): true digit down, read as across, ? in doubt",
            title_justify="left", title_style="bold", box=None, padding=(0, 0),
        )  # fmt: skip
        table.add_column("", justify="right")
        for name in [*range(10), "?"]:
            table.add_column(f"{name} ", justify="right", min_width=5)
        table.add_column("right %", justify="right", min_width=8)
        for true, counts in enumerate(summary.confusion):
            total = sum(counts)
            worst = max(1, *(n for read, n in enumerate(counts) if read != true))
            cells = [Text(f"{true} ", style="bold" if total else "dim")]
            for read, count in enumerate(counts):
                hue = good if read == true else unsure if read == len(counts) - 1 else bad
                share = count / max(1, total) if read == true else count / worst
                cells.append(_cell(count, ground.blend(hue, 0.15 + 0.45 * share), read == true))
            cells.append(Text(f"{100 * counts[true] / total:.1f}" if total else "–"))
            table.add_row(*cells)
        return table


def _cell(count: int, shade: Color, bold: bool) -> Text:
    if not count:
        return Text("· ", style="dim")
    colour = shade.get_contrast_text(1.0).rich_color
    return Text(f"{count:>4} ", style=Style(bgcolor=shade.rich_color, color=colour, bold=bold))
