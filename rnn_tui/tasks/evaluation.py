"""What a closer look at trained weights found, as the views and `--json` take it: no torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rnn_tui.engine.replicas import Spread
from rnn_tui.tasks.config import SequenceConfig

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True)
class ByLength:
    """A figure of every replica at several lengths."""

    name: str  #: as in JSON, such as `bit_accuracy`.
    lengths: tuple[int, ...]  #: (L,) time steps, ascending.
    values: "npt.NDArray[np.float64]"  #: (R, L) in percent.
    counts: tuple[int, ...]  #: (L,) sequences of each length that each replica was asked.

    def spread(self, variant: int, seeds: int) -> list[Spread]:
        """The spread over the seeds of a variant, one a length."""
        rows = self.values[variant * seeds : (variant + 1) * seeds]
        return [Spread(tuple(column)) for column in rows.T.tolist()]


@dataclass(frozen=True)
class SequenceEvaluation:
    """What an evaluation found."""

    config: SequenceConfig  #: the settings of the run.
    by_length: Sequence[ByLength]  #: figures at several lengths, some beyond those in training.
    #: (V, 10, 10) counts over all seeds of a variant, true classes in rows, answers in columns;
    #: None where nothing is classified.
    confusion: "npt.NDArray[np.int64] | None" = None

    def documents(self) -> list[dict[str, Any]]:
        """A JSON-ready form: one entry a variant."""
        result: list[dict[str, Any]] = []
        for variant in range(len(self.config.variants)):
            by_length: dict[str, list[dict[str, Any]]] = {}
            for figure in self.by_length:
                rows = zip(figure.lengths, figure.counts, figure.spread(variant, self.config.seeds), strict=True)
                by_length[figure.name] = [{"length": at, "sequences": count, **spread.to_dict()} for at, count, spread in rows]
            confusion = {} if self.confusion is None else {"confusion": self.confusion[variant].tolist()}
            result.append({"by_length": by_length, **confusion})
        return result


@dataclass(frozen=True)
class ImageEvaluation:
    """The test set with a model's answers."""

    images: "npt.NDArray[np.uint8]"  #: (N, 28, 28) uint8.
    labels: "npt.NDArray[np.int64]"  #: (N,) true classes.
    probabilities: "npt.NDArray[np.float32]"  #: (N, 10) softmax outputs.
    predictions: "npt.NDArray[np.int64]"  #: (N,) most probable classes.
    confusion: "npt.NDArray[np.int64]"  #: (10, 10) counts, true classes in rows, predicted ones in columns.
    misread: "npt.NDArray[np.int64]"  #: (M,) indices of the wrong answers, the most confident first.

    def of_cell(self, true: int, read: int) -> "npt.NDArray[np.int64]":
        """Indices of the images of class `true` read as `read`, the most confident first."""
        chosen = ((self.labels == true) & (self.predictions == read)).nonzero()[0]
        sureness = self.probabilities[chosen, read]
        surest_first: npt.NDArray[np.int64] = chosen[(-sureness).argsort(kind="stable")]
        return surest_first
