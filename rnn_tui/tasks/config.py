"""The settings of the two kinds of networks: readers of images, and sets of small networks."""

from dataclasses import dataclass, replace
from typing import Any, Self

from rnn_tui.engine.config import IMAGES, SEQUENCES, Recipe, Replica, RunConfig, Variant
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.settings import SETTINGS, ChoiceSetting, check_choice, register
from rnn_tui.networks import CELLS
from rnn_tui.networks.initialisations import check_initialisation
from rnn_tui.tasks.image_sets import IMAGE_SETS, SHIPPED_SET, ImageSet

INNER_ROWS = range(4, 24)  # of the 28 of an image: those in which most digits have their ink
# the augmentation of open set recognition: extra data may also show what is no digit
OPEN_SET = "open-set"
# images that each worker evaluates at a time: enough to keep a core busy, few enough for its cache;
# 1,000 at a time take a third longer
EVALUATION_BATCH = 250
# rows (replicas times sequences) that an evaluation reads at a time: its states stay in the cache
EVALUATION_ROWS = 8_000
# inputs and answers of a data set that an evaluation has in memory at a time
EVALUATION_NUMBERS = 4_000_000
DRAWN_BYTES = 8  # bytes of a random whole number as PyTorch draws it

register(
    ChoiceSetting(
        "dataset",
        "Data set",
        "the images to train and test on",
        {image_set.name: image_set.label for image_set in IMAGE_SETS.values()},
        in_names="{}",
        advanced=True,
    )
)


@dataclass(frozen=True, kw_only=True)
class ImageConfig(RunConfig):
    """The settings of a network that reads images row by row; `cell` is a key of
    `networks.CELLS`.
    """

    hidden_size: int = 128  #: units in each recurrent layer.
    layers: int = 1  #: recurrent layers.
    #: validation images of which each snapshot keeps the gradient through time.
    gradient_inputs: int = 0
    dataset: str = SHIPPED_SET.name  #: the images to train and test on, such as `fashion`.
    #: a torchvision root with the data, or None for the data that ships or was downloaded.
    data_dir: str | None = None
    extra_data: str | None = None  #: a file of further training images, or None.
    #: a file of weights to start from in place of random ones, or None.
    start_from: str | None = None

    reads = IMAGES

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("Cell", self.cell, tuple(CELLS))
        check_initialisation(self.recipe.initialisation, CELLS[self.cell])
        for path in (self.data_dir, self.extra_data, self.start_from):
            if not isinstance(path, str | None):
                raise SettingError("Data and weights must be paths.")
        if self.knows_no_digit and not self.image_set.shows_digits:
            raise SettingError(
                f"Augmentation {OPEN_SET} adds drawings of digits, which {self.image_set.label} "
                "does not show; choose another preset or augmentation."
            )

    @property
    def image_set(self) -> ImageSet:
        """The images that it trains on."""
        return IMAGE_SETS[self.dataset]

    @property
    def classes(self) -> tuple[str, ...]:
        """What the labels of the images mean."""
        return self.image_set.classes

    @property
    def ships(self) -> bool:
        """Whether its data come with the program."""
        return self.data_dir is None and self.image_set is SHIPPED_SET

    @property
    def has_published_data(self) -> bool:
        """Whether its data are as published; a user's MNIST may be any images."""
        return self.data_dir is None or self.image_set is not SHIPPED_SET

    @property
    def label(self) -> str:
        """The words that distinguish this run in a legend, its data set if it is not the usual."""
        label = super().label
        return label if self.image_set is SHIPPED_SET else f"{label} {self.dataset}"

    @property
    def knows_no_digit(self) -> bool:
        """Whether the network learns what is no digit: a class of its own, whose logit is 0."""
        return self.recipe.augmentation == OPEN_SET

    @property
    def without_start(self) -> Self:
        """The settings without a file of weights to start from."""
        return self.replace(start_from=None)

    @property
    def name(self) -> str:
        """The cell."""
        return CELLS[self.cell].label

    @property
    def size_text(self) -> str:
        """Hidden size and layers."""
        return f"hidden size {self.hidden_size} with {self.layers} layers"


def recipe_for(recipe: Recipe, dataset: str) -> Recipe:
    """Return a preset's recipe as it fits a data set.

    Presets read the inner rows alone at first, which have all the ink of most digits. Images
    without a border are read whole from the start: with MNIST's digits enlarged to fill the image,
    `fast` then reaches 98.7 % in place of 98.3 (LSTM, three seeds), in 7.1 s in place of 4.6.
    """
    image_set = IMAGE_SETS.get(dataset)  # whatever was typed is checked with the other settings
    if image_set is None or image_set.has_border:
        return recipe
    return replace(recipe, inner_rows=0.0, row_pairs=0.0)


def trained_images(config: ImageConfig, images: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return the number of images that a run trains on, their rows and their columns.

    Args:
        config: the settings.
        images: the same of the set that ships.
    """
    count, rows, columns = images
    return count * config.image_set.images // SHIPPED_SET.images, rows, columns


@dataclass(frozen=True, kw_only=True)
class SequenceConfig(RunConfig):
    """The settings of small networks on sequences made by chance, a set of seeds at a time."""

    #: the kind of all of them, a key of `networks.CELLS` that reads in one direction.
    cell: str = "lstm"
    hidden_sizes: tuple[int, ...]  #: one variant for each, with each of `losses`.
    losses: tuple[str, ...]  #: `mse`, `ce` and `bce`; what they mean is the task's to say.
    lengths: tuple[int, int]  #: the shortest and the longest training sequence, in time steps.
    training_size: int  #: sequences in an epoch, for each seed.
    test_size: int  #: sequences to test each replica on.
    seeds: int = 1  #: replicas of each variant; their seeds are `seed`, `seed` + 1, …
    layers: int = 1  #: recurrent layers.
    #: `forward`, or `both`, where each layer also reads from the last step to the first.
    directions: str = "forward"
    #: between the states and the readout: `none`, or `relu`, max(0, x).
    state_activation: str = "none"
    #: of which lengths the words of a test beyond training are: `spaced`, or `all` of them.
    test_lengths: str = "spaced"
    #: which digit to recall, counted from 1; None if nothing is recalled.
    position: int | None = None

    reads = SEQUENCES
    # networks this small are bound by the calls, which a GPU makes no cheaper
    automatic_device = "cpu"

    def __post_init__(self) -> None:
        super().__post_init__()
        one_way = [name for name, cell in CELLS.items() if not cell.bidirectional]
        check_choice("Cell", self.cell, one_way)
        check_initialisation(self.recipe.initialisation, CELLS[self.cell])
        shortest = self.lengths[0]
        if self.position is not None and self.position > shortest:
            raise SettingError(
                f"Position must be at most the shortest training length, {shortest}, not "
                f"{self.position}."
            )
        if self.recipe.label_smoothing and "mse" in self.losses:
            raise SettingError(
                "Label smoothing is for the losses ce and bce; the loss mse has none: choose 0, or "
                "another loss."
            )
        SETTINGS["seed"].check(self.seed + self.seeds - 1)

    @property
    def bidirectional(self) -> bool:
        """Whether a second direction reads from the last step to the first."""
        return self.directions == "both"

    @property
    def direction_count(self) -> int:
        """How many directions each layer has."""
        return 2 if self.bidirectional else 1

    @property
    def stacked(self) -> bool:
        """Whether they are more than a layer in one direction, whose states are all read out."""
        return self.layers > 1 or self.bidirectional or self.recipe.dropout > 0

    @property
    def name(self) -> str:
        """The task, the cell unless it is the usual one, and how many seeds."""
        name = self.task
        if self.cell != SequenceConfig.cell:
            name += f" {CELLS[self.cell].label}"
        if self.seeds > 1:
            name += f" × {self.seeds}"
        return name

    @property
    def size_text(self) -> str:
        """Hidden sizes, layers if there are several, losses, seeds."""
        layers = f"{self.layers} layers, " if self.layers > 1 else ""
        return (
            f"hidden sizes {', '.join(map(str, self.hidden_sizes))} with {layers}"
            f"{len(self.losses)} losses and {self.seeds} seeds"
        )

    @property
    def variants(self) -> tuple[Variant, ...]:
        """Loss by loss, every hidden size."""
        return tuple(Variant(size, loss) for loss in self.losses for size in self.hidden_sizes)

    @property
    def replicas(self) -> tuple[Replica, ...]:
        """Every variant with every seed, variant by variant."""
        return tuple(
            Replica(variant, seed)
            for variant in self.variants
            for seed in range(self.seed, self.seed + self.seeds)
        )

    @property
    def seed_count(self) -> int:
        """The number of seeds that each variant is trained with."""
        return self.seeds


def weights_of_replica(config: SequenceConfig, features: int, outputs: int, size: int) -> int:
    """Return the number of weights of a network of a set.

    Args:
        config: the settings of the set.
        features: numbers that are read at each step, or symbols that an embedding reads.
        outputs: numbers of each answer.
        size: the units of each of its layers and directions.
    """
    cell = CELLS[config.cell]
    states = config.direction_count * size
    embedding = config.recipe.embedding
    below = [embedding or features, *[states] * (config.layers - 1)]
    recurrent = sum(cell.weights_of_layer(read, size) for read in below)
    return embedding * features + config.direction_count * recurrent + outputs * (states + 1)


PREFERRED_LOSS = "bce"  # of networks of equal size, those that were trained with it come first


def replica_of(config: SequenceConfig, label: str | None, seed: int | None) -> tuple[int, str, int]:
    """Find a variant's seed among the replicas.

    Args:
        config: the settings of the replicas.
        label: a `Variant.label`; the largest variant if it is None, or none of these.
        seed: the first seed if it is None, or none of these.

    Returns:
        the replica's place, the label, the seed.
    """
    labels = [variant.label for variant in config.variants]
    if label is None or label not in labels:
        label = max(config.variants, key=_size_and_preference).label
    if seed is None or not config.seed <= seed < config.seed + config.seeds:
        seed = config.seed
    return labels.index(label) * config.seeds + seed - config.seed, label, seed


def _size_and_preference(variant: Variant) -> tuple[int, bool]:
    return variant.hidden_size, variant.loss == PREFERRED_LOSS


def as_kind(config: RunConfig, kind: type[Any]) -> Any:
    """Return `config`, which must be of a kind of settings.

    Raises:
        SettingError: if it is not, as in a file that says it is of another task.
    """
    if not isinstance(config, kind):
        raise SettingError(f"These are not the settings of a run on {config.task}.")
    return config
