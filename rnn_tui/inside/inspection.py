"""The inspection of one input and its network, in the forms that the command `inspect` prints."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, TypeAlias

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.progress import Progress
from rnn_tui.inside.analysis_kind import AnalysisKind
from rnn_tui.inside.edits import Edited, read_edit
from rnn_tui.inside.probes import share
from rnn_tui.inside.reading import (
    FindHistory,
    FindTrained,
    NetworkReading,
    no_history,
    none_trained,
)
from rnn_tui.inside.trace import Trace
from rnn_tui.tasks.sequences.inference import AnyNetwork, Question, Questions

Row: TypeAlias = Sequence[str]
Column: TypeAlias = tuple[str, Iterable[object]]  # its head, and a cell for each step


class Inspection(ABC):
    """One input, the network that reads it, and the results of analyses and edits."""

    label: str  #: which network, in a few words.
    weights: Mapping[str, Any]  #: the same for JSON.
    notices: Sequence[str]  #: sentences on what to keep in mind.
    reading: NetworkReading  #: the network and what it held.
    edited: Edited | None = None  #: the same input read with edits.

    @cached_property
    def analyses(self) -> dict[str, Any]:
        """The analyses that were made, by the names of their kinds."""
        return {}

    def analyse(self, kind: AnalysisKind, progress: Progress) -> bool:
        """Make an analysis, which may take seconds; returns whether that was not stopped."""
        analysis = kind.make(self.reading, progress)
        if analysis is None:
            return False
        self.analyses[kind.name] = analysis
        return True

    def edit(self, texts: Sequence[str]) -> None:
        """Read the input again with edits as typed.

        Raises:
            QueryError: if a text is no edit, or they leave no numbers.
        """
        edits = tuple(read_edit(text, self.reading.trace) for text in texts)
        self.edited = Edited(edits, self.reading.trace, self.reading.traced(edits))

    @property
    def trace(self) -> Trace:
        """The states of the network, with the edits if there are any."""
        return self.reading.trace if self.edited is None else self.edited.trace

    @property
    @abstractmethod
    def title(self) -> str:
        """Question and answer on a line."""

    @abstractmethod
    def _columns(self) -> list[Column]:
        """Return the table's columns, with a value for every step."""

    def table(self) -> tuple[Row, list[Row]]:
        """Return the heads of the columns, and a row for each step."""
        columns = self._columns()
        if self.edited is not None:
            untouched = self.edited.untouched
            answers = [untouched.answer_word(step) for step in range(untouched.steps)]
            columns.append(("unedited", answers))
        heads, cells = zip(*columns, strict=True)
        return heads, [[*map(str, row)] for row in zip(*cells, strict=True)]

    @property
    def network_lines(self) -> list[str]:
        """What is to be said of the network where no input was named; mostly nothing."""
        return []

    def findings(self) -> list[str]:
        """Return the lines below the table on what edits did and analyses found."""
        parts = [] if self.edited is None else [[self.edited.summary]]
        parts += [analysis.findings for analysis in self.analyses.values()]
        lines: list[str] = []
        for part in parts:
            if lines:
                lines.append("")  # a blank line between parts
            lines += part
        return lines

    @property
    @abstractmethod
    def input_document(self) -> dict[str, Any]:
        """Input and answer for JSON."""

    def document(self, *, whole: bool = True) -> dict[str, Any]:
        """Return a JSON-ready form of all but the weights; of the analyses alone unless `whole`."""
        document: dict[str, Any] = {}
        if whole:
            document["input"] = self.input_document
            document["trace"] = self.reading.trace.to_dict()
            document |= self.beside_trace
        if self.edited is not None:
            document["edited"] = self.edited.to_dict()
        for name, analysis in self.analyses.items():
            document[name] = analysis.to_dict()
        return document

    @property
    def beside_trace(self) -> dict[str, Any]:
        """Further facts on how the network read the input, JSON-ready."""
        return {}

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return all numbers by their names in an NPZ file."""
        arrays = self.reading.trace.arrays()
        if self.edited is not None:
            for name, values in self.edited.trace.arrays().items():
                arrays[f"edited_{name}"] = values
        for analysis in self.analyses.values():
            arrays |= analysis.arrays()
        return arrays

    def _answer_columns(self) -> list[Column]:
        """Return the answers, their probabilities, the unit that matters most."""
        answers = self.trace.answers
        probabilities = self.trace.probabilities[np.arange(len(answers)), answers]
        return [
            ("answer", map(self.trace.answer_word, range(self.trace.steps))),
            ("probability", map(share, probabilities)),
            self._unit_column(),
        ]

    def _unit_column(self) -> Column:
        """Return the state of the unit that matters most, such as `unit 7`.

        Its layer is named if there are several.
        """
        layer, unit = self.trace.leading
        name = f"unit {unit}" if len(self.trace.layers) == 1 else f"{layer.name} unit {unit}"
        return name, [f"{value:+.3f}" for value in layer.states[:, unit]]


class QuestionInspection(Inspection, Generic[Question, AnyNetwork]):
    """A question in words, as typed, and the only network that `questions` asks."""

    def __init__(
        self,
        questions: Questions[Question, AnyNetwork],
        text: str,
        trained: FindTrained = none_trained,
        history: FindHistory = no_history,
    ) -> None:
        self._question = questions.read(text)
        [self._network] = questions.networks
        self.label, self.weights = questions.label, questions.document()
        self.notices = list(questions.notices(self._question))
        self.reading = NetworkReading(
            self._network, self._traced(), self._right(), trained=trained, history=history
        )
        [self._answer] = questions.answers([self._question])

    @abstractmethod
    def _traced(self) -> Trace:
        """Return the trace of the network while it reads the question."""

    @abstractmethod
    def _right(self) -> Sequence[int]:
        """Return the right answers, as in a `NetworkReading`."""

    @property
    def input_document(self) -> dict[str, Any]:
        """Question and answer, and what is right."""
        return {
            name: value for name, value in self._answer.document.items() if name != "probabilities"
        }


def verdict(correct: bool, truth: object) -> str:
    """Return whether an answer is right, and the right answer if it is not."""
    return "right" if correct else f"wrong, it is {truth}"
