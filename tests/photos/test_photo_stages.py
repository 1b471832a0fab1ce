"""What each step on the way from a photo to a digit promises, on constructed pictures."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.archive.weights import choose_shipped
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.photos.collection import find_images
from rnn_tui.photos.digit.finder import MOST, MarkedDigit, Marks, digits_in, marks_in, rows_of
from rnn_tui.photos.digit.picture import halved, ink_near, shrunk
from rnn_tui.photos.digit.prepare import PhotoDigits, digit_proposals, find_digits, proposals
from rnn_tui.photos.reader import PhotoReader
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.mnist.data import load_mnist
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
        digit = next(proposals(photo, method, stages=True)).digit
        assert digit.shape == (28, 28)
        assert digit.dtype == np.float32
        assert np.isfinite(digit).all()


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(1, 90), st.integers(1, 90), st.integers(1, 255))
def test_any_pixels_are_prepared(seed: int, height: int, width: int, most: int) -> None:
    photo = np.random.default_rng(seed).integers(0, most + 1, (height, width, 3)).astype(np.uint8)
    before = photo.copy()
    prepared = next(proposals(photo, "mnist", stages=True))
    assert np.isfinite(prepared.digit).all()
    assert 0 <= prepared.digit.min() <= prepared.digit.max() <= 1
    assert np.array_equal(photo, before)


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(KeyError, match="'magic'"):
        next(proposals(colour(three()), "magic"))


@pytest.mark.parametrize("side", [50, 128, 400])
def test_shrinking_keeps_the_mean_and_reaches_the_size(side: int) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (601, 433, 3)).astype(np.uint8)
    small = shrunk(picture, side)
    assert max(small.shape[:2]) == side
    assert small.shape[1] / small.shape[0] == pytest.approx(433 / 601, abs=1 / side)
    assert small.mean() == pytest.approx(picture.mean(), abs=1.5)
    assert side <= max(halved(picture, side).shape[:2]) < 2 * side


# What the finder marks


def test_ink_is_marked_where_it_is_and_a_middle_in_it() -> None:
    photo = colour(three())
    photo_digits = find_digits(photo)
    size = photo_digits.copy.shape[1::-1]
    small = cv2.resize(three(), size, interpolation=cv2.INTER_AREA)
    drawn = small < (PAPER + PEN) / 2
    near_drawn = cv2.dilate(drawn.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    assert photo_digits.marks.ink[drawn].mean() > 0.8
    assert photo_digits.marks.ink[~near_drawn].mean() < 0.02
    (digit,) = photo_digits.digits
    assert digit.confidence > 0.6


def test_marks_are_the_same_in_every_thread() -> None:
    picture = shrunk(colour(ruled(three(), 3)), 128)
    alone = marks_in(picture)
    with ThreadPoolExecutor(4) as pool:
        others = list(pool.map(marks_in, [picture] * 8))
    assert all(
        np.array_equal(alone.ink, other.ink) and np.array_equal(alone.middle, other.middle)
        for other in others
    )


def test_marks_do_not_depend_on_light_and_contrast() -> None:
    picture = shrunk(colour(three()), 128)
    paler = (picture * 0.25 + 100).astype(np.uint8)
    assert np.abs(marks_in(picture).ink - marks_in(paler).ink).max() < 0.2


def nearest(plane: Picture) -> float:
    """How far the nearest proposal for a picture of the three is from the three on empty paper."""
    alone = next(proposals(colour(three()), "mnist")).digit
    return min(
        float(np.abs(proposal.digit - alone).mean())
        for proposal in proposals(colour(plane), "mnist")
    )


@pytest.mark.parametrize("degrees", [0, 4, -8, 25])
def test_the_digit_is_proposed_without_ruled_lines(degrees: float) -> None:
    assert nearest(ruled(three(), degrees)) < 0.03


def test_the_digit_is_proposed_without_a_box_around_it() -> None:
    plane = three()
    for first, last in (((0, 40), (399, 46)), ((0, 280), (399, 283))):
        cv2.line(plane, first, last, PRINT, 2, cv2.LINE_AA)
    for column in (90, 310):
        cv2.line(plane, (column, 0), (column + 4, 299), PRINT, 2, cv2.LINE_AA)
    assert nearest(plane) < 0.03


def test_a_picture_of_nothing_but_dots_takes_no_more_than_so_many_digits() -> None:
    middle, ink = np.zeros((2, 512, 512), np.float32)
    middle[::4, ::4] = middle[1::4, ::4] = ink[::2, ::2] = 1
    digits = digits_in(Marks(ink, middle))
    assert 0 < len(digits) <= MOST


# Finding the digit


def test_a_slanted_stroke_with_two_middles_is_one_digit() -> None:
    """The middles of a thin 1 that leans may share no column."""
    ink, middle = np.zeros((2, 64, 64), np.float32)
    cv2.line(ink, (36, 20), (28, 44), 1.0, 2)
    cv2.line(middle, (36, 22), (34, 30), 1.0, 1)
    cv2.line(middle, (32, 33), (29, 42), 1.0, 1)
    (digit,) = digits_in(Marks(ink, middle))
    left, top, right, bottom = digit.box
    assert right - left >= 8
    assert bottom - top >= 24


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
    photo_digits = find_digits(colour(spoil(three())))
    drawn = np.argwhere(three() < 180)
    top, left = drawn.min(axis=0)
    bottom, right = drawn.max(axis=0) + 1
    # A pixel of the copy in which digits are looked for is six of the photo's.
    assert photo_digits.place_of(photo_digits.digits[0]).tolist() == pytest.approx(
        [left, top, right, bottom], abs=8
    )


def test_a_fives_bar_is_part_of_it() -> None:
    plane = np.full((300, 300), PAPER, np.uint8)
    cv2.ellipse(plane, (140, 200), (55, 50), 0, -100, 150, PEN, 9, cv2.LINE_AA)
    cv2.line(plane, (125, 100), (125, 140), PEN, 9, cv2.LINE_AA)
    cv2.line(plane, (140, 92), (205, 88), PEN, 9, cv2.LINE_AA)
    photo_digits = find_digits(colour(plane))
    _, top, _, bottom = photo_digits.place_of(photo_digits.digits[0])
    assert top < 95
    assert bottom > 245


@pytest.mark.parametrize("light", [False, True])
def test_dark_and_light_ink_give_the_same_digit(light: bool) -> None:
    photo = colour(three(30, 230) if light else three())
    digit = next(proposals(photo, "mnist")).digit
    alone = next(proposals(colour(np.where(three() < 140, 0, 255).astype(np.uint8)), "mnist")).digit
    assert np.abs(digit - alone).mean() < 0.03


def test_the_names_of_stages_tell_a_user_what_was_done() -> None:
    stages = next(proposals(colour(ruled(three(), 3)), "mnist", stages=True)).stages
    names = [stage.name for stage in stages]
    assert len(set(names)) == len(names)
    assert "refined ink" in names
    assert (names[0], names[-1]) == ("photo", "28×28 input")
    assert stages[-1].picture.shape == (28, 28)


# Proposals


def test_the_first_proposal_is_what_is_prepared_and_none_comes_twice() -> None:
    photo = colour(ruled(three(), 3))
    digits = [proposal.digit for proposal in proposals(photo, "mnist")]
    assert np.array_equal(digits[0], next(proposals(photo, "mnist")).digit)
    assert 1 <= len(digits) <= 4
    for digit, other in itertools.combinations(digits, 2):
        assert not np.allclose(digit, other)


def test_the_digit_in_a_tilted_box_is_proposed() -> None:
    plane = three()
    corners = np.array([(80, 40), (330, 80), (300, 290), (50, 250)], np.int32)
    cv2.polylines(plane, [corners], True, PEN, 5, cv2.LINE_AA)
    assert nearest(plane) < 0.03


# The ink of a digit that was found


@pytest.mark.parametrize("light", [False, True])
def test_ink_is_measured_across_a_shadows_edge(light: bool) -> None:
    whole = three(30, 230) if light else three()
    near = three() < (PAPER + PEN) / 2
    shadowed = whole.copy()
    shadowed[:, :200] //= 3
    lit, dark = ink_near(colour(whole), near), ink_near(colour(shadowed), near)
    assert max(lit.shape) > 120
    assert np.abs(lit - dark).mean() < 0.02
    # In a shadow light ink is darker by a factor, which the logarithm leaves a half of.
    assert (dark[lit > 0.8] > (0.3 if light else 0.5)).mean() > 0.95


def test_ink_elsewhere_is_not_the_digits() -> None:
    near = three() < (PAPER + PEN) / 2
    spoilt = specked(three())
    spoilt[260:290, 20:380] = 90
    alone, beside = ink_near(colour(three()), near), ink_near(colour(spoilt), near)
    assert np.abs(alone - beside).mean() < 0.01


def test_where_there_is_no_ink_there_is_none() -> None:
    paper = colour(np.full((80, 80), PAPER, np.uint8))
    assert not ink_near(paper, np.zeros((80, 80), np.bool_)).any()


# Several digits


def written(
    text: str,
    *,
    apart: float = 30,
    height: int = 60,
    size: tuple[int, int] = (200, 500),
    top: float = 60,
) -> Picture:
    """A row of sevens and ones, as `text` says, on grey paper."""
    plane = np.full(size, PAPER, np.uint8)
    left = 30.0
    for sign in text:
        corners = [(0, 0), (0.6, 0), (0.25, 1)] if sign == "7" else [(0.3, 0), (0.3, 1)]
        points = np.array([(left, top)]) + height * np.array(corners)
        cv2.polylines(plane, [np.rint(points).astype(np.int32)], False, PEN, 6, cv2.LINE_AA)
        left += 0.6 * height + apart
    return plane


@pytest.mark.parametrize("height", [30, 45, 60])
def test_digits_in_a_row_are_found_from_left_to_right(height: int) -> None:
    photo_digits = find_digits(colour(written("7177", height=height)))
    (row,) = rows_of(photo_digits.digits)
    middles = [float(photo_digits.place_of(digit)[::2].mean()) for digit in row]
    assert middles == pytest.approx(
        [30 + (0.6 * height + 30) * at + 0.3 * height for at in range(4)], abs=5
    )


def test_rows_are_read_from_the_top_even_where_they_rise() -> None:
    plane = np.minimum(written("717", size=(400, 500)), written("177", size=(400, 500), top=220))
    turn = cv2.getRotationMatrix2D((250, 200), 10, 1)
    plane = np.asarray(
        cv2.warpAffine(plane, turn, (500, 400), borderMode=cv2.BORDER_CONSTANT, borderValue=PAPER),
        np.uint8,
    )
    photo_digits = find_digits(colour(plane))
    rows = rows_of(photo_digits.digits)
    assert [len(row) for row in rows] == [3, 3]
    assert all(above.box[3] < below.box[3] for above, below in zip(*rows, strict=True))


def test_what_is_much_smaller_belongs_to_no_number() -> None:
    plane = np.minimum(written("77", height=90), written("1", height=20, top=170))
    assert sum(map(len, rows_of(find_digits(colour(plane)).digits))) == 2


def test_rows_in_which_no_digit_is_sure_are_left_out_where_another_row_is() -> None:
    def digit(left: int, top: int, confidence: float) -> MarkedDigit:
        box = (left, top, left + 6, top + 10)
        return MarkedDigit(box, np.ones((1, 1), np.bool_), confidence)

    number = [digit(0, 0, 0.9), digit(10, 0, 0.4)]
    faint = [digit(0, 50, 0.35), digit(10, 50, 0.4)]
    assert rows_of([*number, *faint]) == [number]
    assert rows_of(faint) == [faint]


def doubts(photo: PhotoDigits) -> list[str]:
    """What is said against each digit of a photo, all of which are one number."""
    return [next(digit_proposals(photo, digit, photo.digits)).doubt for digit in photo.digits]


def first_doubt(picture: Picture) -> str:
    """What is said against the first digit in a picture (H, W, 3), as its only one."""
    photo = find_digits(picture)
    return next(digit_proposals(photo, photo.digits[0])).doubt


def test_a_digit_that_touches_another_is_doubted() -> None:
    touching = find_digits(colour(written("77", apart=-12, height=90)))
    apart = find_digits(colour(written("77", apart=30, height=90)))
    assert len(touching.digits) == 2
    assert all(doubts(touching))
    assert not any(doubts(apart))


def of_mnist(count: int, *, gap: int = 0, wider: int = 1) -> Picture:
    """The first of MNIST's test digits in a row, 100 pixels tall and so many apart, on white paper
    (200, W, 3).
    """
    digits = []
    for image in load_mnist().test_images[:count].numpy():
        left, top, wide, tall = cv2.boundingRect((image > 100).astype(np.uint8))
        cut = image[top : top + tall, left : left + wide]
        size = wider * 100 * wide // tall, 100
        digit = cv2.resize(cut, size, interpolation=cv2.INTER_CUBIC)
        digits.append(cv2.copyMakeBorder(digit, 50, 50, 0, gap, cv2.BORDER_CONSTANT))
    row = np.hstack(digits)
    return colour(255 - cv2.copyMakeBorder(row, 0, 0, 50, 50, cv2.BORDER_CONSTANT))


@pytest.mark.parametrize("gap", [12, 40])
def test_digits_close_together_do_not_touch(gap: int) -> None:
    close = find_digits(of_mnist(6, gap=gap))
    assert len(close.digits) == 6
    assert not any(doubts(close))


def test_what_is_too_wide_for_one_digit_is_doubted() -> None:
    assert first_doubt(of_mnist(1, wider=4)) == "It is too wide for one digit."
    assert not first_doubt(of_mnist(1))


# Doubt


@pytest.fixture(scope="module")
def reader() -> PhotoReader:
    return PhotoReader(RowReaderNetwork(read_weights(choose_shipped("mnist").path)))


def test_blank_paper_is_doubted_in_a_sentence(reader: PhotoReader) -> None:
    papers = [blank_paper(kind, np.random.default_rng(seed)) for kind in KINDS for seed in range(3)]
    readings = reader.answer([reader.prepare(paper) for paper in papers])
    sentences = [reading.doubt for reading in readings if reading.doubt]
    # Clouds of grain may look like anything.
    assert len(sentences) >= 0.9 * len(papers)
    assert all(doubt.endswith((".", "%)")) or "digits" in doubt for doubt in sentences)


def test_a_piece_of_a_pattern_is_no_digit(reader: PhotoReader) -> None:
    pattern = np.full((300, 300), PAPER, np.uint8)
    for x, y in np.ndindex(5, 5):
        cv2.line(pattern, (30 + 60 * x, 15 + 60 * y), (30 + 60 * x, 50 + 60 * y), PEN, 9)
    alone = pattern.copy()
    alone[:, 200:] = alone[:, :100] = alone[200:] = alone[:100] = PAPER
    assert not first_doubt(colour(alone))
    assert "something else" in first_doubt(colour(pattern))


@pytest.mark.parametrize("height", [40, 90, 250])
def test_a_plain_digit_of_any_size_is_not_doubted(reader: PhotoReader, height: int) -> None:
    part = three()[60:280, 120:260]
    small = cv2.resize(part, None, fx=height / 220, fy=height / 220, interpolation=cv2.INTER_AREA)
    photo = np.full((400, 400), PAPER, np.uint8)
    photo[60 : 60 + small.shape[0], 90 : 90 + small.shape[1]] = small
    (reading,) = reader.answer([reader.prepare(colour(photo))])
    assert reading.text == "3"


# Files


def test_a_folder_named_like_a_photo_is_given(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").mkdir()
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.png").touch()
    names = [path.name for path in find_images([tmp_path], recursive=False)]
    assert names == ["a.png", "x.jpg"]


@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 20))
def test_halving_takes_the_mean_of_four_pixels(height: int, width: int, side: int) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (height, width)).astype(np.uint8)
    means = picture.astype(np.float64)
    times = 0
    while max(means.shape) >= 2 * side and min(means.shape) >= 2:
        rows, columns = means.shape[0] // 2, means.shape[1] // 2
        means = means[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2).mean(axis=(1, 3))
        times += 1
    small = halved(picture, side)
    assert small.shape == means.shape
    assert np.abs(small - means).max() <= times  # what rounding adds up to


@settings(max_examples=25)
@given(st.integers(60, 400), st.integers(60, 400), st.integers(-40, 60), st.integers(-40, 60))
def test_a_digit_s_place_lies_in_the_photo(height: int, width: int, left: int, top: int) -> None:
    """A three at the edge of a photo, or that runs out of it."""
    whole = np.full((height + 400, width + 500), PAPER, np.uint8)
    whole[top + 50 : top + 350, left + 50 : left + 450] = three()
    photo = colour(whole[100 : 100 + height, 100 : 100 + width])
    for ready in proposals(photo, "mnist"):
        if ready.box is not None:
            left_share, top_share, right_share, bottom_share = ready.box
            assert 0 <= left_share < right_share <= 1
            assert 0 <= top_share < bottom_share <= 1


@pytest.mark.parametrize("at", [(40, 40), (200, 220)])
def test_among_more_dots_than_are_looked_for_a_digit_is_found_whole(at: tuple[int, int]) -> None:
    middle, ink = np.zeros((2, 300, 300), np.float32)
    middle[::12, ::12] = ink[::12, ::12] = 1
    top, left = at
    for marks in (middle, ink):
        marks[top - 20 : top + 80, left - 20 : left + 50] = 0
    ink[top : top + 60, left : left + 30] = 1
    middle[top + 10 : top + 50, left + 8 : left + 22] = 1
    assert np.count_nonzero(middle[::12, ::12]) > MOST
    largest = max(digits_in(Marks(ink, middle)), key=lambda digit: digit.size)
    assert largest.box == (left, top, left + 30, top + 60)


@pytest.mark.parametrize("side", range(4))
def test_a_digit_of_which_a_part_was_marked_is_seen_whole(side: int) -> None:
    photo = colour(three())
    photo_digits = find_digits(photo)
    digit = photo_digits.digits[0]
    box = list(digit.box)
    # but for the third of it that is at this side
    box[side] += (box[(side + 2) % 4] - box[side]) // 3
    ready = next(digit_proposals(photo_digits, replace(digit, box=tuple(box))))
    assert ready.box is not None
    assert np.array(ready.box) * (400, 300, 400, 300) == pytest.approx(BOX, abs=6)
