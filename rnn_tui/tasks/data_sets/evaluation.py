"""What an evaluation of networks on a data set says of its test sequences."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rnn_tui.engine.metrics import Spread
from rnn_tui.tasks.task import ByLength, SequenceEvaluation

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from rnn_tui.data.origin import Origin
    from rnn_tui.tasks.data_sets.calibration import ReliabilityBin

MOST_LENGTHS = 12  # lengths in a figure by length; more are put together
LISTED = 20  # sequences, or groups, in a document, those with the largest errors


@dataclass(frozen=True)
class Misread:
    """A test sequence that a variant answers wrong, or worse than others."""

    index: int  #: its place in the data set.
    name: str  #: what the file calls it; its number from 1 if it has no name.
    #: the share of wrong answers, 0 … 1, or the root mean squared error in the unit of the test's,
    #: as the mean over the seeds.
    error: float
    true: str = ""  #: its class; empty unless sequences are classified.
    answer: str = ""  #: the most probable class by the mean over the seeds.
    confidence: float = 0.0  #: the probability of that, 0 … 1.

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        document: dict[str, Any] = {"index": self.index, "name": self.name, "error": self.error}
        if self.true:
            document |= {"true": self.true, "answer": self.answer, "confidence": self.confidence}
        return document


@dataclass(frozen=True)
class ClassFigures:
    """How well a variant knows a class, over its seeds."""

    name: str  #: the class.
    count: int  #: test sequences, or steps, of it.
    recall: Spread  #: the share of these that are answered so, in percent; 0 of none.
    precision: Spread  #: the share of such answers that are right, in percent; 0 of none.


@dataclass(frozen=True)
class OutputErrors:
    """How far a variant's answers to one of several numbers are off, over its seeds."""

    name: str  #: the number, in whose units they are.
    count: int  #: known targets of it.
    rmse: Spread
    mae: Spread


@dataclass(frozen=True)
class GroupFigures:
    """How well a variant answers the test sequences of a group, over its seeds."""

    name: str  #: the group, such as a subject.
    count: int  #: test sequences of it with a known answer.
    #: the share of right answers in percent; of numbers the root mean squared error, in the unit
    #: of the test's.
    figure: Spread


@dataclass(frozen=True, kw_only=True)
class DataSetEvaluation(SequenceEvaluation):
    """The results of an evaluation on the test sequences of a data set, the shortest first."""

    outputs: tuple[str, ...]  #: the names of the classes or numbers.
    indices: "npt.NDArray[np.int64]"  #: (N,) the places of the sequences in the data set.
    names: tuple[str, ...]  #: (N,) what the file calls them.
    errors: "npt.NDArray[np.float64]"  #: (V, N), see `Misread.error`.
    #: (N,) the classes of the sequences; None unless sequences are classified.
    targets: "npt.NDArray[np.int64] | None" = None
    #: (V, N, C), means over the seeds; None unless sequences are classified.
    probabilities: "npt.NDArray[np.float32] | None" = None
    #: (V, S, C, C) counts of each seed, as in `confusion`; None unless there are classes.
    confusions: "npt.NDArray[np.int64] | None" = None
    #: of each variant, the bins of all its seeds' answers together; empty unless there are classes.
    reliability: "Sequence[Sequence[ReliabilityBin]]" = ()
    #: of each variant, what logits are divided by, of each seed; 1 where none helps.
    temperatures: Sequence[Sequence[float]] = ()
    #: of each variant, the errors of each number; empty if there are classes.
    errors_of_outputs: Sequence[Sequence[OutputErrors]] = ()
    #: of each variant, the figures of each group, the worst first; empty without groups.
    groups: Sequence[Sequence[GroupFigures]] = ()

    @property
    def figure_of_groups(self) -> str:
        """The quantity that `groups` have: `accuracy`, or `rmse` of numbers."""
        return "rmse" if self.confusion is None else "accuracy"

    def class_figures(self, variant: int) -> list[ClassFigures]:
        """Return recall and precision of each class by a variant; none unless there are classes."""
        if self.confusions is None:
            return []
        cells = self.confusions[variant]  # (S, C, C)
        right = cells.diagonal(axis1=1, axis2=2)  # (S, C)
        true = cells.sum(axis=2)
        recall = 100 * right / true.clip(1)
        precision = 100 * right / cells.sum(axis=1).clip(1)
        return [
            ClassFigures(
                name,
                int(true[0, place]),
                Spread(tuple(recall[:, place].tolist())),
                Spread(tuple(precision[:, place].tolist())),
            )
            for place, name in enumerate(self.outputs)
        ]

    def misread(self, variant: int) -> list[Misread]:
        """Return the sequences that a variant answers wrong in the mean, the most confident first.

        Where sequences have no class, they are those with an error, the largest first.
        """
        if self.targets is None or self.probabilities is None:
            errors = self.errors[variant]
            largest_first = (-errors).argsort(kind="stable")
            return [
                Misread(int(self.indices[at]), self.names[at], float(errors[at]))
                for at in largest_first
                if errors[at] > 0
            ]
        probabilities = self.probabilities[variant]  # (N, C)
        answers = probabilities.argmax(axis=1)
        confidences = probabilities.max(axis=1)
        wrong = ((answers != self.targets) & (self.targets >= 0)).nonzero()[0]
        return [
            Misread(
                index=int(self.indices[at]),
                name=self.names[at],
                error=float(self.errors[variant, at]),
                true=self.outputs[int(self.targets[at])],
                answer=self.outputs[int(answers[at])],
                confidence=float(confidences[at]),
            )
            for at in wrong[(-confidences[wrong]).argsort(kind="stable")]
        ]

    def _document(self, variant: int) -> dict[str, Any]:
        document = super()._document(variant)
        misread = self.misread(variant)
        document["misread"] = [sequence.to_dict() for sequence in misread[:LISTED]]
        if self.confusions is not None:
            document["classes"] = [
                {
                    "name": figures.name,
                    "count": figures.count,
                    "recall": figures.recall.to_dict(),
                    "precision": figures.precision.to_dict(),
                }
                for figures in self.class_figures(variant)
            ]
            document["reliability"] = [asdict(each) for each in self.reliability[variant]]
        if self.errors_of_outputs:
            document["outputs"] = [
                {
                    "name": errors.name,
                    "count": errors.count,
                    "rmse": errors.rmse.to_dict(),
                    "mae": errors.mae.to_dict(),
                }
                for errors in self.errors_of_outputs[variant]
            ]
        if self.groups:
            document["groups"] = [
                {
                    "name": group.name,
                    "sequences": group.count,
                    self.figure_of_groups: group.figure.to_dict(),
                }
                for group in self.groups[variant][:LISTED]
            ]
        return document


def figures_of_groups(
    origin: "Origin",
    indices: "npt.NDArray[np.int64]",
    wrong: "npt.NDArray[np.float64]",
    counts: "npt.NDArray[np.float64]",
    *,
    are_numbers: bool,
) -> list[list[GroupFigures]]:
    """Return the figures of each group by each variant, the worst first; none without groups.

    All answers in a group count the same, so long sequences count more.

    Args:
        origin: where the sequences of the data set come from.
        indices: (N,) the places of sequences in it.
        wrong: (V, S, N) wrong answers, or squared errors, summed over each sequence.
        counts: (V, S, N) known answers.
        are_numbers: whether answers are numbers.
    """
    import numpy as np  # the command line lists tasks without it

    if not len(origin.members):
        return []
    members = origin.members[indices]
    known = np.flatnonzero(counts[0, 0])
    order = known[np.argsort(members[known], kind="stable")]
    groups, starts, sizes = np.unique(members[order], return_index=True, return_counts=True)
    if not len(groups):
        return [[] for _ in wrong]
    errors = np.add.reduceat(wrong[..., order].astype(np.float64), starts, axis=2)
    errors /= np.add.reduceat(counts[..., order].astype(np.float64), starts, axis=2)  # (V, S, G)
    figures = np.sqrt(errors) if are_numbers else 100 * (1 - errors)
    worse = -figures if are_numbers else figures
    return [
        [
            GroupFigures(
                origin.groups[groups[at]], int(sizes[at]), Spread(tuple(of_variant[:, at].tolist()))
            )
            for at in worse_of_variant.mean(axis=0).argsort(kind="stable")
        ]
        for of_variant, worse_of_variant in zip(figures, worse, strict=True)
    ]


def accuracy_by_length(
    lengths: "npt.NDArray[np.int64]",
    wrong: "npt.NDArray[np.float64]",
    counts: "npt.NDArray[np.float64]",
) -> Sequence[ByLength]:
    """Return the accuracy at each length, or over parts of neighbouring lengths if they are many.

    Args:
        lengths: (N,) of sequences, ascending.
        wrong: (R, N) wrong answers to each.
        counts: (R, N) answers to each.

    Returns:
        one figure, at the longest length of each part; none if all are equally long.
    """
    import numpy as np  # the command line lists tasks without it

    different = np.unique(lengths)
    if len(different) < 2:
        return []
    if len(different) > MOST_LENGTHS:
        shares = np.linspace(0, 1, MOST_LENGTHS + 1)[1:]
        different = np.unique(np.quantile(lengths, shares, method="higher"))
    ends = np.searchsorted(lengths, different, side="right")  # (L,)
    starts = [0, *ends[:-1].tolist()]
    answered = np.maximum(np.add.reduceat(counts, starts, axis=1), 1)  # (R, L)
    accuracies = 100 * (1 - np.add.reduceat(wrong, starts, axis=1) / answered)
    sizes = np.diff([0, *ends.tolist()])
    return [
        ByLength(
            name="accuracy",
            lengths=tuple(different.tolist()),
            values=accuracies,
            counts=tuple(sizes.tolist()),
        )
    ]
