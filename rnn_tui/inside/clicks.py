"""When it clicks: the epoch at which each seed first answers long sequences without error, and how
many clusters its states form by then.

Comments give shapes: M snapshots, S seeds, T time steps, N sequences, F features, H units.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.progress import Progress
from rnn_tui.inside.history import history_of, network_at
from rnn_tui.inside.network import UNKNOWN
from rnn_tui.inside.probes import Analysis
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.task_network import draw_examples
from rnn_tui.networks.stepwise import Array, sigmoid, still_going
from rnn_tui.tasks.sequences.inference import SequenceNetwork, longest_first
from rnn_tui.tasks.sequences.words import LONGEST, AnswerArray, TaskWords, WordArray, words_for

SEQUENCES = 100  # long ones, where the task does not say which
STATES, STEPS = 200, 8  # states that are clustered, and steps of each sequence after which they are
#: two states are of one cluster if they lie within this distance, a share of the diagonal of the
#: cube in which all of them lie.
CLUSTER_DISTANCE = 0.15


@dataclass(frozen=True, eq=False)
class ClickAnalysis(Analysis):
    """The epoch at which each seed first answers long sequences without error.

    It also has the number of clusters that its states form by then.
    """

    name = "clicks"
    in_json = ("variant", "seeds", "epochs", "right", "clusters", "first")
    in_arrays = ("seeds", "epochs", "right", "clusters")

    variant: str  #: the variant of the networks.
    seeds: tuple[int, ...]  #: (S,) those that click first before the others.
    epochs: tuple[float, ...]  #: (M,) when the snapshots were, in epochs.
    right: npt.NDArray[np.float64]  #: (S, M), the share of long sequences that are right, 0 … 1.
    clusters: npt.NDArray[np.int64]  #: (S, M), of the states after each step of random sequences.
    verb: str  #: what networks do with a sequence, such as `add`.
    length: str  #: that of long sequences, such as `64 bits`.
    questions: str  #: names these, such as `64-bit sums`.

    @property
    def first(self) -> tuple[float | None, ...]:
        """(S,) the epoch at which each seed first makes no error; None if it never does."""
        return tuple(
            self.epochs[int(row.argmax())] if row.max() == 1 else None for row in self.right
        )

    @property
    def summary(self) -> str:
        """A sentence on how many seeds get there, and when."""
        first = [epoch for epoch in self.first if epoch is not None]
        sentence = (
            f"{len(first)} of {len(self.seeds)} seeds of {self.variant} learn to {self.verb} "
            f"{self.length} without error"
        )
        if first:
            sentence += f", the first in epoch {min(first):.3g}, the last in epoch {max(first):.3g}"
        at_end = self.clusters[:, -1]
        groups = {"in these seeds": at_end[: len(first)], "in the others": at_end[len(first) :]}
        means = [f"{counts.mean():.1f} {where}" for where, counts in groups.items() if len(counts)]
        return f"{sentence}. Mean number of clusters of states at the end: {', '.join(means)}."

    @property
    def findings(self) -> list[str]:
        """The summary, and a line for each seed."""
        head = f"{self.verb}s {self.length} from epoch"
        lines = [self.summary, f"seed  {head}  right at the end  clusters by snapshot"]
        rows = zip(self.seeds, self.first, self.right[:, -1], self.clusters, strict=True)
        for seed, first, right, clusters in rows:
            epoch = "never" if first is None else f"{first:.3g}"
            counts = " ".join(map(str, clusters))
            lines.append(f"{seed:4}  {epoch:>{len(head)}}  {100 * right:14.1f} %  {counts}")
        return lines


def analyse_clicks(reading: NetworkReading, progress: Progress) -> ClickAnalysis | None:
    """Ask all seeds of the variant at hand long sequences at each snapshot, and count clusters of
    their states. None if it was stopped.

    Clusters: average linkage (Sokal & Michener 1958) of the states, cut at `CLUSTER_DISTANCE` of
    the diagonal of the cube in which they lie.

    Raises:
        QueryError: if there is no training history.
        CheckpointError: if it fits another network.
    """
    history, network = history_of(reading), reading.network.source
    variant = network.replicas[reading.network.replica].variant
    # What was kept is of all replicas of the run; the network at hand may be one of them alone.
    all_replicas = network_at(network, history, 0).replicas
    replicas = [place for place, replica in enumerate(all_replicas) if replica.variant == variant]
    random = np.random.default_rng(0)
    questions = _long_questions(network, random)
    inputs = _short_inputs(network, random)  # (T, N, F)
    right, clusters = [], []
    progress.advance(0, len(history))
    for at in range(len(history)):
        if progress.stopping:
            return None
        then: SequenceNetwork = network_at(network, history, at)
        right.append(_shares_right(then, questions)[replicas])  # (S,)
        clusters.append([_clusters(then.cell(place).run(inputs).states) for place in replicas])
        progress.advance(at + 1, len(history))
    shares, counts = np.array(right).T, np.array(clusters).T  # (S, M) each
    # (S,) at which snapshot each seed first makes no error; those that never do come last
    clicks = np.where(shares.max(axis=1) == 1, shares.argmax(axis=1), len(history))
    order = np.argsort(clicks, kind="stable")
    seeds = [all_replicas[replicas[row]].seed for row in order]
    return ClickAnalysis(
        variant=variant.label,
        seeds=tuple(seeds),
        epochs=history.epochs,
        right=shares[order],
        clusters=counts[order],
        verb=network.shape.verb,
        length=f"{questions.length} {network.shape.inputs}",
        questions=questions.name,
    )


@dataclass(frozen=True)
class _LongQuestions:
    """Long sequences, and what is right."""

    name: str  #: what they are, in a few words.
    length: int  #: of each, such as the bits of a number.
    inputs: list[npt.NDArray[Any]]  #: (T, F) each.
    #: (T,) each, or (1,) after the last step.
    targets: list[npt.NDArray[np.uint8]]


def _long_questions(network: SequenceNetwork, random: np.random.Generator) -> _LongQuestions:
    """Draw long sequences, as the task says or else by its problem."""
    task, config = network.task, network.config
    if network.shape.alphabet:
        words = words_for(task, config)
        asked = words.long_questions(random)
        if asked is not None:
            return _LongQuestions(
                words.long_questions_name,
                LONGEST,
                [words.inputs(word) for word in asked],
                [_right(words, word) for word in asked],
            )
    length = max(LONGEST, 2 * config.lengths[1])
    drawn = draw_examples(task, config, SEQUENCES, 0, length=length)
    inputs = drawn.inputs  # (T, N, F)
    name = f"{network.shape.sequences} of {length} {network.shape.inputs}"
    return _LongQuestions(name, length, [*inputs.transpose(1, 0, 2)], [*drawn.targets])


def _right(words: TaskWords, word: WordArray) -> AnswerArray:
    """Return the right answers of a word, of all steps or the last."""
    right = words.right(word[:, None])
    assert right is not None  # whoever knows long questions knows their answers
    return right[:, 0] if words.shape.every_step else right[-1:, 0]


def _short_inputs(network: SequenceNetwork, random: np.random.Generator) -> Array:
    """Draw what is read (T, N, F) before states are clustered."""
    task, config = network.task, network.config
    count = STATES // STEPS
    if network.shape.alphabet:
        words = words_for(task, config)
        inputs = words.inputs(words.state_words(STEPS, count, random))
        return np.asarray(inputs, np.float32)
    return draw_examples(task, config, count, 1, length=max(STEPS, config.lengths[0])).inputs


def _shares_right(network: SequenceNetwork, questions: _LongQuestions) -> npt.NDArray[np.float64]:
    """Return the share of the questions that each of the R replicas has right, 0 … 1."""
    order, lengths, inputs = longest_first(questions.inputs)
    targets = [questions.targets[place] for place in order]
    right = np.ones((len(network.replicas), len(order)), np.bool_)  # (R, N)
    for step, logits in enumerate(network.steps(inputs, lengths)):  # (R, O, n)
        going = logits.shape[2]
        # Unless every step has an answer, only those that end here do.
        first = 0 if network.shape.every_step else still_going(lengths, step + 1)
        asked = slice(first, going)
        at = step if network.shape.every_step else 0
        true = np.array([target[at] for target in targets[asked]])
        right[:, asked] &= (_answers(logits[:, :, asked]) == true) | (true == UNKNOWN)
    return np.asarray(right.mean(axis=1))


def _answers(logits: Array) -> npt.NDArray[Any]:
    """Return the answers (R, n) by logits (R, O, n)."""
    if logits.shape[1] == 1:
        return np.asarray(sigmoid(logits[:, 0]) >= 0.5)
    return np.asarray(logits.argmax(axis=1))


def _clusters(states: Array) -> int:
    """Count the clusters of states (T, N, H), as `analyse_clicks` says."""
    from scipy.cluster.hierarchy import fcluster, linkage  # on use only

    points = states.reshape(-1, states.shape[2]).astype(np.float64)  # (T·N, H)
    diagonal = 2 * np.sqrt(points.shape[1])  # states are from −1 to 1
    links = linkage(points, "average")
    return int(fcluster(links, CLUSTER_DISTANCE * diagonal, "distance").max())
