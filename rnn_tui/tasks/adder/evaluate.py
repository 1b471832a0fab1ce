"""Bit by bit and number by number: how well trained adders add, at which length."""

from collections.abc import Mapping

import torch
from torch import Tensor

from rnn_tui.engine.parallel import automatic_workers, cpu_workers
from rnn_tui.tasks.adder.problem import TEST_LENGTHS, AdderProblem
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.sequences.evaluation import ByLength, SequenceEvaluation
from rnn_tui.tasks.sequences.problem import with_weights

LONG_LENGTHS = (32, 64, 128, 256, 512, 1024)
LONG_COUNT = 100
FIGURES = (("bit_accuracy", "bit accuracy"), ("number_accuracy", "whole numbers right"))


def evaluate(config: SequenceConfig, weights: Mapping[str, Tensor]) -> SequenceEvaluation:
    """Shares of right bits and of right sums, at 1 … 20 bits and far beyond.

    Raises:
        CheckpointError: if the weights do not fit the settings.
    """
    problem = with_weights(AdderProblem, config, weights)
    asked = [(TEST_LENGTHS, config.test_size), *(((one,), LONG_COUNT) for one in LONG_LENGTHS)]
    with cpu_workers(config.workers or automatic_workers()) as workers:
        shares = [
            problem.at_lengths(problem.model, lengths, count, workers) for lengths, count in asked
        ]
    lengths = tuple(one for several, _ in asked for one in several)
    counts = tuple(count for several, count in asked for _ in several)
    return SequenceEvaluation(
        config,
        [
            ByLength(name, label, lengths, 100.0 * torch.cat(values, dim=1).numpy(), counts)
            for (name, label), values in zip(FIGURES, zip(*shares, strict=True), strict=True)
        ],
    )
