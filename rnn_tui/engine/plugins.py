"""Plug-ins: what installed packages name by entry points in a group of rnn-tui.

One that is broken costs nothing but a sentence: whatever its import raises is caught, what it
prints is kept from stdout, and what it says of itself is checked before anything shows it.
"""

import io
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from rnn_tui.engine.errors import UserError, printable
from rnn_tui.engine.files.atomic import read_small

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

LONGEST_OUTPUT = 4000  # characters that are kept of what a plug-in prints
MOST_BYTES = 1_000_000  # the size of a package's list of entry points
logger = logging.getLogger(__name__)


def load_plugins(group: str, kind: str, accept: Callable[[object, str, str], object]) -> list[str]:
    """Import what installed packages name in a group.

    Args:
        group: a group of entry points, such as `rnn_tui.tasks`.
        kind: what the plug-ins are of, in sentences, such as `task`.
        accept: takes each thing that is named, with the name and the reference (`module:thing`) of
            its entry point; raises a `SettingError`, without a full stop, if it does not fit.

    Returns:
        A sentence for each plug-in that can't be used, or that prints.
    """
    sentences: list[str] = []
    for entry in _entries(group, sentences):
        plugin = f"The {kind} plug-in {printable(entry.name)} ({printable(entry.value)})"
        try:
            with _kept_output() as output:
                accept(resolve_name(entry.value), entry.name, entry.value)
        except KeyboardInterrupt:  # Ctrl-C, most likely
            raise
        except BaseException as error:  # an import may raise anything
            logger.exception("plug-in %s can't be used", printable(entry.value))
            sentences.append(f"{plugin} can't be used: {printable(_words(error), 200)}.")
        else:
            text = " ".join("".join(output).split())
            if text:
                sentences.append(f"{plugin} prints when it is imported: “{printable(text)}”.")
    return sentences


def plugin_names(group: str) -> list[str]:
    """Return the names of the entry points that installed packages have in a group.

    Nothing of these packages is imported.
    """
    return [entry.name for entry in _entries(group, [])]


def _words(error: BaseException) -> str:
    """Return an error's message; unless it is a `UserError`, with the name of its class."""
    try:
        text = str(error)
    except BaseException:  # noqa: BLE001 - this is another package's code, too
        text = "it has no text"
    return text if isinstance(error, UserError) else f"{type(error).__name__}: {text}"


@contextmanager
def _kept_output() -> Iterator[list[str]]:
    """Keep what is printed meanwhile from both streams, also by other than Python's means.

    At the end the list has its text.
    """
    import tempfile  # the first frame does without if there is no plug-in

    texts: list[str] = []
    printed = io.StringIO()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    with tempfile.TemporaryFile() as file:  # noqa: TID251 - without a name, and gone afterwards
        originals = [(number, os.dup(number)) for number in (1, 2)]
        for number, _ in originals:
            os.dup2(file.fileno(), number)
        try:
            with redirect_stdout(printed), redirect_stderr(printed):
                yield texts
        finally:
            for number, original in originals:
                os.dup2(original, number)
                os.close(original)
            file.seek(0)
            texts.append(printed.getvalue()[:LONGEST_OUTPUT])
            texts.append(file.read(LONGEST_OUTPUT).decode(errors="replace"))


def _entries(group: str, sentences: list[str]) -> "Iterator[EntryPoint]":
    """Yield the entry points of installed packages in a group.

    Importing `importlib.metadata` takes 50 ms, a tenth of the first frame: only if a package
    names the group. Its own `entry_points` would wait for a pipe in place of a file.

    Args:
        group: that they name.
        sentences: grows by one for each package whose list can't be read.
    """
    names: set[str] = set()
    for folder in _packages():
        path = folder / "entry_points.txt"
        try:
            if f"[{group}]".encode() not in read_small(path, MOST_BYTES):
                continue
            from importlib.metadata import Distribution  # see above

            package = Distribution.at(folder)
            entries = [entry for entry in package.entry_points if entry.group == group]
            name = str(package.metadata["Name"]).lower()
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue
        except Exception as error:  # noqa: BLE001 - whatever is wrong with another package
            reason = printable(_words(error), 120)
            sentences.append(f"{printable(path, 200)} can't be read for plug-ins: {reason}.")
            continue
        if name not in names:  # as Python does: the first one in the path counts
            names.add(name)
            yield from entries


def _packages() -> Iterator[Path]:
    """Return the folders with the metadata of installed packages."""
    for folder in dict.fromkeys(sys.path):
        with suppress(OSError):
            for name in sorted(os.listdir(folder or ".")):
                if name.endswith((".dist-info", ".egg-info")):
                    yield Path(folder, name)
