"""Mends methods of Textual 8's own where it has no class of ours to mend: what breaks without each,
until Textual does.
"""

import io
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from textual import events
from textual.app import App, _PrintCapture
from textual.await_complete import AwaitComplete
from textual.await_remove import AwaitRemove
from textual.command import CommandPalette
from textual.content import Content
from textual.dom import DOMNode
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget, _BorderTitle
from textual.widgets import OptionList, Static
from textual.widgets._toast import Toast, ToastHolder

Method = Callable[..., Any]
SECONDS_UNTIL_IN_FRONT = 0.05


def _mends(kind: Any, name: str) -> Callable[[Method], None]:
    """Put a function in the place of a method of Textual's, which it gets before what that is
    given.
    """
    method = getattr(kind, name)

    def put(mended: Method) -> None:
        setattr(kind, name, wraps(method)(lambda *given, **more: mended(method, *given, **more)))

    return put


def only_where(kind: type[Any], name: str, can: Callable[..., bool]) -> None:
    """Let a method of Textual's do nothing where `can` says that it would raise."""
    _mends(kind, name)(lambda method, *given: method(*given) if can(*given) else None)


def _closed(screen: Screen[Any]) -> bool:
    """Whether a screen has been taken off the stack."""
    return all(screen not in stack for stack in screen.app._screen_stacks.values())


@_mends(Widget, "_dispatch_message")
async def _dispatch_while_there(dispatch: Method, widget: Widget, message: Message) -> None:
    """Leave a widget that goes what it needs for that, but no key, no click, no word of others.
    Textual closes a screen at once but removes it later, and a widget after its children. What
    comes in between is handled as if all were there: a second Enter in the command palette closes
    the screen below, or raises ScreenStackError. Waits for `Screen.dismiss` and `App._prune`.
    """
    gone = widget._pruning or (isinstance(widget, Screen) and _closed(widget))
    if not (gone and (message.bubble or isinstance(message, events.Timer))):
        await dispatch(widget, message)


@_mends(Content, "_wrap_and_format")
def _wrap_in_a_column(
    wrap: Method, content: Content, width: int, *more: Any, **options: Any
) -> Any:
    """Wrap where a tiny window leaves a button no column between its pads: ValueError. Waits for
    `_wrap_and_format`.
    """
    return wrap(content, max(width, 1 + 2 * options.get("line_pad", 0)), *more, **options)


@_mends(Timer, "_start")
def _start_to_the_end(start: Method, timer: Timer) -> None:
    """Let a timer that is to ring once do so, late too: on a busy machine a notice would stay.
    Waits for `Timer._run`.
    """
    timer._skip = timer._skip and timer._repeat != 0
    start(timer)


@_mends(App, "_prune")
def _prune_with_workers(
    prune: Method, app: App[Any], *nodes: Widget, parent: DOMNode | None = None
) -> AwaitRemove:
    """End workers before the widgets go that they look at: NoMatches. At the app's end also its
    own. Waits for `App._prune`.
    """
    removed = {one for node in nodes for one in node.walk_children(with_self=True)}
    for worker in list(app.workers):
        if worker.node in removed or not app._running:
            worker.cancel()
    return cast("AwaitRemove", prune(app, *nodes, parent=parent))


@_mends(Screen, "dismiss")
def _dismiss_own(dismiss: Method, screen: Screen[Any], result: Any = None) -> AwaitComplete:
    """Close this screen, once: Textual closes what is in front, as a question above a prompt. Waits
    for `Screen.dismiss`.
    """
    if screen.is_active:
        return cast("AwaitComplete", dismiss(screen, result))
    if not _closed(screen):
        # a tuple, which no timer awaits
        screen.set_timer(SECONDS_UNTIL_IN_FRONT, lambda: (screen.dismiss(result),))
    return AwaitComplete()


@_mends(Toast, "remove")
def _remove_with_holder(remove: Method, toast: Toast) -> AwaitRemove:
    """Remove a notice with its place, which Textual leaves. Waits for `ToastRack.show` to do as
    `Toast._expire` does.
    """
    return cast(
        "AwaitRemove", remove(toast.parent if isinstance(toast.parent, ToastHolder) else toast)
    )


def _same(one: object, other: object) -> bool:
    if isinstance(one, Content) and isinstance(other, Content):
        return one.is_same(other)
    return isinstance(one, str) and type(one) is type(other) and one == other


@_mends(Static, "update")
def _update_with_news(
    update: Method, static: Static, content: Any = "", *, layout: bool = True
) -> None:
    """Leave a text that is the same: Textual lays out the whole screen anew for it. Waits for
    `Static.update` to compare.
    """
    if not _same(content, static.content):
        update(static, content, layout=layout)


@_mends(_BorderTitle, "__set__")
def _set_another_title(put: Method, title: Any, widget: Widget, words: Any) -> None:
    """Leave a title that is the same: Textual draws all of the widget anew for it. Waits for
    `_BorderTitle` to compare.
    """
    if words is None or not _same(words, getattr(widget, title._internal_name, None)):
        put(title, widget, words)


@_mends(App, "action_command_palette")
def _open_palette(_open: Method, app: App[Any]) -> None:
    """Open it under no name, which the one that is still being removed may have: DuplicateIds.
    Waits for this action.
    """
    if app.use_command_palette and not CommandPalette.is_open(app):
        app.push_screen(CommandPalette())


@_mends(_PrintCapture, "fileno")
def _no_file(_fileno: Method, _capture: _PrintCapture) -> int:
    """Say that what stands in for stderr is no file: at Textual's -1 `multiprocessing` fails. Waits
    for it to raise itself.
    """
    raise io.UnsupportedOperation("fileno")


# The panel of keys is put into a screen that is being made: MountError. Waits for it to wait.
only_where(App, "action_show_help_panel", lambda app: app.screen.is_mounted)
# The palette looks for the screen below, which is gone where Escape came first: IndexError. Waits
# for `_on_mount`.
only_where(CommandPalette, "_on_mount", lambda palette, _: not _closed(palette))
# A click outside a screen that became smaller: NoWidget. Waits for the handler to catch that.
only_where(
    CommandPalette, "_on_click", lambda palette, click: click.screen_offset in palette.region
)
# A list without room knows no lines, and Page Down looks for one: KeyError. Waits for `_move_page`.
only_where(OptionList, "_move_page", lambda one, _: (one.highlighted or 0) in one._index_to_line)
# A click on an option that was taken away after it was drawn: IndexError. Waits for `_on_click`.
only_where(
    OptionList, "_on_click", lambda one, at: at.style.meta.get("option", 0) < one.option_count
)
