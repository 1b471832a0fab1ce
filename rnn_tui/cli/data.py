"""`rnn-tui data`: files of sequences as they are understood, and the data sets that are kept."""

import argparse
import csv
import sys
from dataclasses import dataclass
from typing import TypeAlias

from rnn_tui.archive.kept_data_sets import DATA_SET_COLUMNS, kept_data_sets
from rnn_tui.archive.store import existing_store
from rnn_tui.cli import output
from rnn_tui.cli.commands import add_examples, add_output_options
from rnn_tui.cli.options import read_options
from rnn_tui.cli.sequence_files import (
    add_data_argument,
    kept_data_set,
    understand_file,
)
from rnn_tui.data import store
from rnn_tui.data.description import Description
from rnn_tui.data.options import ReadingOptions
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError, printable


@dataclass(frozen=True)
class ShowDataRequest:
    """Show how a file of sequences is understood, or a data set that is kept; train nothing."""

    data: str  #: a path, or the name of a data set.
    options: ReadingOptions
    as_json: bool
    quiet: bool


@dataclass(frozen=True)
class ShowPartsRequest:
    """List the sequences of a file, or of a data set that is kept, with their groups and parts."""

    data: str  #: a path, or the name of a data set.
    options: ReadingOptions
    as_json: bool
    quiet: bool


@dataclass(frozen=True)
class ListDataRequest:
    """List the data sets that are kept."""

    as_json: bool


@dataclass(frozen=True)
class DeleteDataRequest:
    """Delete a data set."""

    name: str
    with_runs: bool  #: also if there are runs on it.


@dataclass(frozen=True)
class RenameDataRequest:
    """Change the label of a data set."""

    name: str
    label: str


DataRequest: TypeAlias = (
    ShowDataRequest | ShowPartsRequest | ListDataRequest | RenameDataRequest | DeleteDataRequest
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Show how a file of sequences is understood, or list, rename and delete the data sets that "
        "are kept. rnn-tui train sequences DATA trains on one."
    )
    add_examples(parser, "rnn-tui data show swings.csv", "rnn-tui data list")
    actions = parser.add_subparsers(
        dest="action", metavar="show|parts|list|rename|delete", required=True
    )
    show = actions.add_parser(
        "show",
        help="show how a file is understood, or what a data set holds",
        description="Show how a file of sequences is understood, or what a data set that is kept "
        "holds. Nothing is trained or kept.",
    )
    add_examples(
        show,
        "rnn-tui data show swings.csv",
        "rnn-tui data show swings.csv --goal next --json",
    )
    add_data_argument(show)
    add_output_options(show)
    parts = actions.add_parser(
        "parts",
        help="list which sequences are in training, validation and test",
        description="List the sequences of a file, or of a data set that is kept, as "
        "comma-separated values: what the file calls each, its group, and its part. Nothing is "
        "trained or kept.",
    )
    add_examples(
        parts,
        "rnn-tui data parts swings.csv",
        "rnn-tui data parts swings.csv --json",
    )
    add_data_argument(parts)
    add_output_options(parts)
    listing = actions.add_parser(
        "list",
        help="list the data sets that are kept",
        description="List the data sets that networks were trained on, by name.",
    )
    add_examples(listing, "rnn-tui data list", "rnn-tui data list --json")
    listing.add_argument("--json", action="store_true", help="print one JSON document")
    rename = actions.add_parser(
        "rename",
        help="change the label of a data set",
        description="Change the label by which a data set is shown. Its name, by which commands "
        "and runs know it, stays.",
    )
    add_examples(
        rename,
        "rnn-tui data rename swings-94cff4 pendulums",
        "rnn-tui data rename swings-94cff4 'Swings of March'",
    )
    rename.add_argument("name", metavar="OLD", help="as rnn-tui data list prints it")
    rename.add_argument("label", metavar="NEW", help="the label to show from now on")
    delete = actions.add_parser(
        "delete",
        help="delete a data set",
        description="Delete a data set. Runs on it stay in the list, but can't be resumed or "
        "asked any more; the file that it was read from stays.",
    )
    add_examples(
        delete,
        "rnn-tui data delete swings-94cff4 --yes",
        "rnn-tui data delete load-2f90aa",
    )
    delete.add_argument("name", metavar="NAME", help="as rnn-tui data list prints it")
    delete.add_argument(
        "--yes", action="store_true", help="also if there are runs on it, which stay in the list"
    )


def run(options: argparse.Namespace) -> int:
    """Show, list, rename or delete data sets; returns the exit code.

    Raises:
        UserError: if a file can't be read, or there is no such data set.
    """
    request = read_request(options)
    match request:
        case ShowDataRequest():
            return show_data(request)
        case ShowPartsRequest():
            return show_parts(request)
        case ListDataRequest():
            return list_data(request)
        case RenameDataRequest():
            store.rename(request.name, request.label)
            output.say(f"{request.name} is shown as {request.label.strip()} from now on.")
            return output.OK
        case DeleteDataRequest():
            return delete_data(request)


def read_request(options: argparse.Namespace) -> DataRequest:
    """Read the options into a request."""
    if options.action == "list":
        return ListDataRequest(options.json)
    if options.action == "rename":
        return RenameDataRequest(options.name, options.label)
    if options.action == "delete":
        return DeleteDataRequest(options.name, options.yes)
    reading = read_options(options, ReadingOptions)
    kind = ShowPartsRequest if options.action == "parts" else ShowDataRequest
    return kind(options.data, reading, options.json, options.quiet)


def show_data(request: ShowDataRequest) -> int:
    """Print how a file is understood, or what a kept data set holds; returns the exit code."""
    kept = kept_data_set(request.data)
    if kept is not None:
        return _show_kept(kept, as_json=request.as_json)
    understanding = understand_file(request.data, request.options, quiet=request.quiet)
    if request.as_json:
        output.print_json(understanding.document())
        return output.OK
    print(*understanding.lines(), sep="\n")
    return output.OK


def _show_kept(description: Description, *, as_json: bool) -> int:
    """Print what a kept data set holds; returns the exit code."""
    if as_json:
        output.print_json(description.to_dict())
        return output.OK
    from rnn_tui.data.summary import figure_lines  # numpy, on use only

    print(f"{description.name}: made of {description.source}")
    print(*figure_lines(store.load(description.name)), sep="\n")
    print(*(f"- {note}" for note in description.notes), sep="\n")
    return output.OK


def show_parts(request: ShowPartsRequest) -> int:
    """Print which sequences are in which part; returns the exit code."""
    from rnn_tui.data.summary import PlacedSequence, placed_sequences  # numpy, on use only

    kept = kept_data_set(request.data)
    if kept is not None:
        data_set = store.load(kept.name)
    else:
        data_set = understand_file(request.data, request.options, quiet=request.quiet).data_set
    rows = placed_sequences(data_set)
    if request.as_json:
        documents = [row._asdict() for row in rows]
        output.print_json({"sequences": documents})  #: all, in the order of the data set.
        return output.OK
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(PlacedSequence._fields)
    writer.writerows(rows)
    return output.OK


def list_data(request: ListDataRequest) -> int:
    """Print a table of the data sets that are kept; returns the exit code.

    A damaged one is named on stderr.
    """
    with existing_store() as runs:
        data_sets = kept_data_sets(lambda name: 0 if runs is None else len(runs.runs(name)))
    for data_set in data_sets:
        if data_set.problem:
            output.say(data_set.problem)
    sound = [data_set for data_set in data_sets if not data_set.problem]
    if request.as_json:
        descriptions = (data_set.description for data_set in sound)
        documents = [description.to_dict() for description in descriptions if description]
        output.print_json({"data_sets": documents})  #: all data sets that are kept.
    elif sound:
        output.print_table(DATA_SET_COLUMNS, sound)
    else:
        output.say("No data sets are kept; rnn-tui train sequences FILE keeps one.")
    return output.OK


def delete_data(request: DeleteDataRequest) -> int:
    """Delete a data set; returns the exit code.

    Raises:
        DataError: if there is none such, or there are runs on it that were not named.
    """
    with existing_store() as runs:
        count = 0 if runs is None else len(runs.runs(request.name))
    if count and not request.with_runs:
        raise DataError(
            f"{count_of(count, 'run')} on {printable(request.name)} could no longer be resumed or "
            "asked; say --yes to delete it."
        )
    store.remove(request.name)
    output.say(f"The data set {request.name} is deleted.")
    return output.OK
