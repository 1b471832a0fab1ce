"""Mends methods of Textual 8's own where it has no class of ours to mend, as in its palette.

Widgets that are being removed, lists that are not laid out, what is kept of both. Each tells what
breaks without it; where Textual gets it right, it goes.
"""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any

from textual import events
from textual._styles_cache import StylesCache
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.await_remove import AwaitRemove
from textual.command import CommandPalette
from textual.content import Content
from textual.dom import DOMNode
from textual.errors import NoWidget
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import DataTable, OptionList
from textual.widgets._toast import Toast, ToastHolder

SECONDS_UNTIL_IN_FRONT = 0.05


def _closed(screen: Screen[Any]) -> bool:
    """Whether a screen has been taken off the stack."""
    return all(screen not in stack for stack in screen.app._screen_stacks.values())


async def _dispatch_while_there(widget: Widget, message: Message) -> None:
    """Leave a widget that goes what it needs for that, but no key, no click, no word of others.

    Textual closes a screen at once but removes it later, and a widget after its children. What
    comes in between is handled as if all were there: a second Enter in the command palette closes
    the screen below, or raises ScreenStackError; a letter before it starts a search for commands
    in a list that is gone. Waits for `Screen.dismiss` and `App._prune` to end messages.
    """
    gone = widget._pruning or (isinstance(widget, Screen) and _closed(widget))
    if not (gone and (message.bubble or isinstance(message, events.Timer))):
        await MessagePump._dispatch_message(widget, message)


_wrap = Content._wrap_and_format


def _wrap_in_a_column(content: Content, width: int, *more: Any, **options: Any) -> Any:
    """Wrap a text where there is no column for it, as in a tiny window between the pads of a button.

    Textual raises ValueError. Waits for `Content._wrap_and_format` to look.
    """
    return _wrap(content, max(width, 1 + 2 * options.get("line_pad", 0)), *more, **options)


_start = Timer._start


def _start_to_the_end(timer: Timer) -> None:
    """Let a timer that is to ring once do so, however late.

    Textual's passes over what it is late for, even if nothing comes after that: where the machine is
    busy a notice stays, or the app never again takes the size of its window. Waits for `Timer._run`.
    """
    timer._skip = timer._skip and timer._repeat != 0
    _start(timer)


_prune = App._prune


def _prune_with_workers(app: App[Any], *nodes: Widget, parent: DOMNode | None = None) -> AwaitRemove:
    """End the workers of widgets before these go: Textual does when their children are gone.

    A worker that goes on in between looks for them in vain: NoMatches. Waits for `App._prune`.
    """
    removed = {one for node in nodes for one in node.walk_children(with_self=True)}
    for worker in list(app.workers):
        if worker.node in removed:
            worker.cancel()
    return _prune(app, *nodes, parent=parent)


_dismiss: Callable[..., AwaitComplete] = Screen.dismiss


def _dismiss_own(screen: Screen[Any], result: Any = None) -> AwaitComplete:
    """Close this screen, once: Textual closes whatever is in front, at every call.

    A prompt that is done while a question lies above it would close the question, not itself. Waits
    for `Screen.dismiss` to look which screen it is.
    """
    if screen.is_active:
        return _dismiss(screen, result)
    if not _closed(screen):

        def later() -> None:
            screen.dismiss(result)  # unlike the awaitable that it returns, which no timer may await

        screen.set_timer(SECONDS_UNTIL_IN_FRONT, later)
    return AwaitComplete()


def _remove_with_holder(toast: Toast) -> AwaitRemove:
    """Take away a notice that is over, and its place, of which Textual leaves one more each time.

    Waits for `ToastRack.show` to do as `Toast._expire` does.
    """
    return Widget.remove(toast.parent if isinstance(toast.parent, ToastHolder) else toast)


def _open_palette(app: App[Any]) -> None:
    """Open the command palette, under no name: where the one before is still being removed, Textual
    has two of one name, and raises DuplicateIds. Waits for `App.action_command_palette`.
    """
    if app.use_command_palette and not CommandPalette.is_open(app):
        app.push_screen(CommandPalette())


def _only_where(kind: type[Widget | App[Any]], name: str, can: Callable[..., bool]) -> None:
    """Let a method of Textual's do nothing where `can` says that it would raise."""
    method = getattr(kind, name)

    @wraps(method)
    def looking_first(one: Any, *arguments: Any) -> Any:
        return method(one, *arguments) if can(one, *arguments) else None

    setattr(kind, name, looking_first)


def _on_something(palette: CommandPalette, click: events.Click) -> bool:
    try:
        palette.get_widget_at(click.screen_x, click.screen_y)
    except NoWidget:
        return False
    return True


def _on_cell(table: DataTable[Any], click: events.Click) -> bool:
    row, column = (click.style.meta.get(name, 0) for name in ("row", "column"))
    return bool(row < table.row_count and column < len(table.columns))


def mend_textual() -> None:
    """Put the mended methods in the place of Textual's."""
    # This cache has the lines of widgets in its keys, a thousand that are gone among them: 10 MB.
    # Waits for `StylesCache.get_inner_outer` to be a class method.
    colours: Any = lru_cache(1024)(StylesCache.get_inner_outer.__wrapped__)
    for kind, name, mended in (
        (StylesCache, "get_inner_outer", classmethod(colours)),
        (Widget, "_dispatch_message", _dispatch_while_there),
        (App, "_prune", _prune_with_workers),
        (Screen, "dismiss", _dismiss_own),
        (Content, "_wrap_and_format", _wrap_in_a_column),
        (Timer, "_start", _start_to_the_end),
        (Toast, "remove", _remove_with_holder),
        (App, "action_command_palette", _open_palette),
    ):
        setattr(kind, name, mended)
    # The command for the panel of keys puts it into a screen that is being made: MountError. Waits
    # for `App.action_show_help_panel` to wait for the screen.
    _only_where(App, "action_show_help_panel", lambda app: app.screen.is_mounted)
    # The palette looks for the screen below it, which is not there where Escape came first:
    # IndexError. Waits for `CommandPalette._on_mount` to look whether it is still open.
    _only_where(CommandPalette, "_on_mount", lambda palette, _: not _closed(palette))
    # A click outside a screen that became smaller meanwhile: NoWidget. Waits for the handler to
    # catch that, as the screen's own does.
    _only_where(CommandPalette, "_on_click", _on_something)
    # A list without room knows no lines, and Page Down looks for that of its option: KeyError.
    # Waits for `OptionList._move_page` to look.
    _only_where(OptionList, "_move_page", lambda one, _: (one.highlighted or 0) in one._index_to_line)
    # A click on an option that was taken away after it was drawn: IndexError. Waits for
    # `OptionList._on_click` to look.
    _only_where(OptionList, "_on_click", lambda one, at: at.style.meta.get("option", 0) < one.option_count)
    # The same of a table's row or column.
    _only_where(DataTable, "_on_click", _on_cell)
