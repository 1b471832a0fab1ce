"""Drawings of tables in `docs/figures.json`, so that figures stand in one place alone."""

import re
from collections.abc import Sequence

from tests.figures.book import read_book
from tests.figures.pages import block_lines
from tests.figures.short import cells_of

NUMBER = re.compile(r"\d+(?:\.\d+)?")
TASKS = ("MNIST", "Recall", "Adder")
FONT = "DejaVu Sans,Verdana,sans-serif"
INK, GRID, OURS, THEIRS = "#24292f", "#d0d7de", "#0969da", "#cf222e"
WIDTH, LEFT, STEP = 760, 150, 24


def table_of(entry: str) -> list[dict[str, str]]:
    """The rows of an entry's table, by the heads of its columns."""
    heads, *rows = cells_of(block_lines(read_book(), entry, "table"))
    return [dict(zip(heads, row, strict=True)) for row in rows]


def numbers_in(*cells: str) -> list[float]:
    """The numbers in cells of a table, in their order."""
    return [float(number) for cell in cells for number in NUMBER.findall(cell)]


def report() -> str:
    """Published figures beside ours: mean, deviation, smallest, largest, and where one more seed
    would end.
    """
    rows = []
    for row in table_of("report"):
        shown = ("published", "mean ± sd", "next seed, 95 %", "smallest … largest")
        rows.append((row["experiment"], *numbers_in(*(row[head] for head in shown))))
    groups = [[row for row in rows if row[0].startswith(name)] for name in TASKS]
    axes = ((97.5, 99.5, 0.5), (0, 100, 20), (70, 100, 5))
    parts, top = [], 14
    for group, (low, high, step) in zip(groups, axes, strict=True):
        bottom = top + STEP * len(group)
        ticks = [low + step * at for at in range(round((high - low) / step) + 1)]
        for tick in ticks:
            x = _across(tick, low, high)
            parts.append(f'<path d="M{x:.1f} {top}V{bottom}" stroke="{GRID}"/>')
            parts.append(_text(x, bottom + 15, f"{tick:g}", "middle"))
        for at, (name, published, mean, sd, from_, to, least, most) in enumerate(group):
            y = top + STEP * at + STEP / 2
            parts.append(_text(LEFT - 10, y + 4, name, "end"))
            for first, last, thick in (
                (from_, to, 1.5),
                (max(least, mean - sd), min(most, mean + sd), 5),
            ):
                ends = f"M{_across(first, low, high):.1f} {y:g}H{_across(last, low, high):.1f}"
                parts.append(
                    f'<path d="{ends}" stroke="{OURS}" stroke-width="{thick:g}" fill="none"/>'
                )
            parts.append(
                f'<circle cx="{_across(mean, low, high):.1f}" cy="{y:g}" r="5" fill="{OURS}"/>'
            )
            x = _across(published, low, high)
            parts.append(
                f'<path d="M{x:.1f} {y - 7:g}l6 7l-6 7l-6 -7z" fill="none" stroke="{THEIRS}" '
                'stroke-width="2"/>'
            )
        top = bottom + 36
    return _svg("The report's published figures and ours, in percent", top - 6, parts)


def contention() -> str:
    """Images a second beside busy programs."""
    rows = [list(row.values()) for row in table_of("contention")]
    _, *counts = table_of("contention")[0]
    values = [[float(cell.replace(",", "")) for cell in cells[1:]] for cells in rows]
    most = max(map(max, values))
    parts, top = [], 14
    for cells, numbers in zip(rows, values, strict=True):
        parts.append(_text(10, top + 10, cells[0], "start"))
        for at, (busy, number) in enumerate(zip(counts, numbers, strict=True)):
            y = top + 18 + at * 18
            length = (WIDTH - LEFT - 90) * number / most
            parts.append(_text(LEFT - 10, y + 11, busy, "end"))
            parts.append(
                f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="13" fill="{OURS}"/>'
            )
            parts.append(_text(LEFT + length + 6, y + 11, f"{number:,.0f}", "start"))
        top += 18 * (len(numbers) + 1) + 14
    return _svg("Images a second, by the number of busy programs beside it", top, parts)


def chomsky() -> str:
    """Accuracy on long words: mean with its interval, best of all seeds, published best of ten."""
    parts: list[str] = []
    top, at, task = 14.0, 14.0, ""
    for row in table_of("chomsky"):
        name, cell = row["experiment"].rsplit(", ", 1)
        if name != task:
            task = name
            at += 4
            parts.append(_text(10, at + 16, name, "start"))
        mean, *_ = numbers_in(row["mean ± sd"])
        interval = numbers_in(row["mean, 95 %"])
        [best] = numbers_in(row["best"])
        y = at + 12
        parts.append(_text(_wide(0) - 10, y + 4, cell, "end"))
        if len(interval) == 2:  # where few seeds end apart from the others, there is none
            ends = f"M{_wide(interval[0]):.1f} {y:g}H{_wide(interval[1]):.1f}"
            parts.append(f'<path d="{ends}" stroke="{OURS}" stroke-width="3" fill="none"/>')
        parts.append(f'<circle cx="{_wide(mean):.1f}" cy="{y:g}" r="4.5" fill="{OURS}"/>')
        parts.append(
            f'<path d="M{_wide(best):.1f} {y - 6:g}l5 10h-10z" fill="none" stroke="{OURS}"/>'
        )
        for value in numbers_in(row["published"]):
            parts.append(
                f'<path d="M{_wide(value):.1f} {y - 8:g}l7 8l-7 8l-7 -8z" fill="none" '
                f'stroke="{THEIRS}" stroke-width="2"/>'
            )
        parts.append(_text(WIDTH - 10, y + 4, row["≥ 90 %"].partition(" (")[0], "end"))
        at += 18
    grid = []
    for tick in (0, 20, 40, 60, 80, 90, 100):
        dashes = ' stroke-dasharray="4 3"' if tick == 90 else ""
        grid.append(f'<path d="M{_wide(tick):.1f} {top}V{at + 6:g}" stroke="{GRID}"{dashes}/>')
        grid.append(_text(_wide(tick), at + 20, f"{tick:g}", "middle"))
    grid.append(_text(WIDTH - 10, at + 20, "≥ 90 %", "end"))
    return _svg("Accuracy on words of 41 to 500 symbols, in percent", at + 30, [*grid, *parts])


PLOTS = {"report": report, "contention": contention, "chomsky": chomsky}


def _wide(value: float) -> float:
    """The place of a percentage in the plot of the hierarchy, whose names are long."""
    return 300 + (WIDTH - 300 - 100) * value / 100


def _across(value: float, low: float, high: float) -> float:
    return LEFT + (WIDTH - LEFT - 20) * (value - low) / (high - low)


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:g}" text-anchor="{anchor}">{text}</text>'


def _svg(title: str, height: float, parts: Sequence[str]) -> str:
    drawn = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" '
        f'width="{WIDTH}" height="{height:g}">\n'
        f"<title>{title}</title>\n<style>text{{font:12px {FONT};fill:{INK}}}</style>\n"
        f'<rect width="{WIDTH}" height="{height:g}" fill="#ffffff"/>\n{drawn}\n</svg>\n'
    )
