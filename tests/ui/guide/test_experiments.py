"""Guided experiments as files: all that ship are read, German has what English has, and bad ones
say why.
"""

from functools import partial
from pathlib import Path

import pytest

from rnn_tui.engine.errors import DataError
from rnn_tui.engine.preferences import LANGUAGES
from rnn_tui.ui.guide.actions import (
    ACTIONS,
    AblateUnit,
    Action,
    AskQuestion,
    LookInside,
    OpenView,
    TrainRun,
    read_action,
)
from rnn_tui.ui.guide.choosing import read_shelf
from rnn_tui.ui.guide.experiments import (
    FOLDER,
    MOST_BYTES,
    GuidedExperiment,
    experiment_names,
    own_folder,
    read_experiment,
)
from rnn_tui.ui.guide.words import WORDS, language_of
from tests.measured import operations

GOOD = """\
# Title

5 min · What about

## First

Read.

```guess
How much?
outcome: {few.H 3 bce.mean:.1f}
unit: %
```

```do trains a little
train adder preset=fast seeds=2 name=few
open adder results
```

Look: {few.H 3 bce.mean:.1f} %.

## Second

Read on.

```do opens another view
open adder lengths
```

Look again.

# The end

It was {few.H 3 bce.mean:.1f} %.

next: 2-carry, 3-damage
"""


TABLE = "| a | a |\n| - | - |\n" + "| a | a |\n" * 40


def texts_of(experiment: GuidedExperiment) -> list[str]:
    """Whatever a user reads of an experiment."""
    texts = [experiment.title, experiment.about, experiment.summary]
    for step in experiment.steps:
        texts += [step.title, step.text, step.words, step.look]
        if step.guess is not None:
            texts += [step.guess.question, *step.guess.choices]
    return texts


def test_eleven_ship_in_every_language() -> None:
    assert len(experiment_names()) == 11
    assert len(list(FOLDER.iterdir())) == 11 * len(WORDS)
    assert {"auto", *WORDS} == set(LANGUAGES)


@pytest.mark.parametrize("name", experiment_names())
def test_german_has_the_same_actions_and_figures(name: str) -> None:
    english, german = read_experiment(name), read_experiment(name, "de")
    assert english.title != german.title
    assert english.about.partition("·")[0] == german.about.partition("·")[0]
    assert english.following == german.following
    assert english.quoted == german.quoted
    for step, translated in zip(english.steps, german.steps, strict=True):
        assert step.actions == translated.actions
        assert step.words != translated.words
        assert step.text != translated.text
        assert step.look != translated.look
        assert (step.guess is None) == (translated.guess is None)
        if step.guess is not None and translated.guess is not None:
            assert step.guess.question != translated.guess.question
            assert step.guess.outcome == translated.guess.outcome
            assert len(step.guess.choices) == len(translated.guess.choices)
    assert read_experiment(name, "xx") == english


@pytest.mark.parametrize("name", experiment_names())
@pytest.mark.parametrize("language", WORDS)
def test_each_asks_for_guesses_and_says_what_to_try_next(name: str, language: str) -> None:
    experiment = read_experiment(name, language)
    assert any(step.guess for step in experiment.steps)
    assert experiment.following
    assert set(experiment.following) < set(experiment_names())
    assert name not in experiment.following
    text = "\n".join(texts_of(experiment))
    assert "when this was written" not in text
    assert "als dies geschrieben" not in text


@pytest.mark.parametrize(
    ("line", "action"),
    [
        ("open runs", OpenView("runs")),
        ("train recall preset=fast cell=rnn", TrainRun("recall", "fast", "rnn")),
        ("train recall fast rnn 5 name=few", TrainRun("recall", "fast", "rnn", 5, "few")),
        ('ask adder "1111 + 1" seed=2', AskQuestion("adder", "1111 + 1", seed=2)),
        ("inside mnist 7 analysis=rows", LookInside("mnist", "7", analysis="rows")),
        ("ablate adder name=damaged", AblateUnit("adder", "damaged")),
        (
            'train recall fast name=few settings="epochs=2 hidden_sizes=3,4"',
            TrainRun("recall", "fast", name="few", settings="epochs=2 hidden_sizes=3,4"),
        ),
        ("ask adder 1+1 few H3 seed=best", AskQuestion("adder", "1+1", "few", "H3", seed=-2)),
    ],
)
def test_a_line_is_an_action(line: str, action: Action) -> None:
    assert read_action(line) == action


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("press f4", "no action; the actions are open, train"),
        ("train poker fast", "no task “poker”, only mnist, recall, adder"),
        ("train adder slow", "no preset “slow”, only report, fast, best"),
        ("train adder fast cell=bilstm", "no cell “bilstm”"),
        ("train adder fast seeds=many", "seeds of train must be a whole number"),
        ("train adder fast seeds=1000", "seeds must be from 1 to 100"),
        ("train adder", "train lacks preset"),
        ("train adder fast preset=fast", "train has preset twice"),
        ("train adder fast speed=9", "train does not take “speed=9”, only task, preset"),
        ("open adder results now", "open does not take “now”"),
        ("inside adder 1 analysis=rows", "no analysis “rows”, only carry"),
        ("photos mnist as-they-are", "no method “as-they-are”, only mnist, report"),
        ("train adder fast name=Few", "“Few” is no name"),
        ("train adder fast settings=speed=9", "There is no setting “speed”"),
        ("train adder fast settings=epochs=0", "Epochs must be a whole number from 1"),
        ("ask adder 1+1 network=few seed=best", "needs the name of a variant"),
        ('ask adder "1 + 1', "a quotation mark without its pair"),
        ("\x1b[31m adder", "no action"),
    ],
)
def test_a_line_that_can_not_be_done_says_why(line: str, words: str) -> None:
    with pytest.raises(DataError) as raised:
        read_action(line)
    assert words in str(raised.value)
    assert "\x1b" not in str(raised.value)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("", "must begin with '# TITLE'"),
        (GOOD.replace("5 min", "five min"), "must begin with '# TITLE'"),
        (GOOD.split("## First", maxsplit=1)[0], "then a step"),
        (GOOD.replace("## First", "Here.\n\n## First"), "then a step"),
        (GOOD.split("# The end", maxsplit=1)[0], "must end with '# TITLE' and a summary"),
        (GOOD.replace("Look again.", ""), "step 2 needs"),
        (GOOD.replace("Read.", ""), "step 1 needs"),
        (GOOD.replace("```do trains a little", "```do"), "step 1 needs"),
        (GOOD.replace("open adder lengths\n", ""), "step 2 needs"),
        (GOOD.replace("```do opens", "```sh opens"), "step 2 must have a block 'do'"),
        (GOOD.replace("```guess", "```guess aloud"), "step 1 must have a block 'do'"),
        (GOOD.replace("```do opens another view\nopen", "```keys\nf4"), "step 2 presses keys"),
        (GOOD.replace("open adder lengths", "shut adder"), "step 2 can't be done: “shut” is no"),
        (GOOD.replace("outcome: {few.H 3 bce.mean:.1f}\n", ""), "without a line 'outcome: …'"),
        (GOOD.replace("How much?\n", ""), "without a question"),
        (GOOD.replace("unit: %", "choices: one"), "not from 2 to 6 of them"),
        (GOOD.replace("outcome: {few", "outcome: 1 < {few"), "must have two choices"),
        (GOOD.replace("Read.", "{few.H 3 bce.mean}"), "step 1 quotes “few” in the text"),
        (GOOD.replace("It was {few", "It was {many"), "quotes “many” in the summary"),
        (
            GOOD.replace("open adder lengths", "inside adder 1 network=them"),
            "step 2 asks the network “them”, which no action trains",
        ),
        (GOOD + "x" * MOST_BYTES, f"it has more than {MOST_BYTES:,} bytes"),
        (GOOD.replace("## Second", "## S\n" * 31 + "## Second"), "more than 30 steps"),
        (GOOD.replace("Look again.", "x" * 2001), "step 2 has a text of more than 2,000 char"),
        (GOOD.replace("Read on.", "- a\n" * 81), "step 2 has a text of more than 80 paragraphs"),
        (GOOD.replace("It was", f"{TABLE}\n\nIt was"), "it has a text of more than 80 paragraphs"),
        (GOOD.replace("Second", "x" * 201), "step 2 has a title, words or a choice of more than"),
        (GOOD.replace("How much?", "x" * 201), "step 1 has a title, words or a choice of more"),
        (GOOD.replace("2-carry", "x" * 201), "it has a title, words or a choice of more than"),
    ],
)
def test_a_bad_file_says_in_a_sentence_what_is_wrong(tmp_path: Path, bad: str, words: str) -> None:
    assert bad != GOOD
    (tmp_path / "bad.md").write_text(bad, encoding="utf-8")
    with pytest.raises(DataError) as raised:
        read_experiment("bad", folder=tmp_path)
    text = str(raised.value)
    assert words in text
    assert "bad.md" in text
    assert "\n" not in text
    assert text.endswith(".")


@pytest.mark.parametrize("fences", ["```a\n", "```" + "a" * 20])
def test_fences_without_an_end_take_no_time(tmp_path: Path, fences: str) -> None:
    def read(count: int) -> None:
        text = GOOD.replace("Look again.", f"{fences * count}\n{'x' * 20 * count}\n")
        (tmp_path / "fences.md").write_text(text, encoding="utf-8")
        read_experiment("fences", folder=tmp_path)

    # Lines are looked at once each: a regular expression went over the rest of the file for each.
    assert operations(partial(read, 1000)) < 30_000
    with pytest.raises(DataError, match=r"a text of more than 2,000"):
        read(1000)


def test_a_file_of_a_windows_editor_is_read(tmp_path: Path) -> None:
    (tmp_path / "windows.md").write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert len(read_experiment("windows", folder=tmp_path).steps) == 2


def test_one_by_the_name_of_another_is_named_and_left_out(home: Path) -> None:
    own_folder().mkdir()
    for name in ("2-carry", "language-de", "mine"):
        (own_folder() / f"{name}.md").write_text(GOOD, encoding="utf-8")
    shelf = read_shelf("en")
    names = [experiment.name for experiment in shelf.experiments]
    assert names[-2:] == ["language-de", "mine"]
    assert len(names) == len(experiment_names()) + 2
    assert shelf.problems == ("There are two experiments 2-carry; the one that ships is used.",)


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_bytes(b"\xff\xfe\x00")
    for name in ("bad", "missing"):
        with pytest.raises(DataError, match=rf"{name}\.md can't be read"):
            read_experiment(name, folder=tmp_path)


def test_one_more_is_one_file_in_the_folder_of_the_settings(home: Path) -> None:
    folder = own_folder()
    assert folder == home / "experiments"
    assert experiment_names(folder) == []
    folder.mkdir()
    (folder / "mine.md").write_text(GOOD, encoding="utf-8")
    (folder / "mine.de.md").write_text(GOOD.replace("Title", "Titel"), encoding="utf-8")
    assert experiment_names(folder) == ["mine"]
    assert read_experiment("mine", "de", folder).title == "Titel"
    experiment = read_experiment("mine", "fr", folder)
    first, second = experiment.steps
    assert first.actions == (TrainRun("adder", "fast", "", 2, "few"), OpenView("adder", "results"))
    assert first.guess is not None
    assert (first.guess.question, first.guess.unit) == ("How much?", "%")
    assert (second.text, second.guess, second.words) == ("Read on.", None, "opens another view")
    assert experiment.following == ("2-carry", "3-damage")
    assert experiment.summary == "It was {few.H 3 bce.mean:.1f} %."


def test_escape_sequences_of_a_file_reach_no_screen(tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_text(GOOD.replace("Title", "Ti\x1b]0;tle"), encoding="utf-8")
    experiment = read_experiment("bad", folder=tmp_path)
    assert "\x1b" not in "".join(texts_of(experiment))


def test_the_language_is_that_of_the_preference_or_else_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    assert language_of("auto") == "en"
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    assert language_of("auto") == "de"
    assert language_of("en") == "en"
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    assert language_of("auto") == "en"


def test_the_page_names_every_action() -> None:
    page = Path("docs/how-to/guided-experiments.md").read_text(encoding="utf-8")
    for word in ACTIONS:
        assert f"| `{word} " in page
