"""The confusion matrix of a run on the test set."""

from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.color import Color
from textual.containers import Vertical
from textual.widgets import Static

from rnn_tui.tasks.mnist.results import Examination


class ConfusionView(Vertical):
    """How often each true digit was read as each other one."""

    def __init__(self) -> None:
        super().__init__()
        self._examination: Examination | None = None

    def compose(self) -> ComposeResult:
        """Lay out one scrollable table."""
        yield Static("", id="confusion")

    def show(self, examination: Examination | None) -> None:
        """Draw the matrix."""
        self._examination = examination
        matrix = self.query_one("#confusion", Static)
        if examination is None:
            matrix.update("A run that is finished shows its confusion matrix here.")
        else:
            matrix.update(self._table(examination))

    def on_mount(self) -> None:
        """Follow the theme, whose colours are in the cells."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self.show(self._examination))

    def _table(self, examination: Examination) -> Table:
        theme = self.app.theme_variables
        good, bad = Color.parse(theme["success"]), Color.parse(theme["error"])
        ground = Color.parse(theme["background"])
        table = Table(
            title="true digit down, read as across", title_justify="left", box=None, padding=(0, 0)
        )
        table.add_column("", justify="right")
        for digit in range(len(examination.confusion)):
            table.add_column(f"{digit} ", justify="right", min_width=5)
        table.add_column("right %", justify="right", min_width=8)
        for true, counts in enumerate(examination.confusion.tolist()):
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
