"""What is looked into, as the command's outputs take it."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from rnn_tui.inside.probes import Progress, Stopping, Study
from rnn_tui.inside.trace import Trace
from rnn_tui.tasks.questions import AnyNetwork, Question, Questions

Row: TypeAlias = Sequence[str]
# Its head, and a cell for each step.
Column: TypeAlias = tuple[str, Iterable[object]]
AnyStudy = TypeVar("AnyStudy", bound=Study)


class Inspection(ABC, Generic[AnyStudy]):
    """One input and the network that reads it; what is found out about the network by a study."""

    _study: AnyStudy | None = None

    label: str  #: which network, in a few words.
    weights: Mapping[str, Any]  #: the same for JSON.
    notices: Sequence[str]  #: sentences on what to keep in mind.
    trace: Trace  #: what the network held.

    def study(self, progress: Progress, stopping: Stopping) -> bool:
        """Study the network, which takes seconds; returns whether that was not stopped."""
        self._study = self._made_study(progress, stopping)
        return self._study is not None

    @abstractmethod
    def _made_study(self, progress: Progress, stopping: Stopping) -> AnyStudy | None:
        """The task's study of the network; None where it was stopped."""

    @property
    @abstractmethod
    def title(self) -> str:
        """Question and answer on a line."""

    @abstractmethod
    def _columns(self) -> list[Column]:
        """What the table has of every step."""

    def table(self) -> tuple[Row, list[Row]]:
        """Heads of the columns, and a row for each step."""
        heads, columns = zip(*self._columns(), strict=True)
        return heads, [[*map(str, cells)] for cells in zip(*columns, strict=True)]

    def findings(self) -> list[str]:
        """Lines below the table: what the study found; none before it."""
        return [] if self._study is None else [self._study.summary]

    @property
    @abstractmethod
    def asked(self) -> dict[str, Any]:
        """Input and answer for JSON."""

    @property
    def beside_trace(self) -> dict[str, npt.NDArray[Any]]:
        """What else the network held, by names for an NPZ file and JSON."""
        return {}

    def document(self) -> dict[str, Any]:
        """A JSON-ready form of all but the weights."""
        beside = {name: values.tolist() for name, values in self.beside_trace.items()}
        found = {"input": self.asked, "trace": self.trace.to_dict(), **beside}
        if self._study is not None:
            found[self._study.name] = self._study.to_dict()
        return found

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All numbers under names for an NPZ file."""
        study = {} if self._study is None else self._study.arrays()
        return {**self.trace.arrays(), **self.beside_trace, **study}

    def _answer_columns(self) -> list[Column]:
        """The answers, their probabilities, the unit that matters most."""
        answers = self.trace.answers
        probabilities = self.trace.probabilities[np.arange(len(answers)), answers]
        return [("answer", answers), ("probability", map(share, probabilities)), self._unit_column()]

    def _unit_column(self) -> Column:
        """The state of the unit that matters most, such as `unit 7`; among several, with layer."""
        layer, unit = self.trace.leading
        name = f"unit {unit}" if len(self.trace.layers) == 1 else f"{layer.name} unit {unit}"
        return name, [f"{value:+.3f}" for value in layer.states[:, unit]]


class QuestionInspection(Inspection[AnyStudy], Generic[AnyStudy, Question, AnyNetwork]):
    """A question in words, as typed, and the only network that `questions` asks."""

    def __init__(self, questions: Questions[Question, AnyNetwork], text: str) -> None:
        self._question = questions.read(text)
        [self._network] = questions.networks
        self.label, self.weights = questions.label, questions.document()
        self.notices = list(questions.notices(self._question))
        self.trace = self._traced()
        [self._answer] = questions.answers([self._question])

    @abstractmethod
    def _traced(self) -> Trace:
        """What the network holds while it reads the question."""

    @property
    def asked(self) -> dict[str, Any]:
        """Question and answer, and what is right."""
        return {name: value for name, value in self._answer.document.items() if name != "probabilities"}


def verdict(correct: bool, truth: object) -> str:
    """Whether an answer is right, and if not what would be."""
    return "right" if correct else f"wrong, it is {truth}"


def share(value: float, digits: int = 1) -> str:
    """A share 0 … 1 in percent."""
    return f"{100 * value:.{digits}f} %"
