"""The part of `rnn-tui inspect` for a network of the user's own: `--network FILE`."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rnn_tui.cli.commands import read_path
from rnn_tui.networks.own_options import ANSWERS, HINTS, NONLINEARITY_NAMES

if TYPE_CHECKING:
    from rnn_tui.inside.own.network import OwnInspection

OWN = "network"  #: the name of the subcommand, which `--network` chooses.
EXAMPLES = (
    "--network parity.onnx --alphabet 01 0110",
    "--network parity.onnx --input bits.csv",
)


@dataclass(frozen=True, kw_only=True)
class OwnInput:
    """A network in a file, what is said of it, and the sequence that it reads."""

    network: Path
    hints: Mapping[str, str | None]  #: as typed, by the names of the options.
    check: Path | None  #: a file with inputs and answers of the real network.
    classes: str | None
    numbers: bool
    alphabet: str | None
    text: str | None  #: the sequence as typed; None for one from a file, or for none.
    file: Path | None  #: with the sequence.


def add_network_file(parser: argparse.ArgumentParser) -> None:
    """Add the options that name and describe a network of the user's own."""
    parser.add_argument(
        "--network",
        metavar="FILE",
        required=True,
        help="the network: a state_dict in safetensors, or an ONNX file",
    )
    parser.add_argument(
        "query",
        nargs="*",
        metavar="SEQUENCE",
        help="symbols of the alphabet, or numbers with a semicolon between two steps",
    )
    parser.add_argument(
        "--input",
        metavar="FILE",
        help="read the sequence from this file: CSV with a line a step, .npy, or symbols",
    )
    parser.add_argument(
        "--alphabet",
        metavar="SYMBOLS",
        help="the symbols that the network reads, such as 01, or with commas 00,01,10,11",
    )
    parser.add_argument(
        "--classes", metavar="NAMES", help="what its outputs mean, with commas, in their order"
    )
    parser.add_argument(
        "--numbers", action="store_true", help="its outputs are numbers, in place of classes"
    )
    parser.add_argument(
        "--answers",
        choices=ANSWERS,
        help="which states the readout of a state_dict takes: those of every step, those of the "
        "last one, those that both directions end with, or all of a fixed number of steps",
    )
    parser.add_argument(
        "--check",
        metavar="FILE",
        help="compare with the network's own answers: a .npz file with its inputs x and outputs y; "
        "what its file does not say is then found by trying",
    )
    parser.add_argument(
        "--nonlinearity",
        choices=NONLINEARITY_NAMES,
        help="of a simple RNN in a state_dict, which does not say it",
    )
    parser.add_argument(
        "--recurrent",
        metavar="NAMES",
        help="the recurrent modules of a state_dict, each of which reads the states of the one "
        "before, with commas",
    )
    parser.add_argument(
        "--readout",
        metavar="NAMES",
        help="the linear modules behind the states, in their order, with commas",
    )
    parser.add_argument(
        "--before",
        metavar="NAMES",
        help="the linear modules before the recurrent ones, in their order, with commas",
    )
    parser.add_argument(
        "--embedding", metavar="NAME", help="the module through which symbols are read"
    )
    parser.add_argument(
        "--activations",
        metavar="WORDS",
        help="what is behind each linear module that another follows: none, relu, tanh or sigmoid; "
        "or of each its own, such as proj:relu,fc1:tanh",
    )
    parser.add_argument(
        "--unused",
        metavar="NAMES",
        help="modules in a state_dict that are not part of the network, with commas",
    )


def read_own(options: argparse.Namespace) -> OwnInput:
    """Read the options; ends the command if they contradict each other."""
    if options.query and options.input is not None:
        options.complain("type a sequence or name its file with --input, not both")
    return OwnInput(
        network=read_path(options.network),
        hints={name: getattr(options, name) for name in HINTS},
        check=None if options.check is None else read_path(options.check),
        classes=options.classes,
        numbers=options.numbers,
        alphabet=options.alphabet,
        text=" ".join(options.query) if options.query else None,
        file=None if options.input is None else read_path(options.input),
    )


def inspection_of(own: OwnInput) -> "OwnInspection":
    """Have a network read its sequence.

    Raises:
        UserError: if the network or the sequence can't be read, or something is to be said.
    """
    from rnn_tui.inside.own.network import (  # numpy, on use only
        OwnDescription,
        OwnInspection,
        read_own_input,
        read_own_network,
    )
    from rnn_tui.networks.foreign.hints import hints_of

    hints = hints_of(own.hints)
    network = read_own_network(
        OwnDescription(own.network, hints, own.classes, own.alphabet, own.numbers, own.check)
    )
    return OwnInspection(network, read_own_input(network, own.text, own.file))
