"""The axes of a chart as text: each label is at its tick, each tick in the row of its value."""

from rnn_tui.ui.chart.scales import BRAILLE_HIGH, BRAILLE_WIDE, label_start
from rnn_tui.ui.chart.view import Frame

TICK = "┤"


class AxesText:
    """The text of both axes of a frame."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        rows = [dot // BRAILLE_HIGH for dot in frame.y_dots(frame.y.ticks)]
        #: The labels of y by their rows, counted from the top.
        self._labels = {
            frame.height - 1 - row: label for row, label in zip(rows, frame.y.labels, strict=True)
        }

    def before(self, row: int) -> str:
        """Return what stands before a row of the plot."""
        label = self._labels.get(row)
        if label is None:
            return " " * (self._frame.left - 1) + "│"
        return label.rjust(self._frame.left - 1) + TICK

    def line(self) -> str:
        """Return the line of the x axis."""
        frame = self._frame
        cells = ["─"] * frame.width
        for dot in frame.x_dots(frame.x.ticks):
            cells[dot // BRAILLE_WIDE] = "┬"
        return " " * (frame.left - 1) + "└" + "".join(cells)

    def labels(self) -> str:
        """Return the line of the labels of x, each with its middle below its tick."""
        frame = self._frame
        text = ""
        for index, label in enumerate(frame.x.labels):
            text = text.ljust(frame.left + label_start(frame.x, index, frame.width)) + label
        return text
