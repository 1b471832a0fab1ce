"""Files on their way from a page's process to the downloads of its browser.

The process says that it has one, the browser is told and asks for it, and then it is fetched from
the process piece by piece. Nothing is kept on the server's disk, and at most one piece in memory.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from urllib.parse import quote

from rnn_tui.engine.errors import printable

PIECE = 1 << 16
# For a piece, and for all of them to a slow browser.
SECONDS_A_PIECE, SECONDS_A_FILE = 30.0, 900.0
# Of a page: what was never fetched is forgotten then, the oldest first.
MOST_WAITING = 20
_KEY = re.compile(r"[0-9A-Za-z_-]{8,64}", re.ASCII)


class Download:
    """A file that a page's process holds for its browser, and the pieces of it that have come."""

    def __init__(self, name: str, word: object) -> None:
        self.name, self.word = name, word
        self.pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self.begun = False

    @property
    def headers(self) -> Mapping[str, str]:
        """So that it is kept as a file of its name, whatever is in it, and never shown."""
        plain = re.sub(r"[^\w.() -]", "_", self.name, flags=re.ASCII)
        return {
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(self.name, safe='')}",
        }


class Downloads:
    """Those of one page.

    Args:
        ask: sends a request to the page's process.
    """

    def __init__(self, ask: Callable[[Mapping[str, object]], Awaitable[None]]) -> None:
        self._ask = ask
        self._waiting: dict[str, Download] = {}

    def announce(self, meta: Mapping[str, object]) -> str | None:
        """Note a file that the process has; returns the key to ask for it, None for nonsense."""
        key, name = meta.get("key"), str(meta.get("path", "")).replace("\\", "/").rpartition("/")[2]
        if not isinstance(key, str) or not _KEY.fullmatch(key) or key in self._waiting:
            return None
        if len(self._waiting) >= MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]
        self._waiting[key] = Download(printable(name, 150) or "download", meta.get("name"))
        return key

    def begin(self, key: str) -> Download | None:
        """The file of a key, once; None where there is none."""
        download = self._waiting.get(key)
        if download is None or download.begun:
            return None
        download.begun = True
        return download

    def receive(self, key: object, piece: object) -> None:
        """Take a piece that the process sent."""
        download = self._waiting.get(key) if isinstance(key, str) else None
        if download is not None and isinstance(piece, str | bytes):
            download.pieces.put_nowait(piece.encode(errors="replace") if isinstance(piece, str) else piece)

    async def pieces(self, key: str) -> AsyncIterator[bytes]:
        """Fetch a file that was begun.

        Raises:
            TimeoutError: if the process sends nothing, or the browser takes too long.
        """
        download = self._waiting[key]
        request = {"type": "deliver_chunk_request", "key": key, "size": PIECE, "name": download.word}
        until = asyncio.get_running_loop().time() + SECONDS_A_FILE
        try:
            while True:
                await self._ask(request)
                piece = await asyncio.wait_for(download.pieces.get(), SECONDS_A_PIECE)
                if not piece:
                    return
                yield piece
                if asyncio.get_running_loop().time() > until:
                    raise TimeoutError
        finally:
            self._waiting.pop(key, None)
