"""One photo in full: every network's answer, and every step from the photo to 28×28."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, ItemGrid, Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Static

from rnn_tui.engine.errors import CheckpointError, UserError, printable
from rnn_tui.photos import METHODS
from rnn_tui.runs.weights import NETWORKS, Source, shipped
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.mnist.inference import RowReaderNetwork
from rnn_tui.ui.photos.card import verdict
from rnn_tui.ui.photos.form import OURS, REPORT, SHORT_METHODS
from rnn_tui.ui.photos.pictures import SIDE, PhotoImage
from rnn_tui.ui.shell.threads import LatestQuestion
from rnn_tui.ui.widgets.digits import ProbabilityBars

if TYPE_CHECKING:
    from rnn_tui.photos.digit.picture import Picture, PreparedDigit, Stage
    from rnn_tui.photos.reader import PhotoReader, Reading

FAILURE = "It could not be looked at; the log file has the details."

STAGE_SIDE = 18
# Cells of the photo and of the digit beside the answers; from which width on they are larger.
SMALL_BOX, LARGE_BOX, WIDE = (12, 6), (22, 11), 120
PREPARED = {OURS: "Prepared as MNIST", REPORT: "Prepared as in the report"}


class PhotoAnswerBars(Vertical):
    """A network's ten probabilities below its name."""

    def __init__(self) -> None:
        self._head, self._bars = Static("", classes="head", markup=False), ProbabilityBars()
        super().__init__(self._head, self._bars)

    def show(self, answer: PhotoAnswer, label: int | None, *, other: bool) -> None:
        """Show an answer; `other` tells that the photo was prepared in the other way."""
        name = printable(answer.name, 40)
        if other:
            name += f", {SHORT_METHODS[answer.method]}"
        best = max(answer.probabilities)
        read = answer.probabilities.index(best)
        mark = "" if label is None else " ✓" if read == label else " ✗"
        self._head.update(f"{name}: {read}{mark}")
        self._bars.show(answer.probabilities, label)


class StageView(Vertical):
    """A step of preprocessing: what it made, and its name."""

    def __init__(self) -> None:
        self._image = PhotoImage(STAGE_SIDE, STAGE_SIDE // 2)
        self._caption = Static("", classes="name", markup=False)
        super().__init__(self._image, self._caption)

    def show(self, number: int, stage: Stage) -> None:
        """Show a step."""
        self._image.show(stage.picture)
        self._caption.update(f"{number} {stage.name}")


class Stages(Vertical):
    """All steps of one preprocessing."""

    def __init__(self) -> None:
        self._head = Static("", classes="head", markup=False)
        self._grid = Container(classes="stages")
        self._views: list[StageView] = []
        super().__init__(self._head, self._grid)

    def on_resize(self, event: events.Resize) -> None:
        """As many steps beside each other as fit."""
        self._grid.styles.grid_size_columns = max(1, (event.size.width + 1) // (STAGE_SIDE + 1))

    def show(self, method: str, way: PreparedDigit) -> None:
        """Show the steps of preparing a photo by `method`."""
        doubt = f" · {way.doubt}" if way.doubt else ""
        self._head.update(f"{PREPARED[method]}{doubt}")
        new = [StageView() for _ in range(len(way.stages) - len(self._views))]
        self._views += new
        self._grid.mount_all(new)
        for number, view in enumerate(self._views, 1):
            view.display = number <= len(way.stages)
            if view.display:
                view.show(number, way.stages[number - 1])


class PhotoDetail(VerticalScroll, can_focus=True):
    """The photo that is selected in the gallery, looked at in a thread."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "More", key_display="←→", tooltip="The photo before, after"),
        Binding("right", "step(1)", "Next", show=False),
    ]

    class Step(Message):
        """Another photo is asked for.

        Attributes:
            by: 1 for the next, -1 for the one before.
        """

        def __init__(self, by: int) -> None:
            self.by = by
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        self._asking = LatestQuestion[PhotoStudy](self, self._take, FAILURE)
        self._reading: Reading | None = None
        self._study: PhotoStudy | None = None
        self._pair: tuple[PhotoImage, ...] = ()
        self._answers: list[PhotoAnswerBars] = []

    def compose(self) -> ComposeResult:
        """Headline, answers, steps of both preprocessings."""
        yield Static("", id="photos-headline", markup=False)
        with Horizontal(id="photos-looked-at"):
            yield Container(id="photos-pair")
            yield ItemGrid(id="photos-answers", min_column_width=25)
        yield Stages()
        yield Stages()

    def add_pictures(self) -> None:
        """Make room for photo and digit; the first of them may ask the terminal what it can do."""
        self._pair = (PhotoImage(*SMALL_BOX), PhotoImage(*SMALL_BOX))
        self.query_one("#photos-pair").mount(*self._pair)
        self._fit(self.size.width)

    def on_resize(self, event: events.Resize) -> None:
        """Photo and digit beside each other where there is room, or one above the other."""
        self._fit(event.size.width)

    def _fit(self, width: int) -> None:
        self.set_class(width >= WIDE, "-wide")
        for image in self._pair:
            image.resize(*(LARGE_BOX if width >= WIDE else SMALL_BOX))

    @property
    def busy(self) -> bool:
        """Whether a photo is being looked at."""
        return self._asking.busy

    def show(
        self,
        reading: Reading,
        place: tuple[int, int],
        reader: PhotoReader,
        source: Source,
    ) -> None:
        """Show a photo.

        Args:
            reading: of it.
            place: its number and how many there are.
            reader: what reads photos now.
            source: the weights of its network.
        """
        other = self._reading is None or self._reading.path != reading.path
        self._reading = reading
        self.query_one("#photos-headline", Static).update(_headline(reading, place))
        if not other and self._study is not None:
            self._show_answers(self._study)
            return
        self.add_class("-stale")
        path = reading.path
        self._asking.ask(lambda: study(path, reader, source))

    def forget(self) -> None:
        """Photos are read anew: look anew too."""
        self._reading = self._study = None

    async def _take(self, found: PhotoStudy | str) -> None:
        if self._reading is None:
            return
        if isinstance(found, str):
            found = PhotoStudy(self._reading.path, error=found)
        if found.path != self._reading.path:
            return
        self._study = found
        self.remove_class("-stale")
        self._show_answers(found)
        for image, picture in zip(self._pair, (found.photo, found.digit), strict=False):
            image.show(picture)
        for view, at in zip(self.query(Stages), range(2), strict=True):
            view.display = at < len(found.ways)
            if view.display:
                view.show(*found.ways[at])

    def _show_answers(self, found: PhotoStudy) -> None:
        reading, grid = self._reading, self.query_one("#photos-answers")
        assert reading is not None
        new = [PhotoAnswerBars() for _ in range(len(found.answers) - len(self._answers))]
        self._answers += new
        grid.mount_all(new)
        for at, view in enumerate(self._answers):
            view.display = at < len(found.answers)
            if view.display:
                answer, (method, _) = found.answers[at], found.ways[0]
                view.show(answer, reading.label, other=answer.method != method)

    def action_step(self, by: int) -> None:
        """Go to another photo."""
        self.post_message(self.Step(by))


def _headline(reading: Reading, place: Sequence[int]) -> Text:
    """Number, name, answer of a photo."""
    name = printable(reading.path.name or reading.path, 260)
    text = Text.assemble((f"{place[0]:,} of {place[1]:,}  ", "dim"), (name, "bold"))
    if reading.error:
        return text.append(f"  {reading.error}")
    text.append(f"  {verdict(reading).strip()}  {100 * (reading.confidence or 0):.1f} %")
    return text.append(f"  {reading.doubt}") if reading.doubt else text


@dataclass(frozen=True)
class PhotoAnswer:
    """What one network says of a photo prepared in one way.

    Attributes:
        name: of the network.
        method: how the photo was prepared.
        probabilities: of the ten digits.
    """

    name: str
    method: str
    probabilities: tuple[float, ...]


@dataclass(frozen=True)
class PhotoStudy:
    """Everything about one photo.

    Attributes:
        path: where it lies.
        photo: itself, small.
        digit: what the network receives, as a picture.
        ways: what came of the reader's own way to prepare it, then of the other one, each with the
            method's name; the stages are small.
        answers: of the network that reads, then of the others, then with the other preparation.
        error: why it can't be read; then there is nothing else.
    """

    path: Path
    photo: Picture | None = None
    digit: Picture | None = None
    ways: tuple[tuple[str, PreparedDigit], ...] = ()
    answers: tuple[PhotoAnswer, ...] = ()
    error: str = ""


def study(path: Path, reader: PhotoReader, source: Source) -> PhotoStudy:
    """Look at a photo.

    Args:
        path: where it lies.
        reader: what reads photos now.
        source: the weights of its network; the others that ship answer too.
    """
    import numpy as np  # noqa: PLC0415 - in the thread

    from rnn_tui.photos.digit.picture import Stage, shrunk  # noqa: PLC0415 - OpenCV, in the thread
    from rnn_tui.photos.digit.prepare import prepare  # noqa: PLC0415
    from rnn_tui.photos.files import read_image  # noqa: PLC0415

    try:
        image = read_image(path)
    except UserError as error:
        return PhotoStudy(path, error=str(error))
    methods = sorted(METHODS, key=lambda method: method != reader.method)
    ways = []
    for method in methods:
        way = prepare(image, method, stages=True)
        small = tuple(Stage(stage.name, shrunk(stage.picture, SIDE)) for stage in way.stages)
        ways.append((method, replace(way, stages=small)))
    first, second = ways
    name = source.short_title
    answers = [_answer(name, reader.network, first)]
    answers += [_answer(title, network, first) for title, network in _others(source)]
    answers.append(_answer(name, reader.network, second))
    digit = np.rint(first[1].digit * 255).clip(0, 255).astype(np.uint8)
    return PhotoStudy(path, shrunk(image, SIDE), digit, tuple(ways), tuple(answers))


def _others(chosen: Source) -> Iterator[tuple[str, RowReaderNetwork]]:
    """Names and networks of all that ship but the chosen one; what can't be read is left out."""
    for source in shipped(MNIST.name):
        if source.path != chosen.path:
            with suppress(CheckpointError):
                yield source.short_title, NETWORKS.get(source.path, RowReaderNetwork)


def _answer(name: str, network: RowReaderNetwork, way: tuple[str, PreparedDigit]) -> PhotoAnswer:
    method, prepared = way
    (probabilities,) = network.probabilities(prepared.digit[None])
    return PhotoAnswer(name, method, tuple(probabilities.tolist()))
