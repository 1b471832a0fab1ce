"""What the benchmarks share: fair turns, medians, the bare loop and the report's own way.

A shared machine is never quiet for long. So no benchmark compares with numbers of another day:
the contenders take short turns within one run, in changing order, and what counts is the ratio of
their medians.
"""

import argparse
import gzip
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.events import Control
from rnn_tui.engine.training.loop import Outcome, fit
from rnn_tui.networks import CELLS
from rnn_tui.networks.layers import LastStepBiLSTM
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.mnist.data import load_mnist, split_indices
from rnn_tui.tasks.mnist.problem import to_pixels

ROWS, COLUMNS, CLASSES, HIDDEN = 28, 28, 10, 128
BATCH = 100
CPU = torch.device("cpu")


def parser(doc: str | None, rounds: int) -> argparse.ArgumentParser:
    """A command line with the options that all benchmarks have."""
    parser = argparse.ArgumentParser(description=(doc or "").partition("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=rounds, help="turns each (%(default)s)")
    return parser


def add_models(parser: argparse.ArgumentParser) -> None:
    """Let the user choose models; those of the report by default."""
    published = list(MNIST.published["test_accuracy"])
    parser.add_argument(
        "--models",
        nargs="+",
        choices=MNIST.cells,
        default=published,
        help="default: those of the report",
    )


@contextmanager
def temporary_home() -> Iterator[Path]:
    """A folder for whatever is written, removed at the end, so that nobody's runs are touched."""
    with tempfile.TemporaryDirectory(prefix="rnn-tui-benchmark-") as folder:
        os.environ["RNN_TUI_HOME"] = folder
        yield Path(folder)


def take_turns(
    contenders: Mapping[str, Callable[[], float]], rounds: int
) -> dict[str, list[float]]:
    """Results of each contender, one a round; every other round goes through them backwards."""
    results: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds):
        for name in list(contenders)[:: -1 if turn % 2 else 1]:
            results[name].append(contenders[name]())
    return results


def median(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)


def spread(values: Sequence[float]) -> str:
    """Smallest and largest, so that a reader sees how noisy the machine was."""
    return f"{min(values):,.4g} … {max(values):,.4g}"


def verdict(ratio: float, target: float, *, at_most: bool = False) -> str:
    """A ratio beside its target."""
    met = ratio <= target if at_most else ratio >= target
    sign = "≤" if at_most else "≥"
    return f"{ratio:.3f} (target {sign} {target:g}: {'met' if met else 'MISSED'})"


def machine() -> str:
    """A line on what the numbers were measured on."""
    return (
        f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads by default, load "
        f"average {os.getloadavg()[0]:.2f}"
    )


# --- ours -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ours:
    """A run of `fit`.

    Attributes:
        events: all events.
        wall: seconds from call to return, with everything that happens in between.
        outcome: weights and test figures.
    """

    events: Sequence[events.Event]
    wall: float
    outcome: Outcome

    @property
    def epochs(self) -> list[events.EpochEnded]:
        """The ends of epochs."""
        return [event for event in self.events if isinstance(event, events.EpochEnded)]

    @property
    def finished(self) -> events.RunFinished:
        """The last event."""
        last = self.events[-1]
        if not isinstance(last, events.RunFinished):
            raise SystemExit(f"the run did not finish: {last}")
        return last

    @property
    def logged(self) -> list[events.StepLogged]:
        """The logged steps."""
        return [event for event in self.events if isinstance(event, events.StepLogged)]


def run_ours(
    config: RunConfig, *, stop_after: int | None = None, checkpoint: Path | None = None
) -> Ours:
    """Train with our loop, on the CPU; up to a step where `stop_after` says so."""
    seen: list[events.Event] = []
    control = Control()

    def emit(event: events.Event) -> None:
        seen.append(event)
        if stop_after and isinstance(event, events.StepLogged) and event.step >= stop_after:
            control.stop()

    began = time.perf_counter()
    outcome = fit(TASKS[config.task].load(), config, emit, control, checkpoint_path=checkpoint)
    wall = time.perf_counter() - began
    if isinstance(seen[-1], events.RunFailed):
        raise SystemExit(seen[-1].message)
    return Ours(seen, wall, outcome)


def config_of(model: str, preset: str = "report", **changes: int) -> RunConfig:
    """The settings of one of our runs, on the CPU."""
    return TASKS["mnist"].config(model, preset, device="cpu", **changes)


# --- bare PyTorch ---------------------------------------------------------------------------


class AllStates(nn.Module):
    """RNN or LSTM with all hidden states read out, in the fewest words."""

    def __init__(self, recurrent: nn.RNN | nn.LSTM) -> None:
        super().__init__()
        self.recurrent = recurrent
        self.readout = nn.Linear(ROWS * HIDDEN, CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, 10) of images (N, 28, 28)."""
        logits: Tensor = self.readout(self.recurrent(images)[0].flatten(1))
        return logits


def bare_model(model: str) -> nn.Module:
    """The model as a good PyTorch programmer writes it; the biLSTM with its shortcut."""
    if model == "bilstm":
        return LastStepBiLSTM(COLUMNS, HIDDEN, 1, CLASSES)
    kind = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[model]
    return AllStates(kind(COLUMNS, HIDDEN, batch_first=True))


class BareLoop:
    """The plainest fast loop: resident tensors, `index_select`, fused Adam, nothing else.

    No losses are read, no events sent, no seeds set: what our loop adds to it costs time.
    """

    def __init__(self, model: str, device: torch.device = CPU) -> None:
        data = load_mnist()
        train, _ = split_indices(data.train_labels, 0)
        self._images = to_pixels(data.train_images[train], standardise=False).to(device)
        self._labels = data.train_labels[train].to(device)
        self._model, self._device = bare_model(model).to(device), device
        self._optimiser = torch.optim.Adam(self._model.parameters(), lr=1e-3, fused=True)

    def rate(self, steps: int | None = None, skip: int = 0) -> float:
        """Images a second over an epoch, or over `steps` steps after the first `skip`."""
        order = torch.randperm(len(self._labels)).to(self._device)
        batches = order.split(BATCH)[:steps]
        began, samples = time.perf_counter(), 0
        for at, chosen in enumerate(batches):
            if at == skip:
                began, samples = time.perf_counter(), 0
            loss = F.cross_entropy(
                self._model(self._images.index_select(0, chosen)),
                self._labels.index_select(0, chosen),
            )
            self._optimiser.zero_grad()
            loss.backward()
            self._optimiser.step()
            samples += len(chosen)
        loss.item()  # a GPU is still busy with what it was given
        return samples / (time.perf_counter() - began)


# --- the report's own way -------------------------------------------------------------------


class LastOfBoth(nn.Module):
    """The report's biLSTM: both directions in full, read at the last time step."""

    def __init__(self) -> None:
        super().__init__()
        self.recurrent = nn.LSTM(COLUMNS, HIDDEN, batch_first=True, bidirectional=True)
        self.readout = nn.Linear(2 * HIDDEN, CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, 10) of images (N, 28, 28)."""
        logits: Tensor = self.readout(self.recurrent(images)[0][:, -1])
        return logits


class ReportsWay:
    """The experiment as such notebooks are written, and as the report's was.

    torchvision's MNIST and ToTensor, a Subset of a stratified split, DataLoaders with batches of
    100, Adam as it comes, `loss.item()` in every step, and validation with gradients enabled.
    """

    def __init__(self, model: str, seed: int = 0) -> None:
        from sklearn.model_selection import train_test_split  # noqa: PLC0415
        from torch.utils.data import DataLoader, Subset  # noqa: PLC0415
        from torchvision import transforms  # noqa: PLC0415
        from torchvision.datasets import MNIST  # noqa: PLC0415

        from rnn_tui.engine.files.paths import asset_dir  # noqa: PLC0415

        with tempfile.TemporaryDirectory() as root:
            raw = Path(root) / "MNIST" / "raw"
            raw.mkdir(parents=True)
            for packed in (asset_dir() / "mnist").glob("*.gz"):
                (raw / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))
            torch.manual_seed(seed)
            whole = MNIST(root, train=True, transform=transforms.ToTensor())
            test = MNIST(root, train=False, transform=transforms.ToTensor())
        train, validation = train_test_split(
            range(len(whole)), test_size=1 / 6, stratify=whole.targets, random_state=seed
        )
        self._train = DataLoader(Subset(whole, train), batch_size=BATCH, shuffle=True)
        self._validation = DataLoader(Subset(whole, validation), batch_size=BATCH, shuffle=True)
        self._test = DataLoader(test, batch_size=BATCH, shuffle=True)
        self._model = LastOfBoth() if model == "bilstm" else bare_model(model)
        self._optimiser = torch.optim.Adam(self._model.parameters(), lr=1e-3)
        self.losses: list[float] = []

    def epoch(self) -> float:
        """Train and validate an epoch; returns the seconds it took."""
        began = time.perf_counter()
        for images, labels in self._train:
            self._optimiser.zero_grad()
            loss = F.cross_entropy(self._model(images.reshape(-1, ROWS, COLUMNS)), labels)
            loss.backward()
            self._optimiser.step()
            self.losses.append(loss.item())
        self._evaluate(self._validation)
        return time.perf_counter() - began

    def test(self) -> tuple[float, float]:
        """Test; returns accuracy in percent and seconds."""
        began = time.perf_counter()
        accuracy = self._evaluate(self._test)
        return accuracy, time.perf_counter() - began

    def _evaluate(self, loader: "torch.utils.data.DataLoader[tuple[Tensor, Tensor]]") -> float:
        right = total = 0
        losses = []
        for images, labels in loader:
            logits = self._model(images.reshape(-1, ROWS, COLUMNS))
            losses.append(F.cross_entropy(logits, labels).item())
            right += int((logits.argmax(1) == labels).sum())
            total += len(labels)
        return 100 * right / total


def label_of(model: str) -> str:
    """A model's name as people write it."""
    return CELLS[model].label
