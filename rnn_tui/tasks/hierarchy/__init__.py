"""Tasks of the Chomsky hierarchy, without NumPy and torch.

Fifteen are those of Delétang et al. 2022, “Neural Networks and the Chomsky Hierarchy”
(arXiv:2207.02098), by the definitions of its text and its program. Networks train on words of 1 to
40 symbols and are tested on 41 to 500. Two more, on equal counts, are after Weiss et al. 2018
(arXiv:1805.04908), with presets of their own.
"""

from dataclasses import replace

from rnn_tui.engine.config import Recipe
from rnn_tui.engine.metrics import Metric, accuracy_metric
from rnn_tui.tasks.hierarchy import counting
from rnn_tui.tasks.hierarchy.table import CHOMSKY, COUNTING, DEFINITIONS, Definition
from rnn_tui.tasks.sequences import DRAWN_SETTINGS
from rnn_tui.tasks.shapes import HiddenVariable, one_hot
from rnn_tui.tasks.task import TESTED_BY, Preset, SequenceShape, Task

BLANK = "_"  #: the symbol at which networks answer.
_LENGTHS = {"lengths": (1, 40), "losses": ("ce",)}
# Large input weights and short steps of bounded size let small networks find parity at all: with
# PyTorch's initial weights none of five RNNs did in 3,000 steps, with these three did.
_FAST = Recipe(
    initialisation="orthogonal",
    input_gain=2.0,
    beta2=0.99,
    schedule="one-cycle",
    clip=0.1,
    fresh=True,
)
_SMALL = {
    **_LENGTHS,
    "hidden_sizes": (32,),
    "epochs": 16,
    "batch_size": 32,
    "learning_rate": 0.01,
    "training_size": 8_000,
    "test_size": 40,
    "recipe": _FAST,
}
# An RNN has no gates that keep a state: a lower rate for longer.
# A minGRU's gates have to shut and open wholly before a state lasts for 500 symbols.
_SMALL_CELLS = {
    "rnn": {"epochs": 30, "learning_rate": 0.005, "training_size": 9_600},
    "mingru": {"learning_rate": 0.03},
    "mingru-signed": {"learning_rate": 0.03},
}
_SMALL_SUMMARY = (
    "32 units in place of the paper's 256; 4,000 steps of 32 words (RNN: 9,000) in place of a "
    "million of 128; one-cycle learning rate"
)
_EVEN = Preset("even", f"{_SMALL_SUMMARY}; words as the paper draws them.", _SMALL, _SMALL_CELLS)
_UNEVEN = Preset(
    "fast",
    f"{_SMALL_SUMMARY}; words of which some hold nearly one symbol.",
    {**_SMALL, "recipe": replace(_FAST, training_words="dirichlet")},
    _SMALL_CELLS,
)
# Evenly drawn lengths never teach the value of an expression, whatever the steps.
_GROWING_RECIPE = replace(_FAST, clip=0.5, average=0.98, training_lengths="growing")
_GROWING = Preset(
    "fast",
    "64 units in place of the paper's 256; 15,000 steps of 32 words in place of a million of 128; "
    "short words first; one-cycle learning rate, averaged weights.",
    {
        **_SMALL,
        "hidden_sizes": (64,),
        "epochs": 30,
        "learning_rate": 0.006,
        "training_size": 16_000,
        "recipe": _GROWING_RECIPE,
    },
    {"rnn": {"learning_rate": 0.003, "recipe": replace(_GROWING_RECIPE, clip=0.1)}},
)
_PAPER = Preset(
    "paper",
    "The published program's recipe: 256 units, a million steps of 128 words, Adam at 0.0003, a "
    "ReLU before the readout, weights as Haiku draws them, a test of all 460 lengths.",
    {
        **_LENGTHS,
        "hidden_sizes": (256,),
        "epochs": 10_000,
        "batch_size": 128,
        "learning_rate": 3e-4,
        "training_size": 12_800,
        "test_size": 512,
        "state_activation": "relu",
        "test_lengths": "all",
        "recipe": Recipe(initialisation="haiku", clip=1.0, fresh=True),
    },
)
#: how small networks are taught a rule; others are by words as the paper draws them.
_TAUGHT = {
    **dict.fromkeys(("even-pairs", "parity-check", "cycle-navigation"), _UNEVEN),
    **dict.fromkeys(
        ("modular-arithmetic", "modular-arithmetic-brackets", "solve-equation"), _GROWING
    ),
}
#: by paper, the presets of tasks that are not taught as those of the hierarchy are.
_PRESETS_OF = {COUNTING: counting.PRESETS}
_KIND_OF = {
    CHOMSKY: "One of the tasks of the Chomsky hierarchy.",
    COUNTING: "One of two tasks on counting, in the words of the Chomsky hierarchy.",
}
_HELP = (
    f"A network reads a word, one symbol a step, and then a blank, `{BLANK}`, for each answer; it "
    "answers at the blanks. It trains on short words and is tested on longer ones, of up to 500 "
    "symbols. **Prompt** asks a network about a word that you type; **Inside** shows its state at "
    "each symbol."
)
_METRICS = (
    Metric("train_loss", "training loss", chart="loss"),
    Metric("val_loss", "validation loss"),
    accuracy_metric("val_accuracy", "validation accuracy", "accuracy"),
    accuracy_metric("test_accuracy", "accuracy on longer words"),
)


def _hidden(definition: Definition) -> HiddenVariable | None:
    """Return what networks have to keep, if it has a name."""
    if not definition.hidden:
        return None
    function = "rnn_tui.tasks.hierarchy.words:answers_so_far"
    return HiddenVariable(definition.hidden, function, tuple(definition.answers))


def _presets(definition: Definition) -> tuple[Preset, ...]:
    """Return the ways to train a task, the usual one first."""
    if definition.source in _PRESETS_OF:
        return _PRESETS_OF[definition.source]
    return _TAUGHT.get(definition.name, replace(_EVEN, name="fast")), _EVEN, _PAPER


def _task(definition: Definition) -> Task:
    """Return the task that is defined by an entry of the table."""
    alphabet = one_hot([*definition.symbols, BLANK])
    return Task(
        name=definition.name,
        label=definition.label,
        settings=(
            "hidden_sizes",
            "test_lengths",
            *DRAWN_SETTINGS,
            *(("training_words",) if definition.free else ()),
            "training_lengths",
            "label_smoothing",
        ),
        presets=_presets(definition),
        tested_by=(*TESTED_BY, "test_lengths"),
        metrics=_METRICS,
        headline="test_accuracy",
        problem="rnn_tui.tasks.hierarchy.problem:HierarchyProblem",
        shape=SequenceShape(
            len(alphabet),
            tuple(definition.answers),
            every_step=True,
            inputs="symbols",
            alphabet=alphabet,
            example=definition.example,
            sequences="words",
            counted=tuple(definition.symbols) if definition.counts else (),
        ),
        right="rnn_tui.tasks.hierarchy.words:right_answers",
        words="rnn_tui.tasks.hierarchy.words:HierarchyWords",
        questions="rnn_tui.tasks.hierarchy.questions:HierarchyQuestions",
        hidden=_hidden(definition),
        unit="words",
        tab=False,
        level=definition.level,
        help_text=(
            f"# {definition.label}\n\n{definition.help_text}\n\n"
            f"{_KIND_OF[definition.source]} {_HELP}"
        ),
    )


DEFINITIONS_BY_NAME = {definition.name: definition for definition in DEFINITIONS}
TASKS_BY_NAME = {definition.name: _task(definition) for definition in DEFINITIONS}
