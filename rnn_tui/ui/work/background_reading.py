"""Read what a user names in a thread, with progress, to be stopped at any time."""

import logging
import threading
from abc import ABC, abstractmethod
from typing import ClassVar

from rnn_tui.engine.errors import UserError
from rnn_tui.engine.progress import Progress

logger = logging.getLogger(__name__)


class BackgroundReading(ABC):
    """Reads in a daemon thread.

    It is none of asyncio's threads: a folder on a network that is gone must not keep the app from
    ending.
    """

    subject: ClassVar[str]  #: what is read, such as `photos`.

    def __init__(self) -> None:
        self.failure = ""  #: why nothing is read, in a sentence.
        self.progress = Progress()
        self.done = False  #: whether nothing more will come.

    def start(self) -> None:
        """Start to read."""
        threading.Thread(target=self._run, name=f"reading {self.subject}", daemon=True).start()

    def stop(self) -> None:
        """Read no more; what is under way is not waited for."""
        self.progress.stop()

    def _run(self) -> None:
        """Read, in the thread, and note what goes wrong."""
        try:
            self._read()
        except UserError as error:
            self.failure = str(error)
        except Exception:
            logger.exception("reading %s failed", self.subject)
            self.failure = f"The {self.subject} could not be read; the log file has the details."
        finally:
            self.done = True

    @abstractmethod
    def _read(self) -> None:
        """Read, in the thread; a `UserError` says why nothing is read."""
