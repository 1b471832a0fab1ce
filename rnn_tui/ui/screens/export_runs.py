"""The prompt that writes runs to files."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from rnn_tui.engine.errors import UserError, printable
from rnn_tui.store.comparison import Against
from rnn_tui.store.records import RunRecord
from rnn_tui.store.store import RunStore
from rnn_tui.ui.panels.photos_paths import PathInput, parse_path
from rnn_tui.ui.run_desk import RunDesk

FORMS = {
    "csv": "all values, CSV",
    "json": "settings and all values, JSON",
    "png": "the chart, PNG",
    "svg": "the chart, SVG",
    "tensorboard": "event files for TensorBoard, in a folder",
    "onnx": "networks, ONNX, checked against ours; in a folder",
    "safetensors": "weights, safetensors; in a folder",
}
FILES = ("csv", "json", "png", "svg")


class ExportRunsScreen(ModalScreen[str | None]):
    """Asks for format and path, and writes; answers what was written, in a sentence.

    Args:
        desk: where to ask the database.
        runs: what to write.
        metric: what a chart shows; empty for what there is.
        against: what its x axis counts.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave"),
        Binding("up", "move(-1)", "Format before", show=False, priority=True),
        Binding("down", "move(1)", "Next format", show=False, priority=True),
    ]

    def __init__(
        self, desk: RunDesk, runs: Sequence[RunRecord], metric: str, against: Against
    ) -> None:
        super().__init__()
        self._desk, self._runs = desk, list(runs)
        self._metric, self._against = metric, against
        self._replace: Path | None = None  # what may be replaced if it is asked for once more

    def compose(self) -> ComposeResult:
        """Format, path, what will be in it."""
        options = [Option(text, id=form) for form, text in FORMS.items()]
        with Vertical(id="export-runs") as dialog:
            dialog.border_title = "Export"
            dialog.border_subtitle = "Enter writes · ↑↓ format · Esc leaves"
            yield OptionList(*options, id="export-runs-form", compact=True, markup=False)
            yield PathInput(id="export-runs-path")
            yield Static("", id="export-runs-note", markup=False)

    def on_mount(self) -> None:
        """A name that is free of surprises, ready to be written or typed over."""
        field, options = self.query_one(PathInput), self.query_one(OptionList)
        options.highlighted = 0
        options.can_focus = False
        field.value = self._default(self.form)
        field.focus()
        self._explain()

    @property
    def form(self) -> str:
        """The format that is chosen."""
        return list(FORMS)[self.query_one(OptionList).highlighted or 0]

    def _default(self, form: str) -> str:
        name = (
            "runs"
            if len(self._runs) > 1
            else "".join(
                letter if letter.isalnum() or letter in "-_.," else "_"
                for letter in self._runs[0].name
            )
        )
        return f"{name}.{form}" if form in FILES else f"{name}-{form}"

    def action_leave(self) -> None:
        """Write nothing."""
        self.dismiss(None)

    def action_move(self, by: int) -> None:
        """Choose another format."""
        options, before = self.query_one(OptionList), self._default(self.form)
        options.highlighted = ((options.highlighted or 0) + by) % len(FORMS)
        field = self.query_one(PathInput)
        if field.value == before:
            field.value = self._default(self.form)
            field.cursor_position = len(field.value)

    @on(OptionList.OptionHighlighted)
    @on(OptionList.OptionSelected)
    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._replace = None
        self._explain()

    def _explain(self) -> None:
        count = len(self._runs)
        self._say(f"{count} runs" if count > 1 else printable(self._runs[0].name, 80))

    def _say(self, text: str, wrong: bool = False) -> None:
        note = self.query_one("#export-runs-note", Static)
        note.update(text)
        note.set_class(wrong, "-wrong")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._write(event.value)

    @work(exclusive=True)
    async def _write(self, text: str) -> None:
        """Write, or say why not; a file that is there is replaced on the second Enter."""
        form, path = self.form, parse_path(text)
        if path is None:
            self._say("Type the path of the file or folder to write.", wrong=True)
            return
        if form in FILES and path.is_file() and self._replace != path:
            self._replace = path
            self._say(
                f"{printable(path.name, 100)} is there already. Enter once more replaces it.",
                wrong=True,
            )
            return
        try:
            written = await self._desk.ask(self, self._job(form, path))
        except UserError as error:
            self._say(str(error), wrong=True)
        else:
            self.dismiss(f"Written: {', '.join(printable(one, 200) for one in written[:3])}.")

    def _job(self, form: str, path: Path) -> Callable[[RunStore], list[Path]]:
        runs, metrics, against = self._runs, [self._metric] if self._metric else None, self._against

        def job(store: RunStore) -> list[Path]:
            from rnn_tui.export.formats import write  # noqa: PLC0415 - on use only

            return write(
                store, runs, form, path, metrics=metrics, against=against, out=io.StringIO()
            )

        return job
