"""Photos in, answers out: decoded and prepared in threads, read by a network in small batches.

Whatever the number of photos, only a few are in memory at a time. Answers come in the order of
the paths, and the first ones before the last paths are known.
"""

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rnn_tui.engine.resources import usable_cores
from rnn_tui.networks.stepwise import Array
from rnn_tui.photos import THRESHOLD
from rnn_tui.photos.decoding import ImageError
from rnn_tui.photos.digit.prepare import prepare
from rnn_tui.photos.files import read_image
from rnn_tui.photos.finding import label_of
from rnn_tui.tasks.mnist.centre import Digit
from rnn_tui.tasks.mnist.inference import RowReaderNetwork

# A network that reads several digits at once is faster, but the first has to wait for the last.
BATCH = 32
# Prepared photos that may wait for the network, for each thread.
AHEAD = 4
MOST_THREADS = 8


@dataclass(frozen=True)
class Reading:
    """What became of one photo."""

    path: Path  #: where it lies.
    digit: Digit | None = None  #: (28, 28) as the network reads it, 0 … 1; None after an error.
    probabilities: Array | None = None  #: (10,) of the classes; None after an error.
    doubt: str = ""  #: why `prediction` is None although the photo could be read, in a sentence.
    error: str = ""  #: why it could not be read, in a few words.
    label: int | None = None  #: which digit it is, where its name says so and that was asked for, or where the user does.
    given: bool = False  #: whether it is the user who said so.

    @property
    def best(self) -> int | None:
        """The most probable digit, however little that says."""
        return None if self.probabilities is None else int(self.probabilities.argmax())

    @property
    def prediction(self) -> int | None:
        """The most probable digit, unless there is reason to doubt it."""
        return None if self.doubt else self.best

    @property
    def confidence(self) -> float | None:
        """The probability of `best`, 0 … 1."""
        return None if self.probabilities is None else float(self.probabilities.max())

    @property
    def correct(self) -> bool | None:
        """Whether the prediction is the label; None without a label or after an error."""
        if self.label is None or self.error:
            return None
        return self.prediction == self.label

    def judged(self, threshold: float) -> "Reading":
        """The same reading, doubted where the answer is less probable than `threshold`, 0 … 1."""
        if self.probabilities is None or self.doubt.startswith(NO_DIGIT):
            return self
        return replace(self, doubt=_doubt(self.probabilities, threshold))


class PhotoReader:
    """Reads photos with one network.

    Args:
        network: the network.
        method: how photos are prepared, one of `photos.digit.prepare.METHODS`.
        threshold: the probability below which an answer is doubted, 0 … 1.
        labelled: take labels from folder and file names.
        threads: that decode and prepare; 0 for as many as there are cores, at most eight.
    """

    def __init__(
        self, network: RowReaderNetwork, method: str = "mnist", *, threshold: float = THRESHOLD,
        labelled: bool = False, threads: int = 0,
    ) -> None:  # fmt: skip
        self.network, self.method = network, method
        self.threshold, self.labelled = threshold, labelled
        self._threads = threads or min(usable_cores(), MOST_THREADS)

    def read(self, paths: Iterable[Path], stopping: Callable[[], bool] = lambda: False) -> Iterator[list[Reading]]:
        """Readings in the order of `paths`, as many at a time as were ready.

        Args:
            paths: of photos; may be a generator that is still looking for them.
            stopping: looked at between photos; once true, nothing more is read.
        """
        rest = iter(paths)
        waiting: deque[Future[Reading]] = deque()
        pool = ThreadPoolExecutor(self._threads, "photos")
        try:
            while not stopping():
                free = self._threads * AHEAD - len(waiting)
                for path in itertools.islice(rest, max(0, free)):
                    waiting.append(pool.submit(prepared, path, self.method, labelled=self.labelled))
                if not waiting:
                    return
                ready = [waiting.popleft()]
                while waiting and len(ready) < BATCH and waiting[0].done():
                    ready.append(waiting.popleft())
                yield self._answered([future.result() for future in ready])
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _answered(self, readings: Sequence[Reading]) -> list[Reading]:
        digits = [one.digit for one in readings if one.digit is not None]
        answers = iter(self.network.probabilities(np.stack(digits)) if digits else ())
        return [
            one if one.digit is None else replace(one, probabilities=next(answers)).judged(self.threshold) for one in readings
        ]


NO_DIGIT = "No digit found"


def prepared(path: Path, method: str, *, labelled: bool = False) -> Reading:
    """A photo before a network reads it; what can't be read says so."""
    label = label_of(path) if labelled else None
    try:
        photo = prepare(read_image(path), method)
    except ImageError as error:
        return Reading(path, error=str(error), label=label)
    return Reading(path, photo.digit, doubt=photo.doubt and f"{NO_DIGIT}: {photo.doubt}", label=label)


def _doubt(probabilities: Array, threshold: float) -> str:
    """A sentence on an answer that is little better than a guess; empty for a sure one."""
    first, second = np.argsort(-probabilities)[:2].tolist()
    if probabilities[first] >= threshold:
        return ""
    return f"Unsure: {first} ({100 * probabilities[first]:.0f} %) or {second} ({100 * probabilities[second]:.0f} %)"
