"""Workarounds for what Textual gets wrong, or has no public way for.

Each is a subclass or a function, and says what Textual does without it, in the version `SEEN_IN`.
`pyproject.toml` pins the minor of that: inside, the next may be another. Those for terminals are in
the drivers.

Each that mends a fault has a test that fails without it: in
`tests/ui/common/test_textual_workarounds.py`, or where its entry says. Those that save time say how
much.
"""

import io
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import actions, events
from textual._compositor import CompositorMap
from textual._context import active_message_pump
from textual._types import CallbackType
from textual.app import App, ComposeResult, _PrintCapture
from textual.await_complete import AwaitComplete
from textual.await_remove import AwaitRemove
from textual.binding import ActiveBinding, BindingsMap
from textual.command import CommandList, CommandPalette
from textual.dom import DOMNode
from textual.errors import NoWidget
from textual.events import Mount
from textual.geometry import Size
from textual.message import Message
from textual.message_pump import MessagePump
from textual.reactive import Reactive, var
from textual.screen import ModalScreen, Screen
from textual.strip import Strip
from textual.theme import ThemeProvider
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import OptionList, Select
from textual.widgets._select import SelectCurrent, SelectOverlay

if TYPE_CHECKING:
    from textual.widgets import DataTable
    from textual.widgets.data_table import RowKey

    AnyScreen = Screen[Any]
    AnyList = OptionList
    AnyTable = DataTable[Text]
else:
    AnyScreen = AnyList = AnyTable = object  # each mixed into one of those

Result = TypeVar("Result")
Value = TypeVar("Value")
SEEN_IN = "8.2.8"
SECONDS_UNTIL_IN_FRONT = 0.05


class NoFile(_PrintCapture):
    """A stand-in for stdout or stderr that says that it is no file.

    Textual's says that it is the file -1: `multiprocessing` tries to hand that to the first process
    that it starts, and fails.
    """

    def fileno(self) -> int:
        raise io.UnsupportedOperation("fileno")


class SteadyApp(App[int]):
    """An app that does not end, or stop to draw, for any of these reasons."""

    def __init__(self) -> None:
        super().__init__()
        self._capture_stdout = NoFile(self)
        self._capture_stderr = NoFile(self, stderr=True)

    @property
    def draws(self) -> bool:
        """Whether its screen may be drawn now; see `SteadyScreen.draw_soon`."""
        return True

    async def on_event(self, event: events.Event) -> None:
        """Pass over a press on a widget that has been removed since it was drawn.

        Textual begins to select text there, and looks for the widget around it: AttributeError
        where there is none any more, as at a second click on a notice. Tested in
        `tests/ui/common/test_clicks.py`.
        """
        if isinstance(event, events.MouseDown | events.MouseMove) and self._is_gone_at(event):
            return
        await super().on_event(event)

    def _is_gone_at(self, event: events.MouseEvent) -> bool:
        try:
            widget, _ = self.get_widget_at(event.x, event.y)
        except NoWidget:
            return False
        return not widget.is_attached

    def set_timer(self, *arguments: Any, **options: Any) -> Timer:
        """Have a timer that is to ring once do so, late too.

        Textual skips a ring for which it comes too late: the only one there is. On a busy machine
        that was the ring at which it draws again after a command of the palette. Widgets of ours
        ask the app for such timers, too. Waits for `Timer._run`. Tested in
        `tests/ui/common/test_timers.py`.
        """
        timer = super().set_timer(*arguments, **options)
        timer._skip = False
        return timer

    def _prune(self, *nodes: Widget, parent: DOMNode | None = None) -> AwaitRemove:
        """End workers before the widgets go that they look at, at the app's end also its own.

        Textual ends them later: NoMatches. Waits for `App._prune`. Tested in
        `tests/ui/common/test_workers.py`.
        """
        removed = {part for node in nodes for part in node.walk_children(with_self=True)}
        for worker in list(self.workers):
            if worker.node in removed or not self._running:
                worker.cancel()
        return super()._prune(*nodes, parent=parent)

    def handles_fault(self, error: Exception) -> bool:  # noqa: ARG002
        """Whether the app has done what there is to do about an exception that nobody caught."""
        return False

    def _handle_exception(self, error: Exception) -> None:
        """Let the app tell of a fault in its own way.

        Textual ends with a traceback on the screen, and has no public hook. Tested in
        `tests/test_terminal.py`.
        """
        if not self.handles_fault(error):
            super()._handle_exception(error)

    def action_command_palette(self) -> None:
        """Open the palette under no name.

        Textual's has one, and the palette before may still be being removed: DuplicateIds. Tested
        in `tests/ui/app/test_fast_keys.py`.
        """
        if self.use_command_palette and not CommandPalette.is_open(cast("App[object]", self)):
            self.push_screen(SteadyPalette())

    def search_themes(self) -> None:
        """Open the list of themes, which is a palette too, as a steady one."""
        self.push_screen(SteadyPalette(providers=[ThemeProvider], placeholder="Search for themes…"))


class SteadyScreen(Screen[object]):
    """A screen that tells every widget of its size, and draws once what comes of one key."""

    # Textual draws the whole screen anew at each change of it: 6,186 bytes for a Tab in a form in
    # place of 305. Tested in `tests/test_terminal.py`.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    laid_out: "CompositorMap | None" = None  #: where widgets were at the last layout.

    def _refresh_layout(self, size: Size | None = None, scroll: bool = False) -> None:
        """Compare a layout with the last one.

        Textual compares it with where widgets were when that was last looked up. Where that is
        between a change and its layout, as with a style after a scroll, the layout finds nothing
        new: a view is empty, or drawn for the size that it had. Waits for `Compositor.reflow`.
        Tested in `tests/ui/common/test_made_late.py`.
        """
        whole = not scroll or bool(self._layout_widgets)  # else what is visible only
        if whole and self.laid_out is not None:
            self._compositor._full_map = self.laid_out
        super()._refresh_layout(size, scroll)
        if whole:
            self.laid_out = self._compositor._full_map

    def _on_timer_update(self) -> None:
        """Draw nothing in the middle of what a key does, which Textual draws in pieces.

        Its `App.batch_update` runs what is to be called after a refresh before there was one.
        """
        if not isinstance(self.app, SteadyApp) or self.app.draws:
            super()._on_timer_update()

    def draw_soon(self) -> None:
        """Take what all widgets have to say, which they would one by one, and draw that.

        Else it would be drawn at the next of 60 turns a second of Textual's timer. On a loaded
        machine a switch of tabs was drawn after 125 ms in place of 143.
        """
        for widget in self.walk_children(Widget):
            widget._check_refresh()
        self.call_later(self._on_timer_update)


class ClosedOnce(AnyScreen):
    """A screen, mixed with this, that is closed once, and acts no more then."""

    @property
    def closed(self) -> bool:
        """Whether it has been taken off the stack."""
        return self not in self.app.screen_stack

    def _invoke_later(self, callback: CallbackType, sender: MessagePump) -> None:
        """Leave to the screens below what their widgets want called after a refresh.

        Textual leaves that to whatever screen is in front, and calls none of it any more where that
        closes first: a tab opened meanwhile would stay without its form, and keys wait for it.
        Tested in `tests/ui/common/test_made_late.py`.
        """
        asker = active_message_pump.get()
        screen = asker.screen if isinstance(asker, Widget) and asker.is_attached else None
        if isinstance(asker, App):
            screen = asker.screen_stack[0]
        if screen is None or screen is self:
            super()._invoke_later(callback, sender)
        else:
            screen._invoke_later(callback, sender)

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Close this screen, once it is in front.

        Textual closes what is in front, as a question above a prompt. Tested in
        `tests/ui/app/test_fast_keys.py`.
        """
        if self.is_active:
            return super().dismiss(result)
        if not self.closed:
            # a tuple, which no timer awaits
            self.app.set_timer(SECONDS_UNTIL_IN_FRONT, lambda: (self.dismiss(result),))
        return AwaitComplete()

    async def _dispatch_message(self, message: Message) -> None:
        """Take no key, click or word of widgets once closed.

        Textual removes a screen a moment after it is closed. What comes in between is handled as
        if it were there: a second click in the palette does its command again.
        """
        if not (self.closed and message.bubble):
            await super()._dispatch_message(message)


class Dialog(ClosedOnce, ModalScreen[Result]):
    """A screen over the app, which answers."""


class DrawnOptions(AnyList):
    """A list of options, mixed with this, that a late click or a tiny window does not end."""

    def on_click(self, event: events.Click) -> None:
        """Pass over a click on an option that was taken away after it was drawn: IndexError."""
        if event.style.meta.get("option", 0) >= self.option_count:
            event.prevent_default()

    def action_page_up(self) -> None:
        with suppress(KeyError):  # a list without room has no lines, of which it looks for one
            super().action_page_up()  # type: ignore[no-untyped-call]

    def action_page_down(self) -> None:
        with suppress(KeyError):
            super().action_page_down()  # type: ignore[no-untyped-call]


class Options(DrawnOptions, OptionList):
    """A list of options."""


class Compact:
    """A widget, mixed with this, that is compact from the start, in its class too.

    Textual gives it that class once it is made, and then styles it, and all in it, once more: a
    field four times in place of three. Waits for `Reactive` to give classes without styling.
    """

    DEFAULT_CLASSES: ClassVar[str] = "-textual-compact"
    compact: Reactive[bool] = Reactive(True, repaint=False)


class Chosen(SelectCurrent):
    """What is chosen of a `SteadySelect`, which has a value from the start, as with `Compact`."""

    DEFAULT_CLASSES = "-has-value"
    has_value: var[bool] = var(True)


class Choices(Compact, DrawnOptions, SelectOverlay):
    """The options that a `SteadySelect` opens."""


class SteadySelect(Compact, Select[Value]):
    """An option to choose from a list, compact."""

    def compose(self) -> ComposeResult:
        for widget in super().compose():
            yield Choices() if isinstance(widget, SelectOverlay) else Chosen(self.prompt)


class SteadyCommands(DrawnOptions, CommandList):
    """The commands that the palette lists."""


class SteadyPalette(ClosedOnce, CommandPalette):
    """The command palette, for keys and clicks that come before it is there, or after."""

    def compose(self) -> ComposeResult:
        for widget in super().compose():
            yield SteadyCommands() if isinstance(widget, CommandList) else widget

    def on_mount(self, event: Mount) -> None:
        """Look for no screen below where Escape came first, and closed both: IndexError."""
        if self.closed:
            event.prevent_default()

    def on_click(self, event: events.Click) -> None:
        """Pass over a click that is outside, since the screen became smaller: NoWidget."""
        if not self.region.contains_point(event.screen_offset):
            event.prevent_default()


class DrawnCells(AnyTable):
    """A table, mixed with this, that neither a late click nor an empty column ends."""

    def render_line(self, y: int) -> Strip:
        """Give a style to each piece of a line, which a table that is off is faded by.

        Rich gives none to a cell without width, as of an empty column without padding, and Textual
        asks it for its colour: AttributeError. Waits for `_apply_opacity`.
        """
        strip = super().render_line(y)
        if all(segment.style is not None for segment in strip):
            return strip
        plain = Style.null()
        segments = [Segment(segment.text, segment.style or plain) for segment in strip]
        return Strip(segments, strip.cell_length)

    def on_click(self, event: events.Click) -> None:
        """Pass over a click on a heading that was taken away after it was drawn: IndexError."""
        if event.style.meta.get("column", 0) >= len(self.columns):
            event.prevent_default()


class ManyRows(DrawnCells):
    """A table, mixed with this, that asks for the cells of a row when that is seen.

    Textual's keeps and measures all, for a quarter of a minute where there are 20,000 rows. Waits
    for a `DataTable` that can be asked for less. Tested in
    `tests/ui/common/widgets/test_long_table.py`.
    """

    cells_of: Callable[[str], list[Text]]  #: the cells of the row with a key.

    def show_rows(self, keys: Sequence[str], widths: Sequence[int]) -> None:
        """Show other rows, from the first on, with columns of at least these widths."""
        # not in the first frame
        from textual._two_way_dict import TwoWayDict  # noqa: PLC0415
        from textual.widgets._data_table import Row, RowKey  # noqa: PLC0415

        self.clear()
        places = {RowKey(key): place for place, key in enumerate(keys)}
        self.rows = {key: Row(key, height=1) for key in places}
        self._row_locations = TwoWayDict(places)
        self._data = {key: {} for key in places}  # of which only the number counts
        self._update_count += 1
        self.show_changes(widths)
        if keys:
            self._highlight_cursor()

    def show_changes(self, widths: Sequence[int]) -> None:
        """Draw all rows that are seen anew, with columns of at least these widths."""
        for column, width in zip(self.ordered_columns, widths, strict=True):
            column.content_width = max(column.content_width, width)
        for drawn in (
            self._row_renderable_cache,
            self._row_render_cache,
            self._cell_render_cache,
            self._line_cache,
        ):
            drawn.clear()
        self._require_update_dimensions = True
        self.check_idle()
        self.refresh()

    def get_row(self, row_key: "RowKey | str") -> list[Text]:
        return self.cells_of(row_key if isinstance(row_key, str) else str(row_key.value))


def keys_of(node: DOMNode) -> BindingsMap:
    """The keys that a node has of its own, as the user wants them. Waits for a public way."""
    bindings = node._bindings.copy()
    bindings.apply_keymap(node.app._keymap)
    return bindings


def active_keys_of(node: DOMNode) -> dict[str, ActiveBinding]:
    """What a node's own keys do now, as `Screen.active_bindings` has it of those in focus."""
    active: dict[str, ActiveBinding] = {}
    for key, binding in keys_of(node):
        _, name, parameters = actions.parse(binding.action)
        state = node.check_action(name, parameters)
        if state is not False:
            active.setdefault(key, ActiveBinding(node, binding, bool(state), binding.tooltip))
    return active


def add_keys(app: App[Any], bindings: BindingsMap) -> None:
    """Put keys before those that an app has. Waits for `App.bind` to take words for help."""
    app._bindings = BindingsMap.merge([bindings, app._bindings])


def write_to_terminal(app: App[Any], text: str) -> None:
    """Write what moves no cursor, such as a bell, to the terminal, if there is one.

    `App.bell` has no words beside it. Waits for a public driver.
    """
    if app._driver is not None:
        app._driver.write(text)
