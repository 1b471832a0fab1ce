"""The pages of a server: how many, how long, and which has which store of runs."""

import asyncio
import hashlib
import itertools
import logging
import os
import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from rnn_tui.engine.paths import data_dir
from rnn_tui.engine.served import page_environment
from rnn_tui.web.page import Page

SECONDS_TO_DRAW = 60.0
# How often is looked for pages that nobody uses, and for one that is about to end.
SECONDS_TO_LOOK, SECONDS_TO_ASK = 5.0, 0.05
IDLE = "Nobody has used this page for {minutes:g} minutes, so it was closed. What it trained is kept."
FULL = "All {pages} pages of this server are in use. Try again once one is closed."
OVER = "rnn-tui serve has ended. What was in training is kept."
CROWDED = "There can be no more processes on the server now. Try again later."

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rules:
    """What a server lets its pages do.

    Attributes:
        share: the one folder that they may look into, by its real path; None: all, as the user may.
        one_store: whether they have one store of runs together, if they share a folder.
        trainings: how many of them train side by side.
        pages: how many there are at once.
        idle: minutes without a key or the mouse after which one is closed.
    """

    share: Path | None = None
    one_store: bool = False
    trainings: int = 1
    pages: int = 20
    idle: float = 60.0

    @property
    def stores_apart(self) -> bool:
        """Whether each browser has runs of its own."""
        return self.share is not None and not self.one_store


class House:
    """Lets pages in, and sees them out.

    Args:
        rules: what holds for all.
        turns: the folder in which they queue for training.
    """

    def __init__(self, rules: Rules, turns: Path) -> None:
        self._rules, self._turns = rules, turns
        self._pages: set[Page] = set()
        self._in_store: dict[Path, Page] = {}
        # Each start keeps a core busy: more side by side would only make all of them late.
        self._starting = asyncio.Semaphore(os.cpu_count() or 1)
        self._over = False

    async def receive(self, socket: web.WebSocketResponse, browser: str, size: tuple[int, int]) -> None:
        """Be a page to a browser, until one of both has enough.

        Args:
            socket: the browser, connected.
            browser: the name that it is known by.
            size: columns and rows of its terminal.
        """
        page = Page(socket, size)
        life = [asyncio.create_task(one) for one in (page.listen(), self._live(page, browser), page.leaving.wait())]
        await asyncio.wait(life, return_when=asyncio.FIRST_COMPLETED)
        page.leaving.set()
        for task in life:
            task.cancel()
        for outcome in await asyncio.gather(*life, page.close(), return_exceptions=True):
            if isinstance(outcome, Exception):
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
            now = time.monotonic()
            for page in self._pages:
                if now - page.touched > longest and not self._is_training(page):
                    page.leave(IDLE.format(minutes=self._rules.idle))

    def _is_training(self, page: Page) -> bool:
        return False

    async def _live(self, page: Page, browser: str) -> None:
        """Start the page's process, and be there until it has ended."""
        if not await self._has_room():
            page.leave(FULL.format(pages=self._rules.pages))
            return
        self._pages.add(page)
        store = showing = None
        try:
            store = await self._store_of(page, browser)
            async with self._starting:
                await page.start(self._variables(page, store), self._rules.share)
                showing = asyncio.create_task(page.show())
                await _first_of(showing, page.drawn, SECONDS_TO_DRAW)
            await showing
        except OSError as error:
            log.error("no page can be started: %s", error)
            page.leave(CROWDED)
        finally:
            if showing is not None:
                showing.cancel()
            await page.end()
            if store is not None and self._rules.stores_apart:
                await asyncio.to_thread(_remove_unused, store)
            self._in_store = {path: other for path, other in self._in_store.items() if other is not page}
            self._pages.discard(page)

    async def _has_room(self) -> bool:
        """Whether there is room for a page, now or once one has ended that is about to."""
        while len(self._pages) >= self._rules.pages and any(page.leaving.is_set() for page in self._pages):
            await asyncio.sleep(SECONDS_TO_ASK)
        return len(self._pages) < self._rules.pages and not self._over

    async def _store_of(self, page: Page, browser: str) -> Path | None:
        """Where a page keeps its runs; None for the user's own store.

        It is there once no page that is about to end writes to it: a page that is loaded again goes
        on with what it trained before. A browser's second page has a store of its own.
        """
        pages = data_dir() / "pages"
        if not self._rules.stores_apart:
            while any(other.leaving.is_set() for other in self._pages):
                await asyncio.sleep(SECONDS_TO_ASK)
            return None if self._rules.share is None else pages / "common"
        # Not by the name itself: who knows that has the store.
        name = hashlib.sha256(browser.encode()).hexdigest()[:32]
        for number in itertools.count(1):
            store = pages / (name if number == 1 else f"{name}-{number}")
            while (other := self._in_store.get(store)) is not None and other.leaving.is_set():
                await asyncio.sleep(SECONDS_TO_ASK)
            if other is None:
                self._in_store[store] = page
                return store
        raise AssertionError

    def _variables(self, page: Page, store: Path | None) -> dict[str, str]:
        rules = self._rules
        given = page_environment(store, rules.share, self._turns, rules.trainings, page.size)
        return {**given, "TEXTUAL_COLOR_SYSTEM": "truecolor"}


async def _first_of(task: "asyncio.Task[None]", event: asyncio.Event, seconds: float) -> None:
    """Wait for a task or an event, but not for long."""
    waiting = asyncio.create_task(event.wait())
    await asyncio.wait({task, waiting}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


def _remove_unused(store: Path) -> None:
    """Remove a store in which there is no run."""
    database = store / "runs.db"
    try:
        if database.exists():
            with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
                if connection.execute("SELECT 1 FROM runs LIMIT 1").fetchone() is not None:
                    return
    except sqlite3.Error as error:  # it may be there for somebody to repair
        log.warning("%s is left as it is: %s", store, error)
        return
    shutil.rmtree(store, ignore_errors=True)
