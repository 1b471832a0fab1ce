"""The inspection of one input and its network, in the forms that the command `inspect` prints."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, TypeAlias

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.progress import Progress
from rnn_tui.inside.analysis_kind import AnalysisKind
from rnn_tui.inside.counters import CountersAnalysis
from rnn_tui.inside.edits import Edited, read_edit
from rnn_tui.inside.hidden import HiddenAnalysis, true_values
from rnn_tui.inside.probes import share
from rnn_tui.inside.reading import (
    FindHistory,
    FindTrained,
    NetworkReading,
    no_history,
    none_trained,
)
from rnn_tui.inside.task_network import TaskNetwork
from rnn_tui.inside.trace import Trace
from rnn_tui.tasks.sequences.inference import AnyNetwork, Column, Question, Questions

Row: TypeAlias = Sequence[str]


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
        if self.trace.numbers:
            words = map(self.trace.answer_word, range(self.trace.steps))
            return [("answer", words), self._unit_column()]
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
        self._questions = questions
        self._question = questions.read(text)
        [self._network] = questions.networks
        self.label, self.weights = questions.label, questions.document()
        inputs = questions.inputs(self._question).astype(np.float32)  # (T, F)
        read = questions.words(self._question)
        network = TaskNetwork(self._network)
        trace = network.trace(inputs, read)
        right = questions.right(self._question)
        self.reading = NetworkReading(network, trace, right, trained=trained, history=history)
        self.notices = list(questions.notices(self._question))
        if not trace.every_step:
            self.notices.append(trace.prefix_note)
        [self._answer] = questions.answers([self._question])

    @property
    def title(self) -> str:
        """Question and answer, and whether it is right."""
        answer = self._answer
        title = self._questions.title(answer)
        if answer.correct is None:
            return title
        return f"{title}  {verdict(answer.correct, answer.expected)}"

    @property
    def _hidden(self) -> HiddenAnalysis | None:
        """The analysis of the hidden variable, if it was made."""
        variable = self._network.task.hidden
        return None if variable is None else self.analyses.get(variable.key)

    def _columns(self) -> list[Column]:
        """Return what is read, what is hidden, and what is answered."""
        read = self._questions.columns(self._question) or self._read_columns()
        found = [*self._probe_columns(), *self._counter_columns()]
        return [*read, *found, *self._answer_columns()]

    def _read_columns(self) -> list[Column]:
        """Return the steps, what is read, and the hidden variable."""
        trace, shape = self.trace, self._network.shape
        columns: list[Column] = [
            (shape.step, range(trace.first_step, trace.first_step + trace.steps)),
            ("input" if shape.element == shape.step else shape.element, trace.read),
        ]
        variable = self._network.task.hidden
        if variable is not None:
            values = true_values(self._network, trace.inputs[:, None])[:, 0]  # (T,)
            columns.append((variable.name, [variable.values[value] for value in values]))
        return columns

    def _probe_columns(self) -> list[Column]:
        """Return what the states tell of the hidden variable, if that was analysed."""
        analysis, trace = self._hidden, self.trace
        if analysis is None:
            return []
        names = analysis.variable.values
        columns: list[Column] = [
            ("probe", [names[value] for value in analysis.probe_row(trace)]),
        ]
        if analysis.sources:
            source, unit = analysis.best
            head = f"{source} {unit} before" if trace.every_step else f"{source} {unit}"
            columns.append((head, [f"{value:+.3f}" for value in analysis.values(trace)]))
        return columns

    def _counter_columns(self) -> list[Column]:
        """Return the unit that counts best and the line that it follows, if one was looked for."""
        analysis: CountersAnalysis | None = self.analyses.get(CountersAnalysis.name)
        if analysis is None:
            return []
        source, unit = analysis.best
        return [
            (head, [f"{value:+.2f}" for value in values])
            for head, values in (
                (f"{analysis.sources[source]} {unit}", analysis.values(self.trace)),
                ("line", analysis.line(self.trace)),
            )
        ]

    def _answer_columns(self) -> list[Column]:
        """Return the answers, what is right if each step has an answer, the leading unit."""
        trace = self.trace
        columns: list[Column]
        if self._network.shape.numbers:
            numbers = self._questions.numbers_answered(self._question, trace.logits)  # (T, O)
            names = self._network.shape.outputs
            columns = [
                (name, [f"{value:.4g}" for value in column])
                for name, column in zip(names, numbers.T, strict=True)
            ]
            columns.append(self._unit_column())
        elif not trace.one_output:
            columns = super()._answer_columns()
        else:
            columns = [
                ("output", [f"{value:.3f}" for value in trace.probabilities[:, 0]]),
                ("answer", trace.answers),
                self._unit_column(),
            ]
        right = self.reading.right
        if trace.every_step and right:
            words = self._network.shape.answer_words
            columns.insert(-1, ("right", [words[answer] for answer in right]))
        return columns

    @property
    def input_document(self) -> dict[str, Any]:
        """Question and answer, and what is right."""
        document = {
            name: value for name, value in self._answer.document.items() if name != "probabilities"
        }
        for name, values in self._questions.facts(self._question).items():
            document[name] = values.tolist()
        return document

    def document(self, *, whole: bool = True) -> dict[str, Any]:
        """Return what the states of this input tell of the hidden variable, too."""
        document = super().document(whole=whole)
        analysis = self._hidden
        if whole and analysis is not None:
            row = analysis.probe_row(self.reading.trace)
            document[analysis.name]["read_here"] = row.tolist()
        return document

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what is true of the question, and what the states tell, too."""
        arrays = {**super().arrays(), **self._questions.facts(self._question)}
        analysis = self._hidden
        if analysis is not None:
            arrays[f"{analysis.name}_read_here"] = analysis.probe_row(self.reading.trace)
        return arrays


def verdict(correct: bool, truth: object) -> str:
    """Return whether an answer is right, and the right answer if it is not."""
    return "right" if correct else f"wrong, it is {truth}"
