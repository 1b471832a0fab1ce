"""MNIST read row by row: the first experiment of the report, as it is known without torch."""

from dataclasses import replace
from typing import Any

from rnn_tui.engine.config import Recipe
from rnn_tui.engine.metrics import ACCURACY, loss_metric
from rnn_tui.tasks.config import ImageConfig
from rnn_tui.tasks.task import CONFUSION, MISREAD, TEST_IMAGES, TRAINING, Preset, Task, View


def _values(*values: Any) -> dict[str, Any]:
    """The settings that differ between presets, in this order."""
    return dict(zip(("epochs", "batch_size", "learning_rate", "recipe"), values, strict=True))


_FAST = Recipe(
    initialisation="orthogonal",
    standardise=True,
    augmentation="shift",
    beta1=0.8,
    beta2=0.99,
    schedule="one-cycle",
    rise=0.15,
    bfloat16=True,
)
_BEST = replace(_FAST, augmentation="elastic", beta1=0.9, label_smoothing=0.05)
_PHOTOS = replace(_BEST, augmentation="photo")

_HELP = """\
# MNIST, read row by row

A recurrent network reads each image as 28 time steps of 28 pixels, top to bottom, and names the
digit. The **form** says what to train; an empty number stands for the preset's value, which is
shown dimmed. Several models are trained one after another and drawn together, one colour a run.

**Training** shows loss (line: training, marks: validation) and validation accuracy. **Test** has
the accuracy on the 10,000 test images beside the published one, and ten of the images. In
**Confusion** and **Misread** one sees which digits were taken for which.

**Photos** reads photos of digits, files or whole folders, and shows what the network received; the
right digits can be typed, and images kept to train on. **Draw** reads what one draws. Both work
from the start, with weights that ship.

**Inside** shows, row by row, what a network holds while it reads a test image, a misread one, a
photo or a drawing: whichever was looked at last. `k` there measures how early it could have
decided; `o` colours the pixels that speak for its answer, or against it.
"""

MNIST = Task(
    name="mnist",
    label="MNIST",
    settings=("epochs", "batch_size", "learning_rate", "hidden_size", "layers", "seed"),
    presets=(
        Preset(
            "report",
            "The report's recipe: Adam at 0.001, batches of 100, 10 epochs, plain pixels.",
            _values(10, 100, 1e-3, Recipe()),
        ),
        Preset(
            "fast",
            "The report's accuracy in seconds: standardised pixels, orthogonal start, "
            "one-cycle learning rate, shifts by a pixel.",
            _values(1, 150, 1.2e-2, _FAST),
            {
                "rnn": _values(2, 200, 5e-3, _FAST),
                "bilstm": _values(2, 100, 8e-3, replace(_FAST, forget_bias=2.0)),
            },
        ),
        Preset(
            "best",
            "The highest accuracy in five minutes: the fast recipe with rotation, scale, shear "
            "and elastic distortion, for many epochs.",
            _values(120, 200, 6e-3, _BEST),
            {
                "rnn": _values(170, 200, 2.5e-3, _BEST),
                "bilstm": _values(100, 200, 5e-3, replace(_BEST, forget_bias=2.0)),
            },
        ),
        Preset(
            "photos",
            "For photos and drawings of one's own: the best recipe with wider distortions and "
            "thicker and thinner strokes.",
            _values(60, 200, 6e-3, _PHOTOS),
            {
                "rnn": _values(75, 200, 2.5e-3, _PHOTOS),
                "bilstm": _values(60, 200, 5e-3, replace(_PHOTOS, forget_bias=2.0)),
            },
        ),
    ),
    metrics=(
        loss_metric("train_loss", "training loss", "loss"),
        loss_metric("train_loss_last_batch", "last batch's loss"),
        loss_metric("val_loss", "validation loss", "loss"),
        loss_metric("test_loss", "test loss"),
    ),
    measures=[ACCURACY],
    headline="test_accuracy",
    published={"test_accuracy": {"rnn": 98.11, "lstm": 98.73, "bilstm": 98.48}},
    problem="rnn_tui.tasks.mnist.problem:MnistProblem",
    config_class=ImageConfig,
    images=(50_000, 28, 28),
    unit="images",
    augmentations=("none", "shift", "elastic", "photo"),
    help_text=_HELP,
    views=(
        TRAINING,
        TEST_IMAGES,
        CONFUSION,
        MISREAD,
        View("photos", "Photos", "rnn_tui.ui.photos.panel:photos_view", late=True),
        View("draw", "Draw", "rnn_tui.ui.draw.panel:drawing_view", late=True, answers=True),
        View("inside", "Inside", "rnn_tui.ui.inside.mnist:MnistInside", late=True),
    ),
)
