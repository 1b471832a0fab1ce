"""Sequences as one types them: symbols of an alphabet, or numbers."""

import math
import re
import struct
from collections.abc import Iterable, Sequence

from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import QueryError, printable

MOST_STEPS = 10_000
LARGEST = 1e6  # beyond it, products of 32-bit numbers have no value any more
SHOWN_SYMBOLS = 20  # of an alphabet, in a sentence
_BETWEEN_SYMBOLS = re.compile(r"[\s,;]+")
_BETWEEN_STEPS = re.compile(r"[;\n]")
_BETWEEN_NUMBERS = re.compile(r"[\s,]+")
_BETWEEN_WORDS = re.compile(r"[\s;]+")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")

SPACE = "␣"  #: what shows a space.


def visible(name: str) -> str:
    """Return the name of a symbol as it is shown where it stands alone."""
    return SPACE if name == " " else name


def read_symbols(text: str, alphabet: Sequence[str]) -> list[int]:
    """Read symbols as typed, and return their places in the alphabet.

    Symbols of one character may stand without space between them; others stand apart.

    Raises:
        QueryError: if there are none, too many, or anything else among them.
    """
    places = {symbol: place for place, symbol in enumerate(alphabet)}
    if _is_single(alphabet):
        typed = [
            character
            for character in text
            if character in places or not _BETWEEN_SYMBOLS.fullmatch(character)
        ]
    else:
        typed = [word for word in _BETWEEN_SYMBOLS.split(text) if word]
    for number, word in enumerate(typed, start=1):
        if word not in places:
            raise QueryError(
                f"“{printable(word, 24)}”, number {number:,} of the sequence, is none of "
                f"{alphabet_in_words(alphabet)}."
            )
    check_steps(len(typed))
    return [places[word] for word in typed]


def typed_symbols(symbols: Sequence[str], alphabet: Sequence[str]) -> str:
    """Return symbols as one types them, without space if those of the alphabet need none."""
    return ("" if _is_single(alphabet) else " ").join(symbols)


def _is_single(alphabet: Sequence[str]) -> bool:
    """Return whether every symbol is one character, so that nothing stands between two."""
    return all(len(symbol) == 1 for symbol in alphabet)


def alphabet_in_words(alphabet: Sequence[str]) -> str:
    """Return the symbols, or the first ones of many."""
    shown = " ".join(printable(visible(symbol), 24) for symbol in alphabet[:SHOWN_SYMBOLS])
    return f"{shown} …" if len(alphabet) > SHOWN_SYMBOLS else shown


def read_numbers(
    text: str, features: int, hint: str = "", largest: float = LARGEST
) -> list[list[float]]:
    """Read the numbers (T, F) of T steps as typed.

    Steps of several numbers are parted by semicolons or lines; steps of one number also by spaces
    or commas. Where something else parts the numbers, as in `8,51 9,34`, commas are decimal ones.

    Args:
        text: as typed.
        features: how many numbers F a step has.
        hint: what else may be meant by a word that is no number, with `; ` before it.
        largest: the largest number, apart from its sign.

    Raises:
        QueryError: if there are none, too many, or steps of other numbers among them.
    """
    if _has_decimal_commas(text, features):
        text = text.replace(",", ".")
    steps = [step for step in _BETWEEN_STEPS.split(text) if step.strip()]
    if features == 1:
        steps = [word for step in steps for word in _words(step)]
    return numbers_of_steps([_words(step) for step in steps], features, hint, largest)


def _has_decimal_commas(text: str, features: int) -> bool:
    """Return whether commas stand for decimal points.

    They do if each is inside a number, and something else parts the numbers; unless steps of
    several numbers F are whole with commas between these.
    """
    words = [word for word in _BETWEEN_WORDS.split(text) if word]
    with_comma = [word for word in words if "," in word]
    if "." in text or len(words) < 2 or not all(map(_DECIMAL_COMMA.fullmatch, with_comma)):
        return False
    steps = [_words(step) for step in _BETWEEN_STEPS.split(text) if step.strip()]
    return features == 1 or any(len(step) != features for step in steps)


def numbers_of_steps(
    steps: Sequence[Sequence[str]], features: int, hint: str = "", largest: float = LARGEST
) -> list[list[float]]:
    """Return the numbers (T, F) of T steps in words; arguments and errors as in `read_numbers`."""
    check_steps(len(steps))
    rows = []
    for step, words in enumerate(steps, start=1):
        row = [_number(word, step, hint, largest) for word in words]
        if len(row) != features:
            raise QueryError(
                f"Step {step:,} has {count_of(len(row), 'number')} and must have {features:,}; a "
                "semicolon or a new line parts two steps."
            )
        rows.append(row)
    return rows


def typed_numbers(rows: Iterable[Sequence[float]]) -> str:
    """Return numbers (T, F) as one types them."""
    steps = [" ".join(map(_typed, row)) for row in rows]
    return ("; " if any(" " in step for step in steps) else " ").join(steps)


def _typed(value: float) -> str:
    """Return a number of single precision in so few digits as tell it from all others."""
    for digits in (6, 7, 8):
        text = f"{value:.{digits}g}"
        [single] = struct.unpack("f", struct.pack("f", float(text)))
        if single == value:
            return text
    return f"{value:.9g}"


def _words(step: str) -> list[str]:
    return [word for word in _BETWEEN_NUMBERS.split(step) if word]


def _number(word: str, step: int, hint: str, largest: float) -> float:
    """Return the number that a word of a step is; its step is counted from 1."""
    try:
        value = float(word)
    except ValueError:
        raise QueryError(f"“{printable(word, 24)}” in step {step:,} is no number{hint}.") from None
    if not (math.isfinite(value) and abs(value) <= largest):
        raise QueryError(
            f"“{printable(word, 24)}” in step {step:,} is no number of at most {largest:,.7g}."
        )
    return value


def check_steps(count: int) -> None:
    """Raise `QueryError` if a sequence has no steps, or too many."""
    if not count:
        raise QueryError("There is no sequence to answer; it needs a step at least.")
    if count > MOST_STEPS:
        raise QueryError(f"A sequence may have at most {MOST_STEPS:,} steps; this has {count:,}.")
