"""Tables that show a part of another one: those of the README."""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

NUMBER = re.compile(r"[−+]?[0-9]+(?:\.[0-9]+)?")
BETWEEN = re.compile(r"(?<!\\)\|")  # a bar in a cell is escaped
Table = list[list[str]]


def cells_of(lines: Sequence[str]) -> Table:
    """Return the cells of a table in Markdown, its heads first."""
    rows = [line for line in lines if not re.fullmatch(r"[|\- :]+", line)]
    return [[cell.strip() for cell in BETWEEN.split(row)[1:-1]] for row in rows]


def lines_of(table: Table) -> list[str]:
    """Return a table in Markdown."""
    heads, *rows = (f"| {' | '.join(cells)} |" for cells in table)
    return [heads, f"| {' | '.join(['---'] * len(table[0]))} |", *rows]


def _report(table: Table, means: Mapping[str, float]) -> Table:
    """The columns that say the most."""
    shown = [table[0].index(head) for head in ("experiment", "published", "mean ± sd")]
    shown.append(table[0].index("next seed, 95 %"))
    return [[row[place] for place in shown] for row in table]


def _by_cell(table: Table, means: Mapping[str, float]) -> Table:
    """A row a task, a column a cell: the mean, its interval, and how many seeds solve the task."""
    heads = table[0]
    by_task: dict[str, dict[str, str]] = {}
    for row in table[1:]:
        cells = dict(zip(heads, row, strict=True))
        task, cell = cells["experiment"].rsplit(", ", 1)
        mean = means.get(cells["experiment"])
        by_task.setdefault(task, {})[cell] = _in_one_cell(cells, mean)
    cells_shown = list(next(iter(by_task.values())))
    rows = [[task, *by_cell.values()] for task, by_cell in by_task.items()]
    return [["task", *cells_shown], *rows]


def _in_one_cell(cells: Mapping[str, str], mean: float | None) -> str:
    """Return mean, interval if there is one, and how many seeds solve the task; a dash untrained.

    Args:
        cells: of an experiment's row, by the heads of its table.
        mean: the exact one; None to round that of the table.
    """
    printed = NUMBER.findall(cells["mean ± sd"])
    if not printed:
        return "–"
    ends = [_rounded(end, "1") for end in NUMBER.findall(cells["mean, 95 %"])]
    interval = f" [{', '.join(ends)}]" if len(ends) == 2 else ""
    solved = next(cells[head] for head in cells if head.startswith("≥"))
    rounded = _rounded(printed[0] if mean is None else str(mean), "0.1")
    return f"{rounded}{interval} · {solved.split()[0]}"


def _rounded(number: str, unit: str) -> str:
    return str(Decimal(number).quantize(Decimal(unit), ROUND_HALF_UP))


#: by the name of the block that it makes of a table and, where they are known, of exact means.
SHORT: dict[str, Callable[[Table, Mapping[str, float]], Table]] = {
    "short": _report,
    "by cell": _by_cell,
}


def short_table(name: str, lines: Sequence[str], means: Mapping[str, float]) -> list[str]:
    """Return the short table of a name.

    Args:
        name: a key of `SHORT`.
        lines: the entry's `table`.
        means: by experiment, to round once; what is missing is rounded from the table.
    """
    return lines_of(SHORT[name](cells_of(lines), means))
