"""`rnn-tui runs` and `train --resume`: what goes where, with which exit code."""

import json
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import pytest

from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from tests.archive.kept_runs import resume, small, train
from tests.cli.command_line import (
    EXIT_FAILURE,
    EXIT_USAGE,
    assert_one_sentence,
    assert_refused,
    in_terminal,
    run_inside,
    screen_after,
)


def record(text: str = "last") -> RunRecord:
    with RunStore() as store:
        return store.find(text)


def ran(*arguments: str) -> tuple[str, str]:
    """stdout and stderr of a command that worked."""
    code, out, err = run_inside(arguments)
    assert code == 0, err
    return out, err


def refused(*arguments: str, code: int = EXIT_FAILURE) -> str:
    """The sentence with which a command was refused."""
    got, out, err = run_inside(arguments)
    assert (got, out) == (code, "")
    return assert_one_sentence(err)


# --- train --resume -------------------------------------------------------------------------


def test_resume_prints_the_epochs_that_are_left_and_the_result(home: Path) -> None:
    train(stop_at=13)
    run = record()
    out, err = ran("train", "--resume", run.name)
    assert err == ""
    assert [line.split()[0] for line in out.splitlines()] == ["epoch=2"] * 2 + ["epoch=3"] * 2
    assert "test_accuracy=" in out.splitlines()[-1]
    assert record().status == "finished"


def test_resumed_document_is_that_of_a_run_of_one_go(home: Path) -> None:
    def document(*arguments: str) -> dict[str, Any]:
        text, _ = ran(*arguments)
        document_read: dict[str, Any] = json.loads(text)
        for key in ("seconds", "run", "weights"):
            del document_read[key]
        for row in document_read["history"]:
            del row["seconds"]
        return document_read

    settings = [
        "--epochs",
        "3",
        "--batch-size",
        "4",
        "--training-size",
        "40",
        "--test-size",
        "20",
        "--seeds",
        "2",
        "--hidden-size",
        "2,3",
        "--device",
        "cpu",
    ]
    whole = document("train", "recall", *settings, "--json")
    train(stop_at=13)
    assert document("train", "--resume", "last", "--json") == whole


def test_resume_writes_the_weights_as_well(home: Path, tmp_path: Path) -> None:
    train(stop_at=13)
    ran("train", "--resume", "last", "--quiet", "--output", str(tmp_path / "w.safetensors"))
    assert (tmp_path / "w.safetensors").is_file()


def test_what_can_not_be_resumed_is_said(home: Path) -> None:
    assert "no run" in refused("train", "--resume", "last")
    train()
    assert "is finished" in refused("train", "--resume", "last")
    train(stop_at=13)
    record().weights.write_bytes(b"damaged")
    assert "can't be resumed" in refused("train", "--resume", "last")
    assert record().status == "stopped"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["train"], "TASK"),
        (["train", "--json"], "TASK"),
        (["train", "--resume", "x", "mnist"], "takes no TASK"),
        (["train", "--json", "recall"], "come after"),
        (["train", "recall", "--resume", "x"], "--resume"),
        (["runs", "export", "x"], "--to"),
        (["runs", "export", "x", "--to", "pickle"], "pickle"),
        (["runs", "show"], "RUN"),
        (["runs", "dance"], "dance"),
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], says: str) -> None:
    code, out, err = run_inside(arguments)
    assert code == EXIT_USAGE
    assert says in assert_refused(out, err)


# --- list, show, compare --------------------------------------------------------------------


def test_no_runs_yet(home: Path) -> None:
    out, err = ran("runs")
    assert out == ""
    assert "rnn-tui train" in assert_one_sentence(err)
    assert json.loads(ran("runs", "--json")[0]) == {"runs": []}
    assert list(home.glob("runs.db*")) == []


def test_list_has_a_line_for_each_network_of_each_run(home: Path) -> None:
    train()
    train(small("adder"), stop_at=5)
    out, err = ran("runs")
    head, *rows = [line.split("\t") for line in out.splitlines()]
    assert head[0] == "name"
    assert [row[4] for row in rows[:-2]] == ["H 2 mse", "H 3 mse", "H 2 ce", "H 3 ce"]
    assert [row[4] for row in rows[-2:]] == ["H 2 ce", "H 3 ce"]
    adder, recall = rows[0], rows[-1]
    assert (adder[1], adder[2], adder[3]) == ("adder", "stopped", "17%")
    assert (recall[1], recall[2], recall[3]) == ("recall", "finished", "100%")
    assert recall[-1] == record(recall[0]).run_id
    assert err == ""
    document = json.loads(ran("runs", "--json")[0])
    assert [run["name"] for run in document["runs"]] == [adder[0], recall[0]]
    assert document["runs"][1]["settings"] == small().to_dict() | {
        key: list(value) for key, value in small().to_dict().items() if isinstance(value, tuple)
    }
    assert [
        r["task"] for r in json.loads(ran("runs", "--task", "recall", "--json")[0])["runs"]
    ] == ["recall"]


def test_a_set_of_seeds_is_told_by_mean_and_deviation_of_each_network(home: Path) -> None:
    train(small(seeds=3))
    run = record()
    with RunStore() as store:
        [tested] = store.logged_values(run.run_id, "test")
    by_network = [tested.replicas["test_accuracy"][start : start + 3] for start in (0, 3)]
    figures = [f"{mean(values):.2f} ± {stdev(values):.2f} %" for values in by_network]

    out, _ = ran("runs")
    head, *lines = [line.split("\t") for line in out.splitlines()]
    rows = [dict(zip(head, line, strict=True)) for line in lines]
    assert [row["network"] for row in rows] == ["H 2 ce", "H 3 ce"]
    assert [row["test"] for row in rows] == figures
    assert [row["n"] for row in rows] == ["3", "3"]

    shown = dict(line.split("\t") for line in ran("runs", "show", "last")[0].splitlines())
    for label, text, values in zip(("H 2 ce", "H 3 ce"), figures, by_network, strict=True):
        extremes = f"(n 3, {min(values):.2f} … {max(values):.2f} %)"
        assert shown[f"test accuracy, {label}"] == f"{text} {extremes}"
    assert "final" not in shown  # it is the best network's

    compared = ran("runs", "compare", "last", "last")[0].splitlines()
    for label, text in zip(("H 2 ce", "H 3 ce"), figures, strict=True):
        assert f"test accuracy, {label}\t{text} (n 3)\t{text} (n 3)" in compared

    [document] = json.loads(ran("runs", "--json")[0])["runs"]
    assert document["final"] == pytest.approx(max(mean(values) for values in by_network))
    for variant, values in zip(document["variants"], by_network, strict=True):
        assert variant["final"]["values"] == list(values)
        assert variant["final"]["sd"] == pytest.approx(stdev(values))
        assert variant["last"]["n"] == 3


def test_networks_are_compared_with_the_same_ones(home: Path) -> None:
    train(small(hidden_sizes=(2, 3)))
    train(small(hidden_sizes=(3, 4)))
    names = [run["name"] for run in json.loads(ran("runs", "--json")[0])["runs"]]
    out, _ = ran("runs", "compare", *names)
    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in out.splitlines()}
    missing = {
        size: [cell == "–" for cell in rows[f"test accuracy, H {size} ce"]] for size in (2, 3, 4)
    }
    assert missing == {2: [True, False], 3: [False, False], 4: [False, True]}


@pytest.mark.process
def test_list_on_a_terminal_is_a_table(home: Path) -> None:
    train()
    code, output = in_terminal(["runs"], {"RNN_TUI_HOME": str(home), "NO_COLOR": "1"})
    assert code == 0
    assert "finished" in output
    assert "\t" not in output


@pytest.mark.process
def test_a_narrow_terminal_has_whole_names(home: Path) -> None:
    train()
    name = "a run with rather a long name, as somebody may give it to find it again"
    ran("runs", "rename", "last", name)
    heads, row = screen_after(
        in_terminal(["runs"], {"RNN_TUI_HOME": str(home), "NO_COLOR": "1"})[1]
    )[:2]
    assert heads.split() == ["name", "status", "network", "n", "test", "age"]
    assert row.startswith(f"{name}  finished  H 2 ce  ")


def test_show_tells_all(home: Path) -> None:
    train(stop_at=13)
    resume(record())
    run = record()
    with RunStore() as store:
        store.set_note(run, "a note with \x1b[31m colours")
    out, _ = ran("runs", "show", run.run_id[:15])
    pairs = [line.split("\t") for line in out.splitlines()]
    assert all(len(pair) == 2 for pair in pairs)
    values = dict(pairs)
    assert values["name"] == run.name
    assert values["hidden sizes"] == "2,3"
    assert values["lengths"] == "3-11"
    assert "torch" in values["from step 13"]
    assert "\x1b" not in out
    document = json.loads(ran("runs", "show", "last", "--json")[0])
    assert len([value for value in document["values"] if value["kind"] == "step"]) == 30
    assert len(document["values"][0]["train_loss"]) == len(document["networks"]) == 4
    assert [session["first_step"] for session in document["sessions"]] == [0, 13]


def test_compare_tells_what_differs(home: Path) -> None:
    train()
    first = record().name
    train(small(learning_rate=0.01))
    second = record().name
    out, _ = ran("runs", "compare", first, second)
    table, *comparisons, notes = out.split("\n\n")
    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in table.splitlines()}
    assert rows[""] == [first, second]
    assert rows["learning rate"] == ["0.002", "0.01"]
    assert "seeds" not in rows
    assert len(comparisons) == 2  # of two sizes
    for comparison, label in zip(comparisons, record(first).config.variants, strict=True):
        claim, difference, few, *_ = comparison.splitlines()
        assert claim == f"{first} better than {second} ({label.label}): open"
        assert "paired over 2 seeds" in difference
        assert few == "  A verdict needs at least 6 seeds that both have, not 2."
    assert f"{first} and {second} differ in one setting: learning rate." in notes
    assert "2 comparisons" in notes
    document = json.loads(ran("runs", "compare", first, second, "--json")[0])
    assert [run["name"] for run in document["runs"]] == [first, second]
    assert [row["setting"] for row in document["differences"]] == ["learning rate"]
    assert [row["verdict"] for row in document["comparisons"]] == ["open"] * 2
    assert document["comparisons"][0]["settings"] == ["learning rate"]
    # what is said to be missing is what to type
    *_, command = (note for note in document["notes"] if "missing for a verdict" in note)
    ran(*command.partition("rnn-tui ")[2].split())
    assert record("last").config.seeds == 6


# --- changes --------------------------------------------------------------------------------


def test_rename_delete_and_restore(home: Path) -> None:
    train()
    run = record()
    out, err = ran("runs", "rename", "last", "mine")
    assert out == ""
    assert "mine" in assert_one_sentence(err)
    _, err = ran("runs", "delete", "mine")
    assert f"rnn-tui runs restore {run.run_id}" in assert_one_sentence(err)
    assert "no run" in refused("runs", "show", "mine")
    assert "mine\t" in ran("runs", "--deleted")[0]
    assert ran("runs", "list", "--deleted") == ran("runs", "--deleted", "list")
    assert "mine\t" in ran("runs", "list", "--deleted")[0]
    assert "mine\t" not in ran("runs", "list")[0]
    ran("runs", "restore", "mine")
    assert record("mine").run_id == run.run_id
    assert refused("runs", "rename", "mine", "last", code=EXIT_USAGE)


def test_an_unusable_database_is_said(home: Path) -> None:
    (home / "runs.db").write_bytes(b"\xff" * 4000)
    for arguments in (["runs"], ["runs", "show", "last"], ["train", "--resume", "last"]):
        assert str(home / "runs.db") in refused(*arguments)


# --- weights by run -------------------------------------------------------------------------


def test_questions_to_a_run_by_name(home: Path) -> None:
    train()
    run = record()
    for name in (run.name, run.run_id, "last"):
        out, err = ran("recall", "3", "1", "4", "--run", name)
        assert out.startswith("3 1 [4]")
        assert run.run_id in err or run.name in err
    assert "No run" in refused("recall", "314", "--run", "nobody")
    train(small("adder"), stop_at=2)
    code, _, err = run_inside(["recall", "314", "--run", "last"])
    assert code == 0  # the newest of its task that is finished
    assert run.run_id in err or run.name in err
