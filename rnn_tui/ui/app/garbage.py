"""Decide when Python collects garbage in the app."""

import gc
from typing import Any

from textual.app import App

# After so long without a key, all objects are searched for garbage.
SECONDS_OF_REST = 2.0
# How many looks among young objects make one among all worth its time.
YOUNG_PER_FULL = 10
# How often among young objects before a look among all while somebody types. Of 1,500 events in 17
# seconds, with 40 three to eight waited for such a look, 0.12 to 0.28 s on average and 0.39 s at
# most; with 200 one did, 0.34 to 0.4 s, and the app held some 70 MB more.
YOUNG_WHILE_TYPING = 40


class GarbageCollection:
    """Searches all objects for garbage while no key comes, as that takes a fifth of a second.

    `cli/main` has switched Python's own looks off until the app's first frame.
    """

    def __init__(self, app: App[Any]) -> None:
        self._app = app

    def begin(self) -> None:
        """Look for garbage from now on, seldom among old objects."""
        gc.set_threshold(*gc.get_threshold()[:2], YOUNG_WHILE_TYPING)
        gc.enable()
        self._at_rest = self._app.set_interval(SECONDS_OF_REST, self._collect)

    def put_off(self) -> None:
        """Start the wait again, since a key has come."""
        if gc.isenabled():
            self._at_rest.reset()

    def _collect(self) -> None:
        self._at_rest.pause()
        if gc.get_count()[2] >= YOUNG_PER_FULL:
            gc.collect()
