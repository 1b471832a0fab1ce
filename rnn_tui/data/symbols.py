"""Turn characters and words into places in an alphabet."""

import unicodedata
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rnn_tui.data.bounds import check_numbers
from rnn_tui.data.description import LONGEST_NAME, MOST_FEATURES, unique_names
from rnn_tui.data.sequences import Floats, Places, starts_of
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError, printable

OTHER = "other"  #: the symbol that rare ones are joined to.
MISSING = "?"  #: the word that stands for a missing one.
#: how characters that can't be printed are named.
NAMES = {"\n": "⏎", "\t": "⇥"}


def symbol_of(character: str) -> str:
    """Return the symbol of a character in an alphabet."""
    return NAMES.get(character, character)


def characters_to_places(
    texts: Sequence[str],
) -> tuple[Floats, Places, tuple[str, ...], list[str]]:
    """Return the characters of texts as places (T, 1), where texts start, the alphabet and notes.

    The rarest beyond 256, and those that can't be printed, are joined to one symbol.
    """
    together = "".join(texts)
    if not together:
        raise DataError("There are no characters to read.")
    check_numbers(len(together), "The text")
    codes = np.frombuffer(together.encode("utf-32-le", "surrogatepass"), np.uint32)
    occurrences = np.bincount(codes)
    distinct = np.flatnonzero(occurrences)
    counts = occurrences[distinct]
    characters = [chr(code) for code in distinct.tolist()]
    own = np.array([_has_a_symbol(character) for character in characters])
    symbols = list(map(symbol_of, characters))
    places, names, notes = _most_frequent(symbols, counts, own)
    place_of_code = np.zeros(len(occurrences))
    place_of_code[distinct] = places
    values = place_of_code[codes][:, None]
    return values, starts_of(np.array([*map(len, texts)])), names, notes


def _has_a_symbol(character: str) -> bool:
    """Return whether a character can be shown on its own."""
    if character in NAMES:
        return True
    return printable(character) == character and unicodedata.category(character) != "Co"


def words_to_places(
    codes: Places, words: Sequence[str], column: str
) -> tuple[Places, tuple[str, ...], list[str]]:
    """Return the places (T,) in an alphabet of words, the alphabet, and notes.

    Args:
        codes: (T,) the place of each in `words`.
        words: all different words; "" for a missing one.
        column: the name of what holds them, for sentences.
    """
    counts = np.bincount(codes, minlength=len(words))
    names = unique_names(printable(word or MISSING, LONGEST_NAME) for word in words)
    order = np.argsort(np.array(names))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    kept = np.ones(len(words), np.bool_)
    places, alphabet, notes = _most_frequent([names[place] for place in order], counts[order], kept)
    if "" in words:
        missing = int(counts[list(words).index("")])
        notes.append(f"Missing in {column}: {count_of(missing, 'word')}, read as {MISSING}.")
    return places[rank[codes]], alphabet, notes


def _most_frequent(
    names: list[str], counts: npt.NDArray[np.int64], own: npt.NDArray[np.bool_]
) -> tuple[Places, tuple[str, ...], list[str]]:
    """Return the place of each name in an alphabet of the most frequent, that alphabet, and notes.

    Args:
        names: all names.
        counts: how often each occurs.
        own: which may have a place of their own.
    """
    if own.all() and len(names) <= MOST_FEATURES:
        return np.arange(len(names)), tuple(names), []
    by_count = np.argsort(-np.where(own, counts, 0), kind="stable")
    kept = np.zeros(len(names), np.bool_)
    kept[by_count[: MOST_FEATURES - 1]] = True
    kept &= own
    frequent = [name for name, stays in zip(names, kept.tolist(), strict=True) if stays]
    alphabet = unique_names([*frequent, OTHER])
    places = np.where(kept, np.cumsum(kept) - 1, len(alphabet) - 1)
    rare = int((~kept).sum())
    read = int(counts[~kept].sum())
    note = (
        f"Joined to one symbol called {alphabet[-1]}: {count_of(rare, 'rare symbol')}, in "
        f"{read:,} of {int(counts.sum()):,} places."
    )
    return places, tuple(alphabet), [note]


def place_of_rare(alphabet: Sequence[str], *, of_characters: bool) -> int | None:
    """Return the place of the symbol that rare ones were joined to; None if none was.

    Args:
        alphabet: as `characters_to_places` or `words_to_places` made it.
        of_characters: whether the former did; a word may be called like that symbol itself.
    """
    if not alphabet:
        return None
    last = alphabet[-1]
    is_joined = len(last) > 1 if of_characters else len(alphabet) == MOST_FEATURES
    return len(alphabet) - 1 if is_joined and last.startswith(OTHER) else None
