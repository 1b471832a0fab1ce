"""The view Inside of networks on a data set: sequences typed, by chance, or of the view Test."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rnn_tui.data import store
from rnn_tui.data.inputs import network_inputs
from rnn_tui.data.options import Goal
from rnn_tui.data.origin import in_words
from rnn_tui.data.time_axis import step_times
from rnn_tui.inside.task_network import trace_inputs
from rnn_tui.tasks.sequences.inference import SequenceNetwork
from rnn_tui.ui.frame.inside_door import NetworkChoice, SequenceQuestion
from rnn_tui.ui.frame.task_view import TaskTab
from rnn_tui.ui.inside.sequences import ReadSequence, SequenceInside


@dataclass(frozen=True)
class StoredSequence:
    """A sequence of a data set, as an example to read."""

    index: int  #: its place in the data set.


class DataSetInside(SequenceInside):
    """Shows how a network reads a sequence of its data set."""

    def __init__(self, pane: TaskTab) -> None:
        super().__init__(pane)
        self._stored: StoredSequence | None = None  #: what is read; None for one by chance.

    def look_at(self, digit: object) -> None:
        """Read the sequence with this number, or the one that was typed."""
        self._stored = StoredSequence(digit) if isinstance(digit, int) else None
        super().look_at(digit)

    def question(self) -> SequenceQuestion:
        question = super().question()
        return question if self._stored is None else replace(question, example=self._stored)

    def read_input(self, text: str, network: NetworkChoice) -> None:
        self._stored = None
        super().read_input(text, network)

    def action_other(self) -> None:
        self._stored = None
        super().action_other()

    def read(self, network: SequenceNetwork, example: Any, replica: int) -> ReadSequence:
        if not isinstance(example, StoredSequence):
            return super().read(network, example, replica)
        data_set = store.load(self._of_task.name)
        inputs = network_inputs(data_set.description, data_set.sequence(example.index))
        trace = trace_inputs(network, inputs.astype(np.float32), replica)
        right: list[int] = []
        if data_set.description.goal is Goal.CLASS:
            target = int(data_set.target(example.index))
            right = [target] if target >= 0 else []
        return ReadSequence(trace, right, times=step_times(data_set, example.index))

    def about(self, network: SequenceNetwork) -> str:
        stored = self._stored
        if stored is None:
            return super().about(network)
        name = store.load(self._of_task.name).sequence_name(stored.index)
        return f", {in_words(name)}"
