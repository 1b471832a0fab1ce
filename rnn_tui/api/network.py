"""Trained networks for scripts and notebooks: one of a run, of a file, or of those that ship."""

from collections.abc import Mapping
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.api.run import Run
from rnn_tui.api.trace import NetworkTrace
from rnn_tui.engine.config import Replica, RunConfig
from rnn_tui.engine.errors import CheckpointError, QueryError, UnreadableError, printable
from rnn_tui.engine.history import read_history
from rnn_tui.engine.paths import weights_of
from rnn_tui.engine.settings import TEST_IMAGE
from rnn_tui.engine.weights_file import read_description
from rnn_tui.inside.adder import AdditionInspection
from rnn_tui.inside.digit_trace import read_test_image, trace_digit
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.recall import DigitsInspection
from rnn_tui.inside.trace import trace_inputs
from rnn_tui.networks.stepwise import Array
from rnn_tui.runs import weights
from rnn_tui.runs.weights import NETWORKS, Source
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.adder.questions import AdderQuestions
from rnn_tui.tasks.config import PREFERRED_LOSS, ImageConfig
from rnn_tui.tasks.recall import RECALL
from rnn_tui.tasks.recall.questions import RecallQuestions
from rnn_tui.tasks.sequences.inference import ReplicaChoice
from rnn_tui.tasks.task import Task

#: the ending of files of weights.
WEIGHTS_SUFFIX = ".safetensors"
MOST_STEPS = 100_000  # of an input; its states take some megabytes a unit
IMAGE = (28, 28)  # pixels


def load_network(
    source: str | PathLike[str] | Run,
    *,
    hidden_size: int | None = None,
    loss: str | None = None,
    seed: int | None = None,
    cell: str | None = None,
    position: int | None = None,
) -> "Network":
    """Load a trained network, without PyTorch.

    Args:
        source: a run; a file of weights, by its path; the name of a task, for the weights that ship
            with rnn-tui; or the name of a run, or `last`.
        hidden_size: of several networks, one of this size; by default the largest.
        loss: of several, one that was trained with this loss.
        seed: of several, the one of this seed; by default the lowest.
        cell: of the weights that ship, those of this recurrent cell.
        position: of the weights that ship, those that recall this position.

    Raises:
        UserError: there is no such run, file or network, or the file is damaged.

    Examples:
        >>> network = rnn_tui.load_network("recall", position=3)
        >>> network.trace("31415").answers[-1]
        '4'
        >>> rnn_tui.load_network(rnn_tui.Run("last"), seed=1)
        <Network run adder-fast-h5-2seeds-1ep (H 5 bce, seed 1)>
    """
    task, found = _source_of(source, cell, position)
    networks = NETWORKS.get(found.path, weights.network_maker(task.name))
    if task.shape is None:
        return Network(task, found, networks, None)
    choice = ReplicaChoice(hidden_size, loss, seed)
    [place] = choice.pick(networks.replicas, PREFERRED_LOSS)
    return Network(task, found, networks.only(place), networks.replicas[place])


def _source_of(
    source: str | PathLike[str] | Run, cell: str | None, position: int | None
) -> tuple[Task, Source]:
    """Return the file of weights that a source means, and the task of its networks."""
    if isinstance(source, Run):
        return _of_run(source)
    if isinstance(source, PathLike) or source.endswith(WEIGHTS_SUFFIX):
        path = Path(source)
        return _task_of(path), Source(path, printable(path, 200))
    if source in TASKS:
        return TASKS[source], _shipped(TASKS[source], cell, position)
    return _of_run(Run(source))


def _of_run(run: Run) -> tuple[Task, Source]:
    path = weights_of(run.id)
    if not path.is_file():
        raise CheckpointError(
            f"Run {run.name} has no weights: it ended before they were first kept."
        )
    return _task_of(path), Source(path, f"run {run.name}")


def _task_of(path: Path) -> Task:
    """Return the task of the networks in a file."""
    config: RunConfig = read_description(path)[0]
    if config.task not in TASKS:
        raise CheckpointError(
            f"{printable(path, 200)} is of the task {config.task}, which is not known here; "
            "rnn_tui.register makes it known."
        )
    return TASKS[config.task]


def _shipped(task: Task, cell: str | None, position: int | None) -> Source:
    """Return the weights that ship for a task, as they are asked for."""
    if task.reads_data:
        return weights.choose_shipped(task.name, cell or "")
    sources = [
        source
        for source in weights.shipped(task.name)
        if cell is None or read_description(source.path)[0].cell == cell
    ]
    usual_position = task.presets[0].values.get("position")
    wanted = usual_position if position is None else position
    for source in sources:
        if source.position == wanted:
            return source
    asked = [f"cell {cell}"] if cell else []
    asked += [f"position {position}"] if position is not None else []
    kind = f" with {' and '.join(map(printable, asked))}" if asked else ""
    raise CheckpointError(
        f"No weights{kind} ship for {task.name}; train some with rnn_tui.train and load the run."
    )


class Network:
    """One trained network. `load_network` makes it.

    Examples:
        >>> network = rnn_tui.load_network("adder")
        >>> network
        <Network pretrained (H 10 bce, seed 0)>
        >>> network.task, network.cell, network.hidden_size
        ('adder', 'lstm', 10)
    """

    def __init__(self, task: Task, source: Source, network: Any, replica: Replica | None) -> None:
        self._task = task
        self._source = source
        #: what answers: a `SequenceNetwork` of one replica, or a reader of images.
        self._network = network
        self._replica = replica  #: which of the networks in the file; None for the only one.

    def __repr__(self) -> str:
        """Which network it is."""
        return f"<Network {self.label}>"

    @property
    def label(self) -> str:
        """Which network it is, in a few words."""
        if self._replica is None:
            return self._source.label
        return f"{self._source.label} ({self._replica.variant.label}, seed {self._replica.seed})"

    @property
    def task(self) -> str:
        """The name of its task."""
        return self._task.name

    @property
    def settings(self) -> RunConfig:
        """All settings that it was trained with, those of the networks beside it included."""
        config: RunConfig = self._network.config
        return config

    @property
    def cell(self) -> str:
        """The name of its recurrent cell."""
        return self.settings.cell

    @property
    def hidden_size(self) -> int:
        """The units of each of its recurrent layers."""
        if self._replica is None:
            size: int = self._network.config.hidden_size
            return size
        return self._replica.variant.hidden_size

    @property
    def loss(self) -> str:
        """What its training minimised, such as `bce`."""
        return "ce" if self._replica is None else self._replica.variant.loss

    @property
    def seed(self) -> int:
        """What it was drawn by."""
        return self.settings.seed if self._replica is None else self._replica.seed

    @property
    def path(self) -> Path:
        """The file of its weights."""
        return self._source.path

    def trace(self, input: Any) -> NetworkTrace:
        """Have the network read an input, and keep everything that it holds meanwhile.

        Args:
            input: what it reads.

                Of a task on sequences, an array (T, F) of T steps with F features, or (T,) for one
                feature. Of the adder also two numbers as one types them, such as `"1011 110"`; of
                recall also digits, such as `"31415"`.

                Of a reader of images, an array (28, 28), 0 for background … 1 (or 255) for ink; the
                path of a photo; or the number of a test image.

        Raises:
            UserError: the network can't read that.

        Examples:
            >>> import numpy as np
            >>> network = rnn_tui.load_network("adder")
            >>> typed = network.trace("11 1")
            >>> typed.answers  # the lowest bit first: 3 + 1 = 4
            ('0', '0', '1')
            >>> bits = network.trace(np.array([[1, 1], [1, 0], [0, 0]]))
            >>> np.array_equal(bits.logits, typed.logits)
            True
        """
        reading = (
            self._reading_of_image(input) if self._replica is None else self._reading_of(input)
        )
        return NetworkTrace(self._task, reading)

    def _reading_of(self, input: Any) -> NetworkReading:
        """Have a network of sequences read."""
        if isinstance(input, str):
            return self._reading_of_text(input)
        inputs = self._as_sequence(input)
        return NetworkReading(self._network, trace_inputs(self._network, inputs), **self._compared)

    @property
    def _compared(self) -> Mapping[str, Any]:
        """What analyses may compare the network with."""
        return {
            "trained": partial(weights.trained_networks, self.task, like=self._network.config),
            "history": partial(read_history, self.path),
        }

    def _reading_of_text(self, text: str) -> NetworkReading:
        """Have it read an input as one types it."""
        known = (self._network, self._source.label, self.path, ReplicaChoice())
        compared = self._compared.values()
        if self._task is ADDER:
            return AdditionInspection(AdderQuestions(*known), text, *compared).reading
        if self._task is RECALL:
            return DigitsInspection(RecallQuestions(*known), text, *compared).reading
        raise QueryError(
            f"Networks of {self._task.label} read an array of numbers, of {self._shape_in_words}."
        )

    @property
    def _shape_in_words(self) -> str:
        features = self._network.features
        of_each = "one feature" if features == 1 else f"{features} features"
        return f"steps with {of_each} each"

    def _as_sequence(self, input: Any) -> Array:
        """Return an input as (T, F).

        Raises:
            QueryError: it is none, or of other features, or too long.
        """
        inputs = _numbers(input)
        features = self._network.features
        if inputs.ndim == 1 and features == 1:
            inputs = inputs[:, None]
        if inputs.ndim != 2 or inputs.shape[1] != features or not len(inputs):
            raise QueryError(
                f"Networks of {self._task.label} read {self._shape_in_words}, not an array of "
                f"shape {inputs.shape}."
            )
        if len(inputs) > MOST_STEPS:
            raise QueryError(
                f"An input has at most {MOST_STEPS:,} steps, not {len(inputs):,}; cut it."
            )
        return inputs

    def _reading_of_image(self, input: Any) -> NetworkReading:
        """Have a reader of images read an array, a photo, or a test image by its number."""
        right: tuple[int, ...] = ()
        if isinstance(input, str | PathLike):
            digit = _photographed(self._network, Path(input))
        elif isinstance(input, int | np.integer):
            digit, label = _test_image(int(input), self._network.config)
            right = (label,)
        else:
            digit = _drawn(input)
        return NetworkReading(
            self._network, trace_digit(self._network, digit), right, digit=digit, **self._compared
        )


def _numbers(input: Any) -> Array:
    """Return an array of finite numbers; a QueryError if it is none."""
    try:
        array = np.asarray(input, np.float32)
    except (TypeError, ValueError) as error:
        raise QueryError(f"An input is an array of numbers, not {printable(input)}.") from error
    if not np.isfinite(array).all():
        raise QueryError("An input has finite numbers only; replace NaN and infinity first.")
    return array


def _drawn(input: Any) -> Array:
    """Return an image as networks read it: (28, 28), 0 … 1."""
    image = _numbers(input)
    if image.shape != IMAGE:
        raise QueryError(f"An image is an array of shape {IMAGE}, not {image.shape}.")
    if image.min() < 0 or image.max() > 255:
        raise QueryError("The pixels of an image are from 0 to 1, or from 0 to 255.")
    return image / np.float32(255) if image.max() > 1 else image


def _test_image(number: int, config: ImageConfig) -> tuple[Array, int]:
    return read_test_image(TEST_IMAGE.check(number), config)


def _photographed(network: Any, path: Path) -> npt.NDArray[np.float32]:
    """Return the digit on a photo; an `UnreadableError` if there is none."""
    from rnn_tui.engine.process import prepare_process  # noqa: PLC0415 - OpenCV, on use only
    from rnn_tui.photos.reader import PhotoReader  # noqa: PLC0415

    prepare_process()
    [photo] = next(PhotoReader(network).read([path]))
    if photo.digit is None:
        raise UnreadableError(f"{printable(path, 200)} can't be read: {photo.error}.")
    digit: npt.NDArray[np.float32] = photo.digit
    return digit
