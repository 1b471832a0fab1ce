"""`rnn-tui completion`: shtab writes it from the parsers; names and quoting, beside this module,
are ours, a file a shell.
"""

import argparse
import shlex
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

from rnn_tui.cli.commands import Parser, add_examples, build_parser
from rnn_tui.cli.output import OK
from rnn_tui.engine.settings import SETTINGS, ChoicesSetting

SHELLS = ("bash", "zsh", "fish", "tcsh")
# By the word that stands for a value in `--help`: what completes it.
KINDS = dict.fromkeys(("FILE", "PATH", "PHOTO"), "path") | dict.fromkeys(
    ("DIR", "FOLDER"), "folder"
)
KINDS |= {"RUN": "runs", "DELETED_RUN": "deleted"}
# tcsh keeps no functions, and quotes nothing: it is told only of names that need no quotes.
_IN_TCSH = {
    "path": "f",
    "folder": "d",
    "runs": '`sh -c "exec rnn-tui completion tcsh --runs all 2>&-"`',
    "deleted": "",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = "Print a script that makes a shell complete what rnn-tui takes, by Tab."
    parser.epilog = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")
    parser.add_argument("shell", choices=SHELLS, help="the shell that the script is for")
    parser.add_argument("--runs", choices=("all", "deleted"), help=argparse.SUPPRESS)
    add_examples(parser, "rnn-tui completion bash", "rnn-tui completion fish")


def run(options: argparse.Namespace) -> int:
    """Print the script, or what such a script asks for: names of runs, a line each."""
    if options.runs is None:
        print(script(options.shell))
    else:
        from rnn_tui.runs.database import names_to_type  # noqa: PLC0415 - SQLite, on use only

        names = names_to_type(deleted=options.runs == "deleted")
        print(
            "".join(
                f"{name}\n"
                for name in names
                if options.shell != "tcsh" or name == shlex.quote(name)
            ),
            end="",
        )
    return OK


def script(shell: str) -> str:
    """The script for one of `SHELLS`."""
    import shtab  # noqa: PLC0415 - on use only

    parser = build_parser()
    for action in _actions(parser):
        _say_what_completes(action)
        if shell == "zsh" and action.nargs != 0:  # both --option value and --option=value
            action.option_strings = [
                one + "=" * one.startswith("--") for one in action.option_strings
            ]
    ours = Path(__file__).with_suffix(f".{shell}").read_text(encoding="utf-8")
    ours = ours.replace("@PROGRAM@", shlex.quote(str(Path(sys.executable).with_name("rnn-tui"))))
    if shell == "bash":  # what comes last completes
        return f"{shtab.complete(parser, shell)}\n\n{ours}"
    made: str = shtab.complete(parser, shell, preamble=ours)
    # Of several words, shtab has zsh complete the first.
    return made.replace('"(*)::', '"*:').replace('"(*):', '"*:') if shell == "zsh" else made


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """All that can be typed, of all commands."""
    cast("Parser", parser).complete()
    parser.description = None  # some shells show it, and the line of help reads better
    # argparse has no public list of its options
    for action in parser._actions:  # noqa: SLF001
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for one in dict.fromkeys(action.choices.values()):  # aliases name the same one
                yield from _actions(one)


def _say_what_completes(action: Any) -> None:
    """Give an action `choices`, or `complete`, where shtab looks."""
    # by `add_setting`
    if isinstance(action.type, partial) and isinstance(action.type.args[0], ChoicesSetting):
        # one or more, with commas between them
        name, text = action.dest, " ".join(action.type.args[0].choices)
        action.complete = {
            "bash": f"_rnn_tui_{name}",
            "preamble": {"bash": f"_rnn_tui_{name}() {{ echo ':list {text}'; }}"},
            "zsh": f"_values -s , {name} {text}",
            "fish": f"(__fish_append , {text})",
            "tcsh": f"({text})",
        }
    elif kind := KINDS.get(action.metavar):
        function = f"_rnn_tui_{kind}"
        action.complete = {
            "bash": function,
            "zsh": function,
            "fish": f"({function})",
            "tcsh": _IN_TCSH[kind],
        }
    elif action.metavar == "LOSS":
        action.choices = list(cast("ChoicesSetting", SETTINGS["losses"]).choices)
    elif action.metavar == "METRIC":
        from rnn_tui.tasks import TASKS  # noqa: PLC0415 - not when a shell asks for names

        action.choices = list(
            dict.fromkeys(one.name for task in TASKS.values() for one in task.metric_definitions)
        )
