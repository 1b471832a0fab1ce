"""Show one photo in full: every network's answer, and every step from the photo to 28×28."""

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

from rnn_tui.archive.weights import Source, shipped
from rnn_tui.engine.errors import printable
from rnn_tui.photos import METHODS
from rnn_tui.photos.options import OURS, PREPROCESSING, REPORT
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.ui.frame.inside_door import InsideDoor
from rnn_tui.ui.photos.grid import CUT, verdict
from rnn_tui.ui.photos.pictures import SIDE, PhotoImage, picture_of, with_boxes
from rnn_tui.ui.widgets.digits import DigitColumn
from rnn_tui.ui.widgets.plain import views_in
from rnn_tui.ui.work.digit_answers import DigitAnswer, answer_digit
from rnn_tui.ui.work.threads import LatestQuestion

if TYPE_CHECKING:
    from rnn_tui.photos.digit.picture import Picture, PreparedDigit, Stage
    from rnn_tui.photos.reader import PhotoReader
    from rnn_tui.photos.reading import Reading

FAILURE = "This photo could not be examined; the log file has the details."
STAGE_SIDE = 18  # cells of the picture of a step
SMALL_BOX = (12, 6)  # cells and lines of the photo, and of the digit, beside the answers
LARGE_BOX = (22, 11)  # the same in a wide view
WIDE = 120  # cells from which the view is wide
LONGEST_NETWORK = 40  # letters of a network's name
HEADINGS = {OURS: "Preprocessing: MNIST", REPORT: "Preprocessing: as in the report"}


class StageView(Vertical):
    """A step of preprocessing: its picture and its name."""

    def __init__(self) -> None:
        self._image = PhotoImage(STAGE_SIDE, STAGE_SIDE // 2)
        self._caption = Static("", classes="name", markup=False)
        super().__init__(self._image, self._caption)

    def show(self, number: int, stage: "Stage") -> None:
        self._image.show(stage.picture)
        self._caption.update(f"{number} {stage.name}")


class Stages(Vertical):
    """The pictures of all steps of one preprocessing."""

    def __init__(self) -> None:
        self._head = Static("", classes="head", markup=False)
        self._grid = ItemGrid(classes="stages", min_column_width=STAGE_SIDE, stretch_height=False)
        super().__init__(self._head, self._grid)

    def show(self, method: str, prepared: "PreparedDigit") -> None:
        heading = HEADINGS[method]
        if prepared.doubt:
            heading += f" · {prepared.doubt}"
        self._head.update(heading)
        views = views_in(self._grid, StageView, len(prepared.stages))
        for number, (view, stage) in enumerate(zip(views, prepared.stages, strict=True), 1):
            view.show(number, stage)


class DigitBox(Static, can_focus=True):
    """A box for one of several digits in a photo; Enter opens Inside with it."""

    BINDINGS = [Binding("enter", "open", "Inside", key_display="Enter")]

    def __init__(self) -> None:
        super().__init__("", markup=False)

    def action_open(self) -> None:
        next(view for view in self.ancestors if isinstance(view, InsideDoor)).action_inside()


class PhotoDetail(VerticalScroll, can_focus=True):
    """The photo that is selected in the gallery, examined in a thread."""

    BINDINGS = [
        Binding("left", "step(-1)", "More", key_display="←→", tooltip="The previous or next photo"),
        Binding("right", "step(1)", "Next", show=False),
    ]

    def __init__(self, step: Callable[[int], None], *, id: str) -> None:
        """Create an empty view.

        Args:
            step: Shows the photo so many places further.
            id: Of the widget.
        """
        super().__init__(id=id)
        self._step = step
        self._asking = LatestQuestion[PhotoExamination](self, self._receive, FAILURE)
        self._reading: Reading | None = None  #: What the gallery has of the photo.
        self._examination: PhotoExamination | None = None  #: None until the first one is made.
        #: The reader of photos, and its weights, since the photo was selected.
        self._shown_by: tuple[PhotoReader, Source] | None = None
        self.selected = 0  #: which of several digits is looked at, in reading order.
        self._pair: tuple[PhotoImage, ...] = ()  #: The photo and the digit, once there is room.

    def compose(self) -> ComposeResult:
        yield Static("", id="photos-headline", markup=False)
        yield ItemGrid(id="photos-digits", min_column_width=9)
        with Horizontal(id="photos-looked-at"):
            yield Container(id="photos-pair")
            yield ItemGrid(id="photos-answers", min_column_width=24)
        yield Stages()
        yield Stages()

    def action_step(self, by: int) -> None:
        self._step(by)

    def add_pictures(self) -> None:
        """Make room for photo and digit; the first of them may ask the terminal what it can do."""
        self._pair = PhotoImage(*SMALL_BOX), PhotoImage(*SMALL_BOX)
        self.query_one("#photos-pair").mount(*self._pair)
        self.on_resize()

    def on_resize(self) -> None:
        """Put photo and digit beside each other if there is room, or one above the other."""
        wide = self.size.width >= WIDE
        self.set_class(wide, "-wide")
        for image in self._pair:
            image.resize(*(LARGE_BOX if wide else SMALL_BOX))

    def show(
        self, reading: "Reading", place: tuple[int, int], reader: "PhotoReader", source: Source
    ) -> None:
        """Show a photo, and examine it unless that is done already.

        Args:
            reading: What the gallery has of it.
            place: Its number, and how many photos there are.
            reader: What reads photos now.
            source: The weights of its network.
        """
        same_photo = self._reading is not None and self._reading.path == reading.path
        self._reading = reading
        self.query_one("#photos-headline", Static).update(_headline(reading, place))
        if same_photo and self._examination is not None:
            self._show_answers(self._examination)
            return
        self._shown_by = (reader, source)
        self.selected = 0
        self._show_digits(reading)
        self._examine()

    def _show_digits(self, reading: "Reading") -> None:
        """List the digits of a photo of several."""
        digits = reading.digits if reading.rows else ()
        boxes = views_in(self.query_one("#photos-digits"), DigitBox, len(digits))
        for box, digit in zip(boxes, digits, strict=True):
            box.update(Content(f"{digit.text} {100 * (digit.confidence or 0):.0f} %"))
            box.set_class(bool(digit.doubt), "-doubtful")

    def _examine(self) -> None:
        """Examine the photo in a thread; until then the old contents are greyed."""
        assert self._reading is not None
        assert self._shown_by is not None
        self.add_class("-stale")
        path = self._reading.path
        index = self.selected if self._reading.rows else None
        reader, source = self._shown_by
        self._asking.ask(lambda: examine(path, reader, source, index))

    @on(events.DescendantFocus, "DigitBox")
    def _select(self, event: events.DescendantFocus) -> None:
        index = list[Widget](self.query(DigitBox)).index(event.widget)
        if index != self.selected:
            self.selected = index
            self._examine()

    def forget(self) -> None:
        """Examine photos anew, as they are read anew."""
        self._reading = None
        self._examination = None

    async def _receive(self, outcome: "PhotoExamination | str") -> None:
        if self._reading is None:
            return
        # a sentence on a failure is in the gallery already
        examination = PhotoExamination() if isinstance(outcome, str) else outcome
        self._examination = examination
        self.remove_class("-stale")
        self._show_answers(examination)
        photo = with_boxes(examination.photo, self._reading, self.selected)
        for image, picture in zip(self._pair, (photo, examination.digit), strict=False):
            image.show(picture)
        views = views_in(self, Stages, len(examination.prepared))
        for view, (method, prepared) in zip(views, examination.prepared, strict=True):
            view.show(method, prepared)

    def _show_answers(self, examination: "PhotoExamination") -> None:
        assert self._reading is not None
        label = self._reading.label
        answers = examination.answers
        columns = views_in(self.query_one("#photos-answers"), DigitColumn, len(answers))
        for column, (name, answer) in zip(columns, answers, strict=True):
            title = f"{name}: {answer.digit}"
            if label is not None:
                title += " ✓" if answer.digit == label else " ✗"
            column.show(title, answer.probabilities, "", true=label)


def _headline(reading: "Reading", place: tuple[int, int]) -> Text:
    """Return the place of a photo, its name, and what was read."""
    number, count = place
    if reading.error:
        parts = [reading.error]
    else:
        percent = f"{100 * (reading.confidence or 0):.1f} %"
        parts = [verdict(reading).strip(), percent, reading.doubt]
    return Text.assemble(
        (f"{number:,} of {count:,}  ", "dim"),
        (printable(reading.path.name or reading.path, CUT), "bold"),
        *(f"  {part}" for part in parts if part),
    )


@dataclass(frozen=True)
class PhotoExamination:
    """Everything about one photo; nothing if it can't be read."""

    photo: "Picture | None" = None  #: itself, small.
    digit: "Picture | None" = None  #: what the network receives, as a picture.
    #: methods of preprocessing, the reader's own first, and what came of each; pictures of their
    #: steps are small.
    prepared: "tuple[tuple[str, PreparedDigit], ...]" = ()
    #: names of networks and their answers: of that which reads, of the others that ship, of the
    #: first with the other preprocessing.
    answers: tuple[tuple[str, DigitAnswer], ...] = ()


def examine(
    path: Path, reader: "PhotoReader", source: Source, index: int | None = None
) -> PhotoExamination:
    """Examine a photo: prepare it, and ask the network that reads and others that ship.

    Args:
        path: Of the photo.
        reader: What reads photos now.
        source: The weights of its network.
        index: In a photo of several digits, which of them to examine, in reading order. It is
            prepared as MNIST's digits only.

    Raises:
        UserError: The photo can't be read.
    """
    from rnn_tui.photos.digit.picture import shrunk  # OpenCV, in the thread
    from rnn_tui.photos.files import read_image

    image = read_image(path)
    methods = sorted(METHODS, key=lambda method: method != reader.method)
    if index is None:
        prepared = [_prepared_by(reader, image, method) for method in methods]
    else:
        prepared = [reader.prepared_digits(image)[index]]
        methods = methods[:1]
    digit = prepared[0].digit
    name = printable(source.short_title, LONGEST_NETWORK)
    answers: list[tuple[str, DigitAnswer]] = [(name, answer_digit(digit, source, reader.network))]
    for other_source in shipped(MNIST.name):
        if other_source.path != source.path:
            other_name = printable(other_source.short_title, LONGEST_NETWORK)
            answers.append((other_name, answer_digit(digit, other_source)))
    for method, other_digit in zip(methods[1:], prepared[1:], strict=True):
        title = f"{name} · {PREPROCESSING.choices[method]}"
        answers.append((title, answer_digit(other_digit.digit, source, reader.network)))
    return PhotoExamination(
        photo=shrunk(image, SIDE),
        digit=picture_of(digit),
        prepared=tuple(zip(methods, map(_with_small_stages, prepared), strict=True)),
        answers=tuple((name, answer) for name, answer in answers if not answer.failure),
    )


def _prepared_by(reader: "PhotoReader", image: "Picture", method: str) -> "PreparedDigit":
    """Return the digit of a photo of one as the reader's network reads it best, by a method."""
    from rnn_tui.photos.digit.prepare import proposals  # OpenCV, in the thread
    from rnn_tui.photos.reader import read_best

    return read_best(reader.network, proposals(image, method, stages=True)).prepared


def _with_small_stages(prepared: "PreparedDigit") -> "PreparedDigit":
    """Return the prepared digit with pictures of its steps that are small enough to keep."""
    from rnn_tui.photos.digit.picture import Stage, shrunk  # OpenCV, in the thread

    stages = tuple(Stage(stage.name, shrunk(stage.picture, SIDE)) for stage in prepared.stages)
    return replace(prepared, stages=stages)
