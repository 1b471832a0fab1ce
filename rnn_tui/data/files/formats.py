"""Choose the reader of a file, and read the test that lies beside it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from rnn_tui.data.files import arff, arrays, conll, delimited, text, ts
from rnn_tui.data.files.content import Content
from rnn_tui.data.files.opening import beginning, named
from rnn_tui.data.files.table import Table, joined
from rnn_tui.data.options import Layout, ReadingOptions, Split
from rnn_tui.data.sequences import joined_sequences
from rnn_tui.engine.errors import DataError
from rnn_tui.engine.files import outside
from rnn_tui.engine.progress import Progress

Reader = Callable[[Path, ReadingOptions, Progress], Content]


def read_delimited(path: Path, options: ReadingOptions, progress: Progress) -> Content:
    """Read a delimited table; a `DataError` if it can't be read."""
    table = delimited.read(path, options, progress)
    return Content(table.format, table)


@dataclass(frozen=True)
class Format:
    """A format of files."""

    name: str
    endings: tuple[str, ...]
    reader: Reader


FORMATS = (
    Format("CSV, TSV", (".csv", ".tsv", ".txt", ".dat", ".data", ".tab"), read_delimited),
    Format("NumPy", (".npz", ".npy"), arrays.read),
    Format("UCR/UEA .ts", (".ts",), ts.read),
    Format("ARFF", (".arff",), arff.read),
    Format("CoNLL", conll.ENDINGS, conll.read),
)
#: endings of tables that are no tagged sentences, whatever they look like.
_TABLES_ALONE = (".csv",)
#: what other files begin with, and what to do with them.
_FOREIGN = (
    (b"PK\x03\x04", "is an archive or a spreadsheet; save the sheet as CSV"),
    (b"\x1f\x8b", "is compressed; unpack it first"),
    (b"BZh", "is compressed; unpack it first"),
    (b"\xfd7zXZ", "is compressed; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "is compressed; unpack it first"),
    (b"\x89HDF", "is an HDF5 file; save its arrays as NPZ"),
    (b"PAR1", "is a Parquet file; save it as CSV"),
    (b"\xd0\xcf\x11\xe0", "is an old spreadsheet; save the sheet as CSV"),
    (b"%PDF", "is a PDF; save the table as CSV"),
)
_PICKLED = "is pickled, which is never read; save its arrays as NPZ"
_FOREIGN_ENDINGS = {
    ".tsf": "is a .tsf file; save its series as CSV",
    ".json": "is a JSON file; save it as CSV",
    ".jsonl": "is a JSON file; save it as CSV",
    ".mat": "is a MATLAB file; save its arrays as NPZ or CSV",
    ".feather": "is a Feather file; save it as CSV",
    ".pkl": _PICKLED,
    ".pickle": _PICKLED,
    ".pt": _PICKLED,
    ".pth": _PICKLED,
}
_PART = re.compile(r"(?<![A-Za-z])(train|test|TRAIN|TEST|Train|Test)(?![A-Za-z])")
_OTHER_PART = {
    "train": "test",
    "TRAIN": "TEST",
    "Train": "Test",
    "test": "train",
    "TEST": "TRAIN",
    "Test": "Train",
}


def read(path: Path, options: ReadingOptions, progress: Progress) -> Content:
    """Read a file in its format, with the file of the test or the training beside it.

    Raises:
        DataError: if it can't be read.
    """
    other = _other_part(path)
    if other is None or options.split not in (None, Split.FILES):
        return _read_one(path, options, progress)
    is_test = _part(path).lower() == "test"
    training, test = (other, path) if is_test else (path, other)
    first = _read_one(training, options, progress)
    second = _read_one(test, _as_first(options, first), progress)
    return _joined(first, second, test)


def _part(path: Path) -> str:
    """Return the last word of a file's name that says that it is the training or the test."""
    parts = _PART.findall(path.stem)
    return parts[-1] if parts else ""


def _other_part(path: Path) -> Path | None:
    """Return the file that lies beside `X_TRAIN.csv` as `X_TEST.csv`, or the reverse, if any."""
    part = _part(path)
    if not part:
        return None
    begin, _, end = path.stem.rpartition(part)
    other = path.with_name(f"{begin}{_OTHER_PART[part]}{end}{path.suffix}")
    return other if outside.exists(other) else None


def _as_first(options: ReadingOptions, content: Content) -> ReadingOptions:
    """Return the options that read a second table as the first was."""
    table = content.body
    if not isinstance(table, Table) or table.delimiter is None:
        return options
    return replace(
        options, delimiter=table.delimiter, decimal=table.decimal, header=table.has_header
    )


def _joined(training: Content, test: Content, path: Path) -> Content:
    if isinstance(training.body, Table) and isinstance(test.body, Table):
        body: Table = joined(training.body, test.body)
        note = f"{named(path)} is the test."
        return replace(training, body=replace(body, notes=(note, *body.notes)))
    if isinstance(training.body, Table) or isinstance(test.body, Table):
        raise DataError(f"{named(path)} is not of the same sort as the file beside it.")
    sequences = joined_sequences(training.body, test.body)
    note = f"{named(path)} is the test."
    return replace(training, body=replace(sequences, notes=(note, *sequences.notes)))


def _read_one(path: Path, options: ReadingOptions, progress: Progress) -> Content:
    if options.layout is Layout.TEXT:
        return text.read(path, options, progress)
    return format_of(path).reader(path, options, progress)


def format_of(path: Path) -> Format:
    """Return the format of a file, by its beginning where that tells it, else by its ending.

    Raises:
        DataError: if it is in a format that is not read.
    """
    tables, numpy_files, ts_files, arff_files, conll_files = FORMATS
    start = beginning(path)
    ending = path.suffix.lower()
    if start.startswith(b"\x93NUMPY") or (start.startswith(b"PK") and ending == ".npz"):
        return numpy_files
    for mark, sentence in _FOREIGN:
        if start.startswith(mark):
            raise DataError(f"{named(path)} {sentence}.")
    for file_format in FORMATS:
        if file_format is not tables and ending in file_format.endings:
            return file_format
    if ending in tables.endings:
        tagged = ending not in _TABLES_ALONE and conll.looks_like(path, start)
        return conll_files if tagged else tables
    if ending in _FOREIGN_ENDINGS:
        raise DataError(f"{named(path)} {_FOREIGN_ENDINGS[ending]}.")
    lowered = start.lower()
    if b"@relation" in lowered and b"@attribute" in lowered:
        return arff_files
    if b"@data" in lowered:
        return ts_files
    return conll_files if conll.looks_like(path, start) else tables
