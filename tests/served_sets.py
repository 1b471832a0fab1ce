"""Made-up data sets on a server of this machine, where torchvision's classes look for them."""

import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from rnn_tui.tasks.image_sets import ImageSet
from tests.made_up_sets import md5


class Server(ThreadingHTTPServer):
    """Serves files by the last part of their address, also as a proxy for other hosts."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = dict(files)
        self.asked: list[str] = []
        self.release = threading.Event()  #: set once the rest of a slow file may be sent.
        self.slow = ""  #: the name of a file of which only a part is sent until then.

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        self.server.asked.append(self.path)
        data = self.server.files.get(name)
        if data is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if name == self.server.slow:
            self.wfile.write(data[:100])
            self.server.release.wait(30)
            data = data[100:]
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing on stderr."""


Serve = Callable[[Mapping[str, bytes]], Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[Server] = []

    def start(files: Mapping[str, bytes]) -> Server:
        server = Server(files)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    yield start
    for server in servers:
        server.release.set()
        server.shutdown()
        server.server_close()


def served(image_set: ImageSet, files: Mapping[str, bytes], *mirrors: str) -> Any:
    """torchvision's class with addresses here, and the checksums of these files."""
    from torchvision import datasets  # noqa: PLC0415 - a second

    usual: Any = getattr(datasets, image_set.torchvision_name)
    sums = [(name, md5(data)) for name, data in files.items()]
    changes: dict[str, Any] = {"mirrors": mirrors, "resources": sums}
    last = mirrors[-1]
    if image_set.name == "qmnist":
        pairs = [(last + name, checksum) for name, checksum in sums]
        changes = {"resources": {"train": pairs[:2], "test": pairs[2:]}}
    elif image_set.name == "emnist-digits":
        changes = {"url": last + sums[0][0], "md5": sums[0][1]}
    elif image_set.name == "usps":
        parts = [[last + name, name, checksum] for name, checksum in sums]
        changes = {"split_list": {"train": parts[0], "test": parts[1]}}
    return type(usual.__name__, (usual,), changes)
