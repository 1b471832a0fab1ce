"""A digit that a network reads row by row, or that one draws: the left half of Home."""

import random
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from rnn_tui.tasks.mnist.first_digits import SIDE, first_test_digits
from rnn_tui.ui.draw.ink_image import InkImage, Levels, shades_of
from rnn_tui.ui.shell.key_table import key
from rnn_tui.ui.shell.threads import LatestQuestion, in_thread
from rnn_tui.ui.widgets.digits import ProbabilityColumns

if TYPE_CHECKING:
    from rnn_tui.ui.draw.answers import DigitAnswer
    from rnn_tui.ui.home.pad import HomePad
    from rnn_tui.ui.inside.subject import Given

# How often a row is read, and for how many rows' time an answer stands.
SECONDS_A_ROW, ROWS_OF_REST = 1 / 6, 20
MOST_READINGS = 3  # digits that are read while nobody presses a key: nothing goes on where nobody looks
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

    def __init__(self) -> None:
        super().__init__(classes="panel")
        self._digits = first_test_digits()
        self._number, self._network = random.randrange(len(self._digits)), 0
        # As in the Draw view, every answer is shown, even one that the next stroke has overtaken.
        self._asking = LatestQuestion[Any](self, self._take, FAILURE, overtaken=True)

    def compose(self) -> ComposeResult:
        self.border_title = "A network reads"
        image = InkImage()
        image.show_levels(self._levels)
        yield image
        yield Static("", markup=False)
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
        # What one looks at next.
        await in_thread(self, import_module, "rnn_tui.ui.training.training_view")

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
            title = f"The {answer.source.title} reads"
            if self.border_title != title:
                self.border_title = Content(title)
        self.query_one(ProbabilityColumns).show(answer.probabilities if answer else [0.0] * 10, label)
        line = self.query_one(Static)
        if str(line.content) != text:  # or the whole panel would be drawn anew at each row
            line.set_classes(role).update(text, layout=False)
        if self.border_subtitle != self.what:
            self.border_subtitle = Content(self.what)

    # What one can do with it.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Nothing before all is there."""
        return self.whole

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
    return (f"{text} ✓", "-right") if label == answer.digit else (f"{text} ✗ it is {label}", "-wrong")
