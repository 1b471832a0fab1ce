"""The view Inside of adders: the numbers of the calculator, and where the carry is."""

from collections.abc import Sequence
from typing import Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt

from rnn_tui.inside.hidden import STATE, HiddenAnalysis
from rnn_tui.inside.task_network import trace_inputs
from rnn_tui.inside.trace import Trace
from rnn_tui.tasks.adder.questions import Addition
from rnn_tui.ui.inside.bands import BarBand, StepBand, WordBand
from rnn_tui.ui.inside.sequences import AskedInside
from rnn_tui.ui.inside.subject import Subject

Bits: TypeAlias = npt.NDArray[np.integer[Any]]


class AdderInside(AskedInside):
    """Shows how an adder adds the numbers of the calculator."""

    analyses_at_once: ClassVar[bool] = True

    def read(self, network: Any, example: Addition, replica: int) -> tuple[Trace, Sequence[int]]:
        right = [int(bit) for bit in example.bits(example.total)]
        inputs = example.pairs.astype(np.float32)  # (T, 2)
        return trace_inputs(network, inputs, replica), right

    def input_bands(self, subject: Subject, analysis: Any) -> Sequence[StepBand]:
        """Return the addition as on paper, with the carries that a probe and a unit give."""
        addition: Addition = subject.details.example
        total, carries, trace = addition.bits(addition.total), addition.carries, subject.trace
        bands = [
            WordBand("a", _words(addition.bits(addition.a))),
            WordBand("b", _words(addition.bits(addition.b))),
            WordBand("carry", _words(carries)),
        ]
        if isinstance(analysis, HiddenAnalysis):
            _, unit = analysis.best
            bands += [
                _compared("by probe", analysis.probe_row(trace), carries),
                _compared(f"by unit {unit}", analysis.unit_row(trace), carries),
            ]
        wrong = (trace.answers != total).tolist()
        return [
            *bands,
            WordBand("network", _words(trace.answers), wrong=wrong, strong=True),
            WordBand("true sum", _words(total)),
        ]

    def analysis_bands(self, subject: Subject, analysis: Any) -> Sequence[StepBand]:
        if not isinstance(analysis, HiddenAnalysis):
            return []
        source, unit = analysis.best
        values = analysis.values(subject.trace)
        limit = 1.0 if source == STATE else max(1.0, float(abs(values).max()))
        return [BarBand(f"{source.capitalize()} of unit {unit} before", values, -limit, limit)]

    def step_name(self, step: int, steps: int) -> str:
        """Name the place, counted from 0 as powers of two are."""
        return f"place {step} ({step + 1} of {steps:,})"

    def analysis_text(self, analysis: Any) -> str:
        if not (self.has_class("-tall") and isinstance(analysis, HiddenAnalysis)):
            return super().analysis_text(analysis)  # no unit has a cursor here
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

    def sentence(self, subject: Subject, step: int) -> str:
        return f"reads {subject.trace.read[step]}, {super().sentence(subject, step)}"


def _compared(label: str, bits: Bits, true: Bits) -> WordBand:
    """Return a band of bits in which those that differ from the true ones are marked."""
    return WordBand(label, _words(bits), wrong=(bits != true).tolist())


def _words(bits: Bits) -> list[str]:
    return [str(int(bit)) for bit in bits]
