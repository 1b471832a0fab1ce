"""Where the carry is kept: found where it was put, not found where it is not."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.inside.hidden import (
    HiddenAnalysis,
    analyse_hidden,
    fit_threshold,
    hidden_analysis,
)
from rnn_tui.inside.probes import chance_level, fit_probe
from rnn_tui.inside.task_network import TaskNetwork, trace_inputs
from rnn_tui.inside.trace import Trace
from rnn_tui.networks.stepwise import Activations
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.adder.questions import AdderNetwork, Addition
from rnn_tui.tasks.adder.sums import carries_of
from rnn_tui.tasks.sequences.words import words_for
from tests.inside.made import reading_of

ADDER = AdderNetwork(read_weights(asset_dir() / "pretrained" / "adder.safetensors"))
H3_BCE = 30


def draw_bits(count: int, steps: int, seed: int) -> np.ndarray:
    words = words_for(ADDER.task, ADDER.config)
    return words.inputs(words.drawn(steps, count, np.random.default_rng(seed)))


def carry_found(activations: Activations, carries: np.ndarray) -> HiddenAnalysis:
    task = TASKS["adder"]
    assert task.hidden is not None
    assert task.shape is not None
    return hidden_analysis(activations, carries, task.hidden, task.shape)


def traced(addition: Addition) -> Trace:
    return trace_inputs(ADDER, addition.pairs.astype(np.float32), H3_BCE)


@pytest.fixture(scope="module")
def shipped() -> HiddenAnalysis:
    return analyse_hidden(reading_of(ADDER, H3_BCE), sequences=200)


@settings(max_examples=30)
@given(st.integers(0, 2**30), st.integers(0, 2**30))
def test_carries_are_those_of_paper(a: int, b: int) -> None:
    addition = Addition(a, b)
    bits = np.stack([addition.bits(a), addition.bits(b)], axis=1)
    # What goes out of a place comes into the next.
    assert carries_of(bits[:, None])[:-1, 0].tolist() == addition.carries[1:].tolist()


def test_additions_leave_room_for_their_sum_and_repeat_by_seed() -> None:
    bits = draw_bits(50, 8, 3)
    assert bits.shape == (8, 50, 2)
    assert not bits[-1].any()
    assert 0.4 < bits[:-1].mean() < 0.6
    assert np.array_equal(bits, draw_bits(50, 8, 3))
    assert not np.array_equal(bits, draw_bits(50, 8, 4))


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 1)), min_size=1, max_size=12),
    st.booleans(),
)
def test_no_threshold_tells_better(pairs: list[tuple[int, int]], as_float32: bool) -> None:
    values = np.array([value for value, _ in pairs], np.float32 if as_float32 else np.float64)
    labels = np.array([label for _, label in pairs], np.uint8)
    threshold, above = fit_threshold(values, labels)
    right = (((values >= threshold) == above) == labels).mean()
    candidates = [*(values - 0.5), *(values + 0.5)]
    best = max(
        (((values >= cut) == up) == labels).mean() for cut in candidates for up in (True, False)
    )
    assert right == pytest.approx(best)


def constructed(seed: int = 0) -> tuple[Activations, np.ndarray]:
    """Units by chance, but for the state of unit 2 and, upside down and noisy, unit 4's cell."""
    random = np.random.default_rng(seed)
    carries = carries_of(draw_bits(400, 12, seed))
    states, cells = random.normal(size=(2, 12, 400, 6)).astype(np.float32)
    states[:, :, 2] = carries * 0.5 + random.uniform(0, 0.1, carries.shape)
    cells[:, :, 4] = 1 - carries + random.normal(0, 0.3, carries.shape)
    cells[:, :, 0] = 7  # never moves
    return Activations(states, cells, {}), carries


def test_the_unit_that_is_the_carry_is_named_and_the_others_are_chance() -> None:
    activations, carries = constructed()
    analysis = carry_found(activations, carries)
    assert analysis.best == ("state", 2)
    assert analysis.best_accuracy == 1.0
    assert analysis.correlation[0, 2] > 0.95
    assert analysis.above[0, 2]
    assert 0.1 < analysis.threshold[0, 2] < 0.5
    assert analysis.probe.accuracy > 0.99
    assert (analysis.sequences, analysis.steps) == (200, 12)
    # Upside down, with noise.
    assert analysis.correlation[1, 4] < -0.8
    assert not analysis.above[1, 4]
    assert 0.9 < analysis.accuracy[1, 4] < 1
    # Constant: no correlation, and no more than the more frequent class.
    assert analysis.correlation[1, 0] == 0
    others = np.delete(analysis.accuracy[0], 2)
    assert others == pytest.approx(analysis.chance, abs=0.05)
    assert analysis.accuracy[1, 0] <= analysis.chance
    assert np.abs(np.delete(analysis.correlation[0], 2)).max() < 0.1


def test_scores_are_of_what_was_not_fitted_to() -> None:
    # With more units than samples, a plane parts any labels: of those it was fitted to, all.
    random = np.random.default_rng(0)
    states = random.normal(size=(120, 150)).astype(np.float32)
    labels = random.integers(0, 2, 120)
    probe = fit_probe(states[:60], labels[:60], states[60:], labels[60:])
    assert (probe.read(states[:60]) == labels[:60]).mean() > 0.95
    assert probe.accuracy == (probe.read(states[60:]) == labels[60:]).mean()
    assert probe.accuracy == pytest.approx(0.5, abs=0.2)
    assert probe.chance == chance_level(labels[60:])
    # A carry that turns round between the halves is told wrongly every time.
    activations, carries = constructed()
    activations.states[:, 200:, 2] *= -1
    assert carry_found(activations, carries).accuracy[0, 2] < 0.7


def test_a_probe_reads_the_classes_that_there_are() -> None:
    random = np.random.default_rng(1)
    labels = random.choice([2, 5, 7], 300)
    states = (np.eye(8)[labels] + random.normal(0, 0.1, (300, 8))).astype(np.float32)
    probe = fit_probe(states[:150], labels[:150], states[150:], labels[150:])
    assert probe.classes.tolist() == [2, 5, 7]
    assert probe.accuracy == 1
    assert np.array_equal(probe.read(states), labels)
    alone = fit_probe(states, np.full(300, 4), states, np.full(300, 4))
    assert (alone.read(states) == 4).all()
    assert alone.accuracy == alone.chance == 1


def test_the_shipped_adder_keeps_the_carry(shipped: HiddenAnalysis) -> None:
    assert shipped.chance < 0.6
    assert shipped.best_accuracy > 0.97
    assert shipped.probe.accuracy > 0.97
    assert shipped.correlation.shape == shipped.accuracy.shape == (2, 3)
    source, unit = shipped.best
    assert f"The {source} of unit {unit} predicts the carry best" in shipped.summary
    assert "chance 5" in shipped.summary


def test_the_probe_row_stands_beside_the_true_one(shipped: HiddenAnalysis) -> None:
    for a, b in ((0b1011, 0b110), (2**15 - 1, 1), (0, 0), (12345, 6789), (1, 1)):
        addition = Addition(a, b)
        trace = traced(addition)
        source, unit = shipped.best
        true = addition.carries
        for row in (shipped.probe_row(trace), shipped.unit_row(trace)):
            assert row.shape == true.shape
            assert (row == true).mean() > 0.9
            assert row[0] == 0
        values = shipped.values(trace)
        assert values[0] == 0
        assert np.array_equal(values[1:], trace.layers[0].quantities[source][:-1, unit])


def test_documents_of_a_carry_analysis_are_json(shipped: HiddenAnalysis) -> None:
    document = json.loads(json.dumps(shipped.to_dict(), allow_nan=False))
    assert document["best"]["accuracy"] == shipped.best_accuracy
    assert len(document["state"]["correlation"]) == len(document["cell"]["accuracy"]) == 3
    assert 0.5 <= document["chance"] < 0.6
    assert document["probe"]["chance"] == document["chance"]
    assert shipped.arrays()["carry_accuracy"].shape == (2, 3)


def test_huge_weights_are_refused_in_a_sentence() -> None:
    file = read_weights(asset_dir() / "pretrained" / "adder.safetensors")
    signs = np.random.default_rng(0).choice([-1, 1], file.arrays["gates"].shape)
    gates = (3e38 * signs).astype(np.float32)
    network = AdderNetwork(replace(file, arrays={**file.arrays, "gates": gates}))
    reading = replace(reading_of(ADDER), network=TaskNetwork(network))
    with pytest.raises(CheckpointError, match="too large"):
        analyse_hidden(reading)


def test_a_seed_decides_an_analysis() -> None:
    one, same, other = (
        analyse_hidden(reading_of(ADDER), sequences=60, seed=seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(one.correlation, same.correlation)
    assert not np.array_equal(one.correlation, other.correlation)


@pytest.mark.parametrize("classes", [[4], [2, 5], [2, 5, 7]])
def test_a_probe_has_a_weight_for_every_unit_and_class(classes: list[int]) -> None:
    random = np.random.default_rng(2)
    labels = random.permutation(np.resize(classes, 90))
    states = random.normal(size=(90, 6)).astype(np.float32)
    probe = fit_probe(states, labels, states, labels)
    assert probe.classes.tolist() == classes
    assert probe.weight.shape == (len(classes), 6)
    assert probe.bias.shape == (len(classes),)
