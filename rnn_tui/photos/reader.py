"""Photos in, answers out: decoded and prepared in threads, read by a network in small batches.

Only a few photos are in memory at a time. Answers come in the order of the paths, the first before
the last paths are known. Of every digit the network is asked about the likeliest proposal, and
where that leaves it unsure about the others; which answer counts is decided here too.
"""

import itertools
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rnn_tui.engine import waits
from rnn_tui.engine.process.blas import single_blas_thread
from rnn_tui.engine.process.machine import usable_cores
from rnn_tui.photos import METHODS, THRESHOLD
from rnn_tui.photos.collection import label_in_name
from rnn_tui.photos.digit.finder import MarkedDigit, are_several, count_unread, rows_of
from rnn_tui.photos.digit.parting import PIECE, best_pieces
from rnn_tui.photos.digit.picture import Picture, PreparedDigit
from rnn_tui.photos.digit.prepare import (
    PhotoDigits,
    TouchingDigits,
    digit_proposals,
    find_digits,
    proposals,
    single_proposals,
)
from rnn_tui.photos.files import ImageError, read_image
from rnn_tui.photos.pool import DisposablePool
from rnn_tui.photos.reading import PhotoAnswer, Reading
from rnn_tui.tasks.images.inference import RowReaderNetwork, digit_probabilities

# a network that reads several digits at once is faster, but the first has to wait for the last
BATCH = 32
AHEAD = 4  # prepared photos that may wait for the network, for each thread
MOST_THREADS = 8
# digits that are read in one batch: those of photos of hundreds each would take all memory
MOST_AT_ONCE = 1024
LOOK_SECONDS = 0.1  # the time between two checks whether to stop
SURE = 0.9  # an answer of this confidence needs no second look at the photo
LIKELY = 0.5  # an answer of this confidence is more probably right than wrong
# A digit without neighbours is parted into several only if it is so wide for each of them, as a
# share of its height: many letters look like a 1 and another narrow digit.
LEAST_WIDTH = 0.47
# The same where all cuts are at least this probable: they cross a third of a stroke at most.
LEAST_WIDTH_CLEAN = 0.3
CLEAN_CUT = 0.945
LEAST_PART_HEIGHT = 0.6  # each of them has at least this share of the height of all
CUT_SHORT = 0.3  # the chance that what a crop leaves out, as tall as a digit, is none

# what a digit may be, the likeliest first, made when it is asked for
Proposals = Iterator[PreparedDigit]


def ask(network: RowReaderNetwork, digits: Sequence[PreparedDigit]) -> list[PhotoAnswer]:
    """Return an answer to each of `digits`, which may be of several photos, in their order."""
    if not digits:
        return []
    chances = network.chances(np.stack([prepared.digit for prepared in digits]))  # (N, 11)
    of_none: list[float] = chances[:, -1].tolist()
    each = zip(digits, digit_probabilities(chances), of_none, strict=True)
    return [PhotoAnswer(prepared, probabilities, none) for prepared, probabilities, none in each]


def best_answer(
    network: RowReaderNetwork, first: PhotoAnswer, others: Iterable[PreparedDigit]
) -> PhotoAnswer:
    """Return the answer of the highest confidence.

    Further digits are asked only if the first answer is unsure.
    """
    if first.confidence >= SURE:
        return first
    second_looks = [replace(answer, likeliest=False) for answer in ask(network, list(others))]
    return max([first, *second_looks], key=lambda answer: answer.confidence)


def read_best(network: RowReaderNetwork, ways: Proposals) -> PhotoAnswer:
    """Return the answer to one digit, of which there is at least one proposal."""
    (first,) = ask(network, [next(ways)])
    return best_answer(network, first, ways)


class _Parted(NamedTuple):
    """The parts of digits beside each other that are read best."""

    answers: list[PhotoAnswer]  #: one to each part, from the left.
    chance: float = 0.0  #: how probable it is that these are the digits, 0 … 1.
    least_cut: float = 0.0  #: how probable the least probable cut is by its ink, 0 … 1.
    least_height: float = 0.0  #: the lowest part's, as a share of the height of all of them.


def parted_row(
    network: RowReaderNetwork, touching: TouchingDigits, answers: Sequence[PhotoAnswer]
) -> list[PhotoAnswer]:
    """Return the answers to a row's digits, those that touch parted as they are read best.

    Args:
        network: what reads.
        touching: the digits of the row.
        answers: one to each, as the finder parts them.
    """
    result: list[PhotoAnswer] = []
    for places in touching.groups():
        group = [answers[place] for place in places]
        # what stands apart from the others is seldom several
        least_confidence = SURE if len(group) > 1 else LIKELY
        if any(_may_be_several(answer, least_confidence) for answer in group):
            group = _parted_group(network, touching, places, group)
        result += group
    return result


def _may_be_several(answer: PhotoAnswer, least_confidence: float) -> bool:
    """Return whether the digit of an answer may be several, or a part of one."""
    prepared = answer.prepared
    return prepared.touches or prepared.cut_short or answer.confidence < least_confidence


def _parted_group(
    network: RowReaderNetwork,
    touching: TouchingDigits,
    places: range,
    answers: Sequence[PhotoAnswer],
) -> list[PhotoAnswer]:
    """Return the answers to digits that stand beside each other in a row, parted the best way."""
    chances = [
        touching.chance(place) * _whole(answer) * answer.confidence
        for place, answer in zip(places, answers, strict=True)
    ]
    if min(chances) < SURE:
        parted = _best_parts(network, touching, places)
        is_better = parted.chance > math.prod(PIECE * chance for chance in chances)
        if is_better and _may_replace(parted, touching, places, answers):
            return parted.answers
    # how sure the network is of each tells whether they were parted well
    return [
        answer if touching.is_too_wide(place) else answer.undoubted
        for place, answer in zip(places, answers, strict=True)
    ]


def _may_replace(
    parted: _Parted, touching: TouchingDigits, places: range, answers: Sequence[PhotoAnswer]
) -> bool:
    """Return whether parts that are read better may replace the answers to digits of a row.

    A digit that stands apart and is read well must surely be several.
    """
    (first, *others) = answers
    is_apart = not others and not first.prepared.touches
    if is_apart and first.confidence >= LIKELY and len(parted.answers) > 1:
        return _are_surely_several(parted, touching, places.start)
    return True


def _whole(answer: PhotoAnswer) -> float:
    """Return how probable it is that an answer is to all ink of its digit, 0 … 1."""
    return CUT_SHORT if answer.prepared.cut_short else 1.0


def _best_parts(network: RowReaderNetwork, touching: TouchingDigits, places: range) -> _Parted:
    """Return the parts of digits beside each other that are read best."""
    best = _Parted([])
    for pieces, digits in touching.part(places.start, places.stop):
        answers = ask(network, digits)
        parts, chance = best_pieces(pieces, [answer.confidence for answer in answers])
        if parts and chance > best.chance:
            best = _Parted(
                [answers[part] for part in parts],
                chance,
                pieces.least_chance(parts),
                pieces.least_height(parts),
            )
        if best.answers and min(answer.confidence for answer in best.answers) >= SURE:
            break
    return best


def parted_digit(
    network: RowReaderNetwork, touching: TouchingDigits, answers: Sequence[PhotoAnswer]
) -> list[PhotoAnswer]:
    """Return the answer to a photo's one digit, or to several if it surely is several.

    Args:
        network: what reads.
        touching: the digit, and what may be digits beside it.
        answers: the one to the digit.
    """
    (answer,) = answers
    if len(touching.row) > 1:
        found = [read_best(network, ways) for ways in touching.proposals()]
        row = parted_row(network, touching, found)
        if len(row) > 1 and all(map(_is_sure, row)):
            return row
    alone = touching.alone
    chance = alone.chance(0) * _whole(answer) * answer.certainty
    if chance < SURE:
        parted = _best_parts(network, alone, range(1))
        if parted.chance > PIECE * chance and _are_surely_several(parted, alone, 0):
            return parted.answers
    return list(answers)


def _is_sure(answer: PhotoAnswer) -> bool:
    """Return whether an answer is sure, and nothing in the photo speaks against it."""
    return answer.certainty >= SURE and not answer.prepared.doubt


def _are_surely_several(parted: _Parted, touching: TouchingDigits, place: int) -> bool:
    """Return whether the parts of the digit at a place surely are digits of their own."""
    count = len(parted.answers)
    least_width = LEAST_WIDTH_CLEAN if parted.least_cut >= CLEAN_CUT else LEAST_WIDTH
    if count < 2 or touching.width(place) < least_width * count:
        return False
    least_confidence = min(answer.confidence for answer in parted.answers)
    if touching.is_too_wide(place):
        return least_confidence >= LIKELY
    return least_confidence >= SURE and parted.least_height >= LEAST_PART_HEIGHT


@dataclass(frozen=True)
class Photo:
    """A photo before a network reads it."""

    reading: Reading  #: what is known so far.
    #: the proposals for each of its digits, row by row; none after an error.
    rows: Sequence[Sequence[Proposals]] = ()
    several: bool = False  #: whether it is read as numbers.
    #: for each row, how its digits can be parted where they touch; empty if they are not to be.
    touching: Sequence[TouchingDigits] = ()


def _never() -> bool:
    return False


class PhotoReader:
    """Reads photos with one network.

    Args:
        network: what reads.
        method: how photos are prepared, one of `photos.METHODS`.
        threshold: answers less probable than this, 0 … 1, are doubted.
        labelled: whether names of folders and files tell labels.
        number: how many digits a photo shows, one of `photos.NUMBERS`; several are only looked for
            by the method `mnist`.
        threads: how many decode and prepare; 0 for one a core, at most eight.
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
        network.require_digits()
        self.network = network
        self.method = method
        self.number = number
        self.threshold = threshold
        self.labelled = labelled
        self._threads = threads or min(usable_cores(), MOST_THREADS)

    def read(
        self, paths: Iterable[Path], stopping: Callable[[], bool] = _never
    ) -> Iterator[list[Reading]]:
        """Yield the readings in the order of `paths`, as many at a time as are ready.

        `paths` may still be looked for meanwhile. Once `stopping` is true no digit is begun any
        more; threads that are inside a decoder are not waited for.
        """
        remaining = iter(paths)
        waiting: deque[Future[Photo]] = deque()
        # The threads that prepare photos need the cores.
        with single_blas_thread(), closing(DisposablePool(self._threads, "photos")) as pool:

            def is_over() -> bool:
                return pool.closed or stopping()

            while not stopping():
                free = self._threads * AHEAD - len(waiting)
                for path in itertools.islice(remaining, free):
                    waiting.append(pool.submit(self._prepare_file, path, is_over))
                if not waiting:
                    return
                # several in a batch, while the threads are busy with the others
                with waits.Waiting("photos that are prepared"):
                    wait(list(waiting)[: self._threads * AHEAD // 2], LOOK_SECONDS)
                photos = _ready(waiting)
                readings = self.answer(photos, stopping) if photos else []
                if readings:
                    yield readings

    def _prepare_file(self, path: Path, stopping: Callable[[], bool]) -> Photo:
        """Return a photo before the network reads it; what can't be read says so."""
        reading = Reading(path, label=label_in_name(path) if self.labelled else None)
        try:
            image = read_image(path, stopping)
        except ImageError as error:
            return Photo(replace(reading, error=str(error)))
        photo = self.prepare(image, stopping)
        return replace(photo, reading=replace(reading, unread=photo.reading.unread))

    def prepare(
        self, image: Picture, stopping: Callable[[], bool] = _never, *, stages: bool = False
    ) -> Photo:
        """Prepare a picture (H, W, 3) BGR, uint8, as far as it will be read for sure.

        Once `stopping` is true, some of its digits are missing. With `stages`, the pictures on the
        way are kept, too.
        """
        reading = Reading(Path())
        if self.method != next(iter(METHODS)):
            return Photo(reading, [[proposals(image, self.method, stages=stages)]])
        photo = find_digits(image)
        rows = rows_of(photo.digits) if self.number != "one" else []
        if not rows or (self.number == "auto" and not are_several(rows)):
            may_touch = photo.digits and self.number == "auto"
            touching = [_beside_main(photo, rows, stages)] if may_touch else []
            single = _begun(single_proposals(photo, stages=stages))
            return Photo(reading, [[single]], touching=touching)
        begun = [list(_begun_row(photo, row, stopping, stages)) for row in rows]
        touching = [TouchingDigits(photo, row, stages) for row in rows]
        reading = replace(reading, unread=count_unread(photo.digits, rows))
        return Photo(reading, begun, several=True, touching=touching)

    def prepared_digits(self, image: Picture) -> list[PreparedDigit]:
        """Return the digits of a picture (H, W, 3) as they are read, with the pictures on the way.

        They are in reading order.
        """
        photo = self.prepare(image, stages=True)
        return [answer.prepared for row in self._rows_of_answers([photo])[0] for answer in row]

    def answer(
        self, photos: Sequence[Photo], stopping: Callable[[], bool] = _never
    ) -> list[Reading]:
        """Ask the network about photos: of all digits the likeliest proposals at once.

        Returns:
            what becomes of each photo; nothing once `stopping` is true.
        """
        answers = self._rows_of_answers(photos, stopping)
        each = zip(photos, answers, strict=False)
        return [_answered(photo, rows).judged(self.threshold) for photo, rows in each]

    def _rows_of_answers(
        self, photos: Sequence[Photo], stopping: Callable[[], bool] = _never
    ) -> list[list[list[PhotoAnswer]]]:
        """Return for each photo the answers to its digits, row by row.

        Nothing once `stopping` is true.
        """
        every_digit = [ways for photo in photos for row in photo.rows for ways in row]
        best: list[PhotoAnswer] = []
        for start in range(0, len(every_digit), MOST_AT_ONCE):
            part = every_digit[start : start + MOST_AT_ONCE]
            firsts = ask(self.network, [next(ways) for ways in part])
            for first, others in zip(firsts, part, strict=True):
                if stopping():
                    return []
                best.append(best_answer(self.network, first, others))
        remaining = iter(best)
        result = []
        for photo in photos:
            rows = [[next(remaining) for _ in row] for row in photo.rows]
            for place, touching in enumerate(photo.touching):
                if stopping():
                    return []
                parted = parted_row if photo.several else parted_digit
                rows[place] = parted(self.network, touching, rows[place])
            result.append(rows)
        return [] if stopping() else result


def _beside_main(
    photo: PhotoDigits, rows: Sequence[Sequence[MarkedDigit]], stages: bool
) -> TouchingDigits:
    """Return the digit that a photo shows, with what may be digits in a row with it."""
    main = photo.digits[0]
    its_row = next((row for row in rows if any(digit is main for digit in row)), [main])
    return TouchingDigits(photo, its_row, stages)


def _ready(waiting: deque[Future[Photo]]) -> list[Photo]:
    """Take the first photos that are prepared out of those that wait, at most a batch."""
    photos: list[Photo] = []
    while waiting and len(photos) < BATCH and waiting[0].done():
        photos.append(waiting.popleft().result(0))
    return photos


def _begun_row(
    photo: PhotoDigits, row: Sequence[MarkedDigit], stopping: Callable[[], bool], stages: bool
) -> Iterator[Proposals]:
    """Yield proposals for the digits of a row, each begun.

    None follow once `stopping` is true.
    """
    for digit in row:
        if stopping():
            return
        yield _begun(digit_proposals(photo, digit, row, stages=stages))


def _begun(ways: Proposals) -> Proposals:
    """Return the same proposals, the first of which is made already, in this thread."""
    return itertools.chain([next(ways)], ways)


def _answered(photo: Photo, rows: Sequence[Sequence[PhotoAnswer]]) -> Reading:
    """Return the reading of a photo from the answers to its digits, row by row."""
    reading = photo.reading
    if photo.several or any(len(row) > 1 for row in rows):
        return reading.with_rows(
            [[Reading(reading.path).with_answer(answer) for answer in row] for row in rows]
        )
    return reading.with_answer(rows[0][0]) if rows else reading
