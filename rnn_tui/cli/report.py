"""`rnn-tui report`: the report's networks trained over seeds, its figures held against ours,
documents into files.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rnn_tui.cli import output
from rnn_tui.cli.commands import add_examples, add_output_options, add_setting
from rnn_tui.engine import events
from rnn_tui.engine.errors import printable
from rnn_tui.engine.pace import duration
from rnn_tui.engine.settings import DEVICES, SETTINGS, SEVERAL_GPUS, ChoicesSetting
from rnn_tui.report.conclusions import (
    BASIS,
    COMPARED,
    COMPARED_RIGHT_ALIGNED,
    RULE,
    Conclusion,
    conclusions,
)
from rnn_tui.report.curves import accuracy_by_length
from rnn_tui.report.document import check_path, concluded, write_document
from rnn_tui.report.inventory import take_inventory
from rnn_tui.report.plan import (
    MNIST_SEEDS,
    MNIST_SEEDS_SETTING,
    PRESETS,
    REPORT_ORDER,
    SEEDS,
    Plan,
)
from rnn_tui.report.provenance import gather_provenance
from rnn_tui.report.rows import (
    DOCUMENTS,
    EXPECTED,
    FULL_WIDTH,
    HEADS,
    NARROW_COLUMNS,
    RIGHT_ALIGNED,
    Results,
    markdown_table,
    results,
    table_cells,
)
from rnn_tui.report.running import Standing, train_missing
from rnn_tui.runs.export.formats import extras_needed
from rnn_tui.runs.store import existing_store
from rnn_tui.runs.unsaved import UnsavedRun, give_up
from rnn_tui.sweeps.places import PLACE_FORM, TRUST_HELP, read_place
from rnn_tui.tasks import TASKS

ONLY = ChoicesSetting(
    "only",
    "Experiments",
    "of the report, these only",
    {task: TASKS[task].label for task in REPORT_ORDER},
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.description = (
        "Train every experiment of the report over several seeds and print each published figure "
        "beside mean, standard "
        "deviation, smallest and largest of ours. What the runs of this computer have already is "
        "not trained again, and a "
        "report that was stopped goes on where it was. The command's old name, reproduce, works "
        "as well."
    )
    presets = "; ".join(f"{name}: {text}" for name, text in PRESETS.items())
    parser.epilog = f"Presets. {presets}. {extras_needed(DOCUMENTS)}"
    add_examples(
        parser,
        "rnn-tui report --preset fast --only adder --seeds 2",
        "rnn-tui report --no-training -o report.html",
    )
    for setting, usual, what in (
        (
            SETTINGS["seeds"],
            SEEDS,
            "networks of each small experiment (recall, adder), trained side by side",
        ),
        (MNIST_SEEDS_SETTING, MNIST_SEEDS, "networks of each MNIST model, trained one by one"),
        (SETTINGS["seed"], 0, "the first seed; the others follow it"),
    ):
        add_setting(parser, setting, f"{what} (default: %(default)s)", default=usual)
    add_setting(parser, ONLY, f"{ONLY.help}: {ONLY.range_text}", default=())
    how = "how to train (default: %(default)s)"
    parser.add_argument("--preset", choices=list(PRESETS), default=next(iter(PRESETS)), help=how)
    parser.add_argument(
        "--device", choices=DEVICES, default="auto", help=f"{SEVERAL_GPUS} (default: %(default)s)"
    )
    parser.add_argument(
        "--on",
        metavar="WHERE",
        help=f"train on many cores or machines: {PLACE_FORM}; needs rnn-tui[cluster]",
    )
    parser.add_argument("--trust", action="store_true", help=TRUST_HELP)
    parser.add_argument(
        "--no-training", action="store_true", help="tell what there is, and train nothing"
    )
    files = " or ".join(f"FILE{one.suffix}" for one in DOCUMENTS.values())
    document = (
        f"write all into one document with its charts inside: {files}; may be given more than once"
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", action="append", default=[], dest="outputs", help=document
    )
    add_output_options(parser)


def run(options: argparse.Namespace) -> int:
    """Train what is lacking, then print the table; returns the exit code; a UserError tells of
    runs, device or documents.
    """
    seeds = (options.seeds, options.mnist_seeds)
    made = Plan(
        *seeds,
        only=options.only,
        preset=options.preset,
        first_seed=options.seed,
        device=options.device,
    )
    outputs = [Path(text) for text in options.outputs]
    for path in outputs:
        check_path(path)
    if options.no_training:
        _tell(made, outputs, as_json=options.json, was_stopped=False)
        _say_written(outputs, options.quiet)
        return output.OK
    place = None if options.on is None else read_place(options.on, trust=options.trust)
    control, progress = events.Control(), _Progress(quiet=options.quiet)
    with output.stopping_on_signals(output.stopping(control)) as received:
        with progress.bar:
            unsaved: list[UnsavedRun] = []
            end = train_missing(made, progress.take, control, place, on_unsaved=unsaved.append)
            lost = give_up(unsaved)
        stopped = end.runs_left > 0
        # A signal that comes now is too late to stop anything: what there is, is told whole.
        _tell(
            made, [] if stopped else outputs, as_json=options.json, was_stopped=stopped, lost=lost
        )
    for sentence in lost:
        output.say(sentence)
    if stopped:
        left_out = " No document was written." if outputs else ""
        output.say(
            f"stopped; what was trained is kept, and the same command goes on from there.{left_out}"
        )
        return output.stopped(received)
    if end.elsewhere and not lost:
        elsewhere = f"{end.elsewhere} networks are being trained by another process"
        output.say(f"{elsewhere}; the same command has them once they are done.")
    _say_written(outputs, options.quiet)
    return output.FAILURE if end.failures or lost else output.OK


class _Progress:
    """Tells how it goes on: by a bar on a terminal, by a line a run elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet, self._told, self._failures = quiet, "", 0
        self.bar = output.ProgressBar("looking at the runs", quiet=quiet)
        self.bar.update(total=1.0)

    def take(self, event: events.Event | Standing) -> None:
        """Take what `train_missing` emits."""
        if isinstance(event, events.LogLine) and event.level == "warning":
            self.bar.say(event.text)
        if not isinstance(event, Standing):
            return
        for failure in event.failures[self._failures :]:
            self.bar.say(failure)
        self._failures = len(event.failures)
        run = event.planned_run
        done = f"{event.done} of {event.total} networks done"
        seconds = event.seconds_left or 0
        left = f"about {duration(seconds)} left" if seconds >= 1 else ""
        if self.bar.shown:
            self.bar.update(
                event.share,
                label=f"{'all runs' if run is None else run.label} · {done}",
                left=left,
            )
        elif run is not None and event.run_id != self._told and not self._quiet:
            self._told = event.run_id
            doing = "trains" if run.run is None else "resumes"
            output.say(f"{', '.join(filter(None, (done, left)))}; {doing} {run.label}")


def _tell(
    made: Plan,
    outputs: Sequence[Path],
    *,
    as_json: bool,
    was_stopped: bool,
    lost: Sequence[str] = (),
) -> None:
    """Print what there is, and write the documents."""
    with existing_store() as store:
        inventory = take_inventory(made, store)
        table = results(inventory)
        # who stopped it does not want to wait for more
        by_length = () if was_stopped else accuracy_by_length(inventory)
        found = () if was_stopped and not as_json else conclusions(table, by_length)
        if as_json:
            status = "stopped" if was_stopped else "complete" if table.complete else "incomplete"
            output.print_json(
                {
                    "status": status,
                    "kept": not lost,
                    **gather_provenance(table, store).to_dict(),
                    "rows": [row.to_dict() for row in table.rows],
                    "conclusions": [one.to_dict() for one in found],
                    "rule": RULE,
                    "assumptions": [EXPECTED, *BASIS],
                }
            )
        else:
            _print(table, found)
        sys.stdout.flush()
        for path in outputs:
            write_document(path, made, store)


def _print(table: Results, found: Sequence[Conclusion]) -> None:
    """The table and the conclusions: for the eye on a terminal, as Markdown elsewhere."""
    rows, notes = [table_cells(row) for row in table.rows], (EXPECTED, *table.plan.notes)
    if not sys.stdout.isatty():
        told = [block for one in found for block in concluded(one)]
        print(
            "\n\n".join(
                [markdown_table(HEADS, rows), *notes, *told, *((RULE, *BASIS) if found else ())]
            )
        )
        return
    from rich.text import Text  # noqa: PLC0415 - on terminals only

    out = output.console(sys.stdout)
    shown = len(HEADS) if out.width >= FULL_WIDTH else NARROW_COLUMNS
    output.print_table(HEADS[:shown], [row[:shown] for row in rows], RIGHT_ALIGNED)
    for note in notes:
        out.print(Text(f"\n{note}", "dim"), soft_wrap=False)
    for one in found:
        sentences = (
            Text(f"\n{one.sentence}", "bold"),
            Text(f"The report: “{one.claim}” {one.measured}"),
        )
        out.print(*sentences, sep="\n", soft_wrap=False)
        output.print_table(
            COMPARED, [compared.cells for compared in one.comparisons], COMPARED_RIGHT_ALIGNED
        )
    for note in (RULE, *BASIS) if found else ():
        out.print(Text(f"\n{note}", "dim"), soft_wrap=False)


def _say_written(outputs: Sequence[Path], quiet: bool) -> None:
    for path in [] if quiet else outputs:
        output.say(f"written to {printable(path, 200)}")
