"""Reading photos of digits with trained networks: streamed, in order, whatever the files are."""

from typing import NamedTuple

#: The ways from a photo to what a network reads, in a few words each; the usual one first.
METHODS = {"mnist": "like MNIST's images, robust for photos", "report": "as in the report"}
#: How many digits a photo shows, in a few words each; the usual one first.
NUMBERS = {
    "auto": "one digit or several, as found",
    "one": "one digit",
    "row": "several digits, row by row",
}
#: Below this probability an answer is unsure and gives no prediction. Whoever grades photos would
#: rather look at an unsure one than have a wrong one stand.
THRESHOLD = 0.8


class ThresholdCost(NamedTuple):
    """What a threshold costs, in digits of a thousand."""

    unsure: int  #: somebody has to look at them.
    wrong: int  #: the answer stands, but is wrong.


#: Costs of thresholds in percent: UCI's digits, read by the LSTM that ships; measured by
#: tests/benchmarks/bench_digits.py.
THRESHOLD_COSTS = {
    50: ThresholdCost(unsure=2, wrong=19),
    80: ThresholdCost(unsure=35, wrong=7),
    95: ThresholdCost(unsure=95, wrong=2),
}
