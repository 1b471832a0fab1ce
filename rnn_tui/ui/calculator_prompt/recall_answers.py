"""The recall prompt's questions to networks, and its widgets: digits, answer columns, a table."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import HorizontalScroll, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from rnn_tui.archive.weights import NETWORKS, Source, choose
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import CheckpointError
from rnn_tui.networks.stepwise import Array
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.recall import DIGITS, RECALL
from rnn_tui.tasks.recall.questions import MOST_DIGITS, RecallNetwork
from rnn_tui.ui.widgets.digits import DigitColumn, fit_columns, theme_style
from rnn_tui.ui.widgets.plain import PlainTable, views_in

PER_LENGTH = 5  # sequences of each length in the report's table
MOST_LENGTHS = 20  # lengths in that table
WORDS_WIDTH = 60  # cells from which there is room for words beside the digits
NARROWEST = 26  # cells below which a column cuts its words beside a small digit
# sequences as long as the report's are shown in full, longer ones around the position
SEQUENCE_WIDTH = 2 * 11 + 1

Digits = tuple[int, ...]


@dataclass(frozen=True)
class RecallAnswers:
    """The answers of the R replicas of one file of weights to N sequences."""

    source: Source  #: which weights.
    config: SequenceConfig  #: the settings that they were trained with; its position is known.
    position: int  #: which digit was asked for, counted from 1.
    sequences: tuple[Digits, ...]  #: N of them.
    probabilities: Array  #: the probability of each digit (R, N, 10).

    @property
    def truth(self) -> npt.NDArray[np.int64]:
        """The right answers (N,)."""
        return np.array([digits[self.position - 1] for digits in self.sequences])

    def of(self, variant: int, seed: int | None) -> Array:
        """Return probabilities (N, 10) of a variant: of its `seed`-th replica, or their mean."""
        replicas = self._replicas(variant)
        probabilities: Array = replicas.mean(axis=0) if seed is None else replicas[seed]
        return probabilities

    def _replicas(self, variant: int) -> Array:
        """Return probabilities (S, N, 10) of the S seeds of a variant."""
        first = variant * self.config.seeds
        return self.probabilities[first : first + self.config.seeds]

    def seeds_right(self, variant: int) -> int:
        """Count the seeds of a variant that answer the first sequence correctly."""
        answers = self._replicas(variant)[:, 0].argmax(axis=1)  # (S,)
        return int((answers == self.truth[0]).sum())

    def variant_label(self, variant: int) -> str:
        """Name a variant in a heading, by its loss too if there is more than one."""
        chosen = self.config.variants[variant]
        return chosen.label if len(self.config.losses) > 1 else f"H {chosen.hidden_size}"

    def seed_label(self, seed: int | None) -> str:
        return f"mean of {self.config.seeds}" if seed is None else f"seed {self.config.seed + seed}"

    @property
    def source_text(self) -> str:
        """Name the weights that answer, with what they were trained for."""
        config = self.config
        return (
            f"{self.source.label}: position {config.position}, {count_of(config.seeds, 'seed')}, "
            f"{', '.join(config.losses)}"
        )

    @property
    def notes(self) -> str:
        """Say in sentences why the first answer may be a poor one; empty if there is no reason."""
        notes = []
        if self.position != self.config.position:
            notes.append(
                f"⚠ No network was trained for position {self.position}; the one for position "
                f"{self.config.position} answers."
            )
        length = len(self.sequences[0])
        shortest, longest = self.config.lengths
        if not shortest <= length <= longest:
            lengths = f"{shortest}–{longest}" if shortest < longest else f"{shortest}"
            digits = count_of(length, "digit")
            notes.append(f"⚠ {digits}; the network was trained on {lengths}.")
        return "\n".join(notes)


class RecallNetworks:
    """Chooses weights by position and asks them.

    The choice is remembered, since looking for weights at every keystroke would take too long.
    """

    def __init__(self, source: Source | None = None) -> None:
        """Let `source`, if it is given, answer for the position that it was trained for."""
        self._sources: dict[int, Source] = {}
        if source is not None and source.position is not None:
            self._sources[source.position] = source

    def answer(self, digits: Digits, position: int) -> RecallAnswers:
        """Ask every replica which digit is at `position` (from 1).

        Raises:
            CheckpointError: There are no weights that can be read.
        """
        source, network = self._network_for(position)
        probabilities = network.probabilities([digits])
        return RecallAnswers(source, network.config, position, (digits,), probabilities)

    def table(self, position: int, random: np.random.Generator) -> RecallAnswers:
        """Ask for random sequences of each length in training, as the report's table does.

        Args:
            position: The position that weights are wanted for. They are asked for the one that
                they were trained for.
            random: Draws the sequences.

        Raises:
            CheckpointError: There are no weights that can be read.
        """
        source, network = self._network_for(position)
        shortest, longest = network.config.lengths
        count = min(MOST_LENGTHS, longest - shortest + 1)
        lengths = np.linspace(shortest, longest, count).round().repeat(PER_LENGTH)
        sequences = tuple(draw(int(length), random) for length in lengths)
        trained_position = network.config.position
        assert trained_position is not None
        probabilities = network.probabilities(sequences)
        return RecallAnswers(source, network.config, trained_position, sequences, probabilities)

    def _network_for(self, position: int) -> tuple[Source, RecallNetwork]:
        if position not in self._sources:
            self._sources[position] = choose(RECALL.name, position)
        source = self._sources[position]
        network = NETWORKS.get(source.path, RecallNetwork)
        if network.config.position is None:
            raise CheckpointError("These weights do not say which position they recall.")
        return source, network


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

    def show(self, answers: RecallAnswers, seed: int | None) -> None:
        """Show what each variant answers to the first sequence: its `seed`-th replica, or a mean.

        The mean of all seeds is shown where `seed` is None.
        """
        self._columns = views_in(self, DigitColumn, len(answers.config.variants))
        true, seeds = int(answers.truth[0]), answers.config.seeds
        for variant, column in enumerate(self._columns):
            probabilities = answers.of(variant, seed)[0]
            answer = int(probabilities.argmax())
            right = answer == true
            words = f"✓ {answer}" if right else f"✗ {answer}, true {true}"
            if seeds > 1:
                words += f"\n{answers.seeds_right(variant)} of {seeds} seeds right"
            name = f"{answers.variant_label(variant)} · {answers.seed_label(seed)}"
            colour = "success" if right else "error"
            column.show(name, probabilities.tolist(), words, colour=colour, true=true)
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

    def show(self, answers: RecallAnswers, seed: int | None) -> None:
        """List the sequences with the answers of each variant: its `seed`-th replica, or a mean."""
        self.query_one(".headline", Static).update(self._headline(answers, seed))
        right_style, wrong_style = (
            theme_style(self, "text-success"),
            theme_style(self, "text-error"),
        )
        variants = range(len(answers.config.variants))
        truth = answers.truth
        headings = ["\nlength", "\nsequence", "\ntrue"]
        columns = []
        for variant in variants:
            column = answers.of(variant, seed).argmax(axis=1)  # (N,)
            accuracy = (column == truth).mean()
            headings.append(f"{answers.variant_label(variant)}\n{100 * accuracy:.0f} % right")
            columns.append(column.tolist())
        rows = []
        for index, digits in enumerate(answers.sequences):
            true = int(truth[index])
            row = [
                Text(f"{len(digits)}", justify="right"),
                Text(marked(digits, answers.position, SEQUENCE_WIDTH).rstrip()),
                Text(f"{true}", justify="center"),
            ]
            for column in columns:
                right = column[index] == true
                mark, style = ("✓", right_style) if right else ("✗", wrong_style)
                row.append(Text(f"{mark} {column[index]}", style))
            rows.append(row)
        self.query_one(PlainTable).fill(headings, rows)

    def _headline(self, answers: RecallAnswers, seed: int | None) -> str:
        """Say which sequences were drawn, and who answers."""
        lengths = sorted({len(digits) for digits in answers.sequences})
        if len(lengths) > 1:
            drawn = f"each of {len(lengths)} lengths, {lengths[0]} … {lengths[-1]}"
        else:
            drawn = f"length {lengths[0]}"
        return (
            f"{len(answers.sequences)} random sequences, {PER_LENGTH} of {drawn}; "
            f"answers of {answers.seed_label(seed)}.\n{answers.source_text}"
        )
