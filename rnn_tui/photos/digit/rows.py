"""Several digits in one photo: which of what was found belong to a number, and in which order."""

from collections.abc import Sequence

from rnn_tui.photos.digit.finder import MarkedDigit

# Digits of a number are at least this share as tall as its tallest.
LEAST_HEIGHT = 0.45
# From two digits on that are found as surely as this there is a number; whoever is left out of one
# would change it, so less sure ones in a row with them belong to it too.
SURE, FAINT = 0.5, 0.3
# Digits stand in one row if they share this much of the lower one's height.
OVERLAP = 0.4


def rows_of(digits: Sequence[MarkedDigit]) -> list[list[MarkedDigit]]:
    """The digits of the numbers in a photo: rows from the top, each from left to right."""
    tallest = max((_height(digit) for digit in digits if digit.sure >= SURE), default=0)
    rows: list[list[MarkedDigit]] = []
    for digit in sorted(digits, key=lambda digit: digit.box[0]):
        if digit.sure < FAINT or _height(digit) < LEAST_HEIGHT * tallest:
            continue
        # Rows rise and fall: the digit to the left tells where a row is.
        shared = [_shared(row[-1], digit) for row in rows]
        if max(shared, default=0) >= OVERLAP:
            rows[shared.index(max(shared))].append(digit)
        else:
            rows.append([digit])
    sure = [row for row in rows if any(digit.sure >= SURE for digit in row)]
    return sorted(sure or rows, key=lambda row: sum(digit.box[1] + digit.box[3] for digit in row) / len(row))


def are_several(rows: Sequence[Sequence[MarkedDigit]]) -> bool:
    """Whether a photo shows more than one digit for sure."""
    return sum(digit.sure >= SURE for row in rows for digit in row) > 1


def _height(digit: MarkedDigit) -> int:
    return digit.box[3] - digit.box[1]


def _shared(one: MarkedDigit, other: MarkedDigit) -> float:
    """The share of the lower one's height that two digits have in common."""
    common = min(one.box[3], other.box[3]) - max(one.box[1], other.box[1])
    return common / min(_height(one), _height(other))
