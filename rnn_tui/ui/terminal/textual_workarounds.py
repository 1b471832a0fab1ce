"""Works around faults of Textual, and does what its public interface does not offer.

Each workaround is a subclass or a function. Its docstring says what Textual does without it, in the
version `SEEN_IN`. Private parts of Textual may differ in its next version, so `pyproject.toml` pins
the minor version. Workarounds for terminals are in `textual_driver` and `textual_page`.

Each workaround of a fault has a test that fails without it: in
`tests/ui/terminal/test_textual_workarounds.py`, or in the file that the docstring names. Those that
save time say how much. “Until `X`” names the part of Textual that must be mended before one can go.
"""

import asyncio
import io
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import actions, events
from textual._callback import invoke
from textual._compositor import CompositorMap
from textual._context import active_message_pump
from textual._types import CallbackType
from textual.app import App, ComposeResult, _PrintCapture
from textual.await_complete import AwaitComplete
from textual.await_remove import AwaitRemove
from textual.binding import ActiveBinding, BindingsMap
from textual.command import CommandList, CommandPalette
from textual.css.styles import RulesMap
from textual.dom import DOMNode
from textual.errors import NoWidget
from textual.events import Mount
from textual.geometry import Size
from textual.message import Message
from textual.message_pump import MessagePump
from textual.reactive import Reactive, var
from textual.screen import ModalScreen, Screen
from textual.strip import Strip
from textual.style import Style as VisualStyle
from textual.theme import ThemeProvider
from textual.timer import Timer
from textual.visual import RenderOptions, Visual
from textual.widget import AwaitMount, Widget
from textual.widgets import OptionList, Select
from textual.widgets._select import SelectCurrent, SelectOverlay
from textual.widgets.option_list import Option

if TYPE_CHECKING:
    from textual.widgets import DataTable
    from textual.widgets.data_table import RowKey

    AnyScreen = Screen[Any]
    AnyList = OptionList
    AnyTable = DataTable[Text]
else:
    # The mix-ins below are based on these for the type checker only.
    AnyScreen = AnyList = AnyTable = object

logger = logging.getLogger(__name__)
Result = TypeVar("Result")
Value = TypeVar("Value")
SEEN_IN = "8.2.8"
SECONDS_UNTIL_IN_FRONT = 0.05  # how often a screen that is to close looks whether it is in front


class NoFile(_PrintCapture):
    """A replacement of stdout or stderr that has no file descriptor.

    Textual's replacement returns -1 as its file descriptor. `multiprocessing` passes that to the
    first process that it starts, and fails.
    """

    def fileno(self) -> int:
        raise io.UnsupportedOperation("fileno")


class SteadyApp(App[int]):
    """An app that neither ends nor stops drawing because of the faults that its methods name."""

    def __init__(self) -> None:
        super().__init__()
        self._capture_stdout = NoFile(self)
        self._capture_stderr = NoFile(self, stderr=True)
        #: what went wrong in widgets that `mount_whole` is mounting.
        self._mounting: dict[DOMNode, list[tuple[DOMNode, Exception]]] = {}

    @property
    def draws(self) -> bool:
        """Whether the screen may be drawn now; False while the app handles a key."""
        return True

    async def on_event(self, event: events.Event) -> None:
        """Ignore a press on a widget that has been removed since it was drawn.

        Textual starts to select text there, and looks for the parent of the widget. There is none
        any more, as at a second click on a notification: AttributeError. Tested in
        `tests/ui/terminal/test_clicks.py`.
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
        """Make a timer that always fires, also when its time has passed.

        Textual skips a call that is late, even if it is the only one of a timer. On a busy machine
        it skipped the one that draws again after a command of the palette. Widgets should set such
        timers on the app. Until `Timer._run`. Tested in `tests/ui/terminal/test_timers.py`.
        """
        timer = super().set_timer(*arguments, **options)
        timer._skip = False
        return timer

    def _prune(self, *nodes: Widget, parent: DOMNode | None = None) -> AwaitRemove:
        """Cancel the workers of widgets before these are removed; all workers as the app ends.

        Textual cancels them later, and until then they may look for a removed widget: NoMatches.
        Until `App._prune`. Tested in `tests/ui/work/test_workers.py`.
        """
        removed = {part for node in nodes for part in node.walk_children(with_self=True)}
        for worker in list(self.workers):
            if worker.node in removed or not self._running:
                worker.cancel()
        return super()._prune(*nodes, parent=parent)

    def push_screen(self, screen: Any, *arguments: Any, **options: Any) -> Any:
        """Open a screen, unless it is a dialog that is open already, as at a double click.

        Textual would open it a second time above the first. Here the last who waits for the result
        gets it; an earlier one gets None, as from a dialog that was left: most were cancelled by
        the last. Tested in `tests/ui/app/test_two_dialogs.py`.
        """
        in_front = self.screen_stack[-1] if self.screen_stack else None
        if not isinstance(screen, Dialog) or type(in_front) is not type(screen):
            return super().push_screen(screen, *arguments, **options)
        assert in_front is not None
        if not options.get("wait_for_dismiss"):
            return AwaitMount(in_front, [])
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        asked = in_front._result_callbacks[-1]
        if asked.future is not None and not asked.future.done():
            asked.future.set_result(None)
        asked.future = answer
        return answer

    def handles_fault(self, error: Exception) -> bool:  # noqa: ARG002
        """Handle an exception that nobody caught; returns whether that was done.

        The app overrides it.
        """
        return False

    def _handle_exception(self, error: Exception) -> None:
        """Let `handles_fault` report an exception that nobody caught.

        Textual ends with a traceback on the screen, and has no public hook for this. Tested in
        `tests/test_terminal.py`.
        """
        failing = cast("DOMNode", active_message_pump.get(self))
        for node in failing.ancestors_with_self:
            if node in self._mounting:
                self._mounting[node].append((failing, error))
                return
        if not self.handles_fault(error):
            super()._handle_exception(error)

    @contextmanager
    def faults_within(self, part: Widget) -> Iterator[list[tuple[DOMNode, Exception]]]:
        """Collect exceptions that nobody caught in a widget, in place of ending the app.

        Each comes after the one of its widgets that has failed.
        """
        faults: list[tuple[DOMNode, Exception]] = []
        self._mounting[part] = faults
        try:
            yield faults
        finally:
            del self._mounting[part]

    def action_command_palette(self) -> None:
        """Open the palette without an id.

        Textual gives it one, and if the previous palette has not been removed yet there are two of
        them: DuplicateIds. Tested in `tests/ui/app/test_fast_keys.py`.
        """
        if self.use_command_palette and not CommandPalette.is_open(cast("App[object]", self)):
            self.push_screen(SteadyPalette())

    def search_themes(self) -> None:
        """Open the list of themes, as a `SteadyPalette` too."""
        self.push_screen(SteadyPalette(providers=[ThemeProvider], placeholder="Search for themes…"))


async def mount_whole(place: Widget, part: Widget) -> None:
    """Mount a widget in a place, and return once all of it is there.

    Textual ends the app where a widget, or one in it, fails while it is composed or mounted. Here
    what has come of it is removed, and the exception raised. Until `Widget.mount` does so. Tested
    in `tests/ui/app/test_late_tabs.py`.

    Raises:
        Exception: the first one of the widget or of what is in it.
    """
    app = cast("SteadyApp", place.app)
    with app.faults_within(part) as faults:
        await place.mount(part)
        if not faults:
            return
        part.display = False  # nobody is to look for what it lacks
        for failing, _ in list(faults):
            if isinstance(failing, Widget) and failing.is_attached and not failing._running:
                await failing._message_loop_exit()  # or it would stay in its place
        await part.remove()
    raise faults[0][1]


def _is_removed(pump: MessagePump) -> bool:
    """Return whether a widget has been removed, or is just being removed."""
    return isinstance(pump, Widget) and (pump._closing or pump._closed or not pump.is_attached)


class SteadyScreen(Screen[object]):
    """A screen that tells every widget its size, and draws all effects of a key at once."""

    # With Textual's `repaint=True` each change of the focus draws the whole screen: 6,186 bytes for
    # a Tab in a form, in place of 305. Tested in `tests/test_terminal.py`.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    laid_out: "CompositorMap | None" = None  #: the places of the widgets at the last layout.

    def _invoke_later(self, callback: CallbackType, sender: MessagePump) -> None:
        """Have a callback run after the next frame; it may fail if its widget is removed by then.

        Textual calls it all the same, and ends the app where it looks for what is gone: NoMatches.
        It is still called, since somebody may wait for it. Until `Screen._invoke_later`. Tested in
        `tests/ui/app/test_late_tabs.py`.
        """

        async def call() -> None:
            try:
                await invoke(callback)
            except Exception:
                if not _is_removed(sender):
                    raise
                logger.info("in a widget that was removed", exc_info=True)

        super()._invoke_later(call, sender)

    def _refresh_layout(self, size: Size | None = None, scroll: bool = False) -> None:
        """Lay the screen out, and compare the places of the widgets with those of the last layout.

        Textual compares them with a map that any look-up of a place renews. If a look-up comes
        between a change and its layout, as when a style is set after a scroll, the layout finds no
        difference, and a widget is not told its new size: a view is empty, or drawn for its old
        size. Until `Compositor.reflow`. Tested in `tests/ui/frame/test_made_late.py`.
        """
        whole = not scroll or bool(self._layout_widgets)  # else only visible widgets are laid out
        if whole and self.laid_out is not None:
            self._compositor._full_map = self.laid_out
        super()._refresh_layout(size, scroll)
        if whole:
            self.laid_out = self._compositor._full_map

    def _on_timer_update(self) -> None:
        """Draw nothing while the app handles a key; Textual draws its effects in pieces.

        `App.batch_update` does not help: it runs callbacks for after a refresh without a refresh.
        """
        if not isinstance(self.app, SteadyApp) or self.app.draws:
            super()._on_timer_update()

    def draw_soon(self) -> None:
        """Collect the changes of all widgets, and draw them at once.

        Otherwise Textual's timer, 60 times a second, would draw them. On a busy machine a switch of
        tabs was drawn after 125 ms in place of 143 ms.
        """
        for widget in _displayed(self):
            widget._check_refresh()
        self.call_later(self._on_timer_update)


def _displayed(widget: Widget) -> Iterator[Widget]:
    """Return what is displayed in a widget: most of the app is in tabs that are not."""
    for child in widget.children:
        if child.display:
            yield child
            yield from _displayed(child)


class ClosedOnce(AnyScreen):
    """A mix-in for a screen: it closes only once, and handles nothing after that."""

    @property
    def closed(self) -> bool:
        """Whether the screen has been taken off the stack."""
        return self not in self.app.screen_stack

    def _invoke_later(self, callback: CallbackType, sender: MessagePump) -> None:
        """Pass a callback for after a refresh to the screen of the widget that asks for it.

        Textual leaves it to the screen in front, and drops it if that screen closes first. A tab
        opened meanwhile would then have no form, and keys would wait for it. Tested in
        `tests/ui/frame/test_made_late.py`.
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
        """Close this screen; if another is in front, wait until that is closed.

        Textual would close the screen in front, such as a question above a prompt. Tested in
        `tests/ui/app/test_fast_keys.py`.
        """
        if self.is_active:
            return super().dismiss(result)
        if not self.closed:
            # The callback returns a tuple, because a timer would await what `dismiss` returns.
            self.app.set_timer(SECONDS_UNTIL_IN_FRONT, lambda: (self.dismiss(result),))
        return AwaitComplete()

    async def _dispatch_message(self, message: Message) -> None:
        """Ignore keys, clicks and messages of widgets once the screen is closed.

        Textual removes a screen a little later than it closes it, and until then handles its
        messages: a second click in the palette runs the command twice.
        """
        if not (self.closed and message.bubble):
            await super()._dispatch_message(message)


class Dialog(ClosedOnce, ModalScreen[Result]):
    """A screen over the app that returns a result."""


class AtLeastOneColumn(Visual):
    """A text that is wrapped to one column where there is none.

    The lists of Textual subtract the padding of an option from the width of the list, and Rich
    can't wrap a word to no column: ValueError. Other widgets ask for no height without a width.
    """

    def __init__(self, visual: Visual) -> None:
        self._visual = visual

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        return self._visual.get_optimal_width(rules, container_width)

    def get_height(self, rules: RulesMap, width: int) -> int:
        return self._visual.get_height(rules, max(1, width))

    def render_strips(
        self, width: int, height: int | None, style: VisualStyle, options: RenderOptions
    ) -> list[Strip]:
        return self._visual.render_strips(max(1, width), height, style, options)


class DrawnOptions(AnyList):
    """A mix-in for a list of options: a late click or a tiny window does not end the app."""

    def _get_visual(self, option: Option) -> Visual:
        """Give each option a column at least, in lists, fields to choose from and the palette.

        Until `OptionList.get_content_height` and `OptionList._update_lines`.
        """
        return AtLeastOneColumn(super()._get_visual(option))

    def on_click(self, event: events.Click) -> None:
        """Ignore a click on an option that was removed after it was drawn: IndexError."""
        if event.style.meta.get("option", 0) >= self.option_count:
            event.prevent_default()

    def action_page_up(self) -> None:
        with suppress(KeyError):  # a list without room has no lines, and Textual looks for one
            super().action_page_up()  # type: ignore[no-untyped-call]

    def action_page_down(self) -> None:
        with suppress(KeyError):
            super().action_page_down()  # type: ignore[no-untyped-call]


class Options(DrawnOptions, OptionList):
    """A list of options."""


class Compact:
    """A mix-in for a widget that is compact from the start, including its CSS class.

    Textual adds the class after the widget is made, and styles it and its children once more: a
    field four times in place of three. Styles take most of a first visit of a tab: with this, a
    `lone-panel` where nothing inside takes the focus, and colours from the theme, Recall is styled
    156 times in place of 339. Until `Reactive` adds classes without styling.
    """

    DEFAULT_CLASSES: ClassVar[str] = "-textual-compact"
    compact: Reactive[bool] = Reactive(True, repaint=False)


class Chosen(SelectCurrent):
    """The selected option of a `SteadySelect`; has its CSS class from the start, as `Compact`."""

    DEFAULT_CLASSES = "-has-value"
    has_value: var[bool] = var(True)


class Choices(Compact, DrawnOptions, SelectOverlay):
    """The options that a `SteadySelect` opens."""


class SteadySelect(Compact, Select[Value]):
    """A compact field to select one option of a list."""

    def compose(self) -> ComposeResult:
        for widget in super().compose():
            yield Choices() if isinstance(widget, SelectOverlay) else Chosen(self.prompt)


class SteadyCommands(DrawnOptions, CommandList):
    """The commands that the palette lists."""


class SteadyPalette(ClosedOnce, CommandPalette):
    """The command palette; keys and clicks before it is mounted or after it is closed are safe."""

    def compose(self) -> ComposeResult:
        for widget in super().compose():
            yield SteadyCommands() if isinstance(widget, CommandList) else widget

    def on_mount(self, event: Mount) -> None:
        """Do nothing if Escape has closed the palette before it was mounted.

        Textual looks for the screen below, which is not there any more: IndexError.
        """
        if self.closed:
            event.prevent_default()

    def on_click(self, event: events.Click) -> None:
        """Ignore a click outside the palette, as after the window became smaller: NoWidget."""
        if not self.region.contains_point(event.screen_offset):
            event.prevent_default()


class DrawnCells(AnyTable):
    """A mix-in for a table: neither a late click nor an empty column ends the app."""

    def render_line(self, y: int) -> Strip:
        """Give every segment of a line a style.

        Rich gives none to a cell without width, as in an empty column without padding. To fade a
        disabled table, Textual reads the colour of each style: AttributeError. Until
        `_apply_opacity`.
        """
        strip = super().render_line(y)
        if all(segment.style is not None for segment in strip):
            return strip
        plain = Style.null()
        segments = [Segment(segment.text, segment.style or plain) for segment in strip]
        return Strip(segments, strip.cell_length)

    def on_click(self, event: events.Click) -> None:
        """Ignore a click on a heading that was removed after it was drawn: IndexError."""
        if event.style.meta.get("column", 0) >= len(self.columns):
            event.prevent_default()


class ManyRows(DrawnCells):
    """A mix-in for a table that asks for the cells of a row only when the row is visible.

    Textual's table stores and measures all cells: with 20,000 rows that takes a quarter of a
    minute. Until `DataTable` loads rows on demand. Tested in
    `tests/ui/widgets/test_long_table.py`.
    """

    cells_of: Callable[[str], list[Text]]  #: returns the cells of the row with this key.

    def show_rows(self, keys: Sequence[str], widths: Sequence[int]) -> None:
        """Replace all rows, and scroll to the first; columns have at least these widths."""
        # Imported here, as the first frame has no table.
        from textual._two_way_dict import TwoWayDict
        from textual.widgets._data_table import Row, RowKey

        self.clear()
        places = {RowKey(key): place for place, key in enumerate(keys)}
        self.rows = {key: Row(key, height=1) for key in places}
        self._row_locations = TwoWayDict(places)
        self._data = {key: {} for key in places}  # Textual only reads how many there are
        self._update_count += 1
        self.show_changes(widths)
        if keys:
            self._highlight_cursor()

    def show_changes(self, widths: Sequence[int]) -> None:
        """Draw all visible rows again; columns have at least these widths."""
        for column, width in zip(self.ordered_columns, widths, strict=True):
            column.content_width = max(column.content_width, width)
        self._row_renderable_cache.clear()
        self._row_render_cache.clear()
        self._cell_render_cache.clear()
        self._line_cache.clear()
        self._require_update_dimensions = True
        self.check_idle()
        self.refresh()

    def get_row(self, row_key: "RowKey | str") -> list[Text]:
        return self.cells_of(row_key if isinstance(row_key, str) else str(row_key.value))


def keys_of(node: DOMNode) -> BindingsMap:
    """Return a node's own key bindings, with the keys that the user has chosen for them.

    Until Textual has a public function for this.
    """
    bindings = node._bindings.copy()
    bindings.apply_keymap(node.app._keymap)
    return bindings


def active_keys_of(node: DOMNode) -> dict[str, ActiveBinding]:
    """Return a node's own bindings that are active now, by key.

    `Screen.active_bindings` has the same for the widget in focus.
    """
    active: dict[str, ActiveBinding] = {}
    for key, binding in keys_of(node):
        _, name, parameters = actions.parse(binding.action)
        state = node.check_action(name, parameters)
        if state is not False:
            active.setdefault(key, ActiveBinding(node, binding, bool(state), binding.tooltip))
    return active


def add_keys(app: App[Any], bindings: BindingsMap) -> None:
    """Add key bindings to an app, before its own. Until `App.bind` accepts tooltips."""
    app._bindings = BindingsMap.merge([bindings, app._bindings])


def write_to_terminal(app: App[Any], text: str) -> None:
    """Write control codes that don't move the cursor, such as a bell, to the terminal, if any.

    `App.bell` writes the bell alone. Until the driver is public.
    """
    if app._driver is not None:
        app._driver.write(text)
