"""Who may ask the server for something; looked at before anything else is done.

Any page in the same browser can send requests here, also by a name of its own that leads to this
computer. So who asks must know the token, come by a name of this computer, and be its own page.
"""

import hmac
import ipaddress
import socket
from urllib.parse import urlsplit

from aiohttp import web

# Nothing from elsewhere, in no other page's frame, taken for nothing else; a script's styles draw the terminal.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
    "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Server": "rnn-tui",
}


class Guard:
    """The checks of a server whose `--host` is `host`; the address has to hold the `token`, empty where none is needed."""

    def __init__(self, host: str, token: str) -> None:
        self.token = token
        self._names = {"localhost", socket.gethostname().lower(), host.lower()}

    def check(self, request: web.Request) -> None:
        """Refuse what comes from elsewhere, or wants anything but to read, by a `web.HTTPException`."""
        if request.method != "GET":
            raise web.HTTPMethodNotAllowed(request.method, ["GET"])
        host = request.headers.get("Host", "").lower()
        if not self._is_here(host):
            raise web.HTTPForbidden(text="This is no name of this computer; use its address, or start with --host NAME.")
        if request.headers.get("Origin", f"http://{host}").lower() not in (f"http://{host}", f"https://{host}"):
            raise web.HTTPForbidden(text="Another page asks for this.")

    def require_token(self, token: str) -> None:
        """Refuse who does not know the token, by a `web.HTTPForbidden`."""
        if not hmac.compare_digest(token.encode(errors="replace"), self.token.encode()):
            raise web.HTTPForbidden(text="Use the address that rnn-tui serve printed: its token is missing or wrong here.")

    def _is_here(self, host: str) -> bool:
        """Whether a Host header names this computer; nobody can let an address lead elsewhere."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
            return name in self._names or bool(ipaddress.ip_address(name))
        except ValueError:
            return False
