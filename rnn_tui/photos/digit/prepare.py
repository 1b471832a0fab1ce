"""From a photo to what a network reads, in the two ways that there are.

`mnist` is what MNIST did to its images, made robust for photos; `report` is the report's own
preprocessing, step by step.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from rnn_tui.photos import METHODS
from rnn_tui.photos.digit.centring import centre
from rnn_tui.photos.digit.extraction import DigitPlace, as_picture, extracted
from rnn_tui.photos.digit.ink import Channel, Ink, best_channel, chance_of_light
from rnn_tui.photos.digit.picture import SIDE, Digit, Picture, PreparedDigit, Stage, halved, shrunk
from rnn_tui.photos.digit.search import DigitCandidate, search
from rnn_tui.photos.lines.lines import PrintedLines
from rnn_tui.photos.lines.painting import without_lines
from rnn_tui.photos.lines.ruling import ruled_lines

HALF = 127


def prepare_report(image: Picture, *, stages: bool = False) -> PreparedDigit:
    """Grey levels, resized whole to 28×28, inverted, 255 above 127 and 0 elsewhere, over 255.

    Args:
        image: (H, W, 3) BGR, uint8.
        stages: whether to keep the pictures on the way.
    """
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
    doubt = "" if 0 < np.count_nonzero(binary) < binary.size else "Nothing but one grey is left."
    digit: Digit = binary.astype(np.float32) / np.float32(255)
    return PreparedDigit(digit, kept if stages else (), doubt)


# Longer sides of the copies: to look for lines and the digit, and to choose a channel.
COARSE, SMALL = 400, 128
# Scores of a `DigitCandidate`: below the first there is no digit, below the second only if its ink
# is strong. Photos of digits score 0.05 … 0.7, in a third of the frame 0.01 … 0.2; paper with
# nothing but grain, shading, ruled lines or a shadow's edge mostly below 0.005.
PLAUSIBLE, SURE, FAINT = 0.008, 0.09, 0.125
# A polarity less probable than this is not tried.
UNLIKELY = 0.05


@dataclass(frozen=True)
class _View:
    """A photo looked at in one polarity, and what was found."""

    channel: Channel
    plane: Picture
    lines: PrintedLines
    plain: Picture
    found: DigitCandidate
    score: float


def prepare_mnist(image: Picture, *, stages: bool = False) -> PreparedDigit:
    """A photo's digit as MNIST would have it.

    Args:
        image: (H, W, 3) BGR, uint8, any size.
        stages: whether to keep the pictures on the way.
    """
    kept: list[Stage] = []

    def note(name: str, picture: Picture | Ink) -> None:
        if stages:
            kept.append(Stage(name, picture if picture.dtype == np.uint8 else as_picture(picture)))

    reduced = halved(image, COARSE)
    small = shrunk(reduced, SMALL)
    note("photo", shrunk(reduced, COARSE) if stages else image)
    views = [_view(reduced, small, light, chance) for light, chance in _polarities(small)]
    best = max(filter(None, views), key=lambda view: view.score, default=None)
    if best is None:
        empty = np.zeros((SIDE, SIDE), np.float32)
        return PreparedDigit(empty, tuple(kept), "Nothing stands out from the paper.")
    note("light ink turned dark" if best.channel.light else "ink at its darkest", best.plane)
    if len(best.lines):
        note("without ruled lines", best.plain)
    note("where the digit is", best.found.mask)
    shape = best.plane.shape[0], best.plane.shape[1]
    place = DigitPlace(best.found.box, best.found.mask, shape, best.channel, best.lines)
    digit = centre(extracted(image, place, note))
    note("as in MNIST", digit)
    return PreparedDigit(digit, tuple(kept), _doubt(best.found))


def _doubt(found: DigitCandidate) -> str:
    """Why what was found may be no digit; empty if it seems to be one."""
    if found.score < PLAUSIBLE:
        return "What stands out from the paper is too small, too faint or too blurred for a digit."
    if found.score < SURE and found.strong < FAINT:
        return "What stands out from the paper is hardly darker than its shading and grain."
    return ""


def _polarities(small: Picture) -> list[tuple[bool, float]]:
    """Whether ink may be lighter than the paper, with how probable that is."""
    chance = chance_of_light(small)
    both = (False, 1 - chance), (True, chance)
    return [(light, share) for light, share in both if share >= UNLIKELY]


def _view(reduced: Picture, small: Picture, light: bool, chance: float) -> _View | None:
    channel = best_channel(small, light)
    plane = shrunk(channel.of(reduced), COARSE)
    lines = ruled_lines(plane)
    plain = without_lines(plane, lines) if len(lines) else plane
    found = search(plain)
    if found is None:
        return None
    return _View(channel, plane, lines, plain, found, found.score * chance)


def prepare(image: Picture, method: str, *, stages: bool = False) -> PreparedDigit:
    """A photo as a network reads it.

    Args:
        image: (H, W, 3) BGR, uint8, any size.
        method: one of `METHODS`: `mnist`, what MNIST did to its images, made robust for photos; or
            `report`, the report's steps.
        stages: whether to keep the pictures on the way.

    Raises:
        ValueError: for an unknown method.
    """
    if method not in METHODS:
        raise ValueError(f"no way to prepare a photo is called {method!r}")
    way = prepare_mnist if method == "mnist" else prepare_report
    return way(image, stages=stages)
