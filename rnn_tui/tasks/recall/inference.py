"""Questions to trained recall networks: reading them as typed, and answering them."""

from collections.abc import Sequence

import numpy as np

from rnn_tui.engine.errors import QueryError, printable
from rnn_tui.engine.weights_file import WeightsFile
from rnn_tui.networks.stepwise import Array, sigmoid, softmax
from rnn_tui.tasks.recall import DIGITS, RECALL
from rnn_tui.tasks.sequences.inference import SequenceNetwork
from rnn_tui.tasks.task import Task

MOST_DIGITS = 1000
_BETWEEN = frozenset(" ,;\t\n\r")


def parse_digits(text: str) -> tuple[int, ...]:
    """Read digits as typed, with or without spaces or commas between them.

    Raises:
        QueryError: if there is none, or more than 1,000, or anything else among them.
    """
    digits = []
    for at, character in enumerate(text, start=1):
        if character in _BETWEEN:
            continue
        if character not in "0123456789":
            raise QueryError(
                f"Only the digits 0 to 9 can be recalled; character {at} is "
                f"“{printable(character)}”."
            )
        digits.append(int(character))
        if len(digits) > MOST_DIGITS:
            raise QueryError(f"A sequence may have at most {MOST_DIGITS:,} digits.")
    if not digits:
        raise QueryError("Type a sequence of digits, such as 3 1 4 1 5.")
    return tuple(digits)


def check_position(position: int, digits: Sequence[int]) -> int:
    """Return `position` (from 1), or raise `QueryError` where the sequence has no such digit."""
    if not 1 <= position <= len(digits):
        have = f"{len(digits)} digits" if len(digits) > 1 else "one digit"
        raise QueryError(
            f"Position {printable(position, 24)} is beyond the sequence, which has {have}."
        )
    return position


class RecallNetwork(SequenceNetwork):
    """Trained replicas that name the digit at the position they were trained for."""

    def __init__(self, file: WeightsFile, task: Task = RECALL) -> None:
        super().__init__(file, task)

    def probabilities(self, sequences: Sequence[Sequence[int]]) -> Array:
        """What each replica says: (R, N, 10) for N sequences of digits.

        A softmax over the ten digits; after training with `bce`, ten separate probabilities that
        need not sum to 1.
        """
        order = sorted(range(len(sequences)), key=lambda at: -len(sequences[at]))
        lengths = [len(sequences[at]) for at in order]
        inputs = np.zeros((lengths[0], DIGITS, len(order)), np.uint8)
        for column, at in enumerate(order):
            inputs[np.arange(lengths[column]), np.asarray(sequences[at]), column] = 1
        final = np.empty((len(self.replicas), DIGITS, len(order)), np.float32)
        for logits in self.steps(inputs, lengths):
            final[:, :, : logits.shape[2]] = logits
        answers = np.empty((len(self.replicas), len(order), DIGITS), np.float32)
        answers[:, order] = final.transpose(0, 2, 1)
        separate = [replica.variant.loss == "bce" for replica in self.replicas]
        probabilities: Array = np.where(
            np.asarray(separate)[:, None, None], sigmoid(answers), softmax(answers)
        )
        return probabilities
