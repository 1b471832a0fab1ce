"""The view Inside of networks that read sequences, for any task.

They read what was typed into the tab's prompt or calculator, or a random sequence of the task.
"""

import random
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from textual import on
from textual.app import ComposeResult
from textual.widgets import Label, Select

from rnn_tui.archive.weights import NETWORKS, Source, choose, trained_networks
from rnn_tui.engine.errors import QueryError
from rnn_tui.engine.state import RunState
from rnn_tui.engine.training.history import read_history
from rnn_tui.inside.analyses import analyses_of
from rnn_tui.inside.attribution import StepAttribution
from rnn_tui.inside.counters import CountersAnalysis
from rnn_tui.inside.hidden import STATE, HiddenAnalysis, true_row
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.task_network import TaskNetwork, draw_examples, trace_inputs
from rnn_tui.inside.trace import Trace
from rnn_tui.tasks.config import SequenceConfig, replica_of
from rnn_tui.tasks.sequences.inference import Column, Questions, ReplicaChoice, SequenceNetwork
from rnn_tui.tasks.task import SequenceShape
from rnn_tui.ui.frame.inside_door import AskingView, NetworkChoice, SequenceQuestion
from rnn_tui.ui.frame.task_view import TaskTab
from rnn_tui.ui.inside.bands import BarBand, StepBand, WordBand, attribution_band, read_band
from rnn_tui.ui.inside.subject import Subject
from rnn_tui.ui.inside.view import InsideView
from rnn_tui.ui.widgets.replica_select import ReplicaSelect

MOST_EXAMPLES = 1_000_000  # random sequences have a number below this


@dataclass(frozen=True)
class ReadSequence:
    """What a network held while it read a sequence, and what is known of the sequence."""

    trace: Trace
    right: Sequence[int]  #: the right answers as a `NetworkReading` has them.
    #: what is read, if it is more than a word for each step: a head, a cell for each step.
    columns: Sequence[Column] = ()
    #: what the times of its steps are called in its file, and that of each; None if it has none.
    times: tuple[str, Sequence[str]] | None = None


@dataclass(frozen=True)
class SequenceDetails:
    """The network that has read a sequence, and what it read."""

    network: SequenceNetwork
    variant: str  #: the label of the one that read.
    seed: int
    example: Any  #: the example that was read, as in `SequenceQuestion`.
    columns: Sequence[Column]  #: what was read, as in `ReadSequence`.
    times: tuple[str, Sequence[str]] | None = None  #: the same of its times.

    @property
    def config(self) -> SequenceConfig:
        """The settings of the networks."""
        return self.network.config


class SequenceInside(InsideView):
    """Shows how a network reads what is asked elsewhere in its tab, or a random sequence."""

    def __init__(self, pane: TaskTab) -> None:
        task = pane.spec
        assert task.shape is not None
        self.ruler = task.shape.step
        super().__init__(analyses_of(task))
        # a single output leaves room for what is hidden in the columns of the steps
        self.analyses_at_once = task.hidden is not None and len(task.shape.outputs) == 1
        self._of_task = task
        self._shape = task.shape
        self._asking = pane.view_of(AskingView)
        self._passed_over = ""  #: What was asked when a random sequence was wanted instead.
        self._source: Source | None = None  #: The weights that a user named.
        self._number = random.randrange(MOST_EXAMPLES)  #: Of the random sequence.
        #: The variant and seed chosen here; None for those of the question.
        self._chosen: tuple[str, int] | None = None

    def choices(self) -> ComposeResult:
        yield Label("Network", classes="inside-label")
        yield ReplicaSelect("inside-")

    def use(self, source: Source) -> None:
        self._source = source
        self.ask()

    def refresh_weights(self) -> None:
        """Look for weights anew, since a run may have ended."""
        self._source = None
        self._asked_for = None
        if self.is_on_screen:  # else coming into view does it
            self.ask()

    def run_ended(self, state: RunState) -> None:
        if state.replica_results:
            self.refresh_weights()

    # What is looked at

    def question(self) -> SequenceQuestion:
        """Return what was asked last; a random sequence if that is wanted, or nothing was asked."""
        asked = self._asking.question
        if asked.example in ("", self._passed_over):
            return SequenceQuestion(self._number, self._source or asked.source)
        return asked

    def read(self, network: SequenceNetwork, example: Any, replica: int) -> ReadSequence:
        """Read an example with one replica.

        Args:
            network: All replicas.
            example: What `SequenceQuestion.example` has.
            replica: Which of them reads.
        """
        if not isinstance(example, str):
            drawn = draw_examples(self._of_task, network.config, 1, example)
            trace = trace_inputs(network, drawn.inputs[:, 0], replica)
            return ReadSequence(trace, drawn.targets[0].tolist())
        chosen = network.replicas[replica]
        choice = ReplicaChoice(chosen.variant.hidden_size, chosen.variant.loss, chosen.seed)
        make_questions = self._of_task.part(self._of_task.questions)
        questions: Questions[Any, Any] = make_questions(network, "", Path(), choice)
        typed = questions.read(example)
        inputs = questions.inputs(typed).astype(np.float32)  # (T, F)
        trace = trace_inputs(network, inputs, replica, read=questions.words(typed))
        return ReadSequence(trace, questions.right(typed), questions.columns(typed))

    def about(self, network: SequenceNetwork) -> str:
        """Return what follows the name of the network."""
        position = network.config.position
        return "" if position is None else f", trained to recall position {position}"

    def request(self) -> tuple[Hashable, Callable[[], Subject]]:
        question = self.question()
        if self._chosen is not None:
            variant, seed = self._chosen
            question = replace(question, variant=variant, seed=seed)
        version = None if question.source is None else NETWORKS.version_of(question.source.path)
        return (question, version), partial(self._read_question, question)

    def _read_question(self, question: SequenceQuestion) -> Subject:
        """Have a network read, in a thread."""
        source = question.source or choose(self._of_task.name, question.position)
        network = NETWORKS.get(source.path, self._of_task.network)
        replica, label, seed = replica_of(network.config, question.variant, question.seed)
        sequence = self.read(network, question.example, replica)
        reading = NetworkReading(
            TaskNetwork(network, replica),
            sequence.trace,
            sequence.right,
            trained=partial(trained_networks, self._of_task.name),
            history=partial(read_history, source.path),
        )
        return Subject(
            f"{source.label}: {label}, seed {seed}{self.about(network)}",
            reading,
            _truth(sequence.trace, sequence.right),
            (NETWORKS.version_of(source.path), replica),
            SequenceDetails(
                network, label, seed, question.example, sequence.columns, sequence.times
            ),
        )

    @on(Select.Changed, "ReplicaSelect Select")
    def _ask_chosen_replica(self) -> None:
        if self.subject is not None:
            self._chosen = self.query_one(ReplicaSelect).chosen
            self.ask()

    def look_at(self, digit: object) -> None:  # noqa: ARG002 - it asks for what is typed
        """Look at what was typed, by the network that answered there."""
        self._passed_over = ""
        self._chosen = None
        self.ask()

    def read_input(self, text: str, network: NetworkChoice) -> None:
        """Read a word as it is typed in the prompt; of other tasks the random one of a number."""
        if self._shape.alphabet:
            self._passed_over = ""
            self._asking.ask_of(text, network)
        elif text.isdecimal() and int(text[:9]) < MOST_EXAMPLES:
            self._pass_over_prompt()
            self._number = int(text)
            self._source = network.source
        else:
            raise QueryError(f"An input here is a number below {MOST_EXAMPLES:,}.")
        self._read_by(network)

    def _pass_over_prompt(self) -> None:
        """Read random sequences until something else is asked."""
        self._passed_over = str(self._asking.question.example)

    def _read_by(self, network: NetworkChoice) -> None:
        """Read the question anew by a network."""
        self.begin_anew()
        self._chosen = None
        if network.variant is not None or network.seed is not None:
            self._chosen = (network.variant or "", -1 if network.seed is None else network.seed)
        self.ask()

    def memento(self) -> Callable[[], object]:
        number, source, chosen = self._number, self._source, self._chosen
        put_choices_back = super().memento()

        def put_back() -> None:
            self._number, self._source, self._chosen = number, source, chosen
            put_choices_back()

        return put_back

    def subject_changed(self, subject: Subject) -> None:
        """List the networks of the file."""
        details: SequenceDetails = subject.details
        self.query_one(ReplicaSelect).offer(details.config, details.variant, details.seed)

    def action_other(self) -> None:
        """Read another sequence: where one is drawn at once, it is asked there, too."""
        if self._asking.draws_at_once:
            self._asking.ask_another()
        else:
            self._pass_over_prompt()
            self._number = random.randrange(MOST_EXAMPLES)
        self.ask()

    def action_next_network(self) -> None:
        if self.subject is not None:
            self.query_one(ReplicaSelect).choose_next()

    # How it is shown

    def input_bands(self, subject: Subject, analysis: Any) -> Sequence[StepBand]:
        """Return what is read and what is hidden in it, what is answered, what is right.

        Probabilities show the answers of networks with several outputs.
        """
        trace, truth = subject.trace, subject.truth
        bands = read_bands(self._shape, trace, subject.details)
        if isinstance(analysis, HiddenAnalysis):
            bands += hidden_bands(subject.details, trace, analysis)
        if trace.one_output:
            answers = [trace.answer_word(step) for step in range(trace.steps)]
            wrong = [
                right not in ("", answer) for answer, right in zip(answers, truth, strict=True)
            ]
            bands.append(WordBand("answer", answers, wrong=wrong, strong=True, layout="lasting"))
        if any(truth):
            bands.append(WordBand("true", truth, layout="lasting"))
        return bands

    def analysis_bands(self, subject: Subject, analysis: Any) -> Sequence[StepBand]:
        """Return what each step adds to the answer, the unit that tells best what is hidden, or the
        one that counts best.
        """
        if isinstance(analysis, StepAttribution):
            return [attribution_band(analysis)]
        if isinstance(analysis, CountersAnalysis):
            return counter_bands(subject.trace, analysis)
        if not isinstance(analysis, HiddenAnalysis) or not analysis.sources:
            return []
        source, unit = analysis.best
        values = analysis.values(subject.trace)
        limit = 1.0 if source == STATE else max(1.0, float(abs(values).max()))
        when = " before" if subject.trace.every_step else ""
        return [BarBand(f"{source.capitalize()} of unit {unit}{when}", values, -limit, limit)]

    def analysis_text(self, analysis: Any) -> str:
        """Return the result of an analysis, and of one of units the unit at the cursor."""
        if isinstance(analysis, CountersAnalysis) and self.has_class("-tall"):
            return f"{analysis.summary} {analysis.of_unit(self.look.unit or 0)}"
        if not isinstance(analysis, HiddenAnalysis) or not analysis.sources:
            return super().analysis_text(analysis)
        if not self.has_class("-tall"):  # no unit has a cursor here
            return super().analysis_text(analysis)
        unit = self.look.unit or 0
        of_unit = [
            f"{source} {100 * accuracy:.1f} % ({correlation:+.2f})"
            for source, accuracy, correlation in zip(
                analysis.sources,
                analysis.accuracy[:, unit],
                analysis.correlation[:, unit],
                strict=True,
            )
        ]
        return f"{analysis.summary} Unit {unit}: {', '.join(of_unit)}."

    def times_of(self, subject: Subject) -> tuple[str, Sequence[str]] | None:
        times: tuple[str, Sequence[str]] | None = subject.details.times
        return times

    def step_name(self, step: int, steps: int) -> str:
        """Name a step; places are counted from 0, as powers of two are."""
        if self._shape.first_step == 0:
            return f"{self.ruler} {step} ({step + 1} of {steps:,})"
        return super().step_name(step, steps)

    def sentence(self, subject: Subject, step: int) -> str:
        """Say what the network predicts after a step; of a yes or no, what it reads there, too."""
        sentence = super().sentence(subject, step)
        trace = subject.trace
        return f"reads {trace.read[step]}, {sentence}" if trace.one_output else sentence


def read_bands(shape: SequenceShape, trace: Trace, details: "SequenceDetails") -> list[StepBand]:
    """Return what is read: its columns, numbers as colours, or a word for each step."""
    if details.columns:
        _, *columns = details.columns  # without the numbers of the steps
        return [WordBand(head, [*map(str, cells)]) for head, cells in columns]
    if shape.columns or (trace.task_inputs % 1).any():  # no symbols or bits
        return [read_band(trace, shape.columns)]
    position = details.config.position
    asked_for = [step + 1 == position for step in range(trace.steps)]
    return [WordBand(shape.inputs, trace.read, chosen=asked_for)]


def hidden_bands(
    details: SequenceDetails, trace: Trace, analysis: HiddenAnalysis
) -> list[StepBand]:
    """Return what is hidden, unless it is shown as read, and what probe and best unit tell."""
    variable = analysis.variable
    true = true_row(details.network, trace)

    def band(label: str, row: npt.NDArray[np.uint8]) -> WordBand:
        words = [variable.values[value] for value in row]
        return WordBand(label, words, wrong=(row != true).tolist())

    bands: list[StepBand] = []
    if variable.name not in dict(details.columns):
        bands.append(band(variable.name, true))
    bands.append(band("by probe", analysis.probe_row(trace)))
    if analysis.sources:
        _, unit = analysis.best
        bands.append(band(f"by unit {unit}", analysis.unit_row(trace)))
    return bands


def counter_bands(trace: Trace, analysis: CountersAnalysis) -> list[StepBand]:
    """Return the value of the unit that counts best, and what it would be without any error."""
    source, unit = analysis.best
    values, line = analysis.values(trace), analysis.line(trace)
    limit = max(1.0, float(np.abs(values).max()), float(np.abs(line).max()))
    label = f"{analysis.sources[source].capitalize()} of unit {unit}"
    return [
        BarBand(label, values, -limit, limit),
        BarBand(
            f"The line that it follows: {analysis.in_words(analysis.best)}", line, -limit, limit
        ),
    ]


def _truth(trace: Trace, right: Sequence[int]) -> Sequence[str]:
    """Return the right answer after each step in words; empty if it is unknown.

    Of a single answer, nobody knows before the end what would be right. Numbers have no words.
    """
    if trace.numbers or len(right) < (trace.steps if trace.every_step else 1):
        return [""] * trace.steps
    words = [str(answer) if trace.one_output else trace.outputs[answer] for answer in right]
    if trace.every_step:
        return words
    return [*[""] * (trace.steps - 1), *words]
