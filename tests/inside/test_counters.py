"""Units that count: a planted counter is found with its slopes, and none where there is none."""

import json

import numpy as np
import pytest

from rnn_tui.engine.files.weights_file import WeightsFile
from rnn_tui.inside.analyses import COUNTERS, analyses_of, options_of
from rnn_tui.inside.counters import CountersAnalysis, analyse_counters
from rnn_tui.inside.task_network import TaskNetwork
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.sequences.inference import SequenceNetwork
from tests.inside.made import reading_of, sequences

TASK = TASKS["a-n-b-n"]
OPEN = 20.0  # what goes into a gate that is wide open
UP, DOWN = 0.5, -0.25  # what an a and a b add to the planted counter


def network_with_counter() -> SequenceNetwork:
    """An LSTM of three units by chance, but the cell of unit 1 counts a and b."""
    units, inputs = 3, 3  # a, b and the blank
    config = TASK.config("lstm", hidden_sizes=(units,), lengths=(1, 20))
    random = np.random.default_rng(0)
    gates = random.normal(
        0, 1, (4, units, units + inputs + 2)
    )  # of candidate, input, forget, output
    gates[:, 1] = 0
    gates[1:, 1, -1] = OPEN
    gates[0, 1, units : units + 2] = np.arctanh([UP, DOWN])
    readout = random.normal(0, 1, (1, 2, units + 1))
    arrays = {"gates": gates.reshape(1, 4 * units, -1).astype(np.float32), "readout": readout}
    return SequenceNetwork(WeightsFile(config, arrays, 1, {}), TASK)


def test_a_planted_counter_is_found_with_what_each_symbol_adds() -> None:
    analysis = analyse_counters(reading_of(network_with_counter()))
    assert analysis.counting == [(1, 1)]
    assert (analysis.sources[1], analysis.units_counting) == ("cell", 1)
    assert analysis.slopes[1, 1] == pytest.approx([UP, DOWN], abs=1e-4)
    assert analysis.intercepts[1, 1] == pytest.approx(0, abs=1e-4)
    assert analysis.beyond[1, 1] == pytest.approx(1)
    assert (analysis.trained, analysis.longest) == (20, 60)
    assert analysis.summary == (
        "The cell of unit 1 counts: +0.5 for each a, -0.25 for each b, R² 1.0000 in words of up to "
        "60 symbols, fitted to 20. In all, 1 of 3 units count."
    )
    assert "not found" in analysis.findings[-1].lower()


def test_its_state_is_bent_by_the_bound_and_does_not_count() -> None:
    analysis = analyse_counters(reading_of(network_with_counter()))
    # tanh of the cell is straight at first: what is fitted to short words does not hold for long
    assert analysis.beyond[0, 1] < analysis.within[0, 1] < 1
    assert (0, 1) not in analysis.counting


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_states_with_a_bound_hold_no_counter(cell: str) -> None:
    analysis = analyse_counters(reading_of(sequences("a-n-b-n", cell)))
    assert analysis.sources == ("state",)
    assert analysis.units_counting == 0
    assert analysis.summary.startswith("No unit counts: the best, the state of unit ")


def test_a_unit_that_never_moves_does_not_count() -> None:
    config = TASK.config("lstm", hidden_sizes=(2,))
    arrays = {"gates": np.zeros((1, 8, 7), np.float32), "readout": np.zeros((1, 2, 3), np.float32)}
    analysis = analyse_counters(
        reading_of(SequenceNetwork(WeightsFile(config, arrays, 1, {}), TASK))
    )
    assert (analysis.beyond == 0).all()
    assert analysis.units_counting == 0


def test_the_line_goes_along_a_word_as_the_counter_does() -> None:
    network = network_with_counter()
    analysis = analyse_counters(reading_of(network))
    word = np.eye(3, dtype=np.float32)[[0, 0, 0, 1, 1, 2]]  # aaabb_
    trace = TaskNetwork(network).trace(word)
    expected = [0.5, 1, 1.5, 1.25, 1, 1]
    assert analysis.line(trace) == pytest.approx(expected, abs=1e-4)
    assert analysis.values(trace) == pytest.approx(expected, abs=1e-4)


def test_three_symbols_are_counted_each_by_itself() -> None:
    analysis = analyse_counters(reading_of(sequences("a-n-b-n-c-n", "lstm")))
    assert analysis.symbols == ("a", "b", "c")
    assert analysis.slopes.shape == (2, 4, 3)
    assert (analysis.trained, analysis.longest) == (99, 297)  # of up to 100 in training


def test_the_document_says_the_same() -> None:
    analysis = analyse_counters(reading_of(network_with_counter()))
    document = json.loads(json.dumps(analysis.to_dict(), allow_nan=False))
    assert document["best"]["source"] == "cell"
    assert document["cell"]["beyond"][1] == document["best"]["beyond"]
    assert analysis.figures["units_counting"] == 1
    assert analysis.arrays()["counters_slopes"].shape == (2, 3, 2)


def test_it_is_offered_where_symbols_are_counted_and_nowhere_else() -> None:
    with_counters = {name for name, task in TASKS.items() if COUNTERS in analyses_of(task)}
    assert with_counters == {"a-n-b-n", "a-n-b-n-c-n"}
    assert options_of(TASK)[CountersAnalysis.name] is COUNTERS
