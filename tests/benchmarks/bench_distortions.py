"""Time our distortions of a batch beside those of torchvision's `transforms.v2` that do the same.

v2 has one set of parameters a call, for all the images of it; so images that are to be distorted
each in its own way take a call each. Its random parameters come from PyTorch's global generator,
which an exact resume can't use: here they are drawn as ours are, and given to its functions.
"""

import argparse
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as v2

from rnn_tui.tasks.images.inference import SIDE
from rnn_tui.tasks.mnist.augmentation import (
    GROUP,
    Distortion,
    coarsen,
    cut_out,
    distort,
    draw_shifts,
    shift_groups,
)

DISTORTION = Distortion(cutout=10, fewest_pixels=14)


def distort_by_v2(images: Tensor, random: torch.Generator) -> Tensor:
    """Return images (N, 28, 28), each with an affine map and an elastic displacement of its own."""
    distorted = []
    for image in images[:, None]:  # (1, 28, 28)
        turn, shear, x, y = (torch.rand(4, generator=random) * 2 - 1).tolist()
        coarse = torch.randn(1, 2, 6, 6, generator=random) * DISTORTION.elastic
        fine = torch.nn.functional.interpolate(coarse, (SIDE, SIDE), mode="bicubic")
        moved = v2.affine(
            image,
            angle=turn * DISTORTION.rotation,
            translate=[x * DISTORTION.shift, y * DISTORTION.shift],
            scale=1.0,
            shear=[shear * 14, 0.0],  # degrees
            interpolation=InterpolationMode.BILINEAR,
        )
        distorted.append(v2.elastic(moved, fine.permute(0, 2, 3, 1)))
    return torch.cat(distorted)


def shift_by_v2(images: Tensor, moves: list[list[int]]) -> Tensor:
    """Return images moved group by group; what leaves an image does not come in again."""
    moved = [
        v2.affine(group, angle=0.0, translate=[float(x), float(y)], scale=1.0, shear=[0.0, 0.0])
        for group, (y, x) in zip(images.split(GROUP), moves, strict=True)
    ]
    return torch.cat(moved)


def coarsen_by_v2(images: Tensor, sides: list[int]) -> Tensor:
    """Return images brought to fewer pixels and back group by group; their ink gets weaker."""
    coarse = []
    for group, side in zip(images.split(GROUP), sides, strict=True):
        small = v2.resize(group, [side, side])
        coarse.append(v2.resize(small, [SIDE, SIDE], InterpolationMode.BICUBIC))
    return torch.cat(coarse)


def erase_by_v2(images: Tensor, random: torch.Generator) -> Tensor:
    """Return images without a square, each at a place of its own."""
    places = torch.randint(0, SIDE - 10, (len(images), 2), generator=random).tolist()
    blank = torch.zeros(1)
    pairs = zip(images[:, None], places, strict=True)
    return torch.cat([v2.erase(image, i, j, 10, 10, blank) for image, (i, j) in pairs])


def milliseconds(function: Callable[[], object], seconds: float) -> float:
    """Return the processor time of the fastest call, of as many as fit into some seconds."""
    function()
    best = float("inf")
    end = time.process_time() + seconds
    while time.process_time() < end:
        start = time.process_time()
        function()
        best = min(best, time.process_time() - start)
    return 1000 * best


def main() -> None:
    """Print a line for each distortion: our time and that of v2."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--batch", type=int, default=200, help="images (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=3.0, help="each (default: %(default)s)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    random = torch.Generator().manual_seed(0)
    count = options.batch
    images = torch.rand(count, SIDE, SIDE, generator=random)
    plain = torch.full((count,), -1)
    moves = draw_shifts(count, random)
    sides = [14] * -(-count // GROUP)
    rows: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "affine and elastic": (
            lambda: distort(images, DISTORTION.draw(plain, random)),
            lambda: distort_by_v2(images, random),
        ),
        "shift": (lambda: shift_groups(images, moves), lambda: shift_by_v2(images, moves)),
        "fewer pixels": (lambda: coarsen(images, sides), lambda: coarsen_by_v2(images, sides)),
        "square cut out": (
            lambda: cut_out(images.clone(), DISTORTION.draw_squares(count, random)),
            lambda: erase_by_v2(images, random),
        ),
    }
    print(f"{'ms a batch of ' + str(count):24}{'ours':>8}{'v2':>8}")
    for name, (ours, theirs) in rows.items():
        times = [milliseconds(function, options.seconds) for function in (ours, theirs)]
        print(f"{name:24}{times[0]:8.2f}{times[1]:8.2f}")


if __name__ == "__main__":
    main()
