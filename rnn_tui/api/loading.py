"""Finds the network that a script or a notebook names, and loads it without PyTorch."""

import sys
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from rnn_tui.api.arguments import checked, in_words
from rnn_tui.api.network import DataSetReader, ForeignReader, ImageReader, Network, SequenceReader
from rnn_tui.api.run import Run
from rnn_tui.archive import weights
from rnn_tui.archive.weights import NETWORKS, Source
from rnn_tui.data import store
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import (
    ArgumentError,
    CheckpointError,
    QueryError,
    printable,
)
from rnn_tui.engine.files.paths import weights_of
from rnn_tui.engine.files.weights_file import read_description, read_tensors
from rnn_tui.inside.own.network import OwnDescription, read_own_module, read_own_network
from rnn_tui.networks.foreign.hints import NetworkHints, hints_of
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import PREFERRED_LOSS
from rnn_tui.tasks.sequences.inference import ReplicaChoice
from rnn_tui.tasks.task import Task

#: the endings of files of networks; text that ends so is a path.
ENDINGS = (".safetensors", ".onnx", ".pt", ".pth", ".ckpt", ".bin", ".pkl")


@checked
def load_network(
    source: Any,
    *,
    hidden_size: int | None = None,
    loss: str | None = None,
    seed: int | None = None,
    cell: str | None = None,
    position: int | None = None,
    answers: str | None = None,
    classes: str | Sequence[str] | None = None,
    numbers: bool = False,
    alphabet: str | None = None,
    nonlinearity: str | None = None,
    recurrent: str | Sequence[str] = (),
    readout: str | Sequence[str] = (),
    unused: str | Sequence[str] = (),
    before: str | Sequence[str] = (),
    embedding: str | None = None,
    activations: str | Sequence[str] = (),
    check: str | PathLike[str] | None = None,
) -> Network:
    """Load a trained network, without PyTorch; or look into a module of PyTorch.

    Args:
        source: a run; the name of a run, or `last`; the name of a task, for the weights that ship
            with rnn-tui; or the path of a file: weights of rnn-tui, or a network that was trained
            elsewhere, as a state_dict in safetensors or in ONNX. Or an `nn.Module`: it answers
            random inputs in eval mode, and is refused if its answers differ from those that are
            computed here.
        hidden_size: of several networks, one of this size; by default the largest.
        loss: of several, one that was trained with this loss.
        seed: of several, the one of this seed; by default the lowest.
        cell: of the weights that ship, those of this recurrent cell.
        position: of the weights that ship, those that recall this position.
        answers: of a network trained elsewhere, which states its readout takes: `every-step`,
            `last-step`, `final-states` or `all-states`; as all that follow, only if its file does
            not say it.
        classes: what its outputs mean.
        numbers: whether its outputs are numbers, in place of classes.
        alphabet: the symbols that it reads, such as `01`.
        nonlinearity: of a simple RNN, `tanh` or `relu`.
        recurrent: the recurrent modules, each of which reads the states of the one before.
        readout: the linear modules behind the states, in their order.
        unused: modules in the file that are not part of the network: a name, or several.
        before: the linear modules before the recurrent ones, in their order.
        embedding: the module through which symbols are read.
        activations: what is behind each linear module that another follows: `none`, `relu`, `tanh`
            or `sigmoid`; or of each its own, such as `proj:relu`.
        check: the path of a `.npz` file with inputs `x` of the real network and its answers `y`,
            which are compared; what the file of the network does not say is found by trying.

    Raises:
        UserError: there is no such run, file or network, or the file is damaged, or it does not say
            something of the network.

    Examples:
        >>> network = rnn_tui.load_network("recall", position=3)
        >>> network.trace("31415").answers[-1]
        '4'
        >>> rnn_tui.load_network(rnn_tui.Run("last"), seed=1)
        <Network run adder-fast-h5-2seeds-1ep (H 5 bce, seed 1)>
    """
    hints = hints_of(
        {
            "nonlinearity": nonlinearity,
            "answers": answers,
            "recurrent": _with_commas(recurrent),
            "readout": _with_commas(readout),
            "unused": _with_commas(unused),
            "before": _with_commas(before),
            "embedding": embedding,
            "activations": _with_commas(activations),
        }
    )
    names = None if classes is None else _with_commas(classes)
    compared = None if check is None else Path(check)
    if _is_module(source):
        described = Path(type(source).__name__)
        own = OwnDescription(described, hints, names, alphabet, numbers, compared)
        return _from_elsewhere(own, source)
    if not isinstance(source, str | PathLike | Run):
        raise ArgumentError(
            f"source is text or a path or a Run or an nn.Module, not {in_words(source)}."
        )
    path = _path_of(source)
    if path is not None and not _is_ours(path):
        return _from_elsewhere(OwnDescription(path, hints, names, alphabet, numbers, compared))
    task, file = _source_of(source, path, cell, position)
    said = names, alphabet, compared
    if hints != NetworkHints() or numbers or any(each is not None for each in said):
        raise QueryError(f"The network {file.label} says itself what it is and what it reads.")
    networks = NETWORKS.get(file.path, weights.network_maker(task.name))
    if task.shape is None:
        return ImageReader(task, file, networks)
    choice = ReplicaChoice(hidden_size, loss, seed)
    [place] = choice.pick(networks.replicas, PREFERRED_LOSS)
    reader = DataSetReader if store.is_kept(task.name) else SequenceReader
    return reader(task, file, networks.only(place), networks.replicas[place])


def _path_of(source: str | PathLike[str] | Run) -> Path | None:
    """Return the path that a source is; None for a run or the name of something."""
    if isinstance(source, Run):
        return None
    if isinstance(source, PathLike) or source.endswith(ENDINGS):
        return Path(source)
    return None


def _is_ours(path: Path) -> bool:
    """Return whether a file says that rnn-tui wrote it; what can't be read does not."""
    try:
        metadata, _ = read_tensors(path, lambda _name: False)
    except CheckpointError:
        return False
    return metadata is not None


def _with_commas(names: str | Sequence[str]) -> str:
    """Return names as an option of the shell has them."""
    return names if isinstance(names, str) else ",".join(names)


def _is_module(source: Any) -> bool:
    """Return whether a source is a module of PyTorch, which is loaded then already."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(source, torch.nn.Module)


def _from_elsewhere(description: OwnDescription, module: Any = None) -> Network:
    """Return a network that was trained elsewhere."""
    if module is not None:
        return ForeignReader(read_own_module(module, description))
    return ForeignReader(read_own_network(description))


def _source_of(
    source: str | PathLike[str] | Run, path: Path | None, cell: str | None, position: int | None
) -> tuple[Task, Source]:
    """Return the file of weights that a source means, and the task of its networks."""
    if path is not None:
        return _task_of(path), Source(path, printable(path, 200))
    if isinstance(source, str) and source in TASKS:
        return TASKS[source], _shipped(TASKS[source], cell, position)
    return _of_run(source if isinstance(source, Run) else Run(str(source)))


def _of_run(run: Run) -> tuple[Task, Source]:
    path = weights_of(run.id)
    if not path.is_file():
        raise CheckpointError(
            f"Run {run.name} has no weights: it ended before they were first kept."
        )
    return _task_of(path), Source(path, f"run {run.name}")


def _task_of(path: Path) -> Task:
    """Return the task of the networks in a file."""
    config: RunConfig = read_description(path)[0]
    if config.task not in TASKS:
        raise CheckpointError(
            f"{printable(path, 200)} is of the task {config.task}, which is not known here; "
            "rnn_tui.register makes it known."
        )
    return TASKS[config.task]


def _shipped(task: Task, cell: str | None, position: int | None) -> Source:
    """Return the weights that ship for a task, as they are asked for."""
    if task.reads_images:
        return weights.choose_shipped(task.name, cell or "")
    sources = [
        source
        for source in weights.shipped(task.name)
        if cell is None or read_description(source.path)[0].cell == cell
    ]
    usual_position = task.presets[0].values.get("position")
    wanted = usual_position if position is None else position
    for source in sources:
        if source.position == wanted:
            return source
    asked = [f"cell {cell}"] if cell else []
    asked += [f"position {position}"] if position is not None else []
    kind = f" with {' and '.join(map(printable, asked))}" if asked else ""
    raise CheckpointError(
        f"No weights{kind} ship for {task.name}; train some with rnn_tui.train and load the run."
    )
