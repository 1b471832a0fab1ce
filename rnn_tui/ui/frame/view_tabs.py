"""Views with a row of tabs, one of which is shown."""

from textual.message import Message
from textual.widgets import Static, TabbedContent, TabPane, Tabs


class ViewTabs(TabbedContent):
    """Tabs that a late word of the focus does not switch back, and that show if there are more.

    Textual brings the view with the focus to the front, but on a message, which on a busy machine
    arrives when the user is in another view already: `n` pressed fast would end where it began
    (Textualize/textual#4955). And it cuts off tabs unseen.
    """

    class Shown(Message):
        """A message that another tab is in front; handled in place of Textual's `TabActivated`.

        Textual keeps one stack of prevented messages for all widgets. What one prevents while it
        waits, as `TabActivated` is after a click, is lost to all: a tab would stay empty, and keys
        would wait for it.
        """

        def __init__(self, tabs: "ViewTabs", name: str) -> None:
            super().__init__()
            self.tabs = tabs
            self.name = name  #: the id of the tab.

        @property
        def control(self) -> "ViewTabs":
            return self.tabs

        @property
        def pane(self) -> TabPane:
            """The pane in front."""
            return self.tabs.get_pane(self.name)

    def watch_active(self, active: str) -> None:
        """Tell of the tab in front, however it came there."""
        if active:
            self.post_message(self.Shown(self, active))

    def on_mount(self) -> None:
        tabs = self.query_one(Tabs)
        self._before = Static("‹", classes="more -before")
        self._after = Static("›", classes="more -after")
        tabs.mount(self._before, self._after)
        for attribute in ("scroll_x", "virtual_size"):
            self.watch(tabs.query_one("#tabs-scroll"), attribute, self.on_resize)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_more)  # once the row is laid out

    def _show_more(self) -> None:
        row = self.query_one("#tabs-scroll")
        self._before.visible = row.scroll_x > 0
        self._after.visible = row.scroll_x < row.max_scroll_x

    def on_tab_pane_focused(self, event: TabPane.Focused) -> None:
        if not event.tab_pane.has_focus_within:
            event.stop()
            event.prevent_default()  # of Textual, whose handler comes after this one
