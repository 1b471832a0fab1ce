"""Suggest the word that a user may have meant by a mistyped one."""

from collections.abc import Iterable

from rnn_tui.engine.errors import printable

ALIKE = 0.6  # how alike two words must be, 0 … 1
MOST_CHOICES = 1000  # words that one is compared with
LONGEST_WORD = 100  # characters of a word that is compared


def closest(text: str, choices: Iterable[str]) -> str:
    """Return the choice that is most like `text`; empty if none is."""
    from difflib import get_close_matches  # once something is mistyped

    typed = _word(text)
    if not typed or len(typed) > LONGEST_WORD:
        return ""
    by_word: dict[str, str] = {}
    for choice in choices:
        by_word.setdefault(_word(choice), choice)
        if len(by_word) == MOST_CHOICES:
            break
    matches = get_close_matches(typed, by_word, n=1, cutoff=ALIKE)
    if not matches:  # the beginning of a single word is short for it
        beginnings = [word for word in by_word if word.startswith(typed)]
        matches = beginnings if len(beginnings) == 1 else []
    return by_word[matches[0]] if matches else ""


def _word(text: str) -> str:
    """Return a word as it is compared: small, and without the dashes before an option."""
    return text.lstrip("-").casefold()


def did_you_mean(text: str, choices: Iterable[str]) -> str:
    """Return the end of a sentence, such as ` (did you mean “adder-fast”?)`; empty for none."""
    word = closest(text, choices)
    return f" (did you mean “{printable(word)}”?)" if word else ""
