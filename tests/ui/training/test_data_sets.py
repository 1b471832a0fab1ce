"""Another data set in the form: chosen, downloaded where the user asks for it, and trained on."""

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Collapsible

from rnn_tui.engine.state import Status
from rnn_tui.tasks.image_sets import IMAGE_SETS, default_root
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.training.downloading import DownloadScreen
from rnn_tui.ui.training.missing_data import MissingData
from tests.made_up_sets import packed, write_set
from tests.served_sets import Serve, Server, serve, served
from tests.ui.helpers import idle, press, running, screen_text, wait_until

__all__ = ["serve"]
SECONDS = 60
FASHION = IMAGE_SETS["fashion"]


async def choose(pilot: Pilot[Any], name: str) -> Any:
    """Choose a data set in the form, which is returned."""
    app: Any = pilot.app
    await press(pilot, "f")
    await wait_until(pilot, lambda: app.pane.form is not None)
    form = app.pane.form
    form.query_one("#advanced", Collapsible).collapsed = False
    select = form.query_one("#choice-dataset")
    select.value = name
    await idle(pilot)
    return form


@pytest.fixture
def source(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server in place of those that torchvision names for Fashion-MNIST."""
    from torchvision import datasets  # noqa: PLC0415 - a second

    files = packed("fashion")
    server = serve(files)
    fashion = served(FASHION, files, server.address)
    monkeypatch.setattr(datasets, "FashionMNIST", fashion)
    return server


@pytest.mark.parametrize("size", [(80, 24), pytest.param((120, 40), marks=pytest.mark.long)])
async def test_a_missing_set_is_downloaded_by_a_button_and_trained_on(
    size: tuple[int, int], source: Server
) -> None:
    app: Any = RnnTuiApp()
    async with running(app, "mnist", size=size) as pilot:
        form = await choose(pilot, "fashion")
        await wait_until(pilot, lambda: form.query_one(MissingData).display)
        assert "Fashion-MNIST is not in" in screen_text(app)
        assert source.asked == []  # choosing alone asks nobody
        form.query_one("#download-data").focus()
        await press(pilot, "enter")
        await wait_until(pilot, lambda: not FASHION.missing(default_root()), SECONDS)
        await wait_until(pilot, lambda: not form.query_one(MissingData).display, SECONDS)
        for name, value in (("hidden_size", "4"), ("epochs", "1"), ("batch_size", "20")):
            form._fields[name].value = value
        await press(pilot, "escape", "t")
        await wait_until(pilot, lambda: bool(app.pane.states()))
        await wait_until(pilot, lambda: app.pane.states()[0].status is Status.FINISHED, SECONDS)
        assert app.pane.states()[0].config.dataset == "fashion"
    assert app.runs.close(10)


async def test_escape_stops_a_download_and_why_one_failed_stays_on_the_screen(
    source: Server,
) -> None:
    source.slow = next(iter(packed("fashion")))
    app: Any = RnnTuiApp()
    async with running(app, "mnist", size=(80, 24)) as pilot:
        form = await choose(pilot, "fashion")
        await wait_until(pilot, lambda: form.query_one(MissingData).display)
        form.query_one("#download-data").focus()
        await press(pilot, "enter")
        await wait_until(pilot, lambda: isinstance(app.screen, DownloadScreen))
        await wait_until(pilot, lambda: "receiving" in screen_text(app), SECONDS)
        await press(pilot, "escape")
        source.release.set()
        await wait_until(pilot, lambda: not isinstance(app.screen, DownloadScreen), SECONDS)
        await wait_until(pilot, lambda: form.query_one(MissingData).display)
        assert FASHION.missing(default_root())
        assert not default_root().exists()

        source.files.clear()
        form.query_one("#download-data").focus()
        await press(pilot, "enter")
        await wait_until(pilot, lambda: "can't be fetched" in screen_text(app), SECONDS)
        await press(pilot, "escape")
        await wait_until(pilot, lambda: not isinstance(app.screen, DownloadScreen))


async def test_sets_that_are_there_need_no_download_and_the_form_says_what_they_allow(
    tmp_path: Path,
) -> None:
    app: Any = RnnTuiApp(data_dir=str(write_set(tmp_path, "usps")))
    async with running(app, "mnist", size=(80, 24)) as pilot:
        form = await choose(pilot, "usps")
        assert not form.query_one(MissingData).display
        assert form.fill(MNIST.config("rnn", "fast", dataset="kmnist")) == []
        await wait_until(pilot, lambda: form.query_one(MissingData).display)
        assert form.configs()[0].dataset == "kmnist"
        form.query_one("#preset").value = "photos"
        await wait_until(pilot, lambda: "drawings of digits" in screen_text(app))
