"""The adding problem (Hochreiter & Schmidhuber 1997, experiment 4), without torch: what is the sum
of the two numbers that are marked?
"""

from rnn_tui.engine.config import Recipe
from rnn_tui.engine.metrics import Metric, accuracy_metric
from rnn_tui.tasks.sequences import DRAWN_SETTINGS
from rnn_tui.tasks.task import Preset, SequenceShape, Task

#: an answer that is further than this from the sum is wrong, as in the paper.
TOLERANCE = 0.04
#: the mean squared error of whoever always answers 1: the variance of the sum of two numbers, each
#: uniform from 0 to 1.
NAIVE_ERROR = 1 / 6

ADDING = Task(
    name="adding",
    label="Adding problem",
    settings=(
        "hidden_sizes",
        *DRAWN_SETTINGS,
    ),
    presets=(
        Preset(
            "fast",
            "Sequences of 50 to 55 steps, fresh in every batch, one-cycle learning rate.",
            {
                "hidden_sizes": (32,),
                "losses": ("mse",),
                "lengths": (50, 55),
                "epochs": 10,
                "batch_size": 32,
                "learning_rate": 0.01,
                "training_size": 8_000,
                "test_size": 1_000,
                "recipe": Recipe(
                    initialisation="orthogonal",
                    beta2=0.99,
                    schedule="one-cycle",
                    clip=1.0,
                    fresh=True,
                ),
            },
            # LSTMs need more steps: after 2,500, none of 20 has 90 % of the sums right.
            {"lstm": {"epochs": 25}},
        ),
    ),
    metrics=(
        Metric("train_loss", "training loss", chart="loss"),
        Metric("val_error", f"validation squared error, {NAIVE_ERROR:.3f} for always 1"),
        accuracy_metric("val_accuracy", f"validation sums within {TOLERANCE}", "accuracy"),
        Metric("test_error", f"squared error, {NAIVE_ERROR:.3f} for always 1"),
        accuracy_metric("test_accuracy", f"sums within {TOLERANCE}"),
    ),
    headline="test_accuracy",
    problem="rnn_tui.tasks.adding.problem:AddingProblem",
    shape=SequenceShape(
        2,
        ("sum",),
        inputs="numbers",
        numbers=True,
        columns=("number", "mark"),
        answer="sum",
        example="0.5 1; 0.2 0; 0.3 1",
    ),
    tab=False,
    help_text=f"""# Adding problem

What is the sum of the two marked numbers?

Each step has a number from 0 to 1 and a mark, which is 1 at two steps and 0 at all others. After
the last step the network answers the sum of the two marked numbers. An answer counts as right
within {TOLERANCE}. Always answering 1 has a mean squared error of {NAIVE_ERROR:.3f}.

Hochreiter and Schmidhuber made it in 1997 to show that an LSTM keeps numbers over many steps. Here
as in later work (Bai et al. 2018) the numbers lie between 0 and 1, and any two steps are marked.
""",
)
