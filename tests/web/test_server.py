"""The server over plain HTTP, as a stranger meets it who is no browser."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import psutil
import pytest

from rnn_tui.engine.extras import install_command
from tests.cli.command_line import EXIT_FAILURE, EXIT_USAGE, assert_refused, rnn_tui
from tests.web.serving import PATIENCE, Serving, serving

pytestmark = pytest.mark.process

aiohttp = pytest.importorskip("aiohttp")
pytest.importorskip("textual_serve")

NONSENSE = (
    "",
    "{",
    "null",
    "7",
    "[]",
    "{}",
    '"stdin"',
    '["stdin"]',
    '["stdin", 7]',
    '["stdin", ["a"]]',
    '["resize"]',
    '["resize", {"width": -1, "height": 24}]',
    '["resize", {"width": 80, "height": 1000000000}]',
    '["resize", {"width": "80", "height": null}]',
    '["resize", [80, 24]]',
    '["ping"]',
    '["ping", {"a": 1}]',
    '["exit"]',
    '["quit", {}]',
    '["stdin", "\\ud800"]',
    "[" * 50_000,
    "1" * 50_000,
    '["focus", ' + "1," * 500 + "1]",
)


class Client:
    """One browser: its cookies, and its addresses of a server."""

    def __init__(self, server: Serving, session: Any) -> None:
        self.server, self.session = server, session
        self.root = f"http://127.0.0.1:{server.port}"
        self.headers = {"Origin": self.root}

    async def status(self, path: str, method: str = "GET", **headers: str) -> int:
        async with self.session.request(method, self.root + path, headers=headers) as answer:
            return int(answer.status)

    @asynccontextmanager
    async def page(self, query: str = "width=80&height=24") -> AsyncIterator[Any]:
        """A page that shows the app, or that was closed."""
        address = f"{self.root}/pages/{self.server.token or 'open'}?{query}"
        async with self.session.ws_connect(
            address, headers=self.headers, max_msg_size=0
        ) as socket_:
            await drawn(socket_)
            yield socket_


async def drawn(page: Any) -> str:
    """What a page draws until it shows a screen, or is closed."""
    text = ""
    async with asyncio.timeout(PATIENCE):
        while len(text) < 2000:
            message = await page.receive()
            if message.type is aiohttp.WSMsgType.BINARY:
                text += message.data.decode(errors="replace")
            elif message.type is not aiohttp.WSMsgType.TEXT:
                return text
    return text


async def farewell(page: Any) -> str:
    """The sentence that a page is closed with."""
    async with asyncio.timeout(PATIENCE):
        while True:
            message = await page.receive()
            if message.type is aiohttp.WSMsgType.CLOSE:
                return str(message.extra)
            assert message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY), message


async def pressing(page: Any, key: str) -> None:
    """Press a key twice a second."""
    while True:
        await page.send_json(["stdin", key])
        await asyncio.sleep(0.5)


def lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def gone(processes: list[psutil.Process]) -> None:
    give_up = time.monotonic() + PATIENCE
    while any(map(lives, processes)):
        assert time.monotonic() < give_up, processes
        await asyncio.sleep(0.05)


def store_of(process: psutil.Process) -> str:
    return str(process.environ().get("RNN_TUI_STORE", ""))


@pytest.fixture(scope="module")
def lasting_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    share, home = tmp_path_factory.mktemp("shared"), tmp_path_factory.mktemp("home")
    with serving("--share", str(share), RNN_TUI_HOME=str(home)) as server:
        yield server


@pytest.fixture
def server(lasting_server: Serving) -> Serving:
    """A server that shares a folder, with no page open, for tests that leave it as it is."""
    asyncio.run(gone(lasting_server.pages))
    return lasting_server


@asynccontextmanager
async def client_of(server: Serving) -> AsyncIterator[Client]:
    # Also cookies of addresses, which aiohttp leaves out by itself.
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Client(server, session)


# --- who may ask ----------------------------------------------------------------------------------


async def test_the_token_is_needed_for_everything(server: Serving) -> None:
    async with client_of(server) as client:
        token = server.token
        assert len(token) >= 20
        assert await client.status(f"/?token={token}") == 200
        for wrong in (
            "",
            "?token=",
            f"?token={token[:-1]}",
            f"?token={token}x",
            "?token=%F0%9F%90%8D",
            "?token=%ff",
        ):
            assert await client.status(f"/{wrong}") == 403, wrong
        assert await client.status(f"/static/{token}/page.js") == 200
        for wrong in ("open", token[:-1]):
            assert await client.status(f"/static/{wrong}/page.js") == 403
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await client.session.ws_connect(
                    f"{client.root}/pages/{wrong}", headers=client.headers
                )


async def test_only_names_of_this_computer_are_answered(server: Serving) -> None:
    async with client_of(server) as client:
        page, port = f"/?token={server.token}", server.port
        for name in ("localhost", "127.0.0.1", "[::1]", "192.0.2.7", socket.gethostname()):
            assert await client.status(page, Host=f"{name}:{port}") == 200, name
        for name in (
            "rebound.example",
            "localhost.rebound.example",
            "127.0.0.1.rebound.example",
            "",
            "[::1",
            "@",
        ):
            assert await client.status(page, Host=f"{name}:{port}") == 403, name
            assert await client.status(f"/static/{server.token}/page.js", Host=name) == 403, name


async def test_pages_of_others_get_nothing(server: Serving) -> None:
    async with client_of(server) as client:
        page, port = f"/?token={server.token}", server.port
        assert await client.status(page, Origin=client.root) == 200
        others = (
            "null",
            "http://other.example",
            f"http://127.0.0.1:{port + 1}",
            "http://127.0.0.1",
            f"http://localhost:{port}",
        )
        for origin in others:
            assert await client.status(page, Origin=origin) == 403, origin
        for headers in ({}, *({"Origin": origin} for origin in others)):
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await client.session.ws_connect(
                    f"{client.root}/pages/{server.token}", headers=headers
                )


async def test_nothing_but_reading_and_no_other_file(server: Serving) -> None:
    async with client_of(server) as client:
        for method in ("POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"):
            assert await client.status(f"/?token={server.token}", method) == 405, method
        files = f"/static/{server.token}"
        for path in (
            "/static/",
            "/static/page.js",
            f"{files}/",
            f"{files}/page.html",
            f"{files}/..%2fserver.py",
            f"{files}/%2e%2e%2fserver.py",
            "/other",
        ):
            assert await client.status(path) == 404, path
        for path in (
            "/download/",
            "/download/0123456789abcdef",
            "/download/0123456789abcdef?instance=",
            "/pages/",
        ):
            assert await client.status(path) in (403, 404), path


async def test_a_page_takes_nothing_from_elsewhere_and_no_frame_takes_it(server: Serving) -> None:
    async with client_of(server) as client, client.session.get(server.address) as answer:
        text, headers = await answer.text(), answer.headers
        assert "//" not in text.replace("<!DOCTYPE html>", "")
        files = re.findall(r'(?:src|href)="(/[^"]+)"', text)
        assert len(files) == 5
        for file in files:
            assert await client.status(file) == 200, file
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self';" in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    cookie = next(iter(SimpleCookie(headers["Set-Cookie"]).values()))
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


@pytest.mark.long
async def test_without_a_token_where_that_was_asked_for() -> None:
    with serving("--no-token") as server:
        assert "token" not in server.address
        async with client_of(server) as client:
            assert await client.status("/") == 200
            assert await client.status("/", Host="rebound.example") == 403
            async with client.page() as page:
                assert not page.closed


# --- a page ---------------------------------------------------------------------------------------


@pytest.mark.long
async def test_nonsense_moves_no_page(server: Serving) -> None:
    async with client_of(server) as client, client.page("width=-1&height=1e9") as page:
        for text in NONSENSE:
            await page.send_str(text)
        await page.send_bytes(b"\x00\xff")
        await page.send_str('["resize", {"width": 120, "height": 40}]')
        await drawn(page)
        await page.send_str('["ping", "12"]')
        async with asyncio.timeout(PATIENCE):
            while (message := await page.receive()).type is not aiohttp.WSMsgType.TEXT:
                assert message.type is aiohttp.WSMsgType.BINARY
        assert json.loads(message.data) == ["pong", "12"]


@pytest.mark.long
async def test_a_huge_message_closes_its_page_and_no_other(server: Serving) -> None:
    async with client_of(server) as client, client.page() as page, client.page() as other:
        first = server.pages[:1]
        with contextlib.suppress(ConnectionError):  # it is not taken to the end
            await page.send_str(json.dumps(["stdin", "1" * 10_000_000]))
        await gone(first)
        await other.send_str('["resize", {"width": 100, "height": 30}]')
        assert await drawn(other)


@pytest.mark.long
async def test_more_than_a_page_takes_in_waits_in_the_browser_and_ends_the_page(
    server: Serving,
) -> None:
    async with client_of(server) as client, client.page() as page, client.page() as other:
        flooded = server.pages[0]
        flooded.suspend()
        flood = asyncio.create_task(flooding(page))
        try:
            assert "could not keep up" in await farewell(page)
        finally:
            flood.cancel()
        await gone([flooded])
        assert psutil.Process(server.process.pid).memory_info().rss < 200 << 20
        await other.send_str('["resize", {"width": 100, "height": 30}]')
        assert await drawn(other)


async def flooding(page: Any) -> None:
    """Type as fast as it is taken."""
    with contextlib.suppress(ConnectionError):
        while True:
            await page.send_json(["stdin", "1234567890" * 6_000])


async def test_a_browser_that_goes_in_the_middle_of_a_flood_is_missed_at_once(
    server: Serving,
) -> None:
    async with client_of(server) as client, client.page() as page:
        flooded = server.pages[-1]
        sent = 0

        async def flood() -> None:
            nonlocal sent
            with contextlib.suppress(ConnectionError):
                while True:
                    await page.send_json(["stdin", "1234567890" * 2])
                    sent += 1

        flooding = asyncio.create_task(flood())
        before = -1
        while sent != before:  # until nobody takes any more
            before = sent
            await asyncio.sleep(1)
        page._response.connection.transport.abort()
        await gone([flooded])
        flooding.cancel()
    text = log_of(server)
    assert f"page {flooded.pid} was sent more than it could take in" not in text
    assert f"page {flooded.pid} was killed" not in text


def log_of(server: Serving) -> str:
    """What a server has logged."""
    home = psutil.Process(server.process.pid).environ()["RNN_TUI_HOME"]
    path = Path(home, "log", "rnn-tui.log")
    return path.read_text(encoding="utf-8") if path.exists() else ""


@pytest.mark.long
async def test_a_page_that_is_killed_says_so_and_touches_no_other(server: Serving) -> None:
    async with client_of(server) as client, client.page() as page:
        killed = server.pages[-1]
        async with client.page() as other:
            killed.kill()
            assert "by a fault. The log of rnn-tui serve says more." in await farewell(page)
            assert f"page {killed.pid} ended by itself, with exit code -9" in log_of(server)
            await other.send_str('["resize", {"width": 100, "height": 30}]')
            assert await drawn(other)


@pytest.mark.long
async def test_q_ends_the_app_and_says_so(server: Serving) -> None:
    async with client_of(server) as client, client.page() as page:
        await page.send_str('["stdin", "q"]')
        assert await farewell(page) == "The app has ended."


# --- stores ---------------------------------------------------------------------------------------


@pytest.mark.long
async def test_each_browser_has_a_store_and_each_page_of_it_too(server: Serving) -> None:
    async with client_of(server) as one, client_of(server) as other:
        for client in (one, other):
            assert await client.status(f"/?token={server.token}") == 200
        async with one.page(), one.page(), other.page():
            first, second, third = map(store_of, server.pages)
            assert second == f"{first}-2"
            assert third not in (first, second)
            assert (
                len({Path(store).parent.name for store in (first, second, third)} ^ {"pages"}) == 0
            )
        async with one.page():  # while the one before is about to end
            assert store_of(server.pages[-1]) == first
    await gone(server.pages)
    # there was no run
    assert not [store for store in (first, second, third) if Path(store).exists()]


@pytest.mark.long
async def test_a_cookie_is_no_path(server: Serving) -> None:
    async with client_of(server) as client:
        for cookie in ("../../x", "a" * 31, "A" * 32, "/", "%2e%2e"):
            headers = client.headers | {"Cookie": f"rnn-tui-{server.port}={cookie}"}
            address = f"{client.root}/pages/{server.token}"
            async with client.session.ws_connect(address, headers=headers) as page:
                await drawn(page)
                assert re.fullmatch(r".*/pages/[0-9a-f]{32}", store_of(server.pages[-1]))


@pytest.mark.long
@pytest.mark.parametrize(
    ("options", "store"), [((), ""), (("--share", ".", "--one-store"), "pages/common")]
)
async def test_one_store_for_all_pages(
    options: tuple[str, ...],
    store: str,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with serving(*options) as server:
        async with client_of(server) as client, client.page(), client.page():
            assert [store_of(page) for page in server.pages] == [
                str(home / store) if store else ""
            ] * 2
            assert {page.cwd() for page in server.pages} == {str(tmp_path)}


# --- limits and the end ---------------------------------------------------------------------------


@pytest.mark.long
async def test_a_full_house_says_so_and_a_closed_page_makes_room() -> None:
    with serving("--pages", "1") as server:
        async with client_of(server) as client:
            async with client.page():
                address = f"{client.root}/pages/{server.token}"
                async with client.session.ws_connect(address, headers=client.headers) as refused:
                    assert (
                        await farewell(refused)
                        == "No more than 1 may use this server at once. Try again later."
                    )
            async with client.page() as page:
                assert not page.closed


@pytest.mark.long
async def test_an_idle_page_is_closed() -> None:
    with serving("--idle", "0.02") as server:
        async with client_of(server) as client, client.page() as page:
            assert "Nobody used this page for 0.02 minutes" in await farewell(page)
            await gone(server.pages)


@pytest.mark.long
async def test_a_page_that_hangs_is_killed(server: Serving) -> None:
    async with client_of(server) as client:
        async with client.page():
            hanging = server.pages[-1:]
            hanging[0].suspend()
        await gone(hanging)


@pytest.mark.long
async def test_a_page_that_trains_is_in_use(tmp_path: Path) -> None:
    # which trains MNIST for minutes
    (tmp_path / "config.toml").write_text('preset = "best"\n', encoding="utf-8")
    with serving("--idle", "0.1", RNN_TUI_STORE=str(tmp_path)) as server:
        async with client_of(server) as client, client.page() as page:
            await page.send_json(["stdin", "\x1bORt"])
            # a busy machine takes long to begin
            used = asyncio.create_task(pressing(page, "\x1b[A"))
            text = ""
            async with asyncio.timeout(PATIENCE):
                while not re.search(r"[1-9][\d,]* im", text):
                    message = await page.receive()
                    assert message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY), (
                        message
                    )
                    text += (
                        message.data.decode(errors="replace")
                        if isinstance(message.data, bytes)
                        else ""
                    )
            used.cancel()
            async with client.page() as idle:  # whose last key is later than that page's
                assert "Nobody used this page" in await farewell(idle)
            seen = asyncio.create_task(farewell(page))
            await asyncio.sleep(2)
            assert not seen.done()
            seen.cancel()


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        *(
            pytest.param(number, marks=pytest.mark.long)
            for number in (signal.SIGINT, signal.SIGHUP)
        ),
    ],
    ids=lambda number: number.name,
)
async def test_a_signal_ends_all_that_was_started(number: signal.Signals) -> None:
    with serving() as server:
        async with client_of(server) as client, client.page() as page, client.page():
            pages = server.pages
            assert len(pages) == 2
            code, output = await asyncio.to_thread(server.end, number)
            assert (code, output) == (128 + number, "")
            assert "rnn-tui serve has ended" in await farewell(page)
            assert not any(map(lives, pages))


@pytest.mark.long
async def test_pages_of_a_server_that_was_killed_end_too() -> None:
    with serving() as server:
        async with client_of(server) as client, client.page(), client.page():
            pages = server.pages
            await asyncio.to_thread(server.end, signal.SIGKILL)
            await gone(pages)


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.long
def test_what_can_t_be_served_is_refused_in_a_sentence(tmp_path: Path, home: Path) -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    port = str(taken.getsockname()[1])
    for code, words, arguments in (
        (EXIT_USAGE, "needs --share DIR", ("--host", "0.0.0.0")),
        (EXIT_USAGE, "needs --share DIR", ("--host", "a.example")),
        (EXIT_USAGE, "Port must be a whole number", ("--port", "65536")),
        (EXIT_USAGE, "Pages must be a whole number", ("--pages", "0")),
        (EXIT_USAGE, "Idle must be a number", ("--idle", "0.001")),
        (EXIT_USAGE, "--one-store goes with --share DIR", ("--one-store",)),
        (EXIT_USAGE, "the runs of all are in it", ("--share", str(home.parent))),
        (EXIT_FAILURE, "can't be shared", ("--share", str(tmp_path / "none"))),
        (EXIT_FAILURE, "Nothing can listen", ("--port", port)),
        (
            EXIT_FAILURE,
            "Nothing can listen",
            ("--host", "no.such.invalid", "--share", str(tmp_path)),
        ),
    ):
        result = rnn_tui("serve", *arguments)
        assert words in assert_refused(result.stdout, result.stderr)
        assert result.returncode == code, arguments
    taken.close()


def test_without_the_extra_a_sentence_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "textual_serve.py").write_text("raise ImportError", encoding="utf-8")
    path = os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", "")))
    result = rnn_tui("serve", PYTHONPATH=path)
    assert install_command("web") in assert_refused(result.stdout, result.stderr)
    assert result.returncode == EXIT_FAILURE
