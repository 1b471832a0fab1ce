"""A page's process: the app with pipes for a terminal, in packets as Textual's web driver has them."""

import asyncio
import json
import logging
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self, cast

from rnn_tui.engine.errors import printable_lines

# Without the folder that it is in among those where Python looks for modules: others may write there.
COMMAND = (sys.executable, "-P", "-m", "rnn_tui")
# It keeps its training and ends within this; then it is killed.
SECONDS_TO_END = 1.9
MOST_PACKET, MOST_COMPLAINTS = 1 << 24, 1 << 16
# What it sends first, and then, by the first byte of a packet: a terminal's bytes, JSON, a file's pieces.
READY = b"__GANGLION__\n"
TERMINAL, META, PACKED = b"D", b"M", b"P"

log = logging.getLogger(__name__)


class AppProcess:
    """The process of one page, which has just been started.

    Args:
        process: with pipes for its three streams, and in a group of its own.
    """

    def __init__(self, process: Process) -> None:
        self._process = process
        self._stdin = cast("asyncio.StreamWriter", process.stdin)
        self._stdout = cast("asyncio.StreamReader", process.stdout)
        self._complaints = asyncio.create_task(self._log_complaints(cast("asyncio.StreamReader", process.stderr)))

    @classmethod
    async def start(cls, variables: Mapping[str, str], folder: Path | None) -> Self:
        """Start one.

        Args:
            variables: of its environment, beside those of the server.
            folder: where it is to be; None for where the server is.

        Raises:
            OSError: if there can't be another process.
        """
        return cls(
            await asyncio.create_subprocess_exec(
                *COMMAND, stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=folder, start_new_session=True,
                env={**os.environ, **variables, "PYTHONSAFEPATH": "1"},
            )
        )  # fmt: skip

    @property
    def number(self) -> int:
        """Its number in the system."""
        return self._process.pid

    async def send(self, kind: bytes, data: bytes) -> None:
        """Send a packet; waits while it does not read, and does nothing once it has ended."""
        with suppress(OSError, RuntimeError):
            self._stdin.write(kind + len(data).to_bytes(4, "big") + data)
            await self._stdin.drain()

    async def tell(self, meta: Mapping[str, object]) -> None:
        """Send what is no key."""
        await self.send(META, json.dumps(meta).encode())

    async def packets(self) -> AsyncIterator[tuple[bytes, bytes]]:
        """What it sends, until it ends.

        Raises:
            ValueError: if these are no packets.
        """
        with suppress(asyncio.IncompleteReadError):  # the end
            while (line := await self._stdout.readline()) != READY:
                if not line:
                    return
            while True:
                head = await self._stdout.readexactly(5)
                size = int.from_bytes(head[1:], "big")
                if size > MOST_PACKET:
                    raise ValueError(f"a packet of {size} bytes")
                yield head[:1], await self._stdout.readexactly(size)

    async def code(self) -> int:
        """Its exit code, once it has closed its streams."""
        with suppress(TimeoutError):
            return await asyncio.wait_for(self._process.wait(), SECONDS_TO_END)
        return 1

    async def end(self) -> None:
        """Let it end, by the end of what it reads; it is killed where it takes too long."""
        self._stdin.close()
        # It could not end while it waits for somebody to read.
        reading = asyncio.create_task(_read_all(self._stdout))
        if await self.code() and self._process.returncode is None:
            log.warning("page %s was killed: it did not end", self.number)
            if sys.platform != "win32":
                with suppress(ProcessLookupError):
                    os.killpg(self.number, signal.SIGKILL)
            await self.code()
        reading.cancel()
        self._complaints.cancel()

    async def _log_complaints(self, stderr: asyncio.StreamReader) -> None:
        """Keep what it writes to stderr in the server's log, up to a length."""
        left = MOST_COMPLAINTS
        while text := await stderr.read(1 << 12):
            if left > 0:
                log.warning("page %s: %s", self.number, printable_lines(text.decode(errors="replace"), 1 << 12))
            left -= len(text)


async def _read_all(stream: asyncio.StreamReader) -> None:
    while await stream.read(1 << 16):
        pass
