"""How often inputs of a class were read as another, as a table."""

from collections.abc import Sequence

from rich.style import Style
from rich.text import Text
from textual.binding import Binding
from textual.color import Color
from textual.geometry import Size

from rnn_tui.ui.common.widgets.plain import PlainTable

# Cells of a field, fewest and most; the column at the right; what else takes room around fields.
LEAST_WIDTH, MOST_WIDTH, MOST_HEIGHT, RIGHT_WIDTH = 5, 9, 3, 9
AROUND = Size(RIGHT_WIDTH + 10, 5)


class ConfusionTable(PlainTable):
    """Counts of answers in colours: the deeper, the larger a share of the row."""

    BINDINGS = [
        Binding("enter", "select_cursor", "Images", key_display="⏎", tooltip="Show these images")
    ]

    def __init__(self) -> None:
        super().__init__(cell_padding=0, cursor_background_priority="css", classes="matrix")
        self.of_images = False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return super().check_action(action, parameters) and (
            action != "select_cursor" or self.of_images
        )

    def show(self, matrix: Sequence[Sequence[int]], names: Sequence[str], room: Size) -> None:
        """Draw (C, C) counts, true classes in rows, or (C, C + 1), the last for answers in doubt;
        the names are of columns.
        """
        cursor, free = self.cursor_coordinate, room - AROUND
        width = max(LEAST_WIDTH, min(MOST_WIDTH, free.width // len(names)))
        height = max(1, min(MOST_HEIGHT, free.height // len(matrix)))
        self.clear(columns=True)
        for name in names:
            self.add_column(name.center(width), width=width)
        self.add_column("right %".rjust(RIGHT_WIDTH), width=RIGHT_WIDTH)
        above = "\n" * ((height - 1) // 2)
        for true, counts in enumerate(matrix):
            right = f"{100 * counts[true] / sum(counts):.2f}" if any(counts) else "–"
            label = Text(f"{above}{names[true]} ", style="bold")
            fields = self._fields(counts, true, len(matrix), Size(width, height))
            self.add_row(*fields, above + right.rjust(RIGHT_WIDTH), height=height, label=label)
        self.move_cursor(row=cursor.row, column=cursor.column, animate=False)

    def _fields(self, counts: Sequence[int], true: int, classes: int, size: Size) -> list[Text]:
        names = "success", "error", "warning", "background"
        good, bad, unsure, ground = (Color.parse(self.app.theme_variables[name]) for name in names)
        worst = max(1, *(n for read, n in enumerate(counts) if read != true))
        fields = []
        for read, count in enumerate(counts):
            hue = good if read == true else unsure if read == classes else bad
            shade = ground.blend(
                hue, 0.15 + 0.45 * count / (max(1, sum(counts)) if read == true else worst)
            )
            style = Style(
                color=shade.get_contrast_text(1.0).rich_color,
                bgcolor=shade.rich_color,
                bold=read == true,
            )
            lines = [" " * size.width] * size.height
            lines[(size.height - 1) // 2] = (f"{count:>4} " if count else "·").center(size.width)
            fields.append(Text("\n".join(lines), style=style if count else "dim"))
        return fields
