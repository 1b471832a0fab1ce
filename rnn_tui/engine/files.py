"""Files that are there whole or not at all, whatever happens while they are written."""

import glob
import os
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path


def write_atomically(path: Path, data: bytes) -> None:
    """Put `data` at `path`: readers see the old contents or the new, never a part.

    Raises:
        OSError: as the file system does; no temporary file is left then.
    """
    # Not by `tempfile`, whose files nobody else may read: these are ordinary ones.
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        with suppress(OSError):  # what went wrong first is what the caller must know
            temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def why_unwritable(path: Path) -> str:
    """Why no file can be written at `path`; empty where one can.

    Found out before what takes long, and by trying, since permissions do not tell all.
    """
    try:
        if path.is_file() or not path.exists():
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}."):
                return ""
    except OSError as error:
        return error.strerror or str(error)
    return "it is not a regular file"


def remove_temporary(path: Path) -> None:
    """Remove what a process left that was killed while it wrote `path`."""
    with suppress(OSError):
        for temporary in path.parent.glob(f".{glob.escape(path.name)}.*"):
            temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Bring a new name in a folder to the disk, where the system can: the file is there already."""
    if os.name == "nt":
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
