"""Pictures of what is no digit, as MNIST would have them, drawn at training time.

A network that has only seen digits takes everything for one. These are what photos show that show
no digit, as a network gets to see them: most are centred, with strokes as wide as MNIST's; a part
is left as it comes, off centre, thick or cut off. None is to be read as a digit by a person, which
would cost digits that are read today. The weights that ship were trained with Matplotlib installed:
without it there are fewer fonts and photographs.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.tasks.mnist.centre import SIDE, centre

Mask: TypeAlias = npt.NDArray[np.uint8]
Random: TypeAlias = np.random.Generator
Points: TypeAlias = npt.NDArray[np.floating[Any]]

# Left out are rings (O o Q, also crossed: Ø Φ θ), upright lines (I l i ! | and brackets, / and \),
# S s Z z for 5 and 2, B β for 8, b G σ δ for 6, q g for 9, Ч for 4, and З Э ∃ for 3.
LATIN, ASCII_SIGNS = "ACDEFHJKLMNPRTUVWXYacdefhjkmnprtuvwxy", '+=?&%@#$*<^~"'
GREEK, CYRILLIC = "ΓΔΛΞΠΣΨΩαγεηκλμνπτχψω", "ГДЖИЙКЛМНПТХЦШЩЮЯжийклмптцшщюя"
SIGNS = ASCII_SIGNS + "√∑→←±≠≈≤≥×÷∏∩∪∈∇∀⊥∠★♥♣♦♠♪✓€£¥©®¶æÆÅÄŁ«»↔⇒△□☺"
SCRIPT, MATHEMATICAL = "AFHKMNPRVWXfhkmnpvwx", "𝒜𝒦𝒩𝒫𝒱𝒲𝒳𝒻𝒽𝓀𝓂𝓃𝓅𝓋𝓌𝓍𝔄𝔈𝔉𝔎𝔐𝔑𝔓𝔘𝔙𝔚𝔛𝔞𝔢𝔣𝔪𝔫𝔯𝔲𝔴"
# Slanted and bent as by a hand, these too may be a digit: an open 4 or 0, a 7, a 6 or a 9, an 8.
NOT_BY_HAND = frozenset("CcDaeJTUYyutrhdPpΓГτλγεηαΩ?<^~$&∪∩□☺")

# What each font is used for. Hershey's triplex, DejaVu Serif and cmtt10 are left to be measured
# with. OpenCV 5 draws a font of its own, upright or slanted, in place of Hershey's; Computer Modern
# knows letters only.
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
# sides of the squares on which things are drawn, and height of a font, in pixels
CANVAS, HEIGHT = 72, 48


def no_digits(count: int, random: Random) -> Mask:
    """Pictures (N, 28, 28) of what is no digit, uint8, ink 0 … 255 on 0, of all `KINDS`, each with
    its share.
    """
    kinds = random.choice(list(KINDS), count, p=[share for _, share, _ in KINDS.values()])
    return np.array([no_digit(kind, random) for kind in kinds], np.uint8).reshape(-1, SIDE, SIDE)


def no_digit(kind: str, random: Random) -> Mask:
    """One picture (28, 28) of one of `KINDS`."""
    draw, _, as_it_comes = KINDS[kind]
    while True:
        ink = draw(random)
        left_alone = random.random() < as_it_comes
        picture = (
            _somewhere(ink, random)
            if left_alone
            else np.rint(centre(ink * np.float32(1 / 255)) * 255).astype(np.uint8)
        )
        if picture.max() > 50 and not _like_a_one(picture):
            return picture


def _somewhere(ink: Mask, random: Random) -> Mask:
    """Ink (H, W) in a frame (28, 28), of any size, at times larger than that, strokes as they
    are.
    """
    left, top, width, height = cv2.boundingRect(ink)
    scale = random.uniform(12, 34) / max(width, height, 1)
    x, y = (SIDE - scale * np.array([width, height])) * random.uniform(0, 1, 2) - scale * np.array(
        [left, top]
    )
    soft = cv2.GaussianBlur(ink, (0, 0), 0.4 / scale) if scale < 0.8 else ink
    return np.asarray(
        cv2.warpAffine(soft, np.array([[scale, 0, x], [0, scale, y]]), (SIDE, SIDE)), np.uint8
    )


def _like_a_one(picture: Mask) -> bool:
    """Whether the ink lies along one line that is not level, even by 22°: training turns pictures
    by 25° more.
    """
    found = cv2.moments(picture)
    across, down, both = found["mu20"], found["mu02"], 2 * found["mu11"]
    apart = float(np.hypot(across - down, both))
    return across + down < 1.35 * apart and abs(np.arctan2(both, down - across)) / 2 < np.radians(
        68
    )


def _of_matplotlib(path: str) -> Path | None:
    """A file among Matplotlib's data; None where it is not there."""
    try:
        from matplotlib import get_data_path  # noqa: PLC0415 - an extra
    except ImportError:
        return None
    file = Path(get_data_path()) / path
    return file if file.is_file() else None


@lru_cache(maxsize=1)
def _fonts() -> tuple[tuple[int | Path, str], ...]:
    """Every font that is there, with the letters and signs that it is used for."""
    paths = {_of_matplotlib(f"fonts/ttf/{name}.ttf"): signs for name, signs in MATPLOTLIB.items()}
    return (*HERSHEY.items(), *((path, signs) for path, signs in paths.items() if path))


@lru_cache(maxsize=8192)
def _glyph(font: int | Path, text: str, weight: int) -> Mask:
    """Letters or signs (H, W) in a font of `_fonts()`, ink 255; OpenCV's strokes are as wide as
    `weight` says, in pixels.
    """
    canvas = np.zeros((2 * HEIGHT, (len(text) + 2) * HEIGHT), np.uint8)
    if isinstance(font, int):
        scale = cv2.getFontScaleFromHeight(font, HEIGHT * 3 // 4, weight)
        cv2.putText(
            canvas, text, (HEIGHT // 2, 3 * HEIGHT // 2), font, scale, 255, weight, cv2.LINE_AA
        )
    else:
        from PIL import ImageFont  # noqa: PLC0415 - on use only

        ink = ImageFont.truetype(str(font), HEIGHT).getmask(text)
        canvas = np.array(ink, np.uint8).reshape(ink.size[::-1])
    left, top, width, height = cv2.boundingRect(canvas)
    return canvas[top : top + height, left : left + width].copy()


def _letter(random: Random, by_hand: bool) -> Mask:
    """A letter or sign, slanted a little; by hand, slanted more and bent."""
    while True:
        font, signs = _fonts()[random.integers(len(_fonts()))]
        sign = signs[random.integers(len(signs))]
        if not (by_hand and sign in NOT_BY_HAND):
            ink = _glyph(font, sign, 1 if by_hand else int(random.integers(1, 4)))
            return (
                _warped(ink, random, slant=0.35, bend=2.5)
                if by_hand
                else _warped(ink, random, slant=0.1, bend=0.0)
            )


def _merged(random: Random) -> Mask:
    """Two to five printed digits or letters, which touch once they are as long as one digit."""
    font, signs = _fonts()[random.integers(len(_fonts()))]
    signs, count = "023456789" if random.random() < 0.65 else signs, int(random.integers(2, 6))
    # no two are alike
    row = _glyph.__wrapped__(font, "".join(random.choice(list(signs), count)), 3)
    height, width = row.shape
    return np.asarray(
        cv2.resize(row, (round(width * random.uniform(0.4 if count < 4 else 0.8, 1)), height)),
        np.uint8,
    )


def _warped(ink: Mask, random: Random, slant: float, bend: float) -> Mask:
    """Ink (H, W) on a canvas, slanted by up to a factor of `slant` and bent by about `bend`
    pixels.
    """
    scale, wider = 0.6 * CANVAS / max(ink.shape), np.exp(random.uniform(-0.15, 0.15))
    turn = (
        np.array(
            [[wider, random.uniform(-slant, slant)], [random.uniform(-slant, slant) / 3, 1 / wider]]
        )
        * scale
    )
    move = CANVAS / 2 - turn @ (np.array(ink.shape[::-1]) / 2)
    moved = cv2.warpAffine(ink, np.column_stack([turn, move]), (CANVAS, CANVAS))
    if bend:
        grid, places = (
            random.normal(0, bend, (2, 4, 4)).astype(np.float32),
            np.arange(CANVAS, dtype=np.float32),
        )
        x, y = (cv2.resize(one, (CANVAS, CANVAS), interpolation=cv2.INTER_CUBIC) for one in grid)
        moved = cv2.remap(moved, x + places, y + places[:, None], cv2.INTER_LINEAR)
    return np.asarray(moved, np.uint8)


def _scribble(random: Random) -> Mask:
    """One to eight strokes, smooth or angular; the fewer, the longer."""
    count = int(random.integers(1, 9))
    corners, size = (
        {1: (12, 24), 2: (8, 14), 3: (5, 9)}.get(count, (3, 6)),
        random.uniform(0.6, 1, 2),
    )
    strokes = [
        random.uniform(-1, 1, (int(random.integers(*corners)), 2)) * size for _ in range(count)
    ]
    for _ in range(3 * (random.random() < 0.6)):  # corners are cut
        pairs = [(points[:-1], points[1:]) for points in strokes]
        strokes = [
            np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], 1).reshape(-1, 2) for a, b in pairs
        ]
    return _drawn(strokes, random, turn=180, widest=4)


def _pattern(random: Random) -> Mask:
    """Waves, zigzags, spirals, corners, frames, level lines, crosses, hatchings, grids, and letters
    crossed out.
    """
    which, along = random.integers(9), np.linspace(-1, 1, 80)
    wave, around = (
        np.sin(along * np.pi * random.integers(3, 9)),
        along * np.pi * random.uniform(2, 4),
    )
    round_about = (
        np.stack([np.cos(around), random.uniform(0.6, 1) * np.sin(around)]) * (along + 1.15) / 2.15
    )
    tall = random.uniform(0.2, 0.7)
    # no corner is a 7, nor a 1 with a flag, and no frame stands upright as a 0 does
    alone: list[Points] = [
        np.stack([along, tall * (wave if random.random() < 0.5 else np.arcsin(wave))]),
        round_about,
        np.array([[0, 0, random.choice([-1, 1]) * (0.5 + tall)], [-1, 0, 0]]),
        np.array([[-1, 1, 1, -1, -1], [-tall, -tall, tall, tall, -tall]]),
    ]
    if which < len(alone):
        return _drawn([alone[which].T], random, turn=180 if which < 2 else 25)
    count = 1 if which <= 5 else int(random.integers(3, 8))
    lines = [
        np.array([[-1, at], [1, at]]) + random.normal(0, 0.06, (2, 2))
        for at in np.linspace(-1, 1, count + 2)[1:-1]
    ]
    crossed = [line[:, ::-1] for line in lines] if which in (5, 6) else []
    under = _letter(random, by_hand=True) if which == 7 else None
    return _drawn(lines[:3] if which == 7 else lines + crossed, random, turn=35, under=under)


def _drawn(
    strokes: Sequence[Points],
    random: Random,
    turn: float,
    widest: int = 5,
    under: Mask | None = None,
) -> Mask:
    """Strokes (N, 2), −1 … 1, turned by up to so many degrees, over what is `under` them."""
    canvas, angle = (
        np.zeros((CANVAS, CANVAS), np.uint8) if under is None else under,
        np.radians(random.uniform(-turn, turn)),
    )
    turned = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) * (
        0.4 * CANVAS
    )
    fixed = [np.rint((CANVAS / 2 + stroke @ turned) * 16).astype(np.int32) for stroke in strokes]
    cv2.polylines(canvas, fixed, False, 255, int(random.integers(2, widest + 1)), cv2.LINE_AA, 4)
    return canvas


def _filled(random: Random) -> Mask:
    """A disc, a box that is no upright bar, or one side of a line, as in a shadow; half of them
    with grain.
    """
    canvas, long, which = (
        np.zeros((CANVAS, CANVAS), np.uint8),
        random.uniform(0.4, 0.9) * CANVAS,
        random.integers(5),
    )
    turn, short, middle = (
        random.uniform(-20, 20),
        long * random.uniform(0.1, 1),
        (CANVAS / 2, CANVAS / 2),
    )
    if which == 0:
        cv2.ellipse(canvas, (middle, (long, max(short, long / 2)), turn), 255, -1, cv2.LINE_AA)
    elif which == 1:
        edge = (
            cv2.boxPoints((middle, (2 * CANVAS, 2 * CANVAS), 9 * turn))
            + random.uniform(-1, 1, 2) * CANVAS
        )
        cv2.fillPoly(canvas, [np.rint(edge).astype(np.int32)], 255, cv2.LINE_AA)
    else:
        box = cv2.boxPoints(
            (middle, (long, short), turn + 90 * (which == 2 and short > 0.4 * long))
        )
        cv2.fillPoly(canvas, [np.rint(box).astype(np.int32)], 255, cv2.LINE_AA)
    if random.random() < 0.5:
        grain = cv2.GaussianBlur(
            random.standard_normal((CANVAS, CANVAS), np.float32), (0, 0), random.uniform(0.5, 3)
        )
        canvas[grain > random.uniform(0, 2.5) * np.std(grain)] //= 4
    return canvas


def _texture(random: Random) -> Mask:
    """Spots, stripes and grain, or one patch of it."""
    spots = (
        random.uniform(1.5, 12, 2) if random.random() < 0.5 else np.full(2, random.uniform(1.5, 14))
    )
    field = np.zeros((CANVAS, CANVAS), np.float32)
    for octave in range(int(random.integers(1, 4))):
        noise = random.standard_normal((CANVAS, CANVAS), np.float32)
        field += cv2.GaussianBlur(noise, (0, 0), *(spots / 2**octave)) * np.float32(
            np.sqrt(spots.prod()) / 4**octave
        )
    return _inked(field, random)


def _photograph(random: Random) -> Mask:
    """A piece of a photograph, its ground divided out roughly as a digit's paper is."""
    whole = _photographs()[random.integers(len(_photographs()))]
    side = int(random.uniform(40, min(whole.shape)))
    top, left = (int(random.integers(0, length - side + 1)) for length in whole.shape)
    piece = cv2.resize(
        whole[top : top + side, left : left + side], (CANVAS, CANVAS), interpolation=cv2.INTER_AREA
    )
    light = cv2.blur(piece if random.random() < 0.5 else 255 - piece, (3, 3))[
        :, :: random.choice([-1, 1])
    ].astype(np.float32)
    paper = cv2.morphologyEx(
        light, cv2.MORPH_CLOSE, np.ones((int(random.integers(7, 40)),) * 2, np.uint8)
    )
    return _inked(np.asarray(1 - light / np.maximum(paper, 1), np.float32), random)


def _inked(field: Points, random: Random) -> Mask:
    """What is high in a field (H, W): at times all of it, mostly the part near the middle; nothing
    where it is even.
    """
    low, strong = np.quantile(field, [random.uniform(0.6, 0.93), 0.985])
    ink: Mask = (np.clip((field - low) / max(strong - low, 0.03), 0, 1) * 255).astype(np.uint8)
    if random.random() < 0.25:
        return ink
    _, labels, sizes, middles = cv2.connectedComponentsWithStats((ink > 40).astype(np.uint8))
    areas = sizes[:, cv2.CC_STAT_AREA]
    away = np.hypot(*(middles - CANVAS / 2).T) - 0.5 * np.sqrt(areas) + 1e6 * (areas < 12)
    away[0] = 1e9  # what is no part
    part = labels == np.argmin(away)
    strong = max(float(np.quantile(ink[part], 0.85)), 1.0)
    return np.asarray(np.where(part, np.minimum(ink * (255 / strong), 255), 0), np.uint8)


@lru_cache(maxsize=1)
def _photographs() -> tuple[Mask, ...]:
    """Grey levels (H, W) of a temple, which scikit-learn ships, and a portrait, which Matplotlib
    does.
    """
    from sklearn.datasets import load_sample_image  # noqa: PLC0415 - slow to load

    temple, portrait = (
        load_sample_image("china.jpg")[:, :, ::-1],
        _of_matplotlib("sample_data/grace_hopper.jpg"),
    )
    pictures = [temple, cv2.imread(str(portrait))] if portrait else [temple]
    return tuple(
        np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8) for picture in pictures
    )


# How each kind is drawn (H, W), uint8, ink 255; its share of all; and which share of its pictures
# is left as it comes. Letters have most, since photos without a digit mostly show them, and since
# they are hardest to tell.
KINDS: dict[str, tuple[Callable[[Random], Mask], float, float]] = {
    "printed letters and signs": (partial(_letter, by_hand=False), 0.2, 0.1),
    "handwritten letters and signs": (partial(_letter, by_hand=True), 0.24, 0.1),
    "merged print": (_merged, 0.08, 0.05),
    "scribbles": (_scribble, 0.12, 0.15),
    "patterns": (_pattern, 0.08, 0.15),
    "filled shapes": (_filled, 0.06, 0.5),
    "textures": (_texture, 0.1, 0.3),
    "photographs": (_photograph, 0.12, 0.3),
}
