"""The table of all runs."""

from collections.abc import Sequence

from textual.app import ComposeResult

from rnn_tui.archive.run_columns import RUN_COLUMNS
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.engine.tables import changed, chosen
from rnn_tui.ui.runs.preview import LEAST_HEIGHT, RunPreview
from rnn_tui.ui.widgets.marked_table import STATUS_MARKS, Listing, MarkedTable

BY_AGE = "created"  # the key of the column that the table is sorted by at first


def _status(run: RunRecord) -> str:
    mark, _ = STATUS_MARKS[run.status]
    return f"{mark} {run.status}"


def _status_style(run: RunRecord) -> str:
    _, style = STATUS_MARKS[run.status]
    return style


COLUMNS = changed(
    chosen(
        RUN_COLUMNS,
        (
            "name",
            "task",
            "networks",
            "status",
            "progress",
            "validation",
            "test",
            "seconds",
            BY_AGE,
            "tags",
        ),
        spare=(
            "validation",
            "seconds",
            "networks",
            "tags",
            "test",
            "task",
            "name",
            BY_AGE,
            "progress",
        ),
    ),
    status={"text": _status, "style": _status_style},
    progress={"name": "done", "right": True},
)
ALL_RUNS = Listing[RunRecord](COLUMNS, lambda run: run.run_id, lambda run: run.note)


class RunsTable(MarkedTable[RunRecord]):
    """A table of all runs, one a line, with a preview of the one at the cursor."""

    example = "runs"

    def __init__(self) -> None:
        super().__init__(ALL_RUNS, BY_AGE)
        self.preview = RunPreview()
        self.preview.display = False  # until there is a run and room for it

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield self.preview

    def _fill_rows(self, items: Sequence[RunRecord]) -> None:
        super()._fill_rows(items)
        self._show_or_hide_preview()

    def _show_or_hide_preview(self) -> None:
        """Show the preview if there is a run and room for it."""
        self.preview.display = self.highlighted is not None and self.size.height >= LEAST_HEIGHT
