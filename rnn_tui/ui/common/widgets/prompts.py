"""Prompts over the screen: for a line of text such as a name, for a file to write, which a browser
is offered instead.
"""

import io
import os
import re
import tempfile
import zipfile
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
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
from rnn_tui.ui.common.textual_workarounds import Dialog, Options
from rnn_tui.ui.common.threads import to_thread
from rnn_tui.ui.common.widgets.path_input import PathInput, parse_path
from rnn_tui.ui.common.widgets.plain import TypedInput

_NOT_IN_DOWNLOADS = re.compile(r"[^\w.,+-]+", re.ASCII)


class Prompt(Dialog[None]):
    """A dialog with fields, and below them a line, `.prompt-note`, that says what is wrong. Escape
    leaves it.
    """

    BINDINGS = [Binding("escape", "dismiss", "Leave")]

    def say(self, text: str, wrong: bool = False) -> None:
        """Show a note below the fields."""
        note = self.query_one(".prompt-note", Static)
        if text != note.content:  # or Textual would draw it anew, however often it is said
            note.update(text)
        note.set_class(wrong, "-wrong")


class AskTextScreen(Prompt):
    """Asks for a line of at most `most` characters, to `take` it; a `UserError` of that is shown,
    and the text kept.
    """

    def __init__(
        self, title: str, value: str, hint: str, take: Callable[[str], Awaitable[None]], most: int
    ) -> None:
        super().__init__()
        self._title, self._value, self._hint, self._take, self._most = (
            title,
            value,
            hint,
            take,
            most,
        )

    def compose(self) -> ComposeResult:
        with Vertical(id="ask") as dialog:
            dialog.border_title = Content(self._title)
            dialog.border_subtitle = "Enter keeps · Esc leaves"
            yield TypedInput(self._value, self._most, id="ask-text")
            yield Static(self._hint, classes="prompt-note", markup=False)

    def on_mount(self) -> None:
        self.query_one(TypedInput).focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.say(self._hint)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.run_worker(self._answer(event.value), exclusive=True)

    async def _answer(self, text: str) -> None:
        try:
            await self._take(text)
            self.dismiss()
        except UserError as error:
            self.say(str(error), wrong=True)


class ExportPrompt(Prompt):
    """Asks for one of these formats, and outside a browser for a path, and writes; says what was
    written.
    """

    BINDINGS = [
        Binding("up", "move(-1)", "Previous format", show=False, priority=True),
        Binding("down", "move(1)", "Next format", show=False, priority=True),
    ]

    def __init__(self, forms: Mapping[str, str]) -> None:
        super().__init__()
        self._forms = forms
        self._replace: Path | None = None  # what may be replaced if it is asked for once more
        self._writing = False

    # What a subclass says.

    def default(self, form: str) -> str:
        """A name for the file that is free of surprises."""
        raise NotImplementedError

    def explanation(self) -> str:
        """What will be in the file."""
        raise NotImplementedError

    async def in_the_way(self, form: str, path: Path) -> Sequence[Path]:  # noqa: ARG002
        """The files that would be replaced."""
        return [path] if os.path.isfile(path) else []

    async def write(self, form: str, path: Path) -> str:
        """Write, and tell what was written; raises a `UserError` if it can't be."""
        raise NotImplementedError

    def more_fields(self) -> Iterable[Widget]:
        """Further fields, below that for the path."""
        return ()

    def form_chosen(self) -> None:
        """Another format was chosen; for a subclass that has more to show or to hide then."""

    # The frame.

    def compose(self) -> ComposeResult:
        options = [Option(text, id=form) for form, text in self._forms.items()]
        with Vertical(id="export") as dialog:
            dialog.border_title = "Export"
            dialog.border_subtitle = Content(
                f"Enter {'downloads' if self.app.is_web else 'writes'} · ↑↓ format · Esc leaves"
            )
            yield Options(*options, id="export-form", compact=True, markup=False)
            yield (
                Button("Download", id="export-download", compact=True)
                if self.app.is_web
                else PathInput(id="export-path")
            )
            yield from self.more_fields()
            yield Static("", classes="prompt-note", markup=False)

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        options.highlighted, options.can_focus = 0, False
        for field in self.query(PathInput):
            field.value = self.default(next(iter(self._forms)))
        self.query("#export-path, #export-download").first().focus()

    @property
    def form(self) -> str:
        return list(self._forms)[self.query_one(OptionList).highlighted or 0]

    def action_move(self, by: int) -> None:
        options = self.query_one(OptionList)
        options.highlighted = ((options.highlighted or 0) + by) % len(self._forms)

    @on(OptionList.OptionHighlighted)
    @on(OptionList.OptionSelected)
    def _form_chosen(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        for field in self.query(PathInput):
            if field.value in map(self.default, self._forms):
                field.hold(self.default(self.form))
        self.form_chosen()
        self.explain_anew()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.explain_anew()

    def explain_anew(self) -> None:
        """Say what will be in the file; whatever was agreed to is asked for again."""
        self._replace = None
        text = self.explanation()
        self.say(
            f"{text.rstrip('.')}. It goes to the downloads of your browser."
            if self.app.is_web
            else text
        )

    @on(Input.Submitted)
    @on(Button.Pressed)
    def _submitted(self, event: Input.Submitted | Button.Pressed) -> None:
        event.stop()
        if not self._writing:
            self._writing = True
            self.run_worker(
                self._write(event.value if isinstance(event, Input.Submitted) else None)
            )

    async def _write(self, text: str | None) -> None:
        """Write, or say why not; a file that is there is replaced on the second Enter."""
        form = self.form
        try:
            if sentence := await (
                self._downloaded(form) if text is None else self._written(form, text)
            ):
                self.app.notify(sentence, title="Exported", timeout=8)
                self.dismiss()
        except (UserError, ValueError) as error:
            self.say(str(error), wrong=True)
        finally:
            self._writing = False

    async def _written(self, form: str, text: str) -> str:
        """Write to a path, and tell of it; empty where something is there that must not go yet."""
        if (path := parse_path(text)) is None:
            raise DataError("Type the path of the file to write.")
        if (there := await self.in_the_way(form, path)) and self._replace != path:
            self._replace = path
            names = " and ".join(printable(file.name, 100) for file in there)
            self.say(f"Already there: {names}. Press Enter again to replace.", wrong=True)
            return ""
        return await self.write(form, path)

    async def _downloaded(self, form: str) -> str:
        """Offer the browser what is written, and tell of it."""
        with tempfile.TemporaryDirectory(prefix="rnn-tui-") as folder:
            path = Path(
                folder, _NOT_IN_DOWNLOADS.sub("_", self.default(form)).lstrip(".") or "export"
            )
            await self.write(form, path)
            name, data = await to_thread(_packed, path)
        self.app.deliver_binary(io.BytesIO(data), save_directory=os.sep, save_filename=name)
        return f"{name} goes to the downloads of your browser."


def _packed(path: Path) -> tuple[str, bytes]:
    """What was written at `path`, as one file with its name: of a folder an archive."""
    files = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
    if len(files) == 1:
        return _NOT_IN_DOWNLOADS.sub("_", files[0].name), files[0].read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.relative_to(path.parent))
    return f"{path.name}.zip", packed.getvalue()
