"""Measures again, enters figures and writes the pages: `python -m tests.figures NAME`."""

import argparse
import json
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.figures import papers, trainings
from tests.figures.book import Book, Entry, read_book, write_book
from tests.figures.pages import filled, quoting_pages, renamed
from tests.figures.settings import PROGRAM, settings_of, staleness, trainings_of
from tests.program import COMMAND

OK, USAGE = 0, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the options ask for; returns the exit code.

    Args:
        arguments: of the command line; None for those of the process.
    """
    options = _read_options(arguments)
    book = read_book()
    names = [name for name, entry in book.items() if staleness(entry)] if options.stale else []
    if options.name:
        names = [options.name]
    if not (names or options.pages or options.stale):
        return _list(book)
    for name in names:
        if name not in book and not options.command:
            print(f"There is no entry {name}; with --command one is made.", file=sys.stderr)
            return USAGE
        _change(book, name, options)
        write_book(book)
    _write_pages(book)
    return OK


def _read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.figures", description=__doc__)
    parser.add_argument("name", nargs="?", help="run this entry's command and enter its figures")
    parser.add_argument(
        "--from",
        type=Path,
        nargs="+",
        default=[],
        dest="documents",
        metavar="FILE.json",
        help="run nothing: enter what the command has printed with --json, perhaps in parts",
    )
    parser.add_argument("--command", help="the command from now on; makes an entry of a new name")
    parser.add_argument("--machine", help="on what it was measured, in words")
    parser.add_argument(
        "--accept",
        action="store_true",
        help=(
            "run nothing: the figures hold with today's settings, such as after a new name of one"
        ),
    )
    parser.add_argument("--rename", metavar="NEW", help="give the entry this name, on pages, too")
    parser.add_argument("--pages", action="store_true", help="write the blocks of all pages only")
    parser.add_argument("--stale", action="store_true", help="measure all stale entries again")
    parser.add_argument("--list", action="store_true", help="list entries (also without options)")
    return parser.parse_args(arguments)


def _list(book: Book) -> int:
    for name, entry in book.items():
        command = entry.commands[0] if entry.commands else "-"
        print(f"{name:24} {entry.measured:25} {command}")
        for sentence in staleness(entry):
            print(f"    stale: {sentence}")
    return OK


def _change(book: Book, name: str, options: argparse.Namespace) -> None:
    entry = book.setdefault(name, Entry())
    if options.command:
        _set_command(entry, options.command)
    entry.machine = options.machine or entry.machine
    if options.rename:
        _rename(book, name, options.rename)
    elif options.accept:
        _take_settings(entry)
    elif options.documents:
        _forget(entry)
        for path in options.documents:
            _enter(entry, json.loads(path.read_text(encoding="utf-8")))
    else:
        _measure(entry)


def _set_command(entry: Entry, command: str) -> None:
    """Give an entry another first command, whose settings are those of the earlier one."""
    earlier = entry.commands[:1]
    entry.commands = [command, *entry.commands[1:]]
    entry.settings = {
        command if [key] == earlier else key: settings for key, settings in entry.settings.items()
    }


def _rename(book: Book, old: str, new: str) -> None:
    entries = {new if name == old else name: entry for name, entry in book.items()}
    book.clear()
    book.update(entries)
    for page in quoting_pages():
        text = page.read_text(encoding="utf-8")
        page.write_text(renamed(text, old, new), encoding="utf-8")


def _take_settings(entry: Entry) -> None:
    entry.settings = {command: settings_of(command) for command in trainings_of(entry)}


def _measure(entry: Entry) -> None:
    """Run all commands of an entry; networks of papers that are trained are not trained again."""
    _forget(entry)
    for command in entry.commands:
        program, *words = shlex.split(command)
        print(command, flush=True)
        if program == PROGRAM and words[0] in ("train", "rerun", "report"):
            words += [word for word in ("--json", "--quiet") if word not in words]
            _enter(entry, json.loads(_output([*COMMAND, *words])))
        else:
            start = COMMAND if program == PROGRAM else [sys.executable]
            print(_output([*start, *words]))
            print("Type these figures into docs/figures.json.")


def _output(words: list[str]) -> str:
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout


def _forget(entry: Entry) -> None:
    """Take the figures out of an entry that is measured again.

    Those in sentences are typed anew: tests name each number on a page that has no entry.
    """
    for name, value in entry.says.items():
        print(f"was: {name} {value}")
    for name in entry.blocks:
        print(f"type the table anew, unless it is made now: {name}")
    entry.says = {}
    entry.rows = []
    entry.networks = {}
    entry.measured = time.strftime("%Y-%m-%d")
    _take_settings(entry)


def _enter(entry: Entry, document: dict[str, Any]) -> None:
    """Put the figures of a document into an entry.

    The document is that of `rnn-tui rerun --json`, `report --json` or `train --json`; of a rerun
    it may have a part of the experiments (`--only`).
    """
    if "conclusions" not in document:
        command = trainings.command_of(entry, document)
        entry.networks[command] = trainings.kept_networks(document)
        return
    entry.measured = document["date"][:10]
    entry.rows += papers.kept_rows(document)
    entry.seeds = str(max(len(row["seeds"]) for row in entry.rows))
    entry.blocks = {}
    if "claims" not in papers.blocks_of(entry):
        entry.blocks = {"claims": papers.printed_claims(entry.commands[0])}


def _write_pages(book: Book) -> None:
    for page in quoting_pages():
        before = page.read_text(encoding="utf-8")
        after = filled(before, book)
        if after != before:
            page.write_text(after, encoding="utf-8")
            print(page)


if __name__ == "__main__":
    sys.exit(main())
