"""Which thin lines in a photo are printed ones, not strokes.

Paper is ruled in families: lines that run side by side across the sheet. Three of them are no
digit's strokes, whatever their direction. A single line, such as a table's or a box's, is taken for
one only if it is level or upright and runs from border to border.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rnn_tui.photos.lines.lines import Flags, Lines, Numbers, quantiles

# Share of the longer side that two lines are apart at least; degrees by which two that cross are
# turned, level against upright.
APART, _CROSSING = 0.02, 8.0
# A family: degrees between its members; how many there are at least of which length, as a share of
# the longer side; members are this much as long as most of them.
FAMILY_ANGLE = 4.0
FAMILIES = ((3, 0.4), (4, 0.2))
_ALIKE = 0.6
# Those that a corner cuts short cover this share of their way at least.
_CORNER_COVER = 0.9
# A single line: degrees from level or upright, and the share of its way from border to border.
SINGLE_ANGLE, _SINGLE_COVER = 10.0, 0.97


def printed(lines: Lines, longest: int) -> Lines:
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
        members = many & (lengths >= _ALIKE * usual)
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


def _apart(lines: Lines, apart: float) -> Lines:
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


def _side_by_side(lines: Lines, turns: Numbers) -> Flags:
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
