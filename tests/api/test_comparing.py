"""Runs judged from Python."""

from html import unescape

import pytest

import rnn_tui
from tests.api.conftest import SMALL

SIX = {**SMALL, "hidden_size": 3, "seeds": 6}


@pytest.fixture
def other(home: object) -> rnn_tui.Run:
    """Trained as the first one, with a learning rate at which nothing is learned."""
    return rnn_tui.train("adder", name="still", **SIX, learning_rate=1e-6)


def test_runs_are_judged_by_name_or_as_they_are(other: rnn_tui.Run) -> None:
    run = rnn_tui.train("adder", name="taught", **SIX)
    compared = rnn_tui.compare([run, other])
    assert repr(compared) == "taught better than still: supported"
    assert repr(rnn_tui.compare(["still", "taught"])) == "still better than taught: contradicted"
    [record] = compared
    assert record["seeds"] == record["seeds_for"] == 6
    difference = run.results[record["metric"]] - other.results[record["metric"]]
    assert record["mean_difference"] == pytest.approx(difference.mean())
    low, high = record["interval_95"]
    assert 0 < low < record["mean_difference"] < high
    assert compared.frame().loc[0, "verdict"] == "supported"
    assert "taught and still differ in one setting: learning rate." in compared.notes
    page = unescape(compared._repr_html_())  # what a notebook calls
    assert repr(compared) in page
    assert all(sentence in page for sentence in [*record["text"], *compared.notes])


def test_a_run_alone_and_what_is_no_run(other: rnn_tui.Run) -> None:
    alone = rnn_tui.compare([other])
    assert len(alone) == 0
    assert repr(alone) == "<ComparedRuns: nothing>"
    with pytest.raises(rnn_tui.UserError, match="runs has runs or names of runs, not 7"):
        rnn_tui.compare([other, 7])  # type: ignore[list-item]
    with pytest.raises(rnn_tui.UserError, match="no run"):
        rnn_tui.compare(["nobody"])
