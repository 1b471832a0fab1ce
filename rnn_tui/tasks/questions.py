"""What the kinds of questions have in common: who answers, and how that is described."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar, cast

import numpy as np

from rnn_tui.engine.errors import CheckpointError, printable
from rnn_tui.engine.weights_file import read_weights
from rnn_tui.networks.stepwise import Array
from rnn_tui.runs.sequence_weights import choose
from rnn_tui.runs.weights import Source
from rnn_tui.tasks.choice import Choice
from rnn_tui.tasks.sequences.inference import SequenceNetwork
from rnn_tui.tasks.task import Task


@dataclass(frozen=True)
class Answer:
    """An answer as both outputs take it.

    Attributes:
        said: question and answer on a line.
        correct: whether the answer is right.
        remark: what follows the mark for right or wrong.
        document: the JSON-ready form.
    """

    said: str
    correct: bool
    remark: str
    document: Mapping[str, Any]


Question = TypeVar("Question")
AnyNetwork = TypeVar("AnyNetwork", bound=SequenceNetwork)


class Questions(ABC, Generic[Question, AnyNetwork]):
    """Questions of one task, and the networks that answer them.

    Args:
        task: whose networks are asked.
        choice: who is asked.
        position: for which position weights are sought; None for whichever.
        preferred_loss: whose networks come first among the largest.

    Attributes:
        request: what to type, in a sentence without its full stop.

    Raises:
        CheckpointError: if the weights can't be read, or are another task's.
        SettingError: if no network is as asked for.
    """

    request: ClassVar[str]

    def __init__(
        self,
        task: Task,
        choice: Choice,
        position: int | None = None,
        preferred_loss: str | None = None,
    ) -> None:
        if choice.weights is None:
            self.source = choose(task.name, position, only_pretrained=choice.only_pretrained)
        else:
            self.source = Source(choice.weights, printable(choice.weights, 200))
        file = read_weights(self.source.path)
        try:
            whole = cast("AnyNetwork", task.network(file))
        except CheckpointError as error:
            raise CheckpointError(f"{printable(self.source.path, 200)}: {error}") from error
        picked = choice.pick(whole.replicas, preferred_loss)
        everyone = len(picked) == len(whole.replicas)
        self.networks = [whole] if everyone else [whole.only(at) for at in picked]
        self.replicas = [whole.replicas[at] for at in picked]
        self.config, self._vote = whole.config, choice.vote
        self._figures = {
            name: values[picked[0]]
            for name, values in whole.metrics.items()
            if isinstance(values, tuple) and len(values) == len(whole.replicas)
        }

    @abstractmethod
    def read(self, text: str) -> Question:
        """Read a question as typed; raises `QueryError`."""

    @abstractmethod
    def length(self, question: Question) -> int:
        """The time steps that an answer takes."""

    @abstractmethod
    def notices(self, question: Question) -> Iterator[str]:
        """Sentences on why the answer may be worse than the figures of these weights."""

    @abstractmethod
    def answers(self, questions: Sequence[Question]) -> Iterator[Answer]:
        """Answer them, in their order."""

    @property
    def label(self) -> str:
        """Which networks answer, such as `pretrained (H 10 ce, seed 0)`."""
        if self._vote:
            return f"{self.source.label} (vote of {len(self.replicas)})"
        [replica] = self.replicas
        return f"{self.source.label} ({replica.variant.label}, seed {replica.seed})"

    def document(self) -> dict[str, Any]:
        """The same for JSON; in a vote, lists of all sizes, losses and seeds that take part."""
        about: dict[str, Any] = {
            "source": self.source.label,
            "path": str(self.source.path),
            "task": self.config.task,
            "preset": self.config.preset,
        }
        if self._vote:
            about |= {
                "hidden_sizes": sorted({r.variant.hidden_size for r in self.replicas}),
                "losses": list(dict.fromkeys(r.variant.loss for r in self.replicas)),
                "seeds": sorted({r.seed for r in self.replicas}),
            }
        else:
            [replica] = self.replicas
            about |= {
                "hidden_size": replica.variant.hidden_size,
                "loss": replica.variant.loss,
                "seed": replica.seed,
                # A network that diverged may have been tested all the same.
                "metrics": {n: v if np.isfinite(v) else None for n, v in self._figures.items()},
            }
        if self.config.position is not None:
            about["position"] = self.config.position
        return {**about, "lengths": list(self.config.lengths)}

    def checked(self, outputs: Array) -> Array:
        """`outputs`; raises `CheckpointError` where huge weights made them no numbers."""
        if not np.isfinite(outputs).all():
            raise CheckpointError(
                f"The weights in {printable(self.source.path, 200)} are too large to compute with."
            )
        return outputs
