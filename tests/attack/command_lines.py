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
# Seconds after which a command gets Ctrl-C, and after which it is killed.
SECONDS = 60.0
MOST_SECONDS = 90.0
# Commands that take long or go on until Ctrl-C, and the seconds after which they get it.
ENDLESS = {"train", "report", "reproduce", "rerun", "sweep", "serve"}
SECONDS_OF_ENDLESS = 0.4
# Commands that take longest, and are left out half of the times.
LONGEST = (("train",), ("report",), ("reproduce",), ("rerun",))
# One command of so many runs in an interpreter of its own, the others in forks of the server.
REAL = 80
# Values of options with which networks train in a moment; hostile ones sometimes replace them.
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
    "paper": "course-report",
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
# Values that are right, by the name of the option or argument.
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
    """A command: its words, and its options and arguments."""

    words: tuple[str, ...]
    actions: tuple[argparse.Action, ...]


def forms(parser: Any, words: tuple[str, ...] = ()) -> Iterator[Form]:
    """Every command of the parser, so that a new one is attacked as well."""
    parser.complete()
    yield Form(words, tuple(parser._actions))
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, subparser in action.choices.items():
                yield from forms(subparser, (*words, name))


class CommandLines(Attack):
    """Whatever is typed, a command says a sentence and ends with one of a few exit codes."""

    name = "command_lines"
    unit = "command lines"
    share = 40
    length = 10_000

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._forms = list(forms(build_parser()))
        self._server: subprocess.Popen[str] | None = None
        self._home = folder / "home"
        self._work = folder / "work"
        #: the home that each attempt begins with; it has one run
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
        """Run a random command line."""
        self._prepare(random)
        form = random.choice(self._forms)
        if form.words[:1] in LONGEST and random.random() < 0.5:
            form = random.choice(self._forms)
        arguments = self._arguments(form, random)
        ascii_only = random.random() < 0.15
        real = random.randrange(REAL) == 0
        streams = self._streams(random)
        environment = self._environment(random, ascii_only=ascii_only)
        run = self._in_interpreter if real else self._in_server
        endless = not ENDLESS.isdisjoint(form.words)
        code = run(arguments, streams, environment, ascii_only, endless)
        out: str | None = self._written("out")
        if streams[1] != str(self.folder / "out"):
            out = None
        home = environment["RNN_TUI_HOME"]
        kind = "by itself" if real else "in the server"
        tried = (
            f"rnn-tui {shlex.join(arguments)[:1500]!a} {kind}, streams {streams}, home {home!a}, "
            f"ascii {ascii_only}"
        )
        return Attempt(tried, fault_of(arguments, code, out, self._written("err")))

    def close(self) -> None:
        """End the server."""
        if self._server is not None:
            assert self._server.stdin is not None
            self._server.stdin.close()
            self._server.wait()

    def _streams(self, random: Random) -> list[str]:
        """Where stdin, stdout and stderr of a command are: mostly files in the attack's folder."""
        streams = [str(self.folder / name) for name in ("in", "out", "err")]
        if random.random() < 0.05:
            streams[0] = CLOSED
        if random.random() < 0.2:
            streams[1] = random.choice([NOBODY, "/dev/full", CLOSED])
        if random.random() < 0.1:
            streams[2] = random.choice([NOBODY, "/dev/full", CLOSED])
        return streams

    def _written(self, stream: str) -> str:
        """The text that a command wrote into the file of a stream."""
        return (self.folder / stream).read_bytes().decode(errors="replace")

    def _prepare(self, random: Random) -> None:
        """Make the home and the folder with which every attempt begins."""
        for folder in (self._home, self._work):
            shutil.rmtree(folder, ignore_errors=True)
        for stream in ("out", "err"):
            (self.folder / stream).write_bytes(b"")
        lines = random.choices(LINES, k=random.choice([0, 1, 2, 5]))
        (self.folder / "in").write_bytes(b"".join(lines))
        shutil.copytree(self._template, self._home)
        self._work.mkdir()
        work = self._work
        assets = ROOT / "assets" / "pretrained"
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
        """The words of a command line."""
        words = list(form.words)
        # A command is refused at its first wrong value: the fewer there are, the further it gets.
        hostile = random.choice([0.02, 0.1, 0.5])
        for action in form.actions:
            if isinstance(action, argparse._SubParsersAction):
                continue
            if action.option_strings:
                words += self._option(action, random, hostile)
            else:
                words += self._positional(action, random, hostile)
        if random.random() < hostile / 5:
            place = random.randrange(len(words) + 1)
            words.insert(place, random.choice(HOSTILE))
        return [word.replace("\0", "") for word in words]

    def _positional(self, action: argparse.Action, random: Random, hostile: float) -> list[str]:
        """Values for an argument without an option: as many as it takes, or up to three."""
        one_or_none = random.randrange(2)
        up_to_three = random.randrange(4)
        count = {None: 1, "?": one_or_none}.get(action.nargs, up_to_three)
        return [self._value(action, random, hostile) for _ in range(count)]

    def _option(self, action: argparse.Action, random: Random, hostile: float) -> list[str]:
        """An option with its value, or nothing where it is left out."""
        tiny = TINY.get(action.dest)
        probability = 0.15
        if tiny:
            probability = 0.9
        elif action.dest == "help":
            probability = 0.02
        if random.random() > probability:
            return []
        option = random.choice(action.option_strings)
        if action.nargs == 0:
            return [option]
        if tiny and random.random() > hostile / 4:
            value = tiny
        else:
            value = self._value(action, random, hostile)
        return [f"{option}={value}"] if random.random() < 0.5 else [option, value]

    def _value(self, action: argparse.Action, random: Random, hostile: float) -> str:
        """A value: one of the choices, a right one, a hostile one, or a file.

        Args:
            action: the option or argument.
            random: chooses.
            hostile: the probability of a value that is not right, where right ones are known.
        """
        if action.dest in OUTPUTS:  # the command writes there: only into the attack's folder
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
        for name, value in ODD.items():
            if random.random() < 0.1:
                environment[name] = value
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
    """What is wrong with how a command ended; empty where nothing is.

    Args:
        arguments: of the command.
        code: the exit code, or None where the command had to be killed.
        out: what it wrote to stdout, or None where that went elsewhere.
        err: what it wrote to stderr.
    """
    if code is None:
        return "it did not end"
    text = err + (out or "")
    signs = ("Traceback", "Exception ignored", "fault of rnn-tui", "Warning:", "nan %", "\x1b")
    for sign in signs:
        if sign in text:
            return f"{sign!r} in {text[-600:]!a}"
    if code not in (*CODES, 124):  # 124 is that of `timeout`
        return f"exit code {code}: {text[-300:]!a}"
    asks_for_help = {"-h", "--help", "--version"} & set(arguments)
    if "--json" in arguments and code == 0 and out is not None and not asks_for_help:
        try:
            json.loads(out)
        except ValueError as error:
            return f"not one JSON document ({error}): {out[:300]!a} {err[-300:]!a}"
    return ""
