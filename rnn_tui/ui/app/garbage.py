"""Decide when Python collects garbage in the app, and where it searches for it.

A full collection walks through all objects. That takes a tenth of a second once some tabs have been
seen: a switch of tabs that it falls into takes three times as long. So what a full collection
leaves is set aside (`gc.freeze`), and the next one walks through what was made since, in a
hundredth of a second. An object that is set aside still goes once nothing refers to it. Objects
that refer to each other, as widgets do, stay until all are searched: at rest, once there are many.
"""

import gc
import sys
from typing import Any

from textual.app import App

# After so long without a key, garbage is searched for.
SECONDS_OF_REST = 2.0
# All objects are searched at rest if those that are set aside have become more by this share, which
# is Python's own rule for its oldest generation.
GROWTH = 0.25
# All are searched while somebody types, too, once in so many full collections: some 400 switches of
# tabs.
MOST_IN_PARTS = 50
OLDEST = 2  # the generation of a full collection


class GarbageCollection:
    """Searches what is new for garbage, and now and then all objects.

    `cli/main` has switched Python's own collections off until the app's first frame.
    """

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._in_parts = 0  #: how many full collections there were since the last one of all.
        self._frozen = 0  #: how many objects were set aside at the last rest with such a one.
        self._modules = 0  #: how many modules were imported then.

    def begin(self) -> None:
        """Collect from now on; there is no garbage yet in what the first frame needed."""
        gc.freeze()
        self._remember()
        gc.callbacks.append(self._set_aside)
        gc.enable()
        self._at_rest = self._app.set_interval(SECONDS_OF_REST, self._collect)

    def put_off(self) -> None:
        """Start the wait again, since a key has come."""
        if gc.isenabled():
            self._at_rest.reset()

    def _set_aside(self, phase: str, collection: dict[str, int]) -> None:
        """Set aside what a full collection has left; called by Python around each collection."""
        if phase != "stop" or collection["generation"] != OLDEST:
            return
        self._in_parts += 1
        if self._in_parts < MOST_IN_PARTS:
            gc.freeze()
        else:  # the next one searches all
            self._in_parts = 0
            gc.unfreeze()

    def _collect(self) -> None:
        """Collect garbage at rest; nothing goes on then until the next key."""
        self._at_rest.pause()
        search_all = self._has_grown()
        if search_all:
            self._in_parts = 0
            gc.unfreeze()
        gc.collect()
        if search_all:
            self._remember()

    def _has_grown(self) -> bool:
        """Return whether a search of all objects may find much.

        What imports have made stays, so after some the count begins anew.
        """
        if len(sys.modules) > self._modules:
            self._remember()
        return gc.get_freeze_count() > (1 + GROWTH) * self._frozen

    def _remember(self) -> None:
        self._frozen = gc.get_freeze_count()
        self._modules = len(sys.modules)
