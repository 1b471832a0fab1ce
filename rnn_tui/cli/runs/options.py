"""The options of `rnn-tui runs`; the database is not opened, nor safetensors loaded, before use."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FORMATS = {
    "csv": "every value, a row each",
    "json": "every value, settings and sessions, in one document",
    "png": "the chart as a picture",
    "svg": "the chart as a drawing",
    "tensorboard": "a folder of event files",
    "onnx": "the network for other programs",
    "safetensors": "the weights, without what only training needs",
}
WHICH = "its id, the beginning of it, its name, or last"


def add_command(commands: argparse._SubParsersAction[Any], tasks: Sequence[str]) -> None:
    """Add `runs` to the commands.

    Args:
        commands: where to add it.
        tasks: the names of all tasks.
    """
    parser = commands.add_parser(
        "runs",
        help="list, show, compare, export, rename or delete runs",
        description="List all runs of the app and the command line, the newest first; or do "
        "something with some of them. "
        f"RUN is a run: {WHICH}.",
    )
    parser.add_argument("--task", dest="only", choices=tasks, help="list runs of this task only")
    parser.add_argument(
        "--deleted", action="store_true", dest="list_deleted", help="list deleted runs instead"
    )
    parser.add_argument(
        "--json", action="store_true", dest="list_json", help="print one JSON document"
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    _add_questions(actions)
    _add_export(actions)
    _add_changes(actions)


def _add_questions(actions: argparse._SubParsersAction[Any]) -> None:
    show = actions.add_parser(
        "show",
        help="all about a run",
        description="Settings, versions, figures and log of a run.",
    )
    show.add_argument("run", metavar="RUN", help=WHICH)
    show.add_argument(
        "--json", action="store_true", help="print one JSON document, with every logged value"
    )
    compare = actions.add_parser(
        "compare",
        help="runs side by side",
        description="In which settings runs differ, and how their figures do.",
    )
    compare.add_argument("runs", nargs="+", metavar="RUN", help=WHICH)
    compare.add_argument("--json", action="store_true", help="print one JSON document")


def _add_export(actions: argparse._SubParsersAction[Any]) -> None:
    export = actions.add_parser(
        "export",
        help="write values, charts or weights of runs to files",
        description="Write values, charts or weights of one or several runs.",
        epilog="Formats. " + "; ".join(f"{name}: {text}" for name, text in FORMATS.items()) + ". "
        "png and svg need the extra plots, tensorboard and onnx those of their names: pip install "
        "'rnn-tui[plots,tensorboard,onnx]'.",
    )
    export.add_argument("runs", nargs="+", metavar="RUN", help=WHICH)
    export.add_argument("--to", required=True, choices=list(FORMATS), metavar="FORMAT",
                        help=", ".join(FORMATS))  # fmt: skip
    export.add_argument(
        "-o", "--output", metavar="PATH",
        help="the file or folder to write (default: csv and json go to stdout, all else to a file "
        "in this folder that is called like the run)",
    )  # fmt: skip
    export.add_argument(
        "--metric", metavar="NAME", help="what a chart shows, such as val_loss (default: the loss "
        "and the accuracy, or what there is)",
        action="append", dest="metrics",
    )  # fmt: skip
    export.add_argument(
        "--against", choices=("step", "epoch", "time"), default="epoch",
        help="what a chart's x axis counts (default: %(default)s)",
    )  # fmt: skip


def _add_changes(actions: argparse._SubParsersAction[Any]) -> None:
    rename = actions.add_parser("rename", help="give a run another name")
    rename.add_argument("run", metavar="RUN", help=WHICH)
    rename.add_argument("name", metavar="NAME", help="up to 80 characters, unlike other runs'")
    delete = actions.add_parser(
        "delete",
        help="delete runs; they can be restored for 30 days",
        description="Delete runs. They can be restored for 30 days, then they are removed.",
    )
    delete.add_argument("runs", nargs="+", metavar="RUN", help=WHICH)
    restore = actions.add_parser("restore", help="bring deleted runs back")
    restore.add_argument("runs", nargs="+", metavar="RUN", help=WHICH)


def run(options: argparse.Namespace) -> int:
    """Do what the command line says; returns the exit code.

    Raises:
        StoreError: if there is no such run, or no database that can be used.
        UserError: if something else is wrong.
    """
    from rnn_tui.cli.runs import output as face  # noqa: PLC0415 - the database and rich, on use only

    match options.action:
        case None:
            face.list_runs(options.only, deleted=options.list_deleted, as_json=options.list_json)
        case "show":
            face.show(options.run, as_json=options.json or options.list_json)
        case "compare":
            face.compare(options.runs, as_json=options.json or options.list_json)
        case "rename":
            face.rename(options.run, options.name)
        case "delete":
            face.delete(options.runs)
        case "restore":
            face.restore(options.runs)
        case "export":
            face.export(
                options.runs,
                options.to,
                None if options.output is None else Path(options.output),
                metrics=options.metrics,
                against=options.against,
            )
    return 0
