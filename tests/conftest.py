"""What all tests share: a home of their own, and a slice of MNIST that trains in a second."""

import gc
import gzip
import inspect
import os
import random
import signal
import struct
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.process.preparing import prepare_process
from rnn_tui.engine.training.resources import heavy_imports

# Tests run side by side (pytest-xdist): several OpenMP threads each would only get in the way. Here
# and not in a hook, since it must be set before anything imports torch.
os.environ.setdefault("OMP_NUM_THREADS", "1")
prepare_process()  # as in a process of a user

# An example may take long because of what else the machine does: no test is to fail for that.
settings.register_profile("without deadline", settings.default, deadline=None)
settings.load_profile("without deadline")

TRAIN_IMAGES, TEST_IMAGES = 1200, 200
LONGEST = (
    "tests/sweeps/test_deaths.py",
    "tests/sweeps/test_many_deaths.py",
    "tests/attack/",
    "tests/documents/test_commands.py",
    "tests/ui/guide/test_guide.py",
    "tests/ui/app/test_every_view.py",
)
#: The levels, from the quickest to the longest, as CONTRIBUTING.md has them.
LEVELS = ("pure", "app", "process", "long")
RUNNING: list[pytest.Item] = []


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """With `-n auto`, two workers a core: tests of the app wait for it half of their time.

    And whoever is done takes tests from another: the longest ones would have one worker go on
    alone.
    """
    if config.option.dist == "no":
        config.option.dist = "worksteal"
    return 2 * (os.cpu_count() or 1)


def pytest_configure() -> None:
    """Hear Ctrl-C, and let the programs that tests start hear it: a shell's job in the background,
    and all that it starts, does not.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test its level, and begin with those that wait longest for processes."""
    for item in items:
        level = level_of(item)
        item.add_marker(level)
        # a report's keywords have names of parameters beside markers, and "long" is one of both
        item.user_properties.append(("level", level))
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def level_of(item: pytest.Item) -> str:
    """The level of a test: as it is marked, or else by whether an event loop runs it."""
    for level in reversed(LEVELS):
        if item.get_closest_marker(level) is not None:
            return level
    runs_in_a_loop = inspect.iscoroutinefunction(getattr(item, "function", None))
    return "app" if runs_in_a_loop else "pure"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Know which test runs, for whoever asks what it may do."""
    RUNNING.append(item)
    try:
        return (yield)
    finally:
        RUNNING.pop()


def only_marked_tests_start_python(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse an interpreter to a test that is not marked as one that starts processes."""
    if event != "subprocess.Popen" or not RUNNING:
        return
    starts_python = Path(os.fsdecode(arguments[0])).name.startswith(("python", "rnn-tui"))
    if starts_python and level_of(RUNNING[-1]) in ("pure", "app"):
        message = f"{RUNNING[-1].nodeid} starts a process: mark it with pytest.mark.process."
        raise RuntimeError(message)


sys.addaudithook(only_marked_tests_start_python)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count the tests of each level that passed."""
    counts = Counter(
        dict(report.user_properties)["level"]
        for report in terminalreporter.getreports("passed")
        if report.when == "call"
    )
    for level in LEVELS:
        terminalreporter.write_line(f"level {level}: {counts[level]} passed")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for garbage only in what tests make, not in what they import.

    That is half a million objects; walking through them again and again took a third of the time.
    And look seldom: what Textual keeps of the screens of one test is as much again.
    """
    gc.set_threshold(100_000, 20, 5)
    with heavy_imports():
        return (yield)


@pytest.fixture(autouse=True)
def same_chance() -> None:
    """Have a test that asks for random numbers get the same each time: among all there is a sum
    with one place, 0 + 0.
    """
    random.seed(0)


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the test's own for everything that is written."""
    path = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("RNN_TUI_HOME", str(path))
    return path


def write_mnist_slice(root: Path, train: int = TRAIN_IMAGES, test: int = TEST_IMAGES) -> Path:
    """A torchvision root with the first images of the shipped MNIST."""
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part, count in (("train", train), ("t10k", test)):
        for kind, header, item in (("images-idx3", 16, 784), ("labels-idx1", 8, 1)):
            name = f"{part}-{kind}-ubyte"
            with gzip.open(asset_dir() / "mnist" / f"{name}.gz") as file:
                data = file.read(header + item * count)
            shortened = data[:4] + struct.pack(">I", count) + data[8:]
            (raw / name).write_bytes(shortened)
    return root


@pytest.fixture(scope="session")
def mnist_slice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1,200 training and 200 test images, as a torchvision root."""
    return write_mnist_slice(tmp_path_factory.mktemp("mnist-slice"))
