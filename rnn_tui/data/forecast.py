"""Describe how the steps to come are forecast, in a form that needs neither NumPy nor torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from rnn_tui.engine.errors import DataError, printable

FIRST_STEPS = 8  # at most, that are read before a step is asked
MOST_COPIES = 8  # of each number, in windows that overlap


class Transform(StrEnum):
    """What the numbers of a forecast column are read and answered as."""

    PLAIN = "plain"  #: as they are.
    DIFFERENCE = "difference"  #: less the number of the step before; answers, less the last one.
    RATIO = "ratio"  #: the same, as a share of that number.
    SEASONAL_DIFFERENCE = "seasonal-difference"  #: less the number a season before.
    SEASONAL_RATIO = "seasonal-ratio"  #: the same, as a share of that number.

    @property
    def is_ratio(self) -> bool:
        """Whether differences are divided by the number that they are from."""
        return self in (Transform.RATIO, Transform.SEASONAL_RATIO)

    @property
    def is_seasonal(self) -> bool:
        """Whether differences are from the number a season before."""
        return self in (Transform.SEASONAL_DIFFERENCE, Transform.SEASONAL_RATIO)


IN_WORDS = {
    Transform.PLAIN: "as they are",
    Transform.DIFFERENCE: "as differences from the last number",
    Transform.RATIO: "as ratios to the last number",
    Transform.SEASONAL_DIFFERENCE: "as differences from the number a season before",
    Transform.SEASONAL_RATIO: "as ratios to the number a season before",
}


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """How the next steps of some columns are forecast from windows of their past.

    Raises:
        DataError: if it does not hold together, as in a damaged file.
    """

    columns: tuple[str, ...]  #: the features that are forecast.
    transform: Transform  #: what they are read and answered as.
    season: int  #: the steps of a season; 0 for none.
    context: int  #: the steps that a window reads before it is asked.

    def __post_init__(self) -> None:
        if not self.columns or any(printable(name, 400) != name for name in self.columns):
            raise DataError("A forecast needs the names of columns.")
        if self.context < 1 or self.season < 0 or (self.transform.is_seasonal and not self.season):
            raise DataError("The context or the season of a forecast is none.")

    @property
    def lag(self) -> int:
        """How many steps back the number is that differences are from; 0 for none."""
        if self.transform is Transform.PLAIN:
            return 0
        return self.season if self.transform.is_seasonal else 1

    @property
    def first_asked(self) -> int:
        """How many steps are read before the first one that training asks."""
        return self.lag + max(1, min(FIRST_STEPS, (self.context - self.lag) // 2))

    @property
    def stride(self) -> int:
        """How many steps a window asks once it has read the context."""
        return max(1, -(-self.context // (MOST_COPIES - 1)))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a forecast; raises `KeyError`, `TypeError`, `ValueError` or `DataError`."""
        return cls(
            columns=tuple(map(str, values["columns"])),
            transform=Transform(values["transform"]),
            season=int(values["season"]),
            context=int(values["context"]),
        )
