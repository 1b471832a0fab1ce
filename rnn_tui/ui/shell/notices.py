"""Notices that show text as it is: names of runs, files and plug-ins are in them."""

from __future__ import annotations

from typing import Any, TypeVar

from textual.app import App

Result = TypeVar("Result")


class PlainNotices(App[Result]):
    """An app in whose notices Textual reads no markup, whoever gives them."""

    def notify(self, message: str, **options: Any) -> None:
        """Show a notice."""
        super().notify(message, **options | {"markup": False})
