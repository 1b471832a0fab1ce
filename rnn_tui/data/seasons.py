"""Find the season of series: after how many steps they are most alike."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

LEAST_SEASON = 3
LEAST_LIKENESS = 0.3  # of the numbers a season apart, as a correlation
NEARLY = 0.75  # of the largest correlation, which a multiple of the season may have


def season_of(series: Sequence[npt.NDArray[np.float64]], longest: int) -> int:
    """Return the steps of the season that series have in common; 0 if they have none.

    It is the first peak of their mean autocorrelation, without their straight lines, that is nearly
    as high as the highest. A third of a series is the longest season that can be seen in it.

    Args:
        series: the training steps of each, without gaps.
        longest: the longest season that counts.
    """
    shortest_series = min(map(len, series), default=0)
    most = min(longest, shortest_series // 3)
    if most < LEAST_SEASON:
        return 0
    curves = [_autocorrelation(numbers, most + 1) for numbers in series]
    curve = np.mean(curves, axis=0)  # of the lags 0 … most + 1
    inner = np.arange(LEAST_SEASON, most + 1)
    is_peak = (curve[inner] >= curve[inner - 1]) & (curve[inner] > curve[inner + 1])
    noise = 2 / np.sqrt(shortest_series * len(series))
    peaks = inner[is_peak & (curve[inner] > max(LEAST_LIKENESS, noise))]
    if not len(peaks):
        return 0
    high = peaks[curve[peaks] >= NEARLY * curve[peaks].max()]
    return int(high[0])


def _autocorrelation(numbers: npt.NDArray[np.float64], most: int) -> npt.NDArray[np.float64]:
    """Return the correlation of a series with itself so many steps later, lags 0 … `most`."""
    steps = np.arange(len(numbers))
    slope, level = np.polyfit(steps, numbers, 1)
    rest = numbers - slope * steps - level
    size = 2 * len(rest)
    spectrum = np.fft.rfft(rest, size)
    products = np.fft.irfft(np.square(np.abs(spectrum)), size)[: most + 1]
    # a mean product, as later lags have fewer
    means = products / (len(rest) - np.arange(most + 1))
    if means[0] <= 1e-12 * max(1.0, float(np.abs(numbers).max())) ** 2:
        return np.zeros(most + 1)
    correlations: npt.NDArray[np.float64] = means / means[0]
    return correlations
