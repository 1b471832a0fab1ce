"""`rnn-tui completion`: a script that completes the command line in a shell.

shtab writes it from the parsers. Names of runs and papers, and quoting, are ours, in a file a
shell beside this module.
"""

import argparse
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

from rnn_tui.cli.commands import Parser, add_examples, build_parser
from rnn_tui.cli.output import OK
from rnn_tui.engine.settings import SETTINGS, ChoiceSetting, ChoicesSetting

SHELLS = ("bash", "zsh", "fish", "tcsh")
#: the kind of completion, by the placeholder of a value in `--help`.
KINDS = {
    "FILE": "path",
    "PATH": "path",
    "PHOTO": "path",
    "DIR": "folder",
    "FOLDER": "folder",
    "RUN": "runs",
    "DELETED_RUN": "deleted",
    "PAPER": "papers",
}
#: the same in tcsh, which keeps no functions and quotes nothing: it gets names without quotes only.
_IN_TCSH = {
    "path": "f",
    "folder": "d",
    "runs": '`sh -c "exec rnn-tui completion tcsh --names runs 2>&-"`',
    "deleted": "",
    "papers": '`sh -c "exec rnn-tui completion tcsh --names papers 2>&-"`',
}


@dataclass(frozen=True)
class CompletionRequest:
    """Print a script, or what such a script asks for."""

    shell: str  #: one of `SHELLS`.
    names: str | None  #: print the names of these, a key of `_NAMES`; None for the script.


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = "Print a script that completes rnn-tui's command line in a shell, by Tab."
    parser.epilog = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")
    parser.add_argument("shell", choices=SHELLS, help="the shell that the script is for")
    parser.add_argument("--names", choices=tuple(_NAMES), help=argparse.SUPPRESS)
    add_examples(parser, "rnn-tui completion bash", "rnn-tui completion fish")


def run(options: argparse.Namespace) -> int:
    """Print the script, or names, a line each; returns the exit code."""
    return complete(read_request(options))


def read_request(options: argparse.Namespace) -> CompletionRequest:
    """Read the options into a request."""
    return CompletionRequest(options.shell, options.names)


def complete(request: CompletionRequest) -> int:
    """Print the script, or names, a line each; returns the exit code."""
    if request.names is None:
        print(script(request.shell))
        return OK
    for name in _NAMES[request.names]():
        if request.shell != "tcsh" or name == shlex.quote(name):
            print(name)
    return OK


def _run_names() -> Sequence[str]:
    from rnn_tui.archive.database import names_to_type  # SQLite, on use only

    return names_to_type()


def _deleted_run_names() -> Sequence[str]:
    from rnn_tui.archive.database import names_to_type  # SQLite, on use only

    return names_to_type(deleted=True)


def _paper_names() -> Sequence[str]:
    from rnn_tui.papers.library import all_names  # on use only

    return all_names()


#: what a script asks for, and what returns the names that can be typed.
_NAMES: dict[str, Callable[[], Sequence[str]]] = {
    "runs": _run_names,
    "deleted": _deleted_run_names,
    "papers": _paper_names,
}


def script(shell: str) -> str:
    """Return the script for one of `SHELLS`."""
    import shtab  # on use only

    parser = build_parser()
    for action in _actions(parser):
        _say_what_completes(action)
        if shell == "zsh" and action.nargs != 0:
            action.option_strings = list(map(_zsh_option, action.option_strings))
    program = Path(sys.executable).with_name("rnn-tui")
    ours = Path(__file__).with_suffix(f".{shell}").read_text(encoding="utf-8")
    ours = ours.replace("@PROGRAM@", shlex.quote(str(program)))
    if shell == "bash":  # what comes last completes
        return f"{shtab.complete(parser, shell)}\n\n{ours}"
    text: str = shtab.complete(parser, shell, preamble=ours)
    if shell == "zsh":
        # of several words, shtab has zsh complete the first
        text = text.replace('"(*)::', '"*:').replace('"(*):', '"*:')
    return text


def _zsh_option(option: str) -> str:
    """Return an option with a value: zsh takes both `--option value` and `--option=value`."""
    return f"{option}=" if option.startswith("--") else option


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield everything that can be typed, of all commands."""
    cast("Parser", parser).complete()
    parser.description = None  # some shells show it, and the line of help reads better
    # argparse has no public list of its options
    for action in parser._actions:  # noqa: SLF001
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for subparser in dict.fromkeys(action.choices.values()):  # aliases name the same one
                yield from _actions(subparser)


def _say_what_completes(action: Any) -> None:
    """Give an action `choices`, or `complete`, where shtab looks."""
    # by `add_setting`
    if isinstance(action.type, partial) and isinstance(action.type.args[0], ChoicesSetting):
        action.complete = _several_choices(action.dest, action.type.args[0])
    elif isinstance(action.type, partial) and isinstance(action.type.args[0], ChoiceSetting):
        action.choices = list(action.type.args[0].choices)
    elif isinstance(action.metavar, str) and action.metavar in KINDS:
        kind = KINDS[action.metavar]
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
        from rnn_tui.tasks import TASKS  # not when a shell asks for names

        metrics = [metric for task in TASKS.values() for metric in task.metric_definitions]
        action.choices = list(dict.fromkeys(metric.name for metric in metrics))


def _several_choices(name: str, setting: ChoicesSetting) -> dict[str, Any]:
    """Return the completion of one or more words with commas between them, by shell."""
    words = " ".join(setting.choices)
    return {
        "bash": f"_rnn_tui_{name}",
        "preamble": {"bash": f"_rnn_tui_{name}() {{ echo ':list {words}'; }}"},
        "zsh": f"_values -s , {name} {words}",
        "fish": f"(__fish_append , {words})",
        "tcsh": f"({words})",
    }
