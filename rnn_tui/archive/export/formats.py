"""The formats that runs can be exported to.

A new format is a function, whose module is imported on use, and an entry of `FORMATS`.
"""

import importlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, TextIO, cast

from rnn_tui.archive.curves import AGAINST, Against
from rnn_tui.engine.errors import CheckpointError, ExportError, printable
from rnn_tui.engine.extras import HOW_TO_INSTALL, install_command
from rnn_tui.engine.files.atomic import whole_folder, write_file
from rnn_tui.engine.options import TextsSetting, option_field
from rnn_tui.engine.progress import UNWATCHED, Progress
from rnn_tui.engine.settings import ChoiceSetting

if TYPE_CHECKING:
    from rnn_tui.archive.run_record import RunRecord
    from rnn_tui.archive.store import RunStore

_NOT_IN_FILE_NAMES = re.compile(r"[^\w.,+-]+")


@dataclass(frozen=True)
class ExportFormat:
    """A format that runs are exported to."""

    name: str  #: as it is typed.
    help: str  #: what it has, in a few words.
    #: `module:function`, imported on use; it takes an `Export` and returns the paths that it wrote.
    writer: str
    suffix: str = ""  #: of its file, from the dot on; empty if it is a folder.
    extra: str = ""  #: the extra of rnn-tui that it needs, such as `plots`; empty for none.
    to_stdout: bool = False  #: whether it is text that goes to stdout unless a file is named.
    several: bool = False  #: whether several runs or networks become several files, in a folder.
    #: the `writer` for an export of all runs; empty if it is the same.
    of_all: str = ""

    @property
    def in_folder(self) -> bool:
        """Whether the format's path may be that of a folder."""
        return self.several or not self.suffix

    @property
    def ending(self) -> str:
        """The end of the name of its file or folder."""
        return f"-{self.name}" if self.in_folder else self.suffix

    def load(self) -> Callable[..., Any]:
        """Import its writer."""
        return cast("Callable[..., Any]", resolve_name(self.writer))


_CHART = "rnn_tui.archive.export.plots:write_chart"
_DOCUMENT = "rnn_tui.archive.export.page.runs:write_document"
_TABLES = "rnn_tui.archive.export.documents:write_tables"
FORMATS = {
    form.name: form
    for form in (
        ExportFormat(
            "csv",
            "every value, a row each",
            "rnn_tui.archive.export.documents:write_csv",
            ".csv",
            to_stdout=True,
            of_all=_TABLES,
        ),
        ExportFormat(
            "json",
            "every value, settings and sessions, in one document",
            "rnn_tui.archive.export.documents:write_json",
            ".json",
            to_stdout=True,
            of_all=_TABLES,
        ),
        ExportFormat("png", "the chart as a picture", _CHART, ".png", extra="plots"),
        ExportFormat("svg", "the chart as a drawing", _CHART, ".svg", extra="plots"),
        ExportFormat(
            "html",
            "a document that prints: verdict, charts, answers, settings",
            _DOCUMENT,
            ".html",
            extra="plots",
        ),
        ExportFormat("md", "the same as Markdown", _DOCUMENT, ".md", extra="plots"),
        ExportFormat(
            "tensorboard",
            "a folder of event files",
            "rnn_tui.archive.export.documents:write_folder",
            extra="tensorboard",
        ),
        ExportFormat(
            "onnx",
            "the network for other programs; its answers are checked",
            "rnn_tui.archive.export.onnx_models:write_models",
            ".onnx",
            extra="onnx",
            several=True,
        ),
        ExportFormat(
            "safetensors",
            "the weights alone, without the state of training",
            "rnn_tui.archive.export.formats:write_weights",
            ".safetensors",
            several=True,
        ),
    )
}


def extras_needed(formats: Mapping[str, ExportFormat] = FORMATS) -> str:
    """Return which formats need which extras; empty if none does."""
    names_by_extra: dict[str, list[str]] = {}
    for form in formats.values():
        if form.extra:
            names_by_extra.setdefault(form.extra, []).append(form.name)
    if not names_by_extra:
        return ""
    needs = [f"{extra} for {' and '.join(names)}" for extra, names in names_by_extra.items()]
    return f"Extras. {', '.join(needs)}; {HOW_TO_INSTALL}."


def imported(module: str, extra: str, users: str) -> Any:
    """Return a module of a package that only an extra installs.

    Args:
        module: its full name.
        extra: the extra of rnn-tui.
        users: what needs the package, in the plural, such as `Charts`.

    Raises:
        ExportError: the package is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ExportError(
            f"{users} need {package}, which is not installed; {install_command(extra)} installs it."
        ) from error


@dataclass(frozen=True)
class Export:
    """Runs to export, with a format and a place."""

    form: ExportFormat  #: the format.
    store: "RunStore"  #: where the runs are.
    runs: "Sequence[RunRecord]"  #: at least one.
    #: a file, or a folder for several files; by default text goes to `out`, and all else to new
    #: files in the working directory.
    output: Path | None
    out: TextIO  #: takes a text for which no file is named.
    metrics: Sequence[str] | None = option_field(
        TextsSetting("metrics", "Metrics", "what a chart shows, such as val_loss"),
        shell="--metric",
        in_shell=" (default: loss and accuracy, as far as the run has them)",
        metavar="METRIC",
    )
    against: Against = option_field(
        ChoiceSetting("against", "Axis", "what a chart's x axis counts", AGAINST),
        default="epoch",
        in_shell=" (default: epoch)",
        in_form="Against",
    )
    progress: Progress = UNWATCHED  #: the progress in runs, if they are read one by one.
    always_folder: bool = False  #: whether `output` is a folder for a single file, too.

    def each(self) -> Iterator["RunRecord"]:
        """Yield the runs one by one, with progress.

        Raises an ExportError once the user stops the export.
        """
        total = len(self.runs)
        self.progress.advance(0, total)
        for done, run in enumerate(self.runs, start=1):
            yield run
            self.progress.advance(done, total)
            if self.progress.stopping:  # after the last run as well, before anything is written
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
        """Write one file, or several into a folder.

        Args:
            parts: the bytes of each file by its name without a suffix.

        Returns:
            The path of the file or of the folder.
        """
        files = {f"{name}{self.form.suffix}": data for name, data in parts.items()}
        if len(files) == 1 and not self.always_folder:
            [(name, data)] = files.items()
            path = self.output or _new(name)
            if path.is_dir():
                path /= name
            write_file(path, data)
            return [path]
        folder = self.output or _new(name_for(self.runs))
        with whole_folder(folder) as place:
            for name, data in files.items():
                write_file(place / name, data)
        return [folder]

    @property
    def folder(self) -> Path:
        """The folder to write, in the working directory if none is named.

        Raises:
            ExportError: none is named, and something has its name already.
        """
        return self.output or _new(f"{name_for(self.runs)}{self.form.ending}")


def write(export: Export) -> list[Path]:
    """Export runs.

    Returns:
        The paths of the files and folders that were written.

    Raises:
        CheckpointError: weights can't be read.
        ExportError: something is missing, in the way, or can't be written.
    """
    writer = export.form.load()
    try:
        return list(writer(export))
    except OSError as error:
        path = error.filename or export.output or Path.cwd()
        raise unwritable(path, error.strerror or error) from error


def unwritable(path: object, reason: object, option: str = "") -> ExportError:
    """Return the error that a file can't be written.

    Args:
        path: the file.
        reason: why.
        option: what it is for, such as `for the document`; empty if there is no other.
    """
    place = f"another place {option}".rstrip()
    return ExportError(
        f"{printable(path, 200)} can't be written ({printable(reason)}); choose {place}."
    )


def write_weights(export: Export) -> list[Path]:
    """Write weights with their settings, without the state that only training needs."""
    from rnn_tui.engine.training.checkpoint import checkpoint_bytes, load_checkpoint  # torch

    parts = {}
    for run in export.each():
        checkpoint = load_checkpoint(weights_of(run))
        parts[file_name(run)] = checkpoint_bytes(checkpoint)
    return export.write_files(parts)


def weights_of(run: "RunRecord") -> Path:
    """Return the file of a run's weights; a CheckpointError if there is none yet."""
    if not run.weights.is_file():
        raise CheckpointError(f"Run {printable(run.name, 80)} has no weights yet.")
    return run.weights


def name_for(runs: "Sequence[RunRecord]") -> str:
    """Return the name of a file of runs, without a suffix."""
    return file_name(runs[0]) if len(runs) == 1 else f"{len(runs)}-runs"


def file_name(run: "RunRecord") -> str:
    """Return a run's name without characters that mean something in a path."""
    return _NOT_IN_FILE_NAMES.sub("_", run.name).strip("._") or run.run_id


def _new(name: str) -> Path:
    """Return a path in the working directory that nobody named, and at which nothing may be yet.

    Raises:
        ExportError: something is there.
    """
    path = Path(name)
    if os.path.lexists(path):
        raise ExportError(
            f"{printable(path, 200)} exists already; remove it, or choose another place with "
            "--output."
        )
    return path
