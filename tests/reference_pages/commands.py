"""The page of all commands and their options, from the parsers.

Not from what `--help` prints: the words of argparse differ between versions of Python.
"""

import argparse
from collections.abc import Iterator

from rnn_tui.cli.commands import Parser, build_parser
from rnn_tui.engine.paths import log_file
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
    found = list(parsers(build_parser()))
    contents = [f"- [{code(parser.prog)}](#{anchor(parser.prog)})" for parser in found]
    return HEAD + "\n".join(contents) + "\n" + "".join(map(section, found))


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """A parser and all below it, each once."""
    if isinstance(parser, Parser):
        parser.complete()
    yield parser
    for choices in subparsers(parser):
        for one in dict.fromkeys(choices.choices.values()):
            yield from parsers(one)


def subparsers(
    parser: argparse.ArgumentParser,
) -> "list[argparse._SubParsersAction[argparse.ArgumentParser]]":
    """Where a parser has commands below it."""
    return [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]


def anchor(title: str) -> str:
    """What a link to a heading says."""
    return title.replace(" ", "-")


def section(parser: argparse.ArgumentParser) -> str:
    """Heading, usage, description, tables of arguments and options, and what stands at the end."""
    parts = [f"\n## `{parser.prog}`\n", f"```text\n{usage(parser)}\n```\n"]
    if parser.description:
        parts.append(f"{parser.description}\n")
    positional = [
        one for one in parser._actions if not one.option_strings and one.help != argparse.SUPPRESS
    ]
    for one in positional:
        if isinstance(one, argparse._SubParsersAction):
            rows = [(code(choice.dest), str(choice.help or "")) for choice in one._choices_actions]
            parts.append(table((str(one.metavar), "what it does"), rows))
    arguments = [one for one in positional if not isinstance(one, argparse._SubParsersAction)]
    if arguments:
        parts.append(
            table(
                ("argument", "meaning"),
                [(code(named(one)), help_of(parser, one)) for one in arguments],
            )
        )
    options = [
        one
        for one in parser._actions
        if one.option_strings and not isinstance(one, argparse._HelpAction)
    ]
    if options:
        parts.append(
            table(
                ("option", "what it does"),
                [(spelled(one), help_of(parser, one)) for one in options],
            )
        )
    if parser.epilog:
        parts.append(ending(parser))
    return "\n".join(parts)


def usage(parser: argparse.ArgumentParser) -> str:
    """The command with its arguments."""
    parts = [parser.prog]
    if any(
        one.option_strings and not isinstance(one, argparse._HelpAction) for one in parser._actions
    ):
        parts.append("[OPTION …]")
    for one in parser._actions:
        if not one.option_strings:
            text = named(one)
            if one.nargs in ("*", "+"):
                text += " …"
            optional = one.nargs in ("?", "*") or (
                isinstance(one, argparse._SubParsersAction) and not one.required
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
