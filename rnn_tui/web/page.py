"""A page: a browser at one end of a WebSocket, a process with the app at the other.

Either may be slow, gone, or send nonsense. What comes too fast waits in its own pipe; what makes no
sense is passed over.
"""

import asyncio
import json
import logging
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from aiohttp import WSMsgType, web
from textual_serve._binary_encode import DecodeError, load

from rnn_tui.engine.errors import printable
from rnn_tui.web.downloads import Downloads
from rnn_tui.web.process import META, PACKED, TERMINAL, AppProcess

# Longer messages of a browser close its page; page.js holds them back.
MOST_MESSAGE = 1 << 18
MOST_COLUMNS, MOST_ROWS = 600, 300
MOST_ADDRESS = 2000
# What sets up a terminal is shorter than this, and a screen longer.
A_SCREEN = 1000
SECONDS_TO_CLOSE = 1.0

# At most 123 bytes: they go with the end of a WebSocket.
ENDED = "The app has ended."
FAILED = "The app ended by a fault. The log of rnn-tui serve says more."
LOST = "The browser is gone."

log = logging.getLogger(__name__)


class Page:
    """One page; `leave` lets it end.

    Args:
        socket: the browser, connected.
        size: columns and rows of its terminal.

    Attributes:
        secret: what asks for one of its downloads has to know.
        touched: when a key, the mouse or a new size last came, on the clock that never goes back.
        leaving: set once it is to end.
        drawn: set once there was something to see.
    """

    def __init__(self, socket: web.WebSocketResponse, size: tuple[int, int]) -> None:
        self.size = size
        self.secret = secrets.token_hex(16)
        self.downloads = Downloads(self._tell)
        self.touched = time.monotonic()
        self.leaving, self.drawn = asyncio.Event(), asyncio.Event()
        self._socket, self._farewell = socket, ENDED
        self._process: AppProcess | None = None

    @property
    def process_number(self) -> int | None:
        """The number of its process; None where none has started."""
        return None if self._process is None else self._process.number

    def leave(self, farewell: str) -> None:
        """Let it end, with a sentence in the browser; the first one counts."""
        if not self.leaving.is_set():
            self._farewell = farewell
            self.leaving.set()

    async def listen(self) -> None:
        """Do what the browser asks for, until it is gone."""
        with suppress(ConnectionError):
            async for message in self._socket:
                if message.type is WSMsgType.TEXT:
                    await self._obey(message.data)
        self.leave(LOST)

    async def start(self, variables: Mapping[str, str], folder: Path | None) -> None:
        """Start its process; see `AppProcess.start`."""
        self._process = await AppProcess.start(variables, folder)
        await self._socket.send_json(["instance_id", self.secret])

    async def show(self) -> None:
        """Pass on what the process sends, until it ends."""
        assert self._process is not None
        try:
            async for kind, data in self._process.packets():
                await self._pass_on(kind, data)
            self.leave(FAILED if await self._process.code() else ENDED)
        except ConnectionError:
            self.leave(LOST)
        except (ValueError, TypeError, RecursionError, DecodeError) as error:
            log.error("page %s sent nonsense: %s", self.process_number, printable(error, 200))
            self.leave(FAILED)

    async def end(self) -> None:
        """End its process."""
        if self._process is not None:
            await self._process.end()

    async def close(self) -> None:
        """Say in the browser why it has ended."""
        with suppress(ConnectionError, TimeoutError):  # it does not listen any more
            await asyncio.wait_for(self._socket.close(message=self._farewell.encode()), SECONDS_TO_CLOSE)

    async def _obey(self, text: str) -> None:
        """Do what a message of the browser says."""
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            return
        match message:
            case ["stdin", str(keys)]:
                self.touched = time.monotonic()
                if self._process is not None:
                    await self._process.send(TERMINAL, keys.encode(errors="replace"))
            case ["resize", {"width": int(width), "height": int(height)}] if is_size(width, height):
                self.touched, self.size = time.monotonic(), (width, height)
                await self._tell({"type": "resize", "width": width, "height": height})
            case ["focus" | "blur" as kind]:
                await self._tell({"type": kind})
            case ["ping", str(stamp)]:
                await self._socket.send_json(["pong", stamp[:40]])

    async def _tell(self, meta: Mapping[str, object]) -> None:
        if self._process is not None:
            await self._process.tell(meta)

    async def _pass_on(self, kind: bytes, data: bytes) -> None:
        """Do what a packet of the process says."""
        if kind == TERMINAL:
            await self._socket.send_bytes(data)
            if len(data) > A_SCREEN:
                self.drawn.set()
            return
        match json.loads(data) if kind == META else load(data) if kind == PACKED else None:
            case {"type": "open_url", "url": str(url)} if url.startswith(("https://", "http://")) and len(url) <= MOST_ADDRESS:
                await self._socket.send_json(["open_url", {"url": url, "new_tab": True}])
            case {"type": "deliver_file_start"} as file:
                if (key := self.downloads.announce(file)) is not None:
                    await self._socket.send_json(["deliver_file_start", key])
            case ("deliver_chunk", key, piece):
                self.downloads.receive(key, piece)


def is_size(columns: int, rows: int) -> bool:
    """Whether a terminal may have this size."""
    return 0 < columns <= MOST_COLUMNS and 0 < rows <= MOST_ROWS
