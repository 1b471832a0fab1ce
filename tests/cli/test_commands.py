"""A command is a module and a line: help, usage, errors and signals of one that a test adds."""

import importlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rnn_tui.cli import commands
from rnn_tui.cli.commands import COMMANDS, Command, register
from tests.cli.command_line import (
    EXIT_FAILURE,
    EXIT_INTERRUPTED,
    EXIT_USAGE,
    PATIENCE,
    assert_one_sentence,
    assert_refused,
    environment,
    run_inside,
)

TOY = Command("echo", "say a word back", "tests.cli.toy_command", aliases=("say",))
IN_A_PROCESS = f"""
import sys
from rnn_tui.cli.commands import Command, register
from rnn_tui.cli.main import main
register({TOY!r})
sys.exit(main())
"""


@pytest.fixture
def _toy() -> Iterator[None]:
    """The toy among the commands."""
    commands_before = list(COMMANDS)
    register(TOY)
    yield
    COMMANDS[:] = commands_before


@pytest.mark.usefixtures("_toy")
def test_help_has_its_line_and_its_own_page() -> None:
    code, out, _ = run_inside(["--help"])
    assert code == 0
    assert "echo (say)" in out
    assert TOY.help in out
    code, out, _ = run_inside(["echo", "--help"])
    assert code == 0
    assert "Say a word back." in out
    assert "--times" in out


@pytest.mark.usefixtures("_toy")
@pytest.mark.parametrize("name", ["echo", "say"])
def test_it_runs_by_each_of_its_names(name: str) -> None:
    assert run_inside([name, "ho", "--times", "3"]) == (0, "ho ho ho\n", "")


@pytest.mark.usefixtures("_toy")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], EXIT_USAGE, "required"),
        (["ho", "--times", "x"], EXIT_USAGE, "--times"),
        (["ho", "--volume", "9"], EXIT_USAGE, "--volume"),
        (["nonsense"], EXIT_USAGE, "means nothing"),
        (["setting"], EXIT_USAGE, "is wrong"),
        (["file"], EXIT_FAILURE, "is damaged"),
        (["fault"], EXIT_FAILURE, "ZeroDivisionError"),
    ],
)
def test_what_goes_wrong_is_a_sentence_and_an_exit_code(
    arguments: list[str], code: int, said: str, home: Path
) -> None:
    exit_code, out, err = run_inside(["echo", *arguments])
    assert exit_code == code
    assert said in assert_refused(out, err)


@pytest.mark.process
def test_ctrl_c_ends_it_without_a_traceback() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", IN_A_PROCESS, "echo", "wait"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment(),
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (EXIT_INTERRUPTED, "", "")


@pytest.mark.usefixtures("_toy")
@pytest.mark.parametrize("name", ["echo", "say", "train", "reproduce"])
def test_a_name_is_taken_once(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        register(Command(name, "", "tests.cli.toy_command"))


def test_every_command_is_a_module_that_says_what_it_takes() -> None:
    for command in COMMANDS:
        module = importlib.import_module(command.module)
        assert callable(module.add_arguments)
        assert callable(module.run)


@pytest.mark.process
def test_a_command_loads_no_other() -> None:
    other_modules = [
        command.module for command in COMMANDS if command.name not in ("add", "recall", "ask")
    ]
    snippet = f"""
import sys
from rnn_tui.cli.main import main
sys.argv[1:] = ["add", "1", "1", "--quiet"]
code = main()
print(code, [name for name in {other_modules} if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", snippet],
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        timeout=PATIENCE,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "0 []"


@pytest.mark.usefixtures("_toy")
def test_a_broken_plug_in_is_said_by_what_looks_for_tasks(
    monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    from rnn_tui import tasks  # noqa: PLC0415 - the module, whose list is read

    monkeypatch.setattr(tasks, "BROKEN_PLUGINS", ["The task plug-in x can't be used."])
    code, out, err = run_inside(["echo", "ho"])
    assert (code, out) == (0, "ho\n")
    assert assert_one_sentence(err).endswith("can't be used.")


def test_the_registry_has_a_line_for_each_module_of_the_folder() -> None:
    folder = Path(commands.__file__).parent
    shared = {
        "__init__",
        "applying",
        "baselines",
        "commands",
        "folds",
        "main",
        "options",
        "output",
        "questions",
        "results",
        "rerunning",
        "sequence_files",
        "task_settings",
        "training_run",
    }
    modules = {path.stem for path in folder.glob("*.py")}
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    registered = {command.module.rpartition(".")[2] for command in COMMANDS}
    assert modules | packages == registered | shared
