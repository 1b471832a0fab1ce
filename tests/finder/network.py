"""The network that finds digits, as it is trained and written."""

from pathlib import Path

import onnx
import torch
from torch import Tensor, nn
from torch.nn import functional

# Channels at a half, a quarter … of the photo's resolution.
WIDTHS = (16, 32, 48, 64, 64)
# Planes of what it sees (`planes_of`), and marks for each pixel.
PLANES, MARKS = 5, 2


class Finder(nn.Module):
    """A U-Net (Ronneberger, Fischer & Brox 2015) on blocks of 2×2 pixels: (N, 5, H, W) to (N, 2, H,
    W).

    Gives the logits of ink and of a digit's middle. Sides are multiples of 32.
    """

    def __init__(self) -> None:
        super().__init__()
        before = (4 * PLANES, *WIDTHS[:-1])
        self.down = nn.ModuleList(_twice(old, new) for old, new in zip(before, WIDTHS, strict=True))
        self.up = nn.ModuleList(
            _once(WIDTHS[at] + WIDTHS[at + 1], WIDTHS[at]) for at in range(len(WIDTHS) - 1)
        )
        self.last = nn.Conv2d(WIDTHS[0], 4 * MARKS, 3, padding=1)

    def forward(self, planes: Tensor) -> Tensor:
        """The logits for the planes of photos."""
        return functional.pixel_shuffle(self.blocks(functional.pixel_unshuffle(planes, 2)), 2)

    def blocks(self, marks: Tensor) -> Tensor:
        """The same with blocks of pixels as channels: (N, 20, H / 2, W / 2) to (N, 8, H / 2, W /
        2).
        """
        kept = []
        for at, block in enumerate(self.down):
            marks = block(functional.max_pool2d(marks, 2) if at else marks)
            kept.append(marks)
        for at in reversed(range(len(self.up))):
            marks = self.up[at](
                torch.cat([kept[at], functional.interpolate(marks, scale_factor=2.0)], dim=1)
            )
        return self.last(marks)

    def read(self, path: Path) -> None:
        """Take the weights from a file that `write` made."""
        weights = {
            one.name: onnx.numpy_helper.to_array(one) for one in onnx.load(path).graph.initializer
        }
        self.load_state_dict(
            {name: torch.tensor(weights[f"finder.{name}"]) for name in self.state_dict()}
        )

    def write(self, path: Path) -> None:
        """Write a file that OpenCV reads: from blocks of pixels to blocks of probabilities."""
        sides = {2: "height", 3: "width"}
        torch.onnx.export(
            _InBlocks(self).eval(),
            (torch.zeros(1, 4 * PLANES, 64, 64),),
            str(path),
            input_names=["picture"],
            output_names=["marks"],
            dynamic_axes={"picture": sides, "marks": sides},
            dynamo=False,
        )
        self.train()


class _InBlocks(nn.Module):
    """What is written of a finder."""

    def __init__(self, finder: Finder) -> None:
        super().__init__()
        self.finder = finder

    def forward(self, marks: Tensor) -> Tensor:
        return torch.sigmoid(self.finder.blocks(marks))


def _once(old: int, new: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(old, new, 3, padding=1), nn.ReLU())


def _twice(old: int, new: int) -> nn.Sequential:
    return nn.Sequential(*_once(old, new), *_once(new, new))
