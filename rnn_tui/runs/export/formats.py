"""What runs can be exported to, in one table: a new format is a function, whose module is imported
on use, and a line here.
"""

import importlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, TextIO, cast

from rnn_tui.engine.errors import CheckpointError, ExportError, printable
from rnn_tui.engine.files import make_folder, write_file
from rnn_tui.engine.progress import UNWATCHED, Progress

if TYPE_CHECKING:
    from rnn_tui.runs.curves import Against
    from rnn_tui.runs.run_record import RunRecord
    from rnn_tui.runs.store import RunStore

_NOT_IN_FILE_NAMES = re.compile(r"[^\w.,+-]+")


@dataclass(frozen=True)
class ExportFormat:
    """A format."""

    name: str  #: what is typed for it.
    help: str  #: what is written, in a few words.
    #: `module:function`, which takes an `Export` and returns the paths of what it wrote; imported
    #: on use.
    writer: str
    suffix: str = ""  #: how its file is called, from the dot on; empty where it takes a folder.
    extra: str = ""  #: the extra of rnn-tui that it needs, such as `plots`; empty for none.
    to_stdout: bool = False  #: whether it is text that goes to stdout unless a file is named.
    several: bool = False  #: whether several runs or networks become several files, in a folder.
    #: like `writer`, where all runs are exported at once; empty where that is the same.
    of_all: str = ""

    @property
    def in_folder(self) -> bool:
        """Whether a path for it is that of a folder, or may be."""
        return self.several or not self.suffix

    @property
    def ending(self) -> str:
        """What the name of a file or a folder ends in."""
        return f"-{self.name}" if self.in_folder else self.suffix

    def load(self) -> Callable[..., Any]:
        """Import its writer."""
        return cast("Callable[..., Any]", resolve_name(self.writer))


_CHART, _TABLES = (
    "rnn_tui.runs.export.plots:write_chart",
    "rnn_tui.runs.export.documents:write_tables",
)
FORMATS = {
    one.name: one
    for one in (
        ExportFormat(
            "csv",
            "every value, a row each",
            "rnn_tui.runs.export.documents:write_csv",
            ".csv",
            to_stdout=True,
            of_all=_TABLES,
        ),
        ExportFormat(
            "json",
            "every value, settings and sessions, in one document",
            "rnn_tui.runs.export.documents:write_json",
            ".json",
            to_stdout=True,
            of_all=_TABLES,
        ),
        ExportFormat("png", "the chart as a picture", _CHART, ".png", "plots"),
        ExportFormat("svg", "the chart as a drawing", _CHART, ".svg", "plots"),
        ExportFormat(
            "tensorboard",
            "a folder of event files",
            "rnn_tui.runs.export.documents:write_folder",
            extra="tensorboard",
        ),
        ExportFormat(
            "onnx",
            "the network for other programs; its answers are checked",
            "rnn_tui.runs.export.onnx_models:write_models",
            ".onnx",
            "onnx",
            several=True,
        ),
        ExportFormat(
            "safetensors",
            "the weights alone, without the state of training",
            "rnn_tui.runs.export.formats:write_weights",
            ".safetensors",
            several=True,
        ),
    )
}


def extras_needed(formats: Mapping[str, ExportFormat] = FORMATS) -> str:
    """Which formats need which extras, and how to install them, in a sentence."""
    by_extra: dict[str, list[str]] = {}
    for form in formats.values():
        if form.extra:
            by_extra.setdefault(form.extra, []).append(form.name)
    parts = ", ".join(f"{extra} for {' and '.join(names)}" for extra, names in by_extra.items())
    return parts and f"Extras. {parts}: pip install 'rnn-tui[{','.join(by_extra)}]'."


def imported(module: str, extra: str, what: str) -> Any:
    """A module of a package that `what`, in the plural, need; an ExportError if that is not
    installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        need = f"{what} need {module.partition('.')[0]}, which is not installed"
        raise ExportError(f"{need}; pip install 'rnn-tui[{extra}]' installs it.") from error


@dataclass(frozen=True)
class Export:
    """What is to be written, and to where."""

    form: ExportFormat  #: the format.
    store: "RunStore"  #: where the runs are.
    runs: "Sequence[RunRecord]"  #: which, at least one.
    #: a file, or a folder for several files; by default text goes to `out`, all else to new files
    #: in the working directory.
    output: Path | None
    out: TextIO  #: where text goes that has no file.
    metrics: Sequence[str] | None = None  #: what a chart shows; None for what is usual.
    against: "Against" = "epoch"  #: what a chart's x axis counts.
    progress: Progress = UNWATCHED  #: in runs, where they are read one by one.

    def each(self) -> Iterator["RunRecord"]:
        """The runs one by one, as far as that is; an ExportError once the rest is to be left."""
        total = len(self.runs)
        self.progress.advance(0, total)
        for done, run in enumerate(self.runs, start=1):
            yield run
            self.progress.advance(done, total)
            if self.progress.stopping:  # behind the last one, too: what was read is written next
                raise ExportError("The export was stopped.")

    def write_text(self, text: str) -> list[Path]:
        """Write one file of text, or to `out`."""
        if self.output is None and self.form.to_stdout:
            self.out.write(text)
            return []
        return self.write_file(text.encode())

    def write_file(self, data: bytes) -> list[Path]:
        """Write one file."""
        path = self.output or _new(f"{name_for(self.runs)}{self.form.suffix}")
        write_file(path, data)
        return [path]

    def write_files(self, parts: Mapping[str, bytes]) -> list[Path]:
        """Write one file, or several into a folder; `parts` are by name, without a suffix."""
        named = {f"{name}{self.form.suffix}": data for name, data in parts.items()}
        alone = next(iter(named)) if len(named) == 1 else ""
        path = self.output or _new(alone or name_for(self.runs))
        if not alone:
            make_folder(path)
        elif path.is_dir():
            path /= alone
        for name, data in named.items():
            write_file(path if alone else path / name, data)
        return [path]

    @property
    def folder(self) -> Path:
        """The folder of a format that has no single file; an ExportError if an unnamed one would be
        where something is.
        """
        return self.output or _new(f"{name_for(self.runs)}{self.form.ending}")


def write(export: Export) -> list[Path]:
    """Export runs; returns what was written. An ExportError if that can't be, a CheckpointError if
    weights can't be read.
    """
    try:
        return list(export.form.load()(export))
    except OSError as error:
        raise unwritable(
            error.filename or export.output or Path.cwd(), error.strerror or error, "with --output"
        ) from error


def unwritable(path: object, reason: object, where: str) -> ExportError:
    """That a file can't be written; `where` says how to choose another, such as `with --output`."""
    return ExportError(
        f"{printable(path, 200)} can't be written ({printable(reason)}); choose another place "
        f"{where}."
    )


def write_weights(export: Export) -> list[Path]:
    """Write weights with their settings, without what only training needs."""
    from rnn_tui.engine.checkpoint import checkpoint_bytes, load_checkpoint  # noqa: PLC0415 - torch

    return export.write_files(
        {
            file_name(run): checkpoint_bytes(load_checkpoint(weights_of(run)))
            for run in export.each()
        }
    )


def weights_of(run: "RunRecord") -> Path:
    """The file of a run's weights; a CheckpointError if there is none yet."""
    if not run.weights.is_file():
        raise CheckpointError(f"Run {printable(run.name, 80)} has no weights yet.")
    return run.weights


def name_for(runs: "Sequence[RunRecord]") -> str:
    """What to call a file of these runs, without a suffix."""
    return file_name(runs[0]) if len(runs) == 1 else f"{len(runs)}-runs"


def file_name(run: "RunRecord") -> str:
    """The run's name, without what means something in a path."""
    return _NOT_IN_FILE_NAMES.sub("_", run.name).strip("._") or run.run_id


def _new(name: str) -> Path:
    """A path in the working directory; an ExportError if something is there: nobody named it, so
    nobody agreed.
    """
    path = Path(name)
    if os.path.lexists(path):
        raise ExportError(
            f"{printable(path, 200)} exists already; remove it, or choose another place with "
            "--output."
        )
    return path
