"""Who is asked: one of the networks that a file of weights holds, or all that fit, in a vote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.replicas import Replica


@dataclass(frozen=True)
class Choice:
    """What the user said about who is to answer.

    Attributes:
        weights: a file; None for the last run's weights, or those that ship.
        only_pretrained: leave the user's runs aside.
        hidden_size: ask networks of this size only; None for the largest, or for all in a vote.
        loss: ask networks trained with this loss only; None likewise.
        seed: ask networks of this seed only; None likewise.
        vote: ask all that fit, in place of one.
    """

    weights: Path | None = None
    only_pretrained: bool = False
    hidden_size: int | None = None
    loss: str | None = None
    seed: int | None = None
    vote: bool = False

    def pick(self, replicas: Sequence[Replica], preferred_loss: str | None) -> list[int]:
        """The places in `replicas` of those who answer.

        Args:
            replicas: every variant with every seed, variant by variant.
            preferred_loss: whose networks come first among the largest, if there are any.

        Raises:
            SettingError: if there is none that was asked for.
        """
        wanted = {"hidden size": self.hidden_size, "loss": self.loss, "seed": self.seed}
        have = [
            {"hidden size": r.variant.hidden_size, "loss": r.variant.loss, "seed": r.seed}
            for r in replicas
        ]
        wanted = {what: value for what, value in wanted.items() if value is not None}
        for what, value in wanted.items():
            there = list(dict.fromkeys(properties[what] for properties in have))
            if value not in there:
                raise SettingError(
                    f"These weights have no {what} {printable(value)}, only {_listed(there)}."
                )
        fitting = [at for at, properties in enumerate(have) if wanted.items() <= properties.items()]
        if self.vote:
            return fitting

        def rank(at: int) -> tuple[int, bool, int]:
            variant = replicas[at].variant
            return -variant.hidden_size, variant.loss != preferred_loss, at

        return [min(fitting, key=rank)]


def _listed(values: Sequence[object]) -> str:
    if len(values) > 8:  # seeds, which are consecutive
        return f"{values[0]} to {values[-1]}"
    *others, last = map(str, values)
    return f"{', '.join(others)} and {last}" if others else last
