"""Reads a network that was trained elsewhere from its file, whatever kind that is."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from rnn_tui.engine.errors import NetworkError, printable
from rnn_tui.networks.foreign.answers_file import FileTrial
from rnn_tui.networks.foreign.comparing import Candidate, equal_to
from rnn_tui.networks.foreign.files import (
    READABLE,
    is_safetensors,
    read_bytes,
    read_safetensors,
    refuse_others,
)
from rnn_tui.networks.foreign.hints import ForeignNetwork, NetworkHints, check_sizes
from rnn_tui.networks.foreign.state_dict import network_of_tensors

ONNX_ENDING = ".onnx"
ONNX_BEGINNING = b"\x08"  # the version of its format, the first field of the message


def read_network(path: Path, hints: NetworkHints, check: Path | None = None) -> ForeignNetwork:
    """Read a network from a state_dict in safetensors, or from an ONNX file.

    Args:
        path: the file; its bytes say of which kind it is.
        hints: what a user says of the network where the file does not.
        check: a file with inputs and answers of the real network, which are compared.

    Raises:
        NetworkError: if there is no network that is read here, or if something is to be said, or
            if it answers otherwise than the real one.
    """
    trial = None if check is None else FileTrial(check)
    name = printable(path, 200)
    data = read_bytes(path)
    if not is_safetensors(data):  # one in eighty begins with a byte as a pickle does
        refuse_others(data, path)
    if is_safetensors(data):
        network = network_of_tensors(read_safetensors(data, path), hints, name, trial)
    elif data.startswith(ONNX_BEGINNING) or path.suffix.lower() == ONNX_ENDING:
        from rnn_tui.networks.foreign.onnx_child import network_read_apart

        network = network_read_apart(data, hints, name)
        if trial is not None:
            network = _compared(network, trial, name, numbers=hints.numbers)
    else:
        raise NetworkError(f"{name} is of no known kind; {READABLE}.")
    check_sizes(name, network.stack)
    return network


def _compared(
    network: ForeignNetwork, trial: FileTrial, name: str, *, numbers: bool
) -> ForeignNetwork:
    """Return a network whose answers have been compared with those of a file."""
    stack = network.stack.mapped(lambda array: np.asarray(array, np.float64))
    candidate = Candidate(stack, None, network.order, one_hot=network.embedded, numbers=numbers)
    _, comparison = equal_to(trial, [candidate], name)
    return replace(network, comparison=comparison)
