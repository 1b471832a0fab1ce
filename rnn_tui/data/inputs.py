"""Turn the values of a data set into what networks read, and what they answer into its units.

Networks read standardised numbers, or symbols one-hot; numbers that they answer are standardised
as well. Means and deviations are those of the training sequences, as the description has them.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.data.description import Description

Floats = npt.NDArray[np.float32]


def network_inputs(description: Description, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return what a network reads, float32 or, of symbols, uint8 (T, F).

    Args:
        description: of the data set.
        values: (T, F) numbers in the units of the file, or (T, 1) places in the alphabet.
    """
    if description.alphabet:
        one_hot = np.eye(len(description.alphabet), dtype=np.uint8)
        return one_hot[values[:, 0].astype(np.int64)]
    return _standardised(values, description.means, description.deviations)


def standardised_targets(description: Description, targets: npt.NDArray[Any]) -> Floats:
    """Return numbers (…, O) in the units of the file as networks answer them; NaN stays."""
    return _standardised(targets, description.output_means, description.output_deviations)


def in_units(description: Description, outputs: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return the answers (…, O) of networks in the units of the file."""
    deviations = np.array(description.output_deviations)
    means = np.array(description.output_means)
    numbers: npt.NDArray[np.float64] = outputs.astype(np.float64) * deviations + means
    return numbers


def _standardised(
    values: npt.NDArray[Any], means: tuple[float, ...], deviations: tuple[float, ...]
) -> Floats:
    standardised = (values.astype(np.float64) - np.array(means)) / np.array(deviations)
    result: Floats = standardised.astype(np.float32)
    return result
