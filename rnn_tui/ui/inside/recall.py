"""The view Inside of recall networks: the digits of the prompt."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnn_tui.inside.task_network import trace_inputs
from rnn_tui.inside.trace import Trace
from rnn_tui.tasks.recall.questions import one_hot
from rnn_tui.tasks.sequences.inference import SequenceNetwork
from rnn_tui.ui.inside.bands import StepBand, WordBand
from rnn_tui.ui.inside.sequences import AskedInside
from rnn_tui.ui.inside.subject import Subject


class RecallInside(AskedInside):
    """Shows how a recall network reads the digits of the prompt."""

    def read(
        self, network: Any, example: Sequence[int], replica: int
    ) -> tuple[Trace, Sequence[int]]:
        """Read digits; the right answer is known after the last one, if they reach the position."""
        position = network.config.position
        has_answer = position is not None and position <= len(example)
        right = [example[position - 1]] if has_answer else []
        inputs = one_hot(example).astype(np.float32)  # (T, 10)
        return trace_inputs(network, inputs, replica), right

    def about(self, network: SequenceNetwork) -> str:
        return f", trained to recall position {network.config.position}"

    def input_bands(self, subject: Subject, analysis: Any) -> Sequence[StepBand]:  # noqa: ARG002
        position = subject.details.config.position
        asked_for = [step + 1 == position for step in range(subject.trace.steps)]
        return [WordBand("digit", subject.trace.read, chosen=asked_for)]
