"""Where a server listens, and the address to reach it by."""

import ipaddress
import socket

from rnn_tui.engine.errors import SettingError, StoreError, printable, why

# Of an address that is reserved for books; nothing is sent there.
_ELSEWHERE = ("192.0.2.1", 9)


def is_for_this_computer(host: str) -> bool:
    """Whether only programs of this computer reach `host`.

    Raises:
        SettingError: if there is no such host.
    """
    return all(ipaddress.ip_address(address[0].partition("%")[0]).is_loopback for _, address in _addresses(host, 0))


def listen(host: str, port: int) -> socket.socket:
    """Begin to listen.

    Args:
        host: a name or an address of this computer.
        port: 0 for any that is free.

    Raises:
        SettingError: if there is no such host.
        StoreError: if nothing can listen there.
    """
    family, address = _addresses(host, port)[0]
    try:
        return socket.create_server(address, family=family)
    except OSError as error:
        raise StoreError(
            f"Nothing can listen at {printable(host)}, port {port}: {why(error)}; --port 0 takes a port that is free."
        ) from error


def address_of(door: socket.socket, host: str, token: str) -> str:
    """What to open in a browser."""
    number, port = door.getsockname()[:2]
    address = ipaddress.ip_address(number)
    if address.is_unspecified:
        place = _own_address()
    else:  # a name could lead to another program's port of the same number
        place = number if address.is_loopback else host
    return f"http://{f'[{place}]' if ':' in place else place}:{port}/{f'?token={token}' if token else ''}"


def _addresses(host: str, port: int) -> list[tuple[int, tuple[str, int]]]:
    """Families and addresses of a host; those of the older kind, which all browsers reach, first."""
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SettingError(f"--host {printable(host)} is no name or address of a computer: {why(error)}.") from None
    return sorted({(int(family), (str(address[0]), int(address[1]))) for family, _, _, _, address in found})


def _own_address() -> str:
    """This computer's address in its network, or its name."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()
