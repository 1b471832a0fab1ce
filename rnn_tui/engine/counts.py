"""Say how many there are of something."""

from collections.abc import Sequence

MOST_SENTENCES = 5  # that are said one by one


def count_of(count: int, noun: str) -> str:
    """Format a count with its noun, such as `1 run` or `2,000 runs`."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun}s"


def first_few(sentences: Sequence[str], more: str, most: int = MOST_SENTENCES) -> list[str]:
    """Return the first of many sentences, and one that counts the others.

    Args:
        sentences: such as those on files that can't be used.
        more: what is said of the others, such as `{} more files can't be used.`
        most: of how many the first ones are all of them.
    """
    if len(sentences) <= most:
        return list(sentences)
    return [*sentences[:most], more.format(f"{len(sentences) - most:,}")]
