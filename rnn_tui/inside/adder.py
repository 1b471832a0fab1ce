"""Looking into adders: an addition place by place, and where its network keeps the carry."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.inside.carry import ADDITIONS, CarryStudy, study_carry
from rnn_tui.inside.inspection import Inspection, Row, unit_name, verdict
from rnn_tui.inside.probes import Progress, Stopping
from rnn_tui.inside.sequences import trace_inputs
from rnn_tui.inside.trace import Trace
from rnn_tui.tasks.adder.questions import AdderNetwork, AdderQuestions, Addition, number_of

NOTE = (
    "The output after a step is the bit of the sum at that place; it depends on nothing that is "
    "read later."
)


def trace_addition(network: AdderNetwork, addition: Addition, replica: int = 0) -> Trace:
    """What a replica of `network` holds while it adds; a step a place, the lowest first.

    Raises:
        CheckpointError: if its weights are too large to compute with.
    """
    bits = np.stack([addition.bits(addition.a), addition.bits(addition.b)], axis=1)  # (T, 2)
    words = [f"{a} + {b}" for a, b in bits]
    return trace_inputs(network, bits.astype(np.float32), replica, read=words, prefix_note=NOTE)


class AdditionInspection(Inspection):
    """Two numbers.

    Args:
        questions: have the network, which is the only one that they ask.
        text: the numbers as typed.
    """

    _study: CarryStudy | None = None

    def __init__(self, questions: AdderQuestions, text: str) -> None:
        self._sum = questions.read(text)
        [self._network] = questions.networks
        self.label, self.weights = questions.label, questions.document()
        self.notices = list(questions.notices(self._sum))
        self.trace = trace_addition(self._network, self._sum.numbers)

    def study(self, progress: Progress, stopping: Stopping) -> bool:  # noqa: ARG002 - at once
        """Look for the carry."""
        self._study = study_carry(self._network)
        return True

    @property
    def _answer(self) -> int:
        return number_of(self.trace.answers == 1)

    @property
    def title(self) -> str:
        """The sum, and whether it is right."""
        numbers, prefix = self._sum.numbers, self._sum.prefix
        a, b, answer, right = (
            prefix + self._sum.base.format(value)
            for value in (numbers.a, numbers.b, self._answer, numbers.total)
        )
        return f"{a} + {b} = {answer}  {verdict(self._answer, numbers.total, right)}"

    def table(self) -> tuple[Row, list[Row]]:
        """A row a place, the lowest first; the true carry into it beside what the network has."""
        numbers, trace = self._sum.numbers, self.trace
        heads = ["bit", "a", "b", "carry", "output", "answer", "right"]
        bits = [numbers.bits(value) for value in (numbers.a, numbers.b, numbers.total)]
        columns: list[list[str]] = [
            [*map(str, range(trace.steps))],
            [*map(str, bits[0])],
            [*map(str, bits[1])],
            [*map(str, numbers.carries)],
            [f"{value:.3f}" for value in trace.probabilities[:, 0]],
            [*map(str, trace.answers)],
            [*map(str, bits[2])],
        ]
        layer, unit = trace.leading
        heads.append(unit_name(trace))
        columns.append([f"{value:+.3f}" for value in layer.states[:, unit]])
        if self._study is not None:
            source, best = self._study.best
            heads[4:4] = ["probe", f"{source} {best} before"]
            columns[4:4] = [
                [*map(str, self._study.carry_row(trace))],
                [f"{value:+.3f}" for value in self._study.values(trace, source, best)],
            ]
        return heads, [*zip(*columns, strict=True)]

    def findings(self) -> list[str]:
        """Where the carry is."""
        lines = super().findings()
        if self._study is not None:
            lines.append(
                f"Fitted to one half of {ADDITIONS:,} random additions of {self._study.steps - 1} "
                "bits, scored on the other."
            )
        return lines

    @property
    def asked(self) -> dict[str, Any]:
        """Numbers as strings: they may be longer than JSON's readers allow."""
        numbers, base = self._sum.numbers, self._sum.base
        return {
            "query": self._sum.text,
            "a": str(numbers.a),
            "b": str(numbers.b),
            "base": base.name,
            "answer": base.format(self._answer),
            "expected": base.format(numbers.total),
            "correct": self._answer == numbers.total,
            "carries": numbers.carries.tolist(),
        }

    def document(self) -> dict[str, Any]:
        """The carries that the states of this addition tell, too."""
        found = super().document()
        if self._study is not None:
            found["carry"]["read_here"] = self._study.carry_row(self.trace).tolist()
        return found

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The carries, true and told, too."""
        found = {**super().arrays(), "carries": self._sum.numbers.carries}
        if self._study is not None:
            found["carry_read_here"] = self._study.carry_row(self.trace)
        return found
