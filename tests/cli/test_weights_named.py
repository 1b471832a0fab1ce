"""Files of weights and data that a user names: what they are not, and what no number comes from."""

import json
import math
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.files.weights_file import METADATA_KEY
from tests.cli.command_line import EXIT_FAILURE, assert_one_sentence, run_inside

KINDS = ["pipe", "socket", "device", "folder"]


@pytest.fixture(params=KINDS)
def special(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Something in the place of a file; a pipe that is open already, as it would be waited for."""
    path = tmp_path / "weights.safetensors"
    if request.param == "pipe":
        if not hasattr(os, "mkfifo"):
            pytest.skip("needs named pipes")
        os.mkfifo(path)
        held = os.open(path, os.O_RDWR)
        yield path
        os.close(held)
    elif request.param == "socket":
        if not hasattr(socket, "AF_UNIX"):
            pytest.skip("needs sockets that are files")
        path = Path(os.path.relpath(path))  # their names must be short
        with socket.socket(socket.AF_UNIX) as server:
            try:
                server.bind(str(path))
            except OSError:
                pytest.skip("the name of the folder is too long")
            yield path
    elif request.param == "device":
        if not Path("/dev/zero").exists():
            pytest.skip("needs /dev/zero")
        yield Path("/dev/zero")
    else:
        yield tmp_path


ASKING = [
    ["add", "1", "1", "--weights"],
    ["recall", "31415", "--weights"],
    ["inspect", "adder", "1", "1", "--weights"],
    ["inspect", "mnist", "--test-image", "0", "--weights"],
    ["predict", "photo.png", "--weights"],
    ["train", "mnist", "--epochs", "1", "--start-from"],
    ["train", "mnist", "--epochs", "1", "--extra-data"],
]


@pytest.mark.parametrize("arguments", ASKING, ids=" ".join)
def test_what_is_no_regular_file_is_not_opened(
    arguments: list[str], special: Path, home: Path
) -> None:
    code, out, err = run_inside([*arguments, str(special)])
    assert (code, out) == (EXIT_FAILURE, "")
    assert "it is a folder" in err or "it is not a regular file" in err
    assert_one_sentence(err)


@pytest.mark.parametrize("arguments", ASKING, ids=" ".join)
def test_the_home_of_nobody_is_a_file_that_is_not_there(arguments: list[str], home: Path) -> None:
    code, out, err = run_inside([*arguments, "~no-such-user/x"])
    assert (code, out) == (EXIT_FAILURE, "")
    assert "No such file" in assert_one_sentence(err)


def huge(shipped: str, path: Path) -> Path:
    """Weights that ship, all as large as a number can be."""
    with safe_open(asset_dir() / "pretrained" / shipped, framework="np") as file:
        metadata = file.metadata()
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    largest = np.finfo(np.float32).max
    save_file({name: np.copysign(largest, array) for name, array in arrays.items()}, path, metadata)
    return path


def test_figures_of_a_diverged_network_are_null_for_photos_too(tmp_path: Path, home: Path) -> None:
    path, photo = tmp_path / "w.safetensors", tmp_path / "7.png"
    with safe_open(asset_dir() / "pretrained" / "mnist-lstm.safetensors", framework="np") as file:
        about = json.loads(file.metadata()[METADATA_KEY])
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    about["metrics"] = dict.fromkeys(about["metrics"], math.nan)
    save_file(arrays, path, {METADATA_KEY: json.dumps(about)})
    cv2.imwrite(str(photo), np.full((60, 60), 200, np.uint8))
    code, out, err = run_inside(["predict", str(photo), "--json", "--weights", str(path)])
    assert (code, "fault" in err) == (0, False)
    assert set(json.loads(out)["weights"]["metrics"].values()) == {None}


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize(
    ("shipped", "arguments"),
    [
        ("adder.safetensors", ["add", "1011", "110"]),
        ("adder.safetensors", ["inspect", "adder", "1011", "110"]),
        ("recall-position-3.safetensors", ["recall", "31415"]),
        ("recall-position-3.safetensors", ["inspect", "recall", "31415"]),
        *(
            (f"mnist-{cell}.safetensors", command)
            for cell in ("lstm", "bilstm")
            for command in (["predict", "PHOTO"], ["inspect", "mnist", "PHOTO"])
        ),
    ],
)
def test_no_numbers_from_huge_weights_is_said_in_a_sentence(
    shipped: str, arguments: list[str], tmp_path: Path, home: Path
) -> None:
    path = huge(shipped, tmp_path / "huge.safetensors")
    paper = np.full((160, 160), 200, np.uint8)
    cv2.putText(paper, "7", (45, 120), cv2.FONT_HERSHEY_SIMPLEX, 3.5, 20, 12)
    cv2.imwrite(str(tmp_path / "photo.png"), paper)
    asked = [
        str(tmp_path / "photo.png") if argument == "PHOTO" else argument for argument in arguments
    ]
    code, out, err = run_inside([*asked, "--weights", str(path), "--quiet"])
    assert (code, out) == (EXIT_FAILURE, "")
    assert "too large to compute with" in assert_one_sentence(err)
