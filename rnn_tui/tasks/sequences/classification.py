"""Sequences put into a class after their last step, as in recall and parity.

A task only says how its sequences are drawn.
"""

from collections.abc import Mapping
from functools import partial

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from rnn_tui.engine.training.parallel import Workers
from rnn_tui.tasks.sequences.examples import Batch, Examples
from rnn_tui.tasks.sequences.problem import SequenceProblem
from rnn_tui.tasks.sequences.replica_problem import Networks

# sequences of any length for the confusion matrix: a small test set may miss some classes
CONFUSED = 1000


class ClassificationProblem(SequenceProblem):
    """Sequences of one of C classes each; its task has `METRICS` of `tasks.sequences` beside its
    measures.
    """

    def means_of(self, sums: Mapping[str, Tensor], count: int | Tensor) -> dict[str, Tensor]:
        """Return mean loss and measures, with percentages rounded as in figures of old runs."""
        assert isinstance(count, int)  # every sequence has a class
        measured = {
            measure.name: measure.mean(sums[measure.name], count) for measure in self.measures
        }
        return super().means_of(sums, count) | measured

    def predictions(
        self, model: nn.Module, examples: Examples, workers: Workers
    ) -> tuple[Tensor, Tensor]:
        """Return the true classes and the networks', (R, N) each."""
        measured = self.evaluated(model, examples, workers, self._predictions)
        return measured["targets"], measured["answers"]

    def _predictions(self, network: Networks, batch: Batch) -> Mapping[str, Tensor]:
        """Return the true classes and the networks' (R, B) of a batch."""
        [answers] = self.answers(network, batch)
        return {"targets": answers.targets, "answers": answers.outputs.argmax(dim=1)}

    def confusion(self, workers: Workers) -> npt.NDArray[np.int64]:
        """Count true classes and answers over new sequences."""
        examples = self.for_seeds(partial(self.draw_test, CONFUSED), "confusion")
        targets, answers = self.predictions(self.model, examples, workers)
        return _confusion(targets, answers, len(self.config.variants), self.outputs)


def _confusion(
    targets: Tensor, answers: Tensor, variants: int, classes: int
) -> npt.NDArray[np.int64]:
    """Return counts (V, C, C) over all seeds of V variants.

    Rows are the C true classes, columns the answers.

    Args:
        targets: (R, N) true classes, the seeds of a variant one after another.
        answers: (R, N).
        variants: V.
        classes: C.
    """
    true, answered = (
        numbers.numpy().reshape(variants, -1).astype(int) for numbers in (targets, answers)
    )
    cells = (np.arange(variants)[:, None] * classes + true) * classes + answered
    counts = np.bincount(cells.ravel(), minlength=variants * classes**2)
    return counts.reshape(variants, classes, classes)
