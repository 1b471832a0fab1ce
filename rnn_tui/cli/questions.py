"""Questions from the command line or a pipe, and answers, quickly: no PyTorch, nor numpy before
something is asked.
"""

import argparse
import io
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain, groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from rnn_tui.cli.commands import WHICH_FINISHED_RUN, add_output_options, add_setting
from rnn_tui.cli.output import FAILURE, OK, JsonResults, Lines, say
from rnn_tui.engine.errors import QueryError, printable
from rnn_tui.engine.settings import SETTINGS
from rnn_tui.runs.weights import NETWORKS, choose, named_weights
from rnn_tui.tasks.task import Task

if TYPE_CHECKING:
    from rnn_tui.tasks.sequences.inference import Answer, Question, Questions, ReplicaChoice

# lines answered at once: of more, a line costs hardly less, and the first answer comes later
CHUNK = 512
# computed at once, time steps × lines × networks: 16 MB, however long the numbers are
MOST_OUTPUTS = 4_000_000
# more than the longest question that can be answered; a line without end must not fill memory
LONGEST_LINE = 100_000


@dataclass(frozen=True)
class Fault:
    """A line that can't be answered: its number, its text, and the reason in a sentence."""

    line: int
    text: str
    reason: str

    @property
    def document(self) -> dict[str, Any]:
        """What JSON tells of it."""
        return {"query": printable(self.text, 200), "line": self.line, "error": self.reason}


def add_weights_options(parser: argparse.ArgumentParser, verb: str, default: str) -> None:
    """Add the options on whose networks are used; `verb` says what for, such as `ask`."""
    weights = parser.add_mutually_exclusive_group()
    weights.add_argument(
        "--run", metavar="RUN", help=f"{verb} the networks of this run: {WHICH_FINISHED_RUN}"
    )
    weights.add_argument(
        "--weights", metavar="FILE", help=f"{verb} the networks in this file (default: {default})"
    )
    weights.add_argument(
        "--pretrained", action="store_true", help=f"{verb} those that ship, whatever was trained"
    )


def add_network_options(parser: argparse.ArgumentParser, verb: str, loss: str) -> None:
    """Add the options that choose one of several networks; `loss` is that of the usual one."""
    add_weights_options(parser, verb, "those of the last run of the task, or those that ship")
    add_setting(
        parser, SETTINGS["hidden_size"], f"{verb} a network of this size (default: the largest)"
    )
    parser.add_argument(
        "--loss", metavar="LOSS", help=f"{verb} a network trained with this loss (default: {loss})"
    )
    add_setting(parser, SETTINGS["seed"], f"{verb} the network of this seed (default: the lowest)")


def add_question_options(parser: argparse.ArgumentParser, loss: str) -> None:
    """Add the options of `add_network_options`, and those on how answers are told."""
    add_network_options(parser, "ask", loss)
    parser.add_argument(
        "--vote", action="store_true", help="let all networks vote that the options above allow"
    )
    add_output_options(parser, "print answers and errors only, not who answers")


def chosen(
    options: argparse.Namespace, task: Task, position: int | None = None
) -> "tuple[Any, str, Path, ReplicaChoice]":
    """Who is asked, as named or by the position: networks, label, file, which in it; a
    CheckpointError if there are none.
    """
    # numpy, on use only
    from rnn_tui.tasks.sequences.inference import ReplicaChoice  # noqa: PLC0415

    source = named_weights(task.name, options.weights, options.run) or choose(
        task.name, position, only_pretrained=options.pretrained
    )
    replicas = ReplicaChoice(
        options.hidden_size, options.loss, options.seed, getattr(options, "vote", False)
    )
    return NETWORKS.get(source.path, task.network), source.label, source.path, replicas


class _Lines(Lines):
    """A line an answer; colours where a terminal shows them."""

    def show(self, results: Iterable[Any]) -> None:
        """Print answers on stdout and faults on stderr, in their order where both are one."""
        for kind, some in groupby(results, type):
            if kind is not Fault:
                self.print(*map(_line, some))
                continue
            for fault in some:
                say(f"line {fault.line}: {fault.reason}")


def _line(answer: "Answer") -> list[tuple[str, str]]:
    return [
        (f"{answer.text}  ", ""),
        ("✓", "green") if answer.correct else ("✗", "red"),
        (f" {answer.remark}".rstrip(), ""),
    ]


def ask(questions: "Questions[Question, Any]", options: argparse.Namespace) -> int:
    """Answer what was typed, or else all that stdin has, a line each; returns the exit code. A
    QueryError for a typed one.
    """
    if options.query:
        chunks: Iterator[list[Question | Fault]] = iter([[questions.read(" ".join(options.query))]])
    elif sys.stdin is None or sys.stdin.isatty():
        raise QueryError(f"{questions.request}; or pipe in such questions, one per line.")
    else:
        chunks = _chunks(sys.stdin, questions)
    # once, however many lines come
    inform: Callable[[str], None] = (lambda _: None) if options.quiet else cache(say)
    inform(f"weights: {questions.label}")
    results = (
        JsonResults(sys.stdout, questions.document(), attrgetter("document"))
        if options.json
        else _Lines(sys.stdout)
    )
    lines = faults = 0
    try:
        for chunk in chunks:
            asked = [item for item in chunk if not isinstance(item, Fault)]
            for notice in chain.from_iterable(map(questions.notices, asked)):
                inform(notice)
            answers = questions.answers(asked) if asked else iter(())
            results.show([item if isinstance(item, Fault) else next(answers) for item in chunk])
            lines += len(chunk)
            faults += len(chunk) - len(asked)
        if not lines:
            inform("No question came on stdin.")
    finally:
        results.end()
    return FAILURE if faults else OK


def _chunks(
    stream: TextIO, questions: "Questions[Question, Any]"
) -> "Iterator[list[Question | Fault]]":
    """Read lines and cut them into parts whose answers fit into memory."""
    chunk: list[Question | Fault] = []
    longest = 0
    for number, text, whole in _lines(stream):
        item: Question | Fault
        try:
            if not whole:
                raise QueryError(f"A line may have at most {LONGEST_LINE:,} characters.")
            item = question = questions.read(text)
            length = questions.length(question)
        except QueryError as error:
            item, length = Fault(number, text, str(error)), 0
        longest = max(longest, length)
        if chunk and (
            len(chunk) == CHUNK
            or (len(chunk) + 1) * longest * len(questions.replicas) > MOST_OUTPUTS
        ):
            yield chunk
            chunk, longest = [], length
        chunk.append(item)
    if chunk:
        yield chunk


def _lines(stream: TextIO) -> Iterator[tuple[int, str, bool]]:
    """Numbers and texts of lines, without comments and empty ones, and whether they are whole."""
    if isinstance(stream, io.TextIOWrapper):
        # files have marks, other line ends
        stream.reconfigure(encoding="utf-8-sig", errors="replace", newline=None)
    for number, line in enumerate(iter(lambda: stream.readline(LONGEST_LINE), ""), 1):
        rest, whole = line, True
        while not rest.endswith("\n") and (rest := stream.readline(LONGEST_LINE)):
            whole = False
        text, comment, _ = line.partition("#")
        if text := text.strip():
            yield number, text, whole or bool(comment)
