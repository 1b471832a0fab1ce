"""`rnn-tui train`: training without the app, by the same loop; or going on with a run."""

import argparse
from pathlib import Path

from rnn_tui.cli import output
from rnn_tui.cli.commands import (
    WHICH_RUN,
    add_examples,
    add_output_options,
    add_setting,
    check_resuming,
)
from rnn_tui.cli.results import TrainingOutput
from rnn_tui.cli.task_settings import add_task_settings, read_task_settings
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import CheckpointError, printable
from rnn_tui.engine.events import Control, new_run_id
from rnn_tui.engine.files import why_unwritable
from rnn_tui.engine.progress import Progress
from rnn_tui.engine.settings import WORKERS
from rnn_tui.engine.state import RunState, Status
from rnn_tui.runs import training
from rnn_tui.runs.run_record import RunRecord
from rnn_tui.runs.store import RunStore
from rnn_tui.runs.unsaved import UnsavedRun, give_up
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.task import Task

ROWS = 20  # of losses by learning rate, as many as a screen has room for


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.description = "Train a network without the app, or go on with a run that was cut off."
    add_examples(
        parser, "rnn-tui train recall --preset fast --seeds 3", "rnn-tui train --resume last"
    )
    text = (
        f"go on with this run from its last checkpoint: {WHICH_RUN}; it ends as if it had never "
        "been cut off"
    )
    parser.add_argument("--resume", metavar="RUN", help=text)
    _add_output(parser, "resume_")
    tasks = parser.add_subparsers(dest="task", metavar="TASK")
    for task in TASKS.values():
        presets = " ".join(f"{preset.name}: {preset.summary}" for preset in task.presets)
        one = tasks.add_parser(
            task.name, help=f"train on {task.label}", epilog=f"Presets. {presets}"
        )
        one.description = f"Train on {task.label}. A setting left out is the preset's."
        _add_task(one, task)


def _add_task(parser: argparse.ArgumentParser, task: Task) -> None:
    quick = next(
        (preset.name for preset in task.presets if preset.name == "fast"), task.default_preset
    )
    few = f"--cell {task.cells[0]} --epochs 1" if task.reads_data else "--seeds 3"
    line = f"rnn-tui train {task.name} --preset {quick} {few}"
    add_examples(
        parser,
        line,
        f"{line} --json",
        f"rnn-tui train {task.name} --preset {quick} --find-learning-rate",
    )
    add_task_settings(parser, task)
    workers = f"{WORKERS.help}, {WORKERS.range_text} (default 0: the cores, at most 4)"
    add_setting(
        parser,
        WORKERS,
        f"{workers}; results repeat bit for bit only with the same number",
        default=0,
    )
    text = (
        "train nothing: print the loss by learning rate, over half an epoch at most, and the "
        "rate at which it falls fastest"
    )
    parser.add_argument("--find-learning-rate", action="store_true", dest="find_rate", help=text)
    _add_output(parser)


def _add_output(parser: argparse.ArgumentParser, prefix: str = "") -> None:
    """The options on what comes out of training; they stand in two places, told apart in the result
    by a `prefix`.
    """
    text = "write the trained weights to this file as well"
    parser.add_argument("--output", metavar="FILE", dest=f"{prefix}output", help=text)
    add_output_options(parser, "print the result only", prefix)


def run(options: argparse.Namespace) -> int:
    """Train, go on with a run, or try learning rates; returns the exit code.

    Raises:
        UserError: settings, run or weights can't be used.
    """
    check_resuming(options, options.task, "TASK", "run")
    if options.task is not None and options.find_rate:
        return _find_rate(options)
    to = _output_file(options.output)
    record, state = _to_train(options)
    config = state.config
    told = TrainingOutput(state, as_json=options.json, quiet=options.quiet)
    control = Control()
    with output.stopping_on_signals(output.stopping(control)) as received:
        evaluation = None
        unsaved: list[UnsavedRun] = []
        with told.bar:
            if record is None:
                outcome = training.train(
                    config, told.emit, control, state.run_id, on_unsaved=unsaved.append
                )
            else:
                outcome = training.resume(record, told.emit, control, on_unsaved=unsaved.append)
            lost = give_up(unsaved)
            # of a run that came to its end
            weights = outcome.weights if outcome is not None and outcome.metrics else None
            # the document has more than the events say
            if options.json and config.variants and weights:
                evaluation = TASKS[config.task].load().evaluate(config, weights)
        told.tell(evaluation, kept=not lost)
        for sentence in lost:
            output.say(sentence)
        # what was asked for by name must exist, or the command fails
        if to is not None and outcome is not None and weights:
            from rnn_tui.engine.checkpoint import Checkpoint, save_checkpoint  # noqa: PLC0415 - torch

            step = told.state.step
            save_checkpoint(to, Checkpoint(config, weights, step, outcome.metrics))
    if told.state.status is Status.STOPPED:
        return output.stopped(received)
    return output.FAILURE if lost or told.state.status is Status.FAILED else output.OK


def _output_file(text: str | None) -> Path | None:
    """The file that `--output` names; a CheckpointError where it can't be written."""
    if text is None:
        return None
    path = Path(text)
    if reason := why_unwritable(path):
        where = f"{printable(path, 200)} ({printable(reason)})"
        raise CheckpointError(
            f"The weights can't be written to {where}; choose another place for --output."
        )
    return path


def _to_train(options: argparse.Namespace) -> tuple[RunRecord | None, RunState]:
    """The run to go on with, None for a new one, and how far it is."""
    if options.resume is None:
        return None, RunState(new_run_id(), _config(options))
    with RunStore() as store:
        record = store.find(options.resume)
        return record, store.state(record)


def _find_rate(options: argparse.Namespace) -> int:
    """Print the losses by learning rate in place of training; returns the exit code."""
    if options.output is not None:
        options.complain("--find-learning-rate trains nothing that --output could write")
    config = _config(options)
    bar = output.ProgressBar(f"{config.label} learning rates", quiet=options.quiet)
    progress = Progress(bar.show)
    with output.stopping_on_signals(output.stopping(progress.control)) as received, bar:
        found = training.try_learning_rates(config, progress)
    if found is None or received:
        return output.stopped(received)
    if options.json:
        document = {
            "task": config.task,
            "preset": config.preset,
            **found.to_dict(),
            "settings": config.to_dict(),
        }
        output.print_json(document, indent=None)
        return output.OK
    points = zip(found.learning_rates, found.losses, found.smoothed, strict=True)
    rows = [(f"{rate:.2g}", f"{loss:.4g}", f"{smoothed:.4g}") for rate, loss, smoothed in points]
    heads = ("learning rate", "relative loss" if found.relative else "loss", "smoothed")
    output.print_table(heads, rows[:: max(1, len(rows) // ROWS)], right=heads)
    print("", found.sentence, sep="\n")
    return output.OK


def _config(options: argparse.Namespace) -> RunConfig:
    task = TASKS[options.task]
    return task.config(**read_task_settings(options, task), workers=options.workers)
