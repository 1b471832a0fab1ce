"""What the kinds of questions have in common: who answers, and how that is described.

Of the networks that a file of weights holds, one is asked, or all that fit, in a vote.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.replicas import Replica
from rnn_tui.tasks.sequences.inference import SequenceNetwork


@dataclass(frozen=True)
class ReplicaChoice:
    """Which of the networks that a file of weights holds are asked."""

    hidden_size: int | None = None  #: ask networks of this size only; None for the largest, or for all in a vote.
    loss: str | None = None  #: ask networks trained with this loss only; None likewise.
    seed: int | None = None  #: ask networks of this seed only; None likewise.
    vote: bool = False  #: ask all that fit, in place of one.

    def pick(self, replicas: Sequence[Replica], preferred_loss: str | None) -> list[int]:
        """The places of those who answer, in `replicas`, which are every variant with every seed, variant by variant.

        Networks of `preferred_loss` come first among the largest. `SettingError` if there is none that was asked for.
        """
        wanted = {"hidden size": self.hidden_size, "loss": self.loss, "seed": self.seed}
        have: list[dict[str, Any]] = [
            {"hidden size": one.variant.hidden_size, "loss": one.variant.loss, "seed": one.seed} for one in replicas
        ]
        wanted = {what: value for what, value in wanted.items() if value is not None}
        for what, value in wanted.items():
            there = list(dict.fromkeys(properties[what] for properties in have))
            if value not in there:
                raise SettingError(f"These weights have no {what} {printable(value)}, only {listed(there)}.")
        fitting = [at for at, properties in enumerate(have) if wanted.items() <= properties.items()]
        if self.vote:
            return fitting
        # Of equal ones, the first.
        return [max(fitting, key=lambda at: (have[at]["hidden size"], have[at]["loss"] == preferred_loss))]


@dataclass(frozen=True)
class Answer:
    """An answer as both outputs take it."""

    said: str  #: question and answer on a line.
    correct: bool  #: whether the answer is right.
    remark: str  #: what follows the mark for right or wrong.
    document: Mapping[str, Any]  #: the JSON-ready form.


Question = TypeVar("Question")
AnyNetwork = TypeVar("AnyNetwork", bound=SequenceNetwork)


class Questions(ABC, Generic[Question, AnyNetwork]):
    """Questions of one task, and the networks that answer them: of all that the file at `path` holds, those of a choice.

    `label` is what to call the weights, such as `pretrained`. `SettingError` if no network is as asked for.
    """

    request: ClassVar[str]  #: what to type, in a sentence without its full stop.
    preferred_loss: ClassVar[str | None] = None  #: whose networks come first among the largest; None for any.

    def __init__(self, network: AnyNetwork, label: str, path: Path, choice: ReplicaChoice) -> None:
        self._source, self._path, whole = label, path, network
        picked = choice.pick(whole.replicas, self.preferred_loss)
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
        """Answer them, in their order; raises `CheckpointError` where weights are too large."""

    @property
    def label(self) -> str:
        """Which networks answer, such as `pretrained (H 10 ce, seed 0)`."""
        if self._vote:
            return f"{self._source} (vote of {len(self.replicas)})"
        [replica] = self.replicas
        return f"{self._source} ({replica.variant.label}, seed {replica.seed})"

    def document(self) -> dict[str, Any]:
        """The same for JSON; in a vote, lists of all sizes, losses and seeds that take part."""
        config = self.config
        about: dict[str, Any] = {"source": self._source, "path": str(self._path), "task": config.task, "preset": config.preset}
        if self._vote:
            about |= {
                "hidden_sizes": sorted({r.variant.hidden_size for r in self.replicas}),
                "losses": list(dict.fromkeys(r.variant.loss for r in self.replicas)),
                "seeds": sorted({r.seed for r in self.replicas}),
            }
        else:
            [replica] = self.replicas
            about |= {"hidden_size": replica.variant.hidden_size, "loss": replica.variant.loss, "seed": replica.seed}
            about["metrics"] = self._figures
        if config.position is not None:
            about["position"] = config.position
        return {**about, "lengths": list(config.lengths)}


def listed(values: Sequence[object]) -> str:
    """Values in words: `1, 2 and 3`."""
    if len(values) > 8:  # seeds, which are consecutive
        return f"{values[0]} to {values[-1]}"
    *others, last = map(str, values)
    return f"{', '.join(others)} and {last}" if others else last
