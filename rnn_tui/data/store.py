"""Keep data sets, so that runs on them resume and answer when the user's file has moved.

Each is a safetensors file in a folder of its own beside the runs. Its description is in the
metadata, which is read without NumPy. A seal covers both, and the digest in the name covers what is
trained on, also in files of earlier versions: each time that one is read, they are compared.

The first frame asks for the names: what reads and writes a file is imported on use.
"""

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnn_tui.data.description import LONGEST_NAME, Description
from rnn_tui.engine.errors import CheckpointError, DataError, KeptDataError, printable, why
from rnn_tui.engine.files.atomic import make_folder, write_file
from rnn_tui.engine.files.paths import data_dir, kept

if TYPE_CHECKING:
    from rnn_tui.data.data_set import DataSet

FORMAT = 1
ARRAYS = ("values", "starts", "targets", "parts")
ORIGINS = ("ids", "places", "firsts", "times", "groups", "members")  #: as `Origin` calls them.
#: a slug and a digest, as `DataSet.named` joins them: no task that ships is called like that.
NAME = re.compile(r"[a-z][a-z0-9-]{0,21}-[0-9a-f]{6}")
ENDING = ".safetensors"
DELETED = "The data set {} is no longer on this machine; read its file again."
UNREADABLE = "The data set in {} can't be read ({}); read the file that it was made of again."


def folder() -> Path:
    """Return the folder of data sets."""
    return data_dir() / "data-sets"


def path_of(name: str) -> Path:
    """Return the file of a data set, which may be kept for this process only."""
    return kept("data-sets", f"{name}{ENDING}")


def baselines_path(name: str) -> Path:
    """Return the file of the baselines of a data set."""
    return path_of(name).with_name(f"{name}.baselines.json")


def _own_path(name: str) -> Path:
    """Return the path at which a data set is written."""
    return folder() / f"{name}{ENDING}"


def names() -> list[str]:
    """Return the names of all that are kept, in alphabetical order."""
    paths = sorted(folder().glob(f"*{ENDING}"))
    return [path.stem for path in paths if NAME.fullmatch(path.stem)]


def is_called_like_data_set(name: object) -> bool:
    """Return whether a data set may have that name; it need not be there."""
    return isinstance(name, str) and NAME.fullmatch(name) is not None


def is_kept(name: str) -> bool:
    """Return whether there is a data set of that name."""
    return is_called_like_data_set(name) and path_of(name).is_file()


def name_for_run(run: str, task: str) -> str:
    """Return the name of the data set of a run.

    Args:
        run: its name.
        task: the name of its task.

    Raises:
        DataError: it is of a task that the program has.
    """
    if not is_called_like_data_set(task):
        raise DataError(f"Run {run} is of {task}, and not on sequences of your own.")
    return task


def keep(data_set: "DataSet") -> None:
    """Store a data set under its name; the same one stays, unless it can't be read any more.

    Raises:
        DataError: if the file can't be written.
    """
    description = data_set.description
    is_there = _own_path(description.name).is_file()
    if is_there and _is_readable(description.name) and _is_complete(description):
        return
    _write(data_set)


def rename(name: str, label: str) -> None:
    """Change the label of a data set, which is shown; its name, by which runs know it, stays.

    Raises:
        DataError: if there is none such, it is damaged, or the label is no short line of text.
    """
    label = label.strip()
    if not label or printable(label, LONGEST_NAME) != label:
        raise DataError(f"A data set's label has 1 to {LONGEST_NAME} characters in one line.")
    data_set = load(name)
    _write(replace(data_set, description=replace(data_set.description, label=label)))


def _write(data_set: "DataSet") -> None:
    """Write the file of a data set.

    Raises:
        DataError: if that fails.
    """
    import numpy as np  # on use only
    from safetensors.numpy import save

    from rnn_tui.engine.files.weights_file import sealed

    description = data_set.description
    path = _own_path(description.name)
    metadata = {"format": FORMAT, "data_set": description.to_dict()}
    # safetensors writes the bytes as they lie in memory, whatever their order
    arrays = {name: getattr(data_set, name) for name in ARRAYS} | data_set.origin.arrays()
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    try:
        make_folder(path.parent)
        write_file(path, save(arrays, sealed(metadata, arrays)))
    except OSError as error:
        raise DataError(
            f"The data set can't be kept in {printable(path, 200)} ({why(error)})."
        ) from error


def _is_readable(name: str) -> bool:
    """Return whether a data set that is kept can be loaded whole."""
    try:
        load(name)
    except DataError:
        return False
    return True


def _is_complete(description: Description) -> bool:
    """Return whether what is kept says how its file was read, as earlier versions did not."""
    return description.reading is None or describe(description.name).reading is not None


def describe(name: str) -> Description:
    """Return the description of a data set.

    Raises:
        DataError: if there is none such, or it is damaged.
    """
    description, _ = _read(name, arrays=False)
    return description


def load(name: str) -> "DataSet":
    """Return a data set.

    Raises:
        DataError: if there is none such, it is damaged, or not what it was when it was kept.
    """
    from rnn_tui.data.data_set import DataSet  # numpy, on use only
    from rnn_tui.data.origin import Origin
    from rnn_tui.engine.files.seal import CHANGED

    description, arrays = _read(name, arrays=True)
    path = printable(path_of(name), 200)
    try:
        origin = Origin.of_arrays(arrays, dated=description.dated)
        content = {array: arrays[array] for array in ARRAYS}
        data_set = DataSet(description=description, origin=origin, **content)
    except DataError as error:
        raise KeptDataError(UNREADABLE.format(path, str(error).rstrip("."))) from error
    if not data_set.fits_its_name:
        raise KeptDataError(UNREADABLE.format(path, CHANGED))
    return data_set


def remove(name: str) -> None:
    """Delete a data set and its baselines; runs on it stay, but can no longer be resumed or asked.

    Raises:
        DataError: if there is none such, or it can't be deleted.
    """
    if not is_kept(name):
        raise DataError(f"There is no data set called {printable(name)}.")
    try:
        path_of(name).unlink()
        baselines_path(name).unlink(missing_ok=True)
    except OSError as error:
        raise DataError(f"The data set {name} can't be deleted ({why(error)}).") from error


def _read(name: str, *, arrays: bool) -> tuple[Description, dict[str, Any]]:
    """Return the description, and the arrays if they are wanted."""
    from rnn_tui.engine.files.weights_file import read_tensors  # on use only

    if not is_kept(name):
        raise DataError(DELETED.format(printable(name)))
    path = path_of(name)
    try:
        metadata, tensors = read_tensors(
            path, lambda array: arrays and array in (*ARRAYS, *ORIGINS), refusal=UNREADABLE
        )
        if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
            raise DataError("it is of another version")
        description = Description.from_dict(metadata["data_set"])
        if description.name != name or (arrays and not tensors.keys() >= set(ARRAYS)):
            raise DataError("parts of it are missing")
    except CheckpointError as error:
        raise KeptDataError(str(error)) from error
    except (DataError, KeyError, TypeError) as error:
        raise KeptDataError(
            UNREADABLE.format(printable(path, 200), str(error).rstrip("."))
        ) from error
    return description, tensors
