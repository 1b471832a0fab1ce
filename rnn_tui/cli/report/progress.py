"""How a rerun goes on, on stderr: a bar on a terminal, a line a run elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

from rnn_tui.engine import events
from rnn_tui.report.running import Standing
from rnn_tui.report.words import duration

# A bar that wraps is a line higher than rich takes away: the line above it would be lost.
ONE_LINE = Column(no_wrap=True)


class Teller:
    """Takes what `reproduce` emits and tells it.

    Args:
        quiet: errors and warnings only.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        # Rich would take a pipe for a terminal where the environment asks for colours.
        self._console = Console(
            file=sys.stderr, force_terminal=sys.stderr.isatty(), highlight=False, soft_wrap=True
        )
        self._bar: Progress | None = None
        self._told = self._doing = ""
        if self._console.is_terminal and not quiet:
            self._bar = Progress(
                TextColumn("{task.description}", table_column=ONE_LINE, markup=False),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f} %"),
                TimeElapsedColumn(),
                TextColumn("{task.fields[left]}", table_column=ONE_LINE),
                console=self._console,
                transient=True,
                refresh_per_second=4,
                redirect_stdout=False,
                redirect_stderr=False,
            )

    @contextmanager
    def showing(self) -> Iterator[None]:
        """Keep the bar on screen."""
        if self._bar is None:
            yield
            return
        self._task = self._bar.add_task("looking at the runs", total=1.0, left="")
        with self._bar:
            yield

    def take(self, event: events.Event | Standing) -> None:
        """Take what happened; called by `reproduce`."""
        match event:
            case Standing():
                self._standing(event)
            case events.LogLine(level="warning"):
                self.say(event.text)
            case events.RunFailed():
                self.say(f"{self._doing}: {event.message}")

    def say(self, text: str) -> None:
        """A message on stderr."""
        self._console.print(Text(f"rnn-tui: {text}"))

    def _standing(self, now: Standing) -> None:
        if now.work is not None:
            self._doing = now.work.label
        if self._bar is not None:
            what = now.work.label if now.work is not None else "all runs"
            self._bar.update(
                self._task,
                description=f"{what} · {now.done} of {now.total} networks done",
                completed=now.share,
                left=_left(now),
            )
        elif now.work is not None and now.run_id != self._told and not self._quiet:
            self._told = now.run_id
            doing = "goes on with" if now.work.run is not None else "trains"
            left = f", {_left(now)}" if _left(now) else ""
            self.say(f"{now.done} of {now.total} networks done{left}; {doing} {now.work.label}")


def _left(now: Standing) -> str:
    return "" if now.seconds_left is None else f"about {duration(now.seconds_left)} left"
