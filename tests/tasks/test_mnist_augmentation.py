"""Distorted images are the images meant: moved, turned and bent by what the map says."""

import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from rnn_tui.tasks.mnist.augmentation import (
    GROUP,
    ONES,
    PHOTO_DISTORTION,
    SEVENS,
    Distortion,
    coarsen,
    cut_out,
    distort,
    draw_shifts,
    restroke,
    shift_groups,
)
from rnn_tui.tasks.mnist.data import load_mnist

COUNT = 60


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def shows(count: int, digit: int = 3) -> Tensor:
    """A batch of images of a plain digit."""
    return torch.full((count,), digit)


@pytest.fixture
def images(mnist_slice: Path) -> Tensor:
    """Digits with three empty pixels on every side, so that no ink is lost to a shift."""
    pixels = load_mnist(str(mnist_slice)).train_images.float() / 255
    inside = pixels[:, 3:-3, 3:-3].sum((1, 2)) == pixels.sum((1, 2))
    chosen = pixels[inside][:COUNT]
    assert len(chosen) == COUNT
    return chosen


def maps(count: int = COUNT, grid: int = 6) -> Tensor:
    """The identity, for tests to change."""
    identity = torch.zeros(count, 2, 3 + grid**2)
    identity[:, 0, 0] = identity[:, 1, 1] = 1
    return identity


def centre(images: Tensor) -> Tensor:
    """Centres of mass (N, 2) as row and column."""
    places = torch.arange(28.0)
    mass = images.sum((1, 2))
    rows, columns = images.sum(2) @ places, images.sum(1) @ places
    return torch.stack([rows / mass, columns / mass], 1)


@pytest.mark.parametrize("grid", [1, 2, 6])
def test_identity_changes_nothing(images: Tensor, grid: int) -> None:
    torch.testing.assert_close(distort(images, maps(grid=grid)), images, atol=1e-4, rtol=0)


@pytest.mark.parametrize(("right", "down"), [(2.0, 0.0), (0.0, -1.0), (0.5, 1.5), (-2.0, -2.0)])
def test_a_shift_moves_the_centre_of_mass_by_that_much(
    images: Tensor, right: float, down: float
) -> None:
    moved = maps()
    # The map says where to look: to move an image right, look to the left.
    moved[:, 0, 2], moved[:, 1, 2] = -right / 14, -down / 14
    result = distort(images, moved)
    expected = centre(images) + torch.tensor([down, right])
    torch.testing.assert_close(centre(result), expected, atol=2e-3, rtol=0)
    torch.testing.assert_close(result.sum((1, 2)), images.sum((1, 2)), atol=1e-2, rtol=1e-3)


def test_a_quarter_turn_is_a_quarter_turn(images: Tensor) -> None:
    turned = maps()
    turned[:, :, :2] = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    # Out(x, y) = in(-y, x), with y downwards.
    expected = torch.rot90(images, 1, (1, 2))
    torch.testing.assert_close(distort(images, turned), expected, atol=1e-4, rtol=0)


def test_equal_displacements_everywhere_are_a_shift(images: Tensor) -> None:
    bent, moved = maps(), maps()
    bent[:, 0, 3:] = 0.1
    moved[:, 0, 2] = 0.1
    torch.testing.assert_close(distort(images, bent), distort(images, moved), atol=1e-4, rtol=0)


def test_a_displacement_at_one_corner_leaves_the_opposite_half_alone() -> None:
    picture = torch.rand(1, 28, 28, generator=generator())
    bent = maps(1)
    bent[:, :, 3] = 0.2
    result = distort(picture, bent)
    torch.testing.assert_close(result[:, 16:], picture[:, 16:], atol=1e-4, rtol=0)
    assert (result[:, :4, :4] - picture[:, :4, :4]).abs().max() > 0.1


def test_each_image_follows_its_own_map(images: Tensor) -> None:
    drawn = Distortion().draw(shows(COUNT), generator())
    whole = distort(images, drawn)
    parts = [
        distort(images[part], drawn[part]) for part in (slice(0, 7), slice(7, 8), slice(8, COUNT))
    ]
    torch.testing.assert_close(torch.cat(parts), whole, atol=1e-5, rtol=0)
    other = drawn.clone()
    other[5] = maps(1)[0]
    changed = distort(images, other)
    assert torch.equal(changed[:5], whole[:5])
    assert not torch.equal(changed[5], whole[5])


def test_results_stay_in_range_and_keep_most_of_the_ink(images: Tensor) -> None:
    result = distort(images, Distortion().draw(shows(COUNT), generator()))
    assert result.shape == images.shape
    assert result.min() >= 0
    assert result.max() <= 1 + 1e-6
    ratio = result.sum((1, 2)) / images.sum((1, 2))
    assert ratio.min() > 0.5
    assert ratio.max() < 2
    assert (result - images).abs().mean() > 0.01


def test_a_generator_decides_everything() -> None:
    state = torch.get_rng_state()
    first, again = (Distortion().draw(shows(9), generator(1)) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, Distortion().draw(shows(9), generator(2)))
    assert torch.equal(torch.get_rng_state(), state)


def test_no_distortion_is_the_identity() -> None:
    none = Distortion(rotation=0, shift=0, scale=1, shear=0, elastic=0)
    torch.testing.assert_close(none.draw(shows(COUNT), generator()), maps())


def test_drawn_maps_fill_their_limits_and_keep_to_them() -> None:
    drawn = Distortion(elastic=0.03).draw(shows(4000), generator())
    a, b, c, d = drawn[:, 0, 0], drawn[:, 0, 1], drawn[:, 1, 0], drawn[:, 1, 1]
    zoom = (a * d - b * c).sqrt()
    angle = torch.rad2deg(torch.atan2(c, a))
    shift = drawn[:, :, 2] * 14
    shear = (a * b + c * d) / (a * a + c * c)
    for values, limit in ((angle, 15.0), (shift, 2.0), (zoom.log(), math.log(1.2)), (shear, 0.25)):
        assert values.max() <= limit * 1.0001
        assert values.min() >= -limit * 1.0001
        assert values.max() > 0.95 * limit
        assert values.min() < -0.95 * limit
        assert values.mean().abs() < 0.05 * limit
    assert drawn[:, :, 3:].std() == pytest.approx(0.03, rel=0.02)
    assert drawn[:, :, 3:].mean().abs() < 1e-3


def move_of(before: Tensor, after: Tensor, reach: int) -> tuple[int, int]:
    """By how much a group of images was moved, down and right."""
    moves = [
        (down, right)
        for down in range(-reach, reach + 1)
        for right in range(-reach, reach + 1)
        if torch.equal(before.roll((down, right), (1, 2)), after)
    ]
    assert len(moves) == 1
    return moves[0]


@pytest.mark.parametrize("count", [1, GROUP, 2 * GROUP + 3])
@pytest.mark.parametrize("reach", [1, 2])
def test_each_group_is_moved_as_a_whole_by_at_most_the_reach(
    images: Tensor, count: int, reach: int
) -> None:
    batch = images[:count]
    original = batch.clone()
    result = shift_groups(batch, draw_shifts(count, generator(3), reach))
    assert result.shape == batch.shape
    assert torch.equal(batch, original)
    for before, after in zip(batch.split(GROUP), result.split(GROUP), strict=True):
        down, right = move_of(before, after, reach)
        torch.testing.assert_close(
            centre(after) - centre(before),
            torch.tensor([[down, right]]).float().expand(len(before), 2),
            atol=1e-3,
            rtol=0,
        )


def test_groups_move_apart_and_over_time_everywhere(images: Tensor) -> None:
    numbers = generator()
    seen = set()
    for _ in range(60):
        result = shift_groups(images[: 2 * GROUP], draw_shifts(2 * GROUP, numbers))
        moves = [
            move_of(before, after, 1)
            for before, after in zip(
                images[: 2 * GROUP].split(GROUP), result.split(GROUP), strict=True
            )
        ]
        seen.add(tuple(moves))
    assert {move for pair in seen for move in pair} == {
        (down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)
    }
    assert any(first != second for first, second in seen)


def test_shift_is_decided_by_the_generator(images: Tensor) -> None:
    first, again = (draw_shifts(len(images), generator(4)) for _ in range(2))
    assert first == again


@given(st.lists(st.integers(0, 3 * GROUP), max_size=4))
@settings(max_examples=30)
def test_a_batch_in_parts_is_shifted_as_the_whole(cuts: list[int]) -> None:
    batch = torch.arange(3 * GROUP * 16).reshape(-1, 4, 4)
    moves = [[1, 0], [-1, 1], [0, -1]]
    bounds = [0, *sorted({cut for cut in cuts if 0 < cut < len(batch)}), len(batch)]
    parts = [shift_groups(batch[begin:end], moves, begin) for begin, end in pairwise(bounds)]
    assert torch.equal(torch.cat(parts), shift_groups(batch, moves))


# Fewer pixels


def test_images_on_fewer_pixels_keep_their_place_and_the_strength_of_their_ink(
    images: Tensor,
) -> None:
    coarse = coarsen(images, [10, 28])
    torch.testing.assert_close(coarse.amax((1, 2)), images.amax((1, 2)))
    torch.testing.assert_close(centre(coarse), centre(images), atol=0.3, rtol=0)


def test_an_image_on_fewer_pixels_has_no_finer_detail_than_they_can_show() -> None:
    columns = (torch.arange(28) % 2).float().expand(GROUP, 28, 28)  # stripes a pixel wide
    coarse = coarsen(columns, [14])
    assert columns.std() > 0.4
    assert coarse.std() < 0.01


@given(st.lists(st.integers(0, 3 * GROUP), max_size=4))
@settings(max_examples=30)
def test_a_batch_in_parts_is_brought_to_fewer_pixels_as_the_whole(cuts: list[int]) -> None:
    batch = torch.rand(3 * GROUP, 28, 28, generator=generator())
    sides = [12, 28, 20]
    bounds = [0, *sorted({cut for cut in cuts if 0 < cut < len(batch)}), len(batch)]
    parts = [coarsen(batch[begin:end], sides, begin) for begin, end in pairwise(bounds)]
    torch.testing.assert_close(torch.cat(parts), coarsen(batch, sides))


def test_a_third_of_the_groups_is_brought_to_fewer_pixels() -> None:
    sides = Distortion(fewest_pixels=10).draw_sides(3000 * GROUP, generator())
    fewer = [side for side in sides if side < 28]
    assert len(fewer) / len(sides) == pytest.approx(1 / 3, abs=0.03)
    assert set(fewer) == set(range(10, 28))


# Squares


def test_three_of_four_images_lose_one_square_which_may_be_anywhere() -> None:
    squares = Distortion(cutout=7).draw_squares(2000, generator())
    lost = 1 - cut_out(torch.ones(2000, 28, 28), squares)
    whole = lost.sum((1, 2)) == 0
    assert whole.float().mean() == pytest.approx(0.25, abs=0.05)
    for axis in (1, 2):  # as wide as it is high
        assert set(lost[~whole].amax(axis).sum(1).tolist()) == {7.0}
    assert set(lost[~whole].sum((1, 2)).tolist()) == {49.0}
    assert lost.amax(0).min() == 1  # each pixel of some image


# Strokes


def test_strokes_get_thicker_and_thinner_by_a_share_of_their_neighbours() -> None:
    bar = torch.zeros(5, 28, 28)
    bar[:, 5:20, 10:13] = 1.0
    amounts = torch.tensor([0.0, 1.0, -1.0, 0.25, -0.5])
    same, thick, thin, some, half = restroke(bar, amounts)
    assert torch.equal(same, bar[0])
    assert thick[10, 8:15].tolist() == [0, 1, 1, 1, 1, 1, 0]
    assert thin[10, 8:15].tolist() == [0, 0, 0, 1, 0, 0, 0]
    assert some[10, 8:15].tolist() == [0, 0.25, 1, 1, 1, 0.25, 0]
    assert half[10, 8:15].tolist() == [0, 0, 0.5, 1, 0.5, 0, 0]
    assert thick[4, 11] == 1
    assert thick[3, 11] == 0


def test_strokes_at_the_border_neither_vanish_nor_come_in() -> None:
    picture = torch.full((2, 28, 28), -0.4)  # a background below zero, as standardised pixels have
    picture[:, :, :2] = 2.0
    thick, thin = restroke(picture, torch.tensor([1.0, -1.0]))
    assert thick[5, :4].tolist() == pytest.approx([2, 2, 2, -0.4])
    assert thin[5, :4].tolist() == pytest.approx([2, -0.4, -0.4, -0.4])


def test_a_third_of_the_strokes_stay_and_none_goes_beyond_its_share() -> None:
    drawn = PHOTO_DISTORTION.draw_strokes(3000, generator())
    assert (drawn == 0).float().mean() == pytest.approx(1 / 3, abs=0.04)
    assert drawn.abs().max() <= PHOTO_DISTORTION.stroke
    assert drawn.abs().max() > 0.95 * PHOTO_DISTORTION.stroke
    assert (drawn > 0).float().mean() == pytest.approx(1 / 3, abs=0.04)


def test_aspect_stretches_one_side_as_much_as_it_shrinks_the_other() -> None:
    plain = Distortion(rotation=0, shift=0, scale=1, shear=0, elastic=0, aspect=0.2)
    affine = plain.draw(shows(500), generator())[:, :, :3]
    widths, heights = affine[:, 0, 0], affine[:, 1, 1]
    torch.testing.assert_close(widths * heights, torch.ones(500))
    assert widths.log().abs().max() <= 0.2
    assert widths.log().abs().max() > 0.19
    assert not affine[:, 0, 1].any()


def test_limits_of_a_digit_change_its_own_maps_alone() -> None:
    digits = torch.arange(1100) % 11 - 1  # −1 is not plain
    unlimited = replace(PHOTO_DISTORTION, limits=())
    with_limits, without = generator(), generator()
    limited_maps = PHOTO_DISTORTION.draw(digits, with_limits)
    maps_of_all = unlimited.draw(digits, without)
    others = (digits != 1) & (digits != 7)
    assert torch.equal(limited_maps[others], maps_of_all[others])
    assert not torch.equal(limited_maps[~others], maps_of_all[~others])
    assert torch.equal(limited_maps[:, :, 2:], maps_of_all[:, :, 2:])  # shifts, displacements
    assert torch.equal(with_limits.get_state(), without.get_state())
    assert torch.equal(maps_of_all, unlimited.draw(digits.flip(0), generator()))


@pytest.mark.parametrize(
    ("digit", "right", "left"),
    [(1, ONES.turns[0], 1.0), (7, 1.0, SEVENS.turns[1]), (4, 1.0, 1.0)],
)
def test_a_digit_is_turned_as_far_as_its_limits_to_either_side(
    digit: int, right: float, left: float
) -> None:
    turns_only = Distortion(
        rotation=20, shift=0, scale=1, shear=0, elastic=0, limits=PHOTO_DISTORTION.limits
    )
    affine = turns_only.draw(shows(3000, digit), generator())[:, :, :2]
    lefts = torch.rad2deg(torch.atan2(affine[:, 1, 0], affine[:, 0, 0]))
    assert float(lefts.max()) == pytest.approx(20 * left, abs=0.2)
    assert float(-lefts.min()) == pytest.approx(20 * right, abs=0.2)


def test_a_bar_that_is_turned_to_the_left_leans_to_the_left() -> None:
    upright = torch.zeros(1, 28, 28)
    upright[:, 6:22, 13:15] = 1
    angle = math.radians(20)
    turned = maps(1)
    turned[0, :, :2] = torch.tensor(
        [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    )
    result = distort(upright, turned)[0]
    places = torch.arange(28.0)
    top, bottom = result[:12].sum(0), result[16:].sum(0)
    assert (top @ places) / top.sum() < 12
    assert (bottom @ places) / bottom.sum() > 15
