"""What the server answers: the page, its files, its WebSocket, its downloads, and nothing else."""

import asyncio
import logging
import re
import secrets
import string
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from socket import socket

import textual_serve
from aiohttp import web

from rnn_tui.web.guard import HEADERS, Guard
from rnn_tui.web.house import House, Rules
from rnn_tui.web.page import MOST_MESSAGE, is_size

OURS, THEIRS = Path(__file__).parent / "static", Path(textual_serve.__file__).parent / "static"
FILES = {
    **{name: OURS / name for name in ("page.js", "page.css")},
    **{
        Path(name).name: THEIRS / name
        for name in (
            "js/textual.js", "css/xterm.css",
            "fonts/RobotoMono-VariableFont_wght.ttf", "fonts/RobotoMono-Italic-VariableFont_wght.ttf",
        )
    },
}  # fmt: skip
# Browsers that vanish are noticed within one and a half times this.
SECONDS_BETWEEN_BEATS = 15.0
COOKIE, SECONDS_OF_COOKIE = "rnn-tui-store-{port}", 180 * 24 * 3600
_BROWSER = re.compile(r"[0-9a-f]{32}")
USUAL_SIZE = (80, 24)

log = logging.getLogger(__name__)


class Server:
    """Answers requests.

    Args:
        house: which has the pages.
        guard: which knows whom to answer.
        cookie: the name of the cookie that a browser has its store by; empty where it needs none.
    """

    def __init__(self, house: House, guard: Guard, cookie: str) -> None:
        self._house, self._guard, self._cookie = house, guard, cookie
        self._page = string.Template((OURS / "page.html").read_text(encoding="utf-8"))

    def application(self) -> web.Application:
        """All of it for aiohttp."""

        @web.middleware
        async def check(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            self._guard.check(request)
            return await handler(request)

        async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
            response.headers.setdefault("Cache-Control", "no-store")
            response.headers.update(HEADERS)

        application = web.Application(middlewares=[check])
        application.on_response_prepare.append(add_headers)
        application.router.add_get("/", self._answer_page)
        application.router.add_get("/static/{name}", self._answer_file)
        application.router.add_get("/pages/{token}", self._answer_socket)
        application.router.add_get("/download/{key}", self._answer_download)
        return application

    async def _answer_page(self, request: web.Request) -> web.Response:
        self._guard.require_token(request.query.get("token", ""))
        text = self._page.substitute(socket=f"/pages/{self._guard.token or 'open'}")
        response = web.Response(text=text, content_type="text/html")
        if self._cookie:
            # Lax, so that a link to the server in a letter leads to the same store.
            browser = self._browser_of(request)
            response.set_cookie(self._cookie, browser, max_age=SECONDS_OF_COOKIE, httponly=True, samesite="Lax")
        return response

    async def _answer_file(self, request: web.Request) -> web.FileResponse:
        path = FILES.get(request.match_info["name"])
        if path is None:
            raise web.HTTPNotFound
        return web.FileResponse(path, headers={"Cache-Control": "private, max-age=3600"})

    async def _answer_socket(self, request: web.Request) -> web.WebSocketResponse:
        self._guard.require_token(request.match_info["token"] if self._guard.token else "")
        if "Origin" not in request.headers:
            raise web.HTTPForbidden(text="Only a browser may ask for this.")
        beat = SECONDS_BETWEEN_BEATS
        response = web.WebSocketResponse(heartbeat=beat, compress=False, max_msg_size=MOST_MESSAGE, timeout=1.0)
        await response.prepare(request)
        await self._house.receive(response, self._browser_of(request), _size_of(request))
        return response

    async def _answer_download(self, request: web.Request) -> web.StreamResponse:
        page = self._house.find(request.query.get("instance", ""))
        key = request.match_info["key"]
        download = page.downloads.begin(key) if page is not None else None
        if page is None or download is None:
            raise web.HTTPNotFound(text="This file was fetched already, or its page is closed.")
        response = web.StreamResponse(headers=download.headers)
        await response.prepare(request)
        try:
            async for piece in page.downloads.pieces(key):
                await response.write(piece)
            await response.write_eof()
        except (TimeoutError, ConnectionError):
            log.warning("a download was cut off")
            if request.transport is not None:  # so that the browser does not take it for whole
                request.transport.abort()
        return response

    def _browser_of(self, request: web.Request) -> str:
        """The name that a browser is known by: that of its cookie, or a new one."""
        known = request.cookies.get(self._cookie, "") if self._cookie else ""
        return known if _BROWSER.fullmatch(known) else secrets.token_hex(16)


def _size_of(request: web.Request) -> tuple[int, int]:
    """Columns and rows that a browser has room for."""
    with suppress(KeyError, ValueError):
        columns, rows = int(request.query["width"]), int(request.query["height"])
        if is_size(columns, rows):
            return columns, rows
    return USUAL_SIZE


async def serve(door: socket, host: str, token: str, rules: Rules, over: asyncio.Event) -> None:
    """Serve pages until `over` is set, and end all that was started.

    Args:
        door: what listens.
        host: what it was asked to listen at.
        token: what addresses have to hold; empty where they need not.
        rules: what pages may do.
        over: set once it is enough.
    """
    with tempfile.TemporaryDirectory(prefix="rnn-tui-turns-", ignore_cleanup_errors=True) as turns:
        house = House(rules, Path(turns))
        cookie = COOKIE.format(port=door.getsockname()[1]) if rules.stores_apart else ""
        server = Server(house, Guard(host, token), cookie)
        runner = web.AppRunner(server.application(), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.SockSite(runner, door).start()
        looking = asyncio.create_task(house.close_idle())
        await over.wait()
        looking.cancel()
        await house.close()
        await runner.cleanup()
