"""Photos without a digit: letters, signs, scribbles, textures, pieces of photographs, paper.

They have nothing in common with those that networks are trained with
(`rnn_tui.tasks.mnist.no_digits`): other fonts (DejaVu Serif, Computer Modern Typewriter, Hershey's
triplex), photographs (a flower, heights of a landscape), strokes and textures.
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
# Letters that people take for digits as well: networks may read them as such.
LOOK_ALIKES = "OoQlIijSsZzBbGgq"
GREEK = "ΓΔΛΞΠΣΦΨΩαγεηκλμνπτφχψω"
SIGNS = "+=?&%@#$*√∑→←±≠≈≤≥×÷∏∈∇∀∞★♥♣♦♪✓✗€£¥©®¶"

# The side in pixels of the square on which ink is drawn.
CANVAS = 400


def no_digit(kind: str, random: Random) -> Picture:
    """A photo (H, W, 3) without a digit, of one of `KINDS`."""
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
    kind = str(random.choice(["plain", "grain", "shade", "clouds"], p=[0.5, 0.2, 0.2, 0.1]))
    paper = blank_paper(kind, random)
    if random.random() < 0.3:
        smaller = cv2.resize(paper, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
        paper = np.asarray(smaller, np.uint8)
    height, width = paper.shape[:2]
    ink = _without_margins(ink)
    scale = share * min(height, width) / max(ink.shape)
    angle = np.radians(random.uniform(-8, 8))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn = scale * rotation
    # The larger the ink, the nearer it is to the middle.
    offset = random.uniform(-0.5, 0.5, 2) * max(0.0, 0.9 - share) * 0.6
    middle = np.array([width, height]) * (0.5 + offset)
    move = middle - turn @ (np.array(ink.shape[::-1]) / 2)
    matrix = np.column_stack([turn, move])  # (2, 3)
    placed = cv2.warpAffine(ink, matrix, (width, height), flags=cv2.INTER_AREA)
    blur = random.uniform(0.5, 1.5)
    placed = cv2.GaussianBlur(placed, (0, 0), blur)[:, :, None]  # (H, W, 1)
    colour = random.uniform(0, 0.5) + random.uniform(0, 0.2, 3)
    deviation = random.uniform(0.5, 4)
    noise = random.normal(0, deviation, paper.shape)
    photo = paper * (1 - placed * (1 - colour)) + noise  # (H, W, 3)
    photo = np.clip(photo, 0, 255).astype(np.uint8)
    light_on_dark = random.random() < 0.15
    return 255 - photo if light_on_dark else photo


def _without_margins(ink: Plane) -> Plane:
    """The part of a drawing that has ink."""
    least = 0.1 * ink.max()
    rows = np.flatnonzero(ink.max(axis=1) > least)
    columns = np.flatnonzero(ink.max(axis=0) > least)
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


# --- letters, signs and scribbles


def _glyph(sign: str, font: str) -> Plane:
    """A sign in a font of Matplotlib's, as high as the canvas, on a square twice as wide."""
    image = Image.new("L", (2 * CANVAS, 2 * CANVAS))
    place = CANVAS // 2, CANVAS // 3
    ImageDraw.Draw(image).text(place, sign, 255, _font(font, CANVAS))
    return np.asarray(image, np.float32) / 255


def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """A font that comes with Matplotlib, in a size of pixels."""
    path = Path(get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"
    return ImageFont.truetype(str(path), size)


def _printed(signs: str, random: Random) -> Plane:
    """One of some signs, in a random font."""
    sign = str(random.choice(list(signs)))
    if sign.isascii() and random.random() < 0.25:
        canvas = np.zeros((CANVAS, CANVAS), np.uint8)
        thickness = int(random.integers(6, 20))
        font = cv2.FONT_HERSHEY_TRIPLEX
        cv2.putText(canvas, sign, (60, 300), font, 9, 255, thickness, cv2.LINE_AA)
        return canvas.astype(np.float32) / 255
    is_latin_letter = sign.isascii() and sign.isalpha()
    fonts = FONTS if is_latin_letter else FONTS[:1]  # only the first has all signs
    return _glyph(sign, str(random.choice(fonts)))


def _handwritten(random: Random) -> Plane:
    """A letter of a serif font, redrawn with a pen, slanted and bent in waves."""
    letter = str(random.choice(list("AEFHKLMNRTVWXYfhkmnwx" + "ΔΛΞΠΣΨΩκλμπχψω")))
    font = "DejaVuSerif-Italic" if random.random() < 0.5 else "DejaVuSerif"
    radius = int(random.integers(6, 14))
    strokes = _redrawn(_glyph(letter, font), radius)
    rows, columns = np.mgrid[: strokes.shape[0], : strokes.shape[1]].astype(np.float32)
    slant = random.uniform(-0.3, 0.4)
    columns += slant * (rows - CANVAS)
    for _ in range(3):
        down, across = random.uniform(-1, 1, 2) / random.uniform(60, 150)
        phase = random.uniform(0, 6)
        height = random.uniform(5, 14)
        wave = height * np.sin(rows * down + columns * across + phase)
        if random.random() < 0.5:
            rows = rows + wave
        else:
            columns = columns + wave
    bent = cv2.remap(strokes, columns.astype(np.float32), rows.astype(np.float32), cv2.INTER_LINEAR)
    return np.asarray(bent)


def _redrawn(glyph: Plane, radius: int) -> Plane:
    """The middle lines of a glyph's strokes, drawn with a round pen."""
    ink = (glyph > 0.5).astype(np.uint8)
    depth = cv2.distanceTransform(ink, cv2.DIST_L2, 5)  # how far inside a stroke a pixel is
    greatest_nearby = cv2.dilate(depth, np.ones((3, 3), np.uint8))
    middle_lines = (depth >= greatest_nearby - 0.5) & (depth > 3)
    side = 2 * radius + 1
    pen = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(middle_lines.astype(np.float32), pen), np.float32)


def _merged_print(random: Random) -> Plane:
    """A bar of printed digits that run into each other."""
    image = Image.new("L", (5 * CANVAS, CANVAS))
    count = random.integers(4, 11)
    number = "".join(random.choice(list("0123456789"), count))
    font = _font(str(random.choice(FONTS)), 200)
    stroke = int(random.integers(4, 14))
    ImageDraw.Draw(image).text((20, 60), number, 255, font, stroke_width=stroke)
    height = int(random.integers(1, 40))
    width = int(random.integers(10, 60))
    merged = cv2.dilate(np.asarray(image), np.ones((height, width), np.uint8))
    return merged.astype(np.float32) / 255


def _scribble(random: Random) -> Plane:
    """The line of a pen that wanders about: its direction changes slowly, or in jerks."""
    canvas = np.zeros((CANVAS, CANVAS), np.float32)
    width = int(random.integers(4, 22))
    jerky = random.random() < 0.4
    place = random.uniform(120, 280, 2)
    angle = random.uniform(0, 6.3)
    bend = 0.0
    points = [place]
    for _ in range(int(random.integers(90, 260))):
        if jerky:
            jerk = random.normal(0, 1.8)
            if random.random() < 0.2:
                angle += jerk
        else:
            bend = 0.85 * bend + random.normal(0, 0.16)
            angle += bend
        next_place = place + 14 * np.array([np.cos(angle), np.sin(angle)])
        if next_place.min() < 30 or next_place.max() > CANVAS - 30:  # back towards the middle
            across, down = CANVAS / 2 - place
            angle = np.arctan2(down, across) + random.normal(0, 0.6)
            next_place = place + 14 * np.array([np.cos(angle), np.sin(angle)])
        place = next_place
        points.append(place)
        if random.random() < 0.02:  # the pen is lifted
            _line(canvas, points, width)
            place = random.uniform(60, 340, 2)
            points = [place]
    _line(canvas, points, width)
    return canvas


def _line(canvas: Plane, points: list[npt.NDArray[np.float64]], width: int) -> None:
    """Draw a line through points (x, y)."""
    rounded = np.rint(np.array(points)).astype(np.int32)
    cv2.polylines(canvas, [rounded], False, 1.0, width, cv2.LINE_AA)


# --- stains, textures, filled shapes, noise and photographs


def _cloud(random: Random) -> Plane:
    """Soft patches, as of stains: noise of several sizes, made by shrinking and enlarging."""
    field = np.zeros((CANVAS, CANVAS), np.float32)
    for cells in (3, 6, 12, 24):
        noise = random.normal(0, 1 / cells, (cells, cells)).astype(np.float32)
        field += cv2.resize(noise, (CANVAS, CANVAS), interpolation=cv2.INTER_CUBIC)
    low, high = np.quantile(field, [random.uniform(0.5, 0.85), 0.99])
    return np.asarray(np.clip((field - low) / (high - low), 0, 1), np.float32)


def _texture(random: Random) -> Plane:
    """Wood, cloth, dots or bricks, filling the frame."""
    rows, columns = np.mgrid[:CANVAS, :CANVAS].astype(np.float32) / CANVAS
    waves = random.uniform(4, 14)
    texture = ("wood", "cloth", "dots", "bricks")[random.integers(4)]
    if texture == "wood":
        bent = columns + 0.1 * np.sin(rows * random.uniform(3, 9)) + 0.02 * np.sin(rows * 40)
        field = np.sin(2 * np.pi * waves * bent)
    elif texture == "cloth":
        field = np.sin(2 * np.pi * waves * rows) * np.sign(np.sin(2 * np.pi * waves * columns))
    elif texture == "dots":
        field = np.sin(2 * np.pi * waves * rows) + np.sin(2 * np.pi * waves * columns) - 0.6
    else:
        shift = 0.5 * (np.floor(rows * waves) % 2)  # of every other row of bricks
        across = columns * waves / 2 + shift
        field = np.maximum((rows * waves) % 1, across % 1) * 8 - 7
    contrast = random.uniform(0.4, 2)
    ink = np.asarray(np.clip(field * contrast, 0, 1), np.float32)
    return ink * np.float32(random.uniform(0.3, 1))


def _filled(random: Random) -> Plane:
    """A square or a disc, filled."""
    canvas = np.zeros((CANVAS, CANVAS), np.float32)
    half_height = 150 * random.uniform(0.75, 1)
    if random.random() < 0.3:
        cv2.ellipse(canvas, (200, 200), (150, int(half_height)), 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    else:
        top_left = 50, round(200 - half_height)
        bottom_right = 350, round(200 + half_height)
        cv2.rectangle(canvas, top_left, bottom_right, 1.0, -1)
    return canvas


def _bar(random: Random) -> Plane:
    """A level bar, wide and filled."""
    canvas = np.zeros((CANVAS, CANVAS), np.float32)
    half_height = 180 * random.uniform(0.08, 0.6)
    top_left = 20, round(200 - half_height)
    bottom_right = 380, round(200 + half_height)
    cv2.rectangle(canvas, top_left, bottom_right, 1.0, -1)
    return canvas


def _smudge(random: Random) -> Plane:
    """The marks of an eraser: faint streaks, one over another."""
    canvas = np.zeros((CANVAS, CANVAS), np.float32)
    slope = random.normal(0, 0.4)
    for _ in range(int(random.integers(6, 20))):
        x, y = random.uniform(80, 320, 2)
        reach = random.uniform(30, 90)
        streak = np.zeros_like(canvas)
        start = round(x - reach), round(y - slope * reach)
        end = round(x + reach), round(y + slope * reach)
        darkness = random.uniform(0.1, 0.4)
        thickness = int(random.integers(8, 40))
        cv2.line(streak, start, end, darkness, thickness, cv2.LINE_AA)
        blur = random.uniform(4, 14)
        canvas = np.maximum(canvas, cv2.GaussianBlur(streak, (0, 0), blur))
    return np.asarray(canvas / canvas.max() * random.uniform(0.05, 0.25), np.float32)


@lru_cache(maxsize=1)
def _photographs() -> tuple[Picture, ...]:
    """A flower, and heights of a landscape as grey levels."""
    flower = load_sample_image("flower.jpg")[:, :, ::-1]
    landscape = np.load(Path(get_data_path()) / "sample_data" / "jacksboro_fault_dem.npz")
    heights = landscape["elevation"].astype(np.float32)
    grey = ((heights - heights.min()) / np.ptp(heights) * 255).astype(np.uint8)
    return flower, cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)


def _piece_of_a_photograph(random: Random) -> Picture:
    flower, landscape = _photographs()
    whole = landscape if random.random() < 0.25 else flower
    height, width = random.integers(90, min(whole.shape[:2]), 2)
    top = random.integers(whole.shape[0] - height)
    left = random.integers(whole.shape[1] - width)
    piece = whole[top : top + height, left : left + width]
    if random.random() < 0.5:
        piece = piece[:, ::-1]
    factor = random.uniform(200, 800) / max(piece.shape)
    resized = cv2.resize(piece, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    return np.asarray(resized, np.uint8)


def _noise(random: Random) -> Picture:
    """Strong noise, coloured or grey, in single pixels or in spots."""
    height, width = random.integers(200, 600, 2)
    mean = random.uniform(90, 180)
    deviation = random.uniform(40, 120)
    channels = 3 if random.random() < 0.5 else 1
    noise = random.normal(mean, deviation, (height, width, channels))
    if random.random() < 0.5:
        blur = random.uniform(0.5, 3)
        noise = cv2.GaussianBlur(noise, (0, 0), blur).reshape(height, width, channels)
        deviation = random.uniform(40, 90)
        noise = (noise - noise.mean()) * deviation / noise.std() + 128
    return np.broadcast_to(np.clip(noise, 0, 255), (height, width, 3)).astype(np.uint8)


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
