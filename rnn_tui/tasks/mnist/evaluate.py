"""Reads the test set with trained weights."""

from collections.abc import Mapping

import numpy as np
import torch
from sklearn.metrics import confusion_matrix
from torch import Tensor

from rnn_tui.engine.devices import fast_bfloat16
from rnn_tui.networks.predictor import Predictor
from rnn_tui.tasks.config import ImageConfig
from rnn_tui.tasks.mnist.data import CLASSES, load_mnist
from rnn_tui.tasks.mnist.evaluation import ImageEvaluation
from rnn_tui.tasks.mnist.problem import build_model, to_pixels


def evaluate(config: ImageConfig, weights: Mapping[str, Tensor]) -> ImageEvaluation:
    """Read the whole test set with a copy of `weights`, on the CPU, in the precision of the run.

    Raises:
        DataError: if the data can't be read.
        CheckpointError: if the weights do not fit the settings.
    """
    data = load_mnist(config.data_dir)
    bfloat16 = config.recipe.bfloat16 and fast_bfloat16(torch.device("cpu"))
    predictor = Predictor(build_model(config), weights, bfloat16)
    logits = predictor.logits(to_pixels(data.test_images, config.recipe.standardise))
    probabilities = torch.softmax(logits, dim=-1).numpy()
    labels = data.test_labels.numpy()
    predictions = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predictions != labels)
    surest_first = wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")]
    return ImageEvaluation(
        images=data.test_images.numpy(),
        labels=labels,
        probabilities=probabilities,
        predictions=predictions,
        confusion=confusion_matrix(labels, predictions, labels=range(CLASSES)),
        misread=surest_first,
    )
