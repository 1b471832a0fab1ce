"""What the contents of all tabs of the app have in common: views, and the keys for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import TabbedContent, TabPane

from rnn_tui.ui.shell.messages import PaneNews

# Seldom enough to cost nothing, often enough to follow a run.
SECONDS_BETWEEN_LOOKS = 1.0


class Pane(Vertical):
    """The contents of a tab.

    Its keys hold wherever the focus is while it is in front, in a row of tabs for instance.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "train", "Train", tooltip="Train what the form says"),
        Binding("n", "next_view", "View", tooltip="Go to the next view"),
    ]
    help_text: str = ""

    @property
    def complete(self) -> bool:
        """Whether all is there, what comes after the first frame too."""
        raise NotImplementedError

    @property
    def whole(self) -> bool:
        """Whether all parts are there; one that makes some late catches up with the news then."""
        return self.is_mounted

    def check_message_enabled(self, message: Message) -> bool:
        """Take no news while parts are being made: whoever handles it would look for them."""
        return super().check_message_enabled(message) and (
            self.whole or not isinstance(message, PaneNews)
        )

    def show_runs(self) -> None:
        """Bring whatever is visible up to date."""
        raise NotImplementedError

    def focus_view(self) -> None:
        """Put the focus where single keys are commands."""
        raise NotImplementedError

    def keep_focus(self) -> None:
        """Focus the view in front, if it had nothing that takes the focus before, but has now."""
        self.call_after_refresh(self._keep_focus)

    def _keep_focus(self) -> None:
        if self.is_on_screen and self.app.focused in (None, self.query_one("#views Tabs")):
            self.focus_view()

    def action_train(self) -> None:
        """Train what the form says."""
        raise NotImplementedError

    # Its views, in `ViewTabs` with the id `views`.

    @property
    def view(self) -> str:
        """The id of the view in front."""
        return self.query_one("#views", TabbedContent).active

    @property
    def front_view(self) -> Widget | None:
        """The view in front, if its keys hold wherever the focus is."""
        tabs = self.query_one_optional("#views", TabbedContent)
        place = tabs.active_pane if tabs is not None else None
        view = place.children[0] if place is not None and place.children else None
        if isinstance(view, LazyView):
            view = view.content
        return view if getattr(view, "keys_in_front", False) else None

    def show_tab(self, name: str) -> None:
        """Bring a view to the front."""
        # The tab with the focus comes to the front: none must keep it when it is left.
        self.screen.set_focus(None)
        self.query_one("#views", TabbedContent).active = name

    def action_next_view(self) -> None:
        """Go to the next view, and after the last to the first."""
        if not self.complete:  # there is none yet, or one that can't take the focus yet
            self.set_timer(0.05, self.action_next_view)
            return
        tabs = self.query_one("#views", TabbedContent)
        names = [pane.id or "" for pane in tabs.query(TabPane)]
        self.show_tab(names[(names.index(tabs.active) + 1) % len(names)])
        self.call_after_refresh(self.focus_view)


class StorePane(Pane):
    """A pane of what the store of runs has, which other programs may change too.

    It looks for news only while it is in front.
    """

    def on_mount(self) -> None:
        """Have it ready."""
        self._looking = self.set_interval(SECONDS_BETWEEN_LOOKS, self.look_for_news, pause=True)

    def look_for_news(self) -> None:
        """Ask the store whether there is anything new."""
        raise NotImplementedError

    def on_show(self) -> None:
        """Be up to date from now on."""
        self._looking.resume()
        self.show_runs()

    def on_hide(self) -> None:
        """Rest."""
        self._looking.pause()


class LazyView(Vertical):
    """An empty place until `fill` is called.

    Args:
        make: makes the content, importing what it needs.
    """

    def __init__(self, make: Callable[[], Widget]) -> None:
        super().__init__()
        self._make = make
        self._content: Widget | None = None

    @property
    def content(self) -> Widget | None:
        """The content; None until all of it is there."""
        made = self._content
        return made if made is not None and made.is_mounted else None

    async def fill(self) -> Widget:
        """Make the content, unless it is there; returns it."""
        if self._content is None:
            self._content = self._make()
            await self.mount(self._content)
        return self._content
