"""The one writer of the database for runs that train on workers.

A worker numbers the events of a run. What is here already is dropped, what is missing is asked for,
and an attempt that was given up is not listened to. Nothing is trusted: each event is checked like
one of a file that anybody may have changed.
"""

import json
import os
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnn_tui.archive.columns import INVALID_VALUE, values_of
from rnn_tui.archive.database import FAULTS, OpenFile, as_store_error, connect, transaction
from rnn_tui.archive.database_rows import EventWriter, Place
from rnn_tui.archive.event_json import event_from
from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import CheckpointError, StoreError, printable, why
from rnn_tui.engine.files.atomic import write_file
from rnn_tui.engine.files.paths import run_database, weights_of
from rnn_tui.engine.files.weights_file import read_description
from rnn_tui.engine.metrics import split_figures
from rnn_tui.sweeps.jobs import END_EVENTS

# Bytes that an answer may unpack to: far more than a worker answers at once.
MOST_BYTES = 64 * 2**20
MOST_CHECKPOINT = 2**31
MOST_EVENTS = 20_000  # events of an answer
MOST_FIGURES = 1000  # figures of an event
# A thousand runs that grow touch a few pages each: of the database, held in memory.
CACHE_KIB = 65_536
PAGES_BETWEEN_CHECKPOINTS = 16_384  # pages of SQLite's


@dataclass(eq=False)
class Attempt:
    """An attempt of a worker to train a run, and what has come home of it."""

    run_id: str
    config: RunConfig
    token: str  #: the attempt's own, by which its messages are known.
    writer: EventWriter
    next_number: int = 0  #: the number of the event that comes next.
    end: events.Event | None = None  #: its last event, which `write` does not write.
    fault: str = ""  #: why its events can't be believed, in a sentence.

    @property
    def is_over(self) -> bool:
        """Whether the import has ended, so that no further event is accepted."""
        return bool(self.fault) or self.end is not None


@dataclass(frozen=True)
class EventBatch:
    """Consecutive events of an attempt, as they came."""

    attempt: Attempt
    first: int  #: the number of the first.
    documents: Sequence[Any] = field(default=(), repr=False)  #: the events, as in JSON.


class Importer(AbstractContextManager["Importer"]):
    """Writes what workers send; one thread at a time may use it.

    Whatever fails raises StoreError, and nothing of that call is written.
    """

    def __init__(self) -> None:
        self._path = run_database()
        self._connection, _ = connect(self._path)
        self._file = OpenFile.at(self._path)
        self._connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self._connection.execute(f"PRAGMA wal_autocheckpoint = {PAGES_BETWEEN_CHECKPOINTS}")

    def __exit__(self, *_error: object) -> None:
        self._connection.close()

    def begin(
        self, run_id: str, config: RunConfig, token: str, hello: Mapping[str, Any]
    ) -> Attempt:
        """Return an attempt that begins now, by a worker that describes itself in `hello`."""
        where, _ = values_of(
            {"host": hello.get("host"), "versions": json.dumps(hello.get("versions"))},
            ("host", "versions"),
        )
        writer = EventWriter(
            run_id, config, place=Place(where["host"], json.dumps(where["versions"]))
        )
        return Attempt(run_id, config, token, writer)

    def write(self, batches: Iterable[EventBatch]) -> list[tuple[Attempt, list[events.Event]]]:
        """Write batches in one transaction, except those after a gap and the end of a run.

        Returns:
            The attempts of which something was new, with what was written of each.
        """
        arrived: dict[Attempt, list[events.Event]] = {}
        for batch in batches:
            earlier = arrived.setdefault(batch.attempt, [])
            try:
                earlier += _new_events(batch, earlier)
            except (KeyError, *INVALID_VALUE) as error:
                batch.attempt.fault = (
                    f"Its worker sends events that can't be right ({type(error).__name__})."
                )
        new = {attempt: its_events for attempt, its_events in arrived.items() if its_events}
        ends: dict[Attempt, events.Event] = {}
        for attempt, its_events in new.items():
            if isinstance(its_events[-1], END_EVENTS):
                ends[attempt] = its_events.pop()
        self.record(new.items())
        for attempt, its_events in new.items():
            attempt.next_number += len(its_events)
            attempt.end = ends.get(attempt)
        return list(new.items())

    def check_in_place(self) -> None:
        """Raise StoreGoneError if the database was removed or replaced since it was opened."""
        self._file.check()

    def record(self, batches: Iterable[tuple[Attempt, Sequence[events.Event]]]) -> None:
        """Write events as they are, in one transaction."""
        self.check_in_place()
        try:
            with transaction(self._connection):
                for attempt, its_events in batches:
                    attempt.writer.write(self._connection, its_events)
        except FAULTS as error:
            raise as_store_error(error, self._path) from error


def _new_events(batch: EventBatch, earlier: Sequence[events.Event]) -> list[events.Event]:
    """Return the events of a batch that follow those already written and the `earlier` ones.

    Raises:
        KeyError: or one of `INVALID_VALUE`, if an event is none that this run can have.
    """
    attempt = batch.attempt
    ended = bool(earlier) and isinstance(earlier[-1], END_EVENTS)
    due = attempt.next_number + len(earlier)
    due_is_in_batch = batch.first <= due < batch.first + len(batch.documents)
    if attempt.is_over or ended or not due_is_in_batch:
        return []
    documents = batch.documents[due - batch.first :]
    for document in documents:
        for kind in ("metrics", "replicas"):
            if len(document.get(kind, ())) > MOST_FIGURES:
                raise ValueError("too many figures")
    new = [event_from(document, attempt.run_id, attempt.config) for document in documents]
    if any(isinstance(event, END_EVENTS) for event in new[:-1]):
        raise ValueError("an event after the last one")
    return new


def unpack_events(data: bytes) -> list[Any]:
    """Return the events in a worker's answer, as in JSON; raises StoreError if it has none."""
    try:
        documents = json.loads(zlib.decompressobj().decompress(data, MOST_BYTES))
    except (zlib.error, TypeError, ValueError, RecursionError) as error:
        raise StoreError("A worker's answer can't be read.") from error
    if not isinstance(documents, list) or len(documents) > MOST_EVENTS:
        raise StoreError("A worker's answer has no events.")
    return documents


def unreported_end(path: Path, run_id: str, elapsed: float) -> events.RunFinished | None:
    """Return the end of a run whose last weights came home, though its last event did not.

    Args:
        path: the run's weights at home.
        run_id: the run.
        elapsed: seconds that it trained.

    Returns:
        None if its last weights are not there: only they have metrics of the test.
    """
    try:
        _, step, metrics = read_description(path)
    except CheckpointError:
        return None
    if not metrics:
        return None
    single, replicas = split_figures(metrics)
    return events.RunFinished(run_id, step, single, elapsed, replicas)


def store_checkpoint(attempt: Attempt, data: bytes, path: Path | None) -> None:
    """Replace a run's checkpoint at home by a newer one.

    Args:
        attempt: whose it is.
        data: the checkpoint, compressed; not looked at where `path` is given.
        path: where it lies in a shared folder.

    Raises:
        StoreError: if it can't be written here.
        CheckpointError: if it is none of this run's; also OSError or `zlib.error`, if it can't be
            read.
    """
    if path is None:
        content = zlib.decompressobj().decompress(data, MOST_CHECKPOINT)
    else:
        content = path.read_bytes()
    weights = weights_of(attempt.run_id)
    incoming = weights.with_name("incoming.safetensors")
    try:
        weights.parent.mkdir(parents=True, exist_ok=True)
        write_file(incoming, content)
    except OSError as error:
        raise StoreError(
            f"The weights that workers send can't be written to {printable(weights.parent, 200)} "
            f"({why(error)}); free some space there."
        ) from error
    try:
        config, _, _ = read_description(incoming)
        if config != attempt.config:
            raise CheckpointError("It belongs to another run.")
        os.replace(incoming, weights)
    finally:
        incoming.unlink(missing_ok=True)
