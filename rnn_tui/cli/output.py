"""What every command does with its streams: results go to stdout, all else to stderr; colours and
bars to terminals only.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self, TextIO

from rnn_tui.engine.errors import printable
from rnn_tui.engine.pace import time_left

if TYPE_CHECKING:
    from rich.console import Console

    from rnn_tui.engine.events import Control
    from rnn_tui.engine.progress import Progress

# how a command ends; the last is 128 + SIGINT, as shells have it
OK, FAILURE, USAGE, INTERRUPTED = 0, 1, 2, 130
# Ctrl-C, the system's request to end, and a terminal that was closed.
SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
LONGEST_CELL, LONGEST_VALUE = 200, 1000
# rows of a table that are fitted to the width of a terminal, in a tenth of a second
MOST_LAID_OUT = 400


def say(text: str) -> None:
    """Print a message on stderr."""
    print(f"rnn-tui: {text}", file=sys.stderr, flush=True)


def print_json(document: Any, indent: int | None = 2) -> None:
    """Print one JSON document on stdout."""
    print(_as_json(document, indent))


def _as_json(value: Any, indent: int | None = None) -> str:
    import json  # noqa: PLC0415 - the app's first frame does without

    try:
        return json.dumps(value, indent=indent, allow_nan=False)
    except ValueError:  # JSON has no NaN and no infinity, as in what is known of a diverged network
        from rnn_tui.runs.export.documents import finite  # noqa: PLC0415 - seldom

        return json.dumps(finite(value), indent=indent, allow_nan=False)


def console(stream: TextIO) -> "Console":
    """A stream for coloured text; plain where it is no terminal, or `NO_COLOR` is set."""
    from rich.console import Console  # noqa: PLC0415 - on terminals only

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
    """Lines of text, coloured where a terminal shows that."""

    def __init__(self, out: TextIO) -> None:
        self._out, self._console = out, console(out) if out.isatty() else None

    def print(self, *lines: Sequence[tuple[str, str]]) -> None:
        """Print lines at once: the parts of each, with their styles."""
        if self._console is None:
            self._out.writelines("".join(text for text, _ in line) + "\n" for line in lines)
            self._out.flush()
            return
        from rich.text import Text  # noqa: PLC0415 - on terminals only

        for line in lines:
            self._console.print(Text.assemble(*line))

    def end(self, summary: Mapping[str, Any] | None = None) -> None:
        """Nothing: lines have no foot unless a command prints one."""


def print_table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    right: Iterable[str] = (),
    spare: Sequence[str] = (),
) -> None:
    """Print a table, in a pipe with tabs; columns of `right` end below each other, the first of
    `spare` go for want of room.
    """
    shown = [[printable(cell, LONGEST_CELL) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in (heads, *shown):
            print("\t".join(row))
        return
    from rich.cells import cell_len  # noqa: PLC0415 - on terminals only
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    out, columns = console(sys.stdout), list(zip(heads, *shown, strict=True))
    for head in spare:
        if sum(max(map(cell_len, column)) + 2 for column in columns) > out.width:
            columns = [column for column in columns if column[0] != head]
    # as it comes: rich would think for seconds, and the terminal can wrap
    if len(shown) > MOST_LAID_OUT:
        padded = []
        for column in columns:
            width, to_right = max(map(cell_len, column)), column[0] in right
            spaces = (" " * (width - cell_len(cell)) for cell in column)
            padded.append(
                [
                    space + cell if to_right else cell + space
                    for space, cell in zip(spaces, column, strict=True)
                ]
            )
        first, *lines = ("  ".join(cells).rstrip() for cells in zip(*padded, strict=True))
        out.print(first, style="bold", markup=False, emoji=False)
        print("\n".join(lines))
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for head, *_ in columns:
        table.add_column(Text(head), justify="right" if head in right else "left")
    for row in list(zip(*columns, strict=True))[1:]:
        table.add_row(*map(Text, row))
    out.print(table, soft_wrap=False)


def print_pairs(pairs: Sequence[tuple[str, str]]) -> None:
    """Print names and values on stdout, a pair a line: a tab between them in a pipe."""
    width = max(len(name) for name, _ in pairs)
    form = f"{{:<{width}}}  " if sys.stdout.isatty() else "{}\t"
    shown = (
        [(form.format(name), "bold"), (printable(value, LONGEST_VALUE), "")]
        for name, value in pairs
    )
    Lines(sys.stdout).print(*shown)


class JsonResults:
    """One JSON document, a line an answer as it comes, since all may exceed memory; `document`
    makes an answer JSON-ready.
    """

    def __init__(
        self, out: TextIO, weights: Mapping[str, Any], document: Callable[[Any], Mapping[str, Any]]
    ) -> None:
        self._out, self._document, self._between = out, document, "\n"
        out.write(f'{{"weights": {_as_json(weights)},\n"results": [')

    def show(self, results: Iterable[Any]) -> None:
        """Append results."""
        for result in results:
            self._out.write(self._between + _as_json(self._document(result)))
            self._between = ",\n"
        self._out.flush()

    def end(self, summary: Mapping[str, Any] | None = None) -> None:
        """Close the document, with what there is to say of all results."""
        rest = "" if summary is None else f',\n"summary": {_as_json(summary)}'
        self._out.write(f"\n]{rest}}}\n")
        self._out.flush()


class ProgressBar:
    """A bar on stderr, on a terminal only, with messages above it; `counted` tells how many are
    done.
    """

    def __init__(self, label: str, *, quiet: bool = False, counted: bool = False) -> None:
        self.shown = sys.stderr.isatty() and not quiet
        self._bar: Any = None
        if not self.shown:
            return
        from rich import progress  # noqa: PLC0415 - on terminals only
        from rich.table import Column  # noqa: PLC0415

        # A bar that wraps is a line higher than rich takes away: the line above it would be lost.
        one_line, text = Column(no_wrap=True), progress.TextColumn
        self._bar = progress.Progress(
            text("{task.description}", table_column=one_line, markup=False),
            progress.BarColumn(),
            progress.MofNCompleteColumn() if counted else text("{task.percentage:>3.0f} %"),
            text("{task.fields[note]}", table_column=one_line, markup=False),
            progress.TimeElapsedColumn(),
            text("{task.fields[left]}", table_column=one_line, markup=False),
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
        """Show how far it is, a label before the bar, a note and the time left behind it; what is
        None stays as it is.
        """
        if self._bar is not None:
            told = {"note": note, "left": left}
            fields = {name: text for name, text in told.items() if text is not None}
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


@contextmanager
def stopping_on_signals(stop: Callable[[int], object]) -> Iterator[list[int]]:
    """Ctrl-C, SIGTERM and SIGHUP call `stop` with their number; a second one ends the process.
    Yields those that came.
    """
    received: list[int] = []

    def ask(number: int, *_: object) -> None:
        if received:
            raise KeyboardInterrupt
        # and no exception, which could come in the middle of a line that is written, and is then
        # lost
        received.append(number)
        stop(number)

    before = {number: signal.signal(number, ask) for number in SIGNALS}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def stopping(control: "Control") -> Callable[[int], None]:
    """For `stopping_on_signals`: what stops a run, as interrupted unless the user asked for it."""
    return lambda number: control.stop(interrupted=number != signal.SIGINT)


def stopped(received: Sequence[int]) -> int:
    """The exit code of a command that was stopped, 128 + signal: 130 for Ctrl-C, 143 for SIGTERM,
    129 for SIGHUP.
    """
    return 128 + received[0] if received else INTERRUPTED
