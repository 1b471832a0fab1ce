"""The Home tab, the first frame: a digit that is being read or drawn, and what one can do."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from rnn_tui.ui.frame.host_app import HostApp
from rnn_tui.ui.frame.pane import Pane
from rnn_tui.ui.frame.requests import InsideWanted, ResumeRequested, SettingsWanted, ViewWanted
from rnn_tui.ui.frame.sheets import read_late_sheets
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.terminal.textual_workarounds import Options
from rnn_tui.ui.widgets.digits import ProbabilityColumns
from rnn_tui.ui.widgets.ink_image import LARGE, PLAIN, InkImage, Levels, shades_of
from rnn_tui.ui.work.threads import LatestQuestion, in_thread

if TYPE_CHECKING:
    from rnn_tui.archive.run_record import RunRecord
    from rnn_tui.ui.frame.digit_at_hand import DigitAtHand
    from rnn_tui.ui.home.pad import HomePad
    from rnn_tui.ui.work.digit_answers import DigitAnswer

# Columns and lines of the screen from which the digit has twice its size.
LARGE_WIDTH, LARGE_HEIGHT = 112, 37
SECONDS_A_ROW = 1 / 6  # how long a row is read
ROWS_OF_REST = 20  # an answer stays for the time of so many rows
# So many digits are read without a key; then the animation stops, as nobody may be watching.
MOST_READINGS = 3
FAILURE = "The network could not answer; the log file has the details."


NAME = "rnn-tui"
SHORT_INTRO = "  Train small recurrent networks and look inside, to learn or teach"
INTRO = (
    "  Train small recurrent networks, question them and look inside: for those who learn, teach"
    " or research"
)
INTRO_WIDTH = 116  # columns that the longer one needs


@dataclass(frozen=True)
class Way:
    """Something that one can do from Home: a line of its list."""

    key: str  #: the name of its key.
    title: str
    description: str  #: a line below the title.
    tab: str = ""  #: the id of the tab it leads to.
    view: str = ""  #: the id of the view there; empty for the one in front.


TRAIN = Way("train", "Train in seconds", "MNIST with preset fast, as you watch", MNIST.name)
INSIDE = Way("view-4", "Look inside", "The network's state, row by row", MNIST.name, "inside")
GUIDE = Way("view-6", "Guided experiments", "Guess, then see: five minutes each")
RESUME = Way("go-on", "Resume", "A run that was interrupted")
WAYS = (
    TRAIN,
    Way(
        "view-1",
        "Ask the recall network",
        "Type digits; it repeats one of them",
        RECALL.name,
        "prompt",
    ),
    Way("view-2", "Add two numbers", "A network adds, carry by carry", ADDER.name, "calculator"),
    Way("view-3", "Read your photos", "Handwritten digits, files or folders", MNIST.name, "photos"),
    INSIDE,
    Way("view-5", "Rerun a paper", "Its networks with seeds and intervals", "papers"),
    GUIDE,
    RESUME,
)


class HomeDigit(Vertical):
    """A digit, and what a shipped network predicts after each row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "space",
            "on_pad('pen')",
            "Draw",
            key_display="Space",
            tooltip="Pen down on the digit; arrows draw",
        ),
        key("other", "other", "Other", "Read another digit"),
        key("network", "network", "Network", "Let the next network that ships with rnn-tui read"),
        key("delete", "on_pad('clear')", "Clear", "Draw on an empty pad", show=False),
        Binding("escape", "give_back", "Digit back", show=False, tooltip="Read the digit again"),
    ]
    pad: "HomePad"  #: the drawing pad; a picture is in its place until everything is `whole`.
    whole = False  #: whether the pad is there.
    rows = 0  #: how many are read; more than the digit has while the answer stays.
    readings = 0  #: digits that were read since a key was pressed last.
    #: the digit that was answered; None before there are answers.
    read_digit: "DigitAtHand | None" = None
    answers: "Sequence[DigitAnswer]" = ()  #: the answers after each row of that digit.

    def __init__(self, next_module: str = "") -> None:
        """Make it; once it is on screen it imports `next_module`."""
        super().__init__(classes="panel")
        self._next_module = next_module
        self._digits = first_test_digits()
        self._number = random.randrange(len(self._digits))  #: the number of the digit that is read.
        self._network = 0  #: how often another network was asked for.
        # As in the Draw view, every answer is shown, even one that the next stroke has overtaken.
        self._asking = LatestQuestion[Any](self, self._receive, FAILURE, overtaken=True)

    def compose(self) -> ComposeResult:
        self.border_title = "A network reads"
        image = InkImage()
        image.show_levels(self._levels)
        yield image
        yield Static("", id="home-verdict", markup=False)
        yield ProbabilityColumns()

    def on_mount(self) -> None:
        """Load what needs NumPy after the first frame."""
        self._timer = self.set_interval(SECONDS_A_ROW, self._tick, pause=True)
        self.watch(self.app, "app_focus", self.wake, init=False)
        self.call_after_refresh(self.run_worker, self._load)

    async def _load(self) -> None:
        await in_thread(self, import_module, "rnn_tui.ui.home.pad")
        from rnn_tui.ui.home.pad import HomePad  # in a thread, by now

        picture = self.query_one(InkImage)
        self.pad = HomePad()
        self.pad.set_reactive(InkImage.scale, picture.scale)
        async with self.batch():
            await self.mount(self.pad, before=picture)  # before that goes: one is always there
            await picture.remove()
        self.whole = True
        self.refresh_bindings()
        self.action_give_back()
        if self._next_module:
            await in_thread(self, import_module, self._next_module)

    @property
    def _levels(self) -> Levels:
        """The shades of the digit, faint in the rows that are not read yet."""
        return shades_of(self._digits[self._number][0], self.rows)

    # What is read.

    @property
    def what(self) -> str:
        """The name of what is on the pad; empty if that is bare."""
        return "" if self.pad.digit_at_hand is None else self.pad.digit_at_hand.name

    def _read(self) -> None:
        """Read what is on the pad, a digit from its first row on."""
        from rnn_tui.ui.home.pad import answers_to  # in a thread, by now

        digit = self.pad.digit_at_hand
        network = self._network
        if self.pad.drawing.empty:
            self.read_digit = None
            self.rows = 0
            self._show()
        if digit is not None:
            self._asking.ask(lambda: (digit, answers_to(digit, network)))

    async def _receive(self, outcome: "tuple[DigitAtHand, Sequence[DigitAnswer]] | str") -> None:
        """Show what was read and the answers to it, or why there are none."""
        if isinstance(outcome, str):
            self.read_digit = None
            self.query_one(Static).update(outcome)
            return
        digit, answers = outcome
        if digit.name == self.what:  # it is still on the pad
            self.read_digit = digit
            self.answers = answers
            self.rows = 0 if self.pad.drawing.empty else SIDE
            self._show()
            self._timer.resume()

    def on_drawing_pad_changed(self) -> None:
        """Read what is drawn, or the digit once it is back."""
        if not self.pad.drawing.empty or self.what != self.border_subtitle:
            self._read()

    # Row by row.

    def wake(self) -> None:
        """Keep reading, as somebody is there."""
        self.readings = 0
        self._timer.resume()

    def on_show(self) -> None:
        self.wake()

    def _tick(self) -> None:
        """Read a row, or let the answer stand; after that, read another digit."""
        seen = self.is_on_screen and self.screen.is_current and self.app.app_focus
        has_digit = self.read_digit is not None and self.pad.drawing.empty
        if not seen or not has_digit or self.readings >= MOST_READINGS:
            self._timer.pause()
            return
        self.rows += 1
        if self.rows == SIDE:
            self.readings += 1
        if self.rows <= SIDE:
            self._show()
        elif self.rows > SIDE + ROWS_OF_REST:
            self.action_other()

    def _show(self) -> None:
        """Show what is read, and what the network predicts so far."""
        self.pad.levels = self._levels
        self.pad.show_ink(self.pad.drawing.ink)
        rows = min(self.rows, SIDE)
        text, style_class = "" if self.what else "Drag, or Space and arrows", ""
        probabilities: Sequence[float] = [0.0] * 10
        label = None
        if self.read_digit is not None and rows:
            answer = self.answers[rows - 1]
            probabilities = answer.probabilities
            label = self.read_digit.label if rows == SIDE else None
            text, style_class = _verdict(answer, rows, label)
            self.border_title = Content(f"The {answer.source.title} reads")
        self.query_one(ProbabilityColumns).show(probabilities, label)
        line = self.query_one(Static)
        if str(line.content) != text:  # or its classes would be looked up at each row
            line.set_classes(style_class).update(text, layout=False)
        self.border_subtitle = Content(self.what)

    # What one can do with it.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        return self.whole  # nothing before all is there

    async def action_on_pad(self, action: str) -> None:
        """Run an action of the pad, which has the keys from then on."""
        self.pad.focus()
        await self.app.run_action(action, self.pad)

    def action_other(self) -> None:
        """Read another digit."""
        self._number = random.randrange(len(self._digits))
        self.action_give_back()

    def action_network(self) -> None:
        """Let the next shipped network read."""
        self._network += 1
        self._read()

    def action_give_back(self) -> None:
        """Put the digit back in place of what is drawn, and read it again."""
        image, label = self._digits[self._number]
        self.pad.put(f"test image {self._number}", image, label)
        self._read()


def _verdict(answer: "DigitAnswer", rows: int, label: int | None) -> tuple[str, str]:
    """Return a network's prediction after some rows, and the style class of its line.

    Args:
        answer: of the network.
        rows: how many it has read.
        label: which digit it is, after the last row of a test image; else None.
    """
    prediction = f"{answer.digit}, {100 * answer.confidence:.1f} %"
    if rows < SIDE:
        return f"row {rows} of {SIDE}: {prediction}", ""
    if label is None and answer.unsure:
        return answer.verdict, "-unsure"
    if label is None:
        return f"predicts {prediction}", ""
    if label == answer.digit:
        return f"predicts {prediction} ✓", "-right"
    return f"predicts {prediction} ✗ it is {label}", "-wrong"


class HomePane(Pane):
    """A digit on the left, on the right a list of what one can do."""

    app = getters.app(HostApp)
    help_text = Path(__file__).with_name("help.md").read_text(encoding="utf-8")
    BINDINGS: ClassVar[list[BindingType]] = [
        key(way.key, f"go('{way.key}')", way.title, way.description, show=False) for way in WAYS
    ]

    def __init__(self, data_dir: str | None = None, next_module: str = "") -> None:
        """Make the pane.

        Args:
            data_dir: as in `RnnTuiApp`.
            next_module: the module of the view that is likely opened next; imported after the first
                frame.
        """
        super().__init__()
        self._data_dir = data_dir
        self._next_module = next_module
        self.interrupted: RunRecord | None = None  #: the run that can be resumed, if any.

    def compose(self) -> ComposeResult:
        # first: what is in it already would be styled anew
        self.set_class(self._large, "-large")
        yield Static("", id="home-intro", markup=False)
        yield HomeDigit(self._next_module)
        with Vertical(id="home-ways"):
            yield Options(classes="panel", compact=True, markup=False)
            yield Static(
                "Trained weights ship with rnn-tui: you can ask before you train anything.",
                classes="panel home-note",
            )

    def on_mount(self) -> None:
        """Fill the list; read all style sheets after the first frame."""
        self.query_one(OptionList).border_title = "What you can do"
        self.on_resize()
        self.focus_view()
        self.call_after_refresh(read_late_sheets, self.app)
        self.call_after_refresh(self.show_runs)

    def on_resize(self) -> None:
        self.query_one(InkImage).scale = LARGE if self._large else PLAIN
        self.set_class(self._large, "-large")
        words = INTRO if self.app.size.width >= INTRO_WIDTH else SHORT_INTRO
        self.query_one("#home-intro", Static).update(Content.assemble((NAME, "bold"), words))
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
        """Offer to resume a run that was interrupted, if there is one."""
        runs = await self.app.interrupted()
        self.interrupted = runs[0] if runs else None
        self._list_ways()

    def on_key(self) -> None:
        self.front_view.wake()

    # What one can do.

    def _list_ways(self) -> None:
        """Fill the list; the last line is for the run that was interrupted, if there is one."""
        ways = [way for way in WAYS if way is not RESUME]
        run = self.interrupted
        if run is not None:
            share = f" at {100 * run.step // run.total_steps} %" if run.total_steps else ""
            ways.append(
                replace(
                    RESUME,
                    title=f"Resume {printable(run.name, 24)}",
                    description=f"It was interrupted{share}",
                )
            )
        # the list has no room for that line beside the note
        self.query_one("Static.panel").display = run is None
        ways_list = self.query_one(OptionList)
        highlighted = ways_list.highlighted or 0
        ways_list.set_options(Option(self._line(way), way.key) for way in ways)
        ways_list.highlighted = highlighted

    def _line(self, way: Way) -> Content:
        """Return the key, title and description of a way, with space around if there is room."""
        space = "\n" if self.has_class("-large") else ""
        return Content.assemble(
            space,
            (f" {self.app.shown_key(way.key)}  ", "bold $text-accent"),
            (way.title, "bold"),
            (f"\n    {way.description}", "$foreground 65%"),
            space,
        )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.action_go(str(event.option_id))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to resume only if there is a run to resume."""
        if action == "go" and parameters[0] == RESUME.key:
            return self.interrupted is not None
        return super().check_action(action, parameters)

    def action_go(self, key: str) -> None:
        """Do what a line says, by the name of its key."""
        way = next(way for way in WAYS if way.key == key)
        if way is INSIDE:
            self.post_message(InsideWanted(MNIST.name, self.front_view.read_digit))
        elif way is GUIDE:
            self.app.call_later(self.app.run_action, "guide")
        elif way is RESUME:
            if self.interrupted is not None:
                self.post_message(ResumeRequested(self.interrupted))
        elif way is TRAIN:
            fast = MNIST.config(MNIST.default_cell, "fast", data_dir=self._data_dir)
            self.post_message(SettingsWanted(fast, train=True))
        else:
            self.post_message(ViewWanted(way.tab, way.view))
