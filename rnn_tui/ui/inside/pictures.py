"""Pictures of analyses that do not fit over the steps of the input.

Each is a grid with columns of its own, or lines of text.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from textual.content import Content

from rnn_tui.engine.palette import curve_colour
from rnn_tui.ui.inside.bands import BarBand, HeatBand, StepBand, WordBand
from rnn_tui.ui.inside.subject import Subject


@dataclass(frozen=True, eq=False)
class GridPicture:
    """A grid of C columns."""

    ruler: str  #: the meaning of its columns.
    numbers: Sequence[int]  #: (C,) how they are numbered.
    bands: Sequence[StepBand]  #: the bands to show.
    column: int  #: the one, from 0, whose values are written out.


class Room(NamedTuple):
    """The room to draw in."""

    width: int  #: in cells.
    height: int  #: in lines.
    dark: bool  #: whether the theme is dark.


#: Draws an analysis, given the subject, the present step and the room there is.
Picture = Callable[[Any, Subject, int, Room], GridPicture | Content]


def _survival(analysis: Any, _subject: Subject, _step: int, _room: Room) -> GridPicture:
    chance = 100 * analysis.chance.mean()
    heat = HeatBand(
        "",
        [str(position) for position in analysis.positions],
        (100 * analysis.accuracy).astype(np.float32),
        100.0,
        form=".0f",
        written=True,
        prefix="position ",
        title=f"% recovered from the state by a linear probe · chance {chance:.0f} %",
    )
    return GridPicture("step", analysis.steps.tolist(), [heat], len(analysis.steps) - 1)


def _ablation(analysis: Any, _subject: Subject, _step: int, _room: Room) -> GridPicture:
    alone = 100 * analysis.alone.astype(np.float32)
    together = 100 * analysis.together.astype(np.float32)
    bands: list[StepBand] = [
        WordBand("unit", analysis.names, strong=True, layout="whole"),
        BarBand("% right without this unit", alone, 0.0, 100.0, ".1f"),
        BarBand("% right without this unit and those before it", together, 0.0, 100.0, ".1f"),
    ]
    return GridPicture("rank", range(1, len(alone) + 1), bands, len(alone) - 1)


def _gradients(analysis: Any, _subject: Subject, step: int, _room: Room) -> GridPicture:
    steps = analysis.means.shape[1]
    of_this_input = np.full(steps, np.nan)
    of_this_input[: len(analysis.here)] = analysis.here[:steps]
    rows = np.vstack([of_this_input, analysis.means])  # (1 + networks, steps)
    largest = np.fmax.reduce(rows, axis=1, keepdims=True)
    shares = rows / largest.clip(np.finfo(float).tiny)
    heat = HeatBand(
        "",
        ["this input", *analysis.networks],
        shares.astype(np.float32),
        form=".1g",
        written=True,
        title=f"‖∂loss/∂h‖ relative to the largest · below: means of {analysis.inputs:,} inputs",
    )
    return GridPicture("step", range(1, steps + 1), [heat], min(step, steps - 1))


def _sensitivity(analysis: Any, subject: Subject, step: int, _room: Room) -> GridPicture:
    norms = analysis.norms.astype(np.float32)  # (outputs, T)
    heat = HeatBand(
        "",
        analysis.outputs,
        norms,
        max(1e-9, float(norms.max())),
        form=".2g",
        written=True,
        title="‖∂output/∂input‖ · a row an output, a column the input at a step",
    )
    first = subject.trace.first_step
    return GridPicture("step", range(first, first + norms.shape[1]), [heat], step)


def _learning(analysis: Any, _subject: Subject, step: int, _room: Room) -> GridPicture:
    largest = analysis.norms.max(axis=1, keepdims=True)
    shares = analysis.norms / largest.clip(np.finfo(float).tiny)  # (snapshots, steps)
    heat = HeatBand(
        "",
        [f"{epoch:.3g}" for epoch in analysis.epochs],
        shares.astype(np.float32),
        form=".1g",
        written=True,
        prefix="epoch ",
        title="‖∂loss/∂h‖ relative to the epoch's largest",
    )
    steps = shares.shape[1]
    return GridPicture("step", range(1, steps + 1), [heat], min(step, steps - 1))


def _clicks(analysis: Any, _subject: Subject, _step: int, _room: Room) -> GridPicture:
    seeds = [str(seed) for seed in analysis.seeds]
    clusters = analysis.clusters.astype(np.float32)
    epochs = [f"{epoch:.1g}".removeprefix("0") or "0" for epoch in analysis.epochs]
    right = HeatBand(
        "",
        seeds,
        analysis.right.astype(np.float32),
        form=".2f",
        prefix="seed ",
        title=f"Share of {analysis.questions} that are right",
    )
    counts = HeatBand(
        "",
        seeds,
        clusters,
        float(clusters.max()),
        form=".0f",
        written=True,
        prefix="seed ",
        title="Clusters of states",
    )
    bands: list[StepBand] = [WordBand("epoch", epochs, layout="whole"), right, counts]
    return GridPicture("snapshot", range(len(analysis.epochs)), bands, len(analysis.epochs) - 1)


def _automaton(analysis: Any, _subject: Subject, _step: int, _room: Room) -> Content:
    return Content("\n".join(analysis.findings[1:]))


# The character of a fixed point, which takes a cell as a state does.
FIXED_POINTS = {"stable": "◆", "saddle": "◇", "slow": "·"}


def _state_space(analysis: Any, subject: Subject, step: int, room: Room) -> Content:
    """Draw states in the plane of the analysis, by the first letters of their labels.

    Over them lie fixed points, and the steps of the input up to the present one.
    """
    path = analysis.path(analysis.states_in(subject.trace))  # (T, 2)
    plane = _Plane(np.vstack([analysis.points, path]), room)
    fixed_points = [
        (place, FIXED_POINTS[point.kind])
        for place, point in zip(analysis.fixed_point_places, analysis.fixed_points, strict=True)
    ]
    for place, character in fixed_points:  # there may be hundreds of slow ones
        if character == FIXED_POINTS["slow"]:
            plane.put(place, character, "dim")
    for place, label in zip(analysis.points, analysis.labels.tolist(), strict=True):
        plane.put(place, analysis.label_names[label][:1], curve_colour(label, room.dark))
    for place, character in fixed_points:
        if character != FIXED_POINTS["slow"]:
            plane.put(place, character, "bold")
    for index, place in enumerate(path[: step + 1]):
        style = "reverse bold" if index == step else "reverse"
        plane.put(place, str(index + subject.trace.first_step), style)
    names = [
        Content.styled(name, curve_colour(label, room.dark))
        for label, name in enumerate(analysis.label_names)
    ]
    legend = Content.assemble(
        f"{analysis.coloured_by} ",
        Content("  ").join(names),
        "   ◆ stable ◇ saddle · slow   bright: this input",
    )
    return Content("\n").join([*plane.lines(), legend])


class _Plane:
    """Puts texts at places in a plane, into the cells of a terminal."""

    def __init__(self, places: npt.NDArray[np.floating[Any]], room: Room) -> None:
        """Make all `places` (N, 2) fit, with lines left for what is below."""
        self._width = max(20, room.width)
        self._height = max(6, room.height - 2)
        self._low = places.min(axis=0)
        span = np.maximum(places.max(axis=0) - self._low, 1e-9)
        self._scale = (np.array([self._width, self._height]) - (4, 1)) / span
        self._cells: dict[tuple[int, int], tuple[str, str]] = {}  #: Texts and styles by cell.

    def put(self, place: npt.NDArray[np.floating[Any]], text: str, style: str) -> None:
        """Write a text at a place (2,), over the picture."""
        x, y = ((place - self._low) * self._scale).round().astype(int)
        if 0 <= x < self._width - 3 and 0 <= y < self._height:
            self._cells[x, self._height - 1 - y] = (text, style)

    def lines(self) -> list[Content]:
        return [self._line(y) for y in range(self._height)]

    def _line(self, y: int) -> Content:
        line, x = Content(""), 0
        while x < self._width - 1:
            text, style = self._cells.get((x, y), (" ", ""))
            line += Content.styled(text, style) if style else Content(text)
            x += len(text)
        return line


#: The functions that draw analyses, by name. Others are shown over the steps of the input.
PICTURES: Mapping[str, Picture] = {
    "survival": _survival,
    "silence": _ablation,
    "gradients": _gradients,
    "sensitivity": _sensitivity,
    "clicks": _clicks,
    "automaton": _automaton,
    "state_space": _state_space,
    "learning": _learning,
}
