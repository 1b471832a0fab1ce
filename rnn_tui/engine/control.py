"""How a user interface stops or pauses a training thread.

A thread can't be stopped from outside, only asked: the loop looks here after every step.
"""

import threading
import time


class Control:
    """Stop and pause requests from any thread to one training loop.

    Attributes:
        interrupted: whether the stop was not the user's wish.
    """

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._go = threading.Event()
        self._go.set()
        self.interrupted = False

    def stop(self, *, interrupted: bool = False) -> None:
        """Ask the run to end after the step in hand; also ends a pause.

        Args:
            interrupted: not because the user wants the run to end, but because the system does.
        """
        self.interrupted = self.interrupted or interrupted
        self._stop.set()
        self._go.set()

    def pause(self) -> None:
        """Ask the run to wait after the step in hand."""
        if not self.stopping:
            self._go.clear()

    def resume(self) -> None:
        """Let a paused run go on."""
        self._go.set()

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for."""
        return self._stop.is_set()

    @property
    def paused(self) -> bool:
        """Whether a pause was asked for and not ended."""
        return not self._go.is_set()

    def wait_while_paused(self) -> float:
        """Block until resumed or stopped; returns the seconds waited."""
        began = time.monotonic()
        self._go.wait()
        return time.monotonic() - began
