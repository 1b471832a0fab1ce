"""Write into one database of runs from several processes at once, and look whether all is there.

    python tests/write_at_once.py --seconds 60 --processes 2

Each process records made-up runs, several at a time, as fast as they are taken; another one lists
and renames runs meanwhile. At the end every value of every run must be in the database.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rnn_tui.archive.recorder import Recorder
from rnn_tui.archive.store import RunStore
from rnn_tui.engine import events
from rnn_tui.engine.events import new_run_id
from rnn_tui.engine.files.paths import run_database
from rnn_tui.engine.metrics import Metric
from rnn_tui.tasks import TASKS

AT_ONCE = 3
LOGS = 200


def record(seconds: float) -> int:
    """Record runs for so long; prints the id and the number of values of each."""
    config = TASKS["recall"].config("lstm", "fast", hidden_sizes=(2, 5), seeds=3)
    spec = Metric("val_accuracy", "accuracy", "%", True)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ids = [new_run_id() for _ in range(AT_ONCE)]
        recorders = [Recorder(run_database(), run_id, config, "made-up") for run_id in ids]
        for run_id, recorder in zip(ids, recorders, strict=True):
            recorder.take(events.RunStarted(run_id, config, (spec,), LOGS, LOGS, LOGS, 7, "cpu"))
        for step in range(1, LOGS + 1):
            for run_id, recorder in zip(ids, recorders, strict=True):
                values = {"train_loss": tuple(1.0 / (step + at) for at in range(6))}
                recorder.take(events.StepLogged(run_id, step, {}, 1.0, step / 10, values))
            if step % 20 == 0 and not recorders[step // 20 % AT_ONCE].flush():
                print(f"not taken: {recorders[step // 20 % AT_ONCE].problem}", file=sys.stderr)
                return 1
        for run_id, recorder in zip(ids, recorders, strict=True):
            end = {"val_accuracy": (1.0,) * 6}
            recorder.take(events.RunFinished(run_id, LOGS, {}, 20.0, end))
            if not recorder.close():
                print(f"not taken: {recorder.problem}", file=sys.stderr)
                return 1
            print(run_id, flush=True)
    return 0


def bother(seconds: float, seed: int) -> int:
    """List and rename runs for so long, as an app does; returns how often."""
    rng, times, until = random.Random(seed), 0, time.monotonic() + seconds
    with RunStore() as store:
        while time.monotonic() < until:
            runs = store.runs()
            if runs:
                run = rng.choice(runs)
                store.rename(run, f"renamed-{times}-{run.run_id}")
                store.logged_values(run.run_id)
            times += 1
    return times


def missing(run_id: str, store: RunStore) -> str:
    """What is wrong with the record of a run; nothing if all is there."""
    moments = store.logged_values(run_id)
    steps = [moment.step for moment in moments if moment.kind == "step"]
    if steps != list(range(1, LOGS + 1)):
        return f"{run_id} has {len(steps)} of {LOGS} logs"
    values = [m.replicas.get("train_loss") for m in moments if m.kind == "step"]
    if values != [tuple(1.0 / (step + at) for at in range(6)) for step in steps]:
        return f"{run_id} has other values"
    run = store.get(run_id)
    return "" if run is not None and run.status == "finished" else f"{run_id} is not finished"


def main() -> int:
    """Write, bother and count; 0 if nothing is lost."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="default: %(default)s")
    parser.add_argument("--processes", type=int, default=2, help="that write (%(default)s)")
    parser.add_argument("--record", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.record:
        return record(options.seconds)
    with tempfile.TemporaryDirectory(prefix="rnn-tui-at-once-") as home:
        os.environ["RNN_TUI_HOME"] = home
        command = [sys.executable, __file__, "--record", "--seconds", str(options.seconds)]
        writers = [
            subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8")
            for _ in range(options.processes)
        ]
        looks = bother(options.seconds, 0)
        told = [writer.communicate()[0].split() for writer in writers]
        if any(writer.returncode for writer in writers):
            return 1
        recorded = [run_id for ids in told for run_id in ids]
        with RunStore() as store:
            wrong = [text for run_id in recorded if (text := missing(run_id, store))]
            listed = {run.run_id for run in store.runs()}
        wrong += [f"{run_id} is not listed" for run_id in recorded if run_id not in listed]
    for text in wrong:
        print(text, file=sys.stderr)
    runs = [len(ids) for ids in told]
    print(
        f"{options.processes} processes recorded {' and '.join(map(str, runs))} runs, "
        f"{sum(runs) * LOGS * 6:,} values, beside {looks} lists and renames in "
        f"{options.seconds:g} s: {'nothing lost' if not wrong else f'{len(wrong)} faults'}."
    )
    return 1 if wrong or not all(runs) else 0


if __name__ == "__main__":
    sys.exit(main())
