"""Sequences as one types them: symbols of an alphabet, or numbers."""

import math
import re
from collections.abc import Iterable, Sequence

from rnn_tui.engine.errors import QueryError, printable
from rnn_tui.tasks.shapes import Symbol

MOST_STEPS = 10_000
LARGEST = 1e6  # beyond it, products of 32-bit numbers have no value any more
SHOWN_SYMBOLS = 20  # of an alphabet, in a sentence
_BETWEEN_SYMBOLS = re.compile(r"[\s,;]+")
_BETWEEN_STEPS = re.compile(r"[;\n]")
_BETWEEN_NUMBERS = re.compile(r"[\s,]+")


def read_symbols(text: str, alphabet: Sequence[Symbol]) -> list[int]:
    """Read symbols as typed, and return their places in the alphabet.

    Symbols of one character may stand without space between them; others stand apart.

    Raises:
        QueryError: if there are none, too many, or anything else among them.
    """
    places = {symbol.name: place for place, symbol in enumerate(alphabet)}
    if all(len(name) == 1 for name in places):
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
    _check_steps(len(typed))
    return [places[word] for word in typed]


def alphabet_in_words(alphabet: Sequence[Symbol]) -> str:
    """Return the symbols, or the first ones of many."""
    shown = " ".join(printable(symbol.name, 24) for symbol in alphabet[:SHOWN_SYMBOLS])
    return f"{shown} …" if len(alphabet) > SHOWN_SYMBOLS else shown


def read_numbers(text: str, features: int) -> list[list[float]]:
    """Read the numbers (T, F) of T steps as typed.

    Steps of several numbers are parted by semicolons or lines; steps of one number also by spaces
    or commas.

    Raises:
        QueryError: if there are none, too many, or steps of other numbers among them.
    """
    steps = [step for step in _BETWEEN_STEPS.split(text) if step.strip()]
    if features == 1:
        steps = [word for step in steps for word in _BETWEEN_NUMBERS.split(step.strip())]
    _check_steps(len(steps))
    return [_numbers_of(step, number, features) for number, step in enumerate(steps, start=1)]


def typed_numbers(rows: Iterable[Sequence[float]]) -> str:
    """Return numbers (T, F) as one types them."""
    steps = [" ".join(f"{value:g}" for value in row) for row in rows]
    return ("; " if any(" " in step for step in steps) else " ").join(steps)


def _numbers_of(step: str, number: int, features: int) -> list[float]:
    """Return the numbers of a step; its number is from 1."""
    words = [word for word in _BETWEEN_NUMBERS.split(step) if word]
    if len(words) != features:
        have = "1 number" if len(words) == 1 else f"{len(words):,} numbers"
        raise QueryError(
            f"Step {number:,} has {have} and must have {features:,}; a semicolon parts two steps."
        )
    return [_number(word, number) for word in words]


def _number(word: str, step: int) -> float:
    try:
        value = float(word)
    except ValueError:
        raise QueryError(f"“{printable(word, 24)}” in step {step:,} is no number.") from None
    if not (math.isfinite(value) and abs(value) <= LARGEST):
        raise QueryError(
            f"“{printable(word, 24)}” in step {step:,} is no number of at most {LARGEST:,.0f}."
        )
    return value


def _check_steps(count: int) -> None:
    if not count:
        raise QueryError("There is no sequence to answer; type one.")
    if count > MOST_STEPS:
        raise QueryError(f"A sequence may have at most {MOST_STEPS:,} steps; this has {count:,}.")
