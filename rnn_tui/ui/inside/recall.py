"""What the look inside recall networks adds: the digits of the prompt, and how long they last."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from textual.app import ComposeResult

from rnn_tui.inside.recall import SurvivalStudy, study_survival, trace_digits
from rnn_tui.inside.trace import Trace
from rnn_tui.tasks.sequences.inference import SequenceNetwork
from rnn_tui.ui.ask.recall_prompt import RecallPromptPanel
from rnn_tui.ui.inside.bands import HeatBand, StepBand, WordBand
from rnn_tui.ui.inside.sequences import SequenceInside, SequenceQuestion
from rnn_tui.ui.inside.step_grid import StepGrid
from rnn_tui.ui.inside.subject import Subject
from rnn_tui.ui.training.pane import TaskPane


class RecallInside(SequenceInside):
    """The digits of the pane's prompt on their way through a recall network."""

    study_replica = staticmethod(study_survival)

    def __init__(self, pane: TaskPane) -> None:
        super().__init__(pane)
        self.add_class("-own-steps")
        self._prompt = pane.query_one(RecallPromptPanel)

    def study_pictures(self) -> ComposeResult:
        yield StepGrid(ruler="step", id="inside-survival")

    def question(self) -> SequenceQuestion:
        digits, position, source = self._prompt.at_hand
        return SequenceQuestion(digits, source, position, seed=self._prompt.seed)

    def read(self, network: Any, given: Any, replica: int) -> tuple[Trace, Sequence[str]]:
        """The digits; what is right is known after the last of them."""
        position = network.config.position
        known = position is not None and position <= len(given)
        truth = [""] * (len(given) - 1) + [str(given[position - 1]) if known else ""]
        return trace_digits(network, given, replica), truth

    def about(self, network: SequenceNetwork) -> str:
        return f", trained to recall position {network.config.position}"

    def input_bands(self, subject: Subject, study: SurvivalStudy | None) -> Sequence[StepBand]:  # noqa: ARG002
        asked = [at + 1 == subject.details.config.position for at in range(subject.trace.steps)]
        return [WordBand("digit", subject.trace.read, chosen=asked)]

    def show_pictures(self, subject: Subject, step: int) -> None:  # noqa: ARG002
        study: SurvivalStudy | None = self.study
        if study is None:
            return
        labels, percent = [*map(str, study.positions)], (100 * study.accuracy).astype(np.float32)
        title = f"% read off the state by a linear probe · chance {100 * study.chance.mean():.0f} %"
        heat = HeatBand("", labels, percent, 100.0, form=".0f", written=True, what="position ", title=title)
        grid, steps = self.query_one("#inside-survival", StepGrid), study.steps.tolist()
        grid.show([heat], steps, len(steps) - 1, framed=self.has_class("-tall"))

    def action_other(self) -> None:
        self._prompt.draw_digits()
        self.ask()
