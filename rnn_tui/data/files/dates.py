"""Read the cells of a table as dates or times."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnn_tui.data.files.cells import MISSING
from rnn_tui.data.sequences import Floats

_CLOCK = (
    r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}(?:[.,]\d{1,9})?))?"
    r"(?: ?(?P<half>[AaPp][Mm]))? ?(?P<zone>Z|UTC|[+-]\d{2}:?\d{2})?)?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME = r"(?P<name>[A-Za-z]{3,9})\.?"
MOSTLY = 0.8  # of the cells are dates in a column of dates with mistakes
LEAST_NUMBERS = 3  # such as 20241231, all of them dates
DATES_AT_ONCE = 1 << 16
PARTS = ("year", "month", "name", "day", "hour", "minute", "second", "half", "zone")


@dataclass(frozen=True)
class DateForm:
    """A way to write dates."""

    name: str  #: as told, such as `31.12.2024`.
    pattern: re.Pattern[str]


def _form(name: str, pattern: str) -> DateForm:
    return DateForm(name, re.compile(pattern + _CLOCK))


#: day first stands before month first: of two that fit as many dates, the first is taken.
FORMS = (
    _form("2024-12-31", r"(?P<year>\d{4})-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?"),
    _form("2024/12/31", r"(?P<year>\d{4})[/.](?P<month>\d{1,2})[/.](?P<day>\d{1,2})"),
    _form("31.12.2024", r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})"),
    _form("31/12/2024", r"(?P<day>\d{1,2})[/-](?P<month>\d{1,2})[/-](?P<year>\d{4})"),
    _form("12/31/2024", r"(?P<month>\d{1,2})[/-](?P<day>\d{1,2})[/-](?P<year>\d{4})"),
    _form("31 Dec 2024", rf"(?P<day>\d{{1,2}})[ -]{_NAME}[ -](?P<year>\d{{4}})"),
    _form("Dec 31, 2024", rf"{_NAME} (?P<day>\d{{1,2}}),? (?P<year>\d{{4}})"),
    DateForm(
        "23:59:59",
        re.compile(r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}(?:[.,]\d{1,9})?))?"),
    ),
)
NUMBERS_FORM = "20241231"
CLOCK = FORMS[-1]
DAY_FIRST = FORMS[3]
MONTH_FIRST = FORMS[4]


def form_of(cells: Sequence[str]) -> DateForm | None:
    """Return the way in which most cells that are there are dates; None if they are none."""
    cells = [cell.strip() for cell in cells if cell.strip() not in MISSING]
    best: DateForm | None = None
    most = MOSTLY * len(cells)
    for form in FORMS:
        if not any(map(form.pattern.fullmatch, cells[:1] + cells[-1:])):
            continue
        dates = int(np.isfinite(seconds_of(cells, form)).sum())
        if dates > most or (best is None and dates >= most):
            best = form
            most = dates
    return best


def seconds_of(cells: Sequence[str], form: DateForm) -> Floats:
    """Return dates as seconds since 1970 (times of day: since midnight), NaN for what is none."""
    distinct = dict.fromkeys(cells)
    places = dict(zip(distinct, range(len(distinct)), strict=True))
    seconds = np.zeros(len(distinct))
    texts = iter(distinct)
    for start in range(0, len(distinct), DATES_AT_ONCE):
        some = list(itertools.islice(texts, DATES_AT_ONCE))
        seconds[start : start + len(some)] = _seconds_of_some(some, form)
    return seconds[np.fromiter(map(places.__getitem__, cells), np.int64, len(cells))]


def _seconds_of_some(cells: Sequence[str], form: DateForm) -> Floats:
    """Return dates, not too many, as `seconds_of` does: a date in parts takes a kilobyte."""
    parts = tuple(form.pattern.groupindex)
    empty: tuple[str | None, ...] = (None,) * len(parts)
    dates: list[tuple[str | None, ...]] = []
    for cell in cells:
        match = form.pattern.fullmatch(cell.strip())
        dates.append(match.group(*parts) if match else empty)
    return _seconds(parts, dates)


def _seconds(parts: tuple[str, ...], dates: list[tuple[str | None, ...]]) -> Floats:
    """Return dates, each as its parts, in seconds."""
    absent: list[str | None] = [None] * len(dates)
    columns = dict.fromkeys(PARTS, absent)
    for part, column in zip(parts, zip(*dates, strict=True), strict=True):
        columns[part] = list(column)
    year = _numbers(columns["year"], 1970)
    named_month = _named_months(columns["name"])
    month = np.where(np.isnan(named_month), _numbers(columns["month"], 1), named_month)
    day = _numbers(columns["day"], 1)
    hour = _hours(_numbers(columns["hour"], 0), columns["half"])
    minute = _numbers(columns["minute"], 0)
    second = _numbers(columns["second"], 0)
    valid = np.array([date[0] is not None for date in dates])
    valid &= (month >= 1) & (month <= 12) & (day >= 1) & (hour <= 24) & (minute < 60)
    valid &= (second < 61) & (year > 0)
    year, month, day = (np.where(valid, part, 1).astype(int) for part in (year, month, day))
    months = (year - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (month - 1)
    days = months.astype("datetime64[D]") + (day - 1)
    valid &= days.astype("datetime64[M]") == months  # no 31st of June
    seconds: Floats = days.astype(np.int64) * 86400.0 + hour * 3600 + minute * 60 + second
    seconds -= _offsets(columns["zone"])
    seconds[~valid] = np.nan
    return seconds


def seconds_of_numbers(numbers: Floats) -> Floats | None:
    """Return numbers such as 20241231 or 202412312359 as seconds; None if some are no dates."""
    present = numbers[~np.isnan(numbers)]
    if len(present) < LEAST_NUMBERS or present.min() < 19000101 or present.max() > 21e12:
        return None
    digits = len(str(int(present.min())))
    if digits not in (8, 10, 12, 14) or (present != np.round(present)).any():
        return None
    if len(str(int(present.max()))) != digits:
        return None
    texts = [str(int(number)) for number in present[:LEAST_NUMBERS].tolist()]
    if form_of(list(map(_spelled, texts))) is not FORMS[0]:
        return None
    cells = ["" if np.isnan(number) else _spelled(str(int(number))) for number in numbers.tolist()]
    seconds = seconds_of(cells, FORMS[0])
    return None if np.isnan(seconds).sum() > np.isnan(numbers).sum() else seconds


def _spelled(digits: str) -> str:
    """Return the digits of a date, and perhaps a time, as ISO 8601 has it."""
    padded = digits.ljust(14, "0")
    date = f"{padded[:4]}-{padded[4:6]}-{padded[6:8]}"
    return f"{date} {padded[8:10]}:{padded[10:12]}:{padded[12:14]}"


def _numbers(parts: list[str | None], default: float) -> Floats:
    if parts[0] is None and not any(parts):
        return np.full(len(parts), default)
    return np.array(
        [default if part is None else float(part.replace(",", ".")) for part in parts], np.float64
    )


def _named_months(names: list[str | None]) -> Floats:
    """Return months (N,) by their names: 0 for no month, NaN where there is no name."""
    months = []
    if not any(names):
        return np.full(len(names), np.nan)
    for name in names:
        if name is None:
            months.append(np.nan)
        else:
            short = name[:3].lower()
            months.append(_MONTHS.index(short) + 1.0 if short in _MONTHS else 0.0)
    return np.array(months, np.float64)


def _hours(hours: Floats, halves: list[str | None]) -> Floats:
    """Return hours of the day from hours of its halves."""
    if not any(halves):
        return hours
    afternoon = np.array([half is not None and half.lower() == "pm" for half in halves])
    halved = np.array([half is not None for half in halves])
    return np.where(halved, hours % 12, hours) + 12.0 * afternoon


def _offsets(zones: list[str | None]) -> Floats:
    """Return the seconds by which zones are ahead of UTC."""
    if not any(zones):
        return np.zeros(len(zones))
    offsets = []
    for zone in zones:
        if zone is None or zone[0] not in "+-":
            offsets.append(0.0)
            continue
        sign = -1.0 if zone[0] == "-" else 1.0
        offsets.append(sign * (int(zone[1:3]) * 3600 + int(zone[-2:]) * 60))
    return np.array(offsets, np.float64)
