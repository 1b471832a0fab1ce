"""Photos in, answers out: decoded and prepared in threads, read by a network in small batches.

Only a few photos are in memory at a time. Answers come in the order of the paths, the first before
the last paths are known. A photo is seen in every way that is worth a look; which answer counts,
and how far to trust it, is decided here too.
"""

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rnn_tui.engine.cores import usable_cores
from rnn_tui.photos import METHODS, THRESHOLD
from rnn_tui.photos.collection import label_of
from rnn_tui.photos.digit.finder import are_several, rows_of
from rnn_tui.photos.digit.picture import Picture, PreparedDigit
from rnn_tui.photos.digit.prepare import digit_proposals, find_digits, proposals, single_proposals
from rnn_tui.photos.files import ImageError, read_image
from rnn_tui.photos.pool import DisposablePool
from rnn_tui.photos.reading import PhotoAnswer, Reading
from rnn_tui.tasks.mnist.inference import RowReaderNetwork, digit_probabilities

# a network that reads several digits at once is faster, but the first has to wait for the last
BATCH = 32
AHEAD = 4  # prepared photos that may wait for the network, for each thread
MOST_THREADS = 8
# digits that are read in one batch: those of photos of hundreds each would take all memory
MOST_AT_ONCE = 1024
LOOK_SECONDS = 0.1  # between two looks at whether to stop
SURE = 0.9  # an answer this certain needs no second look at the photo


def answers(network: RowReaderNetwork, ways: Sequence[PreparedDigit]) -> list[PhotoAnswer]:
    """An answer to each of `ways`, which may be of several photos."""
    if not ways:
        return []
    chances = network.chances(np.stack([way.digit for way in ways]))
    each = zip(ways, digit_probabilities(chances), chances[:, -1], strict=True)
    return [PhotoAnswer(way, digits, float(none)) for way, digits, none in each]


def _never() -> bool:
    return False


def best_answer(
    network: RowReaderNetwork, first: PhotoAnswer, others: Iterable[PreparedDigit]
) -> PhotoAnswer:
    """The answer that the network is surest of; others are looked at where the first is unsure."""
    again = (
        []
        if first.confidence >= SURE
        else [replace(one, first=False) for one in answers(network, list(others))]
    )
    return max([first, *again], key=lambda answer: answer.confidence)


def read_best(network: RowReaderNetwork, ways: Iterator[PreparedDigit]) -> PhotoAnswer:
    """The answer to one photo, seen in any of `ways`, of which there is at least one."""
    (first,) = answers(network, [next(ways)])
    return best_answer(network, first, ways)


@dataclass(frozen=True)
class Photo:
    """A photo before a network reads it."""

    reading: Reading  #: what is known so far.
    #: the ways to see each of its digits, the likeliest first, made when they are asked for; none
    #: after an error.
    rows: Sequence[Sequence[Iterator[PreparedDigit]]] = ()
    several: bool = False  #: whether it is read as numbers.


class PhotoReader:
    """Reads photos with one network, prepared by a method of `photos.METHODS`, with one of
    `photos.NUMBERS` of digits each.

    Several are only looked for by the method `mnist`. Answers less probable than the threshold, 0 …
    1, are doubted. If `labelled`, folder and file names tell labels. `threads` decode and prepare;
    0: as many as there are cores, at most eight.
    """

    def __init__(
        self,
        network: RowReaderNetwork,
        method: str = "mnist",
        *,
        threshold: float = THRESHOLD,
        labelled: bool = False,
        number: str = "auto",
        threads: int = 0,
    ) -> None:
        self.network, self.method, self.number = network, method, number
        self.threshold, self.labelled = threshold, labelled
        self._threads = threads or min(usable_cores(), MOST_THREADS)

    def read(
        self, paths: Iterable[Path], stopping: Callable[[], bool] = _never
    ) -> Iterator[list[Reading]]:
        """Readings in order of `paths`, which may still be sought, as many at a time as are ready,
        until `stopping` is true.

        Then no digit is begun any more. Threads that are inside a decoder are not waited for.
        """
        ended = threading.Event()

        def is_over() -> bool:
            return ended.is_set() or stopping()

        rest = iter(paths)
        waiting: deque[Future[Photo]] = deque()
        pool = DisposablePool(self._threads, "photos")
        try:
            while not stopping():
                free = self._threads * AHEAD - len(waiting)
                waiting.extend(
                    pool.submit(self._prepared, path, is_over)
                    for path in itertools.islice(rest, free)
                )
                if not waiting:
                    return
                wait([waiting[0]], LOOK_SECONDS)
                ready: list[Future[Photo]] = []
                while waiting and len(ready) < BATCH and waiting[0].done():
                    ready.append(waiting.popleft())
                if ready and (
                    readings := self.answered([future.result() for future in ready], stopping)
                ):
                    yield readings
        finally:
            ended.set()
            pool.close()

    def _prepared(self, path: Path, stopping: Callable[[], bool]) -> Photo:
        """A photo before the network reads it; what can't be read says so."""
        reading = Reading(path, label=label_of(path) if self.labelled else None)
        try:
            image = read_image(path, stopping)
            return replace(self.seen(image, stopping), reading=reading)
        except ImageError as error:
            return Photo(replace(reading, error=str(error)))

    def seen(self, image: Picture, stopping: Callable[[], bool] = _never) -> Photo:
        """A picture (H, W, 3) BGR, uint8, before the network reads it: prepared as far as it will
        be read for sure. Once `stopping` is true, some of its digits are missing.
        """
        reading = Reading(Path())
        if self.method != next(iter(METHODS)):
            return Photo(reading, [[proposals(image, self.method)]])
        found = find_digits(image)
        rows = rows_of(found.digits) if self.number != "one" else []
        if not rows or (self.number == "auto" and not are_several(rows)):
            return Photo(reading, [[_begun(single_proposals(found))]])
        begun: list[list[Iterator[PreparedDigit]]] = []
        for row in rows:
            looks = (digit_proposals(found, digit, row) for digit in row)
            begun.append(
                [_begun(ways) for ways in itertools.takewhile(lambda _: not stopping(), looks)]
            )
        return Photo(reading, begun, several=True)

    def answered(
        self, photos: Sequence[Photo], stopping: Callable[[], bool] = _never
    ) -> list[Reading]:
        """What becomes of photos: the likeliest ways to see them are read at once, others where
        this leaves them unsure. Nothing, once `stopping` is true.
        """
        ways = [way for photo in photos for row in photo.rows for way in row]
        best: list[PhotoAnswer] = []
        for start in range(0, len(ways), MOST_AT_ONCE):
            some = ways[start : start + MOST_AT_ONCE]
            firsts = answers(self.network, [next(way) for way in some])
            for first, way in zip(firsts, some, strict=True):
                if stopping():
                    return []
                best.append(best_answer(self.network, first, way))
        if stopping():
            return []
        rest = iter(best)
        return [self._reading(photo, rest).judged(self.threshold) for photo in photos]

    @staticmethod
    def _reading(photo: Photo, best: Iterator[PhotoAnswer]) -> Reading:
        """A photo with the next of the answers, one for each of its digits."""
        if not photo.several:
            return photo.reading.answered(next(best)) if photo.rows else photo.reading
        return photo.reading.of_rows(
            [[Reading(photo.reading.path).answered(next(best)) for _ in row] for row in photo.rows]
        )


def _begun(ways: Iterator[PreparedDigit]) -> Iterator[PreparedDigit]:
    """The same ways, the first of which is made already, in this thread."""
    return itertools.chain([next(ways)], ways)
