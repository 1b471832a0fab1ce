"""The pages of a server: how many, how long, and which has which store of runs."""

import asyncio
import hashlib
import itertools
import logging
import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from rnn_tui.archive.turns import processes_in_turn
from rnn_tui.engine import awaits
from rnn_tui.engine.awaits import awaiting
from rnn_tui.engine.files.paths import data_dir
from rnn_tui.engine.page import page_environment
from rnn_tui.web.page import Page

# the limit for the first screen; then the next page may start beside it
SECONDS_TO_DRAW = 60.0
# the time between two looks for unused pages
SECONDS_TO_LOOK = 5.0
# the time between two looks whether a page has ended
SECONDS_TO_ASK = 0.05
# sentences of at most 123 bytes: they go with the end of a WebSocket
IDLE = "Nobody used this page for {:g} minutes, so it was closed. Its training is stored."
FULL = "No more than {} may use this server at once. Try again later."
OVER = "rnn-tui serve has ended. What was in training is stored."
CROWDED = "The server can start no more processes now. Try again later."

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rules:
    """The limits and rights that a server gives its pages."""

    #: the one folder that they may look into, by its real path; None: all, as the user may.
    share: Path | None
    one_store: bool  #: whether those who share a folder have the same runs.
    trainings: int  #: how many of them train at the same time.
    pages: int  #: how many may be open at the same time.
    idle: float  #: minutes without a key or the mouse after which one is closed.


class Pages:
    """Starts and ends all pages of a server.

    Args:
        rules: what they may do.
        turns: the folder in which they queue for training.
    """

    def __init__(self, rules: Rules, turns: Path) -> None:
        #: whether each browser has runs of its own.
        self.stores_apart = rules.share is not None and not rules.one_store
        self._rules = rules
        self._turns = turns
        self._is_over = False  #: whether the server ends.
        self._stores: dict[Page, Path | None] = {}  #: by page; None for the user's own.
        #: pages that may start now: each start keeps a core busy, more would make all late.
        self._starting = awaits.Places("the start of pages", os.cpu_count() or 1)

    async def receive(
        self, socket: web.WebSocketResponse, browser: str, size: tuple[int, int]
    ) -> None:
        """Be a page to a browser until either ends.

        Args:
            socket: to the browser.
            browser: the name that it is known by.
            size: columns and rows of its terminal.
        """
        page = Page(socket, size)
        listening = asyncio.create_task(page.listen())
        starting = asyncio.create_task(self._start(page, browser))
        with awaiting("the end of a page", by_design=True):
            await page.leaving.wait()
        listening.cancel()
        starting.cancel()
        with awaiting("what a page has begun"):
            outcomes = [
                *await asyncio.gather(listening, starting, return_exceptions=True),
                *await asyncio.gather(page.close(), page.end(), return_exceptions=True),
            ]
        store = self._stores.pop(page, None)
        has_runs = store is not None and (store / "runs.db").exists()
        if store is not None and self.stores_apart and not has_runs:
            shutil.rmtree(store, ignore_errors=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception) and not isinstance(outcome, ConnectionError):
                log.error("a page failed", exc_info=outcome)

    def find(self, secret: str) -> Page | None:
        """Return the page that has a secret; None for none."""
        return next((page for page in self._stores if page.secret == secret), None)

    async def close(self) -> None:
        """End all pages, at once and for good."""
        self._is_over = True
        for page in self._stores:
            page.leave(OVER)
        with awaiting("all pages to end"):
            while self._stores:
                await asyncio.sleep(SECONDS_TO_ASK)

    async def close_idle(self) -> None:
        """Close unused pages, until it is cancelled."""
        most_seconds = 60 * self._rules.idle
        while True:
            with awaiting("the next look for unused pages", by_design=True):
                await asyncio.sleep(min(SECONDS_TO_LOOK, most_seconds / 2))
            training = processes_in_turn(self._turns)
            now = time.monotonic()
            for page in self._stores:
                if page.process is not None and page.process.pid in training:
                    page.touched = now  # so that the end of the training can be seen
                elif page.drawn.is_set() and now - page.touched > most_seconds:
                    page.leave(IDLE.format(self._rules.idle))

    @property
    def _is_full(self) -> bool:
        return len(self._stores) >= self._rules.pages

    async def _start(self, page: Page, browser: str) -> None:
        """Start the process of a page once there is room, and wait for its first screen."""
        with awaiting("a page to end, for a new one"):
            while self._is_full and any(other.leaving.is_set() for other in self._stores):
                await asyncio.sleep(SECONDS_TO_ASK)
        if self._is_over:
            page.leave(OVER)
            return
        if self._is_full:
            page.leave(FULL.format(self._rules.pages))
            return
        self._stores[page] = None
        try:
            store = await self._free_store(browser)
            self._stores[page] = store
            async with self._starting:
                variables = page_environment(
                    store, self._rules.share, self._turns, self._rules.trainings, page.size
                )
                await page.start(variables, self._rules.share)
                with suppress(TimeoutError), awaiting("the first screen of a page"):
                    await asyncio.wait_for(page.drawn.wait(), SECONDS_TO_DRAW)
                page.touched = time.monotonic()
        except Exception:
            page.leave(CROWDED)
            raise

    async def _free_store(self, browser: str) -> Path | None:
        """Return the folder for the runs of a page, once no page that ends writes there any more.

        Where browsers have runs of their own, the first page of a browser has the same folder each
        time; its further pages have others.

        Returns:
            The folder; None for the user's own.
        """
        folder = data_dir() / "pages"
        if not self.stores_apart:
            store_of_all = None if self._rules.share is None else folder / "common"
            await self._wait_for_leaving_pages(store_of_all)
            return store_of_all
        # Not the browser's name itself, since that gives access to the store.
        name = hashlib.sha256(browser.encode()).hexdigest()[:32]
        for number in itertools.count(1):
            store = folder / (name if number == 1 else f"{name}-{number}")
            await self._wait_for_leaving_pages(store)
            if store not in self._stores.values():
                return store
        raise AssertionError

    async def _wait_for_leaving_pages(self, store: Path | None) -> None:
        """Wait until no page that is about to end writes into a store."""
        with awaiting("the page that used this store before"):
            while any(
                page.leaving.is_set() and store_of_page == store
                for page, store_of_page in self._stores.items()
            ):
                await asyncio.sleep(SECONDS_TO_ASK)
