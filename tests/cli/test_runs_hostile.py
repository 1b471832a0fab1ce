"""Runs of a foreign database: no command prints what moves a cursor, or trips over a bad value."""

import csv
import json
from pathlib import Path

import pytest

from rnn_tui.engine.files.paths import run_database
from tests.archive.kept_runs import damage, keep, small
from tests.cli.command_line import EXIT_FAILURE, assert_one_sentence, is_harmless, run_inside

ONE, TWO, BAD = (f"20250101-000000-aaaaa{at}" for at in range(3))
ESCAPE, FORMULA = "\x1b]0;owned\x07\x1b[2J", '=HYPERLINK("x")'


@pytest.fixture
def foreign(home: Path) -> Path:
    keep(ONE, small(), ESCAPE)
    keep(TWO, small(epochs=4), FORMULA)
    keep(BAD, small(epochs=5), "bad")
    for column in ("device", "note", "message"):
        damage(run_database(), f"UPDATE runs SET {column} = '{ESCAPE}' WHERE id = '{ONE}'")
    damage(
        run_database(),
        f"UPDATE sessions SET host = '{ESCAPE}', versions = '{json.dumps({ESCAPE: ESCAPE})}'",
        f"UPDATE lines SET text = '{ESCAPE}'",
        f"UPDATE points SET metric = '{ESCAPE}' WHERE run_id = '{ONE}'",
        f"INSERT INTO tags VALUES ('{ONE}', '{ESCAPE}')",
        f"UPDATE runs SET final = 'x' WHERE id = '{BAD}'",
    )
    return home


@pytest.mark.parametrize(
    "arguments",
    [
        ["runs"],
        ["runs", "show", ONE],
        ["runs", "compare", ONE, TWO],
        ["runs", "rename", ONE, "harmless"],
        ["runs", "delete", ONE],
        ["runs", "export", ONE, "--to", "csv"],
        ["runs", "export", ONE, "--to", "png", "--metric", "nothing"],
    ],
    ids=" ".join,
)
def test_no_command_prints_what_moves_the_cursor(arguments: list[str], foreign: Path) -> None:
    _, out, err = run_inside(arguments)
    text = out + err
    assert is_harmless(text.translate({ord("\n"): None, ord("\t"): None})), ascii(text)
    assert "]0;owned" in text


def test_restored_and_found_by_the_name_that_is_shown(foreign: Path) -> None:
    run_inside(["runs", "delete", ONE])
    cleaned_name = "�]0;owned��[2J"
    code, _, err = run_inside(["runs", "restore", cleaned_name])
    assert (code, err) == (0, f"rnn-tui: {cleaned_name} is restored.\n")


def test_no_cell_of_an_export_is_a_formula(foreign: Path) -> None:
    damage(
        run_database(),
        f"UPDATE points SET metric = '-loss', value = -1.5, replicas = NULL WHERE run_id = '{TWO}'",
    )
    _, out, _ = run_inside(["runs", "export", TWO, "--to", "csv"])
    row = next(csv.DictReader(out.splitlines()))
    assert (row["name"], row["metric"]) == (f"'{FORMULA}", "'-loss")
    assert row["value"] == "-1.5"


def test_a_damaged_run_costs_one_sentence(foreign: Path) -> None:
    _, out, _ = run_inside(["runs", "--json"])
    assert {run["id"]: run["status"] for run in json.loads(out)["runs"]} == {
        ONE: "finished",
        TWO: "finished",
        BAD: "damaged",
    }
    _, out, _ = run_inside(["runs", "show", BAD])
    assert "no sound value of final in the database" in out
    for arguments in (
        ["runs", "compare", ONE, BAD],
        ["runs", "export", BAD, "--to", "csv"],
        ["train", "--resume", BAD],
    ):
        code, out, err = run_inside(arguments)
        assert (code, out) == (EXIT_FAILURE, "")
        assert "Run bad is damaged: " in assert_one_sentence(err)
    assert run_inside(["runs", "delete", BAD])[0] == 0
    assert BAD not in run_inside(["runs"])[1]
