"""Photos of what is no digit: letters, signs, scribbles, textures, pieces of photographs, blank
paper.

None is drawn by what the networks are trained with (`rnn_tui.tasks.mnist.no_digits`): its fonts
(DejaVu Serif, Computer Modern Typewriter, Hershey's triplex), its photographs (a flower, heights of
a landscape), its strokes and its textures are others.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from _blank_papers import KINDS as PAPERS
from _blank_papers import blank_paper
from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont
from sklearn.datasets import load_sample_image

from rnn_tui.photos.digit.picture import Picture

Random = np.random.Generator
Plane = npt.NDArray[np.float32]

FONTS = ("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "cmtt10")
LETTERS = "ACDEFHJKLMNPRTUVWXYacdefhkmnprtuvwxy"
# A digit, or nearly, to a person as well: these may pass.
LOOK_ALIKES = "OoQlIijSsZzBbGgq"
GREEK = "ΓΔΛΞΠΣΦΨΩαγεηκλμνπτφχψω"
SIGNS = "+=?&%@#$*√∑→←±≠≈≤≥×÷∏∈∇∀∞★♥♣♦♪✓✗€£¥©®¶"

# The largest drawing, in pixels; ink is drawn on a square of this side.
CANVAS = 400


def no_digit(kind: str, random: Random) -> Picture:
    """A photo (H, W, 3) of what is no digit, of one of `KINDS`."""
    if kind in PAPER_KINDS:
        return blank_paper(kind.removeprefix(PAPER), random)
    if kind == "photographs":
        return _piece_of_a_photograph(random)
    if kind == "heavy noise":
        return _noise(random)
    ink = DRAWN[kind](random)
    share = random.uniform(0.95, 1.3) if kind in FILLING else random.uniform(0.25, 0.85)
    return _on_paper(ink, share, random)


def _on_paper(ink: Plane, share: float, random: Random) -> Picture:
    """Ink (H, W), 0 … 1, on lit paper, its longer side a share of the paper's shorter one."""
    paper = blank_paper(
        str(random.choice(["plain", "grain", "shade", "clouds"], p=[0.5, 0.2, 0.2, 0.1])), random
    )
    if random.random() < 0.3:
        paper = np.asarray(
            cv2.resize(paper, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA), np.uint8
        )
    height, width = paper.shape[:2]
    rows, columns = (np.flatnonzero(ink.max(axis=axis) > 0.1 * ink.max()) for axis in (1, 0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = share * min(height, width) / max(ink.shape)
    angle = np.radians(random.uniform(-8, 8))
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([width, height]) * (
        0.5 + random.uniform(-0.5, 0.5, 2) * max(0.0, 0.9 - share) * 0.6
    )
    move = middle - turn @ (np.array(ink.shape[::-1]) / 2)
    placed = cv2.warpAffine(
        ink, np.column_stack([turn, move]), (width, height), flags=cv2.INTER_AREA
    )
    placed = cv2.GaussianBlur(placed, (0, 0), random.uniform(0.5, 1.5))[:, :, None]
    colour = random.uniform(0, 0.5) + random.uniform(0, 0.2, 3)
    photo = paper * (1 - placed * (1 - colour)) + random.normal(
        0, random.uniform(0.5, 4), paper.shape
    )
    photo = np.clip(photo, 0, 255).astype(np.uint8)
    return 255 - photo if random.random() < 0.15 else photo


# --- what is written


def _glyph(sign: str, font: str) -> Plane:
    """A sign in a font of Matplotlib's, as large as the canvas."""
    image = Image.new("L", (2 * CANVAS, 2 * CANVAS))
    opened = ImageFont.truetype(
        str(Path(get_data_path()) / "fonts" / "ttf" / f"{font}.ttf"), CANVAS
    )
    ImageDraw.Draw(image).text((CANVAS // 2, CANVAS // 3), sign, 255, opened)
    return np.asarray(image, np.float32) / 255


def _printed(signs: str, random: Random) -> Plane:
    sign = str(random.choice(list(signs)))
    if sign.isascii() and random.random() < 0.25:
        canvas = np.zeros((CANVAS, CANVAS), np.uint8)
        thick = int(random.integers(6, 20))
        cv2.putText(canvas, sign, (60, 300), cv2.FONT_HERSHEY_TRIPLEX, 9, 255, thick, cv2.LINE_AA)
        return canvas.astype(np.float32) / 255
    return _glyph(
        sign, str(random.choice(FONTS if sign.isascii() and sign.isalpha() else FONTS[:1]))
    )


def _handwritten(random: Random) -> Plane:
    """A letter of a serif font, thinned and bent in waves."""
    letter = str(random.choice(list("AEFHKLMNRTVWXYfhkmnwx" + "ΔΛΞΠΣΨΩκλμπχψω")))
    ink = (
        _glyph(letter, "DejaVuSerif-Italic" if random.random() < 0.5 else "DejaVuSerif") > 0.5
    ).astype(np.uint8)
    thinned = cv2.distanceTransform(ink, cv2.DIST_L2, 5)
    ridge = (thinned >= cv2.dilate(thinned, np.ones((3, 3), np.uint8)) - 0.5) & (thinned > 3)
    pen = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * int(random.integers(6, 14)) + 1,) * 2)
    strokes = cv2.dilate(ridge.astype(np.float32), pen)
    rows, columns = np.mgrid[: strokes.shape[0], : strokes.shape[1]].astype(np.float32)
    columns += random.uniform(-0.3, 0.4) * (rows - CANVAS)
    for _ in range(3):
        waves, phase = random.uniform(-1, 1, 2) / random.uniform(60, 150), random.uniform(0, 6)
        wave = random.uniform(5, 14) * np.sin(rows * waves[0] + columns * waves[1] + phase)
        rows, columns = (rows + wave, columns) if random.random() < 0.5 else (rows, columns + wave)
    return np.asarray(
        cv2.remap(strokes, columns.astype(np.float32), rows.astype(np.float32), cv2.INTER_LINEAR)
    )


def _merged_print(random: Random) -> Plane:
    """A bar of printed digits that run into each other."""
    image = Image.new("L", (5 * CANVAS, CANVAS))
    number = "".join(random.choice(list("0123456789"), random.integers(4, 11)))
    font = str(Path(get_data_path()) / "fonts" / "ttf" / f"{random.choice(FONTS)}.ttf")
    ImageDraw.Draw(image).text(
        (20, 60),
        number,
        255,
        ImageFont.truetype(font, 200),
        stroke_width=int(random.integers(4, 14)),
    )
    grown = cv2.dilate(
        np.asarray(image),
        np.ones((int(random.integers(1, 40)), int(random.integers(10, 60))), np.uint8),
    )
    return grown.astype(np.float32) / 255


def _scribble(random: Random) -> Plane:
    """What a pen leaves that wanders: its direction changes slowly, or in jerks, and it goes on."""
    canvas = np.zeros((CANVAS, CANVAS), np.float32)
    width = int(random.integers(4, 22))
    jerky = random.random() < 0.4
    place, angle, bend = random.uniform(120, 280, 2), random.uniform(0, 6.3), 0.0
    points = [place]
    for _ in range(int(random.integers(90, 260))):
        if jerky:
            angle += random.normal(0, 1.8) * (random.random() < 0.2)
        else:
            bend = 0.85 * bend + random.normal(0, 0.16)
            angle += bend
        ahead = place + 14 * np.array([np.cos(angle), np.sin(angle)])
        if ahead.min() < 30 or ahead.max() > CANVAS - 30:  # back towards the middle
            angle = np.arctan2(*(CANVAS / 2 - place)[::-1]) + random.normal(0, 0.6)
            ahead = place + 14 * np.array([np.cos(angle), np.sin(angle)])
        place = ahead
        points.append(place)
        if random.random() < 0.02:  # the pen is lifted
            _line(canvas, points, width)
            place = random.uniform(60, 340, 2)
            points = [place]
    _line(canvas, points, width)
    return canvas


def _line(canvas: Plane, points: list[npt.NDArray[np.float64]], width: int) -> None:
    cv2.polylines(
        canvas, [np.rint(np.array(points)).astype(np.int32)], False, 1.0, width, cv2.LINE_AA
    )


# --- what nobody wrote


def _cloud(random: Random) -> Plane:
    """Soft patches, as of stains: noise of several sizes, made by shrinking and enlarging."""
    field = np.zeros((CANVAS, CANVAS), np.float32)
    for cells in (3, 6, 12, 24):
        noise = random.normal(0, 1 / cells, (cells, cells)).astype(np.float32)
        field += cv2.resize(noise, (CANVAS, CANVAS), interpolation=cv2.INTER_CUBIC)
    high = np.quantile(field, [random.uniform(0.5, 0.85), 0.99])
    return np.asarray(np.clip((field - high[0]) / (high[1] - high[0]), 0, 1), np.float32)


def _texture(random: Random) -> Plane:
    """Wood, cloth, dots or bricks, filling the frame."""
    rows, columns = np.mgrid[:CANVAS, :CANVAS].astype(np.float32) / CANVAS
    waves = random.uniform(4, 14)
    which = random.integers(4)
    if which == 0:
        bent = columns + 0.1 * np.sin(rows * random.uniform(3, 9)) + 0.02 * np.sin(rows * 40)
        field = np.sin(2 * np.pi * waves * bent)
    elif which == 1:
        field = np.sin(2 * np.pi * waves * rows) * np.sign(np.sin(2 * np.pi * waves * columns))
    elif which == 2:
        field = np.sin(2 * np.pi * waves * rows) + np.sin(2 * np.pi * waves * columns) - 0.6
    else:
        across = columns * waves / 2 + 0.5 * (np.floor(rows * waves) % 2)
        field = np.maximum((rows * waves) % 1, across % 1) * 8 - 7
    return np.asarray(np.clip(field * random.uniform(0.4, 2), 0, 1), np.float32) * np.float32(
        random.uniform(0.3, 1)
    )


def _filled(random: Random) -> Plane:
    """A square or a disc, filled."""
    canvas = np.zeros((CANVAS, CANVAS), np.float32)
    half = np.array([150, 150 * random.uniform(0.75, 1)])
    if random.random() < 0.3:
        cv2.ellipse(canvas, (200, 200), (150, int(half[1])), 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    else:
        first, last = (
            np.rint(200 - half).astype(int).tolist(),
            np.rint(200 + half).astype(int).tolist(),
        )
        cv2.rectangle(canvas, first, last, 1.0, -1)
    return canvas


def _bar(random: Random) -> Plane:
    """A level bar, wide and filled."""
    canvas = np.zeros((CANVAS, CANVAS), np.float32)
    half = 180 * random.uniform(0.08, 0.6)
    cv2.rectangle(canvas, (20, round(200 - half)), (380, round(200 + half)), 1.0, -1)
    return canvas


def _smudge(random: Random) -> Plane:
    """Where something was rubbed out: faint streaks, one over another."""
    canvas = np.zeros((CANVAS, CANVAS), np.float32)
    slope = random.normal(0, 0.4)
    for _ in range(int(random.integers(6, 20))):
        x, y = random.uniform(80, 320, 2)
        reach = random.uniform(30, 90)
        streak = np.zeros_like(canvas)
        ends = [(round(x + side * reach), round(y + side * slope * reach)) for side in (-1, 1)]
        cv2.line(streak, *ends, random.uniform(0.1, 0.4), int(random.integers(8, 40)), cv2.LINE_AA)
        canvas = np.maximum(canvas, cv2.GaussianBlur(streak, (0, 0), random.uniform(4, 14)))
    return np.asarray(canvas / canvas.max() * random.uniform(0.05, 0.25), np.float32)


@lru_cache(maxsize=1)
def _photographs() -> tuple[Picture, ...]:
    heights = np.load(Path(get_data_path()) / "sample_data" / "jacksboro_fault_dem.npz")[
        "elevation"
    ].astype(np.float32)
    grey = ((heights - heights.min()) / np.ptp(heights) * 255).astype(np.uint8)
    return load_sample_image("flower.jpg")[:, :, ::-1], cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)


def _piece_of_a_photograph(random: Random) -> Picture:
    whole = _photographs()[int(random.random() < 0.25)]
    height, width = random.integers(90, min(whole.shape[:2]), 2)
    top, left = random.integers(whole.shape[0] - height), random.integers(whole.shape[1] - width)
    piece = whole[top : top + height, left : left + width]
    if random.random() < 0.5:
        piece = piece[:, ::-1]
    factor = random.uniform(200, 800) / max(piece.shape)
    return np.asarray(
        cv2.resize(piece, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC), np.uint8
    )


def _noise(random: Random) -> Picture:
    """Noise that drowns whatever there is."""
    side = random.integers(200, 600, 2)
    noise = random.normal(
        random.uniform(90, 180), random.uniform(40, 120), (*side, 3 if random.random() < 0.5 else 1)
    )
    if random.random() < 0.5:
        noise = cv2.GaussianBlur(noise, (0, 0), random.uniform(0.5, 3)).reshape(*side, -1)
        noise = (noise - noise.mean()) * random.uniform(40, 90) / noise.std() + 128
    return np.broadcast_to(np.clip(noise, 0, 255), (*side, 3)).astype(np.uint8)


PAPER = "paper, "
PAPER_KINDS = tuple(PAPER + kind for kind in PAPERS)
DRAWN: dict[str, Callable[[Random], Plane]] = {
    "letters": lambda random: _printed(LETTERS, random),
    "Greek letters": lambda random: _printed(GREEK, random),
    "look-alike letters": lambda random: _printed(LOOK_ALIKES, random),
    "signs": lambda random: _printed(SIGNS, random),
    "handwritten letters": _handwritten,
    "merged print": _merged_print,
    "scribbles": _scribble,
    "clouds": _cloud,
    "textures": _texture,
    "filled squares": _filled,
    "wide bars": _bar,
    "smudges": _smudge,
}
FILLING = ("clouds", "textures")
KINDS: tuple[str, ...] = (*DRAWN, "photographs", "heavy noise", *PAPER_KINDS)
