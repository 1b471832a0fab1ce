"""MNIST for the training loop."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rnn_tui.engine import outside
from rnn_tui.engine.checkpoint import load_checkpoint
from rnn_tui.engine.config import NO_AUGMENTATION, RunConfig
from rnn_tui.engine.devices import (
    STEP_BYTES,
    WEIGHT_BYTES,
    fast_bfloat16,
    precision,
    require_memory,
    send,
)
from rnn_tui.engine.errors import CheckpointError, printable, why
from rnn_tui.engine.metrics import Figures
from rnn_tui.engine.parallel import Workers
from rnn_tui.engine.problem import Log, Problem, generator
from rnn_tui.engine.settings import check_choice
from rnn_tui.engine.stepper import parameters_of
from rnn_tui.engine.weights_file import WeightsFile
from rnn_tui.networks import CELLS
from rnn_tui.networks.gradients import check_gradients, gradient_norms
from rnn_tui.networks.layers import build_row_reader, initialise, predict
from rnn_tui.networks.stepwise import Array, Floats
from rnn_tui.tasks.config import INNER_ROWS, ImageConfig, as_kind
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.mnist.augmentation import draw_changes
from rnn_tui.tasks.mnist.data import load_extra, load_mnist, repeats, split_indices
from rnn_tui.tasks.mnist.inference import (
    CLASSES,
    FILMED,
    PIXEL_DEVIATION,
    PIXEL_MEAN,
    SIDE,
    RowReaderNetwork,
)
from rnn_tui.tasks.task import ImageEvaluation

# Where in an image a network reads: at all rows; at the inner ones; or at the second of each pair
# of these, of which it then gets the mean. A step takes that much less time, and teaches nearly as
# much.
ALL_ROWS, INNER = slice(None), slice(INNER_ROWS.start, INNER_ROWS.stop)
PAIRS = slice(INNER_ROWS.start + 1, INNER_ROWS.stop, 2)
# large enough to keep a core busy, small enough for its cache: 1,000 at a time take a third longer
EVALUATION_BATCH = 250
DRAWN = 20_000  # drawn digits, and drawings of what is no digit, to train with


def build_model(config: ImageConfig) -> nn.Module:
    """The model that `config` describes, with memory for its weights but no values in it."""
    cell, size = CELLS[config.cell], config.hidden_size
    return build_row_reader(
        cell,
        features=SIDE,
        time_steps=SIDE,
        classes=CLASSES,
        hidden_size=size,
        layers=config.layers,
    )


def _start_from(path: str, model: nn.Module, config: ImageConfig) -> None:
    """Fill `model` with the weights in a file; `CheckpointError` if it can't be read, or is of
    another network.
    """
    shown = f"The weights in {printable(path, 200)}"
    try:
        checkpoint = load_checkpoint(Path(outside.real_path(outside.expanded(path))))
    except OSError as error:  # out of reach
        raise CheckpointError(f"{shown} can't be read ({why(error)}).") from error
    theirs = checkpoint.config
    same = (theirs.name, theirs.size_text) == (config.name, config.size_text)
    try:
        model.load_state_dict(dict(checkpoint.weights))
    except RuntimeError:
        same = False
    if not same:
        raise CheckpointError(
            f"{shown} are for {theirs.name} with {theirs.size_text or 'other settings'}, "
            f"not for {config.name} with {config.size_text}."
        )
    if theirs.recipe.standardise != config.recipe.standardise:
        how, presets = (
            ("", "fast, best or photos") if theirs.recipe.standardise else ("not ", "report")
        )
        raise CheckpointError(
            f"{shown} were trained on pixels that were {how}standardised; choose preset {presets}."
        )


def to_pixels(images: Tensor, standardise: bool) -> Tensor:
    """Images (N, 28, 28) uint8 as float32: 0 … 1 as in the report, or standardised."""
    pixels = images.float().div_(255)
    return standardised(pixels) if standardise else pixels


def standardised(pixels: Tensor) -> Tensor:
    """Pixels 0 … 1, changed in place to a mean of about 0 and a deviation of about 1."""
    return pixels.sub_(PIXEL_MEAN).div_(PIXEL_DEVIATION)


@cache
def _drawings(count: int) -> tuple[Tensor, Tensor]:
    """Digits in rare hands, then as many pictures of no digit, whatever the seed of a run.

    Returns:
        pictures (2·count, 28, 28) uint8, and labels (2·count,) int64, which are 10 for no digit.
    """
    from rnn_tui.tasks.mnist.hands import drawn_digits  # noqa: PLC0415 - OpenCV, on use only
    from rnn_tui.tasks.mnist.no_digits import no_digits  # noqa: PLC0415

    random = np.random.default_rng(generator(0, "drawings").initial_seed())
    digits, labels = drawn_digits(count, random)
    images = np.concatenate([digits, no_digits(count, random)])
    return torch.from_numpy(images), torch.from_numpy(np.append(labels, np.full(count, CLASSES)))


class MnistProblem(Problem):
    """The report's experiment on one device, everything resident there."""

    def __init__(self, settings: RunConfig, device: torch.device, log: Log) -> None:
        config: ImageConfig = as_kind(settings, ImageConfig)
        self._config, self._device, self._recipe = config, device, config.recipe
        self.metric_definitions = MNIST.metric_definitions
        cell, recipe = CELLS[config.cell], config.recipe
        check_choice("Augmentation", recipe.augmentation, MNIST.augmentations)
        data = load_mnist(config.data_dir)
        train, validation = split_indices(data.train_labels, config.seed)
        self.model, self.sample_bytes = (
            build_model(config),
            cell.step_bytes * SIDE * config.hidden_size * config.layers,
        )
        of_weights = (WEIGHT_BYTES + STEP_BYTES) * parameters_of(self.model)
        require_memory(device, min(config.batch_size, len(train)), self.sample_bytes, of_weights)
        check_gradients(cell, device, layers=config.layers)
        images, labels, note = (
            data.train_images.index_select(0, train),
            data.train_labels[train],
            "",
        )
        if config.knows_no_digit:
            log(f"{2 * DRAWN:,} pictures are drawn to train with, which takes some seconds.")
            drawn = _drawings(DRAWN)
            images, labels = torch.cat([images, drawn[0]]), torch.cat([labels, drawn[1]])
            note = f", {DRAWN:,} drawn digits and {DRAWN:,} drawings of what is no digit"
        if config.extra_data is not None:
            extra = load_extra(config.extra_data, no_digits=config.knows_no_digit)
            times = repeats(len(extra[1]), len(train))
            images, labels = (
                torch.cat([images, extra[0].repeat(times, 1, 1)]),
                torch.cat([labels, extra[1].repeat(times)]),
            )
            note += f", {len(extra[1]):,} of your own, each used {times} times an epoch"
        self._train = self._resident(images, labels)
        self._validation = self._resident(
            data.train_images.index_select(0, validation), data.train_labels[validation]
        )
        self._test = self._resident(data.test_images, data.test_labels)
        followed = validation[: config.gradient_inputs]
        if config.gradient_inputs:  # which take as long as a step or two
            self.moments_spaced = (1,)
        self._filmed = to_pixels(data.test_images[FILMED], False).numpy()
        self._followed = (
            to_pixels(data.train_images[followed], False).numpy(),
            data.train_labels[followed].numpy(),
        )
        if config.start_from is None:
            initialise(
                self.model,
                cell,
                recipe.initialisation,
                generator(config.seed, "weights"),
                recipe.forget_biases,
            )
        else:
            _start_from(config.start_from, self.model, config)
        self.model.to(device)
        self.batch_size, self.samples_per_epoch = config.batch_size, len(labels)
        self._bfloat16 = recipe.bfloat16 and fast_bfloat16(device)
        self._order, self._noise = torch.empty(0, dtype=torch.long), torch.Generator()
        log(
            f"{len(train):,} training, {len(validation):,} validation and "
            f"{len(data.test_labels):,} test images{note} "
            f"on {device}, {'bfloat16' if self._bfloat16 else 'float32'} products."
        )

    def _resident(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Bytes on the device, which become floats there as they are used: a quarter of the
        traffic.
        """
        return images.to(self._device), labels.to(self._device)

    def begin_epoch(self, epoch: int) -> None:
        """Shuffle; start the epoch's stream of distortions."""
        random = generator(self._config.seed, "order", epoch)
        self._order = send(torch.randperm(self.samples_per_epoch, generator=random), self._device)
        self._noise = generator(self._config.seed, "augmentation", epoch)
        self._steps_before = (epoch - 1) * self.steps_per_epoch

    def random_states(self) -> Mapping[str, Tensor]:
        """Where the epoch's stream of distortions is."""
        return {"augmentation": self._noise.get_state()}

    def set_random_states(self, states: Mapping[str, Tensor]) -> None:
        """Go on with the distortions from there."""
        self._noise.set_state(states["augmentation"])

    def losses(self, step: int, parts: int) -> Sequence[Callable[[], Tensor]]:
        """Cross-entropy over the batch, in parts of about equal size."""
        chosen, recipe = (
            self._order[step * self.batch_size : (step + 1) * self.batch_size],
            self._recipe,
        )
        count = len(chosen)
        done = (self._steps_before + step) / (self._config.epochs * self.steps_per_epoch)
        rows = PAIRS if done < recipe.row_pairs else INNER if done < recipe.inner_rows else ALL_ROWS
        kind = NO_AUGMENTATION if done >= 1 - recipe.undistorted else recipe.augmentation
        change = draw_changes(kind, count, self._noise, self._device)

        def loss_of(part: slice) -> Tensor:
            images, targets = (one.index_select(0, chosen[part]) for one in self._train)
            logits = self._logits(self.model, change(images, part), rows)
            if self._config.knows_no_digit:  # the eleventh class, whose logit is always 0
                logits = F.pad(logits, (0, 1))
            return (
                F.cross_entropy(
                    logits, targets, reduction="sum", label_smoothing=recipe.label_smoothing
                )
                / count
            )

        size = -(-count // parts)
        return [partial(loss_of, slice(at, at + size)) for at in range(0, count, size)]

    def _logits(self, model: nn.Module, images: Tensor, rows: slice = ALL_ROWS) -> Tensor:
        """Logits (N, 10) of images (N, 28, 28), bytes or floats 0 … 1, read at `rows`: as they are,
        or the mean of a pair.
        """
        images = images[:, INNER if rows == PAIRS else rows]
        pixels = to_pixels(images, False) if images.dtype == torch.uint8 else images
        if rows == PAIRS:
            pixels = pixels.view(len(pixels), -1, 2, SIDE).mean(2)
        if self._recipe.standardise:
            pixels = standardised(pixels)
        with precision(self._device, self._bfloat16):
            logits: Tensor = model(pixels, rows)
        return logits.float()

    def moment(self, model: nn.Module) -> Mapping[str, Tensor]:
        """States (28, H), of a biLSTM (28, 2·H), and logits (28, 10) after each row of test image
        `FILMED`, in 16 bits.

        With them, if the settings ask for it, the norm (28,) of the gradient through time, a mean
        over validation images.
        """
        state = getattr(model, "module", model).state_dict()
        arrays = {
            name: tensor.detach().to("cpu", torch.float32).numpy() for name, tensor in state.items()
        }
        network = RowReaderNetwork(WeightsFile(self._config, arrays, 0, {}))
        rows, most = network.rows(self._filmed[None]), np.finfo(np.float16).max
        with np.errstate(all="ignore"):  # where training goes astray
            states = np.concatenate(
                [one.states for one in network.read_top(network.read_below(rows))], axis=2
            )[:, 0]
            kept = {
                "states": states,
                "logits": network.logits_after_rows(rows)[:, 0].clip(-most, most),
            }
        found: dict[str, npt.NDArray[Any]] = {
            name: values.astype(np.float16) for name, values in kept.items()
        }
        if self._config.gradient_inputs:
            # 16 bits end at 6e-8, where the gradients of interest begin.
            found["gradients"] = (
                digit_norms(network, *self._followed).mean(axis=1).astype(np.float32)
            )
        return {name: torch.from_numpy(values) for name, values in found.items()}

    def validate(self, model: nn.Module, workers: Workers) -> Figures:
        """Mean loss and the measures over the validation images."""
        return self._measured(model, self._validation, workers, "val")

    def test(self, model: nn.Module, workers: Workers) -> Figures:
        """Mean loss and the measures over the test images."""
        return self._measured(model, self._test, workers, "test")

    @classmethod
    def evaluate(cls, config: RunConfig, weights: Mapping[str, Tensor]) -> ImageEvaluation:
        """Read the whole test set with a copy of `weights`, on the CPU, as precisely as the run."""
        settings = as_kind(config, ImageConfig)
        data = load_mnist(settings.data_dir)
        bfloat16 = settings.recipe.bfloat16 and fast_bfloat16(torch.device("cpu"))
        pixels = to_pixels(data.test_images, settings.recipe.standardise)
        probabilities = torch.softmax(
            predict(build_model(settings), weights, pixels, bfloat16=bfloat16), dim=-1
        ).numpy()
        labels, predictions = data.test_labels.numpy(), probabilities.argmax(axis=1)
        wrong = np.flatnonzero(predictions != labels)
        return ImageEvaluation(
            images=data.test_images.numpy(),
            labels=labels,
            probabilities=probabilities,
            predictions=predictions,
            confusion=np.bincount(CLASSES * labels + predictions, minlength=CLASSES**2).reshape(
                CLASSES, CLASSES
            ),
            misread=wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")],
        )

    def _measured(
        self, model: nn.Module, data: tuple[Tensor, Tensor], workers: Workers, prefix: str
    ) -> Figures:
        images, labels = data
        count = len(labels)
        logits_of = torch.no_grad()(self._logits)  # per thread, hence for each part
        logits = torch.cat(
            workers.run(
                [partial(logits_of, model, part) for part in torch.split(images, EVALUATION_BATCH)]
            )
        )
        return {
            f"{prefix}_loss": float(F.cross_entropy(logits, labels, reduction="sum")) / count,
            **{
                f"{prefix}_{one.name}": float(one.mean(one.values(logits, labels).sum(), count))
                for one in MNIST.measures
            },
        }


def digit_norms(network: RowReaderNetwork, digits: Array, labels: npt.NDArray[np.int64]) -> Floats:
    """‖∂loss/∂h_t‖ (28, N) of the top layer, forward, for the cross-entropy of `labels` (N,), of
    digits (N, 28, 28).
    """
    weight, bias = (torch.from_numpy(part).double() for part in network.readout)
    top, right = network.layers[-1], torch.from_numpy(labels)
    rows = network.read_below(network.rows(digits))
    back = (
        None
        if top.backward is None
        else torch.from_numpy(top.backward.run(rows[-1:]).states[0]).double()
    )

    def loss(states: list[Tensor]) -> Tensor:
        read = torch.cat(states if back is None else [states[-1], back], 1)
        return F.cross_entropy(read @ weight.T + bias, right, reduction="none")

    return gradient_norms(top.forward, rows, loss)
