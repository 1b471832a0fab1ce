"""Digits by hand: draw one, and see at every stroke how trained networks read it."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Label, Select, Static

from rnn_tui.photos.strokes import SIDE
from rnn_tui.runs.weights import Source
from rnn_tui.ui.draw.answers import MISSING, Answers, Readers
from rnn_tui.ui.draw.ink import LARGE, PLAIN
from rnn_tui.ui.draw.pad import DrawingPad
from rnn_tui.ui.draw.view import DrawingView
from rnn_tui.ui.inside.subject import Given
from rnn_tui.ui.shell.threads import LatestQuestion, in_thread

# What a large pad takes with its frame and the line above; beside it, room for the answer.
LARGE_HEIGHT, LARGE_WIDTH = SIDE + 4, 2 * SIDE + 28
# From here on the small pad has room for its frame.
FRAMED_HEIGHT = SIDE // 2 + 3
NONE = "none"
FAILURE = "The networks could not answer; the log file has the details."


class DrawingPanel(Vertical):
    """A pad, and beside it what networks make of what is drawn there."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+n", "next_network", "Network", show=False, tooltip="The next network answers")
    ]

    def __init__(self) -> None:
        super().__init__()
        # Weights that were named, and whether they are still to be chosen in the list.
        self._named: Source | None = None
        self._to_choose = False
        self._readers: Readers | None = None
        # Every answer is shown, even one that the next stroke has overtaken: while a line is drawn
        # there is always a next one.
        self._asking = LatestQuestion[Answers](self, self._show, FAILURE, overtaken=True)
        self._loading = False
        self._answers: Answers | None = None

    def compose(self) -> ComposeResult:
        """Lay out the choice of a network, the pad, the answer."""
        with Horizontal(id="drawing-choice"):
            yield Label("network")
            yield Select([(NONE, NONE)], allow_blank=False, compact=True, id="drawing-network")
            yield Static("^n next", markup=False)
        with Horizontal(id="drawing-body"):
            with Vertical(id="drawing-frame"):
                yield DrawingPad()
            yield DrawingView()

    def on_mount(self) -> None:
        """Start with an empty pad."""
        self.query_one(DrawingView).say("")
        self.query_one("#drawing-frame").border_title = "draw here"
        self._show_pen()

    def on_show(self) -> None:
        """Look for weights, each time that the panel comes into view; a run may have ended."""
        self.refresh_weights()

    def on_resize(self, event: events.Resize) -> None:
        """The pad as large as it can be."""
        width, height = event.size
        large = width >= LARGE_WIDTH and height >= LARGE_HEIGHT
        self.query_one(DrawingPad).scale = LARGE if large else PLAIN
        self.set_class(height >= FRAMED_HEIGHT, "-framed")

    def focus_view(self) -> None:
        """Put the focus on the pad."""
        self.query_one(DrawingPad).focus()

    @property
    def at_hand(self) -> Given | None:
        """What is drawn, as networks read it; None where nothing is."""
        answers = self._answers
        if answers is None or not answers.each or self.query_one(DrawingPad).drawing.empty:
            return None
        return Given("drawing", answers.digit, weights=answers.each[0].reader.source.path)

    @property
    def busy(self) -> bool:
        """Whether weights or an answer are under way."""
        return self._asking.busy or self._loading

    # Weights

    def use(self, source: Source) -> None:
        """Answer with these weights from now on."""
        self._named, self._to_choose = source, True
        self.refresh_weights()

    def refresh_weights(self) -> None:
        """Look for weights anew, since a run may have ended, and answer with them."""
        if self.is_mounted:  # else coming into view does it
            self._loading = True
            self._load_weights()

    @work(group="weights", exclusive=True)
    async def _load_weights(self) -> None:
        # A new object: a thread may be filling the old one's memory.
        readers = await in_thread(self, Readers, self._named)
        self._readers, self._loading = readers, False
        titles = [reader.title for reader in readers.all]
        chosen = str(self._choice.value)
        if self._to_choose:
            chosen, self._to_choose = readers.title_of(self._named) or chosen, False
        if chosen not in titles:
            chosen = titles[0] if titles else NONE
        with self.prevent(Select.Changed):
            # As content: a run is called what its user likes, which is no markup.
            self._choice.set_options([(Content(title), title) for title in titles or [NONE]])
            self._choice.value = chosen
        self._ask()

    @property
    def _choice(self) -> Select[str]:
        return self.query_one("#drawing-network", Select)

    @on(Select.Changed)
    def _chosen(self, event: Select.Changed) -> None:
        event.stop()
        self._ask()

    def action_next_network(self) -> None:
        """Let the next network answer."""
        if self._readers is None or not self._readers.all:
            return
        titles = [reader.title for reader in self._readers.all]
        self._choice.value = titles[(titles.index(str(self._choice.value)) + 1) % len(titles)]

    # Asking

    @on(DrawingPad.Changed)
    def _drawn(self, event: DrawingPad.Changed) -> None:
        event.stop()
        self._show_pen()
        self._ask()

    def _ask(self) -> None:
        """Read what is drawn, or say why it is not read."""
        readers, drawing = self._readers, self.query_one(DrawingPad).drawing
        self._asking.forget()
        if readers is None:
            return  # loading them will ask
        if not readers.all:
            self.query_one(DrawingView).say(MISSING)
            return
        ink, asked = drawing.ink, readers.asked(str(self._choice.value))
        self._asking.ask(lambda: readers.answer(ink, asked))

    # What is shown

    async def _show(self, answers: Answers | str) -> None:
        if isinstance(answers, str):
            self.query_one(DrawingView).say(answers)
        elif self.query_one(DrawingPad).drawing.empty:  # by now
            self.query_one(DrawingView).say("")
        else:
            self._answers = answers
            await self.query_one(DrawingView).show(answers)

    def _show_pen(self) -> None:
        """Say what a stroke would do."""
        pad, frame = self.query_one(DrawingPad), self.query_one("#drawing-frame")
        tool = "eraser" if pad.erases else "brush"
        text = f"{pad.brush} {tool} · pen {'down' if pad.pen_down else 'up'}"
        if frame.border_subtitle != text:
            frame.border_subtitle = text
