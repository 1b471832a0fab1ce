"""What a network from elsewhere reads: symbols of an alphabet, or numbers, typed or from a file."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.data.files.cells import is_number, number_of
from rnn_tui.data.files.dialect import sniff, table_reader
from rnn_tui.data.files.opening import SAMPLE_BYTES
from rnn_tui.data.options import ReadingOptions
from rnn_tui.data.typed import (
    LARGEST,
    alphabet_in_words,
    check_steps,
    numbers_of_steps,
    read_numbers,
    read_symbols,
    typed_symbols,
)
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError, QueryError, printable, why
from rnn_tui.engine.files.array_files import as_doubles, read_array
from rnn_tui.engine.files.outside import opened
from rnn_tui.networks.stepwise import Array

MOST_BYTES = 64 * 2**20  # of a file of inputs
SHOWN_NUMBERS = 4  # of a step, in a word
MOST_SYMBOLS = 2000  # of an alphabet
HINT = "; for symbols, name them, such as --alphabet 01"


@dataclass(frozen=True, eq=False)
class Alphabet:
    """The symbols that a network reads, and the numbers that stand for each."""

    symbols: tuple[str, ...]  #: (K,).
    vectors: Array  #: (K, F).

    @property
    def in_words(self) -> str:
        """Its first symbols."""
        return alphabet_in_words(self.symbols)

    def written(self, places: Iterable[int]) -> str:
        """Return the symbols at these places as a user types them."""
        return typed_symbols([self.symbols[place] for place in places], self.symbols)


@dataclass(frozen=True, eq=False)
class InputSequence:
    """A sequence of T steps."""

    numbers: Array  #: (T, F).
    words: tuple[str, ...]  #: (T,) each step in a word or two.


def read_alphabet(text: str, features: int) -> Alphabet:
    """Read an alphabet: characters, such as `01`, or symbols with commas, such as `00,01,10,11`.

    A symbol is one-hot where there are as many symbols as the network reads numbers. Else each
    consists of as many digits, which are these numbers: `0` and `1` for one number a step.

    Raises:
        QueryError: if it is none, or does not fit `features` numbers a step.
    """
    symbols = [part.strip() for part in text.split(",")] if "," in text else list(text)
    if len(set(symbols)) != len(symbols) or "" in symbols or len(symbols) < 2:
        raise QueryError(
            f"“{printable(text)}” is no alphabet: at least two different symbols, such as 01, or "
            "with commas 00,01,10,11."
        )
    _check_size(len(symbols))
    if len(symbols) == features:
        return Alphabet(tuple(symbols), np.eye(features, dtype=np.float32))
    if all(re.fullmatch(f"[0-9]{{{features}}}", symbol) for symbol in symbols):
        digits = [[float(digit) for digit in symbol] for symbol in symbols]
        return Alphabet(tuple(symbols), np.array(digits, np.float32))
    raise QueryError(
        f"The network reads {count_of(features, 'number')} a step, so an alphabet has {features} "
        f"symbols, or each of them consists of {features} digits; this one has {len(symbols)}."
    )


def numbered_alphabet(count: int) -> Alphabet:
    """Return the alphabet of symbols that have numbers for names, from 0.

    Raises:
        QueryError: if these are too many to be shown.
    """
    _check_size(count)
    return Alphabet(tuple(map(str, range(count))), np.eye(count, dtype=np.float32))


def _check_size(count: int) -> None:
    if count > MOST_SYMBOLS:
        raise QueryError(
            f"Alphabets of at most {MOST_SYMBOLS:,} symbols are read; this one has {count:,}."
        )


def read_sequence(text: str, features: int, alphabet: Alphabet | None) -> InputSequence:
    """Read a sequence as typed: symbols of the alphabet, or numbers.

    Steps of several numbers are parted by semicolons or lines, steps of one number by spaces.

    Raises:
        QueryError: if it is none for this network.
    """
    if alphabet is not None:
        return sequence_of_symbols(read_symbols(text, alphabet.symbols), alphabet)
    return sequence_of_numbers(np.array(read_numbers(text, features, HINT)))


def read_sequence_file(path: Path, features: int, alphabet: Alphabet | None) -> InputSequence:
    """Read a sequence from a file: of symbols, of numbers in CSV, a line a step, or a .npy file.

    Raises:
        QueryError: if it can't be read, or is none for this network.
    """
    name = printable(path, 200)
    try:
        with opened(path) as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise QueryError(f"{name} can't be read: {why(error)}.") from error
    if len(data) > MOST_BYTES:
        raise QueryError(f"{name} is larger than {MOST_BYTES // 2**20} MiB.")
    if data.startswith(b"\x93NUMPY"):
        return _array_of(data, features, name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise QueryError(f"{name} is no text in UTF-8, and no .npy file.") from error
    if alphabet is not None:
        return sequence_of_symbols(read_symbols(text, alphabet.symbols), alphabet)
    try:
        rows = _rows_of_csv(text)
    except csv.Error as error:
        raise QueryError(f"{name} is no table of numbers ({printable(error, 80)}).") from error
    return sequence_of_numbers(np.array(numbers_of_steps(rows, features, HINT)))


def _rows_of_csv(text: str) -> list[list[str]]:
    """Return the fields of each line, without a line of heads above them."""
    sample = text[:SAMPLE_BYTES]
    dialect = sniff(sample, ReadingOptions(), whole=len(text) <= SAMPLE_BYTES)
    lines = io.StringIO(text, newline="")
    for _ in range(dialect.skipped):
        lines.readline()
    rows = [
        [field for field in row if field.strip()] for row in table_reader(lines, dialect.delimiter)
    ]
    rows = [row for row in rows if row]
    # The guess of a header by the dialect would take steps that count up for names.
    if rows and not any(is_number(field, dialect.decimal) for field in rows[0]):
        del rows[0]
    return [[_with_point(field, dialect.decimal) for field in row] for row in rows]


def _with_point(field: str, decimal: str) -> str:
    """Return a number with a decimal point; anything else as it is."""
    return repr(number_of(field, decimal)) if is_number(field, decimal) else field


def _array_of(data: bytes, features: int, name: str) -> InputSequence:
    """Return the sequence of an array (T, F), or (T,) of one number a step."""
    try:
        array = read_array(io.BytesIO(data), "x", name, MOST_BYTES // 8)
        numbers = as_doubles(array)
    except (ValueError, DataError) as error:
        raise QueryError(f"{name} is no array of numbers ({why(error)}).") from error
    if numbers.ndim == 1:
        numbers = numbers[:, None]
    if numbers.ndim != 2 or numbers.shape[1] != features:
        raise QueryError(
            f"{name} has the shape {'×'.join(map(str, array.shape))}; the network reads steps of "
            f"{count_of(features, 'number')}."
        )
    return sequence_of_numbers(numbers)


def sequence_of_symbols(places: Sequence[int], alphabet: Alphabet) -> InputSequence:
    """Return the sequence of the symbols at these places of the alphabet."""
    words = tuple(str(printable(alphabet.symbols[place])) for place in places)
    return InputSequence(alphabet.vectors[list(places)], words)


def sequence_of_numbers(numbers: npt.NDArray[Any]) -> InputSequence:
    """Return the sequence of numbers (T, F).

    Raises:
        QueryError: if they can't be computed with, or are too many.
    """
    check_steps(len(numbers))
    if not (np.abs(numbers) <= LARGEST).all():  # NaN is not below it either
        raise QueryError(f"Inputs are finite numbers of at most {LARGEST:,.0f}.")
    single = numbers.astype(np.float32)
    return InputSequence(single, tuple(map(_word, single)))


def _word(step: Array) -> str:
    shown = " ".join(f"{value:.3g}" for value in step[:SHOWN_NUMBERS])
    return f"{shown} …" if len(step) > SHOWN_NUMBERS else shown
