"""Kill training with SIGKILL at random moments, resume it, and compare it with a run left alone.

    python tests/kill_and_resume.py --kills 200

Every training is a process of its own that runs the command line: `rnn-tui train …`, and after each
kill `rnn-tui train --resume`. After each kill the checkpoint must be whole, the database must have
all that was logged up to it, and the run must show as interrupted. At the end the weights must be
those of the run that was left alone, bit for bit, and the curve the same. (The processes are forked
from one that has PyTorch loaded: a kill then costs a fraction of a second.)
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

# All that a training imports: a process that is to be killed must not spend its life with that.
import rnn_tui.cli.commands
import rnn_tui.cli.results
import rnn_tui.cli.train
import rnn_tui.runs.training  # noqa: F401
from rnn_tui.cli.main import main as rnn_tui_main
from rnn_tui.engine import loop
from rnn_tui.engine.checkpoint import load_checkpoint
from rnn_tui.engine.state import Status
from rnn_tui.engine.training_state import load_resume_point
from rnn_tui.runs.records import Moment, RunRecord
from rnn_tui.runs.store import RunStore
from rnn_tui.tasks import TASKS
from tests.conftest import write_mnist_slice

# Epochs of these small runs take a fraction of a second; checkpoints in between are to be killed
# too.
CHECKPOINT_SECONDS = 0.03
# From the start of a process to its death, in seconds.
SHORTEST_LIFE, LONGEST_LIFE = 0.01, 0.35
FINISHED = 0


SEEN: Counter[str] = Counter()


class Broken(Exception):
    """What must not happen did."""


@dataclass(frozen=True)
class Case:
    """A training to kill, and how it ends when nobody does."""

    arguments: Sequence[str]
    weights: dict[str, Any]
    record: list[Any]


def cases_of(data: Path) -> dict[str, list[str]]:
    """What to train: every task, recipes with and without chance in the steps."""
    sequences = ["--seeds", "2", "--batch-size", "8", "--training-size", "800", "--epochs", "6"]
    images = ["--data-dir", str(data), "--hidden-size", "10", "--workers", "2", "--epochs", "6"]
    return {
        "recall": ["recall", "--preset", "fast", "--hidden-size", "2,4", *sequences],
        "mnist": ["mnist", "--preset", "photos", "--batch-size", "20", *images],
        "adder": ["adder", "--preset", "report", "--hidden-size", "3", *sequences],
    }


def spawn(arguments: Sequence[str]) -> int:
    """Run the command in a process of its own; returns its number."""
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        loop.CHECKPOINT_SECONDS = CHECKPOINT_SECONDS
        code = rnn_tui_main([*arguments])
    finally:
        os._exit(code)


def exit_code(child: int) -> int | None:
    """How a process ended; None if it was killed."""
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else None


def without_times(moments: Sequence[Moment]) -> list[Any]:
    """What two runs of the same settings must share."""
    return [(m.kind, m.step, m.epoch, dict(m.metrics), dict(m.replicas)) for m in moments]


def outcome_of(run: RunRecord, store: RunStore) -> tuple[dict[str, Any], list[Any]]:
    """Weights and record of a finished run."""
    return dict(load_checkpoint(run.weights).weights), without_times(store.moments(run.run_id))


def left_alone(arguments: Sequence[str]) -> Case:
    """Train without a kill."""
    if exit_code(spawn(["train", *arguments])) != FINISHED:
        raise Broken("a training that nobody killed failed")
    with RunStore() as store:
        run = store.find("last")
        weights, record = outcome_of(run, store)
        store.delete(run)
    return Case(arguments, weights, record)


def check_after_kill(run: RunRecord, case: Case, store: RunStore) -> None:
    """What must hold whenever a process was killed."""
    if run.status is not Status.INTERRUPTED:
        raise Broken(f"a killed run shows as {run.status}")
    if any(path != run.weights for path in run.weights.parent.glob("*")):
        SEEN["while a checkpoint was written"] += 1
    if not run.weights.exists():
        SEEN["before the first checkpoint"] += 1
        return
    point = load_resume_point(run.weights, run.run_id, run.config)
    SEEN["after a checkpoint within an epoch" if point.state.step_in_epoch else
         "after a checkpoint at an epoch's end"] += 1  # fmt: skip
    state, per_epoch = point.state, run.steps_per_epoch
    kept = without_times(store.moments(run.run_id))
    done = (state.epoch - 1) * per_epoch
    expected = [
        row
        for row in case.record
        if (row[0] == "step" and row[1] <= point.step) or (row[0] == "epoch" and row[1] <= done)
    ]
    missing = [row for row in expected if row not in kept]
    if missing:
        raise Broken(f"the database lacks {missing[0][:3]}, the checkpoint is of {point.step}")
    if any(row not in case.record for row in kept):
        raise Broken("the database has what never was")


def kill_until_finished(case: Case, rng: random.Random, most: int) -> int:
    """Train, kill, resume, and so on, at most so many times; returns how many kills."""
    kills, run_id = 0, ""
    while True:
        child = spawn(["train", "--resume", run_id] if run_id else ["train", *case.arguments])
        if kills < most:
            time.sleep(rng.uniform(SHORTEST_LIFE, LONGEST_LIFE))
            os.kill(child, signal.SIGKILL)
        code = exit_code(child)
        with RunStore() as store:
            runs = store.runs()
            if code is None:
                kills += 1
                if runs:  # else it died before there was anything of it
                    run_id = runs[0].run_id
                    check_after_kill(runs[0], case, store)
                continue
            if code != FINISHED:
                raise Broken(f"a resumed run ended with exit code {code}")
            (run,) = runs
            weights, record = outcome_of(run, store)
            leftovers = [path for path in run.weights.parent.iterdir() if path != run.weights]
            store.delete(run)
        if weights.keys() != case.weights.keys() or not all(
            tensor.equal(case.weights[name]) for name, tensor in weights.items()
        ):
            raise Broken("the weights differ from those of the run that was left alone")
        if record != case.record:
            raise Broken("the curve differs from that of the run that was left alone")
        if leftovers:
            raise Broken(f"files were left: {leftovers}")
        return kills


def main() -> int:
    """Kill as often as asked; 0 if nothing broke."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--kills", type=int, default=200, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (%(default)s)")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="rnn-tui-kills-"))
    os.environ["RNN_TUI_HOME"] = str(home)
    try:
        arguments = cases_of(write_mnist_slice(home / "data"))
        for task in TASKS.values():
            task.load()
        cases = {task: left_alone(arguments[task]) for task in options.tasks}
        rng, kills, runs = random.Random(options.seed), 0, 0
        began = time.monotonic()
        while kills < options.kills:
            for task, case in cases.items():
                left = options.kills - kills
                more = kill_until_finished(case, rng, max(1, min(left, options.kills // 3 + 1)))
                kills, runs = kills + more, runs + 1
                print(
                    f"{task}: killed {more} times, resumed, the same bits and the same curve",
                    flush=True,
                )
                if kills >= options.kills:
                    break
        seconds = time.monotonic() - began
        for what, count in SEEN.most_common():
            print(f"killed {what}: {count}")
        print(
            f"{kills} kills of {runs} runs in {seconds:.0f} s, seed {options.seed}: nothing lost."
        )
    except Broken as error:
        print(f"after seed {options.seed}: {error}; see {home}", file=sys.stderr)
        return 1
    shutil.rmtree(home)
    return 0


if __name__ == "__main__":
    sys.exit(main())
