"""Drawings of digits in other hands are as MNIST's images are, and each shows what its hand is
known by.
"""

import itertools
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch

from rnn_tui.tasks.mnist.augmentation import ONE_OR_SEVEN, PHOTO_DISTORTION, Distortion
from rnn_tui.tasks.mnist.hands import (
    Hand,
    Points,
    all_hands,
    curve_of,
    curves_in_doubt,
    distorted,
    drawn_curve,
    drawn_digits,
    drawn_in_doubt,
)
from rnn_tui.tasks.mnist.ones_and_sevens import Form, is_in_doubt, sure_digit

Images = npt.NDArray[np.uint8]
COUNT = 40


WITH_TOP = [hand for hand in all_hands() if hand.top is not None]
PLAIN = [hand for hand in all_hands() if hand.is_plain]


def name_of(hand: Hand) -> str:
    return f"{hand.digit}-{hand.name}"


def distorted_forms(hand: Hand, distortion: Distortion = PHOTO_DISTORTION) -> list[Form]:
    """Forms of drawings, each after many distortions but the smooth displacements."""
    random = np.random.default_rng(1)
    curves = [(hand, drawn_curve(hand, random)) for _ in range(COUNT)]
    return forms_after(distortion, hand.digit, curves)


def forms_after(
    distortion: Distortion, plain: int, curves: list[tuple[Hand, Points]]
) -> list[Form]:
    """Forms of curves, each after many distortions of plain images of that kind."""
    kinds = torch.full((200,), plain)
    maps = distortion.draw(kinds, torch.Generator().manual_seed(1))
    forms = []
    for affine in maps[:, :, :2].double().numpy():  # from the distorted image to the original
        forms += [hand.form(curve @ np.linalg.inv(affine).T) for hand, curve in curves]
    return [form for form in forms if form is not None]


def hand(digit: int, name: str) -> Hand:
    (found,) = [one for one in all_hands() if (one.digit, one.name) == (digit, name)]
    return found


def drawings(digit: int, name: str, seed: int = 0) -> Images:
    images, labels = drawn_digits(COUNT, np.random.default_rng(seed), (hand(digit, name),))
    assert set(labels.tolist()) == {digit}
    return images


def holes(image: Images) -> int:
    """Parts of the paper that ink closes in, of two pixels or more at four times the size."""
    large = cv2.resize(image, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    paper = np.pad((large < 128).astype(np.uint8), 1, constant_values=1)
    _, _, parts, _ = cv2.connectedComponentsWithStats(paper, connectivity=4)
    return int((parts[1:, cv2.CC_STAT_AREA] >= 32).sum()) - 1


def runs(line: npt.NDArray[np.uint8]) -> int:
    """How many strokes a line of pixels goes through."""
    return int((np.diff(np.concatenate([[0], (line > 100).astype(int)])) == 1).sum())


def widths(image: Images) -> npt.NDArray[np.int64]:
    """From the first ink to the last in each row that has some, from the top down."""
    marks = image > 100
    rows = [np.flatnonzero(row) for row in marks if row.any()]
    return np.array([row[-1] - row[0] + 1 for row in rows])


def share(check: Callable[[Images], bool], digit: int, name: str) -> float:
    """Of the drawings of a hand, how many pass."""
    return float(np.mean([check(image) for image in drawings(digit, name)]))


def test_the_same_seed_gives_the_same_drawings_and_another_does_not() -> None:
    images, labels = drawn_digits(50, np.random.default_rng(3))
    again, same_labels = drawn_digits(50, np.random.default_rng(3))
    assert np.array_equal(images, again)
    assert np.array_equal(labels, same_labels)
    others, _ = drawn_digits(50, np.random.default_rng(4))
    assert not np.array_equal(images, others)


def test_images_and_labels_have_the_form_of_mnist() -> None:
    images, labels = drawn_digits(30, np.random.default_rng(0))
    assert images.shape == (30, 28, 28)
    assert images.dtype == np.uint8
    assert labels.shape == (30,)
    assert labels.dtype == np.int64
    none, no_labels = drawn_digits(0, np.random.default_rng(0))
    assert none.shape == (0, 28, 28)
    assert no_labels.shape == (0,)


def test_every_digit_is_about_as_frequent() -> None:
    _, labels = drawn_digits(3000, np.random.default_rng(0))
    counts = np.bincount(labels, minlength=10)
    assert len(counts) == 10
    assert counts.min() > 240
    assert counts.max() < 360


@pytest.mark.parametrize("one", all_hands(), ids=lambda one: f"{one.digit}-{one.name}")
def test_drawings_of_a_hand_are_whole_centred_and_never_the_same(one: Hand) -> None:
    images, _ = drawn_digits(COUNT, np.random.default_rng(1), (one,))
    places = np.arange(28) + 0.5
    for image in images:
        ink = image.astype(float) / 255
        assert ink.max() > 0.6
        rows, columns = np.flatnonzero((ink > 0.1).any(1)), np.flatnonzero((ink > 0.1).any(0))
        longer = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
        assert 19 <= longer <= 22
        # Of ink that stands far to one side a little may be cut off.
        assert abs((ink.sum(1) @ places) / ink.sum() - 14) < 0.5
        assert abs((ink.sum(0) @ places) / ink.sum() - 14) < 0.5
    assert len({image.tobytes() for image in images}) == COUNT


@pytest.mark.parametrize(
    ("digit", "name"),
    [(1, "flag"), (0, "slashed"), (7, "crossed"), (4, "open"), (2, "round"), (9, "g")],
)
def test_the_hands_that_mnist_lacks_most_are_drawn_most(digit: int, name: str) -> None:
    assert hand(digit, name).share == max(one.share for one in all_hands() if one.digit == digit)


def test_pens_are_thin_and_thick() -> None:
    images, _ = drawn_digits(400, np.random.default_rng(0), (hand(1, "bar"),))
    across = np.array([image.sum(1).max() / 255 for image in images])
    assert np.quantile(across, 0.02) < 1.9
    assert np.quantile(across, 0.98) > 3.3
    assert 1.9 < np.median(across) < 3


def test_a_slash_parts_the_hole_of_a_nought() -> None:
    assert share(lambda image: holes(image) >= 2, 0, "slashed") > 0.85
    assert share(lambda image: holes(image) == 1, 0, "ring") > 0.9


def test_a_crossed_seven_is_wider_in_the_middle() -> None:
    def crossed(image: Images) -> bool:
        across = widths(image)
        return bool(across[7:14].max() > across[14:18].max() + 2)

    assert share(crossed, 7, "crossed") > 0.9
    assert share(crossed, 7, "plain") < 0.2


def test_an_open_four_has_two_tops_and_no_hole() -> None:
    assert share(lambda image: holes(image) == 0, 4, "open") > 0.85
    assert share(lambda image: max(runs(row) for row in image[6:13]) == 2, 4, "open") > 0.9
    assert share(lambda image: holes(image) == 1, 4, "closed") > 0.8


def test_a_foot_is_wider_than_the_stem_above_it() -> None:
    def foot(image: Images) -> bool:
        across = widths(image)
        return bool(across[-5:].max() > across[9:13].min() + 3)

    assert share(foot, 1, "foot") > 0.9
    assert share(foot, 1, "footbar") > 0.9
    assert share(foot, 1, "flag") < 0.1


def test_a_two_without_a_loop_has_no_hole() -> None:
    assert share(lambda image: holes(image) == 0, 2, "round") > 0.9


def test_a_nine_like_a_g_ends_far_left_and_one_with_a_stem_does_not() -> None:
    def tail(image: Images) -> bool:
        return int(widths(image)[-5:].max()) > 6

    assert share(tail, 9, "g") > 0.9
    assert share(tail, 9, "straight") < 0.2


@pytest.mark.parametrize("hand", WITH_TOP, ids=name_of)
def test_what_is_drawn_is_surely_that_digit(hand: Hand) -> None:
    random = np.random.default_rng(0)
    forms = [hand.form(drawn_curve(hand, random)) for _ in range(COUNT)]
    assert {form and sure_digit(form) for form in forms} == {hand.digit}


def test_a_foot_a_bar_or_no_flag_makes_a_hand_not_plain() -> None:
    plain = {name_of(hand) for hand in PLAIN}
    assert {"1-flag", "1-tick", "1-upstroke", "1-wide", "7-plain", "7-serif"} <= plain
    assert not plain & {"1-bar", "1-foot", "1-footbar", "1-widefoot", "7-crossed", "7-serifcross"}
    assert {hand.sign for hand in PLAIN} == {"1", "7"}


@pytest.mark.parametrize("hand", PLAIN, ids=name_of)
def test_no_distortion_makes_the_other_digit(hand: Hand) -> None:
    """Out of a thousand at most two come over the line, by a degree or two: some leaning sevens."""
    forms = distorted_forms(hand)
    assert len(forms) == 200 * COUNT
    assert np.mean([sure_digit(form) == 8 - hand.digit for form in forms]) < 0.002
    if hand.digit == 7:
        assert max(form.fall for form in forms) < 38
    else:
        assert min(form.fall for form in forms) > 9


def test_without_limits_distortions_do_make_it() -> None:
    unlimited = replace(PHOTO_DISTORTION, limits=())
    for digit, name in ((1, "flag"), (7, "plain")):
        forms = distorted_forms(hand(digit, name), unlimited)
        assert np.mean([sure_digit(form) == 8 - digit for form in forms]) > 0.004


def test_what_may_be_either_is_drawn_in_hands_of_both_and_stays_in_doubt() -> None:
    curves = list(itertools.islice(curves_in_doubt(np.random.default_rng(0)), 100))
    forms = [hand.form(curve) for hand, curve in curves]
    assert all(form is not None and is_in_doubt(form) for form in forms)
    assert {hand.digit for hand, _ in curves} == {1, 7}
    later = forms_after(PHOTO_DISTORTION, ONE_OR_SEVEN, curves)
    assert np.mean([sure_digit(form) is not None for form in later]) < 0.2
    images = drawn_in_doubt(20, np.random.default_rng(0))
    assert images.shape == (20, 28, 28)
    assert (images.max((1, 2)) > 200).all()


def test_ones_are_drawn_all_over_their_part_of_the_plane() -> None:
    random = np.random.default_rng(0)
    forms = [
        hand.form(drawn_curve(hand, random))
        for hand in PLAIN
        if hand.digit == 1
        for _ in range(200)
    ]
    falls = np.array([form.fall for form in forms if form])
    leans = np.array([form.lean for form in forms if form])
    lengths = np.array([form.length for form in forms if form])
    for low in range(30, 70, 10):
        assert ((falls >= low) & (falls < low + 10)).mean() > 0.05
    assert (leans < -8).mean() > 0.05
    assert (leans > 20).mean() > 0.05
    assert (lengths < 0.3).mean() > 0.05
    assert (lengths > 0.8).mean() > 0.1


@pytest.mark.parametrize("hand", WITH_TOP, ids=name_of)
def test_a_hand_is_not_drawn_again_and_again(hand: Hand) -> None:
    """Of what is drawn, a quarter or more can be used: a hand is written where it is sure."""
    random = np.random.default_rng(0)
    forms = [hand.form(distorted(curve_of(hand, random), hand, random)) for _ in range(200)]
    assert np.mean([form is not None and sure_digit(form) == hand.digit for form in forms]) > 0.25
