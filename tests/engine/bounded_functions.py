"""Functions that tests call in a process with limits; see `engine.bounded`."""

import os
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np

from rnn_tui.engine.errors import NetworkError
from rnn_tui.engine.process.bounded_child import Message


def doubled(request: Message) -> Message:
    """Print much, and return twice the arrays."""
    print("\x1b[31mred" * 1000, flush=True)
    os.write(1, b"\x1b[31m" * 1000)
    os.write(2, b"\x1b[31m" * 1000)
    arrays = {name: 2 * array for name, array in request.arrays.items()}
    return Message([*request.document, os.getpid()], arrays)


def large(request: Message) -> Message:
    """Take so many bytes."""
    return Message(int(np.ones(request.document, np.uint8).sum()))


def endless(_request: Message) -> Message:
    """Compute without end."""
    while True:
        pass


def ending(_request: Message) -> Message:
    os._exit(7)


def refusing(_request: Message) -> Message:
    raise NetworkError("No \x1b[31m network.")


def faulty(_request: Message) -> Message:
    raise KeyError("\x1b[31m")


def garbled(_request: Message) -> Message:
    """Answer what is no answer."""
    for descriptor in range(3, 20):  # among them the one for answers
        with suppress(OSError):
            os.write(descriptor, b"\xff" * 100)
    return Message()


def note_its_number(request: Message) -> Message:
    """Write which process it is into a file, and compute without end."""
    Path(request.document).write_text(f"{os.getpid()}\n", encoding="utf-8")
    return endless(request)


def imported_from(_request: Message) -> Message:
    """Return what modules are found in."""
    return Message(sys.path)
