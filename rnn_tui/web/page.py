"""A page: a browser at one end of a WebSocket, a process with the app at the other.

Either may be slow, gone, or send invalid messages. What comes too fast waits in its own pipe;
invalid messages are ignored. (textual-serve's own page gives its user a shell, and never ends.)
"""

import asyncio
import json
import logging
import os
import re
import secrets
import select
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

from rnn_tui.engine.awaits import awaiting
from rnn_tui.engine.errors import printable, printable_lines
from rnn_tui.web import packets
from rnn_tui.web.packets import NONSENSE, READY, packet, read_packet, unpacked

# no module from the folder that it is in: others may write there
COMMAND = (sys.executable, "-P", "-m", "rnn_tui")
# The process has this time to save its training and to end; then it is killed.
SECONDS_TO_END = 1.9
# The time to send the browser the reason of the end, and for a killed process to be gone.
SECONDS_TO_CLOSE = 1.0
# How long an app may read nothing; shorter than the heartbeat of the WebSocket.
SECONDS_TO_TAKE = 15.0
# how often the browser is looked for while the app reads nothing
SECONDS_TO_ASK = 0.5
# bytes; a longer message of a browser closes its page, page.js holds it back
MOST_MESSAGE = 1 << 18
# bytes; a screen is longer, a terminal's setup is not
A_SCREEN = 1000
# downloads that wait for the browser, of one page
MOST_OFFERED = 20
# bytes of a file that are asked for at once
PIECE = 1 << 16
SECONDS_A_PIECE = 30.0
SECONDS_A_FILE = 900.0
# bytes of its stderr that are logged at once
STDERR_PIECE = 1 << 12
# sentences of at most 123 bytes: they go with the end of a WebSocket
ENDED = "The app has ended."
LOST = "The browser is gone."
FAILED = "The app ended by a fault. The log of rnn-tui serve says more."
FLOODED = "The app could not keep up with what was typed or pasted. Its training is stored."

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Offer:
    """A file that the app offers for download."""

    file_name: str  #: as the browser may show it.
    name: object  #: the app's own word for it.


class Page:
    """A page of a server; `leave` lets it end.

    Args:
        socket: to the browser.
        size: columns and rows of the terminal in the browser.
    """

    def __init__(self, socket: web.WebSocketResponse, size: tuple[int, int]) -> None:
        self.size = size
        self.secret = secrets.token_hex(16)  #: what asks for one of its downloads has to know.
        self.touched = time.monotonic()  #: when a key, the mouse or a new size last came.
        self.leaving = asyncio.Event()  #: set once it is to end.
        self.drawn = asyncio.Event()  #: set once there is something to see, or will be nothing.
        self.process: Process | None = None  #: the app; None if it has not started.
        self._socket = socket
        self._farewell = ENDED  #: the reason that the browser shows at the end.
        self._attention = "blur"  #: or `focus`: what the browser said last.
        self._offers: dict[str, _Offer] = {}  #: by key.
        self._pieces: dict[str, asyncio.Queue[bytes]] = {}  #: of files that are fetched, by key.

    def leave(self, farewell: str) -> None:
        """Let it end, with a sentence in the browser; that of the first call counts."""
        if not self.leaving.is_set():
            self._farewell = farewell
            self.leaving.set()

    async def listen(self) -> None:
        """Do what the browser asks for, until it is gone."""
        try:
            async for message in self._socket:
                if self._browser_is_gone:  # what it has sent before may take long
                    return
                if message.type is WSMsgType.TEXT:
                    with suppress(ValueError, RecursionError):  # it is no JSON
                        await self._obey(json.loads(message.data))
        finally:
            self.leave(LOST)

    @property
    def _browser_is_gone(self) -> bool:
        """Whether the browser has closed its connection, perhaps behind what is still unread.

        macOS tells that only once all has been read.
        """
        stream = self._socket.get_extra_info("socket")
        if stream is None or stream.fileno() < 0:
            return True
        if sys.platform == "win32":  # no pages are served there
            return False
        looking = select.poll()
        looking.register(stream.fileno(), getattr(select, "POLLRDHUP", 0))
        return bool(looking.poll(0))

    async def _ping(self) -> None:
        """Send the browser something: a computer whose browser is gone refuses it.

        Otherwise the end of the connection would wait behind what was typed.
        """
        with suppress(ConnectionError, TimeoutError), awaiting("a browser to read"):
            async with asyncio.timeout(SECONDS_TO_ASK):
                await self._socket.ping()

    async def close(self) -> None:
        """Say in the browser why the page has ended."""
        # the browser does not listen any more
        with suppress(ConnectionError, TimeoutError), awaiting("a browser to leave"):
            await asyncio.wait_for(
                self._socket.close(message=self._farewell.encode()), SECONDS_TO_CLOSE
            )

    async def _obey(self, message: object) -> None:
        """Carry out a message of the browser; an invalid one is ignored."""
        match message:
            case ["stdin", str(keys)]:
                self.touched = time.monotonic()
                await self._send(packets.TERMINAL, keys.encode(errors="replace"))
            case ["resize", {"width": int(width), "height": int(height)}]:
                self.touched = time.monotonic()
                self.size = (width, height)
                await self._send_message({"type": "resize", "width": width, "height": height})
            case ["focus" | "blur" as attention]:
                self._attention = attention
                await self._send_message({"type": attention})
            case ["ping", str(stamp)]:
                await self._socket.send_json(["pong", stamp[:40]])

    async def start(self, variables: Mapping[str, str], folder: Path | None) -> None:
        """Start the app.

        Args:
            variables: of its environment, beside the server's own.
            folder: it starts there; None for the server's.

        Raises:
            OSError: if no process can be started.
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
                await self._pass_on_packets(cast("asyncio.StreamReader", process.stdout))
            with awaiting(f"the end of page {process.pid}"):
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
        """End the app by closing its stdin; it is killed if it takes too long."""
        process = cast("Any", self.process)
        if process is None:
            return
        # not `close`: that would first wait for the app to read all of a flood
        process.stdin.transport.abort()
        self._showing.cancel()
        # else it could wait for a reader for ever
        reading = asyncio.create_task(_read_all(process.stdout))
        with suppress(TimeoutError), awaiting(f"the end of page {process.pid}"):
            await asyncio.wait_for(process.wait(), SECONDS_TO_END)
        if process.returncode is None and sys.platform != "win32":
            log.warning("page %s was killed: it did not end", process.pid)
            with suppress(ProcessLookupError, TimeoutError), awaiting("a killed page"):
                os.killpg(process.pid, signal.SIGKILL)
                await asyncio.wait_for(process.wait(), SECONDS_TO_CLOSE)
        reading.cancel()
        self._logging.cancel()

    async def _send_message(self, message: Mapping[str, object]) -> None:
        """Send the app a message, as `_send` does."""
        await self._send(packets.META, json.dumps(message).encode())

    async def _send(self, kind: bytes, data: bytes) -> None:
        """Send the app a packet, if it has not ended.

        While the app's pipe is full this waits, and no further message of the browser is read. If
        that lasts too long, the page ends.
        """
        process = self.process
        if process is None or process.stdin is None:
            return
        with suppress(OSError, RuntimeError):
            process.stdin.write(packet(kind, data))
            await self._drain(process, process.stdin)

    async def _drain(self, process: Process, stdin: asyncio.StreamWriter) -> None:
        """Wait until the app has room for more; let the page end if that or the browser is lost."""
        with awaiting(f"page {process.pid} to read what was typed", SECONDS_TO_TAKE) as waiting:
            while not self.leaving.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(SECONDS_TO_ASK):
                        await stdin.drain()
                        return
                await self._ping()
                if self._browser_is_gone:
                    self.leave(LOST)
                elif waiting.is_over:
                    log.warning("page %s was sent more than it could take in", process.pid)
                    self.leave(FLOODED)

    async def _pass_on_packets(self, stdout: asyncio.StreamReader) -> None:
        """Pass on the app's packets to the browser, for ever.

        Raises:
            IncompleteReadError: at the end of the app.
            Exception: one of `NONSENSE`, if the app sends what makes no sense.
        """
        await stdout.readuntil(READY)
        while True:
            kind, data = await read_packet(stdout)
            match kind:
                case packets.TERMINAL:
                    await self._socket.send_bytes(data)
                    if len(data) > A_SCREEN and not self.drawn.is_set():
                        await self._see_first_screen()
                case packets.META:
                    await self._pass_on(json.loads(data))
                case packets.PACKED:
                    await self._pass_on(unpacked(data))

    async def _see_first_screen(self) -> None:
        """Count the user as there, and tell the app whether its page has the focus.

        The user has waited for this screen. Until this message, the app assumes that its page
        has no focus.
        """
        self.drawn.set()
        self.touched = time.monotonic()
        await self._send_message({"type": self._attention})

    async def _pass_on(self, message: object) -> None:
        """Pass on a message of the app; an invalid one is ignored."""
        match message:
            case {"type": "open_url", "url": str(url)} if re.match("https?://", url):
                await self._socket.send_json(["open_url", {"url": url, "new_tab": True}])
            case {
                "type": "deliver_file_start",
                "key": str(key),
                "path": str(path),
                "name": name,
            } if key.isalnum():
                while len(self._offers) >= MOST_OFFERED:
                    oldest = next(iter(self._offers))
                    del self._offers[oldest]
                self._offers[key] = _Offer(printable(Path(path).name, 150), name)
                await self._socket.send_json(["deliver_file_start", key])
            case ("deliver_chunk", str(key), str() | bytes() as piece) if key in self._pieces:
                self._pieces[key].put_nowait(piece.encode() if isinstance(piece, str) else piece)

    def offered(self, key: str) -> str | None:
        """Return the name of a file that the app offers; None if it offers none by that key."""
        offer = self._offers.get(key)
        return None if offer is None else offer.file_name

    async def fetch(self, key: str) -> AsyncIterator[bytes]:
        """Fetch a file that is offered, in pieces; the offer ends with that.

        Raises:
            TimeoutError: if that takes too long.
        """
        offer = self._offers.pop(key)
        request = {"type": "deliver_chunk_request", "key": key, "size": PIECE, "name": offer.name}
        pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self._pieces[key] = pieces
        deadline = time.monotonic() + SECONDS_A_FILE
        try:
            while time.monotonic() < deadline:
                await self._send_message(request)
                with awaiting("a piece of a download"):
                    piece = await asyncio.wait_for(pieces.get(), SECONDS_A_PIECE)
                if not piece:  # that was the end
                    return
                yield piece
            raise TimeoutError
        finally:
            del self._pieces[key]


async def _log_complaints(process: Process) -> None:
    """Log what an app writes on stderr, until it ends."""
    stderr = cast("asyncio.StreamReader", process.stderr)
    while data := await stderr.read(STDERR_PIECE):
        text = printable_lines(data.decode(errors="replace"), STDERR_PIECE)
        log.warning("page %s: %s", process.pid, text)


async def _read_all(stream: asyncio.StreamReader) -> None:
    """Read a stream to its end, for nothing."""
    while await stream.read(PIECE):
        pass
