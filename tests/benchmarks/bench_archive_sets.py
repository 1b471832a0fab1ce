"""Sets of the UCR and UEA archives: our networks beside a plain LSTM of PyTorch of the same size.

Both read the same steps, standardised by the training part, and have the same parts, units, epochs,
batch sizes and, if the preset stops early, the same patience. The plain network is an `nn.LSTM` as
PyTorch initialises it, with an `nn.Linear` at the last step and Adam at a constant rate; neither
noise nor a bound on gradients. A line of JSON a set goes to stdout as soon as it is measured.
"""

import copy
import json
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import rnn_tui
from rnn_tui.data.data_set import TEST, TRAINING, VALIDATION, DataSet
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import SequenceConfig, as_kind
from tests.benchmarks._common import machine, parser, temporary_home


@dataclass(frozen=True)
class Part:
    """Sequences (N, T, F), padded with zeros, their lengths and targets (N,)."""

    values: Tensor
    lengths: Tensor
    targets: Tensor

    def at(self, places: Tensor) -> "Part":
        """Return some of the sequences."""
        return Part(self.values[places], self.lengths[places], self.targets[places])


class PlainLSTM(nn.Module):
    """An LSTM that answers at the last step of each sequence."""

    def __init__(self, features: int, units: int, outputs: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(features, units, batch_first=True)
        self.head = nn.Linear(units, outputs)

    def forward(self, values: Tensor, lengths: Tensor) -> Tensor:
        """Return the answers (N, O) to sequences (N, T, F)."""
        states, _ = self.lstm(values)
        answers: Tensor = self.head(states[torch.arange(len(values)), lengths - 1])
        return answers


def part_of(data_set: DataSet, part: int) -> Part:
    """Return a part of a data set; numbers that are answered are standardised as the inputs are."""
    description = data_set.description
    places = data_set.of_part(part)
    training_steps = np.concatenate(
        [data_set.sequence(place) for place in data_set.of_part(TRAINING)]
    )
    mean = training_steps.mean(axis=0)
    deviation = training_steps.std(axis=0) + 1e-8
    values = [torch.tensor((data_set.sequence(place) - mean) / deviation) for place in places]
    targets = torch.tensor(data_set.targets[places])
    if not description.classifies:
        known = data_set.targets[data_set.of_part(TRAINING)]
        targets = (targets - known.mean()) / known.std()
    return Part(
        nn.utils.rnn.pad_sequence(values, batch_first=True).float(),
        torch.tensor([len(steps) for steps in values]),
        targets,
    )


def loss_of(network: PlainLSTM, part: Part) -> Tensor:
    """Return the mean loss: cross-entropy of classes, the squared error of numbers."""
    answers = network(part.values, part.lengths)
    if part.targets.is_floating_point():
        return F.mse_loss(answers, part.targets.reshape(answers.shape))
    return F.cross_entropy(answers, part.targets)


def trained(
    seed: int, rate: float, config: SequenceConfig, outputs: int, parts: dict[int, Part]
) -> PlainLSTM:
    """Train a plain network; with a patience, keep the weights of the lowest validation loss."""
    torch.manual_seed(seed)
    training = parts[TRAINING]
    network = PlainLSTM(training.values.shape[2], config.hidden_sizes[0], outputs)
    optimiser = torch.optim.Adam(network.parameters(), lr=rate)
    patience = config.recipe.patience
    lowest = float("inf")
    since_lowest = 0
    kept = copy.deepcopy(network.state_dict())
    for _ in range(config.epochs):
        for places in torch.randperm(len(training.values)).split(config.batch_size):
            optimiser.zero_grad()
            loss_of(network, training.at(places)).backward()
            optimiser.step()
        if not patience:
            continue
        with torch.no_grad():
            validation_loss = float(loss_of(network, parts[VALIDATION]))
        since_lowest += 1
        if validation_loss < lowest:
            lowest = validation_loss
            since_lowest = 0
            kept = copy.deepcopy(network.state_dict())
        if since_lowest >= patience:
            break
    if patience:
        network.load_state_dict(kept)
    return network


def figure_of(network: PlainLSTM, test: Part, scale: float) -> float:
    """Return the accuracy on the test in percent, or the RMSE in the units of the file."""
    with torch.no_grad():
        answers = network(test.values, test.lengths)
    if test.targets.is_floating_point():
        return float(F.mse_loss(answers, test.targets.reshape(answers.shape)).sqrt()) * scale
    return 100 * float((answers.argmax(1) == test.targets).float().mean())


def plain_figures(
    data_set: DataSet, config: SequenceConfig, seeds: int, rate: float
) -> list[float]:
    """Return the test figures of plain networks of the seeds from 0 on."""
    parts = {part: part_of(data_set, part) for part in (TRAINING, VALIDATION, TEST)}
    outputs = len(data_set.description.outputs)
    scale = float(data_set.targets[data_set.of_part(TRAINING)].std())
    networks = (trained(seed, rate, config, outputs, parts) for seed in range(seeds))
    return [figure_of(network, parts[TEST], scale) for network in networks]


def main() -> None:
    """Train on each file, and print what the networks reach on its test."""
    arguments = parser(__doc__, 1)
    arguments.add_argument("files", nargs="+", help="such as GunPoint_TRAIN.ts; the test beside it")
    arguments.add_argument("--seeds", type=int, default=10, help="networks each (%(default)s)")
    arguments.add_argument("--rate", type=float, default=0.003, help="plain Adam's (%(default)s)")
    arguments.add_argument("--plain-only", action="store_true", help="leave ours out")
    options = arguments.parse_args()
    print(machine())
    with temporary_home():
        for file in options.files:
            data = rnn_tui.read_sequences(file, progress=False)
            task = data.keep()
            config = as_kind(TASKS[task.name].config("lstm", "fast"), SequenceConfig)
            figures = {"plain": plain_figures(data._data_set, config, options.seeds, options.rate)}
            if not options.plain_only:
                run = rnn_tui.train(data, seeds=options.seeds, progress=False)
                metric = "test_rmse" if "test_rmse" in run.results else "test_accuracy"
                figures["ours"] = run.results[metric][0].tolist()
            print(json.dumps({"file": file, "patience": config.recipe.patience, **figures}))


if __name__ == "__main__":
    main()
