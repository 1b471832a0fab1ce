"""Ruled and boxed lines, found in any direction."""

from __future__ import annotations

import cv2
import numpy as np

from rnn_tui.photos.digit.ink import Ink, ink_on, noise_of, paper_of
from rnn_tui.photos.digit.prepared import Picture
from rnn_tui.photos.lines.families import (
    APART,
    FAMILIES,
    FAMILY_ANGLE,
    SINGLE_ANGLE,
    printed,
    strongest,
)
from rnn_tui.photos.lines.fitting import FAINTEST, fitted
from rnn_tui.photos.lines.lines import Flags, Lines, Numbers

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


def ruled_lines(plane: Picture) -> Lines:
    """Ruled lines in a photo (H, W), ink dark."""
    longest, shortest = max(plane.shape), min(plane.shape)
    if shortest < _SMALLEST:
        return Lines.joined([])
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
    across, down = (
        (darkest >= cv2.dilate(darkest, np.ones(side, np.uint8))) & strong
        for side in ((1, 3), (3, 1))
    )
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
        lines = cv2.HoughLinesWithAccumulator(
            ridges, 1, np.radians(_STEP), votes, min_theta=np.pi / 4, max_theta=3 * np.pi / 4
        )
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
