"""The examples of every command's `--help`, as blocks of commands, and what is there before them.

One that can't be run as it stands belongs into `NOT_RUN`, with the reason. One that needs runs
finds them in the home that `make_home` makes. One that stands on a page as well is run there.
"""

import itertools
import json
import shlex
from pathlib import Path

from rnn_tui.archive import training
from rnn_tui.archive.store import RunStore
from rnn_tui.engine.events import Control, StepLogged, new_run_id
from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.state import Status
from rnn_tui.sweeps.plan import SweepPlan
from rnn_tui.sweeps.store import SweepStore
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.hierarchy.table import DEFINITIONS
from tests.cli.command_line import run_inside
from tests.cli.test_examples import parsers
from tests.documents.pages import Block, all_pages, blocks

# Example, or its beginning: why no test can run it as it stands.
NOT_RUN = {
    "rnn-tui serve": "serves until it is stopped: tests/web does both",
    "rnn-tui runs stop": "asks a process that trains: tests/cli/test_elsewhere.py",
    "rnn-tui runs pause": "asks a process that trains: tests/cli/test_elsewhere.py",
    "rnn-tui data delete load-": "needs a data set of the user's",
    "rnn-tui runs unpause": "asks a process that trains: tests/cli/test_elsewhere.py",
    "rnn-tui train parity-check": "trains for minutes: tests/cli/test_train_hierarchy.py does less",
    "rnn-tui train adding": "trains for minutes: tests/tasks/test_adding.py does less",
}
# The tasks of the hierarchy have the same examples under their own names: those of one are run.
OF_THE_HIERARCHY = "parity-check"
OTHERS_OF_THE_HIERARCHY = {definition.name for definition in DEFINITIONS} - {OF_THE_HIERARCHY}
SWINGS = str(asset_dir() / "sequences" / "swings.csv")
SMALL = ("--preset", "fast", "--hidden-size", "3", "--seeds", "2", "--epochs", "2")
FEW_STEPS = ("--preset", "fast", "--hidden-size", "3", "--epochs", "1", "--training-size", "64")
# What was done before an example, by words that are in it.
BEFORE = {
    "train --resume last": ("interrupt",),
    "data rename": ("train", "sequences", SWINGS, *SMALL, "--quiet"),
    "data delete": ("train", "sequences", SWINGS, *SMALL, "--quiet"),
    "inspect sequences": ("train", "sequences", SWINGS, *SMALL, "--quiet"),
    "ask sequences": ("train", "sequences", SWINGS, *SMALL, "--quiet"),
    "ask parity-check": ("train", "parity-check", *FEW_STEPS, "--quiet"),
    "inspect parity-check": ("train", "parity-check", *FEW_STEPS, "--quiet"),
    "ask adding": ("train", "adding", *FEW_STEPS, "--quiet"),
    "inspect adding": ("train", "adding", *FEW_STEPS, "--quiet"),
    "runs restore": ("runs", "delete", "last", "recall-fast"),
}
RECALL = ("train", "recall", *SMALL)
ADDER = ("train", "adder", *SMALL)


ON_PAGES = {
    line
    for page in all_pages()
    for block in blocks(page)
    if not block.not_run
    for line in block.commands.splitlines()
}


def examples() -> list[Block]:
    """Each as a block of one line."""
    lines = dict.fromkeys(example for parser in parsers() for example in parser.examples)
    return [
        Block(None, 0, line, _why_not(line), None, "") for line in lines if line not in ON_PAGES
    ]


def _why_not(example: str) -> str:
    """Why an example is not run; empty where it is."""
    if not OTHERS_OF_THE_HIERARCHY.isdisjoint(example.split()):
        return f"is an example of {OF_THE_HIERARCHY} under another name"
    reasons = (reason for start, reason in NOT_RUN.items() if example.startswith(start))
    return next(reasons, "")


def make_home() -> None:
    """Keep the runs recall-fast and adder-fast, the last one, and a sweep that has not begun."""
    for arguments in (RECALL, ADDER):
        assert run_inside([*arguments, "--quiet"])[0] == 0
        assert run_inside(["runs", "rename", "last", f"{arguments[1]}-fast"])[0] == 0
    with SweepStore() as store:
        store.add_sweep("recall-1", SweepPlan(task="recall", grid={"hidden_size": [2, 4]}))


def prepare(example: str) -> None:
    """Do what comes before an example."""
    for words, before in BEFORE.items():
        if words in example:
            if before == ("interrupt",):
                interrupt_a_run()
            else:
                assert run_inside(before)[0] == 0


def interrupt_a_run() -> None:
    """Leave a run behind as a killed process does: trained a little, and not at its end."""
    control = Control()

    def stop_soon(event: object) -> None:
        if isinstance(event, StepLogged):
            control.stop(interrupted=True)

    config = TASKS["recall"].config("lstm", "fast", hidden_sizes=(3,), seeds=2, epochs=3)
    training.train(config, stop_soon, control, new_run_id())


def check(example: str, results: str, messages: list[str], folder: Path) -> None:
    """See that an example did what it says.

    Args:
        example: the command.
        results: what it wrote on stdout.
        messages: the screen, with what it wrote on stderr.
        folder: where it was run.
    """
    assert results or any("rnn-tui: " in line for line in messages)
    arguments = shlex.split(example)
    if "--json" in arguments or "json" in arguments:
        json.loads(results)
    for before, word in itertools.pairwise(arguments):
        if before in ("-o", "--output", "--npz"):
            assert (folder / word).exists()
    if "--resume" in arguments:
        with RunStore() as store:
            assert store.find("last").status is Status.FINISHED
