"""One photo looked at closely: both preprocessings with their stages, every network's answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rnn_tui.engine.errors import CheckpointError, UserError
from rnn_tui.runs.row_reader_weights import pretrained
from rnn_tui.ui.photos.thumbnails import SIDE, shrunk

if TYPE_CHECKING:
    from rnn_tui.photos.digit.prepared import Digit, Picture, Prepared
    from rnn_tui.photos.reader import PhotoReader
    from rnn_tui.tasks.mnist.inference import RowReaderNetwork

MODELS = {"rnn": "RNN", "lstm": "LSTM", "bilstm": "biLSTM"}
OURS, REPORT = "mnist", "report"


@dataclass(frozen=True)
class Answer:
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
class Way:
    """A way to prepare the photo.

    Attributes:
        method: its name.
        digit: what the network receives.
        stages: name and picture of each step, small.
        doubt: why there may be no digit.
    """

    method: str
    digit: Digit
    stages: tuple[tuple[str, Picture], ...]
    doubt: str


@dataclass(frozen=True)
class Study:
    """Everything about one photo.

    Attributes:
        path: where it lies.
        photo: itself, small.
        digit: what the network receives, as a picture.
        ways: the reader's own way to prepare it, then the other one.
        answers: of the network that reads, then of the others, then with the other preparation.
        error: why it can't be read; then there is nothing else.
    """

    path: Path
    photo: Picture | None = None
    digit: Picture | None = None
    ways: tuple[Way, ...] = ()
    answers: tuple[Answer, ...] = ()
    error: str = ""


class Networks:
    """The networks that ship, loaded when they are first asked; only in the thread that asks."""

    def __init__(self) -> None:
        self._loaded: dict[Path, tuple[str, RowReaderNetwork]] = {}

    def others(self, than: Path) -> Sequence[tuple[str, RowReaderNetwork]]:
        """Names and networks of all models but the one in a file; what is missing is left out."""
        from rnn_tui.runs.row_reader_networks import network_of  # noqa: PLC0415 - in the thread

        for model, name in MODELS.items():
            source = pretrained(model)
            if source.path not in self._loaded and source.path.is_file():
                try:
                    self._loaded[source.path] = (name, network_of(source))
                except CheckpointError:
                    continue
        return [found for path, found in self._loaded.items() if path != than]


def study(path: Path, reader: PhotoReader, name: str, weights: Path, networks: Networks) -> Study:
    """Look at a photo.

    Args:
        path: where it lies.
        reader: what reads photos now.
        name: what to call its network.
        weights: where that comes from.
        networks: the others.
    """
    import numpy as np  # noqa: PLC0415 - in the thread

    from rnn_tui.photos.digit.preparing import prepare  # noqa: PLC0415 - OpenCV, in the thread
    from rnn_tui.photos.files import read_image  # noqa: PLC0415

    try:
        image = read_image(path)
    except UserError as error:
        return Study(path, error=str(error))
    methods = (reader.method, REPORT if reader.method == OURS else OURS)
    ways = [_way(method, prepare(image, method, stages=True)) for method in methods]
    first, second = ways
    answers = [
        _answer(title, network, first)
        for title, network in ((name, reader.network), *networks.others(weights))
    ]
    answers.append(_answer(name, reader.network, second))
    digit = np.rint(first.digit * 255).clip(0, 255).astype(np.uint8)
    return Study(path, shrunk(image, SIDE), digit, tuple(ways), tuple(answers))


def _way(method: str, prepared: Prepared) -> Way:
    stages = tuple((stage.name, shrunk(stage.picture, SIDE)) for stage in prepared.stages)
    return Way(method, prepared.digit, stages, prepared.doubt)


def _answer(name: str, network: RowReaderNetwork, way: Way) -> Answer:
    (probabilities,) = network.probabilities(way.digit[None])
    return Answer(name, way.method, tuple(probabilities.tolist()))
