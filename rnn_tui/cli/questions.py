"""Questions from the command line or a pipe, and answers, quickly.

It loads no PyTorch, and no NumPy before something is asked.
"""

import argparse
import io
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TextIO

from rnn_tui.archive.weights import NETWORKS, choose, named_weights
from rnn_tui.cli.commands import WHICH_FINISHED_RUN, add_setting
from rnn_tui.cli.output import FAILURE, OK, JsonResults, Lines, say
from rnn_tui.engine.errors import QueryError, printable
from rnn_tui.engine.settings import SETTINGS
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.recall import RECALL
from rnn_tui.tasks.task import Task

if TYPE_CHECKING:
    from rnn_tui.tasks.sequences.inference import Answer, Question, Questions

# lines answered at once: of more, a line costs hardly less, and the first answer comes later
CHUNK = 512
# computed at once, time steps × lines × networks: 16 MB, however long the numbers are
MOST_OUTPUTS = 4_000_000
# more than the longest question that can be answered; a line without end must not fill memory
LONGEST_LINE = 100_000
BASES = ("binary", "decimal", "hexadecimal")


@dataclass(frozen=True)
class Fault:
    """A line that can't be answered."""

    line: int  #: its number, from 1.
    text: str
    reason: str  #: why, in a sentence.

    @property
    def document(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {"query": printable(self.text, 200), "line": self.line, "error": self.reason}


@dataclass(frozen=True, kw_only=True)
class NetworkRequest:
    """The networks to ask; by default those of the last run, or those that ship."""

    weights: str | None  #: those in this file.
    run: str | None  #: those of this run.
    pretrained: bool  #: those that ship, whatever was trained.
    hidden_size: int | None  #: one of this size.
    loss: str | None  #: one trained with this loss.
    seed: int | None  #: the one of this seed.
    vote: bool  #: all that the rest allows, in place of one.


@dataclass(frozen=True, kw_only=True)
class AskRequest:
    """Answer a question, or all of stdin."""

    question: str | None  #: as typed; None for those on stdin, one a line.
    as_json: bool
    quiet: bool  #: print answers and errors only.


def add_weights_options(parser: argparse.ArgumentParser, verb: str, default: str) -> None:
    """Add the options on whose networks are used.

    Args:
        parser: takes them.
        verb: what is done with the networks, such as `ask`.
        default: which networks are used without these options.
    """
    weights = parser.add_mutually_exclusive_group()
    weights.add_argument(
        "--run", metavar="RUN", help=f"{verb} the networks of this run: {WHICH_FINISHED_RUN}"
    )
    weights.add_argument(
        "--weights", metavar="FILE", help=f"{verb} the networks in this file (default: {default})"
    )
    weights.add_argument(
        "--pretrained",
        action="store_true",
        help=f"{verb} the networks that ship, even if there are runs",
    )


def add_network_options(parser: argparse.ArgumentParser, verb: str, loss: str) -> None:
    """Add the options that choose one of several networks; `loss` is that of the usual one."""
    add_weights_options(
        parser,
        verb,
        "those of the last run of the task that is no trial of a sweep and no network of a "
        "report, or those that ship",
    )
    add_setting(
        parser, SETTINGS["hidden_size"], f"{verb} a network of this size (default: the largest)"
    )
    parser.add_argument(
        "--loss", metavar="LOSS", help=f"{verb} a network trained with this loss (default: {loss})"
    )
    add_setting(parser, SETTINGS["seed"], f"{verb} the network of this seed (default: the lowest)")


ASK = "ask"  # what `ask` does with networks, as `add_network_options` has it


def _add_nothing(_parser: argparse.ArgumentParser, _verb: str) -> None:
    """Add no further options."""


def _add_base(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add `--base`."""
    written = ", and the answer is written like the first number" if verb == ASK else ""
    parser.add_argument(
        "--base",
        choices=BASES,
        default=BASES[0],
        help=f"the base of numbers without a prefix (0b, 0d or 0x){written} (default: %(default)s)",
    )


def _add_position(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add `--position`."""
    position = SETTINGS["position"]
    of_shipped = ", which is 3 for those that ship" if verb == ASK else ""
    add_setting(
        parser,
        position,
        f"{position.help} (default: the one that the weights were trained for{of_shipped})",
    )


@dataclass(frozen=True, kw_only=True)
class TypedQuestion:
    """How the question of a task is typed on a command line."""

    metavar: str = "SEQUENCE"
    words: str = "the sequence"  #: what is typed, in the help.
    #: what is read where nothing is typed, in the help.
    from_stdin: str = "without one, every line of stdin is a sequence"
    usual_loss: str = "the first"  #: that of the network which answers unless another is named.
    options: tuple[str, ...] = ()  #: the further arguments of the task's `Questions`.
    add_options: Callable[[argparse.ArgumentParser, str], None] = _add_nothing  #: adds these.

    def add_to(self, parser: argparse.ArgumentParser, verb: str, without: str) -> None:
        """Add the question, and the options on who answers it.

        Args:
            parser: takes them.
            verb: what is done with the networks, such as `ask`.
            without: what happens where no question is typed, in the help.
        """
        parser.add_argument(
            "query", nargs="*", metavar=self.metavar, help=f"{self.words}; {without}"
        )
        self.add_options(parser, verb)
        add_network_options(parser, verb, self.usual_loss)

    def read_options(self, options: argparse.Namespace) -> dict[str, Any]:
        """Return the further arguments of the task's `Questions`."""
        return {name: getattr(options, name) for name in self.options}


#: by the name of their task, if they are more than a sequence.
TYPED_QUESTIONS = {
    ADDER.name: TypedQuestion(
        metavar="NUMBER",
        words="two numbers, with or without a plus between them",
        from_stdin="without any, every line of stdin has two",
        usual_loss="bce, or the first",
        options=("base",),
        add_options=_add_base,
    ),
    RECALL.name: TypedQuestion(metavar="DIGITS", options=("position",), add_options=_add_position),
}


def typed_question(task_name: str) -> TypedQuestion:
    """Return how the question of a task is typed."""
    return TYPED_QUESTIONS.get(task_name, TypedQuestion())


def read_network_request(options: argparse.Namespace) -> NetworkRequest:
    """Read the options of `add_network_options`: which networks to ask."""
    return NetworkRequest(
        weights=options.weights,
        run=options.run,
        pretrained=options.pretrained,
        hidden_size=options.hidden_size,
        loss=options.loss,
        seed=options.seed,
        vote=getattr(options, "vote", False),  # `inspect` does not have it
    )


def read_ask_request(options: argparse.Namespace) -> AskRequest:
    """Read what to answer, and how."""
    question = " ".join(options.query) if options.query else None
    return AskRequest(question=question, as_json=options.json, quiet=options.quiet)


def questions_to(
    request: NetworkRequest, task: Task, details: Mapping[str, Any]
) -> "Questions[Any, Any]":
    """Load the networks that are asked.

    Args:
        request: which ones.
        task: whose they are.
        details: the further arguments of the questions. A position is the one to recall, by
            networks that were trained for it if nothing else is asked for.

    Returns:
        The questions of the task to these networks.

    Raises:
        CheckpointError: if there are no such weights.
        SettingError: if there is no such network among them.
    """
    # numpy, on use only
    from rnn_tui.tasks.sequences.inference import ReplicaChoice

    source = named_weights(task.name, request.weights, request.run)
    if source is None:
        position = details.get("position")
        source = choose(task.name, position, only_pretrained=request.pretrained)
    network = NETWORKS.get(source.path, task.network)
    choice = ReplicaChoice(request.hidden_size, request.loss, request.seed, request.vote)
    questions: Questions[Any, Any] = task.part(task.questions)(
        network, source.label, source.path, choice, **details
    )
    return questions


class _AnswerLines(Lines):
    """A line an answer, in colours if a terminal shows them."""

    def show(self, results: Iterable[Any]) -> None:
        """Print answers on stdout and faults on stderr, in their order where both are one."""
        for kind, group in groupby(results, type):
            if kind is Fault:
                for fault in group:
                    say(f"line {fault.line}: {fault.reason}")
            else:
                self.print(*map(_line, group))


def _line(answer: "Answer") -> list[tuple[str, str]]:
    if answer.correct is None:
        return [(f"{answer.text}  {answer.remark}".rstrip(), "")]
    mark = ("✓", "green") if answer.correct else ("✗", "red")
    return [(f"{answer.text}  ", ""), mark, (f" {answer.remark}".rstrip(), "")]


class _Notices:
    """Says sentences on stderr, each once, however many questions it is about."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._said: set[str] = set()

    def say(self, sentence: str) -> None:
        """Say a sentence, unless it was said."""
        if not self._quiet and sentence not in self._said:
            self._said.add(sentence)
            say(sentence)


def ask(questions: "Questions[Question, Any]", request: AskRequest) -> int:
    """Answer what was typed, or else all that stdin has, a line each.

    Returns:
        The exit code: 1 if a line of stdin can't be answered.

    Raises:
        QueryError: if what was typed is no question, or there is nothing to answer.
    """
    chunks = _asked(questions, request)
    notices = _Notices(quiet=request.quiet)
    notices.say(f"weights: {questions.label}")
    results: JsonResults | _AnswerLines
    if request.as_json:
        results = JsonResults(sys.stdout, questions.document(), attrgetter("document"))
    else:
        results = _AnswerLines(sys.stdout)
    line_count = 0
    fault_count = 0
    try:
        for chunk in chunks:
            readable = _readable(chunk)
            for question in readable:
                for notice in questions.notices(question):
                    notices.say(notice)
            answers = questions.answers(readable) if readable else iter(())
            results.show([item if isinstance(item, Fault) else next(answers) for item in chunk])
            line_count += len(chunk)
            fault_count += len(chunk) - len(readable)
        if not line_count:
            notices.say("No question came on stdin.")
    finally:
        results.end()
    return FAILURE if fault_count else OK


def _asked(
    questions: "Questions[Question, Any]", request: AskRequest
) -> "Iterator[Sequence[Question | Fault]]":
    """Yield the questions in parts whose answers fit into memory.

    Raises `QueryError` if there are none.
    """
    if request.question is not None:
        return iter([[questions.read(request.question)]])
    if sys.stdin is None or sys.stdin.isatty():
        raise QueryError(f"{questions.request}; or pipe in such questions, one per line.")
    return _chunks(sys.stdin, questions)


def _chunks(
    stream: TextIO, questions: "Questions[Question, Any]"
) -> "Iterator[list[Question | Fault]]":
    """Read lines and cut them into parts whose answers fit into memory."""
    chunk: list[Question | Fault] = []
    is_first = True
    longest = 0  # time steps of a question in the chunk
    for line in _lines(stream):
        item, length = _read(questions, line)
        longest = max(longest, length)
        outputs = (len(chunk) + 1) * longest * len(questions.replicas)
        if chunk and (len(chunk) == CHUNK or outputs > MOST_OUTPUTS):
            if is_first:
                questions.check_lines(_readable(chunk), _head(chunk))
            yield chunk
            is_first = False
            chunk = []
            longest = length
        chunk.append(item)
    if chunk:
        if is_first:
            questions.check_lines(_readable(chunk), _head(chunk))
        yield chunk


def _readable(chunk: "Iterable[Question | Fault]") -> "list[Question]":
    """Return what can be answered."""
    return [item for item in chunk if not isinstance(item, Fault)]


def _head(chunk: "Sequence[Question | Fault]") -> str:
    """Return the first line, if it is no question."""
    return chunk[0].text if isinstance(chunk[0], Fault) else ""


@dataclass(frozen=True)
class _Line:
    """A line of stdin."""

    number: int  #: from 1.
    text: str  #: without its comment.
    whole: bool  #: whether it was read to its end.


def _read(questions: "Questions[Any, Any]", line: _Line) -> tuple[Any, int]:
    """Return a question, or why the line is none; and the time steps that its answer takes."""
    try:
        if not line.whole:
            raise QueryError(f"A line may have at most {LONGEST_LINE:,} characters.")
        question = questions.read(line.text)
        return question, questions.length(question)
    except QueryError as error:
        return Fault(line.number, line.text, str(error)), 0


def _lines(stream: TextIO) -> Iterator[_Line]:
    """Yield the lines, without comments and empty ones."""
    if isinstance(stream, io.TextIOWrapper):
        # files have marks, other line ends
        stream.reconfigure(encoding="utf-8-sig", errors="replace", newline=None)
    number = 0
    while beginning := stream.readline(LONGEST_LINE):
        number += 1
        whole = beginning.endswith("\n") or not _skip_rest(stream)
        text, comment, _ = beginning.partition("#")
        text = text.strip()
        if text:
            # what lies beyond the limit may be the comment's
            yield _Line(number, text, whole or bool(comment))


def _skip_rest(stream: TextIO) -> bool:
    """Read a line to its end; returns whether there was more of it."""
    skipped = False
    while rest := stream.readline(LONGEST_LINE):
        skipped = True
        if rest.endswith("\n"):
            break
    return skipped
