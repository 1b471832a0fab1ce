"""The recall prompt's widgets: digits, columns of answers, the report's table."""

from collections.abc import Sequence

import numpy as np
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import HorizontalScroll, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from rnn_tui.engine.counts import count_of
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.recall import DIGITS
from rnn_tui.tasks.recall.questions import MOST_DIGITS
from rnn_tui.ui.calculator_prompt.asking import NetworkAnswers
from rnn_tui.ui.widgets.digits import DigitColumn, fit_columns, theme_style
from rnn_tui.ui.widgets.plain import PlainTable, views_in

PER_LENGTH = 5  # sequences of each length in the report's table
MOST_LENGTHS = 20  # lengths in that table
WORDS_WIDTH = 60  # cells from which there is room for words beside the digits
NARROWEST = 26  # cells below which a column cuts its words beside a small digit
# sequences as long as the report's are shown in full, longer ones around the position
SEQUENCE_WIDTH = 2 * 11 + 1

Digits = tuple[int, ...]


def variant_label(config: SequenceConfig, variant: int) -> str:
    """Name a variant in a heading, by its loss too if there is more than one."""
    chosen = config.variants[variant]
    return chosen.label if len(config.losses) > 1 else f"H {chosen.hidden_size}"


def seed_label(config: SequenceConfig, seed: int | None) -> str:
    """Name the seed, counted from 0, whose answers are shown; None for the mean of all."""
    return f"mean of {config.seeds}" if seed is None else f"seed {config.seed + seed}"


def source_text(answers: NetworkAnswers) -> str:
    """Name the weights that answer, with what they were trained for."""
    config = answers.config
    return (
        f"{answers.source.label}: position {config.position}, {count_of(config.seeds, 'seed')}, "
        f"{', '.join(config.losses)}"
    )


def table_texts(config: SequenceConfig, random: np.random.Generator) -> list[str]:
    """Draw random sequences of each length in training, as in the report's table."""
    shortest, longest = config.lengths
    count = min(MOST_LENGTHS, longest - shortest + 1)
    lengths = np.linspace(shortest, longest, count).round().repeat(PER_LENGTH)
    return [" ".join(map(str, draw(int(length), random))) for length in lengths]


def draw(length: int, random: np.random.Generator) -> Digits:
    """Draw a random sequence of digits."""
    return tuple(random.integers(DIGITS, size=length).tolist())


def draw_within(lengths: tuple[int, int], position: int, random: np.random.Generator) -> Digits:
    """Draw a sequence of a random length within `lengths` that has a digit at `position`."""
    shortest, longest = (min(max(length, position), MOST_DIGITS) for length in lengths)
    return draw(int(random.integers(shortest, longest + 1)), random)


def marked(digits: Sequence[int], position: int, width: int) -> str:
    """Write the digits with the one at `position` (from 1) in brackets, as ` 3 1[4]1 5 `.

    If not all of them fit into `width` cells, those around the position are written.
    """
    room = max(1, (width - 1) // 2)
    first, last = 0, len(digits)
    if len(digits) > room:
        room = max(1, room - 2)  # an ellipsis takes the place of a digit
        first = min(max(0, position - 1 - room // 2), len(digits) - room)
        last = first + room
    text = " "
    if first > 0:
        text += "… "
    for index in range(first, last):
        if index == position - 1:
            text = f"{text[:-1]}[{digits[index]}]"
        else:
            text += f"{digits[index]} "
    if last < len(digits):
        text += "… "
    return text


class MarkedDigits(Widget):
    """Shows the sequence, as much of it as fits around the position."""

    _digits: Digits = ()
    _position = 1

    def show(self, digits: Digits, position: int) -> None:
        self._digits, self._position = digits, position
        self.refresh()

    def render(self) -> Content:
        if not self._digits:
            return Content("")
        digits, position, width = self._digits, self._position, self.content_size.width
        words = ""
        if width >= WORDS_WIDTH:
            words = f"  digit {position:,} of {len(digits):,} is {digits[position - 1]}"
        line = Content(marked(digits, position, width - len(words)))
        start = line.plain.index("[")
        return line.stylize("bold reverse", start, start + 3) + Content(words).stylize("dim")


class AnswerColumns(HorizontalScroll):
    """A column of answers for each variant; with the focus, digits are commands too."""

    FOCUS_ON_CLICK = False  # what is typed next is for the field
    _columns: Sequence[DigitColumn] = ()

    def show(self, answers: NetworkAnswers, seed: int | None) -> None:
        """Show what each variant answers to the first sequence: its `seed`-th replica, or a mean.

        The mean of all seeds is shown where `seed` is None.
        """
        config = answers.config
        self._columns = views_in(self, DigitColumn, len(config.variants))
        for variant, column in enumerate(self._columns):
            answer = answers.of(answers.of_variant(variant, seed))
            digit, true = answer.document["answer"], answer.document["expected"]
            words = f"✓ {digit}" if answer.correct else f"✗ {digit}, true {true}"
            if config.seeds > 1:
                words += f"\n{answers.seeds_right[variant]} of {config.seeds} seeds right"
            name = f"{variant_label(config, variant)} · {seed_label(config, seed)}"
            colour = "success" if answer.correct else "error"
            probabilities = answer.document["probabilities"]
            column.show(name, probabilities, words, colour=colour, true=true)
        self.on_resize()

    def on_resize(self) -> None:
        self.set_class(len(self._columns) * NARROWEST > self.size.width, "-many")
        fit_columns(self._columns, self.size)


class RecallTable(Vertical):
    """The report's table: a headline, and a row for each sequence."""

    def compose(self) -> ComposeResult:
        yield Static("", classes="headline", markup=False)
        yield PlainTable(cursor_type="row", header_height=2, zebra_stripes=True, cell_padding=1)

    def say(self, text: str) -> None:
        """Show a sentence in place of the table."""
        self.query_one(".headline", Static).update(text)
        self.query_one(PlainTable).clear(columns=True)

    def show(self, answers: NetworkAnswers, seed: int | None) -> None:
        """List the sequences with the answers of each variant: its `seed`-th replica, or a mean."""
        self.query_one(".headline", Static).update(headline_of(answers, seed))
        headings, rows = table_of(answers, seed)
        styles = {"✓": theme_style(self, "text-success"), "✗": theme_style(self, "text-error")}
        self.query_one(PlainTable).fill(
            headings,
            [
                [
                    Text(length, justify="right"),
                    Text(digits),
                    Text(true, justify="center"),
                    *(Text(answer, styles[answer[0]]) for answer in answered),
                ]
                for length, digits, true, *answered in rows
            ],
        )


def table_of(answers: NetworkAnswers, seed: int | None) -> tuple[list[str], list[list[str]]]:
    """Return the headings and the rows of the table, a column for each variant's answers."""
    rows = [
        [
            f"{len(question.digits)}",
            marked(question.digits, question.position, SEQUENCE_WIDTH).rstrip(),
            f"{question.digits[question.position - 1]}",
        ]
        for question in answers.asked
    ]
    headings = ["\nlength", "\nsequence", "\ntrue"]
    for variant in range(len(answers.config.variants)):
        replicas = answers.of_variant(variant, seed)
        column = [answers.of(replicas, place) for place in range(len(rows))]
        for row, answer in zip(rows, column, strict=True):
            row.append(f"{'✓' if answer.correct else '✗'} {answer.document['answer']}")
        share = sum(answer.correct is True for answer in column) / len(column)
        headings.append(f"{variant_label(answers.config, variant)}\n{100 * share:.0f} % right")
    return headings, rows


def headline_of(answers: NetworkAnswers, seed: int | None) -> str:
    """Say which sequences were drawn, and who answers."""
    lengths = sorted({len(question.digits) for question in answers.asked})
    if len(lengths) > 1:
        drawn = f"each of {len(lengths)} lengths, {lengths[0]} … {lengths[-1]}"
    else:
        drawn = f"length {lengths[0]}"
    return (
        f"{len(answers.asked)} random sequences, {PER_LENGTH} of {drawn}; "
        f"answers of {seed_label(answers.config, seed)}.\n{source_text(answers)}"
    )
