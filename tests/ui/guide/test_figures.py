"""The figures that experiments quote, and what is kept of a play."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from rnn_tui.ui.guide.figures import Figures, Guess, number_in, outcome_of, quoted_paths
from rnn_tui.ui.guide.journal import (
    ExperimentProgress,
    GuessResult,
    journal_file,
    keep_progress,
    read_journal,
)

DOCUMENT = {"H 3 bce": {"mean": 91.034, "n": 5}, "shares": [0.5, -0.25], "word": "*x*", "no": None}


def figures(decimal: str = ".") -> Figures:
    return Figures({"few": DOCUMENT}, {}, decimal)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{few.H 3 bce.mean:.1f} %", "91.0 %"),
        ("{few.H 3 bce.n} seeds", "5 seeds"),
        ("{few.shares.0:.0%} %", "50 %"),
        ("{few.shares.-1:.1%} %", "−25.0 %"),
        ("{few.word}", r"\*x\*"),
        ("{few.no}{few.shares}{few.shares.7}{few.H 3 bce}{few.there.is.none}", "–––––"),
        ("{few.__class__}{few.word.__class__}", "––"),
        ("{0}{}{few.word!r}{few.H 3 bce.mean:99f}", "{0}{}–{few.H 3 bce.mean:99f}"),
    ],
)
def test_a_text_quotes_figures(text: str, filled: str) -> None:
    assert figures().fill(text, markdown=True) == filled


def test_german_has_a_comma() -> None:
    assert figures(",").fill("{few.H 3 bce.mean:.2f} %") == "91,03 %"


def test_quoted_figures_are_kept_without_the_documents() -> None:
    filled = figures()
    text = "{few.H 3 bce.mean:.1f}"
    filled.keep(quoted_paths([text]))
    assert filled.kept == {"few.H 3 bce.mean": 91.034}
    assert Figures({}, filled.kept).fill(text) == "91.0"


def test_nothing_but_numbers_and_words_is_quoted() -> None:
    assert Figures({"few": SimpleNamespace(secret=1)}, {}).fill("{few.secret}") == "–"


@pytest.mark.parametrize(
    ("text", "number"),
    [("95", 95), ("95,5 %", 95.5), (" −2.5", -2.5), ("+3", 3), ("many", None), ("", None)],
)
def test_a_guess_is_a_number(text: str, number: float | None) -> None:
    assert number_in(text) == number


@pytest.mark.parametrize(
    ("outcome", "relation", "compared", "expected"),
    [
        ("{few.H 3 bce.n}", "=", "5", "yes"),
        ("{few.H 3 bce.n}", "=", "6", "no"),
        ("{few.H 3 bce.n}", "<", "91", "yes"),
        ("{few.H 3 bce.mean:.2f}", "<", "91", "no"),
        ("{few.none}", "<", "91", "–"),
        ("yes", "", "", "yes"),
    ],
)
def test_an_outcome_is_compared(outcome: str, relation: str, compared: str, expected: str) -> None:
    guess = Guess("?", outcome, "", ("yes", "no"), relation, compared)
    assert outcome_of(guess, figures()) == expected


def test_progress_is_kept_beside_that_of_others(home: Path) -> None:
    assert read_journal() == {}
    first = ExperimentProgress(
        2, True, True, {0: GuessResult("42 %", "96.9 %")}, {"few.mean": 96.9, "few.w": "x"}
    )
    keep_progress("first", first)
    keep_progress("second", ExperimentProgress(step=1))
    assert read_journal() == {"first": first, "second": ExperimentProgress(step=1)}
    assert journal_file() == home / "experiments.json"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "7",
        '{"one": 7}',
        '{"one": {"step": "x"}}',
        '{"one": {"step": 0, "looking": false, "done": false, "answers": [], "figures": {}}}',
        '{"one": {"step": 1e999, "looking": false, "done": 0, "answers": {}, "figures": {}}}',
        f'{{"one": {{"answers": {{}}, "figures": {{"a": {"9" * 400}}}}}}}',
        "[" * 100_000,
        json.dumps({"one": "x" * 2_000_000}),
    ],
)
def test_a_damaged_journal_costs_what_it_held_and_no_more(home: Path, text: str) -> None:
    journal_file().write_text(text)
    assert read_journal() == {}
    keep_progress("first", ExperimentProgress(step=1))
    assert read_journal() == {"first": ExperimentProgress(step=1)}


def test_escape_sequences_of_the_journal_reach_no_screen(home: Path) -> None:
    keep_progress(
        "one",
        ExperimentProgress(1, True, False, {0: GuessResult("\x1b[31m", "x")}, {"a": "\x1b[2J"}),
    )
    progress = read_journal()["one"]
    assert "\x1b" not in progress.answers[0].guess
    assert "\x1b" not in progress.figures["a"]
