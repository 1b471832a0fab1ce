"""Refuse sequences that nothing can be learned of."""

import numpy as np

from rnn_tui.data.bounds import check_numbers, check_sequences
from rnn_tui.data.data_set import PART_NAMES
from rnn_tui.data.description import LARGEST, MOST_FEATURES
from rnn_tui.data.sequences import Flags, Sequences
from rnn_tui.data.splitting import Parts
from rnn_tui.engine.errors import DataError, printable


def check_content(sequences: Sequences, name: str) -> None:
    """Refuse what float32 can't hold, and too much of anything.

    Args:
        sequences: those of a file.
        name: what the file is called in sentences.
    """
    check_numbers(sequences.values.size, name)
    check_sequences(sequences.count, name)
    if len(sequences.features) > MOST_FEATURES:
        raise DataError(
            f"There are {len(sequences.features):,} inputs at a step, and at most {MOST_FEATURES} "
            "are read; name fewer (--inputs)."
        )
    if not sequences.count or not len(sequences.values):
        raise DataError("No sequence has any step.")
    beyond = (np.abs(np.nan_to_num(sequences.values)) > LARGEST).any(0)
    if beyond.any():
        name = (sequences.features or ("symbols",))[int(beyond.argmax())]
        raise DataError(f"The column {printable(name)} has numbers beyond 1e38.")


def check_answers(sequences: Sequences, parts: Parts) -> None:
    """Refuse parts in which nothing that is to come is known."""
    if sequences.measured is None:
        return
    present: Flags = np.logical_not(np.isnan(sequences.measured).all(axis=1))
    present[sequences.starts[:-1]] = False  # nothing comes before the first step
    check_asked(np.repeat(parts, sequences.lengths)[present])


def check_asked(asked: Parts) -> None:
    """Refuse a data set unless something is asked in each part; `asked` has those of all steps."""
    for part, name in enumerate(PART_NAMES):
        if not (asked == part).any():
            raise DataError(
                f"Too many numbers are missing: the {name} part has none to predict; leave out "
                "columns with gaps (--ignore)."
            )
