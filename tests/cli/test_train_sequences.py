"""`train recall` and `train adder` on the command line: several networks of several seeds at once.

What all tasks share is in `test_cli`; here is what only runs of several networks have.
"""

import json
import math
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.tasks import TASKS
from tests.cli.command_line import (
    EXIT_FAILURE,
    EXIT_INTERRUPTED,
    EXIT_TERMINATED,
    PATIENCE,
    assert_one_sentence,
    environment,
    in_terminal,
    rnn_tui,
    run_inside,
    screen_after,
)
from tests.members import metrics_of
from tests.program import start_program

SIZES, LOSSES, SEEDS = (2, 3), ("mse", "ce"), (5, 6)
SEQUENCES = {name: TASKS[name] for name in ("recall", "adder")}
FIGURES = {name: metrics_of(task, "train", "val") for name, task in SEQUENCES.items()}
TEST_FIGURES = {name: metrics_of(task, "test") for name, task in SEQUENCES.items()}


def quick(task: str, *more: str) -> list[str]:
    """Arguments of a training that takes a fraction of a second."""
    return [
        *("train", task, "--preset", "fast", "--workers", "1", "--epochs", "2"),
        *("--training-size", "320", "--test-size", "50", "--batch-size", "32"),
        *("--hidden-size", "2,3", "--loss", "mse,ce", "--seeds", "2", "--seed", "5", *more),
    ]


@pytest.fixture(scope="module", params=SEQUENCES)
def task(request: pytest.FixtureRequest) -> str:
    """Each task of sequences."""
    return str(request.param)


@pytest.fixture(scope="module")
def run_document(task: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a run tells with `--json`, and where it wrote its weights as well."""
    folder = tmp_path_factory.mktemp("sequences")
    output = folder / "chosen.safetensors"
    result = rnn_tui(
        *quick(task, "--json", "--output", str(output)), RNN_TUI_HOME=str(folder / "home")
    )
    assert (result.returncode, result.stderr) == (0, "")
    document: dict[str, Any] = json.loads(result.stdout)
    return document | {"output": output}


@pytest.mark.process
def test_json_has_a_spread_over_seeds_for_every_variant(
    task: str, run_document: dict[str, Any]
) -> None:
    assert (run_document["task"], run_document["preset"], run_document["status"]) == (
        task,
        "fast",
        "finished",
    )
    assert run_document["seeds"] == list(SEEDS)
    variants = [(v["hidden_size"], v["loss"]) for v in run_document["variants"]]
    assert variants == [(size, loss) for loss in LOSSES for size in SIZES]
    for variant in run_document["variants"]:
        for name in (*FIGURES[task], *TEST_FIGURES[task]):
            spread = variant[name]
            assert list(spread) == ["mean", "sd", "min", "max", "n", "values"]
            assert spread["n"] == len(spread["values"]) == len(SEEDS)
            assert spread["mean"] == pytest.approx(sum(spread["values"]) / len(SEEDS))
            assert spread["sd"] == pytest.approx(abs(spread["max"] - spread["min"]) / math.sqrt(2))
    assert [row["epoch"] for row in run_document["history"]] == [1, 2]
    assert all(len(row["variants"]) == len(variants) for row in run_document["history"])


@pytest.mark.process
def test_json_has_accuracies_by_length(task: str, run_document: dict[str, Any]) -> None:
    names = ["accuracy"] if task == "recall" else ["bit_accuracy", "number_accuracy"]
    for variant in run_document["variants"]:
        assert list(variant["by_length"]) == names
        for points in variant["by_length"].values():
            assert all(0 <= point["min"] <= point["max"] <= 100 for point in points)
    if task == "recall":
        rows = run_document["variants"][0]["confusion"]
        assert [len(row) for row in rows] == [10] * 10


@pytest.mark.process
def test_plain_lines_tell_the_same_figures(task: str, run_document: dict[str, Any]) -> None:
    code, out, err = run_inside(quick(task))
    assert (code, err) == (0, "")
    lines = [dict(part.split("=") for part in line.split()) for line in out.splitlines()]
    assert [line["epoch"] for line in lines] == ["1"] * 4 + ["2"] * 4
    for line, variant in zip(lines[-4:], run_document["variants"], strict=True):
        assert (line["hidden_size"], line["loss"]) == (str(variant["hidden_size"]), variant["loss"])
        for name in (*FIGURES[task], *TEST_FIGURES[task]):
            assert float(line[name]) == pytest.approx(variant[name]["mean"], rel=1e-4, abs=1e-6)
            assert float(line[f"{name}_sd"]) == pytest.approx(
                variant[name]["sd"], rel=1e-4, abs=1e-6
            )


@pytest.mark.process
def test_output_has_the_weights_of_the_run(task: str, run_document: dict[str, Any]) -> None:
    stored, chosen = (
        read_weights(Path(run_document["weights"])),
        read_weights(run_document["output"]),
    )
    assert chosen.config == stored.config
    assert chosen.metrics == stored.metrics
    assert sorted(chosen.arrays) == ["gates", "readout"]
    for name, array in chosen.arrays.items():
        assert (array == stored.arrays[name]).all()
    values = [
        value for v in run_document["variants"] for value in v[TEST_FIGURES[task][0]]["values"]
    ]
    assert list(chosen.metrics[TEST_FIGURES[task][0]]) == values  # type: ignore[arg-type]


@pytest.mark.process
def test_weights_of_a_run_answer_until_the_pretrained_are_asked_for(
    task: str, run_document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    question = ["recall", "31415"] if task == "recall" else ["add", "101", "11"]
    monkeypatch.setenv("RNN_TUI_HOME", str(Path(run_document["weights"]).parents[2]))
    sources = [
        json.loads(run_inside([*question, "--json", *more])[1])["weights"]
        for more in ([], ["--pretrained"], ["--weights", str(run_document["output"])])
    ]
    assert run_document["run"] in sources[0]["path"]
    assert sources[0]["path"] == run_document["weights"]
    assert (sources[0]["hidden_size"], sources[0]["loss"], sources[0]["seed"]) == (3, "mse", 5)
    assert sources[1]["source"] == "pretrained"
    assert sources[2]["source"] == sources[2]["path"] == str(run_document["output"])
    measured = {name: run_document["variants"][1][name]["values"][0] for name in TEST_FIGURES[task]}
    assert sources[0]["metrics"] == sources[2]["metrics"] == measured


# --- where --output can't be written --------------------------------------------------------


@pytest.mark.parametrize("place", ["absent", "folder", "below a file", "ring", "hostile", "long"])
def test_output_that_cannot_be_written_is_refused_before_training(
    place: str, tmp_path: Path, home: Path
) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    (tmp_path / "ring").symlink_to("ring")
    path = {
        "absent": tmp_path / "absent" / "w.safetensors",
        "folder": tmp_path,
        "below a file": file / "w.safetensors",
        "ring": tmp_path / "ring",
        "hostile": tmp_path / "no\x1b[31m[red]such\nplace" / "w",
        "long": tmp_path / ("x" * 300),
    }[place]
    # So many epochs that the test would not end if they were trained.
    code, out, err = run_inside(quick("recall", "--epochs", "10000", "--output", str(path)))
    assert (code, out) == (EXIT_FAILURE, "")
    assert "--output" in assert_one_sentence(err)
    assert not (home / "runs").exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "ring"]
    assert file.read_text() == "mine"


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere"
)
def test_output_in_a_read_only_folder_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    path = str(tmp_path / "w")
    code, out, err = run_inside(quick("recall", "--epochs", "10000", "--output", path))
    assert (code, out) == (EXIT_FAILURE, "")
    assert "Permission denied" in assert_one_sentence(err)


# --- signals and terminals ------------------------------------------------------------------


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
# The other two pairs are in `test_cli`.
@pytest.mark.parametrize(
    ("number", "as_json"), [(signal.SIGINT, False), (signal.SIGTERM, True)], ids=["INT", "TERM"]
)
def test_signal_stops_and_keeps_the_weights(
    number: signal.Signals, as_json: bool, home: Path
) -> None:
    more = ["--epochs", "10000", *(["--json"] if as_json else [])]
    process = start_program(
        *quick("recall", *more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment(),
    )
    try:
        give_up = time.monotonic() + PATIENCE
        while not list(home.glob("runs/*/*.safetensors")) and time.monotonic() < give_up:
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == (EXIT_INTERRUPTED if number == signal.SIGINT else EXIT_TERMINATED)
    [weights] = home.glob("runs/*/*")
    stored = read_weights(weights)
    assert stored.step >= 10
    assert not stored.metrics
    if as_json:
        document = json.loads(stdout)
        assert (stderr, document["status"]) == ("", "stopped")
        assert document["weights"] == str(weights)
        assert len(document["variants"]) == len(SIZES) * len(LOSSES)
    else:
        assert str(weights) in assert_one_sentence(stderr)
    # What was stopped is not asked: it may know nothing yet.
    answer = json.loads(run_inside(["recall", "314", "--json"])[1])
    assert answer["weights"]["source"] == "pretrained"


@pytest.mark.process
def test_a_terminal_is_told_the_size_before_and_the_name_after(task: str) -> None:
    code, output = in_terminal(quick(task), {})
    assert code == 0
    text = " ".join(line.strip() for line in screen_after(output))
    size = r"rnn-tui: [\d,]+ parameters in 8 networks of \d+ to \d+ · at most \d+ MB of memory\."
    assert re.search(size, text), text
    assert re.search(r"epoch +2 .*accuracy, mean of 2: [\d.]+ … [\d.]+ % over 4 networks", text)
    name = re.search(r"Run (\S+) is stored", text)
    assert name is not None
    next_command = re.search(rf"Ask it: rnn-tui (.+ --run {re.escape(name[1])})\.", text)
    assert next_command is not None
    assert run_inside(shlex.split(next_command[1]))[0] == 0
    assert f"See it: rnn-tui runs show {name[1]}" in text


@pytest.mark.long
@pytest.mark.process
def test_terminal_gets_a_table_of_all_variants(task: str) -> None:
    code, output = in_terminal(quick(task), {})
    assert code == 0
    lines = [line for line in screen_after(output) if line]
    head = next(index for index, line in enumerate(lines) if line.startswith("network"))
    assert lines[head].split()[-6:] == ["sd", "min", "max", "n", "the", "report"]
    figures = TEST_FIGURES[task]
    table = [line for line in lines[head:] if not line.startswith("rnn-tui: ")]
    assert len(table) == 1 + len(figures) * (1 + len(SIZES) * len(LOSSES)), lines
    rows = [line for line in lines[head + 1 :] if line.startswith("  H ")]
    assert len(rows) == len(figures) * len(SIZES) * len(LOSSES)
    for row in rows:
        assert re.match(r"  H [23] (mse|ce) +[\d.e-]+ +[\d.e-]+ +[\d.e-]+ +[\d.e-]+ +2", row), row
