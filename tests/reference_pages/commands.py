"""The page of all commands and their options, from the parsers.

Not from what `--help` prints: the words of argparse differ between versions of Python.
"""

import argparse
from collections.abc import Iterator

from rnn_tui.cli.commands import Parser, build_parser
from rnn_tui.engine.files.paths import log_file
from tests.reference_pages.markdown import MADE, code, table

HEAD = f"""\
# Commands

{MADE}
Every command of `rnn-tui` with its options; `--help` after a command prints the same. Results go to
stdout, progress and messages to stderr. In a pipe there are no colours and no progress bars. Exit codes:
0 for success; 1 for a failure, or a bad line on stdin (the other lines are answered); 2 for wrong usage;
130 after Ctrl-C (which keeps the weights of a training).

[JSON documents](json.md) describes what `--json` prints, [Settings and presets](settings.md) the values of
the settings of `train`.

"""


def page() -> str:
    """The page."""
    commands = list(parsers(build_parser()))
    contents = [f"- [{code(parser.prog)}](#{anchor(parser.prog)})" for parser in commands]
    return HEAD + "\n".join(contents) + "\n" + "".join(map(section, commands))


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """A parser and all below it, each once."""
    if isinstance(parser, Parser):
        parser.complete()
    yield parser
    for choices in subparsers(parser):
        for command in dict.fromkeys(choices.choices.values()):
            yield from parsers(command)


def subparsers(
    parser: argparse.ArgumentParser,
) -> "list[argparse._SubParsersAction[argparse.ArgumentParser]]":
    """Where a parser has commands below it."""
    return [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]


def anchor(title: str) -> str:
    """What a link to a heading says."""
    return title.replace(" ", "-")


def section(parser: argparse.ArgumentParser) -> str:
    """Heading, usage, description, tables of arguments and options, and what stands at the end."""
    parts = [f"\n## `{parser.prog}`\n", f"```text\n{usage(parser)}\n```\n"]
    if parser.description:
        parts.append(f"{parser.description}\n")
    positional = [
        action
        for action in parser._actions
        if not action.option_strings and action.help != argparse.SUPPRESS
    ]
    for action in positional:
        if isinstance(action, argparse._SubParsersAction):
            rows = [
                (code(choice.dest), str(choice.help or "")) for choice in action._choices_actions
            ]
            parts.append(table((str(action.metavar), "what it does"), rows))
    arguments = [
        action for action in positional if not isinstance(action, argparse._SubParsersAction)
    ]
    if arguments:
        parts.append(
            table(
                ("argument", "meaning"),
                [(code(named(action)), help_of(parser, action)) for action in arguments],
            )
        )
    options = [
        action
        for action in parser._actions
        if action.option_strings
        and action.help != argparse.SUPPRESS
        and not isinstance(action, argparse._HelpAction)
    ]
    if options:
        parts.append(
            table(
                ("option", "what it does"),
                [(spelled(action), help_of(parser, action)) for action in options],
            )
        )
    if parser.epilog:
        parts.append(ending(parser))
    return "\n".join(parts)


def usage(parser: argparse.ArgumentParser) -> str:
    """The command with its arguments."""
    parts = [parser.prog]
    if any(
        action.option_strings and not isinstance(action, argparse._HelpAction)
        for action in parser._actions
    ):
        parts.append("[OPTION …]")
    for action in parser._actions:
        if not action.option_strings:
            text = named(action)
            if action.nargs in ("*", "+"):
                text += " …"
            optional = action.nargs in ("?", "*") or (
                isinstance(action, argparse._SubParsersAction) and not action.required
            )
            parts.append(f"[{text}]" if optional else text)
    return " ".join(parts)


def named(action: argparse.Action) -> str:
    """What stands for an argument."""
    return str(action.metavar or action.dest)


def spelled(action: argparse.Action) -> str:
    """An option's names, and what stands behind them."""
    value = ""
    if action.nargs != 0:
        value = (
            f" {action.metavar}"
            if action.metavar
            else f" {{{','.join(map(str, action.choices or (action.dest,)))}}}"
        )
    return ", ".join(code(f"{name}{value}") for name in action.option_strings)


def help_of(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    """What it does, with the default in its place."""
    return "" if action.help is None else parser._get_formatter()._expand_help(action)


def ending(parser: argparse.ArgumentParser) -> str:
    """What `--help` says at its end: examples as they are, sentences as a paragraph."""
    text = str(parser.epilog).replace(
        str(log_file()), "`log/rnn-tui.log` in the folder for such files"
    )
    words, found, examples = text.partition("examples:\n")
    parts = [f"{words.strip()}\n"] if words.strip() else []
    if found:
        lines = "\n".join(line.strip() for line in examples.strip().splitlines())
        parts.append(f"Examples:\n\n```text\n{lines}\n```\n")
    return "\n".join(parts)
