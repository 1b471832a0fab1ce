"""Where a reader takes a 1 for a 7: ones and sevens drawn over all leans and falls.

A stem leans by −30 … 30°, a stroke leaves its top to the left and falls by 0 … 75° below the level,
short or as long as the stem, without more, with a foot, with a bar through the stem, or with a
serif (a short stroke downwards at the left end, as in East Asia). Each is drawn by several pens, a
little out of place, and centred as photos are.

`rnn_tui.tasks.mnist.ones_and_sevens` says which of them is surely a 1 or a 7 for everybody, and on
what grounds. Of the sure ones the table has *strict*, right with a confidence of 50 % or more, and
*top1*, the most probable digit. Of the others it has how many the app doubts, how many are answered
with a confidence below 90 %, and how many that are answered with more are no 1 or 7. With several
weights, figures are means over them.

`--picture FILE.png` draws the map of the first: `docs/pictures/ones.png` is drawn with the LSTM
that ships.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians, sin, tan
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from _accuracy import STRICT

from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.photos import THRESHOLD
from rnn_tui.photos.digit.picture import PreparedDigit
from rnn_tui.photos.reader import ask
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.mnist.centre import centre
from rnn_tui.tasks.mnist.ones_and_sevens import ONE, SEVEN, Form, sure_digit

Numbers = npt.NDArray[np.float64]
Image = npt.NDArray[np.uint8]

LEANS = range(-30, 31, 5)
FALLS = range(0, 76, 5)
LENGTHS = (0.25, 0.4, 0.55, 0.75, 1.0)
MARKS = ("plain", "foot", "bar", "serif")
PENS = (0.06, 0.1, 0.15)  # widths, in heights of the stem
OUT_OF_PLACE = 0.012  # standard deviation of each point, in heights of the stem
# in heights of the stem: half a foot or bar, and a serif
HALF_BAR = np.array([0.22, 0.0])
SERIF = np.array([0.0, 0.18])
SIDE = 160  # pixels of the sheet
HEIGHT = 70  # pixels of the stem
SURE = 0.9  # an answer of this confidence is not doubted by anybody
# Of the picture: pixels of a cell, of the margins around a map, and colours in blue, green and red.
CELL = 14
LEFT = 60
TOP = 44
GAP = 26
BLUE = np.array([190.0, 90.0, 30.0])
RED = np.array([40.0, 50.0, 205.0])
GREY = np.array([150.0, 150.0, 150.0])
WHITE = np.array([255.0, 255.0, 255.0])
BLACK = (30, 30, 30)


@dataclass(frozen=True)
class Answers:
    """What one network says to all drawings, N."""

    chances: Numbers  #: (N, 10) of the digits.
    confidence: Numbers  #: (N,) of the most probable.

    @property
    def digits(self) -> npt.NDArray[np.int64]:
        """The most probable digits (N,)."""
        return np.asarray(self.chances.argmax(axis=1), np.int64)


def forms() -> list[Form]:
    """All forms, by mark, length, lean and fall."""
    return [
        Form(lean, fall, length, foot=mark == "foot", bar=mark == "bar", serif=mark == "serif")
        for mark, length, lean, fall in itertools.product(MARKS, LENGTHS, LEANS, FALLS)
    ]


def mark_of(form: Form) -> str:
    """The name of what a form has beside stem and top stroke."""
    return next((mark for mark in MARKS[1:] if getattr(form, mark)), MARKS[0])


def drawn(form: Form, pen: float, random: np.random.Generator) -> npt.NDArray[np.float32]:
    """Draw a form and centre it: (28, 28), 0 … 1."""
    ahead = tan(radians(form.lean))  # of the stem's top, whose height is 1
    stem = 1 / cos(radians(form.lean))
    corner = np.array([ahead, 0.0])
    end = np.array([0.0, 1.0])
    angle = radians(form.fall)
    start = corner + form.length * stem * np.array([-cos(angle), sin(angle)])
    top = [start, corner, end]
    if form.serif:
        top.insert(0, start + SERIF)
    strokes = [top]
    if form.foot:
        strokes.append([end - HALF_BAR, end + HALF_BAR])
    if form.bar:
        middle = (corner + end) / 2
        strokes.append([middle - HALF_BAR, middle + HALF_BAR])
    sheet = np.zeros((SIDE, SIDE), np.uint8)
    # Long strokes reach left of the stem: the middle of all points comes to that of the sheet.
    places = np.concatenate(strokes)
    origin = SIDE / 2 - HEIGHT * (places.min(axis=0) + places.max(axis=0)) / 2
    for stroke in strokes:
        points = np.array(stroke) + random.normal(0, OUT_OF_PLACE, (len(stroke), 2))
        pixels = np.rint((origin + HEIGHT * points) * 16).astype(np.int32)
        cv2.polylines(sheet, [pixels], False, 255, max(1, round(pen * HEIGHT)), cv2.LINE_AA, 4)
    return centre(sheet.astype(np.float32) / 255)


def drawings(every: Sequence[Form], seed: int) -> list[PreparedDigit]:
    """Each form by each pen, the pens of a form one after another."""
    random = np.random.default_rng(seed)
    return [PreparedDigit(drawn(form, pen, random)) for form in every for pen in PENS]


def answers_of(network: RowReaderNetwork, digits: Sequence[PreparedDigit]) -> Answers:
    """Ask a network, a thousand at once."""
    answers = [
        answer
        for start in range(0, len(digits), 1000)
        for answer in ask(network, digits[start : start + 1000])
    ]
    return Answers(
        np.array([answer.probabilities for answer in answers], np.float64),
        np.array([answer.confidence for answer in answers]),
    )


def _percent(values: npt.NDArray[np.bool_]) -> str:
    """The share that is true, as `  97.5`; a dash if there are none."""
    return f"{100 * values.mean():7.2f}" if values.size else "      –"


def print_tables(every: Sequence[Form], networks: Sequence[Answers]) -> None:
    """Print what is right of the sure forms, and what is doubted of the others."""
    sure = np.repeat([sure_digit(form) or 0 for form in every], len(PENS))
    marks = np.repeat([mark_of(form) for form in every], len(PENS))
    digits = np.stack([answers.digits for answers in networks])  # (networks, N)
    confidence = np.stack([answers.confidence for answers in networks])
    stands = confidence >= STRICT
    print("surely         drawings  strict    top1  as the other")
    for digit, mark in itertools.product((ONE, SEVEN), (*MARKS, "all")):
        chosen = (sure == digit) & ((marks == mark) | (mark == "all"))
        if not chosen.any():
            continue
        right = digits[:, chosen] == digit
        swapped = digits[:, chosen] == ONE + SEVEN - digit
        print(
            f"a {digit}, {mark:10} {chosen.sum():8} {_percent(right & stands[:, chosen])} "
            f"{_percent(right)} {_percent(swapped)}"
        )
    chosen = sure > 0
    right = digits[:, chosen] == sure[chosen]
    print(
        f"both            {chosen.sum():8} {_percent(right & stands[:, chosen])} {_percent(right)}"
    )
    print("\nin doubt       drawings doubted  below 90 %  sure of neither 1 nor 7")
    for mark in MARKS:
        chosen = (sure == 0) & (marks == mark)
        neither = ~np.isin(digits[:, chosen], (ONE, SEVEN)) & (confidence[:, chosen] >= SURE)
        print(
            f"{mark:13} {chosen.sum():9} {_percent(confidence[:, chosen] < THRESHOLD)} "
            f"{_percent(confidence[:, chosen] < SURE)} {_percent(neither)}"
        )


def print_turning_points(every: Sequence[Form], answers: Answers) -> None:
    """Print for plain forms from which fall on a 1 is likelier than a 7, by lean and length."""
    odds = answers.chances[:, ONE] - answers.chances[:, SEVEN]
    odds = odds.reshape(len(MARKS), len(LENGTHS), len(LEANS), len(FALLS), len(PENS)).mean(axis=-1)
    print("\na plain one from a fall of (degrees), by lean")
    print("length " + "".join(f"{lean:5}" for lean in LEANS))
    for length, rows in zip(LENGTHS, odds[0], strict=True):
        print(f"{length:6} " + "".join(f"{_turning_point(row):>5}" for row in rows))


def _turning_point(odds: Numbers) -> str:
    """The fall after the last at which a 7 is likelier."""
    sevens = np.flatnonzero(odds <= 0)
    if not sevens.size:
        return "all"
    last = int(sevens[-1])
    if last + 1 == len(FALLS):
        return "none"
    step = FALLS[1] - FALLS[0]
    share = odds[last] / (odds[last] - odds[last + 1])  # of the step, by a line between both
    return f"{FALLS[last] + step * float(share):.0f}"


def picture(every: Sequence[Form], answers: Answers) -> Image:
    """The map (H, W, 3): a row for each mark, a column for each length.

    The redder, the likelier a 7, the bluer, the likelier a 1; grey is the rest. Inside the lines
    everybody is sure.
    """
    height = CELL * len(FALLS)
    width = CELL * len(LEANS)
    shape = (TOP + (height + GAP) * len(MARKS) + 18, LEFT + (width + GAP) * len(LENGTHS), 3)
    drawing = np.full(shape, 255, np.uint8)
    shares = answers.chances.reshape(
        len(MARKS), len(LENGTHS), len(LEANS), len(FALLS), len(PENS), 10
    ).mean(axis=4)
    sure = np.array([sure_digit(form) or 0 for form in every]).reshape(shares.shape[:4])
    for row, column in itertools.product(range(len(MARKS)), range(len(LENGTHS))):
        top = TOP + row * (height + GAP)
        left = LEFT + column * (width + GAP)
        colours = _colours(shares[row, column].transpose(1, 0, 2))  # by fall, then by lean
        drawing[top : top + height, left : left + width] = colours.repeat(CELL, 0).repeat(CELL, 1)
        _outline(drawing, sure[row, column].T, top, left)
        cv2.rectangle(drawing, (left, top), (left + width, top + height), BLACK, 1)
        _put(drawing, f"{MARKS[row]}, {LENGTHS[column]}", (left, top - 5))
        for fall in range(0, 76, 15):
            if column == 0:
                place = top + FALLS.index(fall) * CELL + CELL // 2 + 4
                _put(drawing, str(fall), (left - 24, place))
        for lean in (-30, 0, 30):
            if row == len(MARKS) - 1:
                place = left + LEANS.index(lean) * CELL - 4
                _put(drawing, str(lean), (place, top + height + 14))
    _put(drawing, "fall of the top stroke (down) by lean of the stem (across), degrees", (LEFT, 16))
    _legend(drawing, 3 * shape[1] // 5)
    return drawing


def _colours(shares: Numbers) -> Image:
    """Colours (falls, leans, 3) of the chances (falls, leans, 10)."""
    ones, sevens = shares[..., [ONE]], shares[..., [SEVEN]]
    rest = np.clip(1 - ones - sevens, 0, 1)
    # equal chances of both are white
    mixed = np.abs(ones - sevens)
    towards = np.where(ones > sevens, BLUE, RED)
    colours = mixed * towards + rest * GREY + np.clip(1 - mixed - rest, 0, 1) * WHITE
    return np.asarray(np.clip(np.rint(colours), 0, 255), np.uint8)


def _outline(drawing: Image, sure: npt.NDArray[np.int64], top: int, left: int) -> None:
    """Draw lines (falls, leans) between cells that differ in what is sure."""
    falls, leans = sure.shape
    for row, column in itertools.product(range(falls), range(leans)):
        x, y = left + column * CELL, top + row * CELL
        if column + 1 < leans and sure[row, column] != sure[row, column + 1]:
            cv2.line(drawing, (x + CELL, y), (x + CELL, y + CELL), BLACK, 2)
        if row + 1 < falls and sure[row, column] != sure[row + 1, column]:
            cv2.line(drawing, (x, y + CELL), (x + CELL, y + CELL), BLACK, 2)


def _legend(drawing: Image, left: int) -> None:
    """Say what the colours mean, at the top."""
    for colour, text in ((BLUE, "read as 1"), (RED, "as 7"), (GREY, "as something else")):
        cv2.rectangle(drawing, (left, 6), (left + 12, 18), colour.tolist(), -1)
        _put(drawing, text, (left + 18, 16))
        left += 30 + 8 * len(text)


def _put(drawing: Image, text: str, place: tuple[int, int]) -> None:
    cv2.putText(drawing, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, BLACK, 1, cv2.LINE_AA)


def main() -> None:
    """Print the tables, and draw the map."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--weights", type=Path, nargs="+", required=True)
    parser.add_argument("--picture", type=Path, help="draw the map of the first weights, as PNG")
    parser.add_argument("--seed", type=int, default=0, help="of what is out of place (%(default)s)")
    options = parser.parse_args()
    every = forms()
    digits = drawings(every, options.seed)
    answers = [answers_of(RowReaderNetwork(read_weights(path)), digits) for path in options.weights]
    print_tables(every, answers)
    print_turning_points(every, answers[0])
    if options.picture:
        cv2.imwrite(
            str(options.picture), picture(every, answers[0]), [cv2.IMWRITE_PNG_COMPRESSION, 9]
        )


if __name__ == "__main__":
    main()
