"""What each step on the way from a photo to a digit promises, on constructed pictures."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.photos.digit.ink import Channel, best_channel, chance_of_light, ink_on, paper_of
from rnn_tui.photos.digit.lines import recentred, without_lines
from rnn_tui.photos.digit.picture import halved, shrunk
from rnn_tui.photos.digit.prepare import prepare, proposals
from rnn_tui.photos.digit.ruling import ruled_lines
from rnn_tui.photos.digit.search import search
from rnn_tui.photos.finding import find_images
from tests.benchmarks._blank_papers import KINDS, blank_paper

Picture = npt.NDArray[np.uint8]

PAPER, PEN, PRINT = 220, 60, 130
# Left, top, right, bottom of what `three` draws.
BOX = (150, 90, 230, 250)


def three(paper: int = PAPER, pen: int = PEN) -> Picture:
    """A three off the middle of grey paper (300, 400)."""
    plane = np.full((300, 400), paper, np.uint8)
    left, top, right, bottom = BOX
    middle, reach = (top + bottom) // 2, 5
    for first, last in ((top, middle), (middle, bottom)):
        centre = (left + right) // 2 - 20, (first + last) // 2
        axes = 60 - reach, (last - first) // 2 - reach
        cv2.ellipse(plane, centre, axes, 0, -110, 90, pen, 2 * reach, cv2.LINE_AA)
    return plane


def colour(plane: Picture) -> Picture:
    return np.asarray(cv2.cvtColor(plane, cv2.COLOR_GRAY2BGR), np.uint8)


def ruled(plane: Picture, degrees: float, apart: int = 45) -> Picture:
    """Printed lines across the whole sheet, under the writing."""
    lines = np.full_like(plane, PAPER)
    slope = np.tan(np.radians(degrees))
    for start in range(-400, 800, apart):
        ends = (0, start), (399, round(start + 399 * slope))
        cv2.line(lines, *ends, PRINT, 2, cv2.LINE_AA)
    return np.minimum(plane, lines)


# The picture as a whole


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (700, 2), (5, 5), (28, 28), (3000, 40)])
@pytest.mark.parametrize("method", ["mnist", "report"])
def test_every_shape_of_photo_is_prepared(shape: tuple[int, int], method: str) -> None:
    random = np.random.default_rng(0)
    for photo in (np.zeros((*shape, 3), np.uint8), random.integers(0, 256, (*shape, 3), np.uint8)):
        digit = prepare(photo, method, stages=True).digit
        assert digit.shape == (28, 28)
        assert digit.dtype == np.float32
        assert np.isfinite(digit).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 90), st.integers(1, 90), st.integers(1, 255))
def test_any_pixels_are_prepared(seed: int, height: int, width: int, most: int) -> None:
    photo = np.random.default_rng(seed).integers(0, most + 1, (height, width, 3)).astype(np.uint8)
    before = photo.copy()
    prepared = prepare(photo, "mnist", stages=True)
    assert np.isfinite(prepared.digit).all()
    assert 0 <= prepared.digit.min() <= prepared.digit.max() <= 1
    assert np.array_equal(photo, before)


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(KeyError, match="'magic'"):
        prepare(colour(three()), "magic")


@pytest.mark.parametrize("side", [50, 128, 400])
def test_shrinking_keeps_the_mean_and_reaches_the_size(side: int) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (601, 433, 3)).astype(np.uint8)
    small = shrunk(picture, side)
    assert max(small.shape[:2]) == side
    assert small.shape[1] / small.shape[0] == pytest.approx(433 / 601, abs=1 / side)
    assert small.mean() == pytest.approx(picture.mean(), abs=1.5)
    assert side <= max(halved(picture, side).shape[:2]) < 2 * side


# Ink


def test_light_ink_is_told_from_dark() -> None:
    assert chance_of_light(colour(three())) < 0.05
    assert chance_of_light(colour(three(40, 210))) > 0.95


@pytest.mark.parametrize(("pen", "number"), [((255, 160, 160), 2), ((150, 255, 255), 0)])
def test_the_channel_is_that_in_which_the_pen_shows(pen: tuple[int, int, int], number: int) -> None:
    photo = np.full((300, 400, 3), 255, np.uint8)
    photo[three() < PAPER] = pen
    # The pen shows in green and red, or in blue alone; grey levels weaken it.
    assert best_channel(shrunk(photo, 128), light=False).number in {number, 1 if number else 0}
    ink = Channel(number, light=False).of(photo)
    assert ink.min() < 255


def test_shading_and_a_hard_shadow_leave_no_ink() -> None:
    paper = np.tile(np.linspace(150, 230, 200).astype(np.uint8), (200, 1))
    rows, columns = np.mgrid[:200, :200]
    paper[rows + 2 * columns > 310] //= 2
    for reach in (17, 33):
        ink = ink_on(paper, paper_of(paper, reach))
        # Nothing but the steps of a slanting edge.
        assert (ink > 0.1).mean() < 0.015


def test_ink_is_the_share_of_the_papers_light_that_is_missing() -> None:
    plane = np.full((100, 100), 200, np.uint8)
    plane[40:44] = 50
    ink = ink_on(plane, paper_of(plane, 9))
    assert np.allclose(ink[40:44], 0.75)
    assert not ink[:40].any()


# Lines


@pytest.mark.parametrize("degrees", [0, 4, -8, 25, -25, 70])
def test_ruled_lines_go_and_the_digit_stays(degrees: float) -> None:
    clean = three()
    plane = ruled(clean, degrees)
    result = without_lines(plane, ruled_lines(plane))
    pen = clean < (PAPER + PEN) / 2
    away = cv2.dilate(pen.astype(np.uint8), np.ones((9, 9))) == 0
    printed = (plane < PAPER - 30) & away
    assert printed.sum() > 1500
    assert (result[printed] < PAPER - 30).mean() < 0.08
    assert (result[pen] < (PAPER + PEN) / 2).mean() > 0.93
    assert np.array_equal(ruled(clean, degrees), plane)


@pytest.mark.parametrize("lean", [-200, 0, 300])
def test_ruled_lines_are_found_across_a_shadows_edge(lean: int) -> None:
    plane = ruled(three(), 3)
    rows, columns = np.mgrid[:300, :400]
    shadowed = np.where(columns > 200 + lean * (rows - 150) / 150, plane, plane // 2)
    found = ruled_lines(cv2.GaussianBlur(shadowed.astype(np.uint8), (0, 0), 4))
    # From border to border, but for those that a corner cuts off.
    assert np.count_nonzero(found.end - found.start > 380) >= 5


def test_no_lines_are_painted_over_with_nothing() -> None:
    plane = three()
    assert not ruled_lines(plane[:40])
    assert np.array_equal(without_lines(plane, ruled_lines(plane[:40])), plane)


def test_lines_lie_where_they_lay_after_enlarging() -> None:
    plane = ruled(three(), 4)
    lines = ruled_lines(plane)
    part = cv2.resize(plane[50:250, 100:300], None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    moved = recentred(part, lines.seen_from(100, 50, 2, 2))
    clean = without_lines(part, moved)
    pen = cv2.erode(part, np.ones((15, 15))) < (PEN + PRINT) / 2
    printed = (part < PAPER - 30) & ~pen
    assert printed.sum() > 5000
    assert (clean[printed] < PAPER - 30).mean() < 0.08


def test_a_box_around_the_digit_is_no_part_of_it() -> None:
    plane = three()
    for first, last in (((0, 40), (399, 46)), ((0, 280), (399, 283))):
        cv2.line(plane, first, last, PRINT, 2, cv2.LINE_AA)
    for column in (90, 310):
        cv2.line(plane, (column, 0), (column + 4, 299), PRINT, 2, cv2.LINE_AA)
    assert len(ruled_lines(plane)) >= 4
    boxed, plain = (prepare(colour(one), "mnist").digit for one in (plane, three()))
    assert np.abs(boxed - plain).mean() < 0.02


def test_a_digits_own_strokes_are_no_lines() -> None:
    assert not ruled_lines(three())
    one = np.full((300, 200), PAPER, np.uint8)
    cv2.line(one, (110, 15), (95, 285), PEN, 6, cv2.LINE_AA)
    seven = np.full((300, 300), PAPER, np.uint8)
    cv2.polylines(seven, [np.array([(60, 60), (230, 60), (120, 260)])], False, PEN, 6)
    cv2.line(seven, (110, 160), (210, 160), PEN, 6)
    for plane in (one, seven):
        assert not ruled_lines(plane)


# Finding the digit


def specked(plane: Picture) -> Picture:
    dirty = plane.copy()
    for x, y in np.random.default_rng(0).integers(5, 295, (15, 2)).tolist():
        cv2.circle(dirty, (x, y), 2, 80, -1)
    return dirty


def beside_a_table(plane: Picture) -> Picture:
    photo = plane.copy()
    photo[:, 360:] = 30
    return photo


@pytest.mark.parametrize("spoil", [lambda plane: plane, specked, beside_a_table])
def test_the_digit_is_found_where_it_is(spoil: Callable[[Picture], Picture]) -> None:
    found = search(spoil(three()))
    assert found is not None
    drawn = np.argwhere(three() < 180)
    top, left = drawn.min(axis=0)
    bottom, right = drawn.max(axis=0) + 1
    # The search looks at every other pixel, and strokes grow by blurring.
    assert found.box == pytest.approx((left, top, right, bottom), abs=7)


def test_a_fives_bar_is_part_of_it() -> None:
    plane = np.full((300, 300), PAPER, np.uint8)
    cv2.ellipse(plane, (140, 200), (55, 50), 0, -100, 150, PEN, 9, cv2.LINE_AA)
    cv2.line(plane, (125, 100), (125, 140), PEN, 9, cv2.LINE_AA)
    cv2.line(plane, (140, 92), (205, 88), PEN, 9, cv2.LINE_AA)
    found = search(plane)
    assert found is not None
    assert found.box[1] < 95
    assert found.box[3] > 245


@pytest.mark.parametrize("light", [False, True])
def test_dark_and_light_ink_give_the_same_digit(light: bool) -> None:
    photo = colour(three(30, 230) if light else three())
    digit = prepare(photo, "mnist").digit
    alone = prepare(colour(np.where(three() < 140, 0, 255).astype(np.uint8)), "mnist").digit
    assert np.abs(digit - alone).mean() < 0.03


def test_the_names_of_stages_tell_a_user_what_was_done() -> None:
    stages = prepare(colour(ruled(three(), 3)), "mnist", stages=True).stages
    names = [stage.name for stage in stages]
    assert len(set(names)) == len(names)
    assert "without ruled lines" in names
    assert (names[0], names[-1]) == ("photo", "as in MNIST")
    assert stages[-1].picture.shape == (28, 28)


# Proposals


def test_the_first_proposal_is_what_is_prepared_and_none_comes_twice() -> None:
    photo = colour(ruled(three(), 3))
    digits = [one.digit for one in proposals(photo, "mnist")]
    assert np.array_equal(digits[0], prepare(photo, "mnist").digit)
    assert 2 <= len(digits) <= 6
    assert all(not np.allclose(one, other) for number, one in enumerate(digits) for other in digits[:number])


def test_the_digit_in_a_tilted_box_is_proposed() -> None:
    plane = three()
    corners = np.array([(80, 40), (330, 80), (300, 290), (50, 250)], np.int32)
    cv2.polylines(plane, [corners], True, PEN, 5, cv2.LINE_AA)
    alone = prepare(colour(three()), "mnist").digit
    nearest = min(float(np.abs(one.digit - alone).mean()) for one in proposals(colour(plane), "mnist"))
    assert nearest < 0.03


def test_light_ink_fades_less_than_the_light_in_a_shadow() -> None:
    lit = three(30, 230)
    inks = []
    for plane in (lit, lit // 3):
        dark = Channel(3, light=True).of(colour(plane))
        inks.append(float(np.median(ink_on(dark, paper_of(dark, 65))[lit == 230])))
    # Turned negative without the logarithm, three tenths would be left.
    assert inks[1] > 0.45 * inks[0]


# Doubt


def test_blank_paper_is_doubted_in_a_sentence() -> None:
    papers = [blank_paper(kind, np.random.default_rng(seed)) for kind in KINDS for seed in range(3)]
    doubts = [prepare(paper, "mnist").doubt for paper in papers]
    # Clouds of grain may look like anything.
    assert sum(map(bool, doubts)) >= 0.9 * len(papers)
    assert all(doubt.endswith(".") and doubt.count(".") == 1 for doubt in doubts if doubt)


@pytest.mark.parametrize("height", [40, 90, 250])
def test_a_plain_digit_of_any_size_is_not_doubted(height: int) -> None:
    part = three()[60:280, 120:260]
    small = cv2.resize(part, None, fx=height / 220, fy=height / 220, interpolation=cv2.INTER_AREA)
    photo = np.full((400, 400), PAPER, np.uint8)
    photo[60 : 60 + small.shape[0], 90 : 90 + small.shape[1]] = small
    assert not prepare(colour(photo), "mnist").doubt


# Files


def test_a_folder_named_like_a_photo_is_given(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").mkdir()
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.png").touch()
    found = [path.name for path in find_images([tmp_path], recursive=False)]
    assert found == ["a.png", "x.jpg"]
