"""A training history as files: every snapshot is in it, in the colours of its states."""

import io

import numpy as np
import pytest
from PIL import Image

from rnn_tui.archive.weights import NETWORKS
from rnn_tui.cli.main import main
from rnn_tui.engine.files.paths import weights_of
from rnn_tui.engine.training.history import read_history
from rnn_tui.inside.history import ABOVE, BELOW, CELL, MARGIN, as_gif, frames, history_of
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.task_network import trace_inputs
from rnn_tui.tasks import TASKS
from tests.archive.kept_runs import small, train
from tests.inside.made import reading_of


@pytest.fixture
def reading() -> NetworkReading:
    path = weights_of(train(small("recall", epochs=2)).run_id)
    network = NETWORKS.get(path, TASKS["recall"].network)
    inputs = np.eye(10, dtype=np.float32)[[3, 1, 4, 1, 5]]
    return reading_of(network, inputs=inputs, history=lambda: read_history(path))


def test_a_gif_has_a_picture_for_each_snapshot(reading: NetworkReading) -> None:
    with Image.open(io.BytesIO(as_gif(frames(reading)))) as picture:
        assert picture.n_frames == len(history_of(reading))
        *_, (_, last) = frames(reading)
        picture.seek(picture.n_frames - 1)
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    states = last.layers[0].states
    for step, unit in np.ndindex(states.shape):
        value = states[step, unit]
        wanted = (BELOW if value < 0 else ABOVE) * min(1.0, abs(float(value)))
        found = pixels[2 * MARGIN + unit * CELL + CELL // 2, MARGIN + step * CELL + CELL // 2]
        assert np.abs(found - wanted).max() <= 12  # a GIF has 256 colours


def test_the_command_writes_a_history_and_refuses_other_files(tmp_path, capsys) -> None:
    train(small("recall", epochs=1))
    for name in ("a.gif", "b.GIF"):
        assert (
            main(["inspect", "recall", "31415", "--run", "last", "--film", str(tmp_path / name)])
            == 0
        )
        assert (tmp_path / name).read_bytes().startswith(b"GIF8")
    capsys.readouterr()
    assert (
        main(["inspect", "recall", "31415", "--run", "last", "--film", str(tmp_path / "a.cast")])
        == 1
    )
    assert "ends in .gif, not to" in capsys.readouterr().err
    assert (
        main(["inspect", "recall", "31415", "--pretrained", "--film", str(tmp_path / "c.gif")]) == 2
    )
    assert "no training history" in capsys.readouterr().err
    assert not (tmp_path / "c.gif").exists()


@pytest.mark.parametrize("steps", [1, 5, 40, 300])
def test_a_gif_has_room_for_all_steps_and_units(reading: NetworkReading, steps: int) -> None:
    inputs = np.resize(np.eye(10, dtype=np.float32), (steps, 10))
    trace = trace_inputs(reading.network.source, inputs)
    with Image.open(io.BytesIO(as_gif([(1.0, trace)]))) as picture:
        width, height = picture.size
    cell = min(CELL, 600 // steps)
    assert width >= steps * cell + 2 * MARGIN
    assert height >= len(trace.layers[0].states.T) * cell + 3 * MARGIN
