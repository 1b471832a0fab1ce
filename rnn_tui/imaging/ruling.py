"""Ruled and boxed lines, found in any direction."""

from __future__ import annotations

import cv2
import numpy as np

from rnn_tui.imaging.families import APART, FAMILIES, FAMILY_ANGLE, SINGLE_ANGLE, printed, strongest
from rnn_tui.imaging.fitting import FAINTEST, fitted
from rnn_tui.imaging.ink import Ink, ink_on, noise_of, paper_of
from rnn_tui.imaging.lines import Flags, Lines, Numbers
from rnn_tui.imaging.prepared import Picture

# Shorter sides below this many pixels show no lines.
_SMALLEST = 48
# Share of the longer side that a line is thick at most.
_THICKEST = 0.02
# Votes a line needs, as a share of the shorter side; degrees between the directions that are tried;
# and limits on time.
_VOTES = 0.22
_STEP = 1.0
_MOST_POINTS, _MOST_FOUND, _MOST_LINES = 6000, 400, 60
# Lines at less than this angle lie on each other if they are not apart.
_ALIKE = 8.0


def ruled_lines(plane: Picture) -> Lines:
    """Ruled lines in a photo (H, W), ink dark."""
    longest, shortest = max(plane.shape), min(plane.shape)
    if shortest < _SMALLEST:
        return Lines.joined([])
    thickest = max(3, round(_THICKEST * longest))
    smooth = np.asarray(cv2.blur(plane, (3, 3)), np.uint8)
    ink = ink_on(smooth, paper_of(smooth, 2 * thickest + 1))
    # As rho and theta: x cos(theta) + y sin(theta) = rho.
    found = cv2.HoughLines(_ridges(ink), 1, np.radians(_STEP), max(20, round(_VOTES * shortest)))
    if found is None:
        return Lines.joined([])
    distinct = _distinct(found[:_MOST_FOUND, 0].astype(np.float64), plane.shape, APART * longest)
    return printed(fitted(ink, _worth_fitting(distinct), thickest), longest)


def _ridges(ink: Ink) -> Picture:
    """Where ink is darkest across a line: (H, W), 0 or 1."""
    level = max(FAINTEST, 2.5 * noise_of(ink))
    if np.count_nonzero(ink > level) > _MOST_POINTS:
        level = float(np.partition(ink.ravel(), -_MOST_POINTS)[-_MOST_POINTS])
    across, down = (cv2.dilate(ink, np.ones(side, np.uint8)) for side in ((3, 1), (1, 3)))
    ridge = ((ink >= across) | (ink >= down)) & (ink >= level)
    if np.count_nonzero(ridge) > 2 * _MOST_POINTS:
        # As dark all over: no lines, and a long time to look for them.
        ridge[:] = False
    return ridge.view(np.uint8)


def _distinct(found: Numbers, shape: tuple[int, ...], apart: float) -> Numbers:
    """The strongest of lines (N, 2) that lie on each other, of lines given strongest first."""
    rho, theta = found.T
    # From the picture's middle, where distances mean most.
    centre = rho - shape[1] / 2 * np.cos(theta) - shape[0] / 2 * np.sin(theta)

    def near(best: int) -> Flags:
        turn = np.abs(theta - theta[best])
        # Angles half a turn apart are the same, seen from the other side.
        distance = np.abs(centre + np.where(turn > np.pi / 2, centre[best], -centre[best]))
        turn = np.minimum(turn, np.pi - turn)
        on_it = distance < apart + 0.3 * max(shape) * np.sin(turn)
        return np.asarray(on_it & (turn < np.radians(_ALIKE)), bool)

    return np.asarray(found[strongest(len(found), near, _MOST_LINES)])


def _worth_fitting(found: Numbers) -> Numbers:
    """Lines that are level or upright, or run beside two others; a tilted one alone is a stroke."""
    angles = np.degrees(found[:, 1])
    turns = np.abs(angles[:, None] - angles[None])
    beside = (np.minimum(turns, 180 - turns) <= 2 * FAMILY_ANGLE).sum(axis=1) >= FAMILIES[0][0]
    off = angles % 90
    return np.asarray(found[beside | (np.minimum(off, 90 - off) <= SINGLE_ANGLE + 2)])
