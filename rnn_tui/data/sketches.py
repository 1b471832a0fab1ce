"""Draw sequences small, in characters."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rnn_tui.data.data_set import TRAINING, DataSet
from rnn_tui.data.options import Goal
from rnn_tui.data.origin import in_words
from rnn_tui.data.typed import typed_symbols
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import NO_TEXT, SafeText, printable

#: bits of the dots in a braille cell, by row and column.
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
BLANK = 0x2800
MOST_FEATURES = 3  # drawn of a sequence
LONGEST_NAME = 40  # characters of the name of one


@dataclass(frozen=True)
class Sketch:
    """A sequence drawn in characters."""

    title: SafeText  #: such as `sequence 1: 12 steps, class up`, or `store_04: …`.
    #: of each feature that is drawn: its name and its lines from top to bottom; one of symbols.
    drawings: tuple[tuple[SafeText, tuple[SafeText, ...]], ...]

    def lines(self) -> list[SafeText]:
        """Return it all, from top to bottom."""
        result = [self.title]
        names = [name if len(self.drawings) > 1 else NO_TEXT for name, _ in self.drawings]
        width = max(map(len, names))
        for name, (_, lines) in zip(names, self.drawings, strict=True):
            for line in lines:
                result.append(printable(f"  {name.ljust(width)} {line}".rstrip(), 400))
        return result


def sketches(
    data_set: DataSet, count: int = 3, width: int = 60, height: int | None = None
) -> list[Sketch]:
    """Return drawings of the first training sequences, of different classes if there are some.

    Args:
        data_set: the data set.
        count: how many sequences are drawn.
        width: cells of a line at most.
        height: lines of a feature; None for two, or one if there are several features.
    """
    if height is None:
        height = 2 if len(data_set.description.features) == 1 else 1
    return [sketch(data_set, index, width, height) for index in first_sequences(data_set, count)]


def first_sequences(data_set: DataSet, count: int) -> list[int]:
    """Return the first training sequences, of different classes as far as there are some."""
    members: list[int] = data_set.of_part(TRAINING).tolist()
    if data_set.description.goal is not Goal.CLASS:
        return members[:count]
    by_class: dict[int, int] = {}
    for index in members:
        by_class.setdefault(int(data_set.targets[index]), index)
    chosen = list(by_class.values())[:count]
    others = [index for index in members if index not in chosen]
    return sorted(chosen + others[: count - len(chosen)])


def sketch(data_set: DataSet, index: int, width: int = 60, height: int = 2) -> Sketch:
    """Return the drawing of a sequence."""
    description = data_set.description
    values = data_set.sequence(index)
    name = printable(in_words(data_set.sequence_name(index)), LONGEST_NAME)
    steps = count_of(len(values), "step")
    title = printable(f"{name}: {steps}{_answer(data_set, index)}", 100 + LONGEST_NAME)
    if description.alphabet:
        symbols = [description.alphabet[place] for place in values[:width, 0].astype(int)]
        line = printable(typed_symbols(symbols, description.alphabet), width)
        return Sketch(title, ((SafeText("symbols"), (line,)),))
    drawings = tuple(
        (printable(name), curve(values[:, place], width, height))
        for place, name in enumerate(description.features[:MOST_FEATURES])
    )
    return Sketch(title, drawings)


def _answer(data_set: DataSet, index: int) -> str:
    """Return the answer to a sequence in words, after a comma; nothing if it has none."""
    description = data_set.description
    target = data_set.target(index)
    if description.goal is Goal.CLASS:
        return f", class {description.outputs[int(target)]}"
    if description.goal is Goal.NUMBER:
        return f", {description.outputs[0]} {float(target[0]):.4g}"
    return ""


def curve(numbers: npt.NDArray[np.float32], width: int, height: int) -> tuple[SafeText, ...]:
    """Return numbers (steps,) as a line of braille dots, in lines from top to bottom.

    Fewer steps than dots take a narrower drawing; of more steps, those between two dots are joined
    by a vertical stroke from the least to the greatest.
    """
    columns = min(2 * width, max(2, 2 * len(numbers)))
    places = np.linspace(0, len(numbers) - 1, columns)
    line = np.interp(places, np.arange(len(numbers)), numbers.astype(np.float64))
    least, greatest = float(line.min()), float(line.max())
    spread = greatest - least or 1.0
    rows = np.round((greatest - line) / spread * (4 * height - 1)).astype(int)
    if greatest == least:
        rows[:] = 2 * height
    cells = np.full((height, -(-columns // 2)), BLANK)
    previous = rows[0]
    for column, row in enumerate(rows.tolist()):
        for dot in _stroke(previous, row):
            cells[dot // 4, column // 2] |= DOTS[dot % 4][column % 2]
        previous = row
    return tuple(printable("".join(map(chr, line)), 2 * width) for line in cells.tolist())


def _stroke(previous: int, row: int) -> Sequence[int]:
    """Return the rows of dots that join a dot to the one before it."""
    if row > previous + 1:
        return range(previous + 1, row + 1)
    if row < previous - 1:
        return range(row, previous)
    return (row,)
