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

from rnn_tui.engine.paths import data_dir, page_environment
from rnn_tui.runs.locks import in_turn
from rnn_tui.web.page import Page

SECONDS_TO_DRAW = 60.0
# How often is looked for pages that nobody uses, and for the end of one that is about to.
SECONDS_TO_LOOK, SECONDS_TO_ASK = 5.0, 0.05
IDLE = "Nobody used this page for {:g} minutes, so it was closed. What it trained is kept."
FULL = "No more than {} may use this server at once. Try again later."
OVER = "rnn-tui serve has ended. What was in training is kept."
CROWDED = "The server can start no more processes now. Try again later."

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rules:
    """What a server lets its pages do."""

    share: Path | None  #: the one folder that they may look into, by its real path; None: all, as the user may.
    one_store: bool  #: whether those who share a folder have the same runs.
    trainings: int  #: how many of them train side by side.
    pages: int  #: how many there are at once.
    idle: float  #: minutes without a key or the mouse after which one is closed.


class House:
    """Lets pages in, which queue for training in a folder, and sees them out."""

    def __init__(self, rules: Rules, turns: Path) -> None:
        self.stores_apart = rules.share is not None and not rules.one_store  #: whether each browser has runs of its own.
        self._rules, self._turns, self._over = rules, turns, False
        self._pages: dict[Page, Path | None] = {}  # each with its store; None for the user's own
        # Each start keeps a core busy: more side by side would only make all of them late.
        self._starting = asyncio.Semaphore(os.cpu_count() or 1)

    async def receive(self, socket: web.WebSocketResponse, browser: str, size: tuple[int, int]) -> None:
        """Be a page to a browser that is known by a name, until one of both has enough."""
        page = Page(socket, size)
        life = [asyncio.create_task(one) for one in (page.listen(), self._live(page, browser))]
        await page.leaving.wait()
        for task in life:
            task.cancel()
        outcomes = await asyncio.gather(*life, return_exceptions=True)
        outcomes += await asyncio.gather(page.close(), page.end(), return_exceptions=True)
        store = self._pages.pop(page, None)
        if store is not None and self.stores_apart and not (store / "runs.db").exists():  # nor any run
            shutil.rmtree(store, ignore_errors=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception) and not isinstance(outcome, ConnectionError):
                log.error("a page failed", exc_info=outcome)

    def find(self, secret: str) -> Page | None:
        """The page of a secret."""
        return next((page for page in self._pages if page.secret == secret), None)

    async def close(self) -> None:
        """End all pages, at once and for good."""
        self._over = True
        for page in self._pages:
            page.leave(OVER)
        while self._pages:
            await asyncio.sleep(SECONDS_TO_ASK)

    async def close_idle(self) -> None:
        """Close pages that nobody uses, for as long as this runs."""
        longest = 60 * self._rules.idle
        while True:
            await asyncio.sleep(min(SECONDS_TO_LOOK, longest / 2))
            training = in_turn(self._turns)
            for page in self._pages:
                if page.process is not None and page.process.pid in training:
                    page.touched = time.monotonic()  # so that its end can be seen
                elif page.drawn.is_set() and time.monotonic() - page.touched > longest:
                    page.leave(IDLE.format(self._rules.idle))

    async def _live(self, page: Page, browser: str) -> None:
        """Start the page's process, and be there until it has ended."""
        while len(self._pages) >= self._rules.pages and any(other.leaving.is_set() for other in self._pages):
            await asyncio.sleep(SECONDS_TO_ASK)
        if self._over or len(self._pages) >= self._rules.pages:
            page.leave(OVER if self._over else FULL.format(self._rules.pages))
            return
        self._pages[page] = None
        try:
            store = self._pages[page] = await self._store(browser)
            async with self._starting:
                variables = page_environment(store, self._rules.share, self._turns, self._rules.trainings, page.size)
                await page.start(variables, self._rules.share)
                with suppress(TimeoutError):
                    await asyncio.wait_for(page.drawn.wait(), SECONDS_TO_DRAW)
                page.touched = time.monotonic()
        except Exception:
            page.leave(CROWDED)
            raise

    async def _store(self, browser: str) -> Path | None:
        """Where a page is to keep its runs, once no page that ends writes there; None for the user's own store.

        A page that is loaded again goes on with what it trained; a browser's second page has a store of its own.
        """
        folder = data_dir() / "pages"
        # Not by the name itself: who knows that has the store.
        name = hashlib.sha256(browser.encode()).hexdigest()[:32]
        for number in itertools.count(1):
            store: Path | None = folder / (name if number == 1 else f"{name}-{number}")
            if not self.stores_apart:
                store = None if self._rules.share is None else folder / "common"
            while any(page.leaving.is_set() and its == store for page, its in self._pages.items()):
                await asyncio.sleep(SECONDS_TO_ASK)
            if not self.stores_apart or store not in self._pages.values():
                return store
        raise AssertionError
