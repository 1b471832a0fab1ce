"""Reads TOML that may be anybody's, for all of the program: within bounds, or not at all.

Python's reader takes time with the square of a key's parts, calls itself for each list in a list,
and makes whole numbers of any length, of which many uses then fail. So a text is looked through
first, as far as it can be TOML, and its numbers afterwards.
"""

import re
from typing import Any

MOST_CHARACTERS = 100_000  # of a text
MOST_PARTS = 10  # of a key, as in `a.b.c = 1`; a number has two
DEEPEST = 20  # lists and tables in one another
LARGEST = 2**63 - 1  # of whole numbers, as TOML says
# What a text is made of. A quotation mark without its pair is no TOML, and ends the look.
_TOKENS = re.compile(
    r"""
      (?P<blank> [ \t\r\n]++ | \#[^\n]*+ )
    | (?P<dot> \. )
    | (?P<opened> [\[{] )
    | (?P<closed> [\]}] )
    | (?P<sign> [=,] )
    | (?P<text> \"{3} (?: [^"\\]++ | \\. | \"{1,2}(?!\") )*+ \"{3,5}
              | '{3} (?: [^']++ | '{1,2}(?!') )*+ '{3,5} )
    | (?P<torn_text> \"{3} | '{3} )
    | (?P<part> \" (?: [^"\\\n]++ | \\. )*+ \" | ' [^'\n]*+ ' | [^\s\#"'.,=\[\]{}]++ )
    | (?P<torn_part> ["'] )
    """,
    re.VERBOSE | re.DOTALL,
)


def read_toml(text: str) -> dict[str, Any]:
    """Return the entries of a text; its whole numbers have at most 64 bits.

    Raises:
        ValueError: it is no TOML, or beyond the bounds of this module.
    """
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"it has more than {MOST_CHARACTERS:,} characters")
    _check_tokens(text)
    import tomllib  # most users have no file, and the first frame waits

    try:
        values = tomllib.loads(text)
    except RecursionError:  # of a caller that is deep already
        raise ValueError("its lists or tables are too deep") from None
    _check_numbers(values)
    return values


def _check_tokens(text: str) -> None:
    """Refuse keys of too many parts, and lists and tables that are too deep."""
    parts = 0
    depth = 0
    joins = False  # whether the last token was a dot
    for token in _TOKENS.finditer(text):
        kind = token.lastgroup
        match kind:
            case "blank":
                continue
            case "part":
                parts = parts + 1 if joins else 1
            case "opened":
                depth += 1
            case "closed":
                depth -= 1
            case "torn_text" | "torn_part":
                return
        joins = kind == "dot"
        if parts > MOST_PARTS or depth > DEEPEST:
            line = text.count("\n", 0, token.start()) + 1
            reason = f"a key of more than {MOST_PARTS} parts"
            if depth > DEEPEST:
                reason = f"more than {DEEPEST} lists or tables in one another"
            raise ValueError(f"line {line:,} has {reason}")


def _check_numbers(values: dict[str, Any]) -> None:
    """Refuse whole numbers that are larger than TOML's."""
    pending: list[Any] = [values]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending += value.values()
        elif isinstance(value, list):
            pending += value
        elif isinstance(value, int) and not -LARGEST <= value <= LARGEST:
            raise ValueError(f"it has a whole number beyond {LARGEST:,}")
