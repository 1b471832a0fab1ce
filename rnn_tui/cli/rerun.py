"""`rnn-tui rerun`: retrains the networks of a paper over seeds, and compares with its figures.

`rnn-tui report` is the same for the paper that is a course report. Its options are older: they name
the report's own experiments, and have a number of seeds for each task.
"""

import argparse
from functools import partial

from rnn_tui.archive.export.formats import extras_needed
from rnn_tui.archive.export.page.blocks import DOCUMENTS
from rnn_tui.cli.commands import add_examples, add_setting
from rnn_tui.cli.options import add_option
from rnn_tui.cli.rerunning import (
    USUAL,
    RerunAction,
    RerunRequest,
    add_rerun_options,
    perform,
    rerun_request,
)
from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.settings import SETTINGS, ChoicesSetting
from rnn_tui.papers.library import find_paper
from rnn_tui.papers.paper import Paper
from rnn_tui.papers.plan import FIRST_SEED, Plan, seeds_setting
from rnn_tui.papers.shipped import paper_named
from rnn_tui.tasks import TASKS

SEEDS_FORM = "such as 20, or 20,mnist=3 where a task has another number"


def add_arguments(parser: argparse.ArgumentParser, paper_name: str = "") -> None:
    """Add the arguments of the command.

    Args:
        parser: takes them.
        paper_name: the paper that is rerun; empty to have it named.
    """
    if paper_name:
        _add_report_arguments(parser, paper_named(paper_name))
        return
    parser.description = (
        "Train every experiment of a paper with several seeds, and print each published figure "
        "beside those of the retrained networks, and a verdict on each claim. Networks that are "
        "trained already are not trained again; what was stopped is resumed by the same command. "
        "rnn-tui papers lists the papers, rnn-tui papers PAPER their presets, tasks and "
        "experiments."
    )
    parser.epilog = extras_needed(DOCUMENTS)
    add_examples(
        parser,
        "rnn-tui rerun course-report --only adder --preset fast --seeds 6 --quiet",
        "rnn-tui rerun course-report --only adder,recall-h2 --estimate",
    )
    parser.add_argument(
        "paper", metavar="PAPER", help="its name, or the path of its file, such as ./mine.toml"
    )
    parser.add_argument("--preset", help="how to train (default: the paper's first preset)")
    parser.add_argument(
        "--only",
        metavar="NAMES",
        help="run these tasks or experiments only, with commas between them",
    )
    parser.add_argument(
        "--seeds",
        metavar="N",
        help=f"networks of each experiment, {SEEDS_FORM} (default: as the paper's file says)",
    )
    add_option(parser, FIRST_SEED)
    parser.add_argument(
        "--estimate",
        action="store_true",
        help="train nothing; say how long it would take here to train what is missing",
    )
    add_rerun_options(parser)
    parser.set_defaults(plan_of=_read_plan, warns=True)


def _add_report_arguments(parser: argparse.ArgumentParser, paper: Paper) -> None:
    parser.description = (
        "Train every experiment of the report with several seeds, and print each published figure "
        "beside mean, standard deviation, smallest and largest of the retrained networks. "
        "Networks that are trained already are not trained again; a report that was stopped can "
        "be resumed by the same command. The command's old name, reproduce, works as well."
    )
    presets = "; ".join(f"{name}: {preset.summary}" for name, preset in paper.presets.items())
    parser.epilog = f"Presets. {presets}. {extras_needed(DOCUMENTS)}"
    add_examples(
        parser,
        "rnn-tui report --preset fast --only adder --seeds 2",
        "rnn-tui report --no-training -o report.html",
    )
    add_setting(
        parser,
        SETTINGS["seeds"],
        f"networks of each small experiment (recall, adder), trained side by side ({USUAL})",
        default=paper.seeds,
    )
    for task, count in paper.task_seeds.items():
        add_setting(
            parser,
            seeds_setting(task),
            f"networks of each {TASKS[task].label} model, trained one by one ({USUAL})",
            default=count,
        )
    add_option(parser, FIRST_SEED)
    only = ChoicesSetting(
        "only",
        "Experiments",
        "run these experiments only",
        {task: TASKS[task].label for task in paper.tasks},
    )
    add_setting(parser, only, f"{only.help}: {only.range_text}", default=())
    parser.add_argument(
        "--preset",
        choices=list(paper.presets),
        default=paper.default_preset,
        help=f"how to train ({USUAL})",
    )
    add_rerun_options(parser)
    parser.set_defaults(plan_of=partial(_read_report_plan, paper), warns=False, estimate=False)


def run(options: argparse.Namespace) -> int:
    """Train what is missing, and compare with the paper; returns the exit code.

    Raises:
        UserError: if paper, runs, device or documents can't be used.
    """
    return perform(read_request(options))


def read_request(options: argparse.Namespace) -> RerunRequest:
    """Read the options into a request."""
    if options.estimate and options.no_training:
        options.complain("--estimate and --no-training exclude each other")
    action = RerunAction.TRAIN
    if options.no_training:
        action = RerunAction.COMPARE
    elif options.estimate:
        action = RerunAction.ESTIMATE
    return rerun_request(options, options.plan_of(options), action, warns=options.warns)


def _read_plan(options: argparse.Namespace) -> Plan:
    """Read the plan for a paper that is named."""
    paper = find_paper(options.paper)
    seeds, task_seeds = read_seeds(options.seeds, paper)
    return Plan(
        paper,
        seeds,
        task_seeds,
        only=_words(options.only),
        preset=options.preset or "",
        first_seed=options.first_seed,
        device=options.device,
    )


def _read_report_plan(paper: Paper, options: argparse.Namespace) -> Plan:
    """Read the plan for the report, whose options are checked as they are read."""
    return Plan(
        paper,
        options.seeds,
        {task: getattr(options, seeds_setting(task).name) for task in paper.task_seeds},
        only=options.only,
        preset=options.preset,
        first_seed=options.first_seed,
        device=options.device,
    )


def _words(text: str | None) -> tuple[str, ...]:
    """Return words with commas between them; none for no option."""
    if text is None:
        return ()
    return tuple(word.strip() for word in text.split(","))


def read_seeds(text: str | None, paper: Paper) -> tuple[int | None, dict[str, int]]:
    """Return the number of seeds, and by task where it is another, as `Plan` takes them.

    A number alone is that of all tasks, also of those for which the paper's file has another.

    Raises:
        SettingError: it is none, or names no task of the paper.
    """
    seeds: int | None = None
    task_seeds: dict[str, int] = {}
    for word in _words(text):
        task, found, number = word.rpartition("=")
        if found and task not in paper.tasks:
            raise SettingError(
                f"Seeds must be {SEEDS_FORM}; {paper.name} has no task “{printable(task)}”."
            )
        try:
            count = int(number)
        except ValueError:
            raise SettingError(f"Seeds must be {SEEDS_FORM}, not “{printable(word)}”.") from None
        if found:
            task_seeds[task] = count
        elif seeds is None:
            seeds = count
        else:
            raise SettingError(f"Seeds must be {SEEDS_FORM}, not two numbers of all tasks.")
    if seeds is not None:
        task_seeds = dict.fromkeys(paper.task_seeds, seeds) | task_seeds
    return seeds, task_seeds
