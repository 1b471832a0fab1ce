"""`rnn-tui runs`: lists runs, or does something with some of them.

Each action is an `Action` in a module of this folder, and a line in `ACTIONS`.
"""

import argparse
from typing import Any

from rnn_tui.cli.commands import WHICH_RUN, add_examples
from rnn_tui.cli.runs.action import Action
from rnn_tui.cli.runs.changes import DELETE, RENAME, RESTORE
from rnn_tui.cli.runs.comparison import COMPARE
from rnn_tui.cli.runs.export import EXPORT
from rnn_tui.cli.runs.listing import LIST, add_list_arguments, list_runs, read_list_request
from rnn_tui.cli.runs.remote_control import PAUSE, STOP, UNPAUSE
from rnn_tui.cli.runs.summary import SHOW
from rnn_tui.cli.runs.watching import WATCH

ACTIONS: dict[str, Action[Any]] = {
    action.name: action
    for action in (
        LIST,
        SHOW,
        COMPARE,
        EXPORT,
        WATCH,
        STOP,
        PAUSE,
        UNPAUSE,
        RENAME,
        DELETE,
        RESTORE,
    )
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "List all runs of the app and the command line, the newest first; or do something with "
        f"some of them. RUN is a run: {WHICH_RUN}."
    )
    add_list_arguments(parser)
    add_examples(parser, "rnn-tui runs --task recall", "rnn-tui runs --json")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    for action in ACTIONS.values():
        action_parser = actions.add_parser(
            action.name, help=action.help, description=action.description or None
        )
        action.add_arguments(action_parser)
        command = f"rnn-tui runs {action.name}"
        add_examples(action_parser, *(f"{command} {example}" for example in action.examples))


def run(options: argparse.Namespace) -> int:
    """List runs, or do what the action says; returns the exit code.

    Raises:
        StoreError: if there is no such run.
        UserError: if something else can't be done.
    """
    if options.action is None:
        return list_runs(read_list_request(options))
    return ACTIONS[options.action].run(options)
