"""`rnn-tui completion`: a script that makes a shell complete what `rnn-tui` takes.

shtab writes the script from the parsers. What it can't know stands beside this module, a file a
shell: the names of runs, which the shell asks for at every press of Tab, and quoting.
"""

import argparse
import shlex
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

from rnn_tui.cli.commands import Parser, SettingType, add_examples, build_parser
from rnn_tui.cli.output import OK
from rnn_tui.engine.settings import SETTINGS, ChoicesSetting

SHELLS = ("bash", "zsh", "fish", "tcsh")
INSTALLING = """\
To complete in every new shell, once:

  bash  rnn-tui completion bash > ~/.rnn-tui.bash
        echo 'source ~/.rnn-tui.bash' >> ~/.bashrc
  zsh   mkdir -p ~/.zfunc && rnn-tui completion zsh > ~/.zfunc/_rnn-tui
        and in ~/.zshrc: fpath=(~/.zfunc $fpath); autoload -Uz compinit; compinit
  fish  mkdir -p ~/.config/fish/completions
        rnn-tui completion fish > ~/.config/fish/completions/rnn-tui.fish
  tcsh  rnn-tui completion tcsh > ~/.rnn-tui.tcsh
        echo 'source ~/.rnn-tui.tcsh' >> ~/.tcshrc

After an update of rnn-tui, print the script again."""
# tcsh quotes nothing, so it is told only of names that need no quotes; and it keeps no functions.
_ASK = '`sh -c "exec rnn-tui completion --runs plain 2>&-"`'
_PATH = {"bash": "_rnn_tui_path", "zsh": "_files", "fish": "(__fish_complete_path (commandline -ct))", "tcsh": "f"}
_FOLDER = {"bash": "_rnn_tui_folder", "zsh": "_files -/", "fish": "(__fish_complete_directories)", "tcsh": "d"}
_RUNS = {"bash": "_rnn_tui_runs", "zsh": "_rnn_tui_runs", "fish": "(_rnn_tui_names all)", "tcsh": _ASK}
_DELETED = {"bash": "_rnn_tui_deleted", "zsh": "_rnn_tui_deleted", "fish": "(_rnn_tui_names deleted)", "tcsh": ""}
# By the word that stands for a value in `--help`.
COMPLETED = {
    "FILE": _PATH, "PATH": _PATH, "PHOTO": _PATH, "DIR": _FOLDER, "FOLDER": _FOLDER, "RUN": _RUNS, "DELETED_RUN": _DELETED,
}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.usage = f"rnn-tui completion [-h] {{{','.join(SHELLS)}}}"
    parser.description = "Print a script that makes a shell complete what rnn-tui takes, by Tab."
    parser.epilog = INSTALLING
    parser.add_argument("shell", nargs="?", choices=SHELLS, help="the shell that the script is for")
    parser.add_argument("--runs", choices=("all", "deleted", "plain"), help=argparse.SUPPRESS)
    add_examples(parser, "rnn-tui completion bash", "rnn-tui completion fish")


def run(options: argparse.Namespace) -> int:
    """Print the script, or what such a script asks for: names of runs, a line each."""
    if options.runs is not None:
        from rnn_tui.runs.names import names_to_type  # noqa: PLC0415 - SQLite, on use only

        names = names_to_type(deleted=options.runs == "deleted")
        print("".join(f"{name}\n" for name in names if options.runs != "plain" or name == shlex.quote(name)), end="")
    elif options.shell is None:
        options.complain("the following arguments are required: SHELL")
    else:
        print(script(options.shell))
    return OK


def script(shell: str) -> str:
    """The script for one of `SHELLS`."""
    import shtab  # noqa: PLC0415 - on use only

    parser = build_parser()
    for action in _actions(parser):
        _say_what_completes(action)
        if shell == "zsh" and action.nargs != 0:  # both --option value and --option=value
            action.option_strings = [one + "=" * one.startswith("--") for one in action.option_strings]
    ours = Path(__file__).with_suffix(f".{shell}")
    text = ours.read_text(encoding="utf-8") if ours.is_file() else ""
    text = text.replace("@PROGRAM@", shlex.quote(_program()))
    if shell == "bash":  # what comes last completes
        return f"{shtab.complete(parser, shell)}\n\n{text}"
    made: str = shtab.complete(parser, shell, preamble=text)
    # Of several words, shtab has zsh complete the first.
    return made.replace('"(*)::', '"*:').replace('"(*):', '"*:') if shell == "zsh" else made


def _program() -> str:
    """The `rnn-tui` that belongs to this Python, which need not be on the path."""
    beside = Path(sys.executable).with_name("rnn-tui")
    return str(beside) if beside.is_file() else "rnn-tui"


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """All that can be typed, of all commands."""
    cast("Parser", parser).complete()
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for one in dict.fromkeys(action.choices.values()):  # aliases name the same one
                one.description = None  # some shells would show it; the line of help will do
                yield from _actions(one)


def _say_what_completes(action: Any) -> None:
    """Give an action `choices`, or `complete`, where shtab looks."""
    if isinstance(action.type, SettingType) and isinstance(action.type.setting, ChoicesSetting):
        action.complete = _list(action.dest, action.type.setting.choices)
    elif action.metavar in COMPLETED:
        action.complete = COMPLETED[action.metavar]
    elif action.metavar == "LOSS":
        action.choices = list(cast("ChoicesSetting", SETTINGS["losses"]).choices)
    elif action.metavar == "METRIC":
        from rnn_tui.tasks import TASKS  # noqa: PLC0415 - not when a shell asks for names

        action.choices = list(dict.fromkeys(one.name for task in TASKS.values() for one in task.metric_definitions))


def _list(name: str, words: Iterable[str]) -> dict[str, Any]:
    """One or more words with commas between them."""
    text = " ".join(words)
    return {
        "bash": f"_rnn_tui_{name}", "preamble": {"bash": f"_rnn_tui_{name}() {{ echo ':list {text}'; }}"},
        "zsh": f"_values -s , {name} {text}", "fish": f"(__fish_append , {text})", "tcsh": f"({text})",
    }  # fmt: skip
