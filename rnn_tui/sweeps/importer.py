"""The one writer of the database for runs that train elsewhere.

A worker numbers a run's events. What is here already is dropped, what is missing is asked for, and
a try of a run that has been given up is not listened to. Nothing is believed: each event is checked
like one of a file that anybody may have changed.
"""

import json
import os
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import CheckpointError, StoreError, printable, why
from rnn_tui.engine.files import write_file
from rnn_tui.engine.metrics import split_figures
from rnn_tui.engine.paths import run_database, weights_of
from rnn_tui.engine.weights_file import read_description
from rnn_tui.runs.columns import INVALID_VALUE, values_of
from rnn_tui.runs.database import FAULTS, connect, explained, transaction
from rnn_tui.runs.database_rows import EventWriter
from rnn_tui.runs.event_json import event_from
from rnn_tui.sweeps.jobs import END_EVENTS

# of what is asked for: far more than a worker answers at once
MOST_BYTES, MOST_CHECKPOINT = 64 * 2**20, 2**31
CACHE_KIB, PAGES_BETWEEN_CHECKPOINTS = 65_536, 16_384
MOST_EVENTS, MOST_FIGURES = 20_000, 1000


@dataclass
class Incoming:
    """What has come home of a try of a run."""

    run_id: str
    config: RunConfig
    token: str  #: the try's.
    writer: EventWriter
    next: int = 0  #: the number of the event that comes next.
    end: events.Event | None = None  #: its last event, which is not written by `write`.
    wrong: str = ""  #: why its events can't be believed, in a sentence.


@dataclass(frozen=True)
class EventBatch:
    """Consecutive events of a try of a run, as they came."""

    run: Incoming
    first: int  #: the number of the first.
    documents: Sequence[Any] = field(default=(), repr=False)


class Importer(AbstractContextManager["Importer"]):
    """Writes what workers tell, or raises StoreError and writes nothing of the call; one thread at
    a time may use it.
    """

    def __init__(self) -> None:
        self._path = run_database()
        self._connection, _ = connect(self._path)
        # a thousand runs that grow touch a few pages each
        self._connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self._connection.execute(f"PRAGMA wal_autocheckpoint = {PAGES_BETWEEN_CHECKPOINTS}")

    def __exit__(self, *_error: object) -> None:
        self._connection.close()

    def begin(
        self, run_id: str, config: RunConfig, token: str, hello: Mapping[str, Any]
    ) -> Incoming:
        """A try of a run begins, of which a worker says who it is."""
        where, _ = values_of(
            {"host": hello.get("host"), "versions": json.dumps(hello.get("versions"))},
            ("host", "versions"),
        )
        writer = EventWriter(run_id, config, where=(where["host"], json.dumps(where["versions"])))
        return Incoming(run_id, config, token, writer)

    def write(self, batches: Iterable[EventBatch]) -> list[tuple[Incoming, list[events.Event]]]:
        """Write batches in one transaction, but none behind a gap, and no run's end; returns what
        was new of each run.
        """
        come: dict[int, tuple[Incoming, list[events.Event]]] = {}
        for batch in batches:
            run, found = come.setdefault(id(batch.run), (batch.run, []))
            known = run.next + len(found)
            over = run.wrong or run.end or (found and isinstance(found[-1], END_EVENTS))
            if over or not batch.first <= known < batch.first + len(batch.documents):
                continue
            try:
                documents = batch.documents[known - batch.first :]
                if any(
                    len(one.get(kind, ())) > MOST_FIGURES
                    for one in documents
                    for kind in ("metrics", "replicas")
                ):
                    raise ValueError("too much")
                more = [event_from(one, run.run_id, run.config) for one in documents]
                if any(isinstance(event, END_EVENTS) for event in more[:-1]):
                    raise ValueError("it goes on after its end")
            except (KeyError, *INVALID_VALUE) as error:
                run.wrong = f"Its worker tells what can't be ({type(error).__name__})."
                continue
            found += more
        new = [both for both in come.values() if both[1]]
        ends = {id(run): found.pop() for run, found in new if isinstance(found[-1], END_EVENTS)}
        self.record(new)
        for run, found in new:
            run.next, run.end = run.next + len(found), ends.get(id(run))
        return new

    def record(self, some: Iterable[tuple[Incoming, Sequence[events.Event]]]) -> None:
        """Write events as they are, in one transaction."""
        try:
            with transaction(self._connection):
                for run, found in some:
                    run.writer.write(self._connection, found)
        except FAULTS as error:
            raise explained(error, self._path) from error


def unpacked(data: bytes) -> list[Any]:
    """Events that a worker was asked for; raises StoreError if they are not."""
    try:
        found = json.loads(zlib.decompressobj().decompress(data, MOST_BYTES))
    except (zlib.error, TypeError, ValueError, RecursionError) as error:
        raise StoreError("A worker's answer can't be read.") from error
    if not isinstance(found, list) or len(found) > MOST_EVENTS:
        raise StoreError("A worker's answer has no events.")
    return found


def finished(path: Path, run_id: str, elapsed: float) -> events.RunFinished | None:
    """How a run has ended whose last weights are here, though nobody told; None if they are not."""
    try:
        _, step, metrics = read_description(path)
    except CheckpointError:
        return None
    single, replicas = split_figures(metrics)
    return events.RunFinished(run_id, step, single, elapsed, replicas) if metrics else None


def keep_checkpoint(run: Incoming, data: bytes, path: Path | None) -> None:
    """Replace a run's checkpoint by one that came, or lies in a shared folder.

    Raises:
        StoreError: if it can't be written here.
        CheckpointError: or others, if it is none of the run's.
    """
    plain = (
        zlib.decompressobj().decompress(data, MOST_CHECKPOINT)
        if path is None
        else path.read_bytes()
    )
    kept = weights_of(run.run_id)
    come = kept.with_name("incoming.safetensors")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_file(come, plain)
    except OSError as error:
        raise StoreError(
            f"The weights that workers send can't be written to {printable(kept.parent, 200)} "
            f"({why(error)}); free some space there."
        ) from error
    try:
        if read_description(come)[0] != run.config:
            raise CheckpointError("It belongs to another run.")
        os.replace(come, kept)
    finally:
        come.unlink(missing_ok=True)
