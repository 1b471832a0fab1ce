"""One line for all runs of a pane: mark, name, figure; the chosen one stands out."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from rnn_tui.ui.chart.view import DARK_PALETTE, LIGHT_PALETTE, MARKERS


@dataclass(frozen=True)
class RunChip:
    """What the bar shows of a run."""

    run_id: str
    name: str
    figure: str
    colour: int


class RunBar(Static):
    """The runs in a line; a click chooses one."""

    class Chosen(Message):
        """A run was clicked."""

        def __init__(self, run_id: str) -> None:
            self.run_id = run_id
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        self._chips: tuple[RunChip, ...] = ()
        self._chosen: str | None = None
        self._ends: list[tuple[int, str]] = []

    def show(self, chips: Sequence[RunChip], chosen: str | None, hint: str) -> None:
        """Draw the chips, or `hint` where there is none."""
        self._chips, self._chosen = tuple(chips), chosen
        if not chips:
            self.update(Content(hint).stylize("$foreground 60%"))
            return
        palette = DARK_PALETTE if self.app.current_theme.dark else LIGHT_PALETTE
        self._ends, parts, column = [], [], 0
        # The newest first: those are looked at, and the line may be cut.
        for chip in reversed(self._chips):
            mark = Content(f" {MARKERS[chip.colour % len(MARKERS)]} ")
            mark = mark.stylize(palette[chip.colour % len(palette)])
            name = Content(f"{chip.name} {chip.figure} ".replace("  ", " "))
            if chip.run_id == chosen:
                name = name.stylize("bold underline")
            part = mark + name
            column += part.cell_length
            self._ends.append((column, chip.run_id))
            parts.append(part)
        self.update(Content("").join(parts))

    def on_click(self, event: events.Click) -> None:
        """Choose the run under the pointer."""
        for end, run_id in self._ends:
            if event.x < end:
                self.post_message(self.Chosen(run_id))
                return
