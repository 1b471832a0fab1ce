"""What the report published: one network each, without a spread.

The figures at the end are those of the tasks' own `published`; here they are rows in the report's
order, together with what it gives for every epoch.
"""

from __future__ import annotations

from dataclasses import dataclass

from rnn_tui.engine.replicas import Variant
from rnn_tui.networks import CELLS
from rnn_tui.tasks import TASKS

# In the report's order; `TRAINING_ORDER` has those first that take least time.
REPORT_ORDER = ("mnist", "recall", "adder")
TRAINING_ORDER = ("recall", "adder", "mnist")
# Of every published figure; ours are held against them with as many.
DECIMALS = 2

# Validation accuracy in percent after each epoch; the LSTM's first can't be read in the report.
VALIDATION_ACCURACY: dict[str, tuple[float | None, ...]] = {
    "rnn": (92.25, 95.39, 96.68, 97.21, 97.21, 98.04, 97.46, 97.81, 97.85, 97.86),
    "lstm": (None, 97.73, 98.07, 97.77, 98.26, 98.77, 98.70, 98.54, 98.65, 98.80),
    "bilstm": (92.23, 95.76, 96.97, 96.68, 97.74, 98.00, 98.07, 98.23, 98.06, 98.54),
}


@dataclass(frozen=True)
class Experiment:
    """A network of the report with its published figure.

    Attributes:
        task: a key of `TASKS`.
        cell: of the network, as typed.
        variant: hidden size and loss, where the task trains several; None for MNIST.
        published: the report's figure, in percent.
        validation: the report's validation accuracy after each epoch, in percent; None for one
            that can't be read, empty where the report gives none.
    """

    task: str
    cell: str
    variant: Variant | None
    published: float
    validation: tuple[float | None, ...] = ()

    @property
    def key(self) -> str:
        """A name for JSON, such as `mnist-rnn` or `adder-h3-mse`."""
        if self.variant is None:
            return f"{self.task}-{self.cell}"
        loss = f"-{self.variant.loss}" if self.task == "adder" else ""
        return f"{self.task}-h{self.variant.hidden_size}{loss}"

    @property
    def short_label(self) -> str:
        """The network, such as `LSTM`, `H 5` or `H 3 mse`."""
        if self.variant is None:
            return CELLS[self.cell].label
        if self.task == "adder":
            return self.variant.label
        return f"H {self.variant.hidden_size}"

    @property
    def label(self) -> str:
        """Task and network."""
        return f"{TASKS[self.task].label}, {self.short_label}"

    @property
    def metric(self) -> str:
        """The metric of the published figure."""
        return TASKS[self.task].headline


def _of_images() -> list[Experiment]:
    published = TASKS["mnist"].published["test_accuracy"]
    return [
        Experiment("mnist", model, None, published[model], VALIDATION_ACCURACY[model])
        for model in VALIDATION_ACCURACY
    ]


def _of_sequences(task: str, sizes: tuple[int, ...], losses: tuple[str, ...]) -> list[Experiment]:
    spec = TASKS[task]
    published = spec.published[spec.headline]
    variants = [Variant(size, loss) for loss in losses for size in sizes]
    return [Experiment(task, spec.default_cell, one, published[one.label]) for one in variants]


EXPERIMENTS: tuple[Experiment, ...] = (
    *_of_images(),
    *_of_sequences("recall", (2, 5, 10), ("ce",)),
    *_of_sequences("adder", (3, 5, 10), ("mse", "ce")),
)
