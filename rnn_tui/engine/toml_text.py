"""Reads TOML that may be anybody's: what would keep Python's reader for minutes is refused."""

from typing import Any

# A key of thousands of parts, as in `a.a.a = 1`, takes `tomllib` a minute. A line of figures may
# have some hundred dots.
MOST_DOTS = 300
#: raised for a text that is no TOML; `tomllib` raises a `ValueError`.
FAULTS = (ValueError, RecursionError)


def read_toml(text: str) -> dict[str, Any]:
    """Return the entries of a text.

    Raises:
        ValueError: it is no TOML, or would take too long.
        RecursionError: its lists or tables are too deep.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > MOST_DOTS and not line.lstrip().startswith("#"):
            raise ValueError(f"line {number:,} has more than {MOST_DOTS} dots")
    import tomllib  # noqa: PLC0415 - most users have no file, and the first frame waits

    return tomllib.loads(text)
