"""Pictures of what is no digit, as MNIST would have them, drawn at training time.

A network that has only seen digits takes everything for one. These are what photos show when they
show no digit, brought to the form in which photos are handed to a network: most are centred with
strokes as thin as MNIST's, a part is left as it comes, thick, filled or cut off. None of them is to
be read as a digit by a person: that would cost digits that are read today.

The weights that ship were trained with Matplotlib installed: without it there are fewer fonts and
fewer photographs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.tasks.mnist.centre import SIDE, centre
from rnn_tui.tasks.mnist.glyphs import NOT_BY_HAND, Mask, fonts, glyph

Random: TypeAlias = np.random.Generator
Plane: TypeAlias = npt.NDArray[np.float32]

# What is drawn is drawn on squares of so many pixels.
CANVAS = 72


@dataclass(frozen=True)
class Kind:
    """A kind of picture that is no digit."""

    draw: Callable[[Random], Mask | None]  #: (H, W) uint8, ink 255 on 0; None where nothing came of it.
    share: float  #: of all pictures.
    as_it_comes: float  #: share of these that is not brought to MNIST's form.


def no_digits(count: int, random: Random) -> npt.NDArray[np.uint8]:
    """Pictures (N, 28, 28) of what is no digit, ink 0 … 255 on 0; of all `KINDS` by their shares."""
    kinds = list(KINDS.values())
    shares = np.array([kind.share for kind in kinds])
    pictures = np.empty((count, SIDE, SIDE), np.uint8)
    for at, kind in enumerate(random.choice(len(kinds), count, p=shares / shares.sum())):
        pictures[at] = drawn(kinds[kind], random)
    return pictures


def drawn(kind: Kind, random: Random) -> npt.NDArray[np.uint8]:
    """One picture (28, 28) of a kind."""
    while True:
        ink = kind.draw(random)
        if ink is None or not cv2.countNonZero(ink):
            continue
        picture = _as_it_comes(ink, random) if random.random() < kind.as_it_comes else _centred(ink)
        if not _upright_line(picture):
            return picture


def _centred(ink: Mask) -> npt.NDArray[np.uint8]:
    return np.rint(centre(ink * np.float32(1 / 255)) * 255).astype(np.uint8)


def _as_it_comes(ink: Mask, random: Random) -> npt.NDArray[np.uint8]:
    """Ink (H, W) somewhere in the frame, of any size, some of it outside, strokes as they are."""
    left, top, width, height = cv2.boundingRect(ink)
    scale = random.uniform(12, 28) / max(width, height)
    if random.random() < 0.2:  # as bits of something larger
        scale *= 1.4
    free = SIDE - scale * np.array([width, height])
    x, y = free * random.uniform(0, 1, 2) - scale * np.array([left, top])
    shrunk = cv2.GaussianBlur(ink, (0, 0), 0.4 / scale) if scale < 0.8 else ink
    return cv2.warpAffine(shrunk, np.array([[scale, 0, x], [0, scale, y]]), (SIDE, SIDE))


def _upright_line(picture: npt.NDArray[np.uint8]) -> bool:
    """Whether most of the ink lies along a line that is upright or leans by less than 50°, as a 1 does."""
    m = cv2.moments(picture)
    if m["m00"] < 255:
        return False
    across, down, both = m["mu20"] / m["m00"], m["mu02"] / m["m00"], m["mu11"] / m["m00"]
    apart = np.hypot(across - down, 2 * both)
    thin = (across + down - apart) < 0.1 * (across + down + apart)
    return bool(thin and abs(np.arctan2(2 * both, down - across)) / 2 < np.radians(50))


# --- letters, signs and numbers


def _text(random: Random, count: int = 1, by_hand: bool = False) -> Mask | None:
    font, letters = fonts()[random.integers(len(fonts()))]
    if by_hand:
        letters = "".join(letter for letter in letters if letter not in NOT_BY_HAND)
    return glyph(font, "".join(random.choice(list(letters), count)), int(random.integers(1, 6)))


def _printed(random: Random) -> Mask | None:
    ink = _text(random)
    return None if ink is None else _warped(ink, random, slant=0.1, bend=0.0)


def _handwritten(random: Random) -> Mask | None:
    ink = _text(random, by_hand=True)
    if ink is None:
        return None
    if random.random() < 0.7:  # the middle of its strokes, as of a pen
        ink = _skeleton(ink)
    return _warped(ink, random, slant=0.35, bend=2.5)


def _merged(random: Random) -> Mask | None:
    """A number or a word whose two to five signs touch."""
    count = int(random.integers(2, 6))
    font, letters = fonts()[random.integers(len(fonts()))]
    if random.random() < 0.65:
        letters = "023456789"
    signs = [glyph(font, str(sign), 3) for sign in random.choice(list(letters), count)]
    overlap = random.integers(-2, 5)
    row = np.zeros((2 * CANVAS, 6 * CANVAS), np.uint8)
    x = 4
    for sign in signs:
        if sign is None:
            return None
        height, width = sign.shape
        y = CANVAS + 24 - height + int(random.integers(-4, 5))
        part = row[y : y + height, x : x + width]
        np.maximum(part, sign[: part.shape[0], : part.shape[1]], out=part)
        x += max(6, width - int(overlap))
    narrow = random.uniform(0.5, 1) if count < 4 else 1
    return cv2.resize(_cut(row), None, fx=narrow, fy=1, interpolation=cv2.INTER_AREA)


def _cut(ink: Mask) -> Mask:
    left, top, width, height = cv2.boundingRect(ink)
    return ink[top : top + height, left : left + width]


@lru_cache(maxsize=1)
def _crosses() -> Mask:
    return cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)).astype(np.uint8)


def _skeleton(ink: Mask) -> Mask:
    """The middle of the strokes of ink (H, W), three pixels wide."""
    rest = cv2.copyMakeBorder(ink, 3, 3, 3, 3, cv2.BORDER_CONSTANT, value=0)
    found = np.zeros_like(rest)
    for _ in range(16):
        opened = cv2.morphologyEx(rest, cv2.MORPH_OPEN, _crosses())
        found |= cv2.subtract(rest, opened)
        rest = cv2.erode(rest, _crosses())
        if not cv2.countNonZero(rest):
            break
    return cv2.dilate(cv2.threshold(found, 100, 255, cv2.THRESH_BINARY)[1], np.ones((3, 3), np.uint8))


def _warped(ink: Mask, random: Random, slant: float, bend: float) -> Mask:
    """Ink (H, W) on a square, slanted by up to a factor of `slant` and bent by about `bend` pixels."""
    height, width = ink.shape
    scale = 0.6 * CANVAS / max(height, width)
    wider = np.exp(random.uniform(-0.15, 0.15))
    shear, tilt = random.uniform(-slant, slant), random.uniform(-slant, slant) / 3
    turn = np.array([[wider, -shear], [tilt, 1 / wider]]) * scale
    middle = CANVAS / 2 - turn @ (width / 2, height / 2)
    moved = cv2.warpAffine(ink, np.column_stack([turn, middle]), (CANVAS, CANVAS))
    if not bend:
        return moved
    grid = random.normal(0, bend, (2, 4, 4)).astype(np.float32)
    places = np.arange(CANVAS, dtype=np.float32)
    x, y = (cv2.resize(one, (CANVAS, CANVAS), interpolation=cv2.INTER_CUBIC) for one in grid)
    return cv2.remap(moved, x + places, y + places[:, None], cv2.INTER_LINEAR)


# --- what a pen does that writes nothing


def _scribble(random: Random) -> Mask:
    """One to eight strokes at random, smooth or angular; the fewer, the longer."""
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    count = int(random.integers(1, 9))
    corners = {1: (12, 24), 2: (8, 14), 3: (5, 9)}.get(count, (3, 6))
    box = random.uniform(0.6, 1, 2)
    for _ in range(count):
        points = random.uniform(6, CANVAS - 6, (int(random.integers(*corners)), 2))
        if random.random() < 0.6:
            points = _smooth(points)
        _stroke(canvas, (points - CANVAS / 2) * box + CANVAS / 2, random)
    return canvas


def _smooth(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A curve through the middles between points (N, 2)."""
    for _ in range(3):  # corners cut, as Chaikin does
        first, second = points[:-1], points[1:]
        points = np.stack([0.75 * first + 0.25 * second, 0.25 * first + 0.75 * second], 1).reshape(-1, 2)
    return points


def _stroke(canvas: Mask, points: npt.NDArray[np.float64], random: Random, width: int = 0) -> None:
    fixed = np.rint(points * 16).astype(np.int32)
    cv2.polylines(canvas, [fixed], False, 255, width or int(random.integers(2, 5)), cv2.LINE_AA, 4)


def _pattern(random: Random) -> Mask:
    """Zigzags, spirals, hatchings, grids of lines and what was crossed out."""
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    which, width = random.integers(5), int(random.integers(2, 6))
    along = np.linspace(-1, 1, 80)
    if which == 0:  # zigzag or waves
        turns, height = random.integers(3, 9), random.uniform(0.2, 0.8)
        wave = np.sin(along * np.pi * turns)
        wave = wave if random.random() < 0.5 else 2 / np.pi * np.arcsin(wave)
        curves = [np.column_stack([along, height * wave])]
    elif which == 1:  # a spiral
        around = along * np.pi * random.uniform(2, 4)
        curves = [np.column_stack([np.cos(around), random.uniform(0.6, 1) * np.sin(around)]) * ((along + 1.15) / 2.15)[:, None]]
    else:  # lines side by side, one way or two
        places = np.linspace(-1, 1, int(random.integers(3, 8)))
        curves = [np.array([[-1, place], [1, place]]) + random.normal(0, 0.06, (2, 2)) for place in places]
        if which == 3:
            curves += [curve[:, ::-1] for curve in curves]
        elif which == 4:
            letter = _handwritten(random)
            canvas = canvas if letter is None else letter.copy()
            curves = curves[: random.integers(2, 4)]
    turn = random.uniform(-np.pi, np.pi) if which != 2 else random.uniform(-0.6, 0.6)
    cosine, sine = np.cos(turn), np.sin(turn)
    for curve in curves:
        _stroke(canvas, CANVAS / 2 + 0.42 * CANVAS * curve @ np.array([[cosine, sine], [-sine, cosine]]), random, width)
    return canvas


def _shape(random: Random) -> Mask:
    """Squares, discs, wide bars, half planes, frames, crosses, corners, lines that are level."""
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    which, middle, width = random.integers(7), CANVAS / 2, int(random.integers(3, 9))
    across, down = random.uniform(0.22, 0.48, 2) * CANVAS
    turn = random.uniform(-30, 30)
    if which == 0:
        cv2.ellipse(canvas, ((middle, middle), (2 * across, 2 * max(down, across / 2)), turn), 255, -1, cv2.LINE_AA)
    elif which == 1:  # a half plane, as a shadow has it
        cv2.fillPoly(canvas, [_corners(middle, middle, 2 * CANVAS, CANVAS, turn + 90 * random.integers(4), CANVAS / 2)], 255)
    elif which <= 3:  # filled, or a frame; never as narrow as a 1
        box = _corners(middle, middle, 2 * across, random.uniform(0.2, 1.5) * across, turn)
        cv2.polylines(canvas, [box], True, 255, width, cv2.LINE_AA)
        if which == 2:
            cv2.fillPoly(canvas, [box], 255, cv2.LINE_AA)
    else:
        arms = {4: (0,), 5: (0, 90, 180, 270), 6: (-90, random.choice([0, 180]))}[int(which)]
        for arm in arms:
            angle = np.radians(arm + turn)
            end = middle + random.uniform(0.7, 1.1) * across * np.array([np.cos(angle), np.sin(angle)])
            start = middle - (end - middle if which == 4 else 0)
            _stroke(canvas, np.array([np.broadcast_to(start, 2), end]), random, width)
    return canvas


def _corners(x: float, y: float, width: float, height: float, turn: float, below: float = 0.0) -> npt.NDArray[np.int32]:
    """Corners (4, 2) of a box around a point, or as far `below` it, turned about that point, in degrees."""
    angle = np.radians(turn)
    box = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (width / 2, height / 2) + (0, below)
    turned = box @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return np.rint(turned + (x, y)).astype(np.int32)


# --- paper, wood, cloth and photographs


def _texture(random: Random) -> Mask | None:
    """Spots, stripes and grain in the frame, or the part of them nearest to the middle."""
    spots = random.uniform(1.5, 12, 2) if random.random() < 0.5 else np.full(2, random.uniform(1.5, 14))
    field = np.zeros((CANVAS, CANVAS), np.float32)
    for octave in range(int(random.integers(1, 4))):
        noise = random.standard_normal((CANVAS, CANVAS), np.float32)
        field += cv2.GaussianBlur(noise, (0, 0), *(spots / 2**octave)) * np.float32(np.sqrt(spots.prod()) / 4**octave)
    return _inked(field, random)


def _noise(random: Random) -> Mask:
    """Grain all over the frame."""
    grain = random.standard_normal((SIDE, SIDE), np.float32)
    blurred = cv2.GaussianBlur(grain, (0, 0), random.uniform(0.2, 1.2))
    level = np.float32(random.uniform(0.3, 2) * blurred.std())
    return np.clip((blurred - level) / blurred.std() * random.uniform(60, 400), 0, 255).astype(np.uint8)


def _photograph(random: Random) -> Mask | None:
    """A piece of a photograph, its ground divided out roughly as it is for a digit."""
    whole = _photographs()[random.integers(len(_photographs()))]
    side = int(random.uniform(40, min(whole.shape)))
    top, left = (int(random.integers(0, length - side + 1)) for length in whole.shape)
    piece = cv2.resize(whole[top : top + side, left : left + side], (CANVAS, CANVAS), interpolation=cv2.INTER_AREA)
    piece = np.rot90(piece, random.integers(4)) if random.random() < 0.3 else piece[:, :: random.choice([-1, 1])]
    light = cv2.blur(np.ascontiguousarray(piece if random.random() < 0.5 else 255 - piece), (3, 3))
    reach = int(random.integers(7, 40))
    paper = cv2.morphologyEx(light, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    return _inked(1 - light / np.maximum(paper, 1).astype(np.float32), random)


def _inked(field: Plane, random: Random) -> Mask | None:
    """What is high in a field (H, W), from a level at random: all of it, or the part near the middle."""
    low = float(np.quantile(field, random.uniform(0.6, 0.93)))
    strong = float(np.quantile(field, 0.985))
    if strong - low < 0.03:
        return None
    ink = (np.clip((field - low) / (strong - low), 0, 1) * 255).astype(np.uint8)
    if random.random() < 0.25:
        return ink
    _, labels, boxes, centres = cv2.connectedComponentsWithStats((ink > 40).astype(np.uint8))
    away = np.hypot(*(centres - CANVAS / 2).T) - 0.5 * np.sqrt(boxes[:, cv2.CC_STAT_AREA])
    away[0] = np.inf
    away[boxes[:, cv2.CC_STAT_AREA] < 12] = np.inf
    part = int(np.argmin(away))
    if not np.isfinite(away[part]):
        return None
    ink[labels != part] = 0
    strongest = np.quantile(ink[labels == part], 0.85)
    return np.minimum(ink * np.float32(255 / strongest), 255).astype(np.uint8)


@lru_cache(maxsize=1)
def _photographs() -> tuple[Mask, ...]:
    """Grey photographs that scikit-learn and Matplotlib ship: a temple, a portrait, heights of a landscape."""
    from sklearn.datasets import load_sample_image

    found = [cv2.cvtColor(load_sample_image("china.jpg"), cv2.COLOR_RGB2GRAY)]
    try:
        from matplotlib import get_data_path
    except ImportError:
        return tuple(found)
    portrait = cv2.imread(str(Path(get_data_path()) / "sample_data" / "grace_hopper.jpg"), cv2.IMREAD_GRAYSCALE)
    return (*found, *([] if portrait is None else [portrait]))


KINDS: dict[str, Kind] = {
    "printed": Kind(_printed, 0.22, 0.1),
    "handwritten": Kind(_handwritten, 0.18, 0.1),
    "merged": Kind(_merged, 0.08, 0.05),
    "scribble": Kind(_scribble, 0.14, 0.15),
    "pattern": Kind(_pattern, 0.08, 0.15),
    "shape": Kind(_shape, 0.08, 0.6),
    "texture": Kind(_texture, 0.1, 0.3),
    "noise": Kind(_noise, 0.02, 1.0),
    "photograph": Kind(_photograph, 0.1, 0.3),
}
