"""The test images of a run on another data set, with the names of its classes."""

import re
from pathlib import Path
from typing import Any

import pytest

from rnn_tui.tasks.image_sets import IMAGE_SETS
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.ui.app.app import RnnTuiApp
from tests.archive.kept_runs import train
from tests.made_up_sets import COUNTS, write_set
from tests.ui.helpers import press, running, screen_text, wait_until
from tests.ui.training.test_sequence_panes import view

SECONDS = 60
CLASSES = IMAGE_SETS["fashion"].classes


@pytest.mark.parametrize("size", [(120, 40), pytest.param((80, 24), marks=pytest.mark.long)])
async def test_classes_have_their_names_in_the_test_view_and_inside(
    size: tuple[int, int], tmp_path: Path
) -> None:
    settings: dict[str, Any] = {"hidden_size": 4, "epochs": 1, "device": "cpu", "workers": 1}
    folder = str(write_set(tmp_path, "fashion"))
    train(MNIST.config("rnn", "report", dataset="fashion", data_dir=folder, **settings))
    app: Any = RnnTuiApp()
    async with running(app, "mnist", size=size) as pilot:
        await view(pilot, "test")
        place = f"of {COUNTS[1]} test images"
        await wait_until(pilot, lambda: place in screen_text(app), SECONDS)
        text = screen_text(app)
        captions = re.findall(r"[✓✗] (?!true|guess)(\w[^\s≠,]*)", text)
        assert captions
        for caption in captions:
            assert any(name.startswith(caption) for name in CLASSES), caption
        if size[0] > 100:
            assert all(f"│ {name}" in text for name in CLASSES)  # rows of the matrix
        await press(pilot, "z")
        await wait_until(pilot, lambda: "predicts" in screen_text(app), SECONDS)
        [answer] = re.findall(r"predicts (.+?), ", screen_text(app))
        assert answer in CLASSES
    assert app.runs.close(10)
