"""What the networks of a run answer to new sequences, for scripts and notebooks."""

from collections.abc import Iterator
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rnn_tui.api.arguments import checked
from rnn_tui.api.frames import pandas
from rnn_tui.api.progress import ActionProgress
from rnn_tui.api.wording import in_arguments
from rnn_tui.archive.weights import NETWORKS
from rnn_tui.data.store import name_for_run
from rnn_tui.engine.files.weights_file import read_description
from rnn_tui.engine.progress import Progress
from rnn_tui.tasks.data_sets.application import Application
from rnn_tui.tasks.data_sets.applying import NewAnswers
from rnn_tui.tasks.data_sets.task import stored_task
from rnn_tui.tasks.sequences.inference import ReplicaChoice

if TYPE_CHECKING:
    import pandas as pd


@checked
class Predictions:
    """The answers of a run to new sequences, or to their steps. `Run.predict` makes it."""

    def __init__(self, application: Application, parts: list[NewAnswers]) -> None:
        self._application = application
        self._parts = parts
        self._summary = application.summary()

    def __repr__(self) -> str:
        """How much was answered."""
        return f"<Predictions: {len(self)}, to {self._summary['sequences']} sequences>"

    def __len__(self) -> int:
        return sum(part.count for part in self._parts)

    def __iter__(self) -> Iterator[Any]:
        """Yield the answers, as `answers` has them."""
        return iter(self.answers)

    @property
    def ids(self) -> tuple[str, ...]:
        """What the file calls the sequence of each answer; its number from 1 without a name."""
        return tuple(name for part in self._parts for name in part.ids)

    @property
    def steps(self) -> tuple[str, ...]:
        """What the file calls the step of each answer; empty if whole sequences are answered."""
        return tuple(step for part in self._parts for step in part.steps)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the classes, or of the numbers that are answered."""
        return self._application.description.outputs

    @property
    def outputs(self) -> npt.NDArray[Any]:
        """(n, O) probabilities of classes, or numbers in the units of the file: seeds' means."""
        return np.concatenate([part.outputs for part in self._parts])

    @property
    def answers(self) -> list[Any]:
        """The n answers: the most probable classes by name, a number each, or a list of numbers."""
        outputs = self.outputs
        if self._application.description.classifies:
            return [self.names[place] for place in outputs.argmax(axis=1).tolist()]
        answers: list[Any] = (outputs[:, 0] if outputs.shape[1] == 1 else outputs).tolist()
        return answers

    @property
    def spread(self) -> npt.NDArray[Any] | None:
        """The share (n,) of seeds that agree, or the deviation (n, O) of numbers over the seeds.

        None for one seed.
        """
        parts = [part.spread for part in self._parts if part.spread is not None]
        return np.concatenate(parts) if parts else None

    @property
    def low(self) -> npt.NDArray[Any] | None:
        """The low ends (n, O) of the intervals of numbers; None of classes, or without any."""
        return self._ends(0)

    @property
    def high(self) -> npt.NDArray[Any] | None:
        """The high ends (n, O) of the intervals of numbers; None of classes, or without any."""
        return self._ends(1)

    def _ends(self, side: int) -> npt.NDArray[Any] | None:
        ends = [part.ends[side] for part in self._parts if part.ends is not None]
        return np.concatenate(ends) if ends else None

    @property
    def level(self) -> float | None:
        """The share of numbers that intervals are to hold, 0 … 1; None without intervals."""
        return self._application.level

    @property
    def figures(self) -> dict[str, Any]:
        """Figures by name, over the answers whose right ones the data say; empty without any."""
        return dict(self._summary["figures"])

    @property
    def notes(self) -> tuple[str, ...]:
        """What is unlike training, and why something was left out, a sentence each."""
        return tuple(map(in_arguments, self._summary["notes"]))

    def frame(self) -> "pd.DataFrame":
        """Return the answers as a table of pandas, with the columns of `rnn-tui predict`.

        Raises:
            UserError: pandas is not installed.
        """
        has_right = self._parts[0].targets is not None
        rows = self._application.rows(with_right=has_right)
        cells = [row for part in self._parts for row in rows.values(part)]
        return pandas().DataFrame(cells, columns=rows.names)


def predicted(
    name: str,
    weights: Path,
    data: Any,
    choice: ReplicaChoice,
    *,
    progress: bool,
) -> Predictions:
    """Return what the networks of a run answer, with its name and the file of its weights.

    Other arguments and errors are those of `Run.predict`.
    """
    data_set = name_for_run(name, read_description(weights)[0].task)
    network = NETWORKS.get(weights, stored_task(data_set).network)
    source = Path(fspath(data)) if isinstance(data, str | PathLike) else data
    with ActionProgress("answers", shown=progress) as bar:
        application = Application(
            network, source, choice, lambda _sentence: None, Progress(bar.show)
        )
        return Predictions(application, list(application.answers()))
