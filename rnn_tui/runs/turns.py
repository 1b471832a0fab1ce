"""Whose turn it is to train, where several processes train in turn: pages of a server in the
browser.

So many of them train side by side, first come first served. The place of a process that dies is
free at once.
"""

import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Self

from rnn_tui.engine.events import Control
from rnn_tui.engine.page import trainings, turns_folder
from rnn_tui.runs.locks import RunLock, is_locked, try_lock

SECONDS_BETWEEN_LOOKS = 0.3
_TICKET = re.compile(r"(\d{12})-(\d{1,10})")
logger = logging.getLogger(__name__)


class Turn:
    """The right of this process to train, from `take` to `give_back` or the end of the context.

    Each that trains or waits has a ticket, a locked file with the next number. Who has few enough
    before its own may train; without a folder to queue in, everybody.
    """

    def __init__(self) -> None:
        self._folder = turns_folder()
        self._number = 0
        self._ticket: RunLock | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.give_back()

    def take(self, control: Control, tell: Callable[[int], object]) -> bool:
        """Wait for it, telling how many have to end before as that changes; False if `control`
        stops before it comes.
        """
        told = 0
        try:
            if self._folder is not None and self._ticket is None:
                self._draw(self._folder)
            while before := self._before():
                if before != told:
                    told = before
                    tell(before)
                if control.stopped_within(SECONDS_BETWEEN_LOOKS):
                    self.give_back()
                    return False
        except OSError as error:
            # a folder that is gone, or without locks, keeps nobody from training
            logger.warning("no turn can be waited for: %s", error)
        if told:
            tell(0)
        return True

    def give_back(self) -> None:
        """Let the next one train."""
        ticket, self._ticket = self._ticket, None
        if ticket is not None:
            ticket.release()

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
            path = folder / f"{self._number:012}-{os.getpid()}"
            file = path.open("xb")
            _lock(file)
            self._ticket = RunLock(file, path)

    def _before(self) -> int:
        """How many have to end before this one may train."""
        if self._folder is None:
            return 0
        held = sum(
            number < self._number and is_locked(path) is True
            for number, _, path in _tickets(self._folder)
        )
        return max(0, held - trainings() + 1)


def processes_in_turn(folder: Path) -> frozenset[int]:
    """The processes that train or wait for it, of those that queue in a folder."""
    return frozenset(process for _, process, path in _tickets(folder) if is_locked(path))


def _tickets(folder: Path) -> Iterator[tuple[int, int, Path]]:
    """Number, process and file of each ticket."""
    names = os.listdir(folder) if folder.is_dir() else []
    for name in names:
        if (ticket := _TICKET.fullmatch(name)) is not None:
            yield int(ticket[1]), int(ticket[2]), folder / name


def _lock(file: IO[bytes]) -> None:
    while try_lock(file) is False:  # who looks holds it for an instant
        time.sleep(0.01)
