"""Reads a network that was trained elsewhere from its file, whatever kind that is."""

from pathlib import Path

from rnn_tui.engine.errors import NetworkError, printable
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


def read_network(path: Path, hints: NetworkHints) -> ForeignNetwork:
    """Read a network from a state_dict in safetensors, or from an ONNX file.

    Args:
        path: the file; its bytes say of which kind it is.
        hints: what a user says of the network where the file does not.

    Raises:
        NetworkError: if there is no network that is read here, or if something is to be said.
    """
    name = printable(path, 200)
    data = read_bytes(path)
    if not is_safetensors(data):  # one in eighty begins with a byte as a pickle does
        refuse_others(data, path)
    if is_safetensors(data):
        network = network_of_tensors(read_safetensors(data, path), hints, name)
    elif data.startswith(ONNX_BEGINNING) or path.suffix.lower() == ONNX_ENDING:
        from rnn_tui.networks.foreign.onnx_child import network_read_apart

        network = network_read_apart(data, hints, name)
    else:
        raise NetworkError(f"{name} is of no known kind; {READABLE}.")
    check_sizes(name, network.stack)
    return network
