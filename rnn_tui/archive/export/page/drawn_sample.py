"""Sequences that a task draws, answered by all networks of a run, for its document.

Shapes: R replicas, V variants, S seeds of each, N sequences, T steps, A answers (T or 1), F
features, O outputs.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rnn_tui.archive.export.page.blocks import Block, MarkdownBlock, markdown_table
from rnn_tui.engine.metrics import Metric, Spread, accuracy_metric
from rnn_tui.engine.tables import columns_of_cells
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.data_sets.baseline import Baseline
from rnn_tui.tasks.sequences.inference import longest_first
from rnn_tui.tasks.sequences.words import NO_ANSWER, words_for
from rnn_tui.tasks.task import Task

if TYPE_CHECKING:
    from rnn_tui.tasks.sequences.inference import SequenceNetwork

Numbers = npt.NDArray[Any]
SHOWN = 6  # examples of each kind
UNKNOWN = -1
STEPS_OF_NUMBERS = 4  # of a sequence of numbers that are written out


class DrawnSample:
    """Sequences that were drawn by chance, with the answers of all replicas.

    Args:
        task: of sequences.
        config: the settings of its networks.
        inputs: (N, T, F).
        targets: (N,) or, of every step, (N, T), below 0 or after the end where nothing is asked.
        lengths: (N,).
    """

    def __init__(
        self,
        task: Task,
        config: SequenceConfig,
        *,
        inputs: Numbers,
        targets: Numbers,
        lengths: Numbers,
    ) -> None:
        assert task.shape is not None
        self._task = task
        self._config = config
        self._shape = task.shape
        self._inputs = inputs
        self._lengths = lengths
        if self._shape.every_step:
            within = np.arange(targets.shape[1]) < lengths[:, None]
            self._targets = np.where(within, targets.astype(np.int64), UNKNOWN)  # (N, T)
        else:
            self._targets = targets.reshape(len(lengths), 1)  # (N, 1)
        self._answers: Numbers = np.empty(0)  #: (R, N, A).
        self._words = words_for(task, config)

    def answer(self, network: "SequenceNetwork") -> None:
        """Have all replicas of a network answer."""
        sequences = [
            rows[:length] for rows, length in zip(self._inputs, self._lengths, strict=True)
        ]
        order, lengths, read = longest_first(sequences)
        shape = (len(network.replicas), *self._targets.shape)
        kind = np.float64 if self._shape.numbers else np.int64
        answers = np.zeros(shape, kind)
        with np.errstate(all="ignore"):
            for step, logits in enumerate(network.steps(read, lengths)):  # (R, O, n)
                places = order[: logits.shape[2]]
                at_step = self._answers_of(logits)  # (R, n)
                answers[:, places, step if self._shape.every_step else 0] = at_step
        self._answers = answers

    def _answers_of(self, logits: Numbers) -> Numbers:
        """Return the answers (R, n) of outputs (R, O, n)."""
        if self._shape.numbers:
            numbers: Numbers = logits[:, 0]
            return numbers
        if logits.shape[1] == 1:
            logits = np.stack((-logits[:, 0], logits[:, 0]), axis=1)  # a no, and a yes
        answers: Numbers = logits.argmax(axis=1)
        return answers

    def compare(self) -> tuple[Metric, tuple[float, ...], Baseline]:
        """Return a metric with its value for each replica, and the best constant answer."""
        if self._shape.numbers:
            metric = Metric("test_rmse", "RMSE")
            errors = self._answers - self._targets  # (R, N, 1)
            values = np.sqrt((errors**2).mean(axis=(1, 2)))
            naive = float(self._targets.std())
            return metric, tuple(values.tolist()), Baseline("always the mean", {metric.name: naive})
        metric = accuracy_metric("test_accuracy", "right answers")
        known = self._targets >= 0
        is_right = (self._answers == self._targets)[:, known]  # (R, n)
        frequent = np.bincount(self._targets[known].astype(int)).max() / max(1, known.sum())
        name = "always the most frequent answer"
        values = 100 * is_right.mean(axis=1)
        return metric, tuple(values.tolist()), Baseline(name, {metric.name: 100 * float(frequent)})

    def examples(self) -> tuple[list[Block], list[Block]]:
        """Return some that most seeds of the best variant answer right, and some they don't."""
        variants = len(self._config.variants)
        by_seed = self._answers.reshape(variants, -1, *self._targets.shape)  # (V, S, N, A)
        errors = self._errors(by_seed)  # (V, S, N)
        best = int(errors.mean(axis=(1, 2)).argmin())
        mean_errors = errors[best].mean(axis=0)  # (N,)
        order = mean_errors.argsort(kind="stable")
        limit = 0.5 if not self._shape.numbers else np.median(mean_errors)
        right = [at for at in order.tolist() if mean_errors[at] < limit][:SHOWN]
        wrong = [at for at in order[::-1].tolist() if mean_errors[at] >= limit][:SHOWN]
        return self._table(right, by_seed[best]), self._table(wrong, by_seed[best])

    def _errors(self, by_seed: Numbers) -> Numbers:
        """Return of each sequence (V, S, N) 1 if an answer is wrong, or how far a number is off."""
        if self._shape.numbers:
            errors: Numbers = np.abs(by_seed - self._targets)[..., 0]
            return errors
        wrong = (by_seed != self._targets) & (self._targets >= 0)
        any_wrong: Numbers = wrong.any(axis=-1).astype(float)
        return any_wrong

    def _table(self, chosen: Sequence[int], by_seed: Numbers) -> list[Block]:
        """Return sequences with right answers and those of seeds (S, N, A)."""
        if not chosen:
            return []
        rows = [self._row(at, by_seed[:, at]) for at in chosen]
        heads = (self._shape.inputs, "right", "answered", "seeds right")
        if self._shape.numbers:
            heads = (self._shape.inputs, "right", "answered, mean over seeds", "± sd")
        return [MarkdownBlock(markdown_table(columns_of_cells(heads), rows))]

    def _row(self, at: int, answers: Numbers) -> tuple[str, str, str, str]:
        """Return the cells of a sequence with the answers of seeds (S, A)."""
        target = self._targets[at]
        read = self._inputs[at, : self._lengths[at]]
        if self._shape.numbers:
            spread = Spread(tuple(answers[:, 0].tolist()))
            deviation = "–" if spread.sd is None else f"{spread.sd:.3f}"
            return self._numbers(read), f"{target[0]:.3f}", f"{spread.mean:.3f}", deviation
        known = target >= 0
        seeds_right = int((answers == target)[:, known].all(axis=1).sum())
        voted = np.array([np.bincount(column).argmax() for column in answers.T])  # (A,)
        return (
            self._written(read),
            self._answer_text(target, known, len(read)),
            self._answer_text(voted, known, len(read)),
            f"{seeds_right} of {len(answers)}",
        )

    def _numbers(self, read: Numbers) -> str:
        shown = ["; ".join(f"{value:.2f}" for value in row) for row in read[:STEPS_OF_NUMBERS]]
        return " | ".join(shown) + (" …" if len(read) > STEPS_OF_NUMBERS else "")

    def _written(self, read: Numbers) -> str:
        """Return a sequence (T, F) as its task writes it."""
        by_features = {symbol.features: at for at, symbol in enumerate(self._shape.alphabet)}
        places = [by_features.get(tuple(row)) for row in read.astype(int).tolist()]
        if None in places:
            return self._numbers(read)
        word = np.array(places, np.uint8)
        return self._words.written(word)

    def _answer_text(self, answers: Numbers, known: Numbers, length: int) -> str:
        """Return answers (A,), those that are asked, as their task writes them."""
        within = answers[:length] if self._shape.every_step else answers
        asked = np.where(known[: len(within)], within, NO_ANSWER).astype(np.uint8)
        return self._words.written_answer(asked)
