"""Bounds the connections to a server, so that strangers can't use all of them.

A connection costs a file descriptor, and a process has few. A stranger is a connection that has not
sent the token. Strangers have little time to send it, and their number is limited: when one more
connects, the oldest stranger is closed. A client with the token can always connect.
"""

import asyncio
import ipaddress
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

from rnn_tui.engine.errors import SettingError

SECONDS_TO_BRING_TOKEN = 10.0
# Time from a request with the token until the next one; its answer must be read within this time.
SECONDS_TO_ASK_AGAIN = 60.0
MOST_STRANGERS_OF_A_NETWORK = 128  # a whole class may share one address
MOST_STRANGERS = 512
# A browser opens six connections for a page at once, and its WebSocket.
CONNECTIONS_OF_PAGE = 7
FEWEST_CONNECTIONS = 64  # without room for these the server does not start
# Connections that wait to be accepted. Fewer than the strangers of a network: otherwise a burst
# would close some of its own connections.
BACKLOG = 64
# File descriptors for Python, the log, files that are sent, and connections that are being closed.
DESCRIPTORS_OF_SERVER = 64 + BACKLOG
# File descriptors for the pipes of a page, while its process starts.
DESCRIPTORS_OF_PAGE = 8
# macOS has no limit, and refuses to set more than this
MOST_DESCRIPTORS = 10_240


class _Connection:
    """A connection that is closed when its time is over."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.network = _network_of(transport)
        self.is_stranger = True  #: whether it has not sent the token yet.
        self.is_busy = False  #: whether it serves a page or a download, and must not be closed.
        self._transport = transport
        self._socket = transport.get_extra_info("socket")
        self._end: asyncio.TimerHandle | None = None  #: closes it; None if it has no time limit.

    @property
    def is_closing(self) -> bool:
        """Whether the connection is being closed."""
        return self._transport.is_closing()

    @property
    def is_gone(self) -> bool:
        """Whether its file descriptor is free again."""
        return int(self._socket.fileno()) < 0

    def stay(self, seconds: float | None) -> None:
        """Close it after this many seconds from now on; None for never."""
        if self._end is not None:
            self._end.cancel()
            self._end = None
        if seconds is not None:
            self._end = asyncio.get_running_loop().call_later(seconds, self.close)

    def close(self) -> None:
        """Close it at once, even if nobody reads what was sent."""
        self._transport.abort()


class Connections:
    """The open connections to a server.

    Args:
        most: the largest number of connections; strangers are closed first to make room.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        #: the connections by their transport, the oldest first.
        self._connections: dict[asyncio.BaseTransport, _Connection] = {}

    def protocol(self, handlers: Callable[[], asyncio.Protocol]) -> asyncio.Protocol:
        """Return the protocol of a new connection.

        Args:
            handlers: makes the protocol that the connection gets once it is let in.
        """
        return _Newcomer(self, handlers)

    def enter(self, transport: asyncio.Transport) -> None:
        """Let a connection in as a stranger, for the time that it has to send the token."""
        self._forget_gone()
        connection = _Connection(transport)
        self._make_room(connection.network)
        self._connections[transport] = connection
        connection.stay(SECONDS_TO_BRING_TOKEN)

    def admit(self, transport: asyncio.BaseTransport | None) -> None:
        """Note that a connection has sent the token; None does nothing."""
        connection = None if transport is None else self._connections.get(transport)
        if connection is not None:
            connection.is_stranger = False
            connection.stay(SECONDS_TO_ASK_AGAIN)

    @contextmanager
    def busy(
        self, transport: asyncio.BaseTransport | None, seconds: float | None
    ) -> Iterator[None]:
        """Keep a connection from being closed for a newcomer, within a `with` statement.

        Args:
            transport: the connection's; None does nothing.
            seconds: the time after which it is closed; None for never.
        """
        connection = None if transport is None else self._connections.get(transport)
        if connection is None:
            yield
            return
        connection.is_busy = True
        connection.stay(seconds)
        try:
            yield
        finally:
            connection.is_busy = False
            connection.stay(SECONDS_TO_ASK_AGAIN)

    def _forget_gone(self) -> None:
        """Drop the connections whose file descriptors are free again."""
        self._connections = {
            transport: connection
            for transport, connection in self._connections.items()
            if not connection.is_gone
        }

    def _make_room(self, network: str) -> None:
        """Close one connection, if that is needed to let in one more from `network`.

        A stranger is chosen if there is one, otherwise the oldest connection that is not busy.
        """
        staying = [
            connection for connection in self._connections.values() if not connection.is_closing
        ]
        strangers = [connection for connection in staying if connection.is_stranger]
        neighbours = [connection for connection in strangers if connection.network == network]
        is_full = len(self._connections) >= self._most
        if len(neighbours) >= MOST_STRANGERS_OF_A_NETWORK:
            neighbours[0].close()
        elif len(strangers) >= MOST_STRANGERS or (is_full and strangers):
            _oldest_of_largest_network(strangers).close()
        elif is_full:
            idle = [connection for connection in staying if not connection.is_busy]
            if idle:
                idle[0].close()


class _Newcomer(asyncio.Protocol):
    """The first protocol of a connection; it lets the connection in at once."""

    def __init__(self, connections: Connections, handlers: Callable[[], asyncio.Protocol]) -> None:
        self._connections = connections
        self._handlers = handlers

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Give the connection the protocol of a handler, and let it in."""
        handler = self._handlers()
        stream = cast("asyncio.Transport", transport)
        stream.set_protocol(handler)
        handler.connection_made(stream)
        self._connections.enter(stream)


def _oldest_of_largest_network(connections: list[_Connection]) -> _Connection:
    """Return the oldest connection of the network with the most connections.

    So a flood from one network closes connections of that network.

    Args:
        connections: the oldest first; at least one.
    """
    counts = Counter(connection.network for connection in connections)
    [(largest_network, _count)] = counts.most_common(1)
    return next(connection for connection in connections if connection.network == largest_network)


def _network_of(transport: asyncio.Transport) -> str:
    """Return the network of a connection: its IPv4 address, or the first 64 bits of its IPv6 one.

    A home usually has all IPv6 addresses with the same first 64 bits.
    """
    peer = transport.get_extra_info("peername")
    if not peer:  # the client has gone already
        return ""
    address = ipaddress.ip_address(str(peer[0]))
    return address.exploded[:19] if address.version == 6 else str(address)


def most_connections(pages: int) -> int:
    """Return how many connections a server may have.

    If needed and allowed, it raises this process's limit of open files.

    Args:
        pages: how many pages may be open at the same time.

    Raises:
        SettingError: if the system allows too few open files for this many pages.
    """
    if sys.platform == "win32":  # no pages are served there
        return MOST_STRANGERS
    import resource

    for_pages = DESCRIPTORS_OF_SERVER + pages * DESCRIPTORS_OF_PAGE
    wanted = for_pages + pages * CONNECTIONS_OF_PAGE + MOST_STRANGERS
    needed = for_pages + pages + FEWEST_CONNECTIONS
    limit, highest = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return wanted - for_pages
    if limit < wanted:
        allowed = MOST_DESCRIPTORS if highest == resource.RLIM_INFINITY else highest
        limit = max(limit, min(wanted, allowed))
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, highest))
    if limit < needed:
        raise SettingError(
            f"{pages} pages at once need {needed:,} open files, and this system allows {limit:,}; "
            "start with fewer --pages, or raise the limit by ulimit -n."
        )
    return min(limit, wanted) - for_pages
