"""What tells a 1 from a 7: how its stem leans, and how its top stroke falls.

A 1 with a flag and a 7 are the same two strokes. Hands draw them with a label only where a reader
of any country is sure, and distortions must not carry one to where the other is sure.

What people write, and what they are taught:

- A flag is drawn at an angle “so it won't be mistaken for the horizontal stroke of the numeral 7”
  (Gunnlaugur SE Briem, briem.net, page “Numbers”). A rhyme of German schools has “aslant up,
  straight down” (Schulimpulse, “Ziffernschreibkurs”).
- In German hands the flag “may extend as far as the midline or even the baseline” (Brigham Young
  University, Script Tutorial, “German: Numbers”); the French upstroke is long, too, which is why a
  7 is crossed there (Wikipedia, “Regional handwriting variation”). Americans learn a 1 without a
  flag and a 7 without a bar (A. N. Palmer, *The Palmer Method of Business Writing*, 1915).
- A foot makes a 1 of a stem that would otherwise “resemble the shape of the numeral 7, which has a
  near-vertical stroke without a crossbar, and a shorter horizontal top stroke” (Wikipedia, the
  same).
- In East Asia a 7 begins with a short stroke downwards at the left end of its top and has no bar
  (Wikipedia, the same): in one stroke it would be confused with a 1, Japanese teachers say.
- One writer seldom has two styles of 1 or of 7 (“Classification and frequency of occurrence of
  specific number styles”, Canadian Society of Forensic Science Journal 33, 2000: 186 writers), but
  writers differ (Vastrick, Schuetzner & Osborn, “Measuring the frequency occurrence of handwritten
  numeral characteristics”, Journal of Forensic Sciences 63, 2018: 1,025 writers). What lies between
  can't be told without other digits of the writer: it is doubtful.

None of them gives angles. These are chosen so that a turn by some degrees makes no sure form surely
the other digit: between the top stroke of a plain 7 and the flag of a plain 1 that leans as much
lie 13° and more.
"""

from dataclasses import dataclass
from math import atan2, cos, degrees, hypot, radians, sin

import numpy as np
import numpy.typing as npt

ONE = 1
SEVEN = 7


@dataclass(frozen=True)
class Form:
    """A stem with a stroke that leaves its top to the left."""

    lean: float  #: of the stem, in degrees; above 0 its top stands to the right.
    fall: float  #: of the top stroke from the stem to its left end, in degrees below the level.
    length: float  #: of the top stroke, in lengths of the stem.
    foot: bool = False  #: a level stroke under the stem.
    bar: bool = False  #: a level stroke through the stem.
    serif: bool = False  #: a short stroke downwards at the left end of the top stroke.

    @property
    def drop(self) -> float:
        """How far below the top its stroke ends, in heights of the stem."""
        return self.length * sin(radians(self.fall)) / max(cos(radians(self.lean)), 1e-6)

    @property
    def angle(self) -> float:
        """The angle between the top stroke and the stem, in degrees."""
        return 90 - self.lean - self.fall


Point = npt.NDArray[np.float64]


def form_of(
    start: Point,
    corner: Point,
    end: Point,
    *,
    foot: bool = False,
    bar: bool = False,
    serif: bool = False,
) -> Form:
    """Return the form of two strokes.

    Args:
        start: the left end of the top stroke; each point is x to the right and y downwards.
        corner: where the top stroke meets the stem.
        end: the lower end of the stem.
        foot: as in `Form`, like the other two.
        bar: the same.
        serif: the same.
    """
    across, down = corner[0] - start[0], start[1] - corner[1]
    ahead, height = corner[0] - end[0], end[1] - corner[1]
    return Form(
        lean=degrees(atan2(ahead, height)),
        fall=degrees(atan2(down, across)),
        length=hypot(across, down) / max(hypot(ahead, height), 1e-6),
        foot=foot,
        bar=bar,
        serif=serif,
    )


def sure_digit(form: Form) -> int | None:
    """Return the digit, 1 or 7, that readers of all countries take a form for; None in doubt."""
    if _is_one(form):
        return ONE
    if _is_seven(form):
        return SEVEN
    return None


def is_in_doubt(form: Form) -> bool:
    """Return whether a form without foot, bar or serif may as well be a 1 as a 7.

    Its top stroke falls by 15 … 30° above an upright stem; the more the stem leans ahead, the more
    it looks like that of a 7, and the other way round. What is neither, such as a corner, is not in
    doubt between the two.
    """
    if form.foot or form.bar or form.serif or sure_digit(form) is not None:
        return False
    is_either = 0.3 <= form.length <= 0.9 and -20 <= form.lean <= 30 and form.angle >= 25
    least = 15 + max(0.0, form.lean) / 2
    return is_either and least <= form.fall <= 30 + max(0.0, -form.lean) / 2


def _is_one(form: Form) -> bool:
    """Whether a form is a 1 for everybody.

    - With a foot, the flag falls a little; the more the stem leans, the more: that of a Z does not.
    - Otherwise it falls by 30° and is clearly shorter than the stem, or longer and falls by 40°.
      A stem that leans back is seen as a 7 that was turned, so that more is needed.
    - Written wide, the flag may fall by 25° only, if it still begins far below the top and is
      closer to the stem than the top of a 7.
    """
    if form.bar or form.serif or not 0.15 <= form.length <= 1.1:
        return False
    if not (-30 <= form.lean <= 45 and form.angle >= 8):
        return False
    is_short = form.length <= 0.6
    back = max(0.0, -form.lean)
    if form.foot:
        least = 15 + abs(form.lean) / 2 if is_short else 40 + back / 2
        return abs(form.lean) <= 30 and form.fall >= least
    least = (30 if is_short else 40) + back / 2
    is_wide = form.angle <= 55 and form.fall >= 25 and form.drop >= 0.35
    return form.fall >= least or is_wide


def _is_seven(form: Form) -> bool:
    """Whether a form is a 7 for everybody.

    - With a bar, the top stroke may fall by 30°; if it falls farther it meets the bar, as in a 4.
    - With a serif, it may fall by 15°.
    - With neither, it is level, within 12°, and the stem leans ahead; above a stem that is upright
      it is level within 5°, as on a display.
    """
    if form.foot or not 0.4 <= form.length <= 1.1 or not -5 <= form.lean <= 45:
        return False
    if form.fall < -25 or form.angle < 30:
        return False
    if form.bar:
        return form.fall <= 30 and form.drop <= 0.3
    if form.serif:
        return form.fall <= 15 and form.lean >= 0
    return form.fall <= (12 if form.lean >= 5 else 5)
