"""Guided experiments as files: all that ship are read, German has what English has, and bad ones
say why.
"""

from itertools import pairwise
from pathlib import Path

import pytest

from rnn_tui.engine.errors import DataError
from rnn_tui.ui.common.key_table import KEYS
from rnn_tui.ui.guide.experiments import FOLDER, WAIT, experiment_names, read_experiment

GOOD = "# Title\n\n5 min · What about\n\n## First\n\nRead.\n\n```keys\nf4 wait\n```\n\nLook.\n"


def test_eight_ship_in_english_and_german() -> None:
    assert len(experiment_names()) == 8
    assert len(list(FOLDER.iterdir())) == 16


@pytest.mark.parametrize("name", experiment_names())
def test_german_has_the_same_steps_and_keys(name: str) -> None:
    english, german = read_experiment(name), read_experiment(name, "de")
    assert english.title != german.title
    assert english.about.partition("·")[0] == german.about.partition("·")[0]
    for step, translated in zip(english.steps, german.steps, strict=True):
        assert step.keys == translated.keys
        assert bool(step.guess) == bool(translated.guess)
        assert step.action
        assert translated.action
        assert step.action != translated.action
        assert step.text != translated.text
    assert read_experiment(name, "xx") == english


@pytest.mark.parametrize("name", experiment_names())
def test_each_has_a_guess_and_finds_its_way_from_anywhere(name: str) -> None:
    steps = read_experiment(name).steps
    assert any(step.guess for step in steps)
    for step in steps:
        assert step.keys, step.title
        assert step.keys[0] in ("f3", "f4", "f5"), step.title
        for key, following in pairwise(step.keys):
            # meanwhile the user may have gone elsewhere
            assert key != WAIT or following == step.keys[0], step.title
        if KEYS["train"][0] in step.keys or "#field-seeds" in step.keys:
            assert WAIT in step.keys, step.title


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("", "must begin with '# TITLE'"),
        (GOOD.replace("5 min", "five min"), "must begin with '# TITLE'"),
        (GOOD.split("## First", maxsplit=1)[0], "then a step"),
        (GOOD.replace("## First", "Here.\n\n## First"), "then a step"),
        (GOOD.replace("\nLook.\n", ""), "Step 1 of bad.md needs"),
        (GOOD.replace("Read.", ""), "Step 1 of bad.md needs"),
        (GOOD.replace("f5 wait", ""), "Step 1 of bad.md needs"),
        (GOOD.replace("## First", "## "), "Step 1 of bad.md needs"),
        (GOOD.replace("```keys", "```sh"), "at most a block 'guess'"),
        (GOOD.replace("```keys", "```guess aloud"), "at most a block 'guess'"),
        (GOOD + "\n```keys\nf5\n```\n\nLook.\n", "at most a block 'guess'"),
        (GOOD + "\n```guess\nWhat?\n```\n\nLook.\n", "at most a block 'guess'"),
    ],
)
def test_a_bad_file_says_in_a_sentence_what_is_wrong(tmp_path: Path, bad: str, words: str) -> None:
    assert bad != GOOD
    (tmp_path / "bad.md").write_text(bad, encoding="utf-8")
    with pytest.raises(DataError) as raised:
        read_experiment("bad", folder=tmp_path)
    text = str(raised.value)
    assert words in text
    assert "\n" not in text
    assert text.endswith(".")


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_bytes(b"\xff\xfe\x00")
    for name in ("bad", "missing"):
        with pytest.raises(DataError, match=f"{name}.md can't be read"):
            read_experiment(name, folder=tmp_path)


def test_one_more_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_text(GOOD, encoding="utf-8")
    (tmp_path / "mine.de.md").write_text(GOOD.replace("Title", "Titel"), encoding="utf-8")
    assert experiment_names(tmp_path) == ["mine"]
    assert read_experiment("mine", "de", tmp_path).title == "Titel"
    [step] = read_experiment("mine", "fr", tmp_path).steps
    assert (step.text, step.keys, step.guess, step.look) == ("Read.", ["f5", WAIT], "", "Look.")


def test_what_the_keys_do_may_stand_behind_their_name(tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_text(
        GOOD.replace("```keys", "```keys opens the adder, waits"), encoding="utf-8"
    )
    [step] = read_experiment("mine", folder=tmp_path).steps
    assert (step.action, step.keys) == ("opens the adder, waits", ["f5", WAIT])
