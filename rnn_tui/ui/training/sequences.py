"""The tabs of recall and adder: sets of seeds, and a panel to ask the trained networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual.widget import Widget

from rnn_tui.engine.metrics import Metric
from rnn_tui.engine.state import RunState
from rnn_tui.tasks.sequences.evaluation import SequenceEvaluation
from rnn_tui.ui.chart.chart import Chart
from rnn_tui.ui.chart.spread import SPREAD_LABELS
from rnn_tui.ui.training.confusion_view import ConfusionView
from rnn_tui.ui.training.lengths_view import LengthsView
from rnn_tui.ui.training.pane import TaskPane
from rnn_tui.ui.training.seeds_view import SeedsView
from rnn_tui.ui.training.variant_table import VariantTable

if TYPE_CHECKING:
    from rnn_tui.runs.weights import Source
    from rnn_tui.ui.ask.calculator import CalculatorPanel
    from rnn_tui.ui.ask.recall_prompt import RecallPromptPanel
    from rnn_tui.ui.inside.view import InsideView

SEEDS_HELP = """
**Seeds** are networks with their own data and first weights, trained side by side: a curve is their
mean, the shade around it goes from the smallest to the largest (`v`: ± one standard deviation). The
form's *Seeds* says how many. **Results** has mean, standard deviation (n − 1), smallest, largest
and number, beside the report's figure and whether that lies within ours. **Lengths** has accuracy
by length, with the lengths seen in training shaded.
"""


class SequencePane(TaskPane):
    """What both tabs share."""

    accuracy: Metric
    headline_metric: str
    length_titles: tuple[str, ...]
    log_lengths: bool
    log_loss: bool
    _inside: InsideView

    def training_view(self) -> Widget:
        """Loss and accuracy with their spread."""
        self._seeds = SeedsView(self.accuracy, self.log_loss)
        return self._seeds

    def result_views(self) -> Sequence[tuple[str, str, Widget]]:
        """The views of a finished run."""
        self._table = VariantTable()
        self._lengths = LengthsView(self.length_titles, self.log_lengths)
        return (("results", "Results", self._table), ("lengths", "Lengths", self._lengths))

    @property
    def charts(self) -> Sequence[Chart]:
        """Those of the view in front."""
        return self._lengths.charts if self.view == "lengths" else self._seeds.charts

    def show_view(self, view: str, states: Sequence[RunState], chosen: RunState | None) -> None:  # noqa: ARG002
        """Bring the view of this id up to date."""
        match view:
            case "training":
                self._seeds.show(chosen)
            case "results":
                self._table.show(chosen)
            case "lengths":
                self._lengths.show(self._evaluated(chosen))
            case "inside":
                self._inside.ask()

    def on_weights_changed(self) -> None:
        """Look into them, if that is what is seen; else coming into view does it."""
        if self.complete and self.view == "inside":
            self._inside.ask()

    def _evaluated(self, state: RunState | None) -> SequenceEvaluation | None:
        found = self.evaluation(state)
        return found if isinstance(found, SequenceEvaluation) else None

    def action_spread(self) -> None:
        """Draw the other kind of spread."""
        for view in (self._seeds, self._lengths):
            view.spread = "sd" if view.spread == "range" else "range"
        self.notify(f"Spread over seeds: {SPREAD_LABELS[self._seeds.spread]}", timeout=2)
        self.show_runs()

    def offers(self, action: str) -> bool:
        """Chart keys only where there are charts."""
        if action in ("smoothing", "log_axis"):
            return self.view == "training"
        if action in ("zoom_in", "zoom_out", "reset_view", "full_screen", "spread"):
            return self.view in ("training", "lengths")
        return super().offers(action)

    def figure(self, state: RunState) -> str:
        """The headline figure of every variant."""
        spreads = state.spreads(self.headline_metric)
        return " ".join(f"{spread.mean:.1f}" for spread in spreads) + " %"

    def end_sentence(self, state: RunState) -> str:
        """The headline figure of every variant, and the time."""
        spec = next(s for s in state.metric_definitions if s.name == self.headline_metric)
        figures = ", ".join(
            f"{variant.label} {spread.mean:.2f} %"
            for variant, spread in zip(state.config.variants, state.spreads(spec.name), strict=True)
        )
        return f"{spec.label}: {figures}; {state.elapsed:.1f} s."


class RecallPane(SequencePane):
    """Which digit stood at the position?"""

    accuracy = Metric("val_accuracy", "validation accuracy", "%", True, 0.0, 100.0)
    headline_metric = "test_accuracy"
    length_titles = ("Accuracy by length",)
    log_lengths = False
    log_loss = False
    help_text = (
        """\
# Recall

A small LSTM reads random digits, one a step, and must name the digit at one position. **Prompt**
asks the trained networks about digits as you type them; they work from the start, with weights
that ship, until you train some. **Inside** shows, digit by digit, what a network holds while it
reads them; `k` there measures how long each digit survives in its state.
"""
        + SEEDS_HELP
    )

    def other_views(self) -> Sequence[tuple[str, str, Widget]]:
        """The prompt, then the views of a finished run."""
        from rnn_tui.ui.ask.recall_prompt import RecallPromptPanel  # noqa: PLC0415 - numpy
        from rnn_tui.ui.inside.recall import RecallInside  # noqa: PLC0415 - numpy

        self._prompt: RecallPromptPanel = RecallPromptPanel()
        self._inside = RecallInside(self._prompt)
        self._confusion = ConfusionView()
        return (
            ("prompt", "Prompt", self._prompt),
            ("inside", "Inside", self._inside),
            *self.result_views(),
            ("confusion-tab", "Confusion", self._confusion),
        )

    def focus_view(self) -> None:
        """In the prompt, the answers."""
        if self.view == "prompt":
            self._prompt.focus_view()
        elif self.view == "inside":
            self._inside.focus_view()
        else:
            super().focus_view()

    async def use_weights(self, source: Source) -> None:
        """Let them answer in the prompt."""
        self.show_tab("prompt")
        self._prompt.use(source)
        self.call_after_refresh(self.focus_view)

    def show_view(self, view: str, states: Sequence[RunState], chosen: RunState | None) -> None:
        """Bring the view of this id up to date."""
        if view != "confusion-tab":
            super().show_view(view, states, chosen)
            return
        found = self._evaluated(chosen)
        if found is None or found.confusion is None:
            self._confusion.show(None)
            return
        at = self._variant % len(found.confusion)
        variant = found.config.variants[at]
        more = " (h: next network)" if len(found.confusion) > 1 else ""
        self._confusion.show(found.confusion[at], f"{variant.label}{more}")

    def action_next_variant(self) -> None:
        """Show the confusion matrix of the next variant."""
        self._variant += 1
        self.show_runs()

    def offers(self, action: str) -> bool:
        """The next variant only in the confusion matrix."""
        if action == "next_variant":
            return self.view == "confusion-tab"
        return super().offers(action)

    _variant = -1

    def ended(self, state: RunState) -> None:
        """What was trained answers from now on."""
        if state.results or state.replica_results:
            self._prompt.refresh_weights()


class AdderPane(SequencePane):
    """The sum of two binary numbers."""

    accuracy = Metric("val_bit_accuracy", "validation bit accuracy", "%", True, 0.0, 100.0)
    headline_metric = "test_bit_accuracy"
    length_titles = ("Bit accuracy by length", "Whole numbers right by length")
    log_lengths = True
    log_loss = True
    help_text = (
        """\
# Adder

A small LSTM reads two binary numbers, least significant bits first, and puts out a bit of their
sum at every step: it has to keep the carry. **Calculator** adds numbers as you type them; it works
from the start, with weights that ship, until you train some. Losses: **MSE**; **CE**, which is the
report's, a softmax across positions; **BCE**, the cross-entropy of each bit, the textbook's.
**Inside** shows, place by place, what a network holds while it adds, and which unit keeps the
carry.
"""
        + SEEDS_HELP
    )

    def other_views(self) -> Sequence[tuple[str, str, Widget]]:
        """The calculator, then the views of a finished run."""
        from rnn_tui.ui.ask.calculator import CalculatorPanel  # noqa: PLC0415 - numpy
        from rnn_tui.ui.inside.adder import AdderInside  # noqa: PLC0415 - numpy

        self._calculator: CalculatorPanel = CalculatorPanel()
        self._inside = AdderInside(self._calculator)
        return (
            ("calculator", "Calculator", self._calculator),
            ("inside", "Inside", self._inside),
            *self.result_views(),
        )

    def focus_view(self) -> None:
        """In the calculator, the bits."""
        if self.view == "calculator":
            self._calculator.focus_view()
        elif self.view == "inside":
            self._inside.focus_view()
        else:
            super().focus_view()

    async def use_weights(self, source: Source) -> None:
        """Let them answer in the calculator."""
        self.show_tab("calculator")
        self._calculator.use(source)
        self.call_after_refresh(self.focus_view)

    def ended(self, state: RunState) -> None:
        """What was trained answers from now on."""
        if state.replica_results:
            from rnn_tui.runs.weights import choose  # noqa: PLC0415 - safetensors

            self._calculator.use(choose("adder"))


PANES: Mapping[str, type[SequencePane]] = {"recall": RecallPane, "adder": AdderPane}
