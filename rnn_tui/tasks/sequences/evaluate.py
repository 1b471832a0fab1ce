"""How well trained networks classify sequences, at which length, and what they take for what."""

from collections.abc import Mapping

import numpy as np
import torch
from sklearn.metrics import confusion_matrix
from torch import Tensor

from rnn_tui.engine.parallel import automatic_workers, cpu_workers
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.sequences.classification import ClassificationProblem
from rnn_tui.tasks.sequences.evaluation import ByLength, SequenceEvaluation
from rnn_tui.tasks.sequences.problem import with_weights

COUNT = 200
# Of a small variant in a small test set, some classes would be missing from the matrix.
CONFUSION_COUNT = 1000


def evaluate_classes(
    kind: type[ClassificationProblem], config: SequenceConfig, weights: Mapping[str, Tensor]
) -> SequenceEvaluation:
    """Accuracy at every length in training and up to twice the longest; a confusion matrix.

    Raises:
        CheckpointError: if the weights do not fit the settings.
    """
    problem = with_weights(kind, config, weights)
    shortest, longest = config.lengths
    lengths = tuple(range(shortest, 2 * longest + 1))
    if len(lengths) > 40:
        lengths = tuple(sorted({int(n) for n in np.linspace(shortest, 2 * longest, 40)}))
    accuracies = []
    with cpu_workers(config.workers or automatic_workers()) as workers:
        for length in lengths:
            drawn = problem.draw_seeds(torch.full((COUNT,), length), "test", length)
            right = problem.right(problem.model, drawn, workers)
            accuracies.append(100.0 * right.double() / COUNT)
        targets, answers = problem.answers(problem.model, CONFUSION_COUNT, workers)
    variants = len(config.variants)
    confusion = np.stack(
        [
            confusion_matrix(true.ravel(), said.ravel(), labels=range(problem.outputs))
            for true, said in zip(
                np.split(targets.numpy(), variants),
                np.split(answers.numpy(), variants),
                strict=True,
            )
        ]
    )
    by_length = ByLength(
        "accuracy",
        "accuracy",
        lengths,
        torch.stack(accuracies, dim=1).numpy(),
        (COUNT,) * len(lengths),
    )
    return SequenceEvaluation(config, [by_length], confusion)
