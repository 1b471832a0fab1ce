"""What the look inside adders adds: the numbers of the calculator, and where the carry is."""

from collections.abc import Sequence
from typing import Any, ClassVar

from rnn_tui.inside.adder import STATE, CarryAnalysis, trace_addition
from rnn_tui.inside.trace import Trace
from rnn_tui.tasks.adder.questions import Addition
from rnn_tui.ui.inside.bands import BarBand, StepBand, WordBand
from rnn_tui.ui.inside.sequences import AskedInside
from rnn_tui.ui.inside.subject import Subject


class AdderInside(AskedInside):
    """An addition of the pane's calculator on its way through an adder."""

    analyses_at_once: ClassVar[bool] = True

    def read(self, network: Any, given: Any, replica: int) -> tuple[Trace, Sequence[int]]:
        return trace_addition(network, given, replica), [*map(int, given.bits(given.total))]

    def input_bands(self, subject: Subject, analysis: Any) -> Sequence[StepBand]:
        addition: Addition = subject.details.given
        total, carries, trace = addition.bits(addition.total), addition.carries, subject.trace
        told: list[tuple[str, Any]] = []  # by whom, from the state before each place
        if isinstance(analysis, CarryAnalysis):
            told = [
                ("by probe", analysis.carry_row(trace)),
                (f"by unit {analysis.best[1]}", analysis.unit_row(trace)),
            ]
        a, b = _bits(addition.bits(addition.a)), _bits(addition.bits(addition.b))
        return [
            WordBand("a", a),
            WordBand("b", b),
            WordBand("carry", _bits(carries)),
            *(WordBand(label, _bits(row), wrong=(row != carries).tolist()) for label, row in told),
            WordBand(
                "network",
                _bits(trace.answers),
                wrong=(trace.answers != total).tolist(),
                strong=True,
            ),
            WordBand("true sum", _bits(total)),
        ]

    def analysis_bands(self, subject: Subject, analysis: Any) -> Sequence[StepBand]:
        if not isinstance(analysis, CarryAnalysis):
            return []
        source, unit = analysis.best
        values = analysis.values(subject.trace)
        limit = 1.0 if source == STATE else max(1.0, float(abs(values).max()))
        return [BarBand(f"{source} of unit {unit} before", values, -limit, limit)]

    def step_name(self, step: int, steps: int) -> str:
        """The place, counted from 0 as powers of two are."""
        return f"place {step} ({step + 1} of {steps:,})"

    def analysis_text(self, analysis: Any) -> str:
        if not (self.has_class("-tall") and isinstance(analysis, CarryAnalysis)):
            return super().analysis_text(analysis)  # no unit has a cursor here
        unit = self.look.unit or 0
        others = ", ".join(
            f"{source} {100 * analysis.accuracy[at, unit]:.1f} % "
            f"({analysis.correlation[at, unit]:+.2f})"
            for at, source in enumerate(analysis.sources)
        )
        return f"{analysis.summary} Unit {unit}: {others}."

    def sentence(self, subject: Subject, step: int) -> str:
        return f"reads {subject.trace.read[step]}, {super().sentence(subject, step)}"


def _bits(bits: Any) -> list[str]:
    return [str(int(bit)) for bit in bits]
