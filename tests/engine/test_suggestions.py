"""A mistyped word: the one that was meant is suggested, and no other."""

import pytest

from rnn_tui.engine.suggestions import closest, did_you_mean


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("recal", "recall"),
        ("addder", "adder"),
        ("MNIST", "mnist"),
        ("rec", "recall"),
        ("weather", ""),
        ("", ""),
        ("a" * 5000, ""),
    ],
)
def test_the_nearest_word_is_suggested(typed: str, meant: str) -> None:
    assert closest(typed, ["mnist", "recall", "adder"]) == meant


def test_the_dashes_of_options_make_them_no_more_alike() -> None:
    options = ["-h", "--help", "--trials", "--seed"]
    assert closest("--metric", options) == ""
    assert closest("--sed", options) == "--seed"
    assert closest("-seed", options) == "--seed"
    assert closest("--", options) == ""


def test_a_beginning_of_two_words_is_short_for_neither() -> None:
    assert closest("val", ["val_accuracy", "val_bit_accuracy"]) == ""


def test_what_is_suggested_moves_no_cursor() -> None:
    assert did_you_mean("adder-fst", ["adder-f\x1b[31mst"]).isprintable()
    assert did_you_mean("tree", ["adder"]) == ""
