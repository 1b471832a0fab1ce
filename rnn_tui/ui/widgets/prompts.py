"""Prompts over the screen: for a line of text such as a name or a note, for a file to write."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from rnn_tui.engine.errors import DataError, UserError, printable
from rnn_tui.ui.widgets.fields import TypedInput
from rnn_tui.ui.widgets.path_input import PathInput, parse_path


class AskTextScreen(ModalScreen[bool]):
    """Asks for a line of text; answers whether it was taken.

    Args:
        title: what is asked.
        value: what is there already.
        hint: what it may be.
        take: does with it what is to be done; a `UserError` of it is shown, and the text kept.
        most: how many characters there may be.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave")]

    def __init__(
        self, title: str, value: str, hint: str, take: Callable[[str], Awaitable[None]], most: int
    ) -> None:
        super().__init__()
        self._title, self._value, self._hint = title, value, hint
        self._take, self._most = take, most

    def compose(self) -> ComposeResult:
        """A field and a line below it."""
        with Vertical(id="ask") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "Enter keeps · Esc leaves"
            yield TypedInput(self._value, self._most, id="ask-text")
            yield Static(self._hint, id="ask-note", markup=False)

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one(TypedInput).focus()

    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(False)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._say(self._hint, wrong=False)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.run_worker(self._answer(event.value), exclusive=True)

    async def _answer(self, text: str) -> None:
        try:
            await self._take(text)
        except UserError as error:
            self._say(str(error), wrong=True)
        else:
            self.dismiss(True)

    def _say(self, text: str, wrong: bool) -> None:
        note = self.query_one("#ask-note", Static)
        note.update(text)
        note.set_class(wrong, "-wrong")


class ExportPrompt(ModalScreen[str | None]):
    """Asks for format and path, and writes; answers what was written, in a sentence.

    Args:
        forms: what each format is, by its name.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave"),
        Binding("up", "move(-1)", "Format before", show=False, priority=True),
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

    async def in_the_way(self, form: str, path: Path) -> Sequence[Path]:
        """The files that would be replaced."""
        raise NotImplementedError

    async def write(self, form: str, path: Path) -> str:
        """Write, and tell what was written.

        Raises:
            UserError: if it can't be.
        """
        raise NotImplementedError

    def more_fields(self) -> Iterable[Widget]:
        """Further fields, below that for the path."""
        return ()

    def form_chosen(self) -> None:
        """Another format was chosen; for a subclass that has more to show or to hide then."""

    # The frame.

    def compose(self) -> ComposeResult:
        """Format, path, what will be in it."""
        options = [Option(text, id=form) for form, text in self._forms.items()]
        with Vertical(id="export") as dialog:
            dialog.border_title = "Export"
            dialog.border_subtitle = "Enter writes · ↑↓ format · Esc leaves"
            yield OptionList(*options, id="export-form", compact=True, markup=False)
            yield PathInput(id="export-path")
            yield from self.more_fields()
            yield Static("", id="export-note", markup=False)

    def on_mount(self) -> None:
        """A name to be written or typed over."""
        field, options = self.query_one(PathInput), self.query_one(OptionList)
        field.value = self.default(next(iter(self._forms)))
        options.highlighted = 0
        options.can_focus = False
        field.focus()

    @property
    def form(self) -> str:
        """The format that is chosen."""
        return list(self._forms)[self.query_one(OptionList).highlighted or 0]

    def action_leave(self) -> None:
        """Write nothing."""
        self.dismiss(None)

    def action_move(self, by: int) -> None:
        """Choose another format."""
        options = self.query_one(OptionList)
        options.highlighted = ((options.highlighted or 0) + by) % len(self._forms)

    @on(OptionList.OptionHighlighted)
    @on(OptionList.OptionSelected)
    def _form_chosen(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        field = self.query_one(PathInput)
        if field.value in map(self.default, self._forms):
            field.value = self.default(self.form)
            field.cursor_position = len(field.value)
        self.form_chosen()
        self.explain_anew()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.explain_anew()

    def explain_anew(self) -> None:
        """Say what will be in the file; whatever was agreed to is asked for again."""
        self._replace = None
        self.say(self.explanation())

    def say(self, text: str, wrong: bool = False) -> None:
        """Show a note below the fields."""
        note = self.query_one("#export-note", Static)
        note.update(text)
        note.set_class(wrong, "-wrong")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not self._writing:
            self._writing = True
            self.run_worker(self._write(event.value))

    async def _write(self, text: str) -> None:
        """Write, or say why not; a file that is there is replaced on the second Enter."""
        form = self.form
        try:
            path = parse_path(text)
            if path is None:
                raise DataError("Type the path of the file to write.")
            there = await self.in_the_way(form, path)
            if there and self._replace != path:
                self._replace = path
                names = " and ".join(printable(file.name, 100) for file in there)
                self.say(f"{names}: there already. Enter once more replaces it.", wrong=True)
                return
            self.dismiss(await self.write(form, path))
        except (UserError, ValueError) as error:
            self.say(str(error), wrong=True)
        finally:
            self._writing = False
