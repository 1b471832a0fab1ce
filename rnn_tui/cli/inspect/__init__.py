"""`rnn-tui inspect`: what a network holds while it reads one input.

`request.py` reads the options into a frozen request, `subject.py` finds the network and the input
and analyses them, and `results.py` shows what was found, as a table, JSON, NPZ or GIF.
"""

import argparse

from rnn_tui.cli import output
from rnn_tui.cli.inspect.request import InspectRequest, add_arguments, read_request
from rnn_tui.cli.inspect.results import show, show_weights, write_files
from rnn_tui.cli.inspect.subject import analyse, read_input

__all__ = ["add_arguments", "run"]


def run(options: argparse.Namespace) -> int:
    """Look inside a network; returns the exit code.

    Raises:
        UserError: if weights, network, input, edits or files can't be used.
    """
    return inspect(read_request(options))


def inspect(request: InspectRequest) -> int:
    """Look inside a network, and print what was found; returns the exit code.

    If a signal stops an analysis, nothing is printed.
    """
    inspection = read_input(request)
    if not request.quiet:
        show_weights(inspection, request)
    for kind in request.analyses:
        stopped = analyse(inspection, kind, quiet=request.quiet)
        if stopped is not None:
            return stopped
    write_files(inspection, request)
    show(inspection, request)
    return output.OK
