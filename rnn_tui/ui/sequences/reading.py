"""Read a file of sequences in a thread, with progress, to be stopped at any time."""

import logging
import threading
from typing import TYPE_CHECKING

from rnn_tui.engine.errors import UserError
from rnn_tui.engine.outside import exists, is_folder
from rnn_tui.engine.progress import Progress
from rnn_tui.tasks.data_sets.options import ReadingOptions
from rnn_tui.ui.common.widgets.path_input import parse_path

if TYPE_CHECKING:
    from rnn_tui.tasks.data_sets.understanding import Understanding

logger = logging.getLogger(__name__)
FAILURE = "The file could not be read; the log file has the details."
NO_PATH = "Type the path of a file of sequences."


class FileReading:
    """Reads a file in a daemon thread.

    It is none of asyncio's threads: a folder on a network that is gone must not keep the app from
    ending.
    """

    def __init__(self, path: str, options: ReadingOptions) -> None:
        """Prepare to read the file of a path, as it was typed."""
        self.path = path
        self.options = options
        self.understanding: Understanding | None = None  #: what came of it; None before.
        self.failure = ""  #: why nothing came of it, in a sentence.
        self.is_file = False  #: whether there is a file, which may be read otherwise.
        self.progress = Progress()
        self.done = False  #: whether nothing more will come.

    def start(self) -> None:
        threading.Thread(target=self._run, name="reading sequences", daemon=True).start()

    def stop(self) -> None:
        self.progress.stop()

    def _run(self) -> None:
        """Read, in the thread, and note what goes wrong."""
        try:
            self._read()
        except UserError as error:
            self.failure = str(error)
        except Exception:
            logger.exception("reading sequences failed")
            self.failure = FAILURE
        finally:
            self.done = True

    def _read(self) -> None:
        from rnn_tui.tasks.data_sets.understanding import understand  # noqa: PLC0415 - on use only

        path = parse_path(self.path)
        if path is None:
            self.failure = NO_PATH
            return
        self.is_file = exists(path) and not is_folder(path)
        self.understanding = understand(path, self.options, self.progress)
