"""A view that is made when it is first looked at, as its libraries take long to load."""

from __future__ import annotations

from collections.abc import Callable

from textual.containers import Vertical
from textual.widget import Widget


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
