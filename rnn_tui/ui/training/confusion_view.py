"""A confusion matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.color import Color
from textual.containers import Vertical
from textual.widgets import Static

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class ConfusionView(Vertical):
    """How often each true digit was read as each other one."""

    def __init__(self) -> None:
        super().__init__()
        self._matrix: npt.NDArray[np.int64] | None = None
        self._title = ""

    def compose(self) -> ComposeResult:
        """Lay out one scrollable table."""
        yield Static("", id="confusion")

    def show(self, matrix: npt.NDArray[np.int64] | None, title: str = "") -> None:
        """Draw (C, C) counts, true classes in rows, answers in columns; None for none yet."""
        self._matrix, self._title = matrix, title
        place = self.query_one("#confusion", Static)
        if matrix is None:
            place.update("A run that is finished shows its confusion matrix here.")
        else:
            place.update(self._table(matrix))

    def on_mount(self) -> None:
        """Follow the theme, whose colours are in the cells."""
        self.app.theme_changed_signal.subscribe(
            self, lambda _: self.show(self._matrix, self._title)
        )

    def _table(self, matrix: npt.NDArray[np.int64]) -> Table:
        theme = self.app.theme_variables
        good, bad = Color.parse(theme["success"]), Color.parse(theme["error"])
        ground = Color.parse(theme["background"])
        title = "true digit down, read as across"
        table = Table(
            title=f"{self._title}: {title}" if self._title else title,
            title_justify="left",
            box=None,
            padding=(0, 0),
        )
        table.add_column("", justify="right")
        for digit in range(len(matrix)):
            table.add_column(f"{digit} ", justify="right", min_width=5)
        table.add_column("right %", justify="right", min_width=8)
        for true, counts in enumerate(matrix.tolist()):
            total = max(1, sum(counts))
            worst = max(1, *(n for read, n in enumerate(counts) if read != true))
            cells = [Text(f"{true} ", style="bold")]
            for read, count in enumerate(counts):
                if not count:
                    cells.append(Text("· ", style="dim"))
                    continue
                hue, share = (good, count / total) if read == true else (bad, count / worst)
                shade = ground.blend(hue, 0.15 + 0.45 * share)
                style = Style(
                    bgcolor=shade.rich_color,
                    color=shade.get_contrast_text(1.0).rich_color,
                    bold=read == true,
                )
                cells.append(Text(f"{count:>4} ", style=style))
            cells.append(Text(f"{100 * counts[true] / total:.2f}"))
            table.add_row(*cells)
        return table
