"""A look inside the row readers: a test image, a photo or a drawing, row by row."""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from rich.color import Color as RichColor
from rich.style import Style
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.color import Color
from textual.geometry import Size
from textual.message import Message
from textual.widgets import Label, Select

from rnn_tui.engine.errors import UserError
from rnn_tui.inside.mnist import (
    RowsStudy,
    read_test_image,
    saliency,
    study_test_images,
    trace_digit,
)
from rnn_tui.photos.drawing import SIDE, Ink
from rnn_tui.runs.weights import NETWORKS
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.mnist.inference import RowReaderNetwork
from rnn_tui.ui.draw.answers import MISSING
from rnn_tui.ui.draw.ink_image import LARGE, PLAIN, Cell, InkImage
from rnn_tui.ui.inside.bands import LEVELS, BarBand, Heatscale, StepBand, levels_of
from rnn_tui.ui.inside.subject import Given, Subject
from rnn_tui.ui.inside.view import InsideView
from rnn_tui.ui.shell.key_table import key
from rnn_tui.ui.shell.threads import in_thread
from rnn_tui.ui.widgets.network_select import NetworkSelect, NetworkView
from rnn_tui.ui.widgets.plain import PlainSelect

if TYPE_CHECKING:
    from rnn_tui.ui.training.pane import TaskPane

TEST_IMAGES = 10_000
TEST, OTHER = "test", "other"
# Cells beside a large picture that the grid must have.
LARGE_WIDTH, LARGE_HEIGHT = 130, 40
# The paper of rows that are not read yet, and how much of their ink shows.
UNREAD_PAPER, UNREAD_INK = 58, 0.35
# The column of the mark beside the row.
MARGIN = 2


class ReadImage(InkImage):
    """A picture of which rows that are not read yet lie on grey paper.

    A mark stands beside the row that is being read.
    """

    @dataclass
    class Picked(Message):
        """A row was clicked, from 0."""

        row: int

    def __init__(self) -> None:
        super().__init__()
        self._ink: Ink = np.zeros((SIDE, SIDE), np.float32)
        self._gradient: Ink | None = None
        self._last_row = SIDE - 1

    def show(self, ink: Ink, row: int, gradient: Ink | None = None) -> None:
        """Draw a digit.

        Args:
            ink: (28, 28), 0 … 1.
            row: the last one read, from 0.
            gradient: (28, 28), drawn in place of the ink: for the answer, or against it.
        """
        self._ink, self._last_row, self._gradient = ink, row, gradient
        self.refresh()

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """That of the picture, and the mark."""
        return super().get_content_width(container, viewport) + MARGIN

    def on_click(self, event: events.Click) -> None:
        """Read up to the row that was clicked."""
        row = event.y if self.scale == LARGE else 2 * event.y + 1
        if 0 <= row < SIDE:
            self.post_message(self.Picked(row))

    def _cells(self, y: int) -> list[Cell]:
        """The cells of a line, and the mark."""
        if self.scale == LARGE:
            rows, marks = range(y, y + 1), "◀"
            cells = [("  ", Style(bgcolor=only)) for only in self._colours(y)]
        else:
            rows, marks = range(2 * y, 2 * y + 2), "▀▄"
            pairs = zip(*map(self._colours, rows), strict=True)
            cells = [("▀", Style(color=upper, bgcolor=lower)) for upper, lower in pairs]
        if self._last_row in rows:
            accent = Color.parse(self.app.theme_variables["accent"]).rich_color
            style = self.rich_style + Style(color=accent, bold=True)
            cells.append((marks[rows.index(self._last_row)], style))
        return cells

    def _colours(self, row: int) -> list[RichColor]:
        read = row <= self._last_row
        if self._gradient is not None:
            scale = Heatscale(self.app.current_theme, self.styles.background)
            largest = float(np.abs(self._gradient).max())
            levels = levels_of(self._gradient[row], largest, signed=True).tolist()
            return [scale.colour(level, signed=True, faded=not read) for level in levels]
        shades = np.rint(np.clip(self._ink[row], 0, 1) * LEVELS).astype(int).tolist()
        return [_READ[shade] if read else _UNREAD[shade] for shade in shades]


def _greys(paper: float, ink: float) -> list[RichColor]:
    """The colours from bare paper to full ink."""
    values = [round(paper + (ink - paper) * level / LEVELS) for level in range(LEVELS + 1)]
    return [Color(value, value, value).rich_color for value in values]


_READ = _greys(0, 255)
_UNREAD = _greys(UNREAD_PAPER, UNREAD_PAPER + UNREAD_INK * (255 - UNREAD_PAPER))


@dataclass(frozen=True, eq=False)
class DigitDetails:
    """What was read.

    Attributes:
        digit: (28, 28), 0 … 1.
        network: what read it.
    """

    digit: Ink
    network: RowReaderNetwork


class MnistInside(InsideView, NetworkView):
    """A digit on its way through a row reader.

    Args:
        pane: whose other views have what was drawn or photographed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        key("pixels", "saliency", "Pixels", tooltip="Which pixels speak for the answer, or against")
    ]
    ruler = "row"

    def __init__(self, pane: TaskPane) -> None:
        super().__init__()
        self._pane = pane
        self._image = random.randrange(TEST_IMAGES)
        self._kind = TEST
        self._offered: Given | None = None
        # Whether something was asked for since networks were found first.
        self._looked = False
        self._gradient: Ink | None = None
        self._pixels = False

    def choices(self) -> ComposeResult:
        """What is read, and by whom."""
        yield Label("input")
        yield PlainSelect([("none", "")], id="inside-input")
        yield Label("network")
        yield NetworkSelect(MNIST.name, id="inside-network")

    def pictures(self) -> ComposeResult:
        """The digit."""
        yield ReadImage()

    # Weights

    def on_show(self) -> None:
        """Look for weights each time that this comes into view; a run may have ended."""
        self.refresh_weights()

    # What is looked at

    def request(self) -> tuple[Hashable, Callable[[], Subject]] | str:
        """A test image, or what was last drawn or photographed."""
        if self.networks.sources is None:
            return "Looking for weights …"
        self._offer()
        source = self.networks.source
        if source is None:
            return MISSING
        given = self._offered if self._kind == OTHER else None
        number, path = self._image, source.path
        name = self._image_name if given is None else given.name

        def look() -> Subject:
            network = NETWORKS.get(path, RowReaderNetwork)
            digit, label = read_test_image(number) if given is None else (given.digit, given.label)
            trace = trace_digit(network, digit)
            return Subject(
                f"{name} · {source.title}",
                trace,
                ["" if label is None else str(label)] * trace.steps,
                NETWORKS.version_of(path),
                partial(study_test_images, network),
                DigitDetails(digit, network),
            )

        return (number if given is None else given.key, NETWORKS.version_of(path)), look

    def _offer(self) -> None:
        """List what there is to look at; what has just been drawn or photographed comes first."""
        given, before = self._at_hand, self._offered
        if given is not None and (before is None or given.key != before.key):
            self._offered, self._kind = given, OTHER
            self.networks.choose(given.weights)
        # Names for values, since a list goes on showing the name that a value had before.
        names = [self._image_name, *([self._offered.name] if self._offered is not None else [])]
        select = self.query_one("#inside-input", PlainSelect)
        with self.prevent(Select.Changed):
            select.offer_texts((name, name) for name in names)
            select.value = names[-1] if self._kind == OTHER else names[0]

    @property
    def _at_hand(self) -> Given | None:
        """What was drawn, photographed or misread, whichever was looked at last."""
        views: list[Any] = [one for one in self._pane.contents if hasattr(type(one), "at_hand")]
        return views[0].at_hand if views else None

    @property
    def _image_name(self) -> str:
        return f"test image {self._image}"

    @on(Select.Changed, "#inside-input")
    def _input_chosen(self, event: Select.Changed) -> None:
        event.stop()
        self._kind = TEST if event.value == self._image_name else OTHER
        self.ask()

    @on(NetworkSelect.Changed, "#inside-network")
    def _network_chosen(self, event: NetworkSelect.Changed) -> None:
        event.stop()
        self.ask()

    @on(NetworkSelect.Offered)
    def _networks_found(self, event: NetworkSelect.Offered) -> None:
        event.stop()
        if not self._looked or self.subject is not None:
            self._looked = True
            self.ask()

    def look_at(self, image: int) -> None:
        """Look at this test image."""
        self._image, self._kind = image, TEST
        self.ask()

    def action_other(self) -> None:
        """Another test image, by chance."""
        self.look_at(random.randrange(TEST_IMAGES))

    def action_next_network(self) -> None:
        """The next network."""
        self.networks.choose_next()

    @on(ReadImage.Picked)
    def _row_picked(self, event: ReadImage.Picked) -> None:
        event.stop()
        self.go_to(event.row)

    # What is shown

    def taken(self, subject: Subject) -> None:
        """Its pixels speak for something else."""
        self._gradient = None
        if self._pixels:
            self._find(subject)

    def study_bands(self, subject: Subject, study: RowsStudy) -> Sequence[StepBand]:  # noqa: ARG002
        """How often the answer after each row is right."""
        percent = (100 * study.accuracy).astype(np.float32)
        return [BarBand("right %", percent, 0.0, 100.0, form=".1f")]

    def study_text(self, study: RowsStudy) -> str:
        """How early it can tell; and so far."""
        return (
            f"{study.summary} After row {self.step + 1}: {100 * study.accuracy[self.step]:.2f} %."
        )

    def note(self, subject: Subject, step: int) -> str:
        """Of pixels, what their colours mean."""
        if self._pixels:
            return (
                "Pixels by the gradient of the winning logit after all rows: more ink on orange "
                "ones would speak for the answer, on blue ones against it. o shows the digit again."
            )
        return super().note(subject, step)

    def show_pictures(self, subject: Subject, step: int) -> None:
        """Draw the digit as far as it is read."""
        gradient = self._gradient if self._pixels else None
        image = self.query_one(ReadImage)
        large = self.size.width >= LARGE_WIDTH and self.size.height >= LARGE_HEIGHT
        image.scale = LARGE if large else PLAIN
        image.show(subject.details.digit, step, gradient)

    # Pixels

    def action_saliency(self) -> None:
        """Colour the pixels by the gradient of the winning logit, or show the digit again."""
        self._pixels = not self._pixels
        if self._pixels and self._gradient is None and self.subject is not None:
            self._find(self.subject)
        self.show_all()

    @work(group="pixels", exclusive=True)
    async def _find(self, subject: Subject) -> None:
        details: DigitDetails = subject.details
        try:
            gradient = await in_thread(self, saliency, details.network, details.digit)
        except UserError as error:
            self.notify(str(error), severity="error")
            return
        if subject is self.subject:
            self._gradient = gradient
            self.show_all()
