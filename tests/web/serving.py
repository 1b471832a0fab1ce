"""A server for tests: `rnn-tui serve` as a process of its own, as a user starts it."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psutil

from tests.cli.command_line import COMMAND, environment

PATIENCE = 90.0


class Serving:
    """A server that has told its address.

    Attributes:
        address: what it told to open.
        sentence: all that it has written on stdout.
    """

    def __init__(self, *options: str, **variables: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "serve", "--port", "0", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=environment(**variables),
        )
        assert self.process.stdout is not None
        self.sentence = self.process.stdout.readline()
        address = re.fullmatch(r"rnn-tui is at (http://\S+) until Ctrl-C\.\n", self.sentence)
        assert address is not None, self.sentence + self.end()[1]
        self.address = address[1]
        self.port = urlsplit(self.address).port

    @property
    def token(self) -> str:
        """The token in its address."""
        return self.address.partition("token=")[2]

    @property
    def pages(self) -> list[psutil.Process]:
        """The processes of its pages that are not at their end."""
        return psutil.Process(self.process.pid).children()

    def end(self, number: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """End it by a signal; returns its exit code, and what it wrote after its sentence."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out + err


@contextmanager
def serving(*options: str, **variables: str) -> Iterator[Serving]:
    """A server for a while."""
    server = Serving(*options, **variables)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.end()
