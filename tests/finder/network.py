"""The network that finds digits, as it is trained and written."""

import itertools
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTHS = (16, 32, 48, 64, 64)  # channels at a half, a quarter … of the photo's resolution
PLANES = 5  # of what it reads (`planes_of`)
MARKS = 2  # for each pixel


class Finder(nn.Module):
    """A U-Net (Ronneberger, Fischer & Brox 2015) on blocks of 2×2 pixels.

    From planes (N, 5, H, W) it makes the logits (N, 2, H, W) of ink and of a digit's middle. Sides
    are multiples of 32.
    """

    def __init__(self) -> None:
        super().__init__()
        inputs = (4 * PLANES, *WIDTHS[:-1])
        self.down = nn.ModuleList(
            _twice(channels, width) for channels, width in zip(inputs, WIDTHS, strict=True)
        )
        self.up = nn.ModuleList(
            _once(width + below, width) for width, below in itertools.pairwise(WIDTHS)
        )
        self.last = nn.Conv2d(WIDTHS[0], 4 * MARKS, 3, padding=1)

    def forward(self, planes: Tensor) -> Tensor:
        """The logits for the planes of photos."""
        blocks = functional.pixel_unshuffle(planes, 2)  # (N, 20, H / 2, W / 2)
        return functional.pixel_shuffle(self.blocks(blocks), 2)

    def blocks(self, marks: Tensor) -> Tensor:
        """The same for pixels of a block as channels.

        They are (N, 20, H / 2, W / 2) of what it reads, and (N, 8, H / 2, W / 2) of logits.
        """
        levels: list[Tensor] = []  # what each level hands across to the way up
        for level, block in enumerate(self.down):
            marks = block(functional.max_pool2d(marks, 2) if level else marks)
            levels.append(marks)
        for level in reversed(range(len(self.up))):
            enlarged = functional.interpolate(marks, scale_factor=2.0)
            marks = self.up[level](torch.cat([levels[level], enlarged], dim=1))
        return self.last(marks)

    def read(self, path: Path) -> None:
        """Take the weights from a file that `write` made."""
        tensors = onnx.load(path).graph.initializer
        weights = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in tensors}
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
    """What is written of a finder: blocks of pixels in, blocks of probabilities out."""

    def __init__(self, finder: Finder) -> None:
        super().__init__()
        self.finder = finder

    def forward(self, marks: Tensor) -> Tensor:
        return torch.sigmoid(self.finder.blocks(marks))


def _once(inputs: int, outputs: int) -> nn.Sequential:
    """A convolution between so many channels."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU())


def _twice(inputs: int, outputs: int) -> nn.Sequential:
    """Two convolutions, one after the other."""
    return nn.Sequential(*_once(inputs, outputs), *_once(outputs, outputs))
