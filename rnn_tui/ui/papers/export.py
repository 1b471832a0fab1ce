"""The prompt that writes the document of a rerun."""

from pathlib import Path

from rnn_tui.archive.export.page.blocks import DOCUMENTS
from rnn_tui.archive.store import existing_store
from rnn_tui.engine.errors import printable
from rnn_tui.papers.plan import Plan
from rnn_tui.ui.widgets.prompts import ExportPrompt
from rnn_tui.ui.work.threads import in_thread


class ExportRerunScreen(ExportPrompt):
    """Writes table, conclusions, plots, settings and machine; the name's ending says the format."""

    def __init__(self, plan: Plan, standing: str) -> None:
        """Make the prompt; `standing` says how much of the plan is trained."""
        super().__init__({name: document.help for name, document in DOCUMENTS.items()})
        self._plan = plan
        self._standing = standing

    def default(self, form: str) -> str:
        return f"{self._plan.paper.name}{DOCUMENTS[form].suffix}"

    def explanation(self) -> str:
        return f"Table, conclusions, plots, settings and machine. {self._standing}"

    async def write(self, form: str, path: Path) -> str:  # noqa: ARG002
        # In a thread, as it draws and measures; with a store of its own, or the app's would wait.
        def write() -> None:
            from rnn_tui.papers.document import write_document  # on use only

            with existing_store() as store:
                write_document(path, self._plan, store)

        self.say("Writing …")
        await in_thread(self, write)
        return f"Written: {printable(path, 200)}."
