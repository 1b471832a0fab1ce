"""The connections to a server, of which strangers can't take all.

A connection costs a file descriptor, of which a process has few. Strangers are connections that
have not brought the token: they have little time for that, and there may be so many only. Where one
more comes, the oldest of them makes room. Who has the token comes in at any time.
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
# from a request with the token until the next one; its answer has to be read in this time
SECONDS_TO_ASK_AGAIN = 60.0
# a class may be behind one address
MOST_STRANGERS_OF_A_NETWORK = 128
MOST_STRANGERS = 512
# of the browser of a page: the six that it opens at once, and its WebSocket
CONNECTIONS_OF_PAGE = 7
# as many as there must be room for at least
FEWEST_CONNECTIONS = 64
# waiting to be accepted; fewer than the strangers of a network, or one burst would push out its own
# connections
BACKLOG = 64
# File descriptors: of Python, the log, files that are sent, and connections that are being closed
DESCRIPTORS_OF_SERVER = 64 + BACKLOG
# of the pipes of a page, at its start
DESCRIPTORS_OF_PAGE = 8
# macOS has no limit, and refuses to set more than this
MOST_DESCRIPTORS = 10_240


class _Connection:
    """A connection, which is closed once its time is over."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.network = _network_of(transport)
        self.is_stranger = True  #: whether it has brought no token yet.
        self.is_busy = False  #: whether it is a page or a download, which no newcomer may end.
        self._transport = transport
        self._socket = transport.get_extra_info("socket")
        self._end: asyncio.TimerHandle | None = None  #: closes it; None where it may stay.

    @property
    def is_closing(self) -> bool:
        """Whether it is about to go."""
        return self._transport.is_closing()

    @property
    def is_gone(self) -> bool:
        """Whether its file descriptor is free again."""
        return int(self._socket.fileno()) < 0

    def stay(self, seconds: float | None) -> None:
        """Let it stay for so many seconds from now on; None for ever."""
        if self._end is not None:
            self._end.cancel()
            self._end = None
        if seconds is not None:
            self._end = asyncio.get_running_loop().call_later(seconds, self.close)

    def close(self) -> None:
        """Close it at once, even if nobody reads what was sent."""
        self._transport.abort()


class Connections:
    """All connections to a server.

    Args:
        most: how many there may be; those with the token come before strangers.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        #: in the order in which they came.
        self._connections: dict[asyncio.BaseTransport, _Connection] = {}

    def protocol(self, handlers: Callable[[], asyncio.Protocol]) -> asyncio.Protocol:
        """The protocol of a new connection.

        Args:
            handlers: makes the protocol that the connection has once it is let in.
        """
        return _Newcomer(self, handlers)

    def enter(self, transport: asyncio.Transport) -> None:
        """Let a connection in, for as long as it takes to bring the token."""
        self._forget_gone()
        connection = _Connection(transport)
        self._make_room(connection.network)
        self._connections[transport] = connection
        connection.stay(SECONDS_TO_BRING_TOKEN)

    def admit(self, transport: asyncio.BaseTransport | None) -> None:
        """Note that a connection has brought the token; None does nothing."""
        connection = None if transport is None else self._connections.get(transport)
        if connection is not None:
            connection.is_stranger = False
            connection.stay(SECONDS_TO_ASK_AGAIN)

    @contextmanager
    def busy(
        self, transport: asyncio.BaseTransport | None, seconds: float | None
    ) -> Iterator[None]:
        """Have no newcomer end a connection meanwhile.

        Args:
            transport: its; None does nothing.
            seconds: how long it may stay; None for ever.
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
        self._connections = {
            transport: connection
            for transport, connection in self._connections.items()
            if not connection.is_gone
        }

    def _make_room(self, network: str) -> None:
        """Close the connection that makes room for one more from a network, if one has to."""
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
    """The protocol of a connection until it is let in, which is at once."""

    def __init__(self, connections: Connections, handlers: Callable[[], asyncio.Protocol]) -> None:
        self._connections = connections
        self._handlers = handlers

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let it in, and hand it over to a handler."""
        handler = self._handlers()
        stream = cast("asyncio.Transport", transport)
        stream.set_protocol(handler)
        handler.connection_made(stream)
        self._connections.enter(stream)


def _oldest_of_largest_network(connections: list[_Connection]) -> _Connection:
    """The oldest connection of the network that has most.

    So a flood from one network pushes out its own connections.

    Args:
        connections: the oldest first; at least one.
    """
    counts = Counter(connection.network for connection in connections)
    [(largest_network, _count)] = counts.most_common(1)
    return next(connection for connection in connections if connection.network == largest_network)


def _network_of(transport: asyncio.Transport) -> str:
    """Where a connection is from: its IPv4 address, or the 64 bits of IPv6 that a home has."""
    peer = transport.get_extra_info("peername")
    if not peer:  # it is gone already
        return ""
    address = ipaddress.ip_address(str(peer[0]))
    return address.exploded[:19] if address.version == 6 else str(address)


def most_connections(pages: int) -> int:
    """How many connections a server may have.

    Raises the limit of open files of this process, where that is needed and allowed.

    Args:
        pages: how many pages it may have at the same time.

    Raises:
        SettingError: where the system allows too few open files for so many pages.
    """
    if sys.platform == "win32":  # no pages are served there
        return MOST_STRANGERS
    import resource  # noqa: PLC0415

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
