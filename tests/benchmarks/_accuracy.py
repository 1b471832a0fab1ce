"""How many answers are right: strict, by top1, with intervals, and at other thresholds.

*Strict* counts answers that are right and have a confidence of `STRICT` or more. *Top1* counts the
most probable digit, whatever the doubt. Of several networks the figures are means.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.intervals import share_interval

# (networks, pictures)
Flags: TypeAlias = npt.NDArray[np.bool_]
Numbers: TypeAlias = npt.NDArray[np.float64]

#: An answer below it is more probably wrong than right. The app's default is higher, and may
#: change; figures that are compared with older ones can't.
STRICT = 0.5
#: The thresholds that are compared, in percent.
THRESHOLDS = (30, 40, 50, 60, 70, 80, 90, 95)


def accuracy_line(name: str, right: Flags, confidence: Numbers) -> str:
    """A line with strict, its interval, and top1.

    Args:
        name: what was read.
        right: whether the most probable digit is the right one.
        confidence: of the answers; 0 where the preparation doubts that there is one digit.
    """
    count = right.shape[1]
    strict = float((right & (confidence >= STRICT)).mean())
    interval = share_interval(strict, count)
    return (
        f"  {name:18} strict {100 * strict:5.1f} %  ({100 * interval.low:5.1f} … "
        f"{100 * interval.high:5.1f}; of {count:,})  "
        f"top1 {100 * right.mean():5.1f} %"
    )


def print_thresholds(right: Flags, confidence: Numbers) -> None:
    """Print what becomes of the answers at other thresholds.

    Args:
        right: whether the most probable digit is the right one.
        confidence: of the answers; 0 where the preparation doubts that there is one digit.
    """
    print("  unsure below   doubted   wrong and standing   right of those that stand   strict")
    for percent in THRESHOLDS:
        stands = confidence >= percent / 100
        share_right = right[stands].mean() if stands.any() else np.nan
        print(
            f"  {percent:10} %  {100 * (~stands).mean():6.2f} %   "
            f"{100 * (~right & stands).mean():16.2f} %   {100 * share_right:23.2f} %   "
            f"{100 * (right & stands).mean():4.2f} %"
        )
