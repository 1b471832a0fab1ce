"""Questions from the command line or a pipe, answers in lines or one JSON document.

Answers go to stdout; which weights gave them, and what is wrong, goes to stderr.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from rnn_tui.cli import exit_codes
from rnn_tui.engine.errors import QueryError, printable
from rnn_tui.tasks.questions import Answer, Question, Questions

if TYPE_CHECKING:
    from rich.console import Console

# Lines answered at once: of more, a line costs hardly less, and the first answer comes later.
CHUNK = 512
# Outputs computed at once, time steps × lines × networks: 16 MB, however long the numbers are.
MOST_OUTPUTS = 4_000_000
# More than the longest question that can be answered; a line without end must not fill memory.
LONGEST_LINE = 100_000
# For what can't write them, such as a pipe on Windows.
SUBSTITUTES = {"→": "->", "✓": "right", "✗": "wrong,"}


@dataclass(frozen=True)
class Fault:
    """A line that can't be answered: its number, its text, and the reason in a sentence."""

    line: int
    text: str
    reason: str


class Output(Protocol):
    """Where answers go."""

    def begin(self, weights: Mapping[str, Any]) -> None:
        """Before the first answer: what is known of the weights."""

    def show(self, results: Sequence[Answer | Fault]) -> None:
        """Tell some answers at once."""

    def end(self) -> None:
        """After the last answer, or when interrupted."""


class Lines:
    """A line an answer; colours where a terminal shows them."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._console: Console | None = None
        if out.isatty():
            from rich.console import Console  # noqa: PLC0415 - on a terminal only

            self._console = Console(file=out, highlight=False, soft_wrap=True)
        self._substitutes = {} if _can_write(out, "".join(SUBSTITUTES)) else SUBSTITUTES

    def begin(self, weights: Mapping[str, Any]) -> None:
        """Nothing: lines have no head."""

    def show(self, results: Sequence[Answer | Fault]) -> None:
        """Print answers on stdout and faults on stderr, in their order where both are one."""
        waiting: list[Answer] = []
        for result in results:
            if isinstance(result, Fault):
                self._print(waiting)
                waiting = []
                say(f"line {result.line}: {result.reason}")
            else:
                waiting.append(result)
        self._print(waiting)

    def _print(self, answers: Sequence[Answer]) -> None:
        if self._console is not None:
            self._print_coloured(self._console, answers)
        elif answers:
            self._out.write("".join(self._writable(_line(answer)) + "\n" for answer in answers))
            self._out.flush()

    def _print_coloured(self, console: Console, answers: Sequence[Answer]) -> None:
        from rich.text import Text  # noqa: PLC0415 - on a terminal only

        for answer in answers:
            text = Text(self._writable(_line(answer)))
            mark = self._writable(_mark(answer))
            start = text.plain.rindex(mark)
            text.stylize("green" if answer.correct else "red", start, start + len(mark))
            console.print(text)

    def _writable(self, line: str) -> str:
        for character, substitute in self._substitutes.items():
            line = line.replace(character, substitute)
        return line

    def end(self) -> None:
        """Nothing: lines have no foot."""


class Document:
    """One JSON document, written as answers come, a line each: it may be longer than memory."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._begun = False
        self._between = "\n"

    def begin(self, weights: Mapping[str, Any]) -> None:
        """Open the document."""
        self._begun = True
        self._out.write(f'{{"weights": {_json(weights)},\n"results": [')

    def show(self, results: Sequence[Answer | Fault]) -> None:
        """Append results."""
        parts: list[str] = []
        for result in results:
            document = result.document if isinstance(result, Answer) else _fault(result)
            parts += [self._between, _json(document)]
            self._between = ",\n"
        self._out.write("".join(parts))
        self._out.flush()

    def end(self) -> None:
        """Close the document."""
        if self._begun:
            self._out.write("\n]}\n")
        self._out.flush()


def _fault(fault: Fault) -> Mapping[str, Any]:
    return {"query": printable(fault.text, 200), "line": fault.line, "error": fault.reason}


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, allow_nan=False)


def _mark(answer: Answer) -> str:
    return "✓" if answer.correct else "✗"


def _line(answer: Answer) -> str:
    return f"{answer.said}  {_mark(answer)} {answer.remark}".rstrip()


def _can_write(out: TextIO, text: str) -> bool:
    try:
        text.encode(out.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def say(text: str) -> None:
    """A message on stderr."""
    print(f"rnn-tui: {text}", file=sys.stderr, flush=True)


def ask(
    questions: Questions[Question, Any], text: str | None, *, as_json: bool, quiet: bool
) -> int:
    """Answer a question, or all that come on stdin, one a line; returns the exit code.

    Args:
        questions: the kind of question, and who answers.
        text: the question; None to read stdin.
        as_json: print one JSON document.
        quiet: print answers and faults only.

    0 whether or not the answers are right, 1 if a line on stdin is no question.

    Raises:
        QueryError: if `text` is no question, or there is none at all.
    """
    if text is not None:
        chunks: Iterator[list[Question | Fault]] = iter([[questions.read(text)]])
    elif sys.stdin is None or sys.stdin.isatty():
        raise QueryError(f"{questions.request}; or pipe in such questions, one a line.")
    else:
        chunks = _chunks(_lines(sys.stdin), questions)
    output: Output = Document(sys.stdout) if as_json else Lines(sys.stdout)
    inform: Callable[[str], None] = (lambda _: None) if quiet else say
    inform(f"weights: {questions.label}")
    try:
        output.begin(questions.document())
        return _answer_all(questions, chunks, output, inform)
    finally:
        output.end()


def _answer_all(
    questions: Questions[Question, Any],
    chunks: Iterator[list[Question | Fault]],
    output: Output,
    inform: Callable[[str], None],
) -> int:
    informed: set[str] = set()
    lines = faults = 0
    for chunk in chunks:
        asked = [item for item in chunk if not isinstance(item, Fault)]
        for question in asked:
            for notice in questions.notices(question):
                if notice not in informed:  # once, however many lines come
                    informed.add(notice)
                    inform(notice)
        answers = questions.answers(asked) if asked else iter(())
        output.show([item if isinstance(item, Fault) else next(answers) for item in chunk])
        lines += len(chunk)
        faults += len(chunk) - len(asked)
    if not lines:
        inform("No question came on stdin.")
    return exit_codes.FAILURE if faults else exit_codes.OK


def _chunks(
    lines: Iterator[tuple[int, str, bool]], questions: Questions[Question, Any]
) -> Iterator[list[Question | Fault]]:
    """Read lines and cut them into parts whose answers fit into memory."""
    chunk: list[Question | Fault] = []
    longest = 0
    for number, text, whole in lines:
        item: Question | Fault
        length = 0
        try:
            if not whole:
                raise QueryError(f"A line may have at most {LONGEST_LINE:,} characters.")
            item = questions.read(text)
            length = questions.length(item)
        except QueryError as error:
            item = Fault(number, text, str(error))
        longest = max(longest, length)
        outputs = (len(chunk) + 1) * longest * len(questions.replicas)
        if chunk and (len(chunk) == CHUNK or outputs > MOST_OUTPUTS):
            yield chunk
            chunk, longest = [], length
        chunk.append(item)
    if chunk:
        yield chunk


def _lines(stream: TextIO) -> Iterator[tuple[int, str, bool]]:
    """Numbers and texts of lines, without comments and empty ones, and whether they are whole."""
    if isinstance(stream, io.TextIOWrapper):
        # Files come from anywhere: with a byte order mark, with the line ends of other systems, or
        # in another encoding altogether.
        stream.reconfigure(encoding="utf-8-sig", errors="replace", newline=None)
    number = 0
    while line := stream.readline(LONGEST_LINE):
        number += 1
        rest, whole = line, True
        while not rest.endswith("\n") and (rest := stream.readline(LONGEST_LINE)):
            whole = False
        text, comment, _ = line.partition("#")
        if text := text.strip():
            yield number, text, whole or bool(comment)
