"""The page of all commands and their options, from the parsers.

Not from what `--help` prints: the words of argparse differ between versions of Python.
"""

import argparse
from collections.abc import Iterable, Iterator
from functools import partial

from rnn_tui.cli.commands import Parser, build_parser
from rnn_tui.engine.files.paths import log_file
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.task import Task
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
    groups = [*alike(parsers(build_parser()))]
    contents = [f"- [{code(title(group))}](#{anchor(title(group))})" for group in groups]
    return HEAD + "\n".join(contents) + "\n" + "".join(map(section, groups))


def alike(
    commands: Iterable[argparse.ArgumentParser],
) -> Iterator[list[argparse.ArgumentParser]]:
    """Commands for tasks that take the same options together, where the first of them stands."""
    groups: dict[tuple[str, ...], list[argparse.ArgumentParser]] = {}
    for command in commands:
        groups.setdefault(shape(command), []).append(command)
    yield from groups.values()


def shape(parser: argparse.ArgumentParser) -> tuple[str, ...]:
    """What commands for different tasks have in common if one section tells of all."""
    texts = (usage(parser), str(parser.description), ending(parser))
    return tuple(general(parser, text) for text in texts)


def task_of(parser: argparse.ArgumentParser) -> Task | None:
    """The task that a command is for, such as that of `rnn-tui train adder`."""
    words = parser.prog.split()
    return TASKS.get(words[-1]) if len(words) > 2 else None


def general(parser: argparse.ArgumentParser, text: str) -> str:
    """A text on one task as a text on any."""
    task = task_of(parser)
    if task is None:
        return text
    return text.replace(f" {task.name} ", " TASK ").replace(f" {task.label}", " TASK")


def title(group: list[argparse.ArgumentParser]) -> str:
    """The heading of the section: a command, or what stands for several."""
    first = group[0].prog
    if len(group) > 1:
        return f"{first.rpartition(' ')[0]} TASK"
    # `rnn-tui inspect --network` is another command than `rnn-tui inspect`
    required = [action.option_strings[-1] for action in listed_options(group[0]) if action.required]
    return " ".join([first, *required])


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
    return title.replace(" ", "-").lower()


def section(group: list[argparse.ArgumentParser]) -> str:
    """Heading, usage, description, tables of arguments and options, and what stands at the end."""
    parser = group[0]
    anyone = partial(general, parser) if len(group) > 1 else str
    parts = [f"\n## `{title(group)}`\n", f"```text\n{anyone(usage(parser) + ' ').strip()}\n```\n"]
    if parser.description:
        parts.append(f"{anyone(parser.description)}\n")
    if len(group) > 1:
        names = ", ".join(code(command.prog.split()[-1]) for command in group)
        parts.append(f"TASK is one of {names}.\n")
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
    if rows := options_of(group):
        parts.append(table(("option", "what it does"), rows))
    if parser.epilog:
        parts.append(anyone(ending(parser)))
    return "\n".join(parts)


def listed_options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """The options of a command but `--help`."""
    return [
        action
        for action in parser._actions
        if action.option_strings
        and action.help != argparse.SUPPRESS
        and not isinstance(action, argparse._HelpAction)
    ]


def options_of(group: list[argparse.ArgumentParser]) -> list[tuple[str, str]]:
    """The options of commands, and what each does; for which tasks where not all have the same."""
    texts: dict[str, dict[str, list[str]]] = {}
    for parser in group:
        for action in listed_options(parser):
            by_text = texts.setdefault(spelled(action), {})
            by_text.setdefault(help_of(parser, action), []).append(parser.prog.split()[-1])
    all_tasks = [parser.prog.split()[-1] for parser in group]
    return [
        (
            option,
            "; ".join(f"{text}{of_tasks(names, all_tasks)}" for text, names in by_text.items()),
        )
        for option, by_text in texts.items()
    ]


def of_tasks(names: list[str], all_tasks: list[str]) -> str:
    """Some of the tasks in brackets, or those that are not among them; nothing for all."""
    others = [name for name in all_tasks if name not in names]
    if not others:
        return ""
    some = f"not {', '.join(map(code, others))}" if len(others) < len(names) else None
    return f" ({some or ', '.join(map(code, names))})"


def usage(parser: argparse.ArgumentParser) -> str:
    """The command with its arguments."""
    parts = [parser.prog]
    parts += [spelled(action).strip("`") for action in listed_options(parser) if action.required]
    if listed_options(parser):
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
