"""Bit by bit and number by number: how well trained adders add, at which length."""

from collections.abc import Mapping

import torch
from torch import Tensor

from rnn_tui.engine.config import SequenceConfig
from rnn_tui.engine.parallel import automatic_workers, cpu_workers
from rnn_tui.tasks.adder.training import TEST_LENGTHS, AdderProblem
from rnn_tui.tasks.sequences.problem import with_weights
from rnn_tui.tasks.sequences.results import ByLength, SequenceExamination

LONG_LENGTHS = (32, 64, 128, 256, 512, 1024)
LONG_COUNT = 100


def examine(config: SequenceConfig, weights: Mapping[str, Tensor]) -> SequenceExamination:
    """Shares of right bits and of right sums, at 1 … 20 bits and far beyond.

    Raises:
        CheckpointError: if the weights do not fit the settings.
    """
    problem = with_weights(AdderProblem, config, weights)
    lengths, bits, numbers = (*TEST_LENGTHS, *LONG_LENGTHS), [], []
    counts = (config.test_size,) * len(TEST_LENGTHS) + (LONG_COUNT,) * len(LONG_LENGTHS)
    with cpu_workers(config.workers or automatic_workers()) as workers:
        for length, count in zip(lengths, counts, strict=True):
            sums = problem.at_length(problem.model, length, count, workers)
            bits.append(100.0 * sums["bits"].double() / count)
            numbers.append(100.0 * sums["numbers"].double() / count)
    return SequenceExamination(
        config,
        [
            ByLength(name, label, lengths, torch.stack(values, dim=1).numpy(), counts)
            for name, label, values in (
                ("bit_accuracy", "bit accuracy", bits),
                ("number_accuracy", "whole numbers right", numbers),
            )
        ],
    )
