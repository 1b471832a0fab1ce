"""Tasks of the hierarchy: a set of replicas against a plain loop of PyTorch; padding.

The plain loop trains one network with `nn.RNN`, `nn.LSTM` or `nn.GRU` and `nn.Linear`, Adam and the
gradient's norm clipped, on batches of the same shapes; nothing is drawn, validated or logged in it.
Ours is a run of `rnn-tui train` with everything that belongs to it, except for the test, which a
plain loop has not. The ratio is the seconds a network and step takes there, by ours.

And how near the set is to what the processor can do: the matrix products of a step, forward and
back, against the product of two matrices of 1,024 × 1,024 in the same run.
"""

import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import SequenceConfig, as_kind
from rnn_tui.tasks.hierarchy.problem import HierarchyProblem
from tests.benchmarks._common import (
    CPU,
    machine,
    median,
    parser,
    run_ours,
    spread,
    take_turns,
    temporary_home,
    verdict,
)

SEEDS = 20
KINDS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
MOST_PADDING = 0.2
PEAK_SIZE = 1_024  # rows and columns of the matrices whose product is taken for the peak
PASSES = 20  # forward and back, timed together
PRODUCTS = ("aten::bmm", "aten::baddbmm", "aten::baddbmm_")


def settings(task: str, cell: str, size: int, batch: int, steps: int) -> SequenceConfig:
    """One epoch of the preset fast with so many steps, and nearly nothing measured."""
    config = TASKS[task].config(
        cell,
        "fast",
        device="cpu",
        seeds=SEEDS,
        hidden_sizes=(size,),
        batch_size=batch,
        epochs=1,
        training_size=batch * steps,
        test_size=1,
    )
    return as_kind(config, SequenceConfig)


def problem_of(config: SequenceConfig) -> HierarchyProblem:
    """The task's problem, with an epoch's batches drawn."""
    problem = HierarchyProblem(config, CPU, lambda _: None)
    problem.begin_epoch(1)
    return problem


def plainly(config: SequenceConfig, steps: int) -> Callable[[], float]:
    """A call that trains one network the plain way; returns seconds a step."""
    problem = problem_of(config)
    batches = [
        (
            batch.inputs[:, 0].transpose(1, 2).float().contiguous(),  # (T, B, F)
            batch.targets[0, len(batch.inputs) - 1].long(),  # (B,)
        )
        for batch in problem._batches
    ]

    def call() -> float:
        [size] = config.hidden_sizes
        recurrent, readout = (
            KINDS[config.cell](problem.features, size),
            nn.Linear(size, problem.outputs),
        )
        weights = [*recurrent.parameters(), *readout.parameters()]
        optimiser = torch.optim.Adam(weights, lr=config.learning_rate)
        began = time.perf_counter()
        for inputs, targets in batches:
            optimiser.zero_grad()
            loss = F.cross_entropy(readout(recurrent(inputs)[0][-1]), targets)
            loss.backward()
            nn.utils.clip_grad_norm_(weights, config.recipe.clip)
            optimiser.step()
        return (time.perf_counter() - began) / steps

    return call


def ours(config: SequenceConfig, steps: int) -> Callable[[], float]:
    """A call that trains the set; returns seconds a step and network, without the test's."""

    def call() -> float:
        run = run_ours(config)
        return run.epochs[-1].seconds / steps / SEEDS

    return call


def measure_speed(task: str, size: int, batch: int, steps: int, rounds: int) -> None:
    """Print the ratio of each cell."""
    for cell in KINDS:
        config = settings(task, cell, size, batch, steps)
        contenders = {"plain": plainly(config, steps), "ours": ours(config, steps)}
        times = take_turns(contenders, rounds)
        for name, values in times.items():
            milliseconds = [1000 * value for value in values]
            print(
                f"{task} {cell:4} {name:5} {median(milliseconds):.3f} ms ({spread(milliseconds)})"
            )
        ratio = median(times["plain"]) / median(times["ours"])
        place = f"{task} {cell} H {size} B {batch}, {torch.get_num_threads()} threads"
        print(f"{place}: plain / ours = {ratio:.2f}", flush=True)
        measure_products(place, config, rounds)


def measure_products(place: str, config: SequenceConfig, rounds: int) -> None:
    """Print the share of the peak that a set reaches, and the share of its time in products."""
    problem = problem_of(config)
    batch = problem._batches[0]
    operations = {torch.ops.aten.baddbmm_: operations_of_product}

    def forward_and_back() -> None:
        problem.losses_of(batch).sum().backward()

    with FlopCounterMode(display=False, custom_mapping=operations) as counter:
        forward_and_back()
    matrix = torch.rand(PEAK_SIZE, PEAK_SIZE)
    times = take_turns(
        {
            "set": lambda: seconds_of(forward_and_back, PASSES),
            "peak": lambda: seconds_of(lambda: torch.mm(matrix, matrix), PASSES),
        },
        rounds,
    )
    speed = counter.get_total_flops() / median(times["set"])
    peak = 2 * PEAK_SIZE**3 / median(times["peak"])
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        for _ in range(PASSES):
            forward_and_back()
    calls = profiled.key_averages()
    total = sum(call.self_cpu_time_total for call in calls)
    products = sum(call.self_cpu_time_total for call in calls if call.key in PRODUCTS)
    print(
        f"{place}: {speed / 1e9:.0f} of {peak / 1e9:.0f} GFLOP/s, {speed / peak:.0%} of the peak; "
        f"{products / total:.0%} of the time in products",
        flush=True,
    )


def operations_of_product(
    addend: torch.Size,
    left: torch.Size,
    right: torch.Size,
    **_others: object,
) -> int:
    """Return the operations of a product of matrices, of each replica."""
    return 2 * left.numel() * right[2]


def seconds_of(call: Callable[[], Tensor | None], count: int) -> float:
    """Return the seconds of processor time that each of so many calls takes."""
    began = time.process_time()
    for _ in range(count):
        call()
    return (time.process_time() - began) / count


def measure_padding(task: str, steps: int) -> None:
    """Print the share of time steps in batches that are behind the end of a word."""
    problem = problem_of(settings(task, "rnn", 1, 32, steps))
    share = padding(problem)
    print(f"{task}: padded steps = {verdict(share, MOST_PADDING, at_most=True)}")


def padding(problem: HierarchyProblem) -> float:
    """The share of time steps of an epoch's batches that no word has."""
    read = sum(batch.inputs.any(dim=2).sum().item() for batch in problem._batches)
    total = sum(batch.inputs[:, :, 0].numel() for batch in problem._batches)
    return 1 - read / total


def main() -> None:
    """Measure and print."""
    options = parser(__doc__, rounds=3)
    options.add_argument("--task", default="parity-check")
    options.add_argument("--sizes", type=int, nargs="+", default=[8, 16, 32])
    options.add_argument("--batch", type=int, default=32)
    options.add_argument("--steps", type=int, default=100)
    arguments = options.parse_args()
    with temporary_home():
        print(machine())
        for task in TASKS:
            if TASKS[task].level:
                measure_padding(task, 20)
        for threads in sorted({1, torch.get_num_threads()}):
            torch.set_num_threads(threads)
            for size in arguments.sizes:
                measure_speed(
                    arguments.task, size, arguments.batch, arguments.steps, arguments.rounds
                )


if __name__ == "__main__":
    main()
