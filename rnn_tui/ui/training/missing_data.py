"""The part of a form that says that a data set is not on this machine, and downloads it."""

from pathlib import Path

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Button, Static

from rnn_tui.engine.errors import printable
from rnn_tui.engine.page import shared_folder
from rnn_tui.tasks.image_sets import SHIPPED_SET, ImageSet, root_of
from rnn_tui.ui.widgets.plain import MainButton
from rnn_tui.ui.work.threads import in_thread


class MissingData(Vertical):
    """Is shown while the chosen data set is missing, with a button that downloads it."""

    class Arrived(Message):
        """A message that the data set was downloaded."""

    def __init__(self, data_dir: str | None) -> None:
        """Look in a torchvision root; None for the default one."""
        super().__init__()
        self._named_root = data_dir is not None
        self._root: Path = root_of(data_dir)
        self._image_set = SHIPPED_SET  #: the data set that is chosen.

    def compose(self) -> ComposeResult:
        yield Static("", id="missing-data", markup=False)
        yield MainButton("Download", "download-data")

    @work(exclusive=True, group="data")
    async def look_for(self, image_set: ImageSet) -> None:
        """Offer a data set if it is missing.

        Not in a page that is confined to a folder: a stranger would fill the disk of its server.
        """
        self._image_set = image_set
        is_missing = False
        ships = image_set is SHIPPED_SET and not self._named_root
        if not ships and shared_folder() is None:
            is_missing = bool(await in_thread(self.screen, image_set.missing, self._root))
        if is_missing:
            text = f"{image_set.label} is not in {printable(self._root, 200)}."
            self.query_one("#missing-data", Static).update(text)
        self.display = is_missing

    @on(Button.Pressed, "#download-data")
    def _download(self, event: Button.Pressed) -> None:
        from rnn_tui.ui.training.downloading import DownloadScreen  # on use only

        event.stop()
        self.app.push_screen(DownloadScreen(self._image_set, self._root), self._downloaded)

    def _downloaded(self, is_there: bool | None) -> None:
        if is_there:
            self.notify("The data set is there: t trains on it.")
            self.post_message(self.Arrived())
        self.look_for(self._image_set)
