"""Questions to the database of runs, put by widgets and answered in threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from textual.widget import Widget

from rnn_tui.ui.shell.threads import in_thread

if TYPE_CHECKING:
    from rnn_tui.runs.store import RunStore

T = TypeVar("T")


class RunDesk:
    """The one place from which the app asks the database, one question at a time."""

    def __init__(self) -> None:
        self._store: RunStore | None = None
        self._turn = asyncio.Lock()

    async def ask(self, widget: Widget, question: Callable[[RunStore], T]) -> T:
        """What `question` makes of the database, for `widget` to show.

        Raises:
            StoreError: if the database can't be used; the next question tries again.
            asyncio.CancelledError: if `widget` is being removed by then.
        """
        async with self._turn:
            return await in_thread(widget, self._answer, question)

    def _answer(self, question: Callable[[RunStore], T]) -> T:
        from rnn_tui.runs.store import RunStore  # noqa: PLC0415 - behind the first frame

        if self._store is None:
            self._store = RunStore()
        return question(self._store)
