"""`rnn-tui predict`: photos on the command line, answers in lines, CSV or JSON."""

import csv
import io
import itertools
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from rnn_tui.engine.errors import as_cell
from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.photos import THRESHOLD, THRESHOLD_COSTS
from rnn_tui.tasks.mnist.data import load_mnist
from tests.cli.command_line import (
    COMMAND,
    EXIT_FAILURE,
    EXIT_INTERRUPTED,
    EXIT_USAGE,
    PATIENCE,
    assert_refused,
    environment,
    in_terminal,
    is_harmless,
    run_inside,
    screen_after,
)

NAMES = ["0-zero.png", "1.png", "3-is-not.png", "sub/4.png"]
HOSTILE = ["[red]bold[/].png", "two\nlines.png", "\x1b[31mred\x1b]0;title\x07.png", "ü" * 120]


def write_photo(path: Path, index: int) -> None:
    digit = cv2.resize(load_mnist().test_images[index].numpy(), (80, 80))
    paper = np.full((160, 160), 200.0)
    paper[40:120, 40:120] -= digit * 0.6
    _, data = cv2.imencode(".png", paper.astype(np.uint8))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.tobytes())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Test digits 7, 2, 1 and, one folder deeper, 0 and 4, with a file that is no image."""
    path = tmp_path_factory.mktemp("photos")
    for index, name in enumerate(["7.png", "2-two.png", "1_b.png", "sub/0.png", "sub/9-not.png"]):
        write_photo(path / name, index)
    (path / "notes.txt").write_text("no photo, and not named as one")
    (path / "broken.jpg").write_text("no photo")
    return path


def asked(*arguments: str, code: int = 0) -> dict[str, Any]:
    exit_code, out, _ = run_inside(["predict", *arguments, "--json"])
    assert exit_code == code
    document: dict[str, Any] = json.loads(out)
    return document


def test_json_is_in_the_order_of_the_paths(folder: Path) -> None:
    paths = [str(folder / name) for name in ("1_b.png", "broken.jpg", "7.png")]
    document = asked(*paths, code=EXIT_FAILURE)
    assert document["weights"]["source"] == "pretrained lstm"
    results = document["results"]
    assert [result["path"] for result in results] == paths
    assert [result["prediction"] for result in results] == [1, None, 7]
    assert [result["error"] for result in results] == [None, "not an image", None]
    for result in (results[0], results[2]):
        assert len(result["probabilities"]) == 10
        assert sum(result["probabilities"]) == pytest.approx(1, abs=1e-5)
        assert result["confidence"] == pytest.approx(
            max(result["probabilities"]) * (1 - result["no_digit"]), abs=1e-5
        )
    assert results[1]["probabilities"] is results[1]["confidence"] is None
    assert document["summary"] == {"photos": 3, "errors": 1, "doubtful": 0}


def test_a_folder_is_its_images_and_deeper_ones_when_asked(folder: Path) -> None:
    flat = [
        Path(result["path"]).name for result in asked(str(folder), code=EXIT_FAILURE)["results"]
    ]
    assert sorted(flat) == ["1_b.png", "2-two.png", "7.png", "broken.jpg"]
    deep = asked(str(folder), "--recursive", code=EXIT_FAILURE)["results"]
    assert {Path(result["path"]).name for result in deep} == {*flat, "0.png", "9-not.png"}


def test_labels_give_accuracy_and_confusion(folder: Path) -> None:
    document = asked(str(folder / "7.png"), str(folder / "sub"), "--labels")
    assert [result["correct"] for result in document["results"]] == [True, True, False]
    summary = document["summary"]
    assert (summary["labelled"], summary["right"]) == (3, 2)
    assert summary["accuracy"] == pytest.approx(200 / 3)
    assert summary["confusion"][9][4] == 1
    code, out, _ = run_inside(["predict", str(folder / "sub"), "--labels"])
    assert code == 0
    assert "1 of 2 right: 50.00 %" in out
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines()[-10:]}
    assert rows["9"] == ["·"] * 4 + ["1"] + ["·"] * 6


def test_photos_without_a_label_are_counted(folder: Path, tmp_path: Path) -> None:
    write_photo(tmp_path / "photo.png", 0)
    labelled, unlabelled = [str(folder / "sub")], [str(tmp_path / "photo.png")]
    summary = asked(*labelled, *unlabelled, "--labels")["summary"]
    assert (summary["labelled"], summary["unlabelled"]) == (2, 1)
    assert asked(*unlabelled, "--labels")["summary"] == {
        "photos": 1,
        "errors": 0,
        "doubtful": 0,
        "labelled": 0,
        "unlabelled": 1,
    }
    assert "unlabelled" not in asked(*unlabelled)["summary"]

    _, out, err = run_inside(["predict", *labelled, *unlabelled, "--labels"])
    assert "1 of 2 right: 50.00 %; 1 without a label in the names of file and folder\n" in out
    assert err.endswith("rnn-tui: 3 photos, 1 of them without a label.\n")
    _, out, _ = run_inside(["predict", *unlabelled, "--labels"])
    assert out.endswith("\n1 without a label in the names of file and folder\n")
    _, out, err = run_inside(["predict", *labelled, "--labels"])
    assert "without a label" not in out + err


def test_lines_say_path_prediction_and_confidence(folder: Path) -> None:
    code, out, err = run_inside(["predict", str(folder / "7.png"), str(folder / "broken.jpg")])
    assert code == EXIT_FAILURE
    first, second = out.splitlines()
    assert first.startswith(f"{folder / '7.png'}  7  ")
    assert first.endswith(" %")
    assert second == f"{folder / 'broken.jpg'}  –  not an image"
    assert err.splitlines() == [
        "rnn-tui: weights: pretrained lstm",
        "rnn-tui: 2 photos, 1 of them unreadable.",
    ]
    assert run_inside(["predict", "--quiet", str(folder / "7.png")]) == (0, f"{first}\n", "")


def test_csv_has_a_head_and_a_row_each(folder: Path) -> None:
    code, out, _ = run_inside(["predict", "--csv", str(folder)])
    assert code == EXIT_FAILURE
    rows = {Path(row["path"]).name: row for row in csv.DictReader(io.StringIO(out))}
    assert rows["7.png"]["prediction"] == "7"
    probabilities = [float(rows["7.png"][f"p{digit}"]) for digit in range(10)]
    digit_share = 1 - float(rows["7.png"]["no_digit"])
    assert max(probabilities) * digit_share == pytest.approx(
        float(rows["7.png"]["confidence"]), abs=1e-5
    )
    assert rows["broken.jpg"]["error"] == "not an image"
    assert rows["broken.jpg"]["prediction"] == rows["broken.jpg"]["p0"] == ""


def test_a_high_threshold_leaves_no_prediction(folder: Path) -> None:
    [result] = asked(str(folder / "7.png"), "--threshold", "100")["results"]
    if result["confidence"] < 1:
        assert result["prediction"] is None
        assert result["doubt"].startswith("Unsure: 7 (")
    [sure] = asked(str(folder / "7.png"), "--threshold", "0")["results"]
    assert sure["prediction"] == 7


def test_help_says_what_the_default_threshold_costs_and_higher_ones() -> None:
    _, help_text, _ = run_inside(["predict", "--help"])
    words = " ".join(help_text.split())
    assert round(100 * THRESHOLD) in THRESHOLD_COSTS
    for percent, cost in THRESHOLD_COSTS.items():
        assert f"{cost.unsure} unsure and {cost.wrong} wrong at {percent}" in words
    by_threshold = [THRESHOLD_COSTS[percent] for percent in sorted(THRESHOLD_COSTS)]
    for lower, higher in itertools.pairwise(by_threshold):
        assert lower.unsure <= higher.unsure
        assert lower.wrong >= higher.wrong


def test_the_reports_preprocessing_is_a_choice(folder: Path) -> None:
    ours, reports = (
        asked(str(folder / "7.png"), "--preprocessing", method)["results"][0]["probabilities"]
        for method in ("mnist", "report")
    )
    assert ours != reports


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("form", [[], ["--csv"], ["--json"]])
def test_hostile_names_are_shown_safely(tmp_path: Path, name: str, form: list[str]) -> None:
    path = tmp_path / name
    write_photo(path, 0)
    code, out, err = run_inside(["predict", *form, str(path)])
    assert code == 0
    assert "Traceback" not in err
    if form == ["--csv"]:
        [row] = csv.DictReader(io.StringIO(out))
        assert row["path"] == as_cell(str(path))
        assert is_harmless(out.replace("\n", ""))
    elif form == ["--json"]:
        assert json.loads(out)["results"][0]["path"] == str(path)
        assert is_harmless(out.replace("\n", ""))
    else:
        assert len(out.splitlines()) == 1
        assert is_harmless(out.replace("\n", ""))
        assert "  7  " in out


@pytest.mark.process
def test_a_name_that_is_no_text_is_read_all_the_same(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe7.png"))
    write_photo(path, 0)
    for form in ([], ["--csv"], ["--json"]):
        process = subprocess.run(
            [*COMMAND, "predict", *form, str(tmp_path)],
            capture_output=True,
            env=environment(),
            timeout=PATIENCE,
            check=False,
        )
        assert (process.returncode, b"Traceback" in process.stderr) == (0, False)
        process.stdout.decode("utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["/nowhere", "--weights", "/nowhere/w"], EXIT_FAILURE, "can't be read"),
        (
            ["x", "--weights", str(asset_dir() / "pretrained" / "adder.safetensors")],
            EXIT_FAILURE,
            "for adder, not for mnist",
        ),
        (["x", "--run", "\x1b[2Jnone"], EXIT_FAILURE, "No run begins with"),
        (["x", "--run", "last"], EXIT_FAILURE, "There is no finished run of mnist"),
        (["x", "--threshold", "101"], EXIT_USAGE, "Threshold must be"),
        (["x", "--preprocessing", "none"], EXIT_USAGE, "must be one of mnist, report"),
        (["x", "--number", "two"], EXIT_USAGE, "must be one of auto, one, row"),
        (["x", "--json", "--csv"], EXIT_USAGE, "not allowed with"),
        ([""], EXIT_USAGE, "is not a path"),
        ([], EXIT_USAGE, "required"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(
    arguments: list[str], code: int, said: str, home: Path
) -> None:
    exit_code, out, err = run_inside(["predict", *arguments])
    assert exit_code == code
    assert said in assert_refused(out, err)


def test_a_folder_without_photos_is_said(tmp_path: Path) -> None:
    code, out, err = run_inside(["predict", "--quiet", str(tmp_path)])
    assert (code, out) == (EXIT_FAILURE, "")
    assert "No photos in" in err
    assert "with --recursive, folders in it are read too" in err
    _, _, err = run_inside(["predict", "--quiet", "--recursive", str(tmp_path)])
    assert "No photos in" in err
    assert "--recursive" not in err


def test_pictures_of_other_kinds_are_counted_and_named(tmp_path: Path) -> None:
    for name in ("IMG_1.HEIC", "IMG_2.heic", "moving.gif", ".hidden.gif", "notes.txt"):
        (tmp_path / name).touch()
    sentence = "3 pictures were not read (.gif, .heic): convert them to JPEG or PNG.\n"
    code, out, err = run_inside(["predict", "--quiet", str(tmp_path)])
    assert (code, out) == (EXIT_FAILURE, "")
    assert "No photos in" in err
    assert err.endswith(sentence)
    write_photo(tmp_path / "7.png", 0)
    code, _, err = run_inside(["predict", "--quiet", str(tmp_path)])
    assert code == 0
    assert err == f"rnn-tui: {sentence}"


def test_a_run_answers_when_named(home: Path, folder: Path) -> None:
    weights = asset_dir() / "pretrained" / "mnist-lstm.safetensors"
    run = home / "runs" / "2026-01-01-abc"
    run.mkdir(parents=True)
    (run / "weights.safetensors").write_bytes(weights.read_bytes())
    for name in ("2026-01-01-abc", "2026", "last"):
        document = asked(str(folder / "7.png"), "--run", name)
        assert document["weights"]["source"] == "run 2026-01-01-abc"
    assert document["weights"]["seed"] == read_weights(weights).config.seed


@pytest.mark.process
def test_interrupted_json_is_whole(tmp_path: Path) -> None:
    write_photo(tmp_path / "7.png", 0)
    process = subprocess.Popen(
        [*COMMAND, "predict", "--json", *[str(tmp_path / "7.png")] * 4000],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,  # or what was read ahead would be missing from the rest
        env=environment(),
    )
    assert process.stdout is not None
    first = process.stdout.readline() + process.stdout.readline() + process.stdout.readline()
    process.send_signal(signal.SIGINT)
    remaining, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == EXIT_INTERRUPTED
    assert b"Traceback" not in err
    document = json.loads(first + remaining)
    assert 0 < len(document["results"]) < 4000


@pytest.mark.process
def test_no_colour_reaches_a_pipe_and_marks_are_coloured_on_a_terminal(folder: Path) -> None:
    arguments = ["predict", "--labels", str(folder / "7.png")]
    code, output = in_terminal(arguments, {})
    assert code == 0
    assert "\x1b[32m" in output
    assert "\x1b" not in in_terminal(arguments, {"NO_COLOR": "1"})[1]
    assert "\x1b" not in run_inside(arguments)[1]


@pytest.mark.process
def test_progress_is_on_the_terminal_while_answers_go_to_a_file(folder: Path) -> None:
    code, output = in_terminal(["predict", str(folder / "7.png")], {}, to_file=True)
    assert code == 0
    assert "1/1" in output
    assert screen_after(output)[:2] == ["rnn-tui: weights: pretrained lstm", "rnn-tui: 1 photo."]


# Several digits

NUMBER = asset_dir() / "samples" / "numbers" / "1984.jpg"


def test_a_number_is_one_line_and_its_digits_are_in_the_document(folder: Path) -> None:
    _, out, _ = run_inside(["predict", str(NUMBER), "--quiet"])
    assert out.split()[1] == "1984"
    number, single = asked(str(NUMBER), str(folder / "7.png"))["results"]
    assert (number["number"], number["prediction"], number["no_digit"], number["error"]) == (
        "1984",
        None,
        None,
        None,
    )
    assert [digit["prediction"] for digit in number["digits"]] == [1, 9, 8, 4]
    assert {digit["row"] for digit in number["digits"]} == {0}
    assert all(
        len(digit["box"]) == 4 and 0 <= min(digit["box"]) <= max(digit["box"]) <= 1
        for digit in number["digits"]
    )
    assert (single["number"], single["prediction"]) == (None, 7)
    (digit,) = single["digits"]
    assert (digit["prediction"], digit["confidence"]) == (7, single["confidence"])


def test_how_many_digits_there_are_can_be_said(folder: Path) -> None:
    assert asked(str(NUMBER), "--number", "one")["results"][0]["number"] is None
    assert asked(str(folder / "7.png"), "--number", "row")["results"][0]["number"] == "7"


def test_a_table_has_numbers_in_a_column_of_their_own(folder: Path) -> None:
    _, out, _ = run_inside(["predict", str(NUMBER), str(folder / "7.png"), "--csv", "--quiet"])
    number, single = csv.DictReader(io.StringIO(out))
    assert (number["number"], number["prediction"]) == ("1984", "")
    assert (single["number"], single["prediction"]) == ("", "7")
