"""The screens over the gallery: a tree to choose photos from, the prompt that writes readings."""

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

from rnn_tui.engine.errors import DataError, printable
from rnn_tui.engine.outside import exists, home, is_folder, shown
from rnn_tui.photos.collection import called_like_photo
from rnn_tui.photos.export import (
    export_label,
    files_to_replace,
    labelled_images,
    write_idx,
    write_npz,
    write_table,
)
from rnn_tui.runs.words import count_of
from rnn_tui.ui.common.key_table import key, moves
from rnn_tui.ui.common.textual_workarounds import Dialog
from rnn_tui.ui.common.threads import in_thread
from rnn_tui.ui.common.widgets.plain import MarkedCheckbox
from rnn_tui.ui.common.widgets.prompts import ExportPrompt, Prompt
from rnn_tui.ui.photos.pictures import PhotoImage

if TYPE_CHECKING:
    from rnn_tui.photos.digit.picture import Picture
    from rnn_tui.photos.reading import Reading

LONGEST_NAME = 255
LABEL_BOX = (28, 14)
SECONDS_BETWEEN_LOOKS = 0.1
Asked: TypeAlias = "tuple[Reading | None, Picture | None]"
FORMS = {
    "csv": "table of all photos, CSV",
    "npz": "28×28 images with labels, NPZ",
    "idx": "28×28 images with labels, IDX like MNIST's, two files in a folder",
}


class PhotoTree(DirectoryTree):
    """Folders and images; names are shown as they are, and harmless."""

    ICON_NODE, ICON_NODE_EXPANDED, ICON_FILE = "▸ ", "▾ ", "  "
    BINDINGS = [
        Binding("enter,space", "choose", "Choose", show=False),
        Binding("right", "open", "Open", show=False),
        Binding("left", "close", "Close", show=False),
    ]

    hidden = False  #: whether hidden ones are there too.

    def filter_paths(self, paths: Iterable[Path]) -> Iterable[Path]:
        """Only what is to be seen of a folder: nothing of one that a page may not look at."""
        return filter(self._is_seen, paths)

    def _is_seen(self, path: Path) -> bool:
        if path.name.startswith(".") and not self.hidden:
            return False
        return exists(path) and (called_like_photo(path.name) or is_folder(path))

    def render_label(self, node: TreeNode[object], base_style: Style, style: Style) -> Text:  # type: ignore[override]
        """The name with a sign for folders. Textual's own takes part of some names for more."""
        path = getattr(node.data, "path", None)
        name = str(path and shown(path)) if node.is_root or path is None else path.name
        sign = (
            self.ICON_FILE
            if not node.allow_expand
            else self.ICON_NODE_EXPANDED
            if node.is_expanded
            else self.ICON_NODE
        )
        return Text.assemble((sign, base_style), (printable(name, LONGEST_NAME), style))

    def process_label(self, label: object) -> Text:
        """What `render_label` shows instead must not be empty."""
        return Text(printable(label, LONGEST_NAME) or " ")

    def action_choose(self) -> None:
        if (node := self.cursor_node) is not None and node.data is not None:
            self.post_message(self.FileSelected(node, node.data.path))

    def action_open(self) -> None:
        """Open the folder, or go to the first thing in it."""
        if (node := self.cursor_node) is not None and node.is_expanded:
            self.action_cursor_down()
        elif node is not None and node.allow_expand:
            node.expand()

    def action_close(self) -> None:
        """Close the folder, or go to the one that it is in."""
        if (node := self.cursor_node) is not None and node.is_expanded and not node.is_root:
            node.collapse()
        elif node is not None and node.parent is not None:
            self.move_cursor(node.parent)


class ChoosePathScreen(Dialog[Path | None]):
    """Asks for a photo or a folder, from `start` on; answers None if there is to be none."""

    BINDINGS = [
        Binding("escape", "dismiss", "Leave"),
        key("hidden", "hidden", "Hidden"),
        Binding("backspace", "up", "Up"),
        key("home-folder", "home", "Your folder"),
    ]

    _tree = getters.query_one(PhotoTree)

    def __init__(self, start: Path | None = None) -> None:
        super().__init__()
        folder = Path.cwd() if start is None else start
        self._start = folder if is_folder(folder) else home()

    def compose(self) -> ComposeResult:
        with Vertical(id="choose-path") as dialog:
            dialog.border_title = "Choose a photo, or a folder of photos"
            dialog.border_subtitle = (
                "Enter chooses · →← open, close · ⌫ up · ~ home · H hidden · Esc leaves"
            )
            yield PhotoTree(self._start.absolute(), id="choose-tree")

    def on_mount(self) -> None:
        self._tree.focus()

    @on(DirectoryTree.FileSelected)
    def _chosen(self, event: DirectoryTree.FileSelected) -> None:
        self.dismiss(shown(event.path))

    def action_hidden(self) -> None:
        self._tree.hidden = not self._tree.hidden
        self._tree.reload()

    def action_up(self) -> None:
        """Show the folder above; from the root on, where there are drives, the next one."""
        folder, drives = Path(self._tree.path), list[str](getattr(os, "listdrives", list)())
        above = folder.parent
        if above == folder and str(folder) in drives:
            above = Path(drives[(drives.index(str(folder)) + 1) % len(drives)])
        if is_folder(above):
            self._tree.path = above

    def action_home(self) -> None:
        self._tree.path = home()


class LabelScreen(Prompt):
    """Asks which digit the photo `at_question` shows, and then the next one, until it is left.
    `label` takes the answer, None to take a label away, and goes on to the next; `move` goes so
    many photos further.
    """

    BINDINGS = [
        *moves("move", {"left": -1, "right": 1}),
        *moves("answer", {"backspace": None, **{f"{n}": n for n in range(10)}}),
    ]

    def __init__(
        self,
        at_question: Callable[[], Asked],
        label: Callable[[int | None], None],
        move: Callable[[int], None],
    ) -> None:
        super().__init__()
        self._at_question, self._label, self._move = at_question, label, move

    def compose(self) -> ComposeResult:
        with Vertical(id="label") as dialog:
            dialog.border_title = "Which digit is this?"
            dialog.border_subtitle = "0–9 label · ←→ · ⌫ no label · Esc leaves"
            yield PhotoImage(*LABEL_BOX)
            yield Static("", classes="prompt-note", markup=False)

    def on_mount(self) -> None:
        """Follow the gallery, whose photos come from the disk."""
        self.set_interval(SECONDS_BETWEEN_LOOKS, self._show)
        self._show()

    def _show(self) -> None:
        reading, picture = self._at_question()
        if reading is None:
            self.dismiss()
            return
        self.query_one(PhotoImage).show(picture)
        label = "no label yet" if reading.label is None else f"labelled {reading.label}"
        self.say(
            f"{printable(reading.path.name, LONGEST_NAME)} · "
            f"{reading.error or f'read as {reading.best}'} · {label}"
        )

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
    def _ticked(self, event: Checkbox.Changed) -> None:
        event.stop()
        self.explain_anew()

    def explanation(self) -> str:
        if self.form == "csv":
            return f"{count_of(len(self._readings), 'photo')}, one per line."
        predicted = self.query_one(Checkbox).value  # which counts where there is no label
        each = [one for reading in self._readings for one in (reading.digits or (reading,))]
        count = sum(export_label(one, predicted=predicted) is not None for one in each)
        more = (
            f"; {len(each) - count:,} without a label "
            f"{'is' if len(each) - count == 1 else 'are'} left out"
        )
        return f"{count_of(count, 'photo')}{more if count < len(each) else ''}."

    async def in_the_way(self, form: str, path: Path) -> Sequence[Path]:
        return await in_thread(self, files_to_replace, path, idx=form == "idx")

    async def write(self, form: str, path: Path) -> str:
        return await in_thread(
            self, _write, form, path, self._readings, self.query_one(Checkbox).value
        )


def _write(form: str, path: Path, readings: "Sequence[Reading]", predicted: bool) -> str:
    """In a thread: write, and tell what was written."""
    shown = printable(path, 200)
    if form == "csv":
        write_table(path, readings)
        return f"{count_of(len(readings), 'photo')} written to {shown}."
    data = labelled_images(readings, predicted=predicted)
    if not len(data.labels):
        raise DataError("No photo has a label: press # on a photo to give it one.")
    (write_npz if form == "npz" else write_idx)(path, data)
    return f"{count_of(len(data.labels), 'photo')} with labels written to {shown}."
