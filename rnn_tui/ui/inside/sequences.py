"""Looks inside networks that read sequences: of whatever task."""

import random
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.widgets import Label, Select

from rnn_tui.engine.history import read_history
from rnn_tui.engine.state import RunState
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.trace import Trace, draw_examples, trace_inputs
from rnn_tui.runs.weights import NETWORKS, Source, choose, trained_networks
from rnn_tui.tasks.config import SequenceConfig, replica_of
from rnn_tui.tasks.sequences.inference import SequenceNetwork
from rnn_tui.ui.common.inside_door import AskingView, SequenceQuestion
from rnn_tui.ui.common.task_view import TaskTab
from rnn_tui.ui.common.widgets.replica_select import ReplicaSelect
from rnn_tui.ui.inside.bands import StepBand, WordBand
from rnn_tui.ui.inside.subject import Subject
from rnn_tui.ui.inside.view import InsideView

MOST_EXAMPLES = 1_000_000  # Sequences by chance are told apart by a number below this.


@dataclass(frozen=True)
class SequenceDetails:
    """Which network it is, and what it was given."""

    config: SequenceConfig
    variant: str
    seed: int
    given: Any


class SequenceInside(InsideView):
    """A sequence on its way through a network of any task on sequences: one by chance, unless the
    task says what is at hand.
    """

    def __init__(self, pane: TaskTab) -> None:
        task = pane.spec
        assert task.shape is not None
        self.ruler = task.shape.step
        super().__init__(task)
        self._of_task, self._shape = task, task.shape
        self._source: Source | None = None
        self._number = random.randrange(MOST_EXAMPLES)
        # The variant and seed chosen here; None while the question's own, or the best, are meant.
        self._chosen: tuple[str, int] | None = None

    def choices(self) -> ComposeResult:
        yield Label("network", classes="inside-label")
        yield ReplicaSelect("inside-")

    def use(self, source: Source) -> None:
        self._source = source
        self.ask()

    def refresh_weights(self) -> None:
        """Look for weights anew, since a run may have ended."""
        self._source = self._asked_for = None
        if self.is_on_screen:  # else coming into view does it
            self.ask()

    def run_ended(self, state: RunState) -> None:
        if state.replica_results:
            self.refresh_weights()

    # What is looked at

    def question(self) -> SequenceQuestion:
        return SequenceQuestion(self._number, self._source)

    def read(
        self, network: SequenceNetwork, given: Any, replica: int
    ) -> tuple[Trace, Sequence[int]]:
        """What a replica holds while it reads what was `given`; and what is right, as a
        `NetworkReading` has it.
        """
        drawn = draw_examples(self._of_task, network.config, 1, given)
        return trace_inputs(network, drawn.inputs[:, 0], replica), drawn.targets[0].tolist()

    def about(self, network: SequenceNetwork) -> str:  # noqa: ARG002
        """What else is to be said of who reads."""
        return ""

    def request(self) -> tuple[Hashable, Callable[[], Subject]]:
        asked = self.question()
        if self._chosen is not None:
            asked = replace(asked, variant=self._chosen[0], seed=self._chosen[1])
        who = None if asked.source is None else NETWORKS.version_of(asked.source.path)
        return (asked, who), partial(self._look_into, asked)

    def _look_into(self, asked: SequenceQuestion) -> Subject:
        source = asked.source or choose(self._of_task.name, asked.position)
        network = NETWORKS.get(source.path, self._of_task.network)
        replica, label, seed = replica_of(network.config, asked.variant, asked.seed)
        trace, right = self.read(network, asked.given, replica)
        words = [str(one) if trace.one_output else trace.outputs[one] for one in right]
        # Of one answer, nobody knows what would be right before the end.
        truth = words if trace.every_step else [""] * (trace.steps - 1) + (words or [""])
        trained, history = (
            partial(trained_networks, self._of_task.name),
            partial(read_history, source.path),
        )
        return Subject(
            f"{source.label}: {label}, seed {seed}{self.about(network)}",
            NetworkReading(network, trace, right, replica, trained=trained, history=history),
            truth,
            (NETWORKS.version_of(source.path), replica),
            SequenceDetails(network.config, label, seed, asked.given),
        )

    @on(Select.Changed, "ReplicaSelect Select")
    def _changed(self) -> None:
        if self.subject is not None:
            self._chosen = self.query_one(ReplicaSelect).chosen
            self.ask()

    def look_at(self, what: object) -> None:  # noqa: ARG002 - it asks for what is typed
        """Look at what was typed, by the network that answered there."""
        self._chosen = None
        self.ask()

    def taken(self, subject: Subject) -> None:
        details: SequenceDetails = subject.details
        self.query_one(ReplicaSelect).offer(details.config, details.variant, details.seed)

    def action_other(self) -> None:
        self._number = random.randrange(MOST_EXAMPLES)
        self.ask()

    def action_next_network(self) -> None:
        if self.subject is not None:
            self.query_one(ReplicaSelect).choose_next()

    def input_bands(self, subject: Subject, analysis: Any) -> Sequence[StepBand]:  # noqa: ARG002
        """What is read; what came out where no probabilities say so; what is right."""
        trace, truth = subject.trace, subject.truth
        bands = [WordBand(self._shape.inputs, trace.read)]
        if trace.one_output:
            words = [trace.answer_word(step) for step in range(trace.steps)]
            wrong = [right not in ("", word) for word, right in zip(words, truth, strict=True)]
            bands.append(WordBand("answer", words, wrong=wrong, strong=True))
        if any(truth):
            bands.append(WordBand("true", truth))
        return bands


class AskedInside(SequenceInside):
    """What another view of the tab has asked, on its way through a network."""

    def __init__(self, pane: TaskTab) -> None:
        super().__init__(pane)
        self._asking = pane.view_of(AskingView)

    def question(self) -> SequenceQuestion:
        return self._asking.question

    def action_other(self) -> None:
        self._asking.ask_another()
        self.ask()
