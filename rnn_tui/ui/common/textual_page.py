"""Workarounds for what Textual 8 gets wrong with the pipes of a page in the browser.

- Its driver writes packets from two threads, and loses the rest of one that a full pipe cuts short.
- A closed pipe is a fault of the app's. What anybody prints stands between the packets.
- The thread that reads ends, without a word, at a byte that is no UTF-8, a key that is none, a
  packet that makes no sense. Where its input ends, the app goes on for nobody.
- It takes signals, and may hang at the end.
- Sizes may be 0 or a million. A download has its path on the server.

Waits for `WebDriver` to do better.
"""

import codecs
import logging
import os
import select
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, cast

from textual import events
from textual.app import App
from textual.drivers._byte_stream import ByteStream
from textual.drivers.web_driver import WebDriver
from textual.geometry import Size

from rnn_tui.ui.common.terminal_input import InputText, bounded_size
from rnn_tui.ui.common.textual_driver import SECONDS_FOR_A_KEY, KeysDriver, SteadyParser

assert sys.platform != "win32"  # which has neither such pipes nor such signals
BYTES_AT_ONCE = 1 << 16
READY = b"__GANGLION__\n"  # what a server waits for, before the first packet
NO_INPUT = ""  # in place of the kind of a packet: nothing has come for a while
ENTER, HIDE_CURSOR = "\x1b[?1049h", "\x1b[?25l"


class Pipes:
    """The pipes of a page, for packets alone: what else is printed goes to standard error."""

    def __init__(self) -> None:
        #: the file that packets come from; for all others, stdin is at its end.
        self.keys = os.dup(0)
        self._packets = os.dup(1)
        empty, other_end = os.pipe()
        os.dup2(empty, 0)
        os.close(empty)
        os.close(other_end)
        os.dup2(2, 1)
        os.set_blocking(self._packets, True)
        self._writing = threading.Lock()
        self.given_back = False  #: whether nothing is to be written any more.

    def write(self, packet: bytes) -> None:
        """Write a whole packet, if there is still somebody to read it."""
        if self.given_back:
            return
        try:
            self._put(packet)
        except OSError:
            self.given_back = True
            signal.raise_signal(signal.SIGHUP)

    def _put(self, packet: bytes) -> None:
        with self._writing:
            while packet:
                written = os.write(self._packets, packet)
                packet = packet[written:]

    def give_back(self, sentence: str = "") -> None:
        """Say that the page has ended, behind a sentence; blocks where nobody reads it."""
        self.given_back = True
        with suppress(OSError):
            self.say(sentence)
            self._put(b'M\0\0\0\x10{"type": "exit"}')

    def say(self, text: str) -> None:
        """Write what is to be read after the app; blocks where nobody reads.

        Raises:
            OSError: if the other end is gone.
        """
        data = f"\x1b[?1049l{text}".replace("\n", "\r\n").encode(errors="replace")
        self._put(b"D" + len(data).to_bytes(4, "big") + data)


class PageDriver(KeysDriver, WebDriver):
    """A driver of a page that nothing from outside can stop, but an end of the page."""

    pipes: ClassVar[Pipes]  #: what it reads and writes; a process has one pair.

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self._size = bounded_size(*(self._size or (80, 24)))
        self._write = cast("Any", self.pipes.write)
        self._key_thread.daemon = True
        self._parser = SteadyParser(lambda: self._tells_sizes)
        self._typed = InputText()
        # a character may be cut in two by packets
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def start_application_mode(self) -> None:
        """Begin to draw and to listen, as Textual does, but without taking signals.

        Those end the process where the app hangs, too.
        """
        self.pipes.write(READY)
        self.write(ENTER)
        self._enable_mouse_support()
        self.write(HIDE_CURSOR)
        size = Size(*cast("tuple[int, int]", self._size))
        self.send_message(events.Resize(size, size))
        self._request_terminal_sync_mode_support()
        self._enable_bracketed_paste()
        self._key_thread.start()
        # nobody looks at it, until the browser says so
        self._app.call_later(self._app.post_message, events.AppBlur())

    def run_input_thread(self) -> None:
        """In a thread: take packets until the page ends."""
        stream = ByteStream()
        while True:
            if not self._has_input():
                self._read_packet(NO_INPUT, b"")
                continue
            data = os.read(self.pipes.keys, BYTES_AT_ONCE)
            if not data:
                break
            for kind, payload in stream.feed(data):
                self._read_packet(kind, payload)
        signal.raise_signal(signal.SIGHUP)

    def _has_input(self) -> bool:
        """Wait for input; not for long where a pause would make keys of what has come so far."""
        pause_counts = self._parser._timeout_time is not None or self._typed.is_unfinished
        seconds = SECONDS_FOR_A_KEY if pause_counts else None
        ready, _, _ = select.select([self.pipes.keys], [], [], seconds)
        return bool(ready)

    def _read_packet(self, kind: str, payload: bytes) -> None:
        """Read a packet, or hear of a pause; what makes no sense is passed over."""
        try:
            match kind:
                case "M":
                    self._on_meta(kind, payload)
                case "D":
                    self._process(self._parser.feed(self._typed.feed(self._decode(payload))))
                case "":  # NO_INPUT
                    self._process(self._parser.feed(self._typed.wait_no_more()))
                    self._process(self._parser.wait_no_more())
        except Exception as error:  # noqa: BLE001 - whatever a stranger sends
            logging.getLogger(__name__).info("a packet was passed over: %s", type(error).__name__)
            self._parser = SteadyParser(lambda: self._tells_sizes)
            self._typed = InputText()

    def on_meta(self, packet_type: str, payload: dict[str, object]) -> None:
        if packet_type in ("quit", "exit"):
            signal.raise_signal(signal.SIGHUP)
        elif packet_type == "resize":
            width, height = bounded_size(payload["width"], payload["height"])
            super().on_meta(packet_type, {"width": width, "height": height})
        elif packet_type == "deliver_chunk_request":
            # for the app's own thread, as all that is written: this one hears the end
            size = min(max(1, cast("int", payload["size"])), BYTES_AT_ONCE)
            self._loop.call_soon_threadsafe(super().on_meta, packet_type, {**payload, "size": size})
        else:
            super().on_meta(packet_type, payload)

    def deliver_binary(
        self, binary: Any, *, delivery_key: str, save_path: Path, **options: Any
    ) -> None:
        """Offer the browser a file, by its name alone."""
        super().deliver_binary(
            binary, delivery_key=delivery_key, save_path=Path("/", save_path.name), **options
        )

    # In place of those that wait for the app's thread, which is this one.

    def _delivery_complete(
        self, delivery_key: str, save_path: Path | None, name: str | None
    ) -> None:
        self._app.post_message(events.DeliveryComplete(key=delivery_key, path=save_path, name=name))

    def _delivery_failed(
        self, delivery_key: str, exception: BaseException, name: str | None
    ) -> None:
        self._app.post_message(
            events.DeliveryFailed(key=delivery_key, exception=exception, name=name)
        )
