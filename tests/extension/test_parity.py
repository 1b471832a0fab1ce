"""The package on the page `docs/how-to/own-task.md`, installed as it stands there and used."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.documents.pages import files
from tests.extension.parity import PAGE, install
from tests.program import PATIENCE, start_program

QUICK = ("--epochs", "2", "--training-size", "640", "--hidden-size", "3,5", "--seeds", "2")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("parity"))


def run(site: Path, home: Path, *words: str) -> str:
    """stdout of a command that worked, beside the installed package."""
    pipe, path = subprocess.PIPE, f"{Path.cwd()}{os.pathsep}{site}"
    env = os.environ | {"RNN_TUI_HOME": str(home), "PYTHONPATH": path}
    with start_program(
        *words, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True, env=env
    ) as process:
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    return str(out)


def test_the_package_is_short() -> None:
    names = [
        "pyproject.toml",
        *(f"rnn_parity/{name}.py" for name in ("__init__", "problem", "views")),
    ]
    assert list(files(PAGE)) == names
    assert sum(len(text.splitlines()) for text in files(PAGE).values()) <= 130


IN_THE_APP = """
import asyncio
from rnn_tui.ui.app.app import RnnTuiApp
from tests.ui.helpers import screen_text, settled

async def show() -> str:
    app = RnnTuiApp(first="parity")
    async with app.run_test(size=(140, 40)) as pilot:
        await settled(pilot, app.takes_keys)
        await pilot.press("6")
        await settled(pilot, lambda: "No run yet." in screen_text(app))
        return screen_text(app)

print(asyncio.run(show()))
"""


@pytest.mark.process
def test_its_view_is_in_its_tab(site: Path, home: Path) -> None:
    env = os.environ | {
        "RNN_TUI_HOME": str(home),
        "PYTHONPATH": f"{Path.cwd()}{os.pathsep}{site}",
    }
    done = subprocess.run(
        [sys.executable, "-c", IN_THE_APP],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        env=env,
    )
    assert done.returncode == 0, done.stderr
    assert "6 In words" in done.stdout
    assert "No run yet." in done.stdout


@pytest.mark.long
def test_it_is_trained_resumed_compared_and_exported_in_the_shell(
    site: Path, home: Path, tmp_path: Path
) -> None:
    def document(*words: str) -> Any:
        return json.loads(run(site, home, *words, "--json"))

    assert "train on Parity" in run(site, home, "train", "--help")
    found = document("train", "parity", *QUICK)
    assert found["status"] == "finished"
    assert [one["hidden_size"] for one in found["variants"]] == [3, 5]
    other = document("train", "parity", "--model", "gru", *QUICK)
    assert other["model"] == "gru"
    assert len(document("runs", "compare", found["run"], other["run"])["runs"]) == 2
    (listed, *_) = document("runs", "--task", "parity")["runs"]
    assert listed["id"] == other["run"]
    assert "val_accuracy" in run(site, home, "runs", "export", "last", "--to", "csv")
    pytest.importorskip("onnxruntime")
    run(site, home, "runs", "export", found["run"], "--to", "onnx", "-o", str(tmp_path / "models"))
    assert len(list((tmp_path / "models").iterdir())) == 4


@pytest.mark.long
def test_it_learns(site: Path, home: Path) -> None:
    words = ("--hidden-size", "5", "--seeds", "3", "--json")
    (variant,) = json.loads(run(site, home, "train", "parity", *words))["variants"]
    assert variant["test_accuracy"]["min"] > 99.0
