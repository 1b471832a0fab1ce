"""Prompts over the screen: for a line of text such as a name, and for a file to write.

In a browser the file is offered as a download instead.
"""

import io
import os
import re
import tempfile
import zipfile
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.option_list import Option

from rnn_tui.engine.errors import DataError, UserError, printable
from rnn_tui.ui.terminal.textual_workarounds import Dialog, Options
from rnn_tui.ui.widgets.path_input import PathInput, parse_path
from rnn_tui.ui.widgets.plain import TypedInput
from rnn_tui.ui.work.threads import to_thread

_NOT_IN_DOWNLOADS = re.compile(r"[^\w.,+-]+", re.ASCII)


class Prompt(Dialog[None]):
    """A dialog with fields, and a line below them, `.prompt-note`, that says what is wrong."""

    BINDINGS = [Binding("escape", "dismiss", "Leave")]

    def say(self, text: str, wrong: bool = False) -> None:
        """Show a note below the fields."""
        note = self.query_one(".prompt-note", Static)
        if text != note.content:  # or Textual would draw it anew, however often it is said
            note.update(text)
        note.set_class(wrong, "-wrong")


class AskTextScreen(Prompt):
    """Asks for a line of text."""

    def __init__(
        self, title: str, value: str, hint: str, accept: Callable[[str], Awaitable[None]], most: int
    ) -> None:
        """Create a prompt.

        Args:
            title: Of the dialog.
            value: The text to begin with.
            hint: Shown below the field.
            accept: Called with the text. The sentence of a `UserError` that it raises is shown, and
                the text can be corrected.
            most: Characters at most.
        """
        super().__init__()
        self._title = title
        self._value = value
        self._hint = hint
        self._accept = accept
        self._most = most

    def compose(self) -> ComposeResult:
        with Vertical(id="ask") as dialog:
            dialog.border_title = Content(self._title)
            dialog.border_subtitle = "Enter keeps · Esc leaves"
            yield TypedInput(self._value, self._most, id="ask-text")
            yield Static(self._hint, classes="prompt-note", markup=False)

    def on_mount(self) -> None:
        self.query_one(TypedInput).focus()

    @on(Input.Changed)
    def _show_hint(self, event: Input.Changed) -> None:
        event.stop()
        self.say(self._hint)

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        self.run_worker(self._answer(event.value), exclusive=True)

    async def _answer(self, text: str) -> None:
        try:
            await self._accept(text)
            self.dismiss()
        except UserError as error:
            self.say(str(error), wrong=True)


class ExportPrompt(Prompt):
    """Asks for a format and, outside a browser, for a path; writes, and says what was written."""

    BINDINGS = [
        Binding("up", "move(-1)", "Previous format", show=False, priority=True),
        Binding("down", "move(1)", "Next format", show=False, priority=True),
    ]

    def __init__(self, forms: Mapping[str, str]) -> None:
        """Offer formats, given by their names and the texts to show for them."""
        super().__init__()
        self._forms = forms
        self._replace: Path | None = None  #: The file that submitting once more replaces.
        self._writing = False  #: Whether a file is being written.

    # For a subclass.

    def default(self, form: str) -> str:
        """Return a name for the file."""
        raise NotImplementedError

    def explanation(self) -> str:
        """Say what will be in the file."""
        raise NotImplementedError

    async def in_the_way(self, form: str, path: Path) -> Sequence[Path]:  # noqa: ARG002
        """Return the files that would be replaced."""
        return [path] if os.path.isfile(path) else []

    async def write(self, form: str, path: Path) -> str:
        """Write, and return a sentence on what was written; may raise a `UserError`."""
        raise NotImplementedError

    def more_fields(self) -> Iterable[Widget]:
        """Make further fields, below the one for the path."""
        return ()

    def first_field(self) -> Widget:
        """Return the field that is filled in first."""
        return self.query("#export-path, #export-download").first()

    def form_chosen(self) -> None:
        """Show or hide what another format needs."""

    # Fields and keys.

    def compose(self) -> ComposeResult:
        options = [Option(text, id=form) for form, text in self._forms.items()]
        with Vertical(id="export") as dialog:
            dialog.border_title = "Export"
            verb = "downloads" if self.app.is_web else "writes"
            dialog.border_subtitle = Content(f"Enter {verb} · ↑↓ format · Esc leaves")
            yield Options(*options, id="export-form", compact=True, markup=False)
            if self.app.is_web:
                yield Button("Download", id="export-download", compact=True)
            else:
                yield PathInput(id="export-path")
            yield from self.more_fields()
            yield Static("", classes="prompt-note", markup=False)

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        options.highlighted = 0
        options.can_focus = False
        for field in self.query("#export-path").results(PathInput):
            field.value = self.default(next(iter(self._forms)))
        self.first_field().focus()

    @property
    def form(self) -> str:
        """The name of the selected format."""
        return list(self._forms)[self.query_one(OptionList).highlighted or 0]

    def action_move(self, by: int) -> None:
        options = self.query_one(OptionList)
        options.highlighted = ((options.highlighted or 0) + by) % len(self._forms)

    @on(OptionList.OptionHighlighted)
    @on(OptionList.OptionSelected)
    def _change_form(self, event: OptionList.OptionHighlighted) -> None:
        """Explain another format, and change the path to its default unless it was edited."""
        event.stop()
        defaults = [self.default(form) for form in self._forms]
        for field in self.query(PathInput):
            if field.value in defaults:
                field.hold(self.default(self.form))
        self.form_chosen()
        self.explain_anew()

    @on(Input.Changed)
    def _explain_edited(self, event: Input.Changed) -> None:
        event.stop()
        self.explain_anew()

    def explain_anew(self) -> None:
        """Say what will be in the file; to replace one has to be confirmed anew."""
        self._replace = None
        text = self.explanation()
        if self.app.is_web:
            text = f"{text.rstrip('.')}. It goes to the downloads of your browser."
        self.say(text)

    @on(Input.Submitted)
    def _write_to_path(self, event: Input.Submitted) -> None:
        event.stop()
        self._begin(self._write(self.form, event.value))

    @on(Button.Pressed)
    def _offer_download(self, event: Button.Pressed) -> None:
        event.stop()
        self._begin(self._download(self.form))

    def _begin(self, writing: Coroutine[None, None, str]) -> None:
        """Begin to write, unless a file is being written."""
        if self._writing:
            writing.close()
            return
        self._writing = True
        self.run_worker(self._finish(writing))

    async def _finish(self, writing: Coroutine[None, None, str]) -> None:
        """Say what was written, or why nothing was."""
        try:
            sentence = await writing
            if sentence:
                self.app.notify(sentence, title="Exported", timeout=8)
                self.dismiss()
        except (UserError, ValueError) as error:
            self.say(str(error), wrong=True)
        finally:
            self._writing = False

    async def _write(self, form: str, text: str) -> str:
        """Write to a path, and return a sentence on that.

        Where files are in the way, ask for confirmation and return an empty text.
        """
        path = parse_path(text)
        if path is None:
            raise DataError("Type the path of the file to write.")
        existing = await self.in_the_way(form, path)
        if existing and self._replace != path:
            self._replace = path
            names = " and ".join(printable(file.name, 100) for file in existing)
            self.say(f"Already there: {names}. Press Enter again to replace.", wrong=True)
            return ""
        return await self.write(form, path)

    async def _download(self, form: str) -> str:
        """Write to a temporary folder, offer the browser that, and return a sentence."""
        with tempfile.TemporaryDirectory(prefix="rnn-tui-") as folder:
            name = _NOT_IN_DOWNLOADS.sub("_", self.default(form)).lstrip(".") or "export"
            path = Path(folder, name)
            await self.write(form, path)
            download_name, data = await to_thread(_packed, path)
        self.app.deliver_binary(
            io.BytesIO(data), save_directory=os.sep, save_filename=download_name
        )
        return f"{download_name} goes to the downloads of your browser."


def _packed(path: Path) -> tuple[str, bytes]:
    """Return what was written at `path` as one file: its name and its data.

    A folder of several files becomes an archive.
    """
    files = [path]
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
    if len(files) == 1:
        return _NOT_IN_DOWNLOADS.sub("_", files[0].name), files[0].read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.relative_to(path.parent))
    return f"{path.name}.zip", packed.getvalue()
