"""Say how much a file of sequences may hold; every reader asks here, before it makes anything.

What is made of a file is wider than the file: a byte becomes a number of eight, and some arrays are
copied while sequences are cut and shared out. So numbers are counted and not bytes. With these
bounds, reading takes at most some three gigabytes.
"""

from rnn_tui.engine.errors import DataError

#: cells of a table, numbers of an array, or characters of a text, read or made.
MOST_NUMBERS = 50_000_000
#: different words of a table, whose texts are kept; values that a format lists.
MOST_WORDS = 3_000_000
MOST_SEQUENCES = 3_000_000
MOST_COLUMNS = 4096  #: of a table, and attributes of a head.
#: characters of a line; of a row of a table too, whose cells may hold line ends.
LONGEST_LINE = 1 << 24


def check_numbers(count: int, name: str) -> None:
    """Refuse a file of too many numbers.

    Args:
        count: the numbers that are read or made, so far.
        name: what the file is called in sentences.

    Raises:
        DataError: if there are more than `MOST_NUMBERS`.
    """
    _check(count, MOST_NUMBERS, name, "numbers", "leave out columns or rows")


def check_words(count: int, name: str) -> None:
    """Refuse a file of too many words, as `check_numbers` does."""
    _check(count, MOST_WORDS, name, "different words", "leave out columns of text or rows")


def check_sequences(count: int, name: str) -> None:
    """Refuse a file of too many sequences, as `check_numbers` does."""
    _check(count, MOST_SEQUENCES, name, "sequences", "leave some out")


def check_columns(count: int, name: str) -> None:
    """Refuse a table of too many columns, as `check_numbers` does."""
    _check(count, MOST_COLUMNS, name, "columns", "leave some out")


def check_line(characters: int, line: int, name: str) -> None:
    """Refuse a line of too many characters, or one too many; `line` is its number."""
    if characters > LONGEST_LINE:
        raise DataError(
            f"Line {line:,} of {name} has more than {LONGEST_LINE:,} characters, the most that are "
            "read; perhaps it is a file of another kind."
        )
    _check(line, MOST_NUMBERS, name, "lines", "leave some out")


def _check(count: int, most: int, name: str, things: str, remedy: str) -> None:
    if count > most:
        raise DataError(f"{name} has more than {most:,} {things}, the most for a file; {remedy}.")
