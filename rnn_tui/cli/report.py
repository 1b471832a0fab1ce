"""`rnn-tui report`: the command `rerun` for the first paper, which is a course report."""

import argparse

from rnn_tui.archive.export.formats import extras_needed
from rnn_tui.cli.commands import add_examples, add_setting
from rnn_tui.cli.rerunning import (
    USUAL,
    RerunAction,
    RerunRequest,
    add_rerun_options,
    perform,
    rerun_request,
)
from rnn_tui.engine.settings import SETTINGS, ChoicesSetting
from rnn_tui.papers.plan import Plan, seeds_setting
from rnn_tui.papers.rows import DOCUMENTS
from rnn_tui.papers.shipped import paper_named
from rnn_tui.tasks import TASKS

PAPER = paper_named()
ONLY = ChoicesSetting(
    "only",
    "Experiments",
    "run these experiments only",
    {task: TASKS[task].label for task in PAPER.tasks},
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Train every experiment of the report with several seeds, and print each published figure "
        "beside mean, standard deviation, smallest and largest of the retrained networks. "
        "Networks that are trained already are not trained again; a report that was stopped can "
        "be resumed by the same command. The command's old name, reproduce, works as well."
    )
    presets = "; ".join(f"{name}: {preset.summary}" for name, preset in PAPER.presets.items())
    parser.epilog = f"Presets. {presets}. {extras_needed(DOCUMENTS)}"
    add_examples(
        parser,
        "rnn-tui report --preset fast --only adder --seeds 2",
        "rnn-tui report --no-training -o report.html",
    )
    _add_plan_options(parser)
    add_rerun_options(parser)


def _add_plan_options(parser: argparse.ArgumentParser) -> None:
    add_setting(
        parser,
        SETTINGS["seeds"],
        f"networks of each small experiment (recall, adder), trained side by side ({USUAL})",
        default=PAPER.seeds,
    )
    for task, count in PAPER.task_seeds.items():
        add_setting(
            parser,
            seeds_setting(task),
            f"networks of each {TASKS[task].label} model, trained one by one ({USUAL})",
            default=count,
        )
    add_setting(
        parser, SETTINGS["seed"], f"the first seed; the others follow it ({USUAL})", default=0
    )
    add_setting(parser, ONLY, f"{ONLY.help}: {ONLY.range_text}", default=())
    parser.add_argument(
        "--preset",
        choices=list(PAPER.presets),
        default=PAPER.default_preset,
        help=f"how to train ({USUAL})",
    )


def run(options: argparse.Namespace) -> int:
    """Train what is missing, and compare with the report; returns the exit code.

    Raises:
        UserError: if runs, device or documents can't be used.
    """
    return perform(read_request(options))


def read_request(options: argparse.Namespace) -> RerunRequest:
    """Read the options into a request."""
    plan = Plan(
        PAPER,
        options.seeds,
        {task: getattr(options, seeds_setting(task).name) for task in PAPER.task_seeds},
        only=options.only,
        preset=options.preset,
        first_seed=options.seed,
        device=options.device,
    )
    action = RerunAction.COMPARE if options.no_training else RerunAction.TRAIN
    return rerun_request(options, plan, action, warns=False)
