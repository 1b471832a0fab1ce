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

from rnn_tui.engine.history import read_history
from rnn_tui.inside.attribution import Attribution, attribution
from rnn_tui.inside.digit_trace import read_test_image, trace_digit
from rnn_tui.inside.mnist import RowsAnalysis
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.runs.weights import NETWORKS, Source, trained_networks
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.mnist.inference import RowReaderNetwork
from rnn_tui.ui.common.digit_answers import MISSING
from rnn_tui.ui.common.digit_at_hand import Given
from rnn_tui.ui.common.inside_door import InsideDoor
from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.pane import show_line
from rnn_tui.ui.common.task_view import TaskTab
from rnn_tui.ui.common.threads import in_thread, telling
from rnn_tui.ui.common.widgets.ink_image import LARGE, PLAIN
from rnn_tui.ui.common.widgets.network_select import NetworkSelect, NetworkView
from rnn_tui.ui.inside.bands import BarBand, StepBand
from rnn_tui.ui.inside.read_image import ReadImage
from rnn_tui.ui.inside.step_grid import StepPicked
from rnn_tui.ui.inside.subject import Subject
from rnn_tui.ui.inside.view import InsideView

TEST_IMAGES = 10_000
# Size of the view from which a large picture leaves the grid enough, in lines and in columns.
LARGE_WIDTH, LARGE_HEIGHT = 112, 34


class MnistInside(InsideView, NetworkView):
    """A digit on its way through a row reader: a test image, or what other views of `pane` have."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("pixels", "pixels", "Pixels", tooltip="Which pixels speak for the answer, or against")
    ]
    ruler, grid_title = "row", "what it says after each row"

    def __init__(self, pane: TaskTab) -> None:
        super().__init__(MNIST)
        self._pane = pane
        # What is read, a test image by its number; what other views had when they were asked last.
        self._what: Given | int = random.randrange(TEST_IMAGES)
        self._before: Hashable = None
        self._weights: Path | None = None  # to choose as soon as they are listed
        self._attribution: Attribution | None = None
        self._pixels = False

    def choices(self) -> ComposeResult:
        yield Label("input", classes="inside-label")
        yield Static("", id="inside-input", markup=False)
        yield Label("network", classes="inside-label")
        yield NetworkSelect(MNIST.name, id="inside-network")

    def pictures(self) -> ComposeResult:
        yield ReadImage()

    on_show = NetworkView.refresh_weights  # a run may have ended

    # What is looked at

    def request(self) -> tuple[Hashable, Callable[[], Subject]] | str:
        """A test image, or what was last drawn or photographed."""
        if self.networks.sources is None:
            return "Looking for weights …"
        given = self._at_hand
        if given is not None and given.key != self._before:
            self._before, self._what, self._weights = given.key, given, given.weights
        self.networks.choose(self._weights)
        source, what = self.networks.source, self._what
        if source is None:
            return MISSING

        def look() -> Subject:
            network = NETWORKS.get(source.path, RowReaderNetwork)
            given = (
                what
                if isinstance(what, Given)
                else Given(f"test image {what}", *read_test_image(what))
            )
            trace, label = (
                trace_digit(network, given.digit),
                "" if given.label is None else str(given.label),
            )
            right, trained = (
                () if given.label is None else (given.label,),
                partial(trained_networks, MNIST.name),
            )
            history = partial(read_history, source.path)
            reading = NetworkReading(
                network, trace, right, digit=given.digit, trained=trained, history=history
            )
            about, version = f"{given.name} · {source.title}", NETWORKS.version_of(source.path)
            return Subject(about, reading, [label] * trace.steps, version, given.name)

        return (
            what.key if isinstance(what, Given) else what,
            NETWORKS.version_of(source.path),
        ), look

    @property
    def _at_hand(self) -> Given | None:
        """What was drawn, photographed or tested, whichever was looked at last."""
        return next(
            (view.given for view in self._pane.contents if isinstance(view, InsideDoor)), None
        )

    @on(NetworkSelect.Changed)
    def _network_chosen(self) -> None:
        self._weights = None
        self.ask()

    on_network_select_offered = InsideView.ask

    def use(self, source: Source) -> None:
        self._weights = None
        super().use(source)

    def look_at(self, what: Given | int | None) -> None:
        """Look at a digit, by the network that answered; or at a test image by its number."""
        if what is not None:
            before = self._at_hand
            self._before, self._what = before and before.key, what
            self._weights = what.weights if isinstance(what, Given) else None
        self.ask()

    def action_other(self) -> None:
        self.look_at(random.randrange(TEST_IMAGES))

    @on(StepPicked, "ReadImage")
    def _row_picked(self, event: StepPicked) -> None:
        self.go_to(event.step)

    # What is shown

    def taken(self, subject: Subject) -> None:
        """Its pixels speak for something else."""
        self._attribution = None
        if self._pixels:
            self._find(subject)

    def analysis_bands(self, subject: Subject, analysis: Any) -> Sequence[StepBand]:  # noqa: ARG002
        if not isinstance(analysis, RowsAnalysis):
            return []
        return [
            BarBand("right %", (100 * analysis.accuracy).astype(np.float32), 0.0, 100.0, form=".1f")
        ]

    def analysis_text(self, analysis: Any) -> str:
        if not isinstance(analysis, RowsAnalysis):
            return super().analysis_text(analysis)
        percent = 100 * analysis.accuracy[self.step]
        return f"{analysis.summary} After row {self.step + 1}: {percent:.2f} %."

    def note(self, subject: Subject, step: int) -> str:
        if not self._pixels:
            return super().note(subject, step)
        if (found := self._attribution) is None:
            return "Finding out what each pixel adds …"
        return (
            f"Orange pixels (+) speak for {found.answer}, blue ones (−) against it: integrated "
            "gradients. Together "
            f"{found.total:+.3f}; the logit is {found.difference:+.3f} above that of a blank image."
        )

    def show_pictures(self, subject: Subject, step: int) -> None:
        image, digit = self.query_one(ReadImage), subject.reading.digit
        assert digit is not None
        image.scale = (
            LARGE if self.size.width >= LARGE_WIDTH and self.size.height >= LARGE_HEIGHT else PLAIN
        )
        image.set_class(self.has_class("-tall"), "panel")
        image.border_title = Content(subject.details)
        show_line(self, "#inside-input", subject.details)
        image.show(
            digit, step, self._attribution.pixels if self._pixels and self._attribution else None
        )

    # Pixels

    def action_pixels(self) -> None:
        self._pixels = (
            not self._pixels and self.subject is not None and self.subject.reading.retraced
        )
        if self._pixels and self._attribution is None and self.subject is not None:
            self._find(self.subject)
        self.show_all()

    @work(group="pixels", exclusive=True)
    async def _find(self, subject: Subject) -> None:
        reading = subject.reading
        assert reading.digit is not None
        with telling(self):
            found = await in_thread(
                self, attribution, reading.network, reading.digit, reading.trace.answer
            )
            if self.subject is not None and self.subject.reading is reading:
                self._attribution = found
                self.show_all()
