"""A network of one's own and its input, as typed on one line: with the options of the command."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from rnn_tui.engine.errors import NetworkError, printable
from rnn_tui.engine.files.outside import expanded
from rnn_tui.engine.suggestions import did_you_mean
from rnn_tui.inside.own.inputs import InputSequence, read_sequence, read_sequence_file
from rnn_tui.inside.own.network import OwnDescription, OwnNetwork
from rnn_tui.networks.foreign.hints import NONLINEARITIES, hints_of
from rnn_tui.networks.own_options import HINTS
from rnn_tui.networks.stack import READOUTS

LONGEST_LINE = 5000  # characters
LONGEST_SEQUENCE = 100_000
HOW_TO_WRITE = (
    "A path to safetensors or ONNX; if need be with --answers every-step or last-step, "
    "--activations relu, --check FILE.npz, --alphabet 01, --classes a,b."
)
#: the values of options that have few.
CHOICES: dict[str, Sequence[str]] = {
    "answers": READOUTS,
    "nonlinearity": tuple(NONLINEARITIES),
}
NUMBERS = "numbers"  # an option without a value
CHECK = "check"
OPTIONS = (*HINTS, "alphabet", "classes", CHECK)
#: what a path to a sequence begins or ends with, unlike symbols.
PATH_BEGINNINGS, PATH_ENDINGS = ("/", "~", "./", "../"), (".csv", ".npy", ".txt", ".tsv")


def read_own_line(text: str) -> OwnDescription:
    """Read a path and options, such as `net.safetensors --answers last-step`.

    Raises:
        NetworkError: if it is none of that.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise NetworkError(f"A quotation mark in “{printable(text)}” has no other end.") from error
    paths: list[str] = []
    values: dict[str, str] = {}
    while words:
        word = words.pop(0)
        if not word.startswith("--"):
            paths.append(word)
            continue
        name, equals, value = word.removeprefix("--").partition("=")
        if name == NUMBERS and not equals:
            values[name] = NUMBERS
            continue
        if name not in OPTIONS:
            hint = did_you_mean(f"--{name}", [f"--{option}" for option in (*OPTIONS, NUMBERS)])
            raise NetworkError(f"There is no option --{printable(name)} here{hint}.")
        if not equals:
            value = words.pop(0) if words else ""
        _check(name, value)
        values[name] = value
    if len(paths) != 1 or "\0" in text:
        raise NetworkError(
            "Name one file; a path with blanks stands in quotation marks."
            if paths
            else "Name the file of the network."
        )
    check = values.get(CHECK)
    return OwnDescription(
        Path(expanded(paths[0])),
        hints_of(values),
        values.get("classes"),
        values.get("alphabet"),
        NUMBERS in values,
        None if check is None else Path(expanded(check)),
    )


def _check(name: str, value: str) -> None:
    """Raise `NetworkError` if an option has no value, or none of its choices."""
    choices = CHOICES.get(name)
    if not value:
        raise NetworkError(f"--{name} needs a value.")
    if choices is not None and value not in choices:
        raise NetworkError(
            f"--{name} is {', '.join(choices[:-1])} or {choices[-1]}, not “{printable(value)}”."
        )


def read_typed(network: OwnNetwork, text: str) -> InputSequence:
    """Read a sequence as typed, or from the file that a path leads to.

    Raises:
        QueryError: if it is none for this network.
    """
    features = network.stack.features
    path = text.strip().strip("'\"")
    if path.startswith(PATH_BEGINNINGS) or path.lower().endswith(PATH_ENDINGS):
        return read_sequence_file(Path(expanded(path)), features, network.alphabet)
    return read_sequence(text, features, network.alphabet)
