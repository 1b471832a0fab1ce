"""What a baseline is: a naive answer that networks should beat."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Baseline:
    """A naive way to answer, and how well it answers the test sequences."""

    name: str  #: in words, such as `most frequent class`.
    figures: dict[str, float] = field(default_factory=dict)  #: by the names of the test metrics.
    note: str = ""  #: how it was fitted, what was left out, or why it has no figures; may be empty.
