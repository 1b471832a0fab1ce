"""Views behind tabs, of which the one with the focus is in front."""

from __future__ import annotations

from textual.widgets import TabbedContent, TabPane


class ViewTabs(TabbedContent):
    """Tabs that a late word of the focus does not switch back.

    Textual brings the view with the focus to the front, but on a message, which on a busy machine
    arrives when the user has gone to another view already.
    """

    def _on_tab_pane_focused(self, event: TabPane.Focused) -> None:
        focused = self.screen.focused
        if focused is None or event.tab_pane not in focused.ancestors:
            event.stop()
            event.prevent_default()  # of Textual, whose handler comes after this one
