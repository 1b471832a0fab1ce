"""What must not be imported when: a heavy import in the wrong place costs seconds before any frame.

Each check runs in a process of its own, since this one has long imported everything. What a module
may import at all is import-linter's business; here it is what has been imported by a moment.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import rnn_tui
from rnn_tui.cli.commands import COMMANDS
from rnn_tui.engine.settings import SETTINGS
from rnn_tui.tasks import TASKS
from tests.tasks.conftest import small_config, small_run

pytestmark = pytest.mark.process

HEAVY = {"torch", "torchvision", "sklearn", "cv2", "scipy", "safetensors"}
FACES = {"textual", "rich", "plotext", "textual_plotext", "cv2"}
PATIENCE = 120.0

HELP = """
import contextlib, io, json, sys
import rnn_tui.cli.commands, rnn_tui.cli.main
text = rnn_tui.cli.commands.build_parser().format_help()
for level in (
    "", "train", "train mnist", "train recall", "train adder", "recall", "add", "inspect",
    "inspect mnist", "predict", "runs", "runs export", "papers", "rerun", "report", "reproduce",
    "config", "serve",
    "completion",
):
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()) as out:
        rnn_tui.cli.main.main([*level.split(), "--help"])
    text += out.getvalue()
print(json.dumps([text, sorted(sys.modules)]))
"""

QUESTION = """
import contextlib, io, json, sys
from rnn_tui.cli.main import main
with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()):
    codes = [main({arguments}), main([*{arguments}, "--json"])]
print(json.dumps([out.getvalue() if codes == [0, 0] else "", sorted(sys.modules)]))
"""

FIRST_FRAME = """
import asyncio, json, sys
from rnn_tui.ui.home.pane import HomeDigit
from rnn_tui.ui.app.app import RnnTuiApp

class FirstFrame(RnnTuiApp):
    def _begin_after_first_frame(self):
        pass

async def not_yet(digit):
    pass

HomeDigit._load = not_yet

async def first_frame():
    app = FirstFrame()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        return app.export_screenshot()

print(json.dumps([asyncio.run(first_frame()), sorted(sys.modules)]))
"""

LIGHT_ENGINE = """
import importlib, json, sys
names = ["config", "errors", "events", "metrics", "settings", "state"]
for name in names:
    importlib.import_module(f"rnn_tui.engine.{name}")
print(json.dumps([names, sorted(sys.modules)]))
"""


def outcome_of(snippet: str) -> tuple[str | list[str], set[str]]:
    """What a snippet prints first, and the top-level names of the modules that it lists."""
    result = subprocess.run(
        [sys.executable, "-c", snippet],
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    printed, modules = json.loads(result.stdout)
    return printed, {name.partition(".")[0] for name in modules}


def test_help_imports_nothing_heavy() -> None:
    text, modules = outcome_of(HELP)
    names = TASKS["mnist"].settings + TASKS["recall"].settings
    options = [SETTINGS[name].option_names[0] for name in names]
    assert all(option in text for option in [*options, "--vote", "--base", "--probes"])
    assert not modules & (
        HEAVY | FACES | {"numpy", "shtab", "markdown_it", "psutil", "aiohttp", "textual_serve"}
    )


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["recall", "31415"], "3 1 [4] 1 5 → 4"),
        (["add", "1011", "110"], "1011 + 110 = 10001"),
        (["inspect", "recall", "31415"], "3 1 [4] 1 5: 4"),
        (["inspect", "adder", "1011", "110"], "1011 + 110 = 10001"),
    ],
    ids=["recall", "add", "inspect recall", "inspect adder"],
)
def test_an_answer_imports_neither_torch_nor_a_face(arguments: list[str], answer: str) -> None:
    text, modules = outcome_of(QUESTION.format(arguments=arguments))
    assert answer in text
    assert not modules & (HEAVY - {"safetensors"} | FACES)


# What NumPy, which an answer needs, does not import either, and no answer into a pipe needs: 1 to
# 45 ms each.
NO_ANSWER_NEEDS = {
    "asyncio",
    "email",
    "http",
    "importlib.metadata",
    "logging.handlers",
    "platformdirs",
    "queue",
    "rnn_tui.engine.events",
    "rnn_tui.engine.training.resources",
    "rnn_tui.archive.run_record",
    "rnn_tui.archive.store",
    "rnn_tui.tasks.adder.problem",
    "socket",
    "sqlite3",
    "tempfile",
    "uuid",
}
START = """
import contextlib, io, json, sys
sys.argv = ["rnn-tui", *{arguments}]
from rnn_tui.cli.main import main
with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()):
    code = main()
print(json.dumps([out.getvalue(), sorted(sys.modules)]))
"""


def modules_at_end(*arguments: str) -> tuple[str, set[str]]:
    """What a command prints, and the full names of all that it has imported at its end."""
    result = subprocess.run(
        [sys.executable, "-c", START.format(arguments=[*arguments])],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    printed, modules = json.loads(result.stdout)
    return printed, set(modules)


# What PyTorch would load in the first step, and what data could be split with: each would keep
# training waiting for a second.
NO_TRAINING_NEEDS = {
    "pandas",
    "scipy.stats",
    "sklearn",
    "sympy",
    "torch._dynamo",
    "torch._inductor",
    "torchvision",  # unless another data set is named
}


def test_training_waits_for_nothing_but_pytorch(mnist_slice: Path, home: Path) -> None:
    settings = (
        "--preset",
        "best",
        "--cell",
        "lstm",
        "--epochs",
        "2",
        "--hidden-size",
        "4",
        "--data-dir",
        str(mnist_slice),
    )
    printed, modules = modules_at_end("train", "mnist", *settings)
    assert "test_accuracy=" in printed
    assert "torch.optim.adam" in modules
    assert not modules & NO_TRAINING_NEEDS
    assert list(home.glob("runs/*/*.safetensors"))  # with the optimiser's state


@pytest.mark.parametrize(
    "arguments", [("add", "1011", "110"), ("recall", "31415")], ids=["add", "recall"]
)
def test_an_answer_imports_little_beside_numpy(arguments: tuple[str, ...]) -> None:
    printed, modules = modules_at_end(*arguments)
    assert "✓" in printed
    assert {"numpy", "rnn_tui.archive.weights"} <= modules
    assert not modules & NO_ANSWER_NEEDS


def test_a_run_that_answers_needs_sqlite_but_not_the_whole_store() -> None:
    small_run(
        small_config("adder", hidden_sizes=(2,), training_size=2), name="20250102-000000-aaaaaa"
    )
    _, modules = modules_at_end("add", "1011", "110")
    assert "sqlite3" in modules
    assert not modules & (NO_ANSWER_NEEDS - {"sqlite3"})
    _, modules = modules_at_end("recall", "31415")  # of which there is no run
    assert "sqlite3" not in modules


def test_a_command_learns_no_options_but_its_own() -> None:
    _, modules = modules_at_end("add", "1011", "110")
    of_commands = {command.module for command in COMMANDS}
    assert modules & of_commands == {"rnn_tui.cli.ask"}


def test_first_frame_imports_nothing_heavy() -> None:
    screenshot, modules = outcome_of(FIRST_FRAME)
    assert "MNIST" in screenshot  # it was a frame
    assert "Train&#160;in&#160;seconds" in screenshot
    assert not modules & (
        HEAVY | {"numpy", "plotext", "rnn_tui.engine.events", "rnn_tui.ui.work.training_manager"}
    )


def test_what_crosses_to_the_faces_needs_no_torch() -> None:
    _, modules = outcome_of(LIGHT_ENGINE)
    assert not modules & (HEAVY | FACES)


SWEEPS = """
import json, sys
import rnn_tui.ui.sweeps.pane
print(json.dumps(["", sorted(sys.modules)]))
"""


def test_the_tab_of_sweeps_imports_nothing_that_trains_or_searches() -> None:
    _, modules = outcome_of(SWEEPS)
    assert not modules & (HEAVY | {"distributed", "dask", "optuna", "yaml"})


# The libraries come first, since what they change in a process is theirs.
EFFECTS = """
import ast, faulthandler, gc, importlib, inspect, json, logging, os, pkgutil, signal, sys
import threading, warnings
from contextlib import suppress
from pathlib import Path

import rnn_tui
names = sorted(m.name for m in pkgutil.walk_packages(rnn_tui.__path__, "rnn_tui."))
names = [name for name in names if not name.endswith("__main__")]
libraries = set()
for path in Path(rnn_tui.__file__).parent.rglob("*.py"):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            libraries |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            libraries |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
libraries = sorted(name for name in libraries if not name.startswith("rnn_tui"))
for name in libraries:
    with suppress(ImportError):
        importlib.import_module(name)

import cv2, torch

def classes():
    for name, module in sorted(sys.modules.items()):
        if module is not None and not name.startswith("rnn_tui"):
            for member in list(vars(module).values()):
                if isinstance(member, type) and member.__module__ == name:
                    yield f"{name}.{member.__qualname__}", member

# What Python and libraries keep in a class by themselves, as a list of its subclasses.
KEPT = ("_abc_impl", "__abstractmethods__", "__annotations__", "_merged_bindings")

def state():
    return {
        "environment": dict(os.environ),
        "warnings": [str(entry) for entry in warnings.filters],
        "garbage": [gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()],
        "signals": [repr(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
        "faults": faulthandler.is_enabled(),
        "hooks": [repr(sys.excepthook), repr(threading.excepthook), repr(sys.unraisablehook)],
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "log": [repr(logging.root), repr(logging.root.handlers), logging.raiseExceptions],
        "streams": [repr(stream) for stream in (sys.stdin, sys.stdout, sys.stderr)],
        "numbers": [sys.getrecursionlimit(), sys.get_int_max_str_digits(), sys.getswitchinterval()],
        "folder": os.getcwd(),
        "torch": [torch.get_num_threads(), torch.initial_seed(), str(torch.get_default_dtype())],
        "opencv": [cv2.getNumThreads(), cv2.utils.logging.getLogLevel()],
    }

def patched(before):
    return sorted(
        f"{name}.{member}"
        for name, (cls, members) in before.items()
        for member in members.keys() | vars(cls).keys()
        if member not in KEPT and members.get(member) is not vars(cls).get(member)
    )

members = {name: (cls, dict(vars(cls))) for name, cls in classes()}
before = state()
for name in names:
    importlib.import_module(name)
after = state()
changed = [name for name in before if before[name] != after[name]]
told = [f"{name}: {before[name]} -> {after[name]}" for name in changed]
print(json.dumps([told + patched(members), names]))
"""


@pytest.mark.long
def test_no_import_of_the_package_changes_anything_in_the_process() -> None:
    changed, modules = outcome_of(EFFECTS)
    assert changed == []
    assert modules == {"rnn_tui"}


PUBLIC = """
import json, sys
import rnn_tui
for name in rnn_tui.__all__:
    assert getattr(rnn_tui, name) is not None, name
trace = rnn_tui.load_network("adder").trace("1011 110")
assert trace.edit("state[0]=0").steps == trace.steps
assert not {"torch", "pandas", "matplotlib", "tqdm", "IPython"} & set(sys.modules)
print(json.dumps([rnn_tui.__all__, sorted(sys.modules)]))
"""
PACKAGE = """
import json, sys
before = set(sys.modules)
import rnn_tui
print(json.dumps([dir(rnn_tui), sorted(set(sys.modules) - before)]))
"""


def test_the_package_imports_nothing_before_a_name_of_it_is_used() -> None:
    names, modules = outcome_of(PACKAGE)
    assert set(rnn_tui.__all__) <= set(names)
    assert modules - set(sys.stdlib_module_names) == {"rnn_tui"}


def test_no_public_name_imports_what_trains() -> None:
    names, modules = outcome_of(PUBLIC)
    assert len(names) <= 25
    assert not modules & (HEAVY - {"safetensors"} | FACES)
