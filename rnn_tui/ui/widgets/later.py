"""A view that is made when it is first looked at, as its libraries take long to load."""

from __future__ import annotations

from collections.abc import Callable

from textual.containers import Vertical
from textual.widget import Widget


class Later(Vertical):
    """An empty place until `fill` is called.

    Args:
        make: makes the content, importing what it needs.
    """

    def __init__(self, make: Callable[[], Widget]) -> None:
        super().__init__()
        self._make = make
        self.content: Widget | None = None

    async def fill(self) -> Widget:
        """Make the content, unless it is there; returns it."""
        if self.content is None:
            self.content = self._make()
            await self.mount(self.content)
        return self.content
