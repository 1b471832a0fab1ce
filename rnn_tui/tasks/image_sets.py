"""The sets of labelled images that a reader of images can be trained on, as known without torch.

MNIST ships. The others are torchvision's: `torchvision_name` is the class there that reads one, and
`files` are those that it reads below its root. A test compares names and classes with torchvision.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rnn_tui.engine.files import outside
from rnn_tui.engine.files.paths import data_dir

DIGITS = tuple(map(str, range(10)))


@dataclass(frozen=True)
class ImageSet:
    """A set of labelled images, in training and test images."""

    name: str  #: as typed, such as `fashion`.
    label: str  #: as shown.
    torchvision_name: str  #: the class in `torchvision.datasets`.
    files: tuple[str, ...]  #: below torchvision's root: images and labels, training before test.
    images: int = 60_000  #: training images as published, validation images among them.
    test_images: int = 10_000  #: test images as published.
    classes: tuple[str, ...] = DIGITS  #: what the labels 0, 1, … mean.
    has_border: bool = True  #: whether the outer rows of its images are background.

    @property
    def shows_digits(self) -> bool:
        """Whether its classes are the ten digits."""
        return self.classes == DIGITS

    def missing(self, root: Path) -> list[str]:
        """Return the files that are not below a torchvision root."""
        return [name for name in self.files if not outside.exists(root / name)]


def _idx_files(folder: str, *parts: str, labels: str = "labels-idx1-ubyte") -> tuple[str, ...]:
    """Return the names of IDX files: the images and the labels of each part."""
    return tuple(
        f"{folder}/raw/{part}-{kind}" for part in parts for kind in ("images-idx3-ubyte", labels)
    )


SHIPPED_SET = ImageSet("mnist", "MNIST", "MNIST", _idx_files("MNIST", "train", "t10k"))
_SETS = (
    SHIPPED_SET,
    ImageSet(
        "fashion",
        "Fashion-MNIST",
        "FashionMNIST",
        _idx_files("FashionMNIST", "train", "t10k"),
        classes=(
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
        has_border=False,
    ),
    ImageSet(
        "kmnist",
        "Kuzushiji-MNIST",
        "KMNIST",
        _idx_files("KMNIST", "train", "t10k"),
        classes=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
        has_border=False,
    ),
    ImageSet(
        "qmnist",
        "QMNIST",
        "QMNIST",
        _idx_files("QMNIST", "qmnist-train", "qmnist-test", labels="labels-idx2-int"),
        test_images=60_000,
    ),
    ImageSet(
        "emnist-digits",
        "EMNIST digits",
        "EMNIST",
        _idx_files("EMNIST", "emnist-digits-train", "emnist-digits-test"),
        images=240_000,
        test_images=40_000,
    ),
    ImageSet("usps", "USPS", "USPS", ("usps.bz2", "usps.t.bz2"), images=7_291, test_images=2_007),
)
IMAGE_SETS: Mapping[str, ImageSet] = {image_set.name: image_set for image_set in _SETS}


def default_root() -> Path:
    """Return the folder of downloaded sets, a torchvision root, unless a user names another."""
    return data_dir() / "torchvision"


def root_of(folder: str | None) -> Path:
    """Return the torchvision root that a user names, or the default one."""
    return default_root() if folder is None else Path(outside.expanded(folder))
