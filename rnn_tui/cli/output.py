"""Write the output of all commands, and say how they ended.

Results go to stdout, all else to stderr; colours and bars to terminals only.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, TextIO, TypeVar

from rnn_tui.engine.errors import printable
from rnn_tui.engine.json_values import finite
from rnn_tui.engine.pace import time_left
from rnn_tui.engine.tables import Column

if TYPE_CHECKING:
    from rich.console import Console

    from rnn_tui.engine.progress import Progress

Item = TypeVar("Item")

# exit codes
OK = 0
FAILURE = 1
USAGE = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells have it
LONGEST_CELL = 200
LONGEST_VALUE = 1000
# rows of a table that are fitted to the width of a terminal, in a tenth of a second
MOST_LAID_OUT = 400
COLUMN_GAP = 2  # spaces between the columns of a table


def say(text: str) -> None:
    """Print a message on stderr."""
    print(f"rnn-tui: {text}", file=sys.stderr, flush=True)


def say_lines(lines: Iterable[str]) -> None:
    """Print lines that belong together on stderr, as they are."""
    print(*lines, sep="\n", file=sys.stderr, flush=True)


def print_json(document: Any, indent: int | None = 2) -> None:
    """Print one JSON document on stdout."""
    print(_as_json(document, indent))


def _as_json(value: Any, indent: int | None = None) -> str:
    import json  # the app's first frame does without

    try:
        return json.dumps(value, indent=indent, allow_nan=False)
    except ValueError:  # JSON has no NaN and no infinity, which a diverged network may have
        return json.dumps(finite(value), indent=indent, allow_nan=False)


def console(stream: TextIO) -> "Console":
    """Return a stream for coloured text; plain if it is no terminal, or `NO_COLOR` is set."""
    from rich.console import Console  # on terminals only

    # Rich takes a pipe for a terminal where the environment asks for colours, and with NO_COLOR
    # writes bold.
    colours: Any = None if os.environ.get("NO_COLOR") else "auto"
    return Console(
        file=stream,
        force_terminal=stream.isatty(),
        color_system=colours,
        highlight=False,
        soft_wrap=True,
    )


class Lines:
    """Lines of text, coloured if a terminal shows that."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._console = console(out) if out.isatty() else None  #: None in a pipe.

    def print(self, *lines: Sequence[tuple[str, str]]) -> None:
        """Print lines at once: the parts of each, with their styles."""
        if self._console is None:
            for line in lines:
                self._out.writelines(text for text, _style in line)
                self._out.write("\n")
            self._out.flush()
            return
        from rich.text import Text  # on terminals only

        for line in lines:
            self._console.print(Text.assemble(*line))

    def end(self, summary: Mapping[str, Any] | None = None) -> None:
        """Print nothing: lines have no foot unless a command prints one."""


def print_table(columns: Iterable[Column[Item]], items: Iterable[Item]) -> None:
    """Print a table, a row for each item; in a pipe with tabs."""
    listed = list(items)
    printed = [
        _PrintedColumn(column, [printable(column.cell(item), LONGEST_CELL) for item in listed])
        for column in columns
    ]
    if not sys.stdout.isatty():
        for row in _rows_of(printed):
            print("\t".join(row))
        return
    out = console(sys.stdout)
    fitting = _fitting(printed, out.width)
    # as it comes: rich would think for seconds, and the terminal can wrap
    if len(listed) > MOST_LAID_OUT:
        _print_padded(out, fitting)
    else:
        _print_laid_out(out, fitting)


@dataclass(frozen=True)
class _PrintedColumn:
    """A column with its cells."""

    column: Column[Any]
    cells: Sequence[str]

    @cached_property
    def texts(self) -> list[str]:
        """Its head, and its cells."""
        return [self.column.head, *self.cells]

    @cached_property
    def width(self) -> int:
        """The cells of a terminal that the widest text takes."""
        from rich.cells import cell_len  # on terminals only

        return max(map(cell_len, self.texts))

    @property
    def padded(self) -> list[str]:
        """Its texts, all of one width."""
        from rich.cells import cell_len  # on terminals only

        width = self.width
        texts: list[str] = []
        for text in self.texts:
            spaces = " " * (width - cell_len(text))
            texts.append(spaces + text if self.column.right else text + spaces)
        return texts


def _rows_of(columns: Iterable[_PrintedColumn]) -> Iterator[tuple[str, ...]]:
    """Return the rows of a table, that of the heads first."""
    return zip(*(column.texts for column in columns), strict=True)


def _fitting(columns: Sequence[_PrintedColumn], width: int) -> list[_PrintedColumn]:
    """Return the columns without those spare ones that have no room."""
    fitting = list(columns)
    spare = [column for column in columns if column.column.spare]
    for column in sorted(spare, key=lambda column: column.column.spare):
        if sum(shown.width + COLUMN_GAP for shown in fitting) > width:
            fitting.remove(column)
    return fitting


def _print_padded(out: "Console", columns: Sequence[_PrintedColumn]) -> None:
    """Print a table of many rows, which may be wider than the terminal."""
    padded = [column.padded for column in columns]
    first, *lines = ("  ".join(cells).rstrip() for cells in zip(*padded, strict=True))
    out.print(first, style="bold", markup=False, emoji=False)
    print("\n".join(lines))


def _print_laid_out(out: "Console", columns: Sequence[_PrintedColumn]) -> None:
    """Print a table that is fitted to the terminal."""
    from rich.table import Table  # on terminals only
    from rich.text import Text

    table = Table(box=None, padding=(0, COLUMN_GAP, 0, 0), header_style="bold")
    _, *rows = _rows_of(columns)
    for printed in columns:
        column = printed.column
        table.add_column(Text(column.head), justify="right" if column.right else "left")
    for cells in rows:
        table.add_row(*map(Text, cells))
    out.print(table, soft_wrap=False)


def print_pairs(pairs: Sequence[tuple[str, str]]) -> None:
    """Print names and values on stdout, a pair a line: a tab between them in a pipe."""
    width = max(len(name) for name, _ in pairs)
    lines: list[list[tuple[str, str]]] = []
    for name, value in pairs:
        head = f"{name:<{width}}  " if sys.stdout.isatty() else f"{name}\t"
        lines.append([(head, "bold"), (printable(value, LONGEST_VALUE), "")])
    Lines(sys.stdout).print(*lines)


class JsonResults:
    """A JSON document, written as results come, since all results may exceed memory.

    Args:
        out: where it goes.
        weights: which weights answer, JSON-ready.
        document: makes a result JSON-ready.
    """

    def __init__(
        self, out: TextIO, weights: Mapping[str, Any], document: Callable[[Any], Mapping[str, Any]]
    ) -> None:
        self._out = out
        self._document = document
        self._separator = "\n"  #: before the next result.
        out.write(f'{{"weights": {_as_json(weights)},\n"results": [')

    def show(self, results: Iterable[Any]) -> None:
        """Append results."""
        for result in results:
            self._out.write(self._separator + _as_json(self._document(result)))
            self._separator = ",\n"
        self._out.flush()

    def end(self, summary: Mapping[str, Any] | None = None) -> None:
        """Close the document, with a summary of all results if there is one."""
        self._out.write("\n]")
        if summary is not None:
            self._out.write(f',\n"summary": {_as_json(summary)}')
        self._out.write("}\n")
        self._out.flush()


class ProgressBar:
    """A bar on stderr, on a terminal only, with messages above it.

    Args:
        label: what stands before the bar.
        quiet: show nothing.
        counted: show how many are done, in place of a percentage.
    """

    def __init__(self, label: str, *, quiet: bool = False, counted: bool = False) -> None:
        self.shown = sys.stderr.isatty() and not quiet  #: whether there is a bar.
        self._bar: Any = None  #: a `rich.progress.Progress`.
        if not self.shown:
            return
        from rich import progress  # on terminals only
        from rich.table import Column

        # A bar that wraps is a line higher than rich takes away: the line above it would be lost.
        one_line = Column(no_wrap=True)
        percentage = progress.TextColumn("{task.percentage:>3.0f} %")
        self._bar = progress.Progress(
            progress.TextColumn("{task.description}", table_column=one_line, markup=False),
            progress.BarColumn(),
            progress.MofNCompleteColumn() if counted else percentage,
            progress.TextColumn("{task.fields[note]}", table_column=one_line, markup=False),
            progress.TimeElapsedColumn(),
            progress.TextColumn("{task.fields[left]}", table_column=one_line, markup=False),
            console=console(sys.stderr),
            transient=True,
            refresh_per_second=4,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._bar.add_task(label, total=None, note="", left="")

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_error: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(
        self,
        done: float | None = None,
        total: float | None = None,
        *,
        label: str | None = None,
        note: str | None = None,
        left: str | None = None,
    ) -> None:
        """Change what the bar shows; what is None stays as it is.

        Args:
            done: parts that are done.
            total: all parts.
            label: the text before the bar.
            note: the text after the bar.
            left: the remaining time, shown after the note.
        """
        if self._bar is None:
            return
        fields: dict[str, str] = {}
        if note is not None:
            fields["note"] = note
        if left is not None:
            fields["left"] = left
        self._bar.update(self._task, completed=done, total=total, description=label, **fields)

    def show(self, progress: "Progress") -> None:
        """Show how far something is, and how long the rest of it will take."""
        self.update(progress.done, progress.total, left=time_left(progress.seconds_left))

    def say(self, text: str) -> None:
        """Print a message on stderr, above the bar."""
        if self._bar is None:
            say(text)
        else:
            self._bar.console.print(f"rnn-tui: {text}", markup=False, emoji=False)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Take the bar away while something is printed on stdout, if both share a screen."""
        if self._bar is None or not sys.stdout.isatty():
            yield
            return
        self._bar.stop()
        yield
        self._bar.start()


def stopped(received: Sequence[int]) -> int:
    """Return the exit code of a command that was stopped: 128 + signal, such as 130 for Ctrl-C."""
    return 128 + received[0] if received else INTERRUPTED
