"""Ruled and boxed lines: found, and taken out of a mask without cutting strokes that cross them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.imaging.ink import Ink
from rnn_tui.imaging.prepared import Picture

# Share of a side that a line is straight for at least, and that it covers from an edge on: little
# at the edges of a cut-out, which no digit in its middle reaches; much at the photo's own.
_RUN, _INNER, _OUTER = 0.07, 0.1, 0.45
# Tangent of ten degrees.
_STEEPEST = 0.18
# Times a line's own ink, above which a pixel on it is a stroke's.
_DARKER = 1.7


@dataclass(frozen=True)
class Edges:
    """Which edges of a picture are the photo's own, where a digit may be cut off."""

    left: bool = True
    top: bool = True
    right: bool = True
    bottom: bool = True


def ruled_lines(mask: Picture, ink: Ink, thickest: int, edges: Edges) -> Picture:
    """Which pixels of a mask belong to ruled or boxed lines: (H, W), 0 or 255.

    Args:
        mask: (H, W), 0 or 255.
        ink: (H, W), 0 … 1.
        thickest: how many pixels thick a line is at most.
        edges: which edges are the photo's.
    """
    level = _level_lines(mask, ink, thickest, (edges.left, edges.right))
    turned = np.ascontiguousarray(mask.T), np.ascontiguousarray(ink.T)
    upright = _level_lines(*turned, thickest, (edges.top, edges.bottom))
    return cv2.bitwise_or(level, np.ascontiguousarray(upright.T))


def _level_lines(mask: Picture, ink: Ink, thickest: int, outer: tuple[bool, bool]) -> Picture:
    """Lines within ten degrees of level."""
    height, width = mask.shape
    # What is taller is no line, so that strokes keep the pixels where a line crosses them.
    tall = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((thickest + 1, 1), np.uint8))
    thin = cv2.subtract(mask, tall)
    run = max(7, round(_RUN * width))
    spread = cv2.dilate(thin, np.ones((3, 1), np.uint8))
    runs = cv2.morphologyEx(spread, cv2.MORPH_OPEN, np.ones((1, run), np.uint8))
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(runs, connectivity=8)
    lines = np.zeros_like(mask)
    for label in range(1, count):
        left, top, across, down, _ = boxes[label]
        reaches = left <= 1, left + across >= width - 1
        if not any(reaches) or down > _STEEPEST * across + 2 * thickest + 2:
            continue
        needed = min(
            _OUTER if own else _INNER for own, here in zip(outer, reaches, strict=True) if here
        )
        if all(reaches) or across >= needed * width:
            part = labels[top : top + down, left : left + across] == label
            _mark(lines, thin, ink, thickest, _fitted(part, int(left), int(top)))
    return lines


def _fitted(part: npt.NDArray[np.bool_], left: int, top: int) -> tuple[float, float]:
    """Row at column 0 and slope of a line from its pixels in a box."""
    rows, columns = np.nonzero(part)
    slope, start = np.polyfit(columns + left, rows + top, 1)
    return float(start), float(slope)


def _mark(
    lines: Picture, thin: Picture, ink: Ink, thickest: int, fit: tuple[float, float]
) -> None:
    """Mark in `lines` what is thin and no darker than the line along all of a line."""
    height, width = lines.shape
    columns = np.arange(width)
    middle = np.rint(fit[0] + fit[1] * columns).astype(np.int64)
    reach = thickest // 2 + 1
    rows = np.clip(middle[None] + np.arange(-reach, reach + 1)[:, None], 0, height - 1)
    on_line = thin[rows, columns] > 0
    if not on_line.any():
        return
    inks = ink[rows, columns]
    chosen = on_line & (inks < _DARKER * np.median(inks[on_line]))
    lines[rows[chosen], np.broadcast_to(columns, rows.shape)[chosen]] = 255
