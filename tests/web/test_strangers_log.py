"""What strangers send to a server fills a small share of its log; what mattered stays there."""

from __future__ import annotations

import base64
import contextlib
import logging
import os
import socket
from pathlib import Path

import pytest

from rnn_tui.engine.files.paths import log_file
from rnn_tui.engine.process.logs import BYTES_OF_KIND, LogFile
from tests.web.serving import Serving, serving

pytest.importorskip("aiohttp")
pytest.importorskip("textual_serve")

from rnn_tui.web.strangers import strangers_in_short

pytestmark = pytest.mark.process

ROUNDS = 100
# Requests without a token. Each is answered by an error, or not at all.
RUBBISH = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"\x1b[31mGET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost\x00: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nabc",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: \xff=\x01;;\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
    b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n",
    b"GET http://[::1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
    b"CONNECT a:99999 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET / HT",
)
#: bytes that are no frame of a WebSocket
FRAMES = (b"\xff" * 40, b"\x81\xfe\x00", b"\x88\x80\x00\x00\x00\x00" * 20)


def say(server: Serving, data: bytes, *more: bytes) -> None:
    """Send bytes on a connection of their own, and leave with or without an answer."""
    with (
        contextlib.suppress(OSError),
        socket.create_connection(("127.0.0.1", int(server.port or 0)), 30) as stream,
    ):
        stream.sendall(data)
        for part in more:
            stream.recv(1 << 16)
            stream.sendall(part)
        stream.settimeout(0.05)
        stream.recv(1 << 16)


def handshake(server: Serving) -> bytes:
    """The request of a page, from someone who has the token."""
    here = f"127.0.0.1:{server.port}"
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET /pages/{server.token} HTTP/1.1\r\nHost: {here}\r\nOrigin: http://{here}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {key}\r\n\r\n"
    ).encode()


def keep_a_fault() -> None:
    """Write a traceback into the log, as an earlier command would."""
    log = LogFile()
    try:
        raise ValueError("what failed")
    except ValueError as error:
        trace = (type(error), error, error.__traceback__)
        log.emit(logging.LogRecord("earlier", logging.ERROR, "", 1, "what mattered", (), trace))
    log.close()


def test_thousands_of_bad_requests_push_nothing_out_of_the_log(home: Path) -> None:
    keep_a_fault()
    with serving(RNN_TUI_HOME=str(home)) as server:
        for _ in range(ROUNDS):
            for data in RUBBISH:
                say(server, data)
        for frame in FRAMES:
            say(server, handshake(server), frame)
        token = server.token
        assert server.end()[0] == 130
    [path] = log_file().parent.iterdir()
    text = path.read_text()
    assert len(text) < 3 * BYTES_OF_KIND
    assert "what mattered\nTraceback" in text
    assert text.count("Traceback") == 1
    assert "more records like this were left out" in text
    assert max(map(len, text.splitlines())) < 250
    assert token not in text


def test_a_fault_of_our_own_keeps_its_traceback(home: Path) -> None:
    log = logging.getLogger("aiohttp.server")
    file = LogFile()
    log.addHandler(file)
    try:
        with strangers_in_short():
            try:
                raise KeyError("ours")
            except KeyError:
                log.exception("Error handling request")
            try:
                raise ConnectionResetError("theirs")
            except ConnectionResetError:
                log.exception("Error handling request")
    finally:
        log.removeHandler(file)
        file.close()
    text = log_file().read_text()
    assert "KeyError: 'ours'" in text
    assert "theirs" not in text
    assert "a request makes no sense: ConnectionResetError" in text


def test_pages_for_strangers_have_a_log_of_their_own(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = log_file()
    monkeypatch.setenv("RNN_TUI_SHARE", str(home))
    assert log_file() != own
    assert log_file().parent == own.parent
