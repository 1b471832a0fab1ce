"""What a `StepGrid` draws over time steps, and how many lines each part gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rnn_tui.networks.stepwise import Array

# Lines of a curve: fewest, as many as it needs, and most that it profits from.
CURVE_LINES = 4, 6, 8
# Lines below which a heatmap is no picture any more.
FEWEST_HEAT_LINES = 5


@dataclass(frozen=True, eq=False)
class Words:
    """A word for each step.

    Attributes:
        label: what they are.
        words: T of them; where columns are narrower, their beginnings.
        wrong: T, those to mark as wrong; empty for none.
        strong: whether they stand out.
        chosen: T, those to mark as asked for; empty for none.
    """

    label: str
    words: Sequence[str]
    wrong: Sequence[bool] = ()
    strong: bool = False
    chosen: Sequence[bool] = ()


@dataclass(frozen=True, eq=False)
class Heading:
    """A line of text across.

    Attributes:
        text: shown as it is.
    """

    text: str


@dataclass(frozen=True, eq=False)
class Heat:
    """Rows of values as colours.

    Attributes:
        name: which one it is, for whoever picks a place in it.
        labels: R names of rows.
        values: (R, T).
        limit: the value without sign that gets the full colour.
        signed: whether values below zero have a colour of their own.
        form: how the value at the cursor is written.
        row: the row with the cursor; None for none.
        written: whether values are written into their cells, where columns are wide enough.
    """

    name: str
    labels: Sequence[str]
    values: Array
    limit: float = 1.0
    signed: bool = False
    form: str = "+.2f"
    row: int | None = None
    written: bool = False


@dataclass(frozen=True, eq=False)
class Curve:
    """Values as bars from zero, up and down.

    Attributes:
        label: what it is, in the narrow column beside it.
        values: (T,); NaN where there is none.
        low, high: the range that is drawn.
        form: how values are written.
    """

    label: str
    values: Array
    low: float
    high: float
    form: str = "+.2f"


Band: TypeAlias = Words | Heading | Heat | Curve


def allot(height: int, bands: Sequence[Band]) -> tuple[int, ...]:
    """Lines for each of the bands, together at most `height`.

    A heatmap of as many lines as rows has a line each; of fewer, two rows a line. Where all is too
    much, curves go first, then heatmaps shrink, then what is last is cut.
    """
    lines = [_fewest(band) for band in bands]
    free = height - sum(lines)
    for shrink in (_drop_curves, _shrink_heats, _cut):
        if free < 0:
            free += shrink(lines, bands, -free)
    heats = sorted(
        (at for at, band in enumerate(bands) if isinstance(band, Heat) and lines[at]),
        key=lambda at: len(bands[at].values),  # type: ignore[union-attr]
    )
    curves = [at for at, band in enumerate(bands) if isinstance(band, Curve) and lines[at]]
    for wanted in (at for at in curves):
        free -= _grow(lines, wanted, CURVE_LINES[1], free // 3)
    for at in heats:
        rows = len(bands[at].values)  # type: ignore[union-attr]
        if rows - lines[at] <= free:
            free -= _grow(lines, at, rows, free)
        else:  # two rows a line
            free -= _grow(lines, at, max(lines[at], (rows + 1) // 2), free)
    for at in curves:
        free -= _grow(lines, at, CURVE_LINES[2], free)
    return tuple(lines)


def _fewest(band: Band) -> int:
    match band:
        case Heat():
            return min((len(band.values) + 1) // 2, FEWEST_HEAT_LINES)
        case Curve():
            return CURVE_LINES[0]
        case _:
            return 1


def _grow(lines: list[int], at: int, to: int, most: int) -> int:
    grown = max(0, min(to - lines[at], most))
    lines[at] += grown
    return grown


def _drop_curves(lines: list[int], bands: Sequence[Band], missing: int) -> int:
    saved = 0
    for at, band in enumerate(bands):
        if isinstance(band, Curve) and saved < missing:
            saved += lines[at]
            lines[at] = 0
    return saved


def _shrink_heats(lines: list[int], bands: Sequence[Band], missing: int) -> int:
    saved = 0
    while saved < missing:
        largest = max(
            (at for at, band in enumerate(bands) if isinstance(band, Heat)),
            key=lambda at: lines[at],
            default=None,
        )
        if largest is None or lines[largest] <= 1:
            break
        lines[largest] -= 1
        saved += 1
    return saved


def _cut(lines: list[int], bands: Sequence[Band], missing: int) -> int:
    saved = 0
    for at in reversed(range(len(bands))):
        cut = min(lines[at], missing - saved)
        lines[at] -= cut
        saved += cut
    return saved
