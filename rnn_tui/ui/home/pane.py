"""The Home tab: a digit that is being read or drawn, and what one can do. It is the first frame."""

import random
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import getters, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from rnn_tui.engine.errors import printable
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.mnist.first_digits import SIDE, first_test_digits
from rnn_tui.tasks.recall import RECALL
from rnn_tui.ui.common.host_app import HostApp
from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.pane import Pane
from rnn_tui.ui.common.requests import InsideWanted, ResumeRequested, TrainRequested, ViewWanted
from rnn_tui.ui.common.sheets import read_late_sheets
from rnn_tui.ui.common.textual_workarounds import Options
from rnn_tui.ui.common.threads import LatestQuestion, in_thread
from rnn_tui.ui.common.widgets.digits import ProbabilityColumns
from rnn_tui.ui.common.widgets.ink_image import LARGE, PLAIN, InkImage, Levels, shades_of

if TYPE_CHECKING:
    from rnn_tui.runs.run_record import RunRecord
    from rnn_tui.ui.common.digit_answers import DigitAnswer
    from rnn_tui.ui.common.digit_at_hand import Given
    from rnn_tui.ui.home.pad import HomePad

LARGE_WIDTH, LARGE_HEIGHT = 112, 37  # of the screen, from which on the digit has twice its size
GO_ON, GUIDE = "go-on", "guide"
WAYS = {  # by the name of the key: what it is called, a line on it, the tab, the view
    "train": ("Train in seconds", "MNIST with preset fast, as you watch", MNIST.name, ""),
    "view-1": (
        "Ask the recall network",
        "Type digits; it repeats one of them",
        RECALL.name,
        "prompt",
    ),
    "view-2": ("Add two numbers", "A network adds, carry by carry", ADDER.name, "calculator"),
    "view-3": ("Read your photos", "Handwritten digits, files or folders", MNIST.name, "photos"),
    "inside": ("Look inside", "What the network holds, row by row", MNIST.name, "inside"),
    "view-4": ("Rerun the report", "The figures of a course report, again", "report", ""),
    GUIDE: ("Guided experiments", "Guess, then see: five minutes each", "", ""),
    GO_ON: ("Go on", "With a run that was interrupted", "", ""),
}
TO_TYPE = ("view-1", "view-2")  # of these, those that begin with something to type
# how often a row is read, and for how many rows' time an answer stands
SECONDS_A_ROW, ROWS_OF_REST = 1 / 6, 20
# digits that are read while nobody presses a key: nothing goes on where nobody looks
MOST_READINGS = 3
FAILURE = "The network could not answer; the log file has the details."


class HomeDigit(Vertical):
    """A digit, and what a network that ships makes of it after each row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "on_pad('pen')", "Draw", tooltip="Pen down on the digit; arrows draw"),
        key("other", "other", "Other", "Read another digit"),
        key("network", "network", "Network", "Let the next network that ships with rnn-tui read"),
        key("clear", """on_pad("change('clear')")""", "Clear", "Draw on an empty pad"),
        Binding("escape", "give_back", "Digit back", show=False, tooltip="Read the digit again"),
    ]
    pad: "HomePad"  #: what is drawn on, once all is `whole`; before that a picture is in its place.
    whole = False
    rows = 0  #: how many are read; more than there are while the answer stands.
    readings = 0  #: digits that were read since a key was pressed last.
    given: "Given | None" = None  #: what was on the pad; None before it is read.
    answers: "Sequence[DigitAnswer]" = ()  #: after each row of that.

    def __init__(self, next_module: str = "") -> None:
        super().__init__(classes="panel")
        self._next_module = next_module
        self._digits = first_test_digits()
        self._number, self._network = random.randrange(len(self._digits)), 0
        # As in the Draw view, every answer is shown, even one that the next stroke has overtaken.
        self._asking = LatestQuestion[Any](self, self._take, FAILURE, overtaken=True)

    def compose(self) -> ComposeResult:
        self.border_title = "A network reads"
        image = InkImage()
        image.show_levels(self._levels)
        yield image
        yield Static("", id="home-verdict", markup=False)
        yield ProbabilityColumns()

    def on_mount(self) -> None:
        """Load what needs NumPy behind the first frame."""
        self._timer = self.set_interval(SECONDS_A_ROW, self._tick, pause=True)
        self.watch(self.app, "app_focus", self.wake, init=False)
        self.call_after_refresh(self.run_worker, self._load)

    async def _load(self) -> None:
        await in_thread(self, import_module, "rnn_tui.ui.home.pad")
        from rnn_tui.ui.home.pad import HomePad  # noqa: PLC0415 - in a thread, by now

        self.pad, picture = HomePad(), self.query_one(InkImage)
        self.pad.set_reactive(InkImage.scale, picture.scale)
        async with self.batch():
            await self.mount(self.pad, before=picture)  # first: there always is one
            await picture.remove()
        self.whole = True
        self.refresh_bindings()
        self.action_give_back()
        if self._next_module:
            await in_thread(self, import_module, self._next_module)

    @property
    def _levels(self) -> Levels:
        return shades_of(self._digits[self._number][0], self.rows)

    # What is read.

    @property
    def what(self) -> str:
        """The name of what is on the pad; empty where that is bare."""
        return self.pad.given.name if self.pad.given else ""

    def _read(self) -> None:
        """Read what is on the pad, a digit from its first row on."""
        from rnn_tui.ui.home.pad import answers_to  # noqa: PLC0415 - in a thread, by now

        given, network = self.pad.given, self._network
        if self.pad.drawing.empty:
            self.given, self.rows = None, 0
            self._show()
        if given is not None:
            self._asking.ask(lambda: (given, answers_to(given, network)))

    async def _take(self, found: "tuple[Given, Sequence[DigitAnswer]] | str") -> None:
        if isinstance(found, str):
            self.given = None
            self.query_one(Static).update(found)
        elif found[0].name == self.what:  # still
            self.given, self.answers = found
            self.rows = 0 if self.pad.drawing.empty else SIDE
            self._show()
            self._timer.resume()

    def on_drawing_pad_changed(self) -> None:
        """Read what is drawn, or the digit, where that is back."""
        if not self.pad.drawing.empty or self.what != self.border_subtitle:
            self._read()

    # Row by row.

    def wake(self) -> None:
        """Go on reading: somebody is there."""
        self.readings = 0
        self._timer.resume()

    on_show = wake

    def _tick(self) -> None:
        """Read a row; or let the answer stand, and take another digit then."""
        seen = self.is_on_screen and self.screen.is_current and self.app.app_focus
        reads = self.given and self.pad.drawing.empty and self.readings < MOST_READINGS
        if not (seen and reads):
            self._timer.pause()
            return
        self.rows += 1
        self.readings += self.rows == SIDE
        if self.rows <= SIDE:
            self._show()
        elif self.rows > SIDE + ROWS_OF_REST:
            self.action_other()

    def _show(self) -> None:
        """Show what is read, and what the network says so far."""
        self.pad.levels = self._levels
        self.pad.show_ink(self.pad.drawing.ink)
        rows, answer, label = min(self.rows, SIDE), None, None
        text, role = "" if self.what else "Drag, or Space and arrows", ""
        if self.given and rows:
            answer = self.answers[rows - 1]
            label = self.given.label if rows == SIDE else None
            text, role = _told(answer, rows, label)
            self.border_title = Content(f"The {answer.source.title} reads")
        self.query_one(ProbabilityColumns).show(
            answer.probabilities if answer else [0.0] * 10, label
        )
        line = self.query_one(Static)
        if str(line.content) != text:  # or its classes would be looked up at each row
            line.set_classes(role).update(text, layout=False)
        self.border_subtitle = Content(self.what)

    # What one can do with it.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        return self.whole  # nothing before all is there

    async def action_on_pad(self, action: str) -> None:
        """Do something with the pad; from then on keys are its own."""
        self.pad.focus()
        await self.app.run_action(action, self.pad)

    def action_other(self) -> None:
        self._number = random.randrange(len(self._digits))
        self.action_give_back()

    def action_network(self) -> None:
        self._network += 1
        self._read()

    def action_give_back(self) -> None:
        self.pad.put(f"test image {self._number}", *self._digits[self._number])
        self._read()


def _told(answer: "DigitAnswer", rows: int, label: int | None) -> tuple[str, str]:
    """What a network says after so many rows, and the class of the line that says it."""
    text = f"says {answer.digit}, {100 * answer.confidence:.1f} %"
    if rows < SIDE:
        return f"row {rows} of {SIDE}: {text}", ""
    if label is None:
        return (answer.verdict, "-unsure") if answer.unsure else (text, "")
    return (
        (f"{text} ✓", "-right") if label == answer.digit else (f"{text} ✗ it is {label}", "-wrong")
    )


class HomePane(Pane):
    """A digit on the left, on the right what one can do, such as to train on the torchvision root
    `data_dir`.
    """

    app = getters.app(HostApp)
    help_text = Path(__file__).with_name("help.md").read_text(encoding="utf-8")
    BINDINGS: ClassVar[list[BindingType]] = [
        key(name, f"go('{name}')", title, more, show=False)
        for name, (title, more, *_) in WAYS.items()
    ]

    def __init__(self, data_dir: str | None = None, next_module: str = "") -> None:
        """Create the pane; behind the first frame it imports `next_module`, of what one looks at
        next.
        """
        super().__init__()
        self._data_dir = data_dir
        self._next_module = next_module
        self.interrupted: RunRecord | None = None

    def compose(self) -> ComposeResult:
        # before there is anything in it, which would be styled anew
        self.set_class(self._large, "-large")
        yield HomeDigit(self._next_module)
        with Vertical(id="home-ways"):
            yield Options(classes="panel", compact=True, markup=False)
            yield Static(
                "Trained weights ship with rnn-tui: you can ask before you train anything.",
                classes="panel home-note",
            )

    def on_mount(self) -> None:
        """Fill the list; know all styles behind the first frame."""
        self.query_one(OptionList).border_title = "What you can do"
        self.on_resize()
        self.focus_view()
        self.call_after_refresh(read_late_sheets, self.app)
        self.call_after_refresh(self.show_runs)

    def on_resize(self) -> None:
        self.query_one(InkImage).scale = LARGE if self._large else PLAIN
        self.set_class(self._large, "-large")
        self._list_ways()

    @property
    def _large(self) -> bool:
        return self.app.size.width >= LARGE_WIDTH and self.app.size.height >= LARGE_HEIGHT

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
        runs = await self.app.interrupted()
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
        # or there would be no room for the line on it
        self.query_one("Static.panel").display = run is None
        at = ways_list.highlighted or 0
        ways_list.set_options(
            Option(self._line(name, *words), name) for name, words in ways.items()
        )
        ways_list.highlighted = at

    def _line(self, name: str, title: str, more: str) -> Content:
        shown = f" {self.app.shown_key(name)}  "
        space = "\n" if self.has_class("-large") else ""
        words = (shown, "bold $text-accent"), (title, "bold"), (f"\n    {more}", "$foreground 65%")
        return Content.assemble(space, *words, space)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.action_go(str(event.option_id))

    def action_go(self, name: str) -> None:
        """Do what a line says, by the name of its key."""
        if name == "inside":
            self.post_message(InsideWanted(MNIST.name, self.front_view.given))
        elif name == GUIDE:
            self.app.call_later(self.app.run_action, GUIDE)
        elif name != GO_ON:
            fast = MNIST.config(MNIST.default_cell, "fast", data_dir=self._data_dir)
            request = TrainRequested([fast]) if name == "train" else None
            self.post_message(ViewWanted(*WAYS[name][2:], request, typing=name in TO_TYPE))
        elif self.interrupted is not None:
            self.post_message(ResumeRequested(self.interrupted))
