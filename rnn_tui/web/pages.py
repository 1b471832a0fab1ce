"""The pages of a server: how many, how long, which has which store of runs, and what each passes
on.

A page is a browser at one end of a WebSocket, a process with the app at the other; textual-serve's
has a shell and no end. Either may be slow, gone, or send nonsense. What comes too fast waits in its
own pipe; what makes no sense is passed over.
"""

import asyncio
import hashlib
import itertools
import json
import logging
import os
import re
import secrets
import shutil
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from aiohttp import WSMsgType, web

from rnn_tui.engine.errors import printable, printable_lines
from rnn_tui.engine.page import page_environment
from rnn_tui.engine.paths import data_dir
from rnn_tui.runs.turns import processes_in_turn

# no module from the folder that it is in: others may write there
COMMAND = (sys.executable, "-P", "-m", "rnn_tui")
# the process keeps its training and ends within this; then it is killed
SECONDS_TO_END = 1.9
# for a browser to be told of the end, and for the system to end what was killed
SECONDS_TO_CLOSE = 1.0
# while an app takes nothing in; less than a WebSocket goes without a sign of life
SECONDS_TO_TAKE = 15.0
# bytes; a longer message of a browser closes its page, page.js holds it back
MOST_MESSAGE = 1 << 18
# bytes of what an app sends at once
MOST_PACKET = 1 << 24
# bytes; a screen is longer, a terminal's setup is not
A_SCREEN = 1000
# downloads that wait for the browser, of one page
MOST_OFFERED = 20
# bytes of a file that are asked for at once
PIECE = 1 << 16
SECONDS_A_PIECE = 30.0
SECONDS_A_FILE = 900.0
# what an app sends first
READY = b"__GANGLION__\n"
# the kinds of packets: what goes to the terminal or is typed; JSON; pieces of files
TERMINAL, META, PACKED = b"D", b"M", b"P"
# Sentences of at most 123 bytes: they go with the end of a WebSocket
ENDED, LOST = "The app has ended.", "The browser is gone."
FAILED = "The app ended by a fault. The log of rnn-tui serve says more."
IDLE = "Nobody used this page for {:g} minutes, so it was closed. What it trained is kept."
FLOODED = "The app could not keep up with what was typed or pasted. What it trained is kept."
FULL = "No more than {} may use this server at once. Try again later."
OVER = "rnn-tui serve has ended. What was in training is kept."
CROWDED = "The server can start no more processes now. Try again later."
# What is raised where a process, which a stranger may have led astray, sends what it should not.
NONSENSE = (
    ValueError,
    TypeError,
    RecursionError,
    asyncio.LimitOverrunError,
    TimeoutError,
)
# for the first screen; then the next page may start beside it
SECONDS_TO_DRAW = 60.0
# between looks for pages that nobody uses
SECONDS_TO_LOOK = 5.0
# between looks whether a page has ended
SECONDS_TO_ASK = 0.05

PART = re.compile(rb"(?P<text>s?)(?P<size>\d{1,9}):")

log = logging.getLogger(__name__)


class Page:
    """One page; `leave` lets it end."""

    def __init__(self, socket: web.WebSocketResponse, size: tuple[int, int]) -> None:
        self.size = size  #: columns and rows of the terminal in the browser.
        self.secret = secrets.token_hex(16)  #: what asks for one of its downloads has to know.
        self.touched = time.monotonic()  #: when a key, the mouse or a new size last came.
        self.leaving = asyncio.Event()  #: set once it is to end.
        self.drawn = asyncio.Event()  #: set once there is something to see, or will be nothing.
        self.process: Process | None = None  #: the app; None where it has not started.
        self._socket = socket
        self._farewell = ENDED
        self._attention = "blur"  # or "focus": what the browser said last
        # files by key: name, and the app's own word for it
        self._offered: dict[str, tuple[str, object]] = {}
        self._pieces: dict[str, asyncio.Queue[bytes]] = {}

    def leave(self, farewell: str) -> None:
        """Let it end, with a sentence in the browser; the first one counts."""
        if not self.leaving.is_set():
            self._farewell = farewell
            self.leaving.set()

    async def listen(self) -> None:
        """Do what the browser asks for, until it is gone."""
        try:
            async for message in self._socket:
                if message.type is WSMsgType.TEXT:
                    with suppress(ValueError, RecursionError):  # it is no JSON
                        await self._obey(json.loads(message.data))
        finally:
            self.leave(LOST)

    async def close(self) -> None:
        """Say in the browser why it has ended."""
        with suppress(ConnectionError, TimeoutError):  # it does not listen any more
            await asyncio.wait_for(
                self._socket.close(message=self._farewell.encode()), SECONDS_TO_CLOSE
            )

    async def _obey(self, message: object) -> None:
        match message:
            case ["stdin", str(keys)]:
                self.touched = time.monotonic()
                await self._send(keys.encode(errors="replace"))
            case ["resize", {"width": int(width), "height": int(height)}]:
                self.touched = time.monotonic()
                self.size = (width, height)
                await self._send({"type": "resize", "width": width, "height": height})
            case ["focus" | "blur" as kind]:
                self._attention = kind
                await self._send({"type": kind})
            case ["ping", str(stamp)]:
                await self._socket.send_json(["pong", stamp[:40]])

    async def start(self, variables: Mapping[str, str], folder: Path | None) -> None:
        """Start the app in a folder, with variables beside the server's own; an OSError where that
        can't be.
        """
        self.process = await asyncio.create_subprocess_exec(
            *COMMAND,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            cwd=folder,
            start_new_session=True,
            env={
                **os.environ,
                **variables,
                "TEXTUAL_COLOR_SYSTEM": "truecolor",
                "PYTHONSAFEPATH": "1",
            },
        )
        self._showing = asyncio.create_task(self._show(self.process))
        self._logging = asyncio.create_task(_log_complaints(self.process))
        await self._socket.send_json(["instance_id", self.secret])

    async def _show(self, process: Process) -> None:
        """Pass on what the app sends, until it ends."""
        try:
            with suppress(asyncio.IncompleteReadError):  # the end
                await self._pass_on_all(cast("asyncio.StreamReader", process.stdout))
            code = await asyncio.wait_for(process.wait(), SECONDS_TO_END)
            if code and not self.leaving.is_set():
                log.error("page %s ended by itself, with exit code %s", process.pid, code)
            self.leave(FAILED if code else ENDED)
        except ConnectionError:
            self.leave(LOST)
        except NONSENSE as error:
            log.error("page %s: %s: %s", process.pid, type(error).__name__, printable(error, 200))
        finally:
            self.drawn.set()
            self.leave(FAILED)

    async def end(self) -> None:
        """End the app, by the end of what it reads; it is killed where it takes too long."""
        process = cast("Any", self.process)
        if process is None:
            return
        process.stdin.close()
        self._showing.cancel()
        # or it could wait for somebody to read for ever
        reading = asyncio.create_task(_read_all(process.stdout))
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), SECONDS_TO_END)
        if process.returncode is None and sys.platform != "win32":
            log.warning("page %s was killed: it did not end", process.pid)
            with suppress(ProcessLookupError, TimeoutError):
                os.killpg(process.pid, signal.SIGKILL)
                await asyncio.wait_for(process.wait(), SECONDS_TO_CLOSE)
        reading.cancel()
        self._logging.cancel()

    async def _send(self, data: bytes | Mapping[str, object]) -> None:
        """Send the app keys, or else what is none, if it has not ended.

        While it has more than it can take in, this waits, and so does the browser with what it
        sends; the page ends where that takes too long.
        """
        if isinstance(data, bytes):
            kind = TERMINAL
        else:
            kind, data = META, json.dumps(data).encode()
        process = self.process
        if process is None or process.stdin is None:
            return
        with suppress(OSError, RuntimeError):
            process.stdin.write(kind + len(data).to_bytes(4, "big") + data)
            try:
                async with asyncio.timeout(SECONDS_TO_TAKE):
                    await process.stdin.drain()
            except TimeoutError:
                log.warning("page %s was sent more than it could take in", process.pid)
                self.leave(FLOODED)

    async def _pass_on_all(self, stdout: asyncio.StreamReader) -> None:
        """Pass on its packets; an IncompleteReadError ends it, one of `NONSENSE` where these are
        none.
        """
        await stdout.readuntil(READY)
        while True:
            kind = await stdout.readexactly(1)
            size = int.from_bytes(await stdout.readexactly(4), "big")
            if size > MOST_PACKET:
                raise ValueError(f"a packet of {size} bytes")
            data = await stdout.readexactly(size)
            if kind == TERMINAL:
                await self._socket.send_bytes(data)
                if size > A_SCREEN and not self.drawn.is_set():
                    await self._see_first_screen()
            elif kind == META:
                await self._pass_on(json.loads(data))
            elif kind == PACKED:
                await self._pass_on(unpacked(data))

    async def _see_first_screen(self) -> None:
        """Count the user as there, who has waited for it, and tell the app what it can't know."""
        self.drawn.set()
        self.touched = time.monotonic()
        await self._send({"type": self._attention})  # it takes itself for left until it is told

    async def _pass_on(self, message: object) -> None:
        match message:
            case {"type": "open_url", "url": str(url)} if re.match("https?://", url):
                await self._socket.send_json(["open_url", {"url": url, "new_tab": True}])
            case {
                "type": "deliver_file_start",
                "key": str(key),
                "path": str(path),
                "name": name,
            } if key.isalnum():
                while len(self._offered) >= MOST_OFFERED:
                    del self._offered[next(iter(self._offered))]
                self._offered[key] = printable(Path(path).name, 150), name
                await self._socket.send_json(["deliver_file_start", key])
            case ("deliver_chunk", str(key), str() | bytes() as piece) if key in self._pieces:
                self._pieces[key].put_nowait(piece.encode() if isinstance(piece, str) else piece)

    def offered(self, key: str) -> str | None:
        """The name of a file that the app offers; None where it offers none by that key."""
        return self._offered[key][0] if key in self._offered else None

    async def fetch(self, key: str) -> AsyncIterator[bytes]:
        """Take a file that is offered, by pieces, and once; a TimeoutError where that takes too
        long.
        """
        _, name = self._offered.pop(key)
        request = {"type": "deliver_chunk_request", "key": key, "size": PIECE, "name": name}
        pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self._pieces[key] = pieces
        until = time.monotonic() + SECONDS_A_FILE
        try:
            while time.monotonic() < until:
                await self._send(request)
                piece = await asyncio.wait_for(pieces.get(), SECONDS_A_PIECE)
                if not piece:  # that was the end
                    return
                yield piece
            raise TimeoutError
        finally:
            del self._pieces[key]


def unpacked(packet: bytes) -> tuple[str | bytes, ...]:
    """The texts and bytes of which a packet is a tuple; a ValueError where it is none.

    Textual packs a piece of a file in Bencode, to which it adds tuples, `t…e`, and texts, `s2:é`
    beside the bytes `2:é`. It has no public function for that, and nothing else is packed.
    """
    if packet[:1] != b"t" or packet[-1:] != b"e":
        raise ValueError("a packet that is no tuple")
    parts: list[str | bytes] = []
    at, end = 1, len(packet) - 1
    while at < end:
        head = PART.match(packet, at)
        if head is None:
            raise ValueError("a part of a packet that is neither text nor bytes")
        at = head.end() + int(head["size"])
        if at > end:
            raise ValueError("a part of a packet that goes beyond its end")
        part = packet[head.end() : at]
        parts.append(part.decode() if head["text"] else part)
    return tuple(parts)


async def _log_complaints(process: Process) -> None:
    while text := await cast("asyncio.StreamReader", process.stderr).read(1 << 12):
        log.warning(
            "page %s: %s", process.pid, printable_lines(text.decode(errors="replace"), 1 << 12)
        )


async def _read_all(stream: asyncio.StreamReader) -> None:
    while await stream.read(1 << 16):
        pass


@dataclass(frozen=True)
class Rules:
    """What a server lets its pages do."""

    #: the one folder that they may look into, by its real path; None: all, as the user may.
    share: Path | None
    one_store: bool  #: whether those who share a folder have the same runs.
    trainings: int  #: how many of them train side by side.
    pages: int  #: how many there are at once.
    idle: float  #: minutes without a key or the mouse after which one is closed.


class House:
    """Lets pages in, which queue for training in a folder, and sees them out."""

    def __init__(self, rules: Rules, turns: Path) -> None:
        #: whether each browser has runs of its own.
        self.stores_apart = rules.share is not None and not rules.one_store
        self._rules = rules
        self._turns = turns
        self._over = False
        self._pages: dict[Page, Path | None] = {}  # each with its store; None for the user's own
        # each start keeps a core busy: more would make all late
        self._starting = asyncio.Semaphore(os.cpu_count() or 1)

    async def receive(
        self, socket: web.WebSocketResponse, browser: str, size: tuple[int, int]
    ) -> None:
        """Be a page to a browser that is known by a name, until one of both has enough."""
        page = Page(socket, size)
        listening = asyncio.create_task(page.listen())
        living = asyncio.create_task(self._live(page, browser))
        await page.leaving.wait()
        listening.cancel()
        living.cancel()
        outcomes = [
            *await asyncio.gather(listening, living, return_exceptions=True),
            *await asyncio.gather(page.close(), page.end(), return_exceptions=True),
        ]
        store = self._pages.pop(page, None)
        has_runs = store is not None and (store / "runs.db").exists()
        if store is not None and self.stores_apart and not has_runs:
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
            training = processes_in_turn(self._turns)
            for page in self._pages:
                if page.process is not None and page.process.pid in training:
                    page.touched = time.monotonic()  # so that its end can be seen
                elif page.drawn.is_set() and time.monotonic() - page.touched > longest:
                    page.leave(IDLE.format(self._rules.idle))

    @property
    def _is_full(self) -> bool:
        return len(self._pages) >= self._rules.pages

    async def _live(self, page: Page, browser: str) -> None:
        """Start the page's process, and be there until it has ended."""
        while self._is_full and any(other.leaving.is_set() for other in self._pages):
            await asyncio.sleep(SECONDS_TO_ASK)
        if self._over:
            page.leave(OVER)
            return
        if self._is_full:
            page.leave(FULL.format(self._rules.pages))
            return
        self._pages[page] = None
        try:
            store = self._pages[page] = await self._store(browser)
            async with self._starting:
                variables = page_environment(
                    store, self._rules.share, self._turns, self._rules.trainings, page.size
                )
                await page.start(variables, self._rules.share)
                with suppress(TimeoutError):
                    await asyncio.wait_for(page.drawn.wait(), SECONDS_TO_DRAW)
                page.touched = time.monotonic()
        except Exception:
            page.leave(CROWDED)
            raise

    async def _store(self, browser: str) -> Path | None:
        """Where a page keeps its runs, once no other writes there: as before for a browser's first,
        None for the user's own.
        """
        folder = data_dir() / "pages"
        if not self.stores_apart:
            store_of_all = None if self._rules.share is None else folder / "common"
            await self._wait_for_those_that_leave(store_of_all)
            return store_of_all
        # not by the name itself: who knows that has the store
        name = hashlib.sha256(browser.encode()).hexdigest()[:32]
        for number in itertools.count(1):
            store = folder / (name if number == 1 else f"{name}-{number}")
            await self._wait_for_those_that_leave(store)
            if store not in self._pages.values():
                return store
        raise AssertionError

    async def _wait_for_those_that_leave(self, store: Path | None) -> None:
        """Wait until no page that is about to end writes into a store."""
        while any(
            page.leaving.is_set() and store_of_page == store
            for page, store_of_page in self._pages.items()
        ):
            await asyncio.sleep(SECONDS_TO_ASK)
