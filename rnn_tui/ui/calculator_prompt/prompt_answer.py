"""The general prompt's questions to networks, and its answers as lines."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from textual.content import Content

from rnn_tui.archive.weights import NETWORKS, Source, choose
from rnn_tui.data.typed import typed_numbers
from rnn_tui.inside.task_network import draw_examples
from rnn_tui.tasks.config import SequenceConfig, replica_of
from rnn_tui.tasks.sequences.inference import Answer, ReplicaChoice
from rnn_tui.tasks.sequences.questions import SequenceQuestions
from rnn_tui.tasks.task import SequenceShape, Task

ALL = "all vote"  # the entry for the vote in the list of variants
MUTED = "$foreground 60%"  # Content cannot use $text-muted, whose colour depends on the background
WIDEST_BAR = 40  # cells
WIDEST_NAME = 24
MOST_DRAWN = 1_000_000  # random sequences have a number below this
WIDEST_LINE = 74  # of a table
GAP = "  "
CUT = "…"


@dataclass(frozen=True, eq=False)
class PromptAnswer:
    """An answer, and the networks that gave it."""

    text: str  #: the question as typed, or as it was drawn by chance.
    source: Source  #: which weights.
    config: SequenceConfig  #: their settings.
    variant: str  #: the label of the one that answered, or `ALL`.
    seed: int  #: its seed; of a vote, the first.
    shape: SequenceShape
    answer: Answer
    notices: tuple[str, ...]  #: why it may be poor.

    @property
    def answered_by(self) -> str:
        """Which networks answered, in words."""
        who = ALL if self.variant == ALL else f"{self.variant}, seed {self.seed}"
        return f"{self.source.label} · {who}"


@dataclass(frozen=True)
class PromptQuestion:
    """A sequence to answer, and who answers."""

    task: Task
    text: str | None  #: as typed; None for one by chance.
    source: Source | None = None  #: the weights that were named; None for those chosen.
    variant: str | None = None  #: a label, or `ALL`; None for the largest.
    seed: int | None = None


def ask_networks(question: PromptQuestion) -> PromptAnswer:
    """Answer a question, in a thread.

    Raises:
        UserError: if there are no weights, or what was typed is no sequence.
    """
    task = question.task
    source = question.source or choose(task.name)
    network = NETWORKS.get(source.path, task.network)
    replica, variant, seed = replica_of(network.config, question.variant, question.seed)
    votes = question.variant == ALL
    choice = ReplicaChoice(vote=True)
    if not votes:
        chosen = network.replicas[replica].variant
        choice = ReplicaChoice(chosen.hidden_size, chosen.loss, seed)
    questions: SequenceQuestions = task.part(task.questions)(
        network, source.label, source.path, choice
    )
    text = question.text
    if text is None:
        text = questions.random(np.random.default_rng()) or _drawn(task, network.config)
    typed = questions.read(text)
    [answer] = questions.answers([typed])
    return PromptAnswer(
        text,
        source,
        network.config,
        ALL if votes else variant,
        seed,
        network.shape,
        answer,
        tuple(questions.notices(typed)),
    )


def _drawn(task: Task, config: SequenceConfig) -> str:
    """Return a sequence of numbers that the task's problem draws, as it is typed."""
    drawn = draw_examples(task, config, 1, random.randrange(MOST_DRAWN))
    return typed_numbers(drawn.inputs[: drawn.lengths[0], 0].tolist())


def answer_lines(answer: PromptAnswer) -> list[Content]:
    """Return the answer in lines: what was answered, then each class or each step."""
    lines = [_headline(answer), Content(answer.answered_by).stylize(MUTED), Content("")]
    if isinstance(answer.answer.document["answer"], list) and answer.shape.every_step:
        return lines + _step_lines(answer.answer.document, answer.shape)
    if answer.shape.numbers:
        numbers = answer.answer.document["answer"]
        return lines + [
            Content(f"{name[:WIDEST_NAME]:>{WIDEST_NAME}}{GAP}{number:.4g}")
            for name, number in zip(answer.shape.outputs, numbers, strict=True)
        ]
    return lines + _class_lines(answer.answer.document, answer.shape)


def _headline(answer: PromptAnswer) -> Content:
    """Return the answer, and whether it is right."""
    given = answer.answer
    words = given.text.rpartition(" → ")[2]
    if given.correct is None:
        return Content.assemble((words, "bold"), f"{GAP}{given.remark}".rstrip())
    mark, style = ("✓", "$text-success") if given.correct else ("✗", "$text-error")
    return Content.assemble((words, f"{style} bold"), GAP, (f"{mark} {given.remark}", style))


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
