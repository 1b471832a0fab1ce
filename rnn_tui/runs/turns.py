"""Turns of training: so many processes train side by side, the others wait, first come first served.

Each has a ticket, a file with the next number and its process's, under a lock that the system takes back when the process dies.
Whoever has few enough locked tickets before its own may train. Without a folder for them (`served`) nobody waits.
"""

import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from rnn_tui.engine.events import Control
from rnn_tui.engine.served import trainings, turns_folder
from rnn_tui.runs.locks import is_locked, try_lock

_TICKET = re.compile(r"(\d{12})-(\d{1,10})")
SECONDS_BETWEEN_LOOKS = 0.3


class Turn:
    """The right of this process to train, once it is taken and until it is given back."""

    def __init__(self) -> None:
        self._folder = turns_folder()
        self._number, self._path = 0, Path()
        self._ticket: IO[bytes] | None = None

    def take(self, control: Control, tell: Callable[[int], object]) -> bool:
        """Wait for it, telling how many have to end before as that changes; False if `control` stops before it comes."""
        told = 0
        try:
            if self._folder is not None and self._ticket is None:
                self._draw(self._folder)
            while before := self._before():
                if before != told:
                    tell(told := before)
                if control.stopped_within(SECONDS_BETWEEN_LOOKS):
                    self.give_back()
                    return False
        except OSError as error:  # a folder that is gone, or without locks, keeps nobody from training
            logging.getLogger(__name__).warning("no turn can be waited for: %s", error)
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
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "drawing").open("ab") as drawing:
            _lock(drawing)  # so that numbers and locks come in one order
            for number, _, path in _tickets(folder):
                self._number = max(self._number, number)
                if not is_locked(path):
                    path.unlink(missing_ok=True)
            self._number += 1
            self._path = folder / f"{self._number:012}-{os.getpid()}"
            self._ticket = self._path.open("xb")
            _lock(self._ticket)

    def _before(self) -> int:
        """How many have to end before this one may train."""
        if self._folder is None:
            return 0
        held = sum(number < self._number and is_locked(path) is True for number, _, path in _tickets(self._folder))
        return max(0, held - trainings() + 1)


def in_turn(folder: Path) -> frozenset[int]:
    """The processes that train or wait for it, of those that queue in a folder."""
    return frozenset(process for _, process, path in _tickets(folder) if is_locked(path))


def _tickets(folder: Path) -> Iterator[tuple[int, int, Path]]:
    """Number, process and file of each ticket."""
    for found in filter(None, map(_TICKET.fullmatch, os.listdir(folder) if folder.is_dir() else ())):
        yield int(found[1]), int(found[2]), folder / found[0]


def _lock(file: IO[bytes]) -> None:
    while try_lock(file) is False:  # who looks holds it for an instant
        time.sleep(0.01)
