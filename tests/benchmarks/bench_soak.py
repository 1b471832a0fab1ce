"""Memory of the app over many short runs: what stays of each.

Runs of adder, one after another, in one app with its charts in view. Target: after the first 50, no
more than 20 MB above what it was then. Widgets and other objects of the app that became more are
listed by type.
"""

import asyncio
import gc
import os
import time
from collections import Counter
from pathlib import Path

from _common import machine, parser, temporary_home, verdict
from textual.widget import Widget

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.state import Status
from rnn_tui.tasks import TASKS
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.frame.requests import TrainRequested
from rnn_tui.ui.training.pane import TaskPane

TARGET_MB = 20.0
PATIENCE = 300.0
SMALL = {"epochs": 2, "batch_size": 10, "training_size": 40, "test_size": 20, "device": "cpu"}
STATEMENT = Path("/proc/self/statm")


def memory() -> float:
    """What the process keeps in memory, in MB."""
    pages = int(STATEMENT.read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def census() -> Counter[str]:
    """Live objects of Textual, Rich and ours by type, widgets with a star."""
    gc.collect()
    kinds: Counter[str] = Counter()
    for instance in gc.get_objects():
        kind = type(instance)
        if kind.__module__.split(".")[0] in ("textual", "rich", "rnn_tui", "asyncio", "_asyncio"):
            kinds[f"{kind.__name__}{' *' if issubclass(kind, Widget) else ''}"] += 1
    return kinds


async def train(app: RnnTuiApp, config: RunConfig) -> None:
    """Train one run, and wait until all of its events are on screen."""
    earlier_runs = list(app.runs.states)
    app.query_one("#adder TaskPane", TaskPane).post_message(TrainRequested([config]))
    give_up = time.monotonic() + PATIENCE
    while app.runs.anything_to_come or list(app.runs.states) == earlier_runs:
        if time.monotonic() > give_up:
            raise SystemExit("a run took too long")
        await asyncio.sleep(0.02)
    state = list(app.runs.states.values())[-1]
    if state.status is not Status.FINISHED:
        raise SystemExit(f"a run ended: {state.message or state.status}")


async def soak(runs: int, warm_up: int, every: int) -> float:
    """Train and print; returns by how many MB memory grew after the warm-up."""
    app = RnnTuiApp()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("f5")
        while not any(pane.spec.name == "adder" and pane.complete for pane in app.query(TaskPane)):
            await asyncio.sleep(0.02)
        began, before, kinds = 0.0, 0.0, Counter[str]()
        for number in range(1, runs + 1):
            await train(app, TASKS["adder"].config("lstm", "report", seed=number, **SMALL))
            if number in (1, warm_up):  # the first, as counting takes memory, too, and keeps it
                kinds, before, began = census(), memory(), time.monotonic()
            if number % every == 0:
                gc.collect()
                print(f"{number:5} runs: {memory():7.1f} MB", flush=True)
        after = memory()
        more = census() - kinds
        print(f"{(time.monotonic() - began) / max(1, runs - warm_up):.2f} s a run; more of:")
        for kind, count in more.most_common(12):
            print(f"  {count:6,} {kind}")
        return after - before


def main() -> None:
    """Measure and print."""
    options = parser(__doc__, rounds=1)
    options.add_argument("--runs", type=int, default=500, help="in all (%(default)s)")
    options.add_argument("--warm-up", type=int, default=50, help="runs before (%(default)s)")
    options.add_argument("--every", type=int, default=50, help="runs between lines (%(default)s)")
    arguments = options.parse_args()
    with temporary_home():
        print(machine())
        grown = asyncio.run(soak(arguments.runs, arguments.warm_up, arguments.every))
        what = f"MB grown after {arguments.warm_up} runs"
        print(f"{what}: {verdict(grown, TARGET_MB, at_most=True)}")


if __name__ == "__main__":
    main()
