"""Digits by hand: draw one on the pad, with mouse or keys, and see at every stroke how trained
networks read it.
"""

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.geometry import Size
from textual.widgets import Label

from rnn_tui.photos.drawing import SIDE
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.ui.common.digit_answers import MISSING
from rnn_tui.ui.common.digit_at_hand import Given
from rnn_tui.ui.common.inside_door import InsideDoor
from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.threads import LatestQuestion
from rnn_tui.ui.common.widgets.drawing_pad import DrawingPad
from rnn_tui.ui.common.widgets.ink_image import HUGE, LARGE, PLAIN, ZOOM
from rnn_tui.ui.common.widgets.network_select import NetworkSelect, NetworkView
from rnn_tui.ui.draw.answers import DrawingAnswers, DrawingView, answer_drawing

BRUSHES = ("fine", "medium", "broad")


# lines of a pad's frame and of what is above; cells that its frame and the answers need at least
ABOVE, BESIDE = 3, 50
AROUND = Size(2, 4)  # what the app has around a view


class DrawingPanel(Vertical, InsideDoor, NetworkView):
    """A pad, and beside it what networks make of what is drawn there."""

    BINDINGS = [key("inside", "inside", "Inside")]

    def __init__(self, _pane: object = None) -> None:
        super().__init__()
        # Answers that the next stroke has overtaken are shown too: while a line is drawn there is
        # always a next one.
        self._asking = LatestQuestion[DrawingAnswers](self, self._show, overtaken=True)

    def compose(self) -> ComposeResult:
        with Horizontal(id="drawing-choice"):
            yield Label("Network", classes="field-label")
            yield NetworkSelect(MNIST.name, id="drawing-network")
        with Horizontal(id="drawing-body"):
            with Vertical(id="drawing-frame"):
                yield DrawingPad()
            yield DrawingView()

    def on_mount(self) -> None:
        """Start with an empty pad, as large as it will be: its own size is not known yet."""
        self._fit(self.app.size - AROUND)
        self.query_one(DrawingView).say("")
        self.query_one("#drawing-frame").border_title = "Draw here"
        self._show_pen()

    on_show = NetworkView.refresh_weights  # a run may have ended

    def on_resize(self, event: events.Resize) -> None:
        self._fit(event.size)

    def _fit(self, size: Size) -> None:
        zoom = min((size.width - BESIDE) // SIDE, (size.height - ABOVE) // (SIDE // 2))
        self.query_one(DrawingPad).scale = next(
            (scale for scale in (HUGE, LARGE) if zoom >= ZOOM[scale]), PLAIN
        )
        self.query_one("#drawing-frame").set_class(size.height >= SIDE // 2 + ABOVE, "panel")

    def focus_view(self) -> None:
        self.query_one(DrawingPad).focus()

    @property
    def given(self) -> Given | None:
        """What is drawn, as networks read it; None where nothing is."""
        answers = self.query_one(DrawingView).answers
        if answers is None or not answers.each or self.query_one(DrawingPad).drawing.empty:
            return None
        return Given("drawing", answers.digit, weights=answers.each[0].source.path)

    @on(DrawingPad.Changed)
    @on(NetworkSelect.Changed)
    @on(NetworkSelect.Offered)
    def _ask(self) -> None:
        """Read what is drawn, or say why it is not read."""
        self._show_pen()
        self._asking.forget()
        if self.networks.sources:
            ink, asked = self.query_one(DrawingPad).drawing.ink, self.networks.asked
            self._asking.ask(lambda: answer_drawing(ink, asked))
        elif self.networks.sources is not None:
            # where they are not known yet, finding them will ask
            self.query_one(DrawingView).say(MISSING)

    async def _show(self, answers: DrawingAnswers | str) -> None:
        if isinstance(answers, str):
            self.query_one(DrawingView).say(answers)
        elif self.query_one(DrawingPad).drawing.empty:  # by now
            self.query_one(DrawingView).say("")
        else:
            self.query_one(DrawingView).show(answers)

    def _show_pen(self) -> None:
        """Say what a stroke would do."""
        pad, frame = self.query_one(DrawingPad), self.query_one("#drawing-frame")
        pen = (
            f"{BRUSHES[pad.brush]} {'eraser' if pad.erases else 'brush'} · pen "
            f"{'down' if pad.pen_down else 'up'}"
        )
        frame.border_subtitle = Content(pen)
