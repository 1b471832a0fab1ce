"""Choose how sequences are shared out to training, validation and test, and tell it."""

from dataclasses import dataclass

import numpy as np

from rnn_tui.data.cutting import FEW_SEQUENCES
from rnn_tui.data.data_set import PART_NAMES, TEST, TRAINING, VALIDATION
from rnn_tui.data.folds import LEAST_GROUPS, Fold, fold_of
from rnn_tui.data.options import Goal, ReadingOptions, Split
from rnn_tui.data.sequences import Sequences
from rnn_tui.data.splitting import (
    LEAST_PIECES,
    Parts,
    groups_in_two_parts,
)
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError, printable


@dataclass(frozen=True)
class Sharing:
    """How the sequences of a file are shared out.

    Args:
        options: the user's.
        goal: what is learned.
        horizon: the steps ahead that are predicted; 0 for none.
    """

    options: ReadingOptions
    goal: Goal
    horizon: int

    def split_of(self, sequences: Sequences) -> Split:
        """Return the user's split, or a guess: by files, by time for few sequences, by chance."""
        has_test = bool(sequences.tests.any() and not sequences.tests.all())
        wish = self._wished_split(sequences)
        if wish is Split.FILES and not has_test:
            raise DataError(
                "There is no second file for the test; it must lie beside this one and be called "
                "the same, with TEST where this one has TRAIN."
            )
        if wish is not None:
            return wish
        if has_test:
            return Split.FILES
        if len(sequences.given):
            return Split.COLUMN
        if self.options.group is not None:
            return Split.CHANCE
        few = sequences.count < FEW_SEQUENCES and self.goal.every_step
        return Split.TIME if few or self._are_of_one_calendar(sequences) else Split.CHANCE

    def _are_of_one_calendar(self, sequences: Sequences) -> bool:
        """Return whether many sequences are to be forecast that share dates, as those of shops."""
        if not self.horizon or not len(sequences.times) or not sequences.dated:
            return False
        firsts = sequences.times[sequences.starts[:-1]]
        lasts = sequences.times[sequences.starts[1:] - 1]
        return bool(self.options.window is None and firsts.max() < lasts.min())

    def _wished_split(self, sequences: Sequences) -> Split | None:
        """Return the split that the user says, perhaps by another option; None for a guess.

        Raises:
            DataError: if options say different ones.
        """
        options = self.options
        by_option = {Split.COLUMN: options.split_column, Split.FROM: options.test_from}
        said = [split for split, value in by_option.items() if value is not None]
        if len(said) > 1:
            raise DataError("The test is told by --split-column or by --test-from, not by both.")
        wish = options.split
        if said and wish not in (None, said[0]):
            option = "--split-column" if said[0] is Split.COLUMN else "--test-from"
            raise DataError(f"{option} says how to split, and --split {wish} otherwise; say one.")
        if wish in by_option and not said and not len(sequences.given):
            option = "--split-column" if wish is Split.COLUMN else "--test-from"
            raise DataError(f"--split {wish} needs {option}, which says what the test is.")
        wish = said[0] if said else wish
        if options.group is not None and wish in (Split.TIME, Split.FROM):
            raise DataError(
                "A split by time has steps of each group in all parts, so leave out --group, or "
                "split otherwise."
            )
        return wish

    def check_folds(self, split: Split) -> None:
        """Refuse folds of sequences that are not shared out by chance."""
        if self.options.folds is None or split is Split.CHANCE:
            return
        why = {
            Split.TIME: "by time, as what comes next or few sequences are",
            Split.FILES: "by the file of the test beside this one",
            Split.COLUMN: "by a column that says the parts",
            Split.FROM: "by time (--test-from)",
        }[split]
        if self.options.split is None and self.options.test_from is None:
            hint = "say --split chance to share out whole sequences, or leave out --folds"
        else:
            hint = "say one of the two"
        raise DataError(f"Folds share out by chance, and this file is split {why}; {hint}.")

    def fold_of(self, sequences: Sequences, *, by_group: bool) -> Fold | None:
        """Return which fold is the test; None without folds."""
        folds = self.options.folds
        if folds is None:
            return None
        units = sequences.members if by_group else sequences.origins
        return fold_of(folds, self.options.fold, units, by_group=by_group)

    def is_by_group(self, split: Split, sequences: Sequences) -> bool:
        """Return whether sequences are shared out by groups: told ones, or found ones if they can.

        A split by time or as the file says is not changed by groups that were only found.
        """
        if self.options.group is not None:
            return True
        if not len(sequences.members):
            return False
        if split is Split.COLUMN:
            given = sequences.given[sequences.starts[:-1]]
            in_training = len(np.unique(sequences.members[given == TRAINING]))
            return in_training >= LEAST_GROUPS and not groups_in_two_parts(sequences, given).any()
        groups = len(np.unique(sequences.members))
        return split is Split.CHANCE and groups >= LEAST_GROUPS


def notes_of_parts(split: Split, sequences: Sequences, parts: Parts) -> list[str]:
    """Return how many sequences of how many groups each part has, and which the file lacks."""
    notes: list[str] = []
    if split is Split.COLUMN:
        given = set(sequences.given.tolist())
        lacking = [PART_NAMES[part] for part in (VALIDATION, TEST) if part not in given]
        if lacking:
            notes.append(
                f"The file says nothing of {' and '.join(lacking)}: made of its training part."
            )
    if not len(sequences.members):
        return notes
    counts = np.bincount(parts, minlength=len(PART_NAMES)).tolist()
    groups = [len(np.unique(sequences.members[parts == part])) for part in range(len(PART_NAMES))]
    words = [f"{count:,} {name}" for count, name in zip(counts, PART_NAMES, strict=True)]
    numbers = [f"{number:,}" for number in groups]
    name = printable(sequences.grouped_by, 40)
    kind = f"{name}s" if name.isalpha() and not name.endswith("s") else f"groups ({name})"
    notes.append(
        f"{', '.join(words[:2])} and {words[2]} sequences of {', '.join(numbers[:2])} and "
        f"{numbers[2]} {kind}."
    )
    return notes


def note_of_split(
    sharing: Sharing, split: Split, sequences: Sequences, parts: Parts, *, by_group: bool
) -> str:
    """Return how sequences were shared out, as a sentence."""
    fold = sharing.fold_of(sequences, by_group=by_group)
    in_order = "first training, then validation, then test"
    by_time = f"in the order of the file: {in_order}"
    if sequences.count > 1 and split is Split.TIME:
        pieces = np.unique(sequences.origins, return_counts=True)[1]
        if len(pieces) > 1 and pieces.max() < LEAST_PIECES:
            by_time = f"whole, {by_time} (--window splits each of them by time)"
        elif len(pieces) > 1:
            by_time = f"by time, the pieces of each: {in_order}"
    how = {
        Split.CHANCE: "by chance" if fold is None else f"to {fold.count} folds",
        Split.TIME: by_time,
        Split.FILES: "with the second file as the test",
        Split.COLUMN: f"as {printable(sequences.given_by, 40)} says",
        Split.FROM: f"by time: from {printable(sharing.options.test_from or '', 40)} on the test, "
        "the last before it validation",
    }[split]
    name = printable(sequences.grouped_by, 40)
    if by_group:
        how += f", each {name} in one part"
    elif len(sequences.members) and len(np.unique(sequences.members)) < LEAST_GROUPS:
        how += f", not by {name}, of which there are fewer than three"
    elif len(sequences.members):
        spread = int(groups_in_two_parts(sequences, parts).sum())
        of_all = f"{spread:,} of {count_of(len(np.unique(sequences.members)), 'group')}"
        how += f"; {of_all} ({name}) lie in several parts" if spread else ""
    stratified = sharing.goal is Goal.CLASS and split in (Split.CHANCE, Split.FILES)
    nearly = "as equal shares of each class as groups allow"
    equal = nearly if by_group else "equal shares of each class"
    shares = f", with {equal}" if stratified else ""
    which = "" if fold is None else f" This is {fold.words}, which is the test (--fold)."
    return f"Sequences are shared out {how}{shares}.{which}"
