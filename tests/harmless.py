"""What text from elsewhere may be shown as."""

import unicodedata

JOINERS = "\u200c\u200d"


def is_one_harmless_line(text: str) -> bool:
    """Whether no character of it does something else to a terminal than to be shown; spaces of any
    kind are shown.
    """
    return len(text.splitlines()) <= 1 and all(
        unicodedata.category(one)[0] != "C" for one in text if one not in JOINERS
    )
