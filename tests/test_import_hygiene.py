"""What must not be imported when: a heavy import in the wrong place costs seconds before any frame.

Each check runs in a process of its own, since this one has long imported everything. What a module
may import at all is import-linter's business; here it is what has been imported by a moment.
"""

import json
import subprocess
import sys

from rnn_tui.engine.settings import SETTINGS

HEAVY = {"torch", "torchvision", "sklearn", "cv2", "scipy", "safetensors"}
FACES = {"textual", "rich", "plotext", "textual_plotext", "cv2"}
PATIENCE = 120.0

HELP = """
import contextlib, io, json, sys
import rnn_tui.cli
text = rnn_tui.cli.build_parser().format_help()
for level in (["--help"], ["train", "--help"], ["train", "mnist", "--help"]):
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()) as out:
        rnn_tui.cli.main(level)
    text += out.getvalue()
print(json.dumps([text, sorted(sys.modules)]))
"""

FIRST_FRAME = """
import asyncio, json, sys
from rnn_tui.ui.app import RnnTuiApp
from rnn_tui.ui.runs import RunManager

class NotYet(RunManager):
    def load_engine(self):
        pass

async def first_frame():
    app = RnnTuiApp(NotYet())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        return app.export_screenshot()

print(json.dumps([asyncio.run(first_frame()), sorted(sys.modules)]))
"""

ENGINE = """
import importlib, json, pkgutil, sys
# PyTorch may import rich by itself, for its own messages; that is not the engine's doing.
import safetensors.torch, torch, torch.optim.lr_scheduler, torch.optim.swa_utils
before = set(sys.modules)
import rnn_tui.engine
names = [m.name for m in pkgutil.walk_packages(rnn_tui.engine.__path__, "rnn_tui.engine.")]
for name in names:
    importlib.import_module(name)
print(json.dumps([names, sorted(set(sys.modules) - before)]))
"""

LIGHT_ENGINE = """
import importlib, json, sys
names = ["config", "control", "errors", "events", "history", "metrics", "state"]
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
    assert all(f"--{name.replace('_', '-')}" in text for name in SETTINGS)
    assert not modules & (HEAVY | FACES)
    assert "numpy" not in modules


def test_first_frame_imports_nothing_heavy() -> None:
    screenshot, modules = outcome_of(FIRST_FRAME)
    assert "MNIST" in screenshot  # it was a frame
    assert not modules & HEAVY


def test_engine_imports_no_face_and_no_picture_library() -> None:
    names, modules = outcome_of(ENGINE)
    assert "rnn_tui.engine.loop" in names
    assert not modules & FACES


def test_what_crosses_to_the_faces_needs_no_torch() -> None:
    _, modules = outcome_of(LIGHT_ENGINE)
    assert not modules & (HEAVY | FACES)
