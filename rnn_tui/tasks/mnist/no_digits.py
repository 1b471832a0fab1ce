"""Pictures of what is no digit, as MNIST would have them, drawn at training time.

A network that has only seen digits takes everything for one. These pictures are what it gets to see
of photos without a digit. Most are centred, with strokes as wide as MNIST's; a part is left as it
comes: off centre, thick or cut off. A person must not read any of them as a digit, since that would
cost digits that are read today. Three things see to it: letters and signs that are a digit in some
hand are left out by lists; nothing thin that stands upright is kept, nor anything that is as near
to a drawn digit as drawings of one digit are to each other.

The weights that ship were trained with Matplotlib installed; without it there are fewer fonts and
photographs. All chance comes from one generator: what is drawn from it, and in which order, decides
which pictures a network is trained with.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.tasks.mnist.centre import SIDE, centre
from rnn_tui.tasks.mnist.hands import drawing, drawn_digits, hands_in

Mask: TypeAlias = npt.NDArray[np.uint8]
Random: TypeAlias = np.random.Generator
Points: TypeAlias = npt.NDArray[np.floating[Any]]

# Left out: rings (O o Q, also crossed: Ø Φ θ), upright lines (I l i ! | " / \ and brackets), ones
# with a flag or a foot (Λ ^ ∩ λ Л Γ ⊥ ∠ ♦), S s Z z for 5 and 2, B β γ for 8, b G σ δ for 6, q g ¶
# for 9, ? for 7, Ч for 4, and З Э ∃ for 3.
LATIN = "ACDEFHJKLMNPRTUVWXYacdefhjkmnprtuvwxy"
GREEK = "ΔΞΠΣΨΩαεηκμνπτχψω"
CYRILLIC = "ДЖИЙКМНПТХЦШЩЮЯжийкмптцшщюя"
ASCII_SIGNS = "+=&%@#$*<~"
SIGNS = ASCII_SIGNS + "√∑→←±≠≈≤≥×÷∏∪∈∇∀★♥♣♠♪✓€£¥©®æÆÅÄŁ«»↔⇒△□☺"
SCRIPT = "AFHKMNPRVWXfhkmnpvwx"
MATHEMATICAL = "𝒜𝒦𝒩𝒫𝒱𝒲𝒳𝒻𝒽𝓀𝓂𝓃𝓅𝓋𝓌𝓍𝔄𝔈𝔉𝔎𝔐𝔑𝔓𝔘𝔙𝔚𝔛𝔞𝔢𝔣𝔪𝔫𝔯𝔲𝔴"
# Slanted and bent as by a hand, these too may be a digit: an open 4 or 0, a 7, a 6 or a 9, an 8.
NOT_BY_HAND = frozenset("CcDaeJTUYyutrhdPpПΠτεηαΩ<~$&∪□☺")

# What each font is used for. Hershey's triplex, DejaVu Serif and cmtt10 are left for measuring.
# OpenCV 5 draws a font of its own, upright or slanted, in place of Hershey's; Computer Modern knows
# letters only.
HERSHEY = {0: LATIN + ASCII_SIGNS, 3: LATIN + ASCII_SIGNS, 6: SCRIPT, 7: SCRIPT}
MATPLOTLIB = {
    "DejaVuSans": LATIN + GREEK + CYRILLIC + SIGNS,
    "DejaVuSans-Bold": LATIN + GREEK + CYRILLIC + SIGNS,
    "DejaVuSans-Oblique": LATIN + GREEK + CYRILLIC,
    "DejaVuSansMono": LATIN + GREEK + SIGNS,
    "STIXGeneral": LATIN + GREEK + CYRILLIC + SIGNS + MATHEMATICAL,
    "STIXGeneralItalic": LATIN + GREEK,
    "STIXGeneralBol": LATIN + ASCII_SIGNS,
    "cmr10": LATIN,
    "cmti10": LATIN,
    "cmss10": LATIN,
    "cmmi10": LATIN,
    "cmsy10": "ACDEFHKLMNPRUVWXY",
}
CANVAS = 72  # sides of the squares on which things are drawn, in pixels
HEIGHT = 48  # the height of a font, in pixels
COMPARED = 4_000  # drawn digits that nothing drawn here may be near to
FEWEST = 10  # pixels a side: as coarse as networks of preset photos are trained to read digits
# Of drawings of digits, 95 in 100 are at least this near to one of so many others.
NEAREST = 0.955


def no_digits(count: int, random: Random) -> Mask:
    """Draw pictures of what is no digit, of all `KINDS`, each with its share.

    Returns:
        (N, 28, 28) uint8, ink 0 … 255 on 0.
    """
    numbers = random.choice(len(KINDS), count, p=[kind.share for kind in KINDS])
    pictures = [no_digit(KINDS[number], random) for number in numbers]
    return np.array(pictures, np.uint8).reshape(-1, SIDE, SIDE)


def no_digit(kind: "NoDigitKind", random: Random) -> Mask:
    """Draw one picture (28, 28) of a kind: again until it has ink and is not like a digit."""
    while True:
        ink = kind.draw(random)
        if random.random() < kind.left_alone:
            picture = _left_as_it_comes(ink, random)
        elif kind.is_centred:
            picture = ink
        else:
            picture = _centred(ink)
        is_digit = _like_a_one(picture, kind.slimmest) or _like_a_digit(picture)
        if picture.max() > 50 and not is_digit:
            return picture


def _centred(ink: Mask) -> Mask:
    """Scale and centre ink (H, W) as in MNIST: (28, 28), uint8."""
    return np.rint(centre(ink * np.float32(1 / 255)) * 255).astype(np.uint8)


def _left_as_it_comes(ink: Mask, random: Random) -> Mask:
    """Scale ink (H, W) to 12 … 34 pixels and place it anywhere in a frame (28, 28), uncentred."""
    left, top, width, height = cv2.boundingRect(ink)
    scale = random.uniform(12, 34) / max(width, height, 1)
    room = SIDE - scale * np.array([width, height])  # negative if the ink is larger than the frame
    x, y = room * random.uniform(0, 1, 2) - scale * np.array([left, top])
    soft = cv2.GaussianBlur(ink, (0, 0), 0.4 / scale) if scale < 0.8 else ink
    placed = cv2.warpAffine(soft, np.array([[scale, 0, x], [0, scale, y]]), (SIDE, SIDE))
    return np.asarray(placed, np.uint8)


def _like_a_one(picture: Mask, slimmest: float) -> bool:
    """Return whether the ink lies along one line at more than 22° to the horizontal.

    Such a picture looks like a 1, also after training has rotated it by up to 25°.

    Let `across` and `down` be the variances of the ink in columns and rows, and c twice their
    covariance. Then the variances λ₁ ≥ λ₂ along the principal axes, and the angle α of the line to
    the vertical, follow from:

        λ₁ − λ₂ = √((across − down)² + c²)
        λ₁ + λ₂ = across + down
        tan 2α = c / (down − across)

    Args:
        picture: (28, 28).
        slimmest: the least λ₂ / λ₁ of what is no line.
    """
    moments = cv2.moments(picture)
    across = moments["mu20"]
    down = moments["mu02"]
    double_covariance = 2 * moments["mu11"]
    difference = float(np.hypot(across - down, double_covariance))  # λ₁ − λ₂
    largest = (across + down + difference) / 2  # λ₁
    is_line = largest - difference < slimmest * largest
    angle = abs(np.arctan2(double_covariance, down - across)) / 2
    return is_line and angle < np.radians(90 - 22)


def _like_a_digit(picture: Mask) -> bool:
    """Return whether a picture is as near to a drawn digit as another drawing of it would be."""
    return float((_drawn_digit_features() @ _features(picture)).max()) > NEAREST


@lru_cache(maxsize=1)
def _drawn_digit_features() -> npt.NDArray[np.float32]:
    """Return the features (2 · COMPARED, 196) of drawn digits, the same ones each time.

    Each is there as it was drawn, and on so few pixels that only its blurred shape is left.
    """
    digits, _ = drawn_digits(COMPARED, np.random.default_rng(0))
    pictures = itertools.chain(digits, map(_on_few_pixels, digits))
    return np.array([_features(picture) for picture in pictures])


def _on_few_pixels(picture: Mask) -> Mask:
    """Return a picture (28, 28) as if taken with `FEWEST` pixels a side, and enlarged."""
    few = cv2.resize(picture, (FEWEST, FEWEST), interpolation=cv2.INTER_AREA)
    enlarged = cv2.resize(few, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return np.asarray(enlarged, np.uint8)


def _features(picture: Mask) -> npt.NDArray[np.float32]:
    """Return a picture (28, 28) as a vector (196,) of length 1: its ink blurred, on 14 × 14 pixels.

    The scalar product of two says how much alike they are, 0 … 1, whatever their pens.
    """
    soft = cv2.GaussianBlur(picture, (0, 0), 1.0)
    small = cv2.resize(soft, (SIDE // 2, SIDE // 2), interpolation=cv2.INTER_AREA)
    vector = small.astype(np.float32).ravel()
    return vector / max(float(np.linalg.norm(vector)), 1e-6)


def _of_matplotlib(path: str) -> Path | None:
    """Return a file among Matplotlib's data; None if it is not there."""
    try:
        from matplotlib import get_data_path  # an extra
    except ImportError:
        return None
    file = Path(get_data_path()) / path
    return file if file.is_file() else None


@lru_cache(maxsize=1)
def _fonts() -> tuple[tuple[int | Path, str], ...]:
    """Return every font that is there, with the letters and signs that it is used for."""
    fonts: list[tuple[int | Path, str]] = [*HERSHEY.items()]
    for name, signs in MATPLOTLIB.items():
        path = _of_matplotlib(f"fonts/ttf/{name}.ttf")
        if path is not None:
            fonts.append((path, signs))
    return tuple(fonts)


def _any_font(random: Random) -> tuple[int | Path, str]:
    fonts = _fonts()
    return fonts[random.integers(len(fonts))]


@lru_cache(maxsize=8192)
def _glyph(font: int | Path, text: str, weight: int) -> Mask:
    """Draw letters or signs (H, W), ink 255.

    Args:
        font: one of `_fonts()`: a number of OpenCV's, or a file.
        text: what to write.
        weight: how wide OpenCV's strokes are, in pixels.
    """
    canvas = np.zeros((2 * HEIGHT, (len(text) + 2) * HEIGHT), np.uint8)
    if isinstance(font, int):
        scale = cv2.getFontScaleFromHeight(font, HEIGHT * 3 // 4, weight)
        start = HEIGHT // 2, 3 * HEIGHT // 2
        cv2.putText(canvas, text, start, font, scale, 255, weight, cv2.LINE_AA)
    else:
        from PIL import ImageFont  # on use only

        ink = ImageFont.truetype(str(font), HEIGHT).getmask(text)
        canvas = np.array(ink, np.uint8).reshape(ink.size[::-1])
    left, top, width, height = cv2.boundingRect(canvas)
    return canvas[top : top + height, left : left + width].copy()


def _letter(random: Random, by_hand: bool) -> Mask:
    """Return a letter or sign, slanted a little; by hand, slanted more and bent."""
    while True:
        font, signs = _any_font(random)
        sign = signs[random.integers(len(signs))]
        if by_hand and sign in NOT_BY_HAND:
            continue
        if by_hand:
            return _warped(_glyph(font, sign, 1), random, slant=0.35, bend=2.5)
        weight = int(random.integers(1, 4))
        return _warped(_glyph(font, sign, weight), random, slant=0.1, bend=0.0)


def _stroke_letter(random: Random) -> Mask:
    """Draw a letter or sign (28, 28) of `letters.txt`, stroke by stroke as digits are drawn."""
    hands = hands_in("letters.txt")
    shares = np.array([hand.share for hand in hands])
    hand = hands[random.choice(len(hands), p=shares / shares.sum())]
    return np.rint(drawing(hand, random) * 255).astype(np.uint8)


def _merged(random: Random) -> Mask:
    """Draw two to five printed digits or letters, which touch once scaled to one digit's length."""
    font, letters = _any_font(random)
    signs = "023456789" if random.random() < 0.65 else letters
    count = int(random.integers(2, 6))
    text = "".join(random.choice(list(signs), count))
    row = _glyph.__wrapped__(font, text, 3)  # not kept, as no two are alike
    height, width = row.shape
    narrowest = 0.4 if count < 4 else 0.8
    narrowed = cv2.resize(row, (round(width * random.uniform(narrowest, 1)), height))
    return np.asarray(narrowed, np.uint8)


def _warped(ink: Mask, random: Random, slant: float, bend: float) -> Mask:
    """Return ink (H, W) on a canvas, slanted and bent by chance.

    Args:
        ink: what is warped.
        random: all chance.
        slant: the largest factor of it.
        bend: about how many pixels, which is a standard deviation.
    """
    scale = 0.6 * CANVAS / max(ink.shape)
    wider = np.exp(random.uniform(-0.15, 0.15))
    slant_across = random.uniform(-slant, slant)
    slant_down = random.uniform(-slant, slant) / 3
    turn = np.array([[wider, slant_across], [slant_down, 1 / wider]]) * scale
    move = CANVAS / 2 - turn @ (np.array(ink.shape[::-1]) / 2)
    moved = cv2.warpAffine(ink, np.column_stack([turn, move]), (CANVAS, CANVAS))
    if bend:
        grid = random.normal(0, bend, (2, 4, 4)).astype(np.float32)
        dx, dy = (
            cv2.resize(shifts, (CANVAS, CANVAS), interpolation=cv2.INTER_CUBIC) for shifts in grid
        )
        places = np.arange(CANVAS, dtype=np.float32)
        moved = cv2.remap(moved, dx + places, dy + places[:, None], cv2.INTER_LINEAR)
    return np.asarray(moved, np.uint8)


def _scribble(random: Random) -> Mask:
    """Draw one to eight strokes, smooth or angular; the fewer, the longer."""
    count = int(random.integers(1, 9))
    corners = {1: (12, 24), 2: (8, 14), 3: (5, 9)}.get(count, (3, 6))
    size = random.uniform(0.6, 1, 2)
    strokes: list[Points] = []
    for _ in range(count):
        corner_count = int(random.integers(*corners))
        strokes.append(random.uniform(-1, 1, (corner_count, 2)) * size)
    is_smooth = random.random() < 0.6
    if is_smooth:
        for _ in range(3):
            strokes = [_with_cut_corners(points) for points in strokes]
    return _drawn(strokes, random, turn=180, widest=4)


def _with_cut_corners(points: Points) -> Points:
    """Cut the corners of a line of P points: (2 P − 2, 2) (Chaikin 1974).

    Each side is cut at a quarter and at three quarters.
    """
    start, end = points[:-1], points[1:]
    return np.stack([0.75 * start + 0.25 * end, 0.25 * start + 0.75 * end], 1).reshape(-1, 2)


PATTERNS = (
    "wave",
    "spiral",
    "corner",
    "frame",
    "level line",
    "cross",
    "grid",
    "crossed-out letter",
    "hatching",
)


def _pattern(random: Random) -> Mask:
    """Draw one of `PATTERNS`, all equally likely."""
    name = PATTERNS[random.integers(len(PATTERNS))]
    curves = _curves(random)
    if name in curves:
        # no corner is a 7, nor a 1 with a flag, and no frame is upright like a 0
        turn = 180 if name in ("wave", "spiral") else 25
        return _drawn([curves[name]], random, turn=turn)

    count = 1 if name in ("level line", "cross") else int(random.integers(3, 8))
    lines = [
        np.array([[-1, height], [1, height]]) + random.normal(0, 0.06, (2, 2))
        for height in np.linspace(-1, 1, count + 2)[1:-1]
    ]
    if name in ("cross", "grid"):
        lines += [line[:, ::-1] for line in lines]
    if name == "crossed-out letter":
        letter = _letter(random, by_hand=True)
        return _drawn(lines[:3], random, turn=35, canvas=letter)
    return _drawn(lines, random, turn=35)


def _curves(random: Random) -> dict[str, Points]:
    """Return the patterns of one line each, points (N, 2), −1 … 1."""
    along = np.linspace(-1, 1, 80)
    sine = np.sin(along * np.pi * random.integers(3, 9))
    angles = along * np.pi * random.uniform(2, 4)
    circles = np.stack([np.cos(angles), random.uniform(0.6, 1) * np.sin(angles)])
    spiral = circles * (along + 1.15) / 2.15
    tall = random.uniform(0.2, 0.7)
    wave = sine if random.random() < 0.5 else np.arcsin(sine)  # the latter is a zigzag
    across = random.choice([-1, 1]) * (0.5 + tall)
    return {
        "wave": np.stack([along, tall * wave]).T,
        "spiral": spiral.T,
        "corner": np.array([[0, 0, across], [-1, 0, 0]]).T,
        "frame": np.array([[-1, 1, 1, -1, -1], [-tall, -tall, tall, tall, -tall]]).T,
    }


def _drawn(
    strokes: Sequence[Points],
    random: Random,
    turn: float,
    widest: int = 5,
    canvas: Mask | None = None,
) -> Mask:
    """Draw strokes with a pen, turned about the middle.

    Args:
        strokes: (N, 2) each, −1 … 1.
        random: all chance.
        turn: the most degrees, either way.
        widest: the widest pen, in pixels.
        canvas: what to draw on, which is changed; an empty one by default.
    """
    if canvas is None:
        canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    angle = np.radians(random.uniform(-turn, turn))
    cosine, sine = np.cos(angle), np.sin(angle)
    to_pixels = np.array([[cosine, sine], [-sine, cosine]]) * (0.4 * CANVAS)
    # in sixteenths of a pixel: OpenCV gets a shift of 4 bits
    fixed = [np.rint((CANVAS / 2 + stroke @ to_pixels) * 16).astype(np.int32) for stroke in strokes]
    width = int(random.integers(2, widest + 1))
    cv2.polylines(canvas, fixed, False, 255, width, cv2.LINE_AA, 4)
    return canvas


def _filled(random: Random) -> Mask:
    """Return a disc, a box that is no upright bar, or one side of a line, as in a shadow.

    Half of them have grain.
    """
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    middle = CANVAS / 2, CANVAS / 2
    length = random.uniform(0.4, 0.9) * CANVAS
    shape = ("disc", "side of a line", "any box", "level box", "level box")[random.integers(5)]
    turn = random.uniform(-20, 20)
    width = length * random.uniform(0.1, 1)
    if shape == "disc":
        axes = length, max(width, length / 2)
        cv2.ellipse(canvas, (middle, axes, turn), 255, -1, cv2.LINE_AA)
    elif shape == "side of a line":
        large_box = cv2.boxPoints((middle, (2 * CANVAS, 2 * CANVAS), 9 * turn))
        moved = large_box + random.uniform(-1, 1, 2) * CANVAS
        cv2.fillPoly(canvas, [np.rint(moved).astype(np.int32)], 255, cv2.LINE_AA)
    else:
        is_upright = shape == "any box" and width > 0.7 * length
        box = cv2.boxPoints((middle, (length, width), turn + 90 if is_upright else turn))
        cv2.fillPoly(canvas, [np.rint(box).astype(np.int32)], 255, cv2.LINE_AA)
    if random.random() < 0.5:
        noise = random.standard_normal((CANVAS, CANVAS), np.float32)
        grain = cv2.GaussianBlur(noise, (0, 0), random.uniform(0.5, 3))
        canvas[grain > random.uniform(0, 2.5) * np.std(grain)] //= 4
    return canvas


def _texture(random: Random) -> Mask:
    """Draw spots, stripes and grain, or one patch of it."""
    is_striped = random.random() < 0.5
    spots = random.uniform(1.5, 12, 2) if is_striped else np.full(2, random.uniform(1.5, 14))
    field = np.zeros((CANVAS, CANVAS), np.float32)
    for octave in range(int(random.integers(1, 4))):
        noise = random.standard_normal((CANVAS, CANVAS), np.float32)
        width, height = spots / 2**octave
        strength = np.float32(np.sqrt(spots.prod()) / 4**octave)
        field += cv2.GaussianBlur(noise, (0, 0), width, height) * strength
    return _inked(field, random)


def _photograph(random: Random) -> Mask:
    """Return a piece of a photograph, its ground divided out roughly as a digit's paper is."""
    photographs = _photographs()
    whole = photographs[random.integers(len(photographs))]
    side = int(random.uniform(40, min(whole.shape)))
    top, left = (int(random.integers(0, length - side + 1)) for length in whole.shape)
    part = whole[top : top + side, left : left + side]
    piece = cv2.resize(part, (CANVAS, CANVAS), interpolation=cv2.INTER_AREA)
    if random.random() >= 0.5:
        piece = 255 - piece
    direction = random.choice([-1, 1])  # mirrored or not
    light = cv2.blur(piece, (3, 3))[:, ::direction].astype(np.float32)
    kernel_side = int(random.integers(7, 40))
    kernel = np.ones((kernel_side, kernel_side), np.uint8)
    paper = cv2.morphologyEx(light, cv2.MORPH_CLOSE, kernel)
    return _inked(np.asarray(1 - light / np.maximum(paper, 1), np.float32), random)


def _inked(field: Points, random: Random) -> Mask:
    """Return ink (H, W) where a field (H, W) is high; none if it is even.

    Now and then it is all ink, mostly the part that is nearest to the middle.
    """
    low, strong = np.quantile(field, [random.uniform(0.6, 0.93), 0.985])
    ink: Mask = (np.clip((field - low) / max(strong - low, 0.03), 0, 1) * 255).astype(np.uint8)
    if random.random() < 0.25:
        return ink
    _, labels, stats, middles = cv2.connectedComponentsWithStats((ink > 40).astype(np.uint8))
    areas = stats[:, cv2.CC_STAT_AREA]
    distance = np.hypot(*(middles - CANVAS / 2).T)
    is_speck = areas < 12
    cost = distance - 0.5 * np.sqrt(areas) + 1e6 * is_speck
    cost[0] = 1e9  # what is no part
    part = labels == np.argmin(cost)
    full = max(float(np.quantile(ink[part], 0.85)), 1.0)
    return np.asarray(np.where(part, np.minimum(ink * (255 / full), 255), 0), np.uint8)


@lru_cache(maxsize=1)
def _photographs() -> tuple[Mask, ...]:
    """Return grey levels (H, W) of photographs without a digit.

    A temple, which scikit-learn ships, and a portrait where Matplotlib is installed.
    """
    from sklearn.datasets import load_sample_image  # slow to load

    pictures = [load_sample_image("china.jpg")[:, :, ::-1]]
    portrait = _of_matplotlib("sample_data/grace_hopper.jpg")
    if portrait is not None:
        pictures.append(cv2.imread(str(portrait)))
    return tuple(
        np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8) for picture in pictures
    )


@dataclass(frozen=True)
class NoDigitKind:
    """A kind of pictures of what is no digit."""

    name: str  #: in the plural.
    draw: Callable[[Random], Mask]  #: draws one (H, W), uint8, ink 255.
    share: float  #: the share of all pictures.
    left_alone: float  #: the share of its own pictures that is left as it comes.
    is_centred: bool = False  #: whether `draw` makes pictures (28, 28) that are as in MNIST.
    #: how slim an upright picture may be, as the least ratio of its ink's variances along its axes.
    #: Of drawn ones with a flag two in three have less than 0.2.
    slimmest: float = 0.2


# Letters have most, since photos without a digit mostly show them, and since they are hardest to
# tell.
KINDS = (
    NoDigitKind(
        "printed letters and signs", partial(_letter, by_hand=False), share=0.2, left_alone=0.1
    ),
    NoDigitKind(
        "bent letters and signs", partial(_letter, by_hand=True), share=0.08, left_alone=0.1
    ),
    NoDigitKind(
        "handwritten letters and signs", _stroke_letter, share=0.16, left_alone=0.1, is_centred=True
    ),
    NoDigitKind("merged print", _merged, share=0.08, left_alone=0.05),
    NoDigitKind("scribbles", _scribble, share=0.12, left_alone=0.15),
    NoDigitKind("patterns", _pattern, share=0.08, left_alone=0.15),
    # Without strokes, these are like a 1 of few pixels even if they are half as wide as high.
    NoDigitKind("filled shapes", _filled, share=0.06, left_alone=0.5, slimmest=0.35),
    NoDigitKind("textures", _texture, share=0.1, left_alone=0.3, slimmest=0.35),
    NoDigitKind("photographs", _photograph, share=0.12, left_alone=0.3, slimmest=0.35),
)
