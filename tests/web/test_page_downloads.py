"""What a page exports goes to the browser's downloads, and nowhere else."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rnn_tui.archive import training
from rnn_tui.archive.export.formats import FORMATS
from rnn_tui.engine.events import Control, new_run_id
from rnn_tui.engine.page import STORE_VARIABLE
from tests.archive.kept_runs import small
from tests.web.page_process import PageProcess

pytestmark = pytest.mark.process

F3, F6, F7, DOWN, ENTER = "\x1bOR", "\x1b[17~", "\x1b[18~", "\x1b[B", "\r"


SAFETENSORS = list(FORMATS).index("safetensors")


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PageProcess]:
    """A page with two runs, in a folder for temporary files of its own; nothing is left there."""
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path / "store"))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    for name in ("../../a b/é", "second"):
        training.train(small(), lambda _: None, Control(), new_run_id(), name=name)
    with PageProcess(
        store=tmp_path / "store", environment={"TMPDIR": str(temporary)}, size=(120, 40)
    ) as page:
        page.wait_for("Home")
        yield page
    assert not list(temporary.iterdir())


def export(page: PageProcess, downs: int) -> tuple[str, bytes]:
    """Choose the format so far down, and take what is downloaded."""
    page.press("e")
    page.wait_for("goes to the downloads of your browser")
    for _ in range(downs):
        page.press(DOWN)
    page.press(ENTER)
    name, data = page.download()
    assert re.fullmatch(r"/[A-Za-z0-9_.,+-]+", name)
    page.wait_for("Exported")
    page.watch(0.5)
    return name.removeprefix("/"), data


@pytest.mark.long
def test_runs_are_downloaded_as_a_file_or_as_an_archive(page: PageProcess) -> None:
    page.press(F6)
    page.wait_for("2 runs · by age")
    page.watch(1)
    name, data = export(page, 0)
    assert name.endswith(".csv")
    assert len(list(csv.reader(io.StringIO(data.decode())))) > 2
    name, data = export(page, 1)
    assert name.endswith(".json")
    document = json.loads(data)
    assert len(document["runs"]) == 1
    name, data = export(page, SAFETENSORS)
    assert name.endswith(".safetensors")
    page.press(f" {DOWN} ")  # mark both
    page.watch(1)
    name, data = export(page, SAFETENSORS)
    assert name == "2-runs-safetensors.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 2
        assert not any(".." in name or name.startswith("/") for name in archive.namelist())


@pytest.mark.long
def test_photos_are_downloaded(page: PageProcess) -> None:
    page.press(F3)
    page.wait_for("Photos")
    page.press("3")
    page.wait_for(r"\d+ photos")
    page.watch(1)
    name, data = export(page, 0)
    assert name == "photos.csv"
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    assert rows
    page.press("#")
    page.wait_for("Which digit")
    page.press("7")
    page.watch(0.5)
    page.press("\x1b")
    page.watch(2)  # or Escape and what comes next would be one key
    name, data = export(page, 1)
    assert name == "photos.npz"
    assert list(np.load(io.BytesIO(data))["labels"]) == [7]
    name, data = export(page, 2)
    assert name == "photos-idx.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == [
            "photos-idx/images-idx3-ubyte",
            "photos-idx/labels-idx1-ubyte",
        ]


@pytest.mark.long
def test_the_report_is_downloaded(page: PageProcess) -> None:
    page.press(F7)
    page.wait_for("Claims")
    page.watch(2)
    name, data = export(page, 0)
    assert name.startswith("course-report.")
    assert b"rnn-tui" in data
