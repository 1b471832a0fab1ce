"""Apply the networks of a run to a new file, and say what they answered, as rows and as figures."""

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.data import store
from rnn_tui.data.applying.new_file import NewFile
from rnn_tui.data.applying.preparing import Ranges
from rnn_tui.data.applying.remarks import Remarks
from rnn_tui.data.applying.rows import STOPPED
from rnn_tui.data.conformal import INTERVAL
from rnn_tui.data.description import Description, unique_names
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError, printable
from rnn_tui.engine.progress import Progress
from rnn_tui.tasks.data_sets.applying import NewAnswers, Voters
from rnn_tui.tasks.sequences.inference import ReplicaChoice, SequenceNetwork


class Application:
    """The networks of a run, applied to a new file, arrays or a frame.

    Args:
        network: all networks of the run.
        source: the path of a file, arrays, or a frame.
        choice: which of the networks are asked.
        say: takes sentences on what is unlike training, or left out, as they come.
        progress: is told how far it is, and may stop it.

    Raises:
        DataError: if the data set that they were trained on is not kept, or the file can't be read.
        SettingError: if there is no such network.
    """

    def __init__(
        self,
        network: SequenceNetwork,
        source: Any,
        choice: ReplicaChoice,
        say: Callable[[str], object],
        progress: Progress,
    ) -> None:
        data_set = store.load(network.config.task)
        self.description: Description = data_set.description
        self.remarks = Remarks(say)
        self._progress = progress
        self.voters = Voters(network, data_set, choice, progress)
        self._file = NewFile(source, self.description, self.remarks, progress, Ranges.of(data_set))
        self.figures = NewFigures(self.description)
        self.sequences = 0  #: that were answered.
        self.answers_given = 0  #: rows of answers.

    def answers(self) -> Iterator[NewAnswers]:
        """Yield all answers, some at a time, in the order of the file.

        Raises:
            DataError: if nothing can be read, or it is stopped.
        """
        for sequences in self._file.sequences():
            for answers in self.voters.answers(sequences):
                if self._progress.stopping:
                    raise DataError(STOPPED)
                self.figures.add(answers)
                self.answers_given += answers.count
                yield answers
            self.sequences += len(sequences.ids)

    def rows(self, *, with_right: bool) -> "AnswerRows":
        """Return the columns of answers.

        Args:
            with_right: whether the file says what is right.
        """
        return AnswerRows(
            self.description,
            self._file.id_name,
            self._file.step_name,
            votes=len(self.voters.seeds) > 1,
            with_ends=self.level is not None,
            with_right=with_right,
        )

    def documents(self, answers: NewAnswers) -> Iterator[dict[str, Any]]:
        """Yield each answer, JSON-ready."""
        description = self.description
        names = description.outputs
        for place in range(answers.count):
            document: dict[str, Any] = {}
            document["sequence"] = answers.ids[place]  #: its name in the file, or its number.
            if description.goal.every_step:
                document["step"] = answers.steps[place]  #: the file's word, or its number.
            outputs = answers.outputs[place].tolist()
            spread = None if answers.spread is None else answers.spread[place].tolist()
            right = None if answers.targets is None else answers.targets[place].tolist()
            if description.classifies:
                #: the class whose mean probability is the largest; or numbers by name, in the units
                #: of the file, means over the seeds.
                document["answer"] = names[int(answers.outputs[place].argmax())]
                #: of classes, by name: means over the seeds.
                document["probabilities"] = dict(zip(names, outputs, strict=True))
                #: of classes: the share of seeds, 0 … 1, that answer the same; null of one seed.
                document["agreement"] = spread
                #: what the file says; null if it says nothing.
                document["right"] = names[right] if right is not None and right >= 0 else None
            else:
                document["answer"] = dict(zip(names, outputs, strict=True))
                #: of numbers: their standard deviation over the seeds; null of one seed.
                document["sd"] = None if spread is None else dict(zip(names, spread, strict=True))
                low, high = self._ends(answers, place)
                document["low"] = low  #: of numbers: the low ends of intervals; null for none.
                document["high"] = high  #: of numbers: the high ends.
                document["right"] = None if right is None else dict(zip(names, right, strict=True))
            yield document

    def _ends(
        self, answers: NewAnswers, place: int
    ) -> tuple[dict[str, float] | None, dict[str, float] | None]:
        """Return the low and the high ends of the intervals of an answer, by name."""
        if answers.ends is None:
            return None, None
        low, high = (array[place].tolist() for array in answers.ends)
        names = self.description.outputs
        return dict(zip(names, low, strict=True)), dict(zip(names, high, strict=True))

    @property
    def level(self) -> float | None:
        """The share of numbers that intervals are to hold, 0 … 1; None where there are none."""
        return None if self.voters.intervals is None else INTERVAL

    def summary(self) -> dict[str, Any]:
        """Return what is to be said of all answers, JSON-ready, once they were given."""
        return {
            "sequences": self.sequences,  #: that were answered.
            "answers": self.answers_given,  #: of sequences, or of their steps.
            "rows_left_out": self.remarks.rows,  #: that can't be read.
            "sequences_left_out": self.remarks.sequences,  #: that can't be read.
            "seeds": list(self.voters.seeds),  #: of the networks that voted.
            "level": self.level,  #: the share that intervals are to hold, 0 … 1; null for none.
            #: figures by name, of the answers whose right ones the file says; empty without any.
            "figures": self.figures.figures(),
            #: what is unlike training, and the first reasons why something is left out.
            "notes": [*self.remarks.notes, *self.remarks.faults],
        }

    def sentences(self, path: Path | None) -> Iterator[str]:
        """Yield what is to be said of all answers, once they were given.

        Args:
            path: the file that they were written to, if any.
        """
        left_out = self.remarks.left_out()
        if left_out:
            yield left_out
        counts = count_of(self.sequences, "sequence")
        if self.answers_given != self.sequences:
            counts += f", {count_of(self.answers_given, 'answer')}"
        yield f"{counts}." if path is None else f"{counts} in {printable(path, 200)}."
        if not self.description.classifies:
            yield self._intervals_in_words()
        figures = self.figures.figures()
        if figures:
            yield figures_in_words(figures)

    def _intervals_in_words(self) -> str:
        """Return what the intervals are, or why there are none."""
        if self.level is None:
            return "The validation has too few answers for intervals."
        return (
            f"low and high are the ends of {100 * self.level:.0f} % intervals, by the errors in "
            "the validation."
        )


def figures_in_words(figures: Mapping[str, Any]) -> str:
    """Return figures of answers whose right ones are known, in a sentence."""
    measured = f"Of {count_of(figures['measured'], 'answer')} with a right one: "
    if "accuracy" in figures:
        return (
            f"{measured}{figures['accuracy']:.2f} % right, balanced accuracy "
            f"{figures['balanced_accuracy']:.2f} %, macro F1 {figures['macro_f1']:.2f} %."
        )
    determination = figures["r2"]
    r2 = "" if determination is None else f", R² {determination:.3f}"
    return f"{measured}RMSE {figures['rmse']:.6g}, MAE {figures['mae']:.6g}{r2}."


class AnswerRows:
    """The columns of answers: what each row of a file of answers has."""

    def __init__(
        self,
        description: Description,
        id_name: str,
        step_name: str,
        *,
        votes: bool,
        with_ends: bool,
        with_right: bool,
    ) -> None:
        self._description = description
        self._votes = votes
        self._with_right = with_right and bool(description.reading and description.reading.label)
        names = [id_name]
        if description.goal.every_step:
            names.append(step_name)
        if description.classifies:
            names += ["answer", *(f"P({name})" for name in description.outputs)]
            names += ["agreement"] if votes else []
            names += ["right"] if self._with_right else []
        else:
            outputs = list(description.outputs)
            names += outputs if len(outputs) > 1 or description.horizon else ["answer"]
            names += [f"sd {name}" for name in outputs] if votes else []
            for end in ("low", "high") if with_ends else ():
                names += [f"{end} {name}" for name in outputs]
            names += [f"right {name}" for name in outputs] if self._with_right else []
        self.names = unique_names(names)

    def values(self, answers: NewAnswers) -> Iterator[list[Any]]:
        """Yield the values of each answer: text, and numbers, NaN for a missing one."""
        columns: list[list[Any]] = [list(answers.ids)]
        if self._description.goal.every_step:
            columns.append(list(answers.steps))
        if self._description.classifies:
            columns += self._of_classes(answers)
        else:
            arrays = [answers.outputs, answers.spread, *(answers.ends or ())]
            arrays += [answers.targets] if self._with_right else []
            columns += [
                column.tolist() for array in arrays if array is not None for column in array.T
            ]
        yield from map(list, zip(*columns, strict=True))

    def cells(self, answers: NewAnswers) -> Iterator[list[str]]:
        """Yield the cells of each answer, as a file has them."""
        form = ".6g" if self._description.classifies else ".9g"
        for values in self.values(answers):
            yield [value if isinstance(value, str) else _written(value, form) for value in values]

    def _of_classes(self, answers: NewAnswers) -> list[list[Any]]:
        """Return a column of answers, one for the probability of each class, and agreement."""
        names = self._description.outputs
        columns: list[list[Any]] = [
            [names[place] for place in answers.outputs.argmax(axis=1).tolist()]
        ]
        columns += [column.tolist() for column in answers.outputs.T]
        if answers.spread is not None:
            columns.append(answers.spread.tolist())
        if self._with_right:
            places = [-1] * answers.count if answers.targets is None else answers.targets.tolist()
            columns.append([names[place] if place >= 0 else "" for place in places])
        return columns


def _written(number: float, form: str) -> str:
    """Return a number as text, empty for NaN."""
    return "" if math.isnan(number) else format(number, form)


class NewFigures:
    """Sums over answers whose right ones are known, and the figures of all of them."""

    def __init__(self, description: Description) -> None:
        self._classifies = description.classifies
        count = len(description.outputs)
        self._confusion = np.zeros((count, count), np.int64)
        # of numbers, over all outputs
        self._known = np.zeros(count)
        self._absolute = np.zeros(count)
        self._squares = np.zeros(count)
        self._sums = np.zeros(count)
        self._target_squares = np.zeros(count)
        self._shift: npt.NDArray[Any] | None = None

    def add(self, answers: NewAnswers) -> None:
        """Add answers."""
        if answers.targets is None:
            return
        if self._classifies:
            known = answers.targets >= 0
            chosen = answers.outputs[known].argmax(axis=1)
            np.add.at(self._confusion, (answers.targets[known], chosen), 1)
            return
        targets = answers.targets.astype(np.float64)
        # the first steps of a forecast are not answered
        present = ~np.isnan(targets) & ~np.isnan(answers.outputs)
        targets[~present] = np.nan
        if self._shift is None and present.any():
            self._shift = np.nanmean(targets, axis=0) if present.any(axis=0).all() else None
        shift = 0.0 if self._shift is None else self._shift
        errors = np.where(present, answers.outputs - targets, 0.0)
        around = np.where(present, targets - shift, 0.0)
        self._known += present.sum(axis=0)
        self._absolute += np.abs(errors).sum(axis=0)
        self._squares += np.square(errors).sum(axis=0)
        self._sums += around.sum(axis=0)
        self._target_squares += np.square(around).sum(axis=0)

    def figures(self) -> dict[str, Any]:
        """Return the figures by name, JSON-ready; none if nothing is known."""
        if self._classifies:
            return self._of_classes()
        known = self._known.sum()
        if not known:
            return {}
        variation = (self._target_squares - self._sums**2 / np.maximum(self._known, 1)).sum()
        return {
            "measured": int(known),  #: answers, or numbers, whose right ones the file says.
            #: of numbers, in the units of the file: the mean absolute error.
            "mae": float(self._absolute.sum() / known),
            #: of numbers, in the units of the file: the root mean squared error.
            "rmse": float(np.sqrt(self._squares.sum() / known)),
            #: of numbers: the share of their variance that is predicted; null if they have none.
            "r2": float(1 - self._squares.sum() / variation) if variation > 0 else None,
        }

    def _of_classes(self) -> dict[str, Any]:
        known = int(self._confusion.sum())
        if not known:
            return {}
        right = np.diag(self._confusion)
        of_class = self._confusion.sum(axis=1)
        recalls = right[of_class > 0] / of_class[of_class > 0]
        met = of_class + self._confusion.sum(axis=0)
        f1 = 2 * right[met > 0] / met[met > 0]
        return {
            "measured": known,
            "accuracy": float(100 * right.sum() / known),  #: of classes: right answers, in percent.
            #: of classes: the mean of the recalls of those that occur, in percent.
            "balanced_accuracy": float(100 * recalls.mean()),
            #: of classes: the mean of their F1 scores, in percent.
            "macro_f1": float(100 * f1.mean()),
            #: of classes: right ones in rows, answers in columns.
            "confusion": self._confusion.tolist(),
        }
