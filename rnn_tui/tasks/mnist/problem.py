"""MNIST for the training loop."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rnn_tui.engine.config import NO_AUGMENTATION, STEP_BYTES, WEIGHT_BYTES, RunConfig
from rnn_tui.engine.errors import CheckpointError, printable, why
from rnn_tui.engine.files import outside
from rnn_tui.engine.files.seal import digest_of
from rnn_tui.engine.files.weights_file import WeightsFile
from rnn_tui.engine.metrics import Figures
from rnn_tui.engine.settings import check_choice
from rnn_tui.engine.training.checkpoint import load_checkpoint
from rnn_tui.engine.training.devices import fast_bfloat16, precision, require_memory, send
from rnn_tui.engine.training.parallel import Workers
from rnn_tui.engine.training.problem import Log, Problem, generator
from rnn_tui.engine.training.stepper import parameters_of
from rnn_tui.networks import CELLS
from rnn_tui.networks.gradients import check_gradients, loss_norms
from rnn_tui.networks.layers import initialise, layer_gradients, predict
from rnn_tui.networks.stack import joined_states
from rnn_tui.tasks.config import EVALUATION_BATCH, INNER_ROWS, ImageConfig, as_kind
from rnn_tui.tasks.image_sets import SHIPPED_SET
from rnn_tui.tasks.images.inference import (
    CLASSES,
    HISTORY_IMAGE,
    PIXEL_DEVIATION,
    PIXEL_MEAN,
    SIDE,
    RowReaderNetwork,
)
from rnn_tui.tasks.images.model import build_model
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.mnist.augmentation import (
    EITHER,
    NOT_PLAIN,
    ONES,
    SEVENS,
    Change,
    draw_changes,
)
from rnn_tui.tasks.mnist.data import MnistImages, load_extra, load_images, repeats, split_indices
from rnn_tui.tasks.task import ImageEvaluation

# The rows of an image that a network reads. With fewer of them a step takes that much less time,
# and teaches nearly as much.
ALL_ROWS = slice(None)
INNER = slice(INNER_ROWS.start, INNER_ROWS.stop)
# the second of each pair of inner rows, where it reads the mean of the pair
PAIRS = slice(INNER_ROWS.start + 1, INNER_ROWS.stop, 2)
DRAWN = 20_000  # drawn digits, and drawings of what is no digit, to train with


def _start_from(path: str, model: nn.Module, config: ImageConfig) -> None:
    """Fill `model` with the weights in a file.

    Raises:
        CheckpointError: if the file can't be read, or its weights are of another network.
    """
    subject = f"The weights in {printable(path, 200)}"
    try:
        checkpoint = load_checkpoint(Path(outside.real_path(outside.expanded(path))))
    except OSError as error:  # out of reach
        raise CheckpointError(f"{subject} can't be read ({why(error)}).") from error
    theirs = checkpoint.config
    fits = theirs.name == config.name and theirs.size_text == config.size_text
    try:
        model.load_state_dict(dict(checkpoint.weights))
    except RuntimeError:
        fits = False
    if not fits:
        raise CheckpointError(
            f"{subject} are for {theirs.name} with {theirs.size_text or 'other settings'}, "
            f"not for {config.name} with {config.size_text}."
        )
    if theirs.recipe.standardise and not config.recipe.standardise:
        raise CheckpointError(
            f"{subject} were trained on pixels that were standardised; choose preset fast, best or "
            "photos."
        )
    if config.recipe.standardise and not theirs.recipe.standardise:
        raise CheckpointError(
            f"{subject} were trained on pixels that were not standardised; choose preset report."
        )


def to_pixels(images: Tensor, standardise: bool) -> Tensor:
    """Return images (N, 28, 28) uint8 as float32: 0 … 1 as in the report, or standardised."""
    pixels = images.float().div_(255)
    return standardised(pixels) if standardise else pixels


def standardised(pixels: Tensor) -> Tensor:
    """Standardise pixels 0 … 1 in place, to a mean of about 0 and a deviation of about 1."""
    return pixels.sub_(PIXEL_MEAN).div_(PIXEL_DEVIATION)


class TrainingSet(NamedTuple):
    """Images to train with."""

    images: Tensor  #: (N, 28, 28) uint8.
    labels: Tensor  #: (N,) int64, 10 for no digit.
    plain: Tensor  #: (N,) int64: the digits that keep limits of distortion, or `NOT_PLAIN`.

    def with_more(self, more: "TrainingSet") -> "TrainingSet":
        """Return these images, then more."""
        return TrainingSet(*(torch.cat(parts) for parts in zip(self, more, strict=True)))


def _labelled(images: Tensor, labels: Tensor) -> TrainingSet:
    """Return images of which no more is known than their labels.

    Most of MNIST's ones are bars, which look like no 7 however they are turned. Most of its sevens
    are plain.
    """
    return TrainingSet(images, labels, torch.where(labels == SEVENS.digit, labels, NOT_PLAIN))


def _never_plain(images: Tensor, labels: Tensor) -> TrainingSet:
    """Return images of which none shows a digit that keeps limits of distortion."""
    return TrainingSet(images, labels, torch.full_like(labels, NOT_PLAIN))


@cache
def drawings(count: int) -> TrainingSet:
    """Draw digits in rare hands, then as many pictures of no digit, the same for every run.

    Of what may be a 1 or a 7 there is a fortieth as many, each as both, and as a 1 once more: MNIST
    has sevens of that form, but hardly any ones.
    """
    from rnn_tui.tasks.mnist.hands import (  # OpenCV, on use only
        drawn_in_doubt,
        drawn_in_hands,
    )
    from rnn_tui.tasks.mnist.no_digits import no_digits

    random = np.random.default_rng(generator(0, "drawings").initial_seed())
    digits, hands = drawn_in_hands(count, random)
    no_digit = no_digits(count, random)
    either = drawn_in_doubt(count // 40, random)
    labels = [hand.digit for hand in hands] + [CLASSES] * count
    plain = [hand.digit if hand.is_plain else NOT_PLAIN for hand in hands] + [NOT_PLAIN] * count
    images = [digits, no_digit]
    for digit in (ONES.digit, ONES.digit, SEVENS.digit):
        images.append(either)
        labels += [digit] * len(either)
        plain += [EITHER.digit] * len(either)
    return TrainingSet(
        images=torch.from_numpy(np.concatenate(images)),
        labels=torch.tensor(labels, dtype=torch.long),
        plain=torch.tensor(plain, dtype=torch.long),
    )


class MnistProblem(Problem):
    """The report's experiment on one device, everything resident there."""

    def __init__(self, settings: RunConfig, device: torch.device, log: Log) -> None:
        config: ImageConfig = as_kind(settings, ImageConfig)
        recipe = config.recipe
        cell = CELLS[config.cell]
        check_choice("Augmentation", recipe.augmentation, MNIST.augmentations)
        self._config = config
        self._recipe = recipe
        self._device = device
        self.metric_definitions = MNIST.metric_definitions
        self._bfloat16 = recipe.bfloat16 and fast_bfloat16(device)  #: whether products are in it.
        data = load_images(config)
        #: tensors that the settings do not determine, by what holds them.
        self._outside: dict[str, Mapping[str, Tensor]] = {}
        if config.data_dir is not None or config.image_set is not SHIPPED_SET:
            folder = f" in {printable(config.data_dir, 120)}" if config.data_dir else ""
            self._outside[f"{config.image_set.label}{folder}"] = vars(data)
        train, validation = split_indices(data.train_labels, config.seed)

        self.model = build_model(config)
        self.batch_size = config.batch_size
        self.sample_bytes = cell.step_bytes * SIDE * config.hidden_size * config.layers
        weight_bytes = (WEIGHT_BYTES + STEP_BYTES) * parameters_of(self.model)
        require_memory(device, min(config.batch_size, len(train)), self.sample_bytes, weight_bytes)
        check_gradients(cell, device, layers=config.layers)

        samples, note = self._training_set(data, train, log)
        self.samples_per_epoch = len(samples.labels)
        self._train = self._resident(samples.images, samples.labels)
        self._plain = samples.plain
        self._validation = self._resident(
            data.train_images.index_select(0, validation), data.train_labels[validation]
        )
        self._test = self._resident(data.test_images, data.test_labels)
        #: the image (28, 28) whose states the snapshots have.
        self._history_image = to_pixels(data.test_images[HISTORY_IMAGE], False).numpy()
        followed = validation[: config.gradient_inputs]
        #: images (N, 28, 28) and labels (N,) whose gradients the snapshots have.
        self._followed = (
            to_pixels(data.train_images[followed], False).numpy(),
            data.train_labels[followed].numpy(),
        )
        if config.gradient_inputs:  # which take as long as a step or two
            self.snapshot_multiples = (1,)

        if config.start_from is None:
            random = generator(config.seed, "weights")
            initialise(
                self.model,
                cell,
                recipe.initialisation,
                random,
                recipe.forget_biases,
                input_gain=recipe.input_gain,
            )
        else:
            _start_from(config.start_from, self.model, config)
        self.model.to(device)
        self._order = torch.empty(0, dtype=torch.long)  #: the order of the samples in this epoch.
        self._ordered_plain = self._plain  #: in the order of this epoch, on the CPU.
        self._noise = torch.Generator()  #: the random generator of this epoch's distortions.
        self._steps_before = 0  #: steps of the epochs before this one.
        log(
            f"{len(train):,} training, {len(validation):,} validation and "
            f"{len(data.test_labels):,} test images{note} "
            f"on {device}, {'bfloat16' if self._bfloat16 else 'float32'} products."
        )

    def _training_set(self, data: MnistImages, train: Tensor, log: Log) -> tuple[TrainingSet, str]:
        """Return all images to train with: MNIST's at `train` (N,), drawn ones and the user's own.

        Returns:
            the images, and what else than MNIST's there is, in words.
        """
        config = self._config
        mark_plain = _labelled if config.image_set.shows_digits else _never_plain
        samples = mark_plain(data.train_images.index_select(0, train), data.train_labels[train])
        note = ""
        if config.knows_no_digit:
            log(f"{2 * DRAWN:,} pictures are drawn to train with, which takes some seconds.")
            drawn = drawings(DRAWN)
            fields = dict(zip(TrainingSet._fields, drawn, strict=True))
            self._outside["what is drawn to train with"] = fields
            samples = samples.with_more(drawn)
            note = f", {DRAWN:,} drawn digits and {DRAWN:,} drawings of what is no digit"
        if config.extra_data is not None:
            images, labels = load_extra(config.extra_data, no_digits=config.knows_no_digit)
            name = f"the extra data in {printable(config.extra_data, 120)}"
            self._outside[name] = {"images": images, "labels": labels}
            times = repeats(len(labels), len(train))
            samples = samples.with_more(
                mark_plain(images.repeat(times, 1, 1), labels.repeat(times))
            )
            note += f", {len(labels):,} of your own, each used {times} times an epoch"
        return samples, note

    def _resident(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Put images and labels on the device; bytes there become floats as they are used.

        That is a quarter of the traffic.
        """
        return images.to(self._device), labels.to(self._device)

    def data_digests(self) -> Mapping[str, str]:
        """Return digests of a user's images, and of those that are drawn.

        Files that ship are compared with their published sums whenever they are read.
        """
        return {name: digest_of(tensors) for name, tensors in self._outside.items()}

    def begin_epoch(self, epoch: int) -> None:
        """Shuffle the samples, and start the epoch's stream of distortions."""
        random = generator(self._config.seed, "order", epoch)
        order = torch.randperm(self.samples_per_epoch, generator=random)
        self._order = send(order, self._device)
        self._ordered_plain = self._plain.index_select(0, order)
        self._noise = generator(self._config.seed, "augmentation", epoch)
        self._steps_before = (epoch - 1) * self.steps_per_epoch

    def random_states(self) -> Mapping[str, Tensor]:
        """Return the state of the random generator of the epoch's distortions."""
        return {"augmentation": self._noise.get_state()}

    def set_random_states(self, states: Mapping[str, Tensor]) -> None:
        """Go on with the distortions from there."""
        self._noise.set_state(states["augmentation"])

    def layer_gradients(self) -> Mapping[str, Sequence[Tensor]]:
        """Return the gradients of the last step by the name of their layer."""
        return layer_gradients(self.model, self._config.layers)

    def losses(self, step: int, parts: int) -> Sequence[Callable[[], Tensor]]:
        """Return functions for the cross-entropy over the batch, in parts of about equal size."""
        batch = slice(step * self.batch_size, (step + 1) * self.batch_size)
        chosen = self._order[batch]
        count = len(chosen)
        done = (self._steps_before + step) / (self._config.epochs * self.steps_per_epoch)
        is_undistorted = done >= 1 - self._recipe.undistorted
        kind = NO_AUGMENTATION if is_undistorted else self._recipe.augmentation
        change = draw_changes(kind, self._ordered_plain[batch], self._noise, self._device)
        rows = self._rows_at(done)
        size = -(-count // parts)
        return [
            partial(self._loss_of_part, chosen, slice(start, start + size), change, rows)
            for start in range(0, count, size)
        ]

    def _rows_at(self, done: float) -> slice:
        """Return which rows are read once a share of the training, 0 … 1, is done."""
        if done < self._recipe.row_pairs:
            return PAIRS
        if done < self._recipe.inner_rows:
            return INNER
        return ALL_ROWS

    def _loss_of_part(self, chosen: Tensor, part: slice, change: Change, rows: slice) -> Tensor:
        """Return the part's summand of the batch's mean loss, a scalar.

        Args:
            chosen: (B,) the samples of the batch.
            part: which of these are the part.
            change: distorts images of the batch.
            rows: those that are read.
        """
        images, targets = (data.index_select(0, chosen[part]) for data in self._train)
        logits = self._logits(self.model, change(images, part), rows)  # (N, 10)
        if self._config.knows_no_digit:  # the eleventh class, whose logit is always 0
            logits = F.pad(logits, (0, 1))
        smoothing = self._recipe.label_smoothing
        loss = F.cross_entropy(logits, targets, reduction="sum", label_smoothing=smoothing)
        return loss / len(chosen)

    def _logits(self, model: nn.Module, images: Tensor, rows: slice = ALL_ROWS) -> Tensor:
        """Return logits (N, 10) of images (N, 28, 28), bytes or floats 0 … 1, read at `rows`.

        The rows are read as they are; of `PAIRS` the mean of each pair is.
        """
        images = images[:, INNER if rows == PAIRS else rows]
        pixels = to_pixels(images, False) if images.dtype == torch.uint8 else images
        if rows == PAIRS:
            pixels = pixels.view(len(pixels), -1, 2, SIDE).mean(2)  # (N, rows / 2, 28)
        if self._recipe.standardise:
            pixels = standardised(pixels)
        with precision(self._device, self._bfloat16):
            logits: Tensor = model(pixels, rows)
        return logits.float()

    def snapshot(self, model: nn.Module) -> Mapping[str, Tensor]:
        """Return a snapshot of the network during its training.

        Returns:
            `states` (28, H), of a biLSTM (28, 2·H), and `logits` (28, 10) after each row of test
            image `HISTORY_IMAGE`, in 16 bits. With them, if the settings ask for it, `gradients`
            (28,): the norm of the gradient through time, a mean over validation images.
        """
        state = getattr(model, "module", model).state_dict()
        weights = {
            name: tensor.detach().to("cpu", torch.float32).numpy() for name, tensor in state.items()
        }
        network = RowReaderNetwork(WeightsFile(self._config, weights, 0, {}))
        rows = network.rows(self._history_image[None])  # (28, 1, 28)
        largest = np.finfo(np.float16).max
        with np.errstate(all="ignore"):  # where training goes astray
            activations, logits = network.stack.read_and_answer(rows)
            states = joined_states(activations[-1])  # (28, 1, D·H)
            logits = logits.clip(-largest, largest)
            arrays: dict[str, npt.NDArray[Any]] = {
                "states": states[:, 0].astype(np.float16),
                "logits": logits[:, 0].astype(np.float16),
            }
        if self._config.gradient_inputs:
            # 16 bits end at 6e-8, where the gradients of interest begin.
            digits, labels = self._followed
            norms = loss_norms(network.stack, network.rows(digits), labels).mean(axis=1)
            arrays["gradients"] = norms.astype(np.float32)
        return {name: torch.from_numpy(values) for name, values in arrays.items()}

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
        data = load_images(settings)
        bfloat16 = settings.recipe.bfloat16 and fast_bfloat16(torch.device("cpu"))
        pixels = to_pixels(data.test_images, settings.recipe.standardise)
        logits = predict(build_model(settings), weights, pixels, bfloat16=bfloat16)
        probabilities = torch.softmax(logits, dim=-1).numpy()  # (N, 10)
        predictions = probabilities.argmax(axis=1)
        labels = data.test_labels.numpy()
        confusion = np.bincount(CLASSES * labels + predictions, minlength=CLASSES**2)
        wrong = np.flatnonzero(predictions != labels)
        confident_first = np.argsort(-probabilities[wrong].max(axis=1), kind="stable")
        return ImageEvaluation(
            images=data.test_images.numpy(),
            labels=labels,
            probabilities=probabilities,
            predictions=predictions,
            confusion=confusion.reshape(CLASSES, CLASSES),
            misread=wrong[confident_first],
            classes=settings.classes,
        )

    @classmethod
    def parts_in_words(cls, config: RunConfig) -> Sequence[tuple[str, str]]:
        """Return how many images each part has, and of which set."""
        settings = as_kind(config, ImageConfig)
        data = load_images(settings)
        train, validation = split_indices(data.train_labels, settings.seed)
        label = settings.image_set.label
        more = "" if settings.extra_data is None else ", and extra data"
        return (
            ("training", f"{len(train):,} images of {label}{more}"),
            ("validation", f"{len(validation):,} images, with the same shares of the classes"),
            ("test", f"{len(data.test_labels):,} images"),
        )

    def _measured(
        self, model: nn.Module, data: tuple[Tensor, Tensor], workers: Workers, prefix: str
    ) -> Figures:
        """Mean loss and the measures over images and labels, their names after `prefix`."""
        images, labels = data
        count = len(labels)
        logits_of = torch.no_grad()(self._logits)  # per thread, hence for each part
        parts = torch.split(images, EVALUATION_BATCH)
        logits = torch.cat(workers.run([partial(logits_of, model, part) for part in parts]))
        loss = float(F.cross_entropy(logits, labels, reduction="sum")) / count
        figures: dict[str, float] = {f"{prefix}_loss": loss}
        for measure in MNIST.measures:
            total = measure.values(logits, labels).sum()
            figures[f"{prefix}_{measure.name}"] = float(measure.mean(total, count))
        return figures
