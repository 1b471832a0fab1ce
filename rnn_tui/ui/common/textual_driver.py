"""Workarounds for what Textual 8 gets wrong with the terminal. The others: `textual_workarounds`.

- Its thread that writes ends where a write fails. Whoever has more to write waits for it for ever.
- Its thread that reads ends the app, with exit code 0, at a byte that is no UTF-8, and at sequences
  for keys that there can't be, such as `ESC [ : A`, where its parser ends.
- A key that is half a character (`ESC [ 55296 u`) can't be written.
- It makes keys of what a terminal replies, and of what is pasted behind an Escape.
- It takes any size that stands among keys, and keeps all that is typed, however much.
- After a stop without a word (SIGSTOP) it takes the terminal's attributes, as it has set them, for
  those from before the app.
- It takes Alt with a digit for what Option types on a Mac: `¡` for Alt+1.
- It believes COLUMNS and LINES, which a Python prompt leaves to what it starts: the app keeps that
  size in any window.

Waits for `WriterThread`, `LinuxDriver` and `XTermParser` to do better.
"""

import asyncio
import codecs
import logging
import os
import select
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, ClassVar, cast

from textual._xterm_parser import XTermParser
from textual.app import App
from textual.constants import ESCAPE_DELAY
from textual.driver import Driver
from textual.events import Key, Paste, Resize
from textual.geometry import Size
from textual.message import Message

from rnn_tui.ui.common.terminal_input import (
    MOST_PASTED,
    InputText,
    Replies,
    bounded_size,
    questions,
)

MOST_WAITING = 1_000  # keys and moves of the mouse
SECONDS_FOR_ROOM = 0.01
SECONDS_FOR_A_KEY = max(0.1, ESCAPE_DELAY)  # until Escape alone, or part of a sequence, is a key
BYTES_AT_ONCE = 4096
ALT_DIGITS = frozenset(f"\x1b{digit}" for digit in "0123456789")
logger = logging.getLogger(__name__)
TOO_LONG = f"More than {MOST_PASTED:,} characters can't be pasted at once."


def hold_still() -> None:
    """Do nothing any more, until the process has ended."""
    while True:
        time.sleep(1)


class SteadyParser(XTermParser):
    """A parser that passes over a sequence that it can't read, and goes on right behind it.

    Args:
        tells_sizes: whether the terminal has said that its sizes come among keys. It tells of the
            mouse in pixels then; Textual believes that of whoever sends a size.
    """

    def __init__(self, tells_sizes: Callable[[], bool]) -> None:
        super().__init__()
        self._tells_sizes = tells_sizes

    def parse_mouse_code(self, code: str) -> Message | None:
        cells, pixels = self.terminal_size, self.terminal_pixel_size
        both_sizes = cells is not None and pixels is not None and all((*cells, *pixels))
        if not (both_sizes and self._tells_sizes()):
            self.mouse_pixels = False
        return super().parse_mouse_code(code)

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[Key]:
        """Read Escape and a digit as Alt with the digit, not as what Option types on a Mac."""
        if sequence in ALT_DIGITS:
            return super()._sequence_to_key_events(sequence[1], alt=True)
        return super()._sequence_to_key_events(sequence, alt)

    def feed(self, data: str) -> Iterator[Message]:
        """The messages of a text, read by characters: any may be the one where Textual raises."""
        for character in data:
            yield from self._readable(super().feed(character))

    def wait_no_more(self) -> Iterator[Message]:
        """The keys of an unfinished sequence, once nothing has come for a while."""
        if self._timeout_time is not None:
            self._timeout_time = 0.0
        yield from self._readable(super().tick())

    def _readable(self, parsed: Iterable[Message]) -> Iterator[Message]:
        """What is parsed; behind a sequence that can't be read the parser begins anew."""
        try:
            yield from parsed
        except Exception as error:  # noqa: BLE001 - whatever a terminal sends
            logger.info("a key was passed over: %s", error)
            # a generator that has raised has ended; what it knows of the terminal is kept elsewhere
            self._gen = self.parse(self._tokens.append)
            self._awaiting = next(self._gen)
            self._timeout_time = None


class KeysDriver(Driver):
    """A driver that passes on what makes sense, and no more at once than can wait."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        #: messages on their way to the app's loop, which may not have taken them yet.
        self._sent = deque[Future[Any]]()

    def _process(self, messages: Iterable[Message]) -> None:
        """Pass on all that a parser has made of something."""
        for message in messages:
            self.process_message(message)

    def process_message(self, message: Message) -> None:
        match message:
            case Paste() if len(message.text) > MOST_PASTED:
                self._app.call_later(self._app.notify, TOO_LONG, severity="warning")
            case Resize():
                if self._tells_sizes:  # else it is no word of the terminal's
                    size = Size(*bounded_size(*message.size))
                    super().process_message(Resize(size, size, pixel_size=message.pixel_size))
            case Key():
                self._process_key(message)
            case _:
                super().process_message(message)

    def _process_key(self, key: Key) -> None:
        """Pass on a key that can be; half a character can't be written."""
        if key.key.startswith("alt+"):
            key.character = None  # or a field would take the letter for typed
        is_half = key.character is not None and "\ud800" <= key.character <= "\udfff"
        if not is_half:
            super().process_message(key)

    @property
    def _tells_sizes(self) -> bool:
        """Whether the terminal has said that its sizes come among keys."""
        return False

    def send_message(self, message: Message) -> None:
        """Send it once few others wait; what comes after it waits in the terminal meanwhile."""
        while self._waiting() >= MOST_WAITING and not self._stops():
            time.sleep(SECONDS_FOR_ROOM)
        sending = self._app._post_message(message)
        self._sent.append(asyncio.run_coroutine_threadsafe(sending, loop=self._loop))

    def _waiting(self) -> int:
        """How much of what was typed the app has not begun to handle."""
        while self._sent and self._sent[0].done():
            self._sent.popleft()
        in_key_queue = int(getattr(self._app, "keys_waiting", 0))
        return len(self._sent) + self._app._message_queue.qsize() + in_key_queue

    def _stops(self) -> bool:
        """Whether the thread that reads is to end."""
        return False


if sys.platform != "win32":
    import termios

    from textual.drivers.linux_driver import LinuxDriver

    ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"
    # ends what is cut short; then frames, mouse, pastes, sizes, wrap, keys, screen, cursor, focus
    GIVE_BACK = (
        "\x1b\\\x1b[?2026l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l\x1b[?2004l"
        f"\x1b[?2048l\x1b[?7h\x1b[<u{LEAVE}\x1b[?25h\x1b[?1004l"
    )
    SECONDS_TO_TAKE = 0.2

    class Terminal:
        """The terminal as the app found it.

        A write to it never fails. It is dropped once the terminal is gone, or given back.
        """

        def __init__(self) -> None:
            # standard error, which Textual draws on, may lead elsewhere
            keys, screen = sys.__stdin__, sys.__stdout__
            assert keys is not None
            assert screen is not None
            self.keys = keys.fileno()  #: the number of the file that keys come from.
            self._screen = screen
            self._attributes = termios.tcgetattr(self.keys)
            self._writing = threading.Lock()
            self._entered = False  #: whether the app's own screen is in front.
            self.changing = threading.Lock()  #: held while the terminal is taken.
            self.given_back = False  #: whether it is not to be taken, or written to, any more.
            self.replies = Replies()

        def fileno(self) -> int:
            return self._screen.fileno()

        def write(self, text: str) -> None:
            """Write, if there is still somebody to read it."""
            self._unless_gone(lambda: self._put(text))

        def _put(self, text: str) -> None:
            self._screen.write(text)
            if text == ENTER:
                self._entered = True
            elif text == LEAVE:
                self._entered = False

        def flush(self) -> None:
            self._unless_gone(self._screen.flush)

        def _unless_gone(self, do: Callable[[], object]) -> None:
            with self._writing:
                if not self.given_back:
                    try:
                        do()
                    except OSError:
                        self.given_back = True
                        signal.raise_signal(signal.SIGHUP)  # as if the system had told

        def give_back(self, sentence: str = "") -> None:
            """Leave the terminal as it was, with a sentence on it; blocks where nobody reads it."""
            self.given_back = True
            # who is about to take it ends that, or does not begin
            self.changing.acquire(timeout=SECONDS_TO_TAKE)
            with suppress(OSError, termios.error):  # it is gone
                if self._is_ours():
                    termios.tcsetattr(self.keys, termios.TCSANOW, self._attributes)
                self.say((GIVE_BACK if self._entered else "") + sentence)
                termios.tcflush(self.keys, termios.TCIFLUSH)  # what was typed was for the app

        def say(self, text: str) -> None:
            """Write what is to be read after the app; blocks where nobody reads.

            Raises:
                OSError: if the terminal is gone.
            """
            with self._writing:
                self._screen.write(text)
                self._screen.flush()

        def _is_ours(self) -> bool:
            """Whether the shell has not taken it back, as it does from a job that is stopped."""
            try:
                return os.tcgetpgrp(self.keys) == os.getpgrp()
            except OSError:  # no job control
                return True

    class SteadyDriver(KeysDriver, LinuxDriver):
        """A driver that can be stopped, continued and ended at any moment."""

        terminal: ClassVar[Terminal]  #: what it draws on; a process has one.

        def __init__(self, app: App[Any], **options: Any) -> None:
            super().__init__(app, **options)
            self._file = cast("Any", self.terminal)  # it has all that is used of a file
            self._size = self._get_terminal_size()  # or the app would ask who knows no bounds
            self._has_asked = False

        def start_application_mode(self) -> None:
            """Take the terminal, unless the app ends."""
            with self.terminal.changing:
                if not self.terminal.given_back:
                    super().start_application_mode()  # type: ignore[no-untyped-call]
                    self._ask()
                    return
            hold_still()  # there is nothing to go on with

        def _ask(self) -> None:
            """Ask the terminal, once, what the app wants to know later; nobody waits for that."""
            if not self._has_asked:
                self._has_asked = True
                self.write(questions())
                self.flush()

        # In place of a handler, which may write to the queue that it has interrupted, and wait for
        # itself.

        def _sigtstp_application(self, *_: object) -> None:
            self._loop.call_soon_threadsafe(super()._sigtstp_application)

        def _sigcont_application(self, *_: object) -> None:
            self._loop.call_soon_threadsafe(self._take_again)

        def _take_again(self) -> None:
            """Take the terminal as it was before the stop, whatever has happened to it."""
            if self._auto_restart and not self._must_signal_resume:
                self.suspend_application_mode()
                self._must_signal_resume = True
            super()._sigcont_application()
            self._app.call_later(self._app.refresh, layout=True)  # Textual draws what changes only

        def _get_terminal_size(self) -> tuple[int, int]:
            """The size that the system knows, or else what the environment says."""
            columns, lines = os.get_terminal_size(self.terminal.fileno())
            if columns and lines:
                return bounded_size(columns, lines)
            return bounded_size(*super()._get_terminal_size())

        @property
        def _tells_sizes(self) -> bool:
            return self._in_band_window_resize

        def _stops(self) -> bool:
            return self.exit_event.is_set()

        def _run_input_thread(self) -> None:
            try:
                self.run_input_thread()
            except OSError:
                signal.raise_signal(signal.SIGHUP)
            except Exception as error:  # noqa: BLE001 - of a thread: the app tells of it
                self._app.call_later(self._app._handle_exception, error)

        def run_input_thread(self) -> None:
            """Take what is typed, until the terminal is given back.

            Raises:
                OSError: if the terminal is gone.
            """
            parser = SteadyParser(lambda: self._tells_sizes)
            typed = InputText(self.terminal.replies)
            decode = codecs.getincrementaldecoder("utf-8")("replace").decode
            while not self.exit_event.is_set():
                if not select.select([self.fileno], [], [], SECONDS_FOR_A_KEY)[0]:
                    self._process(parser.feed(typed.wait_no_more()))
                    self._process(parser.wait_no_more())
                    continue
                data = os.read(self.fileno, BYTES_AT_ONCE)
                if not data:
                    raise OSError("the terminal is gone")
                self._process(parser.feed(typed.feed(decode(data))))
