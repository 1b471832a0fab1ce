"""Words of the hierarchy as one types them: `0110 push 1 pop`, `((1+2)*3)`."""

import re
from collections.abc import Sequence

from rnn_tui.data.typed import alphabet_in_words, check_steps
from rnn_tui.engine.errors import QueryError, printable

_BETWEEN = re.compile(r"[\s,;]*")


def read_word(text: str, names: Sequence[str]) -> list[int]:
    """Read a word, and return the numbers of its symbols.

    Spaces, commas and semicolons between symbols mean nothing, nor do spaces within a name or
    capitals.

    Args:
        text: as typed.
        names: the names of symbols.

    Raises:
        QueryError: if there are none, too many, or anything else among them.
    """
    numbers = {_compact(name): number for number, name in enumerate(names)}
    longest_first = sorted(names, key=len, reverse=True)
    patterns = [r"\s*".join(map(re.escape, name.split())) for name in longest_first]
    symbol = re.compile("|".join(patterns), re.IGNORECASE)
    word: list[int] = []
    place = _end_of_space(text, 0)
    while place < len(text):
        match = symbol.match(text, place)
        if match is None:
            wrong = printable(text[place : place + 1], 24)
            raise QueryError(
                f"“{wrong}”, character {place + 1:,} of the word, is none of "
                f"{alphabet_in_words(names)}."
            )
        word.append(numbers[_compact(match[0])])
        place = _end_of_space(text, match.end())
    check_steps(len(word))
    return word


def written_word(names: Sequence[str]) -> str:
    """Return symbols on a line, with space around those of several characters only."""
    text = "".join(name if len(name) == 1 else f" {name} " for name in names)
    return re.sub(" +", " ", text).strip()


def _compact(name: str) -> str:
    return "".join(name.split()).lower()


def _end_of_space(text: str, place: int) -> int:
    """Return where the space ends that may begin at a place."""
    match = _BETWEEN.match(text, place)
    return match.end() if match else place
