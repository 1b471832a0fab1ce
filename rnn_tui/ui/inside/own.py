"""The screen on which a network of the user's own is looked into."""

import random
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from rnn_tui.engine.errors import printable
from rnn_tui.inside.analyses import OF_OWN, OF_RANDOM_INPUTS
from rnn_tui.inside.attribution import StepAttribution
from rnn_tui.inside.own.lines import (
    HOW_TO_WRITE,
    LONGEST_LINE,
    LONGEST_SEQUENCE,
    read_own_line,
    read_typed,
)
from rnn_tui.inside.own.network import STEPS, OwnNetwork, read_own, read_own_network
from rnn_tui.inside.own.samples import random_sequence
from rnn_tui.ui.frame.key_footer import KeyFooter
from rnn_tui.ui.frame.pane import Pane
from rnn_tui.ui.inside.bands import StepBand, WordBand, attribution_band, read_band
from rnn_tui.ui.inside.subject import Subject
from rnn_tui.ui.inside.view import InsideView
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.terminal.textual_workarounds import Dialog
from rnn_tui.ui.widgets.plain import TypedInput
from rnn_tui.ui.widgets.prompts import AskTextScreen
from rnn_tui.ui.work.threads import to_thread

# What a history or another network would be needed for.
OF_RUNS = ("history", "play_history", "next_network")


class OwnInside(InsideView, can_focus=True):
    """Shows how a network from a file reads a typed sequence, or a random one.

    It has the focus itself where a picture hides the grid, so that its keys hold.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        key("type", "type", "Type", tooltip="Type a sequence, or a path to one"),
        key("open", "open", "Open", tooltip="Open another network of your own"),
    ]

    def __init__(self, network: OwnNetwork) -> None:
        super().__init__(OF_OWN)
        self.network = network
        self._text = ""  #: The sequence as typed; empty for a random one.
        self._number = 0  #: Of the random one.

    def choices(self) -> ComposeResult:
        yield Label("Sequence", classes="inside-label")
        what = "numbers; a semicolon ends a step"
        if self.network.alphabet is not None:
            what = f"symbols: {self.network.alphabet.in_words}"
        yield TypedInput("", LONGEST_SEQUENCE, placeholder=what, id="inside-sequence")

    def request(self) -> tuple[Hashable, Callable[[], Subject]]:
        return (self._text, self._number), partial(self._read, self._text, self._number)

    def _read(self, text: str, number: int) -> Subject:
        """Have the network read, in a thread."""
        network = self.network
        if text:
            sequence = read_typed(network, text)
        else:
            steps = network.stack.only_steps or STEPS
            sequence = random_sequence(network.stack.features, network.alphabet, steps, number)
        reading = read_own(network, sequence)
        about = f"{printable(network.path.name)}: {network.summary}"
        if not text:
            about += ". A random sequence"
        truth = [""] * reading.trace.steps  # nobody knows it
        return Subject(f"{about}.", reading, truth, id(network))

    @on(Input.Submitted, "#inside-sequence")
    def _read_typed(self, event: Input.Submitted) -> None:
        """Read what was typed; the focus stays in the field until it turns out to be readable."""
        event.stop()
        self._text = event.value.strip()
        if self.request()[0] != self._asked_for:
            self.ask()
        elif not self._failure:
            self.focus_view()

    def subject_changed(self, subject: Subject) -> None:
        """Leave the field; put a random sequence of symbols there, where it can be changed."""
        if self.query_one("#inside-sequence", TypedInput).has_focus:
            self.grid.focus()
        if self._text:
            return
        alphabet = self.network.alphabet
        read = subject.trace.read
        text = "" if alphabet is None else alphabet.written(map(alphabet.symbols.index, read))
        self.query_one("#inside-sequence", TypedInput).hold(text)

    def action_type(self) -> None:
        self.query_one("#inside-sequence", TypedInput).focus()

    def action_other(self) -> None:
        self._text = ""
        self._number = random.randrange(2**31)
        self.ask()

    def action_open(self) -> None:
        ask_for_network(self.app)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in OF_RUNS:
            return False
        return super().check_action(action, parameters)

    def input_bands(self, subject: Subject, analysis: Any) -> Sequence[StepBand]:  # noqa: ARG002
        """Return what is read: symbols as words, numbers as colours."""
        trace = subject.trace
        if self.network.alphabet is not None:
            bands: list[StepBand] = [WordBand("symbol", trace.read)]
        else:
            bands = [read_band(trace)]
        if trace.one_output:
            answers = [trace.answer_word(step) for step in range(trace.steps)]
            bands.append(WordBand("answer", answers, strong=True, layout="lasting"))
        return bands

    def analysis_bands(self, subject: Subject, analysis: Any) -> Sequence[StepBand]:  # noqa: ARG002
        if not isinstance(analysis, StepAttribution):
            return []
        return [attribution_band(analysis)]

    def note(self, subject: Subject, step: int) -> str:
        analysis = self._shown_analysis
        if analysis is not None and analysis.name in OF_RANDOM_INPUTS and not self.edits:
            return self.network.random_inputs_note
        return super().note(subject, step)


class OwnPane(Pane):
    """The only view of the screen, in place of a tab's."""

    def __init__(self, network: OwnNetwork) -> None:
        super().__init__()
        self._inside = OwnInside(network)

    def compose(self) -> ComposeResult:
        yield self._inside

    def show_runs(self) -> object:
        return None

    def focus_view(self) -> None:
        self._inside.focus_view()

    def keep_focus(self) -> None:
        self.focus_soon(self.focus_view)

    @property
    def front_view(self) -> Widget | None:
        return self._inside

    @property
    def views(self) -> list[str]:
        return []

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Leave out what is done in tabs: to train, to go to another view."""
        return False


class OwnNetworkScreen(Dialog[None]):
    """A network of the user's own, over the app."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Close")]

    def __init__(self, network: OwnNetwork) -> None:
        super().__init__()
        self._network = network

    def compose(self) -> ComposeResult:
        yield Static(self._heading(), classes="own-heading", markup=False)
        yield OwnPane(self._network)
        yield KeyFooter()

    def _heading(self) -> str:
        notices = " ".join(self._network.notices)
        return f"{printable(self._network.path.name)} · Esc closes  {notices}"

    def watch_focused(self, focused: Widget | None) -> None:
        """Keep the focus in the view: its keys would not hold without."""
        if focused is None:
            self.call_later(self._keep_focus)

    def _keep_focus(self) -> None:
        view = self.query_one_optional(OwnInside)
        if self.focused is None and view is not None:
            view.focus()


def ask_for_network(app: App[Any]) -> None:
    """Ask for the file of a network, and look into it."""

    async def open_network(text: str) -> None:
        own = read_own_line(text)
        network = await to_thread(read_own_network, own)
        # later: the prompt closes first
        app.call_later(app.push_screen, OwnNetworkScreen(network))

    app.push_screen(
        AskTextScreen("A network of your own", "", HOW_TO_WRITE, open_network, LONGEST_LINE)
    )
