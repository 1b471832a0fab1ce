"""Say how many there are of something."""


def count_of(count: int, noun: str) -> str:
    """Format a count with its noun, such as `1 run` or `2,000 runs`."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun}s"
