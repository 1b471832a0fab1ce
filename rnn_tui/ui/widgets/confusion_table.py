"""A table of how often inputs of a class were read as another."""

import itertools
from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from rich.text import Text
from textual.binding import Binding
from textual.color import Color
from textual.coordinate import Coordinate
from textual.geometry import Size

from rnn_tui.ui.widgets.plain import PlainTable

# Cells of a field.
LEAST_WIDTH, MOST_WIDTH = 5, 9
MOST_HEIGHT = 3
LONGEST_NAME = 12  # cells of the name of a class at the left
RECALL_WIDTH = 9  # cells of the column of recalls at the right
AROUND = Size(RECALL_WIDTH + 10, 5)  # what else the table takes
# How much of its colour a field has: at least, and with a share of 1.
LEAST_HUE, MOST_HUE = 0.15, 0.6


class ConfusionTable(PlainTable):
    """Counts of answers in colours: the deeper, the larger a share of the true class.

    All mistakes have one scale, so that a class with few of them looks as good as it is.
    """

    BINDINGS = [
        Binding(
            "enter", "select_cursor", "Images", key_display="Enter", tooltip="Show these images"
        )
    ]

    def __init__(self) -> None:
        super().__init__(cell_padding=0, cursor_background_priority="css", classes="matrix")
        self.of_images = False  #: whether there are images to show for a field.
        self._matrix: Sequence[Sequence[int]] = []  #: the counts that are drawn.
        self._shape: tuple[Any, ...] = ()  #: names of columns, and the size of fields.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "select_cursor":
            return self.of_images and self._counted
        return super().check_action(action, parameters)

    def watch_cursor_coordinate(self, old: Coordinate, new: Coordinate) -> None:
        super().watch_cursor_coordinate(old, new)
        self.refresh_bindings()

    def show(self, matrix: Sequence[Sequence[int]], names: Sequence[str], room: Size) -> None:
        """Draw counts, and in a last column the share of right answers of each true class.

        Args:
            matrix: (C, C) counts, true classes in rows, answers in columns, or (C, C + 1) with a
                last column of unsure answers.
            names: of the columns.
            room: for the table, in cells.
        """
        self._matrix = matrix
        heads = [_shortened(name, LONGEST_NAME) for name in names]
        widest = max(cell_len(head) for head in heads)
        free = room - AROUND - Size(widest - 1, 0)
        width = max(LEAST_WIDTH, min(MOST_WIDTH, free.width // len(names)))
        height = max(1, min(MOST_HEIGHT, free.height // len(matrix)))
        shape = (tuple(names), width, height)
        above = "\n" * ((height - 1) // 2)
        rows = []
        for true, counts in enumerate(matrix):
            recall = f"{100 * counts[true] / sum(counts):.2f}" if any(counts) else "–"
            fields = self._fields(matrix, true, Size(width, height))
            rows.append([*fields, Text(above + recall.rjust(RECALL_WIDTH))])
        if shape == self._shape:
            self._update_fields(rows)
        else:
            self._shape = shape
            labels = [Text(f"{above}{head} ", style="bold") for head in heads]
            self._make_fields(rows, labels)

    def _update_fields(self, rows: Sequence[Sequence[Text]]) -> None:
        """Show other fields of the same size.

        A table that is made anew at the same size loses the labels of its rows.
        """
        for row, fields in enumerate(rows):
            for column, field in enumerate(fields):
                self.update_cell_at(Coordinate(row, column), field)

    def _make_fields(self, rows: Sequence[Sequence[Text]], labels: Sequence[Text]) -> None:
        """Make columns and rows anew; the cursor stays."""
        names, width, height = self._shape
        cursor = self.cursor_coordinate
        self.clear(columns=True)
        for name in names:
            self.add_column(_shortened(name, width - 1).center(width), width=width)
        self.add_column("right %".rjust(RECALL_WIDTH), width=RECALL_WIDTH)
        for fields, label in zip(rows, labels, strict=False):
            self.add_row(*fields, height=height, label=label)
        self.move_cursor(row=cursor.row, column=cursor.column, animate=False)

    @property
    def field(self) -> tuple[int, int]:
        """True class and answer at the cursor; in the column at the right, the right answer."""
        true, read = self.cursor_coordinate
        return true, read if read < len(self.columns) - 1 else true

    @property
    def _counted(self) -> bool:
        """Whether anything was counted in the field at the cursor."""
        true, read = self.field
        return true < len(self._matrix) and self._matrix[true][read] > 0

    def _fields(self, matrix: Sequence[Sequence[int]], true: int, size: Size) -> list[Text]:
        """Return the fields of a row, of the true class `true`, each of this size."""
        colours = self.app.theme_variables
        largest = max(_shares_of_mistakes(matrix).values(), default=0.0) or 1.0
        counts = matrix[true]
        total = max(1, sum(counts))
        fields = []
        for read, count in enumerate(counts):
            share = count / total
            if read == true:
                hue = colours["success"]
            elif read == len(matrix):
                hue = colours["warning"]
                share /= largest
            else:
                hue = colours["error"]
                share /= largest
            ground = Color.parse(colours["background"])
            shade = ground.blend(Color.parse(hue), LEAST_HUE + (MOST_HUE - LEAST_HUE) * share)
            # the colours of the terminal itself are not known, but are no dark ones
            text = Color.parse("black") if shade.ansi is not None else shade.get_contrast_text(1.0)
            style = Style(
                color=text.rich_color,
                bgcolor=shade.rich_color,
                bold=read == true,
            )
            lines = [" " * size.width] * size.height
            lines[(size.height - 1) // 2] = (f"{count:>4} " if count else "·").center(size.width)
            fields.append(Text("\n".join(lines), style=style if count else "dim"))
        return fields


class SequenceMatrix(ConfusionTable):
    """A confusion matrix whose fields lead to their sequences."""

    BINDINGS = [
        Binding(
            "enter",
            "select_cursor",
            "Sequences",
            key_display="Enter",
            tooltip="Show these sequences",
        )
    ]

    def __init__(self, *, leads: bool = True) -> None:
        """Create an empty table; `leads` says whether there are sequences to show."""
        super().__init__()
        self.of_images = leads


def _shortened(name: str, width: int) -> str:
    """Return a name of a class in at most so many cells."""
    if cell_len(name) <= width:
        return name
    return set_cell_size(name, width - 1).rstrip() + "…"


def _shares_of_mistakes(matrix: Sequence[Sequence[int]]) -> dict[tuple[int, int], float]:
    """Return the share of its true class that each mistake has, by true class and answer."""
    shares = {}
    for true, counts in enumerate(matrix):
        total = max(1, sum(counts))
        for read, count in enumerate(counts):
            if read != true:
                shares[true, read] = count / total
    return shares


def scale_in_words(matrix: Sequence[Sequence[int]]) -> str:
    """Say what the colours of a matrix mean."""
    shares = _shares_of_mistakes(matrix)
    if not any(shares.values()):
        return "No mistakes."
    return f"Colours: share of the row; the deepest red is {100 * max(shares.values()):.1f} %."


def most_frequent_mistake(matrix: Sequence[Sequence[int]]) -> tuple[int, int]:
    """Return true class and answer of the most frequent mistake; the first of equal ones."""
    mistakes = itertools.permutations(range(len(matrix)), 2)
    return max(mistakes, key=lambda field: matrix[field[0]][field[1]])


def count_in_words(
    matrix: Sequence[Sequence[int]], names: Sequence[str], true: int, read: int
) -> str:
    """Say what a field of a matrix counts, and its share of the row."""
    count = matrix[true][read]
    total = sum(matrix[true])
    share = f"{count:,} of {total:,} ({100 * count / max(1, total):.1f} %)"
    return f"true {names[true]}, read as {names[read]}: {share}"
