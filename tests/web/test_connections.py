"""Connections that bring no token: whatever they do, who has it comes in, and no page ends."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager

import psutil
import pytest

from tests.cli.command_line import EXIT_USAGE, assert_refused, environment
from tests.program import COMMAND
from tests.web.serving import PATIENCE, Serving, serving

aiohttp = pytest.importorskip("aiohttp")
pytest.importorskip("textual_serve")

from tests.web.test_server import client_of, drawn  # noqa: E402 - which needs aiohttp

pytestmark = pytest.mark.process

# what most systems allow a process
USUAL_LIMIT = 1024
ANOTHER_ADDRESS = "127.0.0.2"


@pytest.fixture(scope="module")
def server() -> Iterator[Serving]:
    """A server that may open as many files as is usual."""
    with serving() as server:
        if sys.platform == "linux":
            limits = (USUAL_LIMIT, USUAL_LIMIT)
            psutil.Process(server.process.pid).rlimit(psutil.RLIMIT_NOFILE, limits)
        yield server


@pytest.fixture
def crowd() -> Iterator[ExitStack]:
    """Closes the connections of a test."""
    with ExitStack() as crowd:
        yield crowd


def connection(server: Serving, crowd: ExitStack, address: str = "127.0.0.1") -> socket.socket:
    """A connection from an address."""
    return crowd.enter_context(
        socket.create_connection(("127.0.0.1", server.port), PATIENCE, (address, 0))
    )


def closed(stream: socket.socket) -> bool:
    """Wait until the server closes a connection, whatever it says before."""
    try:
        while stream.recv(1 << 16):
            pass
    except ConnectionError:
        return True
    return True


def words(server: Serving, path: str) -> bytes:
    """A whole request."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()


@pytest.mark.long
async def test_who_has_the_token_comes_in_past_a_thousand_that_have_none(
    server: Serving, crowd: ExitStack
) -> None:
    async with client_of(server) as client, client.page() as page:
        for number in range(USUAL_LIMIT + 100):
            stream = connection(server, crowd)
            with contextlib.suppress(ConnectionError):  # others came meanwhile
                stream.sendall((b"", b"GET / HT", words(server, "/"), b"\0" * 99)[number % 4])
        assert await client.status(f"/?token={server.token}") == 200
        assert await client.status(f"/static/{server.token}/textual.js") == 200
        async with client.page() as another:
            assert not another.closed
        await page.send_str('["resize", {"width": 100, "height": 30}]')
        assert await drawn(page)


async def test_who_has_the_token_comes_in_while_others_press_in(server: Serving) -> None:
    async with pressing_in(server), client_of(server) as client:
        for _ in range(20):
            assert await client.status(f"/?token={server.token}") == 200
        async with client.page() as page:
            assert not page.closed


@asynccontextmanager
async def pressing_in(server: Serving) -> AsyncIterator[None]:
    """Connections that come as fast as one process makes them."""
    program = (
        "import socket, sys\n"
        "streams = []\n"
        "while True:\n"
        "    streams.append(socket.create_connection(('127.0.0.1', int(sys.argv[1]))))\n"
        "    del streams[:-900]\n"
        "    print()\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-uc", program, str(server.port), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    for _ in range(300):  # now it has more than may wait
        await process.stdout.readline()
    read = asyncio.create_task(process.stdout.read())
    try:
        yield
        assert process.returncode is None
    finally:
        process.kill()
        await process.wait()
        await read


@pytest.mark.long
def test_connections_that_bring_no_token_are_closed(server: Serving, crowd: ExitStack) -> None:
    streams = []
    for sent in (
        b"",
        b"\0",
        b"GET / HTTP/1.1\r\nHost: ",
        words(server, "/"),
        words(server, "/").replace(b"\r\n\r\n", b"\r\nContent-Length: 9999999\r\n\r\n"),
    ):
        streams.append(connection(server, crowd))
        streams[-1].sendall(sent)
    dribble(server, crowd)
    assert all(map(closed, streams))


def dribble(server: Serving, crowd: ExitStack) -> None:
    """Send a request, line by line, until the server closes the connection."""
    stream = connection(server, crowd)
    stream.sendall(words(server, "/").removesuffix(b"\r\n"))
    with contextlib.suppress(ConnectionError):
        for _ in range(int(PATIENCE / 0.2)):
            stream.sendall(b"X-More: more\r\n")
            time.sleep(0.2)
        pytest.fail("it is still open")


@pytest.mark.skipif(sys.platform != "linux", reason="others have one address of their own")
def test_a_flood_from_one_address_pushes_out_its_own(server: Serving, crowd: ExitStack) -> None:
    other = connection(server, crowd, ANOTHER_ADDRESS)
    first = connection(server, crowd)
    for _ in range(300):
        connection(server, crowd)
    assert closed(first)
    other.sendall(words(server, f"/?token={server.token}"))
    assert other.recv(1 << 10).startswith(b"HTTP/1.1 200 OK")


def test_more_pages_than_the_system_has_files_for_are_refused() -> None:
    limited = ["sh", "-c", 'ulimit -n 512 && exec "$@"', "sh", *COMMAND]
    result = subprocess.run(
        [*limited, "serve", "--port", "0", "--pages", "1000"],
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        check=False,
        timeout=PATIENCE,
    )
    assert "start with fewer --pages" in assert_refused(result.stdout, result.stderr)
    assert result.returncode == EXIT_USAGE
