"""What a table of runs shows of them, and in which order: worked out away from the screen."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.cells import cell_len

from rnn_tui.engine.errors import printable
from rnn_tui.engine.state import Status
from rnn_tui.runs.records import RunRecord
from rnn_tui.runs.words import age, duration, figure

LOSS = "#.3g"  # zeros at the end, so that a column looks alike
# Mark and colour beside the word, so that the colour alone tells nothing.
STATUS_MARKS = {
    Status.LOADING: ("…", "$text-muted"),
    Status.TRAINING: ("●", "$text-success"),
    Status.PAUSED: ("‖", "$text-warning"),
    Status.INTERRUPTED: ("!", "$text-warning"),
    Status.STOPPED: ("■", "$text-muted"),
    Status.FINISHED: ("✓", "$text-success"),
    Status.FAILED: ("✗", "$text-error"),
    Status.DAMAGED: ("?", "$text-error"),
}


@dataclass(frozen=True)
class Column:
    """A column of the table: its heading, what it shows of a run, and what it sorts by, smaller ones first."""

    label: str
    text: Callable[[RunRecord], str]
    order: Callable[[RunRecord], Any]
    right: bool = False


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


def _sortable(value: float | None) -> tuple[bool, float]:
    """High figures first, runs without one last."""
    return value is None, -(value or 0.0)


COLUMNS = (
    Column("name", lambda run: printable(run.name, 80), lambda run: run.name.casefold()),
    Column("task", lambda run: run.config.task, lambda run: run.config.task),
    Column("variant", variant, variant),
    Column("status", lambda run: f"{STATUS_MARKS[run.status][0]} {run.status}", lambda run: list(Status).index(run.status)),
    Column("done", lambda run: f"{run.progress:.0%}", lambda run: -run.progress, right=True),
    Column("best val", lambda run: figure(run, run.metric, run.best, LOSS), lambda run: _sortable(run.best), right=True),
    Column("test", lambda run: figure(run, run.final_metric, run.final, LOSS), lambda run: _sortable(run.final), right=True),
    Column("trained", lambda run: duration(run.elapsed), lambda run: -run.elapsed, right=True),
    Column("age", lambda run: age(time.time() - run.created), lambda run: -run.created, right=True),
    Column("tags", lambda run: " ".join(run.tags), lambda run: (not run.tags, run.tags)),
)
BY_AGE = "age"


@dataclass(frozen=True)
class Listing:
    """Runs, with what is worked out once of each, away from the screen: there may be 20,000."""

    runs: Sequence[RunRecord] = ()  #: the newest first.
    #: by id, each run and what a filter looks in: all that the table has of it, its note.
    words: Mapping[str, tuple[RunRecord, str]] = field(default_factory=dict)
    #: of the widest cell of each column, also of an age that grows.
    widths: Sequence[int] = tuple(len("59 min") * (column.label == BY_AGE) for column in COLUMNS)

    @classmethod
    def of(cls, runs: Sequence[RunRecord], before: "Listing") -> "Listing":
        """A listing, with what one before has of the same runs."""
        words, widths = {}, list(before.widths)
        for run in runs:
            known = before.words.get(run.run_id)
            if known is not None and known[0] is run:
                words[run.run_id] = known
                continue
            cells = {column.label: column.text(run) for column in COLUMNS}
            widths = [max(pair) for pair in zip(widths, map(cell_len, cells.values()), strict=True)]
            shown = [text for label, text in cells.items() if label not in ("done", "age")]
            words[run.run_id] = run, " ".join([run.run_id, *shown, run.note]).casefold()
        return cls(runs, words, widths)

    def arranged(self, text: str, by: str, backwards: bool) -> list[RunRecord]:
        """Those runs that have all words of a text, sorted by a column."""
        wanted = text.casefold().split()
        left = [run for run in self.runs if all(word in self.words[run.run_id][1] for word in wanted)]
        return sorted(left, key=next(one.order for one in COLUMNS if one.label == by), reverse=backwards)
