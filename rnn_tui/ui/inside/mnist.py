"""A look inside the row readers: a test image, a photo or a drawing, row by row."""

import random
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Label, Static

from rnn_tui.archive.weights import NETWORKS, Source, trained_networks
from rnn_tui.engine.errors import QueryError
from rnn_tui.engine.training.history import read_history
from rnn_tui.inside.analyses import analyses_of
from rnn_tui.inside.attribution import Attribution, attribution
from rnn_tui.inside.image_network import ImageNetwork, read_test_image
from rnn_tui.inside.images import RowsAnalysis
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.ui.frame.digit_at_hand import DigitAtHand
from rnn_tui.ui.frame.inside_door import InsideDoor, NetworkChoice
from rnn_tui.ui.frame.network_select import NetworkSelect, NetworkView
from rnn_tui.ui.frame.pane import show_line
from rnn_tui.ui.frame.task_view import TaskTab
from rnn_tui.ui.inside.bands import BarBand, StepBand
from rnn_tui.ui.inside.read_image import ReadImage
from rnn_tui.ui.inside.step_grid import StepPicked
from rnn_tui.ui.inside.subject import Subject
from rnn_tui.ui.inside.view import InsideView
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.widgets.ink_image import LARGE, PLAIN
from rnn_tui.ui.work.digit_answers import MISSING
from rnn_tui.ui.work.threads import in_thread, telling

TEST_IMAGES = 10_000
# Columns and lines of the view from which a large picture leaves enough room for the grid.
LARGE_WIDTH, LARGE_HEIGHT = 112, 34


class MnistInside(InsideView, NetworkView):
    """Shows how a row reader reads a digit: a test image, or one from other views of `pane`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key(
            "pixels",
            "pixels",
            "Pixels",
            tooltip="Show which pixels support or oppose the answer (attribution)",
        )
    ]
    ruler = "row"
    grid_title = "What it predicts after each row"

    def __init__(self, pane: TaskTab) -> None:
        super().__init__(analyses_of(MNIST))
        self._pane = pane
        #: The digit to read; a test image by its number.
        self._input: DigitAtHand | int = random.randrange(TEST_IMAGES)
        #: The key of the digit that another view had when it was asked last.
        self._seen_digit: Hashable = None
        self._weights: Path | None = None  #: To be chosen as soon as they are listed.
        self._attribution: Attribution | None = None  #: Of the answer; None until it is made.
        self._pixels = False  #: Whether attributions are shown.

    def choices(self) -> ComposeResult:
        yield Label("Input", classes="inside-label")
        yield Static("", id="inside-input", markup=False)
        yield Label("Network", classes="inside-label")
        yield NetworkSelect(MNIST.name, id="inside-network")

    def pictures(self) -> ComposeResult:
        yield ReadImage()

    def on_show(self) -> None:
        self.refresh_weights()  # a run may have ended

    # What is looked at

    def request(self) -> tuple[Hashable, Callable[[], Subject]] | str:
        """Ask for a test image, or for what was last drawn or photographed."""
        if self.networks.sources is None:
            return "Looking for weights …"
        digit = self._digit_of_other_view
        if digit is not None and digit.key != self._seen_digit:
            self._seen_digit = digit.key
            self._input = digit
            self._weights = digit.weights
        self.networks.choose(self._weights)
        source = self.networks.source
        if source is None:
            return MISSING
        input_key = self._input.key if isinstance(self._input, DigitAtHand) else self._input
        request_key = (input_key, NETWORKS.version_of(source.path))
        return request_key, partial(_read_digit, self._input, source)

    @property
    def _digit_of_other_view(self) -> DigitAtHand | None:
        """The digit that was drawn, photographed or tested in the view that was in front last."""
        doors = (view for view in self._pane.contents if isinstance(view, InsideDoor))
        door = next(doors, None)
        return None if door is None else door.digit_at_hand

    @on(NetworkSelect.Changed)
    def _ask_chosen_network(self) -> None:
        self._weights = None
        self.ask()

    @on(NetworkSelect.Offered)
    def _ask_offered_network(self) -> None:
        self.ask()

    def use(self, source: Source) -> None:
        self._weights = None
        super().use(source)

    def look_at(self, digit: DigitAtHand | int | None) -> None:
        """Look at a digit, by the network that answered; or at a test image by its number."""
        if digit is not None:
            other = self._digit_of_other_view
            self._seen_digit = None if other is None else other.key
            self._input = digit
            self._weights = digit.weights if isinstance(digit, DigitAtHand) else None
        self.ask()

    def read_input(self, text: str, network: NetworkChoice) -> None:
        """Read the test image of a number."""
        if not text.isdecimal() or int(text[:9]) >= TEST_IMAGES:
            raise QueryError(f"An input here is the number of a test image, below {TEST_IMAGES:,}.")
        self.begin_anew()
        self.networks.use(network.source)
        self.look_at(int(text))

    def memento(self) -> Callable[[], object]:
        digit, source = self._input, self.networks.source
        put_choices_back = super().memento()

        def put_back() -> None:
            self._input = digit
            if source is not None:
                self.networks.choose(source.path)
            put_choices_back()

        return put_back

    def action_other(self) -> None:
        self.look_at(random.randrange(TEST_IMAGES))

    @on(StepPicked, "ReadImage")
    def _go_to_row(self, event: StepPicked) -> None:
        self.go_to(event.step)

    # What is shown

    def subject_changed(self, subject: Subject) -> None:
        """Forget the attribution, and make that of the new answer if it is shown."""
        self._attribution = None
        if self._pixels:
            self._attribute(subject)

    def analysis_bands(self, subject: Subject, analysis: Any) -> Sequence[StepBand]:  # noqa: ARG002
        if not isinstance(analysis, RowsAnalysis):
            return []
        percent = (100 * analysis.accuracy).astype(np.float32)
        return [BarBand("right %", percent, 0.0, 100.0, form=".1f")]

    def analysis_text(self, analysis: Any) -> str:
        if not isinstance(analysis, RowsAnalysis):
            return super().analysis_text(analysis)
        percent = 100 * analysis.accuracy[self.step]
        return f"{analysis.summary} After row {self.step + 1}: {percent:.2f} %."

    def note(self, subject: Subject, step: int) -> str:
        if not self._pixels:
            return super().note(subject, step)
        attribution = self._attribution
        if attribution is None:
            return "Computing what each pixel adds …"
        answer = subject.trace.outputs[attribution.answer]
        return (
            f"Integrated gradients: orange pixels (+) support {answer}, blue ones (−) "
            f"oppose it. Sum {attribution.total:+.3f}; logit minus that of a blank image "
            f"{attribution.difference:+.3f}."
        )

    def show_pictures(self, subject: Subject, step: int) -> None:
        image, digit = self.query_one(ReadImage), subject.reading.digit
        assert digit is not None
        has_room = self.size.width >= LARGE_WIDTH and self.size.height >= LARGE_HEIGHT
        image.scale = LARGE if has_room else PLAIN
        image.set_class(self.has_class("-tall"), "panel")
        image.border_title = Content(f"Input · {subject.details}")
        show_line(self, "#inside-input", subject.details)
        pixels = None
        if self._pixels and self._attribution is not None:
            pixels = self._attribution.pixels
        image.show(digit, step, pixels)

    # Pixels

    def action_pixels(self) -> None:
        """Show attributions, or the ink alone again."""
        subject = self.subject
        # At a snapshot only states are kept, so that nothing can be attributed.
        self._pixels = not self._pixels and subject is not None and subject.reading.retraced
        if self._pixels and self._attribution is None and subject is not None:
            self._attribute(subject)
        self.show_all()

    @work(group="pixels", exclusive=True)
    async def _attribute(self, subject: Subject) -> None:
        """Attribute the answer to pixels in a thread; show that if it is still looked at."""
        reading = subject.reading
        assert reading.digit is not None
        with telling(self):
            result = await in_thread(
                self, attribution, reading.network.source, reading.digit, reading.trace.answer
            )
            if self.subject is not None and self.subject.reading is reading:
                self._attribution = result
                self.show_all()


def _read_digit(digit: DigitAtHand | int, source: Source) -> Subject:
    """Read a digit, or a test image by its number, with these weights, in a thread."""
    network = NETWORKS.get(source.path, RowReaderNetwork)
    classes = network.config.classes
    if isinstance(digit, int):
        number = digit % network.config.image_set.test_images
        image, label = read_test_image(number, network.config)
        digit = DigitAtHand(f"test image {number}", image, label, classes=classes)
    inside = ImageNetwork(network)
    trace = inside.trace_digit(digit.digit)
    # a network that tells other classes apart can't be right or wrong about this one
    right = digit.label if digit.classes == classes else None
    reading = NetworkReading(
        inside,
        trace,
        () if right is None else (right,),
        digit=digit.digit,
        trained=partial(trained_networks, MNIST.name, like=network.config),
        history=partial(read_history, source.path),
    )
    truth = "" if right is None else classes[right]
    return Subject(
        f"{digit.name} · {source.title}",
        reading,
        [truth] * trace.steps,
        NETWORKS.version_of(source.path),
        digit.name,
    )
