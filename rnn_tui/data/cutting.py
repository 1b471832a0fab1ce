"""Bring sequences to lengths that can be trained on: cut them into pieces, or thin them out."""

from dataclasses import replace

import numpy as np

from rnn_tui.data.options import MOST_STEPS, Goal
from rnn_tui.data.sequences import Floats, Places, Sequences, positions_of, starts_of
from rnn_tui.engine.errors import DataError

WANTED_PIECES = 40
SMALLEST_WINDOW = 4
LARGEST_WINDOW = 128  # of a guess
TEXT_WINDOW = 64  # of symbols
FEW_SEQUENCES = 10  # fewer are cut into pieces, to have something to share out


def default_window(steps: int, horizon: int = 0, largest: int = LARGEST_WINDOW) -> int:
    """Return the largest power of two that leaves `WANTED_PIECES` pieces of so many steps.

    It is at least twice the horizon, so that half of the steps have an answer.
    """
    window = SMALLEST_WINDOW
    while window < 2 * horizon:
        window *= 2
    while 2 * window <= largest and steps // (2 * window) >= WANTED_PIECES:
        window *= 2
    return window


def thinning_of(longest: int) -> int:
    """Return how many steps are made one where the longest sequence has so many."""
    return -(-longest // MOST_STEPS)


def brought_to_length(
    sequences: Sequences, goal: Goal, horizon: int, window: int | None, notes: list[str]
) -> tuple[Sequences, int | None]:
    """Return sequences of at most `MOST_STEPS` steps, and the window that they were cut by, if any.

    Args:
        sequences: without gaps, as far as possible.
        goal: what is answered.
        horizon: how many steps ahead.
        window: the user's; None for a guess.
        notes: what is done is told here.

    Raises:
        DataError: if that can't be.
    """
    longest = int(sequences.lengths.max())
    if window is None and goal.every_step:
        few = sequences.count < FEW_SEQUENCES and longest > max(SMALLEST_WINDOW, 2 * horizon)
        if few or longest > MOST_STEPS:
            largest = TEXT_WINDOW if sequences.alphabet else LARGEST_WINDOW
            window = default_window(len(sequences.values), horizon, largest)
    if window is not None and longest > window:
        return _cut(sequences, window, notes), window
    if longest > MOST_STEPS:
        return _thinned_to_length(sequences, thinning_of(longest), notes), None
    return sequences, None


def _cut(sequences: Sequences, window: int, notes: list[str]) -> Sequences:
    """Return pieces of `window` steps; the last of each sequence may be shorter."""
    counts = -(-sequences.lengths // window)
    origins = np.repeat(np.arange(sequences.count), counts)
    place = positions_of(starts_of(counts))
    lengths = np.minimum(window, sequences.lengths[origins] - place * window)
    label = sequences.label
    if label is not None and not label.every_step:
        label = label.of(origins)
    whole = "The sequence is" if sequences.count == 1 else f"{sequences.count:,} sequences are"
    notes.append(f"{whole} cut into {len(origins):,} pieces of {window} steps (--window).")
    return replace(
        sequences,
        starts=starts_of(lengths),
        label=label,
        origins=sequences.origins[origins],
        tests=sequences.tests[origins],
        firsts=sequences.firsts[origins] + place * window,
        members=sequences.members[origins] if len(sequences.members) else sequences.members,
    )


def _thinned_to_length(sequences: Sequences, factor: int, notes: list[str]) -> Sequences:
    """Return the means of each `factor` steps, in place of these, and tell it."""
    if sequences.alphabet:
        raise DataError(
            f"The longest sequence has {sequences.lengths.max():,} symbols, and at most "
            f"{MOST_STEPS:,} are read; cut them into pieces (--window)."
        )
    notes.append(
        f"Sequences have up to {sequences.lengths.max():,} steps, more than {MOST_STEPS:,}: the "
        f"means of {factor} steps each are read (--window cuts them into pieces instead)."
    )
    return thinned(sequences, factor)


def thinned(sequences: Sequences, factor: int) -> Sequences:
    """Return the means of each `factor` steps of numbers, in place of these."""
    lengths = -(-sequences.lengths // factor)
    within = positions_of(sequences.starts)
    firsts: Places = np.flatnonzero(within % factor == 0)
    values = _means_from(sequences.values, firsts)
    measured = None if sequences.measured is None else _means_from(sequences.measured, firsts)
    times = sequences.times[firsts] if len(sequences.times) else sequences.times
    return replace(
        sequences,
        values=values,
        starts=starts_of(lengths),
        measured=measured,
        times=times,
        given=sequences.given[firsts] if len(sequences.given) else sequences.given,
    )


def _means_from(values: Floats, firsts: Places) -> Floats:
    """Return the means of the numbers from each of some steps to the next; NaN where none is."""
    present = ~np.isnan(values)
    sums = np.add.reduceat(np.where(present, values, 0.0), firsts, axis=0)
    counts = np.add.reduceat(present.astype(np.float64), firsts, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        means: Floats = sums / counts
    return means
