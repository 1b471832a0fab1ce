"""Writes files: they are there whole or not at all.

A device, a pipe or a link stays one; a rename would put a file in its place.
"""

import errno
import os
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# Kinds of files that nothing is written into, by their part of `st_mode`, and why.
_REFUSED = {
    stat.S_IFDIR: "it is a folder",
    stat.S_IFBLK: "it is a disk",
    stat.S_IFSOCK: "it is a socket",
}
# Characters of a file's name that the name of its temporary file has: names have at most 255 bytes.
_MOST_OF_NAME = 50


def write_file(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Write a file, or into a device, a pipe or an open descriptor such as /dev/stdout.

    Of a file, readers see the old contents or the new, never a part; its permissions stay. Through
    a link the file that it leads to is written, and made if it is missing.

    Args:
        path: where.
        data: all of it, or in parts if there may be much.

    Raises:
        OSError: as the file system does, with `path` as its `filename`; no temporary file is left
            then.
    """
    parts = [data] if isinstance(data, bytes) else data
    try:
        if _takes_data(path):
            number = _descriptor(path)
            descriptor = _open_to_write(path) if number is None else os.dup(number)
            with os.fdopen(descriptor, "wb") as file:
                file.writelines(parts)
        else:
            _replace(Path(os.path.realpath(path)), parts)
    except OSError as error:
        error.filename = os.fspath(path)  # and not that of a temporary file
        raise


def why_unwritable(path: Path) -> str:
    """Return why `write_file` can't write to `path`; empty if it can.

    Call it before work that takes long. It tries to write, since permissions alone don't decide. It
    does not try a device or a pipe, since the reader would notice.
    """
    import tempfile  # and with it ten modules that reading does without

    try:
        if _takes_data(path):
            is_writable = _descriptor(path) is not None or os.access(path, os.W_OK)
            return "" if is_writable else os.strerror(errno.EACCES)
        target = Path(os.path.realpath(path))
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=_hidden(target)):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def make_folder(path: Path) -> None:
    """Make a folder, unless it is there; through a link, the one that it leads to.

    Raises:
        OSError: if that can't be done.
    """
    Path(os.path.realpath(path)).mkdir(parents=True, exist_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder to write files into, which are at `path` once the block has ended.

    If something fails, none of them is there, and no folder that was made for them. What is at
    `path` already stays; a file of the same name is replaced.

    Raises:
        OSError: as the file system does, with the path below `path` as its `filename`.
    """
    target = Path(os.path.realpath(path))
    place = target  # the folder of those above that is there, for a rename in one file system
    while not os.path.lexists(place):
        place = place.parent
    temporary = place / f"{_hidden(target)}{os.urandom(16).hex()}"
    try:
        temporary.mkdir()
        yield temporary
        _move_files(temporary, target)
    except OSError as error:
        failed = Path(os.fsdecode(error.filename or path))
        if failed.is_relative_to(temporary):
            failed = path / failed.relative_to(temporary)
        elif failed.is_relative_to(target):
            failed = path / failed.relative_to(target)
        error.filename = os.fspath(failed)
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _move_files(folder: Path, target: Path) -> None:
    """Move the files of a folder to another one, which is made if there is none."""
    if not os.path.lexists(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        os.rename(folder, target)
        return
    moves = {
        file: Path(os.path.realpath(target / file.relative_to(folder)))
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
    for goal in moves.values():  # before the first of them is moved
        _takes_data(goal)
    for file, goal in moves.items():
        goal.parent.mkdir(parents=True, exist_ok=True)
        os.replace(file, goal)


def remove_temporary(path: Path) -> None:
    """Remove what a process left that was killed while it wrote `path`."""
    target = Path(os.path.realpath(path))
    with suppress(OSError):
        for temporary in target.parent.iterdir():
            if temporary.name.startswith(_hidden(target)):
                temporary.unlink(missing_ok=True)


def _takes_data(path: Path) -> bool:
    """Return whether data is written into what is at `path`, since it is no file to replace.

    Raises:
        OSError: if it is something that can't be written to, such as a folder.
    """
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return False
    reason = _REFUSED.get(stat.S_IFMT(mode))
    if reason is not None:
        raise OSError(errno.EINVAL, reason, os.fspath(path))
    return not stat.S_ISREG(mode) or _descriptor(path) is not None


def _descriptor(path: Path) -> int | None:
    """Return the open descriptor that a name such as /dev/fd/3 stands for, if any.

    Others may write into its file, so that must not be replaced.
    """
    folders = {os.path.realpath("/dev/fd"), os.path.realpath("/proc/self/fd")}
    for _ in range(40):  # links, at most
        if path.name.isdecimal() and os.path.realpath(path.parent) in folders:
            return int(path.name)
        try:
            path = path.parent / os.readlink(path)
        except OSError:
            break
    return None


def _open_to_write(path: Path) -> int:
    """Return a descriptor for what is at `path`, without a wait for a reader of a pipe."""
    if sys.platform == "win32":
        return os.open(path, os.O_WRONLY)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(errno.ENXIO, "nobody reads from it") from error
        raise
    os.set_blocking(descriptor, True)  # the reader may be slow
    return descriptor


def _replace(path: Path, parts: Iterable[bytes]) -> None:
    """Replace a file, or make it, in one step."""
    # Not by `tempfile`, whose files nobody else may read: these are ordinary ones.
    temporary = path.with_name(f"{_hidden(path)}{os.urandom(16).hex()}")
    try:
        with temporary.open("xb") as file:
            _copy_ownership(path, temporary)
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:  # also one that making the parts raises
        with suppress(OSError):  # the caller must hear of the first error
            temporary.unlink(missing_ok=True)
        raise
    # Bring the new name to the disk, if the system can; the file is there already.
    with suppress(OSError):
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def check_regular(path: str | os.PathLike[str] | int) -> None:
    """Do nothing for a regular file, by its path or the number of an open one.

    It is asked before a file is opened: opening a pipe would block for ever.

    Raises:
        OSError: if it is none, or not there.
    """
    mode = os.stat(path).st_mode
    if stat.S_ISDIR(mode):
        raise OSError(errno.EISDIR, "it is a folder", path)
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is not a regular file", path)


def read_small(path: str | os.PathLike[str], most: int) -> bytes:
    """Read a regular file of at most `most` bytes; more than that is never read.

    Raises:
        OSError: if it is none, is not there, or can't be read.
        ValueError: if it is longer.
    """
    check_regular(path)
    with open(path, "rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(f"it has more than {most:,} bytes")
    return data


def _copy_ownership(old: Path, new: Path) -> None:
    """Give a new file the permissions of the old one, if there is any, and its owner if allowed."""
    if sys.platform == "win32":
        return
    with suppress(FileNotFoundError):
        status = os.stat(old)
        with suppress(OSError):
            os.chown(new, status.st_uid, status.st_gid)
        os.chmod(new, status.st_mode & 0o777)


def _hidden(path: Path) -> str:
    """Return the beginning of the names of temporary files for `path`."""
    return f".{path.name[:_MOST_OF_NAME]}."
