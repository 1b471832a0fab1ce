"""Rules of the house that a reader relies on: one name for one thing, knowledge in one place."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import rnn_tui
from rnn_tui.networks import CELLS
from rnn_tui.tasks import TASKS
from tests.attack.kinds import KINDS

PACKAGE = Path(rnn_tui.__file__).parent
# Who may name a task, a cell or an augmentation.
KNOWING = ("tasks", "networks", "papers")
# Where a word is one of these and means something else.
OTHER_MEANINGS = {
    "none": None,  # everywhere
    "carry": ("ui",),  # of an addition on paper
    "shift": ("ui",),  # the key
    "recall": ("cli",),  # the command
    "adder": ("cli",),  # what the command `add` asks
    "photo": ("photos", "ui", "cli"),  # what is read
    "mnist": ("photos",),  # the preparation of a photo that is called so on the command line
}


@cache
def modules() -> list[tuple[Path, ast.Module]]:
    paths = sorted(PACKAGE.rglob("*.py"))
    return [
        (path.relative_to(PACKAGE), ast.parse(path.read_text(encoding="utf-8"))) for path in paths
    ]


def test_no_two_public_classes_share_a_name() -> None:
    places = defaultdict(list)
    for path, module in modules():
        for node in module.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(str(path))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_tasks_cells_and_augmentations_are_named_where_they_are_known() -> None:
    augmentations = {name for task in TASKS.values() for name in task.augmentations}
    names = {*TASKS, *CELLS, *augmentations, "carry"}
    found = []
    for path, module in modules():
        room = path.parts[0]
        if room in KNOWING:
            continue
        for node in ast.walk(module):
            if not isinstance(node, ast.Constant) or node.value not in names:
                continue
            elsewhere = OTHER_MEANINGS.get(node.value, ())
            if elsewhere is not None and room not in elsewhere:
                found.append(f"{path}:{node.lineno}: {node.value}")
    assert found == []


# It imports each widget when that is asked for.
LAZY = "textual.widgets"


def imported(node: ast.Import | ast.ImportFrom) -> set[str]:
    """The modules that an import may name: of `from x import y` they are `x` and `x.y`."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    return {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}


def early_imports(body: list[ast.stmt]) -> Iterator[str]:
    """Yield what a module imports as it is imported."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from imported(node)


def late_imports(tree: ast.Module) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the imports within functions."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    yield node


def test_nothing_is_imported_late_that_its_module_has_imported_anyway() -> None:
    """A late import is for what the first frame or a command can do without."""
    trees = {}
    for path, tree in modules():
        trees[".".join(("rnn_tui", *path.with_suffix("").parts)).removesuffix(".__init__")] = tree
    early = {name: set(early_imports(tree.body)) for name, tree in trees.items()}
    needless = []
    for name, tree in trees.items():
        late = list(late_imports(tree))
        loaded: set[str] = set()
        following = [name] if late else []
        while following:
            new = early.get(following.pop(), set()) - loaded
            loaded |= new
            following += new
        for node in late:
            # Of ours the longest name is a module; of others the shortest is one in any case.
            ours = imported(node) & trees.keys()
            wanted = max(ours, key=len) if ours else min(imported(node), key=len)
            if wanted in loaded - {LAZY}:
                needless.append(f"{name}:{node.lineno}: {wanted}")
    assert needless == []


# What all places of the interface stand on.
SHARED = ("frame", "chart", "widgets", "work", "terminal")


def place_of(name: str) -> str:
    """The folder of `rnn_tui.ui` that a dotted name is in."""
    return name.split(".")[2]


def test_the_interface_is_named_by_nothing_below_it_also_not_in_a_string() -> None:
    """Imports are import-linter's to hold; a class that is imported on use is named by a string."""
    found = []
    for path, module in modules():
        if path.parts[0] == "cli":
            continue
        for node in ast.walk(module):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            for name in re.findall(r"rnn_tui\.ui\.[\w.]+", node.value):
                known = {*SHARED, path.parts[1]} if path.parts[0] == "ui" else set()
                if path.parts[:2] != ("ui", "app") and place_of(name) not in known:
                    found.append(f"{path}:{node.lineno}: {name}")
    assert found == []


def test_the_pages_for_developers_name_what_is_there() -> None:
    top = PACKAGE.parent
    pages = [top / "CONTRIBUTING.md", *sorted((top / "docs").glob("*.md"))]
    named = {
        name
        for page in pages
        for name in re.findall(r"`((?:[\w-]+/)+[\w-]+\.py)`", page.read_text(encoding="utf-8"))
        if not name.startswith("rnn_parity/")
    }
    assert len(named) > 20
    there = [top, PACKAGE]
    assert [name for name in sorted(named) if not any((at / name).is_file() for at in there)] == []


# What opens a file for writing where only a name tells it; functions of modules are ruff's to ban.
WRITERS = re.compile(r"(write_text|write_bytes|savefig|tofile|to_csv|touch|symlink_to|link_to)")
# Names that mean something else unless they are called of these.
CALLED_OF = {
    "replace": ("path",),
    "rename": ("path",),
    "save": ("image", "self._image"),
    "truncate": ("file",),
}
# Who else may, and why.
MAY_WRITE = {
    "engine/files/atomic.py": None,  # all of it: that is what it is for
    # A lock needs a file that stays where it is.
    "archive/locks.py": ("path.open", "self._path.open"),
    "archive/turns.py": ("path.open", "(folder / 'drawing').open"),
    "engine/files/outside.py": ("os.open",),  # for reading alone
    # Streams that are missing, or go nowhere.
    "cli/main.py": ("open", "os.open", "io.FileIO"),
    # grows an event at a time, for home to ask for
    "sweeps/worker.py": ("(self.folder / 'events').open",),
    "sweeps/ssh.py": ("files.open",),  # on another machine
    "archive/export/plots.py": ("figure.savefig",),
    "archive/export/documents.py": (
        "export.write_text",
    ),  # is an `Export`'s, which goes by files.py
}


def writes(call: ast.Call) -> bool:
    """Whether a call opens a file for writing, as far as one can see."""
    name, _, method = ast.unparse(call.func).rpartition(".")
    if method == "open":
        words = [
            ast.unparse(argument) for argument in (*call.args, *(k.value for k in call.keywords))
        ]
        if name == "os":
            return any(re.search(r"O_(WRONLY|RDWR|CREAT)", word) for word in words)
        return any(re.fullmatch(r"'[rbt+]*[wax+][rbt+]*'", word) for word in words)
    if method in CALLED_OF:
        return name in CALLED_OF[method]
    return WRITERS.fullmatch(method) is not None


def test_what_opens_files_for_writing_is_seen() -> None:
    seen = (
        "open(path, 'w')",
        "path.open(mode='xb')",
        "os.open(path, os.O_WRONLY)",
        "path.rename(to)",
        "path.write_bytes(data)",
        "path.touch()",
        "image.save(path)",
    )
    unseen = ("path.open('rb')", "open(path)", "text.replace('w', 'b')", "Image.open(data)")
    calls = {text: ast.parse(text, mode="eval").body for text in (*seen, *unseen)}
    assert [text for text, one in calls.items() if isinstance(one, ast.Call) and writes(one)] == [
        *seen
    ]


def test_one_module_opens_files_for_writing() -> None:
    found = []
    for path, module in modules():
        allowed = MAY_WRITE.get(path.as_posix(), ())
        for node in ast.walk(module):
            if allowed is None or not isinstance(node, ast.Call) or not writes(node):
                continue
            if ast.unparse(node.func) not in allowed:
                found.append(f"{path}:{node.lineno}: {ast.unparse(node.func)}")
    assert found == []


def test_every_guarantee_has_its_test() -> None:
    top = PACKAGE.parent
    page = (top / "docs" / "reliability.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    rows = [line for line in lines if "guarantee |" not in line]
    assert len(rows) > 20
    for row in rows:
        held_by = row.rsplit("|", 2)[1]
        tests = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", held_by)
        attacks = re.findall(r"attack `(\w+)`", held_by)
        assert tests or attacks, row
        assert set(attacks) <= set(KINDS), row
        for path, name in tests:
            assert f"def {name}(" in (top / path).read_text(encoding="utf-8"), row
