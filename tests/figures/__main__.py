"""Measures again, enters figures and writes the pages: `python -m tests.figures NAME`."""

import argparse
import json
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.figures import papers, trainings
from tests.figures.book import Book, Entry, read_book, write_book
from tests.figures.pages import filled, quoting_pages, renamed
from tests.figures.settings import PROGRAM, settings_of, staleness, trainings_of
from tests.program import COMMAND

OK, FAILURE = 0, 1


def main() -> int:
    """Do what the options ask for; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.figures", description=__doc__)
    parser.add_argument("name", nargs="?", help="run this entry's command and enter its figures")
    parser.add_argument(
        "--from",
        type=Path,
        dest="document",
        metavar="FILE.json",
        help=("enter the document that the command printed with --json, and run nothing"),
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
    parser.add_argument("--list", action="store_true", help="list entries, and which are stale")
    options = parser.parse_args()
    book = read_book()
    if options.list or not (options.name or options.pages):
        return _list(book)
    if options.name:
        if options.name not in book and not options.command:
            parser.error(f"there is no entry {options.name}; with --command one is made")
        _change(book, options)
        write_book(book)
    _write_pages(book)
    return OK


def _list(book: Book) -> int:
    for name, entry in book.items():
        command = entry.commands[0] if entry.commands else "-"
        print(f"{name:24} {entry.measured:25} {command}")
        for sentence in staleness(entry):
            print(f"    stale: {sentence}")
    return OK


def _change(book: Book, options: argparse.Namespace) -> None:
    name = options.name
    entry = book.setdefault(name, Entry())
    if options.command:
        entry.commands = [options.command, *entry.commands[1:]]
    entry.machine = options.machine or entry.machine
    if options.rename:
        _rename(book, name, options.rename)
    elif options.accept:
        _take_settings(entry)
    elif options.document:
        _forget(entry)
        _enter(entry, json.loads(options.document.read_text(encoding="utf-8")))
    else:
        _measure(entry)


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
    entry.measured = time.strftime("%Y-%m-%d")
    _take_settings(entry)


def _enter(entry: Entry, document: dict[str, Any]) -> None:
    """Put the figures of a document into an entry.

    The document is that of `rnn-tui rerun --json`, `report --json` or `train --json`.
    """
    if "conclusions" not in document:
        command = trainings.command_of(entry, document)
        entry.networks[command] = trainings.kept_networks(document)
        return
    entry.measured = document["date"][:10]
    entry.rows = papers.kept_rows(document)
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
