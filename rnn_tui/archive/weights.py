"""The weights that can answer: those that ship, those of runs and those in a named file.

And one cache of the networks that were made of them.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from rnn_tui.archive import LAST, run_folders
from rnn_tui.data.store import is_called_like_data_set
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import CheckpointError, StoreError, printable
from rnn_tui.engine.files.paths import run_database, shipped_weights, weights_of
from rnn_tui.engine.files.weights_file import WeightsFile, read_description, read_weights
from rnn_tui.engine.suggestions import did_you_mean
from rnn_tui.networks import CELLS
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import ImageConfig
from rnn_tui.tasks.image_sets import ImageSet

if TYPE_CHECKING:
    from rnn_tui.tasks.images.inference import RowReaderNetwork

# runs whose files are read to find finished ones, a fraction of a millisecond each; older runs are
# not offered
RUNS_LOOKED_AT = 500
RUNS_LISTED = 20  # finished runs in a list of networks; more would only make it long
NETWORKS_KEPT = 16  # networks in memory; a shipped one takes half a megabyte at most

# runs in the database, by conditions in SQL
DELETED = "deleted IS NOT NULL"
IN_A_GROUP = "id IN (SELECT run_id FROM trials)"  # of a sweep, or of a rerun of the report
NEWEST = f"deleted IS NULL ORDER BY created DESC LIMIT {RUNS_LOOKED_AT}"

NetworkType = TypeVar("NetworkType")


@dataclass(frozen=True)
class Source:
    """A file of weights that may answer."""

    path: Path  #: where it lies.
    label: str  #: such as `pretrained` or `run adder-fast`.
    position: int | None = None  #: the position that it recalls; None for other tasks.
    #: the name of its network's kind, such as `LSTM`; empty if the file was not read.
    name: str = ""
    ships: bool = False  #: whether it came with rnn-tui.
    #: the images that it was trained on; None for sequences, or if the file was not read.
    image_set: ImageSet | None = None

    @property
    def reads_digits(self) -> bool:
        """Whether it may answer about photos and drawings of digits, as far as is known."""
        return self.image_set is None or self.image_set.shows_digits

    @property
    def title(self) -> str:
        """The network's name in a list of networks."""
        if not self.name:
            return self.label
        if self.ships:
            return f"pretrained {self.name}"
        return f"{self.name} · {self.label}"

    @property
    def short_title(self) -> str:
        """A shorter name, if there is little room."""
        return self.name if self.ships else self.label


def shipped(task: str) -> list[Source]:
    """Return the weights that ship for a task, by cell and then by position.

    Its default cell comes first.

    A file that can't be read is listed as well, by its name: the error comes once it is chosen.
    """
    default_cell = TASKS[task].default_cell
    cells = sorted(TASKS[task].cells, key=lambda cell: cell != default_cell)
    ranks: dict[Source, tuple[int, int]] = {}
    for path in shipped_weights(task):
        try:
            config = read_description(path)[0]
        except CheckpointError:
            cell = path.stem.partition("-")[2]
            source = _unreadable_source(path, cell, task)
        else:
            if config.task != task:
                continue
            cell = config.cell
            source = _shipped_source(path, config)
        rank = cells.index(cell) if cell in cells else len(cells)
        ranks[source] = (rank, source.position or 0)
    return sorted(ranks, key=lambda source: ranks[source])


def _shipped_source(path: Path, config: RunConfig) -> Source:
    """Return the weights that ship, by the configuration in their file."""
    label = f"pretrained {config.cell}" if isinstance(config, ImageConfig) else "pretrained"
    position = getattr(config, "position", None)
    image_set = getattr(config, "image_set", None)
    return Source(path, label, position, config.name, ships=True, image_set=image_set)


def _unreadable_source(path: Path, cell: str, task: str) -> Source:
    """Return weights that ship in an unreadable file; the cell is that in its name."""
    if cell in CELLS:
        return Source(path, f"pretrained {cell}", name=CELLS[cell].label, ships=True)
    return Source(path, "pretrained", name=cell or task, ships=True)


def choose_shipped(task: str, cell: str = "") -> Source:
    """Return the weights that ship for a cell.

    They read photos better than those of the report's recipe.

    Args:
        task: a task of images.
        cell: by default that of the task.

    Raises:
        CheckpointError: there are none.
    """
    shipped_cells = TASKS[task].shipped_cells
    cell = cell or TASKS[task].default_cell
    if not shipped_cells:
        raise CheckpointError(
            f"The weights for {cell} that ship with rnn-tui are missing; install it again, or "
            "name others."
        )
    if cell not in shipped_cells:
        raise CheckpointError(
            f"No weights for {cell} ship with rnn-tui, only for {', '.join(shipped_cells)}; name "
            "others."
        )
    [path] = [path for path in shipped_weights(task) if path.stem == f"{task}-{cell}"]
    return Source(path, f"pretrained {cell}", name=CELLS[cell].label, ships=True)


def finished_runs(task: str, *, by_hand: bool = False) -> Iterator[Source]:
    """Yield the runs of a task that were trained to their end, the newest first.

    Args:
        task: the task.
        by_hand: whether trials of sweeps and networks of a rerun of the report are left out, which
            nobody trained to ask them something.
    """
    yield from _finished(lambda config: config.task == task, by_hand=by_hand)


def finished_on_data_sets() -> Iterator[Source]:
    """Yield the runs on sequences of a user's own that were trained to their end, newest first."""
    return _finished(lambda config: is_called_like_data_set(config.task), by_hand=True)


def _finished(fits: Callable[[RunConfig], bool], *, by_hand: bool) -> Iterator[Source]:
    """Yield the runs that fit, as `finished_runs` does."""
    left_out: set[str] | None = None
    names: Mapping[str, str] = {}
    for run_id in run_folders()[:RUNS_LOOKED_AT]:
        path = weights_of(run_id)
        try:
            config, _, metrics = read_description(path)
        except CheckpointError:
            continue
        if not fits(config) or not metrics:  # a file has metrics once its run has finished
            continue
        if left_out is None:  # the database is read only if there is such a run
            left_out = _ids_where(DELETED)
            if by_hand:
                left_out |= _ids_where(IN_A_GROUP)
            names = _newest_names()
        if run_id not in left_out:
            position = getattr(config, "position", None)
            name = printable(names.get(run_id, run_id))
            image_set = getattr(config, "image_set", None)
            yield Source(path, f"run {name}", position, config.name, image_set=image_set)


def run_weights(task: str, run: str) -> Source:
    """Return the weights of a run.

    Args:
        task: what `last` has to be a run of.
        run: `last` for the newest finished run, an id, a name, or the beginning of an id.

    Raises:
        CheckpointError: that means no run, or several, or the run has no weights.
    """
    if run == LAST:
        newest = next(finished_runs(task), None)
        if newest is None:
            command = TASKS[task].training_command
            raise CheckpointError(f"There is no finished run of {task}; train one with {command}.")
        return newest
    run_ids = _ids_meant(run)
    if len(run_ids) != 1:
        beginning = f"{len(run_ids)} runs begin" if run_ids else "No run begins"
        hint = "" if run_ids else did_you_mean(run, _names().values())
        raise CheckpointError(
            f"{beginning} with “{printable(run)}”, and none has that name{hint}; rnn-tui runs "
            "lists them."
        )
    [run_id] = run_ids
    path = weights_of(run_id)
    if not path.is_file():
        raise CheckpointError(
            f"Run {printable(run_id)} has no weights: it ended before they were first kept."
        )
    is_name = run != run_id and not run_id.startswith(run)
    return Source(path, f"run {printable(run if is_name else run_id)}")


def _ids_meant(text: str) -> list[str]:
    """Return the runs that `text` can mean: by id, by name, or by the beginning of the id."""
    run_ids = run_folders()
    if text in run_ids:
        return [text]
    by_name = [run_id for run_id, name in _names().items() if name == text]
    if by_name:
        return by_name
    return [run_id for run_id in run_ids if text and run_id.startswith(text)]


def _names() -> Mapping[str, str]:
    """Return the names of runs by id; empty if there is no database that can be read."""
    if run_database().exists():
        from rnn_tui.archive.store import RunStore  # takes long to load

        with suppress(StoreError), RunStore() as store:
            return store.names()
    return {}


def _ids_where(condition: str) -> set[str]:
    """Return the ids of runs, by a condition in SQL; empty if no database can be read."""
    from rnn_tui.archive.database import read_names  # SQLite, on use only

    return {run_id for _, run_id in read_names(condition)}


def _newest_names() -> dict[str, str]:
    """Return the names of the newest runs by id; empty if no database can be read."""
    from rnn_tui.archive.database import read_names  # SQLite, on use only

    return {run_id: name for name, run_id in read_names(NEWEST)}


def choose(task: str, position: int | None = None, *, only_pretrained: bool = False) -> Source:
    """Return the weights that answer by default: of the newest finished run, else those that ship.

    Trials of sweeps and networks of a rerun answer only if they are named.

    Args:
        task: the task.
        position: the position to recall; only if no weights recall it, those of others answer.
        only_pretrained: whether runs are left out.

    Raises:
        CheckpointError: there are none.
    """
    usual_position = TASKS[task].presets[0].values.get("position")
    pretrained = sorted(shipped(task), key=lambda source: source.position != usual_position)
    runs: Iterator[Source] = iter(()) if only_pretrained else finished_runs(task, by_hand=True)
    first: Source | None = None
    for source in chain(runs, pretrained):
        if position is None or source.position == position:
            return source
        first = first or source
    if first is None:
        command = TASKS[task].training_command
        raise CheckpointError(f"There are no weights for {task}; train some with {command}.")
    return first


def named_weights(task: str, file: str | Path | None, run: str | None) -> Source | None:
    """Return the weights that a user named, in a file or of a run; None if neither was named.

    Raises:
        CheckpointError: there is no such run, or it has no weights. The file is not read yet.
    """
    if file is not None:
        path = Path(file)
        return Source(path, printable(path, 200))
    if run is not None:
        return run_weights(task, run)
    return None


def candidates(
    task: str, also: Source | None = None, *, only_digits: bool = False
) -> tuple[Source, ...]:
    """Return the weights in a list to choose from, each file once.

    Weights that ship come first, then `also`, then finished runs, the newest first; with
    `only_digits` those that can answer about digits.
    """
    sources = shipped(task)
    if also is not None:
        with suppress(CheckpointError):  # the error comes once it is chosen
            also = replace(also, name=read_description(also.path)[0].name)
        sources.append(also)
    runs = finished_runs(task)
    if only_digits:
        runs = (source for source in runs if source.reads_digits)
    sources += islice(runs, RUNS_LISTED)
    by_path: dict[Path, Source] = {}
    for source in sources:
        by_path.setdefault(source.path, source)
    return tuple(by_path.values())


def trained_networks(task: str, like: RunConfig | None = None) -> dict[str, Any]:
    """Return a trained network of each cell: of the newest finished run, else one that ships.

    Args:
        task: the task.
        like: settings, of whose data set they must be if it reads images; None for any.
    """
    image_set = getattr(like, "image_set", None)
    paths: dict[str, Path] = {}
    for source in (*finished_runs(task, by_hand=True), *shipped(task)):
        with suppress(CheckpointError):
            cell = read_description(source.path)[0].cell
            if image_set is None or source.image_set is image_set:
                paths.setdefault(cell, source.path)
    make = network_maker(task)
    return {cell: NETWORKS.get(path, make) for cell, path in paths.items()}


def network_maker(task: str) -> Callable[[WeightsFile], Any]:
    """Return the class that makes networks of a task's weights: of sequences, or else of images."""
    if TASKS[task].shape is not None:
        return TASKS[task].network
    from rnn_tui.tasks.images.inference import RowReaderNetwork  # numpy, on use only

    return RowReaderNetwork


class NetworkCache:
    """Networks by the files of their weights, for any thread; the last used ones stay.

    A file that has changed is read again.
    """

    def __init__(self) -> None:
        # without a lock while a file is read, so that a slow disk holds up no other thread
        self._read = lru_cache(NETWORKS_KEPT)(_read)

    @staticmethod
    def version_of(path: Path) -> tuple[Path, int, int]:
        """Return a key for a file as it is now: path, last change (ns) and size (bytes)."""
        try:
            status = path.stat()
        except OSError:
            return path, 0, 0  # reading it says what is wrong
        return path, status.st_mtime_ns, status.st_size

    def get(self, path: Path, make: Callable[[WeightsFile], NetworkType]) -> NetworkType:
        """Return the network that `make` makes of a file's weights.

        Raises:
            CheckpointError: the file can't be read, or its weights are another task's.
        """
        return cast("NetworkType", self._read(self.version_of(path), make))


def _read(version: tuple[Path, int, int], make: Callable[[WeightsFile], Any]) -> Any:
    """Return the network in a file; a CheckpointError names the file."""
    path = version[0]
    try:
        return make(read_weights(path))
    except CheckpointError as error:
        path_shown = printable(path, 200)
        sentence = str(error)
        if path_shown not in sentence:
            sentence = f"{path_shown}: {sentence}"
        raise CheckpointError(sentence) from error


NETWORKS = NetworkCache()


def weights_document(source: Source, network: "RowReaderNetwork") -> dict[str, Any]:
    """Return the part of a `--json` document about the weights of a network that reads images."""
    config = network.config
    return {
        "source": source.label,  #: the run or the file, in words.
        "path": str(source.path),  #: the file.
        "task": config.task,  #: its name, as on the command line.
        "preset": config.preset,  #: the preset's name.
        "model": config.cell,  #: the cell.
        "hidden_size": config.hidden_size,  #: number of units.
        "layers": config.layers,  #: recurrent layers.
        #: the images that it was trained and tested on, such as `fashion`.
        "dataset": config.dataset,
        "seed": config.seed,  #: the seed, or the first one.
        #: the figures of this network at the end of its training; none for a vote.
        "metrics": dict(network.metrics),
    }
