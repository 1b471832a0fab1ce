"""How long digits survive: as long as the states hold them."""

import json

import numpy as np
import pytest

from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.inside.survival import (
    SurvivalAnalysis,
    analyse_survival,
    evenly_spread,
    survival_analysis,
)
from rnn_tui.tasks.recall.questions import RecallNetwork
from tests.inside.made import reading_of
from tests.watched import Watched, after

RECALL = RecallNetwork(read_weights(asset_dir() / "pretrained" / "recall-position-3.safetensors"))
STEPS, COUNT = 4, 600


def test_a_digit_is_read_while_it_is_held_and_not_after() -> None:
    random = np.random.default_rng(0)
    digits = random.integers(0, 10, (STEPS, COUNT))
    states = random.normal(0, 0.1, (STEPS, COUNT, 10)).astype(np.float32)
    states[1:3] += np.eye(10)[digits[1]]  # the second digit, until the third step
    analysis = survival_analysis(states, digits, np.arange(1, STEPS + 1), 2)
    assert analysis is not None
    assert analysis.accuracy[1, 1] == analysis.accuracy[1, 2] == 1
    held = np.isfinite(analysis.accuracy)
    assert np.array_equal(held, np.triu(np.ones((STEPS, STEPS), bool)))
    held[1, 1:3] = False
    assert analysis.accuracy[held] == pytest.approx(analysis.chance.mean(), abs=0.08)
    assert analysis.chance == pytest.approx(0.13, abs=0.04)
    assert analysis.sequences == COUNT // 2


def test_the_shipped_network_keeps_its_position_and_forgets_the_rest() -> None:
    progress = Watched()
    at = 5  # H 5, seed 0
    analysis = analyse_survival(reading_of(RECALL, at), progress, sequences=400)
    assert analysis is not None
    assert analysis.position == 3
    assert analysis.steps.tolist() == analysis.positions.tolist() == list(range(1, 12))
    assert (analysis.accuracy[2, 2:] > 0.9).all()
    assert np.delete(analysis.accuracy[:, -1], 2).mean() < 0.25
    assert progress.seen == [(n, 66) for n in range(67)]
    assert "position 3 in" in analysis.summary
    document = json.loads(json.dumps(analysis.to_dict(), allow_nan=False))
    assert document["accuracy"][3][:4] == [None, None, None, analysis.accuracy[3, 3]]
    assert np.array_equal(analysis.arrays()["survival_accuracy"], analysis.accuracy, equal_nan=True)


def test_an_analysis_stops_between_two_fits() -> None:
    progress = after(4)
    analysis = analyse_survival(reading_of(RECALL), progress, sequences=100)
    assert analysis is None
    assert [done for done, _ in progress.seen] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("longest", "position"), [(1, None), (5, 3), (16, 16), (100, 37), (1000, 1000), (40, 50)]
)
def test_of_long_sequences_some_steps_are_looked_at(longest: int, position: int | None) -> None:
    chosen = evenly_spread(longest, 16, position)
    assert len(chosen) == min(longest, 16)
    assert (chosen[0], chosen[-1]) == (1, longest)
    assert (np.diff(chosen) > 0).all()
    if position is not None and position <= longest:
        assert position in chosen


def test_a_table_tells_what_is_read_of_each_position_after_each_step() -> None:
    accuracy = np.array([[0.984, 0.1, 0.12], [np.nan, 1.0, 0.987], [np.nan, np.nan, 0.5]])
    analysis = SurvivalAnalysis(
        sequences=1000,
        positions=np.arange(1, 4),
        steps=np.arange(1, 4),
        accuracy=accuracy,
        chance=np.full(3, 0.1),
        position=2,
        element="digit",
    )
    summary, *_, heads, first, second, third = analysis.findings
    assert summary == analysis.summary
    assert summary.startswith("After step 3 a linear probe reads the digit at position 2 in 99")
    assert "at the other positions in 31 %" in summary
    assert heads.split() == ["1", "2", "3"]
    assert [line.split() for line in (first, second, third)] == [
        ["1", "98", "10", "12"],
        ["2", "100", "99"],
        ["3", "50"],
    ]
    # what is not read yet is left blank: figures stand below their steps
    ends = [heads.index(step) for step in "123"]
    assert [second[end] for end in ends[1:]] == ["0", "9"]
    assert third[ends[2]] == "0"
