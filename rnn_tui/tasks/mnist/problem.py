"""MNIST for the training loop; distortions are pure functions of what was drawn: the same if threads share a batch."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch._dynamo  # what the first step would load otherwise, unguarded: see `heavy_imports`
import torch.nn.functional as F
from sklearn.metrics import confusion_matrix
from torch import Tensor, nn

from rnn_tui.engine.checkpoint import load_checkpoint
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.devices import STEP_BYTES, WEIGHT_BYTES, fast_bfloat16, precision, require_memory, sent
from rnn_tui.engine.errors import CheckpointError, printable, why
from rnn_tui.engine.metrics import Figures
from rnn_tui.engine.parallel import Workers
from rnn_tui.engine.paths import expanded, reachable
from rnn_tui.engine.problem import Log, Problem, generator
from rnn_tui.engine.settings import check_choice
from rnn_tui.engine.stepper import parameters_of
from rnn_tui.engine.weights_file import WeightsFile
from rnn_tui.networks import CELLS
from rnn_tui.networks.gradients import check_gradients, gradient_norms
from rnn_tui.networks.layers import build_row_reader, initialise, predict
from rnn_tui.networks.stepwise import Array, Floats
from rnn_tui.tasks.config import OPEN_SET, ImageConfig, as_kind
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.mnist.data import load_extra, load_mnist, repeats, split_indices
from rnn_tui.tasks.mnist.inference import CLASSES, FILMED, PIXEL_DEVIATION, PIXEL_MEAN, SIDE, RowReaderNetwork
from rnn_tui.tasks.task import ImageEvaluation

# Images shifted together: one shift for a batch of 100 costs the RNN 0.3 points (five seeds), one for each image too much time.
SHIFT_GROUP = 32


def draw_shifts(count: int, random: torch.Generator, reach: int = 1) -> list[list[int]]:
    """By how many rows and columns, −reach … reach, each group of `count` images is moved."""
    moves: list[list[int]] = torch.randint(-reach, reach + 1, (-(-count // SHIFT_GROUP), 2), generator=random).tolist()
    return moves


def shift_groups(images: Tensor, moves: Sequence[Sequence[int]], at: int = 0) -> Tensor:
    """Images (N, 28, 28) of a batch, from the one `at` on, moved; around the edge, where 813 of 60,000 have ink."""
    ends = [*range(SHIFT_GROUP - at % SHIFT_GROUP, len(images), SHIFT_GROUP), len(images)]
    groups = images.tensor_split(ends[:-1])
    return torch.cat([group.roll(move, dims=(-2, -1)) for group, move in zip(groups, moves[at // SHIFT_GROUP :], strict=False)])


@dataclass(frozen=True)
class Distortion:
    """How far elastic augmentation goes: the most, either way, unless said otherwise."""

    rotation: float = 15.0  #: in degrees.
    shift: float = 2.0  #: in pixels.
    scale: float = 1.2  #: factor of the size, or its inverse.
    shear: float = 0.25  #: shear factor.
    aspect: float = 0.0  #: logarithm of the factor by which width grows and height shrinks, or the reverse.
    #: how much thicker or thinner strokes get, 0 … 1: a share of what the most, or least, ink among a pixel's neighbours does.
    stroke: float = 0.0
    elastic: float = 0.03  #: standard deviation of the displacements, in half image widths.
    grid: int = 6  #: the displacements are drawn on a grid of this many points each way.

    def draw(self, count: int, random: torch.Generator) -> Tensor:
        """Random maps (N, 2, 3 + grid²) for `distort`: an affine map and displacements."""
        uniform = torch.rand(5, count, generator=random) * 2 - 1
        angle = torch.deg2rad(uniform[0] * self.rotation)
        zoom = torch.exp(uniform[1] * -math.log(self.scale))
        shear = uniform[2] * self.shear
        cosine, sine = angle.cos() * zoom, angle.sin() * zoom
        move = uniform[3:] * (self.shift / 14)  # 28 pixels are −1 … 1
        rows = [cosine, shear * cosine - sine, move[0], sine, shear * sine + cosine, move[1]]
        if self.aspect:
            wider = torch.exp((torch.rand(count, generator=random) * 2 - 1) * self.aspect)
            rows[:2] = [row * wider for row in rows[:2]]
            rows[3:5] = [row / wider for row in rows[3:5]]
        elastic = torch.randn(count, 2, self.grid**2, generator=random) * self.elastic
        return torch.cat([torch.stack(rows).T.reshape(count, 2, 3), elastic], dim=-1)

    def draw_strokes(self, count: int, random: torch.Generator) -> Tensor:
        """Random changes of stroke width (N,) for `restroke`, −stroke … stroke; a third are 0."""
        return F.softshrink(torch.rand(count, generator=random) * 3 - 1.5, 0.5) * self.stroke


# Other hands, pens and cameras differ more than MNIST's: without turns by 25°, photos turned so far are read 2.5 points worse.
PHOTO_DISTORTION = Distortion(rotation=25.0, aspect=0.2, stroke=0.7)


@lru_cache(maxsize=4)
def _basis(grid: int, rows: int, columns: int, device: torch.device) -> Tensor:
    """Row k is what coefficient k of a map adds to every pixel's coordinate: (3 + grid², R·C).

    The first three rows are x, y and 1; the others a displacement of one grid point, spread bicubically. So one matrix product
    makes the sampling grid of a whole batch.
    """
    x = (torch.arange(columns) * 2 + 1) / columns - 1
    y = (torch.arange(rows) * 2 + 1) / rows - 1
    affine = torch.stack([x.expand(rows, columns), y[:, None].expand(rows, columns), torch.ones(rows, columns)])
    points = torch.eye(grid**2).reshape(grid**2, 1, grid, grid)
    spread = F.interpolate(points, (rows, columns), mode="bicubic", align_corners=True)
    return sent(torch.cat([affine.flatten(1), spread.flatten(1)]), device)


def distort(images: Tensor, maps: Tensor) -> Tensor:
    """Images (N, R, C), with a border of background, seen through an affine map and a smooth displacement each.

    Elastic distortions as in Simard, Steinkraus & Platt (2003), with the smooth field taken from a coarse grid. Of the `maps`
    (N, 2, 3 + g²), for the x and the y coordinate of `F.grid_sample`, the first three are the coefficients of x, y and 1, the
    others the displacements of the g × g grid points, row by row.
    """
    count, rows, columns = images.shape
    basis = _basis(round(math.sqrt(maps.shape[-1] - 3)), rows, columns, images.device)
    places = (maps.reshape(count * 2, -1) @ basis).reshape(count, 2, rows, columns)
    # Beyond the image lies more of its border: background, whatever its value.
    return F.grid_sample(images[:, None], places.permute(0, 2, 3, 1), padding_mode="border", align_corners=False)[:, 0]


def restroke(images: Tensor, amounts: Tensor) -> Tensor:
    """Images (N, R, C), strokes thicker by amounts (N,) above 0, thinner below: ±1 is a dilation or erosion by 3 × 3."""
    sources = images[:, None]
    thicker, thinner = F.max_pool2d(sources, 3, 1, 1)[:, 0], -F.max_pool2d(-sources, 3, 1, 1)[:, 0]
    shares = amounts[:, None, None].to(images.dtype)
    return torch.lerp(images, torch.where(shares > 0, thicker, thinner), shares.abs())


# Where in an image a network reads: at all rows; at those in which most digits have their ink; or at the second of each pair of
# these, of which it then gets the mean. A step takes that much less time, and teaches nearly as much.
ALL_ROWS, INNER_ROWS, PAIRS = slice(None), slice(4, 24), slice(5, 24, 2)
EVALUATION_BATCH = 250  # large enough to keep a core busy, small enough for its cache: 1,000 at a time take a third longer
DRAWN = 20_000  # drawn digits, and drawings of what is no digit, to train with
DISTORTIONS = {
    "elastic": Distortion(), "strong-elastic": Distortion(elastic=0.045), "photo": PHOTO_DISTORTION, OPEN_SET: PHOTO_DISTORTION,
}  # fmt: skip


def build_model(config: ImageConfig) -> nn.Module:
    """The model that `config` describes, with memory for its weights but no values in it."""
    cell, size = CELLS[config.cell], config.hidden_size
    return build_row_reader(cell, features=SIDE, time_steps=SIDE, classes=CLASSES, hidden_size=size, layers=config.layers)


def _start_from(path: str, model: nn.Module, config: ImageConfig) -> None:
    """Fill `model` with the weights in a file; `CheckpointError` if it can't be read, or is of another network."""
    shown = f"The weights in {printable(path, 200)}"
    try:
        checkpoint = load_checkpoint(Path(reachable(expanded(path))))
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
        how, presets = ("", "fast, best or photos") if theirs.recipe.standardise else ("not ", "report")
        raise CheckpointError(f"{shown} were trained on pixels that were {how}standardised; choose preset {presets}.")


def to_pixels(images: Tensor, standardise: bool) -> Tensor:
    """Images (N, 28, 28) uint8 as float32: 0 … 1 as in the report, or standardised."""
    pixels = images.float().div_(255)
    return standardised(pixels) if standardise else pixels


def standardised(pixels: Tensor) -> Tensor:
    """Pixels 0 … 1, changed in place to a mean of about 0 and a deviation of about 1."""
    return pixels.sub_(PIXEL_MEAN).div_(PIXEL_DEVIATION)


@cache
def _drawings() -> tuple[Tensor, Tensor]:
    """Digits in rare hands, then what is no digit, labelled 10: (N, 28, 28) uint8, (N,) int64; whatever the seed of a run."""
    from rnn_tui.tasks.mnist.hands import drawn_digits  # noqa: PLC0415 - OpenCV, on use only
    from rnn_tui.tasks.mnist.no_digits import no_digits  # noqa: PLC0415

    random = np.random.default_rng(generator(0, "drawings").initial_seed())
    digits, labels = drawn_digits(DRAWN, random)
    images = np.concatenate([digits, no_digits(DRAWN, random)])
    return torch.from_numpy(images), torch.from_numpy(np.append(labels, np.full(DRAWN, CLASSES)))


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
        self.model, self.sample_bytes = build_model(config), cell.step_bytes * SIDE * config.hidden_size * config.layers
        of_weights = (WEIGHT_BYTES + STEP_BYTES) * parameters_of(self.model)
        require_memory(device, min(config.batch_size, len(train)), self.sample_bytes, of_weights)
        check_gradients(cell, device, layers=config.layers)
        images, labels, note = data.train_images.index_select(0, train), data.train_labels[train], ""
        if config.knows_no_digit:
            log(f"{2 * DRAWN:,} pictures are drawn to train with, which takes some seconds.")
            drawn = _drawings()
            images, labels = torch.cat([images, drawn[0]]), torch.cat([labels, drawn[1]])
            note = f", {DRAWN:,} drawn digits and {DRAWN:,} drawings of what is no digit"
        if config.extra_data is not None:
            extra = load_extra(config.extra_data, no_digits=config.knows_no_digit)
            times = repeats(len(extra[1]), len(train))
            images, labels = torch.cat([images, extra[0].repeat(times, 1, 1)]), torch.cat([labels, extra[1].repeat(times)])
            note += f", {len(extra[1]):,} of your own, each used {times} times an epoch"
        self._train = self._resident(images, labels)
        self._validation = self._resident(data.train_images.index_select(0, validation), data.train_labels[validation])
        self._test = self._resident(data.test_images, data.test_labels)
        followed = validation[: config.gradient_inputs]
        if config.gradient_inputs:  # which take as long as a step or two
            self.moments_spaced = (1,)
        self._filmed = to_pixels(data.test_images[FILMED], False).numpy()
        self._followed = to_pixels(data.train_images[followed], False).numpy(), data.train_labels[followed].numpy()
        if config.start_from is None:
            initialise(self.model, cell, recipe.initialisation, generator(config.seed, "weights"), recipe.forget_biases)
        else:
            _start_from(config.start_from, self.model, config)
        self.model.to(device)
        self.batch_size, self.samples_per_epoch = config.batch_size, len(labels)
        self._bfloat16 = recipe.bfloat16 and fast_bfloat16(device)
        self._order, self._noise = torch.empty(0, dtype=torch.long), torch.Generator()
        self._distortion = DISTORTIONS.get(recipe.augmentation)
        log(
            f"{len(train):,} training, {len(validation):,} validation and {len(data.test_labels):,} test images{note} "
            f"on {device}, {'bfloat16' if self._bfloat16 else 'float32'} products."
        )

    def _resident(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Bytes on the device, which become floats there as they are used: a quarter of the traffic."""
        return images.to(self._device), labels.to(self._device)

    def begin_epoch(self, epoch: int) -> None:
        """Shuffle; start the epoch's stream of distortions."""
        random = generator(self._config.seed, "order", epoch)
        self._order = sent(torch.randperm(self.samples_per_epoch, generator=random), self._device)
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
        chosen, recipe = self._order[step * self.batch_size : (step + 1) * self.batch_size], self._recipe
        count, maps, strokes, moves = len(chosen), None, None, None
        if self._distortion is not None:
            maps = sent(self._distortion.draw(count, self._noise), self._device)
            if self._distortion.stroke:
                strokes = sent(self._distortion.draw_strokes(count, self._noise), self._device)
        elif recipe.augmentation == "shift":
            moves = draw_shifts(count, self._noise)
        done = (self._steps_before + step) / (self._config.epochs * self.steps_per_epoch)
        rows = PAIRS if done < recipe.row_pairs else INNER_ROWS if done < recipe.inner_rows else ALL_ROWS
        if done >= 1 - recipe.undistorted:
            maps = strokes = moves = None

        def loss_of(part: slice) -> Tensor:
            images, targets = (one.index_select(0, chosen[part]) for one in self._train)
            if moves is not None:
                images = shift_groups(images, moves, part.start)
            if maps is not None:
                images = distort(to_pixels(images, False), maps[part])
            if strokes is not None:
                images = restroke(images, strokes[part])
            logits = self._logits(self.model, images, rows)
            if self._config.knows_no_digit:  # the eleventh class, whose logit is always 0
                logits = F.pad(logits, (0, 1))
            return F.cross_entropy(logits, targets, reduction="sum", label_smoothing=recipe.label_smoothing) / count

        size = -(-count // parts)
        return [partial(loss_of, slice(at, at + size)) for at in range(0, count, size)]

    def _logits(self, model: nn.Module, images: Tensor, rows: slice = ALL_ROWS) -> Tensor:
        """Logits (N, 10) of images (N, 28, 28), bytes or floats 0 … 1, read at `rows`: as they are, or the mean of a pair."""
        images = images[:, INNER_ROWS if rows == PAIRS else rows]
        pixels = to_pixels(images, False) if images.dtype == torch.uint8 else images
        if rows == PAIRS:
            pixels = pixels.view(len(pixels), -1, 2, SIDE).mean(2)
        if self._recipe.standardise:
            pixels = standardised(pixels)
        with precision(self._device, self._bfloat16):
            logits: Tensor = model(pixels, rows)
        return logits.float()

    def moment(self, model: nn.Module) -> Mapping[str, Tensor]:
        """States (28, H), of a biLSTM (28, 2·H), and logits (28, 10) after each row of test image `FILMED`, in 16 bits.

        With them, if the settings ask for it, the norm (28,) of the gradient through time, a mean over validation images.
        """
        state = getattr(model, "module", model).state_dict()
        arrays = {name: tensor.detach().to("cpu", torch.float32).numpy() for name, tensor in state.items()}
        network = RowReaderNetwork(WeightsFile(self._config, arrays, 0, {}))
        rows, most = network.rows(self._filmed[None]), np.finfo(np.float16).max
        with np.errstate(all="ignore"):  # where training goes astray
            states = np.concatenate([one.states for one in network.read_top(network.read_below(rows))], axis=2)[:, 0]
            kept = {"states": states, "logits": network.logits_after_rows(rows)[:, 0].clip(-most, most)}
        found: dict[str, npt.NDArray[Any]] = {name: values.astype(np.float16) for name, values in kept.items()}
        if self._config.gradient_inputs:
            # 16 bits end at 6e-8, where the gradients of interest begin.
            found["gradients"] = digit_norms(network, *self._followed).mean(axis=1).astype(np.float32)
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
        probabilities = torch.softmax(predict(build_model(settings), weights, pixels, bfloat16=bfloat16), dim=-1).numpy()
        labels, predictions = data.test_labels.numpy(), probabilities.argmax(axis=1)
        wrong = np.flatnonzero(predictions != labels)
        return ImageEvaluation(
            images=data.test_images.numpy(), labels=labels, probabilities=probabilities,
            predictions=predictions, confusion=confusion_matrix(labels, predictions, labels=range(CLASSES)),
            misread=wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")],
        )  # fmt: skip

    def _measured(self, model: nn.Module, data: tuple[Tensor, Tensor], workers: Workers, prefix: str) -> Figures:
        images, labels = data
        count = len(labels)
        logits_of = torch.no_grad()(self._logits)  # per thread, hence for each part
        logits = torch.cat(workers.run([partial(logits_of, model, part) for part in torch.split(images, EVALUATION_BATCH)]))
        return {
            f"{prefix}_loss": float(F.cross_entropy(logits, labels, reduction="sum")) / count,
            **{f"{prefix}_{one.name}": float(one.mean(one.values(logits, labels).sum(), count)) for one in MNIST.measures},
        }


def digit_norms(network: RowReaderNetwork, digits: Array, labels: npt.NDArray[np.int64]) -> Floats:
    """‖∂loss/∂h_t‖ (28, N) of the top layer, forward, for the cross-entropy of `labels` (N,), of digits (N, 28, 28)."""
    weight, bias = (torch.from_numpy(part).double() for part in network.readout)
    top, right = network.layers[-1], torch.from_numpy(labels)
    rows = network.read_below(network.rows(digits))
    back = None if top.backward is None else torch.from_numpy(top.backward.run(rows[-1:]).states[0]).double()

    def loss(states: list[Tensor]) -> Tensor:
        read = torch.cat(states if back is None else [states[-1], back], 1)
        return F.cross_entropy(read @ weight.T + bias, right, reduction="none")

    return gradient_norms(top.forward, rows, loss)
