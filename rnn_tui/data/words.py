"""Cut texts into words, and choose those that a network knows by the training part.

A word is a run of letters and digits, with apostrophes inside it, in lower case; every other mark
is one by itself, as is each character of a script that is written without spaces.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from rnn_tui.data.bounds import check_numbers
from rnn_tui.data.description import LONGEST_NAME, MOST_WORDS, UNKNOWN_WORD
from rnn_tui.data.sequences import Flags, Floats, Places, Sequences, starts_of
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError, printable

LEAST_OCCURRENCES = 2  # in training, of a word that is known
TEXT_RULE = (
    "Words are letters and digits in lower case, with apostrophes inside, or any other mark; of "
    "scripts without spaces single characters."
)
TOKEN_RULE = "Words are tokens as they stand, in lower case."
#: of scripts without spaces: Thai, Lao, Burmese, Khmer; kana; Chinese characters.
_UNSPACED = (
    r"\u0e01-\u0e5b\u0e81-\u0edf\u1000-\u109f\u1780-\u17ff"
    r"\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
#: what joins characters or chooses their look, without a shape of its own.
_SHAPELESS = dict.fromkeys([0x200C, 0x200D, 0xFE0E, 0xFE0F])


def words_of(text: str) -> list[str]:
    """Return the words of a text."""
    text = _folded(text)
    marks = "" if text.isascii() else _marks_of(text)
    return [_named(word) for word in _pattern(marks).findall(text)]


def word_of_cell(cell: str) -> str:
    """Return the word that a cell holds whole, as a file of tokens has them."""
    return _named(_folded(cell.strip()))


def _folded(text: str) -> str:
    """Return a text in lower case, each accented letter written in one way."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", text.lower()).translate(_SHAPELESS)


def _marks_of(text: str) -> str:
    """Return the vowel signs and accents of a text that stand on the letter before them."""
    return "".join(sorted(each for each in set(text) if unicodedata.category(each)[0] == "M"))


@lru_cache(maxsize=256)
def _pattern(marks: str) -> re.Pattern[str]:
    """Return the pattern of a word, with marks that stand on letters."""
    on_letter = f"[{marks}]*" if marks else ""
    letter = rf"(?:[^\W_{_UNSPACED}]{on_letter})"
    word = rf"{letter}+(?:['’]{letter}+)*"
    return re.compile(rf"{UNKNOWN_WORD}|{word}|[{_UNSPACED}]{on_letter}|[^\w\s]|_")


def _named(word: str) -> str:
    """Return a word as it stands in a vocabulary."""
    is_plain = word.isprintable() and len(word) <= LONGEST_NAME
    return word if is_plain else printable(word, LONGEST_NAME)


def texts_to_places(texts: Sequence[str]) -> tuple[Floats, Places, tuple[str, ...]]:
    """Return the words of texts as places (T, 1), where texts start, and all different words.

    Raises:
        DataError: if there are none, or too many.
    """
    cut = [words_of(text) for text in texts]
    count = sum(map(len, cut))
    if not count:
        raise DataError("There are no words to read.")
    check_numbers(count, "The text")
    places: dict[str, int] = {}
    numbers = [places.setdefault(word, len(places)) for words in cut for word in words]
    values = np.array(numbers, np.float64)[:, None]
    return values, starts_of(np.array([*map(len, cut)])), tuple(places)


def with_vocabulary(sequences: Sequences, training: Flags) -> tuple[Sequences, str]:
    """Return sequences whose words are places in a vocabulary, and a note on it.

    The first word of it stands for all that are not known: those that occur once in training, or
    only in other parts, or beyond the most frequent ones.

    Args:
        sequences: of words, with all of the file for an alphabet.
        training: (T,) which steps are to train on.

    Raises:
        DataError: if no word is known.
    """
    words = sequences.alphabet
    places = sequences.values[:, 0].astype(np.int64)
    counts = np.bincount(places[training], minlength=len(words))
    if UNKNOWN_WORD in words:
        counts[words.index(UNKNOWN_WORD)] = 0
    by_count = np.argsort(-counts, kind="stable")[: MOST_WORDS - 1]
    kept = by_count[counts[by_count] >= LEAST_OCCURRENCES]
    if not len(kept):
        raise DataError(
            "No word occurs twice in training, so all would be read as unknown; give more texts, "
            "or read characters (leave out --tokens words)."
        )
    place_of = np.zeros(len(words), np.int64)
    place_of[kept] = np.arange(1, len(kept) + 1)
    read = place_of[places]
    unknown = int((read == 0).sum())
    note = (
        f"{count_of(len(kept), 'word')} that training has twice or more are known, and all "
        f"others, {unknown:,} of {len(read):,}, are read as {UNKNOWN_WORD}."
    )
    vocabulary = (UNKNOWN_WORD, *(words[place] for place in kept.tolist()))
    values = read.astype(np.float64)[:, None]
    return replace(sequences, values=values, alphabet=vocabulary), note
