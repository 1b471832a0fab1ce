"""Shows what `rnn-tui inspect` found: as a table, as JSON, as files."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from rnn_tui.archive.export.formats import unwritable
from rnn_tui.cli import output
from rnn_tui.cli.inspect.request import InspectRequest
from rnn_tui.engine.errors import ExportError, printable
from rnn_tui.engine.files.atomic import write_file
from rnn_tui.inside.analyses import AUTOMATON

if TYPE_CHECKING:
    from rnn_tui.inside.inspection import Inspection


def show_weights(inspection: "Inspection", request: InspectRequest) -> None:
    """Say which network is looked into, and what to keep in mind of its answer."""
    output.say(f"weights: {inspection.label}")
    if request.has_input:
        for notice in inspection.notices:
            output.say(notice)


def write_files(inspection: "Inspection", request: InspectRequest) -> None:
    """Write the files that were asked for; an `ExportError` if that can't be."""
    if request.npz is not None:
        _write(request.npz, _numbers(inspection), "--npz")
    if request.history is not None:
        _write(request.history, _history(inspection, request.history), "--film")


def _write(path: Path, data: bytes, option: str) -> None:
    try:
        write_file(path, data)
    except OSError as error:
        raise unwritable(path, error.strerror or error, f"for {option}") from error


def _numbers(inspection: "Inspection") -> bytes:
    """Return all numbers as the bytes of an NPZ file."""
    import numpy as np  # on use only

    buffer = io.BytesIO()
    np.savez_compressed(buffer, **cast("dict[str, Any]", inspection.arrays()))
    return buffer.getvalue()


def _history(inspection: "Inspection", path: Path) -> bytes:
    """Return the training history as a GIF; `path` is where it goes."""
    from rnn_tui.inside.history import as_gif, frames  # numpy, on use only

    if path.suffix.lower() != ".gif":
        raise ExportError(
            "A training history is written to a file that ends in .gif, not to "
            f"{printable(path, 200)}."
        )
    return as_gif(frames(inspection.reading))


def show(inspection: "Inspection", request: InspectRequest) -> None:
    """Print what was found."""
    if request.as_json:
        document = inspection.document(whole=request.has_input)
        output.print_json({"weights": inspection.weights, **document}, indent=None)
        return
    for line in _lines(inspection, request):
        print(line)
    if not request.quiet:
        _say_written(request)


def _lines(inspection: "Inspection", request: InspectRequest) -> list[str]:
    """Return the table of the input, and what edits and analyses found."""
    if request.dot:
        dot: str = inspection.analyses[AUTOMATON.name].dot
        return [dot]
    findings = inspection.findings()
    if not request.has_input:
        about = inspection.network_lines
        return [*about, "", *findings] if about and findings else about + findings
    lines = [inspection.title, "", *_table(inspection)]
    return [*lines, "", *findings] if findings else lines


def _table(inspection: "Inspection") -> list[str]:
    """Return a line a step, whose columns end below each other, in a pipe too."""
    heads, rows = inspection.table()
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    return ["  ".join(map(str.rjust, cells, widths)) for cells in (heads, *rows)]


def _say_written(request: InspectRequest) -> None:
    if request.npz is not None:
        output.say(f"All numbers are in {printable(request.npz, 200)}.")
    if request.history is not None:
        output.say(f"The training history is in {printable(request.history, 200)}.")
