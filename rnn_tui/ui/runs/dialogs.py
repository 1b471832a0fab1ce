"""What is shown of runs on a page of its own: all that is kept of one; the prompt to export."""

import io
import time
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from rnn_tui.engine.errors import ExportError, printable, why
from rnn_tui.engine.files import make_folder
from rnn_tui.runs.comparison import Against, settings_of
from rnn_tui.runs.export.formats import FORMATS, Export, name_for, write
from rnn_tui.runs.records import RunRecord, Session
from rnn_tui.runs.store import RunStore
from rnn_tui.runs.words import about, about_session
from rnn_tui.ui.shell.threads import StoreAccess
from rnn_tui.ui.widgets.prompts import ExportPrompt

LABEL_CELLS = 22
MOST_LINES = 200


class RunDetailsScreen(ModalScreen[None]):
    """Shows a run and what else is kept of it: stretches of its training, and what was told."""

    AUTO_FOCUS = "#details"  # the arrow keys scroll at once
    BINDINGS = [Binding("escape,enter", "dismiss", "Close")]

    def __init__(self, run: RunRecord, sessions: Sequence[Session], log: Sequence[tuple[float, str, str]]) -> None:
        super().__init__()
        self._run, self._sessions, self._told = run, sessions, log

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="details") as scroll:
            scroll.border_title = Content(self._run.name)
            scroll.border_subtitle = "Esc closes"
            yield Static(self._text(), markup=False)

    def _text(self) -> Content:
        sections: dict[str, Iterable[tuple[str, str]]] = {
            "": about(self._run, _time),
            "\nSettings\n": settings_of(self._run.config),
            "\nSessions\n": chain.from_iterable(about_session(one, _time) for one in self._sessions),
        }
        if self._told:
            sections["\nLog\n"] = [(_time(at), text) for at, _, text in self._told[-MOST_LINES:]]
        parts: list[Content | tuple[str, str]] = []
        for heading, pairs in sections.items():
            parts.append((heading, "bold"))
            for label, value in pairs:
                parts += [(f"{label:<{LABEL_CELLS}}", "$foreground 60%"), Content(f" {value}\n")]
        return Content.assemble(*parts)


def _time(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


class ExportRunsScreen(ExportPrompt):
    """Writes values, charts or weights of runs; without a `metric` charts show what there is."""

    def __init__(self, store: StoreAccess, runs: Sequence[RunRecord], metric: str, against: Against) -> None:
        super().__init__({name: f"{name}: {one.help}" for name, one in FORMATS.items()})
        self._store, self._runs = store, list(runs)
        self._metric, self._against = metric, against

    def default(self, form: str) -> str:
        return f"{name_for(self._runs)}{FORMATS[form].ending}"

    def explanation(self) -> str:
        count = len(self._runs)
        return f"{count} runs" if count > 1 else self._runs[0].name

    async def in_the_way(self, form: str, path: Path) -> Sequence[Path]:
        """The file that is there; into folders files are added."""
        return [] if FORMATS[form].in_folder else await super().in_the_way(form, path)

    async def write(self, form: str, path: Path) -> str:
        """Write in the thread that may ask the database."""

        def job(store: RunStore) -> list[Path]:
            if FORMATS[form].in_folder:  # a single file would otherwise get the name that was typed
                try:
                    make_folder(path)
                except OSError as error:
                    reason = f"{printable(path, 200)} can't be made ({why(error, 60)})"
                    raise ExportError(f"The folder {reason}; choose another place.") from error
            metrics = [self._metric] if self._metric else None
            return write(Export(FORMATS[form], store, self._runs, path, io.StringIO(), metrics, self._against))

        written = await self._store.ask(self, job)
        return f"Written: {', '.join(printable(one, 200) for one in written[:3])}."
