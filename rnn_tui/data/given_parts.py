"""Read which part each step belongs to: as words of the file say, or from a date or step on."""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rnn_tui.data.data_set import TEST, TRAINING, VALIDATION
from rnn_tui.data.files.dates import form_of, seconds_of
from rnn_tui.data.files.names import simple
from rnn_tui.data.origin import time_in_words
from rnn_tui.data.sequences import Floats, Places, Sequences, starts_of
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError, printable

SHARE = 0.2  # of the sequences, for each of validation and test
WORDS = {
    **dict.fromkeys(("train", "training", "tr", "trn", "learn", "fit"), TRAINING),
    **dict.fromkeys(("val", "valid", "validate", "validation", "dev", "development"), VALIDATION),
    **dict.fromkeys(("test", "testing", "tst", "te", "holdout", "hold_out"), TEST),
}
YES = ("1", "true", "yes", "t", "y")
NO = ("0", "false", "no", "f", "n")


def parts_by_words(words: Sequence[str], codes: Places, column: str) -> Places:
    """Return the part (R,) that each cell of a column says.

    Args:
        words: the different cells.
        codes: (R,) which of them each cell is.
        column: its name.

    Raises:
        DataError: if a cell says none.
    """
    lower = [simple(word) for word in words]
    name = simple(column)
    if lower and all(word in (*YES, *NO) for word in lower):
        is_part = [part for part in ("train", "test") if re.search(rf"(^|_)(is)?{part}", name)]
        if len(is_part) != 1:
            some = ", ".join(words)
            raise DataError(
                f"The column {printable(column)} holds {some}, which does not say which is the "
                "test; write train, val and test in it, or call it is_test."
            )
        yes, no = (TEST, TRAINING) if is_part == ["test"] else (TRAINING, TEST)
        parts = [yes if word in YES else no for word in lower]
        return np.array(parts, np.int64)[codes]
    unknown = [word for word, plain in zip(words, lower, strict=True) if plain not in WORDS]
    if unknown:
        word = f"“{printable(unknown[0], 40)}”" if unknown[0] else "an empty cell"
        raise DataError(
            f"The column {printable(column)} has {word}, and parts are called train, val or test."
        )
    return np.array([WORDS[word] for word in lower], np.int64)[codes]


def says_parts(words: Sequence[str], column: str) -> bool:
    """Return whether the different cells of a column say which part each row is in."""
    present = [word for word in words if word]
    try:
        parts = parts_by_words(present, np.arange(len(present)), column)
    except DataError:
        return False
    return TRAINING in parts and len(np.unique(parts)) > 1


def given_from(sequences: Sequences, text: str, *, every_step: bool) -> Sequences:
    """Return sequences whose steps from a date or step on are the test, the last before validation.

    Args:
        sequences: those of a file.
        text: the date or step.
        every_step: whether each step has an answer; else sequences are of one part, as they begin.

    Raises:
        DataError: if it is none, or nothing comes before it or from it on.
    """
    times, border = _border(sequences, text)
    tests = times >= border
    where = printable(text, 40)
    if not tests.any():
        last = time_in_words(float(times.max()), dated=sequences.dated and len(sequences.times) > 0)
        raise DataError(f"No step comes from {where} on (--test-from); the last is {last}.")
    if tests.all():
        raise DataError(f"No step comes before {where} (--test-from), so none is left to train on.")
    given = np.where(tests, TEST, TRAINING)
    begins = sequences.starts[:-1]
    if every_step:
        for start, stop in zip(begins.tolist(), sequences.starts[1:].tolist(), strict=True):
            earlier = int((~tests[start:stop]).sum())
            share = round(SHARE * earlier)
            given[start + earlier - share : start + earlier] = VALIDATION
        return replace(sequences, given=given)
    ends = sequences.starts[1:] - 1
    across = int((tests[begins] != tests[ends]).sum())
    if across:
        raise DataError(
            f"{count_of(across, 'sequence')} of one answer reach over {where} (--test-from); share "
            "them out by a column (--split-column)."
        )
    earlier_ones = np.flatnonzero(~tests[begins])
    in_order = earlier_ones[np.argsort(times[begins[earlier_ones]], kind="stable")]
    share = max(1, round(SHARE * len(in_order)))
    whole = given[begins]
    whole[in_order[-share:]] = VALIDATION
    return replace(sequences, given=np.repeat(whole, sequences.lengths))


def _border(sequences: Sequences, text: str) -> tuple[Floats, float]:
    """Return the times (T,) of all steps and the one that the user means, in the same unit."""
    where = printable(text, 40)
    if sequences.dated and len(sequences.times):
        form = form_of([text])
        seconds = float("nan") if form is None else float(seconds_of([text], form)[0])
        if np.isnan(seconds):
            example = time_in_words(float(sequences.times[-1]), dated=True)
            raise DataError(f"{where} is no date (--test-from); dates are such as {example}.")
        return sequences.times, seconds
    times: Floats = sequences.times
    if not len(times):
        firsts = np.repeat(sequences.starts[:-1], sequences.lengths)
        times = (np.arange(len(firsts)) - firsts + 1).astype(np.float64)
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not np.isfinite(number):
        raise DataError(
            f"{where} is no step (--test-from): the steps of this file are numbers, not dates."
        )
    return times, number


def cut_at_parts(sequences: Sequences, *, every_step: bool) -> Sequences:
    """Return pieces of sequences, each of one part.

    Raises:
        DataError: if a sequence of one answer belongs to several parts.
    """
    given = sequences.given
    begins = np.zeros(len(given), np.bool_)
    begins[sequences.starts[:-1]] = True
    changes = np.concatenate([[False], given[1:] != given[:-1]]) & ~begins
    if not changes.any():
        return sequences
    firsts = np.flatnonzero(begins | changes)
    origins = sequences.sequence_of_step[firsts]
    if not every_step:
        number = int(sequences.sequence_of_step[int(changes.argmax())])
        place = int(sequences.origins[number])
        name = sequences.ids[place] if sequences.ids else f"{place + 1:,}"
        raise DataError(
            f"Sequence {printable(name, 40)} has steps of two parts in "
            f"{printable(sequences.given_by, 40)}, and one answer; give it one part, or say "
            "another split (--split chance)."
        )
    return replace(
        sequences,
        starts=starts_of(np.diff([*firsts.tolist(), len(given)])),
        origins=sequences.origins[origins],
        tests=sequences.tests[origins],
        firsts=sequences.firsts[origins] + firsts - sequences.starts[origins],
        members=sequences.members[origins] if len(sequences.members) else sequences.members,
    )
