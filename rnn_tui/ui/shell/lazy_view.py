"""A view that is made when it is first looked at, as its libraries take long to load."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.containers import Vertical
from textual.widget import Widget


async def mount_in_view(place: Widget, content: Widget) -> None:
    """Mount a view into a place that is or comes in front, and see that it learns so.

    Textual compares with where widgets were before; where it has looked that up between making them
    and laying them out, as it does while a row of tabs scrolls, none of them is new to it, and
    nobody tells them that they are shown, nor how large they are. So they may hear it twice here.
    """
    await place.mount(content)
    content.call_after_refresh(_tell, content)


def _tell(content: Widget) -> None:
    if not content.region:
        return  # it is not in front any more, and hears of it when it is again
    for widget in content.walk_children(Widget, with_self=True):
        widget.post_message(events.Resize(widget.size, widget.virtual_size, widget.container_size))
    content.post_message(events.Show())


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
            await mount_in_view(self, self._content)
        return self._content
