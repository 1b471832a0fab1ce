"""The table of analyses of own networks, which are of random inputs and the network's own answers.

As in `analyses`, a module is imported when its analysis is made.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from rnn_tui.inside.analyses import ABLATION, AUTOMATON, GRADIENTS, SENSITIVITY, STATE_SPACE
from rnn_tui.inside.analysis_kind import AnalysisKind

if TYPE_CHECKING:
    from rnn_tui.engine.progress import Progress
    from rnn_tui.inside.probes import Analysis
    from rnn_tui.inside.reading import NetworkReading


def _ablations(reading: "NetworkReading", progress: "Progress") -> "Analysis | None":
    from rnn_tui.inside.own_studies import analyse_ablations  # noqa: PLC0415 - numpy, here and below

    return analyse_ablations(reading.network, reading.trace, progress)


def _gradients(reading: "NetworkReading", progress: "Progress") -> "Analysis | None":
    from rnn_tui.inside.own_gradients import analyse_gradients  # noqa: PLC0415

    return analyse_gradients(reading.network, reading.trace, progress)


def _sensitivity(reading: "NetworkReading", progress: "Progress") -> "Analysis | None":
    from rnn_tui.inside.own_gradients import analyse_sensitivity  # noqa: PLC0415

    return analyse_sensitivity(reading.network, reading.trace, progress)


def _attribution(reading: "NetworkReading", progress: "Progress") -> "Analysis | None":
    from rnn_tui.inside.own_gradients import analyse_attribution  # noqa: PLC0415

    return analyse_attribution(reading.network, reading.trace, progress)


def _state_space(reading: "NetworkReading", progress: "Progress") -> "Analysis | None":
    from rnn_tui.inside.own_studies import analyse_state_space  # noqa: PLC0415

    return analyse_state_space(reading.network, reading.trace, progress)


def _automaton(reading: "NetworkReading", progress: "Progress") -> "Analysis | None":
    from rnn_tui.inside.own_automaton import analyse_automaton  # noqa: PLC0415

    return analyse_automaton(reading.network, progress)


ATTRIBUTION = AnalysisKind(
    "attribution",
    "Attribution",
    "show what each step adds to the answer: integrated gradients",
    _attribution,
    of_input=True,
)
OWN_AUTOMATON = replace(
    AUTOMATON,
    make=_automaton,
    help="extract a finite automaton from a network that reads a small alphabet",
)
#: the analyses that read random inputs beside the one at hand, by name.
OF_RANDOM_INPUTS = (ABLATION.name, GRADIENTS.name, STATE_SPACE.name)
OF_OWN = (
    replace(
        ABLATION, make=_ablations, help="rank the units by the answers that change without them"
    ),
    replace(GRADIENTS, make=_gradients),
    replace(SENSITIVITY, make=_sensitivity),
    ATTRIBUTION,
    replace(
        STATE_SPACE,
        make=_state_space,
        help="draw the states of 2,000 random inputs on a plane, with fixed and slow points",
    ),
    OWN_AUTOMATON,
)
