"""The adder as a machine: learned where it was put, with the sums at which it goes wrong."""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.engine.errors import CheckpointError, UserError
from rnn_tui.engine.extras import install_command
from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.inside.automaton import (
    MOST_STATES,
    AutomatonAnalysis,
    MealyMachine,
    WordReader,
    analyse_automaton,
    outputs_of,
    true_machine,
)
from rnn_tui.inside.task_network import TaskNetwork
from rnn_tui.networks import CELLS
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.adder.questions import AdderNetwork, Addition, number_of
from rnn_tui.tasks.sequences.words import LONGEST, words_for
from tests.inside.made import reading_of, sequences
from tests.watched import Watched

FILE = read_weights(asset_dir() / "pretrained" / "adder.safetensors")
SHIPPED = AdderNetwork(FILE)
WORDS = words_for(ADDER, FILE.config)
CARRY_MACHINE = MealyMachine(  # what adding on paper is: the state is the carry into the place
    ("no carry", "carry"),
    np.array([[0, 1, 1, 0], [1, 0, 0, 1]], np.uint8),
    np.array([[0, 0, 0, 1], [0, 1, 1, 1]]),
)
K = 20.0  # steep enough for a tanh to be a sign


def network_of(gates: np.ndarray, readout: np.ndarray, cell: str = "rnn") -> AdderNetwork:
    """A network of one replica, of gates (G·H, H + 4) and a readout (H + 1)."""
    config = replace(
        FILE.config, cell=cell, hidden_sizes=(len(readout) - 1,), losses=("bce",), seeds=1
    )
    arrays = {
        "gates": gates.astype(np.float32)[None],
        "readout": readout.astype(np.float32)[None, None],
    }
    return AdderNetwork(replace(FILE, config=config, arrays=arrays))


def constructed(lost_at: int | None = None) -> AdderNetwork:
    """An RNN that adds; but nothing is carried into places from `lost_at` on, counted from 0, at
    least 2.

    Units: whether a + b + carry is above 0.5, 1.5 and 2.5; the carry; one that is 1 from the first
    step on; then one for each further place, 1 from there on. The mean of such a unit and the
    constant one is 0 or 1, and 0 before the first step, when both are 0.
    """
    counters = 0 if lost_at is None else lost_at - 2
    units, carry, constant = 5 + counters, 3, 4
    gates, readout = np.zeros((units, units + 4)), np.zeros(units + 1)
    for unit, threshold in enumerate((0.5, 1.5, 2.5, 1.5)):
        gates[unit, [carry, constant]] = K / 2
        gates[unit, units : units + 2] = K
        gates[unit, -1] = -threshold * K
    readout[:3] = K, -K, K
    gates[constant, -1] = K
    for unit in range(constant + 1, units):
        gates[unit, [unit - 1, -1]] = K, -K / 2  # 1 where the one before was 1 a step ago
    if lost_at is not None:
        gates[carry, list({units - 1, constant})] -= 2 * K
    return network_of(gates, readout)


def on_paper(a: int, b: int, lost_at: int) -> int:
    """a + b in as many places as the network gets, with nothing carried into those from some place
    on.
    """
    carry = total = 0
    for place in range(max(a.bit_length(), b.bit_length()) + 1):
        at_place = (a >> place & 1) + (b >> place & 1) + (carry if place < lost_at else 0)
        total |= (at_place & 1) << place
        carry = at_place >> 1
    return total


def answer(network: AdderNetwork, a: int, b: int, replica: int = 0) -> int:
    return number_of(network.outputs_of([Addition(a, b)])[0][replica] >= 0.5)


def analysed(network: AdderNetwork, replica: int = 0, **options: int) -> AutomatonAnalysis:
    analysis = analyse_automaton(reading_of(network, replica), **options)
    assert analysis is not None
    return analysis


@pytest.fixture(scope="module")
def exact() -> AutomatonAnalysis:
    return analysed(constructed())


def test_a_network_that_adds_is_the_machine_of_two_states(exact: AutomatonAnalysis) -> None:
    assert exact.machine is not None
    assert exact.machine.states == ("no carry", "carry")
    assert np.array_equal(exact.machine.outputs, CARRY_MACHINE.outputs)
    assert np.array_equal(exact.machine.next_states, CARRY_MACHINE.next_states)
    assert exact.equivalent
    assert exact.holds_beyond
    assert (
        exact.verification.verified,
        exact.verification.failing,
        exact.verification.longer_failing,
    ) == (65_536, 0, 0)
    assert exact.verification.longer > 1_000
    assert exact.verification.smallest is exact.difference is None
    assert exact.verification.counterexamples == ()
    assert exact.summary == (
        "The automaton extracted from the network is the true one, with two states: no carry "
        "and carry. "
        "All 65,536 sums of numbers of up to 8 bits are right."
    )


def test_the_true_machine_is_that_of_adding_on_paper() -> None:
    machine = true_machine(WORDS, 3)
    assert machine is not None
    assert machine.states == CARRY_MACHINE.states
    assert np.array_equal(machine.outputs, CARRY_MACHINE.outputs)
    assert np.array_equal(machine.next_states, CARRY_MACHINE.next_states)


def test_both_machines_stand_beside_each_other(exact: AutomatonAnalysis) -> None:
    row = "no carry│0/no carry│1/no carry│0/carry"
    assert f"{row}   {row}" in exact.findings
    assert all(len(line) <= 79 for line in exact.findings[1:])


def smallest_on_paper(lost_at: int, bits: int) -> tuple[tuple[int, int], int]:
    """The smallest failing sum of numbers of up to so many bits, and how many fail."""
    pairs = [
        (a, b) for a in range(2**bits) for b in range(2**bits) if on_paper(a, b, lost_at) != a + b
    ]
    return min(pairs, key=by_size), len(pairs)


def by_size(pair: tuple[int, int]) -> tuple[int, int, int]:
    """Fewer bits first, then the smaller sum, then the larger a."""
    a, b = pair
    return a.bit_length() + b.bit_length(), a + b, -a


@pytest.mark.parametrize("lost_at", [2, 4, 7])
def test_a_forgotten_carry_is_found(lost_at: int) -> None:
    network = constructed(lost_at)
    for a, b in ((1, 1), (3, 1), (127, 1), (200, 100), (85, 85)):
        assert answer(network, a, b) == on_paper(a, b, lost_at)  # it is what it was made to be
    analysis = analysed(network)
    (a, b), failing = smallest_on_paper(lost_at, 8)
    assert analysis.verification.failing == failing > 0
    assert analysis.verification.smallest is not None
    assert (analysis.verification.smallest.numbers.a, analysis.verification.smallest.numbers.b) == (
        a,
        b,
    )
    assert int(analysis.verification.smallest.answer, 2) == on_paper(a, b, lost_at)
    assert analysis.verification.smallest.query == f"{'1' * lost_at} + 1"
    assert (
        f"{failing:,} of 65,536 sums of numbers of up to 8 bits are wrong; the smallest: {a:b} + "
        f"{b:b} = " in analysis.summary
    )
    # The machine knows it as well: places are counted by its states.
    assert analysis.machine is not None
    assert analysis.holds_beyond
    assert not analysis.equivalent
    assert analysis.machine.states[0] == "q0"
    assert analysis.difference is not None
    assert not analysis.difference.correct
    assert analysis.difference.numbers.length == lost_at + 1


def test_a_carry_forgotten_beyond_what_is_verified_is_found() -> None:
    analysis = analysed(constructed(21), length=4)
    assert (
        analysis.verification.failing,
        analysis.verification.verified,
        analysis.verification.smallest,
    ) == (0, 256, None)
    assert analysis.verification.longer_failing > 0
    chain, other = analysis.verification.counterexamples
    assert chain.query == f"{'1' * 21} + 1"
    assert f"Fails at {chain.query} = 0, not 1{'0' * 21}." in analysis.findings
    assert (
        int(other.answer, 2)
        == on_paper(other.numbers.a, other.numbers.b, 21)
        != other.numbers.total
    )
    assert analysis.machine is not None
    assert analysis.equivalent  # of more than 40 states is the one that counts 21 places
    assert not analysis.holds_beyond


def test_of_too_many_states_the_machine_of_short_sums_is_kept() -> None:
    analysis = analysed(constructed(51), length=5)
    assert analysis.equivalent
    assert not analysis.holds_beyond
    assert "but not on all longer ones" in analysis.summary
    assert analysis.verification.counterexamples[0].query == f"{'1' * 51} + 1"


def random_network(seed: int, cell: str = "rnn", blocks: int = 1, units: int = 6) -> AdderNetwork:
    random = np.random.default_rng(seed)
    readout = random.normal(size=units + 1)
    readout[-1] = 0
    return network_of(random.normal(0, 2, (blocks * units, units + 4)), readout, cell)


def test_a_network_without_a_small_machine_has_none() -> None:
    analyses = (analysed(random_network(seed, units=10), length=4) for seed in range(20))
    analysis = next(analysis for analysis in analyses if analysis.machine is None)
    assert analysis.summary.startswith(f"No automaton with at most {MOST_STATES} states was found")
    assert analysis.verification.failing > 0
    assert analysis.verification.smallest is not None
    assert analysis.verification.smallest.query in analysis.summary
    assert not analysis.equivalent
    assert analysis.difference is None
    assert {
        analysis.arrays()[f"automaton_{name}"].shape for name in ("outputs", "next_states")
    } == {(0, 4)}
    assert analysis.findings[2] == "true automaton"
    assert json.loads(json.dumps(analysis.to_dict()))["machine"] is None
    assert "learned" not in analysis.dot


@pytest.mark.long
@settings(max_examples=4)
@given(
    st.integers(0, 10_000),
    st.sampled_from([("rnn", 1), ("lstm", 4), ("gru", 3)]),
    st.integers(2, 4),
)
def test_what_is_said_of_any_network_is_so(seed: int, cell: tuple[str, int], bits: int) -> None:
    network = random_network(seed, *cell)
    analysis = analysed(network, length=bits)
    pairs = [(a, b) for a in range(2**bits) for b in range(2**bits)]
    wrong = [(a, b) for a, b in pairs if answer(network, a, b) != a + b]
    assert (analysis.verification.failing, analysis.verification.verified) == (
        len(wrong),
        len(pairs),
    )
    if wrong:
        assert analysis.verification.smallest is not None
        numbers = analysis.verification.smallest.numbers
        assert (numbers.a, numbers.b) == min(wrong, key=by_size)
    for asked_sum in analysis.verification.counterexamples:
        assert bits < asked_sum.numbers.length - 1 <= LONGEST
    for asked_sum in (
        *analysis.verification.counterexamples,
        analysis.verification.smallest,
        analysis.difference,
    ):
        if asked_sum is not None:
            numbers = asked_sum.numbers
            answered = int(asked_sum.answer, 2)
            assert answered == answer(network, numbers.a, numbers.b)
            assert int(asked_sum.expected, 2) == numbers.total
            assert asked_sum.correct == (answered == numbers.total)
    if analysis.machine is not None:
        assert analysis.equivalent == (analysis.difference is None)
        assert analysis.difference is None or not analysis.difference.correct
        for a, b in pairs:
            assert machine_answer(analysis.machine, a, b) == answer(network, a, b)


def machine_answer(machine: MealyMachine, a: int, b: int) -> int:
    """a + b by a machine, symbol by symbol."""
    state = total = 0
    for place in range(max(a.bit_length(), b.bit_length()) + 1):
        symbol = 2 * (a >> place & 1) + (b >> place & 1)
        total |= int(machine.outputs[state, symbol]) << place
        state = int(machine.next_states[state, symbol])
    return total


# Of three hidden units, of five and of ten, by each loss.
REPLICAS = (0, 8, 10, 16, 22, 27, 30, 35, 40, 44)


@pytest.fixture(scope="module")
def shipped() -> dict[int, AutomatonAnalysis]:
    return {replica: analysed(SHIPPED, replica) for replica in REPLICAS}


@pytest.mark.long
def test_the_shipped_adders_add_all_sums_of_up_to_8_bits(
    shipped: dict[int, AutomatonAnalysis],
) -> None:
    assert {
        (analysis.verification.verified, analysis.verification.failing)
        for analysis in shipped.values()
    } == {(65_536, 0)}
    # Asked as questions are, some of the same sums.
    random = np.random.default_rng(0)
    additions = [Addition(a, b) for a, b in random.integers(0, 256, (200, 2)).tolist()]
    for addition, outputs in zip(additions, SHIPPED.outputs_of(additions), strict=True):
        assert all(
            number_of(outputs[replica] >= 0.5) == addition.a + addition.b for replica in REPLICAS
        )
    assert shipped[44].equivalent  # of ten units, trained by cross-entropy
    assert shipped[44].holds_beyond


def test_counterexamples_are_wrong_as_the_command_answers_them(
    shipped: dict[int, AutomatonAnalysis],
) -> None:
    counterexamples = [
        (replica, asked_sum)
        for replica, analysis in shipped.items()
        for asked_sum in (*analysis.verification.counterexamples, analysis.difference)
        if asked_sum is not None
    ]
    assert counterexamples  # those of three units lose long carries
    for replica, asked_sum in counterexamples:
        a, b = (int(number, 2) for number in asked_sum.query.split(" + "))
        assert answer(SHIPPED, a, b, replica) == int(asked_sum.answer, 2) != a + b


@settings(max_examples=50)
@given(st.sampled_from(REPLICAS), st.integers(0, 2**20), st.integers(0, 2**20))
def test_a_machine_answers_as_its_network(
    shipped: dict[int, AutomatonAnalysis], replica: int, a: int, b: int
) -> None:
    analysis = shipped[replica]
    assert analysis.machine is not None
    if analysis.holds_beyond and analysis.equivalent:
        assert machine_answer(analysis.machine, a, b) == answer(SHIPPED, a, b, replica)
    a, b = a % 256, b % 256
    assert machine_answer(analysis.machine, a, b) == answer(SHIPPED, a, b, replica)


tables = st.integers(1, 6).flatmap(
    lambda states: st.tuples(
        *[
            st.lists(st.integers(0, most), min_size=4 * states, max_size=4 * states)
            for most in (1, states - 1)
        ]
    )
)


@settings(max_examples=80)
@given(tables)
def test_the_difference_of_machines_is_a_shortest(table: tuple[list[int], list[int]]) -> None:
    outputs, following = (np.array(numbers).reshape(-1, 4) for numbers in table)
    machine = MealyMachine(
        tuple(f"q{at}" for at in range(len(outputs))), outputs.astype(np.uint8), following
    )
    word = machine.difference(CARRY_MACHINE)
    # All words of up to six symbols, and no shorter one differs.
    words = np.indices((4,) * 6).reshape(6, -1).astype(np.uint8)
    differs = (machine.run(words) != CARRY_MACHINE.run(words)).any(axis=1)
    assert (differs.argmax() + 1 if differs.any() else None) == (
        None if word is None or len(word) > 6 else len(word)
    )
    if word is not None:
        column = np.array(word, np.uint8)[:, None]
        unlike = machine.run(column) != CARRY_MACHINE.run(column)
        assert unlike[-1]
        assert not unlike[:-1].any()


def edges(dot: str) -> Iterator[tuple[str, str, str]]:
    yield from re.findall(r'^    "([^"]+)" -> "([^"]+)" \[label="([^"]+)"\];$', dot, re.MULTILINE)


def test_both_machines_are_drawn(exact: AutomatonAnalysis) -> None:
    dot = exact.dot
    assert dot.startswith("digraph {\n")
    assert dot.count("{") == dot.count("}") == 3
    true = {
        ("true 0", "true 0", "00/0, 01/1, 10/1"),
        ("true 0", "true 1", "11/0"),
        ("true 1", "true 0", "00/1"),
        ("true 1", "true 1", "01/0, 10/0, 11/1"),
    }
    assert {*edges(dot)} == true | {
        tuple(part.replace("true", "learned") for part in edge) for edge in true
    }
    odd = MealyMachine(('a "b\\',), np.zeros((1, 4), np.uint8), np.zeros((1, 4), np.intp))
    assert '[label="a \\"b\\\\", shape=doublecircle];' in "\n".join(odd.dot("odd", "odd", WORDS))


def test_documents_of_an_automaton_are_json() -> None:
    analysis = analysed(constructed(3), length=5)
    document = json.loads(json.dumps(analysis.to_dict(), allow_nan=False))
    assert document["smallest"] == {
        "query": "111 + 1",
        "answer": "0",
        "expected": "1000",
        "correct": False,
    }
    assert (
        len(document["machine"]["states"])
        == len(document["machine"]["outputs"])
        == len(analysis.arrays()["automaton_outputs"])
    )
    assert [one["correct"] for one in document["counterexamples"]] == [False, False]
    assert (
        analysis.arrays()["automaton_outputs"].shape
        == analysis.arrays()["automaton_next_states"].shape
    )


def test_an_analysis_tells_its_progress_and_can_be_stopped() -> None:
    progress = Watched()
    assert analyse_automaton(reading_of(constructed(3)), progress) is not None
    _, total = progress.seen[0]
    assert progress.seen == sorted(progress.seen)
    assert progress.seen[-1] == (total, total)
    # At any time: between batches, and while it learns.
    for asked in (1, 5, 10, 30):
        answers = iter([*[False] * asked, True])
        progress = Watched(lambda answers=answers: next(answers))
        assert analyse_automaton(reading_of(constructed(3)), progress) is None


def test_without_aalpy_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "aalpy"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "aalpy", None)
    sentence = f"aalpy, which is not installed; {install_command('automata')} installs it."
    with pytest.raises(UserError, match=re.escape(sentence)):
        analyse_automaton(reading_of(SHIPPED))


def test_weights_too_large_to_compute_with_are_refused() -> None:
    readout = np.full_like(FILE.arrays["readout"], 3e38)
    network = AdderNetwork(replace(FILE, arrays={**FILE.arrays, "readout": readout}))
    reading = replace(reading_of(SHIPPED), network=TaskNetwork(network))
    with pytest.raises(CheckpointError, match="too large"):
        analyse_automaton(reading, length=3)


def test_a_difference_in_a_place_that_small_numbers_lack_is_shown_by_larger_ones() -> None:
    network = constructed(3)
    readout = network._readout.copy()
    readout[..., [5, -1]] += K  # 1 in every place but the first
    analysis = analysed(network_of(network._gates["l0"][0], readout[0, 0]), length=3)
    assert analysis.difference is not None
    assert not analysis.difference.correct
    a, b = analysis.difference.numbers.a, analysis.difference.numbers.b
    assert (
        int(analysis.difference.answer, 2)
        == answer(network_of(network._gates["l0"][0], readout[0, 0]), a, b)
        != a + b
    )


@pytest.mark.parametrize("cell", [name for name, cell in CELLS.items() if not cell.bidirectional])
def test_words_alone_are_read_on_from_those_before(cell: str) -> None:
    network = sequences("adder", cell)
    words = words_for(network.task, network.config)
    asked = np.random.default_rng(0).integers(0, len(words.names), (12, 40)).astype(np.uint8)
    asked[:6] = asked[:6, :1]  # they begin alike
    expected = outputs_of(network.stack(0), words, asked)
    answers = WordReader(network.stack(0), words)
    for at in (*range(40), *range(40)):  # the second time, all are known
        for steps in (5, 12):
            alone = answers(asked[:steps, at : at + 1])
            assert np.array_equal(alone[:, 0], expected[:steps, at])
