"""Random command lines over all commands and options, hostile streams and environments."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import cv2
import numpy as np

from rnn_tui.cli.commands import build_parser
from tests.attack.attack import Attack, Attempt, home_in
from tests.attack.command_server import CLOSED, NOBODY

ROOT = Path(__file__).parents[2]
CODES = (0, 1, 2, 130)
OUTPUTS = ("output", "resume_output", "outputs", "npz")
SECONDS, MOST_SECONDS = 60.0, 90.0
# Commands that go on until they are told to end, or for long, and how long they may before Ctrl-C.
ENDLESS, SECONDS_OF_ENDLESS = {"train", "report", "reproduce", "sweep", "serve"}, 0.4
# One of so many has an interpreter of its own.
REAL = 80
# Networks that train in a moment, where nothing hostile is put in their place.
TINY = {
    "epochs": "1",
    "batch_size": "4",
    "training_size": "8",
    "test_size": "4",
    "seeds": "1",
    "hidden_sizes": "2",
    "lengths": "3-4",
    "losses": "bce",
    "workers": "1",
    "device": "cpu",
    "position": "1",
    "mnist_seeds": "1",
    "only": "adder",
    "preset": "fast",
}
HOSTILE = (
    "",
    " ",
    "0",
    "-1",
    "1e999",
    "nan",
    "inf",
    "-inf",
    "9" * 400,
    "1" * 5000,
    "0x10",
    "1_0",
    "½",
    "٣",
    "1,2,3",
    "3-",
    "2-1",
    ",",
    "=",
    "-",
    "--",
    "--json",
    "-h",
    "\x1b[31mred",
    "a\nb\tc",
    "\r",
    "\x9b2J",
    "[bold]x[/bold]",
    "[/]",
    "{0}",
    "%s%n",
    "\udcff\udc80",
    "é" * 300,
    "🎉",
    "\u202e",
    "~no-such-user/x",
    "/",
    ".",
    "..",
    "x" * 5000,
    "/dev/zero",
    "/dev/full",
    "a/" * 3000,
    "*",
    "'",
    "last",
    "LAST",
    "@x",
    "cuda",
    "mps",
    "true",
    "None",
    "1 + 1",
    "1011",
    "31415",
    "+",
    "0b",
    "0xg",
)
# What is no fault at all, by the name of the option or the place.
PLAUSIBLE = {
    "run": ("last",),
    "runs": ("last",),
    "resume": ("last",),
    "start_from_run": ("last",),
    "query": ("1011", "110", "31415", "0x1f", "+"),
    "test_image": ("0", "9999"),
    "seed": ("0", "7"),
    "position": ("1", "3"),
    "hidden_size": ("10", "3"),
    "loss": ("bce", "ce"),
    "metrics": ("loss",),
    "threshold": ("0", "99.5"),
    "weights": ("adder.safetensors", "mnist-lstm.safetensors"),
    "photo": ("photo.png",),
    "paths": ("photo.png", "photos", "."),
    "name": ("other",),
}
PLACES = (
    "pipe",
    "socket",
    "folder",
    "empty",
    "damaged.safetensors",
    "photo.png",
    "loop",
    "nowhere",
    "missing/x.md",
    "photos",
    "text.md",
    "adder.safetensors",
    "mnist-lstm.safetensors",
)
WRITABLE = ("new.md", "new.html", "new.npz", "folder", "missing/x.md", "loop", "empty", "socket")
ODD = {
    "NO_COLOR": "1",
    "COLUMNS": "0",
    "TERM": "dumb",
    "FORCE_COLOR": "1",
    "LINES": "x",
    "TTY_COMPATIBLE": "1",
    "PYTHONWARNINGS": "default",
    "TZ": "nowhere/\x1b",
}
LINES = (
    b"1011 110\n",
    b"31415\n",
    b"\xff\xfe\x00\n",
    b"\n",
    b"# x\n",
    b"0x1f + 0d3\n",
    b"\x1b[2J\n",
    b"9" * 3000 + b"\n",
    b"\xef\xbb\xbf1 1\r\n",
    b"\x00\x00",
    b"1 1",
    "½ ٣\n".encode(),
    b"\xed\xa0\x80 1\n",
)


@dataclass(frozen=True)
class Form:
    """A command with what it takes: its words, its options and its places for values."""

    words: tuple[str, ...]
    actions: tuple[argparse.Action, ...]


def forms(parser: Any, words: tuple[str, ...] = ()) -> Iterator[Form]:
    """Every command there is, from the parser itself: a new one is attacked as well."""
    parser.complete()
    yield Form(words, tuple(parser._actions))
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                yield from forms(below, (*words, name))


class CommandLines(Attack):
    """Nothing but a sentence and one of a few exit codes, whatever is typed."""

    name, unit, share, length = "command_lines", "command lines", 40, 10_000

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._forms = list(forms(build_parser()))
        self._server: subprocess.Popen[str] | None = None
        self._home, self._work = folder / "home", folder / "work"
        self._template = folder / "template"
        paper = np.full((60, 60), 220, np.uint8)
        cv2.line(paper, (32, 12), (28, 48), 30, 5)
        self._photo = cv2.imencode(".png", paper)[1].tobytes()
        environment = home_in(self._template) | {"OMP_NUM_THREADS": "1"}
        tiny = [
            "--epochs=1",
            "--training-size=8",
            "--test-size=4",
            "--batch-size=4",
            "--seeds=1",
            "--hidden-size=2",
            "--loss=bce",
            "--device=cpu",
            "--quiet",
        ]
        subprocess.run(
            [sys.executable, "-m", "rnn_tui", "train", "adder", *tiny],
            env=environment,
            stdout=subprocess.DEVNULL,
            check=True,
        )

    def attempt(self, random: Random) -> Attempt:
        """Type something."""
        self._prepare(random)
        form = random.choice(self._forms)
        if form.words[:1] in (("train",), ("report",), ("reproduce",)) and random.random() < 0.5:
            form = random.choice(self._forms)  # these take the longest
        arguments = self._arguments(form, random)
        ascii_only, real = random.random() < 0.15, random.randrange(REAL) == 0
        out, err = self.folder / "out", self.folder / "err"
        streams = [
            CLOSED if random.random() < 0.05 else str(self.folder / "in"),
            random.choice([NOBODY, "/dev/full", CLOSED]) if random.random() < 0.2 else str(out),
            random.choice([NOBODY, "/dev/full", CLOSED]) if random.random() < 0.1 else str(err),
        ]
        environment = self._environment(random, ascii_only=ascii_only)
        run = self._in_interpreter if real else self._in_server
        code = run(arguments, streams, environment, ascii_only, bool(ENDLESS & set(form.words)))
        told = [file.read_bytes().decode(errors="replace") for file in (out, err)]
        home = environment["RNN_TUI_HOME"]
        kind = "by itself" if real else "in the server"
        tried = (
            f"rnn-tui {shlex.join(arguments)[:1500]!a} {kind}, streams {streams}, home {home!a}, "
            f"ascii {ascii_only}"
        )
        whole = streams[1] == str(out)
        return Attempt(tried, fault_of(arguments, code, told[0] if whole else None, told[1]))

    def close(self) -> None:
        """End the server."""
        if self._server is not None:
            assert self._server.stdin is not None
            self._server.stdin.close()
            self._server.wait()

    def _prepare(self, random: Random) -> None:
        """A home and a folder as they are before each attempt."""
        for folder in (self._home, self._work):
            shutil.rmtree(folder, ignore_errors=True)
        for stream in ("out", "err"):
            (self.folder / stream).write_bytes(b"")
        lines = random.choices(LINES, k=random.choice([0, 1, 2, 5]))
        (self.folder / "in").write_bytes(b"".join(lines))
        shutil.copytree(self._template, self._home)
        self._work.mkdir()
        work, assets = self._work, ROOT / "assets" / "pretrained"
        os.mkfifo(work / "pipe")
        (work / "folder").mkdir()
        (work / "photos").mkdir()
        (work / "loop").symlink_to("loop")
        (work / "nowhere").symlink_to("missing")
        (work / "empty").write_bytes(b"")
        (work / "text.md").write_text("text")
        for name in ("adder", "mnist-lstm"):
            (work / f"{name}.safetensors").symlink_to(assets / f"{name}.safetensors")
        data = bytearray((assets / "adder.safetensors").read_bytes())
        data[random.randrange(len(data))] ^= 255
        (work / "damaged.safetensors").write_bytes(data)
        for name in ("photo.png", "photos/7.png", "photos/\x1b[31m.png"):
            (work / name).write_bytes(self._photo)
        with socket.socket(socket.AF_UNIX) as server:
            here = os.open(".", os.O_RDONLY)
            os.chdir(work)  # the name of a socket must be short
            server.bind("socket")
            os.fchdir(here)
            os.close(here)

    def _arguments(self, form: Form, random: Random) -> list[str]:
        arguments: list[str] = list(form.words)
        # A line with one wrong value is refused at once: most get further with fewer of them.
        hostile = random.choice([0.02, 0.1, 0.5])
        for action in form.actions:
            if isinstance(action, argparse._SubParsersAction):
                continue
            if not action.option_strings:
                count = {None: 1, "?": random.randrange(2)}.get(action.nargs, random.randrange(4))
                arguments += [self._value(action, random, hostile) for _ in range(count)]
                continue
            tiny = TINY.get(action.dest)
            if random.random() > (0.9 if tiny else 0.02 if action.dest == "help" else 0.15):
                continue
            option = random.choice(action.option_strings)
            if action.nargs == 0:
                arguments.append(option)
                continue
            value = (
                tiny
                if tiny and random.random() > hostile / 4
                else self._value(action, random, hostile)
            )
            arguments += [f"{option}={value}"] if random.random() < 0.5 else [option, value]
        if random.random() < hostile / 5:
            arguments.insert(random.randrange(len(arguments) + 1), random.choice(HOSTILE))
        return [one.replace("\0", "") for one in arguments]

    def _value(self, action: argparse.Action, random: Random, hostile: float) -> str:
        if action.dest in OUTPUTS:  # into its own folder, whatever the user may do
            return random.choice(WRITABLE)
        if action.choices and random.random() > hostile:
            return str(random.choice(list(action.choices)))
        if action.dest in PLAUSIBLE and random.random() > hostile:
            return random.choice(PLAUSIBLE[action.dest])
        return random.choice(HOSTILE if random.random() < 0.6 else PLACES)

    def _environment(self, random: Random, *, ascii_only: bool) -> dict[str, str]:
        environment = home_in(self._home) | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        if random.random() < 0.08:
            homes = (
                "~no-such-user/x",
                "pipe",
                "empty",
                "socket",
                "loop",
                "/dev/null",
                "x" * 400,
                "\udcff",
                "new",
                "/proc/nowhere",
                " ",
                "damaged.safetensors",
            )
            environment["RNN_TUI_HOME"] = random.choice(homes)
            environment["HOME"] = str(self._work)
        environment |= {name: value for name, value in ODD.items() if random.random() < 0.1}
        if ascii_only:
            environment |= {
                "LANG": "C",
                "LC_ALL": "C",
                "PYTHONUTF8": "0",
                "PYTHONCOERCECLOCALE": "0",
            }
        return environment

    def _in_server(
        self,
        arguments: list[str],
        streams: list[str],
        environment: dict[str, str],
        ascii_only: bool,
        endless: bool,
    ) -> int | None:
        if self._server is None:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "tests.attack.command_server"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="utf-8",
                env=home_in(self._template) | {"OMP_NUM_THREADS": "1"},
            )
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        request = {
            "arguments": arguments,
            "streams": streams,
            "environment": environment,
            "ascii": ascii_only,
            "folder": str(self._work),
            "limit": MOST_SECONDS,
            "ask": SECONDS_OF_ENDLESS if endless else SECONDS,
        }
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        code: int | None = json.loads(self._server.stdout.readline())
        return code

    def _in_interpreter(
        self,
        arguments: list[str],
        streams: list[str],
        environment: dict[str, str],
        _ascii_only: bool,
        _endless: bool,
    ) -> int | None:
        ends = {0: "<", 1: ">>", 2: "2>>"}
        parts = []
        for number, name in enumerate(streams):
            if name == CLOSED:
                parts.append(f"{number}{ends[number][-1]}&-")
            elif name != NOBODY:
                parts.append(f"{ends[number]}{shlex.quote(name)}")
        command = shlex.join([sys.executable, "-m", "rnn_tui", *arguments])
        ours, nobody = os.pipe()
        os.close(ours)
        try:
            return subprocess.run(
                # Its own limit, since it is not asked to end: as after Ctrl-C.
                f"exec timeout -s INT -k 60 30 {command} {' '.join(parts)}",
                shell=True,
                cwd=self._work,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=nobody,
                stderr=nobody,
                timeout=MOST_SECONDS,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            return None
        finally:
            os.close(nobody)


def fault_of(arguments: list[str], code: int | None, out: str | None, err: str) -> str:
    """What is wrong with how a command ended; `out` is None where it went elsewhere."""
    if code is None:
        return "it did not end"
    told = err + (out or "")
    signs = ("Traceback", "Exception ignored", "fault of rnn-tui", "Warning:", "nan %", "\x1b")
    for sign in signs:
        if sign in told:
            return f"{sign!r} in {told[-600:]!a}"
    if code not in (*CODES, 124):
        return f"exit code {code}: {told[-300:]!a}"
    helped = {"-h", "--help", "--version"} & set(arguments)
    if "--json" in arguments and code == 0 and out is not None and not helped:
        try:
            json.loads(out)
        except ValueError as error:
            return f"not one JSON document ({error}): {out[:300]!a} {err[-300:]!a}"
    return ""
