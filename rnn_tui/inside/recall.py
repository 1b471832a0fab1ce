"""Looking into recall networks: a sequence digit by digit, and how long each digit survives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.inside.inspection import Inspection, Row, share, unit_name
from rnn_tui.inside.probes import Progress, Stopping
from rnn_tui.inside.sequences import trace_inputs
from rnn_tui.inside.survival import SurvivalStudy, study_survival
from rnn_tui.inside.trace import Trace
from rnn_tui.tasks.recall import DIGITS
from rnn_tui.tasks.recall.inference import RecallNetwork
from rnn_tui.tasks.recall.questions import RecallQuestions

NOTE = (
    "The network answers after the last digit; an answer after an earlier one is what it would say "
    "if the sequence ended there."
)


def trace_digits(network: RecallNetwork, digits: Sequence[int], replica: int = 0) -> Trace:
    """What a replica of `network` holds while it reads `digits`, a step each.

    Raises:
        CheckpointError: if its weights are too large to compute with.
    """
    inputs = np.eye(DIGITS, dtype=np.float32)[np.asarray(digits)]  # (T, 10)
    words = [str(digit) for digit in digits]
    return trace_inputs(network, inputs, replica, read=words, prefix_note=NOTE)


class DigitsInspection(Inspection):
    """A sequence.

    Args:
        questions: have the network, which is the only one that they ask.
        text: the digits as typed.
    """

    def __init__(self, questions: RecallQuestions, text: str) -> None:
        self._question = questions.read(text)
        [self._network] = questions.networks
        self.label, self.weights = questions.label, questions.document()
        self.trace = trace_digits(self._network, self._question.digits)
        self.notices = [*questions.notices(self._question), self.trace.prefix_note]
        self._study: SurvivalStudy | None = None

    def study(self, progress: Progress, stopping: Stopping) -> bool:
        """Read every earlier digit after every step."""
        self._study = study_survival(self._network, progress=progress, stopping=stopping)
        return self._study is not None

    @property
    def _expected(self) -> int:
        return self._question.digits[self._question.position - 1]

    @property
    def title(self) -> str:
        """The sequence with the position marked, and the answer."""
        shown = [*map(str, self._question.digits)]
        at = self._question.position - 1
        shown[at] = f"[{shown[at]}]"
        answer = self.trace.answer
        verdict = "right" if answer == self._expected else f"wrong, it is {self._expected}"
        return f"{' '.join(shown)}: {answer}  {verdict}"

    def table(self) -> tuple[Row, list[Row]]:
        """A row a digit."""
        layer, unit = self.trace.leading
        rows: list[Row] = [
            (
                str(step),
                read,
                str(answer),
                share(probabilities[answer]),
                f"{value:+.3f}",
            )
            for step, (read, answer, probabilities, value) in enumerate(
                zip(
                    self.trace.read,
                    self.trace.answers,
                    self.trace.probabilities,
                    layer.states[:, unit],
                    strict=True,
                ),
                start=1,
            )
        ]
        return ("step", "digit", "answer", "probability", unit_name(self.trace)), rows

    def findings(self) -> list[str]:
        """Accuracies of the probes by position and step."""
        if self._study is None:
            return []
        study = self._study
        lines = [
            study.summary,
            "",
            "position  after step, % right",
            "         " + "".join(f"{step:5}" for step in study.steps),
        ]
        for position, row in zip(study.positions, study.accuracy, strict=True):
            cells = ("" if np.isnan(value) else f"{100 * value:.0f}" for value in row)
            lines.append((f"{position:8} " + "".join(f"{cell:>5}" for cell in cells)).rstrip())
        return lines

    def document(self) -> dict[str, Any]:
        """Question, trace, study."""
        found: dict[str, Any] = {
            "input": {
                "query": self._question.text,
                "digits": list(self._question.digits),
                "position": self._question.position,
                "answer": self.trace.answer,
                "expected": self._expected,
                "correct": self.trace.answer == self._expected,
            },
            "trace": self.trace.to_dict(),
        }
        if self._study is not None:
            found["survival"] = self._study.to_dict()
        return found

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Trace and study."""
        study = {} if self._study is None else self._study.arrays()
        return {**self.trace.arrays(), **study}
