"""Looking into readers of images: an image row by row, what of it speaks for the answer, how early
many are answered right.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.progress import UNWATCHED, Progress
from rnn_tui.inside.attribution import Attribution, attribution
from rnn_tui.inside.image_network import ImageNetwork, test_set
from rnn_tui.inside.inspection import Inspection, verdict
from rnn_tui.inside.probes import Analysis, Labels, chance_level, share
from rnn_tui.inside.reading import (
    FindHistory,
    FindTrained,
    NetworkReading,
    no_history,
    none_trained,
)
from rnn_tui.networks.stepwise import Array
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.sequences.inference import Column

BATCH = 250  # images read at a time: enough to keep a core busy, few enough for its cache
INK = " .:*#"  # characters from no ink to all of it


@dataclass(frozen=True, eq=False)
class RowsAnalysis(Analysis):
    """The accuracy after each row, and the share of answers that are settled by then."""

    name = "rows"
    in_json = ("images", "accuracy", "settled", "chance", "prefix_note")
    in_arrays = ("accuracy", "settled", "chance")
    in_sentences = ("half", "near")

    images: int  #: how many.
    #: (28,), the share of right answers, 0 … 1, after 1 … 28 rows.
    accuracy: npt.NDArray[np.float64]
    #: (28,), the share of images whose answer stays the same from there on.
    settled: npt.NDArray[np.float64]
    chance: float  #: the share of the most frequent class.
    prefix_note: str  #: what an answer before the last row means, in a sentence.

    @property
    def half(self) -> int:
        """The first row, from 1, after which half of the images are right."""
        return int(np.argmax(self.accuracy >= 0.5)) + 1

    @property
    def near(self) -> int:
        """The first row, from 1, after which the accuracy is within a point of the final one."""
        return int(np.argmax(self.accuracy >= self.accuracy[-1] - 0.01)) + 1

    @property
    def summary(self) -> str:
        """A sentence on when the network gets near to its final accuracy."""
        return (
            f"{100 * self.accuracy[-1]:.2f} % of {self.images:,} images are right after all rows; "
            f"after row {self.near}, it is within a point of that. Chance "
            f"{100 * self.chance:.1f} %."
        )


def analyse_rows(
    network: RowReaderNetwork,
    images: npt.NDArray[np.uint8],
    labels: Labels,
    *,
    progress: Progress = UNWATCHED,
) -> RowsAnalysis | None:
    """Measure the answers after each row, over labelled images; None if it was stopped.

    Args:
        network: a reader of images.
        images: (N, 28, 28), 0 for background … 255 for ink.
        labels: (N,).
        progress: in images.
    """
    count, rows, _ = images.shape
    right = np.zeros(rows, np.int64)
    settled = np.zeros(rows, np.int64)
    progress.advance(0, count)
    for start in range(0, count, BATCH):
        if progress.stopping:
            return None
        digits = images[start : start + BATCH].astype(np.float32) / np.float32(255)
        with np.errstate(all="ignore"):
            answers = network.stack.logits_after_steps(network.rows(digits)).argmax(
                axis=2
            )  # (T, n)
        right += (answers == labels[start : start + BATCH]).sum(axis=1)
        as_last = answers == answers[-1]  # (T, n)
        # from the last row backwards: whether all answers from a row on are the last one
        settled += np.logical_and.accumulate(as_last[::-1])[::-1].sum(axis=1)
        progress.advance(min(start + BATCH, count), count)
    return RowsAnalysis(
        count,
        right / count,
        settled / count,
        chance_level(labels),
        ImageNetwork(network).prefix_note,
    )


def analyse_test_images(reading: NetworkReading, progress: Progress) -> RowsAnalysis | None:
    """Read all test images; None if that was stopped."""
    network: RowReaderNetwork = reading.network.source
    return analyse_rows(network, *test_set(network.config), progress=progress)


@dataclass(eq=False)
class DigitInspection(Inspection):
    """A digit that a row reader reads."""

    network: RowReaderNetwork  #: what reads it.
    weights: Mapping[str, Any]  #: what is known of it for JSON; their `source` is what to call it.
    digit: Array  #: (28, 28), 0 for background … 1 for ink.
    description: Mapping[str, Any]  #: what the digit is, for JSON.
    name: str  #: what the digit is, in a few words.
    truth: int | None = None  #: which digit it is, if that is known.
    notices: Sequence[str] = ()  #: sentences on what to keep in mind.
    trained: FindTrained = none_trained  #: as in `NetworkReading`, and so is the next.
    history: FindHistory = no_history

    def __post_init__(self) -> None:
        self.label = self.weights["source"]
        network = ImageNetwork(self.network)
        trace = network.trace_digit(self.digit)
        right = () if self.truth is None else (self.truth,)
        self.reading = NetworkReading(
            network, trace, right, digit=self.digit, trained=self.trained, history=self.history
        )
        self.notices = [*self.notices, trace.prefix_note]

    @property
    def title(self) -> str:
        """The answer, and from when on it stands."""
        trace, truth = self.reading.trace, self.truth
        judgement = ""
        if truth is not None:
            judgement = f"  {verdict(trace.answer == truth, trace.outputs[truth])}"
        answer = trace.outputs[trace.answer]
        return f"{self.name}: {answer}{judgement}; settled after row {trace.settled}"

    def _columns(self) -> list[Column]:
        levels = np.rint(self.digit.clip(0, 1) * (len(INK) - 1)).astype(int)
        ink = ["".join(INK[level] for level in row) for row in levels]
        columns: list[Column] = [
            ("row", range(1, self.trace.steps + 1)),
            ("", ink),
            *self._answer_columns(),
        ]
        rows: RowsAnalysis | None = self.analyses.get(RowsAnalysis.name)
        if rows is not None:
            columns.append(("accuracy", [share(accuracy, 2) for accuracy in rows.accuracy]))
        return columns

    @property
    def input_document(self) -> dict[str, Any]:
        """The image that was read, its label and the answer, JSON-ready."""
        answer = self.reading.trace.answer
        document: dict[str, Any] = {**self.description, "answer": answer}
        if self.truth is not None:
            document["label"] = self.truth
            document["correct"] = answer == self.truth
        return {**document, "digit": self.digit.tolist()}

    @cached_property
    def _attribution(self) -> Attribution:
        return attribution(self.network, self.digit, self.reading.trace.answer)

    @property
    def beside_trace(self) -> dict[str, Any]:
        """The part of each pixel in the answer, JSON-ready."""
        return {"attribution": self._attribution.to_dict()}

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the digit, and what each pixel adds, too."""
        return {"digit": self.digit, "attribution": self._attribution.pixels, **super().arrays()}
