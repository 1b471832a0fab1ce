"""Prints the man page, made from the parsers: `python docs/man/page.py | man -l -`.

Needs nothing but the package itself, so that a wheel can be built wherever Python is.
"""

import argparse
import re
import sys
from collections.abc import Iterator

from rnn_tui import __version__
from rnn_tui.cli.commands import Parser, build_parser
from rnn_tui.engine.files.paths import HOME_VARIABLE

WIDE, LINE = (
    100_000,
    60,
)  # columns: more than any usage has; those of a line at a width of 80, beside what is left free
BEFORE = """\
.PP
In the app, F1 shows help, and F2 to F8 go from tab to tab.
.PP
Results of commands go to standard output, messages and progress to standard error. With
.BR \\-\\-json ,
a command prints one JSON document. Nothing is coloured where the output is no terminal.
"""
AFTER = f"""\
.SH EXIT STATUS
.TP
.B 0
All went well. Whether a network's answers are right has no part in it.
.TP
.B 1
Something failed: a run, a file that can't be read or written, a line on standard input that is no
question (the others are answered).
.TP
.B 2
Wrong usage: an option, a value, or something that does not go together.
.TP
.BR 130 ", " 143 ", " 129
Stopped by Ctrl-C, SIGTERM or SIGHUP. What was trained until then is stored.
.SH ENVIRONMENT
.TP
.B {HOME_VARIABLE}
A folder for all that is written: runs, weights, cache, log, settings.
.TP
.B NO_COLOR
If it is set, commands print no colours.
.SH FILES
Unless
.B {HOME_VARIABLE}
is set, on Linux:
.TP
.I ~/.local/share/rnn-tui/runs.db
The database of all runs: settings and every logged value.
.TP
.I ~/.local/share/rnn-tui/runs/
Weights, a folder for each run.
.TP
.I ~/.config/rnn-tui/config.toml
Settings of the app: theme, keys and others.
.B rnn-tui config
prints its path and all settings.
.TP
.I ~/.local/state/rnn-tui/log/rnn-tui.log
The log, with the details of what failed.
.TP
.I ~/.cache/rnn-tui/
What can be made again, such as the unpacked MNIST.
"""


def page() -> str:
    """The page, as roff."""
    root = build_parser()
    assert isinstance(root, Parser)
    root.complete()
    lines = [
        f'.TH RNN\\-TUI 1 "" "rnn\\-tui {__version__}" "User Commands"',
        ".nh",  # no hyphens: a reader copies words of options
        ".ds AD l",  # not justified; the next line says the same to older versions
        ".ad l",
        ".SH NAME",
        "rnn\\-tui \\- train, watch and question small recurrent networks in the terminal",
        ".SH SYNOPSIS",
        *synopsis(root),
        ".SH DESCRIPTION",
        escaped(root.description or ""),
        BEFORE.rstrip(),
        ".SH OPTIONS",
        *options(root),
        ".SH COMMANDS",
    ]
    for parser, help_line in below(root):
        lines += section(parser, help_line)
    lines += [".SH EXAMPLES", *examples(root)]
    return "\n".join([*lines, AFTER.rstrip()]) + "\n"


def below(parser: argparse.ArgumentParser) -> Iterator[tuple[Parser, str]]:
    """All parsers below one, each with its line of help, and those below it after it."""
    for action in parser._actions:
        if not isinstance(action, argparse._SubParsersAction):
            continue
        helps = {one.dest: one.help or "" for one in action._choices_actions}
        for name, one in action.choices.items():
            if name in helps:  # no alias, and not hidden
                one.complete()
                yield one, helps[name]
                yield from below(one)


def section(parser: Parser, help_line: str) -> list[str]:
    """A command."""
    about = parser.description or f"{help_line[:1].upper()}{help_line[1:]}."
    lines = [
        f".SS {escaped(parser.prog)}",
        *synopsis(parser),
        ".PP",
        escaped(about),
        *options(parser),
    ]
    if parser.epilog:
        lines += text(parser.epilog, raw=parser.formatter_class is not argparse.HelpFormatter)
    if parser.examples:
        lines += [".PP", "Examples:", *examples(parser)]
    return lines


def synopsis(parser: argparse.ArgumentParser) -> list[str]:
    """How it is typed, broken between options only; in one that is longer than a line after a
    comma, too.
    """
    formatter = argparse.HelpFormatter(parser.prog, width=WIDE)
    formatter.add_usage(parser.usage, parser._actions, parser._mutually_exclusive_groups, "")
    usage = " ".join(formatter.format_help().split())
    words = re.findall(r"\[[^\[\]]*\]|\S+", usage.removeprefix(parser.prog).replace("[-h]", "", 1))
    held = (
        escaped(word).replace(" ", "\\ ").replace(",", ",\\:" if len(word) > LINE else ",")
        for word in words
    )
    return [".in +8n", ".ti -8n", f"\\fB{escaped(parser.prog)}\\fR {' '.join(held)}", ".in -8n"]


def options(parser: argparse.ArgumentParser) -> list[str]:
    """What it takes, and what each of that is."""
    lines = []
    for action in parser._actions:
        if action.help == argparse.SUPPRESS or isinstance(
            action, argparse._SubParsersAction | argparse._HelpAction
        ):
            continue
        value = "" if action.nargs == 0 else f"\\fI{escaped(value_of(action))}\\fR"
        names = ", ".join(f"\\fB{escaped(one)}\\fR" for one in action.option_strings)
        what = parser._get_formatter()._expand_help(action) if action.help else ""
        lines += [".TP", f"{names} {value}".strip(), escaped(what)]
    return lines


def value_of(action: argparse.Action) -> str:
    """The word that stands for a value, or the values that there are."""
    if action.metavar is not None:
        return str(action.metavar)
    return "|".join(map(str, action.choices)) if action.choices else action.dest.upper()


def examples(parser: Parser) -> list[str]:
    """Command lines as they are typed; one that is wider than the page goes on below."""
    lines = "\n.br\n".join(escaped(example) for example in parser.examples)
    return [".RS 4", lines, ".RE"]


def text(words: str, *, raw: bool) -> list[str]:
    """A text below the options, with the line ends that it has if it is `raw`."""
    if raw:
        return [".PP", ".nf", *map(escaped, words.splitlines()), ".fi"]
    return [".PP", escaped(" ".join(words.split()))]


def escaped(words: str) -> str:
    """Text that roff takes for nothing but text, with dashes that can be copied."""
    clean = (
        words.replace("\\", "\\e")
        .replace("-", "\\-")
        .replace("'", "\\(aq")
        .replace("~", "\\(ti")
        .replace("^", "\\(ha")
    )
    return "\n".join(f"\\&{line}" if line.startswith(".") else line for line in clean.splitlines())


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    print(page(), end="")
