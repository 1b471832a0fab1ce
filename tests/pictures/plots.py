"""Drawings of tables in `docs/results.md`, so that figures stand in one place alone."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "results.md"
# Numbers of a row of a report's table: published; mean, deviation; seeds; next seed; smallest,
# largest.
NUMBER = re.compile(r"\d+(?:\.\d+)?")
TASKS = ("MNIST", "Recall", "Adder")
FONT = "DejaVu Sans,Verdana,sans-serif"
INK, GRID, OURS, THEIRS = "#24292f", "#d0d7de", "#0969da", "#cf222e"
WIDTH, LEFT, STEP = 760, 150, 24


def rows_below(heading: str) -> Iterator[list[str]]:
    """The rows of the tables below a heading of the page, without their heads."""
    text = PAGE.read_text(encoding="utf-8")
    part = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    for line in part.splitlines():
        if line.startswith("|") and "---" not in line:
            yield [cell.strip() for cell in line.strip("|").split("|")]


def report() -> str:
    """Published figures beside ours: mean, deviation, smallest, largest, and where one more seed
    would end.
    """
    rows = []
    for cells in rows_below("The report rerun"):
        if cells[0].startswith(TASKS):
            published, spread, _, next_seed, _, ends = (
                [*map(float, NUMBER.findall(cell))] for cell in cells[1:7]
            )
            rows.append((cells[0], *published, *spread, *next_seed, *ends))
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
    heads, *rows = rows_below("Training beside other programs")
    values = [[float(cell.replace(",", "")) for cell in cells[1:]] for cells in rows]
    most = max(map(max, values))
    parts, top = [], 14
    for cells, numbers in zip(rows, values, strict=True):
        parts.append(_text(10, top + 10, cells[0], "start"))
        for at, (busy, number) in enumerate(zip(heads[1:], numbers, strict=True)):
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
    rows = [cells for cells in rows_below("The Chomsky table rerun") if "," in cells[0]]
    rows = [cells for cells in rows if len(cells) > 9]  # those of claims have fewer
    top, at, task = 14.0, 14.0, ""
    for cells in rows:
        name, cell = cells[0].rsplit(", ", 1)
        if name != task:
            task = name
            at += 4
            parts.append(_text(10, at + 16, name, "start"))
        published = [*map(float, NUMBER.findall(cells[1]))]
        mean = float(NUMBER.findall(cells[2])[0])
        from_, to = map(float, NUMBER.findall(cells[4]))
        best = float(NUMBER.findall(cells[5])[0])
        y = at + 12
        parts.append(_text(_wide(0) - 10, y + 4, cell, "end"))
        ends = f"M{_wide(from_):.1f} {y:g}H{_wide(to):.1f}"
        parts.append(f'<path d="{ends}" stroke="{OURS}" stroke-width="3" fill="none"/>')
        parts.append(f'<circle cx="{_wide(mean):.1f}" cy="{y:g}" r="4.5" fill="{OURS}"/>')
        parts.append(
            f'<path d="M{_wide(best):.1f} {y - 6:g}l5 10h-10z" fill="none" stroke="{OURS}"/>'
        )
        for value in published:
            parts.append(
                f'<path d="M{_wide(value):.1f} {y - 8:g}l7 8l-7 8l-7 -8z" fill="none" '
                f'stroke="{THEIRS}" stroke-width="2"/>'
            )
        parts.append(_text(WIDTH - 10, y + 4, cells[6], "end"))
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
