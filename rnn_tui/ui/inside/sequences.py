"""The view Inside of networks that read sequences, for any task."""

import random
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.widgets import Label, Select

from rnn_tui.archive.weights import NETWORKS, Source, choose, trained_networks
from rnn_tui.engine.errors import QueryError
from rnn_tui.engine.state import RunState
from rnn_tui.engine.training.history import read_history
from rnn_tui.inside.analyses import analyses_of
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.task_network import TaskNetwork, draw_examples, trace_inputs
from rnn_tui.inside.trace import Trace
from rnn_tui.tasks.config import SequenceConfig, replica_of
from rnn_tui.tasks.sequences.inference import ReplicaChoice, SequenceNetwork
from rnn_tui.tasks.sequences.questions import SequenceQuestions
from rnn_tui.ui.frame.inside_door import AskingView, NetworkChoice, SequenceQuestion
from rnn_tui.ui.frame.task_view import TaskTab
from rnn_tui.ui.inside.bands import StepBand, WordBand, read_band
from rnn_tui.ui.inside.subject import Subject
from rnn_tui.ui.inside.view import InsideView
from rnn_tui.ui.widgets.replica_select import ReplicaSelect

MOST_EXAMPLES = 1_000_000  # random sequences have a number below this


@dataclass(frozen=True)
class SequenceDetails:
    """The network that has read a sequence, and what it read."""

    config: SequenceConfig  #: the settings of the network.
    variant: str  #: its label.
    seed: int
    example: Any  #: the example that was read, as in `SequenceQuestion`.


class SequenceInside(InsideView):
    """Shows how a network of any task on sequences reads a random one."""

    def __init__(self, pane: TaskTab) -> None:
        task = pane.spec
        assert task.shape is not None
        self.ruler = task.shape.step
        super().__init__(analyses_of(task))
        self._of_task = task
        self._shape = task.shape
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
        """Return what is to be read, and by which network."""
        return SequenceQuestion(self._number, self._source)

    def read(
        self, network: SequenceNetwork, example: Any, replica: int
    ) -> tuple[Trace, Sequence[int]]:
        """Read an example with one replica.

        Args:
            network: All replicas.
            example: What `SequenceQuestion.example` has; here the number of a random sequence.
            replica: Which of them reads.

        Returns:
            What the replica held, and the right answers as a `NetworkReading` has them.
        """
        examples = draw_examples(self._of_task, network.config, 1, example)
        trace = trace_inputs(network, examples.inputs[:, 0], replica)
        return trace, examples.targets[0].tolist()

    def about(self, network: SequenceNetwork) -> str:  # noqa: ARG002
        """Return what follows the name of the network."""
        return ""

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
        trace, right = self.read(network, question.example, replica)
        reading = NetworkReading(
            TaskNetwork(network, replica),
            trace,
            right,
            trained=partial(trained_networks, self._of_task.name),
            history=partial(read_history, source.path),
        )
        return Subject(
            f"{source.label}: {label}, seed {seed}{self.about(network)}",
            reading,
            _truth(trace, right),
            (NETWORKS.version_of(source.path), replica),
            SequenceDetails(network.config, label, seed, question.example),
        )

    @on(Select.Changed, "ReplicaSelect Select")
    def _ask_chosen_replica(self) -> None:
        if self.subject is not None:
            self._chosen = self.query_one(ReplicaSelect).chosen
            self.ask()

    def look_at(self, digit: object) -> None:  # noqa: ARG002 - it asks for what is typed
        """Look at what was typed, by the network that answered there."""
        self._chosen = None
        self.ask()

    def read_input(self, text: str, network: NetworkChoice) -> None:
        """Read the random sequence of a number."""
        if not text.isdecimal() or int(text[:9]) >= MOST_EXAMPLES:
            raise QueryError(f"An input here is a number below {MOST_EXAMPLES:,}.")
        self._number = int(text)
        self._source = network.source
        self._read_by(network)

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
        self._number = random.randrange(MOST_EXAMPLES)
        self.ask()

    def action_next_network(self) -> None:
        if self.subject is not None:
            self.query_one(ReplicaSelect).choose_next()

    def input_bands(self, subject: Subject, analysis: Any) -> Sequence[StepBand]:  # noqa: ARG002
        """Return what is read, the answers if no probabilities show these, and the truth."""
        trace, truth = subject.trace, subject.truth
        bands: list[StepBand] = [WordBand(self._shape.inputs, trace.read)]
        if self._shape.columns or (trace.inputs % 1).any():  # no symbols or bits
            bands = [read_band(trace, self._shape.columns)]
        if trace.one_output:
            answers = [trace.answer_word(step) for step in range(trace.steps)]
            wrong = [
                right not in ("", answer) for answer, right in zip(answers, truth, strict=True)
            ]
            bands.append(WordBand("answer", answers, wrong=wrong, strong=True, layout="lasting"))
        if any(truth):
            bands.append(WordBand("true", truth, layout="lasting"))
        return bands


class AskedInside(SequenceInside):
    """Shows how a network reads what another view of the tab has asked."""

    def __init__(self, pane: TaskTab) -> None:
        super().__init__(pane)
        self._asking = pane.view_of(AskingView)

    def question(self) -> SequenceQuestion:
        return self._asking.question

    def read_input(self, text: str, network: NetworkChoice) -> None:
        self._asking.ask_of(text, network)
        self._read_by(network)

    def action_other(self) -> None:
        self._asking.ask_another()
        self.ask()


class PromptedInside(SequenceInside):
    """Shows how a network reads what was typed into the general prompt, or a random sequence."""

    def __init__(self, pane: TaskTab) -> None:
        super().__init__(pane)
        self._asking = pane.view_of(AskingView)
        self._passed_over = ""  #: What was typed when a random sequence was wanted instead.

    def question(self) -> SequenceQuestion:
        """Return what was answered last in the prompt; a random sequence if that is wanted."""
        asked = self._asking.question
        if asked.example in ("", self._passed_over):
            return SequenceQuestion(self._number, self._source or asked.source)
        return asked

    def read(
        self, network: SequenceNetwork, example: Any, replica: int
    ) -> tuple[Trace, Sequence[int]]:
        """Read what was typed, or the random sequence of a number."""
        if not isinstance(example, str):
            return super().read(network, example, replica)
        chosen = network.replicas[replica]
        choice = ReplicaChoice(chosen.variant.hidden_size, chosen.variant.loss, chosen.seed)
        make_questions = self._of_task.part(self._of_task.questions)
        questions: SequenceQuestions = make_questions(network, "", Path(), choice)
        typed = questions.read(example)
        inputs = typed.inputs.astype(np.float32)  # (T, F)
        trace = trace_inputs(network, inputs, replica, read=questions.words(typed))
        return trace, questions.right(typed)

    def look_at(self, digit: object) -> None:
        self._passed_over = ""
        super().look_at(digit)

    def read_input(self, text: str, network: NetworkChoice) -> None:
        """Read a word as it is typed in the prompt; of other tasks the random one of a number."""
        if self._shape.alphabet:
            self._passed_over = ""
            self._asking.ask_of(text, network)
            self._read_by(network)
        else:
            self._pass_over_prompt()
            super().read_input(text, network)

    def action_other(self) -> None:
        self._pass_over_prompt()
        super().action_other()

    def _pass_over_prompt(self) -> None:
        """Read random sequences until something else is typed."""
        self._passed_over = str(self._asking.question.example)


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
