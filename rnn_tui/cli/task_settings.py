"""The settings of a task as options of a command, which `train` and `sweep` have in common."""

import argparse
from typing import Any

from rnn_tui.archive.weights import choose_shipped, run_weights
from rnn_tui.cli.commands import WHICH_FINISHED_RUN, add_setting
from rnn_tui.cli.options import add_option
from rnn_tui.data import store
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.options import DEVICE
from rnn_tui.engine.settings import SETTINGS
from rnn_tui.tasks.task import Task

#: the word for the weights that ship, in place of a file after `--start-from`.
SHIPPED = "pretrained"
USUAL = "default: %(default)s"


def add_task_settings(parser: argparse.ArgumentParser, task: Task) -> None:
    """Add an option for each setting of a task, those of its data included."""
    if len(task.cells) > 1:
        parser.add_argument(
            "--cell",
            "--model",
            dest="model",
            choices=task.cells,
            default=task.default_cell,
            help=f"the recurrent cell ({USUAL})",
        )
    parser.add_argument(
        "--preset",
        choices=[preset.name for preset in task.presets],
        default=task.default_preset,
        help=f"a named recipe ({USUAL})",
    )
    for setting in task.adjustable:
        add_setting(parser, setting, f"{setting.help}; {setting.range_text}")
    if task.augmentations:
        parser.add_argument(
            "--augment",
            choices=task.augmentations,
            help="distort training images in this way, in place of the preset's",
        )
    add_option(parser, DEVICE)
    if task.reads_images:
        _add_data_options(parser)


def _add_data_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data-dir",
        metavar="DIR",
        help="a folder with torchvision's MNIST files, to read in place of the data that ships",
        # a default would overrule the same option before the command
        default=argparse.SUPPRESS,
    )
    parser.add_argument(
        "--extra-data",
        metavar="FILE",
        help="further training images: an NPZ file with images and labels, or an IDX file of "
        "images with its labels beside it",
    )
    start = parser.add_mutually_exclusive_group()
    start.add_argument(
        "--start-from",
        metavar="FILE",
        help=f"start from the weights in FILE; {SHIPPED} stands for those that ship",
    )
    start.add_argument(
        "--start-from-run",
        metavar="RUN",
        help=f"start from the weights of this run: {WHICH_FINISHED_RUN}",
    )


def read_task_settings(options: argparse.Namespace, task: Task) -> dict[str, Any]:
    """Return the settings that `add_task_settings` has read, by the names of `Task.config`.

    Returns:
        A value for each setting; None if the command line does not name it.

    Raises:
        CheckpointError: if there are no such weights to start from.
        StoreError: if there is no such run to start from.
        SettingError: for a setting that a data set does not have.
    """
    settings = {
        # a task with one cell or without augmentations has no such option
        "cell": getattr(options, "model", task.default_cell),
        "augmentation": getattr(options, "augment", None),
        "preset": options.preset,
        "device": options.device,
    }
    for name, setting in SETTINGS.items():
        if name in task.settings:
            settings[name] = getattr(options, name)
        elif (
            store.is_called_like_data_set(task.name) and getattr(options, name, None) is not None
        ):  # of other data sets
            raise SettingError(
                f"{setting.label} is no setting of {task.label}; leave out "
                f"{setting.option_names[0]}."
            )
    if task.reads_images:
        settings["data_dir"] = options.data_dir
        settings["extra_data"] = options.extra_data
        settings["start_from"] = _start_from(options, task)
    return settings


def _start_from(options: argparse.Namespace, task: Task) -> str | None:
    """Return the file of weights to start from; None for new ones."""
    if options.start_from_run is not None:
        return str(run_weights(task.name, options.start_from_run).path)
    if options.start_from == SHIPPED:
        return str(choose_shipped(task.name, options.model).path)
    path: str | None = options.start_from
    return path
