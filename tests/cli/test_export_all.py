"""`rnn-tui runs export --all`: two tables of all runs, which pandas reads in a line each."""

import csv
import io
import json
import math
import sqlite3
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from rnn_tui.archive.export.formats import FORMATS, Export, write
from rnn_tui.archive.store import RunStore
from rnn_tui.engine.errors import ExportError
from rnn_tui.engine.files.paths import run_database
from rnn_tui.engine.state import Status
from rnn_tui.tasks import TASKS
from tests.archive.kept_runs import damage, keep, small, train
from tests.cli.command_line import (
    EXIT_FAILURE,
    EXIT_USAGE,
    assert_one_sentence,
    assert_refused,
    in_terminal,
    run_inside,
    screen_after,
)
from tests.watched import Watched, after


def exported(to: str, folder: Path, *more: str) -> str:
    """What is said of an export that worked."""
    code, out, err = run_inside(["runs", *more, "export", "--all", "--to", to, "-o", str(folder)])
    assert (code, out) == (0, ""), err
    return err


@pytest.fixture
def two_runs(home: Path) -> list[str]:
    """The names of a set of seeds that has finished and of one that was stopped, the older one
    first.
    """
    train()
    train(small("adder", losses=("ce",)), stop_at=13)
    with RunStore() as store:
        return [run.name for run in reversed(store.runs())]


def test_pandas_reads_each_table_in_a_line(two_runs: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "all"
    assert exported("csv", folder).splitlines() == [
        f"rnn-tui: written to {folder}/runs.csv",
        f"rnn-tui: written to {folder}/values.csv",
    ]
    exported("json", folder)
    for runs, values in (
        (pd.read_csv(folder / "runs.csv"), pd.read_csv(folder / "values.csv")),
        (pd.read_json(folder / "runs.json"), pd.read_json(folder / "values.json")),
    ):
        assert list(runs["name"]) == two_runs
        assert list(runs["status"]) == ["finished", "stopped"]
        assert list(runs["seeds"]) == [2, 2]
        # The mean over seeds of each epoch's loss, as one would have it for a plot.
        ends = values[(values["kind"] == "epoch") & (values["metric"] == "train_loss")]
        means = ends.groupby(["name", "hidden_size", "epoch"])["value"].mean()
        with RunStore() as store:
            for run in store.runs():
                for moment in store.logged_values(run.run_id, "epoch"):
                    losses = moment.replicas["train_loss"]
                    at = moment.step / run.steps_per_epoch
                    assert means[run.name, 2, at] == pytest.approx(sum(losses[:2]) / 2)
        best = runs.set_index("id")["best"]
        assert best.notna().all()
        assert set(values["run"]) == set(best.index)


def test_both_forms_have_the_same_rows(two_runs: list[str], tmp_path: Path) -> None:
    exported("csv", tmp_path)
    exported("json", tmp_path)
    for name in ("runs", "values"):
        with (tmp_path / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        records = json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))
        assert len(rows) == len(records) > 0
        assert [as_text(record) for record in records] == rows


def as_text(record: dict[str, Any]) -> dict[str, str]:
    def cell(value: Any) -> str:
        if isinstance(value, list):
            return ",".join(map(str, value))
        return "" if value is None else str(value)

    return {name: cell(value) for name, value in record.items()}


def test_the_same_store_makes_the_same_files(two_runs: list[str], tmp_path: Path) -> None:
    for form in ("csv", "json"):
        exported(form, tmp_path / "once")
        exported(form, tmp_path / "again")
        for name in ("runs", "values"):
            once, again = (
                (tmp_path / export / f"{name}.{form}").read_bytes() for export in ("once", "again")
            )
            assert once == again


def test_runs_of_one_task_and_runs_of_all(two_runs: list[str], tmp_path: Path) -> None:
    exported("json", tmp_path, "--task", "adder")
    assert [run["task"] for run in json.loads((tmp_path / "runs.json").read_text())] == ["adder"]
    # Of what has no tables: as if all runs had been named.
    exported("safetensors", tmp_path / "weights")
    assert sorted(path.name for path in (tmp_path / "weights").iterdir()) == [
        f"{name}.safetensors" for name in sorted(two_runs)
    ]


def test_formulas_notes_and_values_that_are_no_numbers(home: Path, tmp_path: Path) -> None:
    keep("20260101-000000-aaaaaa", small(), "=1+1")
    with RunStore() as store:
        store.set_note(store.find("last"), "-two\nlines")
        store.set_tags(store.find("last"), ["b", "@a"])
    connection = sqlite3.connect(run_database())
    with connection:
        connection.execute(
            "INSERT INTO points VALUES ('20260101-000000-aaaaaa', 'step', 'train_loss', 3, NULL, "
            "NULL)"
        )
        connection.execute(
            "INSERT INTO moments VALUES ('20260101-000000-aaaaaa', 'step', 3, NULL, 1.0, NULL, "
            "NULL)"
        )
    connection.close()
    exported("csv", tmp_path)
    exported("json", tmp_path)
    (row,) = pd.read_csv(tmp_path / "runs.csv").to_dict("records")
    assert (row["name"], row["note"], row["tags"]) == ("'=1+1", "'-two lines", "'@a,b")
    assert not any(
        cell.startswith(("=", "@"))
        for line in (tmp_path / "values.csv").open()
        for cell in line.split(",")
    )
    (record,) = json.loads((tmp_path / "runs.json").read_text())
    assert (record["name"], record["note"], record["tags"]) == ("=1+1", "-two\nlines", ["@a", "b"])
    values = json.loads((tmp_path / "values.json").read_text())
    assert [value["value"] for value in values if value["metric"] == "train_loss"] == [None]
    assert math.isnan(
        pd.read_csv(tmp_path / "values.csv").query("metric == 'train_loss'")["value"].iloc[0]
    )


def test_a_damaged_run_is_left_out_and_said(
    two_runs: list[str], home: Path, tmp_path: Path
) -> None:
    damage(run_database(), f"UPDATE runs SET config = '{{' WHERE name = '{two_runs[0]}'")
    assert "rnn-tui: 1 of 2 runs are damaged, and left out." in exported("csv", tmp_path)
    assert list(pd.read_csv(tmp_path / "runs.csv")["name"]) == two_runs[1:]
    with RunStore() as store:
        assert store.runs()[-1].status is Status.DAMAGED


def test_damaged_values_leave_no_part_of_a_file(
    two_runs: list[str], home: Path, tmp_path: Path
) -> None:
    damage(
        run_database(),
        "UPDATE moments SET elapsed = 'x' WHERE run_id = (SELECT id FROM runs ORDER BY created "
        "DESC)",
    )
    code, out, err = run_inside(["runs", "export", "--all", "--to", "csv", "-o", str(tmp_path)])
    assert (code, out) == (EXIT_FAILURE, "")
    assert "is damaged" in assert_one_sentence(err)
    assert list(tmp_path.iterdir()) == []


def test_what_can_not_be(
    home: Path, two_runs: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in (["--all", "last"], []):
        code, out, err = run_inside(["runs", "export", *arguments, "--to", "csv"])
        assert code == EXIT_USAGE
        assert "either RUN or --all" in assert_refused(out, err)
    assert run_inside(["runs", "export", "--all", "--to", "csv"])[0] == 0
    assert sorted(path.name for path in (tmp_path / "2-runs-csv").iterdir()) == [
        "runs.csv",
        "values.csv",
    ]
    code, _, err = run_inside(["runs", "export", "--all", "--to", "csv"])
    assert code == EXIT_FAILURE
    assert "exists already" in assert_one_sentence(err)


def test_no_runs(home: Path, tmp_path: Path) -> None:
    code, out, err = run_inside(
        ["runs", "export", "--all", "--to", "csv", "-o", str(tmp_path / "x")]
    )
    assert (code, out) == (EXIT_FAILURE, "")
    assert "no runs to export" in assert_one_sentence(err)
    assert not (tmp_path / "x").exists()


@pytest.mark.long
def test_memory_does_not_grow_with_the_number_of_runs(home: Path, tmp_path: Path) -> None:
    config = TASKS["recall"].config("lstm", "report", hidden_sizes=(2,), seeds=1)

    def peak(runs: int) -> int:
        connection = sqlite3.connect(run_database())
        for number in range(runs):
            run_id = f"20260101-00{runs:04}-{number:06x}"
            keep(run_id, config)
            with connection:
                connection.executemany(
                    "INSERT INTO moments VALUES (?, 'step', ?, NULL, 1.0, NULL, NULL)",
                    ((run_id, step) for step in range(1000)),
                )
                connection.executemany(
                    "INSERT INTO points VALUES (?, 'step', 'train_loss', ?, 0.5, NULL)",
                    ((run_id, step) for step in range(1000)),
                )
        connection.close()
        tracemalloc.start()
        exported("csv", tmp_path)
        exported("json", tmp_path)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    few = peak(2)
    assert peak(12) < 1.5 * few


@pytest.mark.parametrize("to", ["csv", "json", "safetensors"])
def test_an_export_tells_how_far_it_is_and_leaves_nothing_when_stopped(
    to: str, two_runs: list[str], tmp_path: Path
) -> None:
    form = FORMATS[to]
    form = replace(form, writer=form.of_all or form.writer, several=True)
    whole, stopped = Watched(), after(2)
    with RunStore() as store:
        runs = store.runs()
        export = Export(form, store, runs, tmp_path / "all", io.StringIO(), progress=whole)
        assert write(export)
        assert whole.seen == [(done, len(two_runs)) for done in range(len(two_runs) + 1)]
        with pytest.raises(ExportError, match="was stopped"):
            write(replace(export, output=tmp_path / "part", progress=stopped))
    assert stopped.seen == [(0, 2), (1, 2)]
    assert not any(path.name.startswith("values") for path in tmp_path.glob("part/*"))
    assert not list(tmp_path.glob("part/*.safetensors"))


@pytest.mark.process
def test_a_bar_tells_how_far_an_export_is(two_runs: list[str], tmp_path: Path, home: Path) -> None:
    arguments = ["runs", "export", "--all", "--to", "csv", "-o", str(tmp_path / "all")]
    code, output = in_terminal(arguments, {"RNN_TUI_HOME": str(home)})
    assert code == 0
    assert "2/2" in output
    assert [line for line in screen_after(output) if line] == [
        f"rnn-tui: written to {tmp_path / 'all' / name}" for name in ("runs.csv", "values.csv")
    ]
