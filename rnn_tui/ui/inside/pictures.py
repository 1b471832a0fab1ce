"""What shows an analysis that is not of the steps of the input at hand: a grid with steps of its
own, or lines of text.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from textual.content import Content

from rnn_tui.engine.palette import curve_colour
from rnn_tui.ui.inside.bands import BarBand, HeatBand, StepBand, WordBand
from rnn_tui.ui.inside.subject import Subject


@dataclass(frozen=True, eq=False)
class GridPicture:
    """A grid."""

    ruler: str  #: what its columns are.
    numbers: Sequence[int]  #: (C,) how they are numbered.
    bands: Sequence[StepBand]  #: what it shows.
    column: int  #: the one, from 0, whose values are told.


class Room(NamedTuple):
    """What there is to draw on."""

    width: int
    height: int
    dark: bool  #: whether the theme is.


# Of an analysis, the subject, the present step and the room there is.
Picture = Callable[[Any, Subject, int, Room], GridPicture | Content]


def _survival(analysis: Any, _subject: Subject, _step: int, _room: Room) -> GridPicture:
    labels, percent = [*map(str, analysis.positions)], (100 * analysis.accuracy).astype(np.float32)
    title = f"% read off the state by a linear probe · chance {100 * analysis.chance.mean():.0f} %"
    heat = HeatBand(
        "", labels, percent, 100.0, form=".0f", written=True, what="position ", title=title
    )
    return GridPicture("step", analysis.steps.tolist(), [heat], len(analysis.steps) - 1)


def _ablation(analysis: Any, _subject: Subject, _step: int, _room: Room) -> GridPicture:
    alone, together = (
        100 * part.astype(np.float32) for part in (analysis.alone, analysis.together)
    )
    bands: list[StepBand] = [
        WordBand("unit", analysis.names, strong=True),
        BarBand("% right without this unit", alone, 0.0, 100.0, ".1f"),
        BarBand("% right without this and those before", together, 0.0, 100.0, ".1f"),
    ]
    return GridPicture("rank", range(1, len(alone) + 1), bands, len(alone) - 1)


def _gradients(analysis: Any, _subject: Subject, step: int, _room: Room) -> GridPicture:
    steps = analysis.means.shape[1]
    here = np.full(steps, np.nan)
    here[: len(analysis.here)] = analysis.here[:steps]
    rows = np.vstack([here, analysis.means])
    shares = rows / np.fmax.reduce(rows, axis=1, keepdims=True).clip(np.finfo(float).tiny)
    title = f"‖∂loss/∂h‖ in parts of the largest · below, means of {analysis.inputs:,} inputs"
    heat = HeatBand(
        "",
        ["this input", *analysis.networks],
        shares.astype(np.float32),
        form=".1g",
        written=True,
        title=title,
    )
    return GridPicture("step", range(1, steps + 1), [heat], min(step, steps - 1))


def _sensitivity(analysis: Any, subject: Subject, step: int, _room: Room) -> GridPicture:
    norms, first = analysis.norms.astype(np.float32), subject.trace.first_step
    title = "‖∂output/∂input‖ · a row an output, a column the input at a step"
    heat = HeatBand(
        "",
        analysis.outputs,
        norms,
        max(1e-9, float(norms.max())),
        form=".2g",
        written=True,
        title=title,
    )
    return GridPicture("step", range(first, first + norms.shape[1]), [heat], step)


# beside a cell for a state: what a fixed point is drawn as
FIXED = {"stable": "◆", "saddle": "◇", "slow": "·"}


def _state_space(analysis: Any, subject: Subject, step: int, room: Room) -> Content:
    """States as letters of their labels, coloured; fixed points; over them the steps of the input
    at hand.
    """
    layer = next(one for one in subject.trace.layers if one.name == analysis.layer)
    path, fixed = analysis.path(layer.states), analysis.fixed_point_places
    width, height = max(20, room.width), max(6, room.height - 2)
    shown = np.vstack([analysis.points, path])
    low, high = shown.min(axis=0), shown.max(axis=0)
    scale = (np.array([width, height]) - (4, 1)) / np.maximum(high - low, 1e-9)
    cells: dict[tuple[int, int], tuple[str, str]] = {}

    def put(place: Any, text: str, style: str) -> None:
        x, y = ((place - low) * scale).round().astype(int)
        if 0 <= x < width - 3 and 0 <= y < height:
            cells[x, height - 1 - y] = (text, style)

    def style_of(label: int) -> str:
        return curve_colour(label, room.dark)

    def put_fixed(kinds: str) -> None:
        for place, one in zip(fixed, analysis.fixed_points, strict=True):
            if FIXED[one.kind] in kinds:
                put(place, FIXED[one.kind], "dim" if FIXED[one.kind] == "·" else "bold")

    put_fixed("·")  # there may be hundreds
    for place, label in zip(analysis.points, analysis.labels.tolist(), strict=True):
        put(place, analysis.label_names[label][:1], style_of(label))
    put_fixed("◆◇")
    for at, place in enumerate(path[: step + 1]):
        put(place, str(at + subject.trace.first_step), "reverse bold" if at == step else "reverse")
    lines = []
    for y in range(height):
        line, x = Content(""), 0
        while x < width - 1:
            text, style = cells.get((x, y), (" ", ""))
            line += Content.styled(text, style) if style else Content(text)
            x += len(text)
        lines.append(line)
    names = Content("  ").join(
        Content.styled(name, style_of(at)) for at, name in enumerate(analysis.label_names)
    )
    legend = (
        Content(f"{analysis.coloured_by} ")
        + names
        + Content("   ◆ stable ◇ saddle · slow   bright: this input")
    )
    return Content("\n").join([*lines, legend])


def _learning(analysis: Any, _subject: Subject, step: int, _room: Room) -> GridPicture:
    shares = analysis.norms / analysis.norms.max(axis=1, keepdims=True).clip(np.finfo(float).tiny)
    labels, title = (
        [f"{epoch:.3g}" for epoch in analysis.epochs],
        "‖∂loss/∂h‖ in parts of the epoch's largest",
    )
    heat = HeatBand(
        "", labels, shares.astype(np.float32), form=".1g", written=True, what="epoch ", title=title
    )
    return GridPicture(
        "step", range(1, shares.shape[1] + 1), [heat], min(step, shares.shape[1] - 1)
    )


def _clicks(analysis: Any, _subject: Subject, _step: int, _room: Room) -> GridPicture:
    seeds, counts = [*map(str, analysis.seeds)], analysis.clusters.astype(np.float32)
    bands: list[StepBand] = [
        WordBand("epoch", [f"{epoch:.1g}".removeprefix("0") or "0" for epoch in analysis.epochs]),
        HeatBand(
            "",
            seeds,
            analysis.right.astype(np.float32),
            form=".2f",
            what="seed ",
            title="sums of 64 bits that are right",
        ),
        HeatBand(
            "",
            seeds,
            counts,
            float(counts.max()),
            form=".0f",
            written=True,
            what="seed ",
            title="clusters of states",
        ),
    ]
    return GridPicture("snapshot", range(len(analysis.epochs)), bands, len(analysis.epochs) - 1)


PICTURES: Mapping[str, Picture] = {
    "survival": _survival,
    "silence": _ablation,
    "gradients": _gradients,
    "sensitivity": _sensitivity,
    "clicks": _clicks,
    "automaton": lambda analysis, *_: Content("\n".join(analysis.findings[1:])),
    "state_space": _state_space,
    "learning": _learning,
}
