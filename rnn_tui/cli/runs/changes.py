"""`rnn-tui runs rename`, `delete` and `restore`: what changes the stored runs."""

import argparse
from dataclasses import dataclass

from rnn_tui.archive.store import DAYS_TO_UNDO, RunStore
from rnn_tui.cli import output
from rnn_tui.cli.runs.action import Action, add_run, add_runs


@dataclass(frozen=True)
class RenameRequest:
    """Give a run another name."""

    run: str  #: as typed.
    name: str


@dataclass(frozen=True)
class DeleteRequest:
    """Delete runs."""

    runs: tuple[str, ...]  #: as typed.


@dataclass(frozen=True)
class RestoreRequest:
    """Restore deleted runs."""

    runs: tuple[str, ...]  #: as typed.


def add_rename_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what `rename` takes."""
    add_run(parser)
    parser.add_argument(
        "name", metavar="NAME", help="up to 80 characters; no other run may have it"
    )


def add_delete_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what `delete` takes."""
    add_runs(parser)


def add_restore_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what `restore` takes."""
    add_runs(parser, metavar="DELETED_RUN")


def read_rename(options: argparse.Namespace) -> RenameRequest:
    """Read the options of `rename` into a request."""
    return RenameRequest(options.run, options.name)


def read_delete(options: argparse.Namespace) -> DeleteRequest:
    """Read the options of `delete`."""
    return DeleteRequest(tuple(options.runs))


def read_restore(options: argparse.Namespace) -> RestoreRequest:
    """Read the options of `restore`."""
    return RestoreRequest(tuple(options.runs))


def rename(request: RenameRequest) -> int:
    """Give a run another name; returns the exit code."""
    with RunStore() as store:
        run = store.find(request.run)
        name = store.rename(run, request.name)
    output.say(f"{run.name} is now called {name}.")
    return output.OK


def delete(request: DeleteRequest) -> int:
    """Delete runs, and for good those that were deleted long ago; returns the exit code."""
    with RunStore() as store:
        for run in [store.find(text) for text in request.runs]:
            store.delete(run)
            output.say(
                f"{run.name} is deleted; rnn-tui runs restore {run.run_id} restores it for "
                f"{DAYS_TO_UNDO} days."
            )
        store.purge()
    return output.OK


def restore(request: RestoreRequest) -> int:
    """Restore deleted runs; returns the exit code."""
    with RunStore() as store:
        for run in [store.find(text, deleted=True) for text in request.runs]:
            store.restore(run)
            output.say(f"{run.name} is restored.")
    return output.OK


RENAME = Action(
    name="rename",
    help="rename a run",
    examples=("last baseline", "recall-fast 'ten units'"),
    add_arguments=add_rename_arguments,
    read=read_rename,
    perform=rename,
)
DELETE = Action(
    name="delete",
    help=f"delete runs; they can be restored for {DAYS_TO_UNDO} days",
    description=f"Delete runs. They can be restored for {DAYS_TO_UNDO} days, then they are gone.",
    examples=("last", "last recall-fast"),
    add_arguments=add_delete_arguments,
    read=read_delete,
    perform=delete,
)
RESTORE = Action(
    name="restore",
    help="restore deleted runs",
    examples=("last", "recall-fast"),
    add_arguments=add_restore_arguments,
    read=read_restore,
    perform=restore,
)
