"""The prompt that writes the report rerun to one document."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rnn_tui.engine.errors import printable
from rnn_tui.engine.paths import run_database
from rnn_tui.report.plan import Plan
from rnn_tui.report.words import DOCUMENTS
from rnn_tui.ui.shell.threads import in_thread
from rnn_tui.ui.widgets.prompts import ExportPrompt


class ExportReportScreen(ExportPrompt):
    """Writes table, conclusions, plots, settings and machine; the name's ending says the format.

    Args:
        plan: what was wanted.
        standing: how much of it there is, in words.
    """

    def __init__(self, plan: Plan, standing: str) -> None:
        super().__init__({name: one.help for name, one in DOCUMENTS.items()})
        self._plan, self._standing = plan, standing

    def default(self, form: str) -> str:
        """A name in the current folder."""
        return f"report{DOCUMENTS[form].suffix}"

    def explanation(self) -> str:
        """What will be in it."""
        return f"Table, conclusions, plots, settings and machine. {self._standing}"

    async def in_the_way(self, form: str, path: Path) -> Sequence[Path]:  # noqa: ARG002
        """The file that is there."""
        return [path] if path.is_file() else []

    async def write(self, form: str, path: Path) -> str:  # noqa: ARG002
        """Write in a thread: it draws, and measures what is not measured yet."""
        self.say("Writing …")
        await in_thread(self, _write, path, self._plan)
        return f"Written: {printable(path, 200)}."


def _write(path: Path, plan: Plan) -> None:
    """In a thread.

    Raises:
        UserError: if it can't be written.
    """
    from rnn_tui.report.document import write_document  # noqa: PLC0415 - on use only
    from rnn_tui.runs.store import RunStore  # noqa: PLC0415

    if not run_database().exists():  # a document makes no database
        write_document(path, plan, None)
        return
    with RunStore() as store:  # not the app's: other questions shall not wait for seconds
        write_document(path, plan, store)
