"""Runs with a million logged points, 20,000 runs, a million sums: how long each of these takes.

In seconds, whole commands from start to end where there is a command; on a busy machine those of
the processor tell more. What is measured is made
first, by the code that writes it in training; with `--home FOLDER` it is kept for the next time.
"""

import argparse
import asyncio
import contextlib
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from _common import machine
from textual.widgets import DataTable, Input

from rnn_tui.archive.curves import lines
from rnn_tui.archive.database import connect, transaction
from rnn_tui.archive.database_rows import EventWriter, insert_run
from rnn_tui.archive.store import RunStore
from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.files.paths import run_database
from rnn_tui.tasks import TASKS
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.runs.table import RunsTable

COMMAND = [sys.executable, "-m", "rnn_tui"]
EPOCHS, STEPS = 10_000, 100
LONG, SEEDS = "20260101-000000-long", "20260101-000000-seeds"
# What is made is drawn from these, so that every run of this script sees the same.
DRAW = random.Random(0)


# --- what is measured -------------------------------------------------------------------------


def config_of(seeds: int, epochs: int = EPOCHS) -> RunConfig:
    """Settings of a run of small networks."""
    return TASKS["adder"].config(
        "lstm",
        "report",
        epochs=epochs,
        seeds=seeds,
        hidden_sizes=(10,),
        losses=("ce",),
        device="cpu",
    )


def events_of(run_id: str, config: RunConfig, steps: int = STEPS) -> Iterator[events.Event]:
    """What such a run says, to its last epoch but one: it was stopped there."""
    count, total = len(config.replicas), config.epochs * steps
    specs = TASKS[config.task].metrics
    yield events.RunStarted(run_id, config, specs, total, steps, 1000, 521, "cpu")

    def figures(scale: float) -> tuple[float, ...]:
        return tuple(scale + DRAW.gauss(0, 0.02) for _ in range(count))

    for epoch in range(1, config.epochs):
        for step in range(steps):
            at = (epoch - 1) * steps + step + 1
            loss = {"train_loss": figures(1 - at / total)}
            yield events.StepLogged(run_id, at, {}, 1e5, at * 1e-3, loss)
        end = epoch * steps
        names = ("train_loss", "val_loss", "val_bits", "val_accuracy")
        rows = {name: figures(1 - end / total) for name in names}
        yield events.EpochEnded(run_id, epoch, end, {}, 0.1, end * 1e-3, rows)
    yield events.RunStopped(run_id, (config.epochs - 1) * steps, total * 1e-3)


def single(event: events.Event) -> events.Event:
    """The event of a run with one network, as MNIST's are."""
    if isinstance(event, events.StepLogged):
        [(name, (value,))] = event.replicas.items()
        return events.StepLogged(event.run_id, event.step, {name: value}, event.rate, event.elapsed)
    if isinstance(event, events.EpochEnded):
        metrics = {name: value for name, (value,) in event.replicas.items()}
        return events.EpochEnded(
            event.run_id, event.epoch, event.step, metrics, event.seconds, event.elapsed
        )
    return event


def write_long(run_id: str, seeds: int) -> None:
    """Write a run with a million logged points of every network."""
    config = config_of(seeds)
    shown = TASKS["mnist"].config("lstm", "report", epochs=EPOCHS) if seeds == 1 else config
    connection, _ = connect(run_database())
    writer = EventWriter(run_id, shown)
    with transaction(connection):
        insert_run(connection, run_id, shown, run_id.rpartition("-")[2], time.time())
        told = events_of(run_id, config)
        writer.write(connection, map(single, told) if seeds == 1 else told)
    connection.close()


def write_many(count: int) -> None:
    """Write many runs, each finished after two epochs."""
    connection, _ = connect(run_database())
    with transaction(connection):
        for number in range(count):
            run_id = f"20250101-{number // 10000:06}-{number % 10000:04}"
            config = config_of(3, 3).replace(seed=number)
            insert_run(connection, run_id, config, f"small {number}", time.time() - number)
            told = [*events_of(run_id, config, 3)][:-1]
            end = {"test_accuracy": (99.0, 98.0, 97.0)}
            told.append(events.RunFinished(run_id, 9, {}, 1.0, end))
            EventWriter(run_id, config, TASKS["adder"].metrics).write(connection, told)
    connection.close()


def sums(path: Path, count: int) -> None:
    """Write pairs of up to 19 bits, as in training."""
    draw = random.Random(0)
    with path.open("w") as file:
        for _ in range(count):
            bits = draw.randint(1, 19)
            file.write(f"{draw.getrandbits(bits):b} {draw.getrandbits(bits):b}\n")


# --- how it is measured -----------------------------------------------------------------------


@dataclass(frozen=True)
class Took:
    """How long something took: seconds on the wall and of the processor, and megabytes if known."""

    wall: float
    processor: float | None = None
    peak: float | None = None


def told(name: str, took: Took, target: float | None = None) -> None:
    """Print a line, and whether the seconds meet a target."""
    processor = "" if took.processor is None else f"{took.processor:.2f} s of the processor"
    memory = "" if took.peak is None else f"{took.peak:,.0f} MB"
    met = "" if target is None else f"≤ {target:g} s: {'met' if took.wall <= target else 'MISSED'}"
    print(f"{name:46} {took.wall:7.2f} s  {processor:24} {memory:7} {met}".rstrip(), flush=True)


def command(*arguments: str, given: Path | None = None) -> Took:
    """Run a command, its output thrown away."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began, peak = time.perf_counter(), 0.0
    with Path(given or os.devnull).open() as stdin, Path(os.devnull).open("w") as out:
        process = subprocess.Popen([*COMMAND, *arguments], stdin=stdin, stdout=out)
        # `getrusage` would count this script's own memory, which the process had before it began.
        status = Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            for line in status.read_text().splitlines() if status.exists() else ():
                if line.startswith("VmHWM"):
                    peak = int(line.split()[1]) / 1024
            time.sleep(0.005)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {process.returncode}")
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = now.ru_utime + now.ru_stime - before.ru_utime - before.ru_stime
    return Took(time.perf_counter() - began, processor, peak)


def clocked(function: Callable[[], object]) -> Took:
    """Call a function."""
    began, processor = time.perf_counter(), time.process_time()
    function()
    return Took(time.perf_counter() - began, time.process_time() - processor)


def compare(ids: list[str]) -> None:
    """What the Compare view asks and works out."""
    with RunStore() as store:
        runs = [run for run in map(store.get, ids) if run is not None]
        for run in runs:
            store.metrics(run.run_id)
        lines(store.outlines(runs, "train_loss"), "epoch")


def asked_state(run_id: str) -> None:
    """What a resumed run's pane or line begins with."""
    with RunStore() as store:
        run = store.get(run_id)
        assert run is not None
        store.state(run)


def go_on(run_id: str, first_step: int) -> None:
    """What a resumed run writes first; taken back, so that there is something to do again."""
    with RunStore() as store:
        run = store.get(run_id)
    assert run is not None
    connection, _ = connect(run_database())
    started = events.RunStarted(
        run_id,
        run.config,
        run.specs,
        run.total_steps,
        run.steps_per_epoch,
        run.samples_per_epoch,
        run.parameters,
        run.device,
        first_step=first_step,
    )
    connection.execute("BEGIN IMMEDIATE")
    EventWriter(run_id, run.config).write(connection, [started])
    connection.execute("ROLLBACK")
    connection.close()


class Heart:
    """Tells for how long the app's loop, and so every key, had to wait at most."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._task = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            self.longest = max(self.longest, time.perf_counter() - before - 0.005)

    def stop(self) -> None:
        """Beat no more."""
        self._task.cancel()


async def runs_tab(count: int) -> None:
    """The app's tab of all runs: until its first rows, until the last one, and what follows."""
    app = RnnTuiApp(first="mnist")
    async with app.run_test(size=(150, 50)) as pilot:
        while not app.pane.complete:
            await asyncio.sleep(0.01)
        heart = Heart()

        async def until(
            name: str,
            start: Callable[[], object],
            true: Callable[[], object],
            target: float | None = None,
        ) -> None:
            heart.longest, began = 0.0, time.perf_counter()
            app.call_later(start)
            while not true():
                await asyncio.sleep(0.005)
            took = time.perf_counter() - began
            await pilot.pause(1.5)  # what comes after it, and the next look for news
            told(f"{count:,} runs: {name}", Took(took), target)
            told(f"{count:,} runs: {name}, longest pause", Took(heart.longest))

        def shown() -> int:
            tables = app.query("#runs-table").results(DataTable)
            return next((table.row_count for table in tables), 0)

        def typed(text: str) -> None:
            app.query_one("#runs-filter", Input).value = text

        def note() -> None:
            with contextlib.closing(connect(run_database())[0]) as connection:
                connection.execute(
                    "UPDATE runs SET updated = ?, note = ? WHERE name = 'small 7'",
                    (time.time(), text),
                )

        text = f"noted at {time.time()}"
        began = time.perf_counter()
        app.call_later(app.action_tab, "runs")
        while not shown():
            await asyncio.sleep(0.005)
        told(f"{count:,} runs: tab, first rows", Took(time.perf_counter() - began), 1)
        await until("tab, all rows", lambda: None, lambda: shown() == count)
        table = app.query_one(RunsTable)
        order = table.highlighted
        await until("sorted backwards", table.action_reverse, lambda: table.highlighted == order)
        await until("filtered", lambda: typed("small 1999"), lambda: 0 < shown() < count)
        await until("filter taken away", lambda: typed(""), lambda: shown() == count)
        await until("one changes", note, lambda: any(run.note == text for run in table.runs))
        heart.stop()


@contextmanager
def home(kept: str | None) -> Iterator[Path]:
    """Where what is measured lies."""
    folder = Path(kept or tempfile.mkdtemp(prefix="rnn-tui-benchmark-"))
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["RNN_TUI_HOME"] = str(folder)
    try:
        yield folder
    finally:
        if kept is None:
            shutil.rmtree(folder)


def points(folder: Path) -> None:
    """A run with a million points."""
    os.environ["RNN_TUI_HOME"] = str(folder / "points")
    for run_id, seeds in ((LONG, 1), (SEEDS, 20)):
        with RunStore() as store:
            there = store.get(run_id) is not None
        if not there:
            told(f"write {run_id}", clocked(lambda: write_long(run_id, seeds)))  # noqa: B023
    last = (EPOCHS - 1) * STEPS
    for run_id in (LONG, SEEDS):
        name = run_id.rpartition("-")[2]
        told(f"{name}: rnn-tui runs show", command("runs", "show", run_id), 0.3)
        told(f"{name}: rnn-tui runs compare", command("runs", "compare", run_id, LONG))
        told(f"{name}: Compare's question", clocked(lambda: compare([run_id])), 1)  # noqa: B023
        told(f"{name}: resume, the state", clocked(lambda: asked_state(run_id)))  # noqa: B023
        begin = clocked(lambda: go_on(run_id, last - 50))  # noqa: B023
        told(f"{name}: resume, what is written first", begin)


def many(folder: Path, count: int) -> None:
    """Many runs."""
    os.environ["RNN_TUI_HOME"] = str(folder / f"runs-{count}")
    with RunStore() as store:
        there = store.runs(most=1)
    if not there:
        told(f"write {count:,} runs", clocked(lambda: write_many(count)))
    told(f"{count:,} runs: rnn-tui runs", command("runs"))
    told(f"{count:,} runs: rnn-tui runs --json", command("runs", "--json"))
    told(f"{count:,} runs: rnn-tui runs show", command("runs", "show", "small 77"))
    asyncio.run(runs_tab(count))


def add(folder: Path, count: int) -> None:
    """Many sums on stdin."""
    path = folder / f"sums-{count}.txt"
    if not path.exists():
        sums(path, count)
    for options in ([], ["--json"]):
        took = command("add", "--quiet", "--pretrained", *options, given=path)
        told(f"{count:,} sums: rnn-tui add {' '.join(options)}", took, 30 * count / 1e6)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    options.add_argument("--home", help="keep what is made here, for the next time")
    options.add_argument("--runs", type=int, nargs="+", default=[2_000, 20_000])
    options.add_argument("--sums", type=int, default=1_000_000)
    options.add_argument("--only", nargs="+", choices=("points", "runs", "add"))
    arguments = options.parse_args()
    only = arguments.only or ("add", "points", "runs")
    print(machine())
    with home(arguments.home) as folder:
        if "add" in only:  # first: no other command has taken memory then
            add(folder, arguments.sums)
        if "points" in only:
            points(folder)
        if "runs" in only:
            for count in arguments.runs:
                many(folder, count)


if __name__ == "__main__":
    main()
