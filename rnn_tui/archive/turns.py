"""Whose turn it is to train, among the processes of a server, one for each page in a browser.

A few of them train side by side, first come first served. The place of a process that dies is free
at once.
"""

import logging
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from rnn_tui.archive.locks import RunLock, is_locked, try_lock
from rnn_tui.engine import waits
from rnn_tui.engine.events import Control
from rnn_tui.engine.page import trainings, turns_folder

SECONDS_BETWEEN_LOOKS = 0.3
SECONDS_OF_PATIENCE = 60.0  # with a lock that is held for an instant
_TICKET_NAME = re.compile(r"(\d{12})-(\d{1,10})")  # number and process
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ticket:
    """A place in the queue: a file that its process holds the lock of."""

    number: int  #: later ones have larger numbers.
    process: int  #: the process that waits or trains.
    path: Path  #: the file.

    @property
    def is_held(self) -> bool:
        """Whether its process still waits or trains; False if there are no locks."""
        return is_locked(self.path) is True


class Turn:
    """The right of this process to train, from `take` to `give_back` or the end of the context.

    Every process that trains or waits has a ticket with the next number. A process trains once few
    enough have smaller numbers. Without a folder to queue in, every process trains at once.
    """

    def __init__(self) -> None:
        self._folder = turns_folder()  #: where the tickets lie; None if there is no queue.
        self._number = 0  #: the number of the own ticket.
        self._lock: RunLock | None = None  #: the lock of the own ticket, while it is held.

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.give_back()

    def take(self, control: Control, report: Callable[[int], object]) -> bool:
        """Wait for the turn.

        Args:
            control: may stop the wait.
            report: gets, whenever it changes, how many have to end first; 0 once this one may
                train, if it had to wait.

        Returns:
            Whether it may train; False if `control` stops before.
        """
        reported = 0
        try:
            if self._folder is not None and self._lock is None:
                self._draw_ticket(self._folder)
            while ahead := self._count_ahead():
                if ahead != reported:
                    report(ahead)
                    reported = ahead
                if control.stopped_within(SECONDS_BETWEEN_LOOKS):
                    self.give_back()
                    return False
        except OSError as error:
            # a folder that is gone, or without locks, keeps nobody from training
            logger.warning("no turn can be waited for: %s", error)
        if reported:
            report(0)
        return True

    def give_back(self) -> None:
        """Let the next process train."""
        if self._lock is not None:
            self._lock.release()
        self._lock = None

    def _draw_ticket(self, folder: Path) -> None:
        """Take the next ticket, and remove those of processes that died."""
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "drawing").open("ab") as drawing:
            _lock(drawing)  # so that numbers and locks come in one order
            for ticket in _tickets(folder):
                self._number = max(self._number, ticket.number)
                if not ticket.is_held:
                    ticket.path.unlink(missing_ok=True)
            self._number += 1
            path = folder / f"{self._number:012}-{os.getpid()}"
            file = path.open("xb")
            _lock(file)
            self._lock = RunLock(file, path)

    def _count_ahead(self) -> int:
        """Return the number of processes that must end before this one may train."""
        if self._folder is None:
            return 0
        earlier = [
            ticket
            for ticket in _tickets(self._folder)
            if ticket.number < self._number and ticket.is_held
        ]
        return max(0, len(earlier) - trainings() + 1)


def processes_in_turn(folder: Path) -> frozenset[int]:
    """Return the processes that train or wait to train, of those that queue in a folder."""
    return frozenset(ticket.process for ticket in _tickets(folder) if ticket.is_held)


def _tickets(folder: Path) -> list[Ticket]:
    """Return all tickets in a folder in any order, also those of processes that died."""
    if not folder.is_dir():
        return []
    tickets = []
    for name in os.listdir(folder):
        match = _TICKET_NAME.fullmatch(name)
        if match is not None:
            number, process = match.groups()
            tickets.append(Ticket(int(number), int(process), folder / name))
    return tickets


def _lock(file: IO[bytes]) -> None:
    """Wait for the lock of a file, if there are locks.

    Raises:
        OSError: if another process keeps it, though each holds it for an instant only.
    """
    if not waits.poll(
        lambda: try_lock(file) is not False, f"the lock of {file.name}", SECONDS_OF_PATIENCE
    ):
        raise OSError(f"{file.name} stays locked")
