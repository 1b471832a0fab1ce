"""A paper's file: what the first one says, and a sentence for whatever is wrong with one."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.engine.config import Variant
from rnn_tui.engine.errors import UserError, printable
from rnn_tui.papers.expression import ExperimentFigures, in_words, read_expression
from rnn_tui.papers.paper import Paper, PublishedKind
from rnn_tui.papers.paper_file import MOST_BYTES, paper_from, read_paper
from rnn_tui.papers.plan import Plan
from rnn_tui.papers.shipped import FOLDER, paper_named, paper_names
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import SequenceConfig

SMALL_PAPER = """\
title = "Two tasks"
year = 1997
summary = "Two networks were trained."
measured = "Accuracy on the test set."
published = "best of 10"
published_in = "Table 1"
seeds = 5
experiments = [
  { task = "recall", cell = ["rnn", "lstm"], published = [90.0, nan], others = { Other = 50 } },
]
[presets.fast]
summary = "A fast one."
note = "Ten times fewer steps."
compared = true
settings.recall = { hidden_sizes = [4] }
[[claims]]
claim = "LSTMs recall."
measured = "Accuracy."
clauses = [{ finding = "LSTMs {recall|forget} it", comparisons = ["recall_lstm - 90"] }]
"""


def paper_of(text: str = SMALL_PAPER) -> Paper:
    return paper_from(text.encode(), "small", "small.toml")


def test_an_entry_may_have_several_tasks() -> None:
    several = SMALL_PAPER.replace('task = "recall"', 'task = ["recall", "parity-check"]')
    paper = paper_of(several)
    assert [(each.key, each.published) for each in paper.experiments] == [
        ("recall-rnn", 90.0),
        ("recall-lstm", None),
        ("parity-check-rnn", 90.0),
        ("parity-check-lstm", None),
    ]


def test_a_file_says_all_of_a_paper(tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    path.write_text(SMALL_PAPER)
    paper = read_paper(path)
    assert (paper.name, paper.kind, paper.seeds) == ("small", "paper", 5)
    assert paper.published.kind is PublishedKind.BEST
    assert (paper.published.words, paper.published.place) == ("best of 10", "Table 1")
    assert [experiment.key for experiment in paper.experiments] == ["recall-rnn", "recall-lstm"]
    assert [experiment.label for experiment in paper.experiments] == ["Recall, RNN", "Recall, LSTM"]
    assert [experiment.published for experiment in paper.experiments] == [90.0, None]
    assert paper.others == ("Other",)
    preset = paper.presets["fast"]
    assert (preset.own, preset.compared, preset.note) == (False, True, "Ten times fewer steps.")
    config = paper.config(paper.experiments[0], "fast", seeds=3)
    assert (config.cell, config.variants, config.seed_count) == ("rnn", (Variant(4, "ce"),), 3)
    (clause,) = paper.claims[0].clauses
    assert (clause.holds, clause.opposite, clause.question) == (
        "LSTMs reliably recall it",
        "LSTMs reliably forget it",
        "whether LSTMs recall it",
    )
    assert clause.comparisons[0].subject == "Recall, LSTM − 90"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("title =", "titel =", "small.toml lacks “title”."),
        ("seeds = 5", "seed = 5", "small.toml may not have “seed” (did you mean “seeds”?)."),
        (
            "seeds = 5",
            "seeds = 0",
            "small.toml must have a whole number from 1 to 1000 as “seeds”.",
        ),
        ("1997", "true", "small.toml must have a whole number from 1900 to 2200 as “year”."),
        ("best of 10", "best", "small.toml must say what its figures are as “published”: one"),
        ('"recall", cell', '"recal", cell', "small.toml: experiments 1 names the task “recal”"),
        ('"rnn", "lstm"', '"rnn", "lstn"', "small.toml: experiments 1 names the cell “lstn”"),
        ('"rnn", "lstm"', '"rnn", "rnn"', "small.toml: experiments 1: there are two experiments"),
        ("[90.0, nan]", "[90.0]", "experiments 1 must have a list of 2 items as “published”"),
        ("[90.0, nan]", "[90.0, 101]", "experiments 1 must have percent, from 0 to 100"),
        ("hidden_sizes = [4]", "hidden_size = 4", "settings, recall may not have “hidden_size”"),
        ("hidden_sizes = [4]", "hidden_sizes = [0]", "recall-rnn with preset fast: Hidden sizes"),
        ("hidden_sizes = [4]", "hidden_sizes = [4, 5]", "must say “hidden_size” and “loss” of"),
        ("hidden_sizes = [4]", 'start_from = "/etc"', "may not have “start_from”"),
        ("settings.recall", "settings.adder", "names the task “adder”, which no experiment has"),
        (
            "recall_lstm -",
            "recal_lstm -",
            "claims 1: clauses 1, comparisons 1: The comparison “rec",
        ),
        ("recall_lstm -", "__import__('os') -", "can't be read: it may have keys of experiments"),
        ("{recall|forget}", "recall", "claims 1: clauses 1 must say what is found as “finding”"),
        ("[presets.fast]", "[presets", "small.toml is no TOML: "),
        ("Two tasks", "Two\\u001b[31m tasks", "must have a printable text of at most 2000 charact"),
    ],
)
def test_what_is_wrong_is_a_sentence_that_says_where(old: str, new: str, sentence: str) -> None:
    assert old in SMALL_PAPER
    with pytest.raises(UserError) as error:
        paper_of(SMALL_PAPER.replace(old, new, 1))
    assert sentence in str(error.value)
    assert str(error.value).startswith("small.toml")
    assert str(error.value) == printable(error.value, 2000)


@settings(max_examples=60)
@given(st.data())
def test_no_file_ends_the_program(data: st.DataObject) -> None:
    """Whatever a file has is a paper, or an error in a sentence."""
    lines = SMALL_PAPER.splitlines()
    place = data.draw(st.integers(0, len(lines) - 1))
    junk = st.one_of(st.text(max_size=30), st.sampled_from(["[" * 9000, "x = 1e999", "a.b.c = 1"]))
    lines[place] = data.draw(st.sampled_from([lines[place][:-1], ""])) + data.draw(junk)
    with suppress(UserError):
        paper_from("\n".join(lines).encode("utf-8", "surrogatepass"), "small", "small.toml")


def test_a_file_that_can_not_be_a_paper(tmp_path: Path) -> None:
    for name, data in (
        ("large.toml", b"#" * (MOST_BYTES + 1)),
        ("a b.toml", b""),
        ("c.toml", b"\xff"),
        ("dots.toml", b"a" + b'."\xc2\x85"' * 9000),  # would take a minute to read
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(UserError):
            read_paper(tmp_path / name)
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(UserError, match="can't be read"):
            read_paper(path)
    with pytest.raises(UserError, match="There is no paper “course-reprot”"):
        paper_named("course-reprot")


LIKE_ANOTHER = """
[presets.careful]
like = "fast"
summary = "A slow one."
cells = { rnn = "mingru" }
differs = ["Words are read, not heard.", "Chance is another."]
all_settings = { learning_rate = 0.001, state_activation = "relu", initialisation = "haiku" }
settings.recall = { layers = 2 }
"""


def test_a_preset_may_be_like_another_with_other_settings_and_cells() -> None:
    paper = paper_of(SMALL_PAPER.replace("[[claims]]", LIKE_ANOTHER + "[[claims]]", 1))
    fast, careful = paper.presets.values()
    assert (fast.start, careful.start) == ("fast", "fast")
    assert careful.note == fast.note
    assert careful.compared
    assert careful.settings["recall"] == {"hidden_sizes": (4,), "layers": 2}
    rnn, lstm = paper.experiments
    config = paper.config(rnn, "careful")
    assert isinstance(config, SequenceConfig)
    assert (config.cell, config.layers, config.hidden_sizes) == ("mingru", 2, (4,))
    assert (config.learning_rate, config.state_activation) == (0.001, "relu")
    assert config.setting("initialisation") == "haiku"
    assert paper.config(lstm, "careful").cell == "lstm"
    assert paper.config(rnn, "fast").cell == "rnn"
    notes = " ".join(Plan(paper, preset="careful").notes)
    assert "still differs from the paper's own way to train: Words are read, not heard." in notes
    assert "heard" not in " ".join(Plan(paper, preset="fast").notes)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('like = "fast"', 'like = "fasst"', "no preset before it .did you mean “fast”"),
        ('like = "fast"', 'like = "careful"', "is like “careful”, which is no preset before it"),
        ('"mingru"', '"mingruu"', "names the cell “mingruu”, which is not there"),
        ("learning_rate = 0.001", "learning_rat = 1", "may not have “learning_rat”"),
        ('"haiku"', '"haku"', "Initialisation must be one of"),
        ('"relu"', '"rely"', "Activation must be one of none, relu"),
        ("differs = [", "differs = [3, ", "must have a text as “differs”"),
        ("layers = 2", "layers = 9", "Layers must be a whole number from 1 to 4"),
    ],
)
def test_what_is_wrong_with_a_preset_like_another_is_said(
    old: str, new: str, sentence: str
) -> None:
    text = SMALL_PAPER.replace("[[claims]]", LIKE_ANOTHER.replace(old, new) + "[[claims]]", 1)
    with pytest.raises(UserError, match=sentence):
        paper_of(text)


def test_papers_that_ship_are_short_and_whole() -> None:
    assert paper_names()[0] == "course-report"
    for name in paper_names():
        paper = paper_named(name)
        lines = (FOLDER / f"{name}.toml").read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 140
        assert max(map(len, lines)) <= 100
        assert {claim.says for claim in paper.claims}
        assert all(task in TASKS for task in paper.tasks)


def test_the_course_report_has_the_figures_that_its_tasks_have() -> None:
    """A task shows its published figures beside a network; both are the same."""
    for experiment in paper_named().experiments:
        task = TASKS[experiment.task]
        of_task = task.published[task.headline]
        key = experiment.variant.label if experiment.variant else experiment.cell
        assert experiment.published == of_task[key]


# Expressions

KEYS = {"a": "a", "b_c": "b-c"}
FIGURES = ExperimentFigures(
    {"a": {0: 1.0, 1: 3.0, 2: 8.0}, "b-c": {1: 4.0, 2: -12.0, 5: 1.0}},
    {"a": {0: {1: 90.0, 2: 80.0, 9: 10.0}}},
)


@pytest.mark.parametrize(
    ("text", "points", "words"),
    [
        ("a - b_c", {1: -1.0, 2: 20.0}, "A − BC"),
        ("a - 2", {0: -1.0, 1: 1.0, 2: 6.0}, "A − 2"),
        ("2 * (a - b_c) / 4", {1: -0.5, 2: 10.0}, "2 · (A − BC) / 4"),
        ("mean(a, b_c)", {1: 3.5, 2: -2.0}, "mean(A, BC)"),
        ("size(b_c)", {1: -4.0, 2: 12.0, 5: -1.0}, "size(BC)"),
        ("-size(a)", {0: -1.0, 1: -3.0, 2: -8.0}, "−size(A)"),
        ("a[1:2] - a[9:9]", {0: 75.0}, "A at 1–2 − A at 9–9"),
        ("b_c[1:2]", {}, "BC at 1–2"),
        ("a / (b_c - 4)", {2: -0.5}, "A / (BC − 4)"),  # no number for seed 1
    ],
)
def test_expressions_are_worked_out_seed_by_seed(
    text: str, points: dict[int, float], words: str
) -> None:
    expression = read_expression(text, KEYS)
    assert expression.evaluate(FIGURES).points == points
    assert in_words(expression, {"a": "A", "b-c": "BC"}) == words


def test_the_best_is_compared_with_the_mean_alone() -> None:
    best = read_expression("best(b_c, 10) - b_c - 5", KEYS).best
    assert best is not None
    assert (best.key, best.count, best.less) == ("b-c", 10, 5.0)
    for text in ("best(a, 10)", "best(a, 10) - b_c", "best(a, 1) - a", "a - best(a, 10)"):
        with pytest.raises(UserError, match="can't be read"):
            read_expression(text, KEYS)


@pytest.mark.parametrize(
    "text",
    [
        *("", "1", "a.b", "a()", "a ** 2", "a if a else a", "[a]", "'a'", "a[1]", "a[5:1]"),
        *("a[0:1]", "size(a, a)", "mean()", "a - True", "a - 1e99", "a @ a", "lambda: a"),
        *("a" * 301, "(" * 299 + "a", "a - nothing"),
    ],
)
def test_what_is_no_expression(text: str) -> None:
    with pytest.raises(UserError) as error:
        read_expression(text, KEYS)
    assert str(error.value) == printable(error.value, 1000)
