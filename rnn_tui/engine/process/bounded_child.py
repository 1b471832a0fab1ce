"""The process in which functions run that may take what memory and time they like.

It is a fresh interpreter, which `engine.bounded` starts and watches. It reads requests from stdin,
one after another, and answers each on stdout. What libraries print goes nowhere. Once stdin is
closed, as by the end of the program that started it, it ends.

A message is JSON with arrays behind it, and never a pickle: what a hostile file has made of this
process can only send numbers and text.
"""

import json
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pkgutil import resolve_name
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import UserError

MOST_DOCUMENT = 64 * 2**20  # bytes of a message's JSON
KINDS_OF_NUMBERS = "biuf"  # of arrays that are sent: truth values, integers, floats
#: how a call ended, the keys of an answer's document.
RESULT, REFUSAL, OUT_OF_MEMORY, FAULT = "result", "refusal", "out of memory", "fault"


@dataclass(frozen=True, eq=False)
class Message:
    """What is sent to a function in another process, or what it returns."""

    document: Any = None  #: values that JSON has.
    arrays: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)  #: by name.


#: a function that may run in such a process, named as `module:function`.
BoundedFunction = Callable[[Message], Message]


def write_message(stream: IO[bytes], message: Message) -> None:
    """Write a message: the length of its JSON in eight bytes, its JSON, the arrays one by one."""
    arrays = {name: np.asarray(array, order="C") for name, array in message.arrays.items()}
    kinds = [[name, array.dtype.str, list(array.shape)] for name, array in arrays.items()]
    text = json.dumps({"document": message.document, "arrays": kinds}).encode()
    stream.write(len(text).to_bytes(8, "little") + text)
    for array in arrays.values():
        stream.write(array.reshape(-1).view(np.uint8).data)
    stream.flush()


def read_message(stream: IO[bytes], most_bytes: int) -> Message:
    """Read a message.

    Args:
        stream: where it comes from.
        most_bytes: how many bytes its arrays may have together.

    Raises:
        EOFError: the stream ends before it does.
        ValueError: it is none, or too large.
    """
    length = int.from_bytes(_read(stream, 8), "little")
    if length > MOST_DOCUMENT:
        raise ValueError("a message whose document is too large")
    content = json.loads(_read(stream, length))
    arrays = {}
    for name, kind, shape in content["arrays"]:
        dtype = np.dtype(kind)
        size = dtype.itemsize
        for count in shape:
            size *= count
        most_bytes -= size
        if dtype.kind not in KINDS_OF_NUMBERS or size < 0 or most_bytes < 0:
            raise ValueError("a message with arrays that are no numbers, or too large")
        array = np.empty(shape, dtype)
        if stream.readinto(array.reshape(-1).view(np.uint8)) < size:  # type: ignore[attr-defined]
            raise EOFError
        arrays[name] = array
    return Message(content["document"], arrays)


def _read(stream: IO[bytes], count: int) -> bytes:
    """Read exactly so many bytes."""
    data = stream.read(count)
    if len(data) < count:
        raise EOFError
    return data


def main() -> None:
    """Answer requests until there are no more."""
    with suppress(ValueError, OSError):  # Ctrl-C in a terminal is for the program
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no part of an answer: it goes nowhere, like stderr
    requests: queue.SimpleQueue[Message] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(requests,), daemon=True).start()
    while True:
        write_message(answers, _answer(requests.get()))


def _receive(requests: "queue.SimpleQueue[Message]") -> None:
    """Take requests in, and end this process once nobody can send any."""
    with suppress(EOFError, ValueError, OSError):
        while True:
            requests.put(read_message(sys.stdin.buffer, sys.maxsize))
    os._exit(0)


def _answer(request: Message) -> Message:
    """Call the function that a request names."""
    try:
        _limit(request.document["memory"], request.document["seconds"])
        function: BoundedFunction = resolve_name(request.document["function"])
        result = function(Message(request.document["arguments"], request.arrays))
    except UserError as error:
        return Message({REFUSAL: [type(error).__name__, str(error)]})
    except MemoryError:
        return Message({OUT_OF_MEMORY: True})
    except Exception:  # noqa: BLE001 - the program that asked logs it
        return Message({FAULT: traceback.format_exc(limit=-20)})
    return Message({RESULT: result.document}, result.arrays)


def _limit(memory: int, seconds: float) -> None:
    """Have the system refuse more memory, and end this process after so much computing.

    Linux does the first; the second is for a program that no longer watches.
    """
    if sys.platform == "win32":
        return
    import resource  # not on every system

    with suppress(ValueError, OSError):
        if sys.platform == "linux":  # macOS has the limit and does not apply it
            resource.setrlimit(resource.RLIMIT_DATA, (memory, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        usage = resource.getrusage(resource.RUSAGE_SELF)
        latest = int(usage.ru_utime + usage.ru_stime + 2 * seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (latest, resource.RLIM_INFINITY))
