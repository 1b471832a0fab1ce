"""Works around faults of Textual 8 with the pipes of a page in the browser.

- Two threads write packets, and if a full pipe accepts only part of a packet the rest is lost.
- A closed pipe ends the app with a traceback. Text that anything prints comes between the packets.
- The thread that reads ends silently at a byte that is not UTF-8, at an impossible key and at an
  invalid packet. When the input ends, the app goes on without a user.
- It handles signals, and may hang at the end.
- It accepts sizes of 0 or a million. It shows the browser the server's path of a download.

Can be removed once `WebDriver` is mended.
"""

import codecs
import logging
import os
import select
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, cast

from textual import events
from textual.app import App
from textual.drivers._byte_stream import ByteStream
from textual.drivers.web_driver import WebDriver
from textual.geometry import Size

from rnn_tui.engine import waits
from rnn_tui.ui.terminal.terminal_input import InputText, bounded_size
from rnn_tui.ui.terminal.textual_driver import SECONDS_FOR_A_KEY, KeysDriver, SteadyParser

assert sys.platform != "win32"  # which has neither such pipes nor such signals
BYTES_AT_ONCE = 1 << 16
READY = b"__GANGLION__\n"  # the server waits for this before the first packet
NO_INPUT = ""  # passed as the kind of a packet when no input has come for a while
ENTER, HIDE_CURSOR = "\x1b[?1049h", "\x1b[?25l"


class Pipes:
    """The pipes between the app and the server, for packets alone.

    Everything else that the process prints goes to standard error.
    """

    def __init__(self) -> None:
        #: the file descriptor that packets are read from; stdin itself is empty from now on.
        self.keys = os.dup(0)
        self._packets = os.dup(1)
        empty, other_end = os.pipe()
        os.dup2(empty, 0)
        os.close(empty)
        os.close(other_end)
        os.dup2(2, 1)
        os.set_blocking(self._packets, True)
        self._writing = waits.Lock("the packets of the page")  #: held during a write.
        self.given_back = False  #: whether `write` does nothing any more.

    def write(self, packet: bytes) -> None:
        """Write a whole packet; does nothing once the server is gone or the page has ended."""
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
        """Print a sentence and tell the server that the app has ended; blocks until it reads."""
        self.given_back = True
        with suppress(OSError):
            self.say(sentence)
            self._put(b'M\0\0\0\x10{"type": "exit"}')

    def say(self, text: str) -> None:
        """Print a text that stays after the app has ended; blocks until the server reads it.

        Raises:
            OSError: if the server is gone.
        """
        data = f"\x1b[?1049l{text}".replace("\n", "\r\n").encode(errors="replace")
        self._put(b"D" + len(data).to_bytes(4, "big") + data)


class PageDriver(KeysDriver, WebDriver):
    """The driver of a page; no input can end it except the end of the page."""

    pipes: ClassVar[Pipes]  #: the pipes that it reads and writes, one pair for the process.

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self._size = bounded_size(*(self._size or (80, 24)))
        self._write = cast("Any", self.pipes.write)
        self._key_thread.daemon = True
        self._parser = SteadyParser(lambda: self._tells_sizes)
        self._typed = InputText()
        # The bytes of one character may come in two packets.
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def start_application_mode(self) -> None:
        """Begin to draw and to read, as Textual does, but leave signals alone.

        So a signal ends the process even if the app hangs.
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
        # The page is not in focus until the browser says so.
        self._app.call_later(self._app.post_message, events.AppBlur())

    def run_input_thread(self) -> None:
        """Read packets until the page ends; runs in a thread."""
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
        """Wait for input, and return whether there is some.

        It waits without a limit, unless a sequence is unfinished: a pause turns that into keys.
        """
        pause_counts = self._parser._timeout_time is not None or self._typed.is_unfinished
        seconds = SECONDS_FOR_A_KEY if pause_counts else None
        with waits.Waiting("a packet of the server", by_design=True):
            ready, _, _ = select.select([self.pipes.keys], [], [], seconds)
        return bool(ready)

    def _read_packet(self, kind: str, payload: bytes) -> None:
        """Handle a packet, or a pause (`NO_INPUT`); an invalid packet is skipped."""
        try:
            match kind:
                case "M":
                    self._on_meta(kind, payload)
                case "D":
                    self._process(self._parser.feed(self._typed.feed(self._decode(payload))))
                case "":  # NO_INPUT
                    self._process(self._parser.feed(self._typed.end_sequence()))
                    self._process(self._parser.end_sequence())
        except Exception as error:  # noqa: BLE001 - whatever a stranger sends
            logging.getLogger(__name__).info("a packet was skipped: %s", type(error).__name__)
            self._parser = SteadyParser(lambda: self._tells_sizes)
            self._typed = InputText()

    def on_meta(self, packet_type: str, payload: dict[str, object]) -> None:
        if packet_type in ("quit", "exit"):
            signal.raise_signal(signal.SIGHUP)
        elif packet_type == "resize":
            width, height = bounded_size(payload["width"], payload["height"])
            super().on_meta(packet_type, {"width": width, "height": height})
        elif packet_type == "deliver_chunk_request":
            # Sent by the app's thread, which does all writing. If this thread waited for a full
            # pipe, it would not notice the end of the page.
            size = min(max(1, cast("int", payload["size"])), BYTES_AT_ONCE)
            self._loop.call_soon_threadsafe(super().on_meta, packet_type, {**payload, "size": size})
        else:
            super().on_meta(packet_type, payload)

    def deliver_binary(
        self, binary: Any, *, delivery_key: str, save_path: Path, **options: Any
    ) -> None:
        """Offer the browser a file, without the folder that it has on the server."""
        super().deliver_binary(
            binary, delivery_key=delivery_key, save_path=Path("/", save_path.name), **options
        )

    # Textual's two wait for the app's thread. Here they run in it, and would wait for ever.

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
