"""Every command's help ends with examples, and each of them does what it says: all are run here, as
they stand.

A command line that can't be run like this belongs into `NOT_RUN`, with the reason. One that needs
something to be there first (photos, runs) finds it in the folder and home that `kept` makes.
"""

import argparse
import itertools
import json
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from rnn_tui.cli.commands import Parser, build_parser
from rnn_tui.engine.paths import asset_dir
from rnn_tui.engine.state import Status
from rnn_tui.runs.store import RunStore
from rnn_tui.sweeps.kept import SweepStore
from rnn_tui.sweeps.plan import SweepPlan
from rnn_tui.tasks import TASKS
from tests.cli.command_line import run_inside
from tests.documents.pages import all_pages, blocks

# Example, or its beginning: why no test can run it as it stands.
NOT_RUN = {
    "rnn-tui serve": "serves until it is stopped: tests/web does both",
    "rnn-tui runs stop": "asks a process that trains: tests/cli/test_elsewhere.py",
    "rnn-tui runs pause": "asks a process that trains: tests/cli/test_elsewhere.py",
    "rnn-tui runs unpause": "asks a process that trains: tests/cli/test_elsewhere.py",
}
# What was done before an example, by its beginning.
BEFORE = {
    "rnn-tui train --resume last": ("interrupt",),
    "rnn-tui runs restore": ("runs", "delete", "last", "recall-fast"),
}
RECALL = (
    "train",
    "recall",
    "--preset",
    "fast",
    "--hidden-size",
    "3",
    "--seeds",
    "2",
    "--epochs",
    "2",
)
ADDER = (
    "train",
    "adder",
    "--preset",
    "fast",
    "--hidden-size",
    "3",
    "--seeds",
    "2",
    "--epochs",
    "2",
)


def parsers(parser: argparse.ArgumentParser | None = None) -> Iterator[Parser]:
    """Every parser of the command line, as `--help` shows it."""
    parser = parser or build_parser()
    assert isinstance(parser, Parser)
    parser.complete()
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for one in dict.fromkeys(action.choices.values()):  # aliases name the same one
                yield from parsers(one)


# The lines of commands on pages, which tests/documents/test_commands.py runs.
ON_PAGES = {
    line
    for page in all_pages()
    for block in blocks(page)
    if not block.not_run
    for line in block.commands.splitlines()
}
EXAMPLES = [
    example
    for example in dict.fromkeys(example for parser in parsers() for example in parser.examples)
    if example not in ON_PAGES
]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the runs recall-fast and adder-fast, which is the last one, and a sweep that has
    not begun.
    """
    home = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RNN_TUI_HOME", str(home))
        for arguments in (RECALL, ADDER):
            assert run_inside([*arguments, "--quiet"])[0] == 0
            assert run_inside(["runs", "rename", "last", f"{arguments[1]}-fast"])[0] == 0
        with SweepStore() as store:
            store.add_sweep("recall-1", SweepPlan(task="recall", grid={"hidden_size": [2, 4]}))
    return home


@pytest.fixture
def place(kept: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to type commands in: `photos` in it are those that ship, and the home has runs."""
    shutil.copytree(kept, home, dirs_exist_ok=True)
    shutil.copytree(asset_dir() / "samples", tmp_path / "photos")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_help_ends_with_examples() -> None:
    for parser in parsers():
        head, _, examples = parser.format_help().rpartition("\nexamples:\n")
        assert "usage:" in head, parser.prog
        lines = examples.splitlines()
        assert len(lines) >= 2, (
            f"{parser.prog} needs two examples: see add_examples in rnn_tui/cli/commands.py"
        )
        for line in lines:
            assert f"{parser.prog} " in f"{line} ", (
                f"{parser.prog} has an example of something else: {line}"
            )
            assert len(line) <= 79, line
    assert {"rnn-tui", "rnn-tui runs show", *(f"rnn-tui train {task}" for task in TASKS)} <= {
        one.prog for one in parsers()
    }


def test_what_is_not_run_is_an_example() -> None:
    for beginning in (*NOT_RUN, *BEFORE):
        assert any(example.startswith(beginning) for example in EXAMPLES), beginning


def interrupt_a_run() -> None:
    """Leave a run behind as a killed process does: trained a little, and not at its end."""
    from rnn_tui.engine.events import Control, StepLogged, new_run_id  # noqa: PLC0415
    from rnn_tui.runs import training  # noqa: PLC0415

    control = Control()

    def stop_soon(event: object) -> None:
        if isinstance(event, StepLogged):
            control.stop(interrupted=True)

    config = TASKS["recall"].config("lstm", "fast", hidden_sizes=(3,), seeds=2, epochs=3)
    training.train(config, stop_soon, control, new_run_id())


def typed(example: str) -> tuple[list[str], bytes]:
    """The arguments of rnn-tui in a line for a shell, and what is piped in."""
    words = shlex.split(example)
    given = b""
    if words[0] == "echo":
        end = words.index("|")
        given, words = f"{' '.join(words[1:end])}\n".encode(), words[end + 1 :]
    assert words[0] == "rnn-tui", example
    assert not {"|", ">", "<", ";", "&&"} & set(words), (
        f"{example}: more shell than this test knows"
    )
    return words[1:], given


@pytest.mark.long
@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_does_what_it_says(example: str, place: Path) -> None:
    for beginning, reason in NOT_RUN.items():
        if example.startswith(beginning):
            pytest.skip(reason)
    for beginning, before in BEFORE.items():
        if example.startswith(beginning):
            if before == ("interrupt",):
                interrupt_a_run()
            else:
                assert run_inside(before)[0] == 0
    arguments, given = typed(example)
    code, out, err = run_inside(arguments, given)
    assert code == 0, err
    assert out or "rnn-tui: " in err
    if "--json" in arguments or "json" in arguments:
        json.loads(out)
    for before, word in itertools.pairwise(arguments):
        if before in ("-o", "--output", "--npz"):
            assert (place / word).exists()
    if "--resume" in arguments:
        with RunStore() as store:
            assert store.find("last").status is Status.FINISHED
