"""Leave out sequences that have no step or no label, and tell it."""

import numpy as np

from rnn_tui.data.sequences import Sequences
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError


def without_label(sequences: Sequences, notes: list[str]) -> Sequences:
    """Leave out sequences without a label, if each needs one."""
    label = sequences.label
    if label is None or label.every_step or not label.missing.any():
        return sequences
    missing = int(label.missing.sum())
    notes.append(f"Left out: {count_of(missing, 'sequence')} without a label.")
    if label.missing.all():
        raise DataError(f"The label {label.name} is missing everywhere.")
    return sequences.keep_sequences(~label.missing)


def with_labelled_steps(sequences: Sequences, kind: str, notes: list[str]) -> Sequences:
    """Leave out sequences, or pieces of them, none of whose steps has a label.

    A part that has no others could not be measured.
    """
    label = sequences.label
    if label is None or not label.every_step or label.missing.all():
        return sequences  # a label that is missing everywhere is refused later
    labelled = np.logical_or.reduceat(~label.missing, sequences.starts[:-1])
    unlabelled = int((~labelled).sum())
    if unlabelled:
        notes.append(f"Left out: {count_of(unlabelled, kind)} without a label at any step.")
    return sequences.keep_sequences(labelled)


def tell_unanswered(sequences: Sequences, notes: list[str]) -> None:
    """Note the steps without a label among others that have one."""
    label = sequences.label
    if label is None or not label.every_step or not label.missing.any():
        return
    steps = count_of(int(label.missing.sum()), "step")
    notes.append(f"Read, but not answered: {steps} without a label.")


def not_empty(sequences: Sequences, least: int, notes: list[str]) -> Sequences:
    """Leave out sequences of at most `least` steps."""
    long_enough = sequences.lengths > least
    short = int((~long_enough).sum())
    if not long_enough.any():
        if not least:
            raise DataError("No sequence has any step.")
        raise DataError(
            f"No sequence has more than {count_of(least, 'step')}, as are predicted (--horizon)."
        )
    if short:
        kind = "without a step" if not least else f"of at most {count_of(least, 'step')}"
        notes.append(f"Left out: {count_of(short, 'sequence')} {kind}.")
    return sequences.keep_sequences(long_enough)
