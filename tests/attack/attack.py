"""What the attacks have in common: attempts that can be repeated, and their report."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import ClassVar
from unittest import mock

from rnn_tui.engine.files.paths import HOME_VARIABLE

SECONDS_BETWEEN_NEWS = 10.0


@dataclass(frozen=True)
class Attempt:
    """What one attempt did.

    Attributes:
        tried: what was tried, so that it could be done by hand.
        fault: what the program did wrong; empty where it did nothing wrong.
        count: how many inputs it was, such as keys.
    """

    tried: str
    fault: str = ""
    count: int = 1


class Attack(ABC):
    """Attempts of one kind.

    Args:
        folder: empty, for whatever the attempts need; it is removed afterwards.

    Attributes:
        name: as the command line calls it.
        unit: what is counted, in the plural.
        share: how many inputs the suite tries.
        length: how many a long run tries.
    """

    name: ClassVar[str]
    unit: ClassVar[str] = "attempts"
    share: ClassVar[int]
    length: ClassVar[int]

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def attempt(self, random: Random) -> Attempt:
        """Try something that `random` chooses, and nothing else does."""

    def close(self) -> None:  # noqa: B027 - most attacks have nothing to let go of
        """Let go of what the attempts had."""


class HomeAttack(Attack):
    """Attempts in this process, on homes that they choose; afterwards its own home is back."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._environment = mock.patch.dict(os.environ)
        self._environment.start()

    def use_home(self, home: Path) -> None:
        """Have the program keep everything below `home` from now on."""
        os.environ[HOME_VARIABLE] = str(home)

    def close(self) -> None:
        """Restore the environment."""
        self._environment.stop()


def attempts(kind: type[Attack], seed: int, first: int = 0) -> Iterator[Attempt]:
    """Attempts without end, from number `first`; what is drawn depends on seed and number only."""
    with tempfile.TemporaryDirectory(prefix=f"attack-{kind.name}-") as folder:
        attack = kind(Path(folder))
        try:
            number = first
            while True:
                yield attack.attempt(Random(f"{kind.name} {seed} {number}"))
                number += 1
        finally:
            attack.close()


def run(kind: type[Attack], count: int, seed: int = 0, first: int = 0) -> list[Attempt]:
    """Try `count` inputs; report progress on stderr, and failures on stdout.

    Returns:
        The attempts that failed.

    Raises:
        OSError: if the attack itself can't go on.
    """
    done = 0
    failures = []
    number = first
    began = time.monotonic()
    reported = began
    stream = attempts(kind, seed, first)
    try:
        while done < count:
            attempt = next(stream)
            done += attempt.count
            if attempt.fault:
                failures.append(attempt)
                command = f"python -m tests.attack {kind.name} --seed {seed} --first {number}"
                print(f"{kind.name}: {attempt.tried}")
                print(f"  {attempt.fault}")
                print(f"  {command} --count 1", flush=True)
            number += 1
            if time.monotonic() - reported > SECONDS_BETWEEN_NEWS:
                reported = time.monotonic()
                print(f"{kind.name}: {done:,} of {count:,}", file=sys.stderr, flush=True)
    finally:
        stream.close()
    seconds = time.monotonic() - began
    print(
        f"{kind.name}: {done:,} {kind.unit} in {seconds:.0f} s, seed {seed}, {len(failures)} "
        "failed",
        flush=True,
    )
    return failures


def home_in(folder: Path) -> dict[str, str]:
    """An environment in which the program keeps everything below `folder`.

    `PYTHONUNBUFFERED` is left out: it hides what an unflushed stdout does.
    """
    environment = dict(os.environ)
    for name in ("PYTHONUNBUFFERED", "NO_COLOR", "COLUMNS"):
        environment.pop(name, None)
    environment["RNN_TUI_HOME"] = str(folder)
    environment["TERM"] = "xterm-256color"
    return environment
