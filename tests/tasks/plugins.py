"""Plug-ins of tasks, sound and broken in many ways, and how they are installed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

GOOD = """
from dataclasses import replace
from rnn_tui.tasks.recall import RECALL
TASK = replace(RECALL, name="other", label="Other", published={})
"""


def _changed(change: str) -> str:
    return f"{GOOD}TASK = replace(TASK, {change})\n"


#: What is wrong with the code of a plug-in, and what its sentence says.
BROKEN: Mapping[str, str] = {
    # what its import raises
    "raise RuntimeError('\\x1b[2Jboom')": "RuntimeError",
    "raise SystemExit(3)": "SystemExit",
    "raise GeneratorExit": "GeneratorExit",
    "raise BaseException('whatever')": "BaseException: whatever",
    "class Odd(Exception):\n    def __str__(self): raise ValueError\nraise Odd": "Odd: it has",
    "class Odd(BaseException):\n    def __str__(self): raise SystemExit\nraise Odd": "Odd: it has",
    "class Odd(Exception):\n    def __str__(self): return 5\nraise Odd": "Odd: it has no text",
    "raise RuntimeError('x' * 10**6)": "RuntimeError: xxx",
    "raise RuntimeError('\\ud800')": "RuntimeError",
    "import a_module_that_is_not_there": "ModuleNotFoundError",
    "def f(): f()\nf()": "RecursionError",
    "this is no Python": "SyntaxError",
    "print('a word before it goes', flush=True)\nraise RuntimeError('gone')": "RuntimeError: gone",
    # what it names
    "TASK = 5": "TASK is no Task",
    "TASK = None": "TASK is no Task",
    "OTHER = 5": "AttributeError",
    "from rnn_tui.tasks.task import Task as TASK": "TASK is no Task",
    # names
    _changed("name='recall'"): "called recall already",
    _changed("name='../x'"): "its name must be short",
    _changed("name=''"): "its name must be short",
    _changed("name='a' * 31"): "its name must be short",
    _changed("name='--help'"): "its name must be short",
    _changed("name=5"): "its name must be short",
    _changed("name='list'"): "can't be called list",
    _changed("name='show'"): "can't be called show",
    # words
    _changed("label='[red]\\x1b[31m'"): "printable text",
    _changed("label='[red]'"): "no square brackets",
    _changed("label=' '"): "no label",
    _changed("label=5"): "must be text",
    _changed("unit=None"): "must be text",
    _changed("help_text='\\x07'"): "printable text",
    _changed("help_text='x' * 10**6"): "printable text",
    # settings
    _changed("settings=('colour',)"): "no setting called colour",
    _changed("settings=('epochs', 'seeds', 'epochs')"): "setting epochs is there twice",
    _changed("settings=5"): "TypeError",
    _changed("settings=(['epochs'],)"): "TypeError",
    _changed("config_class=dict"): "config_class must be",
    # metrics
    _changed("headline='test_beauty'"): "not one of its metrics",
    _changed("metrics=(5,)"): "AttributeError",
    _changed("metrics=TASK.metrics + TASK.metrics[:1]"): "is there twice",
    _changed("measures=[5]"): "AttributeError",
    _changed("measures=None"): "TypeError",
    # presets
    _changed("presets=()"): "no preset",
    _changed("presets=(5,)"): "AttributeError",
    _changed("presets=TASK.presets[:1] * 2"): "preset report is there twice",
    _changed("presets=(replace(TASK.presets[0], values={}),)"): "preset report",
    _changed(
        "presets=(replace(TASK.presets[0], values={**TASK.presets[0].values, 'x': 1}),)"
    ): "preset",
    _changed("presets=(replace(TASK.presets[0], values=5),)"): "preset report",
    _changed("presets=(replace(TASK.presets[0], name='\\x1b'),)"): "printable text",
    _changed("presets=(replace(TASK.presets[0], name=5),)"): "must be text",
    _changed("presets=(replace(TASK.presets[0], summary=None),)"): "must be text",
    # cells
    _changed("default_cell='qubit'"): "its default cell qubit",
    _changed("default_cell=None"): "its default cell None",
}

#: Code of plug-ins that can be used, and print, with what they print.
PRINTING: Mapping[str, str] = {
    f"print('by print')\n{GOOD}": "by print",
    f"import sys\nsys.stdout.write('by write')\n{GOOD}": "by write",
    f"import sys\nprint('on stderr', file=sys.stderr)\n{GOOD}": "on stderr",
    f"import os\nos.write(1, b'by number')\n{GOOD}": "by number",
    f"import os\nos.system('echo by a program')\n{GOOD}": "by a program",
    f"print('\\x1b[2J')\n{GOOD}": "prints when it is imported",
}


def install(site: Path, name: str, code: str, *, entry: str = "") -> None:
    """Put a plug-in, with an entry point of its own or another text, where Python looks."""
    (site / f"{name}.py").write_text(code, encoding="utf-8", errors="surrogatepass")
    (_about(site, name) / "entry_points.txt").write_text(
        entry or f"[rnn_tui.tasks]\n{name} = {name}:TASK\n", encoding="utf-8"
    )


def _about(site: Path, name: str) -> Path:
    about = site / f"{name}-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    return about


#: Lists of entry points that are none, by what the sentence says.
LISTS = (
    ("is not a regular file", "pipe"),
    ("is a folder", "folder"),
    ("more than 1,000,000 bytes", "long"),
    ("can't be read for plug-ins", "bytes"),
    ("can't be used", "no reference"),
    ("can't be used", "empty reference"),
)


def install_list(site: Path, name: str, kind: str) -> None:
    """Put a package there whose list of entry points is none, of a kind of `LISTS`."""
    path = _about(site, name) / "entry_points.txt"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "long":
        path.write_text("[rnn_tui.tasks]\n" + "# more\n" * 200_000)
    elif kind == "bytes":
        path.write_bytes(b"[rnn_tui.tasks]\nx = \xff\xfe\n")
    elif kind == "no reference":
        path.write_text(f"[rnn_tui.tasks]\n{name} = a b c\n")
    elif kind == "empty reference":
        path.write_text(f"[rnn_tui.tasks]\n{name} = :\n")
    else:
        raise ValueError(kind)
