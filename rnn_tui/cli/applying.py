"""Networks on sequences of a user's own, applied to a new file by `rnn-tui predict`.

Answers go to a file or to stdout as they come, progress and all else to stderr.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from rnn_tui.archive import LAST
from rnn_tui.archive.weights import NETWORKS, Source, finished_on_data_sets, named_weights
from rnn_tui.cli import output
from rnn_tui.data import store
from rnn_tui.data.files.opening import MOST_BYTES
from rnn_tui.engine.errors import CheckpointError, DataError, SettingError, printable, why
from rnn_tui.engine.files.atomic import write_file
from rnn_tui.engine.files.weights_file import read_description
from rnn_tui.engine.process.signals import stopping_on_signals
from rnn_tui.engine.progress import Progress
from rnn_tui.tasks.data_sets.task import SEQUENCES, stored_task
from rnn_tui.tasks.mnist import MNIST

if TYPE_CHECKING:
    from rnn_tui.tasks.data_sets.application import Application

#: of files that hold sequences, and no photo.
ENDINGS = (
    *(".csv", ".tsv", ".txt", ".dat", ".data", ".tab", ".npz", ".npy", ".ts", ".arff"),
    *(".jsonl", ".ndjson"),
)
STDIN = Path("-")  #: what stands for it.
COPIED_BYTES = 1 << 20  # at a time
LONGEST_CELL = 5000


@dataclass(frozen=True)
class SequenceChoice:
    """The networks of a run that answer; of one size and loss, all seeds vote."""

    hidden_size: int | None = None  #: those of this size; None for the largest.
    loss: str | None = None  #: those trained with this loss; None for the first.
    seed: int | None = None  #: the one of this seed; None for all.


@dataclass(frozen=True, kw_only=True)
class ApplyRequest:
    """Answer the sequences of a file."""

    path: Path
    source: Source  #: the weights that answer.
    answers: Path | None  #: the file to write to; None for stdout.
    choice: SequenceChoice
    as_json: bool
    quiet: bool  #: print answers and errors only.


def sequence_weights(paths: Sequence[Path], weights: str | None, run: str | None) -> Source | None:
    """Return the weights that answer about sequences; None if photos are read.

    Args:
        paths: what is read.
        weights: the file of weights that is named, if any.
        run: the run that is named, if any.

    Raises:
        CheckpointError: if there is no such run or file.
        SettingError: if a file of sequences is read, and nothing is named that answers.
    """
    is_file = paths[0] == STDIN or paths[0].suffix.lower() in ENDINGS
    if run == LAST and is_file:
        newest = next(finished_on_data_sets(), None)
        if newest is None:
            raise CheckpointError(
                f"There is no finished run on sequences; rnn-tui train {SEQUENCES} FILE trains one."
            )
        return newest
    if run == LAST or (run is None and weights is None):
        if is_file and run is None:
            named = "What comes on stdin" if paths[0] == STDIN else printable(paths[0], 200)
            raise SettingError(
                f"{named} is no photo; name the run that answers its sequences "
                f"(--run RUN, or --run {LAST} for the newest one on sequences)."
            )
        return None
    source = named_weights(MNIST.name, weights, run)
    assert source is not None
    task = read_description(source.path)[0].task
    return source if store.is_called_like_data_set(task) else None


@contextmanager
def file_to_read(path: Path) -> Iterator[Path]:
    """Yield a file; of stdin a copy, which goes again, since a table is looked through first.

    Raises:
        SettingError: if nothing is piped in, or there is no room for the copy.
    """
    if path != STDIN:
        yield path
        return
    if sys.stdin is None or sys.stdin.isatty():
        raise SettingError("Nothing is piped in; name a file in place of -, or pipe one in.")
    with TemporaryDirectory(prefix="rnn-tui-stdin-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / "stdin"
        try:
            write_file(copy, _parts_of_stdin())
        except OSError as error:
            raise SettingError(f"What comes on stdin can't be kept ({why(error)}).") from error
        yield copy


def _parts_of_stdin() -> Iterator[bytes]:
    """Yield what comes on stdin; no more than a little beyond what is read of a file."""
    size = 0
    while size <= MOST_BYTES:
        part = sys.stdin.buffer.read(COPIED_BYTES)
        if not part:
            return
        size += len(part)
        yield part


def apply_networks(request: ApplyRequest) -> int:
    """Answer the sequences of a file, and write or print the answers; returns the exit code.

    Raises:
        UserError: if the file can't be read, or the answers can't be written.
    """
    from rnn_tui.tasks.data_sets.answer_files import writer_of  # numpy, on use only
    from rnn_tui.tasks.data_sets.application import Application
    from rnn_tui.tasks.sequences.inference import ReplicaChoice

    write = None if request.answers is None else writer_of(request.answers, request.path)
    task = stored_task(read_description(request.source.path)[0].task)
    network = NETWORKS.get(request.source.path, task.network)
    choice = ReplicaChoice(request.choice.hidden_size, request.choice.loss, request.choice.seed)
    hidden = request.quiet or (request.answers is None and sys.stdout.isatty())
    bar = output.ProgressBar(printable(request.path.name, 40), quiet=hidden)
    progress = Progress(bar.show)

    def say(sentence: str) -> None:
        if not request.quiet:
            bar.say(sentence)

    with stopping_on_signals(progress.control.stop_by_signal) as signals:
        try:
            with bar:
                application = Application(network, request.path, choice, say, progress)
                say(f"weights: {_label(request.source, application)}")
                if write is None:
                    _print(application, request)
                else:
                    _write(application, request, write(application))
        except DataError:
            if signals:
                return output.stopped(signals)
            raise
    if not request.quiet:
        for sentence in application.sentences(request.answers):
            output.say(sentence)
    return output.OK


def _label(source: Source, application: "Application") -> str:
    """Return which networks answer, such as `run swings (H 32 ce, vote of 5)`."""
    voters = application.voters
    who = f"vote of {len(voters.seeds)}" if len(voters.seeds) > 1 else f"seed {voters.seeds[0]}"
    return f"{source.label} ({voters.label}, {who})"


def _write(application: "Application", request: ApplyRequest, parts: Iterator[bytes]) -> None:
    """Write answers to a file."""
    from rnn_tui.tasks.data_sets.answer_files import write_answers  # numpy

    assert request.answers is not None
    write_answers(request.answers, parts)
    if request.as_json:
        output.print_json(
            {"weights": _weights_document(application, request), "summary": application.summary()}
        )


def _print(application: "Application", request: ApplyRequest) -> None:
    """Print answers on stdout."""
    from rnn_tui.tasks.data_sets.answer_files import csv_parts  # numpy

    if not request.as_json:
        on_terminal = sys.stdout.isatty()
        for part in csv_parts(application):
            text = part.decode()
            if on_terminal:
                text = "\n".join(printable(line, LONGEST_CELL) for line in text.split("\n"))
            sys.stdout.write(text)
            sys.stdout.flush()
        return
    parts = application.answers()
    first = next(parts)  # what is refused has no document
    results = output.JsonResults(sys.stdout, _weights_document(application, request), dict)
    summary: dict[str, Any] | None = None
    try:
        results.show(application.documents(first))
        for answers in parts:
            results.show(application.documents(answers))
        summary = application.summary()
    finally:
        results.end(summary)


def _weights_document(application: "Application", request: ApplyRequest) -> dict[str, Any]:
    """Return which networks answer, JSON-ready."""
    return {
        "source": request.source.label,  #: the run or the file, in words.
        "path": str(request.source.path),  #: the file.
        "task": application.description.name,  #: the data set that they were trained on.
        "network": application.voters.label,  #: their size and loss.
        "seeds": list(application.voters.seeds),  #: of the networks that vote.
    }
