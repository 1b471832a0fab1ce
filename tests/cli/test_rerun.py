"""`rnn-tui rerun` and `rnn-tui papers`: the paper that docs/how-to/own-paper.md writes."""

import json
from pathlib import Path

import pytest

from rnn_tui.papers.library import own_folder
from tests.cli.command_line import EXIT_USAGE, assert_one_sentence, assert_refused, run_inside
from tests.documents.pages import CHECKOUT, files

PAGE = CHECKOUT / "docs" / "how-to" / "own-paper.md"


@pytest.fixture
def paper(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of the paper, as typed in its folder; a tenth of its training."""
    text = files(PAGE)["gates.toml"].replace("12800", "1280")
    (tmp_path / "gates.toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return "./gates.toml"


def test_a_paper_by_its_path_is_trained_and_judged(paper: str) -> None:
    code, out, err = run_inside(["rerun", paper, "--seeds", "6"])
    assert code == 0, err
    heads, _, *rows = out.splitlines()
    assert "| best of 5, 95 % | published is |" in heads
    assert [row.split(" | ")[0] for row in rows[:3]] == [
        "| Recall, RNN",
        "| Recall, LSTM",
        "| Recall, GRU",
    ]
    assert "Published figures are the best of 5 networks (our notes)." in out
    assert "| LSTM − RNN |" in out
    assert "0 of 18 networks done" in err

    # The same networks are there for a part of the paper, and by its name once it is in the folder.
    own_folder().mkdir()
    (own_folder() / "gates.toml").write_bytes(Path(paper).read_bytes())
    words = ["--only", "recall-gru", "--seeds", "6", "--json"]
    documents = {}
    for name in (paper, "gates"):
        code, out, err = run_inside(["rerun", name, *words])
        assert (code, err) == (0, "")
        documents[name] = json.loads(out)
    document = documents["gates"]
    assert document["rows"] == documents[paper]["rows"]
    assert document["command"] == "rnn-tui rerun gates --only recall-gru --seeds 6"
    assert documents[paper]["command"] == document["command"].replace("gates", paper, 1)
    [row] = document["rows"]
    assert (row["experiment"], row["n"], row["published"]) == ("recall-gru", 6, 89.25)

    code, out, err = run_inside(["papers"])
    assert (code, err) == (0, "")
    names = [line.split("\t")[0] for line in out.splitlines()]
    assert names[:2] == ["name", "course-report"]
    assert out.splitlines()[-1].endswith("\t2026\t24\t18")  # of 8 seeds each, 6 are trained


def test_the_time_is_said_without_training(paper: str, home: Path) -> None:
    code, out, err = run_inside(["rerun", paper, "--estimate", "--seeds", "2,recall=3", "--json"])
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert (document["networks"], document["missing"]) == (9, 9)
    assert document["seconds"] > 0
    assert [run["networks"] for run in document["runs"]] == [3, 3, 3]
    assert not (home / "runs.db").exists()
    code, out, _ = run_inside(["rerun", paper, "--estimate", "--only", "recall-rnn"])
    assert code == 0
    assert "8 of 8 networks are not trained yet; that takes about" in out


def test_report_is_the_first_paper_by_another_word(home: Path) -> None:
    words = ["--no-training", "--only", "recall"]
    assert run_inside(["rerun", "course-report", *words]) == run_inside(["report", *words])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["gate"], "There is no paper called “gate”"),
        (["./none.toml"], "can't be read"),
        (["./gates.toml", "--preset", "slow"], "Preset must be one of fast"),
        (["./gates.toml", "--only", "recall-gnu"], "(did you mean “recall-gru”?)"),
        (["./gates.toml", "--only", ""], "experiments are recall, not"),
        (["./gates.toml", "--seeds", "x"], "Seeds must be such as 20"),
        (["./gates.toml", "--seeds", "0"], "Seeds must be"),
        (["./gates.toml", "--seeds", "1,2"], "not two numbers"),
        (["./gates.toml", "--seeds", "adder=2"], "has no task “adder”"),
        (["./gates.toml", "--seeds", "recall=1" + "0" * 5000], "Seeds must be"),
    ],
)
def test_what_is_wrong_is_one_sentence(paper: str, words: list[str], sentence: str) -> None:
    code, out, err = run_inside(["rerun", *words])
    assert (code, out) == (EXIT_USAGE, "")
    assert sentence in assert_one_sentence(err)


@pytest.mark.parametrize("words", [[], ["a", "--estimate", "--no-training"]])
def test_wrong_usage(home: Path, words: list[str]) -> None:
    code, out, err = run_inside(["rerun", *words])
    assert code == EXIT_USAGE
    assert_refused(out, err)


def test_one_paper_is_shown_and_broken_ones_are_named(paper: str) -> None:
    code, out, err = run_inside(["papers", paper])
    assert (code, err) == (0, "")
    assert "published\tbest of 5, our notes\n" in out
    assert out.endswith("recall-gru\tRecall\tGRU\t89.25\n")
    own_folder().mkdir()
    (own_folder() / "broken.toml").write_text("title = 5")
    code, out, err = run_inside(["papers", "--json"])
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert document["papers"][0]["name"] == "course-report"
    assert document["problems"] == ["broken.toml must have at least one experiment."]
    code, out, err = run_inside(["papers"])
    assert code == 0
    assert "broken.toml must have" in assert_one_sentence(err)
