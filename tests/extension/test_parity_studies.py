"""The studies that the task of `docs/how-to/own-task.md` gets without code of its own: a network
that is known to compute parity is studied by the shape that the page gives.
"""

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnn_tui.engine.errors import SettingError, TaskError
from rnn_tui.engine.files.weights_file import WeightsFile
from rnn_tui.inside.analyses import analyses_of, options_of
from rnn_tui.inside.automaton import analyse_automaton
from rnn_tui.inside.clicks import _long_questions, _shares_right
from rnn_tui.inside.hidden import analyse_hidden
from rnn_tui.inside.state_space import analyse_state_space
from rnn_tui.inside.survival import analyse_survival
from rnn_tui.inside.task_network import trace_inputs
from rnn_tui.tasks import check
from rnn_tui.tasks.sequences.inference import SequenceNetwork
from rnn_tui.tasks.shapes import Symbol, bits
from rnn_tui.tasks.task import Task
from tests.documents.pages import files
from tests.extension.parity import PAGE
from tests.inside.made import reading_of

K = 20.0  # steep enough for a tanh to be a sign


@pytest.fixture(scope="module")
def parity(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The task of the page, imported from its text."""
    folder = tmp_path_factory.mktemp("parity")
    for name, text in files(PAGE).items():
        path: Path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    sys.path.insert(0, str(folder))
    try:
        from rnn_parity import PARITY  # type: ignore[import-not-found]  # noqa: PLC0415

        PARITY.load()
        yield PARITY
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] == "rnn_parity"]:
            del sys.modules[name]


def network_of(task: Task, *, forgets: bool = False) -> SequenceNetwork:
    """An RNN of two units, whether bit + parity so far is above 0.5 and above 1.5: the parity is 1
    where one is and the other is not. One that forgets answers by the last bit alone.
    """
    config: Any = task.config("rnn", hidden_sizes=(2,), lengths=(1, 12))
    gates = np.zeros((1, 2, 2 + 1 + 2), np.float32)  # columns: states, the bit, both biases
    gates[0, :, 2] = K
    gates[0, :, -1] = -0.5 * K, -1.5 * K
    if not forgets:
        gates[0, :, 0] = K / 2
        gates[0, :, 1] = -K / 2
    readout = np.array([[[-1, 1, 1], [1, -1, -1]]], np.float32)  # even, odd
    arrays = {"gates": gates, "readout": readout}
    return SequenceNetwork(WeightsFile(replace(config, seeds=1), arrays, 0, {}), task)


def test_it_computes_parity(parity: Task) -> None:
    bits = np.random.default_rng(0).integers(0, 2, (30, 1)).astype(np.float32)
    trace = trace_inputs(network_of(parity), bits)
    assert trace.answers.tolist() == (bits[:, 0].cumsum() % 2).astype(int).tolist()
    assert trace.read[:3] == tuple(f"{bit:g}" for bit in bits[:3, 0])


def test_its_shape_gives_it_the_studies_of_the_tasks_that_ship(parity: Task) -> None:
    names = [kind.name for kind in analyses_of(parity)]
    assert names == [
        "parity",
        "survival",
        "silence",
        "gradients",
        "sensitivity",
        "state_space",
        "learning",
        "automaton",
        "clicks",
    ]
    assert options_of(parity)["probes"].label == "Parity"
    bare = replace(parity, hidden=None, right="", shape=replace(parity.shape, alphabet=()))
    assert "probes" not in options_of(bare)
    assert {"automaton", "survival", "parity"}.isdisjoint(options_of(bare))
    assert {"clicks", "sensitivity"} <= options_of(bare).keys()


def test_its_automaton_has_two_states_that_are_called_even_and_odd(parity: Task) -> None:
    pytest.importorskip("aalpy")
    analysis = analyse_automaton(reading_of(network_of(parity)), length=8)
    assert analysis is not None
    assert analysis.machine is not None
    assert analysis.machine.states == ("even", "odd")
    assert analysis.machine.outputs.tolist() == [[0, 1], [1, 0]]
    assert analysis.machine.next_states.tolist() == [[0, 1], [1, 0]]
    assert analysis.equivalent
    assert analysis.summary == (
        "The automaton extracted from the network is the true one, with two states: even and odd. "
        "All 256 sequences of 8 bits are right."
    )
    assert "even │even/even│odd/odd" in "\n".join(analysis.findings)


def test_a_network_that_forgets_is_caught_by_the_shortest_string(parity: Task) -> None:
    pytest.importorskip("aalpy")
    analysis = analyse_automaton(reading_of(network_of(parity, forgets=True)), length=6)
    assert analysis is not None
    assert analysis.machine is not None
    assert len(analysis.machine.states) == 1
    assert str(analysis.difference) == "10 → even, not odd"
    verification = analysis.verification
    assert verification is not None
    assert str(verification.smallest) == "10 → even, not odd"
    assert verification.failing == 2**6 - 2  # all but 000000 and 000001
    assert 0 < verification.longer_failing <= verification.longer


def test_without_what_is_right_there_is_still_a_machine(parity: Task) -> None:
    pytest.importorskip("aalpy")
    unknown = replace(parity, hidden=None, right="")
    analysis = analyse_automaton(reading_of(network_of(unknown)), length=6)
    assert analysis is not None
    assert analysis.machine is not None
    assert analysis.machine.next_states.tolist() == [[0, 1], [1, 0]]
    assert (analysis.true, analysis.verification, analysis.equivalent) == (None, None, False)
    assert analysis.summary == "The automaton extracted from the network has 2 states."
    assert analysis.to_dict()["verified"] is None


def test_the_hidden_parity_is_found_in_the_states(parity: Task) -> None:
    analysis = analyse_hidden(reading_of(network_of(parity)), sequences=200)
    assert analysis.name == "parity"
    assert analysis.probe.accuracy == 1
    assert analysis.chance < 0.6
    forgetful = analyse_hidden(reading_of(network_of(parity, forgets=True)), sequences=200)
    assert forgetful.probe.accuracy < 0.75  # it has the last bit at most
    trace = trace_inputs(network_of(parity), np.array([[1], [1], [0], [1]], np.float32))
    # after each step, not into it: the answer is after the last one
    assert analysis.probe_row(trace).tolist() == [1, 0, 0, 1]


def test_a_hidden_variable_of_three_values_is_probed(parity: Task) -> None:
    hidden = replace(parity.hidden, values=("even", "odd", "never"))
    analysis = analyse_hidden(reading_of(network_of(replace(parity, hidden=hidden))), sequences=200)
    assert analysis.sources == ()
    assert analysis.summary.startswith("A linear probe on all states predicts the parity with 100")
    assert "best" not in analysis.to_dict()


def test_no_earlier_bit_survives_but_the_last(parity: Task) -> None:
    analysis = analyse_survival(reading_of(network_of(parity)), sequences=600)
    assert analysis is not None
    assert "a linear probe reads the bit at position" in analysis.summary
    assert np.nanmax(np.triu(analysis.accuracy, 2)) < 0.65


def test_states_are_sorted_by_the_hidden_parity(parity: Task) -> None:
    analysis = analyse_state_space(reading_of(network_of(parity)), inputs=60)
    assert analysis is not None
    assert (analysis.coloured_by, analysis.label_names) == ("parity", ("even", "odd"))
    assert {point.input for point in analysis.fixed_points} <= {"0", "1"}


def test_long_strings_tell_who_makes_no_error(parity: Task) -> None:
    network, random = network_of(parity), np.random.default_rng(0)
    questions = _long_questions(network, random)
    assert questions.name == "sequences of 64 bits"
    assert {len(inputs) for inputs in questions.inputs} == {64}
    assert _shares_right(network, questions).tolist() == [1.0]
    [share] = _shares_right(network_of(parity, forgets=True), questions)
    assert 0.2 < share < 0.8


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"alphabet": bits(2)}, "symbol 00 has 2 numbers, and its networks read 1"),
        ({"alphabet": (*bits(1), *bits(1))}, "its symbol 0 is there twice"),
        ({"alphabet": (Symbol("\x1b[31m", (1,)),)}, "must have short printable names"),
    ],
)
def test_an_alphabet_that_does_not_fit_is_refused_in_a_sentence(
    parity: Task, change: dict[str, Any], sentence: str
) -> None:
    check(parity)
    assert parity.shape is not None
    with pytest.raises(SettingError, match=re.escape(sentence)):
        check(replace(parity, shape=replace(parity.shape, **change)))


def test_what_is_right_can_be_missing_from_the_package(parity: Task) -> None:
    broken = replace(parity, right="rnn_parity:nothing")
    with pytest.raises(TaskError, match="The task parity can't be loaded"):
        analyse_automaton(reading_of(network_of(broken)))
