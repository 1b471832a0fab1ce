"""Connections to `rnn-tui serve` that bring no token: whoever has it comes in all the same."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import urllib.request
from collections import deque
from pathlib import Path
from random import Random
from unittest import mock

import psutil

from tests.attack.attack import Attack, Attempt, home_in
from tests.web.serving import PATIENCE, Serving

# what most systems allow a process
MOST_FILES = 1024
MOST_OPEN = 1500
AT_ONCE = 100
WAYS = ("nothing", "part", "rubbish", "no HTTP", "no token", "many requests", "reset", "end")
# Lines that make no sense among those of a request.
NO_HTTP = (b"Host\0: x", b"Content-Length: -1", b"X: " + b"x" * 9_000, b"Host: a\r\nHost: b")
MOST_LOG = 200_000  # bytes, after any number of connections


class Connections(Attack):
    """Opens connections, says something on some, and then comes with the token."""

    name = "connections"
    unit = "connections"
    share = 2_000
    length = 200_000

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._log = folder / "home/log/rnn-tui.log"
        with mock.patch.dict(os.environ, home_in(folder / "home"), clear=True):
            self._server = Serving()
        self._streams: deque[socket.socket] = deque()
        if sys.platform == "linux":
            process = psutil.Process(self._server.process.pid)
            process.rlimit(psutil.RLIMIT_NOFILE, (MOST_FILES, MOST_FILES))

    def attempt(self, random: Random) -> Attempt:
        """Many connections, and one request with the token."""
        way = random.choice(WAYS)
        address = f"127.0.0.{random.randint(1, 9)}" if sys.platform == "linux" else "127.0.0.1"
        tried = f"{AT_ONCE} connections from {address}: {way}"
        try:
            for _ in range(AT_ONCE):
                self._connect(address, way, random)
            with urllib.request.urlopen(self._server.address, timeout=PATIENCE) as answer:
                answer.read()
            script = f"http://127.0.0.1:{self._server.port}/static/{self._server.token}/textual.js"
            with urllib.request.urlopen(script, timeout=PATIENCE) as answer:
                answer.read()
        except OSError as error:
            return Attempt(tried, f"who has the token does not come in: {error!r}", AT_ONCE)
        if self._server.process.poll() is not None:
            return Attempt(tried, "the server ended", AT_ONCE)
        if self._log.exists() and self._log.stat().st_size > MOST_LOG:
            return Attempt(tried, f"its log has {self._log.stat().st_size:,} bytes", AT_ONCE)
        return Attempt(tried, count=AT_ONCE)

    def _connect(self, address: str, way: str, random: Random) -> None:
        stream = socket.create_connection(
            ("127.0.0.1", int(self._server.port or 0)), PATIENCE, (address, 0)
        )
        self._streams.append(stream)
        if len(self._streams) > MOST_OPEN:
            self._streams.popleft().close()
        request = f"GET /{'?token=' * random.randrange(2)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        with contextlib.suppress(ConnectionError):  # others came meanwhile
            match way:
                case "part":
                    stream.sendall(request.encode()[: random.randrange(len(request))])
                case "rubbish":
                    stream.sendall(random.randbytes(random.randrange(1, 5000)))
                case "no HTTP":
                    line = random.choice(NO_HTTP)
                    stream.sendall(b"GET / HTTP/1.1\r\n" + line + b"\r\n\r\n")
                case "no token":
                    stream.sendall(request.encode())
                case "many requests":
                    stream.sendall(request.encode() * 50)
                case "reset":
                    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                    stream.close()
                case "end":
                    stream.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """End the server."""
        for stream in self._streams:
            stream.close()
        self._server.end()
