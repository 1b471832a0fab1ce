"""A metric: how confident a network is in its answers, right or wrong."""

from torch import Tensor

from rnn_tui.engine.metrics import Measure


def confidence(logits: Tensor, targets: Tensor) -> Tensor:
    """The probability (…) of the most probable class, from logits (…, C)."""
    return logits.softmax(-1).amax(-1)


CONFIDENCE = Measure("confidence", "confidence of the answer", confidence, chart="accuracy")
