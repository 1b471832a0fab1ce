"""Recall and adder: sets of seeds in one go, against one seed the report's way.

The report's way is its own program: one sequence at a time through `nn.LSTM`, encoded at every
step, Adam, `loss.item()`; then its test, again one sequence at a time. Ours is the whole call of
`fit`, data, validation and test included. Targets, as shares of the report's time: 20 seeds of all
its networks 1.5, one seed 0.6; and preset fast to 100 %, hidden size 10, at least 30 times
sooner for recall and 20 times for the adder, 20 seeds of it still sooner than one. All test on as
many sequences as the report does.
"""

import random
import time
from collections.abc import Callable

import torch
from _common import machine, median, parser, run_ours, spread, take_turns, temporary_home, verdict
from torch import Tensor, nn

from rnn_tui.tasks import TASKS

SEEDS = 20
RATE = 0.002
TIMES_SOONER = {"recall": 30, "adder": 20}
TASK_NAMES = tuple(TIMES_SOONER)


class ReportsLSTM(nn.Module):
    """An LSTM with a readout of every output."""

    def __init__(self, features: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.readout = nn.Linear(hidden, outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Outputs (1, T, O) of `inputs` (1, T, F)."""
        states, _ = self.lstm(inputs)
        outputs: Tensor = self.readout(states)
        return outputs


def one_hot(digits: list[int]) -> Tensor:
    """A sequence of digits as (1, T, 10)."""
    encoded = torch.zeros(1, len(digits), 10)
    for place, digit in enumerate(digits):
        encoded[0, place, digit] = 1
    return encoded


def some_digits(length: int) -> list[int]:
    """A random sequence."""
    return [random.randrange(10) for _ in range(length)]


def recall_the_reports_way(hidden: int) -> float:
    """Seconds for the report's 20 epochs and test of recall at position 3."""
    began = time.perf_counter()
    model = ReportsLSTM(10, hidden, 10)
    loss_of = nn.CrossEntropyLoss()
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)
    training = [some_digits(length) for length in range(3, 12) for _ in range(100)]
    for _ in range(20):
        for digits in training:
            loss = loss_of(model(one_hot(digits))[:, -1], torch.tensor([digits[2]]))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            loss.item()
    right = 0
    with torch.no_grad():
        for _ in range(100):
            digits = some_digits(random.randint(3, 10))
            right += int(model(one_hot(digits))[0, -1].argmax()) == digits[2]
    return time.perf_counter() - began


def pair(length: int) -> tuple[Tensor, Tensor]:
    """The bits of two random numbers (1, L, 2), and those of their sum (L,)."""
    a = random.randrange(2 ** (length - 1))
    b = random.randrange(2 ** (length - 1))
    return encoded_pair(length, a, b)


def encoded_pair(length: int, a: int, b: int) -> tuple[Tensor, Tensor]:
    """The bits of two numbers (1, L, 2), and those of their sum (L,), the lowest first."""
    bits = [[float(a >> place & 1), float(b >> place & 1)] for place in range(length)]
    total = [float(a + b >> place & 1) for place in range(length)]
    return torch.tensor([bits]), torch.tensor(total)


def adder_the_reports_way(hidden: int, loss_of: nn.Module) -> float:
    """Seconds for the report's 10 epochs of the adder, with validation, and its test by length."""
    began = time.perf_counter()
    model = ReportsLSTM(2, hidden, 1)
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)
    lengths = [random.randint(1, 20) for _ in range(500)]
    numbers = [
        (length, random.randrange(2 ** (length - 1)), random.randrange(2 ** (length - 1)))
        for length in lengths
    ]
    for _ in range(10):
        for length, a, b in numbers:
            inputs, total = encoded_pair(length, a, b)
            outputs = torch.sigmoid(model(inputs)).view(-1)
            loss = loss_of(outputs, total)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            loss.item()
        for _ in range(100):
            inputs, total = pair(random.randint(1, 20))
            ((model(inputs).view(-1) >= 0) == total.bool()).float().mean().item()
    with torch.no_grad():
        for length in range(1, 21):
            for _ in range(100):
                inputs, total = pair(length)
                ((model(inputs).view(-1) >= 0) == total.bool()).float().mean().item()
    return time.perf_counter() - began


def all_the_reports_way(task: str) -> float:
    """Seconds for one seed of each of the report's networks."""
    if task == "recall":
        return sum(recall_the_reports_way(hidden) for hidden in (2, 5, 10))
    losses = (nn.MSELoss(), nn.CrossEntropyLoss())
    return sum(adder_the_reports_way(hidden, loss) for loss in losses for hidden in (3, 5, 10))


def largest_the_reports_way(task: str) -> float:
    """Seconds for one seed of its network of 10 units."""
    if task == "recall":
        return recall_the_reports_way(10)
    return adder_the_reports_way(10, nn.CrossEntropyLoss())


def ours(task: str, preset: str, seeds: int, **settings: object) -> Callable[[], float]:
    """A call that trains and returns its seconds."""

    def call() -> float:
        config = TASKS[task].config("lstm", preset, seeds=seeds, **settings)
        return run_ours(config).wall

    return call


def timed(task: str, contenders: dict[str, Callable[[], float]], rounds: int) -> list[float]:
    """Print the seconds of each; returns their medians, in order."""
    seconds = take_turns(contenders, rounds)
    for name, values in seconds.items():
        print(f"{task:6} {name:30} {median(values):7.2f} s ({spread(values)})")
    return [median(values) for values in seconds.values()]


def measure_report(task: str, rounds: int) -> None:
    """Preset report: all networks."""
    contenders = {
        "the report's way, one seed": lambda: all_the_reports_way(task),
        "preset report, 1 seed": ours(task, "report", 1),
        f"preset report, {SEEDS} seeds": ours(task, "report", SEEDS),
    }
    reports_way, one_seed, all_seeds = timed(task, contenders, rounds)
    ratio = verdict(one_seed / reports_way, 0.6, at_most=True)
    print(f"{task:6} 1 seed / the report's way = {ratio}")
    ratio = verdict(all_seeds / reports_way, 1.5, at_most=True)
    print(f"{task:6} {SEEDS} seeds / the report's way = {ratio}", flush=True)


def measure_fast(task: str, rounds: int) -> None:
    """Preset fast: the network of 10 units."""
    same = {"hidden_sizes": (10,), "test_size": 100}
    ours(task, "fast", 1, **same)()  # warm-up
    contenders = {
        "the report's way, H 10": lambda: largest_the_reports_way(task),
        "preset fast, H 10, 1 seed": ours(task, "fast", 1, **same),
        f"preset fast, H 10, {SEEDS} seeds": ours(task, "fast", SEEDS, **same),
    }
    reports_way, one_seed, all_seeds = timed(task, contenders, rounds)
    ratio = verdict(reports_way / one_seed, TIMES_SOONER[task])
    print(f"{task:6} the report's way / fast, 1 seed = {ratio}")
    ratio = verdict(all_seeds / reports_way, 1, at_most=True)
    print(f"{task:6} fast, {SEEDS} seeds / the report's way, 1 seed = {ratio}", flush=True)


PRESETS = {"report": measure_report, "fast": measure_fast}


def main() -> None:
    """Measure and print."""
    options = parser(__doc__, rounds=2)
    options.add_argument("--tasks", nargs="+", choices=TASK_NAMES, default=list(TASK_NAMES))
    options.add_argument("--presets", nargs="+", choices=PRESETS, default=list(PRESETS))
    arguments = options.parse_args()
    with temporary_home():
        print(machine())
        for task in arguments.tasks:
            for preset in arguments.presets:
                PRESETS[preset](task, arguments.rounds)


if __name__ == "__main__":
    main()
