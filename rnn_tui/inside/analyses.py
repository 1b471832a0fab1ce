"""The table of analyses of each task's networks.

Each kind is an `Analysis` in a module of its own and an entry here. Its module is imported when the
analysis is made: the help of the command line knows the kinds, and must not load NumPy.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from rnn_tui.inside.analysis_kind import AnalysisKind
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.recall import RECALL
from rnn_tui.tasks.task import Task

if TYPE_CHECKING:
    from rnn_tui.engine.progress import Progress
    from rnn_tui.inside.probes import Analysis
    from rnn_tui.inside.reading import NetworkReading


def _ablations(reading: "NetworkReading", progress: "Progress") -> "Analysis | None":
    from rnn_tui.inside.ablation import analyse_ablations  # noqa: PLC0415 - numpy, here and below

    return analyse_ablations(reading.network, reading.replica, progress)


def _digit_ablations(reading: "NetworkReading", progress: "Progress") -> "Analysis | None":
    from rnn_tui.inside.ablation import analyse_digit_ablations  # noqa: PLC0415

    return analyse_digit_ablations(reading.network, progress)


def _gradients(reading: "NetworkReading", progress: "Progress") -> "Analysis | None":
    from rnn_tui.inside.gradients import analyse_beside_others  # noqa: PLC0415

    return analyse_beside_others(reading, progress)


def _sensitivity(reading: "NetworkReading", progress: "Progress") -> "Analysis | None":
    from rnn_tui.inside.attribution import analyse_sensitivity  # noqa: PLC0415

    return analyse_sensitivity(reading.network, reading.trace, reading.replica, progress)


def _state_space(reading: "NetworkReading", progress: "Progress") -> "Analysis | None":
    from rnn_tui.inside.state_space import analyse_state_space  # noqa: PLC0415

    return analyse_state_space(reading.network, reading.replica, progress)


def _digit_states(reading: "NetworkReading", progress: "Progress") -> "Analysis | None":
    from rnn_tui.inside.state_space import analyse_digit_states  # noqa: PLC0415

    return analyse_digit_states(reading.network, progress)


def _automaton(reading: "NetworkReading", progress: "Progress") -> "Analysis | None":
    from rnn_tui.inside.automaton import analyse_automaton  # noqa: PLC0415

    return analyse_automaton(reading.network, reading.replica, progress)


def _carry(reading: "NetworkReading", progress: "Progress") -> "Analysis | None":
    from rnn_tui.inside.hidden import analyse_carry  # noqa: PLC0415

    return analyse_carry(reading.network, reading.replica, progress)


def _survival(reading: "NetworkReading", progress: "Progress") -> "Analysis | None":
    from rnn_tui.inside.survival import analyse_survival  # noqa: PLC0415

    return analyse_survival(reading.network, reading.replica, progress)


def _rows(reading: "NetworkReading", progress: "Progress") -> "Analysis | None":
    from rnn_tui.inside.images import analyse_test_images  # noqa: PLC0415

    return analyse_test_images(reading.network, progress)


def _learning(reading: "NetworkReading", progress: "Progress") -> "Analysis | None":
    from rnn_tui.inside.history import analyse_learning  # noqa: PLC0415

    return analyse_learning(reading, progress)


def _clicks(reading: "NetworkReading", progress: "Progress") -> "Analysis | None":
    from rnn_tui.inside.history import analyse_clicks  # noqa: PLC0415

    return analyse_clicks(reading, progress)


ABLATION = AnalysisKind(
    "silence",
    "Ablated units",
    "rank the units by the accuracy that is lost without them",
    _ablations,
)
GRADIENTS = AnalysisKind(
    "gradients",
    "Gradient through time",
    "show how far the gradient reaches back, here and in other cell types",
    _gradients,
    of_input=True,
)
SENSITIVITY = AnalysisKind(
    "sensitivity",
    "Sensitivity",
    "show how strongly each output depends on each input",
    _sensitivity,
    of_input=True,
)
STATE_SPACE = AnalysisKind(
    "state_space",
    "State space",
    "draw the states of 2,000 inputs on a plane, with fixed and slow points",
    _state_space,
)
AUTOMATON = AnalysisKind(
    "automaton",
    "Automaton",
    "extract a finite automaton from the adder, and search for wrong sums",
    _automaton,
)
CARRY = AnalysisKind(
    "carry",
    "Carry",
    "search the units for the carry over 1,000 random additions",
    _carry,
)
SURVIVAL = AnalysisKind(
    "survival",
    "Probes",
    "probe the state after each step for every earlier digit",
    _survival,
)
ROWS = AnalysisKind(
    "rows",
    "Rows",
    "measure the accuracy on all test images after each number of rows",
    _rows,
)
LEARNING = AnalysisKind(
    "learning",
    "Gradient by epoch",
    "show how far the gradient reached back in each epoch",
    _learning,
)
CLICKS = AnalysisKind(
    "clicks",
    "When it clicks",
    "show when each seed first adds 64 bits without error, and clusters of its states",
    _clicks,
)

#: the analyses of a task that reads sequences and has none of its own.
OF_SEQUENCES = (ABLATION, GRADIENTS, SENSITIVITY, STATE_SPACE, LEARNING)
#: by the name of a task, its own analyses.
OF_TASKS = {
    ADDER.name: (CARRY, *OF_SEQUENCES, AUTOMATON, CLICKS),
    RECALL.name: (SURVIVAL, *OF_SEQUENCES),
    MNIST.name: (
        ROWS,
        replace(ABLATION, make=_digit_ablations),
        GRADIENTS,
        replace(STATE_SPACE, make=_digit_states),
        LEARNING,
    ),
}


def analyses_of(task: Task) -> tuple[AnalysisKind, ...]:
    """Return the kinds of analyses of a task's networks; `--probes` makes the first of them."""
    if task.name in OF_TASKS:
        return OF_TASKS[task.name]
    reads_sequences = task.shape is not None and not task.reads_data
    return OF_SEQUENCES if reads_sequences else ()
