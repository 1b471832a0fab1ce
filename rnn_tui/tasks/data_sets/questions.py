"""Questions to networks that were trained on a user's data set, in the units of its file."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.networks.stepwise import Array
from rnn_tui.tasks.data_sets import store
from rnn_tui.tasks.data_sets.data_set import TEST
from rnn_tui.tasks.data_sets.description import LARGEST
from rnn_tui.tasks.data_sets.inputs import in_units, network_inputs
from rnn_tui.tasks.sequences.inference import ReplicaChoice, SequenceNetwork
from rnn_tui.tasks.sequences.questions import SequenceQuestions
from rnn_tui.tasks.sequences.typed import typed_numbers, typed_symbols


class DataSetQuestions(SequenceQuestions):
    """Sequences as they stand in the file that the networks were trained on.

    Raises:
        DataError: if the data set is kept no more.
    """

    largest = LARGEST

    def __init__(
        self, network: SequenceNetwork, label: str, path: Path, choice: ReplicaChoice
    ) -> None:
        super().__init__(network, label, path, choice)
        self._description = store.describe(self.config.task)

    def random(self, random: np.random.Generator) -> str:
        """Return a sequence of the test part by chance, as it is typed."""
        data_set = store.load(self.config.task)
        values = data_set.sequence(int(random.choice(data_set.of_part(TEST))))  # (T, F)
        alphabet = self._description.alphabet
        if not alphabet:
            return typed_numbers(values.tolist())
        symbols = [alphabet[place] for place in values[:, 0].astype(int)]
        return typed_symbols(symbols, alphabet)

    def inputs_of(self, numbers: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
        """Return numbers (T, F) standardised, as networks read them."""
        as_kept = numbers.astype(np.float32)
        return network_inputs(self._description, as_kept)

    def numbers_of(self, outputs: Array) -> npt.NDArray[Any]:
        """Return the outputs (…, O) in the units of the file."""
        return in_units(self._description, outputs)
