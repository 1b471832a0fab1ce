"""Ends of the app in a terminal: at any moment, in every way that there is."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from unittest import mock

from rnn_tui.archive.store import RunStore
from rnn_tui.engine.state import Status
from tests.attack.attack import Attack, Attempt, home_in
from tests.cli.command_line import run_inside
from tests.terminal import Terminal, statuses_written

CTRL_Q = "\x11"
# Keys to press before the end. None starts a training or types a letter into a field.
KEYS = (
    *("\x1bOR", "\x1bOS", "\x1b[15~", "\x1b[17~", "\x1b[18~"),  # F3 to F7
    *("n", "n", "c", "m", "L", "+", "v", "\t", "\x1b[B", "\x1b[C"),
)
# The keys of tasks that train fast, and what is drawn once their tabs are there.
TASKS = (("\x1bOS", "Prompt"), ("\x1b[15~", "Calculator"))
# On an idle machine an end takes up to two seconds, on a busy one longer.
MOST_SECONDS = 5.0
PATIENCE = 30.0
SIGNALS = {"SIGTERM": signal.SIGTERM, "SIGHUP": signal.SIGHUP, "SIGINT": signal.SIGINT}
WAYS = (
    "SIGTERM",
    "SIGHUP",
    "SIGINT",
    "SIGTERM twice",
    "close",
    "close untold",
    "Ctrl+Q",
    "stop and SIGTERM",
    "suspend and SIGTERM",
    "stuck and SIGTERM",
)


class Fault(Exception):
    """The app did not end as it must, or left something."""


class Ends(Attack):
    """Starts the app, goes somewhere in it, ends it, and checks what is left."""

    name = "ends"
    unit = "ends"
    share = 4
    length = 100

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        #: the longest end in milliseconds, by way
        self._longest: Counter[str] = Counter()
        #: how many ends there were of each state and exit code
        self._outcomes: Counter[str] = Counter()

    def attempt(self, random: Random) -> Attempt:
        """One end."""
        way = random.choice(WAYS)
        state = random.choice(("starting", "starting", "somewhere", "training"))
        busy = random.random() < 0.5
        home = self.folder / f"{random.getrandbits(64):x}"
        tried = f"{state}, {way}" + (", beside a busy process" if busy else "")
        with (
            mock.patch.dict(os.environ, home_in(home), clear=True),
            busy_process() if busy else contextlib.nullcontext(),
        ):
            terminal = Terminal(controlling=way == "close")
            try:
                keys = self._go(terminal, state, random)
                tried += f", keys {keys!r}"
                self._end(terminal, way, state, random)
                self._look_after(terminal, way)
            except (Fault, AssertionError) as fault:
                return Attempt(tried, str(fault) or "an assertion of the attack's own")
            finally:
                terminal.close()
        return Attempt(tried)

    def _go(self, terminal: Terminal, state: str, random: Random) -> str:
        """Bring the app into a state, and wait until some moment of it; returns the keys."""
        keys = "".join(random.choices(KEYS, k=random.randrange(8)))
        if state == "starting":
            terminal.watch(random.uniform(0.0, 1.0))
            return ""
        terminal.wait_for("MNIST")
        if state == "training":
            tab, label = random.choice(TASKS)
            terminal.press(tab)
            terminal.wait_for(label)
            terminal.press("t")
            terminal.watch(random.uniform(0.0, 9.0))
            terminal.press(keys)
            keys = f"{tab}t{keys}"
        elif keys:
            terminal.press(keys)
        terminal.watch(random.choice((0.0, random.uniform(0.0, 0.5))))
        return keys

    def _end(self, terminal: Terminal, way: str, state: str, random: Random) -> None:
        """End the app, and check how it ended and how long that took."""
        if way == "Ctrl+Q":
            until = time.monotonic() + PATIENCE
            while not terminal.taken and time.monotonic() < until:
                terminal.watch(0.02)  # until then the terminal would handle Ctrl+Q itself
            terminal.watch(random.uniform(0.02, 0.5))
        if way.startswith(("stop", "suspend")) and terminal.taken:
            number = signal.SIGSTOP if way.startswith("stop") else signal.SIGTSTP
            terminal.stop_and_continue(number)
            terminal.watch(random.choice((0.0, random.uniform(0.0, 0.3))))
        if way.startswith("stuck"):
            with contextlib.suppress(OSError):
                terminal.press("\x1bOS\x1b[15~\x1b[17~n" * 5)
            time.sleep(random.uniform(0.0, 0.5))
        taken = terminal.taken
        began = self._ask(terminal, way)
        code = terminal.wait_for_end(PATIENCE, reading=not way.startswith("stuck"))
        seconds = time.monotonic() - began
        self._longest[way] = max(self._longest[way], round(1000 * seconds))
        if seconds > MOST_SECONDS:
            raise Fault(f"it took {seconds:.1f} s to end")
        allowed = expected(way)
        if not taken:  # the app handles no signals yet: they end it as they end any process
            allowed |= {-number for number in SIGNALS.values()} | {1, 2, 120}
        if code not in allowed:
            raise Fault(f"exit code {code}, not of {sorted(allowed)}: {terminal.output[-2000:]!r}")
        self._outcomes[f"{state}, code {code}"] += 1

    def _ask(self, terminal: Terminal, way: str) -> float:
        """Ask the app to end; returns the time of the last request."""
        began = time.monotonic()
        if way.startswith("close"):
            terminal.hang_up()
        elif way == "Ctrl+Q":
            while terminal.process.poll() is None and time.monotonic() < began + PATIENCE:
                asked = time.monotonic()
                terminal.press(CTRL_Q)
                terminal.watch(1.0)
                if terminal.process.poll() is None:
                    asked = time.monotonic()
                    terminal.press("s")  # stop and keep, where the app asks
                    terminal.watch(2.0)
            return asked
        else:
            number = SIGNALS.get(way, signal.SIGTERM)
            terminal.send(number)
            if way == "SIGTERM twice":
                terminal.send(number)
        return began

    def _look_after(self, terminal: Terminal, way: str) -> None:
        """Check what is left: no process, nothing in the terminal, no run that seems to train."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(terminal.process.pid, 0)
            raise Fault("a process of its group is left")
        # While Python starts, SIGINT ends it before the app could restore anything.
        early_interrupt = way == "SIGINT" and not terminal.taken
        if way.startswith("stuck"):
            if terminal.attributes != terminal.attributes_before:
                raise Fault("the terminal's attributes are changed")
        elif not way.startswith("close") and not early_interrupt and terminal.not_restored():
            raise Fault(terminal.not_restored())
        with RunStore() as store:
            runs = store.runs()
            written_statuses = statuses_written()
        allowed = [Status.INTERRUPTED, Status.FINISHED]
        if way == "Ctrl+Q":  # the app asks whether to stop the run
            allowed.append(Status.STOPPED)
        wrong = [(run.status, run.message) for run in runs if run.status not in allowed]
        if wrong:
            raise Fault(f"runs are {wrong}")
        for status in written_statuses:
            self._outcomes[f"run written as {status}"] += 1
        code, out, err = run_inside(["runs"])
        if code != 0 or len(out.splitlines()) < len(runs):
            raise Fault(f"rnn-tui runs: exit code {code}, {out}{err}")

    def close(self) -> None:
        """Print the longest end of each way, and the count of each outcome."""
        times = [f"{way} {longest / 1000:.2f}" for way, longest in sorted(self._longest.items())]
        print(f"ends: the longest in seconds: {', '.join(times)}", file=sys.stderr)
        for outcome, count in sorted(self._outcomes.items()):
            print(f"ends: {outcome}: {count}", file=sys.stderr)


def expected(way: str) -> set[int]:
    """The exit codes that are right for a way to end."""
    if way.startswith("close"):
        return {128 + signal.SIGHUP}
    if way == "Ctrl+Q":
        return {0}
    return {128 + SIGNALS.get(way, signal.SIGTERM)}


@contextlib.contextmanager
def busy_process() -> Iterator[None]:
    """A process that never waits, so that the app gets less of the processor."""
    busy = subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"])
    try:
        yield
    finally:
        busy.kill()
        busy.wait()
