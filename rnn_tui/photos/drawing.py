"""A drawing of a digit, stroke by stroke, with undo and redo.

A pad on the screen is only a picture of it, so that resizing the pad loses nothing.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

SIDE = 28
# radii of the brushes in pixels: MNIST's strokes are two to three pixels wide
RADII = (0.8, 1.25, 1.9)
SOFTNESS = 1.2  # pixels over which a stroke's edge fades
# how much larger the eraser is, so that it takes the soft edges of the same brush too
ERASER_EXTRA = SOFTNESS + 0.1
FAINTEST = 0.1  # ink that is fainter than this can't be seen, nor does a network get to see it
MOST_UNDONE = 500  # steps that can be taken back; three kilobytes each

Ink = npt.NDArray[np.float32]


class Point(NamedTuple):
    """A place in the drawing: (0, 0) is the upper left corner, (28, 28) the lower right one."""

    x: float
    y: float


class Drawing:
    """Ink on 28×28 pixels, and how it came there."""

    def __init__(self) -> None:
        #: (28, 28), 0 … 1; never changed, so a thread may keep it.
        self.ink = _frozen(np.zeros((SIDE, SIDE), np.float32))
        self._undo_steps: list[Ink] = []  #: the ink before each step, the last step last.
        self._redo_steps: list[Ink] = []  #: the ink after each step that was taken back.
        #: the ink before the stroke under way; None between strokes.
        self._start: Ink | None = None
        self._last = Point(0, 0)  #: where the brush is.
        self._radius = RADII[0]  #: the radius of the brush, in pixels.
        self._erases = False  #: whether it takes ink away.

    @property
    def empty(self) -> bool:
        """Whether the drawing is blank."""
        return not bool((self.ink > FAINTEST).any())

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._undo_steps)

    def begin(self, at: Point, radius: float, *, erases: bool = False) -> None:
        """Put a brush down, maybe outside; a stroke under way ends.

        Args:
            at: the middle of the brush.
            radius: in pixels; an eraser is a little larger.
            erases: take ink away.
        """
        self.end()
        self._start = self.ink
        self._last = _bounded(at)
        self._radius = radius + ERASER_EXTRA if erases else radius
        self._erases = erases
        self._draw_line(self._last)

    def extend(self, to: Point) -> None:
        """Move the brush in a straight line; nothing happens between strokes."""
        if self._start is not None:
            self._draw_line(_bounded(to))

    def end(self) -> None:
        """Lift the brush: the stroke becomes one step, unless it has changed nothing."""
        if self._start is not None and not np.array_equal(self._start, self.ink):
            self._keep(self._start)
        self._start = None

    def undo(self) -> None:
        """Take the last step back, or the stroke under way."""
        self._move(self._undo_steps, self._redo_steps)

    def redo(self) -> None:
        """Take the last step that was taken back once more."""
        self._move(self._redo_steps, self._undo_steps)

    def _move(self, steps: list[Ink], opposite: list[Ink]) -> None:
        """Go to the last of `steps`; the ink there is now becomes a step the opposite way."""
        self.end()
        if steps:
            opposite.append(self.ink)
            self.ink = steps.pop()

    def clear(self) -> None:
        """Take all ink away; a step like any other."""
        self.end()
        if self.ink.any():
            self._keep(self.ink)
            self.ink = _frozen(np.zeros_like(self.ink))

    def _keep(self, previous: Ink) -> None:
        """Remember the ink there was before a step."""
        self._undo_steps.append(previous)
        del self._undo_steps[:-MOST_UNDONE]
        self._redo_steps.clear()

    def _draw_line(self, to: Point) -> None:
        """Draw or erase from the brush to a point, where the brush is then."""
        coverage = _coverage(self._last, to, self._radius)
        if self._erases:
            ink = np.minimum(self.ink, 1 - coverage)
        else:
            # The larger of old and new, not their sum: a slow stroke is no darker than a quick one.
            ink = np.maximum(self.ink, coverage)
        self.ink = _frozen(ink)
        self._last = to


def _coverage(start: Point, end: Point, radius: float) -> Ink:
    """Return how much of each pixel (28, 28) a round brush covers on its way, 0 … 1."""
    along_x, along_y = end.x - start.x, end.y - start.y
    x, y = _CENTRES[None, :] - start.x, _CENTRES[:, None] - start.y  # (1, 28) and (28, 1)
    # The nearest point of the line to each pixel, as a share of the way.
    squared_length = max(along_x**2 + along_y**2, 1e-9)
    share = np.clip((x * along_x + y * along_y) / squared_length, 0, 1)  # (28, 28)
    distance = np.hypot(x - share * along_x, y - share * along_y)
    coverage = np.clip((radius - distance) / SOFTNESS + 0.5, 0, 1)
    return np.asarray(coverage.astype(np.float32))


_CENTRES = np.arange(SIDE) + 0.5


def _bounded(point: Point) -> Point:
    """Return a place no farther outside than the drawing is large."""
    x, y = (min(max(float(coordinate), -SIDE), 2.0 * SIDE) for coordinate in point)
    return Point(x, y)


def _frozen(ink: Ink) -> Ink:
    """Return the same array, which can't be changed any more."""
    ink.setflags(write=False)
    return ink
