"""Screens as one SVG: still, or moving as a strip of frames. Small, sharp at any size, and no font
to fetch.

Rows that several frames share are written once. Blocks, half blocks and Braille dots are drawn,
so that no font leaves gaps between them or has them in another width.
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

# Textual's own screenshot: its cells, and ours.
THEIR_WIDTH, THEIR_HEIGHT = 12.2, 24.4
WIDTH, HEIGHT, PADDING, CAPTION = 10, 20, 12, 34
BACKGROUND, QUIET, BRIGHT = "#121212", "#8a8f98", "#e0e0e0"
FONT = "DejaVu Sans Mono,Menlo,Consolas,monospace"
_RULE = re.compile(r"\.[\w-]+-(r\d+) \{ ([^}]*) \}")
_RECT = re.compile(r'<rect fill="(#[0-9a-f]+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"')
_TEXT = re.compile(r'<text class="[\w-]+-(r\d+)" x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>')
# Of a cell: left, top, right, bottom, in eighths.
_BLOCKS = {
    "█": (0, 0, 8, 8),
    "▀": (0, 0, 8, 4),
    "▐": (4, 0, 8, 8),
    **{char: (0, 7 - at, 8, 8) for at, char in enumerate("▁▂▃▄▅▆▇")},
    **{char: (0, 0, 7 - at, 8) for at, char in enumerate("▉▊▋▌▍▎▏")},
}
# Of the dots of a Braille character, by bit: column and row.
_PLACES = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))


class Cell(NamedTuple):
    """A character with its style, as CSS has it, and the colour behind it."""

    char: str = " "
    style: str = ""
    behind: str = ""


Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Frame:
    """A screen, how long it is shown, and what is said of it."""

    rows: tuple[Row, ...]
    seconds: float = 1.0
    caption: str = ""


def rows_of(screenshot: str, columns: int, lines: int) -> tuple[Row, ...]:
    """The cells of what `App.export_screenshot` gives."""
    styles = dict(_RULE.findall(screenshot))
    grid = [[Cell()] * columns for _ in range(lines)]
    body = screenshot[screenshot.index("</defs>") :]
    for colour, x, y, width in _RECT.findall(body):
        row = round((float(y) - 1.5) / THEIR_HEIGHT)
        first = round(float(x) / THEIR_WIDTH)
        for column in range(first, first + round(float(width) / THEIR_WIDTH)):
            if row < lines and column < columns:
                grid[row][column] = grid[row][column]._replace(behind=colour)
    for name, x, y, text in _TEXT.findall(body):
        row, first = round((float(y) - 20) / THEIR_HEIGHT), round(float(x) / THEIR_WIDTH)
        for column, char in enumerate(html.unescape(text).replace("\xa0", " "), first):
            if row < lines and column < columns:
                grid[row][column] = grid[row][column]._replace(char=char, style=styles[name])
    return tuple(map(tuple, grid))


def texts_in(drawing: str) -> list[str]:
    """The text of each row of an SVG that was made here, words with a blank between them."""
    rows = re.findall(r'<g id="r\d+">(.*?)</g>', drawing, re.DOTALL)
    return [
        " ".join(html.unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", row))
        for row in rows
    ]


@dataclass
class _Pool:
    """What is written once and referred to: styles, and rows."""

    styles: dict[str, str] = field(default_factory=dict)
    rows: dict[Row, str] = field(default_factory=dict)

    def style(self, css: str) -> str:
        return self.styles.setdefault(css, f"s{len(self.styles)}")

    def row(self, row: Row) -> str:
        return self.rows.setdefault(row, f"r{len(self.rows)}")


def svg(frames: Sequence[Frame], title: str) -> str:
    """One frame as a still, several as a strip that moves for ever."""
    columns, lines = len(frames[0].rows[0]), len(frames[0].rows)
    width, height = columns * WIDTH + 2 * PADDING, lines * HEIGHT + 2 * PADDING
    caption = CAPTION if any(one.caption for one in frames) else 0
    tall = height + caption
    size = f'width="{width}" height="{tall}"'
    pool = _Pool()
    shown = [_frame(frame, at * width, pool, height, width) for at, frame in enumerate(frames)]
    rows = "".join(
        f'<g id="{name}">{"".join(_row(row, pool))}</g>\n' for row, name in pool.rows.items()
    )
    styles = "".join(f".{name}{{{css}}}" for css, name in pool.styles.items())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {tall}" {size}>\n'
        f"<title>{html.escape(title)}</title>\n"
        f"<style>text{{font:16.6px {FONT};white-space:pre}}rect{{shape-rendering:crispEdges}}"
        f"{styles}{_movement(frames, width)}</style>\n"
        f"<defs>{rows}</defs>\n"
        f'<rect {size} rx="8" fill="{BACKGROUND}"/>\n'
        f'<svg {size}><g class="strip">\n{"".join(shown)}</g></svg>\n</svg>\n'
    )


def _frame(frame: Frame, x: int, pool: _Pool, height: int, width: int) -> str:
    uses = "".join(
        f'<use href="#{pool.row(row)}" y="{at * HEIGHT}"/>'
        for at, row in enumerate(frame.rows)
        if any(cell != Cell() for cell in row)
    )
    caption = ""
    if frame.caption:
        caption = (
            f'<text x="{width // 2}" y="{height + 12}" fill="{BRIGHT}" '
            f'text-anchor="middle">{html.escape(frame.caption)}</text>'
        )
    return (
        f'<g transform="translate({x})"><g transform="translate({PADDING} '
        f'{PADDING})">{uses}</g>{caption}</g>\n'
    )


def _movement(frames: Sequence[Frame], width: int) -> str:
    """The strip goes on by a frame at a time; it stands still for whoever wants less motion."""
    if len(frames) == 1:
        return ""
    whole, before, keys = sum(one.seconds for one in frames), 0.0, []
    for at, frame in enumerate(frames):
        keys.append(f"{100 * before / whole:.3f}%{{transform:translateX({-at * width}px)}}")
        before += frame.seconds
    return (
        f".strip{{animation:strip {whole:.2f}s step-end infinite}}@keyframes "
        f"strip{{{''.join(keys)}}}"
        "@media (prefers-reduced-motion){.strip{animation:none}}"
    )


def _row(row: Row, pool: _Pool) -> Iterator[str]:
    """What is behind, then blocks, then text, each in runs."""
    for colour, first, last in _runs([cell.behind for cell in row]):
        if colour:
            yield (
                f'<rect x="{first * WIDTH}" width="{(last - first) * WIDTH}" height="{HEIGHT}" '
                f'fill="{colour}"/>'
            )
    for (char, style), first, last in _runs(
        [(cell.char, cell.style) if cell.char in _BLOCKS else ("", "") for cell in row]
    ):
        if char:
            yield _block(char, style, first, last)
    for style, first, last in _runs([cell.style if _is_braille(cell.char) else "" for cell in row]):
        if style:
            dots = "".join(_dots(cell.char, at) for at, cell in enumerate(row[first:last], first))
            yield f'<path fill="{_fill(style)}" d="{dots}"/>'
    texts = [
        "" if cell.char in _BLOCKS or cell.char == " " or _is_braille(cell.char) else cell.style
        for cell in row
    ]
    for at in range(1, len(texts) - 1):  # a blank between two words of one style is of it
        if (
            row[at].char == " "
            and texts[at - 1]
            and texts[at - 1] == texts[at + 1] == row[at].style
        ):
            texts[at] = texts[at - 1]
    for style, first, last in _runs(texts):
        if style:
            text = html.escape("".join(cell.char for cell in row[first:last]), quote=False)
            long = (last - first) * WIDTH
            yield (
                f'<text class="{pool.style(style)}" x="{first * WIDTH}" y="15" '
                f'textLength="{long}">{text}</text>'
            )


def _block(char: str, style: str, first: int, last: int) -> str:
    left, top, right, bottom = _BLOCKS[char]
    parts = range(first, last) if (left, right) != (0, 8) else [first]
    across = WIDTH if (left, right) != (0, 8) else (last - first) * WIDTH
    return "".join(
        f'<rect x="{at * WIDTH + left * WIDTH / 8:g}" y="{top * HEIGHT / 8:g}" '
        f'width="{across * (right - left) / 8:g}" '
        f'height="{(bottom - top) * HEIGHT / 8:g}" fill="{_fill(style)}"/>'
        for at in parts
    )


def _fill(style: str) -> str:
    colour = re.search(r"fill: (#[0-9a-f]+)", style)
    return colour[1] if colour else BRIGHT


def _is_braille(char: str) -> bool:
    return 0x2800 < ord(char) <= 0x28FF


def _dots(char: str, column: int) -> str:
    """The dots of a Braille character, with which charts draw lines."""
    bits = ord(char) - 0x2800
    return "".join(
        f"M{column * WIDTH + 5 * x + 1} {5 * y + 1}h3v3h-3z"
        for bit, (x, y) in enumerate(_PLACES)
        if bits >> bit & 1
    )


def _runs(values: Sequence[object]) -> Iterator[tuple[object, int, int]]:
    """Equal values beside each other: the value, the first place, the one behind the last."""
    first = 0
    for value, run in groupby(values):
        last = first + len(list(run))
        yield value, first, last
        first = last
