"""What a table of runs, or of what has runs, shows, and in which order: worked out away from the screen."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from rich.cells import cell_len

from rnn_tui.engine.errors import printable
from rnn_tui.engine.state import Status
from rnn_tui.runs.records import RunRecord
from rnn_tui.runs.words import age, duration, figure

Item = TypeVar("Item")
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
class Column(Generic[Item]):
    """A column of the table: its heading, what it shows of an item, and what it sorts by, smaller ones first."""

    label: str
    text: Callable[[Item], str]
    order: Callable[[Item], Any]
    right: bool = False
    style: Callable[[Item], str] = lambda _: ""  #: a colour of the theme, such as `$text-muted`, or a style of Rich's.


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


COLUMNS: tuple[Column[RunRecord], ...] = (
    Column("name", lambda run: printable(run.name, 80), lambda run: run.name.casefold()),
    Column("task", lambda run: run.config.task, lambda run: run.config.task),
    Column("variant", variant, variant),
    Column("status", lambda run: f"{STATUS_MARKS[run.status][0]} {run.status}",
           lambda run: list(Status).index(run.status), style=lambda run: STATUS_MARKS[run.status][1]),
    Column("done", lambda run: f"{run.progress:.0%}", lambda run: -run.progress, right=True),
    Column("best val", lambda run: figure(run, run.metric, run.best, LOSS), lambda run: _sortable(run.best), right=True),
    Column("test", lambda run: figure(run, run.final_metric, run.final, LOSS), lambda run: _sortable(run.final), right=True),
    Column("trained", lambda run: duration(run.elapsed), lambda run: -run.elapsed, right=True),
    Column("age", lambda run: age(time.time() - run.created), lambda run: -run.created, right=True),
    Column("tags", lambda run: " ".join(run.tags), lambda run: (not run.tags, run.tags)),
)  # fmt: skip
BY_AGE = "age"


@dataclass(frozen=True)
class Listing(Generic[Item]):
    """Items, with what is worked out once of each, away from the screen: there may be 20,000 runs."""

    columns: Sequence[Column[Item]]
    id_of: Callable[[Item], str]
    note_of: Callable[[Item], str] = lambda _: ""  #: what a filter looks in besides.
    items: Sequence[Item] = ()  #: runs the newest first.
    #: by id, each item and what a filter looks in: all that the table has of it, its note.
    words: Mapping[str, tuple[Item, str]] = field(default_factory=dict)
    widths: Sequence[int] = ()  #: of the widest cell of each column, also of an age that grows.

    def of(self, items: Sequence[Item]) -> "Listing[Item]":
        """A listing of other items, with what this one has of the same ones."""
        words: dict[str, tuple[Item, str]] = {}
        widths = list(self.widths or (len("59 min") * (column.label == BY_AGE) for column in self.columns))
        for item in items:
            known = self.words.get(key := self.id_of(item))
            if known is not None and known[0] is item:
                words[key] = known
                continue
            cells = {column.label: column.text(item) for column in self.columns}
            widths = [max(pair) for pair in zip(widths, map(cell_len, cells.values()), strict=True)]
            shown = [text for label, text in cells.items() if label not in ("done", "age")]
            words[key] = item, " ".join([key, *shown, self.note_of(item)]).casefold()
        return replace(self, items=items, words=words, widths=widths)

    def arranged(self, text: str, by: str, backwards: bool) -> list[Item]:
        """Those items that have all words of a text, sorted by a column."""
        wanted = text.casefold().split()
        left = [item for item in self.items if all(word in self.words[self.id_of(item)][1] for word in wanted)]
        return sorted(left, key=next(one.order for one in self.columns if one.label == by), reverse=backwards)


ALL_RUNS = Listing[RunRecord](COLUMNS, lambda run: run.run_id, lambda run: run.note)
