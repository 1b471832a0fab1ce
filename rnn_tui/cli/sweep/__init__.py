"""`rnn-tui sweep`: one task trained with many settings.

`request.py` reads the options into a frozen request, `training.py` does what it asks for, and
`results.py` shows what came of it.
"""

import argparse

from rnn_tui.cli.output import OK
from rnn_tui.cli.sweep.request import (
    DryRunRequest,
    ListSweepsRequest,
    ShowSweepRequest,
    SweepRequest,
    TrainSweepRequest,
    add_arguments,
    read_request,
)
from rnn_tui.cli.sweep.results import show_list, show_result, show_size
from rnn_tui.cli.sweep.training import all_sweeps, result_of, size_of, train

__all__ = ["add_arguments", "run"]


def run(options: argparse.Namespace) -> int:
    """List, show, start or resume sweeps; returns the exit code.

    Raises:
        UserError: settings, workers or a sweep can't be used.
    """
    return perform(read_request(options))


def perform(request: SweepRequest) -> int:
    """Do what was asked for, and show it; returns the exit code."""
    match request:
        case ListSweepsRequest():
            sweeps = all_sweeps()
            show_list(sweeps, as_json=request.as_json)
            return OK
        case ShowSweepRequest():
            result = result_of(request.sweep)
            show_result(result, as_json=request.as_json)
            return OK
        case DryRunRequest():
            size = size_of(request.plan, request.place)
            show_size(size, as_json=request.as_json)
            return OK
        case TrainSweepRequest():
            return train(request)
