"""The web server: its answers, and who may get them.

It answers with the page, its files, its WebSocket and its downloads, and with nothing else.
"""

import asyncio
import hmac
import ipaddress
import logging
import re
import secrets
import socket
import string
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlsplit

import textual_serve
from aiohttp import web
from aiohttp.typedefs import Handler

from rnn_tui.engine.awaits import awaiting
from rnn_tui.engine.errors import StoreError, printable, why
from rnn_tui.web.connections import BACKLOG, Connections, most_connections
from rnn_tui.web.page import MOST_MESSAGE, SECONDS_A_FILE
from rnn_tui.web.pages import Pages, Rules
from rnn_tui.web.strangers import strangers_in_short

OURS = Path(__file__).parent / "static"
THEIRS = Path(textual_serve.__file__).parent / "static"
# the files of js, css and fonts
FILES = {path.name: path for path in (*OURS.glob("page.*s*"), *THEIRS.glob("[jcf]*s/*.*"))}
SECONDS_BETWEEN_BEATS = 15.0  # browsers that vanish are noticed within one and a half times this
# it has the port, as a browser sends its cookies to all servers of a computer
COOKIE = "rnn-tui-{}"
SECONDS_OF_COOKIE = 180 * 24 * 3600
USUAL_SIZE = (80, 24)
# takes the token's place in paths, if none is needed
WITHOUT_TOKEN = "open"
# nothing from elsewhere, in no other page's frame, taken for nothing else; a script's styles draw
# the terminal
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "font-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Server": "rnn-tui",
}
_ELSEWHERE = ("192.0.2.1", 9)  # an address that is reserved for books; nothing is sent there

log = logging.getLogger(__name__)


class Server:
    """Answers requests.

    Any page in a browser can send requests here. So a request must have the token, use a name of
    this computer, and come from a page of this server.

    Args:
        pages: the pages that it serves.
        connections: all connections to it.
        host: as typed for `--host`.
        token: the token that a browser must send; empty if none is needed.
    """

    def __init__(self, pages: Pages, connections: Connections, host: str, token: str) -> None:
        self._pages = pages
        self._connections = connections
        self._token = token
        #: the names of this computer.
        self._names = {"localhost", socket.gethostname().lower(), host.lower()}
        self._page = string.Template((OURS / "page.html").read_text(encoding="utf-8"))

    def application(self) -> web.Application:
        """Return the aiohttp application with all routes."""

        async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
            response.headers.setdefault("Cache-Control", "no-store")
            response.headers.update(HEADERS)

        application = web.Application(middlewares=[self._check])
        application.on_response_prepare.append(add_headers)
        application.router.add_get("/", self._answer_page)
        application.router.add_get("/static/{token}/{name}", self._answer_file)
        application.router.add_get("/pages/{token}", self._answer_socket)
        application.router.add_get("/download/{key}", self._answer_download)
        return application

    @web.middleware
    async def _check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse requests from other pages, by other names, or for anything but reading.

        Raises:
            HTTPException: if the request is refused.
        """
        if request.method != "GET":
            raise web.HTTPMethodNotAllowed(request.method, ["GET"])
        host = request.headers.get("Host", "").lower()
        if not self._is_here(host):
            raise web.HTTPForbidden(
                text="This is no name of this computer; use its address, or start with --host NAME."
            )
        own_pages = (f"http://{host}", f"https://{host}")
        if request.headers.get("Origin", own_pages[0]).lower() not in own_pages:
            raise web.HTTPForbidden(text="Another page asks for this.")
        return await handler(request)

    def _require_token(self, request: web.Request, token: str) -> None:
        """Check a token, if one is needed; with it a connection may stay.

        Raises:
            HTTPForbidden: if it is the wrong one.
        """
        token_bytes = token.encode(errors="replace")
        needed = self._token.encode()
        if needed and not hmac.compare_digest(token_bytes, needed):
            raise web.HTTPForbidden(
                text="Use the address that rnn-tui serve printed: its token is missing or wrong "
                "here."
            )
        self._connections.admit(request.transport)

    def _is_here(self, host: str) -> bool:
        """Return whether a Host header names this computer, by a name or by any address.

        Unlike a name, nobody can let an address lead elsewhere.
        """
        try:
            name = urlsplit(f"//{host}").hostname or ""
            return name in self._names or bool(ipaddress.ip_address(name))
        except ValueError:
            return False

    async def _answer_page(self, request: web.Request) -> web.Response:
        """Answer with the page in which a browser starts; its cookie names the browser's runs."""
        self._require_token(request, request.query.get("token", ""))
        token = self._token or WITHOUT_TOKEN
        text = self._page.substitute(socket=f"/pages/{token}", files=f"/static/{token}")
        response = web.Response(text=text, content_type="text/html")
        if self._pages.stores_apart:
            response.set_cookie(
                _cookie_of(request),
                _browser_of(request),
                max_age=SECONDS_OF_COOKIE,
                httponly=True,
                samesite="Lax",  # so that a link in an e-mail leads to the same runs
            )
        return response

    async def _answer_file(self, request: web.Request) -> web.FileResponse:
        """Answer with a script, a style sheet or a font."""
        self._require_token(request, request.match_info["token"])
        path = FILES.get(request.match_info["name"])
        if path is None:
            raise web.HTTPNotFound
        return web.FileResponse(path, headers={"Cache-Control": "private, max-age=3600"})

    async def _answer_socket(self, request: web.Request) -> web.WebSocketResponse:
        """Answer with the WebSocket of a page, until the page has ended."""
        self._require_token(request, request.match_info["token"])
        if "Origin" not in request.headers:
            raise web.HTTPForbidden(text="Only a page of this server may ask for this.")
        response = web.WebSocketResponse(
            heartbeat=SECONDS_BETWEEN_BEATS,
            compress=False,
            max_msg_size=MOST_MESSAGE,
            timeout=1.0,
        )
        await response.prepare(request)
        with self._connections.busy(request.transport, None):
            await self._pages.receive(response, _browser_of(request), _size_of(request))
        return response

    async def _answer_download(self, request: web.Request) -> web.StreamResponse:
        """Answer with a file that a page offers."""
        key = request.match_info["key"]
        page = self._pages.find(request.query.get("instance", ""))
        name = None if page is None else page.offered(key)
        if page is None or name is None:
            raise web.HTTPNotFound(text="This file was fetched before, or its page is closed.")
        self._connections.admit(request.transport)  # the page's secret replaces the token
        # whatever is in it, the browser must not show it as a page of this server
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        }
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        try:
            with self._connections.busy(request.transport, SECONDS_A_FILE):
                async for piece in page.fetch(key):
                    await response.write(piece)
        except (TimeoutError, ConnectionError):
            log.warning("a download was cut off")
            if request.transport is not None:  # so that the browser does not take it as complete
                request.transport.abort()
        return response


def _cookie_of(request: web.Request) -> str:
    """Return the name of the cookie that identifies a browser; it has the port, as `COOKIE` has."""
    address = None
    if request.transport is not None:
        address = request.transport.get_extra_info("sockname")
    port = address[1] if address else 0
    return COOKIE.format(port)


def _browser_of(request: web.Request) -> str:
    """Return the name that a browser is known by: that of its cookie, or a new one."""
    name = request.cookies.get(_cookie_of(request), "")
    return name if re.fullmatch("[0-9a-f]{32}", name) else secrets.token_hex(16)


def _size_of(request: web.Request) -> tuple[int, int]:
    """Return the columns and rows of a browser; the app keeps to its own bounds."""
    try:
        columns = int(request.query["width"])
        rows = int(request.query["height"])
    except (KeyError, ValueError):
        return USUAL_SIZE
    return columns, rows


async def serve(
    host: str,
    port: int,
    rules: Rules,
    over: asyncio.Event,
    *,
    token: str,
    tell: Callable[[str], object],
) -> None:
    """Serve pages until `over` is set, then end them.

    Args:
        host: the address to listen at.
        port: 0 for any that is free.
        rules: what pages may do.
        over: ends the serving.
        token: what lets a browser in; empty to let in everybody.
        tell: called with the address once it is served.

    Raises:
        StoreError: if nothing can listen there.
    """
    connections = Connections(most_connections(rules.pages))
    with (
        strangers_in_short(),
        tempfile.TemporaryDirectory(prefix="rnn-tui-turns-", ignore_cleanup_errors=True) as turns,
    ):
        pages = Pages(rules, Path(turns))
        application = Server(pages, connections, host, token).application()
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        assert runner.server is not None
        listener = await _listen(host, port, partial(connections.protocol, runner.server))
        address, free_port, *_ = listener.sockets[0].getsockname()
        query = f"?token={token}" if token else ""
        tell(f"http://{_place_of(host, address, free_port)}/{query}")
        closing_idle = asyncio.create_task(pages.close_idle())
        with awaiting("the end of the server", by_design=True):
            await over.wait()
        closing_idle.cancel()
        listener.close()
        await pages.close()
        await runner.cleanup()


async def _listen(host: str, port: int, protocol: Callable[[], asyncio.Protocol]) -> asyncio.Server:
    """Listen at all addresses of a host; a StoreError if that can't be."""
    try:
        return await asyncio.get_running_loop().create_server(protocol, host, port, backlog=BACKLOG)
    except (OSError, UnicodeError) as error:
        raise StoreError(
            f"Nothing can listen at {printable(host)}, port {port}: {why(error)}."
        ) from error


def _place_of(host: str, address: str, port: int) -> str:
    """Return the host and port by which a browser reaches a listener at an address.

    Args:
        host: as typed.
        address: what it stands for; if that is all addresses, the one that leads outside is
            taken.
        port: it listens there.
    """
    if ipaddress.ip_address(address).is_unspecified:
        host = socket.gethostname()
        with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(_ELSEWHERE)
            host = str(probe.getsockname()[0])
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
