"""Looks inside the networks that read sequences: recall and adder."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.widgets import Label, Select

from rnn_tui.inside.adder import trace_addition
from rnn_tui.inside.carry import SOURCES, CarryStudy, study_carry
from rnn_tui.inside.recall import trace_digits
from rnn_tui.inside.survival import SurvivalStudy, study_survival
from rnn_tui.runs.weights import NETWORKS, Source, choose
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.adder.inference import AdderNetwork, Addition
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.recall import RECALL
from rnn_tui.tasks.recall.inference import RecallNetwork
from rnn_tui.ui.ask.calculator import CalculatorPanel
from rnn_tui.ui.ask.recall_prompt import RecallPromptPanel
from rnn_tui.ui.inside.step_bands import Band, Curve, Heading, Heat, Words
from rnn_tui.ui.inside.step_grid import StepGrid
from rnn_tui.ui.inside.subject import Request, Subject
from rnn_tui.ui.inside.view import InsideView, chosen_after


@dataclass(frozen=True)
class Details:
    """Which network it is, and what was added.

    Attributes:
        config: its settings.
        variant: its label.
        seed: its seed.
        addition: what was added; None of a recall network.
    """

    config: SequenceConfig
    variant: str
    seed: int
    addition: Addition | None = None


class SequenceInside(InsideView):
    """What both share: a variant and a seed to choose."""

    def __init__(self) -> None:
        super().__init__()
        # What is chosen here; None while the panel's own choice, or the best, is meant.
        self._variant: str | None = None
        self._seed: int | None = None

    def choices(self) -> ComposeResult:
        """Variant and seed."""
        yield Label("network")
        yield Select([("none", "")], allow_blank=False, compact=True, id="inside-variant")
        yield Select(
            [("seed", -1)], allow_blank=False, compact=True, id="inside-seed", classes="inside-seed"
        )

    @property
    def _variants(self) -> Select[str]:
        return self.query_one("#inside-variant", Select)

    @property
    def _seeds(self) -> Select[int]:
        return self.query_one("#inside-seed", Select)

    def offer(self, config: SequenceConfig, variant: str, seed: int) -> None:
        """List variants and seeds, with these chosen."""
        variants = [one.label for one in config.variants]
        seeds = range(config.seed, config.seed + config.seeds)
        with self.prevent(Select.Changed):
            self._variants.set_options((label, label) for label in variants)
            self._variants.value = variant
            self._seeds.set_options((f"seed {one}", one) for one in seeds)
            self._seeds.value = seed

    @on(Select.Changed)
    def _changed(self, event: Select.Changed) -> None:
        event.stop()
        if self.subject is None:
            return
        self._variant, self._seed = str(self._variants.value), int(str(self._seeds.value))
        self.ask()

    def taken(self, subject: Subject) -> None:
        """Offer what its weights have."""
        details: Details = subject.details
        self.offer(details.config, details.variant, details.seed)

    def action_next_network(self) -> None:
        """Look into the next variant."""
        if self.subject is not None:
            labels = [one.label for one in self.subject.details.config.variants]
            self._variants.value = chosen_after(labels, str(self._variants.value))


def replica_of(
    config: SequenceConfig, variant: str | None, seed: int | None
) -> tuple[int, str, int]:
    """A variant's seed among the replicas: its place, and the label and seed that it has.

    What the weights do not have is replaced by the largest variant, and by the first seed.
    """
    labels = [one.label for one in config.variants]
    if variant not in labels:
        sizes = [one.hidden_size for one in config.variants]
        best = max(
            range(len(labels)), key=lambda at: (sizes[at], config.variants[at].loss == "bce", -at)
        )
        variant = labels[best]
    assert variant is not None
    if seed is None or not config.seed <= seed < config.seed + config.seeds:
        seed = config.seed
    return labels.index(variant) * config.seeds + seed - config.seed, variant, seed


class RecallInside(SequenceInside):
    """A sequence of digits on its way through a recall network.

    Args:
        prompt: has the sequence, and says which weights answer.
    """

    ruler: ClassVar[str] = "step"

    def __init__(self, prompt: RecallPromptPanel) -> None:
        super().__init__()
        self.add_class("-own-steps")
        self._prompt = prompt

    def study_pictures(self) -> ComposeResult:
        """The survival of digits, over the steps of training sequences."""
        yield StepGrid(ruler="step", id="inside-survival")

    def request(self) -> Request | str:
        """The digits of the prompt."""
        digits, position, source = self._prompt.at_hand
        variant, seed = self._variant, self._seed
        if seed is None:
            seed = self._prompt.seed

        def look() -> Subject:
            used = source if source is not None else choose(RECALL.name, position)
            network = NETWORKS.get(used.path, RecallNetwork)
            replica, label, actual = replica_of(network.config, variant, seed)
            trace = trace_digits(network, digits, replica)
            return Subject(
                f"{used.label}: {label}, seed {actual}, trained to recall position "
                f"{network.config.position}",
                trace,
                (NETWORKS.version_of(used.path), replica),
                lambda progress, stopping: study_survival(
                    network, replica, progress=progress, stopping=stopping
                ),
                Details(network.config, label, actual),
            )

        return Request((digits, _key(source), position, variant, seed), look)

    def input_bands(self, subject: Subject, study: SurvivalStudy | None) -> Sequence[Band]:  # noqa: ARG002
        """The digits, the one to recall marked."""
        asked = [at + 1 == subject.details.config.position for at in range(subject.trace.steps)]
        return [Words("digit", subject.trace.read, chosen=asked)]

    def study_bands(self, subject: Subject, study: Any) -> Sequence[Band]:  # noqa: ARG002
        """None: a study has steps of its own."""
        return []

    def study_text(self, study: SurvivalStudy) -> str:
        """How long digits survive."""
        return study.summary

    def show_pictures(self, subject: Subject, step: int) -> None:  # noqa: ARG002
        """Bring the study up to date."""
        study: SurvivalStudy | None = self.study
        if study is None:
            return
        heat = Heat(
            "",
            [f"digit {place}" for place in study.positions],
            (100 * study.accuracy).astype(np.float32),
            limit=100.0,
            form=".0f",
            written=True,
        )
        title = f"% read off the state by a linear probe · chance {100 * study.chance.mean():.0f} %"
        grid = self.query_one("#inside-survival", StepGrid)
        grid.show([Heading(title), heat], study.steps.tolist(), len(study.steps) - 1)

    def sentence(self, subject: Subject, step: int) -> str:
        """The answer after a step."""
        trace = subject.trace
        answer = int(trace.answers[step])
        position = subject.details.config.position
        text = f"says {answer}, {100 * trace.probabilities[step, answer]:.1f} %"
        if step == trace.steps - 1 and position is not None and position <= trace.steps:
            right = trace.read[position - 1] == str(answer)
            text += " ✓" if right else f" ✗ it was {trace.read[position - 1]}"
        return f"{text} · settled at {trace.settled}"

    def action_other(self) -> None:
        """Other random digits, in the prompt too."""
        self._prompt.draw_digits()
        self.ask()


class AdderInside(SequenceInside):
    """An addition on its way through an adder.

    Args:
        calculator: has the numbers, and says which weights answer.
    """

    ruler: ClassVar[str] = "place"
    first_number: ClassVar[int] = 0
    studies_at_once: ClassVar[bool] = True

    def __init__(self, calculator: CalculatorPanel) -> None:
        super().__init__()
        self._calculator = calculator

    def request(self) -> Request | str:
        """The numbers of the calculator."""
        addition, source = self._calculator.at_hand
        chosen, chosen_seed = self._calculator.chosen
        variant = self._variant if self._variant is not None else chosen
        seed = self._seed if self._seed is not None else chosen_seed

        def look() -> Subject:
            used = source if source is not None else choose(ADDER.name)
            network = NETWORKS.get(used.path, AdderNetwork)
            replica, label, actual = replica_of(network.config, variant, seed)
            return Subject(
                f"{used.label}: {label}, seed {actual}",
                trace_addition(network, addition, replica),
                (NETWORKS.version_of(used.path), replica),
                lambda _progress, _stopping: study_carry(network, replica),
                Details(network.config, label, actual, addition),
            )

        return Request((addition, _key(source), variant, seed), look)

    def input_bands(self, subject: Subject, study: CarryStudy | None) -> Sequence[Band]:
        """Both numbers, what is carried and who tells it, what came out, what is right."""
        addition: Addition = subject.details.addition
        total, answers = addition.bits(addition.total), subject.trace.answers
        carries = addition.carries
        return [
            Words("a", _bits(addition.bits(addition.a))),
            Words("b", _bits(addition.bits(addition.b))),
            Words("carry", _bits(carries)),
            *(
                Words(label, _bits(told), wrong=(told != carries).tolist())
                for label, told in self._told(subject, study)
            ),
            Words("network", _bits(answers), wrong=(answers != total).tolist(), strong=True),
            Words("true sum", _bits(total)),
        ]

    def study_bands(self, subject: Subject, study: CarryStudy) -> Sequence[Band]:
        """The unit that tells the carry best: what it holds before each place."""
        source, unit = study.best
        values = study.values(subject.trace, source, unit)
        limit = 1.0 if source == SOURCES[0] else max(1.0, float(abs(values).max()))
        return [Curve(f"unit {unit}", values, -limit, limit)]

    @staticmethod
    def _told(subject: Subject, study: CarryStudy | None) -> list[tuple[str, Any]]:
        """The carry into each place as the state before it tells it, and who reads it there."""
        if study is None:
            return []
        trace, (source, unit) = subject.trace, study.best
        return [
            ("by probe", study.carry_row(trace)),
            (f"by unit {unit}", study.unit_row(trace, source, unit)),
        ]

    def step_name(self, step: int, steps: int) -> str:
        """The place, counted from 0 as powers of two are."""
        return f"place {step} ({step + 1} of {steps:,})"

    def study_text(self, study: CarryStudy) -> str:
        """Where the carry is; and how well the unit with the cursor tells it."""
        if not self.has_class("-tall"):
            return study.summary  # no unit has a cursor here
        unit = self.look.unit or 0
        others = ", ".join(
            f"{source} {100 * study.accuracy[at, unit]:.1f} % ({study.correlation[at, unit]:+.2f})"
            for at, source in enumerate(SOURCES)
        )
        return f"{study.summary} Unit {unit}: {others}."

    def sentence(self, subject: Subject, step: int) -> str:
        """The bit after a step."""
        trace, addition = subject.trace, subject.details.addition
        bit, share = int(trace.answers[step]), float(trace.probabilities[step, 0])
        right = bit == int(addition.bits(addition.total)[step])
        sure = share if bit else 1 - share
        mark = "✓" if right else "✗ wrong"
        return f"reads {trace.read[step]}, says {bit}, {100 * sure:.1f} % sure {mark}"

    def action_other(self) -> None:
        """Two other random numbers, in the calculator too."""
        self._calculator.action_draw()
        self.ask()


def _bits(bits: Any) -> list[str]:
    return [str(int(bit)) for bit in bits]


def _key(source: Source | None) -> Hashable:
    return None if source is None else NETWORKS.version_of(source.path)
