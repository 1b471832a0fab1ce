"""The Home tab: a digit that is being read, and what one can do. It is the first frame."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from rnn_tui.engine.errors import printable
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.recall import RECALL
from rnn_tui.ui.draw.ink_image import LARGE, PLAIN, InkImage
from rnn_tui.ui.home.digit import HomeDigit
from rnn_tui.ui.shell.key_table import KEYS, key
from rnn_tui.ui.shell.messages import InsideWanted, ResumeRequested, TrainRequested, ViewWanted
from rnn_tui.ui.shell.pane import Pane
from rnn_tui.ui.textual_fixes import read_late_styles

if TYPE_CHECKING:
    from rnn_tui.runs.records import RunRecord
    from rnn_tui.ui.shell.app import RnnTuiApp

LARGE_WIDTH, LARGE_HEIGHT = 112, 37  # of the screen, from which on the digit has twice its size
GO_ON = "go-on"
# By the name of the key: what it is called, a line on it, the tab, the view.
WAYS = {
    "train": ("Train in seconds", "MNIST with preset fast, as you watch", MNIST.name, ""),
    "view-1": ("Ask the recall network", "Type digits; it repeats one of them", RECALL.name, "prompt"),
    "view-2": ("Add two numbers", "A network adds, carry by carry", ADDER.name, "calculator"),
    "view-3": ("Read your photos", "Handwritten digits, files or folders", MNIST.name, "photos"),
    "inside": ("Look inside", "What the network holds, row by row", MNIST.name, "inside"),
    "view-4": ("Rerun the report", "The figures of a course report, again", "report", ""),
    GO_ON: ("Go on", "With a run that was interrupted", "", ""),
}
TO_TYPE = ("view-1", "view-2")  # of these, those that begin with something to type


class HomePane(Pane):
    """A digit on the left, which a network reads or the user draws; on the right what one can do.

    `data_dir` is a torchvision root to train on in place of the data that ships.
    """

    help_text = Path(__file__).with_name("help.md").read_text(encoding="utf-8")
    BINDINGS: ClassVar[list[BindingType]] = [
        key(name, f"go('{name}')", title, more, show=False) for name, (title, more, *_) in WAYS.items()
    ]

    def __init__(self, data_dir: str | None = None) -> None:
        super().__init__()
        self._data_dir = data_dir
        self.interrupted: RunRecord | None = None

    def compose(self) -> ComposeResult:
        yield HomeDigit()
        with Vertical():
            yield OptionList(classes="panel", compact=True, markup=False)
            yield Static("Trained weights ship with rnn-tui: you can ask before you train anything.", classes="panel")

    def on_mount(self) -> None:
        """Fill the list; know all styles behind the first frame."""
        self.query_one(OptionList).border_title = "What you can do"
        self.on_resize()
        self.focus_view()
        self.call_after_refresh(read_late_styles, self.app)
        self.call_after_refresh(self.show_runs)

    def on_resize(self) -> None:
        width, height = self.app.size
        large = width >= LARGE_WIDTH and height >= LARGE_HEIGHT
        self.query_one(InkImage).scale = LARGE if large else PLAIN
        self.set_class(large, "-large")
        self._list_ways()

    # Of every pane.

    @property
    def complete(self) -> bool:
        return self.front_view.whole

    @property
    def front_view(self) -> HomeDigit:
        return self.query_one(HomeDigit)

    def focus_view(self) -> None:
        self.query_one(OptionList).focus()

    @work(group="interrupted", exclusive=True)
    async def show_runs(self) -> None:
        """Look whether a run was interrupted."""
        runs = await cast("RnnTuiApp", self.app).interrupted()
        self.interrupted = runs[0] if runs else None
        self._list_ways()

    def on_key(self) -> None:
        self.front_view.wake()

    # What one can do.

    def _list_ways(self) -> None:
        ways = {name: words[:2] for name, words in WAYS.items() if name != GO_ON}
        run, ways_list = self.interrupted, self.query_one(OptionList)
        if run is not None:
            share = f" at {100 * run.step // run.total_steps} %" if run.total_steps else ""
            ways[GO_ON] = (f"Go on with {printable(run.name, 24)}", f"It was interrupted{share}")
        at = ways_list.highlighted or 0
        ways_list.set_options(Option(self._line(name, *words), name) for name, words in ways.items())
        ways_list.highlighted = at

    def _line(self, name: str, title: str, more: str) -> Content:
        keys = self.app._keymap.get(name, KEYS[name][0])
        shown = self.app.get_key_display(Binding(keys.partition(",")[0], ""))
        space = "\n" if self.has_class("-large") else ""
        return Content.assemble(
            space, (f" {shown}  ", "bold $text-accent"), (title, "bold"), (f"\n    {more}", "$foreground 65%"), space
        )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.action_go(str(event.option_id))

    def action_go(self, name: str) -> None:
        """Do what a line says, by the name of its key."""
        if name == "inside":
            self.post_message(InsideWanted(MNIST.name, self.front_view.given))
        elif name != GO_ON:
            configs = [MNIST.config(MNIST.default_cell, "fast", data_dir=self._data_dir)] if name == "train" else []
            request = TrainRequested(configs) if configs else None
            self.post_message(ViewWanted(*WAYS[name][2:], request, typing=name in TO_TYPE))
        elif self.interrupted is not None:
            self.post_message(ResumeRequested(self.interrupted))
