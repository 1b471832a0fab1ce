"""A look inside the row readers: a test image, a photo or a drawing, row by row."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Label, Select

from rnn_tui.engine.errors import UserError
from rnn_tui.inside.mnist import RowsStudy, read_test_image, study_test_images
from rnn_tui.inside.row_readers import saliency, trace_digit
from rnn_tui.photos.drawing import Ink
from rnn_tui.runs.weights import NETWORKS
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.mnist.inference import RowReaderNetwork
from rnn_tui.ui.draw.answers import MISSING
from rnn_tui.ui.inside.bands import BarBand, StepBand
from rnn_tui.ui.inside.pictures import ReadImage
from rnn_tui.ui.inside.subject import Given, LookRequest, Subject
from rnn_tui.ui.inside.view import InsideView
from rnn_tui.ui.shell.threads import in_thread
from rnn_tui.ui.widgets.network_select import NetworkSelect, NetworkView

if TYPE_CHECKING:
    from rnn_tui.ui.training.pane import TaskPane

TEST_IMAGES = 10_000
TEST, OTHER = "test", "other"
# Cells beside a large picture that the grid must have.
LARGE_WIDTH, LARGE_HEIGHT = 130, 40


@dataclass(frozen=True, eq=False)
class DigitDetails:
    """What was read.

    Attributes:
        digit: (28, 28), 0 … 1.
        label: which digit it is; None where nobody knows.
        network: what read it.
    """

    digit: Ink
    label: int | None
    network: RowReaderNetwork


def mnist_inside(pane: TaskPane) -> MnistInside:
    """The view of a task's tab: of what the view that was looked at last has."""
    return MnistInside(lambda: _at_hand(pane))


def _at_hand(pane: TaskPane) -> Given | None:
    """What was drawn, photographed or misread, whichever was looked at last."""
    for view in pane.contents:
        if hasattr(type(view), "at_hand"):
            found: Given | None = cast("Any", view).at_hand
            return found
    return None


class MnistInside(InsideView, NetworkView):
    """A digit on its way through a row reader.

    Args:
        given: what was drawn or photographed, if anything; asked each time.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "saliency", "Pixels", tooltip="Which pixels speak for the answer, or against")
    ]
    ruler = "row"

    def __init__(self, given: Callable[[], Given | None]) -> None:
        super().__init__()
        self._given = given
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
        yield Select([("none", "")], allow_blank=False, compact=True, id="inside-input")
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

    def request(self) -> LookRequest | str:
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
            read = read_test_image(number) if given is None else (given.digit, given.label)
            return Subject(
                f"{name} · {source.title}",
                trace_digit(network, read[0]),
                NETWORKS.version_of(path),
                lambda progress, stopping: study_test_images(network, progress, stopping),
                DigitDetails(*read, network),
            )

        key = (number if given is None else given.key, NETWORKS.version_of(path))
        return LookRequest(key, look)

    def _offer(self) -> None:
        """List what there is to look at; what has just been drawn or photographed comes first."""
        given, before = self._given(), self._offered
        if given is not None and (before is None or given.key != before.key):
            self._offered, self._kind = given, OTHER
            self.networks.choose(given.weights)
        # Names for values, since a list goes on showing the name that a value had before.
        names = [self._image_name, *([self._offered.name] if self._offered is not None else [])]
        select = self.query_one("#inside-input", Select)
        with self.prevent(Select.Changed):
            select.set_options((Content(name), name) for name in names)
            select.value = names[-1] if self._kind == OTHER else names[0]

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

    def sentence(self, subject: Subject, step: int) -> str:
        """The answer after a row."""
        trace, label = subject.trace, subject.details.label
        answer = int(trace.answers[step])
        text = f"says {answer}, {100 * trace.probabilities[step, answer]:.1f} %"
        if label is not None:
            text += " ✓" if answer == label else f" ✗ it is {label}"
        return f"{text} · settled at {trace.settled}"

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
        image.large = self.size.width >= LARGE_WIDTH and self.size.height >= LARGE_HEIGHT
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
            self.notify(str(error), severity="error", markup=False)
            return
        if subject is self.subject:
            self._gradient = gradient
            self.show_all()
