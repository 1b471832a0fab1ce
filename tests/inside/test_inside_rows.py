"""Accuracy by rows read."""

import numpy as np
import pytest

from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.inside.images import BATCH, analyse_rows
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.mnist.data import load_mnist
from tests.watched import Watched, after


def shipped(model: str) -> RowReaderNetwork:
    return RowReaderNetwork(read_weights(asset_dir() / "pretrained" / f"mnist-{model}.safetensors"))


@pytest.mark.parametrize("model", TASKS["mnist"].shipped_cells)
def test_accuracy_by_rows_is_that_of_answers_after_each_row(model: str) -> None:
    network, data = shipped(model), load_mnist()
    count = BATCH + 50
    images, labels = data.test_images[:count].numpy(), data.test_labels[:count].numpy()
    progress = Watched()
    analysis = analyse_rows(network, images, labels, progress=progress)
    assert analysis is not None
    assert progress.seen == [(0, count), (BATCH, count), (count, count)]
    digits = images.astype(np.float32) / 255
    answers = network.stack.logits_after_steps(network.rows(digits)).argmax(axis=2)
    assert analysis.accuracy == pytest.approx((answers == labels).mean(axis=1))
    predictions = network.logits(digits).argmax(axis=1)
    assert analysis.accuracy[-1] == (predictions == labels).mean() > 0.97
    assert analysis.accuracy[0] < 0.3
    settled = [(answers[row:] == answers[-1]).all(axis=0).mean() for row in range(28)]
    assert analysis.settled == pytest.approx(settled)
    assert (np.diff(analysis.settled) >= 0).all()
    assert analysis.chance == np.bincount(labels).max() / count
    assert analysis.prefix_note in analysis.to_dict().values()


def test_an_analysis_of_rows_stops_between_batches() -> None:
    images, labels = np.zeros((600, 28, 28), np.uint8), np.zeros(600, np.int64)
    progress = after(2)
    analysis = analyse_rows(
        shipped("rnn"),
        images,
        labels,
        progress=progress,
    )
    assert analysis is None
    assert progress.seen == [(0, 600), (BATCH, 600)]
