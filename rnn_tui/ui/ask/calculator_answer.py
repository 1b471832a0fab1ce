"""What the calculator shows, apart from how: weights read, sums asked for, answers compared.

Nothing here draws; all of it may run in a thread.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.replicas import Variant
from rnn_tui.inside.adder import trace_addition
from rnn_tui.inside.carry import CarryStudy, study_carry
from rnn_tui.networks.stepwise import Array
from rnn_tui.runs.weights import NETWORKS, Source
from rnn_tui.tasks.adder.questions import BASES, AdderNetwork, Addition, number_of, vote
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.ui.ask.panel import replica_of

Bits = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Tally:
    """How many seeds of a variant got a whole sum right.

    Attributes:
        variant: the network apart from its seed.
        right: that many had every bit right.
        seeds: of so many.
    """

    variant: Variant
    right: int
    seeds: int


@dataclass(frozen=True)
class SumAnswer:
    """A sum as one network, or all in a vote, have it; bits are least significant first.

    Attributes:
        addition: what was asked.
        replica: which network answered; None where all voted.
        longest: the most bits in training.
        by: which weights answered, in words.
        bits: what came out (L,).
        sureness: of each bit (L,), 0.5 … 1: the output's distance from the other bit, or the
            share of the votes.
        tallies: one for each variant where all voted, else none.
        written: in each of `BASES`, the answer and the true sum.
        told: the carry into each place (L) as a linear probe reads it off the replica's states;
            empty where nothing comes out of its weights, None where nobody asked.
    """

    addition: Addition
    replica: int | None
    longest: int
    by: str
    bits: Bits
    sureness: Array
    tallies: tuple[Tally, ...]
    written: tuple[tuple[str, str], ...]
    told: tuple[int, ...] | None = None

    @property
    def voted(self) -> bool:
        """Whether all replicas answered."""
        return bool(self.tallies)

    @property
    def wrong(self) -> Bits:
        """Which bits are not those of the true sum (L,)."""
        return np.not_equal(self.bits, self.addition.bits(self.addition.total))

    @property
    def verdict(self) -> str:
        """Right or not, in words."""
        wrong, length = int(self.wrong.sum()), self.addition.length
        return f"✗ {wrong:,} of {length:,} bits wrong" if wrong else "✓ right"


class Adders:
    """The replicas of one file of weights.

    Args:
        source: the file.

    Raises:
        CheckpointError: if it can't be read, or its weights are another task's.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self._network = NETWORKS.get(source.path, AdderNetwork)
        # A replica alone costs a fraction of all of them, and is asked at every keystroke.
        self._alone: dict[int, AdderNetwork] = {}
        # How the states of a replica tell the carry; None where nothing comes out of its weights.
        self._studies: dict[int, CarryStudy | None] = {}

    @property
    def config(self) -> SequenceConfig:
        """The settings they were trained with."""
        return self._network.config

    def replica(self, label: str, seed: int) -> int | None:
        """The place of a variant's seed among the replicas; None where no variant has the label."""
        if label not in [variant.label for variant in self.config.variants]:
            return None
        return replica_of(self.config, label, seed)[0]

    def answer(self, addition: Addition, replica: int | None) -> SumAnswer:
        """Add with one replica, or where it is None let all vote for each bit.

        A tie goes to the bit that the mean of the outputs is nearer to. Where weights are so large
        that no number comes out, the bit is 0, and not sure at all.
        """
        with np.errstate(all="ignore"):
            return self._answer(addition, replica)

    def with_told_carries(self, answer: SumAnswer) -> SumAnswer:
        """The same answer of one replica, with the carries that its states tell.

        The first time, the probe is fitted to other additions.
        """
        assert answer.replica is not None
        return replace(answer, told=self._told_carries(answer.addition, answer.replica))

    def _told_carries(self, addition: Addition, replica: int) -> tuple[int, ...]:
        try:
            if replica not in self._studies:
                self._studies[replica] = None
                self._studies[replica] = study_carry(self._network, replica)
            study = self._studies[replica]
            if study is None:
                return ()
            trace = trace_addition(self._network, addition, replica)
        except CheckpointError:
            return ()
        return tuple(study.carry_row(trace).tolist())

    def _answer(self, addition: Addition, replica: int | None) -> SumAnswer:
        if replica is None:
            outputs = self._network.outputs_of([addition])[0]  # (R, L)
            said = outputs >= 0.5
            bits, ones = vote(outputs)
            sureness = np.maximum(ones, 1 - ones)
            by, tallies = f"all {len(outputs)} vote", self._tallies(addition, said)
        else:
            if replica not in self._alone:
                self._alone[replica] = self._network.only(replica)
            output = self._alone[replica].outputs_of([addition])[0][0]  # (L,)
            bits, sureness = output >= 0.5, np.maximum(output, 1 - output)
            one = self._network.replicas[replica]
            by, tallies = f"{one.variant.label} · seed {one.seed}", ()
        answered = number_of(bits)
        written = tuple((base.format(answered), base.format(addition.total)) for base in BASES)
        sureness = np.nan_to_num(sureness.astype(np.float32), nan=0.5)
        return SumAnswer(
            addition, replica, self.config.lengths[1], f"{self.source.label} · {by}", bits,
            sureness, tallies, written,
        )  # fmt: skip

    def _tallies(self, addition: Addition, said: Bits) -> tuple[Tally, ...]:
        """Count right sums among all replicas' bits (R, L)."""
        config = self.config
        right = (said == addition.bits(addition.total)).all(axis=1)
        counts = right.reshape(len(config.variants), config.seeds).sum(axis=1).tolist()
        return tuple(
            Tally(variant, count, config.seeds)
            for variant, count in zip(config.variants, counts, strict=True)
        )
