"""MNIST read row by row: the first experiment of the report, as it is known without torch."""

from dataclasses import replace
from pathlib import Path

from rnn_tui.engine.config import Recipe
from rnn_tui.engine.metrics import ACCURACY, Metric
from rnn_tui.tasks.config import OPEN_SET, ImageConfig
from rnn_tui.tasks.task import Preset, Task

_WHOLE_IMAGES = Recipe(
    initialisation="orthogonal",
    standardise=True,
    augmentation="shift",
    beta1=0.8,
    beta2=0.99,
    schedule="one-cycle",
    rise=0.15,
    bfloat16=True,
    label_smoothing=0.05,
)
_FAST = replace(_WHOLE_IMAGES, row_pairs=0.6, inner_rows=0.9, undistorted=0.2)
_FAST_RNN = replace(_FAST, row_pairs=0.5, inner_rows=0.85)
# Pairs of rows teach little to what is read out after the last row alone.
_FAST_BILSTM = replace(_WHOLE_IMAGES, inner_rows=0.8, forget_bias=2.0, beta1=0.7, beta2=0.97)
_LONG = replace(_WHOLE_IMAGES, beta1=0.9)
_BEST = replace(
    _LONG, augmentation="strong-elastic", row_pairs=0.3, inner_rows=0.6, undistorted=0.06
)
_BEST_LSTM = replace(_BEST, augmentation="cutout")
_BEST_BILSTM = replace(_BEST, row_pairs=0.0, inner_rows=0.5, forget_bias=2.0)
_BEST_RNN = replace(_LONG, augmentation="elastic", label_smoothing=0.0)
_PHOTOS = replace(_LONG, augmentation=OPEN_SET)

MNIST = Task(
    name="mnist",
    label="MNIST",
    unit="images",
    images=(50_000, 28, 28),
    config_class=ImageConfig,
    settings=(
        "hidden_size",
        "layers",
        "seed",
        "epochs",
        "batch_size",
        "learning_rate",
        "clip",
        "weight_decay",
        "label_smoothing",
        "gradient_inputs",
        "initialisation",
        "dataset",
    ),
    presets=(
        Preset(
            "report",
            "The report's recipe: Adam at 0.001, batches of 100, 10 epochs, plain pixels.",
            {"epochs": 10, "batch_size": 100, "learning_rate": 1e-3, "recipe": Recipe()},
        ),
        Preset(
            "fast",
            "The report's accuracy in seconds: inner rows of images first, standardised pixels, "
            "orthogonal start, one-cycle learning rate, shifts by a pixel, smoothed labels.",
            {"epochs": 1, "batch_size": 128, "learning_rate": 1.2e-2, "recipe": _FAST},
            {
                "rnn": {"epochs": 2, "batch_size": 256, "learning_rate": 6e-3, "recipe": _FAST_RNN},
                "bilstm": {
                    "epochs": 2,
                    "batch_size": 160,
                    "learning_rate": 1e-2,
                    "recipe": _FAST_BILSTM,
                },
            },
        ),
        Preset(
            "best",
            "The highest accuracy in five minutes: the fast recipe with rotation, scale, shear "
            "and elastic distortion (for the LSTM also squares cut out), for many epochs.",
            {"epochs": 150, "batch_size": 200, "learning_rate": 6e-3, "recipe": _BEST_LSTM},
            {
                "rnn": {
                    "epochs": 150,
                    "batch_size": 200,
                    "learning_rate": 1.5e-3,
                    "recipe": _BEST_RNN,
                },
                "bilstm": {
                    "epochs": 115,
                    "batch_size": 200,
                    "learning_rate": 5e-3,
                    "recipe": _BEST_BILSTM,
                },
                "gru": {"epochs": 160, "batch_size": 200, "learning_rate": 6e-3, "recipe": _BEST},
            },
        ),
        Preset(
            "photos",
            "For your own photos and drawings: the best recipe with wider distortions, thicker "
            "and thinner strokes, and drawings added to MNIST: digits in other hands, and "
            "non-digits.",
            {"epochs": 60, "batch_size": 200, "learning_rate": 6e-3, "recipe": _PHOTOS},
            {
                "rnn": {
                    "epochs": 75,
                    "batch_size": 200,
                    "learning_rate": 2.5e-3,
                    "recipe": _PHOTOS,
                },
                "bilstm": {
                    "epochs": 60,
                    "batch_size": 200,
                    "learning_rate": 5e-3,
                    "recipe": replace(_PHOTOS, forget_bias=2.0),
                },
            },
        ),
    ),
    metrics=(
        Metric("train_loss", "training loss", chart="loss"),
        Metric("train_loss_last_batch", "last batch's loss"),
        Metric("val_loss", "validation loss", chart="loss"),
        Metric("test_loss", "test loss"),
    ),
    measures=[ACCURACY],
    headline="test_accuracy",
    published={"test_accuracy": {"rnn": 98.11, "lstm": 98.73, "bilstm": 98.48}},
    problem="rnn_tui.tasks.mnist.problem:MnistProblem",
    test_images="rnn_tui.tasks.mnist.data:labelled_test_images",
    augmentations=("none", "shift", "elastic", "strong-elastic", "cutout", "photo", OPEN_SET),
    question="predict digit.png",
    help_text=Path(__file__).with_name("help.md").read_text(encoding="utf-8"),
)
