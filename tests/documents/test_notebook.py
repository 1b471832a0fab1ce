"""The notebook of docs/how-to: made of its page, and run from top to bottom by a kernel."""

import json
import os
import time
from pathlib import Path

import pytest

import rnn_tui
from tests.documents.pages import CHECKOUT
from tests.notebook import NOTEBOOK, notebook

SECONDS = 300


def test_the_notebook_is_made_of_its_page() -> None:
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert text == notebook(), "python -m tests.notebook makes it anew"
    code = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    assert len(code) > 10
    assert all(cell["outputs"] == [] for cell in code)


@pytest.fixture
def kernel_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a kernel import this checkout, as this process does."""
    path = [str(CHECKOUT), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path))


@pytest.mark.long
@pytest.mark.usefixtures("kernel_environment")
def test_the_notebook_runs_from_top_to_bottom(home: Path, tmp_path: Path) -> None:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    document = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(document)
    client = nbclient.NotebookClient(
        document, timeout=SECONDS, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    outputs = [output for cell in document.cells for output in cell.get("outputs", ())]
    assert not [output for output in outputs if output.output_type == "error"]
    streams = [output for output in outputs if output.output_type == "stream"]
    messages = [output.text.strip() for output in streams if output.name == "stderr"]
    assert [text for text in messages if text and "%|" not in text] == []  # bars, no warnings
    data = [output.data for output in outputs if "data" in output]
    assert sum("image/png" in shown for shown in data) >= 2  # charts of matplotlib
    html = [shown["text/html"] for shown in data if "text/html" in shown]
    assert sum("<img" in text for text in html) >= 3  # a run and traces
    printed = "".join(output.text for output in streams)
    assert "predicts the carry best" in printed
    assert "did you mean “seeds”" in printed
    assert len(rnn_tui.runs(status="finished")) == 6
    assert [run.cell for run in rnn_tui.runs(status="damaged")] == ["mgu"]  # unknown here


def wait_until_it_trains() -> None:
    """Wait until a kernel has made some steps of its run."""
    end = time.monotonic() + SECONDS
    while not any(run.status == "training" for run in rnn_tui.runs()):
        assert time.monotonic() < end
        time.sleep(0.1)


ENDLESS = "import rnn_tui\nrnn_tui.train('recall', preset='best', seeds=20)"


@pytest.mark.long
@pytest.mark.usefixtures("kernel_environment")
def test_the_interruption_of_a_kernel_keeps_the_run() -> None:
    pytest.importorskip("ipykernel")
    manager = pytest.importorskip("jupyter_client.manager")
    kernel, client = manager.start_new_kernel(kernel_name="python3")
    try:
        client.execute(ENDLESS)
        wait_until_it_trains()
        kernel.interrupt_kernel()
        reply = client.get_shell_msg(timeout=SECONDS)
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    [run] = rnn_tui.runs("recall")
    assert run.status == "stopped"
    assert run.weights.is_file()
