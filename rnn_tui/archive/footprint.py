"""Compute how many weights networks have, and how much memory their training takes.

Both follow from the settings: nothing is loaded, and no network is made. The memory is an upper
bound for weights, gradients, Adam, the steps and the data, beside the 300 MB of PyTorch itself. For
21 kinds of settings it was 1.1 to 2.5 times what training in float32 allocated on the CPU
(tests/archive/test_footprint.py compares some). Products in bfloat16 take less.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, prod

from rnn_tui.data import store
from rnn_tui.data.description import Description
from rnn_tui.engine.config import STEP_BYTES, WEIGHT_BYTES, RunConfig
from rnn_tui.engine.process.machine import usable_cores
from rnn_tui.networks import CELLS
from rnn_tui.networks.cell import Cell
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import (
    DRAWN_BYTES,
    EVALUATION_BATCH,
    EVALUATION_NUMBERS,
    EVALUATION_ROWS,
    ImageConfig,
    SequenceConfig,
    trained_images,
    weights_of_replica,
)
from rnn_tui.tasks.task import SequenceShape

CLASSES = 10  # logits of a reader of images
MOST_WORKERS = 4  # threads that share a batch if the settings do not say how many
# An evaluation takes `6 + 6·G` bytes per image, row and unit, of a cell with G blocks.
EVALUATION_BYTES = 6
# Five of seven images are trained on. All are in memory twice: as read, and by their purpose.
IMAGES_IN_MEMORY = 2 * 7 / 5
# A data set is in memory as it is kept, standardised, and with a row for padding.
DATA_COPIES = 3
# The inputs of a batch, where they are in the data, the answers, their losses and gradients.
STEP_COPIES = 8
# The states of a layer that another one reads: of each direction, in the order of steps, joined,
# with units left out, and their gradients.
STATE_COPIES = 6
SMALL_TENSORS = 2_000_000  # bytes of all that is not counted one by one
MEGABYTE = 1e6


@dataclass(frozen=True)
class Footprint:
    """The size of what one run trains."""

    parameters: int  #: weights of all its networks.
    networks: int  #: networks that are trained side by side.
    smallest: int  #: weights of the smallest network.
    largest: int  #: weights of the largest one.
    #: bytes that training takes at most, besides PyTorch's own; None if that depends on a user's
    #: files.
    memory: int | None

    @property
    def in_words(self) -> str:
        """The numbers as a line, such as `116,746 parameters · at most 150 MB of memory`."""
        text = f"{self.parameters:,} parameters"
        if self.networks > 1:
            each = f"{self.smallest:,}"
            if self.largest > self.smallest:
                each += f" to {self.largest:,}"
            text += f" in {self.networks:,} networks of {each}"
        if self.memory is None:
            return text
        return f"{text} · at most {memory_in_words(self.memory)} of memory"


def memory_in_words(size: int) -> str:
    """Return a number of bytes that is known roughly, such as `4 MB`, `150 MB` or `1.3 GB`."""
    megabytes = ceil(size / MEGABYTE)
    if megabytes >= 1000:
        return f"{megabytes / 1000:.1f} GB"
    return f"{megabytes if megabytes < 20 else 10 * ceil(megabytes / 10)} MB"


def footprint(config: RunConfig) -> Footprint | None:
    """Return the size of what is trained with these settings; None if their task does not say."""
    task = TASKS[config.task]
    if isinstance(config, SequenceConfig) and task.shape is not None:
        return _of_sequences(config, task.shape)
    if isinstance(config, ImageConfig) and task.images is not None:
        return _of_images(config, trained_images(config, task.images))
    return None


def size_in_words(configs: Sequence[RunConfig]) -> str:
    """Return the size of runs that are trained one after another; empty if one does not say."""
    sizes = [footprint(config) for config in configs]
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes) or not known:
        return ""
    if len(known) == 1:
        return known[0].in_words
    counts = [
        f"{CELLS[config.cell].label} {size.parameters:,}"
        for config, size in zip(configs, known, strict=True)
    ]
    text = f"Parameters: {', '.join(counts)}"
    memories = [size.memory for size in known if size.memory is not None]
    if len(memories) < len(known):
        return text
    return f"{text} · at most {memory_in_words(max(memories))} of memory"


def _of_sequences(config: SequenceConfig, shape: SequenceShape) -> Footprint:
    """Return the size of a set of replicas, each of which takes as much as the largest."""
    cell = CELLS[config.cell]
    outputs = len(shape.outputs)
    sizes = [
        weights_of_replica(config, shape.features, outputs, size) for size in config.hidden_sizes
    ]
    replicas = len(config.replicas)
    widest = max(config.hidden_sizes)
    longest = config.lengths[1]
    batch = min(config.batch_size, config.training_size)
    features = config.recipe.embedding or shape.features
    columns = cell.replica_columns(features, widest).count
    read = features + 2  # numbers that are kept beside the state, for all units in common
    step = batch * longest * replicas * (cell.most_step_bytes * widest + WEIGHT_BYTES * read)
    # the gradients of each step's weights, before they are summed
    step += longest * replicas * cell.blocks * widest * columns * WEIGHT_BYTES
    # each layer and direction alike; what upper ones read is kept beside it
    step *= config.layers * config.direction_count
    if config.stacked:
        states = config.direction_count * widest
        step += config.layers * batch * longest * replicas * STATE_COPIES * WEIGHT_BYTES * states
    # as drawn and as arranged in batches; and one seed's as it comes from the generator
    data = config.training_size * longest * (2 * config.seeds * shape.features + DRAWN_BYTES)
    evaluation = _evaluation(config, shape, cell)
    if store.is_kept(config.task):
        data = _data_set(store.describe(config.task))
        answers = len(shape.outputs) if shape.every_step else 1
        read_at_a_time = batch * longest * replicas * (features + answers)
        step += STEP_COPIES * WEIGHT_BYTES * read_at_a_time
        evaluation = _evaluation_of_data_set(config, shape, cell)
    # what an LSTM works in, half of a step's bytes, stays for the next step
    evaluation += step // 2
    weights = replicas * weights_of_replica(config, shape.features, outputs, widest)
    return Footprint(
        parameters=sum(sizes) * replicas // len(sizes),
        networks=replicas,
        smallest=min(sizes),
        largest=max(sizes),
        memory=_weight_bytes(config, weights) + data + max(step, evaluation) + SMALL_TENSORS,
    )


def _evaluation(config: SequenceConfig, shape: SequenceShape, cell: Cell) -> int:
    """Return the bytes of a test: its sequences, and the states of those that are read at a time.

    If each step has an answer, there are as many sequences of each length. Besides inputs, a step
    has a target; all are in memory up to three times, while those of the seeds are put together.
    """
    longest = config.lengths[1]
    sequences = config.test_size * (longest if shape.every_step else 1)
    drawn = 3 * sequences * longest * config.seeds * (shape.features + 1)
    state = 2 * (cell.blocks + 1) * max(config.hidden_sizes) + shape.features
    return drawn + EVALUATION_ROWS * state * WEIGHT_BYTES


def _data_set(description: Description) -> int:
    """Return the bytes of a data set at most: as it is kept, as arrays are made, on the device."""
    columns = len(description.features) or 1
    answers = 1 if description.classifies else len(description.outputs)
    steps = description.count * description.longest
    targets = steps * answers if description.goal.every_step else description.count * answers
    return DATA_COPIES * WEIGHT_BYTES * (steps * columns + 2 * targets)


def _evaluation_of_data_set(config: SequenceConfig, shape: SequenceShape, cell: Cell) -> int:
    """Return the bytes of a test of a data set: what is read at a time, and the states of that."""
    answers = len(shape.outputs)
    features = config.recipe.embedding or shape.features
    of_sequence = config.lengths[1] * (features + answers)
    numbers = min(EVALUATION_NUMBERS, config.test_size * of_sequence)
    rows = min(EVALUATION_ROWS, config.test_size * len(config.replicas))
    state = 2 * (cell.blocks + 1) * max(config.hidden_sizes) + features + 2 * answers
    if config.stacked:  # the states of a layer at every step
        states = config.direction_count * max(config.hidden_sizes)
        of_all = config.test_size * len(config.replicas) * config.lengths[1] * states
        numbers += min(EVALUATION_NUMBERS, of_all)
    return (STEP_COPIES * numbers + rows * state) * WEIGHT_BYTES


def _of_images(config: ImageConfig, images: tuple[int, int, int]) -> Footprint:
    """Return the size of a reader of so many images of so many rows and columns."""
    cell = CELLS[config.cell]
    _, rows, columns = images
    parameters = _reader(cell, rows, columns, config.hidden_size, config.layers)
    memory = None
    if config.has_published_data and not (config.extra_data or config.knows_no_digit):
        layers = 2 * config.layers - 1 if cell.bidirectional else config.layers
        width = rows * layers * config.hidden_size
        workers = config.workers or min(MOST_WORKERS, usable_cores())
        step = config.batch_size * width * cell.most_step_bytes
        evaluation = workers * EVALUATION_BATCH * width * EVALUATION_BYTES * (1 + cell.blocks)
        data = int(IMAGES_IN_MEMORY * prod(images))
        memory = _weight_bytes(config, parameters) + data + max(step, evaluation) + SMALL_TENSORS
    return Footprint(parameters, 1, parameters, parameters, memory)


def _reader(cell: Cell, rows: int, features: int, hidden_size: int, layers: int) -> int:
    """Return the weights of a row reader, as `networks.layers.build_row_reader` makes it."""
    if not cell.bidirectional:
        above = cell.weights_of_layer(hidden_size, hidden_size)
        recurrent = cell.weights_of_layer(features, hidden_size) + (layers - 1) * above
        return recurrent + CLASSES * (rows * hidden_size + 1)
    recurrent = 0
    for _ in range(layers):
        recurrent += 2 * cell.weights_of_layer(features, hidden_size)
        features = 2 * hidden_size
    return recurrent + CLASSES * (2 * hidden_size + 1)


def _weight_bytes(config: RunConfig, weights: int) -> int:
    """Return the bytes of weights, their gradients, Adam's moments, and an average if there is."""
    each = WEIGHT_BYTES + STEP_BYTES
    if config.recipe.average:
        each += WEIGHT_BYTES
    return each * weights
