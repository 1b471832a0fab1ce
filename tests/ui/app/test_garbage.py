"""Garbage is found, and no search for it walks through all of the app at every few keys."""

import gc
import sys
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.app import App
from textual.pilot import Pilot

from rnn_tui.ui.app import garbage
from rnn_tui.ui.app.garbage import GarbageCollection
from tests.ui.helpers import wait_until

MANY = 20_000


class Knot:
    """An object that refers to itself, so that only a search finds that it is garbage."""

    def __init__(self) -> None:
        self.itself = self


@asynccontextmanager
async def collecting() -> AsyncIterator[tuple[Pilot[None], GarbageCollection]]:
    """An app whose garbage is collected as in `rnn-tui`."""
    callbacks = list(gc.callbacks)
    try:
        async with App[None]().run_test() as pilot:
            collection = GarbageCollection(pilot.app)
            collection.begin()
            yield pilot, collection
    finally:
        gc.callbacks[:] = callbacks


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rest begins at once, and all is searched as soon as there is more than before."""
    monkeypatch.setattr(garbage, "SECONDS_OF_REST", 0.01)
    monkeypatch.setattr(garbage, "GROWTH", 0.0)


def set_aside_and_dropped() -> "weakref.ref[Knot]":
    """Garbage that a full collection has seen alive, and that the next one does not find."""
    knot = Knot()
    gc.collect()
    dropped = weakref.ref(knot)
    del knot
    gc.collect()
    assert dropped() is not None
    return dropped


def is_searched(knot: Knot) -> bool:
    """Whether the next full collection walks through it."""
    return any(tracked is knot for tracked in gc.get_objects())


async def test_a_full_collection_walks_only_through_what_was_made_since_the_last() -> None:
    first_frame = Knot()
    async with collecting():
        assert not is_searched(first_frame)
        view = Knot()
        assert is_searched(view)
        gc.collect()
        assert not is_searched(view)
        dropped = weakref.ref(Knot())
        gc.collect()
        assert dropped() is None


async def test_garbage_that_was_set_aside_is_collected_at_rest_once_there_is_more(
    soon: None,
) -> None:
    async with collecting() as (pilot, collection):
        view = [Knot() for _ in range(MANY)]
        dropped = set_aside_and_dropped()
        collection.put_off()  # a key
        await wait_until(pilot, lambda: dropped() is None)
        assert len(view) == MANY


async def test_what_imports_make_is_no_reason_to_search_all(
    soon: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with collecting() as (pilot, collection):
        module = [Knot() for _ in range(MANY)]
        dropped = set_aside_and_dropped()
        monkeypatch.setitem(sys.modules, "imported_since", garbage)
        new = weakref.ref(Knot())
        collection.put_off()
        await wait_until(pilot, lambda: new() is None)
        assert dropped() is not None
        assert len(module) == MANY


async def test_garbage_that_was_set_aside_is_collected_without_a_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(garbage, "MOST_IN_PARTS", 3)
    async with collecting():
        dropped = set_aside_and_dropped()
        gc.collect()
        gc.collect()
        assert dropped() is None
