"""Runs the app, and ends it within two seconds at any time.

At the end the runs in training are saved, and the terminal or the pipes of a page are restored.

Textual ends by removing all widgets. That fails while one is still being made, and may block: on
the terminal, on threads, on whatever the app is doing. So here a thread of its own ends the
process, and no step of that waits for long.
"""

import logging
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from rnn_tui.engine import waits
from rnn_tui.engine.process.machine import share_arenas, usable_cores
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.app.garbage import GarbageCollection
from rnn_tui.ui.work.threads import wait_for_threads

SECONDS_TO_KEEP = 1.3  # time for runs in training to be saved
SECONDS_TO_END = 1.9  # then the system ends the process, whatever it is doing
SECONDS_TO_GIVE_BACK = 0.4  # how long to wait for a terminal that nobody reads
SECONDS_TO_READ = 1.5  # from the start, for a terminal that is read slowly
ASKED = 0  # marks a call of `end()` among the numbers of signals

if sys.platform != "win32":
    from rnn_tui.ui.terminal.textual_driver import SteadyDriver, Terminal, hold_still

    if TYPE_CHECKING:
        from rnn_tui.ui.terminal.textual_page import Pipes

    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    class Ending:
        """Ends the process on a signal, when the terminal is gone, or when the app asks for it.

        Create it before Textual takes the terminal.
        """

        def __init__(self, app: RnnTuiApp, *, page: bool) -> None:
            self._app = app
            self._terminal: Terminal | Pipes
            if page:
                from rnn_tui.ui.terminal import textual_page  # for pages only

                self._terminal = textual_page.PageDriver.pipes = textual_page.Pipes()
                app.driver_class = textual_page.PageDriver
            else:
                self._terminal = SteadyDriver.terminal = Terminal()
                app.driver_class = SteadyDriver
            self._code = 0  #: the exit code that the app asks for.
            self._sentence = ""  #: the sentence that the app wants to be printed at the end.
            #: a pipe, of a byte for each reason to end: the number of a signal, or `ASKED`.
            self._ears, self._mouth = os.pipe()
            os.set_blocking(self._mouth, False)
            # Python writes a signal's number there at once; a handler would wait until the main
            # thread is free.
            signal.set_wakeup_fd(self._mouth, warn_on_full_buffer=False)
            for number in SIGNALS:
                signal.signal(number, lambda _number, _frame: None)
            threading.Thread(target=self._listen, name="ending", daemon=True).start()

        def end(self, code: int, sentence: str = "") -> None:
            """Restore the terminal, print a sentence there and end the process; never returns."""
            self._code = code
            self._sentence = sentence
            os.write(self._mouth, bytes([ASKED]))
            hold_still()

        def _listen(self) -> None:
            """Wait for a reason to end the process; runs in a thread."""
            # A background process that changes the terminal is stopped, unless SIGTTOU is blocked.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
            waiting = select.poll()
            waiting.register(self._ears, select.POLLIN)
            waiting.register(self._terminal.keys, 0)  # reports only that the terminal is gone
            while True:
                with waits.Waiting("the end", by_design=True):
                    reasons = waiting.poll()
                for file, events in reasons:
                    if file == self._ears:
                        self._hear(os.read(self._ears, 64))
                    elif events & (select.POLLHUP | select.POLLERR):
                        self._end(128 + signal.SIGHUP)
                    else:  # a system that can't wait for terminals
                        waiting.unregister(file)

        def _hear(self, reasons: bytes) -> None:
            """End the process for the first valid reason; signals that Textual uses are none."""
            for reason in reasons:
                if reason == ASKED:
                    self._end(self._code, self._sentence)
                elif reason in SIGNALS:
                    self._end(128 + reason)

        def _end(self, code: int, sentence: str = "") -> None:
            """Save the runs in training, restore the terminal, and end the process."""
            began = time.monotonic()
            keep_until = began + SECONDS_TO_KEEP
            # If a library blocks Python, the system ends the process after this time.
            signal.setitimer(signal.ITIMER_REAL, SECONDS_TO_END)
            self._app.runs.interrupt()
            if (loop := self._app.loop) is not None:
                with suppress(RuntimeError):  # the loop is closed
                    loop.call_soon_threadsafe(hold_still)
            giving_back = _for_a_while(self._terminal.give_back, sentence)
            self._app.runs.close(keep_until - time.monotonic())
            wait_for_threads(keep_until)
            # a large picture may still be on its way to a terminal that is read slowly
            waits.join(giving_back, began + SECONDS_TO_READ - time.monotonic())
            lost = bool(self._app.runs.unkept)
            if lost:
                _for_a_while(self._tell_losses)
            os._exit(code or int(lost))

        def _tell_losses(self) -> None:
            """Print which runs could not be saved completely."""
            with suppress(OSError):  # the terminal is gone
                for run in self._app.runs.unkept:
                    self._terminal.say(f"rnn-tui: {run.loss_sentence}\n")


def _for_a_while(do: Callable[..., object], *arguments: object) -> threading.Thread:
    """Call a function that may block for ever, and wait for it `SECONDS_TO_GIVE_BACK` at most.

    Returns:
        the thread that calls it.
    """
    thread = threading.Thread(target=do, args=arguments, daemon=True)
    thread.start()
    waits.join(thread, SECONDS_TO_GIVE_BACK)
    return thread


def run(data_dir: str | None = None, *, page: bool = False) -> int:
    """Run the app and end the process; never returns.

    Python's own clean-up is left out: with PyTorch loaded it takes seconds on a busy machine, and
    it waits for threads that can't stop in time, such as one in the step of a huge network.

    Args:
        data_dir: the torchvision root, a folder with the data of the tasks that need some.
        page: whether a page in the browser shows the app, in place of a terminal.
    """
    share_arenas(max(2, usable_cores()))  # before there are threads
    app = RnnTuiApp(data_dir=data_dir)
    app.garbage = GarbageCollection(app)
    if sys.platform != "win32":
        app.end_process = Ending(app, page=page).end
    code = app.run() or app.return_code or 0
    if app.end_process is not None:  # the app failed before `exit` could end the process
        app.end_process(code, "")
    app.runs.close(SECONDS_TO_KEEP)
    lost = app.runs.unkept
    for run in lost:
        print(f"rnn-tui: {run.loss_sentence}", file=sys.stderr)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or int(bool(lost)))
