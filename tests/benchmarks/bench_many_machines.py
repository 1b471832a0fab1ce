"""A sweep far past this machine: 1,000 workers, 10,000 runs, 5 million events, and the app beside
it.

Workers are made up here: each tells the events of a run that was recorded, a batch at a time, as
fast as they are written. Printed are events a second, the memory that importing takes, and how long
the app takes from a key to its text meanwhile, in the tab of the sweep. Targets: 20,000 events a
second, memory that stays, keys below 100 ms.
"""

import random
import resource
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from _common import machine, parser, temporary_home
from bench_keys import milliseconds, told

from rnn_tui.archive.event_json import to_document
from rnn_tui.archive.locks import RunLock, lock_of_sweep
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.events import new_run_id
from rnn_tui.engine.metrics import GRADIENT_NORM, LEARNING_RATE
from rnn_tui.engine.state import Status
from rnn_tui.sweeps.importer import EventBatch, Importer
from rnn_tui.sweeps.plan import SweepPlan
from rnn_tui.sweeps.store import SweepStore
from rnn_tui.tasks import TASKS
from tests.terminal import Terminal

STEPS, EPOCHS = 500, 10
# What a worker sends at once: half a second of a run that logs twenty times a second.
IN_A_MESSAGE = 10
TAB, FILTER = "\x1b[19~", "/"


def recorded(run_id: str, config: RunConfig) -> list[events.Event]:
    """What an MNIST run of ten epochs tells: 501 events."""
    specs = (*TASKS["mnist"].metric_definitions, LEARNING_RATE, GRADIENT_NORM)
    found: list[events.Event] = [
        events.RunStarted(run_id, config, specs, EPOCHS * STEPS, STEPS, 55_000, 80_000, "cpu")
    ]
    for epoch in range(1, EPOCHS + 1):
        for step in range(STEPS // 50, STEPS, STEPS // 50):
            at = (epoch - 1) * STEPS + step
            logged = {
                "train_loss": 1.0 / at,
                "train_learning_rate": 0.001,
                "train_gradient_norm": 1.0,
            }
            found.append(events.StepLogged(run_id, at, logged, 20_000.0, 0.01 * at))
        figures = {
            "train_loss": 1.0 / epoch,
            "train_loss_last_batch": 0.1,
            "val_loss": 0.2,
            "val_accuracy": 90.0 + epoch / 2,
        }
        found.append(events.EpochEnded(run_id, epoch, epoch * STEPS, figures, 5.0, 5.0 * epoch))
    return found


def most_memory() -> int:
    """The most that this process has had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def simulate(runs: int, workers: int) -> None:
    """Write what so many runs tell, so many at a time; prints how it goes on."""
    plan = SweepPlan(task="mnist", grid={"batch_size": list(range(1, runs // 10 + 1))}, seeds=10)
    with SweepStore() as store:
        store.add_sweep("many", plan)
        ids = []
        for number, point in enumerate(plan.points()):
            for config in plan.configs(point):
                ids.append((new_run_id(), config))
                record = RunRecord(
                    ids[-1][0], ids[-1][0], config, Status.LOADING, time.time(), time.time()
                )  # type: ignore[arg-type]
                store.add_runs("many", number, point, [record])
    print("begun", flush=True)
    lock = RunLock.acquire(lock_of_sweep("many"))
    written, begin, before = 0, time.perf_counter(), most_memory()
    with Importer() as importer:
        for at in range(0, runs, workers):
            some = [
                importer.begin(run_id, config, "", {"host": "there", "versions": {}})
                for run_id, config in ids[at : at + workers]
            ]
            documents = [to_document(event) for event in recorded(some[0].run_id, some[0].config)]
            for first in range(0, len(documents), IN_A_MESSAGE):
                batches = [
                    EventBatch(run, first, documents[first : first + IN_A_MESSAGE]) for run in some
                ]
                written += sum(len(new) for _, new in importer.write(batches))
            rate = written / (time.perf_counter() - begin)
            more = most_memory() - before
            print(
                f"{written:>9,} events, {rate:,.0f} a second, at most {more} MB more than before",
                flush=True,
            )
    lock.release()


def main() -> None:
    """Measure and print."""
    options = parser(__doc__, rounds=1)
    options.add_argument("--runs", type=int, default=10_000)
    options.add_argument("--workers", type=int, default=1000)
    options.add_argument("--simulate", action="store_true", help="only write, in this process")
    chosen = options.parse_args()
    if chosen.simulate:
        simulate(chosen.runs, chosen.workers)
        return
    print(machine())
    with temporary_home():
        command = [
            sys.executable,
            __file__,
            "--simulate",
            "--runs",
            str(chosen.runs),
            "--workers",
            str(chosen.workers),
        ]
        writing = subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8")
        assert writing.stdout is not None
        assert writing.stdout.readline() == "begun\n"
        terminal = Terminal()
        times = []
        try:
            terminal.wait_for("MNIST")
            terminal.press(TAB)
            terminal.wait_for("many")
            terminal.watch(5)
            terminal.press(FILTER)
            terminal.watch(1)
            while writing.poll() is None:
                times.append(milliseconds(terminal, "~", "~"))
                terminal.press("\x7f")
                terminal.watch(random.uniform(0.3, 0.9))
        finally:
            terminal.close()
            writing.terminate()
        print(writing.stdout.read().rstrip())
        told("a letter typed in the sweep's tab meanwhile", times)


if __name__ == "__main__":
    main()
