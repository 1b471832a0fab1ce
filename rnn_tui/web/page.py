"""A page: a browser at one end of a WebSocket, a process with the app at the other.

Either may be slow, gone, or send nonsense. What comes too fast waits in its own pipe; what makes no
sense is passed over. textual-serve does the same with a shell and without an end.
"""

import asyncio
import json
import logging
import os
import re
import secrets
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from aiohttp import WSMsgType, web
from textual_serve._binary_encode import DecodeError, load

from rnn_tui.engine.errors import printable, printable_lines

# Without the folder that it is in among those where Python looks for modules: others may write there.
COMMAND = (sys.executable, "-P", "-m", "rnn_tui")
# The process keeps its training and ends within this; then it is killed.
SECONDS_TO_END, SECONDS_TO_CLOSE = 1.9, 1.0
# Longer messages of a browser close its page; page.js holds them back.
MOST_MESSAGE, MOST_PACKET = 1 << 18, 1 << 24
MOST_COLUMNS, MOST_ROWS = 600, 300
# What sets up a terminal is shorter than this, and a screen longer.
A_SCREEN = 1000
# A download: its pieces, how long one may take, and all of them to a slow browser.
PIECE, SECONDS_A_PIECE, SECONDS_A_FILE = 1 << 16, 30.0, 900.0
MOST_OFFERED = 20
# What a process sends first, and then, by the first byte of a packet: terminal, JSON, a file's pieces.
READY, TERMINAL, META, PACKED = b"__GANGLION__\n", b"D", b"M", b"P"
# At most 123 bytes: they go with the end of a WebSocket.
ENDED, LOST = "The app has ended.", "The browser is gone."
FAILED = "The app ended by a fault. The log of rnn-tui serve says more."
# What is raised where a process, which a stranger may have led astray, sends what it should not.
NONSENSE = (ValueError, TypeError, RecursionError, DecodeError, asyncio.LimitOverrunError, TimeoutError)

log = logging.getLogger(__name__)


class Page:
    """One page; `leave` lets it end.

    Args:
        socket: the browser, connected.
        size: columns and rows of its terminal.

    Attributes:
        secret: what asks for one of its downloads has to know.
        touched: when a key, the mouse or a new size last came, by `time.monotonic`.
        leaving: set once it is to end.
        drawn: set once there was something to see, or never will be.
        process: the app; None where it has not started.
    """

    def __init__(self, socket: web.WebSocketResponse, size: tuple[int, int]) -> None:
        self.size, self.secret, self.touched = size, secrets.token_hex(16), time.monotonic()
        self.leaving, self.drawn = asyncio.Event(), asyncio.Event()
        self.process: Process | None = None
        self._socket, self._farewell = socket, ENDED
        # Of files that the process offers: the name, the app's own word for it, what has come of it.
        self._offered: dict[str, tuple[str, object]] = {}
        self._pieces: dict[str, asyncio.Queue[bytes]] = {}

    def leave(self, farewell: str) -> None:
        """Let it end, with a sentence in the browser; the first one counts."""
        if not self.leaving.is_set():
            self._farewell = farewell
            self.leaving.set()

    # --- the browser ----------------------------------------------------------------------------------

    async def listen(self) -> None:
        """Do what the browser asks for, until it is gone."""
        with suppress(ConnectionError):
            async for message in self._socket:
                if message.type is WSMsgType.TEXT:
                    with suppress(ValueError, RecursionError):  # it is no JSON
                        await self._obey(json.loads(message.data))
        self.leave(LOST)

    async def close(self) -> None:
        """Say in the browser why it has ended."""
        with suppress(ConnectionError, TimeoutError):  # it does not listen any more
            await asyncio.wait_for(self._socket.close(message=self._farewell.encode()), SECONDS_TO_CLOSE)

    async def _obey(self, message: object) -> None:
        match message:
            case ["stdin", str(keys)]:
                self.touched = time.monotonic()
                await self._send(TERMINAL, keys.encode(errors="replace"))
            case ["resize", {"width": int(width), "height": int(height)}] if is_size(width, height):
                self.touched, self.size = time.monotonic(), (width, height)
                await self._tell({"type": "resize", "width": width, "height": height})
            case ["focus" | "blur" as kind]:
                await self._tell({"type": kind})
            case ["ping", str(stamp)]:
                await self._socket.send_json(["pong", stamp[:40]])

    # --- the process ----------------------------------------------------------------------------------

    async def start(self, variables: Mapping[str, str], folder: Path | None) -> None:
        """Start the app.

        Args:
            variables: of its environment, beside those of the server.
            folder: where it is to be; None for where the server is.

        Raises:
            OSError: if there can't be another process.
        """
        self.process = await asyncio.create_subprocess_exec(
            *COMMAND, stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=folder, start_new_session=True,
            env={**os.environ, **variables, "PYTHONSAFEPATH": "1"},
        )  # fmt: skip
        self._complaints = asyncio.create_task(_log_complaints(self.process))
        await self._socket.send_json(["instance_id", self.secret])

    async def show(self) -> None:
        """Pass on what the app sends, until it ends."""
        process = cast("Process", self.process)
        try:
            with suppress(asyncio.IncompleteReadError):  # the end
                await self._pass_on_all(cast("asyncio.StreamReader", process.stdout))
            self.leave(FAILED if await asyncio.wait_for(process.wait(), SECONDS_TO_END) else ENDED)
        except ConnectionError:
            self.leave(LOST)
        except NONSENSE as error:
            log.error("page %s: %s: %s", process.pid, type(error).__name__, printable(error, 200))
            self.leave(FAILED)
        finally:
            self.drawn.set()

    async def end(self) -> None:
        """End the app, by the end of what it reads; it is killed where it takes too long."""
        process: Any = self.process
        if process is None:
            return
        process.stdin.close()
        # It could not end while it waits for somebody to read.
        reading = asyncio.create_task(_read_all(process.stdout))
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), SECONDS_TO_END)
        if process.returncode is None and sys.platform != "win32":
            log.warning("page %s was killed: it did not end", process.pid)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        reading.cancel()
        self._complaints.cancel()

    async def _tell(self, meta: Mapping[str, object]) -> None:
        await self._send(META, json.dumps(meta).encode())

    async def _send(self, kind: bytes, data: bytes) -> None:
        """Send the app a packet; waits while it does not read, and does nothing where it has ended."""
        if self.process is not None and self.process.stdin is not None:
            with suppress(OSError, RuntimeError):
                self.process.stdin.write(kind + len(data).to_bytes(4, "big") + data)
                await self.process.stdin.drain()

    async def _pass_on_all(self, stdout: asyncio.StreamReader) -> None:
        """Pass on its packets.

        Raises:
            IncompleteReadError: at the end.
            Exception: one of `NONSENSE`, if these are none.
        """
        await stdout.readuntil(READY)
        while True:
            kind, size = await stdout.readexactly(1), int.from_bytes(await stdout.readexactly(4), "big")
            if size > MOST_PACKET:
                raise ValueError(f"a packet of {size} bytes")
            data = await stdout.readexactly(size)
            if kind == TERMINAL:
                await self._socket.send_bytes(data)
                if size > A_SCREEN:
                    self.drawn.set()
            elif kind in (META, PACKED):
                await self._pass_on(json.loads(data) if kind == META else load(data))

    async def _pass_on(self, message: object) -> None:
        match message:
            case {"type": "open_url", "url": str(url)} if re.match("https?://", url):
                await self._socket.send_json(["open_url", {"url": url, "new_tab": True}])
            case {"type": "deliver_file_start", "key": str(key), "path": str(path), "name": name} if key.isalnum():
                while len(self._offered) >= MOST_OFFERED:
                    del self._offered[next(iter(self._offered))]
                self._offered[key] = printable(Path(path).name, 150), name
                await self._socket.send_json(["deliver_file_start", key])
            case ("deliver_chunk", str(key), str() | bytes() as piece) if key in self._pieces:
                self._pieces[key].put_nowait(piece.encode() if isinstance(piece, str) else piece)

    # --- downloads ------------------------------------------------------------------------------------

    def offered(self, key: str) -> str | None:
        """The name of a file that the app offers; None where it offers none by that key."""
        return self._offered[key][0] if key in self._offered else None

    async def fetch(self, key: str) -> AsyncIterator[bytes]:
        """Take a file that is offered, piece by piece; it is offered no more.

        Raises:
            TimeoutError: if the app sends nothing, or the browser takes too long.
        """
        _, name = self._offered.pop(key)
        pieces = self._pieces[key] = asyncio.Queue()
        until = time.monotonic() + SECONDS_A_FILE
        try:
            while time.monotonic() < until:
                await self._tell({"type": "deliver_chunk_request", "key": key, "size": PIECE, "name": name})
                piece = await asyncio.wait_for(pieces.get(), SECONDS_A_PIECE)
                if not piece:
                    return
                yield piece
            raise TimeoutError
        finally:
            del self._pieces[key]


def is_size(columns: int, rows: int) -> bool:
    """Whether a terminal may have this size."""
    return 0 < columns <= MOST_COLUMNS and 0 < rows <= MOST_ROWS


async def _log_complaints(process: Process) -> None:
    while text := await cast("asyncio.StreamReader", process.stderr).read(1 << 12):
        log.warning("page %s: %s", process.pid, printable_lines(text.decode(errors="replace"), 1 << 12))


async def _read_all(stream: asyncio.StreamReader) -> None:
    while await stream.read(1 << 16):
        pass
