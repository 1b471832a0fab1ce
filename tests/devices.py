"""Devices for tests that write into them, without a danger for the system's own."""

import os
import stat
from pathlib import Path

import pytest

# By name, the numbers that Linux has for it.
NUMBERS = {"null": (1, 3), "full": (1, 7)}


def device(name: str, folder: Path) -> Path:
    """The device `name` of /dev, or one like it in `folder`, or else the test is skipped.

    A fault could put a file in the place of the device, which only the superuser may: who has it
    gets a device to destroy.
    """
    path = Path("/dev") / name
    if not path.is_char_device():
        pytest.skip(f"there is no {path} here")
    if os.geteuid():
        return path
    own = folder / f"device-{name}"
    try:
        os.mknod(own, stat.S_IFCHR | 0o666, os.makedev(*NUMBERS[name]))
        own.open("wb").close()
    except OSError:
        pytest.skip("no device can be made here")
    return own
