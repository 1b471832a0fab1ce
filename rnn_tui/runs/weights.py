"""Which weights answer, those that ship, of runs, or in a file that was named; and the one cache of
networks for all.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from rnn_tui.engine.errors import CheckpointError, StoreError, printable
from rnn_tui.engine.paths import run_database, shipped_weights, weights_of
from rnn_tui.engine.weights_file import WeightsFile, read_description, read_weights
from rnn_tui.networks import CELLS
from rnn_tui.runs import LAST, kept_runs
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import ImageConfig

if TYPE_CHECKING:
    from rnn_tui.tasks.mnist.inference import RowReaderNetwork

# looking into a run's file takes a fraction of a millisecond; older ones than these are not found
RUNS_LOOKED_AT = 500
RUNS_LISTED = 20  # runs in a list to choose from; older ones would only make it long
NETWORKS_KEPT = 16  # networks in memory, of half a megabyte each at most as they ship

NetworkType = TypeVar("NetworkType")


@dataclass(frozen=True)
class Source:
    """A file of weights that may answer."""

    path: Path  #: where it lies.
    label: str  #: what to call it, such as `pretrained` or `run 20250101-120000-abcdef`.
    position: int | None = None  #: the position that it recalls; None where nothing is recalled.
    #: what kind of network it has, such as `LSTM`; empty where that was not looked up.
    name: str = ""
    ships: bool = False  #: whether it came with rnn-tui.

    @property
    def title(self) -> str:
        """What to call it in a list of networks."""
        return (
            self.label
            if not self.name
            else f"pretrained {self.name}"
            if self.ships
            else f"{self.name} · {self.label}"
        )

    @property
    def short_title(self) -> str:
        """The same where there is little room."""
        return self.name if self.ships else self.label


def shipped(task: str) -> list[Source]:
    """The weights that ship for a task: by cell, that of the task first, then by position."""
    found: list[tuple[int, int, Source]] = []
    order = sorted(TASKS[task].cells, key=lambda cell: cell != TASKS[task].default_cell)
    for path in shipped_weights(task):
        cell, position = path.stem.partition("-")[2], None
        name, with_cell = CELLS[cell].label if cell in CELLS else cell or task, cell in CELLS
        with suppress(CheckpointError):  # told when it is asked
            config = read_description(path)[0]
            if config.task != task:
                continue
            cell, name, position = config.cell, config.name, getattr(config, "position", None)
            with_cell = isinstance(config, ImageConfig)
        label = f"pretrained {cell}" if with_cell else "pretrained"
        place = order.index(cell) if cell in order else len(order)
        found.append((place, position or 0, Source(path, label, position, name, ships=True)))
    return [source for _, _, source in sorted(found, key=lambda one: one[:2])]


def choose_shipped(task: str, cell: str = "") -> Source:
    """The weights that ship, of a cell if named, which read photos better than the report's recipe;
    or a CheckpointError.
    """
    there = TASKS[task].shipped_cells
    cell = cell or TASKS[task].default_cell
    if cell not in there:
        if there:
            raise CheckpointError(
                f"No weights for {cell} ship with rnn-tui, only for {', '.join(there)}; name "
                "others."
            )
        raise CheckpointError(
            f"The weights for {cell} that ship with rnn-tui are missing; install it again, or "
            "name others."
        )
    [path] = (one for one in shipped_weights(task) if one.stem == f"{task}-{cell}")
    return Source(path, f"pretrained {cell}", name=CELLS[cell].label, ships=True)


def finished_runs(task: str) -> Iterator[Source]:
    """The runs of a task that were trained to their end, the newest first."""
    deleted = cache(_deleted)
    for run_id in kept_runs()[:RUNS_LOOKED_AT]:
        with suppress(CheckpointError):
            config, _, metrics = read_description(path := weights_of(run_id))
            if config.task == task and metrics and run_id not in deleted():
                yield Source(
                    path, f"run {printable(run_id)}", getattr(config, "position", None), config.name
                )


def run_weights(task: str, run: str) -> Source:
    """The weights of a run: by id, the beginning of it, name, or `last`, the newest finished; a
    CheckpointError for none.
    """
    if run == LAST:
        for source in finished_runs(task):
            return source
        raise CheckpointError(
            f"There is no finished run of {task}; train one with rnn-tui train {task}."
        )
    run_ids = kept_runs()
    found = (
        [run] if run in run_ids else [run_id for run_id, name in _names().items() if name == run]
    )
    found = found or [run_id for run_id in run_ids if run and run_id.startswith(run)]
    if len(found) != 1:
        what = "No run begins" if not found else f"{len(found)} runs begin"
        raise CheckpointError(
            f"{what} with “{printable(run)}”, and none has that name; rnn-tui runs lists them."
        )
    path = weights_of(found[0])
    if not path.is_file():
        raise CheckpointError(
            f"Run {printable(found[0])} has no weights: it ended before they were first kept."
        )
    return Source(path, f"run {printable(found[0])}")


def _names() -> Mapping[str, str]:
    """Ids and names in the database; none where there is no database, or none that can be used."""
    if run_database().exists():
        from rnn_tui.runs.store import RunStore  # noqa: PLC0415 - takes long to load

        with suppress(StoreError), RunStore() as store:
            return store.names()
    return {}


def _deleted() -> set[str]:
    """The ids of runs that were deleted, likewise."""
    from rnn_tui.runs.database import read_names  # noqa: PLC0415 - SQLite, on use only

    return {run_id for _, run_id in read_names("deleted IS NOT NULL")}


def choose(task: str, position: int | None = None, *, only_pretrained: bool = False) -> Source:
    """What answers by default: the last finished run for a position, else what ships, else any
    other; or a CheckpointError.
    """
    usual = TASKS[task].presets[0].values.get("position")
    # the usual position first
    ships = sorted(shipped(task), key=lambda source: source.position != usual)
    sources = iter(ships) if only_pretrained else chain(finished_runs(task), ships)
    first = next(sources, None)
    if first is None:
        raise CheckpointError(
            f"There are no weights for {task}; train some with rnn-tui train {task}."
        )
    return (
        first
        if position is None
        else next((one for one in chain([first], sources) if one.position == position), first)
    )


def named_weights(task: str, file: str | Path | None, run: str | None) -> Source | None:
    """The weights that a user named, in a file or of a run; None for no name, a CheckpointError for
    no such run.
    """
    if file is not None:
        return Source(Path(file), printable(Path(file), 200))
    return None if run is None else run_weights(task, run)


def candidates(task: str, also: Source | None = None) -> tuple[Source, ...]:
    """What there is to choose from: weights that ship, `also` any others, then finished runs, the
    newest first.
    """
    sources = shipped(task)
    if also is not None:
        with suppress(CheckpointError):  # what can't be read will say so when it is asked
            also = replace(also, name=read_description(also.path)[0].name)
        sources.append(also)
    known: dict[Path, Source] = {}
    for source in (*sources, *islice(finished_runs(task), RUNS_LISTED)):
        known.setdefault(source.path, source)
    return tuple(known.values())


def trained_networks(task: str) -> dict[str, Any]:
    """A trained network by cell: of the newest run that was trained to its end, else one that
    ships.
    """
    kind: Any = TASKS[task].network if TASKS[task].shape is not None else None
    if kind is None:
        # numpy, on use only
        from rnn_tui.tasks.mnist.inference import RowReaderNetwork as kind  # noqa: PLC0415
    found: dict[str, Path] = {}
    for source in (*finished_runs(task), *shipped(task)):
        with suppress(CheckpointError):
            found.setdefault(read_description(source.path)[0].cell, source.path)
    return {cell: NETWORKS.get(path, kind) for cell, path in found.items()}


class NetworkCache:
    """Networks by the files of their weights, for any thread, read again where a file has changed;
    the last asked stay.
    """

    def __init__(self) -> None:
        # without a lock while a file is read: a disk that is slow holds up nobody else
        self._read = lru_cache(NETWORKS_KEPT)(_read)

    @staticmethod
    def version_of(path: Path) -> tuple[Path, int, int]:
        """Tells files, and states of one file, apart."""
        try:
            status = path.stat()
        except OSError:
            return path, 0, 0  # reading it says what is wrong
        return path, status.st_mtime_ns, status.st_size

    def get(self, path: Path, kind: Callable[[WeightsFile], NetworkType]) -> NetworkType:
        """The network that `kind` makes of a file's weights; a CheckpointError if it can't be read,
        or is another task's.
        """
        return cast("NetworkType", self._read(self.version_of(path), kind))


def _read(version: tuple[Path, int, int], kind: Callable[[WeightsFile], Any]) -> Any:
    """The network in a file; what is wrong with it is told with the file's name."""
    path = version[0]
    try:
        return kind(read_weights(path))
    except CheckpointError as error:
        shown = printable(path, 200)
        raise CheckpointError(str(error) if shown in str(error) else f"{shown}: {error}") from error


NETWORKS = NetworkCache()


def weights_document(source: Source, network: "RowReaderNetwork") -> dict[str, Any]:
    """What `--json` tells of the weights of a reader of images."""
    config = network.config
    about = {
        "source": source.label,
        "path": str(source.path),
        "task": config.task,
        "preset": config.preset,
    }
    sizes = {"hidden_size": config.hidden_size, "layers": config.layers, "seed": config.seed}
    return {**about, "model": config.cell, **sizes, "metrics": dict(network.metrics)}
