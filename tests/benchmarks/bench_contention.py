"""Training while other programs want the processor: our workers against PyTorch's own threads.

The LSTM in preset `report`, in images a second: on the machine as it is, and beside one and two
processes that never sleep. Prints the table of `rnn_tui/engine/training/parallel.py`, with the
ratio of our workers to the better of the other two in each column.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from _common import (
    BATCH,
    BareLoop,
    config_of,
    machine,
    median,
    parser,
    run_ours,
    take_turns,
    temporary_home,
)

COLUMNS = (0, 1, 2)
SKIPPED = 20
BUSY = "while True: pass"


@contextmanager
def busy(count: int) -> Iterator[None]:
    """`count` processes that never sleep."""
    processes = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def our_rate(steps: int) -> float:
    """Images a second of our loop, from step `SKIPPED` on."""
    logged = run_ours(config_of("lstm", epochs=1), stop_after=steps).logged
    first = next(event for event in logged if event.step >= SKIPPED)
    last = logged[-1]
    images = (last.step - first.step) * BATCH
    return images / (last.elapsed - first.elapsed)


def main() -> None:
    """Measure and print."""
    options = parser(__doc__, rounds=3)
    options.add_argument("--steps", type=int, default=220, help="in a turn (%(default)s)")
    arguments = options.parse_args()
    threads = torch.get_num_threads()

    with temporary_home():
        bare = BareLoop("lstm")

        def bare_rate(count: int) -> float:
            torch.set_num_threads(count)
            try:
                return bare.rate(arguments.steps, skip=SKIPPED)
            finally:
                torch.set_num_threads(threads)

        contenders = {
            f"{threads} OpenMP threads (PyTorch's default)": lambda: bare_rate(threads),
            "1 OpenMP thread": lambda: bare_rate(1),
            "our workers": lambda: our_rate(arguments.steps),
        }
        print(machine())
        rates: dict[str, dict[int, list[float]]] = {name: {} for name in contenders}
        for column in COLUMNS:
            with busy(column):
                for name, values in take_turns(contenders, arguments.rounds).items():
                    rates[name][column] = values

    print(f"{'images/s beside busy processes:':38}" + "".join(f"{n:>10}" for n in COLUMNS))
    for name, by_column in rates.items():
        print(f"{name:38}" + "".join(f"{median(by_column[n]):10,.0f}" for n in COLUMNS))
    *others, ours = rates
    ratios = [
        median(rates[ours][n]) / max(median(rates[other][n]) for other in others) for n in COLUMNS
    ]
    print(f"{'ours / best of the others':38}" + "".join(f"{ratio:10.2f}" for ratio in ratios))


if __name__ == "__main__":
    main()
