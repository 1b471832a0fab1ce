"""The answers of the general prompt as lines."""

from collections.abc import Sequence
from typing import Any

from textual.content import Content

from rnn_tui.tasks.sequences.inference import Answer
from rnn_tui.tasks.task import SequenceShape

MUTED = "$foreground 60%"  # Content cannot use $text-muted, whose colour depends on the background
WIDEST_BAR = 40  # cells
WIDEST_NAME = 24
WIDEST_LINE = 74  # of a table
GAP = "  "
CUT = "…"


def answer_lines(answer: Answer, answered_by: str, shape: SequenceShape) -> list[Content]:
    """Return an answer in lines: what was answered, then each class or each step.

    Args:
        answer: to a sequence.
        answered_by: the networks, in words.
        shape: that of the networks.
    """
    lines = [_headline(answer), Content(answered_by).stylize(MUTED), Content("")]
    answered = answer.document["answer"]
    if isinstance(answered, list) and shape.every_step:
        return lines + _step_lines(answer.document, shape)
    if shape.numbers:
        return lines + [
            Content(f"{name[:WIDEST_NAME]:>{WIDEST_NAME}}{GAP}{number:.4g}")
            for name, number in zip(shape.outputs, answered, strict=True)
        ]
    return lines + _class_lines(answer.document, shape)


def _headline(answer: Answer) -> Content:
    """Return the answer, and whether it is right."""
    words = answer.text.rpartition(" → ")[2]
    if answer.correct is None:
        return Content.assemble((words, "bold"), f"{GAP}{answer.remark}".rstrip())
    mark, style = ("✓", "$text-success") if answer.correct else ("✗", "$text-error")
    return Content.assemble((words, f"{style} bold"), GAP, (f"{mark} {answer.remark}", style))


def _class_lines(document: Any, shape: SequenceShape) -> list[Content]:
    """Return a bar for each class, the most probable first."""
    probabilities = document["probabilities"]
    if len(shape.outputs) == 1:  # a yes or no
        probabilities = [1 - probabilities[0], probabilities[0]]
    order = sorted(range(len(probabilities)), key=lambda place: -probabilities[place])
    names = shape.answer_words
    width = min(WIDEST_NAME, max(map(len, names)))
    return [_bar(names[place][:width].rjust(width), probabilities[place]) for place in order]


def _bar(name: str, probability: float) -> Content:
    filled = "█" * round(WIDEST_BAR * probability)
    return Content.assemble(
        name, GAP, (filled, "$primary"), f"{GAP if filled else ''}{100 * probability:.1f} %"
    )


def _step_lines(document: Any, shape: SequenceShape) -> list[Content]:
    """Return a line for each answer: what is read, what is answered, what is right.

    What is read is left out where answers come after it, and not at each of its steps.
    """
    answers = document["answer"]
    steps = range(shape.first_step, shape.first_step + len(answers))
    columns = [[shape.step, *map(str, steps)]]
    if len(document["read"]) == len(answers):
        columns.append(["input", *document["read"]])
    if shape.numbers:
        columns += _columns_of_numbers(answers, shape.outputs)
    else:
        columns.append(["answer", *answers])
    expected = document["expected"]
    if expected:
        columns.append(["right", *expected])
    columns = _fitting(columns)
    widths = [_width(column) for column in columns]
    rows = list(zip(*columns, strict=True))
    lines = [Content(_row(rows[0], widths)).stylize(MUTED)]
    for number, row in enumerate(rows[1:]):
        wrong = bool(expected) and answers[number] != expected[number]
        line = Content(_row(row, widths))
        lines.append(line.stylize("$text-error") if wrong else line)
    return lines


def _columns_of_numbers(
    answers: Sequence[Sequence[float]], names: Sequence[str]
) -> list[list[str]]:
    """Return a column for each number (O,) of the answers of all steps (T, O), below its name."""
    by_output = zip(*answers, strict=True)
    return [
        [name, *(f"{number:.4g}" for number in numbers)]
        for name, numbers in zip(names, by_output, strict=True)
    ]


def _fitting(columns: list[list[str]]) -> list[list[str]]:
    """Return the first columns that fit into a narrow terminal; dots stand for the others."""
    width = 0
    for place, column in enumerate(columns):
        width += _width(column) + len(GAP)
        if width > WIDEST_LINE:
            return [*columns[:place], [CUT] * len(column)]
    return columns


def _width(column: Sequence[str]) -> int:
    return min(WIDEST_NAME, max(map(len, column)))


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return GAP.join(
        _cut(cell, width).rjust(width) for cell, width in zip(cells, widths, strict=True)
    )


def _cut(cell: str, width: int) -> str:
    """Return a cell of at most this width; dots say that there was more."""
    return cell if len(cell) <= width else cell[: width - 1] + CUT
