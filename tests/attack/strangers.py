"""Connections to a sweep from outside: nobody is let in, and nothing is printed."""

from __future__ import annotations

import asyncio
import ssl
import struct
import subprocess
from contextlib import suppress
from random import Random
from typing import ClassVar

from distributed import Security

from tests.attack.attack import Attack, Attempt, home_in
from tests.program import PATIENCE, start_program
from tests.sweeps.listening import dask_answers, listening

Address = tuple[str, int]
SETTINGS = (
    *("sweep", "recall", "--preset", "fast", "--training-size", "2000", "--batch-size", "20"),
    *("--epochs", "20", "--grid", "learning_rate=0.01,0.02", "--on", "local:2"),
)
# How many listen: the sweep's own, and for each worker one that trains and one that watches it.
PROCESSES = 5
CONNECTIONS = 40
MOST_AT_ONCE = 40
MOST_BYTES = 4000
SECONDS_TO_READ = 1.0


class Strangers(Attack):
    """Connections to all ports of a sweep while it trains."""

    name: ClassVar[str] = "strangers"
    unit: ClassVar[str] = "connections"
    share: ClassVar[int] = CONNECTIONS
    length: ClassVar[int] = 20 * CONNECTIONS

    def attempt(self, random: Random) -> Attempt:
        """Begin a sweep, connect to it in all ways, and let it end."""
        home = self.folder / f"home-{random.getrandbits(32):08x}"
        process = start_program(
            *SETTINGS,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=home_in(home),
        )
        try:
            fault = asyncio.run(_disturb(process, random))
            _, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            fault = "it does not end"
            err = ""
        finally:
            process.kill()
            process.wait()
        lines = [line for line in err.splitlines() if not line.startswith("rnn-tui: ")]
        if not fault and process.returncode:
            fault = f"it ends with {process.returncode}: {err[-400:]}"
        if not fault and lines:
            fault = f"it says: {lines[:5]}"
        return Attempt(f"{CONNECTIONS} connections to a sweep", fault, CONNECTIONS)


async def _disturb(process: subprocess.Popen[str], random: Random) -> str:
    """Connect in all ways; returns what was wrong, empty where nothing was."""
    addresses: list[Address] = []
    for _ in range(int(PATIENCE * 10)):
        addresses = listening(process.pid)
        if len(addresses) >= PROCESSES or process.poll() is not None:
            break
        await asyncio.sleep(0.1)
    remaining = CONNECTIONS
    while remaining and process.poll() is None:
        count = min(remaining, random.randint(1, MOST_AT_ONCE))
        addresses = listening(process.pid) or addresses
        strangers = [_Stranger(random, random.choice(addresses)) for _ in range(count)]
        answers = await asyncio.gather(*(stranger.connect() for stranger in strangers))
        for answer in answers:
            if answer:
                return f"a stranger is answered: {answer}"
        remaining -= count
    return ""


class _Stranger:
    """One who connects to an address in some way."""

    def __init__(self, random: Random, address: Address) -> None:
        ways = (
            self._send_bytes,
            self._ask_as_browser,
            self._begin_a_message,
            self._begin_tls,
            self._say_nothing,
            self._join_without_key,
            self._join_with_another_key,
        )
        self._address = address
        self._way = random.choice(ways)
        self._data = random.randbytes(random.randint(0, MOST_BYTES))
        self._path = random.choice(("/", "/status", "/health", "/metrics", "/sitemap.json"))
        self._aborts = random.random() < 0.5

    async def connect(self) -> str:
        """Connect and leave; returns an answer that no stranger may get, or nothing."""
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            return await self._way()
        return ""

    async def _send(self, data: bytes, context: ssl.SSLContext | None = None) -> bytes:
        """Send bytes; returns the answer of the next second."""
        reader, writer = await asyncio.open_connection(*self._address, ssl=context)
        try:
            writer.write(data)
            await writer.drain()
            return await asyncio.wait_for(reader.read(MOST_BYTES), SECONDS_TO_READ)
        finally:
            if self._aborts:
                writer.transport.abort()
            else:
                writer.close()

    async def _send_bytes(self) -> str:
        await self._send(self._data)
        return ""

    async def _ask_as_browser(self) -> str:
        answer = await self._send(f"GET {self._path} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
        page = answer.startswith(b"HTTP/1.1 200") and self._path != "/sitemap.json"
        return f"{self._path}: {answer[:100]!r}" if page else ""

    async def _begin_a_message(self) -> str:
        """The beginning of a message of Dask's, which says that it is longer than it is."""
        lengths = struct.pack("<QQ", len(self._data), 2**40)
        await self._send(lengths + self._data)
        return ""

    async def _begin_tls(self) -> str:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        await self._send(self._data, context)
        return ""

    async def _say_nothing(self) -> str:
        await self._send(b"")
        return ""

    async def _join_without_key(self) -> str:
        return await self._join("tcp", Security())

    async def _join_with_another_key(self) -> str:
        return await self._join("tls", Security.temporary())

    async def _join(self, protocol: str, security: Security) -> str:
        got_in = await dask_answers(protocol, self._address, security)
        return f"{protocol} {self._address}" if got_in else ""
