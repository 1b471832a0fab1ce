"""The dialogs over the gallery: to choose photos, to label them, to export readings."""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from rich.style import Style
from rich.text import Text
from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Checkbox, DirectoryTree, Static
from textual.widgets.tree import TreeNode

from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError, printable
from rnn_tui.engine.files.outside import exists, home, is_folder, shown
from rnn_tui.photos.collection import called_like_photo
from rnn_tui.photos.export import (
    export_label,
    files_to_replace,
    labelled_images,
    write_idx,
    write_npz,
    write_table,
)
from rnn_tui.ui.photos.pictures import PhotoImage
from rnn_tui.ui.terminal.key_table import key, moves
from rnn_tui.ui.terminal.textual_workarounds import Dialog
from rnn_tui.ui.widgets.plain import MarkedCheckbox
from rnn_tui.ui.widgets.prompts import ExportPrompt, Prompt
from rnn_tui.ui.work.threads import in_thread

if TYPE_CHECKING:
    from rnn_tui.photos.digit.picture import Picture
    from rnn_tui.photos.reading import Reading

LONGEST_NAME = 255
LABEL_BOX = (28, 14)
SECONDS_BETWEEN_LOOKS = 0.1
PhotoToLabel: TypeAlias = "tuple[Reading | None, Picture | None]"
FORMS = {
    "csv": "table of the photos shown, CSV",
    "npz": "28×28 images with labels, NPZ",
    "idx": "28×28 images with labels, IDX like MNIST's, two files in a folder",
}


class PhotoTree(DirectoryTree):
    """A tree of folders and images; control characters in names are replaced."""

    ICON_NODE, ICON_NODE_EXPANDED, ICON_FILE = "▸ ", "▾ ", "  "
    BINDINGS = [
        Binding("enter,space", "choose", "Choose", show=False),
        Binding("right", "open", "Open", show=False),
        Binding("left", "close", "Close", show=False),
    ]

    hidden = False  #: whether hidden folders and images are shown too.

    def filter_paths(self, paths: Iterable[Path]) -> Iterable[Path]:
        """Leave out all but folders and images, and what a page in a browser may not look at."""
        return filter(self._is_visible, paths)

    def _is_visible(self, path: Path) -> bool:
        if path.name.startswith(".") and not self.hidden:
            return False
        return exists(path) and (called_like_photo(path.name) or is_folder(path))

    def render_label(self, node: TreeNode[object], base_style: Style, style: Style) -> Text:  # type: ignore[override]
        """Write the name, with a sign for folders. Textual would style parts of some names."""
        path = getattr(node.data, "path", None)
        name = str(path and shown(path)) if node.is_root or path is None else path.name
        if not node.allow_expand:
            sign = self.ICON_FILE
        elif node.is_expanded:
            sign = self.ICON_NODE_EXPANDED
        else:
            sign = self.ICON_NODE
        return Text.assemble((sign, base_style), (printable(name, LONGEST_NAME), style))

    def process_label(self, label: object) -> Text:
        """Make a label for Textual, which must not be empty; `render_label` shows another one."""
        return Text(printable(label, LONGEST_NAME) or " ")

    def action_choose(self) -> None:
        node = self.cursor_node
        if node is not None and node.data is not None:
            self.post_message(self.FileSelected(node, node.data.path))

    def action_open(self) -> None:
        """Open the folder, or go to the first thing in it."""
        node = self.cursor_node
        if node is None:
            return
        if node.is_expanded:
            self.action_cursor_down()
        elif node.allow_expand:
            node.expand()

    def action_close(self) -> None:
        """Close the folder, or go to the one that it is in."""
        node = self.cursor_node
        if node is None:
            return
        if node.is_expanded and not node.is_root:
            node.collapse()
        elif node.parent is not None:
            self.move_cursor(node.parent)


class ChoosePathScreen(Dialog[Path | None]):
    """Asks for a photo or a folder; returns None if it is left."""

    BINDINGS = [
        Binding("escape", "dismiss", "Leave"),
        key("show", "hidden", "Hidden"),
        Binding("backspace", "up", "Up"),
        key("home-folder", "home", "Your folder"),
    ]

    _tree = getters.query_one(PhotoTree)

    def __init__(self, start: Path | None = None) -> None:
        """Begin in the folder `start`, by default in the present one."""
        super().__init__()
        folder = Path.cwd() if start is None else start
        self._start = folder if is_folder(folder) else home()

    def compose(self) -> ComposeResult:
        with Vertical(id="choose-path") as dialog:
            dialog.border_title = "Choose a photo, or a folder of photos"
            dialog.border_subtitle = (
                "Enter chooses · →← open, close · ⌫ up · ~ home · w hidden · Esc leaves"
            )
            yield PhotoTree(self._start.absolute(), id="choose-tree")

    def on_mount(self) -> None:
        self._tree.focus()

    @on(DirectoryTree.FileSelected)
    def _return_path(self, event: DirectoryTree.FileSelected) -> None:
        self.dismiss(shown(event.path))

    def action_hidden(self) -> None:
        self._tree.hidden = not self._tree.hidden
        self._tree.reload()

    def action_up(self) -> None:
        """Show the folder above; from the root of a drive, show the next drive."""
        folder = Path(self._tree.path)
        above = folder.parent
        if above == folder:
            above = _next_drive(folder)
        if is_folder(above):
            self._tree.path = above

    def action_home(self) -> None:
        self._tree.path = home()


def _next_drive(root: Path) -> Path:
    """Return the root of the next drive on Windows; elsewhere the same root."""
    drives: list[str] = getattr(os, "listdrives", list)()
    if str(root) not in drives:
        return root
    return Path(drives[(drives.index(str(root)) + 1) % len(drives)])


class LabelScreen(Prompt):
    """Asks which digit a photo shows, then which one the next shows, until it is left."""

    BINDINGS = [
        *moves("move", {"left": -1, "right": 1}),
        *moves("answer", {"backspace": None, **{f"{n}": n for n in range(10)}}),
    ]

    def __init__(
        self,
        selected_photo: Callable[[], PhotoToLabel],
        label: Callable[[int | None], None],
        move: Callable[[int], None],
    ) -> None:
        """Ask about the photo that is selected in the gallery.

        Args:
            selected_photo: Returns it.
            label: Labels it, and selects the next one; None takes its label away.
            move: Selects the photo so many places further.
        """
        super().__init__()
        self._selected_photo = selected_photo
        self._label = label
        self._move = move

    def compose(self) -> ComposeResult:
        with Vertical(id="label") as dialog:
            dialog.border_title = "Which digit is this?"
            dialog.border_subtitle = "0–9 label · ←→ · ⌫ no label · Esc leaves"
            yield PhotoImage(*LABEL_BOX)
            yield Static("", classes="prompt-note", markup=False)

    def on_mount(self) -> None:
        """Look at the gallery again and again, as its photos come from the disk."""
        self.set_interval(SECONDS_BETWEEN_LOOKS, self._show)
        self._show()

    def _show(self) -> None:
        """Show the selected photo; if there is none any more, leave."""
        reading, picture = self._selected_photo()
        if reading is None:
            self.dismiss()
            return
        self.query_one(PhotoImage).show(picture)
        name = printable(reading.path.name, LONGEST_NAME)
        result = reading.error or f"read as {reading.best}"
        label = "no label yet" if reading.label is None else f"labelled {reading.label}"
        self.say(f"{name} · {result} · {label}")

    def action_move(self, by: int) -> None:
        self._move(by)
        self._show()

    def action_answer(self, digit: int | None) -> None:
        self._label(digit)
        self._show()


class PhotosExportScreen(ExportPrompt):
    """Writes readings of photos."""

    def __init__(self, readings: "Sequence[Reading]") -> None:
        super().__init__(FORMS)
        self._readings = readings

    def more_fields(self) -> Iterable[Widget]:
        yield MarkedCheckbox("use the prediction where there is no label", id="export-predicted")

    def default(self, form: str) -> str:
        return "photos-idx" if form == "idx" else f"photos.{form}"

    def form_chosen(self) -> None:
        self.query_one(Checkbox).display = self.form != "csv"

    @on(Checkbox.Changed)
    def _explain_choice(self, event: Checkbox.Changed) -> None:
        event.stop()
        self.explain_anew()

    def explanation(self) -> str:
        if self.form == "csv":
            return f"{count_of(len(self._readings), 'photo')}, one per line."
        predicted = self.query_one(Checkbox).value  # replaces a label that is not there
        digits = [digit for reading in self._readings for digit in (reading.digits or (reading,))]
        labelled = sum(export_label(digit, predicted=predicted) is not None for digit in digits)
        left_out = len(digits) - labelled
        text = count_of(labelled, "photo")
        if left_out:
            text += f"; {left_out:,} without a label {'is' if left_out == 1 else 'are'} left out"
        return f"{text}."

    async def in_the_way(self, form: str, path: Path) -> Sequence[Path]:
        return await in_thread(self, files_to_replace, path, idx=form == "idx")

    async def write(self, form: str, path: Path) -> str:
        predicted = self.query_one(Checkbox).value
        return await in_thread(self, _write, form, path, self._readings, predicted)


def _write(form: str, path: Path, readings: "Sequence[Reading]", predicted: bool) -> str:
    """Write readings in a thread, and return a sentence on what was written."""
    destination = printable(path, 200)
    if form == "csv":
        write_table(path, readings)
        return f"{count_of(len(readings), 'photo')} written to {destination}."
    data = labelled_images(readings, predicted=predicted)
    if not len(data.labels):
        raise DataError("No photo has a label: press # on a photo to label it.")
    if form == "npz":
        write_npz(path, data)
    else:
        write_idx(path, data)
    return f"{count_of(len(data.labels), 'photo')} with labels written to {destination}."
