"""What the look inside recall networks adds: the digits of the prompt."""

from collections.abc import Sequence
from typing import Any

from rnn_tui.inside.recall import trace_digits
from rnn_tui.inside.trace import Trace
from rnn_tui.tasks.sequences.inference import SequenceNetwork
from rnn_tui.ui.inside.bands import StepBand, WordBand
from rnn_tui.ui.inside.sequences import AskedInside
from rnn_tui.ui.inside.subject import Subject


class RecallInside(AskedInside):
    """The digits of the pane's prompt on their way through a recall network."""

    def read(self, network: Any, given: Any, replica: int) -> tuple[Trace, Sequence[int]]:
        """The digits; what is right is known after the last of them."""
        position = network.config.position
        known = position is not None and position <= len(given)
        return trace_digits(network, given, replica), [given[position - 1]] if known else []

    def about(self, network: SequenceNetwork) -> str:
        return f", trained to recall position {network.config.position}"

    def input_bands(self, subject: Subject, analysis: Any) -> Sequence[StepBand]:  # noqa: ARG002
        asked = [at + 1 == subject.details.config.position for at in range(subject.trace.steps)]
        return [WordBand("digit", subject.trace.read, chosen=asked)]
