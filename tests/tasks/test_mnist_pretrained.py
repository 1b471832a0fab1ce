"""The row readers that ship do what is said of them."""

import pytest

from rnn_tui.archive.weights import choose_shipped
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.tasks.config import ImageConfig
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.mnist.data import load_mnist

MODELS = ("rnn", "lstm", "bilstm")
# Two images of 10,000 more or less, where rounding decides between two answers.
TOLERANCE = 0.0201


@pytest.mark.long
@pytest.mark.parametrize("model", MODELS)
def test_the_figures_that_come_with_them_are_reached_again(model: str) -> None:
    file = read_weights(choose_shipped("mnist", model).path)
    assert isinstance(file.config, ImageConfig)
    assert file.config.cell == model
    images = load_mnist()
    # By batches, as the intermediate states of all images at once would fill the memory.
    pixels = (images.test_images.float() / 255).split(1000)
    network = RowReaderNetwork(file)
    answers = [network.logits(batch.numpy()).argmax(axis=1) for batch in pixels]
    right = sum(
        int((found == true.numpy()).sum())
        for found, true in zip(answers, images.test_labels.split(1000), strict=True)
    )
    assert right / 100 == pytest.approx(file.metrics["test_accuracy"], abs=TOLERANCE)
