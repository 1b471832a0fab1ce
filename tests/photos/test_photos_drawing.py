"""Drawings as a model: brush, eraser, undo and redo, whatever the order."""

import copy
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.photos.drawing import MOST_UNDONE, RADII, SIDE, Drawing, Ink, Point

MEDIUM = RADII[1]


def draw(drawing: Drawing, *points: tuple[float, float], radius: float = MEDIUM) -> None:
    drawing.begin(Point(*points[0]), radius)
    for point in points[1:]:
        drawing.extend(Point(*point))
    drawing.end()


def erase(drawing: Drawing, *points: tuple[float, float]) -> None:
    drawing.begin(Point(*points[0]), MEDIUM, erases=True)
    for point in points[1:]:
        drawing.extend(Point(*point))
    drawing.end()


def drawn(*points: tuple[float, float], radius: float = MEDIUM) -> Ink:
    drawing = Drawing()
    draw(drawing, *points, radius=radius)
    return drawing.ink


def can(step: Callable[[Drawing], None], drawing: Drawing) -> bool:
    """Whether there is anything to undo, or to redo."""
    other = copy.copy(drawing)
    other._undo_steps = [*drawing._undo_steps]
    other._redo_steps = [*drawing._redo_steps]
    step(other)
    return other.ink is not drawing.ink


def test_a_new_drawing_is_empty() -> None:
    drawing = Drawing()
    assert drawing.empty
    assert not drawing.ink.any()
    assert not can(Drawing.undo, drawing)
    assert not can(Drawing.redo, drawing)


@pytest.mark.parametrize("radius", RADII)
def test_a_dot_is_full_in_the_middle_and_soft_at_the_edge(radius: float) -> None:
    ink = drawn((14.5, 10.5), radius=radius)
    assert ink[10, 14] == 1
    assert ((ink > 0) & (ink < 1)).any()
    around = ink[6:15, 10:19]
    assert np.allclose(around, around.T)
    assert np.allclose(around, around[::-1])
    assert around.sum() == pytest.approx(ink.sum())


def test_brushes_grow() -> None:
    sums = [drawn((5, 5), (20, 20), radius=radius).sum() for radius in RADII]
    assert sums == sorted(sums)
    assert sums[0] * 1.5 < sums[-1]


@pytest.mark.parametrize("radius", RADII)
@pytest.mark.parametrize("end", [(25.5, 2.5), (2.5, 25.5), (25.5, 13.0), (9.0, 25.5), (25.5, 25.5)])
def test_a_quick_line_has_no_gaps(end: tuple[float, float], radius: float) -> None:
    ink = drawn((2.5, 2.5), end, radius=radius)
    for share in np.linspace(0, 1, 200):
        x, y = 2.5 + share * (end[0] - 2.5), 2.5 + share * (end[1] - 2.5)
        assert ink[int(y), int(x)] > 0.5


def test_a_line_in_many_steps_is_the_line_in_one() -> None:
    steps = [(3 + 0.5 * at, 4 + 0.25 * at) for at in range(40)]
    assert np.allclose(drawn(*steps), drawn(steps[0], steps[-1]), atol=1e-5)


def test_going_over_a_line_again_makes_it_no_darker() -> None:
    assert np.array_equal(drawn((5, 5), (20, 9), (5, 5)), drawn((5, 5), (20, 9)))


def test_the_eraser_takes_a_whole_line_of_the_same_brush() -> None:
    drawing = Drawing()
    draw(drawing, (4, 14), (24, 14))
    erase(drawing, (0, 14), (28, 14))
    assert drawing.empty


def test_the_eraser_leaves_the_rest() -> None:
    drawing = Drawing()
    draw(drawing, (4, 4), (24, 4))
    draw(drawing, (4, 20), (24, 20))
    erase(drawing, (0, 20), (28, 20))
    assert np.array_equal(drawing.ink, drawn((4, 4), (24, 4)))


def test_what_lies_outside_is_cut_off() -> None:
    inside_part = drawn((20, 14), (60, 14))
    assert inside_part[14, 27] == 1
    assert not drawn((-20, -20), (-9, 40)).any()
    assert np.isfinite(drawn((-1e300, 5), (1e300, 5))).all()


def test_undo_and_redo_step_by_step() -> None:
    drawing = Drawing()
    states = [drawing.ink]
    for at in range(4):
        draw(drawing, (3, 3 + 5 * at), (24, 3 + 5 * at))
        states.append(drawing.ink)
    for state in states[-2::-1]:
        drawing.undo()
        assert np.array_equal(drawing.ink, state)
    assert not can(Drawing.undo, drawing)
    drawing.undo()
    assert drawing.empty
    for state in states[1:]:
        drawing.redo()
        assert np.array_equal(drawing.ink, state)
    assert not can(Drawing.redo, drawing)


def test_clearing_can_be_undone() -> None:
    drawing = Drawing()
    draw(drawing, (3, 3), (24, 20))
    before = drawing.ink
    drawing.clear()
    assert drawing.empty
    drawing.undo()
    assert np.array_equal(drawing.ink, before)


def test_a_new_stroke_ends_redo() -> None:
    drawing = Drawing()
    draw(drawing, (3, 3), (24, 20))
    drawing.undo()
    draw(drawing, (3, 20), (24, 20))
    assert not can(Drawing.redo, drawing)
    after = drawing.ink
    drawing.redo()
    assert np.array_equal(drawing.ink, after)


def test_undo_takes_the_stroke_under_way() -> None:
    drawing = Drawing()
    drawing.begin(Point(3, 3), MEDIUM)
    drawing.extend(Point(9, 9))
    assert can(Drawing.undo, drawing)
    drawing.undo()
    assert drawing.empty
    assert drawing._start is None
    drawing.extend(Point(20, 20))
    assert drawing.empty


def test_what_changes_nothing_is_no_step() -> None:
    drawing = Drawing()
    erase(drawing, (3, 3), (20, 20))
    drawing.clear()
    assert not can(Drawing.undo, drawing)
    draw(drawing, (3, 3), (20, 20))
    draw(drawing, (3, 3), (20, 20))
    drawing.undo()
    assert drawing.empty


def test_ink_that_was_handed_out_never_changes() -> None:
    drawing = Drawing()
    draw(drawing, (3, 3), (20, 20))
    kept, copy = drawing.ink, drawing.ink.copy()
    draw(drawing, (3, 20), (20, 3))
    drawing.clear()
    assert np.array_equal(kept, copy)
    with pytest.raises(ValueError, match="read-only"):
        kept[0, 0] = 1


def test_only_so_many_steps_are_kept() -> None:
    drawing = Drawing()
    for at in range(MOST_UNDONE + 5):
        draw(drawing, (at % SIDE, at // SIDE), radius=0.3)
    for _ in range(MOST_UNDONE):
        assert can(Drawing.undo, drawing)
        drawing.undo()
    assert not can(Drawing.undo, drawing)
    assert not drawing.empty


PLACES = st.builds(Point, st.floats(-60, 90), st.floats(-60, 90))
ACTIONS = st.one_of(
    st.builds(
        lambda at, radius, erases: lambda one: one.begin(at, radius, erases=erases),
        PLACES,
        st.sampled_from(RADII),
        st.booleans(),
    ),
    st.builds(lambda to: lambda one: one.extend(to), PLACES),
    st.sampled_from([Drawing.end, Drawing.undo, Drawing.redo, Drawing.clear]),
)


@settings(max_examples=60)
@given(st.lists(ACTIONS, max_size=25))
def test_ink_stays_ink_and_undo_restores_whatever_is_done(
    actions: list[Callable[[Drawing], None]],
) -> None:
    drawing = Drawing()
    for action in actions:
        action(drawing)
        ink = drawing.ink
        assert ink.shape == (SIDE, SIDE)
        assert ink.dtype == np.float32
        assert ink.min() >= 0
        assert ink.max() <= 1
    drawing.end()
    # There and back again, to the very beginning.
    states = [drawing.ink]
    while can(Drawing.undo, drawing):
        drawing.undo()
        states.append(drawing.ink)
    assert drawing.empty
    for state in states[-2::-1]:
        assert can(Drawing.redo, drawing)
        drawing.redo()
        assert np.array_equal(drawing.ink, state)


@settings(max_examples=40)
@given(st.lists(ACTIONS, max_size=12), st.lists(PLACES, min_size=1, max_size=4))
def test_a_stroke_is_undone_to_the_last_bit(
    actions: list[Callable[[Drawing], None]], places: list[Point]
) -> None:
    drawing = Drawing()
    for action in actions:
        action(drawing)
    drawing.end()
    before = drawing.ink
    drawing.begin(places[0], MEDIUM)
    for place in places[1:]:
        drawing.extend(place)
    drawing.end()
    if not np.array_equal(drawing.ink, before):
        drawing.undo()
    assert np.array_equal(drawing.ink, before)
