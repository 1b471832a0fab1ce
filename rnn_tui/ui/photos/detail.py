"""One photo in full: every network's answer, and every step from the photo to 28×28."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Horizontal, ItemGrid, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from rnn_tui.engine.errors import printable
from rnn_tui.photos import METHODS
from rnn_tui.runs.weights import Source, shipped
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.ui.common.digit_answers import DigitAnswer, answer_digit
from rnn_tui.ui.common.inside_door import InsideDoor
from rnn_tui.ui.common.threads import LatestQuestion
from rnn_tui.ui.common.widgets.digits import DigitColumn
from rnn_tui.ui.common.widgets.plain import views_in
from rnn_tui.ui.photos.form import OURS, REPORT, SHORT_METHODS
from rnn_tui.ui.photos.grid import CUT, verdict
from rnn_tui.ui.photos.pictures import SIDE, PhotoImage, picture_of, with_boxes

if TYPE_CHECKING:
    from rnn_tui.photos.digit.picture import Picture, PreparedDigit, Stage
    from rnn_tui.photos.reader import PhotoReader
    from rnn_tui.photos.reading import Reading

FAILURE = "This photo could not be examined; the log file has the details."
STAGE_SIDE = 18
# Cells of the photo and of the digit beside the answers; from which width on they are larger.
SMALL_BOX, LARGE_BOX, WIDE = (12, 6), (22, 11), 120
PREPARED = {OURS: "Prepared as MNIST", REPORT: "Prepared as in the report"}


class StageView(Vertical):
    """A step of preprocessing: what it made, and its name."""

    def __init__(self) -> None:
        self._image = PhotoImage(STAGE_SIDE, STAGE_SIDE // 2)
        self._caption = Static("", classes="name", markup=False)
        super().__init__(self._image, self._caption)

    def show(self, number: int, stage: "Stage") -> None:
        self._image.show(stage.picture)
        self._caption.update(f"{number} {stage.name}")


class Stages(Vertical):
    """All steps of one preprocessing."""

    def __init__(self) -> None:
        self._head = Static("", classes="head", markup=False)
        self._grid = ItemGrid(classes="stages", min_column_width=STAGE_SIDE, stretch_height=False)
        super().__init__(self._head, self._grid)

    def show(self, method: str, way: "PreparedDigit") -> None:
        self._head.update(PREPARED[method] + (f" · {way.doubt}" if way.doubt else ""))
        views = views_in(self._grid, StageView, len(way.stages))
        for number, (view, stage) in enumerate(zip(views, way.stages, strict=True), 1):
            view.show(number, stage)


class DigitBox(Static, can_focus=True):
    """One of several digits in a photo, in reading order; Enter looks inside the network while it
    reads it.
    """

    BINDINGS = [Binding("enter", "open", "Inside", key_display="⏎")]

    def __init__(self) -> None:
        super().__init__("", markup=False)

    def action_open(self) -> None:
        next(view for view in self.ancestors if isinstance(view, InsideDoor)).action_inside()


class PhotoDetail(VerticalScroll, can_focus=True):
    """The photo that is selected in the gallery, looked at in a thread; `step` goes so many photos
    further.
    """

    BINDINGS = [
        Binding("left", "step(-1)", "More", key_display="←→", tooltip="The previous or next photo"),
        Binding("right", "step(1)", "Next", show=False),
    ]

    def __init__(self, step: Callable[[int], None], *, id: str) -> None:
        super().__init__(id=id)
        self.action_step = step
        self._asking = LatestQuestion[PhotoStudy](self, self._take, FAILURE)
        self._reading: Reading | None = None
        self._study: PhotoStudy | None = None
        self._shown_by: tuple[PhotoReader, Source] | None = None
        self.chosen = 0  #: which of several digits is looked at, in reading order.
        self._pair: tuple[PhotoImage, ...] = ()

    def compose(self) -> ComposeResult:
        yield Static("", id="photos-headline", markup=False)
        yield ItemGrid(id="photos-digits", min_column_width=9)
        with Horizontal(id="photos-looked-at"):
            yield Container(id="photos-pair")
            yield ItemGrid(id="photos-answers", min_column_width=24)
        yield Stages()
        yield Stages()

    def add_pictures(self) -> None:
        """Make room for photo and digit; the first of them may ask the terminal what it can do."""
        self._pair = PhotoImage(*SMALL_BOX), PhotoImage(*SMALL_BOX)
        self.query_one("#photos-pair").mount(*self._pair)
        self.on_resize()

    def on_resize(self) -> None:
        """Photo and digit beside each other where there is room, or one above the other."""
        self.set_class(self.size.width >= WIDE, "-wide")
        for image in self._pair:
            image.resize(*(LARGE_BOX if self.size.width >= WIDE else SMALL_BOX))

    def show(
        self, reading: "Reading", place: tuple[int, int], reader: "PhotoReader", source: Source
    ) -> None:
        """Show a photo: its number of how many, what reads photos now, and by which weights."""
        before, self._reading = self._reading, reading
        said = [verdict(reading).strip(), f"{100 * (reading.confidence or 0):.1f} %", reading.doubt]
        words = [f"  {one}" for one in ([reading.error] if reading.error else said) if one]
        name = printable(reading.path.name or reading.path, CUT), "bold"
        headline = Text.assemble((f"{place[0]:,} of {place[1]:,}  ", "dim"), name, *words)
        self.query_one("#photos-headline", Static).update(headline)
        if self._study is not None and before is not None and before.path == reading.path:
            self._show_answers(self._study)
            return
        self._shown_by, self.chosen = (reader, source), 0
        count = len(reading.digits) if reading.rows else 0
        for view, one in zip(
            views_in(self.query_one("#photos-digits"), DigitBox, count),
            reading.digits,
            strict=False,
        ):
            view.update(Content(f"{one.text} {100 * (one.confidence or 0):.0f} %"))
            view.set_class(bool(one.doubt), "-doubtful")
        self._look()

    def _look(self) -> None:
        assert self._reading is not None
        assert self._shown_by is not None
        self.add_class("-stale")
        path, chosen, (reader, source) = (
            self._reading.path,
            self.chosen if self._reading.rows else None,
            self._shown_by,
        )
        self._asking.ask(lambda: study(path, reader, source, chosen))

    @on(events.DescendantFocus, "DigitBox")
    def _choose(self, event: events.DescendantFocus) -> None:
        if (at := list[Widget](self.query(DigitBox)).index(event.widget)) != self.chosen:
            self.chosen = at
            self._look()

    def forget(self) -> None:
        """Photos are read anew: look anew too."""
        self._reading = self._study = None

    async def _take(self, found: "PhotoStudy | str") -> None:
        if self._reading is None:
            return
        # a sentence is in the gallery already
        self._study = found = PhotoStudy() if isinstance(found, str) else found
        self.remove_class("-stale")
        self._show_answers(found)
        for image, picture in zip(
            self._pair,
            (with_boxes(found.photo, self._reading, self.chosen), found.digit),
            strict=False,
        ):
            image.show(picture)
        for view, way in zip(views_in(self, Stages, len(found.ways)), found.ways, strict=True):
            view.show(*way)

    def _show_answers(self, found: "PhotoStudy") -> None:
        assert self._reading is not None
        views, label = (
            views_in(self.query_one("#photos-answers"), DigitColumn, len(found.answers)),
            self._reading.label,
        )
        for view, (name, answer) in zip(views, found.answers, strict=True):
            mark = "" if label is None else " ✓" if answer.digit == label else " ✗"
            view.show(f"{name}: {answer.digit}{mark}", answer.probabilities, "", true=label)


@dataclass(frozen=True)
class PhotoStudy:
    """Everything about one photo; nothing where it can't be read."""

    photo: "Picture | None" = None  #: itself, small.
    digit: "Picture | None" = None  #: what the network receives, as a picture.
    #: by method, the reader's own first: what came of preparing it so; the stages are small.
    ways: "tuple[tuple[str, PreparedDigit], ...]" = ()
    #: by network: of that which reads, of the others that ship, of the first with the other
    #: preparation.
    answers: tuple[tuple[str, DigitAnswer], ...] = ()


def study(
    path: Path, reader: "PhotoReader", source: Source, chosen: int | None = None
) -> PhotoStudy:
    """Look at a photo with what reads now, by the weights `source`, and others that ship; a
    `UserError` if it can't be read. Of a photo of several digits at the chosen one, in reading
    order, and as MNIST had them only.
    """
    from rnn_tui.photos.digit.finder import rows_of  # noqa: PLC0415
    from rnn_tui.photos.digit.picture import Stage, shrunk  # noqa: PLC0415 - OpenCV, in the thread
    from rnn_tui.photos.digit.prepare import digit_proposals, find_digits, proposals  # noqa: PLC0415
    from rnn_tui.photos.files import read_image  # noqa: PLC0415
    from rnn_tui.photos.reader import read_best  # noqa: PLC0415

    image = read_image(path)
    methods = sorted(METHODS, key=lambda method: method != reader.method)
    if chosen is None:
        looked = [
            read_best(reader.network, proposals(image, method, stages=True)).prepared
            for method in methods
        ]
    else:
        found = find_digits(image)
        digit, row = [(digit, row) for row in rows_of(found.digits) for digit in row][chosen]
        looked = [
            read_best(reader.network, digit_proposals(found, digit, row, stages=True)).prepared
        ]
    ways = [
        replace(way, stages=tuple(Stage(one.name, shrunk(one.picture, SIDE)) for one in way.stages))
        for way in looked
    ]
    own, *others = (way.digit for way in ways)
    name = printable(source.short_title, 40)
    answers = [
        (name, answer_digit(own, source, reader.network)),
        *(
            (printable(one.short_title, 40), answer_digit(own, one))
            for one in shipped(MNIST.name)
            if one.path != source.path
        ),
        *(
            (f"{name}, {SHORT_METHODS[methods[1]]}", answer_digit(other, source, reader.network))
            for other in others
        ),
    ]
    return PhotoStudy(
        photo=shrunk(image, SIDE),
        digit=picture_of(own),
        ways=tuple(zip(methods, ways, strict=False)),
        answers=tuple(one for one in answers if not one[1].failure),
    )
