"""Ruled and boxed lines, found in any direction, and told from strokes.

Paper is ruled in families: lines that run side by side across the sheet. Three of them are no
digit's strokes, whatever their direction. A single line, such as a table's or a box's, is taken for
one only if it is level or upright and runs from border to border.
"""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from rnn_tui.photos.digit.fitting import FAINTEST, fitted
from rnn_tui.photos.digit.ink import ink_on, noise_of, paper_of
from rnn_tui.photos.digit.lines import Flags, Numbers, PrintedLines, quantiles
from rnn_tui.photos.digit.picture import Picture
from rnn_tui.tasks.mnist.centre import Ink

# Shorter sides below this many pixels show no lines.
_SMALLEST = 48
# Share of the longer side that a line is thick at most.
_THICKEST = 0.02
# Votes a line needs, as a share of the shorter side; degrees between the directions that are tried;
# and limits on time.
_VOTES = 0.22
_STEP = 1.0
_MOST_POINTS, _MOST_FOUND, _MOST_LINES = 3000, 400, 60
# Lines at less than this angle lie on each other if they are not apart.
_ALIKE = 8.0


def ruled_lines(plane: Picture) -> PrintedLines:
    """Ruled lines in a photo (H, W), ink dark."""
    longest, shortest = max(plane.shape), min(plane.shape)
    if shortest < _SMALLEST:
        return PrintedLines.joined([])
    thickest = max(3, round(_THICKEST * longest))
    smooth = np.asarray(cv2.blur(plane, (3, 3)), np.uint8)
    ink = ink_on(smooth, paper_of(smooth, 2 * thickest + 1))
    rough = _rough(*_ridges(ink), votes=max(10, round(_VOTES * shortest / 2)))
    distinct = _distinct(rough, plane.shape, APART * longest)
    return printed(fitted(ink, _worth_fitting(distinct), thickest), longest)


def _ridges(ink: Ink) -> tuple[Picture, Picture]:
    """Where ink is darkest from left to right, and from top to bottom: (H / 2, W / 2), 0 or 1."""
    level = max(FAINTEST, 2.5 * noise_of(ink))
    # The darkest of every four pixels: a line is as dark there, and half as long to look for.
    darkest = cv2.dilate(ink, np.ones((2, 2), np.uint8), anchor=(0, 0))
    darkest = np.ascontiguousarray(darkest[::2, ::2])
    if np.count_nonzero(darkest > level) > _MOST_POINTS:
        level = float(np.partition(darkest.ravel(), -_MOST_POINTS)[-_MOST_POINTS])
    strong = darkest >= level
    across, down = ((darkest >= cv2.dilate(darkest, np.ones(side, np.uint8))) & strong for side in ((1, 3), (3, 1)))
    if np.count_nonzero(across | down) > 2 * _MOST_POINTS:
        # As dark all over: no lines, and a long time to look for them.
        across[:] = down[:] = False
    return across.view(np.uint8), down.view(np.uint8)


def _rough(across: Picture, down: Picture, votes: int) -> Numbers:
    """Lines (N, 2) through many ridges, as rho and theta, strongest first.

    As x cos(theta) + y sin(theta) = rho in pixels of a picture twice as large, theta 0 … pi.

    Args:
        across: ridges of lines that are more upright than level.
        down: ridges of the others.
        votes: how many ridges a line has at least.
    """
    found = []
    for ridges, upright in ((np.ascontiguousarray(across.T), True), (down, False)):
        lines = cv2.HoughLinesWithAccumulator(ridges, 1, np.radians(_STEP), votes, min_theta=np.pi / 4, max_theta=3 * np.pi / 4)
        if lines is None:
            continue
        rho, theta, strength = lines.reshape(-1, 3)[:_MOST_FOUND].astype(np.float64).T
        if upright:
            theta = np.pi / 2 - theta
            rho, theta = np.where(theta < 0, -rho, rho), np.where(theta < 0, theta + np.pi, theta)
        rho = 2 * rho + 0.5 * (np.cos(theta) + np.sin(theta))
        found.append(np.stack([rho, theta, strength], axis=1))
    if not found:
        return np.zeros((0, 2))
    lines = np.concatenate(found)
    return np.asarray(lines[np.argsort(-lines[:, 2], kind="stable")[:_MOST_FOUND], :2])


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


# Share of the longer side that two lines are apart at least; degrees by which two that cross are
# turned, level against upright.
APART, _CROSSING = 0.02, 8.0
# A family: degrees between its members; how many there are at least of which length, as a share of
# the longer side; members are this much as long as most of them.
FAMILY_ANGLE = 4.0
FAMILIES = ((3, 0.4), (4, 0.2))
_ALIKE_LENGTH = 0.6
# Those that a corner cuts short cover this share of their way at least.
_CORNER_COVER = 0.9
# A single line: degrees from level or upright, and the share of its way from border to border.
SINGLE_ANGLE, _SINGLE_COVER = 10.0, 0.97


def printed(lines: PrintedLines, longest: int) -> PrintedLines:
    """Lines that belong to a family, or come in from the border level or upright.

    Args:
        lines: all there are.
        longest: the picture's longer side.
    """
    if not len(lines):
        return lines
    lines = _apart(lines, APART * longest)
    angles, lengths = lines.angles, lines.lengths
    turns = _turns(angles)
    beside = _side_by_side(lines, turns)
    chosen = np.zeros(len(lines), bool)
    start, end = lines.start.copy(), lines.end.copy()
    for least, length in FAMILIES:
        long = lengths >= length * longest
        others = beside & long & long[:, None]
        many = others.sum(axis=1) >= least
        if not many.any():
            continue
        usual, starts, ends = (
            quantiles(np.broadcast_to(values, others.shape), others, share)
            for values, share in ((lengths, 0.75), (lines.start, 0.5), (lines.end, 0.5))
        )
        members = many & (lengths >= _ALIKE_LENGTH * usual)
        chosen |= members
        # As long as the family: where it was too faint to be found, a line may be there.
        start[members] = np.minimum(lines.start, starts)[members]
        end[members] = np.maximum(lines.end, ends)[members]
    # At a corner the others' neighbour is short.
    corner = (lines.cover >= _CORNER_COVER) & (turns <= FAMILY_ANGLE)[:, chosen].any(axis=1)
    level = np.minimum(np.abs(angles), 90 - np.abs(angles))
    single = (level <= SINGLE_ANGLE) & (lines.cover >= _SINGLE_COVER)
    start[single], end[single] = lines.start[single], lines.end[single]
    return replace(lines, start=start, end=end).chosen(chosen | corner | single)


def strongest(count: int, near: Callable[[int], Flags], most: int) -> list[int]:
    """Of things given best first, those that are not near a better one that is kept.

    Args:
        count: how many things there are.
        near: (count,) for a thing's number, which ones are near it.
        most: so many are enough.
    """
    left = np.ones(count, bool)
    kept: list[int] = []
    while left.any() and len(kept) < most:
        best = int(left.argmax())
        kept.append(best)
        left &= ~near(best)
        left[best] = False
    return kept


def _apart(lines: PrintedLines, apart: float) -> PrintedLines:
    """Of lines that lie on each other, the one that covers most of its way."""
    lines = lines.chosen(np.argsort(-lines.cover, kind="stable"))
    along = lines.start[:, None] + (lines.end - lines.start)[:, None] * np.linspace(0, 1, 5)
    a, b, c = lines.curve.T[:, None, :, None]
    # (N, N, 5): where the second is, along the first.
    others = a + along[:, None] * (b + along[:, None] * c)
    own = others[np.arange(len(lines)), np.arange(len(lines))]
    near = (np.abs(own[:, None] - others) < apart).any(axis=2)
    alike = lines.steep[:, None] == lines.steep
    near = np.where(alike, near, _turns(lines.angles) < _CROSSING)
    kept = strongest(len(lines), lambda best: near[:, best], len(lines))
    return lines.chosen(np.array(kept, np.int64))


def _side_by_side(lines: PrintedLines, turns: Numbers) -> Flags:
    """(N, N) whether lines are parallel, and half of the shorter lies beside the longer."""
    start, end, long = lines.start, lines.end, lines.end - lines.start
    shared = np.minimum(end[:, None], end) - np.maximum(start[:, None], start)
    shorter = np.minimum(long[:, None], long)
    alike = (lines.steep[:, None] == lines.steep) & (turns <= FAMILY_ANGLE)
    return np.asarray(alike & (shared > 0.5 * shorter), bool)


def _turns(angles: Numbers) -> Numbers:
    """(N, N) degrees between lines."""
    turns = np.abs(angles[:, None] - angles)
    return np.asarray(np.minimum(turns, 180 - turns))
