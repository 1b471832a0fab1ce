"""The base of all tabs' contents: their views, and the keys for these."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar, cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Static, Tab, TabbedContent, TabPane

from rnn_tui.engine.errors import UserError, printable
from rnn_tui.ui.frame.pane_news import PaneNews
from rnn_tui.ui.frame.view_tabs import ViewTabs
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.work.threads import StoreAccess

if TYPE_CHECKING:
    from rnn_tui.archive.store import StoreVersion
    from rnn_tui.sweeps.store import SweepStore
    from rnn_tui.ui.chart.chart import SpreadKind

T = TypeVar("T")
SECONDS_BETWEEN_LOOKS = 1.0  # seldom enough to cost nothing, often enough to follow a run
SECONDS_TO_WAIT = 0.05  # the wait for a view that is not there yet


def with_key(key: str, label: str) -> Content:
    """Return the words on a tab, after the key that goes there."""
    return Content.assemble((f"{key} ", "dim"), label) if key else Content(label)


def show_line(place: Widget, line: str, text: str) -> None:
    """Show a text in a line of a place; the line disappears if the text is empty.

    Args:
        place: the widget that has the line.
        line: the selector of a `Static` in it, such as `#failure`.
        text: what it is to show.
    """
    static = place.query_one(line, Static)
    if static.content != text:  # or Textual would lay out the whole screen for the same text
        static.update(text)
    static.display = bool(text)


def focus_soon(widget: Widget, focus: Callable[[], object]) -> None:
    """Have `focus` put the focus somewhere once that is on screen; keys of the pane wait for it."""
    pane = next((node for node in widget.ancestors if isinstance(node, Pane)), None)
    if pane is None:
        widget.call_after_refresh(focus)
    else:
        pane.focus_soon(focus)


def view_tabs(views: Mapping[str, tuple[str, Widget]]) -> ViewTabs:
    """Return a row of tabs with the views of a pane.

    Args:
        views: in order, by their ids, the words on a view's tab and the view.
    """
    tabs = ViewTabs(id="views")
    for number, (name, (label, view)) in enumerate(views.items(), 1):
        tabs.compose_add_child(TabPane(with_key(str(number), label), view, id=name))
    return tabs


class Pane(Vertical):
    """The contents of a tab.

    Its keys hold wherever the focus is while it is in front, in a row of tabs too.
    """

    BINDINGS = [
        key("train", "train", "Train", tooltip="Train with the settings of the form"),
        key("view-before", "other_view(-1)", "Previous view", show=False),
        key("view-after", "other_view(1)", "View", show=False),
        *(key(f"view-{n}", f"view({n})", f"View {n}", show=False) for n in range(1, 10)),
    ]
    help_text: str = ""  #: the first part of the help, in Markdown.
    spread: "SpreadKind" = "range"  #: the spread of curves over seeds.
    _tab_clicked = False  #: whether the tab of a view was clicked, which is not in front yet.
    _focuses_to_come = 0  #: how many times the focus is still to be put somewhere.

    @property
    def keys_first(self) -> bool:
        """Whether its keys, such as to train, come before those of its view in the footer."""
        return False

    @property
    def complete(self) -> bool:
        """Whether everything is there, including what is made after the first frame."""
        return self.whole

    @property
    def whole(self) -> bool:
        """Whether all parts are there; late parts then catch up with the news."""
        return self.is_mounted

    @property
    def takes_keys(self) -> bool:
        """Whether the view in front is there, so that keys can be for it."""
        return self.whole

    def check_message_enabled(self, message: Message) -> bool:
        """Ignore news while parts of the pane are being made: handlers would look for them."""
        return super().check_message_enabled(message) and (
            self.whole or not isinstance(message, PaneNews)
        )

    def show_runs(self) -> object:
        """Bring whatever is visible up to date."""
        raise NotImplementedError

    def arrive(self) -> None:
        """Bring what is visible up to date and take the focus, as the pane came to the front."""
        self.show_runs()
        self.focus_view()

    def focus_view(self) -> None:
        """Put the focus where single keys are commands."""
        raise NotImplementedError

    def focus_view_soon(self) -> None:
        """Do so once the view is on screen; keys wait for that."""
        self.focus_soon(self.focus_view)

    def focus_soon(self, focus: Callable[[], object]) -> None:
        """Have `focus` put the focus somewhere once that is on screen; keys wait for it."""
        self._focuses_to_come += 1
        if not self.call_after_refresh(self._put_focus, focus):
            self._focuses_to_come -= 1

    def focus_now(self, focus: Callable[[], object]) -> None:
        """Have `focus` put the focus somewhere; keys wait until it is there."""
        self._focuses_to_come += 1
        self._put_focus(focus)

    def _put_focus(self, focus: Callable[[], object]) -> None:
        focus()
        # after the focus is set: a widget asks for that by a message to the app
        self.app.call_later(self._focus_is_put)

    def _focus_is_put(self) -> None:
        self._focuses_to_come -= 1

    @property
    def focus_is_to_come(self) -> bool:
        """Whether the focus is on its way to the view."""
        return self._focuses_to_come > 0

    def keep_focus(self) -> None:
        """Focus the view in front, if it had nothing that takes the focus before, but has now."""
        self.focus_soon(self._keep_focus)

    def _keep_focus(self) -> None:
        if self.is_on_screen and self.app.focused in (None, self.query_one("#views Tabs")):
            self.focus_view()

    # Its views, in `ViewTabs` with the id `views`.

    @property
    def view(self) -> str:
        """The id of the view in front."""
        return self.query_one("#views", TabbedContent).active

    @property
    def front_view(self) -> Widget | None:
        """The view in front, whose keys hold wherever the focus is, in the row of tabs too."""
        tabs = self.query_one_optional("#views", TabbedContent)
        place = tabs.active_pane if tabs is not None else None
        views = place.children if place is not None else ()
        return next((view for view in views if view.is_mounted), None)

    def show_tab(self, name: str) -> None:
        """Bring a view to the front, without the focus."""
        # or the tab that is left, having the focus, would come back to the front
        self.screen.set_focus(None)
        self.query_one("#views", TabbedContent).active = name
        # or the view that is left would be drawn once more before
        self.screen.refresh(repaint=False, layout=True)

    def go_to_view(self, name: str) -> None:
        self.show_tab(name)
        self.focus_view_soon()

    def on_click(self, event: Click) -> None:
        """Give a view that was clicked the focus; Textual leaves it on the row of tabs."""
        tab = event.widget
        self._tab_clicked = isinstance(tab, Tab)
        if isinstance(tab, Tab) and tab.has_class("-active"):
            self.focus_view_soon()

    def on_view_tabs_shown(self) -> None:
        """Show the keys of the view in front; give it the focus where its tab was clicked."""
        self.app.refresh_bindings()
        if self._tab_clicked:
            self._tab_clicked = False
            self.focus_view_soon()

    @property
    def views(self) -> list[str]:
        """The ids of the views, in order.

        Asked for with every key in the footer: no query through all that the views hold.
        """
        tabs = self.query_one_optional("#views", TabbedContent)
        if tabs is None or not tabs.children:
            return []
        return [place.id or "" for place in tabs.get_child_by_type(ContentSwitcher).children]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow no key for a view that does not exist."""
        if action == "view" and cast("int", parameters[0]) > len(self.views):
            return False
        return super().check_action(action, parameters)

    def offers(self, action: str) -> bool:  # noqa: ARG002
        """Whether the footer shows the key of an action now; without that the key may explain."""
        return True

    def action_view(self, number: int) -> None:
        self.go_to_view(self.views[number - 1])

    def action_other_view(self, steps: int) -> None:
        """Go to the next view, or the one before; after the last comes the first."""
        if not self.complete:  # there is none yet, or one that can't take the focus yet
            if self.is_attached:  # or it would wait for ever
                self.app.set_timer(SECONDS_TO_WAIT, lambda: self.action_other_view(steps))
            return
        views = self.views
        if views:
            place = (views.index(self.view) + steps) % len(views)
            self.go_to_view(views[place])


def sentence_for(part: str, error: Exception) -> str:
    """Return a sentence on why a tab or a view can't be made.

    Args:
        part: its words on the screen.
        error: what happened.
    """
    reason = f"{type(error).__name__}: {printable(error, 120)}"
    return f"{part} can't be shown ({reason}); the log file has the details."


class BrokenPane(Pane, can_focus=True):
    """A sentence in place of a pane that can't be made."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self._sentence = sentence

    def compose(self) -> ComposeResult:
        yield Static(self._sentence, markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no key of a pane."""
        return action != "train" and super().check_action(action, parameters)

    def show_runs(self) -> None:
        """Show nothing else."""

    def focus_view(self) -> None:
        self.focus()


class StorePane(Pane):
    """A pane of what is in the store.

    Others change that too, so it looks for news while it is in front. It has a line `#problem`.
    """

    def __init__(self, store: StoreAccess) -> None:
        super().__init__()
        self._store = store
        #: the version of the store at the last reading; None to read it anew.
        self._version: StoreVersion | None = None
        self._ready = False  #: whether the store was asked.
        self._problem = ""  #: a problem with the database, in a sentence.

    async def ask(self, question: "Callable[[SweepStore], T]") -> T | None:
        """Return what the database has; None, with a notification, if it can't be used."""
        answer: T | None = None
        problem = ""
        try:
            answer = await self._store.ask(self, question)
        except UserError as error:
            problem = str(error)
        self._problem = problem
        self.complain()
        return answer

    async def news(self, read: "Callable[[SweepStore], T]", *, always: bool) -> T | None:
        """Return the result of `read` on the store, if the store has changed since the last time.

        Args:
            read: called in a thread.
            always: whether to read it, too, if nothing has changed.

        Returns:
            None if nothing has changed, and where the store can't be used, as from `ask`.
        """
        shown = None if always else self._version

        def read_if_changed(store: "SweepStore") -> "tuple[StoreVersion, T | None]":
            version = store.version()
            return version, None if version == shown else read(store)

        answer = await self.ask(read_if_changed)
        if answer is None:
            return None
        self._version, news = answer
        return news

    def complain(self, other: str = "") -> None:
        """Say what is wrong: with the database, or else another thing."""
        show_line(self, "#problem", self._problem or other)

    def on_mount(self) -> None:
        self._looking = self.set_interval(SECONDS_BETWEEN_LOOKS, self.look_for_news, pause=True)

    @property
    def complete(self) -> bool:
        return self._ready

    def show_runs(self) -> None:
        self._version = None
        self.read()

    def arrive(self) -> None:
        """Take the focus; `on_show` reads what is new in the store."""
        self.focus_view()

    def look_for_news(self) -> None:
        """Read what is new; a reading that began anew at every look might never end."""
        reads = any(worker.node is self and worker.group == "read" for worker in self.workers)
        if not reads:
            self.read()

    def read(self) -> object:
        """Show what the store has, if there is news of it; work of the group `read`."""
        raise NotImplementedError

    def on_show(self) -> None:
        self._looking.resume()
        self.look_for_news()

    def on_hide(self) -> None:
        self._looking.pause()
