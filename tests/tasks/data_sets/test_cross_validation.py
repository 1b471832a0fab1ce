"""What all folds say together: spreads, and a lead over folds that no chance makes."""

import numpy as np
import pytest
from scipy import stats

from rnn_tui.engine.metrics import accuracy_metric
from rnn_tui.tasks.data_sets.baseline import Baseline
from rnn_tui.tasks.data_sets.cross_validation import CrossValidation, FoldResult

ACCURACY = accuracy_metric("test_accuracy", "test accuracy")


def results(networks: list[list[float]], naive: list[float]) -> CrossValidation:
    """Return results of folds whose networks and naive answers have these accuracies."""
    folds = [
        FoldResult(
            number=number,
            task="data",
            run="run",
            name="run",
            groups=(f"s{number}",),
            test=8,
            values={ACCURACY.name: tuple(values)},
            baselines=(
                Baseline("ridge", {ACCURACY.name: figure}),
                Baseline("constant", {ACCURACY.name: 10.0}),
            ),
        )
        for number, (values, figure) in enumerate(zip(networks, naive, strict=True), 1)
    ]
    return CrossValidation(folds, [ACCURACY], ACCURACY)


def test_the_interval_is_of_the_leads_in_each_fold() -> None:
    networks = [[80.0, 84.0], [70.0, 72.0], [90.0, 94.0], [75.0, 77.0]]
    naive = [70.0, 66.0, 80.0, 70.0]
    verdict = results(networks, naive).verdict()
    assert verdict is not None
    leads = np.array([12.0, 5.0, 12.0, 6.0])
    half = stats.t.ppf(0.975, 3) * leads.std(ddof=1) * np.sqrt(1 / 4 + 1 / 3)
    assert verdict.lead == pytest.approx(8.75)
    assert (verdict.low, verdict.high) == pytest.approx((8.75 - half, 8.75 + half))
    assert not verdict.beats
    assert "so much do folds differ" in verdict.sentence
    assert "over 4 groups and 2 seeds of each, ridge" in verdict.sentence


def test_a_steady_lead_is_one_and_two_folds_are_too_few() -> None:
    steady = results([[80.0], [81.0], [79.0], [80.0]], [70.0, 71.0, 70.0, 70.0]).verdict()
    assert steady is not None
    assert steady.beats
    pair = results([[80.0], [80.0]], [70.0, 70.0]).verdict()
    assert pair is not None
    assert not pair.beats
    assert "too few to tell" in pair.sentence


def test_networks_without_signal_seldom_lead() -> None:
    random = np.random.default_rng(0)
    leads = []
    for _ in range(400):  # accuracies over five folds of eight test sequences, three seeds
        answers = random.random((5, 3, 8)) < 0.5
        constant = random.random((5, 8)) < 0.5
        found = results((100 * answers.mean(2)).tolist(), (100 * constant.mean(1)).tolist())
        verdict = found.verdict()
        assert verdict is not None
        leads.append(verdict.beats)
    assert np.mean(leads) <= 0.05
