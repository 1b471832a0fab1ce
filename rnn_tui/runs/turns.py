"""Turns of training: so many processes train side by side, the others wait, first come first served.

Each has a ticket, a file with the next number and its process's, under a lock that the system takes
back when the process dies. Whoever has few enough locked tickets before its own may train. Without
a folder for them (`served`) nobody waits.
"""

import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from rnn_tui.engine.events import Control
from rnn_tui.engine.served import trainings, turns_folder

if sys.platform != "win32":
    import fcntl

_TICKET = re.compile(r"(\d{12})-(\d{1,10})")
# Held while a ticket is drawn, so that numbers and locks come in one order.
_DRAWING = "drawing"
SECONDS_BETWEEN_LOOKS = 0.3
logger = logging.getLogger(__name__)


class Turn:
    """The right of this process to train, once it is taken and until it is given back."""

    def __init__(self) -> None:
        self._folder = turns_folder()
        self._number, self._path = 0, Path()
        self._ticket: IO[bytes] | None = None

    def take(self, control: Control, tell: Callable[[int], object]) -> bool:
        """Wait for it; False if `control` stops before it comes.

        Args:
            control: may stop the wait.
            tell: called with how many have to end before, whenever that changes; with 0 at last.
        """
        if self._folder is None or self._ticket is not None or sys.platform == "win32":
            return True
        told = 0
        try:
            self._draw(self._folder)
            while before := self._before(self._folder):
                if before != told:
                    tell(told := before)
                if control.stopped_within(SECONDS_BETWEEN_LOOKS):
                    self.give_back()
                    return False
        except OSError as error:  # a folder that is gone, or without locks, keeps nobody from training
            logger.warning("no turns can be waited for: %s", error)
        if told:
            tell(0)
        return True

    def give_back(self) -> None:
        """Let the next one train."""
        ticket, self._ticket = self._ticket, None
        if ticket is not None:
            with suppress(OSError):
                self._path.unlink()
            ticket.close()

    def _draw(self, folder: Path) -> None:
        """Take the next ticket, and sweep up those of processes that died."""
        if sys.platform == "win32":
            return
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / _DRAWING).open("ab") as drawing:
            fcntl.flock(drawing, fcntl.LOCK_EX)
            for number, _, path in _tickets(folder):
                self._number = max(self._number, number)
                if not _is_held(path):
                    path.unlink(missing_ok=True)
            self._number += 1
            self._path = folder / f"{self._number:012}-{os.getpid()}"
            self._ticket = self._path.open("xb")
            fcntl.flock(self._ticket, fcntl.LOCK_EX)

    def _before(self, folder: Path) -> int:
        """How many have to end before this one may train."""
        held = sum(number < self._number and _is_held(path) for number, _, path in _tickets(folder))
        return max(0, held - trainings() + 1)


def in_turn(folder: Path) -> frozenset[int]:
    """The processes that train or wait for it, of those that queue in a folder."""
    return frozenset(process for _, process, path in _tickets(folder) if _is_held(path))


def _tickets(folder: Path) -> Iterator[tuple[int, int, Path]]:
    """Number, process and file of each ticket."""
    names = os.listdir(folder) if folder.is_dir() else []
    for found in filter(None, map(_TICKET.fullmatch, names)):
        yield int(found[1]), int(found[2]), folder / found[0]


def _is_held(path: Path) -> bool:
    """Whether the process that drew a ticket still has it."""
    if sys.platform == "win32":
        return False
    try:
        with path.open("rb") as file:
            # Shared, so that no two who look take each other for its owner.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
