"""Whatever looks at files does so by `engine.files.outside`, or stands here with the reason.

So a new prompt for a path can't forget that a page may be confined: it fails here.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import rnn_tui
from rnn_tui.engine.files import outside

PACKAGE = Path(rnn_tui.__file__).parent
# Of what strangers reach through a page; the command line is for who has the machine.
ROOMS = (
    "data",
    "engine",
    "inside",
    "networks",
    "papers",
    "photos",
    "archive",
    "sweeps",
    "tasks",
    "ui",
)
LOOKS = {
    "open",
    "openat",
    "stat",
    "lstat",
    "scandir",
    "listdir",
    "walk",
    "isdir",
    "isfile",
    "exists",
    "lexists",
    "islink",
    "is_dir",
    "is_file",
    "iterdir",
    "glob",
    "rglob",
    "read_bytes",
    "read_text",
    "read_small",
    "expanduser",
    "home",
    "cwd",
    "readlink",
    "safe_open",
    "load_file",
    "ZipFile",
    "imread",
    "fromfile",
    "resolve",
    "realpath",
    "copyfile",
    "chdir",
}
# By module: what it calls, and why no path that a stranger chose gets there without having been
# asked about.
OWN = "what ships, or what the program wrote itself"
ASKED = "engine.files.outside was asked in the same place"
THIS = "it is what decides; or a path of the program's own"
TERMINAL = "a path of the command line or of a terminal; a page has a temporary folder in its place"
WRITES = "it writes where it is told, and no page tells it a path"
ALLOWED: dict[str, tuple[set[str], str]] = {
    "engine/files/array_files.py": ({"ZipFile", "open"}, "a file that engine.files.outside opened"),
    "engine/extras.py": ({"exists", "read_text", "resolve"}, OWN),
    "engine/files/atomic.py": (
        {"is_file", "iterdir", "lexists", "open", "readlink", "realpath", "rglob", "stat"},
        WRITES,
    ),
    "engine/process/log_rotation.py": ({"stat"}, OWN),
    "engine/files/outside.py": (
        {"expanduser", "home", "isdir", "lexists", "open", "realpath", "scandir", "stat"},
        THIS,
    ),
    "engine/page.py": ({"realpath"}, THIS),
    "engine/files/paths.py": ({"expanduser", "glob", "is_dir", "is_file", "resolve", "stat"}, OWN),
    "engine/plugins.py": ({"listdir", "read_small"}, OWN),
    "engine/preferences.py": ({"exists", "read_small"}, OWN),
    "engine/files/weights_file.py": ({"open", "safe_open"}, OWN),
    "networks/by_hand.py": ({"walk"}, "time steps, and no folder"),
    "networks/foreign/files.py": ({"ZipFile"}, "bytes that engine.files.outside read"),
    "networks/foreign/reading.py": ({"read_bytes"}, "by engine.files.outside, in foreign/files.py"),
    "photos/collection.py": ({"is_dir"}, ASKED),
    "photos/export.py": ({"isfile"}, TERMINAL),
    "photos/files.py": ({"islink", "open"}, "bytes that were read; and a link that led nowhere"),
    "photos/digit/finder.py": ({"fromfile"}, OWN),
    "papers/expression.py": ({"walk"}, "a formula, and no folder"),
    "papers/library.py": ({"open"}, "what an installed package names"),
    "papers/shipped/__init__.py": ({"glob", "read_bytes"}, OWN),
    "archive/__init__.py": ({"iterdir"}, OWN),
    "archive/export/page/blocks.py": ({"read_text"}, OWN),
    "archive/export/page/machine.py": ({"read_text"}, OWN),
    "archive/database.py": ({"read_text", "stat"}, OWN),
    "archive/example.py": ({"is_file", "read_text"}, OWN),
    "archive/export/documents.py": ({"rglob"}, TERMINAL),
    "archive/export/formats.py": ({"cwd", "is_dir", "is_file", "lexists"}, TERMINAL),
    "archive/unsaved.py": ({"is_file"}, OWN),
    "archive/locks.py": ({"listdir", "open", "stat"}, OWN),
    "archive/recorder.py": ({"glob", "is_file", "read_bytes", "stat"}, OWN),
    "archive/run_record.py": ({"is_file"}, OWN),
    "archive/database_rows.py": ({"is_file"}, OWN),
    "archive/store.py": ({"exists"}, OWN),
    "archive/training.py": ({"exists"}, OWN),
    "archive/turns.py": ({"is_dir", "listdir", "open"}, OWN),
    "archive/weights.py": ({"exists", "is_file", "stat"}, OWN),
    "sweeps/places.py": ({"read_small"}, "a page may name no place to train on"),
    "sweeps/remote_runs.py": ({"exists"}, OWN),
    "sweeps/importer.py": ({"read_bytes"}, OWN),
    "sweeps/ssh.py": ({"open"}, "a file of the program's own on another machine"),
    "sweeps/worker.py": ({"read_bytes"}, OWN),
    "tasks/adder/__init__.py": ({"read_text"}, OWN),
    "tasks/data_sets/baselines.py": ({"read_text"}, OWN),
    "data/store.py": ({"glob", "is_file"}, OWN),
    "tasks/mnist/__init__.py": ({"read_text"}, OWN),
    "tasks/mnist/data.py": ({"read_bytes"}, ASKED),
    "tasks/mnist/downloads.py": ({"ZipFile", "open"}, OWN),
    "tasks/mnist/first_digits.py": ({"open"}, OWN),
    "tasks/mnist/hands.py": ({"read_text"}, OWN),
    "tasks/mnist/no_digits.py": ({"imread", "is_file"}, OWN),
    "tasks/recall/__init__.py": ({"read_text"}, OWN),
    "ui/guide/experiments.py": ({"glob", "is_file", "read_small"}, OWN),
    "ui/guide/journal.py": ({"read_small"}, OWN),
    "ui/guide/player.py": ({"is_file"}, OWN),
    "ui/home/pane.py": ({"read_text"}, OWN),
    "ui/photos/panel.py": ({"is_dir"}, OWN),
    "ui/photos/screens.py": ({"cwd"}, ASKED),
    "ui/papers/pane.py": ({"read_text"}, OWN),
    "ui/runs/pane.py": ({"is_file", "read_text"}, OWN),
    "ui/app/app.py": ({"exists"}, OWN),
    "ui/terminal/key_table.py": ({"read_text"}, OWN),
    "ui/sweeps/pane.py": ({"read_text"}, OWN),
    "ui/terminal/textual_variables.py": (
        {"exists", "isdir"},
        "folders of the server's environment",
    ),
    "ui/frame/sheets.py": ({"rglob", "read_text"}, OWN),
    "ui/training/form.py": ({"exists"}, OWN),
    "ui/training/pane.py": ({"read_text"}, OWN),
    "ui/widgets/example_table.py": ({"open"}, OWN),
    "ui/widgets/digits.py": ({"read_text"}, OWN),
    "ui/sequences/kept.py": ({"open"}, OWN),
    "ui/sequences/pane.py": ({"read_text"}, OWN),
    "ui/widgets/prompts.py": (
        {"ZipFile", "is_dir", "is_file", "isfile", "read_bytes", "rglob"},
        TERMINAL,
    ),
}


def looks(path: Path) -> Iterator[str]:
    """The names of all calls in a module that look at files by themselves."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    asking = names_of_outside(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            name = called.rpartition(".")[2]
            if name in LOOKS and called not in asking:
                yield name


def names_of_outside(tree: ast.Module) -> set[str]:
    """What the functions of `engine.files.outside` are called in a module."""
    names = {f"outside.{name}" for name in vars(outside)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == outside.__name__:
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def test_whatever_looks_at_files_is_known() -> None:
    names_by_module = {}
    for room in ROOMS:
        for path in sorted((PACKAGE / room).rglob("*.py")):
            if names := set(looks(path)):
                names_by_module[path.relative_to(PACKAGE).as_posix()] = names
    unknown = {
        module: names - ALLOWED.get(module, (set(), ""))[0]
        for module, names in names_by_module.items()
    }
    assert not {module: names for module, names in unknown.items() if names}, (
        "these look at files: let them do so by engine.files.outside, or say here why they need not"
    )
    gone = {
        module: names - names_by_module.get(module, set()) for module, (names, _) in ALLOWED.items()
    }
    assert not {module: names for module, names in gone.items() if names}, (
        "this list is longer than it need be"
    )
