"""The analyses of networks, by the shape of their task.

Each kind is an `Analysis` in a module of its own and an entry here. Its module is imported when the
analysis is made: the help of the command line knows the kinds, and must not load NumPy.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from rnn_tui.inside.analysis_kind import AnalysisKind
from rnn_tui.tasks.shapes import MOST_SYMBOLS, HiddenVariable
from rnn_tui.tasks.task import SequenceShape, Task

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


def _hidden(reading: "NetworkReading", progress: "Progress") -> "Analysis | None":
    from rnn_tui.inside.hidden import analyse_hidden  # noqa: PLC0415

    return analyse_hidden(reading.network, reading.replica, progress)


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
    from rnn_tui.inside.clicks import analyse_clicks  # noqa: PLC0415

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
    "extract a finite automaton from the network, and search for wrong answers",
    _automaton,
)
SURVIVAL = AnalysisKind(
    "survival",
    "Probes",
    "probe the state after each step for every earlier input",
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
    "show when each seed first makes no error with long inputs, and clusters of its states",
    _clicks,
)

#: the analyses of all networks that read sequences.
OF_SEQUENCES = (ABLATION, GRADIENTS, SENSITIVITY, STATE_SPACE, LEARNING)
#: those of networks that answer numbers, which are neither right nor wrong.
OF_NUMBERS = (SENSITIVITY,)
#: the analyses of readers of images.
OF_IMAGES = (
    ROWS,
    replace(ABLATION, make=_digit_ablations),
    GRADIENTS,
    replace(STATE_SPACE, make=_digit_states),
    LEARNING,
)
#: an automaton with more kinds of answers says little.
MOST_ANSWERS = 16


def _hidden_kind(variable: HiddenVariable, shape: SequenceShape) -> AnalysisKind:
    """Return the analysis that looks for a hidden variable."""
    return AnalysisKind(
        variable.key,
        variable.name.capitalize(),
        f"search the units for the {variable.name} over 1,000 random {shape.sequences}",
        _hidden,
    )


def analyses_of(task: Task) -> tuple[AnalysisKind, ...]:
    """Return the kinds of analyses of a task's networks, probes first."""
    if task.test_images:
        return OF_IMAGES
    shape = task.shape
    if shape is None or task.reads_images:
        return ()
    if shape.numbers:
        return OF_NUMBERS
    kinds: list[AnalysisKind] = []
    if task.hidden is not None:
        kinds.append(_hidden_kind(task.hidden, shape))
    if shape.alphabet and not shape.every_step:
        kinds.append(SURVIVAL)
    kinds += OF_SEQUENCES
    if _may_be_automaton(shape):
        kinds.append(AUTOMATON)
    if shape.any_length:
        kinds.append(CLICKS)
    return tuple(kinds)


def _may_be_automaton(shape: SequenceShape) -> bool:
    """Return whether both what is read and what is answered is one of a few."""
    return 1 < len(shape.alphabet) <= MOST_SYMBOLS and len(shape.outputs) <= MOST_ANSWERS


def options_of(task: Task) -> Mapping[str, AnalysisKind]:
    """Return the analyses by the names of their options, without dashes before these.

    The first one that is not of all networks is called `probes`.
    """
    kinds = analyses_of(task)
    options = {kind.name.replace("_", "-"): kind for kind in kinds}
    if kinds and kinds[0] not in OF_SEQUENCES:
        options = {"probes": kinds[0]} | {
            name: kind for name, kind in options.items() if kind is not kinds[0]
        }
    return options
