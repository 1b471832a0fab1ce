"""The requests of `rnn-tui sweep`, and the options that state them."""

import argparse
from dataclasses import dataclass
from typing import TypeAlias

from rnn_tui.cli.commands import add_examples, add_output_options, check_resuming
from rnn_tui.cli.options import add_option, read_options
from rnn_tui.cli.sequence_files import add_data_argument, any_data_set, data_set_task
from rnn_tui.cli.task_settings import add_task_settings, read_task_settings
from rnn_tui.engine.extras import HOW_TO_INSTALL
from rnn_tui.engine.options import options_of
from rnn_tui.sweeps.options import PLACE, SweepOptions
from rnn_tui.sweeps.places import TRUST_HELP, TrainingPlace, read_place
from rnn_tui.sweeps.plan import SweepPlan, check_sweep_name
from rnn_tui.sweeps.store import Sweep, SweepStore
from rnn_tui.sweeps.trials import require_extras
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.data_sets.task import SEQUENCES
from rnn_tui.tasks.task import Task

WHICH_SWEEP = "a sweep's name, as listed by rnn-tui sweep list"


@dataclass(frozen=True)
class ListSweepsRequest:
    """List all sweeps."""

    as_json: bool


@dataclass(frozen=True)
class ShowSweepRequest:
    """Show the trials of a sweep."""

    sweep: Sweep
    as_json: bool


@dataclass(frozen=True)
class DryRunRequest:
    """Tell how much a sweep has to train, and train nothing."""

    plan: SweepPlan
    place: TrainingPlace
    as_json: bool


@dataclass(frozen=True, kw_only=True)
class TrainSweepRequest:
    """Train a new sweep, or what an earlier one lacks."""

    plan: SweepPlan
    place: TrainingPlace
    resumed: Sweep | None  #: the earlier sweep; None for a new one.
    name: str  #: the name of a new sweep; empty for its task and a number.
    shared: str  #: a folder for checkpoints that all machines see; empty for none.
    as_json: bool
    quiet: bool  #: print the result and errors only.


SweepRequest: TypeAlias = ListSweepsRequest | ShowSweepRequest | DryRunRequest | TrainSweepRequest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Train one task with many settings, each over several seeds, on the cores of this "
        "machine or on many machines. The runs are stored like all others. A sweep that was "
        "interrupted can be resumed. Sweeps need the extra cluster, searches also search: "
        f"{HOW_TO_INSTALL}."
    )
    add_examples(
        parser,
        "rnn-tui sweep recall --preset fast --grid hidden_size=2,4 --dry-run",
        "rnn-tui sweep list",
    )
    parser.add_argument(
        "--resume", metavar="NAME", help=f"train the missing trials of this sweep: {WHICH_SWEEP}"
    )
    _add_training_options(parser, "resume_")
    actions = parser.add_subparsers(dest="action", metavar="TASK|list|show")
    for task in TASKS.values():
        task_parser = actions.add_parser(
            task.name,
            help=f"sweep over {task.label}",
            description=f"Sweep over {task.label}. Settings that are neither varied nor given are "
            "the preset's.",
        )
        command = f"rnn-tui sweep {task.name} --grid"
        add_examples(
            task_parser,
            f"{command} batch_size=50,100 --dry-run",
            f"{command} epochs=1,2 --dry-run --json",
        )
        _add_task_options(task_parser, task)
    _add_sequences(actions)
    list_parser = actions.add_parser(
        "list", help="list all sweeps", description="List all sweeps, the newest first."
    )
    add_examples(list_parser, "rnn-tui sweep list", "rnn-tui sweep list --json")
    add_output_options(list_parser)
    show_parser = actions.add_parser(
        "show",
        help="show the trials of a sweep",
        description="Show the trials of a sweep, the best first.",
    )
    add_examples(show_parser, "rnn-tui sweep show recall-1", "rnn-tui sweep show recall-1 --json")
    show_parser.add_argument("name", metavar="NAME", help=WHICH_SWEEP)
    add_output_options(show_parser)


def _add_sequences(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the task that a file of sequences is."""
    task = any_data_set()
    parser = actions.add_parser(
        task.name,
        help=f"sweep over {task.label}",
        description="Sweep over a file of sequences of your own. Settings that are neither varied "
        "nor given are the preset's.",
    )
    command = "rnn-tui sweep sequences swings.csv --grid"
    add_examples(
        parser,
        f"{command} hidden_size=8,32 --dry-run",
        f"{command} epochs=1,2 --dry-run --json",
    )
    add_data_argument(parser)
    _add_task_options(parser, task)


def _add_task_options(parser: argparse.ArgumentParser, task: Task) -> None:
    """Add options on what to vary, the settings of the task, and where to train."""
    rows = dict(options_of(SweepOptions))
    seeds = rows.pop("seeds")
    for option in rows.values():
        add_option(parser, option)
    add_task_settings(parser, task)
    if "seeds" not in task.settings:
        add_option(parser, seeds)
    _add_training_options(parser)


def _add_training_options(parser: argparse.ArgumentParser, prefix: str = "") -> None:
    """Add options on where to train, and what to print.

    `prefix` precedes the names in the namespace.
    """
    add_option(parser, PLACE, prefix)
    parser.add_argument("--trust", action="store_true", dest=f"{prefix}trust", help=TRUST_HELP)
    parser.add_argument(
        "--shared",
        metavar="DIR",
        default="",
        dest=f"{prefix}shared",
        help="a folder for checkpoints that all machines see at the same path, so that none are "
        "sent",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        dest=f"{prefix}dry_run",
        help="print the number of runs and how long they take, and train nothing",
    )
    add_output_options(parser, prefix=prefix)


def read_request(
    options: argparse.Namespace,
) -> SweepRequest:
    """Read the options of a sweep.

    Raises:
        SettingError: if settings are wrong or do not go together.
        StoreError: if there is no such sweep.
        ClusterError: if a package is missing that training takes.
    """
    check_resuming(options, options.action, "TASK, list or show; or --resume NAME", "sweep")
    if options.action == "list":
        return ListSweepsRequest(options.json)
    if options.action == "show":
        return ShowSweepRequest(_stored(options.name), options.json)
    place = read_place(options.place, trust=options.trust)
    if options.resume is None:
        resumed = None
        plan = _read_plan(options)
        name = "" if options.name is None else check_sweep_name(options.name)
    else:
        resumed = _stored(options.resume)
        if resumed.status == "finished":  # nothing is left to train
            return ShowSweepRequest(resumed, options.json)
        plan = resumed.plan
        name = resumed.name
    if options.dry_run:
        return DryRunRequest(plan, place, options.json)
    require_extras(plan)
    return TrainSweepRequest(
        plan=plan,
        place=place,
        resumed=resumed,
        name=name,
        shared=options.shared,
        as_json=options.json,
        quiet=options.quiet,
    )


def _stored(name: str) -> Sweep:
    with SweepStore() as store:
        return store.sweep(name)


def _read_plan(options: argparse.Namespace) -> SweepPlan:
    is_data = options.action == SEQUENCES
    task = data_set_task(options) if is_data else TASKS[options.action]
    settings = read_task_settings(options, task)
    fixed = {
        name: value for name, value in settings.items() if value is not None and name != "seeds"
    }
    return read_options(options, SweepOptions).plan(task, fixed)
