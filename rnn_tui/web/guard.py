"""Who may ask the server for something; looked at before anything else is done.

Any page in the same browser can send requests here, also by a name of its own that it lets lead to
this computer. So who asks must know the token, must have come by a name of this computer, and must
be this server's own page.
"""

import hmac
import ipaddress
import re
import socket

from aiohttp import web

# Nothing from elsewhere, in no frame of another page, not taken for what it is not. Terminal and its colours are
# drawn by styles that the script makes.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "rnn-tui",
}
_PLACE = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::([0-9]{1,5}))?", re.ASCII | re.IGNORECASE)
_USUAL_PORTS = {"http": 80, "https": 443}


class Guard:
    """The checks of one server.

    Args:
        host: what `--host` says.
        token: what the address has to hold; empty where none is needed.
    """

    def __init__(self, host: str, token: str) -> None:
        self.token = token
        self._names = {"localhost", socket.gethostname().lower(), host.lower().rstrip(".")}

    def check(self, request: web.Request) -> None:
        """Look at the head of a request.

        Raises:
            HTTPException: which is the answer, if it is refused.
        """
        if request.method != "GET":
            raise web.HTTPMethodNotAllowed(request.method, ["GET"])
        hosts = request.headers.getall("Host", [])
        place = _place(hosts[0], 80) if len(hosts) == 1 else None
        if place is None or not self._is_here(place[0]):
            raise web.HTTPForbidden(text="This is not a name of this computer; use its address, or start with --host NAME.")
        origins = request.headers.getall("Origin", [])
        if origins and (len(origins) > 1 or not _is_of(origins[0], hosts[0])):
            raise web.HTTPForbidden(text="Another page asks for this.")

    def require_token(self, token: str) -> None:
        """Let those in who know the token.

        Raises:
            HTTPForbidden: if it is not this one.
        """
        if not hmac.compare_digest(token.encode(errors="replace"), self.token.encode()):
            raise web.HTTPForbidden(
                text="Use the address that rnn-tui serve printed: its token is missing here, or another one."
            )

    def _is_here(self, name: str) -> bool:
        """Whether a name stands for this computer: no address can be made to lead elsewhere."""
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name in self._names
        return True


def _place(text: str, usual_port: int) -> tuple[str, int] | None:
    """Host and port of `host:port`; None where it is none."""
    found = _PLACE.fullmatch(text)
    return None if found is None else (found[1].lower().strip("[]").rstrip("."), int(found[2] or usual_port))


def _is_of(origin: str, host: str) -> bool:
    """Whether a page of `origin` is one of the server that was asked as `host`."""
    scheme, _, place = origin.partition("://")
    port = _USUAL_PORTS.get(scheme)
    return port is not None and _place(place, port) is not None and _place(place, port) == _place(host, port)
