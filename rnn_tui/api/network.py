"""Trained networks for scripts and notebooks: what each can read, and the trace of that."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.api.arguments import checked, in_words
from rnn_tui.api.trace import InUnits, NetworkTrace
from rnn_tui.archive import weights
from rnn_tui.archive.weights import Source
from rnn_tui.data import store
from rnn_tui.data.description import UNKNOWN_WORD
from rnn_tui.data.inputs import in_units, network_inputs
from rnn_tui.data.words import word_of_cell
from rnn_tui.engine.config import Replica, RunConfig
from rnn_tui.engine.errors import QueryError, UnreadableError, printable
from rnn_tui.engine.settings import TEST_IMAGE
from rnn_tui.engine.training.history import read_history
from rnn_tui.inside.analyses import OF_OWN, analyses_of
from rnn_tui.inside.analysis_kind import AnalysisKind
from rnn_tui.inside.image_network import ImageNetwork, read_test_image
from rnn_tui.inside.inspection import QuestionInspection
from rnn_tui.inside.own.inputs import InputSequence, read_sequence, sequence_of_numbers
from rnn_tui.inside.own.network import OwnNetwork, read_own
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.task_network import TaskNetwork
from rnn_tui.inside.trace import words_of
from rnn_tui.networks.stepwise import Array
from rnn_tui.tasks.sequences.inference import Questions, ReplicaChoice, SequenceNetwork
from rnn_tui.tasks.task import Task

MOST_STEPS = 100_000  # of an input; its states take some megabytes a unit
IMAGE = (28, 28)  # pixels


@checked
class Network(ABC):
    """One trained network. `load_network` makes it.

    Examples:
        >>> network = rnn_tui.load_network("adder")
        >>> network
        <Network pretrained (H 10 bce, seed 0)>
        >>> network.task, network.cell, network.hidden_size
        ('adder', 'lstm', 10)
    """

    #: the kinds of analyses that can be made of it.
    _analyses: tuple[AnalysisKind, ...] = ()

    def __repr__(self) -> str:
        """Which network it is."""
        return f"<Network {self.label}>"

    @property
    @abstractmethod
    def label(self) -> str:
        """Which network it is, in a few words."""

    @property
    @abstractmethod
    def path(self) -> Path:
        """The file of its weights."""

    @property
    @abstractmethod
    def cell(self) -> str:
        """The name of its recurrent cell."""

    @property
    @abstractmethod
    def hidden_size(self) -> int:
        """The units of each of its recurrent layers; of the top one if they differ."""

    @property
    def task(self) -> str:
        """The name of its task; empty for a network that was trained elsewhere."""
        return ""

    @property
    def settings(self) -> RunConfig | None:
        """All settings of its run; None for a network that was trained elsewhere."""
        return None

    @property
    def loss(self) -> str:
        """What its training minimised, such as `bce`; empty if that is unknown."""
        return ""

    @property
    def seed(self) -> int | None:
        """What it was drawn by; None for a network that was trained elsewhere."""
        return None

    def trace(self, input: Any) -> NetworkTrace:
        """Have the network read an input, and keep everything that it holds meanwhile.

        Args:
            input: what it reads.

                Of a task on sequences, an array (T, F) of T steps with F features, or (T,) for one
                feature; or text, as `rnn-tui ask` reads it: two numbers for the adder, such as
                `"1011 110"`, digits for recall, such as `"31415"`, symbols, or numbers with a
                semicolon between two steps.

                Of sequences of your own, the same in the units of their file; of words a text, or a
                list of words, of which those that training lacks are read as `<unknown>`.

                Of a reader of images, an array (28, 28), 0 for background … 1 (or 255) for ink; the
                path of a photo; or the number of a test image.

                Of a network that was trained elsewhere, an array (T, F); or text: symbols of its
                alphabet, or numbers with a semicolon between two steps.

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
        reading = self._reading_of(input)
        in_units = self._in_units_after(input)
        return NetworkTrace(reading, self._analyses, self.label, in_units=in_units)

    @property
    def _in_units(self) -> InUnits | None:
        """What turns outputs that are numbers into the units of their file; None for classes."""
        return None

    def _in_units_after(self, input: Any) -> InUnits | None:  # noqa: ARG002
        """Return the same for the outputs to an input, which answers may be relative to."""
        return self._in_units

    @abstractmethod
    def _reading_of(self, input: Any) -> NetworkReading:
        """Have it read an input; a UserError if it can't."""


class _TaskNetwork(Network):
    """A network of a task: of a run, or one that ships.

    Args:
        task: its task.
        source: its file.
    """

    _config: RunConfig  #: the settings of its run.

    def __init__(self, task: Task, source: Source) -> None:
        self._task = task
        self._source = source
        self._analyses = analyses_of(task)

    @property
    def label(self) -> str:
        return self._source.label

    @property
    def path(self) -> Path:
        return self._source.path

    @property
    def cell(self) -> str:
        return self._config.cell

    @property
    def task(self) -> str:
        return self._task.name

    @property
    def settings(self) -> RunConfig:
        return self._config

    @property
    def seed(self) -> int:
        return self._config.seed

    @property
    def _compared(self) -> Mapping[str, Any]:
        """What analyses may compare it with: other networks, and snapshots of its training."""
        return {
            "trained": partial(weights.trained_networks, self.task, like=self._config),
            "history": partial(read_history, self.path),
        }


class SequenceReader(_TaskNetwork):
    """A network that reads sequences.

    Args:
        task: its task.
        source: its file.
        network: the network alone.
        replica: which one it is of those in the file.
    """

    def __init__(
        self, task: Task, source: Source, network: SequenceNetwork, replica: Replica
    ) -> None:
        super().__init__(task, source)
        self._network = network
        self._replica = replica
        self._config = network.config

    @property
    def label(self) -> str:
        """The file, size, loss and seed."""
        return f"{self._source.label} ({self._replica.variant.label}, seed {self._replica.seed})"

    @property
    def hidden_size(self) -> int:
        """The units of its layer."""
        return self._replica.variant.hidden_size

    @property
    def loss(self) -> str:
        """What its training minimised."""
        return self._replica.variant.loss

    @property
    def seed(self) -> int:
        """What it was drawn by."""
        return self._replica.seed

    @cached_property
    def _questions(self) -> Questions[Any, Any]:
        """What reads an input as one types it, the same as for `rnn-tui ask`."""
        questions: Questions[Any, Any] = self._task.part(self._task.questions)(
            self._network, self._source.label, self.path, ReplicaChoice()
        )
        return questions

    def _reading_of(self, input: Any) -> NetworkReading:
        if isinstance(input, str):
            return QuestionInspection(self._questions, input, **self._compared).reading
        inputs, words = self._as_read(input)
        network = TaskNetwork(self._network)
        return NetworkReading(network, network.trace(inputs, words), **self._compared)

    def _as_read(self, input: Any) -> tuple[Array, Sequence[str]]:
        """Return what the network reads of an input, and words for the steps, if it needs others.

        Raises:
            QueryError: it is none.
        """
        return self._as_sequence(input), ()

    @property
    def _in_units(self) -> InUnits | None:
        return self._questions.numbers_of if self._network.shape.numbers else None

    def _as_sequence(self, input: Any) -> Array:
        """Return an input as (T, F).

        Raises:
            QueryError: it is none, or of other features, or too long.
        """
        inputs = _steps(input, self._network.features)
        if len(inputs) > MOST_STEPS:
            raise QueryError(
                f"An input has at most {MOST_STEPS:,} steps, not {len(inputs):,}; cut it."
            )
        return inputs


class DataSetReader(SequenceReader):
    """A network that was trained on sequences of the user's own, and reads them as they are there.

    Args:
        task: the task of the data set, which is kept.
        source: its file.
        network: the network alone.
        replica: which one it is of those in the file.
    """

    def __init__(
        self, task: Task, source: Source, network: SequenceNetwork, replica: Replica
    ) -> None:
        super().__init__(task, source, network, replica)
        self._description = store.describe(task.name)

    def _in_units_after(self, input: Any) -> InUnits | None:
        if self._description.forecast is None:
            return self._in_units
        if isinstance(input, str):
            question = self._questions.read(input)
            return partial(self._questions.numbers_answered, question)
        values, _ = self._as_in_file(input)
        return partial(in_units, self._description, values=values)

    def _as_read(self, input: Any) -> tuple[Array, Sequence[str]]:
        values, words = self._as_in_file(input)
        return network_inputs(self._description, values).astype(np.float32), words

    def _as_in_file(self, input: Any) -> tuple[Array, Sequence[str]]:
        """Return an input in the units of the file, or as places in its alphabet.

        Raises:
            QueryError: it is none.
        """
        alphabet = self._description.alphabet
        if not alphabet:
            values = self._as_sequence(input)
            return values, words_of(values)
        symbols = [*input] if isinstance(input, Sequence) else []
        known = {symbol: place for place, symbol in enumerate(alphabet)}
        if self._description.words and all(isinstance(symbol, str) for symbol in symbols):
            symbols = [*map(word_of_cell, symbols)]
            symbols = [symbol if symbol in known else UNKNOWN_WORD for symbol in symbols]
        unknown = [symbol for symbol in symbols if symbol not in known]
        if unknown or not symbols:
            raise QueryError(
                f"Networks of {self._task.label} read symbols, such as "
                f"{printable(' '.join(alphabet[:3]))}, not {printable(unknown or input)}."
            )
        places = [known[symbol] for symbol in symbols]
        return np.array(places, np.float32)[:, None], symbols


class ImageReader(_TaskNetwork):
    """A network that reads images row by row."""

    def __init__(self, task: Task, source: Source, network: Any) -> None:
        super().__init__(task, source)
        self._network = network
        self._config = network.config

    @property
    def hidden_size(self) -> int:
        """The units of each of its layers."""
        size: int = self._network.config.hidden_size
        return size

    @property
    def loss(self) -> str:
        """What its training minimised."""
        return "ce"

    def _reading_of(self, input: Any) -> NetworkReading:
        right: tuple[int, ...] = ()
        if isinstance(input, str | PathLike):
            digit = _photographed(self._network, Path(input))
        elif isinstance(input, int | np.integer):
            digit, label = read_test_image(TEST_IMAGE.check(int(input)), self._network.config)
            right = (label,)
        else:
            digit = _drawn(input)
        network = ImageNetwork(self._network)
        trace = network.trace_digit(digit)
        return NetworkReading(network, trace, right, digit=digit, **self._compared)


class ForeignReader(Network):
    """A network that was trained elsewhere, from a file."""

    _analyses = OF_OWN

    def __init__(self, network: OwnNetwork) -> None:
        self._network = network

    @property
    def label(self) -> str:
        """The file, and what was understood of it."""
        return f"{printable(self.path, 200)}: {self._network.summary}"

    @property
    def path(self) -> Path:
        """Its file."""
        return self._network.path

    @property
    def cell(self) -> str:
        """The name of its recurrent cell."""
        return self._network.stack.cell.name

    @property
    def hidden_size(self) -> int:
        """The units of its top layer."""
        return self._network.stack.layers[-1].forward.hidden_size

    @property
    def _in_units(self) -> InUnits | None:
        return _as_they_are if self._network.numbers else None

    def _reading_of(self, input: Any) -> NetworkReading:
        sequence = self._as_sequence(input)
        return read_own(self._network, sequence)

    def _as_sequence(self, input: Any) -> InputSequence:
        features = self._network.stack.features
        if isinstance(input, str):
            return read_sequence(input, features, self._network.alphabet)
        return sequence_of_numbers(_steps(input, features))


def _as_they_are(outputs: Array) -> npt.NDArray[np.float64]:
    """Return numbers (…, O) of outputs (…, O) that have no other unit."""
    return outputs.astype(np.float64)


def _numbers(input: Any) -> Array:
    """Return an array of finite numbers; a QueryError if it is none."""
    try:
        array = np.asarray(input, np.float32)
    except (TypeError, ValueError, OverflowError) as error:
        raise QueryError(f"An input is an array of numbers, not {in_words(input)}.") from error
    if not np.isfinite(array).all():
        raise QueryError("An input has finite numbers only; replace NaN and infinity first.")
    return array


def _steps(input: Any, features: int) -> Array:
    """Return an input as (T, F), one or more steps; a QueryError if it is none."""
    inputs = _numbers(input)
    if inputs.ndim == 1 and features == 1:
        inputs = inputs[:, None]
    if inputs.ndim != 2 or inputs.shape[1] != features or not len(inputs):
        raise QueryError(f"This network reads arrays of shape (T, {features}), not {inputs.shape}.")
    return inputs


def _drawn(input: Any) -> Array:
    """Return an image as networks read it: (28, 28), 0 … 1."""
    image = _numbers(input)
    if image.shape != IMAGE:
        raise QueryError(f"An image is an array of shape {IMAGE}, not {image.shape}.")
    if image.min() < 0 or image.max() > 255:
        raise QueryError("The pixels of an image are from 0 to 1, or from 0 to 255.")
    return image / np.float32(255) if image.max() > 1 else image


def _photographed(network: Any, path: Path) -> npt.NDArray[np.float32]:
    """Return the digit on a photo; an `UnreadableError` if there is none."""
    from rnn_tui.engine.process.preparing import prepare_process  # OpenCV, on use only
    from rnn_tui.photos.reader import PhotoReader

    prepare_process()
    [photo] = next(PhotoReader(network).read([path]))
    if photo.digit is None:
        raise UnreadableError(f"{printable(path, 200)} can't be read: {photo.error}.")
    digit: npt.NDArray[np.float32] = photo.digit
    return digit
