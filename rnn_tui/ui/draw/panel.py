"""The Draw view: draw a digit with mouse or keys, and see how trained networks read it."""

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.geometry import Size
from textual.widgets import Label

from rnn_tui.photos.drawing import SIDE
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.ui.draw.answers import DrawingAnswers, DrawingView, answer_drawing
from rnn_tui.ui.frame.digit_at_hand import DigitAtHand
from rnn_tui.ui.frame.inside_door import InsideDoor
from rnn_tui.ui.frame.network_select import NetworkSelect, NetworkView
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.widgets.drawing_pad import DrawingPad
from rnn_tui.ui.widgets.ink_image import HUGE, LARGE, PLAIN, ZOOM
from rnn_tui.ui.work.digit_answers import MISSING
from rnn_tui.ui.work.threads import LatestQuestion

BRUSHES = ("fine", "medium", "broad")
ABOVE = 3  # lines of the pad's frame and of what is above
BESIDE = 50  # cells that the pad's frame and the answers need at least
AROUND = Size(2, 4)  # cells and lines of the app around a view


class DrawingPanel(Vertical, InsideDoor, NetworkView):
    """A pad, and beside it the answers of networks to what is drawn there."""

    BINDINGS = [key("inside", "inside", "Inside")]

    def __init__(self, _pane: object = None) -> None:
        super().__init__()
        # Answers that are out of date are shown too: while a line is drawn they always are.
        self._asking = LatestQuestion[DrawingAnswers](self, self._receive, overtaken=True)

    def compose(self) -> ComposeResult:
        with Horizontal(id="drawing-choice"):
            yield Label("Network", classes="field-label")
            yield NetworkSelect(MNIST.name, only_digits=True, id="drawing-network")
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

    def on_show(self) -> None:
        self.refresh_weights()  # a run may have ended

    def on_resize(self, event: events.Resize) -> None:
        self._fit(event.size)

    def _fit(self, size: Size) -> None:
        """Make the pad as large as a view of this size has room for."""
        zoom = min((size.width - BESIDE) // SIDE, (size.height - ABOVE) // (SIDE // 2))
        scales = [scale for scale in (HUGE, LARGE) if zoom >= ZOOM[scale]]
        self.query_one(DrawingPad).scale = scales[0] if scales else PLAIN
        self.query_one("#drawing-frame").set_class(size.height >= SIDE // 2 + ABOVE, "panel")

    def focus_view(self) -> None:
        self.query_one(DrawingPad).focus()

    @property
    def digit_at_hand(self) -> DigitAtHand | None:
        """The drawing as networks read it; None if nothing is drawn."""
        drawing = self.query_one(DrawingView).drawing
        if self.query_one(DrawingPad).drawing.empty or drawing is None or not drawing.answers:
            return None
        return DigitAtHand("drawing", drawing.digit, weights=drawing.answers[0].source.path)

    @on(DrawingPad.Changed)
    @on(NetworkSelect.Changed)
    @on(NetworkSelect.Offered)
    def _ask(self) -> None:
        """Read what is drawn, or say why it is not read."""
        self._show_pen()
        self._asking.forget()
        if self.networks.sources is None:
            return  # they are still being looked for; `Offered` asks then
        if not self.networks.sources:
            self.query_one(DrawingView).say(MISSING)
            return
        ink, sources = self.query_one(DrawingPad).drawing.ink, self.networks.to_compare
        self._asking.ask(lambda: answer_drawing(ink, sources))

    async def _receive(self, outcome: DrawingAnswers | str) -> None:
        view = self.query_one(DrawingView)
        if isinstance(outcome, str):
            view.say(outcome)
        elif self.query_one(DrawingPad).drawing.empty:  # by now
            view.say("")
        else:
            view.show(outcome)

    def _show_pen(self) -> None:
        """Say what a stroke would do."""
        pad = self.query_one(DrawingPad)
        tool = "eraser" if pad.erases else "brush"
        pen = "down" if pad.pen_down else "up"
        text = f"{BRUSHES[pad.brush]} {tool} · pen {pen}"
        self.query_one("#drawing-frame").border_subtitle = Content(text)
