"""A download of a data set in the app: its progress, and the key that stops it."""

import logging
from pathlib import Path

from textual import getters, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from rnn_tui.engine.errors import UserError, printable
from rnn_tui.engine.pace import time_left
from rnn_tui.engine.progress import Progress
from rnn_tui.tasks.image_sets import ImageSet
from rnn_tui.ui.frame.run_lines import ProgressLine
from rnn_tui.ui.terminal.textual_workarounds import Dialog
from rnn_tui.ui.work.threads import in_thread

SECONDS_BETWEEN_LOOKS = 0.1
FAILED = "The download failed; the log file has the details."
logger = logging.getLogger(__name__)


class DownloadScreen(Dialog[bool]):
    """Fetches a data set, and answers whether it is there now."""

    BINDINGS = [Binding("escape", "leave", "Stop, or leave", priority=True)]
    _line = getters.query_one(ProgressLine)
    _note = getters.query_one("#download-note", Static)

    def __init__(self, image_set: ImageSet, root: Path) -> None:
        """Fetch a data set into a torchvision root."""
        super().__init__()
        self._image_set = image_set
        self._root = root
        self._progress = Progress()
        self._failure = ""  #: why there is nothing, in a sentence.

    def compose(self) -> ComposeResult:
        with Vertical(id="download") as dialog:
            dialog.border_title = Content(f"Download {self._image_set.label}")
            dialog.border_subtitle = "Esc stops"
            yield ProgressLine()
            yield Static(f"into {printable(self._root, 200)}", id="download-note", markup=False)

    def on_mount(self) -> None:
        self._timer = self.set_interval(SECONDS_BETWEEN_LOOKS, self._draw_progress)
        self._draw_progress()
        self._fetch()

    def on_unmount(self) -> None:
        self._progress.stop()

    @work
    async def _fetch(self) -> None:
        from rnn_tui.tasks.mnist.downloads import fetch  # HTTP, on use only

        try:
            is_there = await in_thread(self, fetch, self._image_set, self._root, self._progress)
        except UserError as error:
            self._fail(str(error))
        except Exception:
            logger.exception("downloading %s failed", self._image_set.name)
            self._fail(FAILED)
        else:
            self.dismiss(is_there)

    def _fail(self, sentence: str) -> None:
        """Show why there is nothing."""
        self._failure = sentence
        self._timer.stop()
        self._line.display = False
        self._note.update(sentence)
        self.query_one("#download").border_subtitle = "Esc leaves"

    def _draw_progress(self) -> None:
        progress = self._progress
        if progress.stopping:
            self._line.draw("stopping", progress.share, "")
            return
        if progress.total is None:
            self._line.draw("asking", 0.0, "")
            return
        number = min(int(progress.done) + 1, int(progress.total))
        numbers = [f"file {number} of {progress.total}"]
        left = time_left(progress.seconds_left)
        if left:
            numbers.append(left)
        self._line.draw("receiving", progress.share, " · ".join(numbers))

    def action_leave(self) -> None:
        """Stop the download; once it has failed, leave."""
        if self._failure:
            self.dismiss(False)
        else:
            self._progress.stop()
