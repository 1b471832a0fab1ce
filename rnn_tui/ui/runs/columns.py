"""The columns of the table of runs: what each shows, and how it sorts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from rnn_tui.engine.errors import printable
from rnn_tui.engine.state import Status
from rnn_tui.runs import words
from rnn_tui.runs.records import RunRecord

BAR_CELLS = 6
# By mark and word, and by colour only besides.
STATUS_MARKS = {
    Status.LOADING: ("…", "$text-muted"),
    Status.TRAINING: ("●", "$text-success"),
    Status.PAUSED: ("‖", "$text-warning"),
    Status.INTERRUPTED: ("!", "$text-warning"),
    Status.STOPPED: ("■", "$text-muted"),
    Status.FINISHED: ("✓", "$text-success"),
    Status.FAILED: ("✗", "$text-error"),
}


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Attributes:
        label: its heading.
        text: what it shows of a run.
        order: what it sorts by; smaller ones come first.
        right: whether it is aligned at the right.
    """

    label: str
    text: Callable[[RunRecord], str]
    order: Callable[[RunRecord], Any]
    right: bool = False


def figure(run: RunRecord, metric: str, value: float | None) -> str:
    """A figure with its unit, losses with zeros at the end so that a column looks alike."""
    return words.figure(run, metric, value, "#.3g")


def variant(run: RunRecord) -> str:
    """Which networks a run trains, in a few words."""
    config = run.config
    if not config.variants:
        sizes = f" {config.hidden_size}" if hasattr(config, "hidden_size") else ""
        return f"{config.name}{sizes} {config.preset}"
    sizes = ",".join(str(size) for size in sorted({v.hidden_size for v in config.variants}))
    losses = ",".join(dict.fromkeys(v.loss for v in config.variants))
    seeds = len(config.replicas) // len(config.variants)
    return f"H {sizes} {losses} {config.preset}" + (f" ×{seeds}" if seeds > 1 else "")


def _progress(run: RunRecord) -> str:
    full = round(run.progress * BAR_CELLS)
    return f"{'━' * full}{'─' * (BAR_CELLS - full)} {run.progress:4.0%}"


def _sortable(value: float | None) -> tuple[bool, float]:
    """High figures first, runs without one last."""
    return value is None, -(value or 0.0)


COLUMNS = (
    Column("name", lambda run: printable(run.name, 80), lambda run: run.name.casefold()),
    Column("task", lambda run: run.config.task, lambda run: run.config.task),
    Column("variant", variant, variant),
    Column(
        "status",
        lambda run: f"{STATUS_MARKS[run.status][0]} {run.status}",
        lambda run: list(Status).index(run.status),
    ),
    Column("progress", _progress, lambda run: -run.progress),
    Column("best val", lambda run: figure(run, run.metric, run.best),
           lambda run: _sortable(run.best), right=True),
    Column("test", lambda run: figure(run, run.final_metric, run.final),
           lambda run: _sortable(run.final), right=True),
    Column("trained", lambda run: words.duration(run.elapsed), lambda run: -run.elapsed,
           right=True),
    Column("age", lambda run: words.age(time.time() - run.created), lambda run: -run.created,
           right=True),
    Column("tags", lambda run: " ".join(run.tags), lambda run: (not run.tags, run.tags)),
)  # fmt: skip
BY_AGE = "age"


def matches(run: RunRecord, words: list[str]) -> bool:
    """Whether each word occurs somewhere in what the table has of a run, or in its note."""
    shown = [column.text(run) for column in COLUMNS if column.label not in ("progress", "age")]
    text = " ".join([run.run_id, *shown, run.note]).casefold()
    return all(word in text for word in words)


def arranged(runs: list[RunRecord], text: str, by: str, backwards: bool) -> list[RunRecord]:
    """Those runs that have all words of a text, sorted by a column."""
    words = text.casefold().split()
    column = next(column for column in COLUMNS if column.label == by)
    left = [run for run in runs if matches(run, words)]
    return sorted(left, key=column.order, reverse=backwards)


def styled(column: Column, run: RunRecord, colours: dict[str, str]) -> Text:
    """A cell, in the theme's colours.

    Args:
        column: which.
        run: of which run.
        colours: the theme's, by variable name.
    """
    style = ""
    if column.label == "status":
        style = colours.get(STATUS_MARKS[run.status][1].lstrip("$"), "")
    return Text(column.text(run), style, justify="right" if column.right else "left", no_wrap=True)
