"""Training images changed by chance: shifted, distorted, on fewer pixels, a square cut out.

What changes is drawn for a whole batch first. The images are changed by functions of that, so that
threads may share the batch.

`torchvision.transforms.v2` has one set of parameters a call and draws them from the global
generator: images that are each distorted in their own way take a call each, and no resume is exact.
A batch of 200 takes it 38 ms on one core in place of 0.8 (affine and elastic), 1.5 in place of 0.3
(squares cut out), 0.5 in place of 0.1 (shifts; `bench_distortions.py`). Importing it takes 1.1 s of
each training. Fewer pixels take it 1.2 in place of 1.9, but with weaker ink.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from rnn_tui.engine.training.devices import send
from rnn_tui.tasks.config import OPEN_SET
from rnn_tui.tasks.images.inference import SIDE

# Images shifted, or brought to as few pixels, together: one shift for a batch of 100 costs the RNN
# 0.3 points (five seeds), one for each image too much time.
GROUP = 32


def draw_shifts(count: int, random: torch.Generator, reach: int = 1) -> list[list[int]]:
    """Draw by how many rows and columns, −reach … reach, each group of `count` images is moved."""
    groups = -(-count // GROUP)
    moves: list[list[int]] = torch.randint(
        -reach, reach + 1, (groups, 2), generator=random
    ).tolist()
    return moves


def shift_groups(images: Tensor, moves: Sequence[Sequence[int]], start: int = 0) -> Tensor:
    """Move the images (N, 28, 28) of a batch, group by group.

    They are moved around the edge, where 813 of the 60,000 training images have ink.

    Args:
        images: some of the batch, one after another.
        moves: rows and columns of each group of the batch.
        start: the place in the batch of the first of `images`.
    """
    own_moves = moves[start // GROUP :]
    moved = [
        group.roll(move, dims=(-2, -1))
        for group, move in zip(_groups_of(images, start), own_moves, strict=False)
    ]
    return torch.cat(moved)


def _groups_of(images: Tensor, start: int) -> Sequence[Tensor]:
    """Split images, the first of which is at `start` in its batch, into the groups they are in."""
    rest_of_group = GROUP - start % GROUP
    inner_ends = list(range(rest_of_group, len(images), GROUP))
    return images.tensor_split(inner_ends)


Limits = tuple[float, float]


@dataclass(frozen=True)
class DigitLimits:
    """How far a plain digit may be distorted to either side: shares of the limits of all, 0 … 1."""

    digit: int  #: `ONE_OR_SEVEN` for what may be either.
    turns: Limits  #: to the right, to the left.
    shears: Limits  #: back, ahead.
    widths: Limits  #: wider, narrower.


@dataclass(frozen=True)
class Distortion:
    """The limits of elastic augmentation, in both directions unless a field says otherwise."""

    rotation: float = 15.0  #: in degrees.
    shift: float = 2.0  #: in pixels.
    scale: float = 1.2  #: factor of the size, or its inverse.
    shear: float = 0.25  #: shear factor.
    #: logarithm of the factor by which width grows and height shrinks, or the reverse.
    aspect: float = 0.0
    #: how much thicker or thinner strokes get, 0 … 1: a share of what the most, or least, ink among
    #: a pixel's neighbours does.
    stroke: float = 0.0
    elastic: float = 0.03  #: standard deviation of the displacements, in half image widths.
    grid: int = 6  #: the displacements are drawn on a grid of this many points each way.
    #: the fewest pixels a side that an image is shrunk to before it is enlarged again, in one of
    #: three groups.
    fewest_pixels: int = SIDE
    #: the side, in pixels, of a square of background in three of four images (DeVries & Taylor
    #: 2017).
    cutout: int = 0
    limits: tuple[DigitLimits, ...] = ()  #: of plain digits.

    def draw(self, plain: Tensor, random: torch.Generator) -> Tensor:
        """Draw random maps (N, 2, 3 + grid²) for `distort`: an affine map and displacements.

        The random numbers do not depend on the digits: those of a plain one are multiplied by its
        limits.

        The affine map is, with the angle α, a zoom z, a shear s and an aspect a:

            x = z a (cos α · x' + (s cos α − sin α) · y') + shift
            y = z / a (sin α · x' + (s sin α + cos α) · y') + shift

        It leads from the distorted image to the original, so that an image is turned to the left by
        α, leans ahead by s, and is narrower by z a.

        Args:
            plain: (N,) the digits of images that limits hold for, as in `TrainingSet.plain`.
            random: all chance.
        """
        count = len(plain)
        uniform = torch.rand(5, count, generator=random) * 2 - 1
        turn, shear = uniform[0], uniform[2]
        wider = torch.rand(count, generator=random) * 2 - 1 if self.aspect else torch.zeros(count)
        for limits in self.limits:
            is_limited = plain == limits.digit
            turn = torch.where(is_limited, _limited(turn, limits.turns), turn)
            shear = torch.where(is_limited, _limited(shear, limits.shears), shear)
            wider = torch.where(is_limited, _limited(wider, limits.widths), wider)
        angle = torch.deg2rad(turn * self.rotation)
        zoom = torch.exp(uniform[1] * -math.log(self.scale))
        shear = shear * self.shear
        cosine, sine = angle.cos() * zoom, angle.sin() * zoom
        move_x, move_y = uniform[3:] * (self.shift / 14)  # 28 pixels are −1 … 1
        of_x = [cosine, shear * cosine - sine, move_x]
        of_y = [sine, shear * sine + cosine, move_y]
        if self.aspect:
            factor = torch.exp(wider * self.aspect)
            of_x[:2] = [coefficient * factor for coefficient in of_x[:2]]
            of_y[:2] = [coefficient / factor for coefficient in of_y[:2]]
        affine = torch.stack([*of_x, *of_y]).T.reshape(count, 2, 3)
        displacements = torch.randn(count, 2, self.grid**2, generator=random) * self.elastic
        return torch.cat([affine, displacements], dim=-1)

    def draw_strokes(self, count: int, random: torch.Generator) -> Tensor:
        """Draw changes of stroke width (N,) for `restroke`, −stroke … stroke; a third are 0."""
        uniform = torch.rand(count, generator=random) * 3 - 1.5
        return F.softshrink(uniform, 0.5) * self.stroke

    def draw_sides(self, count: int, random: torch.Generator) -> list[int]:
        """Draw to how many pixels a side each group of `count` images is shrunk, for `coarsen`."""
        groups = -(-count // GROUP)
        sides = torch.randint(self.fewest_pixels, SIDE, (groups,), generator=random)
        is_left = torch.rand(groups, generator=random) >= 1 / 3
        drawn: list[int] = sides.masked_fill(is_left, SIDE).tolist()
        return drawn

    def draw_squares(self, count: int, random: torch.Generator) -> Tensor:
        """Draw which rows and columns lie in the square that is cut out of each image.

        Returns:
            (N, 2, 28) bool; no rows if an image has no square, as one in four.
        """
        first = torch.randint(0, SIDE + 1 - self.cutout, (2, count, 1), generator=random)
        places = torch.arange(SIDE)
        inside = (places >= first) & (places < first + self.cutout)  # (2, N, 28)
        inside[0] &= torch.rand(count, 1, generator=random) < 0.75
        return inside.transpose(0, 1)


def _limited(uniform: Tensor, limits: Limits) -> Tensor:
    """Return what was drawn in −1 … 1 (N,) with each sign multiplied by its own limit."""
    negative, positive = limits
    return torch.where(uniform < 0, uniform * negative, uniform * positive)


NOT_PLAIN = -1  # of an image that shows no 1 or 7, or one with a foot or a bar
ONE_OR_SEVEN = 17  # of an image of what may be either
# A 1 with a flag that is turned to the right, leans ahead and becomes wider looks like a 7, and a 7
# the other way round like a 1 (`ones_and_sevens`). A foot or a bar still tells which it is.
ONES = DigitLimits(1, turns=(0.5, 1.0), shears=(1.0, 0.3), widths=(0.3, 1.0))
SEVENS = DigitLimits(7, turns=(1.0, 0.7), shears=(0.2, 1.0), widths=(1.0, 0.2))
# What may be either is hardly distorted, so that it stays so.
EITHER = DigitLimits(ONE_OR_SEVEN, turns=(0.2, 0.2), shears=(0.2, 0.2), widths=(0.3, 0.3))
# Other hands, pens and cameras differ more than MNIST's: without turns by 25°, photos turned so far
# are read 2.5 points worse.
# A digit that fills ten pixels of a photo is as coarse as one shrunk to 14 of 28.
PHOTO_DISTORTION = Distortion(
    rotation=25.0, aspect=0.2, stroke=0.7, fewest_pixels=10, limits=(ONES, SEVENS, EITHER)
)
#: the distortion of each augmentation, by its name.
DISTORTIONS = {
    "elastic": Distortion(),
    "strong-elastic": Distortion(elastic=0.045),
    "cutout": Distortion(elastic=0.045, cutout=10),
    "photo": PHOTO_DISTORTION,
    OPEN_SET: PHOTO_DISTORTION,
}


@lru_cache(maxsize=4)
def _basis(grid: int, rows: int, columns: int, device: torch.device) -> Tensor:
    """Return what each coefficient of a map adds to each pixel's coordinate: (3 + grid², R·C).

    The first three rows are x, y and 1; each of the others is the displacement of one grid point,
    spread bicubically. So one matrix product makes the sampling grid of a whole batch.
    """
    x = ((torch.arange(columns) * 2 + 1) / columns - 1).expand(rows, columns)
    y = ((torch.arange(rows) * 2 + 1) / rows - 1)[:, None].expand(rows, columns)
    affine = torch.stack([x, y, torch.ones(rows, columns)])  # (3, R, C)
    points = torch.eye(grid**2).reshape(grid**2, 1, grid, grid)
    # (g², 1, R, C)
    spread = F.interpolate(points, (rows, columns), mode="bicubic", align_corners=True)
    return send(torch.cat([affine.flatten(1), spread.flatten(1)]), device)


def distort(images: Tensor, maps: Tensor) -> Tensor:
    """Distort each image (N, R, C) by its own affine map and smooth displacement.

    Elastic distortions as in Simard, Steinkraus & Platt (2003), with the smooth field taken from a
    coarse grid.

    Args:
        images: with a border of background, of which there is more beyond them.
        maps: (N, 2, 3 + g²), for the x and the y coordinate of `F.grid_sample`. The first three are
            the coefficients of x, y and 1, the others the displacements of the g × g grid points,
            row by row.
    """
    count, rows, columns = images.shape
    grid = round(math.sqrt(maps.shape[-1] - 3))
    basis = _basis(grid, rows, columns, images.device)  # (3 + g², R·C)
    places = (maps.reshape(count * 2, -1) @ basis).reshape(count, 2, rows, columns)
    distorted = F.grid_sample(
        images[:, None],  # (N, 1, R, C)
        places.permute(0, 2, 3, 1),  # (N, R, C, 2)
        padding_mode="border",
        align_corners=False,
    )
    return distorted[:, 0]


def restroke(images: Tensor, amounts: Tensor) -> Tensor:
    """Return images (N, R, C) with thicker or thinner strokes.

    Args:
        images: ink is larger than its ground.
        amounts: (N,), thicker above 0, thinner below; ±1 is a dilation or erosion by 3 × 3.
    """
    sources = images[:, None]  # (N, 1, R, C)
    thicker = F.max_pool2d(sources, 3, 1, 1)[:, 0]
    thinner = -F.max_pool2d(-sources, 3, 1, 1)[:, 0]
    shares = amounts[:, None, None].to(images.dtype)  # (N, 1, 1)
    return torch.lerp(images, torch.where(shares > 0, thicker, thinner), shares.abs())


def coarsen(images: Tensor, sides: Sequence[int], start: int = 0) -> Tensor:
    """Bring the images (N, 28, 28) of a batch to fewer pixels and back, group by group.

    Their ink stays as strong as it was: photos are brought to full ink too.

    Args:
        images: some of the batch, one after another, 0 … 1.
        sides: the pixels a side of each group of the batch; 28 leaves a group as it is.
        start: the place in the batch of the first of `images`.
    """
    own_sides = sides[start // GROUP :]
    coarse = [
        group if side == SIDE else _on_pixels(group, side)
        for group, side in zip(_groups_of(images, start), own_sides, strict=False)
    ]
    return torch.cat(coarse)


def _on_pixels(images: Tensor, side: int) -> Tensor:
    """Return images (N, 28, 28), 0 … 1, as if taken with `side` pixels a side, and enlarged."""
    small = F.interpolate(images[:, None], (side, side), mode="area")  # (N, 1, side, side)
    large = F.interpolate(small, (SIDE, SIDE), mode="bicubic")[:, 0].clamp_(min=0)
    strongest = images.amax(dim=(-2, -1), keepdim=True)
    peak = large.amax(dim=(-2, -1), keepdim=True).clamp_(min=1e-3)
    return large.mul_(strongest / peak)


def cut_out(images: Tensor, squares: Tensor) -> Tensor:
    """Cut a square of background out of each of the images (N, 28, 28), in place.

    `squares` (N, 2, 28) says which rows and which columns lie in it.
    """
    rows, columns = squares[:, 0, :, None], squares[:, 1, None]  # (N, 28, 1), (N, 1, 28)
    return images.masked_fill_(rows & columns, 0.0)


#: Changes images, bytes, which are a slice of the batch.
Change = Callable[[Tensor, slice], Tensor]


def draw_changes(kind: str, plain: Tensor, random: torch.Generator, device: torch.device) -> Change:
    """Draw how the images of a batch are changed.

    Args:
        kind: an augmentation's name.
        plain: (B,) as in `Distortion.draw`, on the CPU.
        random: all chance.
        device: where the images are.
    """
    count = len(plain)
    if kind == "shift":
        return BatchShift(draw_shifts(count, random))
    distortion = DISTORTIONS.get(kind)
    if distortion is None:
        return unchanged
    maps = send(distortion.draw(plain, random), device)
    strokes = send(distortion.draw_strokes(count, random), device) if distortion.stroke else None
    sides = distortion.draw_sides(count, random) if distortion.fewest_pixels < SIDE else None
    squares = send(distortion.draw_squares(count, random), device) if distortion.cutout else None
    return BatchDistortion(maps, strokes, sides, squares)


def unchanged(images: Tensor, _part: slice) -> Tensor:
    """Return the images as they are."""
    return images


@dataclass(frozen=True)
class BatchShift:
    """Moves the images of a batch, a group of them by as much."""

    moves: list[list[int]]  #: rows and columns of each group.

    def __call__(self, images: Tensor, part: slice) -> Tensor:
        """Change images (N, 28, 28) uint8, which are a part of the batch."""
        return shift_groups(images, self.moves, part.start)


@dataclass(frozen=True)
class BatchDistortion:
    """Distorts each image of a batch in its own way."""

    maps: Tensor  #: as `distort` takes them.
    strokes: Tensor | None  #: the argument of `restroke`; None if strokes are not changed.
    sides: list[int] | None  #: the argument of `coarsen`; None if all pixels are kept.
    squares: Tensor | None  #: as `cut_out` takes them; None if nothing is cut out.

    def __call__(self, images: Tensor, part: slice) -> Tensor:
        """Change images (N, 28, 28) uint8, which are a part of the batch: floats, 0 … 1."""
        images = distort(images.float().div_(255), self.maps[part])
        if self.strokes is not None:
            images = restroke(images, self.strokes[part])
        if self.sides is not None:
            images = coarsen(images, self.sides, part.start)
        if self.squares is not None:
            images = cut_out(images, self.squares[part])
        return images
