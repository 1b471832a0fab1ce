"""`rnn-tui sweep`: one task with many settings; in a pipe a line a trial as it ends, on a terminal
a table at the end.
"""

import argparse
import sys
import time
from collections import Counter
from typing import Any

from rnn_tui.cli import output
from rnn_tui.cli.commands import add_examples, add_output_options, add_setting, check_resuming
from rnn_tui.cli.train import add_settings, settings_given
from rnn_tui.engine import events
from rnn_tui.engine.errors import ClusterError, SettingError, printable
from rnn_tui.engine.pace import duration
from rnn_tui.engine.paths import run_database
from rnn_tui.engine.progress import Progress
from rnn_tui.runs.export.documents import date
from rnn_tui.runs.words import NOTHING, age, count_of
from rnn_tui.sweeps.dispatch import train_on_workers
from rnn_tui.sweeps.jobs import ClusterState
from rnn_tui.sweeps.places import PLACE_FORM, TRUST_HELP, TrainingPlace, read_place
from rnn_tui.sweeps.plan import (
    SEARCHES,
    SEEDS,
    TRIALS,
    SweepPlan,
    check_sweep_name,
    read_grid,
    read_range,
    settings_by_name,
    wall_seconds,
)
from rnn_tui.sweeps.store import Sweep, SweepStore, Trial, format_setting, format_spread
from rnn_tui.sweeps.trials import TrialEnded, Trials, importance, require_extras
from rnn_tui.tasks import TASKS

WHICH = "a sweep's name, as rnn-tui sweep list has it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.description = (
        "Train one task with many settings, each over several seeds, on the cores of this "
        "machine or on "
        "many machines. The runs are kept like all others; a sweep that was cut off goes on "
        "where it was. "
        "It needs the extra rnn-tui[cluster], and a search needs rnn-tui[search]."
    )
    add_examples(
        parser,
        "rnn-tui sweep recall --preset fast --grid hidden_size=2,4 --dry-run",
        "rnn-tui sweep list",
    )
    parser.add_argument(
        "--resume", metavar="NAME", help=f"go on with what this sweep lacks: {WHICH}"
    )
    _add_where(parser, "resume_")
    what = parser.add_subparsers(dest="what", metavar="TASK|list|show")
    for task in TASKS.values():
        one = what.add_parser(task.name, help=f"sweep over {task.label}")
        one.description = (
            f"Sweep over {task.label}. A setting that is neither varied nor given is the preset's."
        )
        line = f"rnn-tui sweep {task.name} --grid"
        add_examples(
            one,
            f"{line} batch_size=50,100 --seeds 2 --dry-run",
            f"{line} epochs=1,2 --dry-run --json",
        )
        _add_varied(one)
        add_settings(one, task)
        if "seeds" not in task.settings:
            add_setting(one, SEEDS, f"{SEEDS.help} (default: 1)")
        _add_where(one)
    listed = what.add_parser(
        "list", help="list the sweeps", description="List the sweeps, the newest first."
    )
    add_examples(listed, "rnn-tui sweep list", "rnn-tui sweep list --json")
    add_output_options(listed)
    told = what.add_parser(
        "show",
        help="tell how a sweep stands",
        description="Tell of a sweep's trials, the best first.",
    )
    add_examples(told, "rnn-tui sweep show recall-1", "rnn-tui sweep show recall-1 --json")
    told.add_argument("name", metavar="NAME", help=WHICH)
    add_output_options(told)


def _add_varied(parser: argparse.ArgumentParser) -> None:
    grid = "a setting and the values to try; several make every combination"
    parser.add_argument("--grid", metavar="NAME=VALUE,…", action="append", default=[], help=grid)
    numbers = (
        "for a search: a setting and the numbers to choose from; :log behind it for a scale of "
        "powers"
    )
    parser.add_argument(
        "--range",
        metavar="NAME=LOW..HIGH",
        action="append",
        default=[],
        dest="ranges",
        help=numbers,
    )
    parser.add_argument(
        "--search",
        choices=SEARCHES,
        default="grid",
        help="how trials are chosen (default: %(default)s)",
    )
    add_setting(parser, TRIALS, f"{TRIALS.help}, by a search (default: 20)", default=0)
    for way, more in (("maximise", "more"), ("minimise", "less")):
        text = f"of this metric, {more} is better (default: the task's validation accuracy)"
        parser.add_argument(f"--{way}", metavar="METRIC", help=text)
    parser.add_argument(
        "--prune", action="store_true", help="stop trials of a search early that fall behind"
    )
    parser.add_argument(
        "--name", metavar="NAME", help="what to call the sweep (default: its task and a number)"
    )


def _add_where(parser: argparse.ArgumentParser, prefix: str = "") -> None:
    """Where to train, and what comes out; a `prefix` tells the names in the result apart."""
    where = f"where to train: {PLACE_FORM} (default: local)"
    parser.add_argument("--on", metavar="WHERE", default="", dest=f"{prefix}on", help=where)
    parser.add_argument("--trust", action="store_true", dest=f"{prefix}trust", help=TRUST_HELP)
    folder = (
        "a folder that all machines see at the same path: checkpoints lie there, and need not be "
        "sent"
    )
    parser.add_argument("--shared", metavar="DIR", default="", dest=f"{prefix}shared", help=folder)
    size = "tell how many runs there are and how long they take, and end"
    parser.add_argument("--dry-run", action="store_true", dest=f"{prefix}dry_run", help=size)
    add_output_options(parser, prefix=prefix)


def run(options: argparse.Namespace) -> int:
    """Sweep, go on with one, or tell of sweeps; returns the exit code; a UserError tells of
    settings, workers or a sweep.
    """
    check_resuming(options, options.what, "TASK, list or show; or --resume NAME", "sweep")
    if options.what == "list":
        return _list(options.json)
    if options.what == "show":
        return _show(_sweep(options.name), as_json=options.json)
    place = read_place(options.on, trust=options.trust)
    before = None if options.resume is None else _sweep(options.resume)
    if before is not None and before.status == "finished":
        return _show(before, as_json=options.json)
    plan = _plan(options) if before is None else before.plan
    name = options.resume or ("" if options.name is None else check_sweep_name(options.name))
    _say_size(plan, place, options)
    if options.dry_run:
        return output.OK
    require_extras(plan)
    if before is None:
        with SweepStore() as store:
            name = store.add_sweep(name, plan)
    return _train(name, place, options)


def _sweep(name: str) -> Sweep:
    with SweepStore() as store:
        return store.sweep(name)


def _plan(options: argparse.Namespace) -> SweepPlan:
    task = TASKS[options.what]
    fixed = {
        name: value
        for name, value in settings_given(options, task).items()
        if value is not None and name != "seeds"
    }
    if options.maximise and options.minimise:
        raise SettingError(
            "Only one metric can tell how good a trial is: --maximise or --minimise."
        )
    return SweepPlan(
        task=task.name,
        grid=settings_by_name(read_grid(task, text) for text in options.grid),
        ranges=settings_by_name(read_range(task, text) for text in options.ranges),
        fixed=fixed,
        search=options.search,
        trials=options.trials,
        seeds=options.seeds or 1,
        metric=options.maximise or options.minimise or "",
        maximise=options.minimise is None,
        prune=options.prune,
    )


def _say_size(plan: SweepPlan, place: TrainingPlace, options: argparse.Namespace) -> None:
    """How much there is to do: on stderr, or in a dry run as the result."""
    seconds = (
        None if options.quiet and not options.dry_run else wall_seconds(plan, place.worker_count)
    )
    if options.dry_run and options.json:
        about = {
            "trials": plan.trial_count,
            "runs": plan.run_count,
            "workers": place.worker_count,
            "seconds": seconds,
        }
        output.print_json({**about, "plan": plan.to_dict()})
        return
    how_long = (
        "how long they take is not known" if seconds is None else f"about {duration(seconds)}"
    )
    what = f"{count_of(plan.trial_count, 'trial')}, {count_of(plan.run_count, 'run')}"
    workers = count_of(place.worker_count, "worker")
    text = f"{what}; {how_long} on {workers}, by the speed of this machine"
    if options.dry_run:
        print(text)
    elif not options.quiet:
        output.say(text)


def _cells(plan: SweepPlan, trial: Trial | TrialEnded) -> list[str]:
    settings = [format_setting(trial.point.get(name)) for name in plan.varied]
    return [str(trial.number), *settings, format_spread(plan, trial.values), trial.status]


def _heads(plan: SweepPlan) -> list[str]:
    return ["trial", *plan.varied, plan.metric_definition.title, "status"]


def _train(name: str, place: TrainingPlace, options: argparse.Namespace) -> int:
    """Train what a sweep lacks, and tell what came of it: by a bar on a terminal, by a line a trial
    in a pipe.
    """
    control, in_pipe, before = (
        events.Control(),
        not options.json and not sys.stdout.isatty(),
        _sweep(name),
    )
    plan, ended, bar = (
        before.plan,
        Counter[str](),
        output.ProgressBar("starting", quiet=options.quiet),
    )
    done = sum(len(trial.runs) for trial in before.trials if trial.is_over and not trial.has_failed)
    progress = Progress(bar.show, control)
    progress.advance(done, plan.run_count)

    def take(told: ClusterState | TrialEnded | events.LogLine) -> None:
        if isinstance(told, TrialEnded):
            ended[told.status] += 1
            if told.failure:
                bar.say(f"trial {told.number}: {told.failure}")
            if in_pipe:
                print("\t".join(_cells(plan, told)), flush=True)
        elif isinstance(told, events.LogLine):
            bar.say(told.text)
        else:
            note = (
                told.note
                or f"{count_of(len(told.workers), 'worker')}, "
                f"{count_of(len(told.progress), 'run')} in training"
            )
            bar.update(label=note)
            in_hand = sum(told.progress.values())
            over = plan.runs_per_trial * (ended.total() - ended["stopped"])
            # a run that has ended is in neither of them until its trial has
            progress.advance(max(progress.done, done + over + in_hand))

    if not options.quiet:
        output.say(
            f"the sweep is called {name}; rnn-tui sweep --resume {name} goes on with it if it is "
            "cut off"
        )
        if before.failed_count:
            output.say(
                f"{count_of(before.failed_count, 'trial')} failed before, and is tried again"
            )
    if in_pipe:
        print("\t".join(_heads(plan)), flush=True)
    with output.stopping_on_signals(output.stopping(control)) as received:
        with bar, Trials(name, take) as trials:
            train_on_workers(place, name, trials, control, take, shared=options.shared)
        if not in_pipe:
            _show(_sweep(name), as_json=options.json)
    if control.stopping:
        output.say(f"stopped; what was trained is kept, and rnn-tui sweep --resume {name} goes on.")
        return output.stopped(received)
    return output.FAILURE if ended["failed"] else output.OK


def _about(sweep: Sweep) -> dict[str, Any]:
    return {
        "name": sweep.name,
        "status": sweep.status,
        "created": date(sweep.created),
        "done": sweep.done_count,
    }


def _importance(sweep: Sweep) -> dict[str, float] | None:
    """How much each setting matters; None without the package that tells it."""
    try:
        return importance(sweep.plan, sweep.trials)
    except ClusterError:
        return None


def _show(sweep: Sweep, *, as_json: bool) -> int:
    if as_json:
        trials = [
            {
                "trial": one.number,
                "status": one.status,
                "settings": one.point,
                "value": one.spread and one.spread.to_dict(),
                "runs": [run.run_id for run in one.runs],
            }
            for one in sweep.trials
        ]
        about = {
            **_about(sweep),
            "plan": sweep.plan.to_dict(),
            "best": sweep.best and sweep.best.number,
        }
        output.print_json({**about, "importance": _importance(sweep), "trials": trials})
        return output.OK
    heads = _heads(sweep.plan)
    output.print_table(
        heads, [_cells(sweep.plan, one) for one in sorted(sweep.trials, key=sweep.rank)], heads[:-1]
    )
    if sys.stdout.isatty():
        print()
        told = ", ".join(
            f"{name} {share:.0%}" for name, share in (_importance(sweep) or {}).items()
        )
        best = NOTHING if sweep.best is None else f"trial {sweep.best.number}"
        trials_done = f"{sweep.done_count:,} of {sweep.plan.trial_count:,} trials"
        how = f"{sweep.name}, {sweep.status}, {trials_done}"
        output.print_pairs([("sweep", how), ("best", best), ("importance", told or NOTHING)])
    return output.OK


def _list(as_json: bool) -> int:
    sweeps: list[Sweep] = []
    if run_database().exists():  # a question makes no database
        with SweepStore() as store:
            sweeps = store.sweeps(output.say)
    if as_json:
        output.print_json(
            [
                {
                    **_about(one),
                    "task": one.plan.task,
                    "trials": one.plan.trial_count,
                    "varied": list(one.plan.varied),
                }
                for one in sweeps
            ]
        )
        return output.OK
    rows = (
        (
            one.name,
            one.plan.task,
            one.status,
            f"{one.done_count:,}/{one.plan.trial_count:,}",
            printable(", ".join(one.plan.varied)),
            age(time.time() - one.created),
        )
        for one in sweeps
    )
    output.print_table(
        ("name", "task", "status", "trials", "varied", "age"), rows, ("trials", "age")
    )
    return output.OK
