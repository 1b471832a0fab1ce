"""From a photo to what a network reads, in the two ways that there are.

`mnist` is what MNIST did to its images, made robust for photos; `report` is the report's own
preprocessing, step by step.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

import cv2
import numpy as np

from rnn_tui.photos.digit.ink import Channel, best_channel, chance_of_light, ink_on, paper_of, reach_of
from rnn_tui.photos.digit.lines import PrintedLines, recentred, without_lines
from rnn_tui.photos.digit.picture import Picture, PreparedDigit, Stage, halved, resized, shrunk
from rnn_tui.photos.digit.ruling import ruled_lines
from rnn_tui.photos.digit.search import REACHES, Box, DigitCandidate, parts_of, search, with_near
from rnn_tui.tasks.mnist.centre import SIDE, Digit, Ink, centre


def prepare(image: Picture, method: str, *, stages: bool = False) -> PreparedDigit:
    """A photo as a network reads it.

    Args:
        image: (H, W, 3) BGR, uint8, any size.
        method: one of `photos.METHODS`: `mnist`, what MNIST did to its images, made robust for
            photos; or `report`, the report's steps.
        stages: whether to keep the pictures on the way.
    """
    return next(_WAYS[method](image, stages))


def proposals(image: Picture, method: str, *, stages: bool = False) -> Iterator[PreparedDigit]:
    """Different readings of a photo, the likeliest first, which is what `prepare` gives.

    The next one is made when it is asked for, and costs about what a cut-out costs. Readings that
    come out alike are given once.

    Args:
        image: (H, W, 3) BGR, uint8, any size.
        method: as for `prepare`.
        stages: whether to keep the pictures on the way.
    """
    given: list[Digit] = []
    for one in _WAYS[method](image, stages):
        if all(np.abs(one.digit - other).mean() > _SAME_DIGIT for other in given):
            given.append(one.digit)
            yield one


# Digits that differ by less than this on average are one reading.
_SAME_DIGIT = 0.01
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
    digit: Digit = binary.astype(np.float32) / np.float32(255)
    yield PreparedDigit(digit, kept if stages else (), doubt)


# Longer sides of the copies: to look for lines and the digit, and to choose a channel.
COARSE, SMALL = 400, 128
# Scores of a `DigitCandidate`: below the first there is no digit, below the second only if its ink
# is strong. Photos of digits score 0.05 … 0.7, in a third of the frame 0.01 … 0.2; paper with
# nothing but grain, shading, ruled lines or a shadow's edge mostly below 0.005.
PLAUSIBLE, SURE, FAINT = 0.008, 0.09, 0.125
# What is second-best is worth a look if it scores this share of the best at least.
LEAST_SECOND = 0.1
# By how much of the longer side a whole picture is smoothed, lest noise be ink.
_SMOOTHED = 0.045
# A polarity less probable than this is not tried.
UNLIKELY = 0.05


@dataclass(frozen=True)
class DigitPlace:
    """Where the digit is in a coarse copy of the photo, looked at in one polarity."""

    channel: Channel  #: how its ink shows.
    plane: Picture  #: (H, W), the coarse copy, ink dark.
    lines: PrintedLines  #: ruled lines, in the coarse copy's pixels.
    plain: Picture  #: (H, W), the copy without them.
    found: DigitCandidate  #: the digit there.
    score: float  #: how probable it is in this polarity.
    ruled: bool = True  #: whether lines are taken out.


def _as_mnist(image: Picture, stages: bool) -> Iterator[PreparedDigit]:
    """The photo's digit as MNIST would have it, and what else it may be, likeliest first."""
    kept: list[Stage] = []

    def note(name: str, picture: Picture | Ink) -> None:
        if stages:
            if picture.dtype != np.uint8:  # ink, as grey levels
                picture = np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
            kept.append(Stage(name, picture))

    reduced = halved(image, COARSE)
    small = shrunk(reduced, SMALL)
    note("photo", shrunk(reduced, COARSE) if stages else image)
    # Whether ink may be lighter than the paper, with how probable that is.
    light = chance_of_light(small)
    polarities = [one for one in ((False, 1 - light), (True, light)) if one[1] >= UNLIKELY]
    views = [_view(reduced, small, *polarity) for polarity in polarities]
    places = sorted(filter(None, views), key=lambda view: -view.score)
    if not places:
        empty = np.zeros((SIDE, SIDE), np.float32)
        yield PreparedDigit(empty, tuple(kept), "Nothing stands out from the paper.")
    for place in chain(places[:1], _others(places[:1]), places[1:]):
        del kept[1:]
        note("light ink turned dark" if place.channel.light else "ink at its darkest", place.plane)
        if len(place.lines):
            note("without ruled lines", place.plain)
        note("where the digit is", place.found.mask)
        digit = centre(extracted(image, place, note))
        note("as in MNIST", digit)
        yield PreparedDigit(digit, tuple(kept), _doubt(place.found))
    for place in places:
        del kept[1:]
        # Lightness, as noise in it is the least.
        digit = centre(_whole(replace(place.channel, number=3).of(reduced)))
        note("the whole picture's ink, as in MNIST", digit)
        yield PreparedDigit(digit, tuple(kept))


def _others(places: "list[DigitPlace]") -> "Iterator[DigitPlace]":
    """The same place with its lines left in; and what else stands out once it is painted over."""
    for place in places:
        with_lines = search(place.plane) if len(place.lines) else place.found
        if with_lines is not None:
            none = PrintedLines.joined([])
            yield replace(place, lines=none, plain=place.plane, found=with_lines, ruled=False)
        # The largest part alone: if that is a box, the digit is in it.
        _, labels, boxes, _ = cv2.connectedComponentsWithStats(place.found.mask)
        largest = 1 + int(np.argmax(boxes[1:, cv2.CC_STAT_WIDTH : cv2.CC_STAT_HEIGHT + 1].sum(axis=1)))
        mask = (labels == largest).astype(np.uint8)
        mask = cv2.resize(mask, place.plane.shape[::-1], interpolation=cv2.INTER_NEAREST)
        paper = paper_of(place.plain, reach_of(place.plane.shape, REACHES[-1][0]))
        rest = np.where(cv2.dilate(mask, np.ones((9, 9), np.uint8)) > 0, paper, place.plain)
        second = search(rest)
        if second is not None and second.score > LEAST_SECOND * place.found.score:
            yield replace(place, found=second)


def _whole(plane: Picture) -> Ink:
    """All that is dark in a picture (H, W), ink dark, where the digit may be the whole of it."""
    fine = cv2.GaussianBlur(plane, (0, 0), max(_SMOOTHED * max(plane.shape), 0.3))
    fine = resized(fine, FINE / max(plane.shape))
    _, mask = cv2.threshold(fine, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    pen, paper = cv2.mean(fine, mask)[0], cv2.mean(fine, cv2.bitwise_not(mask))[0]
    # Half of the way from paper to pen is a stroke's edge; a quarter is its blur.
    return np.asarray(np.clip((0.75 * paper + 0.25 * pen - fine) / max(0.5 * (paper - pen), 1), 0, 1), np.float32)


_WAYS = {"mnist": _as_mnist, "report": _as_in_report}


def _doubt(found: DigitCandidate) -> str:
    """Why what was found may be no digit; empty if it seems to be one."""
    if found.score < PLAUSIBLE:
        return "What stands out from the paper is too small, too faint or too blurred for a digit."
    if found.score < SURE and found.strong < FAINT:
        return "What stands out from the paper is hardly darker than its shading and grain."
    return ""


def _view(reduced: Picture, small: Picture, light: bool, chance: float) -> DigitPlace | None:
    channel = best_channel(small, light)
    plane = shrunk(channel.of(reduced), COARSE)
    lines = ruled_lines(plane)
    plain = without_lines(plane, lines) if len(lines) else plane
    found = search(plain)
    if found is None:
        return None
    return DigitPlace(channel, plane, lines, plain, found, found.score * chance)


# Longer side of the digit in the cut-out; the paper around it, as a share of that.
FINE, MARGIN = 120, 0.45
# Thresholds with hysteresis, as shares of the strong ink; the higher is twice the lower, since that
# is what `parts_of` looks for.
LOW = 0.25
# A reach this little different needs no second time.
SAME_REACH = 0.15
# The strong ink is this percentile of the digit's.
STRONG = 85
# Below and above these shares of the strong ink there is none, or all of it.
NONE, ALL = 0.12, 1.0

Note = Callable[[str, Picture | Ink], None]


def extracted(image: Picture, place: DigitPlace, note: Note) -> Ink:
    """The digit's ink alone (H, W), 0 … 1, about 120 pixels long, from the full resolution.

    Args:
        image: (H, W, 3) BGR, the photo.
        place: where the digit is.
        note: is given the pictures on the way, each with its name.
    """
    plane, near = _cut_out(image, place, note)
    plane = cv2.blur(plane, (3, 3))
    reach = 0
    for _ in range(2):
        # The paper is what is wider than the strokes, whose width is better known the second time.
        widest = 2 * float(cv2.distanceTransform(near, cv2.DIST_L2, 3).max())
        before, reach = reach, int(min(max(1.6 * widest + 6, 15), 0.6 * FINE)) | 1
        if abs(reach - before) <= SAME_REACH * before:
            break
        paper = paper_of(plane, reach)
        ink = ink_on(plane, paper)
        strong = max(_percentile(ink.ravel()[np.flatnonzero(near)], STRONG), 1e-3)
        mask, found = _of_the_digit(ink, near, strong)
        if not cv2.countNonZero(found):
            break
        near = found
    grown = cv2.dilate(near, np.ones((3, 3), np.uint8))
    relative = (ink * np.float32(1 / strong)).astype(np.float32)
    alone: Ink = ((relative - np.float32(NONE)) * np.float32(1 / (ALL - NONE))).clip(0, 1)
    alone[grown == 0] = 0
    note("paper without its ink", paper)
    note("paper divided out", relative)
    note("threshold", mask)
    note("digit alone", alone)
    return alone


def _cut_out(image: Picture, place: DigitPlace, note: Note) -> tuple[Picture, Picture]:
    """The digit with some paper around it, without ruled lines; and where its ink was found."""
    (height, width), mask = place.plane.shape, place.found.mask
    left, top, right, bottom = place.found.box
    size = max(right - left, bottom - top)
    margin = max(2, round(MARGIN * size))
    left, top = max(0, left - margin), max(0, top - margin)
    right, bottom = min(width, right + margin), min(height, bottom + margin)
    rows, columns = _part(image, place.plane, (left, top, right, bottom))
    plane = place.channel.of(image[rows, columns])
    plane = resized(plane, FINE / size * (right - left) / plane.shape[1])
    note("cut out", plane)
    rows, columns = _part(mask, place.plane, (left, top, right, bottom))
    near = cv2.resize(mask[rows, columns], plane.shape[::-1], interpolation=cv2.INTER_LINEAR)
    scale = plane.shape[1] / (right - left), plane.shape[0] / (bottom - top)
    lines = recentred(plane, place.lines.seen_from(left, top, *scale))
    lined = without_lines(plane, lines)
    # Here lines run from border to border that were too short to be seen in the whole photo.
    more = ruled_lines(lined) if place.ruled else PrintedLines.joined([])
    if len(lines) or len(more):
        plane = without_lines(lined, more)
        note("cut out, without ruled lines", plane)
    return plane, cv2.threshold(near, 127, 255, cv2.THRESH_BINARY)[1]


def _part(of: Picture, coarse: Picture, box: Box) -> tuple[slice, slice]:
    """Rows and columns that a box of the coarse copy has on another grid over the same picture."""
    down, across = of.shape[0] / coarse.shape[0], of.shape[1] / coarse.shape[1]
    left, top = round(box[0] * across), round(box[1] * down)
    right, bottom = max(left + 1, round(box[2] * across)), max(top + 1, round(box[3] * down))
    return slice(top, bottom), slice(left, right)


def _percentile(values: Ink, percent: float) -> float:
    """The value below which so many per cent of `values` (N,) lie; 0 for none."""
    if not values.size:
        return 0.0
    at = round(percent / 100 * (values.size - 1))
    return float(np.partition(values, at)[at])


def _of_the_digit(ink: Ink, near: Picture, strong: float) -> tuple[Picture, Picture]:
    """Where there is ink, and the part of it that belongs to what was found `near`.

    Both are (H, W), 0 or 255. Ink is what is above the lower threshold, together with some above
    the higher one. Where nothing belongs to the digit, the second is empty.
    """
    parts = parts_of(np.asarray(ink > LOW * strong, bool), ink, LOW * strong)
    sure = parts.clear > 0
    there = np.flatnonzero(near)
    overlap = np.bincount(parts.labels.ravel()[there], minlength=len(parts.ink)) * sure
    main = int(np.argmax(overlap))
    if not overlap[main]:
        return parts.mask_of(sure), np.zeros_like(near)
    # A stroke that falls apart here was in one piece before, or its pieces were near.
    chosen = with_near(parts, main) | (overlap > 0.5 * parts.pixels)
    return parts.mask_of(sure), parts.mask_of(chosen & sure)
