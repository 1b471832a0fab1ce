"""What the recall prompt shows: weights chosen and asked, maybe in a thread; the digits, a column a
network, a table.
"""

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

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.networks.stepwise import Array
from rnn_tui.runs.weights import NETWORKS, Source, choose
from rnn_tui.runs.words import count_of
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.recall import DIGITS, RECALL
from rnn_tui.tasks.recall.questions import MOST_DIGITS, RecallNetwork
from rnn_tui.ui.common.widgets.digits import DigitColumn, fit_columns, theme_style
from rnn_tui.ui.common.widgets.plain import PlainTable, views_in

# the report's table: how many sequences of each length, at how many lengths at most
A_LENGTH, MOST_LENGTHS = 5, 20
WORDS_WIDTH = 60  # cells from which there is room for the words beside the digits
NARROWEST = 26  # cells below which a column cuts its words beside a small digit
# sequences as long as the report's are shown in full, longer ones around the position
SEQUENCE_WIDTH = 2 * 11 + 1

Digits = tuple[int, ...]


@dataclass(frozen=True)
class RecallAnswers:
    """Sequences, and what every replica of one file of weights says to them."""

    source: Source  #: which weights.
    #: the settings they were trained with, to recall a position that is known.
    config: SequenceConfig
    position: int  #: which digit was asked for, counted from 1.
    sequences: tuple[Digits, ...]  #: N of them.
    probabilities: Array  #: (R, N, 10).

    @property
    def truth(self) -> npt.NDArray[np.int64]:
        """The right answers (N,)."""
        return np.array([digits[self.position - 1] for digits in self.sequences])

    def of(self, variant: int, seed: int | None) -> Array:
        """Probabilities (N, 10) of a variant: of its `seed`-th replica, or the mean of them all."""
        replicas = self._replicas(variant)
        chosen: Array = replicas.mean(axis=0) if seed is None else replicas[seed]
        return chosen

    def _replicas(self, variant: int) -> Array:
        """Probabilities (S, N, 10) of a variant."""
        return self.probabilities[variant * self.config.seeds : (variant + 1) * self.config.seeds]

    def seeds_right(self, variant: int) -> int:
        """How many seeds of a variant answer the first sequence rightly."""
        return int((self._replicas(variant)[:, 0].argmax(axis=1) == self.truth[0]).sum())

    def variant_label(self, variant: int) -> str:
        """How a heading calls a variant: by the loss as well where there is more than one."""
        chosen = self.config.variants[variant]
        return chosen.label if len(self.config.losses) > 1 else f"H {chosen.hidden_size}"

    def seed_label(self, seed: int | None) -> str:
        return f"mean of {self.config.seeds}" if seed is None else f"seed {self.config.seed + seed}"

    @property
    def source_text(self) -> str:
        config = self.config
        return (
            f"{self.source.label}: position {config.position}, {count_of(config.seeds, 'seed')}, "
            f"{', '.join(config.losses)}"
        )

    @property
    def notes(self) -> str:
        """Why the first answer may be a poor one: sentences, or nothing."""
        notes = []
        if self.position != self.config.position:
            notes.append(
                f"No network here was trained for position {self.position}; the one for position "
                f"{self.config.position} "
                f"answers. To train one, choose lengths of at least {self.position}."
            )
        length, (shortest, longest) = len(self.sequences[0]), self.config.lengths
        if not shortest <= length <= longest:
            lengths = f"{shortest} to {longest}" if shortest < longest else f"{shortest}"
            notes.append(f"{count_of(length, 'digit')}: trained on {lengths}.")
        return " ".join(notes)


class RecallNetworks:
    """Chooses weights by position, a `source` for its own, and asks them; remembers which: typing
    looks for none.
    """

    def __init__(self, source: Source | None = None) -> None:
        self._sources: dict[int, Source] = {}
        if source is not None and source.position is not None:
            self._sources[source.position] = source

    def answer(self, digits: Digits, position: int) -> RecallAnswers:
        """What each replica takes the digit at `position` for; raises a `CheckpointError` if there
        are no weights to read.
        """
        source, network = self._chosen(position)
        return RecallAnswers(
            source, network.config, position, (digits,), network.probabilities([digits])
        )

    def table(self, position: int, random: np.random.Generator) -> RecallAnswers:
        """The report's table: sequences of each length in training, asked at the weights' own
        position; raises as `answer`.
        """
        source, network = self._chosen(position)
        shortest, longest = network.config.lengths
        lengths = (
            np.linspace(shortest, longest, min(MOST_LENGTHS, longest - shortest + 1))
            .round()
            .repeat(A_LENGTH)
        )
        sequences = tuple(draw(int(length), random) for length in lengths)
        trained = network.config.position
        assert trained is not None
        return RecallAnswers(
            source, network.config, trained, sequences, network.probabilities(sequences)
        )

    def _chosen(self, position: int) -> tuple[Source, RecallNetwork]:
        if position not in self._sources:
            self._sources[position] = choose(RECALL.name, position)
        source = self._sources[position]
        network = NETWORKS.get(source.path, RecallNetwork)
        if network.config.position is None:
            raise CheckpointError("These weights do not say which position they recall.")
        return source, network


def draw(length: int, random: np.random.Generator) -> Digits:
    """A random sequence."""
    return tuple(random.integers(DIGITS, size=length).tolist())


def draw_within(lengths: tuple[int, int], position: int, random: np.random.Generator) -> Digits:
    """A random sequence of a random length in training that has a digit at `position`."""
    shortest, longest = (min(max(length, position), MOST_DIGITS) for length in lengths)
    return draw(int(random.integers(shortest, longest + 1)), random)


def marked(digits: Sequence[int], position: int, width: int) -> str:
    """The digits with the one at `position` (from 1) in brackets, as ` 3 1[4]1 5 `: in `width`
    cells, those around it.
    """
    room = max(1, (width - 1) // 2)
    first, last = 0, len(digits)
    if len(digits) > room:
        room = max(1, room - 2)  # an ellipsis takes the place of a digit
        first = min(max(0, position - 1 - room // 2), len(digits) - room)
        last = first + room
    shown = [*["…"] * (first > 0), *map(str, digits[first:last]), *["…"] * (last < len(digits))]
    at = position - 1 - first + (first > 0)
    between = [" "] * (len(shown) + 1)
    between[at], between[at + 1] = "[", "]"
    return between[0] + "".join(map("".join, zip(shown, between[1:], strict=True)))


class MarkedDigits(Widget):
    """The sequence, as much of it as fits around the position."""

    _digits: Digits = ()
    _position = 1

    def show(self, digits: Digits, position: int) -> None:
        self._digits, self._position = digits, position
        self.refresh()

    def render(self) -> Content:
        if not self._digits:
            return Content("")
        digits, position, width = self._digits, self._position, self.content_size.width
        words = (
            f"  digit {position:,} of {len(digits):,} is {digits[position - 1]}"
            if width >= WORDS_WIDTH
            else ""
        )
        line = Content(marked(digits, position, width - len(words)))
        start = line.plain.index("[")
        return line.stylize("bold reverse", start, start + 3) + Content(words).stylize("dim")


class AnswerColumns(HorizontalScroll):
    """As many columns as the weights have variants; takes the focus, so that keys are commands."""

    _columns: Sequence[DigitColumn] = ()

    def show(self, answers: RecallAnswers, seed: int | None) -> None:
        """Show what every variant's `seed`-th replica says to the first sequence, or the mean."""
        self._columns = views_in(self, DigitColumn, len(answers.config.variants))
        true, seeds = int(answers.truth[0]), answers.config.seeds
        for variant, column in enumerate(self._columns):
            probabilities = answers.of(variant, seed)[0]
            answer = int(probabilities.argmax())
            words, colour = (
                (f"✓ {answer}", "success")
                if answer == true
                else (f"✗ {answer}, true {true}", "error")
            )
            if seeds > 1:
                words += f"\n{answers.seeds_right(variant)} of {seeds} seeds right"
            name = f"{answers.variant_label(variant)} · {answers.seed_label(seed)}"
            column.show(name, probabilities.tolist(), words, colour=colour, true=true)
        self.on_resize()

    def on_resize(self) -> None:
        self.set_class(len(self._columns) * NARROWEST > self.size.width, "-many")
        fit_columns(self._columns, self.size)


class RecallTable(Vertical):
    """A headline, and a row for each sequence."""

    def compose(self) -> ComposeResult:
        yield Static("", classes="headline", markup=False)
        yield PlainTable(cursor_type="row", header_height=2, zebra_stripes=True, cell_padding=1)

    def say(self, text: str) -> None:
        """Say in place of the headline why there is no table."""
        self.query_one(".headline", Static).update(text)
        self.query_one(PlainTable).clear(columns=True)

    def show(self, answers: RecallAnswers, seed: int | None) -> None:
        """List the sequences with the answers of every variant's `seed`-th replica, or the mean."""
        lengths = sorted({len(digits) for digits in answers.sequences})
        several = f"each of {len(lengths)} lengths, {lengths[0]} … {lengths[-1]}"
        drawn = (
            f"{len(answers.sequences)} random sequences, {A_LENGTH} of "
            f"{several if lengths[1:] else f'length {lengths[0]}'}"
        )
        self.query_one(".headline", Static).update(
            f"{drawn}; answers of {answers.seed_label(seed)}.\n{answers.source_text}"
        )
        good, bad = theme_style(self, "text-success"), theme_style(self, "text-error")
        rows, truth = [], answers.truth
        said = [
            answers.of(variant, seed).argmax(axis=1)
            for variant in range(len(answers.config.variants))
        ]
        right = (
            f"{answers.variant_label(at)}\n{100 * (row == truth).mean():.0f} % right"
            for at, row in enumerate(said)
        )
        headings = ["\nlength", "\nsequence", "\ntrue", *right]
        for digits, true, *row in zip(answers.sequences, truth, *said, strict=True):
            sequence = Text(marked(digits, answers.position, SEQUENCE_WIDTH).rstrip())
            read = (Text(f"✓ {one}", good) if one == true else Text(f"✗ {one}", bad) for one in row)
            rows.append(
                [
                    Text(f"{len(digits)}", justify="right"),
                    sequence,
                    Text(f"{true}", justify="center"),
                    *read,
                ]
            )
        self.query_one(PlainTable).fill(headings, rows)
