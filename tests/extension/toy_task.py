"""A task: which is more frequent in a string of bits of odd length, 0 or 1?"""

import torch
from torch import Tensor

from rnn_tui.engine.metrics import ACCURACY
from rnn_tui.tasks.sequences import METRICS
from rnn_tui.tasks.sequences.classification import ClassificationProblem
from rnn_tui.tasks.sequences.examples import Examples
from rnn_tui.tasks.task import Preset, SequenceShape, Task

MAJORITY = Task(
    name="majority",
    label="Majority",
    settings=("hidden_sizes", "lengths", "seeds", "epochs", "training_size"),
    presets=(
        Preset(
            "quick",
            "A few steps on short strings.",
            {
                "hidden_sizes": (3, 5),
                "losses": ("ce",),
                "lengths": (3, 9),
                "epochs": 2,
                "batch_size": 16,
                "learning_rate": 0.03,
                "training_size": 320,
                "test_size": 50,
                "seeds": 2,
            },
        ),
    ),
    metrics=METRICS,
    measures=[ACCURACY],
    headline="test_accuracy",
    problem="tests.extension.toy_task:MajorityProblem",
    shape=SequenceShape(1, ("more zeros", "more ones"), inputs="bits"),
)


class MajorityProblem(ClassificationProblem):
    """Random bits; the target is 1 where more than half of them are."""

    task = MAJORITY

    def draw(self, lengths: Tensor, random: torch.Generator) -> Examples:
        """Strings of these lengths (N,)."""
        longest = int(lengths.max())
        bits = torch.randint(2, (len(lengths), longest), generator=random, dtype=torch.uint8)
        bits *= torch.arange(longest) < lengths[:, None]  # (N, T)
        more = 2 * bits.sum(dim=1, dtype=torch.int64) > lengths  # (N,)
        return Examples(bits[None, :, :, None], more[None].to(torch.uint8), lengths[None])
