"""The prompt that writes runs to files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from rnn_tui.engine.errors import ExportError, printable
from rnn_tui.runs.comparison import Against
from rnn_tui.runs.export.formats import FORMATS, Export, name_for, write
from rnn_tui.runs.records import RunRecord
from rnn_tui.runs.store import RunStore
from rnn_tui.ui.shell.threads import StoreAccess
from rnn_tui.ui.widgets.prompts import ExportPrompt


class ExportRunsScreen(ExportPrompt):
    """Writes values, charts or weights of runs.

    Args:
        store: where to ask the database.
        runs: what to write.
        metric: what a chart shows; empty for what there is.
        against: what its x axis counts.
    """

    def __init__(
        self, store: StoreAccess, runs: Sequence[RunRecord], metric: str, against: Against
    ) -> None:
        super().__init__({name: f"{name}: {one.help}" for name, one in FORMATS.items()})
        self._store, self._runs = store, list(runs)
        self._metric, self._against = metric, against

    def default(self, form: str) -> str:
        """The run's name, or how many there are."""
        return f"{name_for(self._runs)}{FORMATS[form].ending}"

    def explanation(self) -> str:
        """Which runs will be in it."""
        count = len(self._runs)
        return f"{count} runs" if count > 1 else printable(self._runs[0].name, 80)

    async def in_the_way(self, form: str, path: Path) -> Sequence[Path]:
        """The file that is there; into folders files are added."""
        return [path] if not FORMATS[form].in_folder and path.is_file() else []

    async def write(self, form: str, path: Path) -> str:
        """Write in the thread that may ask the database."""
        metrics = [self._metric] if self._metric else None

        def job(store: RunStore) -> list[Path]:
            if FORMATS[form].in_folder:
                _make_folder(path)
            out = io.StringIO()
            return write(
                Export(FORMATS[form], store, self._runs, path, out, metrics, self._against)
            )

        written = await self._store.ask(self, job)
        return f"Written: {', '.join(printable(one, 200) for one in written[:3])}."


def _make_folder(path: Path) -> None:
    """Make the folder that was typed: a single file would otherwise get its name."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(
            f"{printable(path, 200)} can't be made a folder "
            f"({printable(error.strerror or error)}); choose another place."
        ) from error
