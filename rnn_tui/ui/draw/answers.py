"""What networks make of a drawing, apart from how it is shown: weights found, drawings read.

Nothing here knows Textual; all of it may run in a thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.weights_file import read_description, read_weights
from rnn_tui.networks import CELLS
from rnn_tui.photos.strokes import Ink
from rnn_tui.runs.row_reader_weights import pretrained, trained
from rnn_tui.runs.weights import Source
from rnn_tui.tasks.config import ImageConfig
from rnn_tui.tasks.mnist.inference import RowReaderNetwork

# As with photos, a digit that is less probable than this is a guess.
SURE = 0.5
# Runs that can be chosen among; older ones would only make the list long.
MOST_RUNS = 20
MODELS = ("lstm", "rnn", "bilstm")
MISSING = (
    "There are no weights to read drawings: those that ship with rnn-tui are missing. Install it "
    "anew, or train with t."
)


@dataclass(frozen=True)
class Reader:
    """Weights that may read a drawing.

    Attributes:
        source: the file.
        title: what to call them in a list.
        name: what to call them in a narrow column.
        ships: whether they came with rnn-tui.
    """

    source: Source
    title: str
    name: str
    ships: bool


@dataclass(frozen=True)
class Answer:
    """What one network makes of a drawing.

    Attributes:
        reader: whose answer it is.
        probabilities: of the ten digits; empty where there is none.
        failure: why there is no answer.
    """

    reader: Reader
    probabilities: tuple[float, ...] = ()
    failure: str = ""

    @property
    def digit(self) -> int:
        """The most probable digit."""
        return max(range(len(self.probabilities)), key=self.probabilities.__getitem__)

    @property
    def confidence(self) -> float:
        """Its probability."""
        return max(self.probabilities)

    @property
    def unsure(self) -> bool:
        """Whether the answer is little better than a guess."""
        return self.confidence < SURE

    @property
    def verdict(self) -> str:
        """How sure, in words."""
        if not self.unsure:
            return f"{100 * self.confidence:.1f} % sure"
        second = sorted(self.probabilities)[-2]
        other = next(
            digit
            for digit, probability in enumerate(self.probabilities)
            if probability == second and digit != self.digit
        )
        return f"Unsure: {self.digit} or {other}?"


@dataclass(frozen=True)
class Answers:
    """A drawing as the networks read it.

    Attributes:
        digit: (28, 28), what they see.
        each: an answer of every network that was asked, the chosen one's first; none where
            nothing is drawn.
    """

    digit: Ink
    each: tuple[Answer, ...]


class Readers:
    """The weights that there are; those that have answered stay in memory.

    Args:
        named: further weights, which neither ship nor have to be a finished run's.
    """

    def __init__(self, named: Source | None = None) -> None:
        others = [] if named is None else [_reader_of(named)]
        shipped = (
            Reader(source, f"pretrained {name}", name, ships=True)
            for source, name in ((pretrained(model), CELLS[model].label) for model in MODELS)
            if source.path.is_file()
        )
        runs = (_reader_of(source) for source in islice(trained(), MOST_RUNS))
        known: dict[Path, Reader] = {}
        for reader in (*shipped, *others, *runs):
            known.setdefault(reader.source.path, reader)
        self.all = tuple(known.values())
        self._networks: dict[Path, RowReaderNetwork] = {}

    def title_of(self, source: Source | None) -> str | None:
        """What weights are called in the list, if they are there."""
        for reader in self.all:
            if source is not None and reader.source.path == source.path:
                return reader.title
        return None

    def asked(self, title: str) -> tuple[Reader, ...]:
        """The chosen reader, and for comparison those that ship."""
        chosen = next(reader for reader in self.all if reader.title == title)
        return (chosen, *(one for one in self.all if one.ships and one is not chosen))

    def answer(self, ink: Ink, readers: Sequence[Reader]) -> Answers:
        """Read a drawing (28, 28), 0 … 1, as photos are read: centred, strokes evened."""
        # OpenCV takes a tenth of a second to load: not while a view is being made.
        from rnn_tui.photos.digit.preparing import centre  # noqa: PLC0415

        digit = centre(ink)
        if not digit.any():
            return Answers(digit, ())
        return Answers(digit, tuple(self._answer(digit, reader) for reader in readers))

    def _answer(self, digit: Ink, reader: Reader) -> Answer:
        try:
            network = self._network(reader)
        except CheckpointError as error:
            return Answer(reader, failure=str(error))
        with np.errstate(all="ignore"):
            probabilities = network.probabilities(digit[None])[0]
        if not np.isfinite(probabilities).all():
            return Answer(reader, failure="No number comes out of these weights.")
        return Answer(reader, tuple(probabilities.tolist()))

    def _network(self, reader: Reader) -> RowReaderNetwork:
        path = reader.source.path
        if path not in self._networks:
            self._networks[path] = RowReaderNetwork(read_weights(path))
        return self._networks[path]


def _reader_of(source: Source) -> Reader:
    """Weights, called by their model; those that can't be read will say so when they are asked."""
    try:
        config = read_description(source.path)[0]
    except CheckpointError:
        return Reader(source, source.label, source.label, ships=False)
    name = config.name if isinstance(config, ImageConfig) else config.task
    title = f"{name} · {source.label}"
    return Reader(source, title, title, ships=False)
