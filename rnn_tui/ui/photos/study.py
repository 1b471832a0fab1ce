"""One photo looked at closely: both preprocessings with their stages, every network's answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rnn_tui.engine.errors import CheckpointError, UserError
from rnn_tui.photos import METHODS
from rnn_tui.runs.weights import NETWORKS, Source, shipped
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.mnist.inference import RowReaderNetwork
from rnn_tui.ui.photos.pictures import SIDE, shrunk

if TYPE_CHECKING:
    from rnn_tui.photos.digit.picture import Digit, Picture, PreparedDigit
    from rnn_tui.photos.reader import PhotoReader

OURS, REPORT = METHODS


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
class PreparedPhoto:
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
class PhotoStudy:
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
    ways: tuple[PreparedPhoto, ...] = ()
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

    from rnn_tui.photos.digit.prepare import prepare  # noqa: PLC0415 - OpenCV, in the thread
    from rnn_tui.photos.files import read_image  # noqa: PLC0415

    try:
        image = read_image(path)
    except UserError as error:
        return PhotoStudy(path, error=str(error))
    methods = (reader.method, REPORT if reader.method == OURS else OURS)
    ways = [_way(method, prepare(image, method, stages=True)) for method in methods]
    first, second = ways
    name = source.short_title
    answers = [_answer(name, reader.network, first)]
    answers += [_answer(title, network, first) for title, network in _others(source)]
    answers.append(_answer(name, reader.network, second))
    digit = np.rint(first.digit * 255).clip(0, 255).astype(np.uint8)
    return PhotoStudy(path, shrunk(image, SIDE), digit, tuple(ways), tuple(answers))


def _others(chosen: Source) -> Iterator[tuple[str, RowReaderNetwork]]:
    """Names and networks of all that ship but the chosen one; what can't be read is left out."""
    for source in shipped(MNIST.name):
        if source.path != chosen.path:
            with suppress(CheckpointError):
                yield source.short_title, NETWORKS.get(source.path, RowReaderNetwork)


def _way(method: str, prepared: PreparedDigit) -> PreparedPhoto:
    stages = tuple((stage.name, shrunk(stage.picture, SIDE)) for stage in prepared.stages)
    return PreparedPhoto(method, prepared.digit, stages, prepared.doubt)


def _answer(name: str, network: RowReaderNetwork, way: PreparedPhoto) -> PhotoAnswer:
    (probabilities,) = network.probabilities(way.digit[None])
    return PhotoAnswer(name, way.method, tuple(probabilities.tolist()))
