"""From a photo to what a network reads: as MNIST's images were made, robust for photos, or step by
step as in the report.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.photos.digit.finder import Flags, MarkedDigit, Marks, digits_in, marked
from rnn_tui.photos.digit.picture import Picture, PreparedDigit, Stage, fitted, ink_near, shrunk
from rnn_tui.tasks.mnist.centre import SIDE, Digit, Ink, centre


def proposals(image: Picture, method: str, *, stages: bool = False) -> Iterator[PreparedDigit]:
    """Readings of a photo of one digit, (H, W, 3), BGR, uint8, by one of `photos.METHODS`: lazily,
    the likeliest first.
    """
    return _WAYS[method](image, stages)


_SAME_DIGIT = 0.01  # digits that differ by less than this on average are one reading
HALF = 127


def _as_in_report(image: Picture, stages: bool) -> Iterator[PreparedDigit]:
    """Grey levels, resized whole to 28×28, inverted, 255 above 127 and 0 elsewhere, over 255."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (SIDE, SIDE))
    inverted = 255 - small
    binary = np.where(inverted > HALF, 255, 0).astype(np.uint8)
    kept = (
        Stage("photo", image),
        Stage("grey levels", grey),
        Stage("resized whole", small),
        Stage("inverted", inverted),
        Stage("threshold at 127", binary),
    )
    doubt = "" if 0 < np.count_nonzero(binary) < binary.size else "Only one shade of grey is left."
    yield PreparedDigit(binary.astype(np.float32) / np.float32(255), kept if stages else (), doubt)


# Longer sides of the copies in which digits are looked for, and of one's cut-out; the paper there,
# as a share of the digit.
COARSE, FINE, MARGIN = 64, 96, 0.28
# Several digits, or one, of fewer pixels are looked at again in copies twice as large each, what is
# less clear than this in one or two. The larger copy has the last word where it is clearer by so
# much, or where digits are small and it is about as clear.
SMALL, SMALL_ALONE, LARGEST = 22, 16, 512
CLEAR, CLEARER, AS_CLEAR = 0.55, 0.1, 0.85
LEAST_INK = 0.3  # less probable ink is none
# Two digits touch that each have so many pixels of one stroke, of ink measured to be this strong
# and at least this probable.
TOUCHING, STRONG, PROBABLE = 8, 0.4, 0.2
# a photo's one digit has at least this share of the ink; what has less may be a piece of a pattern
LEAST_OWN = 0.4
WIDEST = 1.8  # what is wider than so many times its height is several digits
MOST_LOOKS = 2  # a digit whose ink runs out of its cut-out is cut out once more

# left, top, right and bottom in pixels, as an array
Corners: TypeAlias = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class PhotoDigits:
    """A photo with the digits that are found in it."""

    image: Picture  #: (H, W, 3), as large as there is.
    copy: Picture  #: (H, W, 3), a copy of it in which they are looked for.
    marks: Marks  #: what the finder marks there.
    #: what it finds there: the likeliest to be meant first, which is the largest of the sure ones.
    digits: list[MarkedDigit]

    @property
    def sure(self) -> float:
        """How sure the finder is of all of them, the larger ones counting for more."""
        sizes = [digit.size for digit in self.digits]
        return (
            float(np.average([digit.sure for digit in self.digits], weights=sizes))
            if sizes
            else 0.0
        )

    @property
    def typical(self) -> float:
        """The median of their sizes in pixels of the copy; infinity without any."""
        return float(np.median([digit.size for digit in self.digits])) if self.digits else np.inf

    @property
    def ink(self) -> Ink:
        """All ink, without what is faint."""
        return np.where(self.marks.ink > LEAST_INK, self.marks.ink, np.float32(0))

    def place_of(self, digit: MarkedDigit) -> Corners:
        """Where a digit lies in the photo, in its pixels."""
        return np.array(digit.box) * np.tile(
            np.array(self.image.shape[1::-1]) / self.copy.shape[1::-1], 2
        )


def find_digits(image: Picture) -> PhotoDigits:
    """The digits in a photo (H, W, 3), BGR, uint8: looked for in a small copy, if small there or
    unclear in larger ones.
    """
    best = last = _looked_at(image, COARSE)
    side = 2 * COARSE
    # Where nothing is found at all, a still larger copy would only show what is no digit.
    while side <= min(LARGEST, max(image.shape[:2])) and (
        last.typical < (SMALL if len(last.digits) > 1 else SMALL_ALONE)
        or (last.sure < CLEAR and side <= (4 if best.digits else 2) * COARSE)
    ):
        last = _looked_at(image, side)
        # What is large there would have been seen in the smaller copy: parts of a digit may look
        # like several.
        clearer = last.sure > best.sure + CLEARER or (
            best.typical < SMALL and last.sure > AS_CLEAR * best.sure
        )
        if not best.digits or (clearer and last.typical <= 2 * SMALL):
            best = last
        side *= 2
    return best


def _looked_at(image: Picture, side: int) -> PhotoDigits:
    copy = fitted(image, side)
    marks = marked(copy)
    return PhotoDigits(
        image, copy, marks, sorted(digits_in(marks), key=lambda digit: -digit.sure * digit.size)
    )


def looks_at(
    found: PhotoDigits, digit: MarkedDigit, row: Sequence[MarkedDigit] = (), *, stages: bool = False
) -> Iterator[PreparedDigit]:
    """One of the digits found, cut out and seen in several ways, the likeliest first; `row` has all
    digits of its number.
    """
    closer = _closely(found, digit)
    marks, meant, doubt = closer.marks, closer.meant, ""
    if digit.box[2] - digit.box[0] > WIDEST * (digit.box[3] - digit.box[1]) or closer.touches(
        digit, row, found
    ):
        doubt = "It touches the next one." if row else "It is too wide for one digit."
    elif not row and (ink := found.ink)[digit.near].sum() < LEAST_OWN * ink.sum():
        doubt = "Most of what stands out is something else."
    left, top, right, bottom = (
        (closer.place / np.tile(found.image.shape[1::-1], 2)).clip(0, 1).tolist()
    )
    # What is seen from afar only has to do as it is.
    whole, near = (found.marks.ink, digit.near) if meant is None else (marks.ink, meant.near)
    if row and meant is not None:
        near = near & closer.seen_of(digit.near, found)

    def way(name: str, ink: Ink) -> PreparedDigit:
        ready = centre(ink)
        kept: tuple[Stage, ...] = ()
        if stages:
            kept = (
                *_first_stages(found),
                Stage("cut out", closer.picture),
                Stage("ink in it", _levels(marks.ink)),
                Stage(name, _levels(ink)),
                Stage("as in MNIST", _levels(ready)),
            )
        return PreparedDigit(ready, kept, doubt, (left, top, right, bottom))

    # Each way is made when it is asked for: hundreds of digits wait for the network side by side.
    if meant is not None:  # the finder knows lines from strokes, but misses more
        yield way("ink measured there", ink_near(closer.picture, near & (whole > LEAST_INK)))
    yield way("ink of the digit", np.where(near, whole, np.float32(0)))


@dataclass(frozen=True)
class _CutOut:
    """A digit with some paper around it."""

    picture: Picture  #: (H, W, 3), its longer side `FINE` pixels.
    start: Corners  #: (2,) where it begins in the photo, in its pixels.
    scale: float  #: how much it is enlarged.
    marks: Marks  #: what the finder marks in it.
    meant: MarkedDigit | None  #: the digit among that.
    place: Corners  #: (4,) where that lies in the photo, in its pixels.

    def touches(self, digit: MarkedDigit, row: Sequence[MarkedDigit], found: PhotoDigits) -> bool:
        """Whether one stroke runs through the places of it and of another of its row, as measured
        in the picture.
        """
        others = [other.near for other in row if other is not digit]
        if not others:
            return False
        near_others = np.zeros_like(digit.near)
        for near in others:
            near_others |= near
        own, beside = self.seen_of(digit.near, found), self.seen_of(near_others, found)
        ink = ink_near(self.picture, (own | beside) & (self.marks.ink > LEAST_INK))
        there = (cv2.resize(ink, self.picture.shape[1::-1]) > STRONG) & (self.marks.ink > PROBABLE)
        count, strokes = cv2.connectedComponents(there.astype(np.uint8))
        shares = [np.bincount(strokes[place], minlength=count)[1:] for place in (own, beside)]
        return bool((np.minimum(*shares) > TOUCHING).any())

    def seen_of(self, mask: Flags, found: PhotoDigits) -> Flags:
        """The part (H, W) of a mask over the copy in which digits were looked for."""
        height, width = found.copy.shape[:2]
        turn = np.diag([width / found.image.shape[1], height / found.image.shape[0]])
        back = np.column_stack([turn / self.scale, turn @ self.start])
        size = self.picture.shape[1::-1]
        levels = 255 * mask.astype(np.uint8)
        return np.asarray(
            cv2.warpAffine(levels, back, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
            > HALF,
            np.bool_,
        )


def _closely(found: PhotoDigits, digit: MarkedDigit) -> _CutOut:
    """A digit's cut-out, made anew where its ink runs out of it."""
    image, place, sides = found.image, found.place_of(digit), np.array(found.image.shape[1::-1])
    for looks in range(1, MOST_LOOKS + 1):
        margin = max(2, MARGIN * float((place[2:] - place[:2]).max()))
        start = np.maximum(np.rint(place[:2] - margin).astype(int), 0)
        end = np.minimum(np.rint(place[2:] + margin).astype(int), sides)
        closer = fitted(image[start[1] : end[1], start[0] : end[0]], FINE)
        marks, scale = marked(closer), closer.shape[1] / (end[0] - start[0])
        meant = _meant(marks, (place - np.tile(start, 2)) * scale)
        seen = place if meant is None else np.array(meant.box) / scale + np.tile(start, 2)
        cut_off = ((seen[:2] < start + 1) & (start > 0)) | ((seen[2:] > end - 1) & (end < sides))
        if looks == MOST_LOOKS or not cut_off.any():
            break
        place = np.append(np.minimum(seen, place)[:2], np.maximum(seen, place)[2:])
    return _CutOut(closer, start, float(scale), marks, meant, seen)


def of_found(found: PhotoDigits, *, stages: bool = False) -> Iterator[PreparedDigit]:
    """What a photo's one digit may be, likeliest first, once digits were looked for in it."""
    given: list[Digit] = []
    for one in _with_all_ink(found, stages):
        if all(np.abs(one.digit - other).mean() > _SAME_DIGIT for other in given):
            given.append(one.digit)
            yield one


def _with_all_ink(found: PhotoDigits, stages: bool) -> Iterator[PreparedDigit]:
    if found.digits:
        yield from looks_at(found, found.digits[0], stages=stages)
    ready = centre(ink := found.ink)
    kept = (
        (
            *_first_stages(found),
            Stage("all ink", _levels(ink)),
            Stage("as in MNIST", _levels(ready)),
        )
        if stages
        else ()
    )
    yield PreparedDigit(ready, kept, "" if ready.any() else "Nothing stands out from the paper.")


def _first_stages(found: PhotoDigits) -> tuple[Stage, ...]:
    ink, middle = _levels(found.marks.ink), _levels(found.marks.middle)
    painted = np.dstack([ink, ink, np.maximum(ink, middle)])  # ink white, middles red
    return Stage("photo", shrunk(found.image, 4 * COARSE)), Stage(
        "ink, and middles of digits", painted
    )


def _meant(marks: Marks, place: Corners) -> MarkedDigit | None:
    """The digit that has most of the ink at a place; None if there is none."""
    left, top, right, bottom = np.rint(place).astype(int).clip(0).tolist()
    part = slice(top, max(bottom, top + 1)), slice(left, max(right, left + 1))
    digits = digits_in(marks)
    inks = [float(marks.ink[part][digit.near[part]].sum()) for digit in digits]
    return digits[int(np.argmax(inks))] if max(inks, default=0.0) > 0 else None


def _levels(ink: Ink) -> Picture:
    """Ink, 0 … 1, as grey levels."""
    return np.rint(np.clip(ink, 0, 1) * 255).astype(np.uint8)


_WAYS = {
    "mnist": lambda image, stages: of_found(find_digits(image), stages=stages),
    "report": _as_in_report,
}
