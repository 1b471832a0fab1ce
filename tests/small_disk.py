"""A disk of few bytes, to be filled."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

SECONDS_TO_UNMOUNT = 120.0


class NoSmallDiskError(Exception):
    """No file system can be mounted here, as that takes rights, and Linux."""


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[None]:
    """Have a file system of its own in a folder, of a size such as `1m`.

    Raises:
        NoSmallDiskError: where none can be mounted.
    """
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    if os.name == "nt" or subprocess.run(mount, check=False, capture_output=True).returncode:
        raise NoSmallDiskError("no file system can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True, timeout=SECONDS_TO_UNMOUNT)


@contextmanager
def home_on_small_disk(folder: Path, size: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the home of the program on a disk of its own; a test is skipped where there is none."""
    try:
        with mounted(folder, size):
            monkeypatch.setenv("RNN_TUI_HOME", str(folder / "home"))
            yield
    except NoSmallDiskError as error:
        pytest.skip(str(error))


def fill(disk: Path) -> Path:
    """Leave no byte on a disk; returns the file that takes them."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    return filler
