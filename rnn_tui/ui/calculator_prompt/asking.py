"""Asks the networks of a task what was typed: for every prompt and the calculator, in a thread."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rnn_tui.archive.weights import NETWORKS, Source, choose
from rnn_tui.data.typed import typed_numbers
from rnn_tui.inside.task_network import draw_examples
from rnn_tui.networks.stepwise import Array
from rnn_tui.tasks.config import SequenceConfig, replica_of
from rnn_tui.tasks.sequences.inference import Answer, Questions, ReplicaChoice
from rnn_tui.tasks.task import Task

ALL = "all vote"  # the entry for the vote in the list of variants
MOST_DRAWN = 1_000_000  # random sequences have a number below this


@dataclass(frozen=True)
class Typed:
    """A question as it was typed."""

    text: str | None  #: None for one by chance.
    position: int | None = None  #: which digit is asked for, from 1, if the task has one asked for.


@dataclass(frozen=True, eq=False)
class NetworkAnswers:
    """What the networks in a file answer to questions of their task."""

    source: Source  #: which weights.
    variant: str  #: the label of the network that answers, or `ALL`.
    seed: int  #: its seed; of a vote, the first.
    questions: Questions[Any, Any]  #: of the task, to the R networks that answer.
    typed: Typed  #: the first question as it was typed, or drawn by chance.
    asked: tuple[Any, ...]  #: the questions as they were read.
    outputs: Sequence[Array]  #: (R, …) for each question.

    @property
    def config(self) -> SequenceConfig:
        """The settings of all networks in the file."""
        return self.questions.config

    @cached_property
    def answer(self) -> Answer:
        """The answer to the first question by all that answer."""
        return self.of(slice(None))

    def of(self, replicas: slice, place: int = 0) -> Answer:
        """Return the answer of some of the networks to the question at a place."""
        return self.questions.answer(self.asked[place], self.outputs[place][replicas])

    def of_variant(self, variant: int, seed: int | None) -> slice:
        """Return the places of the seeds of a variant in a vote of all; of one if it is named.

        Args:
            variant: its place among the variants.
            seed: counted from 0; None for all.
        """
        first = variant * self.config.seeds
        if seed is None:
            return slice(first, first + self.config.seeds)
        return slice(first + seed, first + seed + 1)

    @cached_property
    def seeds_right(self) -> tuple[int, ...]:
        """How many seeds of each variant have the first question right; empty unless all vote."""
        if self.variant != ALL:
            return ()
        return tuple(
            sum(
                self.of(self.of_variant(variant, seed)).correct is True
                for seed in range(self.config.seeds)
            )
            for variant in range(len(self.config.variants))
        )

    @property
    def answered_by(self) -> str:
        """Which networks answered, in words."""
        if self.variant == ALL:
            return f"{self.source.label} · all {len(self.questions.replicas)} vote"
        return f"{self.source.label} · {self.variant} · seed {self.seed}"

    @property
    def notes(self) -> str:
        """Why the first answer may be a poor one, in sentences; empty if there is no reason."""
        return " ".join(f"⚠ {notice}" for notice in self.questions.notices(self.asked[0]))


class AskedNetworks:
    """The networks of a task that answer: those that were named, or else those chosen.

    The choice is remembered, since looking for weights at every keystroke would take too long.
    """

    def __init__(self, task: Task, source: Source | None = None) -> None:
        """Let `source`, if it is given, answer for the position that it was trained for."""
        self._task = task
        self._sources: dict[int | None, Source] = {}
        if source is not None:
            self._sources[source.position] = source

    def ask(self, typed: Typed, chosen: tuple[str, int] | None = None) -> NetworkAnswers:
        """Have networks answer a question.

        Args:
            typed: the question.
            chosen: the variant, or `ALL`, and the seed; None for the largest and the first.

        Raises:
            UserError: if there are no weights, or what was typed is no question.
        """
        details = {} if typed.position is None else {"position": typed.position}
        source = self._source_for(typed.position)
        variant, seed, questions = self._questions(source, chosen, details)
        text = self._random(questions) if typed.text is None else typed.text
        asked = questions.read(text)
        typed = Typed(text, typed.position)
        outputs = questions.all_outputs([asked])
        answers = NetworkAnswers(source, variant, seed, questions, typed, (asked,), outputs)
        _ = answers.answer, answers.seeds_right  # here in the thread, not where they are shown
        return answers

    def ask_drawn(
        self, draw: Callable[[SequenceConfig], Sequence[str]], position: int | None
    ) -> NetworkAnswers:
        """Have all networks answer several questions, for the position they were trained for.

        Args:
            draw: returns the questions, as they are typed, for networks of these settings.
            position: the one that weights are wanted for.

        Raises:
            UserError: if there are no weights, or one of these is no question.
        """
        source = self._source_for(position)
        variant, seed, questions = self._questions(source, (ALL, -1), {})
        texts = draw(questions.config)
        asked = tuple(questions.read(text) for text in texts)
        typed = Typed(texts[0], questions.config.position)
        outputs = questions.all_outputs(asked)
        return NetworkAnswers(source, variant, seed, questions, typed, asked, outputs)

    def _source_for(self, position: int | None) -> Source:
        if position not in self._sources:
            self._sources[position] = choose(self._task.name, position)
        return self._sources[position]

    def _questions(
        self, source: Source, chosen: tuple[str, int] | None, details: dict[str, Any]
    ) -> tuple[str, int, Questions[Any, Any]]:
        """Return the variant, or `ALL`, and the seed that answer; and the questions to them."""
        network = NETWORKS.get(source.path, self._task.network)
        replica, variant, seed = replica_of(network.config, *(chosen or (None, None)))
        if chosen is not None and chosen[0] == ALL:
            variant = ALL
            choice = ReplicaChoice(vote=True)
        else:
            of_replica = network.replicas[replica].variant
            choice = ReplicaChoice(of_replica.hidden_size, of_replica.loss, seed)
        make_questions = self._task.part(self._task.questions)
        questions = make_questions(network, source.label, source.path, choice, **details)
        return variant, seed, questions

    def _random(self, questions: Any) -> str:
        """Return a question by chance, as it is typed: numbers are those that the problem draws."""
        text: str = questions.random(np.random.default_rng())
        if text:
            return text
        drawn = draw_examples(self._task, questions.config, 1, random.randrange(MOST_DRAWN))
        return typed_numbers(drawn.inputs[: drawn.lengths[0], 0].tolist())
