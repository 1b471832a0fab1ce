"""Read a file of sequences in a thread, with progress, to be stopped at any time."""

from typing import TYPE_CHECKING

from rnn_tui.data.options import ReadingOptions
from rnn_tui.engine.files.outside import exists, is_folder
from rnn_tui.ui.widgets.path_input import parse_path
from rnn_tui.ui.work.background_reading import BackgroundReading

if TYPE_CHECKING:
    from rnn_tui.data.understanding import Understanding

NO_PATH = "Type the path of a file of sequences."


class FileReading(BackgroundReading):
    """Reads a file of sequences."""

    subject = "file"

    def __init__(self, path: str, options: ReadingOptions) -> None:
        """Prepare to read the file of a path, as it was typed."""
        super().__init__()
        self.path = path
        self.options = options
        self.understanding: Understanding | None = None  #: what came of it; None before.
        self.is_file = False  #: whether there is a file, which may be read otherwise.

    def _read(self) -> None:
        from rnn_tui.data.understanding import understand  # on use only

        path = parse_path(self.path)
        if path is None:
            self.failure = NO_PATH
            return
        self.is_file = exists(path) and not is_folder(path)
        self.understanding = understand(path, self.options, self.progress)
