"""Work in a thread for a widget that may be gone when it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from textual.widget import Widget

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(
    widget: Widget, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Call `function` in a thread, and return what it returns, for `widget` to show.

    Textual cancels a widget's workers when the widget is removed, but only after its children are
    gone: one that goes on in between would look for them in vain.

    Raises:
        asyncio.CancelledError: if `widget` is being removed by then, as when the app quits; it ends
            the worker that waits.
    """
    try:
        return await asyncio.to_thread(function, *args, **kwargs)
    finally:
        # A widget that is being removed counts as not displayed.
        if not (widget.is_attached and widget.display):
            raise asyncio.CancelledError
