"""Prepare photos for the network: as MNIST's images were made, or by the report's steps."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.photos.digit.close_up import windows_of_ink
from rnn_tui.photos.digit.finder import Flags, Integers, MarkedDigit, Marks, digits_in, marks_in
from rnn_tui.photos.digit.parting import Piece, Pieces, chance_of, pieces_of
from rnn_tui.photos.digit.picture import (
    Picture,
    PreparedDigit,
    Shares,
    Stage,
    fitted,
    ink_near,
    shrunk,
)
from rnn_tui.tasks.mnist.centre import FAINTEST, SIDE, Digit, Ink, centre

HALF = 127  # of 255 grey levels
INPUT = "28×28 input"  # the last stage: what the network reads
_SAME_DIGIT = 0.01  # digits that differ by less than this on average are one proposal

COARSE = 64  # the longer side of the copy in which digits are looked for first
# They are looked for again in copies twice as large each, up to this side, if the typical digit
# has fewer pixels than `SMALL` (`SMALL_ALONE` if there is one digit), or where the finder's
# confidence is below `CLEAR`.
LARGEST = 512
SMALL = 22
SMALL_ALONE = 16
CLEAR = 0.55
# The larger copy counts where its confidence is higher by `CLEARER`, or, if digits are small in the
# smaller one, at least this share of the confidence there.
CLEARER = 0.1
AS_CLEAR = 0.85
# A large photo is looked at closely if nothing is found with this confidence, and what is found
# then counts from the second one on.
UNCLEAR = 0.5
CLEAR_CLOSE_UP = 0.6

FINE = 96  # the longer side of a digit's crop
MARGIN = 0.28  # the paper around it, as a share of the digit
MOST_CROPS = 2  # a digit whose ink runs out of its crop is cropped once more
LEAST_INK = 0.3  # less probable ink is none

# Two digits touch if each has more than this many pixels of one stroke, whose ink is measured to be
# this strong and is at least this probable.
TOUCHING = 8
STRONG = 0.4
PROBABLE = 0.2
# A photo's one digit has at least this share of the ink; what has less may be part of a pattern.
LEAST_OWN = 0.3
# Ink that a crop leaves out may be a digit if it has this share of the digit's height.
TALL = 0.6
# Digits of a row stand close to each other if less than this share of their height is between them.
CLOSE = 0.05
# Measured ink of several digits is whole if it is this share as wide as what the finder marks.
WHOLE = 0.85
MOST_BESIDE = 6.0  # a crop of digits that touch is at most so many times `FINE` pixels wide
WIDEST = 1.8  # what is wider than so many times its height is several digits

# left, top, right and bottom in pixels, as an array (4,); or x and y (2,)
Corners: TypeAlias = npt.NDArray[np.floating[Any]]


def proposals(image: Picture, method: str, *, stages: bool = False) -> Iterator[PreparedDigit]:
    """Yield what a network may read of a photo of one digit, the likeliest first.

    Args:
        image: (H, W, 3) BGR, uint8.
        method: one of `photos.METHODS`.
        stages: keep the pictures on the way, too.

    Raises:
        KeyError: if there is no such method.
    """
    match method:
        case "mnist":
            return single_proposals(find_digits(image), stages=stages)
        case "report":
            return iter([_as_in_report(image, stages)])
    raise KeyError(method)


def _as_in_report(image: Picture, stages: bool) -> PreparedDigit:
    """Return grey levels, resized to 28×28, inverted, thresholded at 127, divided by 255."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (SIDE, SIDE))
    inverted = 255 - small
    binary = np.where(inverted > HALF, 255, 0).astype(np.uint8)
    pictures = (
        Stage("photo", image),
        Stage("grey levels", grey),
        Stage("resized to 28×28", small),
        Stage("inverted", inverted),
        Stage("threshold at 127", binary),
    )
    has_both_shades = 0 < np.count_nonzero(binary) < binary.size
    return PreparedDigit(
        digit=binary.astype(np.float32) / np.float32(255),
        stages=pictures if stages else (),
        doubt="" if has_both_shades else "Only one shade of grey is left.",
    )


@dataclass(frozen=True)
class PhotoDigits:
    """A photo with the digits that are found in it."""

    image: Picture  #: (H, W, 3), as large as there is.
    window: Integers  #: (4,) the part of it in which they are looked for, in its pixels.
    copy: Picture  #: (H, W, 3), a copy of that part.
    marks: Marks  #: what the finder marks there.
    #: what it finds there: the likeliest to be meant first, by confidence times size.
    digits: list[MarkedDigit]

    @property
    def confidence(self) -> float:
        """The finder's mean confidence, the larger digits counting for more; 0 without any."""
        if not self.digits:
            return 0.0
        confidences = [digit.confidence for digit in self.digits]
        sizes = [digit.size for digit in self.digits]
        return float(np.average(confidences, weights=sizes))

    @property
    def typical_size(self) -> float:
        """The median of their sizes in pixels of the copy; infinity without any."""
        return float(np.median([digit.size for digit in self.digits])) if self.digits else np.inf

    @property
    def is_small(self) -> bool:
        """Whether its digits are so small that a larger copy may show more."""
        return self.typical_size < (SMALL if len(self.digits) > 1 else SMALL_ALONE)

    @property
    def ink(self) -> Ink:
        """All ink (H, W) of the copy, 0 … 1, without faint ink."""
        return np.where(self.marks.ink > LEAST_INK, self.marks.ink, np.float32(0))

    @property
    def scale(self) -> Corners:
        """Pixels of the copy (2,) to one of the photo, by width and height."""
        shape = np.array(self.copy.shape[1::-1])
        return np.asarray(shape / (self.window[2:] - self.window[:2]))

    def place_of(self, digit: MarkedDigit) -> Corners:
        """Return the corners (4,) of a digit in the photo, in its pixels."""
        return np.array(digit.box) / np.tile(self.scale, 2) + np.tile(self.window[:2], 2)

    def shares_of(self, place: Corners) -> Shares:
        """Return a place (4,) in the photo in shares of its sides, 0 … 1."""
        sides = np.tile(self.image.shape[1::-1], 2)
        left, top, right, bottom = (place / sides).clip(0, 1).tolist()
        return left, top, right, bottom

    def stages(self, inks: Mapping[str, Ink], crop: "_Crop | None" = None) -> tuple[Stage, ...]:
        """Return the pictures on the way from this photo to a digit.

        Args:
            inks: each (H, W), 0 … 1, by what it shows, in order; the last one is what is read.
            crop: the part of the photo that they are of; None if it is all of it.
        """
        ink, middle = _levels(self.marks.ink), _levels(self.marks.middle)
        painted = np.dstack([ink, ink, np.maximum(ink, middle)])  # ink white, middles red
        return (
            Stage("photo", shrunk(self.image, 4 * COARSE)),
            Stage("ink and digit centres", painted),
            *(() if crop is None else crop.stages),
            *(Stage(name, _levels(shown)) for name, shown in inks.items()),
        )


def find_digits(image: Picture) -> PhotoDigits:
    """Find the digits in a photo (H, W, 3), BGR, uint8.

    They are looked for in a small copy; if they are small or unclear there, also in larger ones.
    What is unclear in all of these is looked for where there is small ink, as large as it is.
    """
    height, width = image.shape[:2]
    best = _find_in_copies(image, np.array([0, 0, width, height]), max(height, width))
    if best.confidence >= UNCLEAR or max(height, width) <= LARGEST:
        return best
    for window in windows_of_ink(image):
        longer_side = int((window[2:] - window[:2]).max())
        close_up = _find_in_copies(image, window, 2 * longer_side)
        if close_up.confidence > max(best.confidence, CLEAR_CLOSE_UP):
            best = close_up
    return best


def _find_in_copies(image: Picture, window: Integers, largest: int) -> PhotoDigits:
    """Find the digits in a part of a photo, in copies with a side of at most `largest`."""
    best = last = _find_in_copy(image, window, COARSE)
    side = 2 * COARSE
    while side <= min(LARGEST, largest):
        # If nothing is found at all, a still larger copy would only show what is no digit.
        largest_if_unclear = (4 if best.digits else 2) * COARSE
        is_unclear = last.confidence < CLEAR and side <= largest_if_unclear
        if not (last.is_small or is_unclear):
            break
        last = _find_in_copy(image, window, side)
        if _is_better(last, best):
            best = last
        side *= 2
    return best


def _is_better(larger: PhotoDigits, best: PhotoDigits) -> bool:
    """Return whether the digits of a larger copy replace the best ones of smaller copies."""
    if not best.digits:
        return True
    # What is large there would have been seen in the smaller copy: parts of a digit may look like
    # several.
    if larger.typical_size > 2 * SMALL:
        return False
    if larger.confidence > best.confidence + CLEARER:
        return True
    return best.typical_size < SMALL and larger.confidence > AS_CLEAR * best.confidence


def _find_in_copy(image: Picture, window: Integers, side: int) -> PhotoDigits:
    """Return the digits in a copy of a part of a photo whose longer side is `side`."""
    left, top, right, bottom = window.tolist()
    copy = fitted(image[top:bottom, left:right], side)
    marks = marks_in(copy)
    digits = sorted(digits_in(marks), key=lambda digit: -digit.confidence * digit.size)
    return PhotoDigits(image, window, copy, marks, digits)


def digit_proposals(
    photo: PhotoDigits, digit: MarkedDigit, row: Sequence[MarkedDigit] = (), *, stages: bool = False
) -> Iterator[PreparedDigit]:
    """Yield what a network may read of one of the digits found, cropped, the likeliest first.

    Each proposal is made when it is asked for: hundreds of digits wait for the network side by
    side.

    Args:
        photo: the photo with its digits.
        digit: one of them.
        row: all digits of its number; empty if it is the photo's one digit.
        stages: keep the pictures on the way, too.
    """
    crop = _crop_around(photo, digit)
    own = crop.part_of(digit.mask, photo)
    neighbours = [other for other in row if other is not digit]
    others = crop.part_of(_union(neighbours), photo) if neighbours else None
    touches = digit.width > WIDEST * digit.height
    if others is not None and not touches:
        touches = crop.has_common_stroke(own, others)
    doubt = _doubt_about(digit, row, photo, touches)
    cut_short = crop.leaves_out(own)

    def prepared(name: str, ink: Ink) -> PreparedDigit:
        """Return a proposal from ink (H, W), 0 … 1; `name` says which ink it is."""
        ready = centre(ink)
        pictures = photo.stages({name: ink, INPUT: ready}, crop) if stages else ()
        place = photo.shares_of(crop.place)
        return PreparedDigit(ready, pictures, doubt, place, touches, cut_short)

    if crop.digit is None:  # what is seen from afar only has to do as it is
        yield prepared("ink of the digit", np.where(digit.mask, photo.marks.ink, np.float32(0)))
        return
    mask = crop.digit.mask
    if row:
        mask = mask & own
    # The finder can tell lines from strokes, but misses more ink than is measured.
    place = mask & (crop.marks.ink > LEAST_INK)
    measured = ink_near(crop.picture, place)
    if others is not None:
        # a printed line that runs through all of them makes one part of their ink
        measured = _parted(measured, place, others)
    yield prepared("refined ink", measured)
    yield prepared("ink of the digit", np.where(mask, crop.marks.ink, np.float32(0)))


def _union(digits: Sequence[MarkedDigit]) -> Flags:
    """Return the pixels (H, W) of a copy that belong to any of its digits, at least one."""
    return np.asarray(np.logical_or.reduce([digit.mask for digit in digits]), np.bool_)


def _parted(ink: Ink, own: Flags, others: Flags) -> Ink:
    """Return a digit's ink (h, w) without what is its neighbours'.

    Args:
        ink: measured in a crop.
        own: (H, W) roughly where the digit is in the same crop.
        others: (H, W) where its neighbours are.
    """
    size = ink.shape[::-1]
    in_others = cv2.resize(255 * others.astype(np.uint8), size) > HALF
    remaining = np.where(in_others, np.float32(0), ink)
    count, parts = cv2.connectedComponents((remaining > FAINTEST).astype(np.uint8))
    in_own = cv2.resize(255 * own.astype(np.uint8), size) > HALF
    is_own = np.bincount(parts[in_own], minlength=count) > 0
    is_own[0] = True  # what is fainter than ink
    return np.where(is_own[parts], remaining, np.float32(0))


@dataclass(frozen=True)
class _Crop:
    """A digit with some paper around it."""

    picture: Picture  #: (H, W, 3), its longer side `FINE` pixels.
    start: Corners  #: (2,) where it begins in the photo, in the photo's pixels.
    scale: float  #: how much it is enlarged.
    marks: Marks  #: what the finder marks in it.
    digit: MarkedDigit | None  #: the digit that is meant, as the finder marks it here.
    place: Corners  #: (4,) where that lies in the photo, in the photo's pixels.

    def part_of(self, mask: Flags, photo: PhotoDigits) -> Flags:
        """Return the part of a mask over the photo's copy that lies in the crop: (H, W)."""
        # x and y of the copy from those of the photo, then from those of the crop
        to_copy = np.diag(photo.scale)
        start = self.start - photo.window[:2]
        from_crop = np.column_stack([to_copy / self.scale, to_copy @ start])  # (2, 3)
        levels = cv2.warpAffine(
            255 * mask.astype(np.uint8),
            from_crop,
            self.picture.shape[1::-1],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        )
        return np.asarray(levels > HALF, np.bool_)

    def leaves_out(self, own: Flags) -> bool:
        """Return whether ink as tall as a digit is not the digit's here, although it was before.

        Args:
            own: (H, W) the part of the crop where the digit is in the photo's copy.
        """
        if self.digit is None:
            return False
        left_out = own & ~self.digit.mask & (self.marks.ink > LEAST_INK)
        least_height = TALL * self.digit.height
        if np.count_nonzero(left_out) < least_height:
            return False
        _, _, stats, _ = cv2.connectedComponentsWithStats(left_out.astype(np.uint8))
        heights = stats[1:, cv2.CC_STAT_HEIGHT]
        return bool((heights >= least_height).any())

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The crop, and the ink that the finder marks in it."""
        return Stage("crop", self.picture), Stage("ink in the crop", _levels(self.marks.ink))

    def has_common_stroke(self, own_part: Flags, other_part: Flags) -> bool:
        """Return whether one stroke, as measured here, runs through two parts (H, W) of the crop.

        They are a digit's and its neighbours'.
        """
        ink = ink_near(self.picture, (own_part | other_part) & (self.marks.ink > LEAST_INK))
        is_strong = cv2.resize(ink, self.picture.shape[1::-1]) > STRONG
        is_ink = is_strong & (self.marks.ink > PROBABLE)
        count, strokes = cv2.connectedComponents(is_ink.astype(np.uint8))
        # pixels of each stroke, without the paper, which is number 0
        own_pixels = np.bincount(strokes[own_part], minlength=count)[1:]
        other_pixels = np.bincount(strokes[other_part], minlength=count)[1:]
        return bool((np.minimum(own_pixels, other_pixels) > TOUCHING).any())


def _doubt_about(
    digit: MarkedDigit, row: Sequence[MarkedDigit], photo: PhotoDigits, touches: bool
) -> str:
    """Return a sentence on why one of the photo's digits is doubted; empty if it is not."""
    if touches:
        return "It touches the next one." if row else "It is too wide for one digit."
    if not row:
        ink = photo.ink
        if ink[digit.mask].sum() < LEAST_OWN * ink.sum():
            return "Most of what stands out is something else."
    return ""


@dataclass(frozen=True)
class TouchingDigits:
    """Digits of a photo that may be parted in another way than the finder does."""

    photo: PhotoDigits
    row: Sequence[MarkedDigit]  #: all digits of a number, from the left.
    stages: bool = False  #: whether the pictures on the way are kept, too.

    @property
    def alone(self) -> "TouchingDigits":
        """The digit that is read if the photo shows one, without those beside it."""
        return replace(self, row=self.photo.digits[:1])

    def proposals(self) -> Iterator[Iterator[PreparedDigit]]:
        """Yield for each digit what a network may read of it, as the finder parts the row."""
        for digit in self.row:
            yield digit_proposals(self.photo, digit, self.row, stages=self.stages)

    def groups(self) -> Iterator[range]:
        """Yield the places of digits that stand close to each other, from the left."""
        start = 0
        end_of_group = self.row[0].box[2]
        for place, digit in enumerate(self.row):
            left, _, right, _ = digit.box
            if left - end_of_group >= CLOSE * digit.height:
                yield range(start, place)
                start = place
            end_of_group = max(end_of_group, right)
        yield range(start, len(self.row))

    def width(self, place: int) -> float:
        """Return the width of the digit at a place in the row as a share of its height."""
        digit = self.row[place]
        return digit.width / digit.height

    def chance(self, place: int) -> float:
        """Return how probable the digit at a place in the row is one digit by its shape, 0 … 1."""
        return chance_of(self.width(place))

    def is_too_wide(self, place: int) -> bool:
        """Return whether the digit at a place in the row is wider than one digit can be."""
        return self.width(place) > WIDEST

    def part(self, first: int, end: int) -> Iterator[tuple[Pieces, list[PreparedDigit]]]:
        """Cut the ink of the digits `first` … `end` − 1 of the row in all ways that are likely.

        Yields:
            the pieces, and each as a network reads it: first of the ink as it is measured, unless
            a digit at its side is missing there, then as the finder marks it.
        """
        photo = self.photo
        digits = self.row[first:end]
        places = np.array([photo.place_of(digit) for digit in digits])  # (N, 4)
        place = np.append(places[:, :2].min(axis=0), places[:, 2:].max(axis=0))  # (4,)
        width, height = place[2:] - place[:2]
        side = round(FINE * min(max(width / height, 1.0), MOST_BESIDE))
        cut = _cut(photo.image, place, side, MARGIN * float(height))
        crop = _Crop(cut.picture, cut.start, cut.scale, marks_in(cut.picture), None, place)
        own = crop.part_of(_union(digits), photo)
        own_ink = own & (crop.marks.ink > LEAST_INK)
        measured = ink_near(crop.picture, own_ink, is_row=True)
        neighbours = [*self.row[:first], *self.row[end:]]
        if neighbours:
            measured = _parted(measured, own_ink, crop.part_of(_union(neighbours), photo))
        marked = np.where(own_ink, crop.marks.ink, np.float32(0))
        is_whole = _extent(measured) >= WHOLE * _extent(marked)
        for ink in (measured, marked) if is_whole else (marked,):
            pieces = pieces_of(ink)
            yield pieces, [self._prepared(piece, ink, crop) for piece in pieces.pieces]

    def _prepared(self, piece: Piece, ink: Ink, crop: "_Crop") -> PreparedDigit:
        """Return a piece of the digits' ink (h, w) as a network reads it."""
        ready = centre(piece.ink)
        height, width = piece.ink.shape
        to_photo = crop.picture.shape[1] / ink.shape[1] / crop.scale
        # (4,) in pixels of the ink
        corners = np.array([piece.left, piece.top, piece.left + width, piece.top + height])
        place = corners * to_photo + np.tile(crop.start, 2)
        inks = {"ink of touching digits": ink, "part of that ink": piece.ink, INPUT: ready}
        pictures = self.photo.stages(inks, crop) if self.stages else ()
        return PreparedDigit(ready, pictures, box=self.photo.shares_of(place))


def _extent(ink: Ink) -> float:
    """Return the width of the part of a picture (H, W) that has ink, as a share of its width."""
    _, _, width, _ = cv2.boundingRect((ink > FAINTEST).astype(np.uint8))
    return float(width / ink.shape[1])


class _Cut(NamedTuple):
    """A part of a photo."""

    picture: Picture  #: (H, W, 3).
    start: Corners  #: (2,) where it begins in the photo, in the photo's pixels.
    end: Corners  #: (2,) where it ends there.
    scale: float  #: how much it is enlarged.


def _cut(image: Picture, place: Corners, side: int, margin: float) -> _Cut:
    """Cut a place (4,) with a margin in pixels out of a photo; `side` is the longer side of it."""
    sides = np.array(image.shape[1::-1])  # (2,) width and height, as all that follows
    start = np.maximum(np.rint(place[:2] - margin).astype(int), 0)
    end = np.minimum(np.rint(place[2:] + margin).astype(int), sides)
    left, top = start.tolist()
    right, bottom = end.tolist()
    picture = fitted(image[top:bottom, left:right], side)
    scale = picture.shape[1] / (right - left)
    return _Cut(picture, start, end, scale)


def _crop_around(photo: PhotoDigits, digit: MarkedDigit) -> _Crop:
    """Crop one of the digits found, once more where its ink runs out of the crop."""
    place = photo.place_of(digit)
    crop, is_whole = _crop_at(photo.image, place)
    for _ in range(1, MOST_CROPS):
        if is_whole:
            break
        start, end = np.minimum(crop.place, place)[:2], np.maximum(crop.place, place)[2:]
        place = np.append(start, end)
        crop, is_whole = _crop_at(photo.image, place)
    return crop


def _crop_at(image: Picture, place: Corners) -> tuple[_Crop, bool]:
    """Crop a photo around the place (4,) of a digit, and find the digit again in the crop.

    Returns:
        the crop, and whether the digit ends before the crop does, or where the photo does.
    """
    sides = np.array(image.shape[1::-1])  # (2,) width and height, as all that follows
    margin = max(2, MARGIN * float((place[2:] - place[:2]).max()))
    picture, start, end, scale = _cut(image, place, FINE, margin)
    marks = marks_in(picture)
    digit = _digit_at((place - np.tile(start, 2)) * scale, marks)
    if digit is not None:
        place = np.array(digit.box) / scale + np.tile(start, 2)
    cut_off_before = (place[:2] < start + 1) & (start > 0)
    cut_off_after = (place[2:] > end - 1) & (end < sides)
    crop = _Crop(picture, start, scale, marks, digit, place)
    return crop, not (cut_off_before | cut_off_after).any()


def _digit_at(place: Corners, marks: Marks) -> MarkedDigit | None:
    """Return the marked digit that has most of the ink at a place (4,); None if there is none."""
    left, top, right, bottom = np.rint(place).astype(int).clip(0).tolist()
    part = slice(top, max(bottom, top + 1)), slice(left, max(right, left + 1))
    ink = marks.ink[part]
    digits = digits_in(marks)
    amounts = [float(ink[digit.mask[part]].sum()) for digit in digits]
    if max(amounts, default=0.0) <= 0:
        return None
    return digits[int(np.argmax(amounts))]


def single_proposals(photo: PhotoDigits, *, stages: bool = False) -> Iterator[PreparedDigit]:
    """Yield what a photo's one digit may be, from the digits found in it, the likeliest first."""
    digits: list[Digit] = []
    for proposal in _single_with_repeats(photo, stages):
        differences = [np.abs(proposal.digit - digit).mean() for digit in digits]
        if all(difference > _SAME_DIGIT for difference in differences):
            digits.append(proposal.digit)
            yield proposal


def _single_with_repeats(photo: PhotoDigits, stages: bool) -> Iterator[PreparedDigit]:
    """Yield the likeliest digit that is found, then all ink as one digit.

    Some of them may look the same.
    """
    if photo.digits:
        yield from digit_proposals(photo, photo.digits[0], stages=stages)
    ink = photo.ink
    ready = centre(ink)
    pictures = photo.stages({"all ink": ink, INPUT: ready}) if stages else ()
    doubt = "" if ready.any() else "Nothing stands out from the paper."
    yield PreparedDigit(ready, pictures, doubt)


def _levels(ink: Ink) -> Picture:
    """Return ink, 0 … 1, as grey levels."""
    return np.rint(np.clip(ink, 0, 1) * 255).astype(np.uint8)
