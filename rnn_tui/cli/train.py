"""`rnn-tui train`: trains without the app, by the same loop, or resumes a run."""

import argparse
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnn_tui.archive import training
from rnn_tui.archive.footprint import footprint
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore, check_name
from rnn_tui.cli import output
from rnn_tui.cli.commands import (
    WHICH_RUN,
    add_examples,
    add_output_options,
    add_setting,
    check_resuming,
)
from rnn_tui.cli.folds import FoldsRequest, train_folds
from rnn_tui.cli.results import TrainingOutput
from rnn_tui.cli.sequence_files import (
    add_data_argument,
    any_data_set,
    asks_for_all_folds,
    data_set_task,
    tasks_of_folds,
)
from rnn_tui.cli.task_settings import add_task_settings, read_task_settings
from rnn_tui.cli.training_run import train_run
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import CheckpointError, StoreError, printable
from rnn_tui.engine.events import Control, new_run_id
from rnn_tui.engine.files.atomic import why_unwritable
from rnn_tui.engine.process.signals import stopping_on_signals
from rnn_tui.engine.progress import Progress
from rnn_tui.engine.settings import WORKERS
from rnn_tui.engine.state import RunState, Status
from rnn_tui.engine.tables import columns_of_cells
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import ImageConfig
from rnn_tui.tasks.data_sets.task import SEQUENCES
from rnn_tui.tasks.image_sets import root_of
from rnn_tui.tasks.task import Task

if TYPE_CHECKING:
    from torch import Tensor

    from rnn_tui.engine.training.learning_rates import LearningRateTest
    from rnn_tui.engine.training.loop import Outcome

#: rows of losses by learning rate, as many as a screen has room for.
MOST_ROWS = 20


@dataclass(frozen=True, kw_only=True)
class TrainRequest:
    """Train a new run, or resume one."""

    state: RunState  #: how far the run is; of a new one its id and its settings.
    resumed: RunRecord | None  #: the run to resume; None for a new one.
    name: str | None = None  #: what to call a new run; None for an automatic name.
    output: Path | None  #: the file to write the weights to as well; None for none.
    download: bool  #: whether a data set that is missing is fetched first.
    as_json: bool
    quiet: bool  #: print the result only.


@dataclass(frozen=True)
class FindRateRequest:
    """Try learning rates, and train nothing."""

    config: RunConfig
    download: bool  #: as of a `TrainRequest`.
    as_json: bool
    quiet: bool  #: print the result only.


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = "Train a network without the app, or resume an interrupted run."
    add_examples(
        parser, "rnn-tui train recall --preset fast --seeds 3", "rnn-tui train --resume last"
    )
    parser.add_argument(
        "--resume",
        metavar="RUN",
        help=f"resume this run from its last checkpoint: {WHICH_RUN}; the result is that of a "
        "run without interruption",
    )
    _add_output_options(parser, "resume_")
    tasks = parser.add_subparsers(dest="task", metavar="TASK")
    for task in TASKS.values():
        presets = " ".join(f"{preset.name}: {preset.summary}" for preset in task.presets)
        task_parser = tasks.add_parser(
            task.name,
            help=f"train on {task.label}",
            description=f"Train on {task.label}. Settings that are left out are the preset's.",
            epilog=f"Presets. {presets}",
        )
        _add_examples(task_parser, task)
        _add_task_arguments(task_parser, task)
    _add_sequences(tasks)


def _add_sequences(tasks: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the task that a file of sequences is."""
    task = any_data_set()
    presets = " ".join(f"{preset.name}: {preset.summary}" for preset in task.presets)
    parser = tasks.add_parser(
        task.name,
        help=f"train on {task.label}",
        description="Train on a file of sequences of your own. What is understood of it is said "
        "before. Settings that are left out are the preset's.",
        epilog=f"Presets. {presets}",
    )
    add_examples(
        parser,
        "rnn-tui train sequences swings.csv --seeds 3",
        "rnn-tui train sequences swings.csv --goal next --json",
        "rnn-tui train sequences swings.csv --folds 3 --epochs 1",
    )
    add_data_argument(parser)
    _add_task_arguments(parser, task)


def _add_examples(parser: argparse.ArgumentParser, task: Task) -> None:
    presets = [preset.name for preset in task.presets]
    preset = "fast" if "fast" in presets else task.default_preset
    command = f"{task.training_command} --preset {preset}"
    short = f"--cell {task.cells[0]} --epochs 1" if task.reads_images else "--seeds 3"
    add_examples(
        parser,
        f"{command} {short}",
        f"{command} {short} --json",
        f"{command} --find-learning-rate",
    )


def _add_task_arguments(parser: argparse.ArgumentParser, task: Task) -> None:
    add_task_settings(parser, task)
    parser.add_argument(
        "--name",
        help="what to call the run (default: task, cell, preset and what differs from the preset)",
    )
    add_setting(
        parser,
        WORKERS,
        f"{WORKERS.help}, {WORKERS.range_text} (default 0: the cores, at most 4); results repeat "
        "bit for bit only with the same number",
        default=0,
    )
    parser.add_argument(
        "--find-learning-rate",
        action="store_true",
        dest="find_rate",
        help="train nothing; print the loss by learning rate, over half an epoch at most, and the "
        "rate at which it falls fastest",
    )
    if task.reads_images:
        parser.add_argument(
            "--download",
            action="store_true",
            help="first fetch the data set from where torchvision does, unless it is there: into "
            "--data-dir, or into the folder of rnn-tui's own data",
        )
    _add_output_options(parser)


def _add_output_options(parser: argparse.ArgumentParser, prefix: str = "") -> None:
    """Add options on what to write and print; `prefix` precedes the names in the namespace."""
    parser.add_argument(
        "--output",
        metavar="FILE",
        dest=f"{prefix}output",
        help="write the trained weights to this file as well",
    )
    add_output_options(parser, "print the result only", prefix)


def run(options: argparse.Namespace) -> int:
    """Train, resume a run, or try learning rates; returns the exit code.

    Raises:
        UserError: if settings, a run or weights can't be used.
    """
    request = read_request(options)
    match request:
        case FindRateRequest():
            return _fetch(request, request.config) or find_rate(request)
        case TrainRequest():
            return _fetch(request, request.state.config) or train(request)
        case FoldsRequest():
            return train_folds(request)


def read_request(options: argparse.Namespace) -> TrainRequest | FindRateRequest | FoldsRequest:
    """Read the options into a request; ends the command if they contradict each other."""
    check_resuming(options, options.task, "TASK", "run")
    if options.task == SEQUENCES and asks_for_all_folds(options):
        return _read_folds(options)
    if options.task is not None and options.find_rate:
        if options.output is not None:
            options.complain("--find-learning-rate trains nothing that --output could write")
        if options.name is not None:
            options.complain("--find-learning-rate keeps no run that --name could name")
        config = _read_config(options)
        return FindRateRequest(config, _read_download(options, config), options.json, options.quiet)
    weights_file = _read_output(options.output)
    name = None
    if options.resume is None:
        resumed = None
        if options.name is not None:
            name = check_name(options.name)
        state = RunState(new_run_id(), _read_config(options))
    else:
        with RunStore() as store:
            resumed = store.find(options.resume)
            state = store.state(resumed)
    return TrainRequest(
        state=state,
        resumed=resumed,
        name=name,
        output=weights_file,
        download=_read_download(options, state.config),
        as_json=options.json,
        quiet=options.quiet,
    )


def _read_folds(options: argparse.Namespace) -> FoldsRequest:
    """Read the options for a run of each fold."""
    if options.find_rate:
        options.complain("--find-learning-rate tries one fold; say which (--fold 1)")
    if options.output is not None:
        options.complain("--output writes one run; say of which fold (--fold 1)")
    name = None if options.name is None else check_name(options.name)
    configs = [
        task.config(**read_task_settings(options, task), workers=options.workers)
        for task in tasks_of_folds(options)
    ]
    return FoldsRequest(
        configs=tuple(configs), name=name, as_json=options.json, quiet=options.quiet
    )


def _read_config(options: argparse.Namespace) -> RunConfig:
    is_data = options.task == SEQUENCES
    task = data_set_task(options) if is_data else TASKS[options.task]
    return task.config(**read_task_settings(options, task), workers=options.workers)


def _read_download(options: argparse.Namespace, config: RunConfig) -> bool:
    """Return whether to fetch the data; ends the command if they ship."""
    if not getattr(options, "download", False):  # other tasks have no such option
        return False
    if isinstance(config, ImageConfig) and config.ships:
        options.complain(
            f"{config.image_set.label} comes with rnn-tui; --download is for another --dataset, or "
            "with --data-dir"
        )
    return True


def _read_output(text: str | None) -> Path | None:
    """Return the file that `--output` names; a CheckpointError if it can't be written."""
    if text is None:
        return None
    path = Path(text)
    reason = why_unwritable(path)
    if reason:
        where = f"{printable(path, 200)} ({printable(reason)})"
        raise CheckpointError(
            f"The weights can't be written to {where}; choose another place for --output."
        )
    return path


def _fetch(request: TrainRequest | FindRateRequest, config: RunConfig) -> int:
    """Fetch the data if that was asked for; returns the exit code, 0 to go on."""
    if not request.download or not isinstance(config, ImageConfig):
        return output.OK
    from rnn_tui.tasks.mnist.downloads import fetch  # HTTP, on use only

    root = root_of(config.data_dir)
    if not config.image_set.missing(root):
        return output.OK
    bar = output.ProgressBar(config.image_set.label, quiet=request.quiet)
    progress = Progress(bar.show)
    with stopping_on_signals(progress.control.stop_by_signal) as signals, bar:
        is_there = fetch(config.image_set, root, progress)
    if signals or not is_there:
        return output.stopped(signals)
    if not request.quiet:
        output.say(f"{config.image_set.label} is in {printable(root, 200)}.")
    return output.OK


def train(request: TrainRequest) -> int:
    """Train, and show the run as it goes on and its results; returns the exit code."""
    control = Control()
    results = TrainingOutput(
        request.state, as_json=request.as_json, quiet=request.quiet, control=control
    )
    size = footprint(request.state.config)
    with stopping_on_signals(control.stop_by_signal) as signals:
        with results.bar:
            if size is not None:
                results.say(f"{size.in_words}.")
            outcome, losses = train_run(
                request.state, request.resumed, results.emit, control, name=request.name
            )
            evaluation = _evaluate(request, outcome) if request.as_json else None
        results.print_document(evaluation, stored=not losses)
        for sentence in losses:
            output.say(sentence)
        # what was asked for by name must be there, or the command fails
        if request.output is not None and outcome is not None:
            _write_weights(request.output, outcome, results.state.step)
    status = results.state.status
    if status is Status.FINISHED and not losses:
        next_steps = _next_steps(results.state)
        if next_steps:
            results.say(next_steps)
    if status is Status.STOPPED:
        return output.stopped(signals)
    return output.FAILURE if losses or status is Status.FAILED else output.OK


def _next_steps(state: RunState) -> str:
    """Return what a finished run is called, and the commands to go on with.

    Returns:
        Two or three sentences; empty if another process has deleted the run meanwhile.
    """
    try:
        with RunStore() as store:
            name = store.find(state.run_id).name
    except StoreError:
        return ""
    word = shlex.quote(name)
    sentence = f"Run {printable(name, 200)} is stored. "
    question = TASKS[state.config.task].question
    if question:
        sentence += f"Ask it: rnn-tui {printable(question)} --run {word}. "
    return f"{sentence}See it: rnn-tui runs show {word}"


def _evaluate(request: TrainRequest, outcome: "Outcome | None") -> Any:
    """Evaluate several networks for the JSON output; None for a single one, or without weights."""
    config = request.state.config
    weights = _final_weights(outcome)
    if weights is None or not config.variants:
        return None
    return TASKS[config.task].load().evaluate(config, weights)


def _write_weights(path: Path, outcome: "Outcome", step: int) -> None:
    """Write the weights of a run to a file, if it came to its end."""
    from rnn_tui.engine.training.checkpoint import Checkpoint, save_checkpoint  # torch

    weights = _final_weights(outcome)
    if weights is not None:
        save_checkpoint(path, Checkpoint(outcome.config, weights, step, outcome.metrics))


def _final_weights(outcome: "Outcome | None") -> "Mapping[str, Tensor] | None":
    """Return the weights of a run that came to its end, and so was tested; None of any other."""
    if outcome is None or not outcome.metrics:
        return None
    return outcome.weights


def find_rate(request: FindRateRequest) -> int:
    """Try learning rates, and show the losses; returns the exit code."""
    bar = output.ProgressBar(f"{request.config.label} learning rates", quiet=request.quiet)
    progress = Progress(bar.show)
    with stopping_on_signals(progress.control.stop_by_signal) as signals, bar:
        test = training.try_learning_rates(request.config, progress)
    if test is None or signals:
        return output.stopped(signals)
    if request.as_json:
        output.print_json(_rate_document(request.config, test), indent=None)
    else:
        _show_rates(test)
    return output.OK


def _rate_document(config: RunConfig, test: "LearningRateTest") -> dict[str, Any]:
    return {
        "task": config.task,  #: its name, as on the command line.
        "preset": config.preset,  #: the preset's name.
        **test.to_dict(),
        "settings": config.to_dict(),  #: all settings of the training.
    }


def _show_rates(test: "LearningRateTest") -> None:
    """Print a table of losses by learning rate, thinned out to a screen, and what it says."""
    steps = zip(test.learning_rates, test.losses, test.smoothed, strict=True)
    rows = [(f"{rate:.2g}", f"{loss:.4g}", f"{smoothed:.4g}") for rate, loss, smoothed in steps]
    every = max(1, len(rows) // MOST_ROWS)
    heads = ("learning rate", "relative loss" if test.relative else "loss", "smoothed")
    output.print_table(columns_of_cells(heads, right=heads), rows[::every])
    print("", test.sentence, sep="\n")
