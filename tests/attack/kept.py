"""Bytes changed in whatever is kept in a home, except the database of runs.

A command then gives what it gives in an untouched home, to the last bit, or ends with a sentence
and exit code 1. It never gives other figures.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import ClassVar

from rnn_tui.data import store
from rnn_tui.engine.errors import CheckpointError, DataError
from rnn_tui.engine.files.paths import weights_of
from rnn_tui.engine.files.seal import digest_of
from rnn_tui.engine.training.checkpoint import load_checkpoint
from rnn_tui.tasks.data_sets.baselines import baselines_of
from rnn_tui.tasks.data_sets.task import stored_task
from tests.archive.kept_runs import small, train
from tests.attack.attack import Attempt, HomeAttack
from tests.cli.command_line import is_harmless, run_inside
from tests.data.examples import rising_or_falling

FINISHED = 0
REFUSED = 1
STOP_AT = 3
Outcome = tuple[int, str]


class Kept(HomeAttack):
    """Resumes, asks and shows what was kept in a home in which some bytes were changed."""

    name: ClassVar[str] = "kept"
    unit: ClassVar[str] = "homes"
    share: ClassVar[int] = 40
    length: ClassVar[int] = 3000

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._original = folder / "original"
        self._home = folder / "home"
        self.use_home(self._original)
        data_set = rising_or_falling()
        store.keep(data_set)
        self._data = data_set.description.name
        baselines_of(self._data)
        config = stored_task(self._data).config(
            "lstm", hidden_sizes=(3,), epochs=3, seeds=1, batch_size=4
        )
        self._stopped = train(config.replace(workers=1), stop_at=STOP_AT, interrupt=True).run_id
        self._finished = train(small(hidden_sizes=(2,), seeds=1)).run_id
        self.use_home(self._home)
        self._files = sorted(
            path.relative_to(self._original)
            for part in ("runs", "data-sets")
            for path in (self._original / part).rglob("*")
            if path.is_file()
        )
        self._uses: tuple[Callable[[], Outcome], ...] = (
            self._resume,
            self._answer,
            self._show,
            self._export,
            self._baselines,
        )
        self._renew()
        self._expected = [use() for use in self._uses]

    def attempt(self, random: Random) -> Attempt:
        """Change a file of a copy, and use all that was kept."""
        self._renew()
        file = random.choice(self._files)
        change = random.choice(CHANGES)
        path = self._home / file
        data = bytearray(path.read_bytes())
        change(data, random)
        path.write_bytes(data)
        faults = []
        for use, expected in zip(self._uses, self._expected, strict=True):
            code, outcome = use()
            if code == FINISHED and outcome != expected[1]:
                faults.append(f"{use.__name__} gives {outcome[:200]!r}, not {expected[1][:200]!r}")
            elif code == REFUSED and not _is_sentence(outcome):
                faults.append(f"{use.__name__} says {outcome[:400]!r}")
            elif code not in (FINISHED, REFUSED):
                faults.append(f"{use.__name__} ends with exit code {code}")
        return Attempt(f"{change.__name__.strip('_')} in {file}", "; ".join(faults))

    def _renew(self) -> None:
        shutil.rmtree(self._home, ignore_errors=True)
        shutil.copytree(self._original, self._home)

    def _resume(self) -> Outcome:
        """Resume the run that was interrupted; the weights at its end."""
        code, _, err = run_inside(["train", "--resume", self._stopped, "--quiet"])
        if code != FINISHED:
            return code, err
        try:
            checkpoint = load_checkpoint(weights_of(self._stopped))
        except CheckpointError as error:
            return code, str(error)
        return code, f"{digest_of(checkpoint.weights)} {checkpoint.metrics}"

    def _answer(self) -> Outcome:
        """Ask the network of the finished run."""
        return _said(["recall", "12345", "--run", self._finished])

    def _show(self) -> Outcome:
        """Show the data set."""
        return _said(["data", "show", self._data])

    def _export(self) -> Outcome:
        """Export the weights of the finished run."""
        target = self.folder / "export.safetensors"
        target.unlink(missing_ok=True)
        arguments = ["runs", "export", self._finished, "--to", "safetensors", "-o", str(target)]
        code, _, err = run_inside(arguments)
        return (code, err) if code else (code, digest_of(load_checkpoint(target).weights))

    def _baselines(self) -> Outcome:
        """Compute the baselines of the data set, or read those that are kept."""
        try:
            return FINISHED, repr(baselines_of(self._data))
        except DataError as error:
            return REFUSED, f"rnn-tui: {error}\n"


def _said(arguments: list[str]) -> Outcome:
    code, out, err = run_inside(arguments)
    return code, err if code else out


def _is_sentence(err: str) -> bool:
    """Whether a command that failed said why, in lines that move no cursor."""
    faulty = "Traceback" in err or "fault of rnn-tui" in err
    return err.startswith("rnn-tui: ") and not faulty and is_harmless(err.replace("\n", ""))


def _bit(data: bytearray, random: Random) -> None:
    """Flip one bit."""
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def _four_bytes(data: bytearray, random: Random) -> None:
    """Put other bytes in the place of four."""
    start = random.randrange(len(data) - 3)
    data[start : start + 4] = random.randbytes(4)


def _some_bytes(data: bytearray, random: Random) -> None:
    """Change bytes here and there."""
    for _ in range(random.randrange(2, 20)):
        data[random.randrange(len(data))] = random.randrange(256)


def _zeros(data: bytearray, random: Random) -> None:
    """Put zeros in the place of a block, as a disk does."""
    start = random.randrange(len(data))
    end = min(len(data), start + 512)
    data[start:end] = bytes(end - start)


def _digits(data: bytearray, random: Random) -> None:
    """Change a digit of the text in a file, as of a figure or a setting."""
    places = [at for at, byte in enumerate(data[:6000]) if chr(byte).isdigit()]
    data[random.choice(places)] = ord(random.choice("0123456789"))


def _cut(data: bytearray, random: Random) -> None:
    """Cut off the end."""
    del data[random.randrange(len(data)) :]


CHANGES = (_bit, _four_bytes, _some_bytes, _zeros, _digits, _cut)
