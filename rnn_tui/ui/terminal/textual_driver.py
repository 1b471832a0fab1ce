"""Works around faults of Textual 8 with terminals. For other faults see `textual_workarounds`.

- The thread that writes ends when a write fails. Then every later write blocks for ever.
- The thread that reads ends the app, with exit code 0, at a byte that is not UTF-8, and at a key
  sequence that its parser can't read, such as `ESC [ : A`.
- It accepts a surrogate as a key (`ESC [ 55296 u`), which can't be encoded later.
- It reads a terminal's replies as keys, and a paste after Escape too.
- It accepts any terminal size that comes in the input, and queues typed keys without a limit.
- After SIGSTOP, which no handler sees, it saves the attributes that it has set itself, and restores
  these at the end instead of the original ones.
- It reads Alt and a digit as what Option types on a Mac: `¡` for Alt+1.
- It believes COLUMNS and LINES, which a Python prompt sets for its child processes. The app then
  keeps that size in any window.

Can be removed once `WriterThread`, `LinuxDriver` and `XTermParser` are mended.
"""

import asyncio
import codecs
import logging
import os
import select
import signal
import sys
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

from rnn_tui.engine import waits
from rnn_tui.ui.terminal.terminal_input import (
    MOST_PASTED,
    InputText,
    Replies,
    bounded_size,
    questions,
)

MOST_WAITING = 1_000  # keys and mouse moves that may wait for the app; then no more are read
SECONDS_FOR_ROOM = 0.01  # how often the reading thread looks whether the app has caught up
# After so long without input, Escape alone or an unfinished sequence counts as keys.
SECONDS_FOR_A_KEY = max(0.1, ESCAPE_DELAY)
BYTES_AT_ONCE = 4096
ALT_DIGITS = frozenset(f"\x1b{digit}" for digit in "0123456789")
logger = logging.getLogger(__name__)
TOO_LONG = f"More than {MOST_PASTED:,} characters can't be pasted at once."


def hold_still() -> None:
    """Block this thread until the process ends."""
    with waits.Waiting("the end of the process", by_design=True):
        while True:
            time.sleep(1)


class SteadyParser(XTermParser):
    """A parser that skips a sequence it can't read, and goes on with the next character.

    Args:
        tells_sizes: whether the terminal has said that it reports its size in the input. Such a
            terminal reports the mouse in pixels. Textual assumes this of every terminal as soon as
            a size comes in the input.
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
        """Parse a text and yield its messages.

        The characters are parsed one at a time: if Textual raises, only one character is lost.
        """
        for character in data:
            yield from self._readable(super().feed(character))

    def end_sequence(self) -> Iterator[Message]:
        """Yield an unfinished sequence as keys; called once no input has come for a while."""
        if self._timeout_time is not None:
            self._timeout_time = 0.0
        yield from self._readable(super().tick())

    def _readable(self, parsed: Iterable[Message]) -> Iterator[Message]:
        """Yield the parsed messages; if parsing raises, restart the parser instead."""
        try:
            yield from parsed
        except Exception as error:  # noqa: BLE001 - whatever a terminal sends
            logger.info("a key was skipped: %s", error)
            # The parser is a generator, and ends when it raises. A new one loses nothing: what the
            # parser knows of the terminal is in attributes.
            self._gen = self.parse(self._tokens.append)
            self._awaiting = next(self._gen)
            self._timeout_time = None


class KeysDriver(Driver):
    """A driver that passes on only valid input, and stops reading while too much of it waits."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        #: messages sent to the app's event loop; it may not have received them yet.
        self._sent = deque[Future[Any]]()

    def _process(self, messages: Iterable[Message]) -> None:
        """Pass on the messages that a parser yields."""
        for message in messages:
            self.process_message(message)

    def process_message(self, message: Message) -> None:
        match message:
            case Paste() if len(message.text) > MOST_PASTED:
                self._app.call_later(self._app.notify, TOO_LONG, severity="warning")
            case Resize():
                if self._tells_sizes:  # else something other than the terminal has written it
                    size = Size(*bounded_size(*message.size))
                    super().process_message(Resize(size, size, pixel_size=message.pixel_size))
            case Key():
                self._process_key(message)
            case _:
                super().process_message(message)

    def _process_key(self, key: Key) -> None:
        """Pass on a key, unless its character is a surrogate, which can't be encoded."""
        if key.key.startswith("alt+"):
            key.character = None  # else an input field would insert the letter
        is_surrogate = key.character is not None and "\ud800" <= key.character <= "\udfff"
        if not is_surrogate:
            super().process_message(key)

    @property
    def _tells_sizes(self) -> bool:
        """Whether the terminal has said that it reports its size in the input."""
        return False

    def send_message(self, message: Message) -> None:
        """Send a message to the app; blocks this thread, which reads, while too many wait.

        Meanwhile further input waits in the terminal.
        """
        waits.poll(
            lambda: self._waiting() < MOST_WAITING or self._stops(),
            "the app to handle what was typed",
            every=SECONDS_FOR_ROOM,
        )
        sending = self._app._post_message(message)
        self._sent.append(asyncio.run_coroutine_threadsafe(sending, loop=self._loop))

    def _waiting(self) -> int:
        """Return how many messages the app has not begun to handle."""
        while self._sent and self._sent[0].done():
            self._sent.popleft()
        in_key_queue = int(getattr(self._app, "keys_waiting", 0))
        return len(self._sent) + self._app._message_queue.qsize() + in_key_queue

    def _stops(self) -> bool:
        """Return whether the reading thread has been asked to end."""
        return False


if sys.platform != "win32":
    import termios

    from textual.drivers.linux_driver import LinuxDriver

    ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"
    # Ends an unfinished sequence. Then it resets synchronised frames, the mouse, bracketed paste,
    # size reports, line wrap, Kitty's keys, the alternate screen, the cursor and focus reports.
    GIVE_BACK = (
        "\x1b\\\x1b[?2026l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l\x1b[?2004l"
        f"\x1b[?2048l\x1b[?7h\x1b[<u{LEAVE}\x1b[?25h\x1b[?1004l"
    )
    SECONDS_TO_TAKE = 0.2  # how long to wait for a thread that is just taking the terminal

    class Terminal:
        """The terminal of the process, with the attributes that it had before the app.

        `write` never fails: once the terminal is gone or given back, it does nothing.
        """

        def __init__(self) -> None:
            # Textual draws on standard error, which may be redirected.
            keys, screen = sys.__stdin__, sys.__stdout__
            assert keys is not None
            assert screen is not None
            self.keys = keys.fileno()  #: the file descriptor that keys are read from.
            self._screen = screen
            #: the terminal's attributes before the app.
            self._attributes = termios.tcgetattr(self.keys)
            self._writing = waits.Lock("the terminal's output")  #: held during a write.
            self._entered = False  #: whether the alternate screen is shown.
            self.changing = waits.Lock("the terminal")  #: held while the app takes the terminal.
            self.given_back = False  #: whether the app must not take or write to it any more.
            self.replies = Replies()  #: what the terminal has answered to `questions()`.

        def fileno(self) -> int:
            return self._screen.fileno()

        def write(self, text: str) -> None:
            """Write a text; does nothing once the terminal is gone or given back."""
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
                        signal.raise_signal(signal.SIGHUP)  # as the system does

        def give_back(self, sentence: str = "") -> None:
            """Restore the terminal, and print a sentence; blocks while nobody reads it.

            `changing` is never released, so that no thread takes the terminal again.
            """
            self.given_back = True
            # A thread that is just taking the terminal finishes that first.
            self.changing.acquire(timeout=SECONDS_TO_TAKE)
            with suppress(OSError, termios.error):  # the terminal is gone
                if self._is_ours():
                    termios.tcsetattr(self.keys, termios.TCSANOW, self._attributes)
                self.say((GIVE_BACK if self._entered else "") + sentence)
                # Typed keys that were not read were meant for the app, not for the shell.
                termios.tcflush(self.keys, termios.TCIFLUSH)

        def say(self, text: str) -> None:
            """Print a text that stays after the app has ended; blocks while nobody reads it.

            Raises:
                OSError: if the terminal is gone.
            """
            with self._writing:
                self._screen.write(text)
                self._screen.flush()

        def _is_ours(self) -> bool:
            """Return whether the app is in the foreground, and not a stopped job."""
            try:
                return os.tcgetpgrp(self.keys) == os.getpgrp()
            except OSError:  # no job control
                return True

    class SteadyDriver(KeysDriver, LinuxDriver):
        """A driver that can be stopped, continued and ended at any time."""

        terminal: ClassVar[Terminal]  #: the terminal that it draws on, one for the process.

        def __init__(self, app: App[Any], **options: Any) -> None:
            super().__init__(app, **options)
            self._file = cast("Any", self.terminal)  # it has the methods that Textual calls
            # Else the app would ask Textual for the size, which may be too large to draw.
            self._size = self._get_terminal_size()
            self._has_asked = False  #: whether `questions()` have been written.

        def start_application_mode(self) -> None:
            """Take the terminal; once it is given back, block until the process ends."""
            with self.terminal.changing:
                if not self.terminal.given_back:
                    super().start_application_mode()  # type: ignore[no-untyped-call]
                    self._ask()
                    return
            hold_still()

        def _ask(self) -> None:
            """Ask the terminal, once, what it can do; the answers come later with the input."""
            if not self._has_asked:
                self._has_asked = True
                self.write(questions())
                self.flush()

        # Textual does these two in the signal handler itself. That may have interrupted a put to
        # the queue that it then writes to: a deadlock.

        def _sigtstp_application(self, *_: object) -> None:
            self._loop.call_soon_threadsafe(super()._sigtstp_application)

        def _sigcont_application(self, *_: object) -> None:
            self._loop.call_soon_threadsafe(self._take_again)

        def _take_again(self) -> None:
            """Take the terminal again after a stop, also after a SIGSTOP, which gave no notice."""
            if self._auto_restart and not self._must_signal_resume:
                self.suspend_application_mode()
                self._must_signal_resume = True
            super()._sigcont_application()
            # Textual draws only what has changed, but the screen may show anything now.
            self._app.call_later(self._app.refresh, layout=True)

        def _get_terminal_size(self) -> tuple[int, int]:
            """Return columns and rows: as the system knows them, else from the environment."""
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
            except Exception as error:  # noqa: BLE001 - this is a thread; the app reports it
                self._app.call_later(self._app._handle_exception, error)

        def run_input_thread(self) -> None:
            """Read keys until the driver is asked to end.

            Raises:
                OSError: if the terminal is gone.
            """
            parser = SteadyParser(lambda: self._tells_sizes)
            typed = InputText(self.terminal.replies)
            decode = codecs.getincrementaldecoder("utf-8")("replace").decode
            while not self.exit_event.is_set():
                with waits.Waiting("a key", by_design=True):
                    ready = select.select([self.fileno], [], [], SECONDS_FOR_A_KEY)[0]
                if not ready:
                    self._process(parser.feed(typed.end_sequence()))
                    self._process(parser.end_sequence())
                    continue
                data = os.read(self.fileno, BYTES_AT_ONCE)
                if not data:
                    raise OSError("the terminal is gone")
                self._process(parser.feed(typed.feed(decode(data))))
