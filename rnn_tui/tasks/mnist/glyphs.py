"""Letters and signs of printed fonts, without those that are a digit to the eye.

The fonts are OpenCV's own and, where Matplotlib is installed, those that it ships.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

Mask: TypeAlias = npt.NDArray[np.uint8]

# Left out of these, upright or warped, are: a ring (O o Q and their like in other scripts, also crossed
# as a slashed zero); an upright line (I l i ! | 1 / and brackets); hooks and loops of a digit: S Z of 5
# and 2, B of 8, b G of 6, q g of 9, and Greek and Cyrillic alike.
LATIN = "ACDEFHJKLMNPRTUVWXYacdefhjkmnprtuvwxy"
GREEK = "ΓΔΛΞΠΣΨΩαεηκλμνπτχψω"
CYRILLIC = "ГДЖИЙКЛМНПТХЦШЩЮЯжийклмптцшщюя"
SIGNS = '+=?&%@#$*<^~"√∑→←±≠≈≤≥×÷∏∩∪∈∇∀⊥∠★♥♣♦♠♪✓✗€£¥©®¶æÆßÅÄÇŁ«»↔⇒△◇□☺ℵ'
ASCII_SIGNS = '+=?&%@#$*<^~"'
# Slanted and warped as by a hand, these too are left out: a 4 that is open, a 7, a 6 or 9 whose loop is.
NOT_BY_HAND = set("CcDaeJTUYyutrhΓГτλ?<^~ηdPpεαΩÇ$&∪∩◇□☺")

HERSHEY = (
    cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_PLAIN, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_COMPLEX_SMALL, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
    cv2.FONT_HERSHEY_COMPLEX | cv2.FONT_ITALIC,
)  # fmt: skip
# In the script fonts many letters are drawn in loops, so that only these are none of the digits.
SCRIPT = {cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX}
SCRIPT_LETTERS = "AEFHKMNPRUVWXdfhkmnpuvwx"
# OpenCV's own TrueType fonts, from its version 5.
OPENCV = ("sans", "italic")
# DejaVu Serif and cmtt10 are left to the tests.
MATPLOTLIB = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono", "STIXGeneral",
    "STIXGeneralItalic", "STIXGeneralBol", "cmr10", "cmti10", "cmss10",
)  # fmt: skip
# Computer Modern has its own order of signs: of ASCII, the letters are where they are elsewhere.
HEIGHT = 48


@lru_cache(maxsize=1)
def fonts() -> tuple[tuple[str | int, str], ...]:
    """Every font that is there, with its letters and signs."""
    everything = LATIN + GREEK + CYRILLIC + SIGNS
    found: list[tuple[str | int, str]] = [(font, SCRIPT_LETTERS if font in SCRIPT else LATIN + ASCII_SIGNS) for font in HERSHEY]
    if hasattr(cv2, "FontFace"):
        found += [(name, LATIN + GREEK + CYRILLIC + ASCII_SIGNS) for name in OPENCV]
    try:
        from matplotlib import get_data_path
    except ImportError:
        return tuple(found)
    folder = Path(get_data_path()) / "fonts" / "ttf"
    for name in MATPLOTLIB:
        signs = LATIN if name.startswith("cm") else everything if name.startswith("DejaVu") else LATIN + GREEK + SIGNS
        if (folder / f"{name}.ttf").is_file():
            found.append((str(folder / f"{name}.ttf"), signs))
    return tuple(found)


@lru_cache(maxsize=8192)
def glyph(font: str | int, text: str, weight: int = 2) -> Mask | None:
    """A few letters or signs (H, W), ink 255, cut to their ink; None where the font has none of it.

    Args:
        font: as `fonts()` has it.
        text: what to draw.
        weight: of the strokes of OpenCV's own fonts, in pixels.
    """
    size = HEIGHT * (len(text) + 1), 2 * HEIGHT
    canvas = np.zeros(size[::-1], np.uint8)
    if isinstance(font, int):
        scale = HEIGHT / (21 if font != cv2.FONT_HERSHEY_PLAIN else 10)
        cv2.putText(canvas, text, (HEIGHT // 4, 3 * HEIGHT // 2), font, scale * 0.8, 255, weight, cv2.LINE_AA)
    elif font in OPENCV:
        cv2.putText(canvas, text, (HEIGHT // 4, 3 * HEIGHT // 2), 255, cv2.FontFace(font), HEIGHT, 200 * weight)
    else:
        from PIL import Image, ImageDraw

        drawing = Image.new("L", size)
        ImageDraw.Draw(drawing).text((HEIGHT // 4, HEIGHT // 3), text, 255, _opened(font))
        canvas = np.asarray(drawing)
    left, top, width, height = cv2.boundingRect(canvas)
    return canvas[top : top + height, left : left + width].copy() if width else None


@lru_cache(maxsize=32)
def _opened(path: str) -> Any:
    """A TrueType font of Matplotlib's."""
    from PIL import ImageFont

    return ImageFont.truetype(path, HEIGHT)
