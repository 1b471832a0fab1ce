"""Read the `.ts` files of the UCR and UEA archives, as sktime and aeon write them.

A head of lines such as `@classLabel true up down` ends in `@data`. Then each line is a sequence:
its dimensions and its label with `:` between them, and the numbers of a dimension with `,`. With
time stamps, a number is `(2024-12-31 00:00:00,3.5)`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rnn_tui.data.bounds import check_numbers, check_sequences, check_words
from rnn_tui.data.description import MOST_FEATURES
from rnn_tui.data.files.cells import number_of
from rnn_tui.data.files.content import Content
from rnn_tui.data.files.dates import form_of, seconds_of
from rnn_tui.data.files.opening import named
from rnn_tui.data.files.text_lines import NumberedLines, read_lines
from rnn_tui.data.options import ReadingOptions
from rnn_tui.data.sequences import Floats, Label, Sequences, starts_of
from rnn_tui.engine.errors import DataError, printable
from rnn_tui.engine.progress import Progress

COMMENTS = ("#", "%")
_STAMPED = re.compile(r"\(([^()]*),([^(),]*)\)")
_BETWEEN_STAMPED = re.compile(r"(?<=\)):(?=\()")


def read(
    path: Path,
    options: ReadingOptions,
    progress: Progress,
    on_fault: Callable[[str], object] | None = None,
) -> Content:
    """Read a file.

    Args:
        path: of the file.
        options: what the user says.
        progress: is told how far it is.
        on_fault: takes a sentence on each line that can't be read, which is left out then; None if
            such a line is refused.

    Raises:
        DataError: if it can't be read; it says in which line.
    """

    def sequences_of(lines: NumberedLines) -> Sequences:
        # a new reading for each encoding that is tried
        return _Reading(named(path), on_fault).sequences(lines)

    sequences, encoding = read_lines(path, options, progress, sequences_of)
    return Content("UCR/UEA .ts", sequences, encoding=encoding)


@dataclass
class _Head:
    """What the head of a file says."""

    classes: tuple[str, ...] = ()
    has_classes: bool = False
    has_target: bool = False
    has_stamps: bool = False

    @property
    def has_label(self) -> bool:
        return self.has_classes or self.has_target


@dataclass
class _Reading:
    """One reading of a file."""

    name: str  #: of the file, for sentences.
    on_fault: Callable[[str], object] | None = None  #: as `read` has it.
    places: list[str] = field(default_factory=list)  #: of the sequences in the file, from 1.
    head: _Head = field(default_factory=_Head)
    blocks: list[Floats] = field(default_factory=list)  #: (steps, F) of each sequence.
    labels: list[str] = field(default_factory=list)
    size: int = 0

    def sequences(self, lines: NumberedLines) -> Sequences:
        """Return all sequences of the numbered lines."""
        self._read_head(lines)
        place = 0
        for number, line in lines:
            if line and not line.startswith(COMMENTS):
                place += 1
                if self._is_added(number, line):
                    self.places.append(f"{place}")
        if not self.blocks:
            raise DataError(f"{self.name} has no sequences after @data.")
        features = self.blocks[0].shape[1]
        names = tuple(f"dimension {place + 1}" for place in range(features))
        if features == 1:
            names = ("value",)
        notes = ("Time stamps order the steps.",) if self.head.has_stamps else ()
        return Sequences(
            features=names,
            alphabet=(),
            values=np.concatenate(self.blocks),
            starts=starts_of(np.array([len(block) for block in self.blocks])),
            label=self._label(),
            ids=tuple(self.places) if len(self.places) < place else (),
            notes=notes,
        )

    def _is_added(self, number: int, line: str) -> bool:
        """Add the sequence of a line, unless it can't be read and faults are told."""
        try:
            self._add(number, line)
        except DataError as error:
            if self.on_fault is None:
                raise
            self.on_fault(str(error))
            return False
        return True

    def _read_head(self, lines: NumberedLines) -> None:
        head = self.head
        for _, line in lines:
            words = line.split()
            if not words or not line.startswith("@"):
                if line and not line.startswith(COMMENTS):
                    break
                continue
            key = words[0].lower()
            is_true = len(words) > 1 and words[1].lower() == "true"
            if key == "@data":
                return
            if key == "@classlabel":
                head.has_classes = is_true
                check_words(len(words), self.name)
                head.classes = tuple(words[2:])
            elif key == "@targetlabel":
                head.has_target = is_true
            elif key == "@timestamps":
                head.has_stamps = is_true
        raise DataError(f"{self.name} has no line @data, so it is no .ts file of sequences.")

    def _add(self, number: int, line: str) -> None:
        """Add the sequence of a line."""
        at = f"Line {number:,} of {self.name}"
        if self.head.has_label:
            line, colon, label = line.rpartition(":")
            if not colon:
                raise DataError(f"{at} has no label after a colon.")
        else:
            label = ""
        dimensions = self._dimensions(at, line)
        longest = max(map(len, dimensions))
        self.size += longest * len(dimensions)
        check_numbers(self.size, self.name)
        for place, dimension in enumerate(dimensions):
            if len(dimension) <= 1 < longest and np.isnan(dimension).all():
                dimensions[place] = np.full(longest, np.nan)  # a dimension without any number
            elif len(dimension) != longest:
                raise DataError(
                    f"{at} has dimensions of {len(dimension):,} and {longest:,} steps; all of a "
                    "sequence must have as many."
                )
        if self.blocks and len(dimensions) != self.blocks[0].shape[1]:
            raise DataError(
                f"{at} has {len(dimensions)} dimensions and the first sequence "
                f"{self.blocks[0].shape[1]}."
            )
        self.blocks.append(np.stack(dimensions, 1))
        self.labels.append(label.strip())
        check_sequences(len(self.blocks), self.name)

    def _dimensions(self, at: str, line: str) -> list[Floats]:
        """Return the dimensions (steps,) of a line, of different lengths perhaps."""
        parse = _numbers
        if self.head.has_stamps:
            texts = _BETWEEN_STAMPED.split(line, MOST_FEATURES)
            parse = _stamped
        else:
            texts = line.split(":", MOST_FEATURES)
        if len(texts) > MOST_FEATURES:
            raise DataError(
                f"{at} has more than {MOST_FEATURES} dimensions, the most that are read."
            )
        try:
            return list(map(parse, texts))
        except ValueError as error:
            raise DataError(f"{at} can't be read ({printable(error, 80)}).") from error

    def _label(self) -> Label | None:
        if not self.head.has_label:
            return None
        if self.head.has_target:
            try:
                numbers = np.array([number_of(label, ".") for label in self.labels])
            except ValueError as error:
                raise DataError(
                    f"{self.name} has a label that is no number ({printable(error, 60)})."
                ) from error
            return Label("target", False, numbers, is_number=True)
        words = np.array(["" if label in ("", "?") else label for label in self.labels], object)
        return Label("class", False, words, self.head.classes, is_class=True)


def _numbers(dimension: str) -> Floats:
    """Return a dimension (steps,)."""
    return _as_numbers(dimension.split(","))


def _as_numbers(cells: list[str]) -> Floats:
    try:
        numbers = np.array(list(map(float, cells)))
    except ValueError:
        numbers = np.array([number_of(cell, ".") for cell in cells])
    numbers[np.isinf(numbers)] = np.nan
    return numbers


def _stamped(dimension: str) -> Floats:
    """Return a dimension (steps,) with time stamps, in their order."""
    pairs = _STAMPED.findall(dimension)
    if not pairs:
        raise ValueError("no pairs of a time stamp and a number")
    stamps = [stamp.strip() for stamp, _ in pairs]
    form = form_of(stamps)
    times = _as_numbers(stamps) if form is None else seconds_of(stamps, form)
    return _as_numbers([cell for _, cell in pairs])[np.argsort(times, kind="stable")]
