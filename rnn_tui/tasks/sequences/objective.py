"""What networks on sequences are trained for: a loss of each answer, averaged over known targets.

Networks answer with outputs (…, R, O, B), of R replicas to B sequences: at the end of each, or
after each of T steps, which then come first. Each answer has a target, a class or a number for each
output; some targets may be unknown.

- A loss is a function of outputs, targets and the recipe's label smoothing, which returns a number
  for each target. `CLASS_LOSSES`, `BIT_LOSSES` and `NUMBER_LOSSES` have them by name. A task may
  have a loss of whole sequences besides (`SequenceLoss`).
- Losses and measures of a batch are summed over its known targets, of each replica by itself.
- What a step minimises is the mean over the known targets of a batch; or, if each sequence counts
  as much as any other, the mean over sequences of the mean over their known targets.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.metrics import Measure

CROSS_ENTROPY = "ce"
SMALLEST = 1e-30  # sum of weights that is divided by


@dataclass(frozen=True)
class AnsweredBatch:
    """What networks answer to a batch, with what is right."""

    outputs: Tensor  #: (…, R, O, B).
    #: classes (…, R, B), of one output 1 for yes and 0 for no; or numbers (…, R, O, B). Any will do
    #: where none is known.
    targets: Tensor
    known: Tensor | None = None  #: which targets are known, of their shape; None if all are.

    @property
    def replica_dimension(self) -> int:
        """The dimension of the replicas: 0, or 1 after that of the steps."""
        return self.outputs.dim() - 3

    def of(self, replicas: slice) -> "AnsweredBatch":
        """Return the answers of some replicas."""
        chosen = (slice(None),) * self.replica_dimension + (replicas,)
        known = None if self.known is None else self.known[chosen]
        return AnsweredBatch(self.outputs[chosen], self.targets[chosen], known)


#: returns the loss of every target, from outputs, targets, and the share of each target that is
#: spread evenly over all answers; what it returns for unknown targets does not matter.
Loss = Callable[[Tensor, Tensor, float], Tensor]
#: returns the loss of every sequence (R, B) from answers and the same share.
SequenceLoss = Callable[[AnsweredBatch, float], Tensor]


def cross_entropy(logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    """Return the cross-entropy over the C classes (N, B), of logits (N, C, B)."""
    return F.cross_entropy(logits, targets, reduction="none", label_smoothing=smoothing)


def weighted_cross_entropy(class_weights: Tensor) -> Loss:
    """Return the cross-entropy in which what is spread over a class has the weight of that class.

    So does PyTorch's `CrossEntropyLoss` with `weight` and `label_smoothing`.
    """

    def loss(logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
        weights = class_weights.to(logits)
        return F.cross_entropy(
            logits, targets, weights, reduction="none", label_smoothing=smoothing
        )

    return loss


def brier_score(logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:  # noqa: ARG001
    """Return the mean over the C classes of the squared distance of softmax from one-hot target.

    This is Brier's score, divided by C.
    """
    return (torch.softmax(logits, dim=1) - _one_hot(logits, targets)).square().mean(dim=1)


def separate_cross_entropies(logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    """Return the mean over the C classes of the cross-entropy of C separate yes-or-no questions."""
    answers = smoothed(_one_hot(logits, targets), smoothing)
    return F.binary_cross_entropy_with_logits(logits, answers, reduction="none").mean(dim=1)


def _one_hot(logits: Tensor, targets: Tensor) -> Tensor:
    """Return classes (N, B) as ones and zeros like logits (N, C, B)."""
    return F.one_hot(targets, logits.shape[1]).transpose(1, 2).to(logits.dtype)


def smoothed(bits: Tensor, smoothing: float) -> Tensor:
    """Return yes and no, 1 and 0, with a share of each spread evenly over both."""
    return bits * (1 - smoothing) + smoothing / 2 if smoothing else bits


def _of_classes(loss: Loss) -> Loss:
    """Return a loss of logits (…, R, C, B) and classes (…, R, B), made of one without the dots."""

    def losses(logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
        *_, classes, sequences = logits.shape
        flat_logits = logits.reshape(-1, classes, sequences)  # (N, C, B)
        flat_targets = targets.reshape(-1, sequences)  # (N, B)
        return loss(flat_logits, flat_targets, smoothing).view(targets.shape)

    return losses


def bit_cross_entropy(logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    """Return the cross-entropy of each yes or no (…, R, B), of logits (…, R, 1, B)."""
    bits = smoothed(_bits_like(logits, targets), smoothing)
    return F.binary_cross_entropy_with_logits(logits[..., 0, :], bits, reduction="none")


def bit_error(logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:  # noqa: ARG001
    """Return the squared distance of each sigmoid, of logits (…, R, 1, B), from 1 or 0."""
    return (torch.sigmoid(logits[..., 0, :]) - _bits_like(logits, targets)).square()


def _bits_like(logits: Tensor, targets: Tensor) -> Tensor:
    """Return targets as ones and zeros of the type of the logits."""
    return targets.to(logits.dtype, memory_format=torch.contiguous_format)


def squared_error(outputs: Tensor, targets: Tensor, smoothing: float) -> Tensor:  # noqa: ARG001
    """Return the squared error of each number (…, R, O, B)."""
    return (outputs - targets.to(outputs.dtype)).square()


#: of one of several classes.
CLASS_LOSSES: Mapping[str, Loss] = {
    "mse": _of_classes(brier_score),
    CROSS_ENTROPY: _of_classes(cross_entropy),
    "bce": _of_classes(separate_cross_entropies),
}
BIT_LOSSES: Mapping[str, Loss] = {"mse": bit_error, "bce": bit_cross_entropy}  #: of a yes or no.
NUMBER_LOSSES: Mapping[str, Loss] = {"mse": squared_error}  #: of numbers.


class Objective:
    """The losses of the replicas of a problem, and how they and measures are averaged.

    Args:
        losses: of targets, by name.
        replicas: which replicas are trained with each loss, one slice after another.
        smoothing: the recipe's label smoothing.
        sequence_losses: of whole sequences, by name; they come before `losses`.
        by_sequence: whether each sequence counts the same, in place of each target.
        class_weights: (C,) what a target of each class counts; None for all alike. Means are then
            divided by the sum of the weights, as in PyTorch's `CrossEntropyLoss`.

    Raises:
        SettingError: there is no loss of a name.
    """

    def __init__(
        self,
        losses: Mapping[str, Loss],
        replicas: Mapping[str, slice],
        smoothing: float = 0.0,
        *,
        sequence_losses: Mapping[str, SequenceLoss] | None = None,
        by_sequence: bool = False,
        class_weights: Tensor | None = None,
    ) -> None:
        self._losses = losses
        self._replicas = replicas
        self._smoothing = smoothing
        self._sequence_losses = sequence_losses or {}
        self.by_sequence = by_sequence
        self._class_weights = class_weights
        for name in replicas:
            if name not in self._sequence_losses and name not in losses:
                known = " or ".join(losses)
                raise SettingError(f"For such answers the loss is {known}, not {name}.")

    def losses(self, answers: AnsweredBatch) -> Tensor:
        """Return the loss of every target, each replica by its own loss; 0 of unknown targets.

        Returns:
            the shape of the targets; or (R, B) of whole sequences if each counts the same.
        """
        parts = [
            self._losses_by(name, answers.of(replicas)) for name, replicas in self._replicas.items()
        ]
        if len(parts) == 1:
            return parts[0]
        return torch.cat(parts, self._replica_dimension(answers))

    def _losses_by(self, name: str, answers: AnsweredBatch) -> Tensor:
        """Return the losses of replicas that are all trained with one of that name."""
        if name in self._sequence_losses:
            return self._sequence_losses[name](answers, self._smoothing)
        losses = self._weighted_losses(name, answers)
        if answers.known is not None:
            losses = torch.where(answers.known, losses, 0)
        if not self.by_sequence:
            return losses
        if answers.known is None:
            return losses.mean(dim=0)
        return losses.sum(dim=0) / answers.known.sum(dim=0).clamp(min=1)

    def _weighted_losses(self, name: str, answers: AnsweredBatch) -> Tensor:
        """Return the loss of every target, times what that counts."""
        loss = self._losses[name]
        weights = self._weights(answers)
        if self._class_weights is not None and self._smoothing and name == CROSS_ENTROPY:
            loss = _of_classes(weighted_cross_entropy(self._class_weights))
            weights = None
        losses = loss(answers.outputs, answers.targets, self._smoothing)
        return losses if weights is None else losses * weights

    def _weights(self, answers: AnsweredBatch) -> Tensor | None:
        """Return what each target counts, 0 of unknown ones; None if all count the same."""
        if self._class_weights is None:
            return None
        weights = self._class_weights.to(answers.outputs)[answers.targets.long()]
        return weights if answers.known is None else weights * answers.known

    def mean(self, answers: AnsweredBatch) -> Tensor:
        """Return the mean loss (R,) over the known targets, or over sequences; 0 of none."""
        losses = self.losses(answers)
        at = self._replica_dimension(answers)
        others = [dimension for dimension in range(losses.dim()) if dimension != at]
        weights = self._weights(answers)
        if weights is not None:
            return losses.sum(dim=others) / weights.sum(dim=others).clamp(min=SMALLEST)
        if answers.known is None or self.by_sequence:
            return losses.mean(dim=others)
        return losses.sum(dim=others) / answers.known.sum(dim=others).clamp(min=1)

    def measured(self, measure: Measure, answers: AnsweredBatch) -> Tensor:
        """Return a measure of every target, 0 of unknown ones; or of sequences, their mean (R, B).

        It is given outputs (…, R, B, C) and classes (…, R, B), or numbers (…, R, O, B) for both.
        """
        outputs, targets, known = answers.outputs, answers.targets, answers.known
        if targets.dim() < outputs.dim():  # classes
            outputs = outputs.transpose(-1, -2)
        values = measure.values(outputs, targets)
        if known is not None:
            values = values * known
        if not self.by_sequence:
            return values
        counts = len(values) if known is None else known.sum(dim=0).clamp(min=1)
        # on the CPU: not every device has double precision
        return values.sum(dim=0).cpu().double() / torch.as_tensor(counts).cpu()

    def sums(self, answers: AnsweredBatch, measures: Iterable[Measure]) -> dict[str, Tensor]:
        """Return sums (R,) of measures by name, and as `count` how many targets are known.

        There is no count if that is one a sequence. `weights` is the sum of those of classes.
        """
        at = self._replica_dimension(answers)
        sums = {
            measure.name: over_replicas(self.measured(measure, answers), at) for measure in measures
        }
        if answers.known is not None and not self.by_sequence:
            sums["count"] = over_replicas(answers.known, at)
        weights = self._weights(answers)
        if weights is not None:
            sums["weights"] = over_replicas(weights, at)
        return sums

    def loss_sum(self, answers: AnsweredBatch) -> Tensor:
        """Return the sum (R,) of losses over known targets, or over sequences."""
        return over_replicas(self.losses(answers), self._replica_dimension(answers))

    def _replica_dimension(self, answers: AnsweredBatch) -> int:
        """Return the dimension of the replicas in losses and measures."""
        return 0 if self.by_sequence else answers.replica_dimension


def over_replicas(values: Tensor, dimension: int = 0) -> Tensor:
    """Return the sums (R,) of values, whose replicas are in a dimension."""
    return values.movedim(dimension, 0).flatten(1).sum(dim=1)
