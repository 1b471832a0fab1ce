"""A page in a process of its own, for tests that speak Textual's web protocol with it."""

import json
import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from textual._binary_encode import load

from rnn_tui.engine.page import page_environment
from tests.program import START, start_program

PATIENCE = 45.0
CODES = re.compile(r"\x1b\[[<>?0-9;$]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.")
PROMISED_SECONDS = 2.0


class PageProcess:
    """The app as a page, and what a server would see of it.

    Args:
        store: the folder for its runs; None for the user's own.
        share: the one folder that it may look into; None for no confinement.
        turns: the folder in which it queues for training; None for no queue.
        trainings: how many train side by side.
        size: columns and rows.
        changed: Python that changes something in the app before it starts.
        environment: variables in place of those that a page has.

    Attributes:
        screen: all text that was drawn, without the codes.
        meta: what it has told of itself, one dictionary a packet.
        pieces: of downloads, by their keys.
        other: what came between the packets.
    """

    def __init__(
        self,
        *,
        store: Path | None = None,
        share: Path | None = None,
        turns: Path | None = None,
        trainings: int = 1,
        size: tuple[int, int] = (100, 30),
        changed: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        unwanted = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TMUX")
        own = {name: value for name, value in os.environ.items() if name not in unwanted}
        given = {**page_environment(store, share, turns, trainings, size), **(environment or {})}
        pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        self.process = start_program(code=changed and changed + START, env=own | given, **pipes)
        self.screen = ""
        self.meta: list[dict[str, Any]] = []
        self.pieces: dict[str, list[bytes]] = {}
        self.other = b""
        self.ready = False
        self._bytes = b""
        self._ended = False

    def __enter__(self) -> "PageProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What the browser does

    def press(self, keys: str | bytes) -> None:
        """Type."""
        self.send(b"D", keys.encode() if isinstance(keys, str) else keys)

    def tell(self, **meta: object) -> None:
        """Send a dictionary of what is no key."""
        self.send(b"M", json.dumps(meta).encode())

    def send(self, kind: bytes, payload: bytes) -> None:
        """Send a packet."""
        assert self.process.stdin is not None
        self.process.stdin.write(kind + len(payload).to_bytes(4, "big") + payload)
        self.process.stdin.flush()

    def end_input(self) -> None:
        """Close what it reads, as a server does that is gone."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def resize(self, width: object, height: object) -> None:
        """Make the page another size."""
        self.tell(type="resize", width=width, height=height)

    def download(self) -> tuple[str, bytes]:
        """Take the next file that is offered; its name and what is in it."""
        offer = self.wait_for_meta("deliver_file_start")
        self.meta.remove(offer)
        key = offer["key"]
        pieces = self.pieces.setdefault(key, [])
        until = time.monotonic() + PATIENCE
        while not pieces or pieces[-1]:
            asked = len(pieces)
            self.tell(type="deliver_chunk_request", key=key, size=1000)
            while len(pieces) == asked:
                assert time.monotonic() < until, f"{offer} does not come"
                self._read()
        return offer["path"], b"".join(pieces)

    # What it sees

    def wait_for(self, pattern: str) -> None:
        """Wait until text that matches is drawn, after whatever was waited for before."""
        until = time.monotonic() + PATIENCE
        while (found := re.search(pattern, self.screen)) is None:
            assert time.monotonic() < until, f"no {pattern!r} in {self.screen[-3000:]!r}"
            assert not self._ended, f"the page ended: {self.screen[-2000:]!r} {self._errors()}"
            self._read()
        self.screen = self.screen[found.end() :]

    def wait_for_start(self) -> None:
        """Wait until it has taken its end of the pipes."""
        until = time.monotonic() + PATIENCE
        while not self.ready:
            assert time.monotonic() < until, "the page does not start"
            self._read()

    def wait_for_meta(self, kind: str) -> dict[str, Any]:
        """Wait until it tells something of this kind."""
        until = time.monotonic() + PATIENCE
        while True:
            for message in self.meta:
                if message["type"] == kind:
                    return message
            assert time.monotonic() < until, f"no {kind} in {self.meta}; {self.screen[-2000:]!r}"
            self._read()

    def watch(self, seconds: float) -> str:
        """What is drawn in so long a time."""
        until, before = time.monotonic() + seconds, len(self.screen)
        while (left := until - time.monotonic()) > 0 and not self._ended:
            self._read(min(left, 0.1))
        return self.screen[before:]

    def wait_for_end(self, patience: float = PATIENCE, *, reading: bool = True) -> int:
        """Wait until the process has ended; returns its exit code."""
        until = time.monotonic() + patience
        while self.process.poll() is None:
            assert time.monotonic() < until, "the page does not end"
            if reading and not self._ended:
                self._read(0.05)
            else:
                time.sleep(0.02)
        while reading and not self._ended:
            self._read()
        return self.process.returncode

    def close(self) -> None:
        """End the page if it is still there."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe is not None
            try:
                pipe.close()
            except BrokenPipeError:
                continue

    def _errors(self) -> str:
        assert self.process.stderr is not None
        self.process.wait(PATIENCE)
        return self.process.stderr.read().decode(errors="replace")[-3000:]

    def _read(self, seconds: float = 0.1) -> None:
        """Take what has come."""
        assert self.process.stdout is not None
        output = self.process.stdout.fileno()
        if select.select([output], [], [], seconds)[0]:
            data = os.read(output, 1 << 20)
            self._ended = not data
            self._bytes += data
        if not self.ready:
            before, found, rest = self._bytes.partition(b"__GANGLION__\n")
            if found:
                self.ready, self.other, self._bytes = True, before, rest
        while self.ready and len(self._bytes) >= 5:
            size = int.from_bytes(self._bytes[1:5], "big")
            if len(self._bytes) < 5 + size:
                break
            kind, payload, self._bytes = (
                self._bytes[:1],
                self._bytes[5 : 5 + size],
                self._bytes[5 + size :],
            )
            self._take(kind, payload)

    def _take(self, kind: bytes, payload: bytes) -> None:
        assert kind in (b"D", b"M", b"P"), f"no packet: {kind + payload[:200]!r}"
        if kind == b"D":
            self.screen += CODES.sub("", payload.decode())
        elif kind == b"M":
            self.meta.append(json.loads(payload))
        else:
            what, key, piece = load(payload)
            assert what == "deliver_chunk"
            self.pieces[key].append(piece if isinstance(piece, bytes) else piece.encode())
