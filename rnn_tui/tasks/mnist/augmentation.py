"""Training images shifted, distorted, with other strokes, cut: functions of what was drawn, so
threads may share a batch.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from rnn_tui.engine.devices import send
from rnn_tui.tasks.config import OPEN_SET
from rnn_tui.tasks.mnist.inference import SIDE

# Images shifted together: one shift for a batch of 100 costs the RNN 0.3 points (five seeds), one
# for each image too much time.
SHIFT_GROUP = 32


def draw_shifts(count: int, random: torch.Generator, reach: int = 1) -> list[list[int]]:
    """By how many rows and columns, −reach … reach, each group of `count` images is moved."""
    moves: list[list[int]] = torch.randint(
        -reach, reach + 1, (-(-count // SHIFT_GROUP), 2), generator=random
    ).tolist()
    return moves


def shift_groups(images: Tensor, moves: Sequence[Sequence[int]], at: int = 0) -> Tensor:
    """Images (N, 28, 28) of a batch, from the one `at` on, moved; around the edge, where 813 of
    60,000 have ink.
    """
    ends = [*range(SHIFT_GROUP - at % SHIFT_GROUP, len(images), SHIFT_GROUP), len(images)]
    groups = images.tensor_split(ends[:-1])
    return torch.cat(
        [
            group.roll(move, dims=(-2, -1))
            for group, move in zip(groups, moves[at // SHIFT_GROUP :], strict=False)
        ]
    )


@dataclass(frozen=True)
class Distortion:
    """How far elastic augmentation goes: the most, either way, unless said otherwise."""

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
    #: the side, in pixels, of a square of background in three of four images (DeVries & Taylor
    #: 2017).
    cutout: int = 0

    def draw(self, count: int, random: torch.Generator) -> Tensor:
        """Random maps (N, 2, 3 + grid²) for `distort`: an affine map and displacements."""
        uniform = torch.rand(5, count, generator=random) * 2 - 1
        angle = torch.deg2rad(uniform[0] * self.rotation)
        zoom = torch.exp(uniform[1] * -math.log(self.scale))
        shear = uniform[2] * self.shear
        cosine, sine = angle.cos() * zoom, angle.sin() * zoom
        move = uniform[3:] * (self.shift / 14)  # 28 pixels are −1 … 1
        rows = [cosine, shear * cosine - sine, move[0], sine, shear * sine + cosine, move[1]]
        if self.aspect:
            wider = torch.exp((torch.rand(count, generator=random) * 2 - 1) * self.aspect)
            rows[:2] = [row * wider for row in rows[:2]]
            rows[3:5] = [row / wider for row in rows[3:5]]
        elastic = torch.randn(count, 2, self.grid**2, generator=random) * self.elastic
        return torch.cat([torch.stack(rows).T.reshape(count, 2, 3), elastic], dim=-1)

    def draw_strokes(self, count: int, random: torch.Generator) -> Tensor:
        """Random changes of stroke width (N,) for `restroke`, −stroke … stroke; a third are 0."""
        return F.softshrink(torch.rand(count, generator=random) * 3 - 1.5, 0.5) * self.stroke

    def draw_squares(self, count: int, random: torch.Generator) -> Tensor:
        """Which rows, and which columns (N, 2, 28), are in an image's square of `cutout`: no rows
        where it has none.
        """
        first = torch.randint(0, SIDE + 1 - self.cutout, (2, count, 1), generator=random)
        inside = (torch.arange(SIDE) >= first) & (torch.arange(SIDE) < first + self.cutout)
        inside[0] &= torch.rand(count, 1, generator=random) < 0.75
        return inside.transpose(0, 1)


# Other hands, pens and cameras differ more than MNIST's: without turns by 25°, photos turned so far
# are read 2.5 points worse.
PHOTO_DISTORTION = Distortion(rotation=25.0, aspect=0.2, stroke=0.7)
#: by the name of the augmentation.
DISTORTIONS = {
    "elastic": Distortion(),
    "strong-elastic": Distortion(elastic=0.045),
    "cutout": Distortion(elastic=0.045, cutout=10),
    "photo": PHOTO_DISTORTION,
    OPEN_SET: PHOTO_DISTORTION,
}


@lru_cache(maxsize=4)
def _basis(grid: int, rows: int, columns: int, device: torch.device) -> Tensor:
    """Row k is what coefficient k of a map adds to every pixel's coordinate: (3 + grid², R·C). The
    first three rows are x, y and 1; the others a displacement of one grid point, spread
    bicubically. So one matrix product makes the sampling grid of a whole batch.
    """
    x = (torch.arange(columns) * 2 + 1) / columns - 1
    y = (torch.arange(rows) * 2 + 1) / rows - 1
    affine = torch.stack(
        [x.expand(rows, columns), y[:, None].expand(rows, columns), torch.ones(rows, columns)]
    )
    points = torch.eye(grid**2).reshape(grid**2, 1, grid, grid)
    spread = F.interpolate(points, (rows, columns), mode="bicubic", align_corners=True)
    return send(torch.cat([affine.flatten(1), spread.flatten(1)]), device)


def distort(images: Tensor, maps: Tensor) -> Tensor:
    """Images (N, R, C), with a border of background, seen through an affine map and a smooth
    displacement each.

    Elastic distortions as in Simard, Steinkraus & Platt (2003), with the smooth field taken from a
    coarse grid. Of the `maps` (N, 2, 3 + g²), for the x and the y coordinate of `F.grid_sample`,
    the first three are the coefficients of x, y and 1, the others the displacements of the g × g
    grid points, row by row.
    """
    count, rows, columns = images.shape
    basis = _basis(round(math.sqrt(maps.shape[-1] - 3)), rows, columns, images.device)
    places = (maps.reshape(count * 2, -1) @ basis).reshape(count, 2, rows, columns)
    # Beyond the image lies more of its border: background, whatever its value.
    return F.grid_sample(
        images[:, None], places.permute(0, 2, 3, 1), padding_mode="border", align_corners=False
    )[:, 0]


def restroke(images: Tensor, amounts: Tensor) -> Tensor:
    """Images (N, R, C), strokes thicker by amounts (N,) above 0, thinner below: ±1 is a dilation or
    erosion by 3 × 3.
    """
    sources = images[:, None]
    thicker, thinner = F.max_pool2d(sources, 3, 1, 1)[:, 0], -F.max_pool2d(-sources, 3, 1, 1)[:, 0]
    shares = amounts[:, None, None].to(images.dtype)
    return torch.lerp(images, torch.where(shares > 0, thicker, thinner), shares.abs())


def cut_out(images: Tensor, squares: Tensor) -> Tensor:
    """Images (N, 28, 28), changed in place: background where row and column are both among those of
    `squares` (N, 2, 28).
    """
    return images.masked_fill_(squares[:, 0, :, None] & squares[:, 1, None], 0.0)


def draw_changes(
    kind: str, count: int, random: torch.Generator, device: torch.device
) -> Callable[[Tensor, slice], Tensor]:
    """Draw a batch's changes by an augmentation's name; returns a function of images, bytes, and
    their slice of the batch.
    """
    if kind == "shift":
        moves = draw_shifts(count, random)
        return lambda images, part: shift_groups(images, moves, part.start)
    if (distortion := DISTORTIONS.get(kind)) is None:
        return lambda images, _part: images
    maps = send(distortion.draw(count, random), device)
    strokes = send(distortion.draw_strokes(count, random), device) if distortion.stroke else None
    squares = send(distortion.draw_squares(count, random), device) if distortion.cutout else None

    def change(images: Tensor, part: slice) -> Tensor:
        images = distort(images.float().div_(255), maps[part])
        if strokes is not None:
            images = restroke(images, strokes[part])
        return images if squares is None else cut_out(images, squares[part])

    return change
