"""The options of `rnn-tui reproduce`; neither torch nor the database is loaded before use."""

from __future__ import annotations

import argparse
from pathlib import Path

from rnn_tui.cli.ask.options import Commands, Reader
from rnn_tui.engine.settings import DEVICES, SETTINGS, ChoicesSetting
from rnn_tui.report.plan import MNIST_SEEDS, MNIST_SEEDS_SETTING, PRESETS, SEEDS, plan
from rnn_tui.report.published import REPORT_ORDER
from rnn_tui.tasks import TASKS

ONLY = ChoicesSetting(
    "only",
    "Experiments",
    "of the report, these only",
    {task: TASKS[task].label for task in REPORT_ORDER},
)


def add_command(commands: Commands, reader: Reader) -> None:
    """Add `reproduce` to the commands."""
    parser = commands.add_parser(
        "reproduce",
        help="rerun the report over seeds, and hold its figures against ours",
        description="Train every experiment of the report over several seeds and print each "
        "published figure beside mean, standard deviation, smallest and largest of ours. What the "
        "runs of this computer have already is not trained again, and a rerun that was stopped "
        "goes on where it was.",
        epilog="Presets. " + "; ".join(f"{name}: {text}" for name, text in PRESETS.items()) + ". "
        "Documents need matplotlib: pip install 'rnn-tui[plots]'.",
    )
    parser.add_argument(
        "--seeds", type=reader(SETTINGS["seeds"]), default=SEEDS, metavar="N",
        help="networks of each small experiment (recall, adder), trained side by side "
        "(default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--mnist-seeds", type=reader(MNIST_SEEDS_SETTING), default=MNIST_SEEDS, metavar="N",
        help="networks of each MNIST model, trained one by one (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=reader(SETTINGS["seed"]), default=0, metavar="N",
        help="the first seed; the others follow it (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--only", type=reader(ONLY), default=(), metavar=ONLY.placeholder,
        help=f"{ONLY.help}: {ONLY.range_text}",
    )  # fmt: skip
    parser.add_argument(
        "--preset", choices=list(PRESETS), default=next(iter(PRESETS)),
        help="how to train (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--device", choices=DEVICES, default="auto", help="default: %(default)s")
    parser.add_argument(
        "--no-training", action="store_true", help="tell what there is, and train nothing"
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", action="append", default=[], dest="outputs",
        help="write all into one document with its charts inside: FILE.md or FILE.html; may be "
        "given more than once",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--quiet", action="store_true", help="print the result and errors only")


def reproduce(options: argparse.Namespace) -> int:
    """Rerun what the command line says; returns the exit code.

    Raises:
        UserError: if it can't be done.
    """
    made = plan(
        options.seeds,
        options.mnist_seeds,
        only=options.only,
        preset=options.preset,
        first_seed=options.seed,
        device=options.device,
    )
    outputs = [Path(text) for text in options.outputs]
    if outputs:
        from rnn_tui.report.document import check_path  # noqa: PLC0415 - on use only

        for path in outputs:
            check_path(path)
    from rnn_tui.cli.report import output as face  # noqa: PLC0415 - the database and rich, on use only

    return face.rerun(
        made,
        outputs=outputs,
        training=not options.no_training,
        as_json=options.json,
        quiet=options.quiet,
    )
