"""MNIST as the loop sees it: every image once an epoch, and a loss that no sharing changes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.training.parallel import Workers
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.mnist import problem as module
from rnn_tui.tasks.mnist.augmentation import NOT_PLAIN, ONE_OR_SEVEN
from rnn_tui.tasks.mnist.data import load_mnist, split_indices
from rnn_tui.tasks.mnist.problem import MnistProblem, to_pixels
from tests.members import metrics_of

CPU = torch.device("cpu")


@pytest.fixture
def config(mnist_slice: Path) -> RunConfig:
    return TASKS["mnist"].config(
        "lstm", "report", batch_size=70, hidden_size=8, data_dir=str(mnist_slice)
    )


def problem(config: RunConfig, epoch: int = 1) -> MnistProblem:
    log: list[str] = []
    made = MnistProblem(config, CPU, log.append)
    made.begin_epoch(epoch)
    assert len(log) == 1 + (config.recipe.augmentation == "open-set")
    assert "1,000 training, 200 validation and 200 test images" in log[-1]
    return made


@pytest.fixture(autouse=True)
def few_drawings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing as many as training takes would take seconds."""
    monkeypatch.setattr(module, "DRAWN", 5)


def recipe(config: RunConfig, **changes: Any) -> RunConfig:
    return config.replace(recipe=replace(config.recipe, **changes))


RECIPES: dict[str, dict[str, Any]] = {
    "plain": {},
    "standardised": {"standardise": True},
    "shift": {"augmentation": "shift", "standardise": True},
    "elastic": {"augmentation": "elastic", "standardise": True, "label_smoothing": 0.05},
    "photo": {"augmentation": "photo", "standardise": True},
    "open-set": {"augmentation": "open-set", "standardise": True},
    "inner rows": {"augmentation": "shift", "inner_rows": 0.9},
    "pairs of rows": {"augmentation": "shift", "standardise": True, "row_pairs": 0.9},
}


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("step", [0, 14])  # 70 samples, and the 20 left at the end
def test_parts_sum_to_the_loss_and_gradient_of_the_whole(
    config: RunConfig, name: str, step: int
) -> None:
    config = recipe(config, **RECIPES[name])
    found = []
    for parts in (1, 2, 3, 4):
        made = problem(config)
        losses = made.losses(step, parts)
        assert len(losses) == parts
        total = torch.stack([loss() for loss in losses]).sum()
        found.append((total.detach(), torch.autograd.grad(total, list(made.model.parameters()))))
    for total, gradients in found[1:]:
        torch.testing.assert_close(total, found[0][0], atol=1e-6, rtol=0)
        for gradient, expected in zip(gradients, found[0][1], strict=True):
            torch.testing.assert_close(gradient, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", RECIPES)
def test_parts_may_be_computed_in_any_order_and_again(config: RunConfig, name: str) -> None:
    losses = problem(recipe(config, **RECIPES[name])).losses(0, 3)
    forwards = [float(loss()) for loss in losses]
    backwards = [float(loss()) for loss in reversed(losses)]
    assert forwards == backwards[::-1]


def test_more_parts_than_samples(config: RunConfig) -> None:
    made = problem(config.replace(batch_size=333))
    losses = made.losses(3, 4)
    assert len(losses) == 1  # 1,000 = 3 · 333 + 1
    assert torch.isfinite(losses[0]())


def test_loss_is_the_mean_cross_entropy_of_the_batch(config: RunConfig) -> None:
    made = problem(config)
    data = load_mnist(config.data_dir)
    train, _ = split_indices(data.train_labels, config.seed)
    seen = []
    # A loss of labels as they are needs no knowledge of the order: compare the sum of an epoch.
    for step in range(made.steps_per_epoch):
        (loss,) = made.losses(step, 1)
        seen.append(float(loss().detach()) * made.samples_in(step))
    logits = made.model(data.train_images[train].float() / 255)
    expected = F.cross_entropy(logits, data.train_labels[train], reduction="sum")
    assert sum(seen) == pytest.approx(float(expected.detach()), rel=1e-5)
    assert [made.samples_in(step) for step in range(15)] == [70] * 14 + [20]


def test_order_is_another_every_epoch_and_the_same_for_a_seed(config: RunConfig) -> None:
    def losses(epoch: int, seed: int = 0) -> list[float]:
        made = problem(config, epoch)
        made.begin_epoch(epoch)
        return [float(made.losses(step, 1)[0]().detach()) for step in range(15)]

    assert losses(1) == losses(1)
    assert losses(1) != losses(2)


@pytest.mark.parametrize(
    "augmentation", ["shift", "elastic", "strong-elastic", "cutout", "photo", "open-set"]
)
def test_distortions_are_another_every_step_and_repeat_with_the_epoch(
    config: RunConfig, augmentation: str
) -> None:
    config = recipe(config, augmentation=augmentation).replace(batch_size=1000)
    made = problem(config)
    first, second = (float(made.losses(0, 1)[0]().detach()) for _ in range(2))
    assert first != second
    made.begin_epoch(1)
    assert float(made.losses(0, 1)[0]().detach()) == first


def test_limits_of_distortion_go_to_plain_ones_and_sevens(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DRAWN", 200)
    made = MnistProblem(recipe(config, augmentation="open-set"), CPU, lambda _: None)
    made.begin_epoch(1)
    digits = made._train[1].index_select(0, made._order)
    plain = made._ordered_plain
    assert len(plain) == 1415
    assert set(plain.tolist()) == {1, 7, ONE_OR_SEVEN, NOT_PLAIN}
    is_surely = (plain == 1) | (plain == 7)
    assert torch.equal(plain[is_surely], digits[is_surely])
    # bars and ones with a foot, and sevens with a bar
    assert (digits == 1).sum() > (plain == 1).sum()
    assert (digits == 7).sum() > (plain == 7).sum()


def test_what_may_be_either_is_trained_as_both() -> None:
    images, labels, plain = module.drawings(200)
    is_either = plain == ONE_OR_SEVEN
    as_one, as_seven = (images[is_either & (labels == digit)] for digit in (1, 7))
    assert len(as_seven) == 5
    assert torch.equal(as_one, torch.cat([as_seven, as_seven]))
    assert set(labels[is_either].tolist()) == {1, 7}


def test_squares_are_cut_out_of_images_that_are_distorted_alike(config: RunConfig) -> None:
    cut, whole = (
        problem(recipe(config, augmentation=one).replace(batch_size=1000))
        for one in ("cutout", "strong-elastic")
    )
    cut.model.load_state_dict(whole.model.state_dict())
    read: dict[str, Tensor] = {}
    for name, made in (("cut", cut), ("whole", whole)):
        recurrent = made.model.get_submodule("recurrent")
        recurrent.register_forward_pre_hook(
            lambda _, inputs, name=name: read.update({name: inputs[0]})
        )
        made.losses(0, 1)[0]()
    changed = read["cut"] != read["whole"]
    # but for squares in what is blank
    assert changed.any((1, 2)).float().mean() == pytest.approx(0.75, abs=0.1)
    assert not read["cut"][changed].any()
    assert changed.sum((1, 2)).max() <= 100


def test_labels_are_smoothed_as_the_recipe_says(config: RunConfig) -> None:
    plain = problem(config.replace(batch_size=1000)).losses(0, 1)[0]()
    made = problem(recipe(config, label_smoothing=0.2).replace(batch_size=1000))
    smoothed = made.losses(0, 1)[0]()
    data = load_mnist(config.data_dir)
    train, _ = split_indices(data.train_labels, config.seed)
    uniform = -F.log_softmax(made.model(data.train_images[train].float() / 255), -1).mean()
    torch.testing.assert_close(smoothed, 0.8 * plain + 0.2 * uniform, atol=1e-5, rtol=0)


@pytest.mark.parametrize("standardise", [False, True])
def test_figures_do_not_depend_on_workers_augmentation_or_smoothing(
    config: RunConfig, standardise: bool
) -> None:
    config = recipe(config, standardise=standardise)
    made = problem(config)
    loud = problem(recipe(config, augmentation="elastic", label_smoothing=0.3))
    one, two = Workers(1), Workers(2)
    try:
        assert made.validate(made.model, one) == loud.validate(made.model, two)
        assert made.test(made.model, one) == loud.test(made.model, two)
        assert made.validate(made.model, one).keys() == set(metrics_of(TASKS["mnist"], "val"))
    finally:
        two.close()


def test_rows_are_read_in_pairs_then_the_inner_ones_then_all(config: RunConfig) -> None:
    read: list[int] = []
    for epoch in (1, 2):
        made = problem(
            recipe(config, row_pairs=0.25, inner_rows=0.75).replace(epochs=2, batch_size=100), epoch
        )
        made.model.get_submodule("recurrent").register_forward_pre_hook(
            lambda _, inputs: read.append(inputs[0].shape[1])
        )
        for step in range(10):
            made.losses(step, 1)[0]()
        made.validate(made.model, Workers(1))
        assert read.pop() == 28
    assert read == [10] * 5 + [20] * 10 + [28] * 5


def test_the_inner_rows_are_those_of_the_image(config: RunConfig) -> None:
    made = problem(recipe(config, inner_rows=0.9).replace(batch_size=1000))
    chosen = made._order
    pixels = made._train[0][chosen].float() / 255
    torch.testing.assert_close(
        made.losses(0, 1)[0](),
        F.cross_entropy(made.model(pixels[:, 4:24], slice(4, 24)), made._train[1][chosen]),
    )


def test_the_last_steps_are_not_distorted(config: RunConfig) -> None:
    plain = problem(config)
    made = problem(recipe(config, augmentation="shift", undistorted=0.4).replace(epochs=1))
    plain.model.load_state_dict(made.model.state_dict())
    same = [
        torch.equal(made.losses(step, 1)[0](), plain.losses(step, 1)[0]()) for step in range(15)
    ]
    assert same == [False] * 9 + [True] * 6


def test_pixels(config: RunConfig) -> None:
    images = load_mnist(config.data_dir).train_images
    pixels = to_pixels(images, standardise=False)
    assert (float(pixels.min()), float(pixels.max())) == (0.0, 1.0)
    torch.testing.assert_close(to_pixels(images, True), (pixels - 0.1307) / 0.3081)
    # The images themselves are shared by all runs.
    assert images.dtype == torch.uint8
    assert images.max() == 255
